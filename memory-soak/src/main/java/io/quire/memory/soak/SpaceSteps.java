package io.quire.memory.soak;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.OpenSpace;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.contract.TooManySpacesException;
import io.quire.memory.soak.StepRound.Generator;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Steps that map, fork, read through cursors, report and close. */
final class SpaceSteps {

    private static final Set<Class<?>> DRIVER = Set.of(DriverFailedException.class);

    /** What may refuse a fork. */
    private static final Set<Class<?>> FORK = Set.of(TooManySpacesException.class, OutOfFramesException.class,
            DriverFailedException.class);

    private static final Set<Class<?>> CURSOR = Set.of(TooManySpacesException.class, OutOfFramesException.class,
            DriverFailedException.class);

    private final StepRound round;
    private final Random random;

    SpaceSteps(StepRound round) {
        this.round = round;
        this.random = round.random;
    }

    List<Generator> generators() {
        return List.of(new Generator("map", 4, this::map), new Generator("unmap", 2, this::unmap),
                new Generator("protect", 3, this::protect), new Generator("discard", 3, this::discard),
                new Generator("new-space", 1, this::newSpace), new Generator("fork", 5, this::fork),
                new Generator("close-space", 5, this::closeSpace), new Generator("open-accessor", 4, this::accessor),
                new Generator("close-accessor", 2, this::closeAccessor),
                new Generator("open-cursor", 3, this::openCursor), new Generator("next-run", 8, this::nextRun),
                new Generator("close-cursor", 2, this::closeCursor), new Generator("reports", 3, this::reports),
                new Generator("maintain", 4, this::maintain), new Generator("close-manager", 1, this::closeManager),
                new Generator("close-twice", 1, this::closeTwice));
    }

    private String range(Live live, long address, long sizeBytes) {
        return live + " 0x" + Long.toHexString(address) + "+" + sizeBytes;
    }

    // ---- addresses

    private void map() {
        Live live = round.space();
        if (live.model.areas().size() > 12) {
            return;
        }
        long size = switch (random.nextInt(8)) {
            case 0 -> 1L << (24 + random.nextInt(16));
            case 1 -> 1;
            case 2 -> 2 << 20;
            default -> 1L + random.nextInt(1 << 20);
        };
        Protection protection = random.nextInt(8) == 0 ? round.pick(Protection.values()) : Protection.READ_WRITE;
        long[] address = new long[1];
        Set<Class<?>> must = live.model.snapshot ? Set.of(ProtectionException.class) : Set.of();
        if (round.attempt("map " + live + " " + size + " " + protection, must,
                Set.of(OutOfAddressesException.class), () -> address[0] = live.space.map(size, protection))) {
            long end = address[0] + (size + ModelSpace.PAGE - 1 & -ModelSpace.PAGE);
            if (address[0] % (256 << 10) != 0 || live.model.protection(address[0] - 1) != null
                    || live.model.protection(end) != null || !live.model.refusals(address[0], end - address[0], false)
                            .equals(Set.of(io.quire.memory.contract.AddressNotMappedException.class))) {
                throw new SoakFailure("a mapping is at a wrong address: " + range(live, address[0], size));
            }
            live.model.set(address[0], end, protection);
            live.model.forget(address[0], end);
        }
    }

    private long pages() {
        return (long) (1 + random.nextInt(random.nextInt(4) == 0 ? 300 : 6)) * ModelSpace.PAGE;
    }

    private void unmap() {
        Live live = round.space();
        long address = StepRound.pageOf(round.address(live));
        long size = pages();
        if (random.nextInt(6) == 0 && !live.model.openAreas().isEmpty()) {
            ModelSpace.Area area = round.pick(live.model.openAreas());
            address = area.start();
            size = area.bytes();
        }
        long start = address;
        long bytes = size;
        if (live.model.touchesMap(start, bytes)) {
            return;
        }
        if (round.attempt("unmap " + range(live, start, bytes), live.model.refusalsOfRange(start, bytes, false),
                DRIVER, () -> {
                    live.space.unmap(start, bytes);
                    return null;
                })) {
            live.model.set(start, start + bytes, null);
            live.model.forget(start, start + bytes);
        }
        round.compare(live, start, (int) Math.min(bytes, 1 << 20));
    }

