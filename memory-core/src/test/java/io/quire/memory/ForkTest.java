package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.contract.TooManySpacesException;
import io.quire.memory.testkit.LeakCheck;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Forks and snapshots, used by one thread. */
@Tag("portable")
class ForkTest {

    private static final int PAGE = 4096;

    @RegisterExtension
    final LeakCheck leaks =
            new LeakCheck(builder -> builder.hostPool(8L << 20).backgroundAgent(false).maxSpaces(1_200));

    @Test
    void bothSidesStartEqualAndGoTheirOwnWays() {
        try (AddressSpace parent = leaks.manager().newAddressSpace(); Accessor writer = parent.accessor()) {
            long address = parent.map(3 * PAGE);
            writer.setLong(address, 1);
            writer.setLong(address + PAGE, 2);
            try (AddressSpace child = parent.fork()) {
                assertThat(child.mismatch(address, parent, address, 3 * PAGE)).isEqualTo(-1);
                writer.setLong(address, 10);
                child.setLong(address + PAGE, 20);
                child.setLong(address + 2 * PAGE, 30);
                assertThat(longs(parent, address)).containsExactly(10L, 2L, 0L);
                assertThat(longs(child, address)).containsExactly(1L, 20L, 30L);
            }
            assertThat(longs(parent, address)).containsExactly(10L, 2L, 0L);
        }
    }

    @Test
    void mappingsAndProtectionsOfBothSidesAreTheirOwn() {
        try (AddressSpace parent = leaks.manager().newAddressSpace()) {
            long address = parent.map(2 * PAGE);
            parent.setLong(address, 1);
            try (AddressSpace child = parent.fork()) {
                parent.unmap(address + PAGE, PAGE);
                child.protect(address, PAGE, Protection.READ_ONLY);
                parent.setLong(address, 2);
                assertThat(child.getLong(address)).isEqualTo(1);
                assertThat(child.getLong(address + PAGE)).isZero();
                child.setLong(address + PAGE, 3);
                assertThatExceptionOfType(ProtectionException.class)
                        .isThrownBy(() -> child.setLong(address, 3));
                assertThat(child.map(PAGE)).isEqualTo(parent.map(PAGE));
            }
        }
    }

    @Test
    void pagesAreCopiedOnceAndWrittenInPlaceByTheLastOwner() {
        MemoryManager manager = leaks.manager();
        try (AddressSpace parent = manager.newAddressSpace()) {
            long address = parent.map(10 * PAGE);
            parent.fill(address, 10 * PAGE, (byte) 1);
            AddressSpace child = parent.fork();
            assertThat(manager.statistics().usedBytes()).isEqualTo(10 * PAGE);
            parent.setByte(address, (byte) 2);
            parent.setByte(address + 1, (byte) 2);
            assertThat(manager.statistics().pagesCopied()).isEqualTo(1);
            assertThat(manager.statistics().usedBytes()).isEqualTo(11 * PAGE);
            child.close();
            reclaimAll();
            assertThat(manager.statistics().usedBytes()).isEqualTo(10 * PAGE);
            parent.fill(address, 10 * PAGE, (byte) 3);
            assertThat(manager.statistics().pagesCopied()).isEqualTo(1);
            assertThat(manager.statistics().usedBytes()).isEqualTo(10 * PAGE);
        }
    }

    @Test
    void forksOfForksKeepTheContentOfTheirMoment() {
        List<AddressSpace> line = new ArrayList<>();
        line.add(leaks.manager().newAddressSpace());
        long address = line.getFirst().map(8 * PAGE);
        for (int depth = 0; depth < 200; depth++) {
            line.getLast().setLong(address + depth % 8 * PAGE, depth + 1);
            if (depth % 3 == 0) {
                try (AddressSpace between = line.getLast().snapshot()) {
                    line.add(between.fork());
                }
            } else {
                line.add(line.getLast().fork());
            }
        }
        for (int depth = 0; depth <= 200; depth++) {
            for (int page = 0; page < 8; page++) {
                // Each space was written once after it was forked off, and then forked.
                int written = Math.min(depth + 1, 200);
                int last = (written - 1 - page) / 8 * 8 + page + 1;
                assertThat(line.get(depth).getLong(address + page * PAGE))
                        .isEqualTo(written > page ? last : 0);
            }
        }
        Collections.shuffle(line, new Random(7));
        line.forEach(AddressSpace::close);
    }

    @Test
    void parentsAndChildrenMayBeClosedInAnyOrder() {
        for (boolean parentFirst : new boolean[] {true, false}) {
            AddressSpace parent = leaks.manager().newAddressSpace();
            long address = parent.map(200L * PAGE);
            parent.fill(address, 200L * PAGE, (byte) 1);
            AddressSpace child = parent.fork();
            AddressSpace grandchild = child.fork();
            child.setByte(address, (byte) 2);
            child.close();
            (parentFirst ? parent : grandchild).close();
            reclaimAll();
            AddressSpace last = parentFirst ? grandchild : parent;
            assertThat(last.getByte(address)).isEqualTo((byte) 1);
            last.fill(address, 200L * PAGE, (byte) 4);
            assertThat(last.getByte(address + 199L * PAGE)).isEqualTo((byte) 4);
            assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(200L * PAGE);
            last.close();
        }
    }

