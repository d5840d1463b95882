package io.quire.memory.structure;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.guard.Mutex;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.SpaceFinder;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A log of byte records that lives wholly inside an address space: records are appended at the end, read by position,
 * and cut at the front. A fork of the space, by any thread at any moment, is a fork of the log: with the records that
 * were appended before, each of them whole, at the same address, and writable.
 * {@snippet file="io/quire/memory/snippets/LogSnippetsTest.java" region="log"}
 * <p>
 * <b>Positions</b> are numbers that grow for ever. A record keeps its position, and has the same one in every fork. It
 * is the number of bytes that were appended before it: 8 for each record, and its length rounded up to a multiple of 8.
 * <p>
 * <b>Threads.</b> Readers never block; threads that append or cut take turns. Any thread may use a log that was opened
 * through an {@link AddressSpace}. A log that was opened through an {@link io.quire.memory.Accessor} is faster and
 * belongs to the accessor's thread. Any number of such objects may lead to the same log. A fork has a lock of its own,
 * which is free.
 * <p>
 * <b>Memory.</b> The log has room for as many bytes as it was created with, between the first record and the end. That
 * takes addresses; a page gets a frame with the first write to it. A cut makes room again, and gives pages back, 64 KiB
 * or more at a time. To read a record while another thread cuts it is safe, and refused.
 * <p>
 * <b>Refusals.</b> A method may throw what {@link MemoryAccess} throws, and these:
 * <ul>
 * <li>{@link io.quire.memory.contract.StructureFullException} if there is no room for the record: cut first
 * <li>{@link IllegalArgumentException} if no record begins at the position, or it was cut
 * <li>{@link IllegalStateException} "the log is damaged" if the program wrote over it, or another structure is there
 * now. Whatever the bytes are, nothing outside of the region is read or written
 * <li>{@link NullPointerException} for null, before anything changes
 * </ul>
 * A change that throws has left the log as it was. There is one exception: if an {@link Error} of the virtual machine
 * comes out of it, it may have been done.
 */
public final class ForkableLog extends ForkableStructure<ForkableLog> {

    /** A constant, so that it is linked before anything can fail. */
    private static final Supplier<Mutex> NEW_LOCK = Mutex::new;

    private final Extent extent;
    private final LogRing ring;

    /** All objects over one log in one space share it. */
    private final Mutex lock;

    private ForkableLog(Extent extent) {
        this.extent = extent;
        this.ring = new LogRing(extent);
        this.lock = SpaceFinder.of(extent.memory()).residents().at(extent.address(), Mutex.class, NEW_LOCK);
    }

    /**
     * Maps memory for a log and makes it empty, for any thread.
     * <p>
     * The log cannot grow beyond its capacity. But that takes addresses, not memory, so choose generously; the limits
     * are the 2<sup>47</sup> bytes of addresses that all mappings of the space share.
     * <p>
     * A refusal leaves nothing mapped. Only an {@link Error} of the virtual machine, if the heap or the stack is full,
     * may leave the addresses mapped. To give up the log unmap its {@link #regionBytes()}, and use it no more.
     *
     * @param space the space that the log is to live in
     * @param capacityBytes how far the end can be behind the first record; 1 to 2<sup>45</sup>; rounded up to a power
     *        of two that is 4096 or more
     * @return the log; its first record will have position 0; nothing has to be closed
     * @throws IllegalArgumentException if the capacity is out of that range
     * @throws io.quire.memory.contract.OutOfAddressesException if the space has no gap that large
     * @throws io.quire.memory.contract.OutOfFramesException if there is no frame for the header
     * @throws io.quire.memory.contract.ProtectionException if the space is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails; nothing is mapped
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     */
    public static ForkableLog create(AddressSpace space, long capacityBytes) {
        Objects.requireNonNull(space, "space");
        if (capacityBytes < 1 || capacityBytes > LogRing.BYTES_MAX) {
            throw new IllegalArgumentException("a log has a capacity of 1 to " + LogRing.BYTES_MAX
                    + " bytes: capacityBytes=" + capacityBytes);
        }
        StackRoom.require();
        long atLeast = Math.max(capacityBytes, Extent.PAGE_BYTES);
        long bytes = Long.highestOneBit(atLeast) == atLeast ? atLeast : 2 * Long.highestOneBit(atLeast);
        return new ForkableLog(Extent.create(StructureKind.LOG, space, bytes, 0));
    }

