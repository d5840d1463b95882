package io.quire.memory.history;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryAccess;
import io.quire.memory.softdevice.SoftwareDevice;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A space, its model, and the devices attached to it. */
final class Twin {

    private final AddressSpace space;
    private final ModelSpace model;
    private final int lineage;
    private final Map<SoftwareDevice, Attachment> attachments = new HashMap<>();
    private @Nullable Accessor accessor;

    Twin(AddressSpace space, ModelSpace model, int lineage) {
        this.space = space;
        this.model = model;
        this.lineage = lineage;
    }

    Twin fork(boolean asSnapshot) {
        return new Twin(asSnapshot ? space.snapshot() : space.fork(), model.fork(asSnapshot), lineage);
    }

    AddressSpace space() {
        return space;
    }

    ModelSpace model() {
        return model;
    }

    /** The number of the space that all began with. */
    int lineage() {
        return lineage;
    }

    Map<SoftwareDevice, Attachment> attachments() {
        return attachments;
    }

    /** The space itself, or an accessor of the calling thread. */
    MemoryAccess access(SplittableRandom random) {
        if (random.nextBoolean()) {
            return space;
        }
        if (accessor == null) {
            accessor = space.accessor();
        }
        return accessor;
    }

    void closeAccessor() {
        if (accessor != null) {
            accessor.close();
            accessor = null;
        }
    }

    void close() {
        closeAccessor();
        space.close();
        attachments.clear();
    }

    @Override
    public String toString() {
        return space.name();
    }
}
