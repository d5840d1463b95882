package io.quire.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LogLines;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A manager lists what is open, and closes with everything that is open. */
class ManagerEndTest {

    private static final long PAGE = 4096;

    @RegisterExtension
    final LogLines log = new LogLines();

    private static MemoryManager open(boolean leakTracking) {
        return MemoryManager.builder().name("m").hostPool(1 << 20).deviceCoherentPool("near", 1 << 20)
                .leakTracking(leakTracking).build();
    }

    @Test
    void openSpacesListsWhatIsOpen() {
        try (MemoryManager manager = open(true);
                AddressSpace space = manager.newAddressSpace("a");
                AddressSpace fork = space.fork("b");
                AddressSpace snapshot = fork.snapshot();
                RunCursor cursor = space.runs(space.map(PAGE), PAGE)) {
            assertThat(cursor.memory().byteSize()).isZero();
            List<OpenSpace> open = manager.openSpaces();
            assertThat(open).extracting(OpenSpace::name)
                    .containsExactly("a", "b", snapshot.name(), "runs of a");
            assertThat(open).extracting(OpenSpace::kind).containsExactly(OpenSpace.Kind.SPACE, OpenSpace.Kind.FORK,
                    OpenSpace.Kind.SNAPSHOT, OpenSpace.Kind.CURSOR);
            assertThat(open).extracting(OpenSpace::parent).containsExactly(null, "a", "b", "a");
            assertThat(open).allSatisfy(one -> {
                assertThat(one.age()).isPositive();
                assertThat(one.stack().getFirst().getMethodName()).isEqualTo("openSpacesListsWhatIsOpen");
            });
        }
    }

    @Test
    void withoutLeakTrackingThereIsNoStack() {
        try (MemoryManager manager = open(false); AddressSpace space = manager.newAddressSpace("a")) {
            assertThat(manager.openSpaces()).singleElement().satisfies(one -> {
                assertThat(one.name()).isEqualTo(space.name());
                assertThat(one.stack()).isEmpty();
            });
        }
    }

