package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.structure.ForkableMap;
import io.quire.memory.testkit.ChildJvm;
import io.quire.memory.testkit.Collected;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.LogLines;
import io.quire.memory.testkit.Threads;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A handle that nobody can reach is closed and reported once. A handle that is still needed is left alone. */
class ForgottenHandlesTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 16;
    private static final byte[] KEY = {1};
    private static final byte[] VALUE = {2};

    @RegisterExtension
    final LogLines log = new LogLines();

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).leakTracking(true)
            .backgroundAgent(false).deviceCoherentPool("near", 1 << 20));

    private static long fill(AddressSpace space) {
        long address = space.map(PAGES * PAGE);
        space.fill(address, PAGES * PAGE, (byte) 1);
        return address;
    }

    private static void forkAndForget(AddressSpace live) {
        assertThat(live.fork("forgotten").isClosed()).isFalse();
    }

    private long usedBytes() {
        leaks.manager().reclaim(1 << 16);
        return leaks.manager().statistics().usedBytes();
    }

    private boolean isReported(String what) {
        return !log.about(what).isEmpty();
    }

    @Test
    void forkIsGivenBackAndReportedOnceWithTheCallThatMadeIt() {
        try (AddressSpace live = leaks.manager().newAddressSpace("live")) {
            long address = fill(live);
            forkAndForget(live);
            live.fill(address, PAGES * PAGE, (byte) 2);
            assertThat(usedBytes()).isEqualTo(2 * PAGES * PAGE);
            assertThat(Collected.until(() -> isReported("space forgotten"))).isTrue();
            assertThat(leaks.manager().statistics().openSpaces()).isOne();
            assertThat(usedBytes()).isEqualTo(PAGES * PAGE);
            Collected.sometimes();
            assertThat(log.about("space forgotten")).hasSize(1).first().asString()
                    .contains("forked from live", "age=").containsPattern(
                            "ms\\n      at .*ForgottenHandlesTest.forkAndForget");
        }
        assertThat(log.about("space live,")).isEmpty();
    }

    @Test
    void closedHandlesAreNotReported() {
        try (AddressSpace live = leaks.manager().newAddressSpace("in time")) {
            long address = fill(live);
            for (int i = 0; i < 1000; i++) {
                live.fork("closed").close();
                live.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ).close();
                live.runs(address, PAGE).close();
                try (Accessor accessor = live.accessor()) {
                    accessor.setLong(address, i);
                    accessor.pin(address, 8, PinTerm.SHORT, PinAccess.READ).close();
                }
            }
            Collected.sometimes();
        }
        assertThat(log.about("in time")).isEmpty();
    }

    @Test
    void pinAndCursorAreGivenBackAndReported() {
        try (AddressSpace space = leaks.manager().newAddressSpace("data")) {
            long address = fill(space);
            pinAndForget(space, address);
            readAndForget(space, address);
            assertThat(Collected.until(() -> isReported("pin of") && isReported("cursor"))).isTrue();
            assertThat(leaks.manager().openPins()).isEmpty();
            assertThat(leaks.manager().statistics().openSpaces()).isOne();
            assertThat(log.about("pin of")).hasSize(1).first().asString().contains("data", "pinAndForget");
            assertThat(log.about("cursor")).hasSize(1).first().asString().contains("data", "readAndForget");
        }
    }

    private static void pinAndForget(AddressSpace space, long address) {
        assertThat(space.pin(address, PAGE, PinTerm.LONG, PinAccess.WRITE).address()).isEqualTo(address);
    }

    @Test
    void pinThatIsUnreachableTogetherWithItsSegmentsIsReportedAsOpen() {
        try (AddressSpace space = leaks.manager().newAddressSpace("data")) {
            showAndForget(space, fill(space));
            assertThat(Collected.until(() -> isReported("of space data"))).isTrue();
            assertThat(log.about("of space data")).hasSize(1).first().asString().contains(": pin of", "showAndForget")
                    .doesNotContain("closed pin");
            assertThat(leaks.manager().openPins()).isEmpty();
        }
    }

    private static void showAndForget(AddressSpace space, long address) {
        assertThat(space.pin(address, PAGE, PinTerm.LONG, PinAccess.READ).segments()).hasSize(1);
    }

    private static void readAndForget(AddressSpace space, long address) {
        assertThat(space.runs(address, PAGE).next()).isTrue();
    }

    @Test
    void accessorIsGivenBackWithItsPins() throws InterruptedException {
        try (MemoryManager manager = MemoryManager.builder().hostPool(1 << 20).backgroundAgent(false).build();
                AddressSpace space = manager.newAddressSpace("data")) {
            long address = fill(space);
            Threads.elsewhere(() -> writePinAndForget(space, address));
            assertThat(manager.openPins()).hasSize(2);
            assertThat(Collected.until(() -> isReported("accessor of space data"))).isTrue();
            assertThat(manager.openPins()).isEmpty();
            assertThat(log.about("accessor of space data")).hasSize(1).first().asString().contains("racer");
            try (AddressSpace fork = space.fork()) { // works only if no page is pinned and no writer is inside
                assertThat(fork.getLong(address)).isEqualTo(3);
            }
        }
    }

    private static void writePinAndForget(AddressSpace space, long address) {
        Accessor accessor = space.accessor();
        accessor.setLong(address, 3);
        accessor.pin(address, 8, PinTerm.SHORT, PinAccess.READ);
        accessor.pin(address + PAGE, 3 * PAGE, PinTerm.SHORT, PinAccess.READ);
    }

    @Test
    void pinsOfAClosedAccessorAreReportedWithTheAccessor() throws InterruptedException {
        try (MemoryManager manager = MemoryManager.builder().hostPool(1 << 20).backgroundAgent(false).build();
                AddressSpace space = manager.newAddressSpace("data")) {
            long address = fill(space);
            Threads.elsewhere(() -> pinCloseAndForget(space, address));
            assertThat(Collected.until(() -> isReported("accessor of space data"))).isTrue();
            assertThat(manager.openPins()).isEmpty();
            assertThat(log.about("accessor of space data")).singleElement().asString()
                    .contains("pins of a closed accessor");
        }
    }

    private static void pinCloseAndForget(AddressSpace space, long address) {
        Accessor accessor = space.accessor();
        accessor.pin(address, 8, PinTerm.SHORT, PinAccess.READ);
        accessor.close();
    }

    @Test
    void accessorThatOnlyReadHoldsNothingAndIsNotReported() {
        try (AddressSpace space = leaks.manager().newAddressSpace("only read")) {
            long address = fill(space);
            assertThat(space.accessor().getByte(address)).isOne();
            Collected.sometimes();
        }
        assertThat(log.about("only read")).isEmpty();
    }

    @Test
    void objectsThatNeedTheSpaceKeepItReachable() {
        Accessor accessor = leaks.manager().newAddressSpace("by accessor").accessor();
        ForkableMap map = ForkableMap.create(leaks.manager().newAddressSpace("by map"), 1 << 16);
        map.put(KEY, VALUE);
        ForkableMap mapOfAccessor = mapOverAccessor();
        Pin pin = pinOfOwnSpace();
        Attachment attachment = leaks.manager().device("near").attach(leaks.manager().newAddressSpace("by device"));
        Collected.sometimes();
        Collected.sometimes();
        assertThat(leaks.manager().openSpaces()).extracting(OpenSpace::name)
                .containsExactly("by accessor", "by map", "by map of accessor", "by pin", "by device");
        assertThat(accessor.spaceId()).isPositive();
        assertThat(map.get(KEY)).isEqualTo(VALUE);
        assertThat(mapOfAccessor.get(KEY)).isEqualTo(VALUE);
        assertThat(pin.segments().getFirst().byteSize()).isEqualTo(PAGE);
        assertThat(attachment.exclusivePages()).isZero();
        leaks.manager().closeAll(Duration.ZERO);
        leaks.open();
        assertThat(log.about("space by")).isEmpty();
    }

    private ForkableMap mapOverAccessor() {
        AddressSpace space = leaks.manager().newAddressSpace("by map of accessor");
        ForkableMap map = ForkableMap.create(space, 1 << 16);
        map.put(KEY, VALUE);
        return ForkableMap.open(space.accessor(), map.address());
    }

    private Pin pinOfOwnSpace() {
        AddressSpace space = leaks.manager().newAddressSpace("by pin");
        return space.pin(space.map(PAGE), PAGE, PinTerm.SHORT, PinAccess.READ);
    }

    // ---- managers

    private static MemoryPool openAndForget(boolean backgroundAgent, boolean keepsPool) {
        MemoryManager manager = MemoryManager.builder().name("lost").hostPool(1 << 20)
                .backgroundAgent(backgroundAgent).build();
        AddressSpace space = manager.newAddressSpace("of lost");
        long address = fill(space);
        space.pin(address, PAGE, PinTerm.LONG, PinAccess.READ);
        space.runs(address, PAGE).next();
        return keepsPool ? manager.hostPool() : leakedNothing(manager);
    }

    private static MemoryPool leakedNothing(MemoryManager manager) {
        assertThat(manager.statistics().usedBytes()).isPositive();
        try (MemoryManager other = MemoryManager.builder().hostPool(1 << 20).backgroundAgent(false).build()) {
            return other.hostPool();
        }
    }

    private static long threadsOf(String manager) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().endsWith("-" + manager)).count();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void managerIsClosedWithAllThatIsOpenAndReportedOnce(boolean backgroundAgent) {
        openAndForget(backgroundAgent, false);
        assertThat(Collected.until(() -> isReported("memory manager lost") && threadsOf("lost") == 0)).isTrue();
        assertThat(log.about("memory manager lost")).hasSize(1);
        Collected.sometimes();
        assertThat(log.about("memory manager lost")).hasSize(1);
    }

    @Test
    void poolKeepsItsManager() {
        MemoryPool pool = openAndForget(true, true);
        Collected.sometimes();
        Collected.sometimes();
        assertThat(log.about("memory manager lost")).isEmpty();
        assertThat(threadsOf("lost")).isOne();
        assertThat(pool.sizeBytes()).isEqualTo(1 << 20);
    }

    @Test
    void cleanerEndsWithTheLastManager() throws IOException, InterruptedException {
        ChildJvm.Result result = ChildJvm.run(Program.class, List.of("--enable-native-access=ALL-UNNAMED"));
        assertThat(result.output()).isEqualToNormalizingNewlines("1 0\n");
    }

    /** Prints the number of cleaner threads while a manager is open and after it has closed. */
    static final class Program {

        private Program() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            try (MemoryManager manager = MemoryManager.builder().hostPool(1 << 20).build();
                    AddressSpace space = manager.newAddressSpace()) {
                System.out.print(cleaners() + (space.isClosed() ? "closed " : " "));
            }
            for (int i = 0; i < 500 && cleaners() > 0; i++) {
                Thread.sleep(20);
            }
            System.out.println(cleaners());
        }

        private static long cleaners() {
            return Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("quire-cleaner")).count();
        }
    }
}
