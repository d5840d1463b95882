package io.quire.memory.nodes;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.WriteGroup;
import io.quire.memory.space.ReadSection;
import io.quire.memory.space.SpaceFinder;
import io.quire.memory.table.Geometry;

/**
 * The memory of one structure, reached through one access. As thread-safe as the access.
 *
 * @param name what the structure is called in messages
 * @param memory the access
 * @param section reads through the same access
 * @param address of the header, a multiple of the page size
 * @param sizeBytes whole pages
 * @param space the space, which can discard pages and take snapshots
 */
public record NodeRegion(String name, MemoryAccess memory, ReadSection section, long address, long sizeBytes,
        AddressSpace space) {

    /** A header, one page of counts, and some pages of nodes. */
    public static final long MIN_BYTES = 16L * Geometry.PAGE_BYTES;

    /** As far as a reference reaches. */
    public static final long MAX_BYTES = 1L << 35;

    /**
     * Maps a region, and makes an empty store of it.
     *
     * @param magic says what structure it is
     * @param seed of its hash
     * @throws IllegalArgumentException if the size is less than {@link #MIN_BYTES} or more than {@link #MAX_BYTES}
     */
    public static NodeRegion create(String name, AddressSpace space, long capacityBytes, long magic, long seed) {
        if (capacityBytes < MIN_BYTES || capacityBytes > MAX_BYTES) {
            throw new IllegalArgumentException("the region of a " + name + " must have " + MIN_BYTES + " to "
                    + MAX_BYTES + " bytes: capacityBytes=" + capacityBytes);
        }
        long sizeBytes = capacityBytes + Geometry.PAGE_BYTES - 1 & -Geometry.PAGE_BYTES;
        long address = space.map(sizeBytes);
        try {
            NodeRegion region = new NodeRegion(name, space, SpaceFinder.newSection(space), address, sizeBytes, space);
            region.format(magic, seed);
            return region;
        } catch (Throwable refused) {
            space.unmap(address, sizeBytes);
            throw refused;
        }
    }

    private void format(long magic, long seed) {
        WriteGroup header = memory.newWriteGroup();
        header.setLong(address + StoreHeader.VERSION_AT, StoreHeader.VERSION_NOW);
        header.setLong(address + StoreHeader.SIZE_AT, sizeBytes);
        header.setLong(address + StoreHeader.SEED_AT, seed);
        header.setLong(address + StoreHeader.TOP_AT, firstPage());
        for (int purpose = 0; purpose < Purpose.COUNT; purpose++) {
            header.setLong(address + StoreHeader.openAt(purpose), OpenPage.NONE);
        }
        header.setLong(address + StoreHeader.MAGIC_AT, magic);
        header.commit();
    }

    /**
     * Finds the region of the structure at an address.
     *
     * @throws IllegalArgumentException if there is none of that kind
     */
    public static NodeRegion locate(String name, MemoryAccess memory, long address, long magic) {
        if (address < 0 || address % Geometry.PAGE_BYTES != 0) {
            throw new IllegalArgumentException("a " + name + " begins at a multiple of " + Geometry.PAGE_BYTES
                    + ": address=0x" + Long.toHexString(address));
        }
        if (memory.getLongAcquire(address + StoreHeader.MAGIC_AT) != magic) {
            throw new IllegalArgumentException("there is no " + name + " at this address: address=0x"
                    + Long.toHexString(address) + "; check that it is what address() returned, that the " + name
                    + " was created before this space was forked, and that nobody has unmapped or overwritten it");
        }
        long version = memory.getLong(address + StoreHeader.VERSION_AT);
        if (version != StoreHeader.VERSION_NOW) {
            throw new IllegalArgumentException("the " + name + " at this address was made by another version of the "
                    + "library: address=0x" + Long.toHexString(address) + ", version=" + version + ", expected="
                    + StoreHeader.VERSION_NOW);
        }
        long sizeBytes = memory.getLong(address + StoreHeader.SIZE_AT);
        if (sizeBytes < MIN_BYTES || sizeBytes > MAX_BYTES || sizeBytes % Geometry.PAGE_BYTES != 0) {
            throw new IllegalArgumentException("the " + name + " at this address has an impossible size: address=0x"
                    + Long.toHexString(address) + ", sizeBytes=" + sizeBytes);
        }
        SpaceFinder.of(memory).table().permissions().checkAllMapped(address, sizeBytes);
        AddressSpace space = memory instanceof Accessor accessor ? accessor.space() : (AddressSpace) memory;
        return new NodeRegion(name, memory, SpaceFinder.newSection(memory), address, sizeBytes, space);
    }

    public long seed() {
        return memory.getLong(address + StoreHeader.SEED_AT);
    }

    /** The number of entries, as the last change has left it. */
    public long entries() {
        return memory.getLong(address + StoreHeader.ENTRIES_AT);
    }

    /** How much of the region was ever used: the header, the counts, the nodes, and what is free again. In bytes. */
    public long usedBytes() {
        int top = (int) memory.getLong(address + StoreHeader.TOP_AT);
        return (long) (1 + StoreHeader.pageOfCount(top) + top - firstPage()) << Geometry.PAGE_SHIFT;
    }

    int root() {
        return (int) memory.getLong(address + StoreHeader.ROOT_AT);
    }

    int pages() {
        return (int) (sizeBytes >>> Geometry.PAGE_SHIFT);
    }

    int firstPage() {
        return StoreHeader.firstPage(pages());
    }

    /** The address of a node that {@link #isNode} has accepted. */
    public long addressOf(int ref) {
        return address + NodeRef.offset(ref);
    }

    /** True if a node of some granules can be there. */
    public boolean isNode(int ref, int granules) {
        return NodeRef.isWithin(ref, granules, firstPage(), pages());
    }

    /** Returns the exception for words that contradict each other. */
    public IllegalStateException damaged(String fact) {
        return new IllegalStateException("the " + name + " is damaged: " + fact + ": " + this);
    }

    @Override
    public String toString() {
        return name + " at 0x" + Long.toHexString(address);
    }
}
