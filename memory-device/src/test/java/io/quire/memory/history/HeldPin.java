package io.quire.memory.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.harness.ModelSpace;
import io.quire.memory.harness.Twin;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/** A pin of whole pages, and what it must show: the pages of its space, or their last content if they are gone. */
final class HeldPin {

    /** A page that its space no longer maps. All pins that hold the page share this object. */
    static final class Remains {

        private byte[] content;

        Remains(byte[] content) {
            this.content = content;
        }
    }

    private final Pin pin;
    private final Twin twin;
    private final TreeSet<Long> live = new TreeSet<>();
    private final TreeMap<Long, Remains> gone = new TreeMap<>();
    private final TreeMap<Long, String> pools = new TreeMap<>();

    HeldPin(Pin pin, Twin twin) {
        this.pin = pin;
        this.twin = twin;
        for (long page : ModelSpace.pagesOf(pin.address(), pin.sizeBytes())) {
            live.add(page);
            pools.put(page, pin.state(page).pool());
        }
    }

    boolean isOf(Twin other) {
        return twin == other;
    }

    boolean isLong() {
        return pin.term() == PinTerm.LONG;
    }

    boolean isWritable() {
        return pin.access() == PinAccess.WRITE;
    }

    /** Returns true if the pin holds a page that its space still maps. */
    boolean holds(long page) {
        return live.contains(page);
    }

    /** Returns true if the range of the pin contains a page, even if the page is gone. */
    boolean covers(long page) {
        return pools.containsKey(page);
    }

    /** Notes that the space loses a page: from now on the pin must show what remains of it. */
    void leave(long page, Remains remains) {
        if (live.remove(page)) {
            gone.put(page, remains);
        }
    }

    List<Long> pages() {
        return new ArrayList<>(pools.keySet());
    }

    /** Returns true if the pin holds a frame of a pool. */
    boolean isIn(String pool) {
        return pools.containsValue(pool);
    }

    String pool(long page) {
        return pools.getOrDefault(page, "");
    }

    /** Writes into the pinned frame, like a device with direct access. */
    void write(long page, int offset, byte value) {
        bytes(page).set(ValueLayout.JAVA_BYTE, offset, value);
        byte[] content = expected(page).clone();
        content[offset] = value;
        if (live.contains(page)) {
            twin.model().setPage(page, content);
        } else {
            Objects.requireNonNull(gone.get(page)).content = content;
        }
    }

    private byte[] expected(long page) {
        Remains left = gone.get(page);
        return left != null ? left.content : twin.model().page(page);
    }

    private MemorySegment bytes(long page) {
        long offset = page - pin.address();
        for (MemorySegment segment : pin.segments()) {
            if (offset < segment.byteSize()) {
                return segment.asSlice(offset, ModelSpace.PAGE);
            }
            offset -= segment.byteSize();
        }
        throw new AssertionError("the segments of the pin are too short: " + pin);
    }

    void check() {
        for (long page : pages()) {
            assertThat(bytes(page).mismatch(MemorySegment.ofArray(expected(page))))
                    .as("first byte that differs in the pinned page 0x%x, live=%s, %s", page, live.contains(page), pin)
                    .isEqualTo(-1);
        }
    }

    void close() {
        pin.close();
    }

    @Override
    public String toString() {
        return pin.toString();
    }
}
