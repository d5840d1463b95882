package io.quire.memory.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.Attachment;
import io.quire.memory.MemoryPool;
import io.quire.memory.MigrationReport;
import io.quire.memory.Pin;
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
import io.quire.memory.harness.AccessSteps;
import io.quire.memory.harness.History;
import io.quire.memory.harness.MappingSteps;
import io.quire.memory.harness.ModelSpace;
import io.quire.memory.harness.Twin;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.softdevice.SoftwareDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A random history of everything that one thread can do with spaces, devices and pins. Where a page lies is up to the
 * library, and must not show.
 */
final class DeviceHistory extends History {

    private static final int PAGE = ModelSpace.PAGE;
    private static final int PAGES_MAX = 90;
    private static final int PINS_MAX = 5;
    private static final int STEPS_PER_COMPARISON = 60;
    private static final int INJECTED = 100;
    private static final Duration NO_PATIENCE = Duration.ofMillis(1);

    private final Map<Twin, Map<SoftwareDevice, Attachment>> attachments = new HashMap<>();
    private final List<HeldPin> pins = new ArrayList<>();
    private final Invariants invariants = new Invariants(pins);
    private final AccessSteps accesses = new AccessSteps(this);
    private final MappingSteps mappings = new MappingSteps(this);
    private final TieredManager tiers;
    private boolean copiesMayFail;
    private int checks;

    /** A step that uses a device. */
    @FunctionalInterface
    private interface DeviceStep {
        void run(Twin twin, SoftwareDevice device, Attachment attachment, long address);
    }

    DeviceHistory(TieredManager tiers, SplittableRandom random, boolean closesDevices) {
        super(tiers.manager(), random);
        this.tiers = tiers;
        addAccesses();
        addChangesOfSpaces();
        addTiersAndPins();
        addDeviceStep(70, this::readOnDevice);
        addDeviceStep(60, this::writeOnDevice);
        addDeviceStep(30, this::copyOnDevice);
        addDeviceStep(40, this::atomicAddOnDevice);
        addDeviceStep(40, this::makeExclusive);
        add(20, (twin, _) -> detach(twin));
        add(30, (_, _) -> inject());
        if (closesDevices) {
            add(3, (_, _) -> closeDevice());
        }
    }

    private void addAccesses() {
        add(60, accesses::copyTo);
        add(20, accesses::compareWithSegment);
        add(10, accesses::compareWithSpace);
        add(10, accesses::gather);
        add(70, accesses::copyFrom);
        add(10, accesses::copy);
        add(10, accesses::fill);
        add(40, accesses::value);
        add(20, this::runs);
    }

    private void addChangesOfSpaces() {
        add(30, (twin, _) -> map(twin));
        add(11, (twin, address) -> mappings.unmap(twin, address, anyLength()));
        add(56, (twin, address) -> mappings.protect(twin, address, anyLength(), anyProtection()));
        add(23, (twin, address) -> mappings.discard(twin, address, anyLength()));
        add(40, (twin, _) -> succeeds(Set.of(), () -> fork(twin)));
        add(10, (_, _) -> maintain());
        add(10, (twin, _) -> changePlacement(twin));
        add(20, (_, _) -> closeAny());
    }

    private void addTiersAndPins() {
        add(120, this::migrate);
        add(50, (_, _) -> evict());
        add(50, this::pin);
        add(40, (_, _) -> unpin());
        add(20, (_, _) -> writeThroughPin());
    }

    /** Closes the spaces and pins in any order. */
    void finish() {
        pins.forEach(HeldPin::check);
        while (!twins().isEmpty() || !pins.isEmpty()) {
            if (!pins.isEmpty() && (twins().isEmpty() || random.nextBoolean())) {
                pins.remove(random.nextInt(pins.size())).close();
            } else {
                closeAny();
            }
        }
    }

    @Override
    protected long anyAddress(Twin twin) {
        return twin.model().anyMappedAddress(random);
    }

    // ---- writes that fail

    /** Takes over what is there now: each byte must be the old or the new one. */
    @Override
    protected void afterFailedWrite(Twin twin, long address, byte[] bytes) {
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
            assertThat(now[i] == before[i] || now[i] == bytes[i])
                    .as("byte %d after a failed write is the old or the new one", i).isTrue();
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
        for (Twin twin : twins()) {
            if (twin != kept) {
                close(twin);
                return true;
            }
        }
        return false;
    }

