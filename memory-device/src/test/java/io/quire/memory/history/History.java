package io.quire.memory.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.Attachment;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryPool;
import io.quire.memory.MigrationReport;
import io.quire.memory.Pin;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.softdevice.SoftwareDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One thread does at random whatever can be done with spaces, devices and pins, and expects of each step what a model
 * says: the bytes, and which exceptions. Where a page lies is up to the library, and must not show.
 */
final class History {

    private static final int PAGE = ModelSpace.PAGE;
    private static final int SPACES_MAX = 6;
    private static final int PAGES_MAX = 90;
    private static final int PINS_MAX = 5;
    private static final int STEPS_SHOWN = 40;
    private static final int STEPS_PER_COMPARISON = 60;
    private static final int STEPS_PER_RECOUNT = 400;
    private static final int INJECTED = 100;
    private static final Duration NO_PATIENCE = Duration.ofMillis(1);

    private final List<Twin> twins = new ArrayList<>();
    private final List<HeldPin> pins = new ArrayList<>();
    private final Deque<String> lastSteps = new ArrayDeque<>();
    private final Invariants invariants = new Invariants(pins);
    private final TieredMemory tiers;
    private final SplittableRandom random;
    private final boolean closesDevices;
    private boolean copiesMayFail;
    private int lineages;
    private int steps;

    History(TieredMemory tiers, SplittableRandom random, boolean closesDevices) {
        this.tiers = tiers;
        this.random = random;
        this.closesDevices = closesDevices;
    }

    /** Goes on for some steps; what fails tells the last of them. */
    void play(int count) {
        try {
            for (int i = 0; i < count; i++) {
                step();
            }
        } catch (RuntimeException | AssertionError failed) {
            throw new AssertionError(failed.getMessage() + "\nafter the steps\n  " + String.join("\n  ", lastSteps),
                    failed);
        }
    }

    private void step() {
        steps++;
        if (twins.isEmpty() || (twins.size() < 2 && random.nextInt(20) == 0)) {
            open();
        }
        Twin twin = anyTwin();
        if (twin.model().mappedPages() == 0 && !twin.model().isSnapshot()) {
            map(twin);
        }
        doOne(twin, random.nextInt(100));
        tiers.checkDevices();
        pins.forEach(HeldPin::check);
        for (Twin any : twins) {
            if (any.model().mappedPages() > 0) {
                invariants.checkState(any, any.model().anyAddress(random) & -PAGE);
            }
        }
        if (steps % STEPS_PER_COMPARISON == 0) {
            twins.forEach(invariants::checkTables);
            List.copyOf(twins).forEach(this::compareAll);
        }
        if (steps % STEPS_PER_RECOUNT == 0) {
            tiers.checkBalance();
            ManagerCheck.recount(tiers.manager());
        }
    }

    private void doOne(Twin twin, int kind) {
        if (kind < 9) {
            read(twin);
        } else if (kind < 18) {
            write(twin);
        } else if (kind < 20) {
            runs(twin);
        } else if (kind < 22) {
            add(twin);
        } else if (kind < 25) {
            map(twin);
        } else if (kind < 34) {
            changeMappings(twin);
        } else if (kind < 46) {
            migrate(twin);
        } else if (kind < 51) {
            evict();
        } else if (kind < 56) {
            pin(twin);
        } else if (kind < 60) {
            unpin();
        } else if (kind < 62) {
            writeThroughPin();
        } else if (kind < 86) {
            useDevice(twin, random.nextInt(24));
        } else if (kind < 88) {
            detach(twin);
        } else if (kind < 91) {
            inject();
        } else if (kind < 92) {
            closeDevice();
        } else {
            changeSpaces(twin, kind);
        }
    }

    /** Closes everything. */
    void finish() {
        pins.forEach(HeldPin::check);
        while (!twins.isEmpty() || !pins.isEmpty()) {
            if (!pins.isEmpty() && (twins.isEmpty() || random.nextBoolean())) {
                pins.remove(random.nextInt(pins.size())).close();
            } else {
                closeAny();
            }
        }
    }

