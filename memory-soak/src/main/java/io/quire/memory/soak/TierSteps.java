package io.quire.memory.soak;

import io.quire.memory.Attachment;
import io.quire.memory.Device;
import io.quire.memory.EvictionReport;
import io.quire.memory.MemoryPool;
import io.quire.memory.MigrationReport;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.DriverException;
import io.quire.memory.soak.StepRound.Generator;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.softdevice.OperationResult;
import io.quire.memory.softdevice.SoftwareDevice;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Steps in which devices are attached, work, fail and close, and pages move to and from them. */
final class TierSteps {

    private static final Set<Class<?>> DRIVER = Set.of(DriverFailedException.class, DeviceClosedException.class);

    /** What may refuse the work of a device. */
    private static final Set<Class<?>> WORK = Set.of(DriverException.class, DriverFailedException.class,
            OutOfFramesException.class, PagesBusyException.class, DeviceClosedException.class);

    private static final Set<Class<?>> EXCLUSIVE = Set.of(PagesBusyException.class, OutOfFramesException.class,
            DriverFailedException.class);

    private final StepRound round;
    private final Random random;

    TierSteps(StepRound round) {
        this.round = round;
        this.random = round.random;
    }

    List<Generator> generators() {
        return List.of(new Generator("attach", 3, this::attach), new Generator("detach", 1, this::detach),
                new Generator("device-read", 6, this::read), new Generator("device-write", 6, this::write),
                new Generator("device-fill", 3, this::fill), new Generator("device-copy", 2, this::copy),
                new Generator("device-sum", 2, this::sum), new Generator("device-add", 4, this::add),
                new Generator("exclusive", 4, this::exclusive), new Generator("migrate", 10, this::migrate),
                new Generator("evict", 3, this::evict), new Generator("fail-copy", 2, this::failCopy),
                new Generator("fail-allocation", 2, this::failAllocation),
                new Generator("refuse-non-blocking", 1, this::refuseNonBlocking),
                new Generator("slow-device", 1, this::slow), new Generator("no-faults", 3, this::noFaults),
                new Generator("close-device", 1, this::closeDevice));
    }

    private Device device(int number) {
        return round.machine.manager.devices().get(number);
    }

    private SoftwareDevice software(int number) {
        return round.machine.devices.get(number);
    }

    private String range(Live live, long address, long sizeBytes) {
        return live + " 0x" + Long.toHexString(address) + "+" + sizeBytes;
    }

    // ---- attachments

    private void attach() {
        Live live = round.space();
        int number = random.nextInt(round.machine.devices.size());
        Set<Class<?>> must = device(number).isClosed() ? Set.of(DeviceClosedException.class)
                : live.attachments.containsKey(number) ? Set.of(IllegalStateException.class) : Set.of();
        Attachment[] made = new Attachment[1];
        if (round.attempt("attach " + software(number) + " to " + live, must, DRIVER,
                () -> made[0] = device(number).attach(live.space))) {
            live.attachments.put(number, made[0]);
        }
    }

    private void detach() {
        Live live = round.space();
        if (!live.attachments.isEmpty()) {
            Integer number = round.pick(live.attachments.keySet().stream().toList());
            Attachment attachment = Objects.requireNonNull(live.attachments.get(number));
            if (round.attempt("detach " + attachment, StepRound.NONE, DRIVER, () -> {
                attachment.close();
                attachment.close();
                return null;
            })) {
                live.attachments.remove(number);
            }
        }
    }

    /** A space, and a device that works on it. */
    private record Place(Live live, int number, DeviceMirror mirror) {
    }

    private @Nullable Place place() {
        for (int i = 0; i < 5; i++) {
            Live live = round.space();
            for (Map.Entry<Integer, Attachment> entry : live.attachments.entrySet()) {
                if (!device(entry.getKey()).isClosed()) {
                    return new Place(live, entry.getKey(), entry.getValue().mirror());
                }
            }
        }
        attach();
        return null;
    }

    // ---- what a device does

    private int length() {
        return 1 + random.nextInt(random.nextInt(4) == 0 ? 40_000 : 4096);
    }

    private void read() {
        Place place = place();
        if (place == null) {
            return;
        }
        long address = round.address(place.live);
        byte[] target = new byte[length()];
        if (place.live.model.touchesMap(address, target.length)) {
            return;
        }
        if (round.attempt("device " + place.number + " reads " + range(place.live, address, target.length),
                place.live.model.refusals(address, target.length, false), WORK,
                () -> software(place.number).read(place.mirror, address, MemorySegment.ofArray(target)))) {
            int differs = Arrays.mismatch(target, place.live.model.read(address, target.length));
            if (differs >= 0) {
                throw new SoakFailure("a device reads a wrong value: " + place + ", address=0x"
                        + Long.toHexString(address + differs));
            }
        }
    }

