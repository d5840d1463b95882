package io.quire.memory.soak;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.structure.ForkableMap;
import java.nio.ByteBuffer;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Puts stamps into a shared map, under keys of its own, in turn. Every seventh write removes the key instead. */
final class MapWriter implements Worker {

    private static final int REMOVES = 7;

    final int id;
    volatile long begun;
    volatile long returned;

    private final CrowdRound crowd;
    private final AddressSpace space;
    private final ForkableMap map;
    private final Random random;
    private @Nullable Accessor accessor;

    MapWriter(CrowdRound crowd, int id, AddressSpace space, ForkableMap map, long seed) {
        this.crowd = crowd;
        this.id = id;
        this.space = space;
        this.map = map;
        this.random = new Random(seed);
    }

    @Override
    public void turn() {
        long number = begun + 1;
        begun = number;
        boolean inDoubt = false;
        while (!crowd.isOver()) {
            try {
                write(number, inDoubt);
                returned = number;
                return;
            } catch (RuntimeException | Error refused) {
                inDoubt |= refused instanceof Error || CrowdRound.isHogged();
                crowd.refused(refused);
            }
            Thread.onSpinWait();
        }
    }

    private void write(long number, boolean inDoubt) {
        int cell = Stamps.cellOf(number);
        byte[] key = key(cell);
        long old = Stamps.after(id, cell, number - 1);
        boolean had = isThere(old);
        ForkableMap mine = mine();
        boolean said = number % REMOVES == 0 ? mine.remove(key) : mine.put(key, value(Stamps.of(id, number)));
        if (said != had && !inDoubt) {
            throw new SoakFailure("an entry was lost or came back: writer=" + id + ", cell=" + cell + ", number="
                    + number + ", had=" + said + ", expected=" + had);
        }
    }

    private ForkableMap mine() {
        if (random.nextInt(3) == 0) {
            return map;
        }
        Accessor own = accessor;
        if (own == null) {
            own = space.accessor();
            accessor = own;
        }
        return map.with(own);
    }

    private static boolean isThere(long stamp) {
        return stamp != 0 && Stamps.number(stamp) % REMOVES != 0;
    }

    private byte[] key(int cell) {
        return new byte[] {(byte) id, (byte) cell};
    }

    /** Returns a value whose length follows from the stamp, so that blocks of many sizes come and go. */
    private static byte[] value(long stamp) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + (int) (Stamps.number(stamp) % 61) * 8);
        while (bytes.hasRemaining()) {
            bytes.putLong(stamp);
        }
        return bytes.array();
    }

    /** Checks a space that nobody changes: it has all writes up to some number between two, and none after it. */
    long check(AddressSpace moment, long least, long most) {
        ForkableMap there = ForkableMap.open(moment, map.address());
        long[] found = new long[Stamps.CELLS];
        for (int cell = 0; cell < found.length; cell++) {
            byte[] value = there.get(key(cell));
            found[cell] = value == null ? 0 : stamp(value, cell);
        }
        // A removed key leaves no stamp, so look for a number that explains all cells.
        for (long last = least; last <= most; last++) {
            if (explains(last, found)) {
                return last;
            }
        }
        throw new SoakFailure("a map has wrong content: space=" + moment + ", writer=" + id + ", least="
                + least + ", most=" + most + ", cells="
                + java.util.Arrays.stream(found).mapToObj(Long::toHexString).toList());
    }

    private long stamp(byte[] value, int cell) {
        long stamp = ByteBuffer.wrap(value).getLong();
        if (!java.util.Arrays.equals(value, value(stamp)) || !Stamps.isOf(id, cell, stamp)) {
            throw new SoakFailure("a value is torn: writer=" + id + ", cell=" + cell + ", stamp="
                    + Long.toHexString(stamp) + ", length=" + value.length);
        }
        return stamp;
    }

    private boolean explains(long last, long[] found) {
        for (int cell = 0; cell < found.length; cell++) {
            long stamp = Stamps.after(id, cell, last);
            if (found[cell] != (isThere(stamp) ? stamp : 0)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void end() {
        if (accessor != null) {
            accessor.close();
        }
    }
}