    @Test
    void snapshotRefusesEveryChangeAndItsForkDoesNot() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            space.setLong(address, 1);
            try (AddressSpace snapshot = space.snapshot("then"); AddressSpace fork = snapshot.fork()) {
                for (Runnable change : List.<Runnable>of(() -> snapshot.setLong(address, 2),
                        () -> snapshot.map(1),
                        () -> snapshot.unmap(address, PAGE), () -> snapshot.discard(address, PAGE),
                        () -> snapshot.protect(address, PAGE, Protection.NONE))) {
                    assertThatExceptionOfType(ProtectionException.class).isThrownBy(change::run)
                            .withMessageContaining("space=then");
                }
                fork.setLong(address, 3);
                space.setLong(address, 4);
                assertThat(snapshot.getLong(address)).isEqualTo(1);
                assertThat(fork.getLong(address)).isEqualTo(3);
            }
        }
    }

    @Test
    void forksBeyondTheLimitAreRefusedAndLeaveEverythingIntact() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            Deque<AddressSpace> forks = new ArrayDeque<>();
            for (int i = 1; i < 1_200; i++) {
                space.setLong(address, i);
                forks.add(space.fork());
            }
            for (int i = 0; i < 3; i++) {
                assertThatExceptionOfType(TooManySpacesException.class).isThrownBy(space::fork)
                        .withMessageContaining("limit=1200").withMessageContaining("maxSpaces");
                assertThatExceptionOfType(TooManySpacesException.class).isThrownBy(space::snapshot);
                assertThatExceptionOfType(TooManySpacesException.class)
                        .isThrownBy(() -> space.runs(address, 1));
                assertThatExceptionOfType(TooManySpacesException.class)
                        .isThrownBy(leaks.manager()::newAddressSpace);
            }
            ManagerCheck.recount(leaks.manager());
            assertThat(leaks.manager().statistics().openSpaces()).isEqualTo(1_200);
            int expected = 1;
            for (AddressSpace fork : forks) {
                assertThat(fork.getLong(address)).isEqualTo(expected++);
            }
            forks.removeFirst().close();
            forks.add(space.fork());
            assertThatExceptionOfType(TooManySpacesException.class).isThrownBy(space::fork);
            forks.forEach(AddressSpace::close);
        }
    }

    @Test
    void sixtyFourGibibytesCostNoFrameAndForkAsFastAsOnePage() {
        long sizeBytes = 64L << 30;
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(sizeBytes);
            assertThat(leaks.manager().statistics().usedBytes()).isZero();
            assertThat(space.getLong(address + sizeBytes - 8)).isZero();
            for (long at = address; at < address + sizeBytes; at += 64L << 20) {
                space.setLong(at, at);
            }
            assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(1_024 * PAGE);
            long begin = System.nanoTime();
            for (int i = 0; i < 200; i++) {
                try (AddressSpace fork = space.fork()) {
                    fork.setLong(address + sizeBytes - 8, i);
                    assertThat(fork.getLong(address)).isEqualTo(address);
                }
            }
            // Copying the tables would take a millisecond per fork. The limit leaves room for a busy machine.
            assertThat(System.nanoTime() - begin).isLessThan(2_000_000_000L);
            space.unmap(address, sizeBytes);
        }
    }

    @Test
    void closeDestroysAFewNodesAndLeavesTheRestForLater() {
        MemoryManager manager = leaks.manager();
        AddressSpace space = manager.newAddressSpace();
        int pages = 1_600;
        long address = space.map(pages * (long) PAGE * 64);
        for (int i = 0; i < pages; i++) {
            space.setByte(address + i * 64L * PAGE, (byte) 1); // each page has a leaf of its own
        }
        space.close();
        assertThat(manager.statistics().usedBytes()).isGreaterThan(pages / 2 * PAGE);
        assertThat(manager.reclaim(10)).isEqualTo(10);
        assertThat(manager.statistics().usedBytes()).isPositive();
        reclaimAll();
        assertThat(manager.statistics().usedBytes()).isZero();
        assertThat(manager.reclaim(10)).isZero();
    }

    @Test
    void backgroundAgentGivesFramesBackByItself() throws InterruptedException {
        try (MemoryManager manager = MemoryManager.builder().hostPool(8L << 20).build()) {
            AddressSpace space = manager.newAddressSpace();
            long address = space.map(4L << 20);
            space.fill(address, 4L << 20, (byte) 1);
            space.close();
            for (int i = 0; i < 1_000 && manager.statistics().usedBytes() > 0; i++) {
                Thread.sleep(10);
            }
            assertThat(manager.statistics().usedBytes()).isZero();
        }
    }

    private void reclaimAll() {
        while (leaks.manager().reclaim(1_000) > 0) {
            // until all is destroyed
        }
    }

    private static List<Long> longs(AddressSpace space, long address) {
        return List.of(space.getLong(address), space.getLong(address + PAGE),
                space.getLong(address + 2 * PAGE));
    }
}
