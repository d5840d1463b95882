package io.quire.memory.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.AddressInUseException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.MisalignedAddressException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.Protection;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thread's random history of everything a user can do with spaces. Every step is done to a {@link Twin}:
 * to the space and to its model, which says what comes out or which exceptions refuse it. Steps that are
 * refused must leave everything as it was; running out of frames is part of the game.
 */
public final class History {

    private static final int SPACES_MAX = 8;
    private static final int STEPS_SHOWN = 12;

    private final List<Twin> twins = new ArrayList<>();
    private final Deque<String> lastSteps = new ArrayDeque<>();
    private final MemoryManager manager;
    private final SplittableRandom random;
    private int steps;
    private int outOfFrames;

    public History(MemoryManager manager, SplittableRandom random) {
        this.manager = manager;
        this.random = random;
    }

    /** Plays in a space that other threads play in as well, at addresses this history maps for itself. */
    public void borrow(AddressSpace space) {
        twins.add(new Twin(space, new ModelSpace(), true, false));
        map(twins.getLast());
    }

    /** How often a step was refused for want of a frame. */
    public int outOfFrames() {
        return outOfFrames;
    }

    /** Does one thing and compares what it touched, and something it did not. */
    public void step() {
        steps++;
        try {
            if (twins.isEmpty()) {
                openSpace();
            }
            Twin twin = anyTwin();
            if (twin.model.ranges().isEmpty()) {
                map(twin);
            } else {
                long touched = stepIn(twin);
                if (twins.contains(twin)) {
                    twin.comparePage(touched);
                }
                if (!twins.isEmpty()) {
                    anyTwin().comparePage(touched);
                }
            }
        } catch (Throwable failure) {
            throw new AssertionError("step " + steps + " failed; the last steps were\n  "
                    + String.join("\n  ", lastSteps), failure);
        }
    }

    /** Compares everything with everything. */
    public void compareAll() {
        twins.forEach(Twin::compareAll);
    }

    /** Compares everything once more, hidden memory included, and closes the spaces in any order. */
    public void finish() {
        while (!twins.isEmpty()) {
            twins.forEach(twin -> twin.comparePage(twin.model.anyAddress(random)));
            Twin last = twins.remove(random.nextInt(twins.size()));
            last.compareHidden();
            last.close();
        }
    }

    /** Does one thing to a space; the address it was about. */
    private long stepIn(Twin twin) {
        int kind = random.nextInt(100);
        if (kind < 60) {
            return accessValue(twin);
        } else if (kind < 64) {
            return copyFrom(twin);
        } else if (kind < 66) {
            return copyTo(twin);
        } else if (kind < 68) {
            return copy(twin);
        } else if (kind < 71) {
            return fill(twin);
        } else if (kind < 74) {
            return compareWithSegment(twin);
        } else if (kind < 76) {
            return compareWithSpace(twin);
        } else if (kind < 79) {
            return gather(twin);
        } else if (kind < 81) {
            return runs(twin);
        } else if (kind < 83) {
            return map(twin);
        } else if (kind < 92) {
            return changeMappings(twin);
        }
        return changeSpaces(twin, kind);
    }

    // ---- accesses

    private long accessValue(Twin twin) {
        Operation operation = Operation.ALL.get(random.nextInt(Operation.ALL.size()));
        long address = twin.model.anyAddress(random);
        if (operation.aligned() && random.nextInt(50) > 0) {
            address &= -operation.sizeBytes();
        }
        long value = random.nextInt(4) == 0 ? 0 : random.nextLong();
        Set<Class<? extends MemoryException>> refusals =
                twin.model.refusals(address, operation.sizeBytes(), operation.writes());
        if (operation.aligned() && address % operation.sizeBytes() != 0) {
            refusals.add(MisalignedAddressException.class);
        }
        MemoryAccess access = twin.access(random);
        long at = address;
        note("%s %s at 0x%x, value 0x%x", operation, access, at, value);
        boolean[] done = new boolean[1];
        Object result = attempt(refusals, () -> operation.space().apply(access, at, value), done);
        if (done[0]) {
            byte[] bytes = twin.model.read(address, operation.sizeBytes());
            assertThat(result).as("%s at 0x%x", operation, address)
                    .isEqualTo(operation.applyTo(bytes, value));
            if (operation.writes()) {
                twin.model.write(address, bytes);
            }
        }
        return address;
    }

