package io.quire.memory.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.WrongBaseException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Spaces that go out and come back, full and by increments, into the same manager and another one. */
@Tag("portable")
@ExtendWith(Seed.class)
class TransferTest {

    private static final long PAGE = Image.PAGE;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(32 << 20).backgroundAgent(false)
            .deviceCoherentPool("coherent", 4 << 20));

    @RegisterExtension
    final LeakCheck others = new LeakCheck(32L << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("s");
        address = space.map(300 * PAGE);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private static void assertSame(AddressSpace restored, AddressSpace original) {
        Image is = Image.of(restored);
        Image was = Image.of(original);
        assertThat(is.isSameAs(was)).as("%s and %s", is, was).isTrue();
    }

    // ---- full

    @Test
    void exportHasMappingsProtectionsAndPages() {
        space.setLong(address + 5 * PAGE, 42);
        space.fill(address + 100 * PAGE, 150 * PAGE, (byte) 7);
        space.mapAt(1L << 40, 3 * PAGE, Protection.READ_ONLY);
        space.protect(address + 101 * PAGE, 3 * PAGE, Protection.NONE);
        space.protect(address + 120 * PAGE, PAGE, Protection.READ_ONLY);
        space.unmap(address + 50 * PAGE, PAGE);
        try (AddressSpace restored = Exports.read(Exports.of(space), others.manager())) {
            assertSame(restored, space);
            assertThat(restored.statistics().exclusivePages()).isEqualTo(space.statistics().exclusivePages());
            restored.setLong(address + 5 * PAGE, 43);
            assertThat(restored.map(PAGE)).isGreaterThan(1L << 40);
        }
    }

    @Test
    void emptySpaceAndSpaceWithoutMappingComeBack() {
        try (AddressSpace bare = leaks.manager().newAddressSpace();
                AddressSpace restored = Exports.read(Exports.of(space), others.manager());
                AddressSpace bareToo = Exports.read(Exports.of(bare), others.manager())) {
            assertSame(restored, space);
            assertThat(bareToo.mappings()).isEmpty();
            assertThat(Exports.of(bare)).hasSize(ExportHeader.SIZE_BYTES + 4 + RecordHeader.SIZE_BYTES
                    + RecordHeader.TAIL_BYTES);
        }
    }

    @Test
    void holesTakeNoRoomAndReportCounts() throws Exception {
        space.setLong(address + 299 * PAGE, 1);
        try (AddressSpace base = space.snapshot()) {
            space.setLong(address, 1);
            space.discard(address + 200 * PAGE, 100 * PAGE);
            ByteBuffer taken = ByteBuffer.allocate(1 << 16);
            ExportReport report = SpaceExport.since(base, space).writeTo(new TestChannels.IntoBuffer(taken));
            assertThat(report.isIncremental()).isTrue();
            assertThat(report.pages()).isOne();
            assertThat(report.pagesEmptied()).isOne();
            assertThat(report.sizeBytes()).isEqualTo(taken.position()).isLessThan(2 * PAGE);
            assertThat(report.moment()).isNotEqualTo(report.base());
            assertThat(report.toString()).contains("pages=1");
        }
    }

    @Test
    void exportsOfOneSnapshotAreAlike() {
        space.fill(address, 70 * PAGE, (byte) 3);
        try (AddressSpace snapshot = space.snapshot()) {
            assertThat(Exports.of(snapshot)).isEqualTo(Exports.of(snapshot));
        }
        assertThat(Exports.of(space)).isNotEqualTo(Exports.of(space)); // each has a moment of its own
    }

    @Test
    void namesOfSpacesAreChosenByTheImport() throws Exception {
        ByteBuffer export = ByteBuffer.wrap(Exports.of(space));
        try (AddressSpace restored = SpaceImport.from(new TestChannels.FromBuffer(export)).named("again")
                .into(others.manager())) {
            assertThat(restored.name()).isEqualTo("again");
        }
    }

    @Test
    void pagesOfACoherentDeviceAreExportedWhereTheyAre() {
        space.fill(address, 100 * PAGE, (byte) 5);
        space.migrate(address, 100 * PAGE, leaks.manager().pool("coherent"));
        long before = leaks.manager().statistics().tier().pagesToDevices();
        try (AddressSpace restored = Exports.read(Exports.of(space), others.manager())) {
            assertSame(restored, space);
            assertThat(leaks.manager().pool("coherent").freeBytes()).isEqualTo((4 << 20) - 100 * PAGE);
            assertThat(leaks.manager().statistics().tier().pagesToDevices()).isEqualTo(before);
            assertThat(leaks.manager().statistics().tier().pagesBroughtHome()).isZero();
        }
    }

    @Test
    void pagesOfAPrivateDeviceComeToTheHost() {
        MemoryManager tiered = MemoryManager.builder().hostPool(2 << 20).backgroundAgent(false)
                .device("private", new RecordingDriver.Private(64)).build();
        AddressSpace far = tiered.newAddressSpace();
        long start = far.map(50 * PAGE);
        far.fill(start, 50 * PAGE, (byte) 6);
        far.migrate(start, 50 * PAGE, tiered.pool("private"));
        try (AddressSpace restored = Exports.read(Exports.of(far), others.manager())) {
            assertThat(tiered.statistics().tier().pagesBroughtHome()).isEqualTo(50);
            assertSame(restored, far);
        }
        far.close();
        LeakCheck.checkAndClose(tiered);
    }

    // ---- incremental

    @Test
    void incrementBuildsOnWhatWasImported() {
        space.fill(address, 100 * PAGE, (byte) 1);
        try (AddressSpace first = space.snapshot()) {
            byte[] full = Exports.of(first);
            space.setLong(address + 7 * PAGE, 2);
            space.discard(address + 50 * PAGE, 10 * PAGE);
            space.protect(address, 5 * PAGE, Protection.READ_ONLY);
            space.unmap(address + 20 * PAGE, 10 * PAGE);
            space.mapAt(1L << 30, 10 * PAGE);
            space.setLong(1L << 30, 3);
            byte[] increment = Exports.since(first, space);
            assertThat(increment.length).isLessThan(4 * Image.PAGE);
            try (AddressSpace base = Exports.read(full, others.manager());
                    AddressSpace restored = Exports.read(increment, base)) {
                assertSame(restored, space);
                assertSame(base, first);
                restored.setLong(1L << 30, 4);
            }
        }
    }

    @Test
    void incrementCanBeAppliedToTheExportedSnapshotItself() {
        space.setLong(address, 1);
        try (AddressSpace first = space.snapshot()) {
            space.setLong(address, 2);
            try (AddressSpace again = Exports.read(Exports.since(first, space), first)) {
                assertSame(again, space);
                assertThat(SpaceDifference.between(first, again).sizeBytes()).isEqualTo(PAGE);
            }
        }
    }

    /** Siblings: the base has lost a part of a mapping that the other one still has, with pages that both share. */
    @Test
    void rangeThatTheBaseHasLostComesBackWithAllPagesAroundIt() {
        space.fill(address, 300 * PAGE, (byte) 1);
        try (AddressSpace sibling = space.fork()) {
            sibling.unmap(address + 100 * PAGE, 10 * PAGE);
            try (AddressSpace base = sibling.snapshot();
                    AddressSpace restoredBase = Exports.read(Exports.of(base), others.manager());
                    AddressSpace restored = Exports.read(Exports.since(base, space), restoredBase)) {
                assertSame(restored, space);
            }
        }
    }

    @Test
    void incrementIsRefusedByWhatItDoesNotBuildOn() {
        space.setLong(address, 1);
        try (AddressSpace first = space.snapshot();
                AddressSpace second = space.snapshot();
                AddressSpace base = Exports.read(Exports.of(first), others.manager())) {
            byte[] increment = Exports.since(second, space);
            assertThatThrownBy(() -> Exports.read(increment, base)).isInstanceOf(WrongBaseException.class)
                    .hasMessageContaining("needed=").hasMessageContaining("held=");
            assertThatThrownBy(() -> Exports.read(increment, space)).isInstanceOf(WrongBaseException.class);
            assertThatThrownBy(() -> Exports.read(increment, others.manager()))
                    .isInstanceOf(WrongBaseException.class).hasMessageContaining("incremental");
            assertThatThrownBy(() -> Exports.read(Exports.of(first), base)).isInstanceOf(WrongBaseException.class)
                    .hasMessageContaining("full");
        }
    }

    @Test
    void baseThatWasChangedAfterItsImportIsRefused() {
        space.setLong(address, 1);
        List<java.util.function.Consumer<AddressSpace>> changes = List.of(
                one -> one.setLong(address, 1),
                one -> one.discard(address, PAGE),
                one -> one.protect(address, PAGE, Protection.READ_ONLY),
                one -> one.map(PAGE),
                one -> one.unmap(address + PAGE, PAGE),
                one -> one.pin(address, 1, PinTerm.SHORT, PinAccess.WRITE).close());
        try (AddressSpace first = space.snapshot()) {
            byte[] full = Exports.of(first);
            space.setLong(address, 2);
            byte[] increment = Exports.since(first, space);
            for (var change : changes) {
                try (AddressSpace base = Exports.read(full, others.manager())) {
                    Exports.read(increment, base).close();
                    change.accept(base);
                    assertThatThrownBy(() -> Exports.read(increment, base)).isInstanceOf(WrongBaseException.class)
                            .hasMessageContaining("changed since");
                    try (AddressSpace fork = base.fork()) {
                        assertThatThrownBy(() -> Exports.read(increment, fork))
                                .isInstanceOf(WrongBaseException.class);
                    }
                }
            }
        }
    }

    @Test
    void baseThatWasOnlyReadAndForkedIsStillTheBase() {
        space.setLong(address, 1);
        try (AddressSpace first = space.snapshot()) {
            byte[] full = Exports.of(first);
            space.setLong(address, 2);
            byte[] increment = Exports.since(first, space);
            try (AddressSpace base = Exports.read(full, others.manager()); AddressSpace fork = base.fork();
                    AddressSpace snapshot = fork.snapshot()) {
                assertThat(base.getLong(address)).isOne();
                for (AddressSpace one : List.of(base, fork, snapshot)) {
                    try (AddressSpace restored = Exports.read(increment, one)) {
                        assertSame(restored, space);
                    }
                }
                fork.setLong(address, 9);
                assertThatThrownBy(() -> Exports.read(increment, fork)).isInstanceOf(WrongBaseException.class);
                Exports.read(increment, base).close();
                Exports.read(increment, snapshot).close();
            }
        }
    }

    /** A process that starts again goes on with increments to the files of the one before it. */
    @Test
    void incrementsGoOnAfterARestart() {
        space.setLong(address, 1);
        try (AddressSpace first = space.snapshot()) {
            byte[] full = Exports.of(first);
            try (AddressSpace live = Exports.read(full, others.manager())) {
                byte[] increment;
                try (AddressSpace base = live.snapshot()) {
                    live.setLong(address, 2);
                    increment = Exports.since(base, live);
                }
                try (AddressSpace again = Exports.read(full, others.manager());
                        AddressSpace restored = Exports.read(increment, again);
                        AddressSpace elsewhere = Exports.read(increment, first)) {
                    assertSame(restored, live);
                    assertSame(elsewhere, live);
                }
            }
        }
    }

    @Test
    void baseOfAnIncrementMustStayWhatItIs() {
        try (AddressSpace fork = space.fork()) {
            SpaceExport export = SpaceExport.since(fork, space);
            assertThatIllegalArgumentException().isThrownBy(() -> Exports.bytes(export))
                    .withMessageContaining("must be a snapshot");
        }
        assertThat(leaks.manager().openSpaces()).hasSize(1);
    }

    @RepeatedTest(6)
    void chainOfIncrementsBringsEveryMomentBack(SplittableRandom random) {
        TransferHistory history = new TransferHistory(leaks.manager(), random);
        history.play(space, 40);
        AddressSpace base = space.snapshot();
        AddressSpace restored = Exports.read(Exports.of(base), others.manager());
        for (int round = 0; round < 12; round++) {
            assertSame(restored, base);
            if (random.nextInt(4) == 0) {
                AddressSpace fork = space.fork();
                space.close();
                space = fork;
            }
            history.play(space, random.nextInt(40));
            AddressSpace next = space.snapshot();
            byte[] increment = Exports.since(base, next);
            base.close();
            base = next;
            try (AddressSpace before = restored) {
                restored = Exports.read(increment, before);
            }
        }
        assertSame(restored, base);
        restored.close();
        base.close();
    }

    @RepeatedTest(6)
    void anyRelativeCanBeTheBase(SplittableRandom random) {
        TransferHistory history = new TransferHistory(leaks.manager(), random);
        history.play(space, 60);
        List<AddressSpace> forks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            forks.add(space.fork());
            forks.forEach(fork -> history.play(fork, 20));
        }
        try (AddressSpace base = forks.get(random.nextInt(4)).snapshot();
                AddressSpace current = forks.get(random.nextInt(4)).snapshot();
                AddressSpace restoredBase = Exports.read(Exports.of(base), others.manager());
                AddressSpace restored = Exports.read(Exports.since(base, current), restoredBase)) {
            assertSame(restoredBase, base);
            assertSame(restored, current);
        }
        forks.forEach(AddressSpace::close);
    }

    // ---- one moment

    /** Two words of two far pages grow together under one lock; an export of a snapshot has both alike. */
    @Test
    void exportIsOfOneMomentWhileWritersGoOn() throws InterruptedException {
        Object lock = new Object();
        int pages = 300;
        Threads.race(Duration.ofSeconds(1), running -> {
            for (long value = 1; running.getAsBoolean(); value++) {
                synchronized (lock) {
                    for (int page = 0; page < pages; page += 23) {
                        space.setLong(address + page * PAGE, value);
                    }
                }
            }
        }, running -> {
            while (running.getAsBoolean()) {
                AddressSpace moment;
                synchronized (lock) {
                    moment = space.snapshot();
                }
                try (moment; AddressSpace restored = Exports.read(Exports.of(moment), others.manager())) {
                    long value = restored.getLong(address);
                    for (int page = 0; page < pages; page += 23) {
                        assertThat(restored.getLong(address + page * PAGE)).isEqualTo(value);
                    }
                }
            }
        }, running -> {
            while (running.getAsBoolean()) {
                space.migrate(address, pages * PAGE, leaks.manager().pool("coherent"));
                leaks.manager().evict(leaks.manager().pool("coherent"), pages);
            }
        });
    }

    @Test
    void snapshotMayBeClosedWhileItIsExported() {
        space.fill(address, 200 * PAGE, (byte) 1);
        AddressSpace snapshot = space.snapshot();
        byte[] export = Exports.bytes(SpaceExport.of(snapshot).reportingTo((_, _) -> snapshot.close()));
        try (AddressSpace restored = Exports.read(export, others.manager())) {
            assertSame(restored, space);
        }
        assertThatThrownBy(() -> Exports.of(snapshot)).isInstanceOf(ClosedException.class);
    }

    // ---- frames

    @Test
    void importThatFindsNoFrameLeavesNothing() {
        space.fill(address, 300 * PAGE, (byte) 1);
        try (AddressSpace base = space.snapshot()) {
            byte[] full = Exports.of(base);
            space.fill(address, 300 * PAGE, (byte) 2);
            byte[] increment = Exports.since(base, space);
            for (long pages = 1; pages < 300; pages += 37) {
                isRefused(pages, manager -> Exports.read(full, manager));
            }
            isRefused(450, manager -> {
                try (AddressSpace restored = Exports.read(full, manager)) {
                    assertThatThrownBy(() -> Exports.read(increment, restored))
                            .isInstanceOf(OutOfFramesException.class);
                    assertSame(restored, base);
                    return Exports.read(increment, restored);
                }
            });
        }
    }

    private static void isRefused(long pages, java.util.function.Function<MemoryManager, AddressSpace> deed) {
        MemoryManager small = MemoryManager.builder().hostPool(pages * PAGE).backgroundAgent(false).build();
        assertThatThrownBy(() -> deed.apply(small)).isInstanceOf(OutOfFramesException.class);
        LeakCheck.checkAndClose(small);
    }

    @Test
    void momentsAreNamedOnce() throws Exception {
        try (AddressSpace snapshot = space.snapshot()) {
            UUID first = SpaceExport.of(snapshot).writeTo(new TestChannels.IntoBuffer(ByteBuffer.allocate(1 << 16)))
                    .moment();
            UUID second = SpaceExport.of(snapshot).writeTo(new TestChannels.IntoBuffer(ByteBuffer.allocate(1 << 16)))
                    .moment();
            assertThat(first).isEqualTo(second);
        }
    }
}