    /**
     * Opens a log in the space it was created in, in a fork or in a snapshot. Writes nothing.
     *
     * @param access an {@link AddressSpace}, for any thread, or an {@link io.quire.memory.Accessor}, for its own thread
     * @param address what {@link #address()} returned
     * @return the log
     * @throws IllegalArgumentException if there is no log of this version at the address, or its header is damaged
     * @throws io.quire.memory.contract.AddressNotMappedException if a part of its memory is not mapped
     * @throws io.quire.memory.contract.ClosedException if the space or the accessor is closed
     */
    public static ForkableLog open(MemoryAccess access, long address) {
        Objects.requireNonNull(access, "access");
        return of(Extent.locate(StructureKind.LOG, access, address));
    }

    private static ForkableLog of(Extent extent) {
        if (Long.bitCount(extent.dataBytes()) != 1) {
            throw new IllegalArgumentException("the log at this address has an impossible size: address=0x"
                    + Long.toHexString(extent.address()) + ", sizeBytes=" + extent.sizeBytes());
        }
        return new ForkableLog(extent);
    }

    /**
     * Opens the same log through another access, such as an accessor of the calling thread.
     * {@snippet file="io/quire/memory/snippets/LogSnippetsTest.java" region="log-with"}
     *
     * @param access to the same space, or to another space that has this log at the same address, such as a fork
     * @return the log
     * @throws IllegalArgumentException if the access leads to another log or to none
     */
    @Override
    public ForkableLog with(MemoryAccess access) {
        Objects.requireNonNull(access, "access");
        return of(extent.through(access));
    }

    // ---- what it is

    /**
     * Returns where the log begins.
     *
     * @return the address; the same in every fork
     */
    @Override
    public long address() {
        return extent.address();
    }

    /**
     * Returns how far the end can be behind the first record.
     *
     * @return in bytes, a power of two
     */
    public long capacityBytes() {
        return ring.bytes();
    }

    /**
     * Returns the size of its memory.
     *
     * @return in bytes, a multiple of 4096: the capacity and one page
     */
    public long regionBytes() {
        return extent.sizeBytes();
    }

    /**
     * Returns the greatest length of a record.
     *
     * @return in bytes: 8 less than the capacity, or the longest array
     */
    public int recordBytesMax() {
        return ring.recordBytesMax();
    }

    /**
     * Returns how far the end is behind the first record. Does not wait.
     *
     * @return in bytes, 0 to {@link #capacityBytes()}
     */
    public long sizeBytes() {
        return ring.usedBytes();
    }

    /**
     * Tells if the log has no record. Does not wait.
     *
     * @return true if nothing was appended, or all was cut
     */
    public boolean isEmpty() {
        return sizeBytes() == 0;
    }

    /**
     * Returns the position of the first record that was not cut. Does not wait.
     *
     * @return the position; {@link #endPosition()} if there is no record
     */
    public long firstPosition() {
        return ring.first();
    }

    /**
     * Returns the position that the next record will have. Does not wait.
     *
     * @return the position behind the last record
     */
    public long endPosition() {
        return ring.end();
    }

    @Override
    MemoryAccess access() {
        return extent.memory();
    }

    // ---- changing

    /**
     * Appends a record. May wait for another thread that appends or cuts.
     *
     * @param record 0 to {@link #recordBytesMax()} bytes
     * @return its position
     * @throws IllegalArgumentException if the record is too long
     * @throws io.quire.memory.contract.StructureFullException if there is no room now; a cut makes room
     */
    public long append(byte[] record) {
        return append(MemorySegment.ofArray(Objects.requireNonNull(record, "record")));
    }

    /**
     * Appends the bytes of a buffer, from its position to its limit, as a record, and sets the position to the limit.
     * After an exception the position is what it was. May wait for another thread that appends or cuts.
     *
     * @param record 0 to {@link #recordBytesMax()} bytes
     * @return the position of the record
     * @throws IllegalArgumentException if the record is too long
     * @throws IllegalStateException if the buffer belongs to a segment that is closed
     * @throws WrongThreadException if the buffer belongs to a segment of another thread
     * @throws io.quire.memory.contract.StructureFullException if there is no room now; a cut makes room
     */
    public long append(ByteBuffer record) {
        int end = Objects.requireNonNull(record, "record").limit();
        long position = append(MemorySegment.ofBuffer(record));
        record.position(end);
        return position;
    }