    /** Reads a range with a cursor while a page moves: what the cursor has handed out must stay where it is. */
    private void runs(Twin twin, long address) {
        MemoryPool pool = anyPool();
        boolean movable = pool.kind() == PoolKind.HOST || !manager.device(pool.name()).isClosed();
        note("pages to %s during the next step", pool.name());
        accesses.runs(twin, address, () -> {
            if (movable) {
                twin.space().migrate(address & -PAGE, PAGE, pool);
            }
        });
    }

    // ---- mappings and spaces

    @Override
    protected void map(Twin twin) {
        if (twin.model().mappedPages() <= PAGES_MAX) {
            long pages = random.nextInt(8) == 0 ? 60 + random.nextInt(10) : 1 + random.nextInt(8);
            mappings.map(twin, pages * PAGE, random.nextInt(8) == 0 ? Protection.READ_ONLY : Protection.READ_WRITE);
        }
    }

    private long anyLength() {
        return (long) (1 + random.nextInt(5)) * PAGE - random.nextInt(9);
    }

    private Protection anyProtection() {
        return random.nextBoolean() ? Protection.READ_WRITE : Protection.values()[random.nextInt(3)];
    }

    private void maintain() {
        note("maintain");
        succeeds(Set.of(), manager::maintain);
    }

    private void changePlacement(Twin twin) {
        CowPlacement placement = CowPlacement.values()[random.nextInt(CowPlacement.values().length)];
        note("placement of %s: %s", twin, placement);
        twin.space().cowPlacement(placement);
        twin.closeAccessor();
    }

    @Override
    protected void beforeClose(Twin twin) {
        twin.model().mappedPageStarts().forEach(page -> beforeLoss(twin, page, PAGE));
        attachments.remove(twin);
    }

    /** A pin of these pages must show their present content for as long as it is open. */
    @Override
    protected void beforeLoss(Twin twin, long address, long sizeBytes) {
        for (long page : ModelSpace.pagesOf(address, sizeBytes)) {
            HeldPin.Remains remains = new HeldPin.Remains(twin.model().page(page));
            pins.stream().filter(pin -> pin.isOf(twin)).forEach(pin -> pin.leave(page, remains));
        }
    }

    // ---- tiers