    // ---- the processor

    private void read(Twin twin) {
        long address = twin.model().anyAddress(random);
        int size = 1 + random.nextInt(3 * PAGE);
        byte[] target = new byte[size];
        MemoryAccess access = twin.access(random);
        note("read %s at 0x%x, %d bytes", access, address, size);
        if (succeeds(twin.model().refusals(address, size, false), () -> access.copyTo(address, target, 0, size))) {
            assertThat(target).isEqualTo(twin.model().read(address, size));
        }
    }

    private void write(Twin twin) {
        long address = twin.model().anyAddress(random);
        byte[] bytes = anyBytes(1 + random.nextInt(random.nextInt(3) == 0 ? 3 * PAGE : 32));
        MemoryAccess access = twin.access(random);
        note("write %s at 0x%x, %d bytes", access, address, bytes.length);
        writes(twin, address, bytes, Set.of(), () -> access.copyFrom(bytes, 0, address, bytes.length));
    }

    private void add(Twin twin) {
        long address = twin.model().anyAddress(random) & -Long.BYTES;
        long delta = random.nextLong();
        MemoryAccess access = twin.access(random);
        note("getAndAdd %s at 0x%x", access, address);
        long before = word(twin, address);
        writes(twin, address, bytesOf(before + delta), Set.of(),
                () -> assertThat(access.getAndAddLong(address, delta)).isEqualTo(before));
    }

    /** Does what shall write some bytes; what fails may have written a part of them. */
    private void writes(Twin twin, long address, byte[] bytes, Set<Class<? extends MemoryException>> more,
            Runnable action) {
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(address, bytes.length, true);
        boolean allowed = refusals.isEmpty();
        refusals.addAll(more);
        if (succeeds(refusals, allowed, action)) {
            twin.model().write(address, bytes);
        } else {
            settle(twin, address, bytes);
        }
    }

    /** Takes over what is there now, byte by byte the old or the new. */
    private void settle(Twin twin, long address, byte[] bytes) {
        for (long page : ModelSpace.pagesOf(address, bytes.length)) {
            if (!twin.space().isClosed() && twin.model().protection(page).isReadable()) {
                int from = (int) Math.max(page - address, 0);
                int to = (int) Math.min(page + PAGE - address, bytes.length);
                settlePart(twin, address + from, Arrays.copyOfRange(bytes, from, to));
            }
        }
    }

    private void settlePart(Twin twin, long address, byte[] bytes) {
        byte[] now = new byte[bytes.length];
        byte[] before = twin.model().read(address, bytes.length);
        tiers.devices().forEach(device -> device.faults().clear());
        copiesMayFail = false;
        while (!reads(twin, address, now)) {
            if (!closeOther(twin)) {
                return;
            }
        }
        for (int i = 0; i < now.length; i++) {
            assertThat(now[i] == before[i] || now[i] == bytes[i]).as("byte %d after a write that failed", i).isTrue();
        }
        if (!Arrays.equals(now, before)) {
            twin.model().write(address, now);
        }
    }

    private static boolean reads(Twin twin, long address, byte[] target) {
        try {
            twin.space().copyTo(address, target, 0, target.length);
            return true;
        } catch (OutOfFramesException full) {
            return false;
        }
    }

    private boolean closeOther(Twin kept) {
        for (Twin twin : twins) {
            if (twin != kept) {
                close(twin);
                return true;
            }
        }
        return false;
    }