    /**
     * Appends the bytes of a segment as a record. May wait for another thread that appends or cuts.
     *
     * @param record 0 to {@link #recordBytesMax()} bytes
     * @return its position
     * @throws IllegalArgumentException if the record is too long
     * @throws IllegalStateException if the segment is closed
     * @throws WrongThreadException if the segment is another thread's
     * @throws io.quire.memory.contract.StructureFullException if there is no room now; a cut makes room
     */
    public long append(MemorySegment record) {
        long length = Objects.requireNonNull(record, "record").byteSize();
        if (length > recordBytesMax()) {
            throw new IllegalArgumentException("a record of this log has at most " + recordBytesMax()
                    + " bytes: length=" + length);
        }
        StackRoom.require();
        lock.lock();
        try {
            return ring.append(record);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the records before a position away. If the log was cut there or further on, nothing happens. May wait for
     * another thread that appends or cuts, and for writers of this space that are inside a single access.
     *
     * @param position of the first record to keep; {@link #endPosition()} to keep none
     * @throws IllegalArgumentException if no record begins at the position
     */
    public void cutBefore(long position) {
        StackRoom.require();
        lock.lock();
        try {
            extent.checkIdentity();
            if (requirePosition(position) != LogRing.CUT) {
                ring.cut(position);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Throws if no record begins or has begun at a position, and none will be appended there. */
    private int requirePosition(long position) {
        boolean isEnd = position == ring.end(); // first: it may be appended to meanwhile, and then has a record there
        int found = ring.find(position);
        if (found == LogRing.NONE && !isEnd) {
            throw noRecord(position);
        }
        return found;
    }

    // ---- reading

    /**
     * Returns the record at a position. Does not wait.
     *
     * @param position what an append has returned, or a cursor
     * @return a copy of its bytes
     * @throws IllegalArgumentException if no record begins at the position, or it was cut
     */
    public byte[] read(long position) {
        byte[] record = new byte[length(position)];
        copyTo(position, record.length, MemorySegment.ofArray(record), 0);
        return record;
    }

    /**
     * Copies the record at a position into a segment. Does not wait. After an exception the target is undefined.
     *
     * @param position what an append has returned, or a cursor
     * @param target the segment to write to
     * @param targetOffset where to begin in the target, in bytes
     * @return the length of the record, in bytes
     * @throws IllegalArgumentException if no record begins at the position, or it was cut; or if the target is
     *         read-only
     * @throws IndexOutOfBoundsException if the target is too small, or the offset is negative
     * @throws IllegalStateException if the target is closed
     * @throws WrongThreadException if the target is another thread's
     */
    public int copyTo(long position, MemorySegment target, long targetOffset) {
        Objects.requireNonNull(target, "target");
        int length = length(position);
        Objects.checkFromIndexSize(targetOffset, length, target.byteSize());
        copyTo(position, length, target, targetOffset);
        return length;
    }

    private void copyTo(long position, int length, MemorySegment target, long targetOffset) {
        ring.read(position, target, targetOffset, length);
        if (ring.isCut(position)) {
            throw noRecord(position);
        }
    }

    /**
     * Returns the length of the record at a position. Does not wait.
     *
     * @param position what an append has returned, or a cursor
     * @return in bytes; 0 or more
     * @throws IllegalArgumentException if no record begins at the position, or it was cut
     */
    public int length(long position) {
        int found = ring.find(position);
        if (found < 0) {
            throw noRecord(position);
        }
        return found;
    }

    /** Returns the length of the record at a position that a cursor has come to. */
    int lengthOfNext(long position) {
        int found = ring.find(position);
        if (found == LogRing.CUT) {
            throw new IllegalStateException("the next record was cut; open a cursor at the first one: " + this
                    + ", position=" + position + ", firstPosition=" + firstPosition());
        }
        if (found == LogRing.NONE) {
            throw extent.damaged("no record begins behind the one before: position=" + position);
        }
        return found;
    }

    /**
     * Opens a cursor that begins with the first record.
     *
     * @return a cursor before the first record; nothing has to be closed
     */
    public LogCursor cursor() {
        return new LogCursor(this, firstPosition());
    }

    /**
     * Opens a cursor that begins at a position.
     *
     * @param position of a record, or {@link #endPosition()} for those that will be appended
     * @return a cursor before that record; nothing has to be closed
     * @throws IllegalArgumentException if no record begins at the position, or it was cut
     */
    public LogCursor cursor(long position) {
        if (requirePosition(position) == LogRing.CUT) {
            throw noRecord(position);
        }
        return new LogCursor(this, position);
    }

    private IllegalArgumentException noRecord(long position) {
        return new IllegalArgumentException("no record begins at the position, or it was cut: " + this + ", position="
                + position + ", firstPosition=" + firstPosition() + ", endPosition=" + endPosition());
    }

    @Override
    public String toString() {
        return "ForkableLog[address=0x" + Long.toHexString(address()) + ", capacityBytes=" + capacityBytes() + "]";
    }
}