    private void migrate(Twin twin, long anyAddress) {
        long address = anyAddress & -PAGE;
        long size = (long) (1 + random.nextInt(random.nextInt(4) == 0 ? 70 : 6)) * PAGE;
        MemoryPool pool = anyPool();
        boolean closed = pool.kind() != PoolKind.HOST && manager.device(pool.name()).isClosed();
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
                // A page of an ended pin may stay held until a later short-term pin ends, too.
                assertThat(pins).as("pins of 0x%x", page).anyMatch(pin -> pin.covers(page) || !pin.isLong());
            }
        }
    }

    /** Checks that a page that did not move is as it was before, unless it was evicted to make room. */
    private static void checkStayed(Twin twin, PageState before, MemoryPool pool, PageOutcome outcome) {
        if (!outcome.isThere() && !before.pool().equals(pool.name())) {
            PageState after = twin.space().pageState(before.address());
            assertThat(after.place()).as("%s: %s", outcome, after).isEqualTo(before.place());
            assertThat(after.pool()).as("%s: %s", outcome, after).isEqualTo(before.pool());
            // The page may have been held until now for a pin that had ended before.
            assertThat(before.pinned() || !after.pinned()).as("%s: %s", outcome, after).isTrue();
            assertThat(after.writable() || !before.writable()).as("%s: %s", outcome, after).isTrue();
        }
    }

    private void evict() {
        List<MemoryPool> pools = manager.pools();
        MemoryPool pool = pools.get(1 + random.nextInt(pools.size() - 1));
        int pages = 1 + random.nextInt(12);
        note("evict %d pages of %s", pages, pool.name());
        boolean closed = manager.device(pool.name()).isClosed();
        succeeds(closed ? Set.of(DeviceClosedException.class) : Set.of(), () -> manager.evict(pool, pages));
    }

    private void pin(Twin twin, long anyAddress) {
        if (pins.size() == PINS_MAX) {
            return;
        }
        long address = anyAddress & -PAGE;
        long size = (long) (1 + random.nextInt(3)) * PAGE;
        PinTerm term = random.nextBoolean() ? PinTerm.LONG : PinTerm.SHORT;
        PinAccess access = random.nextBoolean() ? PinAccess.WRITE : PinAccess.READ;
        note("pin %s at 0x%x, %d bytes, %s, %s", twin, address, size, term, access);
        Set<Class<? extends MemoryException>> refusals =
                twin.model().refusals(address, size, access == PinAccess.WRITE);
        boolean maySucceed = refusals.isEmpty();
        refusals.add(PinLimitException.class);
        if (term == PinTerm.LONG) {
            refusals.add(LongTermPinException.class);
            refusals.add(PagesBusyException.class);
        }
        Pin[] taken = new Pin[1];
        if (succeeds(refusals, maySucceed, () -> taken[0] = twin.space().pin(address, size, term, access))) {
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

    /** Registers a step that needs a device: the device is drawn, and attached to the space if it was not. */
    private void addDeviceStep(int weight, DeviceStep step) {
        add(weight, (twin, address) -> {
            SoftwareDevice device = anyDevice();
            if (!tiers.device(device).isClosed()) {
                step.run(twin, device, attach(device, twin), address);
            }
        });
    }

    private Attachment attach(SoftwareDevice device, Twin twin) {
        return attachmentsOf(twin).computeIfAbsent(device, _ -> {
            note("attach %s to %s", device.name(), twin);
            return tiers.device(device).attach(twin.space());
        });
    }

    private SoftwareDevice anyDevice() {
        return tiers.devices().get(random.nextInt(tiers.devices().size()));
    }

    private Map<SoftwareDevice, Attachment> attachmentsOf(Twin twin) {
        return attachments.computeIfAbsent(twin, _ -> new HashMap<>());
    }

    private void readOnDevice(Twin twin, SoftwareDevice device, Attachment attachment, long address) {
        int size = 1 + random.nextInt(3 * PAGE);
        byte[] target = new byte[size];
        note("%s reads %s at 0x%x, %d bytes", device.name(), twin, address, size);
        if (succeeds(twin.model().refusals(address, size, false),
                () -> device.read(attachment.mirror(), address, MemorySegment.ofArray(target)))) {
            assertThat(target).isEqualTo(twin.model().read(address, size));
        } else {
            assertThat(target).as("target of a failed read").containsOnly(0);
        }
    }

    private void writeOnDevice(Twin twin, SoftwareDevice device, Attachment attachment, long address) {
        boolean fills = random.nextBoolean();
        byte[] bytes = fills ? new byte[1 + random.nextInt(2 * PAGE)] : anyBytes(1 + random.nextInt(2 * PAGE));
        byte value = (byte) random.nextInt();
        if (fills) {
            Arrays.fill(bytes, value);
        }
        note("%s %s %s at 0x%x, %d bytes", device.name(), fills ? "fills" : "writes", twin, address, bytes.length);
        writesOnDevice(twin, address, bytes, Set.of(), () -> {
            if (fills) {
                device.fill(attachment.mirror(), address, bytes.length, value);
            } else {
                device.write(attachment.mirror(), address, MemorySegment.ofArray(bytes));
            }
        });
    }

    private void copyOnDevice(Twin twin, SoftwareDevice device, Attachment attachment, long address) {
        long target = anyAddress(twin);
        int size = 1 + random.nextInt(2 * PAGE);
        if (address < target + size && target < address + size) {
            return;
        }
        note("%s copies in %s from 0x%x to 0x%x, %d bytes", device.name(), twin, address, target, size);
        byte[] bytes = twin.model().read(address, size);
        Set<Class<? extends MemoryException>> ofSource = twin.model().refusals(address, size, false);
        if (ofSource.isEmpty()) {
            writesOnDevice(twin, target, bytes, Set.of(),
                    () -> device.copy(attachment.mirror(), address, target, size));
        }
    }

    /** Adds to a word by an atomic operation of the device; a page that is pinned or held must refuse that. */
    private void atomicAddOnDevice(Twin twin, SoftwareDevice device, Attachment attachment, long anyAddress) {
        long address = anyAddress & -Long.BYTES;
        long delta = random.nextLong();
        long before = twin.model().word(address);
        note("%s adds in %s at 0x%x", device.name(), twin, address);
        boolean pinned = isPinned(twin, address & -PAGE);
        boolean held = pinned || isHeld(twin, address & -PAGE);
        boolean[] done = new boolean[1];
        Set<Class<? extends MemoryException>> more = held ? Set.of(PagesBusyException.class) : Set.of();
        writesOnDevice(twin, address, bytesOf(before + delta), more, () -> {
            assertThat(device.atomicAdd(attachment.mirror(), address, delta).value()).isEqualTo(before);
            done[0] = true;
        });
        assertThat(done[0] && pinned).as("a pinned page became exclusive").isFalse();
    }

    /** Does something that writes these bytes; more refusals are allowed than those of the model. */
    private void writesOnDevice(Twin twin, long address, byte[] bytes, Set<Class<? extends MemoryException>> more,
            Runnable action) {
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(address, bytes.length, true);
        boolean maySucceed = refusals.isEmpty();
        refusals.addAll(more);
        writes(twin, address, bytes, refusals, maySucceed, action);
    }

    private void makeExclusive(Twin twin, SoftwareDevice device, Attachment attachment, long anyAddress) {
        long address = anyAddress & -PAGE;
        long size = (long) (1 + random.nextInt(3)) * PAGE;
        note("%s makes exclusive in %s at 0x%x, %d bytes", device.name(), twin, address, size);
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(address, size, true);
        boolean maySucceed = refusals.isEmpty();
        if (ModelSpace.pagesOf(address, size).stream().anyMatch(page -> isPinned(twin, page) || isHeld(twin, page))) {
            refusals.add(PagesBusyException.class);
        }
        if (succeeds(refusals, maySucceed, () -> attachment.makeExclusive(address, size))) {
            for (long page : ModelSpace.pagesOf(address, size)) {
                assertThat(twin.space().pageState(page).place()).isEqualTo(PageState.Place.EXCLUSIVE);
            }
        }
    }

    private void detach(Twin twin) {
        for (SoftwareDevice device : tiers.devices()) {
            if (random.nextInt(3) == 0) {
                Attachment attachment = attachmentsOf(twin).remove(device);
                if (attachment != null) {
                    note("detach %s from %s", device.name(), twin);
                    attachment.close();
                    assertThatExceptionOfType(ClosedException.class).isThrownBy(attachment::exclusivePages);
                }
            }
        }
    }

    private void inject() {
        SoftwareDevice device = anyDevice();
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
        SoftwareDevice device = anyDevice();
        if (tiers.device(device).isClosed()) {
            return;
        }
        note("close %s", device.name());
        if (succeeds(Set.of(PagesBusyException.class), true, () -> tiers.device(device).close(NO_PATIENCE))) {
            attachments.values().forEach(attached -> attached.remove(device));
            assertThat(pins).noneMatch(pin -> pin.isIn(device.name()));
            assertThat(device.counters().liveFrames()).isZero();
        }
    }

    // ---- what must hold between two steps

    @Override
    protected void check(Twin twin, long address) {
        tiers.checkDevices();
        pins.forEach(HeldPin::check);
        for (Twin any : twins()) {
            if (any.model().mappedPages() > 0) {
                invariants.checkState(any, anyAddress(any) & -PAGE);
            }
        }
        if (++checks % STEPS_PER_COMPARISON == 0) {
            compareAll();
        }
    }

    @Override
    protected void compareAll() {
        attachments.forEach(invariants::checkTables);
        twins().forEach(this::compare);
        tiers.checkBalance();
    }

    /** Compares a space with its model, in most cases without the pages that the processor cannot reach. */
    private void compare(Twin twin) {
        boolean all = random.nextInt(6) == 0;
        if (twin.space().isClosed()) {
            return; // the comparison of another space ran out of frames and closed it
        }
        for (long page : twin.model().mappedPageStarts()) {
            PageState state = invariants.checkState(twin, page);
            boolean near = state.place() == PageState.Place.HOST || state.place() == PageState.Place.DEVICE_COHERENT;
            if (twin.model().protection(page).isReadable() && (near || all)) {
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

    /** Returns true if a page is held: by an open pin, or by an ended pin that shares its arena with an open one. */
    private static boolean isHeld(Twin twin, long page) {
        return twin.space().pageState(page).pinned();
    }

    /** A copy that was made to fail is no fault of the library. */
    @Override
    protected boolean isInjected(MemoryException failure) {
        return copiesMayFail && failure instanceof DriverFailedException failed && failed.code() == INJECTED;
    }

    private static byte[] bytesOf(long word) {
        byte[] bytes = new byte[Long.BYTES];
        MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, word);
        return bytes;
    }

    private MemoryPool anyPool() {
        List<MemoryPool> pools = manager.pools();
        return pools.get(random.nextInt(pools.size()));
    }
}