    /** What a cursor has handed out stays where it is, whatever happens to the space. */
    private void runs(Twin twin) {
        long address = twin.model().anyAddress(random);
        int size = 1 + random.nextInt(8 * PAGE);
        MemoryPool pool = anyPool();
        boolean movable = pool.kind() == PoolKind.HOST || !tiers.manager().device(pool.name()).isClosed();
        note("runs %s at 0x%x, %d bytes, pages to %s meanwhile", twin, address, size, pool.name());
        byte[] seen = new byte[size];
        if (succeeds(twin.model().refusals(address, size, false), () -> {
            try (RunCursor cursor = twin.space().runs(address, size)) {
                while (cursor.next()) {
                    if (movable) {
                        twin.space().migrate(address & -PAGE, PAGE, pool);
                    }
                    MemorySegment.ofArray(seen).asSlice(cursor.address() - address, cursor.memory().byteSize())
                            .copyFrom(cursor.memory());
                }
            }
        })) {
            assertThat(seen).isEqualTo(twin.model().read(address, size));
        }
    }

    // ---- mappings

    private void map(Twin twin) {
        if (twin.model().mappedPages() > PAGES_MAX) {
            return;
        }
        long pages = random.nextInt(8) == 0 ? 60 + random.nextInt(10) : 1 + random.nextInt(8);
        Protection protection = random.nextInt(8) == 0 ? Protection.READ_ONLY : Protection.READ_WRITE;
        note("map %s, %d pages, %s", twin, pages, protection);
        long[] address = new long[1];
        if (succeeds(twin.model().refusalsOfChange(0, 0, false),
                () -> address[0] = twin.space().map(pages * PAGE, protection))) {
            twin.model().map(address[0], pages * PAGE, protection);
        }
    }

    private void changeMappings(Twin twin) {
        long address = twin.model().anyAddress(random) & -PAGE;
        long size = (long) (1 + random.nextInt(5)) * PAGE;
        int kind = random.nextInt(8);
        if (kind == 0) {
            note("unmap %s at 0x%x, %d bytes", twin, address, size);
            change(twin, address, size, false, () -> twin.space().unmap(address, size),
                    () -> twin.model().unmap(address, size));
        } else if (kind < 6) {
            Protection protection = random.nextBoolean() ? Protection.READ_WRITE
                    : Protection.values()[random.nextInt(3)];
            note("protect %s at 0x%x, %d bytes, %s", twin, address, size, protection);
            if (succeeds(twin.model().refusalsOfChange(address, size, false),
                    () -> twin.space().protect(address, size, protection))) {
                twin.model().map(address, size, protection);
            }
        } else {
            note("discard %s at 0x%x, %d bytes", twin, address, size);
            change(twin, address, size, true, () -> twin.space().discard(address, size),
                    () -> twin.model().discard(address, size));
        }
    }

    private void change(Twin twin, long address, long size, boolean discards, Runnable action, Runnable inModel) {
        if (succeeds(twin.model().refusalsOfChange(address, size, discards), action)) {
            leave(twin, ModelSpace.pagesOf(address, size));
            inModel.run();
        }
    }

    // ---- tiers

    private void migrate(Twin twin) {
        long address = twin.model().anyAddress(random) & -PAGE;
        long size = (long) (1 + random.nextInt(random.nextInt(4) == 0 ? 70 : 6)) * PAGE;
        MemoryPool pool = anyPool();
        boolean closed = pool.kind() != PoolKind.HOST && tiers.manager().device(pool.name()).isClosed();
        note("migrate %s at 0x%x, %d bytes to %s", twin, address, size, pool.name());
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(address, size, false);
        refusals.remove(ProtectionException.class);
        if (closed) {
            refusals.add(DeviceClosedException.class);
        }
        List<PageState> before = ModelSpace.pagesOf(address, size).stream().map(twin.space()::pageState).toList();
        MigrationReport[] report = new MigrationReport[1];
        if (succeeds(refusals, () -> report[0] = twin.space().migrate(address, size, pool))) {
            checkReport(twin, address, size, pool, report[0]);
            for (PageState state : before) {
                checkStayed(twin, state, pool, report[0].outcome(state.address()));
            }
        }
    }

