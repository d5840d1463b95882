package io.quire.memory.transfer;

import static io.quire.memory.transfer.PageContent.HOLE;
import static io.quire.memory.transfer.PageContent.UNMAPPED;
import static io.quire.memory.transfer.PageContent.WRITTEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Pin;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What has changed between two spaces: exactly so in plain cases, never less in random ones, and found quickly. */
@Tag("portable")
@ExtendWith(Seed.class)
class SpaceDifferenceTest {

    private static final long PAGE = Image.PAGE;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(32 << 20).backgroundAgent(false)
            .deviceCoherentPool("coherent", 4 << 20));

    private AddressSpace space;
    private long address;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("s");
        address = space.map(200 * PAGE);
        space.setLong(address, 1);
        space.setLong(address + 100 * PAGE, 1);
    }

    @AfterEach
    void close() {
        space.close();
    }

    @Test
    void spaceDoesNotDifferFromItselfOrItsFork() {
        try (AddressSpace fork = space.fork(); AddressSpace grandchild = fork.snapshot()) {
            assertThat(SpaceDifference.between(space, space).isEmpty()).isTrue();
            assertThat(SpaceDifference.between(space, fork).isEmpty()).isTrue();
            assertThat(SpaceDifference.between(grandchild, space).ranges()).isEmpty();
            assertThat(SpaceDifference.between(grandchild, space).sizeBytes()).isZero();
        }
    }

    @Test
    void rangesSayWhatThePagesWereAndAre() {
        try (AddressSpace base = space.snapshot()) {
            space.setLong(address, 2);
            space.setLong(address + PAGE, 2);
            space.setLong(address + 2 * PAGE, 2);
            space.discard(address + 100 * PAGE, PAGE);

            SpaceDifference difference = SpaceDifference.between(base, space);
            assertThat(difference.ranges()).containsExactly(new ChangedRange(address, PAGE, WRITTEN, WRITTEN),
                    new ChangedRange(address + PAGE, 2 * PAGE, HOLE, WRITTEN),
                    new ChangedRange(address + 100 * PAGE, PAGE, WRITTEN, HOLE));
            assertThat(difference.sizeBytes()).isEqualTo(4 * PAGE);
            assertThat(SpaceDifference.between(space, base).ranges()).containsExactly(
                    new ChangedRange(address, PAGE, WRITTEN, WRITTEN),
                    new ChangedRange(address + PAGE, 2 * PAGE, WRITTEN, HOLE),
                    new ChangedRange(address + 100 * PAGE, PAGE, HOLE, WRITTEN));
        }
    }

    @Test
    void rangesThatOnlyOneSideHasAreNamed() {
        try (AddressSpace base = space.snapshot()) {
            space.unmap(address + 99 * PAGE, 101 * PAGE);
            long added = address + 300 * PAGE;
            space.mapAt(added, 3 * PAGE);
            space.setLong(added + PAGE, 1);

            assertThat(SpaceDifference.between(base, space).ranges()).containsExactly(
                    new ChangedRange(address + 99 * PAGE, PAGE, HOLE, UNMAPPED),
                    new ChangedRange(address + 100 * PAGE, PAGE, WRITTEN, UNMAPPED),
                    new ChangedRange(address + 101 * PAGE, 99 * PAGE, HOLE, UNMAPPED),
                    new ChangedRange(added, PAGE, UNMAPPED, HOLE),
                    new ChangedRange(added + PAGE, PAGE, UNMAPPED, WRITTEN),
                    new ChangedRange(added + 2 * PAGE, PAGE, UNMAPPED, HOLE));
        }
    }

    @Test
    void changeOfTheProtectionIsNoChange() {
        try (AddressSpace base = space.snapshot()) {
            space.protect(address, 10 * PAGE, Protection.NONE);
            space.protect(address + 50 * PAGE, 100 * PAGE, Protection.READ_ONLY);
            assertThat(SpaceDifference.between(base, space).ranges()).isEmpty();
        }
    }

    @Test
    void pagesThatMovedWhileBothSharedThemAreNotNamed() {
        try (AddressSpace base = space.snapshot(); AddressSpace other = space.fork()) {
            other.setLong(address, 2);
            assertThat(space.migrate(address, PAGE, leaks.manager().pool("coherent")).moved()).isOne();
            assertThat(SpaceDifference.between(base, space).ranges()).isEmpty();
            assertThat(SpaceDifference.between(base, other).sizeBytes()).isEqualTo(PAGE);
        }
    }

    @Test
    void whatIsWrittenThroughAPinIsNamed() {
        try (Pin pin = space.pin(address, PAGE, PinTerm.LONG, PinAccess.WRITE);
                AddressSpace base = space.snapshot()) {
            space.setLong(pin.address(), 2); // in place, because the snapshot has a copy
            assertThat(SpaceDifference.between(base, space).ranges())
                    .containsExactly(new ChangedRange(address, PAGE, WRITTEN, WRITTEN));
        }
    }

    @Test
    void treesOfDifferentDepthAreCompared() {
        try (AddressSpace base = space.snapshot()) {
            space.mapAt(1L << 40, PAGE);
            space.setLong(1L << 40, 1);
            space.setLong(address + PAGE, 1);
            ChangedRange near = new ChangedRange(address + PAGE, PAGE, HOLE, WRITTEN);
            ChangedRange far = new ChangedRange(1L << 40, PAGE, UNMAPPED, WRITTEN);
            assertThat(SpaceDifference.between(base, space).ranges()).containsExactly(near, far);
            assertThat(SpaceDifference.between(space, base).ranges()).hasSize(2)
                    .last().isEqualTo(new ChangedRange(1L << 40, PAGE, WRITTEN, UNMAPPED));
        }
    }

    @Test
    void spacesOfTwoLineagesAreRefused() {
        try (AddressSpace stranger = leaks.manager().newAddressSpace("stranger")) {
            assertThatIllegalArgumentException().isThrownBy(() -> SpaceDifference.between(space, stranger))
                    .withMessageContaining("base=s").withMessageContaining("space=stranger");
            assertThatIllegalArgumentException().isThrownBy(() -> SpaceExport.since(space, stranger));
        }
    }

    @Test
    void closedSpaceIsRefusedAndNoSnapshotStays() {
        AddressSpace closed = space.fork("closed");
        closed.close();
        assertThatThrownBy(() -> SpaceDifference.between(closed, space)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> SpaceDifference.between(space, closed)).isInstanceOf(ClosedException.class);
        assertThat(leaks.manager().openSpaces()).hasSize(1);
    }

    // ---- cost

    /** 6,000 pages in 16 GiB of addresses. */
    @Test
    void theWalkLooksIntoWhatHasChangedOnly() {
        long huge = space.map(16L << 30);
        for (long page = 0; page < 6_000; page++) {
            space.setLong(huge + page * 40 * PAGE, 1);
        }
        try (AddressSpace base = space.snapshot()) {
            for (long page = 0; page < 10; page++) {
                space.setLong(huge + page * 600 * 40 * PAGE, 2);
            }
            try (SnapshotPair pair = SnapshotPair.of(base, space)) {
                TreeComparison comparison = pair.compare();
                assertThat(comparison.changes().pages(true)).isEqualTo(10);
                // The top, at most one directory of each level for each page, and a leaf for each page.
                assertThat(comparison.nodes()).isBetween(12L, 41L);
            }
        }
    }

    // ---- random histories

    @RepeatedTest(8)
    void noPageThatDiffersIsMissed(SplittableRandom random) {
        TransferHistory history = new TransferHistory(leaks.manager(), random);
        List<AddressSpace> spaces = new ArrayList<>(List.of(space));
        for (int round = 0; round < 6; round++) {
            AddressSpace parent = spaces.get(random.nextInt(spaces.size()));
            spaces.add(parent.fork());
            for (AddressSpace one : spaces) {
                history.play(one, 40);
            }
            compare(spaces.get(random.nextInt(spaces.size())), spaces.get(random.nextInt(spaces.size())));
        }
        compare(spaces.getFirst(), spaces.getLast());
        spaces.forEach(AddressSpace::close);
    }

    private static void compare(AddressSpace base, AddressSpace current) {
        Image was = Image.of(base);
        Image is = Image.of(current);
        TreeSet<Long> pages = new TreeSet<>(was.mapped());
        pages.addAll(is.mapped());
        SpaceDifference difference = SpaceDifference.between(base, current);
        for (ChangedRange range : difference.ranges()) {
            for (long page = range.address(); page < range.end(); page += PAGE) {
                check(was, page, range.before());
                check(is, page, range.after());
                pages.remove(page);
            }
        }
        for (long page : pages) {
            assertThat(was.isMapped(page)).as("mapped before and now: 0x%x", page).isEqualTo(is.isMapped(page));
            assertThat(was.page(page)).as("page that is not named: 0x%x", page).isEqualTo(is.page(page));
        }
        assertThat(difference.sizeBytes()).isEqualTo(
                difference.ranges().stream().mapToLong(ChangedRange::sizeBytes).sum());
    }

    private static void check(Image image, long page, PageContent content) {
        assertThat(image.isMapped(page)).as("mapped: 0x%x", page).isEqualTo(content != UNMAPPED);
        if (content == HOLE) {
            assertThat(image.page(page)).as("hole: 0x%x", page).containsOnly(0);
        }
    }

    // ---- races

    /** A counter in each page says which writes a snapshot has; pages move between the pools all the time. */
    @Test
    void nothingIsMissedWhileWritersForksMigrationsAndEvictionsGoOn(SplittableRandom random)
            throws InterruptedException {
        int pages = 130;
        AtomicLong found = new AtomicLong();
        Threads.race(Duration.ofSeconds(2), running -> {
            try (Accessor accessor = space.accessor()) {
                for (long value = 2; running.getAsBoolean(); value++) {
                    accessor.setLong(address + value % pages * PAGE, value);
                }
            }
        }, running -> {
            while (running.getAsBoolean()) {
                space.migrate(address, pages * PAGE, leaks.manager().pool("coherent"));
                leaks.manager().evict(leaks.manager().pool("coherent"), pages);
            }
        }, running -> {
            AddressSpace base = space.snapshot();
            while (running.getAsBoolean()) {
                AddressSpace next = space.snapshot();
                TreeSet<Long> named = new TreeSet<>();
                for (ChangedRange range : SpaceDifference.between(base, next).ranges()) {
                    for (long page = range.address(); page < range.end(); page += PAGE) {
                        named.add(page);
                    }
                }
                for (long page = address; page < address + pages * PAGE; page += PAGE) {
                    boolean differs = base.getLong(page) != next.getLong(page);
                    found.addAndGet(differs ? 1 : 0);
                    assertThat(!differs || named.contains(page)).as("page 0x%x", page).isTrue();
                }
                base.close();
                base = next;
            }
            base.close();
        });
        assertThat(found).hasPositiveValue();
    }
}
