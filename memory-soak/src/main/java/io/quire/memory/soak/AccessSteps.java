package io.quire.memory.soak;

import io.quire.memory.MemoryAccess;
import io.quire.memory.contract.MisalignedAddressException;
import io.quire.memory.soak.StepRound.Generator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Steps that read and write, in all ways. */
final class AccessSteps {

    private static final int LARGEST_RANGE = 1200 << 10;

    private static final ByteOrder NATIVE = ByteOrder.nativeOrder();

    private final StepRound round;
    private final Random random;

    AccessSteps(StepRound round) {
        this.round = round;
        this.random = round.random;
    }

    List<Generator> generators() {
        return List.of(new Generator("read", 12, this::read), new Generator("write", 20, this::write),
                new Generator("atomic", 8, this::atomic), new Generator("gather", 3, this::gather),
                new Generator("copy-to", 4, this::copyTo), new Generator("copy-from", 5, this::copyFrom),
                new Generator("fill", 4, this::fill), new Generator("mismatch", 3, this::mismatch),
                new Generator("mismatch-of-two", 2, this::mismatchOfTwo),
                new Generator("read-interrupted", 1, this::readInterrupted),
                new Generator("use-after-close", 1, this::useAfterClose));
    }

    private static String at(MemoryAccess access, long address, long sizeBytes) {
        return access + " 0x" + Long.toHexString(address) + "+" + sizeBytes;
    }

    private ByteOrder order() {
        return random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    // ---- values

    private void read() {
        Live live = round.space();
        MemoryAccess access = round.access(live);
        long address = round.address(live);
        int size = 1 << random.nextInt(4);
        ByteOrder order = random.nextBoolean() ? NATIVE : order();
        boolean floating = random.nextBoolean();
        byte[] expected = live.model.read(address, size);
        long[] found = new long[1];
        if (round.attempt("read " + at(access, address, size), live.model.refusals(address, size, false),
                StepRound.ACCESS, () -> found[0] = value(access, address, size, order, floating))) {
            long wanted = value(expected, order);
            if (found[0] != wanted && !isNan(wanted, size, floating)) {
                throw new SoakFailure("read " + at(access, address, size) + ": is=" + found[0] + ", expected="
                        + wanted + ", order=" + order);
            }
        }
    }

    /** True if the bits are a NaN: they may change on their way through a floating-point value. */
    private static boolean isNan(long bits, int size, boolean floating) {
        return floating && (size == 4 ? Float.isNaN(Float.intBitsToFloat((int) bits))
                : size == 8 && Double.isNaN(Double.longBitsToDouble(bits)));
    }

    private static long value(byte[] bytes, ByteOrder order) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(order);
        return switch (bytes.length) {
            case 1 -> buffer.get(0);
            case 2 -> buffer.getShort(0);
            case 4 -> buffer.getInt(0);
            default -> buffer.getLong(0);
        };
    }

    private static byte[] bytes(long value, int size, ByteOrder order) {
        ByteBuffer buffer = ByteBuffer.allocate(size).order(order);
        switch (size) {
            case 1 -> buffer.put(0, (byte) value);
            case 2 -> buffer.putShort(0, (short) value);
            case 4 -> buffer.putInt(0, (int) value);
            default -> buffer.putLong(0, value);
        }
        return buffer.array();
    }

    private static long value(MemoryAccess access, long address, int size, ByteOrder order, boolean floating) {
        boolean plain = order == NATIVE;
        return switch (size) {
            case 1 -> access.getByte(address);
            case 2 -> plain ? access.getShort(address) : access.getShort(address, order);
            case 4 -> floating ? Float.floatToRawIntBits(plain ? access.getFloat(address)
                    : access.getFloat(address, order))
                    : plain ? access.getInt(address) : access.getInt(address, order);
            default -> floating ? Double.doubleToRawLongBits(plain ? access.getDouble(address)
                    : access.getDouble(address, order))
                    : plain ? access.getLong(address) : access.getLong(address, order);
        };
    }