    private void checkReport(Twin twin, long address, long size, MemoryPool pool, MigrationReport report) {
        for (long page : ModelSpace.pagesOf(address, size)) {
            PageOutcome outcome = report.outcome(page);
            PageState state = twin.space().pageState(page);
            boolean readable = twin.model().protection(page).isReadable();
            if (outcome.isThere() && readable) {
                assertThat(state.pool()).as("%s: %s", outcome, state).isEqualTo(pool.name());
            }
            if (outcome == PageOutcome.EMPTY && readable) {
                assertThat(state.place()).as("%s", state).isEqualTo(PageState.Place.EMPTY);
            }
            if (outcome == PageOutcome.PINNED) {
                // Of a pin that has ended the page may be held until a short one that came after it ends, too.
                assertThat(pins).as("pins of 0x%x", page).anyMatch(pin -> pin.covers(page) || !pin.isLong());
            }
        }
    }

    /** What did not move is what it was, unless it had to make room for others. */
    private static void checkStayed(Twin twin, PageState before, MemoryPool pool, PageOutcome outcome) {
        if (!outcome.isThere() && !before.pool().equals(pool.name())) {
            PageState after = twin.space().pageState(before.address());
            assertThat(after.place()).as("%s: %s", outcome, after).isEqualTo(before.place());
            assertThat(after.pool()).as("%s: %s", outcome, after).isEqualTo(before.pool());
            // Of a pin that has ended the page may have been held until now.
            assertThat(before.pinned() || !after.pinned()).as("%s: %s", outcome, after).isTrue();
            assertThat(after.writable() || !before.writable()).as("%s: %s", outcome, after).isTrue();
        }
    }

    private void evict() {
        List<MemoryPool> pools = tiers.manager().pools();
        MemoryPool pool = pools.get(1 + random.nextInt(pools.size() - 1));
        int pages = 1 + random.nextInt(12);
        note("evict %d pages of %s", pages, pool.name());
        boolean closed = tiers.manager().device(pool.name()).isClosed();
        succeeds(closed ? Set.of(DeviceClosedException.class) : Set.of(), () -> tiers.manager().evict(pool, pages));
    }

    private void pin(Twin twin) {
        if (pins.size() == PINS_MAX) {
            return;
        }
        long address = twin.model().anyAddress(random) & -PAGE;
        long size = (long) (1 + random.nextInt(3)) * PAGE;
        PinTerm term = random.nextBoolean() ? PinTerm.LONG : PinTerm.SHORT;
        PinAccess access = random.nextBoolean() ? PinAccess.WRITE : PinAccess.READ;
        note("pin %s at 0x%x, %d bytes, %s, %s", twin, address, size, term, access);
        Set<Class<? extends MemoryException>> refusals =
                twin.model().refusals(address, size, access == PinAccess.WRITE);
        boolean allowed = refusals.isEmpty();
        refusals.add(PinLimitException.class);
        if (term == PinTerm.LONG) {
            refusals.add(LongTermPinException.class);
            refusals.add(PagesBusyException.class);
        }
        Pin[] taken = new Pin[1];
        if (succeeds(refusals, allowed, () -> taken[0] = twin.space().pin(address, size, term, access))) {
            pins.add(new HeldPin(taken[0], twin));
        }
    }

    private void unpin() {
        if (!pins.isEmpty()) {
            HeldPin pin = pins.remove(random.nextInt(pins.size()));
            note("unpin %s", pin);
            pin.close();
        }
    }

    private void writeThroughPin() {
        if (pins.isEmpty()) {
            return;
        }
        HeldPin pin = pins.get(random.nextInt(pins.size()));
        if (pin.isWritable()) {
            long page = pin.pages().get(random.nextInt(pin.pages().size()));
            note("write page 0x%x through %s", page, pin);
            pin.write(page, random.nextInt(PAGE), (byte) random.nextInt());
        }
    }

