package io.quire.memory.soak;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryAccess;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Writes stamps into cells of its own, in turn, by every kind of write. It repeats each write until it is done. */
final class Writer implements Worker {

    static final int PAGES = 40;

    /** The cells before this one are aligned and written by single stores, so any thread may read them at any time. */
    static final int FIRST_WIDE_CELL = 18;

    private static final int FIRST_CROSSING_CELL = 22;

    final int id;
    final long range;
    final long[] cells = new long[Stamps.CELLS];

    /** The numbers of the last write that began, and of the last that returned. */
    volatile long begun;
    volatile long returned;

    private final CrowdRound crowd;
    private final AddressSpace space;
    private final Random random;
    private @Nullable Accessor accessor;

    /** The accessor before, until its close has succeeded. It cannot write any more. */
    private @Nullable Accessor ending;

    /** How each cell was written last: the kind of {@link #write}, or -1 minus the kind if that threw. */
    private final int[] kinds = new int[Stamps.CELLS];

    /** True if the current write may have been done although it threw. */
    private boolean inDoubt;

    Writer(CrowdRound crowd, int id, AddressSpace space, long seed) {
        this.crowd = crowd;
        this.id = id;
        this.space = space;
        this.random = new Random(seed);
        range = space.map((long) PAGES * ModelSpace.PAGE);
        for (int cell = 0; cell < cells.length; cell++) {
            // No two cells overlap: each has its own place in a page, and those that cross a page border have pages of
            // their own.
            long page = cell < FIRST_CROSSING_CELL ? random.nextInt(PAGES - 6) : PAGES - 6 + 3L * (cell % 2);
            cells[cell] = range + page * ModelSpace.PAGE
                    + (cell < FIRST_CROSSING_CELL ? cell * 64L : ModelSpace.PAGE - 3);
        }
    }

    @Override
    public void turn() {
        long number = begun + 1;
        int cell = Stamps.cellOf(number);
        long old = Stamps.after(id, cell, number - 1);
        begun = number;
        inDoubt = false;
        while (!crowd.isOver() && !isDone(cell, old, number)) {
            Thread.onSpinWait(); // it was refused
        }
        if (!crowd.isOver()) {
            returned = number;
        }
    }

    private boolean isDone(int cell, long old, long number) {
        long found;
        try {
            found = access().getLong(cells[cell]);
        } catch (RuntimeException | Error refused) {
            crowd.refused(refused);
            return false;
        }
        if (inDoubt && found == Stamps.of(id, number)) {
            return true;
        }
        if (found != old) {
            throw new SoakFailure("a cell of a writer was lost: writer=" + id + ", cell=" + cell + ", address=0x"
                    + Long.toHexString(cells[cell]) + ", is=" + Long.toHexString(found) + ", expected="
                    + Long.toHexString(old) + ", kind=" + kinds[cell] + ", again="
                    + Long.toHexString(space.getLong(cells[cell])) + ", state=" + space.pageState(cells[cell]));
        }
        try {
            write(cell, old, Stamps.of(id, number));
            return true;
        } catch (RuntimeException | Error refused) {
            inDoubt |= refused instanceof Error || CrowdRound.isHogged();
            crowd.refused(refused);
            return false;
        }
    }

    private MemoryAccess access() {
        if (random.nextInt(3) == 0) {
            return space;
        }
        if (accessor != null && random.nextInt(500) == 0) {
            ending = accessor;
            accessor = null;
        }
        if (ending != null) {
            ending.close(); // tried again later if it fails
            ending = null;
        }
        if (accessor == null) {
            accessor = space.accessor();
        }
        return accessor;
    }

    private void write(int cell, long old, long stamp) {
        long address = cells[cell];
        int kind = random.nextInt(cell < FIRST_WIDE_CELL ? 6 : cell < FIRST_CROSSING_CELL ? 8 : 2);
        kinds[cell] = -1 - kind;
        switch (kind) {
            case 0, 1 -> access().setLong(address, stamp);
            case 2 -> check(access().compareAndSetLong(address, old, stamp), cell);
            case 3 -> check(access().getAndAddLong(address, stamp - old) == old, cell);
            case 4 -> access().setLongRelease(address, stamp);
            case 5 -> addByDevice(cell, old, stamp);
            case 6 -> access().copyFrom(bytes(stamp), 0, address, Long.BYTES);
            default -> writeByDevice(address, stamp);
        }
        kinds[cell] = kind;
    }

    private static byte[] bytes(long value) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(value).array();
    }

    private void check(boolean was, int cell) {
        if (!was) {
            throw new SoakFailure("a cell has changed under its writer: writer=" + id + ", cell=" + cell);
        }
    }

    private void addByDevice(int cell, long old, long stamp) {
        Attachment attachment = crowd.attachment(random);
        if (attachment == null) {
            access().setLong(cells[cell], stamp);
        } else {
            check(crowd.deviceOf(attachment).atomicAdd(attachment.mirror(), cells[cell], stamp - old).value() == old,
                    cell);
        }
    }

    private void writeByDevice(long address, long stamp) {
        Attachment attachment = crowd.attachment(random);
        if (attachment == null) {
            access().setLong(address, stamp);
        } else {
            inDoubt = true; // a device that fails may have written
            crowd.deviceOf(attachment).write(attachment.mirror(), address, MemorySegment.ofArray(bytes(stamp)));
        }
    }

    @Override
    public void end() {
        if (ending != null) {
            ending.close();
        }
        if (accessor != null) {
            accessor.close();
        }
    }
}