    private void protect() {
        Live live = round.space();
        long address = StepRound.pageOf(round.address(live));
        long size = pages();
        Protection protection = random.nextInt(3) > 0 ? Protection.READ_WRITE : round.pick(Protection.values());
        if (live.model.touchesMap(address, size)) {
            return;
        }
        if (round.attempt("protect " + range(live, address, size) + " " + protection,
                live.model.refusalsOfRange(address, size, false), DRIVER, () -> {
                    live.space.protect(address, size, protection);
                    return null;
                })) {
            live.model.set(address, address + size, protection);
        }
        round.compare(live, address, (int) size);
    }

    private void discard() {
        Live live = round.space();
        long address = StepRound.pageOf(round.address(live));
        long size = pages();
        if (live.model.touchesMap(address, size)) {
            return;
        }
        if (round.attempt("discard " + range(live, address, size), live.model.refusalsOfRange(address, size, true),
                DRIVER, () -> {
                    live.space.discard(address, size);
                    return null;
                })) {
            live.model.forget(address, address + size);
        }
        round.compare(live, address, (int) size);
    }

    // ---- spaces

    private void newSpace() {
        AddressSpace[] made = new AddressSpace[1];
        if (round.attempt("new space", StepRound.NONE, Set.of(TooManySpacesException.class),
                () -> made[0] = round.machine.manager.newAddressSpace())) {
            round.spaces.add(new Live(made[0], new ModelSpace(false)));
        }
    }

    private void fork() {
        Live live = round.space();
        boolean snapshot = random.nextInt(3) == 0;
        AddressSpace[] made = new AddressSpace[1];
        if (round.attempt((snapshot ? "snapshot " : "fork ") + live, StepRound.NONE, FORK,
                () -> made[0] = snapshot ? live.space.snapshot() : live.space.fork())) {
            Live fork = new Live(made[0], live.model.fork(snapshot));
            round.note("made " + fork);
            if (random.nextInt(3) == 0) {
                fork.space.cowPlacement(round.pick(CowPlacement.values()));
            }
            round.spaces.add(fork);
        }
    }

    private void closeSpace() {
        if (round.spaces.size() < 3 + random.nextInt(12)) {
            return;
        }
        Live live = round.space();
        if (round.attempt("close " + live, StepRound.NONE, DRIVER, () -> {
            live.space.close();
            return null;
        })) {
            round.spaces.remove(live);
            if (round.closed.size() < 8) {
                round.closed.add(live.space);
            }
            live.accessors.forEach(this::closeOfClosedSpace);
            live.attachments.values().forEach(attachment -> attachment.close());
        }
    }

    private void closeOfClosedSpace(Accessor accessor) {
        round.attempt("read of a closed space", StepRound.CLOSED, StepRound.NONE, () -> accessor.getLong(1 << 18));
        accessor.close();
    }

    private void accessor() {
        Live live = round.space();
        if (live.accessors.size() < 3) {
            live.accessors.add(live.space.accessor());
            round.note("accessor of " + live);
        }
    }

    private void closeAccessor() {
        Live live = round.space();
        if (!live.accessors.isEmpty()) {
            Accessor accessor = live.accessors.remove(random.nextInt(live.accessors.size()));
            round.note("close " + accessor);
            accessor.close();
            accessor.close();
            if (round.closed.size() < 16) {
                round.closed.add(accessor);
            }
        }
    }

    // ---- cursors

    private void openCursor() {
        Live live = round.space();
        long address = round.address(live);
        long size = random.nextInt(4) == 0 ? random.nextInt(2 << 20) : random.nextInt(100_000);
        if (round.cursors.size() > 3 || size == 0 || live.model.touchesMap(address, size)) {
            return;
        }
        RunCursor[] made = new RunCursor[1];
        if (round.attempt("runs " + range(live, address, size), live.model.refusals(address, size, false), CURSOR,
                () -> made[0] = live.space.runs(address, size))) {
            round.cursors.add(new LiveCursor(made[0], live.model.fork(true), address, address + size));
        }
    }