    // ---- devices

    private void useDevice(Twin twin, int kind) {
        SoftwareDevice device = tiers.devices().get(random.nextInt(tiers.devices().size()));
        if (tiers.device(device).isClosed()) {
            return;
        }
        Attachment attachment = twin.attachments().get(device);
        if (attachment == null) {
            note("attach %s to %s", device.name(), twin);
            attachment = tiers.device(device).attach(twin.space());
            twin.attachments().put(device, attachment);
        }
        long address = twin.model().anyAddress(random);
        if (kind < 7) {
            readOnDevice(twin, device, attachment.mirror(), address);
        } else if (kind < 13) {
            writeOnDevice(twin, device, attachment.mirror(), address);
        } else if (kind < 16) {
            copyOnDevice(twin, device, attachment.mirror(), address);
        } else if (kind < 20) {
            addOnDevice(twin, device, attachment.mirror(), address & -Long.BYTES);
        } else {
            makeExclusive(twin, attachment, address & -PAGE);
        }
    }

    private void readOnDevice(Twin twin, SoftwareDevice device, DeviceMirror mirror, long address) {
        int size = 1 + random.nextInt(3 * PAGE);
        byte[] target = new byte[size];
        note("%s reads %s at 0x%x, %d bytes", device.name(), twin, address, size);
        if (succeeds(twin.model().refusals(address, size, false),
                () -> device.read(mirror, address, MemorySegment.ofArray(target)))) {
            assertThat(target).isEqualTo(twin.model().read(address, size));
        } else {
            assertThat(target).as("the target of a read that failed").containsOnly(0);
        }
    }

    private void writeOnDevice(Twin twin, SoftwareDevice device, DeviceMirror mirror, long address) {
        boolean fills = random.nextBoolean();
        byte[] bytes = fills ? new byte[1 + random.nextInt(2 * PAGE)] : anyBytes(1 + random.nextInt(2 * PAGE));
        byte value = (byte) random.nextInt();
        if (fills) {
            Arrays.fill(bytes, value);
        }
        note("%s %s %s at 0x%x, %d bytes", device.name(), fills ? "fills" : "writes", twin, address, bytes.length);
        writes(twin, address, bytes, Set.of(), () -> {
            if (fills) {
                device.fill(mirror, address, bytes.length, value);
            } else {
                device.write(mirror, address, MemorySegment.ofArray(bytes));
            }
        });
    }

    private void copyOnDevice(Twin twin, SoftwareDevice device, DeviceMirror mirror, long address) {
        long target = twin.model().anyAddress(random);
        int size = 1 + random.nextInt(2 * PAGE);
        if (address < target + size && target < address + size) {
            return;
        }
        note("%s copies in %s from 0x%x to 0x%x, %d bytes", device.name(), twin, address, target, size);
        byte[] bytes = twin.model().read(address, size);
        Set<Class<? extends MemoryException>> ofSource = twin.model().refusals(address, size, false);
        if (ofSource.isEmpty()) {
            writes(twin, target, bytes, Set.of(), () -> device.copy(mirror, address, target, size));
        }
    }

    private void addOnDevice(Twin twin, SoftwareDevice device, DeviceMirror mirror, long address) {
        long delta = random.nextLong();
        long before = word(twin, address);
        note("%s adds in %s at 0x%x", device.name(), twin, address);
        boolean pinned = isPinned(twin, address & -PAGE);
        boolean held = pinned || isHeld(twin, address & -PAGE);
        boolean[] done = new boolean[1];
        writes(twin, address, bytesOf(before + delta), held ? Set.of(PagesBusyException.class) : Set.of(), () -> {
            assertThat(device.atomicAdd(mirror, address, delta).value()).isEqualTo(before);
            done[0] = true;
        });
        assertThat(done[0] && pinned).as("a pinned page is exclusive").isFalse();
    }