    private void write() {
        Place place = place();
        if (place == null) {
            return;
        }
        byte[] source = new byte[length()];
        random.nextBytes(source);
        long address = round.address(place.live);
        change(place, "writes", address, source,
                () -> software(place.number).write(place.mirror, address, MemorySegment.ofArray(source)));
    }

    private void fill() {
        Place place = place();
        if (place == null) {
            return;
        }
        byte[] source = new byte[length()];
        byte value = (byte) random.nextInt();
        Arrays.fill(source, value);
        long address = round.address(place.live);
        change(place, "fills", address, source,
                () -> software(place.number).fill(place.mirror, address, source.length, value));
    }

    private void copy() {
        Place place = place();
        if (place == null) {
            return;
        }
        long from = round.address(place.live);
        long to = round.address(place.live);
        int size = length();
        if (place.live.model.touchesMap(from, size) || Math.abs(from - to) < size
                || !place.live.model.refusals(from, size, false).isEmpty()) {
            return;
        }
        change(place, "copies", to, place.live.model.read(from, size),
                () -> software(place.number).copy(place.mirror, from, to, size));
    }

    /** Writes by a device. If that fails, a part may be written. */
    private void change(Place place, String verb, long address, byte[] bytes, Callable<?> action) {
        ModelSpace model = place.live.model;
        if (model.touchesMap(address, bytes.length)) {
            return;
        }
        if (round.attempt("device " + place.number + " " + verb + " " + range(place.live, address, bytes.length),
                model.refusals(address, bytes.length, true), WORK, action)) {
            model.write(address, bytes);
        } else if (!model.snapshot) {
            adopt(place.live, address, bytes);
        }
        round.compare(place.live, address, bytes.length);
    }

    /** Takes into the model what a failed write has left: each byte must be the old one or the new one. */
    private void adopt(Live live, long address, byte[] bytes) {
        for (int i = 0; i < bytes.length;) {
            int length = (int) Math.min(bytes.length - i, ModelSpace.PAGE - (address + i) % ModelSpace.PAGE);
            if (live.model.refusals(address + i, length, true).isEmpty()) {
                adoptPage(live, address + i, Arrays.copyOfRange(bytes, i, i + length));
            }
            i += length;
        }
    }

    private void adoptPage(Live live, long address, byte[] bytes) {
        byte[] read = new byte[bytes.length];
        round.machine.devices.forEach(device -> device.faults().clear());
        try {
            live.space.copyTo(address, read, 0, read.length);
        } catch (OutOfFramesException notNow) {
            live.space.discard(StepRound.pageOf(address), ModelSpace.PAGE); // its content cannot be read
            live.model.forget(StepRound.pageOf(address), StepRound.pageOf(address) + ModelSpace.PAGE);
            return;
        }
        byte[] before = live.model.read(address, bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            if (read[i] != before[i] && read[i] != bytes[i]) {
                throw new SoakFailure("a byte is neither old nor new after a failed write of a device: space=" + live
                        + ", address=0x" + Long.toHexString(address + i));
            }
        }
        if (!Arrays.equals(read, before)) {
            live.model.write(address, read);
        }
    }

    private void sum() {
        Place place = place();
        if (place == null) {
            return;
        }
        long address = round.address(place.live) & -Long.BYTES;
        int size = length() + 7 & -Long.BYTES;
        if (place.live.model.touchesMap(address, size)) {
            return;
        }
        long expected = 0;
        ByteBuffer words = ByteBuffer.wrap(place.live.model.read(address, size)).order(ByteOrder.nativeOrder());
        while (words.hasRemaining()) {
            expected += words.getLong();
        }
        check(place, address, size, false, expected,
                () -> software(place.number).sum(place.mirror, address, size));
    }

    private boolean check(Place place, long address, int size, boolean write, long expected,
            Callable<OperationResult> action) {
        OperationResult[] result = new OperationResult[1];
        boolean done = round.attempt("device " + place.number + " on " + range(place.live, address, size),
                place.live.model.refusals(address, size, write), WORK, () -> result[0] = action.call());
        if (done && result[0].value() != expected) {
            throw new SoakFailure("a device found " + result[0] + ", expected=" + expected + ", " + place);
        }
        return done;
    }

