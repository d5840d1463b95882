package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.harness.ValueOperation;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class AccessorTest extends MemoryAccessContract {

    @Override
    MemoryAccess open(AddressSpace into) {
        return into.accessor();
    }

    @Override
    void end(MemoryAccess opened) {
        ((Accessor) opened).close();
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void operationOfAnotherThreadIsRefused(ValueOperation operation) throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace("mine");
                Accessor accessor = space.accessor()) {
            long address = space.map(PAGE);
            accessor.setLong(address, 42);
            Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class)
                    .isThrownBy(() -> operation.space().apply(accessor, address, 0))
                    .withMessageContainingAll("mine", "owner=main", "caller=racer-"));
            assertThat(accessor.getLong(address)).isEqualTo(42);
        }
    }

    @ParameterizedTest
    @FieldSource("OPERATIONS")
    void operationAfterCloseIsRefused(ValueOperation operation) {
        try (AddressSpace space = leaks.manager().newAddressSpace("still open")) {
            long address = space.map(PAGE);
            Accessor accessor = space.accessor();
            accessor.setLong(address, 42);
            accessor.close();
            accessor.close();
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> operation.space().apply(accessor, address, 0))
                    .withMessage("accessor of space still open is closed");
            assertThat(space.getLong(address)).isEqualTo(42);
            assertThat(accessor).hasToString("Accessor[space still open, owner=main, closed]");
        }
    }

    @Test
    void aRangeWithinAPageOfItsOwnIsWrittenWithoutTheLock() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(2 * PAGE);
            space.fill(address, 2 * PAGE, (byte) 1);
            CountDownLatch isWriter = new CountDownLatch(1);
            CountDownLatch locked = new CountDownLatch(1);
            CountDownLatch written = new CountDownLatch(1);
            Threads.race(Duration.ZERO,
                    running -> {
                        try (Accessor accessor = space.accessor()) {
                            accessor.setLong(address, 2); // the first write of an accessor takes the lock
                            isWriter.countDown();
                            locked.await();
                            accessor.fill(address + PAGE, Long.BYTES, (byte) 2);
                            written.countDown();
                        }
                    },
                    running -> {
                        isWriter.await();
                        space.inner().table().lock();
                        try {
                            locked.countDown();
                            assertThat(written.await(10, TimeUnit.SECONDS)).isTrue();
                        } finally {
                            space.inner().table().unlock();
                        }
                    });
        }
    }

    @Test
    void closeByAnotherThreadIsRefused() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class).isThrownBy(accessor::close));
            long address = space.map(PAGE);
            accessor.setLong(address, 1);
            assertThat(accessor.getLong(address)).isEqualTo(1);
        }
    }

    @Test
    void rangesOfAnotherThreadAndAfterCloseAreRefused() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            Accessor accessor = space.accessor();
            Threads.elsewhere(() -> {
                assertThatExceptionOfType(WrongThreadException.class)
                        .isThrownBy(() -> accessor.fill(address, 1, (byte) 1));
                assertThatExceptionOfType(WrongThreadException.class)
                        .isThrownBy(() -> accessor.copy(address, address + 8, 8));
                assertThatExceptionOfType(WrongThreadException.class)
                        .isThrownBy(() -> space.mismatch(address, accessor, address, 1));
            });
            accessor.close();
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> accessor.fill(address, 1, (byte) 1));
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> accessor.copyTo(address, new byte[1], 0, 1));
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> accessor.copy(address, address + 8, 8));
        }
    }

    @Test
    void accessorsOfOneThreadSeeEachOthersWrites() {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                Accessor first = space.accessor();
                Accessor second = space.accessor()) {
            long address = space.map(64L << 20);
            for (int round = 1; round < 40; round++) {
                for (long at = address; at < address + (64L << 20); at += 2L << 20) {
                    first.setLong(at, round);
                    assertThat(second.getLong(at)).isEqualTo(round);
                    assertThat(space.getLong(at)).isEqualTo(round);
                    second.setLong(at, -round);
                    assertThat(first.getLong(at)).isEqualTo(-round);
                }
                space.fork().close();
            }
        }
    }

    @Test
    void accessorReachesMoreDirectoriesThanItKeeps() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long directory = 16L << 20;
            long address = space.map(200 * directory);
            for (int i = 0; i < 200; i++) {
                accessor.setLong(address + i * directory, i);
            }
            for (int i = 0; i < 200; i++) {
                assertThat(accessor.getLong(address + i * directory)).isEqualTo(i);
                assertThat(accessor.getLong(address + i * directory + PAGE)).isZero();
            }
        }
    }

    @Test
    void addressesOfEveryTagOfTheCacheAreRefusedOrReached() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            for (long tag = 1; tag <= 0x1_0001; tag++) {
                long wild = tag << 21; // the tag that an accessor compares while its cache is small
                assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> accessor.getLong(wild));
            }
            long address = space.map(256L << 30);
            long high = 0xFFFFL << 21;
            assertThat(high).isBetween(address, address + (256L << 30));
            assertThat(accessor.getLong(high)).isZero();
            accessor.setLong(high, 42);
            assertThat(accessor.getLong(high)).isEqualTo(42);
        }
    }

    @Test
    void accessorWritesAtAddressesThatItsCacheDoesNotKeep() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long end = space.map(1L << 46) + (1L << 46);
            long[] addresses = {1L << 37, 1L << 40, 1L << 43, end - PAGE};
            Threads.elsewhere(() -> {
                try (Accessor accessor = space.accessor()) {
                    for (long address : addresses) {
                        accessor.setLong(address, address);
                        space.fork().close();
                        accessor.setLong(address + 8, address);
                        assertThat(accessor.getLong(address)).isEqualTo(address);
                        accessor.fill(address + 16, 16, (byte) 1);
                    }
                }
            });
            for (long address : addresses) {
                assertThat(space.getLong(address + 8)).isEqualTo(address);
            }
        }
    }

    @Test
    void accessorKnowsTheSpaceItWasOpenedOn() throws InterruptedException {
        AddressSpace space = leaks.manager().newAddressSpace();
        AddressSpace fork = space.fork();
        Accessor ofSpace = space.accessor();
        Accessor ofFork = fork.accessor();

        assertThat(ofSpace.space()).isSameAs(space);
        assertThat(ofFork.space()).isSameAs(fork);
        Threads.elsewhere(() -> assertThat(ofSpace.space()).isSameAs(space));

        ofSpace.close();
        ofFork.close();
        fork.close();
        space.close();
        assertThat(ofSpace.space()).isSameAs(space);
        assertThat(ofFork.space().isClosed()).isTrue();
    }

    @Test
    void accessorOfAClosedSpaceCannotBeOpenedButCanBeClosed() {
        AddressSpace space = leaks.manager().newAddressSpace();
        Accessor accessor = space.accessor();
        space.close();
        accessor.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(space::accessor);
    }
}