    private void write() {
        Live live = round.space();
        MemoryAccess access = round.access(live);
        long address = round.address(live);
        int size = 1 << random.nextInt(4);
        ByteOrder order = random.nextBoolean() ? NATIVE : order();
        long value = random.nextInt(4) == 0 ? 0 : random.nextLong();
        boolean floating = random.nextInt(4) == 0 && !isNan(value, size, true);
        if (round.attempt("write " + at(access, address, size) + " " + order,
                live.model.refusals(address, size, true), StepRound.ACCESS, () -> {
                    set(access, address, size, order, floating, value);
                    return null;
                })) {
            live.model.write(address, bytes(value, size, order));
        }
        round.compare(live, address, size);
    }

    private static void set(MemoryAccess access, long address, int size, ByteOrder order, boolean floating,
            long value) {
        boolean plain = order == NATIVE;
        if (size == 1) {
            access.setByte(address, (byte) value);
        } else if (size == 2 && plain) {
            access.setShort(address, (short) value);
        } else if (size == 2) {
            access.setShort(address, (short) value, order);
        } else if (floating) {
            setFloating(access, address, size, order, value);
        } else if (size == 4 && plain) {
            access.setInt(address, (int) value);
        } else if (size == 4) {
            access.setInt(address, (int) value, order);
        } else if (plain) {
            access.setLong(address, value);
        } else {
            access.setLong(address, value, order);
        }
    }

    private static void setFloating(MemoryAccess access, long address, int size, ByteOrder order, long value) {
        boolean plain = order == NATIVE;
        if (size == 4 && plain) {
            access.setFloat(address, Float.intBitsToFloat((int) value));
        } else if (size == 4) {
            access.setFloat(address, Float.intBitsToFloat((int) value), order);
        } else if (plain) {
            access.setDouble(address, Double.longBitsToDouble(value));
        } else {
            access.setDouble(address, Double.longBitsToDouble(value), order);
        }
    }

    private void atomic() {
        Live live = round.space();
        MemoryAccess access = round.access(live);
        boolean wide = random.nextBoolean();
        int size = wide ? 8 : 4;
        long any = round.address(live);
        long address = random.nextInt(10) == 0 ? any : any & -size;
        boolean aligned = address % size == 0;
        int kind = random.nextInt(5);
        Set<Class<?>> refusals = live.model.refusals(address, size, kind > 0);
        if (!aligned) {
            refusals.add(MisalignedAddressException.class);
        }
        long old = value(live.model.read(address, size), NATIVE);
        long expected = random.nextInt(3) == 0 ? old + 1 : old;
        long value = wide ? random.nextLong() : random.nextInt();
        long[] found = new long[1];
        if (round.attempt("atomic " + kind + " " + at(access, address, size), refusals, StepRound.ACCESS,
                () -> found[0] = wide ? atomicLong(access, address, kind, expected, value)
                        : atomicInt(access, address, kind, (int) expected, (int) value))) {
            checkAtomic(live, address, size, kind, old, expected, value, found[0]);
        }
        round.compare(live, address, size);
    }

    private static void checkAtomic(Live live, long address, int size, int kind, long old, long expected, long value,
            long found) {
        long wanted = switch (kind) {
            case 0, 4 -> old;
            case 3 -> old == expected ? 1 : 0;
            default -> 0;
        };
        if (found != wanted) {
            throw new SoakFailure("atomic kind=" + kind + ", address=0x" + Long.toHexString(address) + ", is=" + found
                    + ", expected=" + wanted);
        }
        if (kind == 1 || kind == 2 || (kind == 3 && old == expected)) {
            live.model.write(address, bytes(value, size, NATIVE));
        } else if (kind == 4) {
            live.model.write(address, bytes(old + value, size, NATIVE));
        }
    }

    private static long atomicLong(MemoryAccess access, long address, int kind, long expected, long value) {
        switch (kind) {
            case 0 -> {
                return value % 2 == 0 ? access.getLongOpaque(address) : access.getLongAcquire(address);
            }
            case 1 -> access.setLongOpaque(address, value);
            case 2 -> access.setLongRelease(address, value);
            case 3 -> {
                return access.compareAndSetLong(address, expected, value) ? 1 : 0;
            }
            default -> {
                return access.getAndAddLong(address, value);
            }
        }
        return 0;
    }

