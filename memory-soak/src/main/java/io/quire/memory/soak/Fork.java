package io.quire.memory.soak;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Pin;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A fork of a space that writers write to, and what it may contain: from each writer, all writes up to some number.
 * That number lies between the last write that returned before the fork was called and the last that had begun when the
 * fork returned. Used by one thread at a time.
 */
final class Fork {

    private static final long UNREADABLE = -1;

    final AddressSpace space;
    private final List<Writer> writers;
    private final long[] least;
    private final long[] most;

    /** What {@link #scribble(Random)} has written over all cells in this fork alone; 0 if nothing. */
    private long scribble;

    /** True if a scribble was refused half way, so that the content is unknown. */
    private boolean broken;

    private Fork(AddressSpace space, List<Writer> writers, long[] least, long[] most) {
        this.space = space;
        this.writers = writers;
        this.least = least;
        this.most = most;
    }

    /** Forks the space that the writers write. */
    static Fork of(AddressSpace root, List<Writer> writers, boolean snapshot) {
        long[] least = writers.stream().mapToLong(writer -> writer.returned).toArray();
        AddressSpace space = snapshot ? root.snapshot() : root.fork();
        return new Fork(space, writers, least, writers.stream().mapToLong(writer -> writer.begun).toArray());
    }

    /** Treats the space of the writers itself as a fork, after they have ended. */
    static Fork itself(AddressSpace root, List<Writer> writers) {
        return new Fork(root, writers, writers.stream().mapToLong(writer -> writer.returned).toArray(),
                writers.stream().mapToLong(writer -> writer.begun).toArray());
    }

    Fork again(boolean snapshot) {
        Fork fork = new Fork(snapshot ? space.snapshot() : space.fork(), writers, least.clone(), most.clone());
        fork.scribble = scribble;
        fork.broken = broken;
        return fork;
    }

    /** Checks all cells of all writers, reading them in a random way. */
    void check(Random random) {
        for (Writer writer : writers) {
            long[] found = new long[Stamps.CELLS];
            read(writer, found, random);
            if (!broken) {
                check(writer, found);
            }
        }
    }

    private void check(Writer writer, long[] found) {
        if (scribble != 0) {
            check(Arrays.stream(found).allMatch(one -> one == scribble || one == UNREADABLE), writer, found);
            return;
        }
        long last = Arrays.stream(found).filter(one -> one != UNREADABLE).map(Stamps::number).max().orElse(0);
        for (int cell = 0; cell < found.length; cell++) {
            check(found[cell] == UNREADABLE || Stamps.isOf(writer.id, cell, found[cell]), writer, found);
        }
        if (Arrays.stream(found).anyMatch(one -> one == UNREADABLE)) {
            check(last <= most[writer.id], writer, found);
            return;
        }
        check(least[writer.id] <= last && last <= most[writer.id], writer, found);
        for (int cell = 0; cell < found.length; cell++) {
            check(found[cell] == Stamps.after(writer.id, cell, last), writer, found);
        }
        least[writer.id] = last;
        most[writer.id] = last;
    }

    private void check(boolean right, Writer writer, long[] found) {
        if (!right) {
            throw new SoakFailure("a fork has wrong content: " + space + ", writer=" + writer.id + ", least="
                    + least[writer.id] + ", most=" + most[writer.id] + ", scribble=" + Long.toHexString(scribble)
                    + ", cells=" + Arrays.stream(found).mapToObj(Long::toHexString).toList());
        }
    }

    private void read(Writer writer, long[] found, Random random) {
        switch (random.nextInt(5)) {
            case 0 -> readByAccessor(writer, found);
            case 1 -> readByCursor(writer, found);
            case 2 -> readByPin(writer, found);
            case 3 -> readByGather(writer, found);
            default -> readOneByOne(writer, found);
        }
    }

    private void readOneByOne(Writer writer, long[] found) {
        for (int cell = 0; cell < found.length; cell++) {
            found[cell] = readable(writer.cells[cell]);
        }
    }

    private long readable(long address) {
        try {
            return space.getLong(address);
        } catch (ProtectionException unreadable) {
            return UNREADABLE;
        }
    }

    private void readByAccessor(Writer writer, long[] found) {
        try (Accessor reader = space.accessor()) {
            for (int cell = 0; cell < found.length; cell++) {
                try {
                    found[cell] = reader.getLong(writer.cells[cell]);
                } catch (ProtectionException unreadable) {
                    found[cell] = UNREADABLE;
                }
            }
        }
    }

    private void readByGather(Writer writer, long[] found) {
        int aligned = Writer.FIRST_WIDE_CELL;
        readOneByOne(writer, found);
        if (Arrays.stream(found).noneMatch(one -> one == UNREADABLE)) {
            space.gatherLongs(writer.cells, found, aligned);
        }
    }

    private void readByCursor(Writer writer, long[] found) {
        try (RunCursor runs = space.runs(writer.range, (long) Writer.PAGES * ModelSpace.PAGE)) {
            byte[] bytes = new byte[Writer.PAGES * ModelSpace.PAGE];
            while (runs.next()) {
                MemorySegment.copy(runs.memory(), 0, MemorySegment.ofArray(bytes), runs.address() - writer.range,
                        runs.memory().byteSize());
            }
            MemorySegment all = MemorySegment.ofArray(bytes);
            for (int cell = 0; cell < found.length; cell++) {
                found[cell] = all.get(ValueLayout.JAVA_LONG_UNALIGNED, writer.cells[cell] - writer.range);
            }
        } catch (ProtectionException unreadable) {
            readOneByOne(writer, found);
        }
    }

    private void readByPin(Writer writer, long[] found) {
        for (int cell = 0; cell < found.length; cell++) {
            try (Pin pin = space.pin(writer.cells[cell], Long.BYTES, PinTerm.SHORT, PinAccess.READ)) {
                List<MemorySegment> segments = pin.segments();
                found[cell] = segments.size() == 1 ? segments.getFirst().get(ValueLayout.JAVA_LONG_UNALIGNED, 0)
                        : space.getLong(writer.cells[cell]);
            } catch (ProtectionException unreadable) {
                found[cell] = UNREADABLE;
            } catch (UnsupportedOperationException noNativeAccess) {
                found[cell] = readable(writer.cells[cell]);
            }
        }
    }

    /** Writes over all cells. No other space may see that. */
    void scribble(Random random) {
        long value = 0x7700_0000_0000_0000L | random.nextInt(Integer.MAX_VALUE);
        broken = true;
        for (Writer writer : writers) {
            for (long address : writer.cells) {
                space.protect(address & -ModelSpace.PAGE, 2L * ModelSpace.PAGE, Protection.READ_WRITE);
                space.setLong(address, value);
            }
        }
        scribble = value;
        broken = false;
    }
}