    private void nextRun() {
        if (round.cursors.isEmpty()) {
            return;
        }
        LiveCursor open = round.pick(round.cursors);
        boolean[] more = new boolean[1];
        long address = open.next;
        if (round.attempt("next " + open.cursor, StepRound.NONE, StepRound.ACCESS,
                () -> more[0] = open.cursor.next())) {
            if (more[0] != address < open.end) {
                throw new SoakFailure("a cursor ends at a wrong address: " + open.cursor);
            }
            if (more[0]) {
                open.next = checkRun(open, address);
            }
        }
    }

    private static long checkRun(LiveCursor open, long address) {
        MemorySegment memory = open.cursor.memory();
        long end = address + memory.byteSize();
        if (open.cursor.address() != address || memory.byteSize() == 0 || end > open.end || !memory.isReadOnly()) {
            throw new SoakFailure("a run has a wrong address, size or access: " + open.cursor + ", memory=" + memory);
        }
        byte[] expected = open.moment.read(address, (int) memory.byteSize());
        int differs = Arrays.mismatch(memory.toArray(ValueLayout.JAVA_BYTE), expected);
        if (differs >= 0) {
            throw new SoakFailure("a run differs at 0x" + Long.toHexString(address + differs) + ": " + open.cursor);
        }
        return end;
    }

    private void closeCursor() {
        if (!round.cursors.isEmpty()) {
            LiveCursor open = round.cursors.remove(random.nextInt(round.cursors.size()));
            round.note("close " + open.cursor);
            open.cursor.close();
            open.cursor.close();
            round.attempt("next of a closed cursor", StepRound.CLOSED, StepRound.NONE, open.cursor::next);
        }
    }

    // ---- reports

    private void reports() {
        Live live = round.space();
        long mapped = live.model.areas().stream().mapToLong(ModelSpace.Area::bytes).sum();
        if (live.space.statistics().mappedBytes() != mapped) {
            throw new SoakFailure("wrong mapped bytes: is=" + live.space.statistics() + ", expected=" + mapped);
        }
        long address = round.address(live);
        if (address >= 0) {
            round.note(live.space.pageState(address).toString());
        }
        if (live.space.isSnapshot() != live.model.snapshot || live.space.isClosed()) {
            throw new SoakFailure("a space is closed, or its kind is wrong: " + live.space);
        }
        int open = round.spaces.size() + round.cursors.size();
        int said = round.machine.manager.statistics().openSpaces();
        // The snapshots of cursors are among them.
        List<String> names = round.machine.manager.openSpaces().stream().map(OpenSpace::name).toList();
        if (names.size() != open || !names.containsAll(round.spaces.stream().map(one -> one.space.name()).toList())) {
            throw new SoakFailure("wrong open spaces: is=" + names + ", expected=" + round.spaces + round.cursors);
        }
        if (said != open || round.machine.manager.openSpaces().size() != open
                || round.machine.manager.openPins().size() != round.pins.size()) {
            throw new SoakFailure("wrong number of spaces or pins: is=" + said + ", expected=" + open + ", pins="
                    + round.machine.manager.openPins() + ", expected=" + round.pins.size());
        }
        round.note(live.space + " " + live.space.mappings().size() + " " + live.accessors + " "
                + live.attachments + live.attachments.values().stream().map(Attachment::exclusivePages).toList() + " "
                + round.machine.manager + " " + round.machine.manager.pools().size()
                + round.machine.manager.devices() + round.machine.manager.pools());
    }

    private void maintain() {
        MemoryManager manager = round.machine.manager;
        switch (random.nextInt(5)) {
            case 0, 1 -> round.note("reclaim " + manager.reclaim(1 + random.nextInt(300)));
            case 2 -> round.note("trim " + manager.trim());
            default -> round.attempt("maintain", StepRound.NONE, DRIVER, manager::maintain);
        }
    }

    /** Closes the manager while something is open, which must be refused. */
    private void closeManager() {
        if (!round.spaces.isEmpty()) {
            round.attempt("close of a manager in use", round.pins.isEmpty() ? Set.of(OpenSpacesException.class)
                    : Set.of(PagesBusyException.class, OpenSpacesException.class), StepRound.NONE, () -> {
                        round.machine.manager.close();
                        return null;
                    });
        }
    }

    private void closeTwice() {
        if (!round.closed.isEmpty() && round.pick(round.closed) instanceof AddressSpace space) {
            round.attempt("close twice", StepRound.NONE, StepRound.NONE, () -> {
                space.close();
                return null;
            });
        }
    }
}
