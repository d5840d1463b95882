package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Only its owner may close a handle while the owner lives. After that, any thread may. */
class OwnerEndedTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 16;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).backgroundAgent(false));

    private AddressSpace space;
    private long address;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("data");
        address = space.map(PAGES * PAGE);
        space.fill(address, PAGES * PAGE, (byte) 1);
    }

    static Stream<ThreadFactory> threads() {
        return Stream.of(Thread.ofPlatform().factory(), Thread.ofVirtual().factory());
    }

    private static <T> T byThreadThatEnds(ThreadFactory threads, Function<Thread, T> work) throws InterruptedException {
        List<T> results = new ArrayList<>();
        Thread thread = threads.newThread(() -> results.add(work.apply(Thread.currentThread())));
        thread.start();
        thread.join();
        return results.getFirst();
    }

    @ParameterizedTest
    @MethodSource("threads")
    void cursorOfAnEndedThreadIsClosedByAnotherThread(ThreadFactory threads) throws InterruptedException {
        RunCursor cursor = byThreadThatEnds(threads, _ -> {
            RunCursor runs = space.runs(address, PAGES * PAGE);
            runs.next();
            return runs;
        });
        assertThatExceptionOfType(WrongThreadException.class).isThrownBy(cursor::next);
        cursor.close();
        assertThatNoException().as("closing it again").isThrownBy(cursor::close);
        space.close();
    }

    private Accessor writeAndPin(List<Pin> pins) {
        Accessor accessor = space.accessor();
        accessor.setLong(address, 7);
        pins.add(accessor.pin(address, 8, PinTerm.SHORT, PinAccess.WRITE));
        pins.add(accessor.pin(address, 8, PinTerm.SHORT, PinAccess.WRITE));
        pins.add(accessor.pin(address + PAGE, 2 * PAGE, PinTerm.LONG, PinAccess.READ));
        pins.forEach(pin -> assertThat(pin.segments()).isNotEmpty());
        return accessor;
    }

    @ParameterizedTest
    @MethodSource("threads")
    void accessorAndPinsOfAnEndedThreadAreClosedByAnotherThread(ThreadFactory threads) throws InterruptedException {
        List<Pin> pins = new ArrayList<>();
        Accessor accessor = byThreadThatEnds(threads, _ -> writeAndPin(pins));
        assertThatExceptionOfType(WrongThreadException.class).isThrownBy(() -> accessor.getLong(address));
        pins.getFirst().close();
        accessor.close();
        accessor.close();
        assertThat(leaks.manager().openPins()).hasSize(2);
        pins.subList(1, 3).forEach(Pin::close);
        pins.forEach(Pin::close);
        assertThat(leaks.manager().openPins()).isEmpty();
        try (AddressSpace fork = space.fork()) {
            assertThat(fork.getLong(address)).isEqualTo(7);
        }
        space.close();
    }

    @Test
    void onlyTheOwnerMayCloseWhileItLives() throws InterruptedException {
        CountDownLatch opened = new CountDownLatch(1);
        CountDownLatch refused = new CountDownLatch(1);
        List<AutoCloseable> all = new ArrayList<>();
        Thread owner = Thread.ofVirtual().start(() -> {
            List<Pin> pins = new ArrayList<>();
            Accessor accessor = writeAndPin(pins);
            RunCursor cursor = space.runs(address, PAGE);
            all.addAll(pins);
            all.addAll(List.of(accessor, cursor));
            opened.countDown();
            awaitQuietly(refused);
            pins.forEach(Pin::close);
            accessor.close();
            cursor.close();
        });
        opened.await();
        for (AutoCloseable one : all) {
            assertThatExceptionOfType(WrongThreadException.class).isThrownBy(one::close);
        }
        refused.countDown();
        owner.join();
        assertThat(leaks.manager().openPins()).isEmpty();
        space.close();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void manyThreadsMayCloseAPin() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            List<Pin> pins = new ArrayList<>();
            Accessor accessor = byThreadThatEnds(Thread.ofPlatform().factory(), _ -> writeAndPin(pins));
            Threads.Task closer = _ -> {
                accessor.close();
                pins.forEach(Pin::close);
            };
            Threads.race(Duration.ZERO, closer, closer, closer);
            assertThat(leaks.manager().openPins()).isEmpty();
        }
        space.close();
    }
}
