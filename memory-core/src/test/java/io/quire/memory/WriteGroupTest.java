package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A group of values is written in one step, or refused and kept. */
class WriteGroupTest {
    private static final long PAGE = 4096;
    private static final int POOL_PAGES = 1024;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(POOL_PAGES * PAGE).backgroundAgent(false));

    private long usedPages() {
        while (leaks.manager().reclaim(1000) > 0) {
            Thread.onSpinWait();
        }
        return leaks.manager().statistics().usedBytes() / PAGE;
    }

    @Test
    void valuesOfAllTypesAreWritten() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long at = space.map(PAGE);

            space.newWriteGroup().setByte(at, (byte) -1).setShort(at + 2, (short) -2).setInt(at + 4, -3)
                    .setLong(at + 8, -4).setFloat(at + 16, 5.5f).setDouble(at + 24, 6.5).commit();

            assertThat(space.getByte(at)).isEqualTo((byte) -1);
            assertThat(space.getByte(at + 1)).isZero();
            assertThat(space.getShort(at + 2)).isEqualTo((short) -2);
            assertThat(space.getInt(at + 4)).isEqualTo(-3);
            assertThat(space.getLong(at + 8)).isEqualTo(-4);
            assertThat(space.getFloat(at + 16)).isEqualTo(5.5f);
            assertThat(space.getDouble(at + 24)).isEqualTo(6.5);
        }
    }

    @Test
    void nothingIsWrittenBeforeTheCommit() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long at = space.map(PAGE);

            WriteGroup group = space.newWriteGroup().setLong(at, 1);

            assertThat(space.getLong(at)).isZero();
            assertThat(usedPages()).isZero();
            assertThat(group.size()).isEqualTo(1);
            group.clear();
            group.commit();
            assertThat(space.getLong(at)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
    void aValueMayCrossPages(int bytesInFirst) {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long at = space.map(2 * PAGE) + PAGE - bytesInFirst;

            accessor.newWriteGroup().setLong(at, 0x0102030405060708L).commit();

            assertThat(space.getLong(at)).isEqualTo(0x0102030405060708L);
        }
    }

    @Test
    void theLastValueOfAnAddressStays() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long at = space.map(PAGE);

            space.newWriteGroup().setLong(at, 1).setInt(at, 2).setLong(at + 8, 3).setLong(at, 4).commit();

            assertThat(space.getLong(at)).isEqualTo(4);
        }
    }

    @Test
    void aGroupCanBeUsedAgain() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long at = space.map(100 * PAGE);
            WriteGroup group = accessor.newWriteGroup();
            for (int round = 0; round < 100; round++) {
                group.setLong(at + round * PAGE, round).setLong(at, round).commit();
                assertThat(group.size()).isZero();
                assertThat(space.getLong(at + round * PAGE)).isEqualTo(round);
            }
        }
    }

    @Test
    void aGroupThatIsFullRefusesTheNextValueAndKeepsTheOthers() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long at = space.map(8 * PAGE);
            WriteGroup group = space.newWriteGroup();
            for (int i = 0; i < WriteGroup.MAX_VALUES - 7; i++) {
                group.setLong(at + 8L * i, i + 1);
            }
            assertThatThrownBy(() -> group.setLong(at + 3 * PAGE - 4, 1)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("at most 1024 values");
            for (int i = WriteGroup.MAX_VALUES - 7; i < WriteGroup.MAX_VALUES; i++) {
                group.setLong(at + 8L * i, i + 1);
            }
            assertThatThrownBy(() -> group.setByte(at, (byte) 1)).isInstanceOf(IllegalStateException.class);

            group.commit();

            for (int i = 0; i < WriteGroup.MAX_VALUES; i++) {
                assertThat(space.getLong(at + 8L * i)).isEqualTo(i + 1);
            }
        }
    }

    @Test
    void aGroupOfTooManyPagesRefusesTheNextAndKeepsTheOthers() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long at = space.map(200 * PAGE);
            WriteGroup group = space.newWriteGroup();
            for (int i = 0; i < WriteGroup.MAX_PAGES - 1; i++) {
                group.setLong(at + 2 * i * PAGE, i + 1);
            }
            long last = at + 2L * (WriteGroup.MAX_PAGES - 1) * PAGE;
            assertThatThrownBy(() -> group.setLong(last + PAGE - 4, -1)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("at most 64 pages");
            group.setLong(last, WriteGroup.MAX_PAGES);
            assertThatThrownBy(() -> group.setLong(last + PAGE, 1)).isInstanceOf(IllegalStateException.class);

            group.commit();

            for (int i = 0; i < WriteGroup.MAX_PAGES; i++) {
                assertThat(space.getLong(at + 2L * i * PAGE)).isEqualTo(i + 1);
            }
            assertThat(space.getLong(last + PAGE - 4)).isZero();
            assertThat(usedPages()).isEqualTo(WriteGroup.MAX_PAGES);
        }
    }

    @Test
    void aRefusedGroupHasWrittenNothingAndCanBeCommittedLater() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long at = space.map(4 * PAGE);
            space.unmap(at + 2 * PAGE, PAGE);
            for (MemoryAccess access : new MemoryAccess[] {space, accessor}) {
                WriteGroup group = access.newWriteGroup().setLong(at, 7).setLong(at + 3 * PAGE, 8)
                        .setLong(at + 2 * PAGE + 16, 9);

                assertThatThrownBy(group::commit).isInstanceOf(AddressNotMappedException.class)
                        .hasMessageContaining(Long.toHexString(at + 2 * PAGE + 16));

                assertThat(group.size()).isEqualTo(3);
                assertThat(space.getLong(at)).isZero();
                assertThat(usedPages()).isZero();
            }
            space.protect(at + PAGE, PAGE, Protection.READ_ONLY);
            WriteGroup group = space.newWriteGroup().setLong(at, 7).setLong(at + PAGE, 9);
            assertThatThrownBy(group::commit).isInstanceOf(ProtectionException.class);
            space.protect(at + PAGE, PAGE, Protection.READ_WRITE);
            group.commit();
            assertThat(space.getLong(at)).isEqualTo(7);
            assertThat(space.getLong(at + PAGE)).isEqualTo(9);
        }
    }

    @Test
    void aGroupThatLacksFramesGivesBackThoseItGot() {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                AddressSpace hog = leaks.manager().newAddressSpace()) {
            long at = space.map(100 * PAGE);
            long all = hog.map(POOL_PAGES * PAGE);
            hog.fill(all, (POOL_PAGES - 5) * PAGE, (byte) 1);
            WriteGroup group = space.newWriteGroup();
            for (int i = 0; i < 20; i++) {
                group.setLong(at + 3 * i * PAGE, i);
            }
            long before = usedPages();

            assertThatThrownBy(group::commit).isInstanceOf(OutOfFramesException.class);

            assertThat(usedPages()).isEqualTo(before);
            hog.discard(all, 100 * PAGE);
            group.commit();
            assertThat(space.getLong(at + 3 * 19 * PAGE)).isEqualTo(19);
        }
    }

    @Test
    void aSnapshotAClosedAccessorAndAnotherThreadAreRefused() throws Exception {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long at = space.map(PAGE);
            Accessor accessor = space.accessor();
            WriteGroup group = accessor.newWriteGroup().setLong(at, 1);
            try (AddressSpace snapshot = space.snapshot();
                    ExecutorService other = Executors.newSingleThreadExecutor()) {
                assertThatThrownBy(() -> snapshot.newWriteGroup().setLong(at, 1).commit())
                        .isInstanceOf(ProtectionException.class);
                Future<?> foreign = other.submit(group::commit);
                assertThatThrownBy(foreign::get).hasCauseInstanceOf(WrongThreadException.class);
            }
            accessor.close();
            assertThatThrownBy(group::commit).isInstanceOf(ClosedException.class);
            assertThat(space.getLong(at)).isZero();
        }
    }

    /** Every page of a group has the same number in every fork, whoever writes and whoever forks. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void everyForkHasTheWholeGroupOrNone(boolean byAccessor) throws Exception {
        int pages = 5;
        int forks = 3000;
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong committed = new AtomicLong();
        try (AddressSpace space = leaks.manager().newAddressSpace();
                ExecutorService writer = Executors.newSingleThreadExecutor()) {
            long at = space.map(100 * PAGE);
            Callable<Long> writes = () -> {
                try (Accessor accessor = space.accessor()) {
                    WriteGroup group = (byAccessor ? accessor : space).newWriteGroup();
                    long number = 0;
                    while (!stop.get()) {
                        number++;
                        for (int i = 0; i < pages; i++) {
                            group.setLong(at + 7 * i * PAGE + 8 * i, number);
                        }
                        group.commit();
                        committed.set(number);
                    }
                    return number;
                }
            };
            Future<Long> written = writer.submit(writes);
            Deque<AddressSpace> open = new ArrayDeque<>();
            Random random = new Random(1);
            long last = 0;
            for (int i = 0; (i < forks || committed.get() <= 10) && !written.isDone(); i++) {
                AddressSpace fork = random.nextBoolean() ? space.fork() : space.snapshot();
                long number = fork.getLong(at);
                assertThat(number).isGreaterThanOrEqualTo(last);
                for (int page = 1; page < pages; page++) {
                    assertThat(fork.getLong(at + 7 * page * PAGE + 8 * page)).isEqualTo(number);
                }
                last = number;
                open.add(fork);
                if (open.size() > 3) {
                    open.remove().close();
                }
            }
            stop.set(true);
            assertThat(written.get()).isGreaterThanOrEqualTo(last).isGreaterThan(10);
            open.forEach(AddressSpace::close);
        }
    }
}