    private static long atomicInt(MemoryAccess access, long address, int kind, int expected, int value) {
        switch (kind) {
            case 0 -> {
                return value % 2 == 0 ? access.getIntOpaque(address) : access.getIntAcquire(address);
            }
            case 1 -> access.setIntOpaque(address, value);
            case 2 -> access.setIntRelease(address, value);
            case 3 -> {
                return access.compareAndSetInt(address, expected, value) ? 1 : 0;
            }
            default -> {
                return access.getAndAddInt(address, value);
            }
        }
        return 0;
    }

    private void gather() {
        Live live = round.space();
        MemoryAccess access = round.access(live);
        int count = random.nextInt(40);
        long[] addresses = new long[count + random.nextInt(3)];
        Set<Class<?>> refusals = new HashSet<>();
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = round.address(live) & -Long.BYTES;
            if (i < count) {
                refusals.addAll(live.model.refusals(addresses[i], Long.BYTES, false));
            }
        }
        long[] values = new long[addresses.length];
        if (round.attempt("gather " + access + " count=" + count, refusals, StepRound.ACCESS, () -> {
            access.gatherLongs(addresses, values, count);
            return null;
        })) {
            for (int i = 0; i < count; i++) {
                long expected = value(live.model.read(addresses[i], Long.BYTES), NATIVE);
                if (values[i] != expected) {
                    throw new SoakFailure("gathered " + at(access, addresses[i], 8) + ": is=" + values[i]
                            + ", expected=" + expected);
                }
            }
        }
    }

    // ---- ranges

    private int length() {
        return switch (random.nextInt(10)) {
            case 0 -> random.nextInt(LARGEST_RANGE);
            case 1, 2 -> random.nextInt(1 << 16);
            case 3 -> 0;
            default -> random.nextInt(3 * ModelSpace.PAGE);
        };
    }

    private static Set<Class<?>> refusals(Live live, long address, int length, boolean write) {
        return length == 0 ? Set.of() : live.model.refusals(address, length, write);
    }

    /** True if a range would reach into a map of the library. */
    private static boolean isForeign(Live live, long address, int length) {
        return live.model.touchesMap(address, Math.max(1, length));
    }

    private void copyTo() {
        Live live = round.space();
        MemoryAccess access = round.access(live);
        long address = round.address(live);
        int length = length();
        if (isForeign(live, address, length)) {
            return;
        }
        int skip = random.nextInt(9);
        byte[] target = new byte[length + skip];
        boolean offHeap = random.nextBoolean();
        if (round.attempt("copyTo " + at(access, address, length), refusals(live, address, length, false),
                StepRound.ACCESS, () -> {
                    copyTo(access, address, target, skip, length, offHeap);
                    return null;
                })) {
            byte[] read = Arrays.copyOfRange(target, skip, target.length);
            int differs = Arrays.mismatch(read, live.model.read(address, length));
            if (differs >= 0) {
                throw new SoakFailure("copied " + at(access, address, length) + ": differs at " + differs);
            }
        }
    }

    private static void copyTo(MemoryAccess access, long address, byte[] target, int skip, int length,
            boolean offHeap) {
        if (!offHeap) {
            access.copyTo(address, target, skip, length);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(Math.max(1, target.length));
            access.copyTo(address, segment, skip, length);
            MemorySegment.copy(segment, 0, MemorySegment.ofArray(target), 0, target.length);
        }
    }

    private void copyFrom() {
        Live live = round.space();
        MemoryAccess access = round.access(live);
        long address = round.address(live);
        byte[] source = new byte[length()];
        if (isForeign(live, address, source.length)) {
            return;
        }
        random.nextBytes(source);
        boolean offHeap = random.nextBoolean();
        if (round.attempt("copyFrom " + at(access, address, source.length),
                refusals(live, address, source.length, true), StepRound.ACCESS, () -> {
                    copyFrom(access, source, address, offHeap);
                    return null;
                })) {
            live.model.write(address, source);
        }
        round.compare(live, address, source.length);
    }

    private static void copyFrom(MemoryAccess access, byte[] source, long address, boolean offHeap) {
        if (!offHeap) {
            access.copyFrom(source, 0, address, source.length);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(Math.max(1, source.length));
            MemorySegment.copy(MemorySegment.ofArray(source), 0, segment, 0, source.length);
            access.copyFrom(segment, 0, address, source.length);
        }
    }

    private void fill() {
        Live live = round.space();
        MemoryAccess access = round.access(live);
        long address = round.address(live);
        int length = length();
        if (isForeign(live, address, length)) {
            return;
        }
        byte value = (byte) random.nextInt();
        if (round.attempt("fill " + at(access, address, length), refusals(live, address, length, true),
                StepRound.ACCESS, () -> {
                    access.fill(address, length, value);
                    return null;
                })) {
            byte[] bytes = new byte[length];
            Arrays.fill(bytes, value);
            live.model.write(address, bytes);
        }
        round.compare(live, address, length);
    }

    private void mismatch() {
        Live live = round.space();
        MemoryAccess access = round.access(live);
        long address = round.address(live);
        int length = length();
        if (isForeign(live, address, length)) {
            return;
        }
        byte[] other = live.model.read(address, length);
        int changed = length > 0 && random.nextBoolean() ? random.nextInt(length) : -1;
        if (changed >= 0) {
            other[changed] ^= 0x55;
        }
        long[] found = new long[1];
        // A difference may be found before an address that is refused.
        Set<Class<?>> refusals = refusals(live, address, length, false);
        Set<Class<?>> may = new HashSet<>(StepRound.ACCESS);
        may.addAll(refusals);
        if (round.attempt("mismatch " + at(access, address, length), NONE, may,
                () -> found[0] = access.mismatch(address, MemorySegment.ofArray(other), 0, length))
                && found[0] != changed && refusals.isEmpty()) {
            throw new SoakFailure("mismatch " + at(access, address, length) + ": is=" + found[0] + ", expected="
                    + changed);
        }
    }

    private static final Set<Class<?>> NONE = Set.of();

    private void mismatchOfTwo() {
        Live one = round.space();
        Live other = round.space();
        MemoryAccess access = round.access(one);
        MemoryAccess second = round.access(other);
        long address = round.address(one);
        long otherAddress = random.nextBoolean() ? address : round.address(other);
        int length = length();
        if (isForeign(one, address, length) || isForeign(other, otherAddress, length)) {
            return;
        }
        Set<Class<?>> refusals = new HashSet<>(refusals(one, address, length, false));
        refusals.addAll(refusals(other, otherAddress, length, false));
        Set<Class<?>> may = new HashSet<>(StepRound.ACCESS);
        may.addAll(refusals);
        long[] found = new long[1];
        if (round.attempt("mismatch " + at(access, address, length) + " with " + at(second, otherAddress, length),
                NONE, may, () -> found[0] = access.mismatch(address, second, otherAddress, length))
                && refusals.isEmpty()) {
            int expected = Arrays.mismatch(one.model.read(address, length), other.model.read(otherAddress, length));
            if (found[0] != expected) {
                throw new SoakFailure("mismatch of two: is=" + found[0] + ", expected=" + expected);
            }
        }
    }

    // ---- circumstances

    /** Reads or writes while interrupted: that changes nothing, and the interrupt stays. */
    private void readInterrupted() {
        Thread.currentThread().interrupt();
        if (random.nextBoolean()) {
            read();
        } else {
            write();
        }
        if (!Thread.interrupted()) {
            throw new SoakFailure("the interrupt is gone");
        }
    }

    private void useAfterClose() {
        if (round.closed.isEmpty()) {
            return;
        }
        MemoryAccess access = round.pick(round.closed);
        long address = (1L << 18) + random.nextInt(1 << 20) & -Long.BYTES;
        round.attempt("read after close", StepRound.CLOSED, NONE, () -> access.getLong(address));
        round.attempt("write after close", StepRound.CLOSED, NONE, () -> {
            access.setLong(address, 1);
            return null;
        });
        round.attempt("range after close", StepRound.CLOSED, NONE, () -> {
            access.fill(address, 10_000, (byte) 1);
            return null;
        });
        round.note(access.toString());
    }
}
