package io.quire.memory.view;

import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.List;
import java.util.Objects;

/**
 * Allocates segments from the memory of a pin, one behind the other. For code that takes a {@link SegmentAllocator} and
 * shall write into a space.
 * {@snippet file="io/quire/memory/snippets/StructSnippetsTest.java" region="allocator"}
 * <p>
 * <b>Memory.</b> Nothing is cleared: a segment has what the space has there, zeros if it was never written. Nothing is
 * freed before the pin is closed; then all segments end, as {@link Pin#segments()} says. What was written stays in the
 * space, and {@link #addressOf} tells where.
 * <p>
 * <b>A pin of several segments.</b> The pages of a pin need not lie side by side, and an allocated segment lies within
 * one of its {@link Pin#segments()}. If a request does not fit behind the last one, it goes to the next segment that
 * has room, and what was left before stays unused.
 * <p>
 * <b>Threads.</b> One thread at a time, and only the accessor's thread if the pin is of an accessor. Needs native
 * access, as {@link Pin#segments()} does.
 */
public final class PinAllocator implements SegmentAllocator {

    private final Pin pin;

    /** The segment of the pin from which was allocated last, and how much of it is used. */
    private int current;
    private long usedBytes;

    private PinAllocator(Pin pin) {
        this.pin = pin;
    }

    /**
     * Creates an allocator that begins at the first byte of a pin. Two allocators of one pin hand out the same memory.
     *
     * @param pin for writing; stays yours to close
     * @return the allocator
     * @throws IllegalArgumentException if the pin is for reading only
     * @throws io.quire.memory.contract.ClosedException if the pin is closed
     * @throws WrongThreadException if the pin is of an accessor and the caller is another thread
     * @throws UnsupportedOperationException without native access
     */
    public static PinAllocator of(Pin pin) {
        if (Objects.requireNonNull(pin, "pin").access() != PinAccess.WRITE) {
            throw new IllegalArgumentException("an allocator needs a pin for writing: pin=" + pin);
        }
        pin.segments(); // refuses a pin that has none
        return new PinAllocator(pin);
    }

    /**
     * Allocates the next segment.
     *
     * @param sizeBytes zero or more
     * @param alignmentBytes a power of two that the native address of the segment is to be a multiple of. Up to 4096,
     *        its address in the space is a multiple of it too
     * @return a segment that can be read and written until the pin is closed
     * @throws IllegalArgumentException if the size is negative or the alignment no power of two
     * @throws IndexOutOfBoundsException if no segment of the pin has that much room left; a smaller request may succeed
     * @throws io.quire.memory.contract.ClosedException if the pin is closed
     * @throws WrongThreadException if the pin is of an accessor and the caller is another thread
     */
    @Override
    public MemorySegment allocate(long sizeBytes, long alignmentBytes) {
        if (sizeBytes < 0 || Long.bitCount(alignmentBytes) != 1 || alignmentBytes < 0) {
            throw new IllegalArgumentException("a size must not be negative, and an alignment be a power of two: "
                    + "sizeBytes=" + sizeBytes + ", alignmentBytes=" + alignmentBytes);
        }
        List<MemorySegment> segments = pin.segments();
        long used = usedBytes;
        for (int i = current; i < segments.size(); i++) {
            MemorySegment segment = segments.get(i);
            long padding = -(segment.address() + used) & (alignmentBytes - 1);
            long room = segment.byteSize() - used - padding;
            if (room >= 0 && sizeBytes <= room) {
                current = i;
                usedBytes = used + padding + sizeBytes;
                return segment.asSlice(used + padding, sizeBytes, alignmentBytes);
            }
            used = 0;
        }
        throw noRoom(sizeBytes, alignmentBytes);
    }

    private IndexOutOfBoundsException noRoom(long sizeBytes, long alignmentBytes) {
        return new IndexOutOfBoundsException("no segment of the pin has so much room left: sizeBytes=" + sizeBytes
                + ", alignmentBytes=" + alignmentBytes + ", remainingBytes=" + remainingBytes() + ", segments="
                + (pin.segments().size() - current) + "; pin a larger range");
    }

    /**
     * Returns how much of the pin lies behind the last segment that was allocated. That may be in several pieces.
     *
     * @return the bytes, alignment not counted
     * @throws io.quire.memory.contract.ClosedException if the pin is closed
     * @throws WrongThreadException if the pin is of an accessor and the caller is another thread
     */
    public long remainingBytes() {
        List<MemorySegment> segments = pin.segments();
        long sum = -usedBytes;
        for (MemorySegment segment : segments.subList(current, segments.size())) {
            sum += segment.byteSize();
        }
        return sum;
    }

    /**
     * Returns where a segment of the pin is in the space. There an accessor reads what was written to the segment, and
     * forks have it at the same address.
     *
     * @param segment allocated here, or a part of such a segment
     * @return the address of its first byte in the space
     * @throws IllegalArgumentException if it is no part of the pin
     * @throws io.quire.memory.contract.ClosedException if the pin is closed
     * @throws WrongThreadException if the pin is of an accessor and the caller is another thread
     */
    public long addressOf(MemorySegment segment) {
        Objects.requireNonNull(segment, "segment");
        long address = pin.address();
        for (MemorySegment part : pin.segments()) {
            long offset = segment.address() - part.address();
            if (segment.isNative() && offset >= 0 && offset + segment.byteSize() <= part.byteSize()) {
                return address + offset;
            }
            address += part.byteSize();
        }
        throw new IllegalArgumentException("the segment is no part of the pin: segment=" + segment + ", pin=" + pin);
    }

    @Override
    public String toString() {
        return "PinAllocator[segment=" + current + ", usedBytes=" + usedBytes + ", " + pin + "]";
    }
}
