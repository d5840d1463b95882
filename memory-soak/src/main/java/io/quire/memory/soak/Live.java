package io.quire.memory.soak;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A space of the library, and what it has to contain. */
final class Live {

    final AddressSpace space;
    final ModelSpace model;
    final List<Accessor> accessors = new ArrayList<>();

    /** The attachments, by the number of the device. */
    final Map<Integer, Attachment> attachments = new HashMap<>();

    Live(AddressSpace space, ModelSpace model) {
        this.space = space;
        this.model = model;
    }

    @Override
    public String toString() {
        return space.name();
    }
}