    private void makeExclusive(Twin twin, Attachment attachment, long address) {
        long size = (long) (1 + random.nextInt(3)) * PAGE;
        note("%s exclusive at 0x%x, %d bytes", attachment, address, size);
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(address, size, true);
        boolean allowed = refusals.isEmpty();
        boolean pinned = ModelSpace.pagesOf(address, size).stream().anyMatch(page -> isPinned(twin, page));
        boolean held = pinned || ModelSpace.pagesOf(address, size).stream().anyMatch(page -> isHeld(twin, page));
        if (held) {
            refusals.add(PagesBusyException.class);
        }
        if (succeeds(refusals, allowed && !held, () -> attachment.makeExclusive(address, size))) {
            for (long page : ModelSpace.pagesOf(address, size)) {
                assertThat(twin.space().pageState(page).place()).isEqualTo(PageState.Place.EXCLUSIVE);
            }
        }
    }

    private void detach(Twin twin) {
        for (SoftwareDevice device : tiers.devices()) {
            if (random.nextInt(3) == 0) {
                Attachment attachment = twin.attachments().remove(device);
                if (attachment != null) {
                    note("detach %s from %s", device.name(), twin);
                    attachment.close();
                    assertThatExceptionOfType(ClosedException.class).isThrownBy(attachment::exclusivePages);
                }
            }
        }
    }

    private void inject() {
        SoftwareDevice device = tiers.devices().get(random.nextInt(tiers.devices().size()));
        int kind = random.nextInt(5);
        int k = 1 + random.nextInt(6);
        note("inject into %s: %d, %d", device.name(), kind, k);
        switch (kind) {
            case 0 -> device.faults().failAllocation(k);
            case 1 -> {
                device.faults().failCopy(k, INJECTED);
                copiesMayFail = true;
            }
            case 2 -> device.faults().refuseNonBlocking(true);
            case 3 -> device.faults().delay(FaultInjection.Phase.INVALIDATE, Duration.ofNanos(k * 20_000L));
            default -> tiers.devices().forEach(any -> any.faults().clear());
        }
        if (kind == 4) {
            copiesMayFail = false;
        }
    }

    private void closeDevice() {
        if (!closesDevices || random.nextInt(4) > 0) {
            return;
        }
        SoftwareDevice device = tiers.devices().get(random.nextInt(tiers.devices().size()));
        if (tiers.device(device).isClosed()) {
            return;
        }
        note("close %s", device.name());
        if (succeeds(Set.of(PagesBusyException.class), false, () -> tiers.device(device).close(NO_PATIENCE))) {
            twins.forEach(twin -> twin.attachments().remove(device));
            assertThat(pins).noneMatch(pin -> pin.isIn(device.name()));
            assertThat(device.counters().liveFrames()).isZero();
        }
    }

    // ---- spaces

    private void changeSpaces(Twin twin, int kind) {
        if (kind < 96) {
            boolean asSnapshot = random.nextInt(4) == 0;
            if (twins.size() == SPACES_MAX) {
                closeAny();
            }
            if (twins.contains(twin)) {
                note("%s %s", asSnapshot ? "snapshot" : "fork", twin);
                succeeds(Set.of(), () -> twins.add(twin.fork(asSnapshot)));
            }
        } else if (kind < 97) {
            note("maintain");
            succeeds(Set.of(), () -> tiers.manager().maintain());
        } else if (kind < 98) {
            CowPlacement placement = CowPlacement.values()[random.nextInt(CowPlacement.values().length)];
            note("placement of %s: %s", twin, placement);
            twin.space().cowPlacement(placement);
            twin.closeAccessor();
        } else {
            closeAny();
        }
    }

    private void open() {
        note("open");
        twins.add(new Twin(tiers.manager().newAddressSpace(), new ModelSpace(), lineages++));
    }

    private void closeAny() {
        if (!twins.isEmpty()) {
            close(anyTwin());
        }
    }

