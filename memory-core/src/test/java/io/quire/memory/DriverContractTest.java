package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.DriverReentryException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.driver.IdleDriver;
import io.quire.memory.structure.ForkableMap;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.QuietLog;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drivers break a rule in each of their methods. The library reports it at once, and all of its counts stay right. */
@Tag("portable")
class DriverContractTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 6;
    private static final int FRAMES = 32;
    private static final Duration DEADLINE = Duration.ofMillis(400);

    @RegisterExtension
    final QuietLog quiet = new QuietLog();

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Private recording = new RecordingDriver.Private(FRAMES);

    /** The threads that called each method of the driver. */
    private final Map<String, Set<String>> callers = new ConcurrentHashMap<>();
    private volatile @Nullable String misbehaving;
    private volatile Runnable misdeed = () -> {};

    /** The recording driver behind a proxy that sees every call, including those of optional methods. */
    private final PrivateDriver driver = (PrivateDriver) Proxy.newProxyInstance(getClass().getClassLoader(),
            new Class<?>[] {PrivateDriver.class}, (_, method, arguments) -> called(method, arguments));

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).device("card", driver)
            .deviceCoherentPool("tier", 16 * PAGE).watermarks(0, 0).backgroundAgent(false));

    private final CountDownLatch released = new CountDownLatch(1);
    private long start;

    @AfterEach
    void release() {
        released.countDown();
    }

    private @Nullable Object called(Method method, Object @Nullable [] arguments) throws Throwable {
        // The library may report frames one by one or together.
        String name = method.getName().replace("framesFreed", "frameFreed");
        if (method.getDeclaringClass() == Object.class) {
            return method.invoke(recording, arguments);
        }
        callers.computeIfAbsent(name, _ -> new ConcurrentSkipListSet<>()).add(Thread.currentThread().getName());
        boolean misbehaves = name.equals(misbehaving);
        boolean changesNothing = name.contains("llocated") || name.equals("attached");
        if (misbehaves && changesNothing) {
            misbehave();
        }
        try {
            Object answer = method.invoke(recording, arguments);
            if (misbehaves && !changesNothing) {
                misbehave(); // the library reported the misuse, and the test has seen it
            }
            return answer;
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }

    private void misbehave() {
        misbehaving = null;
        misdeed.run();
    }

    /** All methods that the library can call once a manager is open. */
    static Stream<String> methods() {
        return Arrays.stream(PrivateDriver.class.getMethods()).map(Method::getName)
                .filter(name -> !Set.of("frames", "framesFreed", "close").contains(name)).sorted();
    }

    private MemoryManager memory() {
        return leaks.manager();
    }

    private Device card() {
        return memory().device("card");
    }

    /** Makes the library call every method. Operations that the driver makes fail are left out. */
    private void useEverything() {
        AddressSpace space = memory().newAddressSpace("used");
        space.cowPlacement(CowPlacement.SAME_POOL);
        long address = space.map(PAGES * PAGE);
        for (int i = 0; i < PAGES - 1; i++) {
            space.setLong(address + i * PAGE, i + 1L);
        }
        Attachment[] attached = new Attachment[1];
        attempt(() -> attached[0] = card().attach(space));
        attempt(() -> attached[0] = card().attach(space)); // in case it was refused
        attempt(() -> space.migrate(address, PAGES * PAGE, card().pool()));
        attempt(() -> space.migrate(address, PAGE, memory().hostPool()));
        attempt(() -> space.migrate(address, PAGE, card().pool()));
        attempt(() -> memory().evict(card().pool(), 2));
        attempt(() -> {
            try (AddressSpace _ = space.fork()) {
                // Makes the device copy a page.
                attached[0].mirror().fault(address + (PAGES - 2) * PAGE, 1, DeviceAccess.WRITE);
            }
        });
        attempt(() -> space.discard(address, PAGE));
        for (int i = 1; i < PAGES; i++) {
            expect(space, address + i * PAGE, i == PAGES - 1 ? 0 : i + 1L);
        }
        attempt(space::close);
        attempt(space::close); // in case it was refused
        memory().reclaim(1_000);
    }

    private static void attempt(Runnable operation) {
        try {
            operation.run();
        } catch (MemoryException | IllegalStateException spoilt) {
            assertThat(spoilt).isNotInstanceOf(DriverReentryException.class);
        }
    }

    private static void expect(AddressSpace space, long address, long value) {
        for (int attempt = 0;; attempt++) {
            try {
                assertThat(space.getLong(address)).isEqualTo(value);
                return;
            } catch (DriverFailedException spoilt) {
                assertThat(attempt).isZero();
            }
        }
    }

    @Test
    void everyMethodIsCalledByTheThreadOfTheDeviceAndByNoOther() {
        useEverything();
        card().close();
        Set<String> expected = new TreeSet<>(methods().toList());
        expected.addAll(Set.of("frames", "close"));
        assertThat(callers.keySet()).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(callers.values()).containsOnly(Set.of("quire-driver-card"));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void operationThatCouldWaitIsRefusedAtOnceInsideADriverCall(String method) {
        try (AddressSpace other = memory().newAddressSpace("other");
                Attachment attachment = card().attach(other)) {
            long address = other.map(8 * PAGE);
            other.setLong(address, 7);
            ForkableMap map = ForkableMap.create(other, 64 * 1024);
            Map<String, Throwable> answers = new LinkedHashMap<>();
            misdeed = () -> calls(other, address, attachment.mirror(), map).forEach((name, call) -> {
                try {
                    call.run();
                } catch (Throwable refused) {
                    answers.put(name, refused);
                    assertThat(refused).as(name).isInstanceOf(DriverReentryException.class)
                            .hasMessageContaining("device=card");
                }
            });
            misbehaving = method;
            useEverything();
            assertThat(misbehaving).as("the method was called").isNull();
            assertThat(answers.keySet()).containsExactlyElementsOf(calls(other, address, attachment.mirror(), map)
                    .keySet().stream().filter(name -> !name.startsWith("may ")).toList());
            assertThat(other.getLong(address)).isEqualTo(7);
        }
    }

    /** A migration lets no space of its lineage fork, and here it waits for an operation that waits for this driver. */
    @Test
    void aForkInsideADriverCallIsRefusedAtOnceDuringAMigration() throws InterruptedException {
        try (AddressSpace space = memory().newAddressSpace("told"); Attachment attached = card().attach(space)) {
            long address = space.map(PAGE);
            space.setLong(address, 1);
            try (AddressSpace fork = space.fork()) {
                Thread migrating = new Thread(() -> fork.migrate(address, PAGE, memory().pool("tier")), "migrating");
                Throwable[] refusal = {null};
                misdeed = () -> {
                    migrating.start();
                    // Until it waits for the lock of the space.
                    while (migrating.getState() != Thread.State.TIMED_WAITING) {
                        Thread.onSpinWait();
                    }
                    try {
                        fork.fork();
                    } catch (Throwable refused) {
                        refusal[0] = refused;
                    }
                };
                attached.mirror().fault(address, 1, DeviceAccess.READ);
                misbehaving = "invalidateStart";
                space.discard(address, PAGE);
                migrating.join();
                assertThat(refusal[0]).isInstanceOf(DriverReentryException.class);
                assertThat(card().isLost()).isFalse();
                assertThat(fork.pageState(address).pool()).isEqualTo("tier");
            }
        }
    }

    private Map<String, Runnable> calls(AddressSpace space, long address, DeviceMirror mirror, ForkableMap map) {
        Map<String, Runnable> calls = new LinkedHashMap<>();
        calls.put("may read", () -> assertThat(space.getLong(address)).isEqualTo(7));
        calls.put("may look", () -> assertThat(mirror.snapshot(address, 1)).hasSize(1));
        calls.put("may ask for statistics", () -> assertThat(memory().statistics().forks()).isNotNegative());
        calls.put("first write", () -> space.setLong(address + PAGE, 1));
        calls.put("fill", () -> space.fill(address, 4 * PAGE, (byte) 1));
        calls.put("map", () -> space.map(PAGE));
        calls.put("unmap", () -> space.unmap(address + PAGE, PAGE));
        calls.put("protect", () -> space.protect(address, PAGE, Protection.READ_ONLY));
        calls.put("discard", () -> space.discard(address, PAGE));
        calls.put("fork", space::fork);
        calls.put("snapshot", space::snapshot);
        calls.put("migrate", () -> space.migrate(address, PAGE, card().pool()));
        calls.put("pin", () -> space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ));
        calls.put("close space", space::close);
        calls.put("put", () -> map.put(new byte[] {1}, new byte[] {1}));
        calls.put("fault", () -> mirror.fault(address, 1, DeviceAccess.WRITE));
        calls.put("attach elsewhere", () -> memory().device("tier").attach(space));
        calls.put("evict", () -> memory().evict(card().pool(), 1));
        calls.put("evict elsewhere", () -> memory().evict(memory().pool("tier"), 1));
        calls.put("reclaim", () -> memory().reclaim(1));
        calls.put("close device", () -> card().close());
        calls.put("close manager", () -> memory().close());
        return calls;
    }

    @ParameterizedTest
    @MethodSource("methods")
    void errorOutOfAnyMethodFailsOneOperationAndSpoilsNoCount(String method) {
        boolean[] thrown = {false};
        misdeed = () -> {
            thrown[0] = true;
            throw new AssertionError("a bug of the driver");
        };
        misbehaving = method;
        useEverything();
        assertThat(thrown[0]).isTrue();
        misbehaving = null;
        useEverything();
        assertThat(card().pool().freeBytes()).isEqualTo(FRAMES * PAGE);
        assertThat(recording.usedFrames()).isZero();
    }

    @Test
    void errorIsTheCauseOfTheFailureThatNamesDeviceAndOperation() {
        try (AddressSpace space = memory().newAddressSpace()) {
            long address = space.map(PAGE);
            space.setLong(address, 1);
            AssertionError bug = new AssertionError("a bug of the driver");
            misdeed = () -> {
                throw bug;
            };
            misbehaving = "copyToDevice";
            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> space.migrate(address, PAGE, card().pool()))
                    .withCause(bug).withMessageContainingAll("device=card", "operation=copy of pages", "a bug");
            assertThat(space.getLong(address)).isEqualTo(1);
        }
    }

    // ---- coherent drivers that grant frames

    /** A driver that grants as many frames as a test says. */
    private static final class Granting extends IdleDriver implements CoherentDriver {

        private final @Nullable MemorySegment memory;
        private final IntUnaryOperator granted;

        private Granting(@Nullable MemorySegment memory, IntUnaryOperator granted) {
            this.memory = memory;
            this.granted = granted;
        }

        @Override
        @SuppressWarnings("NullAway") // that is what is tested
        public MemorySegment memory() {
            return memory;
        }

        @Override
        public boolean frameAllocated(int frame) {
            return framesAllocated(new int[] {frame}) > 0;
        }

        @Override
        public int framesAllocated(int[] frames) {
            return granted.applyAsInt(frames.length);
        }
    }

    private static MemorySegment frames(int count) {
        return Arena.ofAuto().allocate(count * PAGE, PAGE);
    }

    private static MemoryManager managerOf(Granting driver) {
        return MemoryManager.builder().hostPool(1 << 20).device("near", driver).driverDeadline(DEADLINE)
                .watermarks(0, 0).backgroundAgent(false).build();
    }

    @Test
    void driverThatHangsInAFrameRequestIsLostAndForksCanStillBeWritten() {
        MemoryManager memory = managerOf(new Granting(frames(8), count -> hang(count)));
        try (AddressSpace space = memory.newAddressSpace(); AddressSpace fork = filledFork(space)) {
            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> space.migrate(start, 4 * PAGE, memory.pool("near")))
                    .withMessageContainingAll("device=near", "400 ms", "lost");
            fork.setLong(start, 9);
            space.setLong(start, 8);
            assertThat(fork.getLong(start)).isEqualTo(9);
            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> space.migrate(start, PAGE, memory.pool("near")))
                    .withMessageContainingAll("device=near", "lost").withStackTraceContaining("400 ms");
            assertThat(memory.device("near").isLost()).isTrue();
            assertThat(memory.pool("near").freeBytes()).as("free bytes of its pool").isEqualTo(8 * PAGE);
        }
        LeakCheck.checkAndClose(memory);
    }

    /** A lost device is not told when a translation becomes wrong, so it gets none: it would ask again for ever. */
    @Test
    void faultOfALostDeviceIsRefused() {
        RecordingDriver.Coherent hanging = new RecordingDriver.Coherent(8);
        MemoryManager memory = MemoryManager.builder().hostPool(1 << 20).device("near", hanging)
                .driverDeadline(DEADLINE).watermarks(0, 0).backgroundAgent(false).build();
        try (AddressSpace space = memory.newAddressSpace()) {
            Attachment attachment = memory.device("near").attach(space);
            start = space.map(4 * PAGE);
            hanging.store(attachment.mirror(), start, 1);
            hanging.on(Call.START, 1, hanging::hanging);
            assertThatExceptionOfType(DriverFailedException.class).isThrownBy(space::fork)
                    .withMessageContainingAll("close its attachments", "then close the device")
                    .withMessageNotContaining("only this device can reach");
            assertThat(memory.device("near").isLost()).isTrue();
            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> attachment.mirror().fault(start + PAGE, 1, DeviceAccess.READ))
                    .withMessageContainingAll("device=near", "operation=fault", "lost", "close its attachments");
            attachment.close();
            space.fork().close();
        }
        hanging.release();
        LeakCheck.checkAndClose(memory);
    }

    private AddressSpace filledFork(AddressSpace space) {
        start = space.map(4 * PAGE);
        for (int i = 0; i < 4; i++) {
            space.setLong(start + i * PAGE, i + 1L);
        }
        return space.fork();
    }

    private int hang(int count) {
        boolean done = false;
        while (!done) {
            try {
                released.await();
                done = true;
            } catch (InterruptedException again) {
                assertThat(released.getCount()).isNotNegative();
            }
        }
        return count;
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, Integer.MAX_VALUE})
    void driverThatGrantsTooManyOrNegativeFramesFails(int more) {
        MemoryManager memory = managerOf(new Granting(frames(8), count -> more < 0 ? more : Math.max(more, count + 1)));
        try (AddressSpace space = memory.newAddressSpace(); AddressSpace fork = filledFork(space)) {
            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> space.migrate(start, 4 * PAGE, memory.pool("near")))
                    .withMessageContainingAll("device=near", "granted", "of 4 frames");
            assertThat(memory.pool("near").freeBytes()).isEqualTo(8 * PAGE);
            assertThat(fork.getLong(start)).isEqualTo(1);
        }
        LeakCheck.checkAndClose(memory);
    }

    @Test
    void driverWithoutMemoryIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> managerOf(new Granting(null, count -> count)))
                .withMessageContainingAll("device=near", "memory=null");
    }

    // ---- a driver serves one device

    @Test
    void driverCannotServeTwoDevices() {
        Granting one = new Granting(frames(8), count -> count);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MemoryManager.builder().device("a", one).device("b", one))
                .withMessageContainingAll("one driver is one device", "device=a", "device=b");
        MemoryManager first = MemoryManager.builder().name("first").hostPool(1 << 20).device("a", one).build();
        MemoryManager.Builder second = MemoryManager.builder().name("second").hostPool(1 << 20)
                .device("c", new Granting(frames(8), count -> count)).device("b", one);
        for (int i = 0; i < 2; i++) { // a device that could not be built does not keep its driver
            assertThatIllegalArgumentException().isThrownBy(second::build)
                    .withMessageContainingAll("a of memory manager first", "b of memory manager second");
        }
        first.close();
        second.build().close();
    }

    @Test
    void driverWithoutManagerIsForgotten() {
        Granting refused = new Granting(null, count -> count);
        for (int i = 0; i < 2; i++) {
            assertThatIllegalArgumentException().isThrownBy(() -> managerOf(refused))
                    .withMessageContaining("memory=null");
        }
    }
}
