package io.quire.memory;

import io.quire.memory.fault.WritePages;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Geometry;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Values that are written in one step: a fork or snapshot, by any thread at any moment, has all of them or none. Add
 * the values, then {@linkplain #commit commit} them.
 * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="group"}
 * <p>
 * <b>Readers of the same space</b> may see a part of the group while it is being written. They see the values in the
 * order in which they were added: a reader that sees a value by an acquire or volatile read sees all before it. A
 * reader that needs all or none of them reads a snapshot.
 * <p>
 * <b>Threads.</b> A group belongs to one thread at a time, and a group of an {@link Accessor} to the accessor's thread.
 * Groups of two threads that write the same addresses are written in some order, one value at a time.
 * <p>
 * <b>Cost.</b> Nothing is written, and no lock is held, before {@code commit}. So no thread ever waits for a group that
 * is being made, and a fork waits at most for {@link #MAX_VALUES} stores. A group can be used again, and then allocates
 * nothing. If all its pages are resident and unshared, {@code commit} is lock-free. Otherwise it makes them so, first
 * without the lock of the space, and then looks at them once more with it.
 *
 * @see MemoryAccess#newWriteGroup()
 */
public final class WriteGroup {

    /** The most values that a group can have. A value that crosses the end of a page counts once for each byte. */
    public static final int MAX_VALUES = 1024;

    /** The most pages that the values of a group can lie in. */
    public static final int MAX_PAGES = 64;

    private static final int FIRST_CAPACITY = 16;

    // A place: the page, where the value begins in it, and the logarithm of the value's size.
    private static final int SIZE_BITS = 2;
    private static final int SIZE_MASK = (1 << SIZE_BITS) - 1;
    private static final int PAGE_AT = SIZE_BITS + Geometry.PAGE_SHIFT;

    private final PageAccess access;
    private final WritePages pages = new WritePages(MAX_PAGES);
    private int[] places = new int[FIRST_CAPACITY];
    private long[] values = new long[FIRST_CAPACITY];
    private int count;
    private int lastPage;

    WriteGroup(PageAccess access) {
        this.access = access;
    }

    /**
     * Adds a byte.
     *
     * @param address of the byte
     * @param value to write
     * @return this
     * @throws IllegalStateException if the group is full; it stays as it is
     */
    public WriteGroup setByte(long address, byte value) {
        return add(address, value, 0);
    }

    /**
     * Adds two bytes, in the byte order of the machine.
     *
     * @param address of the first byte; need not be aligned
     * @param value to write
     * @return this
     * @throws IllegalStateException if the group is full; it stays as it is
     */
    public WriteGroup setShort(long address, short value) {
        return add(address, value, 1);
    }

    /**
     * Adds four bytes, in the byte order of the machine.
     *
     * @param address of the first byte; need not be aligned
     * @param value to write
     * @return this
     * @throws IllegalStateException if the group is full; it stays as it is
     */
    public WriteGroup setInt(long address, int value) {
        return add(address, value, 2);
    }

    /**
     * Adds eight bytes, in the byte order of the machine.
     *
     * @param address of the first byte; need not be aligned
     * @param value to write
     * @return this
     * @throws IllegalStateException if the group is full; it stays as it is
     */
    public WriteGroup setLong(long address, long value) {
        return add(address, value, 3);
    }

    /**
     * Adds a float, in the byte order of the machine.
     *
     * @param address of the first byte; need not be aligned
     * @param value to write
     * @return this
     * @throws IllegalStateException if the group is full; it stays as it is
     */
    public WriteGroup setFloat(long address, float value) {
        return setInt(address, Float.floatToRawIntBits(value));
    }

    /**
     * Adds a double, in the byte order of the machine.
     *
     * @param address of the first byte; need not be aligned
     * @param value to write
     * @return this
     * @throws IllegalStateException if the group is full; it stays as it is
     */
    public WriteGroup setDouble(long address, double value) {
        return setLong(address, Double.doubleToRawLongBits(value));
    }

    private WriteGroup add(long address, long value, int sizeLog2) {
        int sizeBytes = 1 << sizeLog2;
        if (PageAccess.crossesPage(address, sizeBytes)) {
            addBytes(address, value, sizeBytes);
        } else {
            require(1);
            append(page(address), address, value, sizeLog2);
        }
        return this;
    }

    private void addBytes(long address, long value, int sizeBytes) {
        require(sizeBytes);
        int known = pages.count();
        try {
            page(address);
            page(address + sizeBytes - 1);
        } catch (IllegalStateException full) {
            pages.truncate(known);
            throw full;
        }
        for (int i = 0; i < sizeBytes; i++) {
            int shift = PageAccess.shiftOfByte(i, sizeBytes);
            append(page(address + i), address + i, value >>> shift, 0);
        }
    }

    /** Makes room for more values. */
    private void require(int more) {
        int needed = count + more;
        if (needed > MAX_VALUES) {
            throw new IllegalStateException("a group writes at most " + MAX_VALUES
                    + " values in one step; commit it, or divide it: " + this);
        }
        if (needed > values.length) {
            int capacity = Math.min(MAX_VALUES, Math.max(needed, 2 * values.length));
            long[] largerValues = Arrays.copyOf(values, capacity);
            places = Arrays.copyOf(places, capacity);
            values = largerValues;
        }
    }

    private void append(int page, long address, long value, int sizeLog2) {
        places[count] = page << PAGE_AT | (int) Geometry.pageOffset(address) << SIZE_BITS | sizeLog2;
        values[count] = value;
        count++;
    }

    /** The index of the page of an address; adds the page if it is new. */
    private int page(long address) {
        long start = Geometry.pageStart(address);
        int known = pages.count();
        if (lastPage < known && Geometry.pageStart(pages.address(lastPage)) == start) {
            return lastPage;
        }
        for (int page = 0; page < known; page++) {
            if (Geometry.pageStart(pages.address(page)) == start) {
                lastPage = page;
                return page;
            }
        }
        if (known == MAX_PAGES) {
            throw new IllegalStateException("a group writes to at most " + MAX_PAGES
                    + " pages in one step; commit it, or divide it: " + this);
        }
        pages.add(address);
        lastPage = known;
        return known;
    }

    /**
     * Returns the number of values that were added since the last commit.
     *
     * @return 0 to {@link #MAX_VALUES}
     */
    public int size() {
        return count;
    }

    /** Removes all values that were added since the last commit. */
    public void clear() {
        count = 0;
        pages.clear();
    }

    /**
     * Writes all values in one step, in the order in which they were added, and makes the group empty. Has no effect on
     * an empty group.
     * <p>
     * If it throws, it has written nothing, and the group keeps its values: it can be committed again or
     * {@linkplain #clear cleared}. Pages that had no frame give theirs back then; copies of shared pages stay.
     *
     * @throws io.quire.memory.contract.MemoryException if a write is refused; see <i>Refusals</i> in
     *         {@link MemoryAccess}
     * @throws WrongThreadException if the group is of an accessor of another thread
     */
    public void commit() {
        if (count == 0) {
            return;
        }
        StackRoom.require(); // nothing may fail between the first store and the last
        long entered = access.enterWrites(pages);
        try {
            store();
        } finally {
            access.exitWrite(entered);
        }
        clear();
    }

    private void store() {
        FrameMemory memory = access.memory;
        // ORDER(group-stored) fence: what the thread wrote before is visible to whoever sees a value of the group.
        VarHandle.releaseFence();
        for (int i = 0; i < count; i++) {
            int place = places[i];
            long offset = pages.offset(place >>> PAGE_AT)
                    + Geometry.pageOffset(place >>> SIZE_BITS);
            switch (place & SIZE_MASK) {
                case 0 -> memory.setByte(offset, (byte) values[i]);
                case 1 -> memory.setShort(offset, (short) values[i]);
                case 2 -> memory.setInt(offset, (int) values[i]);
                default -> memory.setLong(offset, values[i]);
            }
            // ORDER(group-stored) fence: and so are the values that were added before it.
            VarHandle.storeStoreFence();
        }
    }

    @Override
    public String toString() {
        return "WriteGroup[values=" + count + ", pages=" + pages.count() + ", " + access + "]";
    }
}
