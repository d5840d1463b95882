package io.quire.memory.structure;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.space.SpaceFinder;
import io.quire.memory.table.Geometry;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The memory of one array or log: a page with the header, and the data behind it. Offsets count from the header and are
 * the same in every fork. As thread-safe as the access.
 * <pre>
 *      0  MAGIC       of the kind                 24  IDENTITY   random; forks have the same
 *      8  VERSION     of the layout               32  PARAMETER  for an array the code of its ElementType, else 0
 *     16  SIZE        with the header, whole      40  words of the kind
 *                     pages                     4096  the data
 * </pre>
 * The program may overwrite any of it, so each word is checked before it is used.
 *
 * @param kind what it is
 * @param memory the access
 * @param space the space of the access, which can give pages back and an accessor cannot
 * @param address of the header; a multiple of the page size
 * @param sizeBytes whole pages
 * @param identity as it was when the structure was opened
 */
record Extent(StructureKind kind, MemoryAccess memory, AddressSpace space, long address, long sizeBytes,
        long identity) {

    static final int PAGE_BYTES = Geometry.PAGE_BYTES;

    /** The size of the header, and so the offset of the data. */
    static final int HEADER_BYTES = PAGE_BYTES;

    /** The most that the data can have. */
    static final long DATA_BYTES_MAX = (1L << 46) - HEADER_BYTES;

    private static final int MAGIC_AT = 0;
    private static final int VERSION_AT = MAGIC_AT + Long.BYTES;
    private static final int SIZE_AT = VERSION_AT + Long.BYTES;
    private static final int IDENTITY_AT = SIZE_AT + Long.BYTES;
    private static final int PARAMETER_AT = IDENTITY_AT + Long.BYTES;

    /** The offset of the first word that belongs to the kind. */
    static final int KIND_AT = PARAMETER_AT + Long.BYTES;

    /**
     * Maps memory that reads as zeros, and writes the header. If this is refused nothing is mapped.
     *
     * @param dataBytes 1 to {@link #DATA_BYTES_MAX}; rounded up to whole pages
     */
    static Extent create(StructureKind kind, AddressSpace space, long dataBytes, long parameter) {
        long sizeBytes = HEADER_BYTES + Geometry.pageStart(dataBytes + PAGE_BYTES - 1);
        long identity = ThreadLocalRandom.current().nextLong();
        long address = space.map(sizeBytes);
        try {
            Extent extent = new Extent(kind, space, space, address, sizeBytes, identity);
            extent.set(VERSION_AT, StructureKind.VERSION_NOW);
            extent.set(SIZE_AT, sizeBytes);
            extent.set(IDENTITY_AT, identity);
            extent.set(PARAMETER_AT, parameter);
            extent.setRelease(MAGIC_AT, kind.magic());
            return extent;
        } catch (Throwable refused) {
            space.unmap(address, sizeBytes);
            throw refused;
        }
    }

    /**
     * Finds the structure of a kind at an address. Writes nothing.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Extent locate(StructureKind kind, MemoryAccess memory, long address) {
        if (address < 0 || Geometry.pageOffset(address) != 0) {
            throw new IllegalArgumentException("the address of a structure is a multiple of " + PAGE_BYTES
                    + ": address=0x" + Long.toHexString(address));
        }
        if (memory.getLongAcquire(address + MAGIC_AT) != kind.magic()) {
            throw new IllegalArgumentException("there is no " + kind.noun() + " at this address: address=0x"
                    + Long.toHexString(address) + "; check that it is what " + kind.type() + ".address() returned, that"
                    + " the " + kind.noun() + " was created before this space was forked, and that nobody has unmapped"
                    + " or overwritten it");
        }
        long version = memory.getLong(address + VERSION_AT);
        if (version != StructureKind.VERSION_NOW) {
            throw new IllegalArgumentException("the " + kind.noun() + " at this address was made by another version of"
                    + " the library: address=0x" + Long.toHexString(address) + ", version=" + version + ", expected="
                    + StructureKind.VERSION_NOW);
        }
        long size = memory.getLong(address + SIZE_AT);
        if (size <= HEADER_BYTES || size > HEADER_BYTES + DATA_BYTES_MAX || Geometry.pageOffset(size) != 0) {
            throw new IllegalArgumentException("the " + kind.noun() + " at this address has an impossible size:"
                    + " address=0x" + Long.toHexString(address) + ", sizeBytes=" + size);
        }
        SpaceFinder.of(memory).table().permissions().checkAllMapped(address, size);
        return new Extent(kind, memory, spaceOf(memory), address, size, memory.getLong(address + IDENTITY_AT));
    }

    private static AddressSpace spaceOf(MemoryAccess memory) {
        return memory instanceof Accessor accessor ? accessor.space() : (AddressSpace) memory;
    }

    /**
     * Finds the same structure through another access.
     *
     * @throws IllegalArgumentException if the access leads to another one or to none
     */
    Extent through(MemoryAccess other) {
        Extent found = locate(kind, other, address);
        if (found.identity != identity) {
            throw new IllegalArgumentException("the access leads to another " + kind.noun() + ": this=" + this
                    + " in " + space.name() + ", other=" + found + " in " + found.space.name());
        }
        return found;
    }

    // ---- the header

    long get(int offset) {
        return memory.getLong(address + offset);
    }

    long getAcquire(int offset) {
        return memory.getLongAcquire(address + offset);
    }

    void set(int offset, long value) {
        memory.setLong(address + offset, value);
    }

    void setRelease(int offset, long value) {
        memory.setLongRelease(address + offset, value);
    }

    /** What {@link #create} got as parameter. */
    long parameter() {
        return get(PARAMETER_AT);
    }

    /** Throws if something else lies at the address now. */
    void checkIdentity() {
        if (get(IDENTITY_AT) != identity || get(MAGIC_AT) != kind.magic()) {
            throw damaged("it is not the one that was opened");
        }
    }

    // ---- the data

    long dataBytes() {
        return sizeBytes - HEADER_BYTES;
    }

    /** The address of the data at an offset from its beginning, which the caller has checked. */
    long dataAt(long offset) {
        return address + HEADER_BYTES + offset;
    }

    /** Gives back whole pages of the data. */
    void discard(long offset, long bytes) {
        if (bytes > 0) {
            space.discard(dataAt(offset), bytes);
        }
    }

    // ---- messages

    /** Returns the exception for words that contradict each other. */
    IllegalStateException damaged(String fact) {
        return new IllegalStateException("the " + kind.noun() + " is damaged: " + fact + ": " + this);
    }

    @Override
    public String toString() {
        return kind.type() + " at 0x" + Long.toHexString(address);
    }
}