    private long copyFrom(Twin twin) {
        long address = twin.model.anyAddress(random);
        byte[] bytes = anyBytes(anySize());
        MemoryAccess access = twin.access(random);
        note("copyFrom %s at 0x%x, %d bytes", access, address, bytes.length);
        int kind = random.nextInt(3);
        if (succeeds(twin.model.refusals(address, bytes.length, true), () -> {
            if (kind == 0) {
                access.copyFrom(bytes, 0, address, bytes.length);
            } else if (kind == 1) {
                MemorySegment larger = MemorySegment.ofArray(new byte[bytes.length + 9]);
                MemorySegment.copy(MemorySegment.ofArray(bytes), 0, larger, 5, bytes.length);
                access.copyFrom(larger, 5, address, bytes.length);
            } else {
                try (Arena arena = Arena.ofConfined()) {
                    access.copyFrom(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), 0, address,
                            bytes.length);
                }
            }
        })) {
            twin.model.write(address, bytes);
        }
        return address;
    }

    private long copyTo(Twin twin) {
        long address = twin.model.anyAddress(random);
        int size = anySize();
        byte[] target = anyBytes(size + 8);
        byte[] expected = target.clone();
        MemoryAccess access = twin.access(random);
        note("copyTo %s at 0x%x, %d bytes", access, address, size);
        if (succeeds(twin.model.refusals(address, size, false),
                () -> access.copyTo(address, target, 3, size))) {
            System.arraycopy(twin.model.read(address, size), 0, expected, 3, size);
            assertThat(target).isEqualTo(expected);
        }
        return address;
    }

    private long copy(Twin twin) {
        long from = twin.model.anyAddress(random);
        int size = anySize();
        long to = !twin.alone || random.nextBoolean() ? twin.model.anyAddress(random)
                : from + random.nextInt(-size - 1, size + 1);
        MemoryAccess access = twin.access(random);
        note("copy %s from 0x%x to 0x%x, %d bytes", access, from, to, size);
        Set<Class<? extends MemoryException>> refusals = twin.model.refusals(from, size, false);
        refusals.addAll(twin.model.refusals(to, size, true));
        byte[] bytes = twin.model.read(from, size);
        if (succeeds(refusals, () -> access.copy(from, to, size))) {
            twin.model.write(to, bytes);
        }
        return to;
    }

    private long fill(Twin twin) {
        long address = twin.model.anyAddress(random);
        byte[] bytes = new byte[anySize()];
        byte value = (byte) random.nextInt(4);
        Arrays.fill(bytes, value);
        MemoryAccess access = twin.access(random);
        note("fill %s at 0x%x, %d bytes of %d", access, address, bytes.length, value);
        if (succeeds(twin.model.refusals(address, bytes.length, true),
                () -> access.fill(address, bytes.length, value))) {
            twin.model.write(address, bytes);
        }
        return address;
    }

    private long compareWithSegment(Twin twin) {
        long address = twin.model.anyAddress(random);
        int size = anySize();
        byte[] bytes = twin.model.read(address, size);
        Set<Class<? extends MemoryException>> refusals = twin.model.refusals(address, size, false);
        long expected = -1;
        if (size > 0 && refusals.isEmpty() && random.nextBoolean()) {
            expected = random.nextInt(size);
            bytes[(int) expected] ^= 1;
        }
        MemoryAccess access = twin.access(random);
        note("mismatch %s at 0x%x, %d bytes", access, address, size);
        boolean[] done = new boolean[1];
        Long found = attempt(refusals,
                () -> access.mismatch(address, MemorySegment.ofArray(bytes), 0, size), done);
        if (done[0]) {
            assertThat(found).isEqualTo(expected);
        }
        return address;
    }

    private long compareWithSpace(Twin twin) {
        Twin other = anyTwin();
        long address = twin.model.anyAddress(random);
        long otherAddress = random.nextBoolean() ? address : other.model.anyAddress(random);
        int size = anySize();
        MemoryAccess access = twin.access(random);
        MemoryAccess otherAccess = other.access(random);
        note("mismatch %s at 0x%x, %s at 0x%x, %d bytes", access, address, otherAccess, otherAddress, size);
        Set<Class<? extends MemoryException>> refusals = twin.model.refusals(address, size, false);
        refusals.addAll(other.model.refusals(otherAddress, size, false));
        if (!refusals.isEmpty()) {
            return address; // a difference may be found before the page that refuses the access
        }
        boolean[] done = new boolean[1];
        Long found = attempt(refusals, () -> access.mismatch(address, otherAccess, otherAddress, size), done);
        if (done[0]) {
            int expected = Arrays.mismatch(twin.model.read(address, size),
                    other.model.read(otherAddress, size));
            assertThat(found).isEqualTo(expected);
        }
        return address;
    }

    private long gather(Twin twin) {
        int count = random.nextInt(20);
        long[] addresses = new long[count];
        long[] values = new long[count + 1];
        Set<Class<? extends MemoryException>> refusals = twin.model.refusals(0, 0, false);
        for (int i = 0; i < count; i++) {
            addresses[i] = twin.model.anyAddress(random);
            if (random.nextInt(100) > 0) {
                addresses[i] &= -Long.BYTES;
            }
            refusals.addAll(twin.model.refusals(addresses[i], Long.BYTES, false));
            if (addresses[i] % Long.BYTES != 0) {
                refusals.add(MisalignedAddressException.class);
            }
        }
        MemoryAccess access = twin.access(random);
        note("gatherLongs %s, %d", access, count);
        if (succeeds(refusals, () -> access.gatherLongs(addresses, values, count))) {
            for (int i = 0; i < count; i++) {
                byte[] bytes = twin.model.read(addresses[i], Long.BYTES);
                assertThat(values[i])
                        .isEqualTo(MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
            }
        }
        return twin.model.anyAddress(random);
    }

    private long runs(Twin twin) {
        long address = twin.model.anyAddress(random);
        int size = anySize();
        note("runs %s at 0x%x, %d bytes", twin, address, size);
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        if (succeeds(twin.model.refusals(address, size, false), () -> {
            try (RunCursor runs = twin.space.runs(address, size)) {
                while (runs.next()) {
                    assertThat(runs.address()).isEqualTo(address + content.size());
                    content.writeBytes(runs.memory().toArray(ValueLayout.JAVA_BYTE));
                }
            }
        })) {
            assertThat(content.toByteArray()).isEqualTo(twin.model.read(address, size));
        }
        return address;
    }

    // ---- mappings

    private long mapAt(Twin twin) {
        long address = Math.clamp(twin.model.anyAddress(random) & -ModelSpace.PAGE, 256 << 10, 1L << 46);
        long sizeBytes = (1L + random.nextInt(70)) * ModelSpace.PAGE - random.nextInt(9);
        long end = address + (sizeBytes + ModelSpace.PAGE - 1 & -ModelSpace.PAGE);
        note("mapAt %s, 0x%x, %d bytes", twin, address, sizeBytes);
        Set<Class<? extends MemoryException>> refusals = twin.model.refusalsOfChange(0, 0, false);
        if (twin.model.ranges().stream().anyMatch(range -> range.start() < end + ModelSpace.PAGE
                && address - ModelSpace.PAGE < range.end())) {
            refusals.add(AddressInUseException.class);
        }
        if (succeeds(refusals, () -> twin.space.mapAt(address, sizeBytes))) {
            twin.model.map(address, sizeBytes, Protection.READ_WRITE);
        }
        return address;
    }

    private long map(Twin twin) {
        if (twin.alone && random.nextInt(3) == 0) {
            return mapAt(twin);
        }
        long pages = switch (random.nextInt(10)) {
            case 0 -> 63 + random.nextInt(66);
            case 1 -> 4000 + random.nextInt(200);
            case 2 -> 1L << random.nextInt(13, 24);
            default -> 1 + random.nextInt(6);
        };
        long unused = random.nextBoolean() ? random.nextInt(ModelSpace.PAGE) : 0;
        long sizeBytes = pages * ModelSpace.PAGE - unused;
        Protection protection = random.nextInt(6) == 0 ? anyProtection() : Protection.READ_WRITE;
        note("map %s, %d bytes, %s", twin, sizeBytes, protection);
        boolean[] done = new boolean[1];
        Long address = attempt(twin.model.refusalsOfChange(0, 0, false),
                () -> twin.space.map(sizeBytes, protection), done);
        if (!done[0] || address == null) {
            return twin.model.ranges().isEmpty() ? 0 : twin.model.anyAddress(random);
        }
        assertThat(address % (256 << 10)).isZero();
        // Nothing where it is, nor on the page before it and the page after it.
        long around = sizeBytes + 2L * ModelSpace.PAGE;
        assertThat(twin.model.ranges()).noneMatch(range -> range.start() < address - ModelSpace.PAGE + around
                && address - ModelSpace.PAGE < range.end());
        twin.model.map(address, sizeBytes, protection);
        return address;
    }

    private long changeMappings(Twin twin) {
        long address = twin.model.anyAddress(random) & -ModelSpace.PAGE;
        long size = 1 + anySize() + (random.nextInt(10) == 0 ? random.nextLong(64L << 20) : 0);
        int kind = random.nextInt(8);
        if (kind < 2) {
            note("unmap %s at 0x%x, %d bytes", twin, address, size);
            if (succeeds(twin.model.refusalsOfChange(address, size, false),
                    () -> twin.space.unmap(address, size))) {
                twin.model.unmap(address, size);
            }
        } else if (kind < 6) {
            Protection protection = random.nextInt(3) > 0 ? Protection.READ_WRITE : anyProtection();
            note("protect %s at 0x%x, %d bytes, %s", twin, address, size, protection);
            if (succeeds(twin.model.refusalsOfChange(address, size, false),
                    () -> twin.space.protect(address, size, protection))) {
                twin.model.protect(address, size, protection);
            }
        } else {
            note("discard %s at 0x%x, %d bytes", twin, address, size);
            if (succeeds(twin.model.refusalsOfChange(address, size, true),
                    () -> twin.space.discard(address, size))) {
                twin.model.discard(address, size);
            }
        }
        return address;
    }

    // ---- spaces

    private long changeSpaces(Twin twin, int kind) {
        long address = twin.model.anyAddress(random);
        if (kind < 96) {
            boolean asSnapshot = random.nextInt(4) == 0;
            note("%s %s", asSnapshot ? "snapshot" : "fork", twin);
            if (twins.size() == SPACES_MAX) {
                closeAny();
            }
            if (twins.contains(twin)) {
                twins.add(twin.fork(asSnapshot));
            }
        } else if (kind < 97) {
            note("close the accessor of %s", twin);
            twin.closeAccessor();
        } else if (kind < 98) {
            note("reclaim");
            manager.reclaim(1 + random.nextInt(10));
        } else {
            closeAny();
        }
        return address;
    }

    private void openSpace() {
        note("open");
        twins.add(new Twin(manager.newAddressSpace(), new ModelSpace(), false, true));
    }

    private void closeAny() {
        Twin last = anyTwin();
        if (!last.borrowed) {
            note("close %s", last);
            twins.remove(last);
            last.compareAll();
            last.close();
        }
    }

    // ---- what the steps are made of

    private boolean succeeds(Set<Class<? extends MemoryException>> refusals, Runnable action) {
        boolean[] done = new boolean[1];
        attempt(refusals, () -> {
            action.run();
            return null;
        }, done);
        return done[0];
    }

    /**
     * Runs an action that has to be refused in one of some ways, or else has to succeed if there are frames.
     */
    private <T> @Nullable T attempt(Set<Class<? extends MemoryException>> refusals,
            Supplier<@Nullable T> action,
            boolean[] done) {
        try {
            T result = action.get();
            assertThat(refusals).as("it was not refused").isEmpty();
            done[0] = true;
            return result;
        } catch (OutOfFramesException full) {
            outOfFrames++;
            closeAny();
            return null;
        } catch (MemoryException refused) {
            if (!refusals.contains(refused.getClass())) {
                throw refused;
            }
            return null;
        }
    }

    private void note(String format, Object... arguments) {
        if (lastSteps.size() == STEPS_SHOWN) {
            lastSteps.removeFirst();
        }
        lastSteps.add(steps + ": " + String.format(format, arguments));
    }

    private Twin anyTwin() {
        return twins.get(random.nextInt(twins.size()));
    }

    private Protection anyProtection() {
        return Protection.values()[random.nextInt(3)];
    }

    private int anySize() {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1, 2 -> random.nextInt(20);
            case 3 -> random.nextInt(20) == 0 ? random.nextInt(70 * ModelSpace.PAGE) : ModelSpace.PAGE;
            default -> random.nextInt(3 * ModelSpace.PAGE);
        };
    }

    private byte[] anyBytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }
}