    @Test
    void closeAllClosesEverythingThatIsOpen() throws InterruptedException {
        MemoryManager manager = open(false);
        AddressSpace space = manager.newAddressSpace("a");
        long address = space.map(4 * PAGE);
        space.fill(address, 4 * PAGE, (byte) 1);
        space.migrate(address, PAGE, manager.pool("near"));
        manager.device("near").attach(space);
        AddressSpace fork = space.fork();
        Accessor accessor = space.accessor();
        accessor.setLong(address + PAGE, 1);
        Pin inPlace = accessor.pin(address + PAGE, 8, PinTerm.SHORT, PinAccess.WRITE);
        Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ);
        RunCursor cursor = space.runs(address + PAGE, PAGE);
        cursor.next();
        Threads.elsewhere(() -> {
            Accessor ofEnded = fork.accessor();
            ofEnded.setLong(address, 2);
            ofEnded.pin(address, 8, PinTerm.SHORT, PinAccess.READ);
            fork.runs(address, PAGE).next();
        });
        manager.closeAll(Duration.ofSeconds(10));
        assertThat(space.isClosed()).isTrue();
        assertThat(fork.isClosed()).isTrue();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(manager::statistics);
        manager.closeAll(Duration.ZERO);
        manager.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> accessor.setLong(address, 1));
        pin.close();
        inPlace.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(pin::segments);
        accessor.close();
        cursor.close();
        assertThat(log.about("space a,")).isEmpty();
    }

    @Test
    void closeAllNamesWhatAnotherThreadUsesAndLeavesItOpen() throws InterruptedException {
        MemoryManager manager = open(false);
        AddressSpace space = manager.newAddressSpace("a");
        long address = space.map(PAGE);
        space.setLong(address, 42);
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch refused = new CountDownLatch(1);
        Thread reader = Thread.ofPlatform().name("reader-7").start(() -> {
            try (RunCursor cursor = space.runs(address, PAGE)) {
                cursor.next();
                reading.countDown();
                refused.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        reading.await();
        assertThatExceptionOfType(OpenSpacesException.class)
                .isThrownBy(() -> manager.closeAll(Duration.ofMillis(50)))
                .withMessageContaining("cursor, snapshot runs of a").withMessageContaining("count=1")
                .withMessageContaining("which has to close it or to end: thread=reader-7");
        assertThat(space.isClosed()).isTrue();
        refused.countDown();
        manager.closeAll(Duration.ofSeconds(10)); // waits for the other thread
        reader.join();
        assertThatIllegalArgumentException().isThrownBy(() -> manager.closeAll(Duration.ofNanos(-1)));
    }

    /**
     * The thread may write through the segments at any time, so their frames must not be reused before it closes the
     * pin.
     */
    @ParameterizedTest
    @ValueSource(longs = {8, 2 * PAGE})
    void pinOfAnAccessorOfAnotherThreadIsWaitedForAndNamed(long sizeBytes) throws InterruptedException {
        MemoryManager manager = open(false);
        AddressSpace space = manager.newAddressSpace("a");
        long address = space.map(2 * PAGE);
        CountDownLatch pinned = new CountDownLatch(1);
        CountDownLatch refused = new CountDownLatch(1);
        Thread writer = Thread.ofPlatform().start(() -> {
            try (Accessor accessor = space.accessor();
                    Pin pin = accessor.pin(address, sizeBytes, PinTerm.SHORT, PinAccess.WRITE)) {
                pin.segments().getFirst().set(JAVA_BYTE, 0, (byte) 1);
                pinned.countDown();
                refused.await();
                pin.segments().getFirst().set(JAVA_BYTE, 0, (byte) 2);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        pinned.await();
        assertThatExceptionOfType(PagesBusyException.class)
                .isThrownBy(() -> manager.closeAll(Duration.ofMillis(50)))
                .withMessageContaining("count=1").withMessageContaining(writer.getName());
        assertThat(manager.openPins()).hasSize(1);
        refused.countDown();
        manager.closeAll(Duration.ofSeconds(10)); // waits for the other thread
        writer.join();
    }

    @Test
    void segmentsOfAnAccessorsPinEndWithTheManagerThatItsThreadCloses() {
        MemoryManager manager = open(false);
        AddressSpace space = manager.newAddressSpace("a");
        long address = space.map(2 * PAGE);
        Accessor accessor = space.accessor();
        MemorySegment ofPage = accessor.pin(address, 8, PinTerm.SHORT, PinAccess.WRITE).segments().getFirst();
        MemorySegment ofPages = accessor.pin(address, 2 * PAGE, PinTerm.SHORT, PinAccess.WRITE).segments().getFirst();
        manager.closeAll(Duration.ZERO);
        assertThatIllegalStateException().isThrownBy(() -> ofPage.set(JAVA_BYTE, 0, (byte) 1));
        assertThatIllegalStateException().isThrownBy(() -> ofPages.set(JAVA_BYTE, 0, (byte) 1));
    }

    @Test
    void closeOnAnInterruptedThreadEndsTheAgent() {
        MemoryManager manager = MemoryManager.builder().name("interrupted").hostPool(1 << 20).build();
        Thread.currentThread().interrupt();
        manager.close();
        assertThat(Thread.interrupted()).as("the thread stays interrupted").isTrue();
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
                .doesNotContain("quire-agent-interrupted");
    }

    @Test
    void interruptDoesNotEndTheAgent() throws InterruptedException {
        try (MemoryManager manager = MemoryManager.builder().name("shaken").hostPool(1 << 20).build();
                AddressSpace space = manager.newAddressSpace()) {
            Thread agent = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("quire-agent-shaken")).findAny().orElseThrow();
            for (int i = 0; i < 20; i++) {
                agent.interrupt();
                while (agent.isInterrupted() && agent.isAlive()) {
                    Thread.onSpinWait();
                }
            }
            assertThat(agent.isAlive()).isTrue();
            assertThat(space.isClosed()).isFalse();
        }
    }

    @Test
    void aDeviceThatFailsWhileItsManagerClosesIsReportedInTheLog() {
        RecordingDriver driver = new RecordingDriver.Coherent(1);
        MemoryManager manager = MemoryManager.builder().name("m").hostPool(1 << 20).device("near", driver).build();
        driver.on(RecordingDriver.Call.CLOSE, 1, RecordingDriver::failing);
        manager.close();
        assertThat(log.about("device near failed while it was closed with its manager")).hasSize(1);
        assertThat(driver.count(RecordingDriver.Call.CLOSE)).isOne();
        manager.close();
    }
}