    private void add() {
        Place place = place();
        if (place == null) {
            return;
        }
        long address = round.address(place.live) & -Long.BYTES;
        long delta = random.nextLong();
        if (place.live.model.isInMap(address)) {
            return;
        }
        long before = ByteBuffer.wrap(place.live.model.read(address, Long.BYTES)).order(ByteOrder.nativeOrder())
                .getLong();
        if (check(place, address, Long.BYTES, true, before,
                () -> software(place.number).atomicAdd(place.mirror, address, delta))) {
            place.live.model.write(address, ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder())
                    .putLong(before + delta).array());
        }
        if (random.nextBoolean()) {
            round.compare(place.live, address, Long.BYTES);
        }
    }

    private void exclusive() {
        Place place = place();
        if (place == null) {
            return;
        }
        long address = StepRound.pageOf(round.address(place.live));
        long size = (1L + random.nextInt(6)) * ModelSpace.PAGE;
        if (place.live.model.touchesMap(address, size)) {
            return;
        }
        Attachment attachment = Objects.requireNonNull(place.live.attachments.get(place.number));
        round.attempt("exclusive " + range(place.live, address, size) + " to " + attachment,
                place.live.model.refusals(address, size, true), EXCLUSIVE, () -> {
                    attachment.makeExclusive(address, size);
                    return null;
                });
        if (random.nextInt(3) == 0) {
            round.compare(place.live, address, (int) size);
        }
    }

    // ---- moves

    private void migrate() {
        Live live = round.space();
        MemoryPool pool = round.pick(round.machine.manager.pools());
        boolean ofMap = random.nextInt(3) == 0 && !live.model.maps.isEmpty();
        long start = ofMap ? round.pick(live.model.maps.keySet().stream().toList())
                + random.nextInt(2) * (long) ModelSpace.PAGE : StepRound.pageOf(round.address(live));
        long bytes = ofMap ? ModelSpace.PAGE
                : (1L + random.nextInt(random.nextInt(4) == 0 ? 200 : 12)) * ModelSpace.PAGE;
        MigrationReport[] made = new MigrationReport[1];
        if (round.attempt("migrate " + range(live, start, bytes) + " to " + pool.name(),
                live.model.refusalsOfRange(start, bytes, false).contains(
                        io.quire.memory.contract.AddressNotMappedException.class)
                                ? Set.of(io.quire.memory.contract.AddressNotMappedException.class) : Set.of(),
                closedOr(pool), () -> made[0] = live.space.migrate(start, bytes, pool))
                && round.settings.has("report")) {
            checkReport(live, start, made[0], pool);
        }
        round.compare(live, start + bytes - ModelSpace.PAGE, ModelSpace.PAGE);
    }

    private static Set<Class<?>> closedOr(MemoryPool pool) {
        Set<Class<?>> may = new HashSet<>(DRIVER);
        if (pool.kind() == PoolKind.HOST) {
            may.remove(DeviceClosedException.class);
        }
        return may;
    }

    private void checkReport(Live live, long start, MigrationReport report, MemoryPool pool) {
        int sum = Arrays.stream(PageOutcome.values()).mapToInt(report::count).sum();
        int there = 0;
        for (int i = 0; i < report.pages(); i++) {
            String place = live.space.pageState(start + (long) i * ModelSpace.PAGE).pool();
            boolean said = report.outcome(start + (long) i * ModelSpace.PAGE).isThere();
            there += said ? 1 : 0;
            // The state of a page that may not be read does not name its pool.
            if (said && !place.equals(pool.name()) && !place.isEmpty()) {
                throw new SoakFailure("a report says a page is in " + pool.name() + ", but it is in " + place + ": "
                        + report + ", page=" + i);
            }
        }
        if (sum != report.pages() || there != report.there()) {
            throw new SoakFailure("a report does not add up: " + report);
        }
    }

    private void evict() {
        int number = random.nextInt(round.machine.devices.size());
        int pages = 1 + random.nextInt(40);
        EvictionReport[] made = new EvictionReport[1];
        Set<Class<?>> must = device(number).isClosed() ? Set.of(DeviceClosedException.class) : Set.of();
        if (round.attempt("evict " + pages + " from " + software(number), must, DRIVER,
                () -> made[0] = round.machine.manager.evict(device(number).pool(), pages))
                && (made[0].moved() > pages || made[0].wanted() != pages)) {
            throw new SoakFailure("an eviction report has wrong numbers: " + made[0]);
        }
    }

    // ---- faults

    private FaultInjection faults() {
        return round.pick(round.machine.devices).faults();
    }

    private void failCopy() {
        int k = 1 + random.nextInt(random.nextBoolean() ? 30 : 3);
        round.note("the copy that fails: " + k);
        faults().failCopy(k, FaultInjection.FIRST_CODE + random.nextInt(9));
    }

    private void failAllocation() {
        int k = 1 + random.nextInt(30);
        round.note("the allocation that fails: " + k);
        faults().failAllocation(k);
    }

    private void refuseNonBlocking() {
        round.note("refuse");
        faults().refuseNonBlocking(true);
    }

    private void slow() {
        faults().delay(round.pick(FaultInjection.Phase.values()), Duration.ofNanos(random.nextInt(200_000)));
    }

    private void noFaults() {
        faults().clear();
    }

    private void closeDevice() {
        int number = random.nextInt(round.machine.devices.size());
        if (random.nextInt(4) > 0) {
            return;
        }
        if (random.nextInt(3) > 0) {
            software(number).faults().clear();
        }
        if (round.attempt("close " + software(number), StepRound.NONE,
                Set.of(PagesBusyException.class, DriverFailedException.class), () -> {
                    device(number).close(Duration.ofMillis(1));
                    return null;
                })) {
            round.spaces.forEach(live -> live.attachments.remove(number));
        }
    }
}