    private void close(Twin twin) {
        note("close %s", twin);
        twins.remove(twin);
        leave(twin, twin.model().pages());
        twin.close();
    }

    /** Pages go away; who pins them keeps them. */
    private void leave(Twin twin, List<Long> pages) {
        for (long page : pages) {
            HeldPin.Remains remains = new HeldPin.Remains(twin.model().page(page));
            for (HeldPin pin : pins) {
                if (pin.isOf(twin)) {
                    pin.leave(page, remains);
                }
            }
        }
    }

    // ---- what must be so between two steps

    /** Mostly without moving what is out of the processor's reach. */
    private void compareAll(Twin twin) {
        boolean touches = random.nextInt(6) == 0;
        if (twin.space().isClosed()) {
            return; // to make room for one that was compared before
        }
        for (long page : twin.model().pages()) {
            PageState state = invariants.checkState(twin, page);
            boolean near = state.place() == PageState.Place.HOST || state.place() == PageState.Place.DEVICE_COHERENT;
            if (twin.model().protection(page).isReadable() && (near || touches)) {
                byte[] seen = new byte[PAGE];
                if (succeeds(Set.of(), () -> twin.space().copyTo(page, seen, 0, PAGE))) {
                    assertThat(Arrays.mismatch(seen, twin.model().page(page))).as("page 0x%x of %s, which was %s", page,
                            twin, state).isEqualTo(-1);
                } else {
                    return;
                }
            }
        }
    }

    private boolean isPinned(Twin twin, long page) {
        return pins.stream().anyMatch(pin -> pin.isOf(twin) && pin.holds(page));
    }

    /** Whether a page is held: by a pin, or by one that has ended and shares its arena with one that is open. */
    private static boolean isHeld(Twin twin, long page) {
        return twin.space().pageState(page).pinned();
    }

    // ---- what the steps are made of

    private boolean succeeds(Set<Class<? extends MemoryException>> refusals, Runnable action) {
        return succeeds(refusals, refusals.isEmpty(), action);
    }

    /**
     * Does something that may be refused in some ways, or fail for want of frames or a copy that was made to fail.
     *
     * @param allowed whether it may also succeed
     */
    private boolean succeeds(Set<Class<? extends MemoryException>> refusals, boolean allowed, Runnable action) {
        try {
            action.run();
        } catch (OutOfFramesException full) {
            note("out of frames");
            closeAny();
            return false;
        } catch (DriverFailedException failed) {
            if (!copiesMayFail || failed.code() != INJECTED) {
                throw failed;
            }
            note("a copy failed");
            return false;
        } catch (MemoryException refused) {
            if (!refusals.contains(refused.getClass())) {
                throw refused;
            }
            note("refused: %s", refused.getClass().getSimpleName());
            return false;
        }
        assertThat(allowed || refusals.stream().allMatch(History::isOfTheMoment)).as("it was not refused: %s", refusals)
                .isTrue();
        return true;
    }

    /** Refusals that depend on where a page lies, or who else uses it. */
    private static boolean isOfTheMoment(Class<? extends MemoryException> refusal) {
        return refusal == PagesBusyException.class;
    }

    private static long word(Twin twin, long address) {
        return MemorySegment.ofArray(twin.model().read(address, Long.BYTES)).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    private static byte[] bytesOf(long word) {
        byte[] bytes = new byte[Long.BYTES];
        MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, word);
        return bytes;
    }

    private byte[] anyBytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private MemoryPool anyPool() {
        List<MemoryPool> pools = tiers.manager().pools();
        return pools.get(random.nextInt(pools.size()));
    }

    private Twin anyTwin() {
        return twins.get(random.nextInt(twins.size()));
    }

    private void note(String format, @Nullable Object... arguments) {
        if (lastSteps.size() == STEPS_SHOWN) {
            lastSteps.removeFirst();
        }
        lastSteps.add(steps + ": " + String.format(format, arguments));
    }
}
