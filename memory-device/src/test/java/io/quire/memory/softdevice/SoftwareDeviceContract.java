package io.quire.memory.softdevice;

import static io.quire.memory.softdevice.FakeMirror.PAGE;
import static io.quire.memory.softdevice.FakeMirror.at;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.DriverException;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.device.Translations;
import io.quire.memory.softdevice.FaultInjection.Phase;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every software device promises. */
@Timeout(60)
abstract class SoftwareDeviceContract {

    private static final int FRAMES = 16;
    private static final int PAGES = 1024;
    private static final byte UNTOUCHED = 0x77;

    private SoftwareDevice device;
    private PrivateDriver driver;
    private FakeMirror mirror;
    private ExecutorService threads;

    abstract SoftwareDevice coherent(String name, long sizeBytes);

    abstract SoftwareDevice privateMemory(String name, long sizeBytes);

    @BeforeEach
    void attach() {
        device = privateMemory("card", FRAMES * PAGE);
        driver = (PrivateDriver) device.driver();
        mirror = new FakeMirror(device, PAGES);
        driver.attached(mirror);
        threads = Executors.newCachedThreadPool();
    }

    @AfterEach
    void close() throws InterruptedException {
        device.close();
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).as("threads ended").isTrue();
    }

    // Faults.

    @Test
    void aColdReadOfManyPagesIsOneFaultRound() {
        for (int i = 0; i < PAGES; i++) {
            mirror.page(i).fill((byte) i);
        }
        MemorySegment target = buffer(PAGES);

        assertThat(device.read(mirror, at(0), target)).isEqualTo(new OperationResult(PAGES, 1, 0, 0));
        assertThat(mirror.faults).hasValue(1);
        for (int i = 0; i < PAGES; i++) {
            assertThat(target.get(JAVA_BYTE, (long) i * PAGE + 17)).isEqualTo((byte) i);
        }
        assertThat(device.read(mirror, at(0), target).faultRounds()).isZero();
    }

    @Test
    void aWriteNeedsATranslationForWriting() {
        device.read(mirror, at(0), buffer(1));

        assertThat(device.write(mirror, at(0), MemorySegment.ofArray(new byte[] {1, 2})).faultRounds()).isOne();
        assertThat(mirror.page(0).get(JAVA_BYTE, 1)).isEqualTo((byte) 2);
        assertThat(device.fill(mirror, at(0), PAGE, (byte) 3).faultRounds()).isZero();
        assertThat(device.read(mirror, at(0), buffer(1)).faultRounds()).isZero();
    }

    @Test
    void anAdditionNeedsAnExclusiveTranslationThatAPlainWriteCannotUse() {
        assertThat(device.fill(mirror, at(0), 1, (byte) 0).faultRounds()).isOne();
        assertThat(device.atomicAdd(mirror, at(0), 5)).isEqualTo(new OperationResult(1, 1, 0, 0));
        assertThat(device.atomicAdd(mirror, at(0), 5)).isEqualTo(new OperationResult(1, 0, 0, 5));
        assertThat(device.table(mirror).getFirst().access()).isEqualTo(DeviceAccess.ATOMIC);
        assertThat(device.read(mirror, at(0), buffer(1)).faultRounds()).isZero();
        assertThat(device.fill(mirror, at(0) + 8, 1, (byte) 0).faultRounds()).isOne();
        assertThat(device.table(mirror).getFirst().access()).isEqualTo(DeviceAccess.WRITE);
        assertThat(mirror.page(0).get(JAVA_LONG, 0)).isEqualTo(10);
    }

    @Test
    void anAnswerThatAnInvalidationOvertookIsAskedForAgain() {
        mirror.inFault = () -> {
            if (mirror.faults.get() <= 2) {
                mirror.invalidate(0, 1);
            }
        };

        assertThat(device.read(mirror, at(0), buffer(1))).isEqualTo(new OperationResult(1, 1, 2, 0));
        assertThat(device.counters().retries()).isEqualTo(2);
        assertThat(device.counters().faults()).isEqualTo(3);
        assertThat(eventTypes()).filteredOn(DeviceEvent.Type.OUTDATED::equals).hasSize(2);
    }

    @Test
    void answersThatNeverHelpEndInAnException() {
        mirror.inFault = () -> mirror.invalidate(0, 1);
        assertThatExceptionOfType(DriverException.class).isThrownBy(() -> device.read(mirror, at(0), buffer(1)))
                .withMessageContaining("outdated").extracting(DriverException::code).isEqualTo(Status.BUSY);

        mirror.inFault = () -> {};
        mirror.writeBecomes = DeviceAccess.READ;
        assertThatExceptionOfType(DriverException.class)
                .isThrownBy(() -> device.fill(mirror, at(0), 1, (byte) 1))
                .extracting(DriverException::code).isEqualTo(Status.BUSY);
    }

    @Test
    void exceptionOfAFaultReachesTheCallerAndTheTargetIsUntouched() {
        MemorySegment target = buffer(2).fill(UNTOUCHED);
        device.read(mirror, at(PAGES - 1), buffer(1));

        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> device.read(mirror, at(PAGES - 1), target))
                .extracting(AddressNotMappedException::address).isEqualTo(at(PAGES));
        assertThat(target.toArray(JAVA_BYTE)).containsOnly(UNTOUCHED);
        assertThat(device.read(mirror, at(0), buffer(1)).pages()).as("the device goes on").isOne();
    }

    @Test
    void anErrorInAFaultReachesTheCallerToo() {
        AssertionError error = new AssertionError("on purpose");
        mirror.inFault = () -> {
            throw error;
        };

        assertThatThrownBy(() -> device.fill(mirror, at(0), 1, (byte) 1)).isSameAs(error);
    }

    @Test
    void aWriteThatFailsHalfWayHasWrittenTheFirstHalf() {
        device.fill(mirror, at(PAGES - 1), 1, (byte) 0);
        MemorySegment source = buffer(2).fill((byte) 9);

        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> device.write(mirror, at(PAGES - 1), source));
        assertThat(mirror.page(PAGES - 1).toArray(JAVA_BYTE)).containsOnly(9);
    }

    @Test
    void answersAboutOtherPagesAreRefused() {
        FakeMirror other = new FakeMirror(device, 1);
        var liar = new LyingMirror(other);
        driver.attached(liar);

        assertThatThrownBy(() -> device.read(liar, at(0), buffer(1)))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("other pages");
    }

    // Operations.

    @Test
    void operationsWorkAtAnyOffset() {
        byte[] text = "over the edge of a page".getBytes(US_ASCII);
        assertThat(device.write(mirror, at(1) - 7, MemorySegment.ofArray(text)).pages()).isEqualTo(2);
        mirror.invalidate(0, 2);
        assertThat(device.copy(mirror, at(1) - 7, at(5) - 3, text.length))
                .isEqualTo(new OperationResult(2, 2, 0, 0));

        byte[] read = new byte[text.length];
        device.read(mirror, at(5) - 3, MemorySegment.ofArray(read));
        assertThat(read).isEqualTo(text);
        assertThat(mirror.page(5).get(JAVA_BYTE, 0)).isEqualTo(text[3]);
    }

    @Test
    void aSumAddsUpWords() {
        for (int i = 0; i < 3; i++) {
            for (long at = 0; at < PAGE; at += Long.BYTES) {
                mirror.page(i).set(JAVA_LONG, at, i - 1);
            }
        }

        assertThat(device.sum(mirror, at(0) + 8, 3L * PAGE - 8)).isEqualTo(new OperationResult(3, 1, 0, 1));
    }

    @Test
    void pagesInTheDeviceAreReachedWithoutTheHost() {
        MemorySegment page = buffer(1).fill((byte) 42);
        mirror.putIntoDevice(2, 7);
        driver.copyToDevice(page, 7);

        MemorySegment target = buffer(3);
        assertThat(device.read(mirror, at(1), target).pages()).isEqualTo(3);
        assertThat(target.get(JAVA_BYTE, PAGE)).isEqualTo((byte) 42);
        device.fill(mirror, at(2), PAGE, (byte) 43);
        driver.copyToHost(7, page);
        assertThat(page.toArray(JAVA_BYTE)).containsOnly(43);
        driver.zero(7);
        driver.copyToHost(7, page);
        assertThat(page.toArray(JAVA_BYTE)).containsOnly(0);
        assertThat(mirror.page(2).toArray(JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void readMappedNeverFaults() {
        MemorySegment target = buffer(2).fill(UNTOUCHED);

        assertThat(device.readMapped(mirror, at(0), target)).isFalse();
        device.read(mirror, at(0), buffer(1));
        assertThat(device.readMapped(mirror, at(0), target)).isFalse();
        assertThat(target.toArray(JAVA_BYTE)).containsOnly(UNTOUCHED);
        device.read(mirror, at(1), buffer(1));
        assertThat(device.readMapped(mirror, at(0), target)).isTrue();
        assertThat(target.toArray(JAVA_BYTE)).containsOnly(0);
        assertThat(mirror.faults).hasValue(2);
    }

    @Test
    void heapMemoryServesAsBufferToo() {
        device.write(mirror, at(0), MemorySegment.ofArray(new long[] {7, 8}));
        long[] words = new long[2];
        device.read(mirror, at(0), MemorySegment.ofArray(words));
        assertThat(words).containsExactly(7, 8);
        driver.frameAllocated(0);
        driver.copyToDevice(MemorySegment.ofArray(new byte[PAGE]).fill((byte) 5), 0);
        byte[] page = new byte[PAGE];
        driver.copyToHost(0, MemorySegment.ofArray(page));
        assertThat(page).containsOnly(5);
    }

    // Invalidations.

    @Test
    void afterAnInvalidationTheRangeIsAskedForAgain() {
        device.read(mirror, at(0), buffer(4));
        mirror.invalidate(1, 2);

        assertThat(device.table(mirror)).extracting(TableEntry::address).containsExactly(at(0), at(3));
        assertThat(device.read(mirror, at(0), buffer(1)).faultRounds()).isZero();
        assertThat(device.read(mirror, at(0), buffer(4)).faultRounds()).isOne();
        assertThat(device.counters().invalidations(InvalidationKind.CLEAR)).isOne();
    }

    @Test
    void anInvalidationOfEverythingErasesEverything() {
        device.read(mirror, at(0), buffer(PAGES));
        driver.invalidateStart(mirror, new Invalidation(InvalidationKind.RELEASE, 0, Long.MAX_VALUE, 0, 1, true));

        assertThat(device.table(mirror)).isEmpty();
    }

    @Test
    void anInvalidationWaitsForTheAccessInProgress() throws Exception {
        device.faults().holdAccesses(true);
        Future<OperationResult> read = start(() -> device.read(mirror, at(0), buffer(1)));
        awaitAccess();

        assertThat(driver.invalidateStart(mirror, mirror.invalidation(0, 1, InvalidationKind.CLEAR, false)))
                .as("an invalidation that may not block is accepted").isFalse();
        Future<Boolean> invalidated = start(() -> mirror.invalidate(0, 1));
        Thread.sleep(20);
        assertThat(invalidated.isDone()).isFalse();
        device.faults().holdAccesses(false);
        assertThat(invalidated.get()).isTrue();
        assertThat(read.get().pages()).isOne();
        assertThat(device.isAccessing()).isFalse();
    }

    @Test
    void anInvalidationDoesNotWaitForAFaultInProgress() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        mirror.inFault = () -> {
            inside.countDown();
            await(over);
        };
        Future<OperationResult> read = start(() -> device.read(mirror, at(0), buffer(1)));
        await(inside);

        assertThat(mirror.invalidate(0, 1)).isTrue();
        over.countDown();
        assertThat(read.get().retries()).isOne();
    }

    @Test
    void pageThatTheLibraryMapsNeedsNoFaultUnlessItIsOutdated() {
        Translations translations = new Translations(0,
                List.of(new PageTranslation(at(0), -1, mirror.page(0), DeviceAccess.WRITE)));
        driver.mapped(mirror, translations);
        assertThat(device.fill(mirror, at(0), PAGE, (byte) 1).faultRounds()).isZero();
        mirror.invalidate(0, 1);
        driver.mapped(mirror, translations);
        assertThat(device.table(mirror)).isEmpty();
    }

    @Test
    void mappingByTheLibraryMayHaveGaps() {
        driver.mapped(mirror, new Translations(0, List.of(
                new PageTranslation(at(0), -1, mirror.page(0), DeviceAccess.WRITE),
                new PageTranslation(at(2), -1, mirror.page(2), DeviceAccess.WRITE),
                new PageTranslation(at(3), -1, mirror.page(3), DeviceAccess.READ))));
        driver.mapped(mirror, new Translations(0, List.of()));

        assertThat(device.table(mirror)).extracting(TableEntry::address).containsExactly(at(0), at(2), at(3));
        device.fill(mirror, at(2), PAGE, (byte) 6);
        assertThat(mirror.page(2).toArray(JAVA_BYTE)).containsOnly(6);
    }

    @Test
    void theAccessedFlagIsSetByAnAccessAndClearedByItsReader() {
        assertThat(driver.testAndClearAccessed(mirror, at(0))).isFalse();
        device.read(mirror, at(0), buffer(1));
        assertThat(device.table(mirror).getFirst().accessed()).isTrue();
        assertThat(driver.testAndClearAccessed(mirror, at(0))).isTrue();
        assertThat(driver.testAndClearAccessed(mirror, at(0))).isFalse();
    }

    // The library's mistakes.

    @Test
    void aTranslationThatOutlivesItsFrameIsNoticed() {
        mirror.putIntoDevice(0, 3);
        device.read(mirror, at(0), buffer(1));
        assertThat(device.staleTranslations()).isZero();
        driver.frameFreed(3); // without the invalidation that the contract demands

        assertThat(device.staleTranslations()).isOne();
        assertThat(device.table(mirror)).singleElement().matches(TableEntry::stale);
        assertThatUseAfterFree(() -> device.read(mirror, at(0), buffer(1)));
        driver.frameAllocated(3); // for another page
        assertThatUseAfterFree(() -> device.read(mirror, at(0), buffer(1)));
        assertThat(device.counters().useAfterFree()).isEqualTo(2);
    }

    @Test
    void copiesOfAFrameOutOfUseAreNoticed() {
        assertThatUseAfterFree(() -> driver.copyToDevice(buffer(1), 1));
        assertThatUseAfterFree(() -> driver.copyToHost(1, buffer(1)));
        assertThatUseAfterFree(() -> driver.zero(1));
        assertThat(device.counters().useAfterFree()).isEqualTo(3);
    }

    @Test
    void aFrameIsAllocatedOnceAndFreedOnce() {
        driver.frameAllocated(0);
        assertThatThrownBy(() -> driver.frameAllocated(0)).isInstanceOf(DriverException.class);
        driver.frameFreed(0);
        assertThatThrownBy(() -> driver.frameFreed(0)).isInstanceOf(DriverException.class);

        DeviceCounters counters = device.counters();
        assertThat(counters.allocations()).isOne();
        assertThat(counters.frees()).isOne();
        assertThat(counters.liveFrames()).isZero();
        assertThat(counters.doubleAllocations()).isOne();
        assertThat(counters.doubleFrees()).isOne();
        assertThat(counters.violations()).isEqualTo(2);
    }

    @Test
    void callsOutOfTurnAreNoticed() {
        Invalidation first = mirror.invalidation(0, 1, InvalidationKind.UNMAP, true);
        assertThatThrownBy(() -> driver.invalidateEnd(mirror, first)).isInstanceOf(DriverException.class);
        driver.invalidateStart(mirror, first);
        assertThatThrownBy(() -> driver.invalidateStart(mirror, first)).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.attached(mirror)).isInstanceOf(DriverException.class);
        driver.detached(mirror);
        assertThatThrownBy(() -> driver.detached(mirror)).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> mirror.invalidate(0, 1)).isInstanceOf(DriverException.class);
        assertThat(device.counters().protocolErrors()).isEqualTo(5);
    }

    @Test
    void anAnswerAboutARangeThatIsBeingChangedIsNoticed() {
        Invalidation change = mirror.invalidation(0, 2, InvalidationKind.CLEAR, true);
        driver.invalidateStart(mirror, change);
        assertThat(device.read(mirror, at(2), buffer(1)).pages()).as("pages read in another range").isOne();
        assertThatExceptionOfType(DriverException.class).isThrownBy(() -> device.read(mirror, at(1), buffer(1)))
                .extracting(DriverException::code).isEqualTo(Status.PROTOCOL_ERROR);
        driver.invalidateEnd(mirror, change);
        driver.invalidateStart(mirror, mirror.invalidation(0, 1, InvalidationKind.MIGRATE, true));
        assertThat(device.read(mirror, at(0), buffer(1)).pages()).as("pages read in a range that migrates").isOne();
        assertThat(device.counters().protocolErrors()).isOne();
    }

    @Test
    void framesComeAndGoTogether() {
        assertThat(driver.framesAllocated(new int[] {1, 2, 3})).isEqualTo(3);
        assertThat(device.counters().liveFrames()).isEqualTo(3);
        assertThatThrownBy(() -> driver.framesAllocated(new int[] {4, 2, 5})).isInstanceOf(DriverException.class);
        assertThat(device.counters().liveFrames()).as("live frames, as a call that throws grants none").isEqualTo(3);
        device.faults().failAllocation(2);
        assertThat(driver.framesAllocated(new int[] {4, 5, 6})).isOne();
        driver.framesFreed(new int[] {4, 3});
        assertThatThrownBy(() -> driver.framesFreed(new int[] {3, 1})).isInstanceOf(DriverException.class);
        assertThat(device.counters().liveFrames()).as("live frames after the other one was freed").isOne();
        assertThatThrownBy(() -> driver.framesAllocated(new int[] {0, -1})).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.framesFreed(new int[] {2, device.frames()}))
                .isInstanceOf(DriverException.class);
        assertThat(device.counters().liveFrames()).as("live frames, as one foreign frame makes the whole call fail")
                .isOne();
    }

    @Test
    void aFrameOutOfUseIsPoisoned() {
        driver.frameAllocated(0);
        driver.frameFreed(0);
        driver.frameAllocated(0);
        MemorySegment page = buffer(1);
        driver.copyToHost(0, page);
        assertThat(page.toArray(JAVA_BYTE)).containsOnly((byte) 0xDE);
    }

    @Test
    void aFrameOutOfUseIsLeftAsItIsWithoutPoison() {
        device.poison(false);
        driver.frameAllocated(0);
        MemorySegment page = buffer(1);
        driver.copyToDevice(page.fill((byte) 7), 0);
        driver.frameFreed(0);
        driver.frameAllocated(0);
        driver.copyToHost(0, page.fill((byte) 1));
        assertThat(page.toArray(JAVA_BYTE)).containsOnly((byte) 7);
    }

    // Failures on purpose.

    @Test
    void injectedRefusalOfAFrameHappensOnce() {
        device.faults().failAllocation(2);

        assertThat(driver.frameAllocated(0)).isTrue();
        assertThat(driver.frameAllocated(1)).isFalse();
        assertThat(driver.frameAllocated(1)).isTrue();
        assertThat(device.counters().refusedAllocations()).isOne();
    }

    @Test
    void injectedFailureOfACopyHappensOnceWithItsCode() {
        driver.frameAllocated(0);
        device.faults().failCopy(2, 1234);

        driver.copyToDevice(buffer(1), 0);
        assertThatExceptionOfType(DriverException.class).isThrownBy(() -> driver.copyToHost(0, buffer(1)))
                .withMessageContaining("card").extracting(DriverException::code).isEqualTo(1234);
        driver.copyToHost(0, buffer(1));
    }

    @Test
    void invalidationsThatMayNotBlockAreRefusedOnRequest() {
        device.read(mirror, at(0), buffer(1));
        device.faults().refuseNonBlocking(true);

        assertThat(driver.invalidateStart(mirror, mirror.invalidation(0, 1, InvalidationKind.CLEAR, false))).isFalse();
        assertThat(device.table(mirror)).as("the table, unchanged").hasSize(1);
        assertThat(device.counters().refusedInvalidations()).isOne();
        assertThat(mirror.invalidate(0, 1)).isTrue();
    }

    @Test
    void anInvalidationThatIsHeldEndsWithTheHold() throws Exception {
        device.faults().holdInvalidations(true);
        Future<Boolean> invalidated = start(() -> mirror.invalidate(0, 1));
        Thread.sleep(20);
        assertThat(invalidated.isDone()).isFalse();
        assertThat(device.events()).as("events, which can be read meanwhile").isNotEmpty();

        device.faults().clear();
        assertThat(invalidated.get()).isTrue();
    }

    @Test
    void eachPhaseCanBeDelayed() {
        driver.frameAllocated(0);
        Duration delay = Duration.ofMillis(20);
        for (Phase phase : Phase.values()) {
            device.faults().delay(phase, delay);
        }

        assertThat(timeOf(() -> mirror.invalidate(0, 1))).isGreaterThanOrEqualTo(delay);
        assertThat(timeOf(() -> driver.zero(0))).isGreaterThanOrEqualTo(delay);
        assertThat(timeOf(() -> device.read(mirror, at(0), buffer(2)))).isGreaterThanOrEqualTo(delay.multipliedBy(2));
    }

    // What it remembers.

    @Test
    void eventsTellWhatHappenedInOrder() {
        mirror.putIntoDevice(0, 5);
        driver.copyToDevice(buffer(1), 5);
        device.read(mirror, at(0), buffer(1));
        mirror.invalidate(0, 1);
        driver.frameFreed(5);
        driver.detached(mirror);

        long id = mirror.id();
        assertThat(device.events()).containsExactly(
                event(1, DeviceEvent.Type.ATTACHED, id, -1),
                event(2, DeviceEvent.Type.ALLOCATED, 0, 5),
                event(3, DeviceEvent.Type.COPIED_IN, 0, 5),
                new DeviceEvent(4, DeviceEvent.Type.FAULT, id, at(0), at(1), 0, null, DeviceAccess.READ, 0, -1),
                new DeviceEvent(5, DeviceEvent.Type.INVALIDATE_START, id, at(0), at(1), 1, InvalidationKind.CLEAR, null,
                        0, -1),
                new DeviceEvent(6, DeviceEvent.Type.INVALIDATE_END, id, at(0), at(1), 1, InvalidationKind.CLEAR, null,
                        0, -1),
                event(7, DeviceEvent.Type.FREED, 0, 5),
                event(8, DeviceEvent.Type.DETACHED, id, -1));
    }

    @Test
    void theOldestEventsAreForgottenFirst() {
        for (int i = 0; i < 10_000; i++) {
            driver.frameAllocated(0);
            driver.frameFreed(0);
        }

        List<DeviceEvent> events = device.events();
        assertThat(events).hasSize(16_384);
        assertThat(events.getFirst().number()).isEqualTo(20_001 - 16_384 + 1);
        assertThat(events.getLast().number()).isEqualTo(20_001);
    }

    // Misuse.

    @Test
    void rangesOutsideOfAnySpaceAreRefused() {
        List<Callable<?>> wrong = new ArrayList<>();
        wrong.add(() -> device.read(mirror, -PAGE, buffer(1)));
        wrong.add(() -> device.read(mirror, Long.MAX_VALUE - 1, buffer(1)));
        wrong.add(() -> device.read(mirror, at(0), MemorySegment.ofArray(new byte[0])));
        wrong.add(() -> device.read(mirror, at(0), buffer(1).asReadOnly()));
        wrong.add(() -> device.fill(mirror, at(0), 0, (byte) 0));
        wrong.add(() -> device.fill(mirror, at(0), -1, (byte) 0));
        wrong.add(() -> device.fill(mirror, at(0), Long.MAX_VALUE, (byte) 0));
        wrong.add(() -> device.sum(mirror, at(0) + 4, 8));
        wrong.add(() -> device.sum(mirror, at(0), 12));
        wrong.add(() -> device.atomicAdd(mirror, at(0) + 1, 1));
        wrong.add(() -> device.copy(mirror, at(0), at(0) + 1, 2));
        wrong.add(() -> device.copy(mirror, at(0), -1, 2));
        for (Callable<?> call : wrong) {
            assertThatIllegalArgumentException().isThrownBy(call::call).withMessageContaining("card");
        }
        assertThat(mirror.faults).hasValue(0);
    }

    @Test
    void framesAndPagesThatDoNotExistAreRefused() {
        for (int frame : new int[] {-1, FRAMES, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> driver.frameAllocated(frame)).isInstanceOf(DriverException.class);
            assertThatThrownBy(() -> driver.frameFreed(frame)).isInstanceOf(DriverException.class);
            assertThatThrownBy(() -> driver.zero(frame)).isInstanceOf(DriverException.class);
            assertThatThrownBy(() -> driver.copyToDevice(buffer(1), frame)).isInstanceOf(DriverException.class);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> driver.copyToDevice(buffer(2), 0));
        assertThatIllegalArgumentException().isThrownBy(() -> driver.copyToHost(0, MemorySegment.NULL));
        assertThatThrownBy(() -> driver.mapped(mirror,
                new Translations(0, List.of(new PageTranslation(at(0), FRAMES, null, DeviceAccess.READ)))))
                .isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.mapped(mirror,
                new Translations(0, List.of(new PageTranslation(at(0), -1, null, DeviceAccess.READ)))))
                .isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.invalidateStart(mirror,
                new Invalidation(InvalidationKind.CLEAR, 1, 2, 0, 1, true))).isInstanceOf(DriverException.class);
    }

    @Test
    void mirrorsThatAreNotAttachedAreRefused() {
        FakeMirror stranger = new FakeMirror(device, 1);

        assertThatIllegalArgumentException().isThrownBy(() -> device.read(stranger, at(0), buffer(1)))
                .withMessageContaining("not attached");
        assertThat(device.table(stranger)).isEmpty();
        assertThat(driver.testAndClearAccessed(stranger, at(0))).isFalse();
        assertThatThrownBy(() -> stranger.invalidate(0, 1)).isInstanceOf(DriverException.class);
    }

    @Test
    void injectionsOutOfRangeAreRefused() {
        FaultInjection faults = device.faults();
        assertThatIllegalArgumentException().isThrownBy(() -> faults.failAllocation(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> faults.failCopy(1, FaultInjection.FIRST_CODE - 1));
        assertThatIllegalArgumentException().isThrownBy(() -> faults.failCopy(-1, FaultInjection.FIRST_CODE));
        assertThatIllegalArgumentException().isThrownBy(() -> faults.delay(Phase.COPY, Duration.ofMillis(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> faults.delay(Phase.COPY, Duration.ofDays(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> device.operationLimit(Duration.ZERO));
    }

    @Test
    void sizesThatAreNotWholeFramesAreRefused() {
        for (long sizeBytes : new long[] {0, -PAGE, PAGE + 1, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> coherent("odd", sizeBytes));
            assertThatIllegalArgumentException().isThrownBy(() -> privateMemory("odd", sizeBytes));
        }
    }

    // Life and death.

    @Test
    void closingTwiceDoesNothing() {
        device.close();
        device.close();
        driver.close();
    }

    @Test
    void afterCloseOperationsAreRefusedAndQueriesAnswered() {
        driver.frameAllocated(0);
        device.close();

        assertThatExceptionOfType(DeviceClosedException.class)
                .isThrownBy(() -> device.read(mirror, at(0), buffer(1))).withMessageContaining("card");
        assertThatThrownBy(() -> driver.frameAllocated(1)).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.frameFreed(0)).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.zero(0)).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.attached(mirror)).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> driver.detached(mirror)).isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> mirror.invalidate(0, 1)).isInstanceOf(DriverException.class);
        assertThat(driver.testAndClearAccessed(mirror, at(0))).isFalse();
        device.faults().clear();
        assertThat(device.counters().liveFrames()).isOne();
        assertThat(device.events()).hasSize(2);
        assertThat(device.isAccessing()).isFalse();
        assertThat(device.table(mirror)).isEmpty();
        assertThat(device.staleTranslations()).isZero();
    }

    @Test
    void closeReleasesHeldAccesses() throws Exception {
        device.faults().holdAccesses(true);
        Future<OperationResult> read = start(() -> device.read(mirror, at(0), buffer(1)));
        awaitAccess();
        device.close();
        assertThat(read.get().pages()).isOne();
    }

    @Test
    void aCloseHasATimeLimitAndMayBeTriedAgain() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        mirror.inFault = () -> {
            inside.countDown();
            await(over);
        };
        Future<OperationResult> read = start(() -> device.read(mirror, at(0), buffer(1)));
        await(inside);
        device.operationLimit(Duration.ofMillis(20));

        assertThatExceptionOfType(DriverException.class).isThrownBy(device::close)
                .extracting(DriverException::code).isEqualTo(Status.BUSY);
        over.countDown();
        assertThatThrownBy(read::get).cause().isInstanceOf(DriverException.class);
        device.operationLimit(Duration.ofSeconds(60));
        device.close();
    }

    @Test
    void anInterruptEndsNothingAndStaysPending() {
        Thread.currentThread().interrupt();
        assertThat(device.read(mirror, at(0), buffer(1)).pages()).isOne();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anOperationHasATimeLimit() {
        CountDownLatch over = new CountDownLatch(1);
        mirror.inFault = () -> await(over);
        device.operationLimit(Duration.ofMillis(20));
        MemorySegment target = buffer(1).fill(UNTOUCHED);

        assertThatExceptionOfType(DriverException.class).isThrownBy(() -> device.read(mirror, at(0), target))
                .extracting(DriverException::code).isEqualTo(Status.TIMED_OUT);
        assertThatExceptionOfType(DriverException.class).as("an operation that waits in the queue")
                .isThrownBy(() -> device.read(mirror, at(0), target))
                .extracting(DriverException::code).isEqualTo(Status.TIMED_OUT);
        over.countDown();
        device.operationLimit(Duration.ofSeconds(60));
        assertThat(device.read(mirror, at(1), buffer(1)).pages()).as("the device goes on").isOne();
        assertThat(target.toArray(JAVA_BYTE)).containsOnly(UNTOUCHED);
    }

    @Test
    void coherentMemoryIsSharedWithTheProcessorAndOutlivesTheDevice() {
        SoftwareDevice shared = coherent("shared", FRAMES * PAGE);
        DeviceDriver sharedDriver = shared.driver();
        MemorySegment memory = ((CoherentDriver) sharedDriver).memory();
        assertThat(memory.byteSize()).isEqualTo(FRAMES * PAGE);
        assertThat(memory.address() % PAGE).isZero();
        assertThat(((CoherentDriver) sharedDriver).memory()).isSameAs(memory);
        FakeMirror space = new FakeMirror(shared, 4);
        sharedDriver.attached(space);
        space.putIntoDevice(1, 2);

        shared.fill(space, at(1), PAGE, (byte) 8);
        assertThat(memory.asSlice(2 * PAGE, PAGE).toArray(JAVA_BYTE)).containsOnly(8);
        memory.set(JAVA_BYTE, 2 * PAGE, (byte) 9);
        MemorySegment target = MemorySegment.ofArray(new byte[1]);
        shared.read(space, at(1), target);
        assertThat(target.get(JAVA_BYTE, 0)).isEqualTo((byte) 9);
        shared.close();
        assertThat(memory.get(JAVA_BYTE, 2 * PAGE)).isEqualTo((byte) 9);
    }

    @Test
    void aDeviceKnowsItsNameKindAndFrames() {
        assertThat(device.name()).isEqualTo("card");
        assertThat(device.kind()).isEqualTo(PoolKind.DEVICE_PRIVATE);
        assertThat(device.frames()).isEqualTo(FRAMES);
        assertThat(driver.frames()).isEqualTo(FRAMES);
        assertThat(device).asString().contains("card");
        assertThat(device.driver()).isSameAs(driver);
    }

    @Test
    void allOperationsAtOnceBreakNoRule() throws Exception {
        List<Future<?>> readers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            readers.add(start(() -> {
                for (int round = 0; round < 300; round++) {
                    device.read(mirror, at(0), buffer(8));
                }
                return null;
            }));
        }
        while (!readers.stream().allMatch(Future::isDone)) {
            driver.frameAllocated(1);
            mirror.invalidate(2, 1);
            driver.frameFreed(1);
            Thread.onSpinWait();
        }
        for (Future<?> reader : readers) {
            reader.get();
        }
        assertThat(device.counters().violations()).isZero();
    }

    // Help.

    private static DeviceEvent event(long number, DeviceEvent.Type type, long mirror, int frame) {
        return new DeviceEvent(number, type, mirror, 0, 0, 0, null, null, 0, frame);
    }

    private List<DeviceEvent.Type> eventTypes() {
        return device.events().stream().map(DeviceEvent::type).toList();
    }

    private static MemorySegment buffer(int pages) {
        return Arena.ofAuto().allocate((long) pages * PAGE);
    }

    private <T> Future<T> start(Callable<T> task) {
        return threads.submit(task);
    }

    private void awaitAccess() {
        while (!device.isAccessing()) {
            Thread.onSpinWait();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private static Duration timeOf(Runnable task) {
        long start = System.nanoTime();
        task.run();
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private static void assertThatUseAfterFree(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(DriverException.class).isThrownBy(call)
                .extracting(DriverException::code).isEqualTo(Status.USE_AFTER_FREE);
    }
}
