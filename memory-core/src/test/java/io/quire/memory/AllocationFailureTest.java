package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.harness.ModelSpace;
import io.quire.memory.testkit.LeakCheck;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Frames run out at every point at which an operation needs one. */
@Tag("portable")
class AllocationFailureTest {

    private static final int PAGE = ModelSpace.PAGE;
    private static final int FRAMES = 256;

    @RegisterExtension
    final LeakCheck leaks =
            new LeakCheck(builder -> builder.name("small").hostPool((long) FRAMES * PAGE).backgroundAgent(false));

    /**
     * For every k, a hog leaves only k frames free, so the scenario cannot get its frame k+1. The step that fails must
     * change nothing, and must work once the hog has closed.
     */
    @Test
    void stepThatFindsNoFrameChangesNothingAndWorksLater() {
        int frames = 0;
        while (refusedWith(frames)) {
            frames++;
        }
        assertThat(frames).as("frames the scenario needs").isBetween(40, 200);
    }

    /** Plays the scenario with a number of frames; returns true if a step failed. */
    private boolean refusedWith(int frames) {
        try (AddressSpace hog = leaks.manager().newAddressSpace("hog"); Scenario scenario = new Scenario()) {
            scenario.prepare();
            long hogged = hog.map((long) FRAMES * PAGE);
            long free = leaks.manager().statistics().freeBytes() / PAGE;
            for (long i = 0; i < free - frames; i++) {
                hog.setByte(hogged + i * PAGE, (byte) 1);
            }
            boolean refused = false;
            for (Runnable step : scenario.steps()) {
                try {
                    step.run();
                } catch (OutOfFramesException full) {
                    refused = true;
                    scenario.compare();
                    ManagerCheck.recount(leaks.manager());
                    assertThat(leaks.manager().statistics().freeBytes())
                            .isLessThan((long) frames * PAGE + PAGE);
                    hog.discard(hogged, (long) FRAMES * PAGE);
                    step.run();
                }
                scenario.compare();
            }
            return refused;
        }
    }

    /** Spaces, their models, and steps that need frames for every reason there is. */
    private final class Scenario implements AutoCloseable {

        private final List<AddressSpace> spaces = new ArrayList<>();
        private final List<ModelSpace> models = new ArrayList<>();
        private long address;

        void prepare() {
            spaces.add(leaks.manager().newAddressSpace("root"));
            models.add(new ModelSpace());
            address = spaces.getFirst().map(80L * PAGE);
            models.getFirst().map(address, 80L * PAGE, Protection.READ_WRITE);
            write(0, 60, bytes(8 * PAGE, 1)); // crosses the end of a leaf
        }

        List<Runnable> steps() {
            return List.of(
                    () -> write(0, 0, bytes(1, 2)),
                    () -> crossing(0, 2),
                    () -> write(0, 10, bytes(9 * PAGE + 5, 3)),
                    () -> fill(0, 20, 5 * PAGE, 4),
                    () -> fork(0),
                    () -> write(0, 0, bytes(3, 5)),
                    () -> write(1, 0, bytes(3, 6)),
                    () -> crossing(1, 2),
                    () -> fill(1, 12, 4 * PAGE, 7),
                    () -> write(0, 58, bytes(8 * PAGE, 8)),
                    () -> fork(1),
                    () -> fork(2),
                    () -> write(3, 61, bytes(6 * PAGE, 9)),
                    () -> crossing(2, 12),
                    () -> write(1, 63, bytes(2 * PAGE, 10)),
                    () -> fill(3, 0, 3 * PAGE, 11));
        }

        private void write(int space, int page, byte[] bytes) {
            spaces.get(space).copyFrom(bytes, 0, address + (long) page * PAGE, bytes.length);
            models.get(space).write(address + (long) page * PAGE, bytes);
        }

        private void crossing(int space, int page) {
            long at = address + (long) page * PAGE - 3;
            spaces.get(space).setLong(at, 0x0101_0101_0101_0101L * page);
            models.get(space).write(at, bytes(8, page));
        }

        private void fill(int space, int page, int size, int value) {
            long at = address + (long) page * PAGE;
            try (Accessor accessor = spaces.get(space).accessor()) {
                accessor.fill(at, size, (byte) value);
            }
            models.get(space).write(at, bytes(size, value));
        }

        private void fork(int space) {
            spaces.add(spaces.get(space).fork());
            models.add(models.get(space).fork(false));
        }

        void compare() {
            for (int i = 0; i < spaces.size(); i++) {
                byte[] expected = models.get(i).read(address, 80 * PAGE);
                MemorySegment model = MemorySegment.ofArray(expected);
                assertThat(spaces.get(i).mismatch(address, model, 0, expected.length))
                        .as("first wrong byte of space %d", i).isEqualTo(-1);
            }
        }

        @Override
        public void close() {
            spaces.forEach(AddressSpace::close);
        }

        private static byte[] bytes(int size, int value) {
            byte[] bytes = new byte[size];
            Arrays.fill(bytes, (byte) value);
            return bytes;
        }
    }

    @Test
    void messageSaysWhoHoldsTheFramesAndWhatToDo() {
        try (AddressSpace space = leaks.manager().newAddressSpace("live")) {
            long address = space.map(FRAMES * 2L * PAGE);
            space.fill(address, 100L * PAGE, (byte) 1);
            try (AddressSpace old = space.fork("old copy"); AddressSpace young = space.snapshot("young")) {
                space.fill(address, 60L * PAGE, (byte) 2);
                assertThatExceptionOfType(OutOfFramesException.class)
                        .isThrownBy(() -> {
                            for (int i = 100; i < FRAMES * 2; i++) {
                                space.setByte(address + (long) i * PAGE, (byte) 1);
                            }
                        })
                        .withMessageContainingAll("manager=small", "space=live", "limit=1048576 bytes",
                                "used=1048576 bytes", "pinned for long=0 bytes",
                                "held only by forks and snapshots=" + 60 * PAGE + " bytes",
                                "open forks and snapshots=2", "oldest=space old copy forked from live",
                                "close forks and snapshots");
                assertThat(young.getByte(address)).isEqualTo(old.getByte(address)).isEqualTo((byte) 1);
            }
        }
    }

    @Test
    void messageOfARangeSaysHowMuchWasWantedAndSpeaksOfForksOnlyIfThereAreSome() {
        try (AddressSpace space = leaks.manager().newAddressSpace("live")) {
            long address = space.map(FRAMES * 3L * PAGE);
            assertThatExceptionOfType(OutOfFramesException.class)
                    .isThrownBy(() -> space.fill(address, FRAMES * 3L * PAGE, (byte) 1))
                    .withMessageContainingAll("wanted=", "limit=1048576 bytes", "used=0 bytes",
                            "open forks and snapshots=0;", "make the pool larger")
                    .withMessageNotContaining("close forks");
            space.fill(address, 200L * PAGE, (byte) 1);
            assertThatExceptionOfType(OutOfFramesException.class)
                    .isThrownBy(() -> space.fill(address + 200L * PAGE, 100L * PAGE, (byte) 1))
                    .withMessageContaining("discard or unmap memory, or make the host pool larger")
                    .withMessageNotContaining("close forks");
        }
    }

    @Test
    void framesOfClosedSpacesAreReclaimedBeforeAnAllocationFails() {
        // Each page has a directory and a leaf of its own, so that destroying a few nodes frees no frame yet.
        long apart = 16L << 20;
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            for (int round = 1; round <= 3; round++) {
                AddressSpace other = leaks.manager().newAddressSpace();
                long there = other.map(FRAMES * apart);
                for (int i = 0; i < FRAMES; i++) {
                    other.setByte(there + i * apart, (byte) 1);
                }
                other.close();
                assertThat(leaks.manager().statistics().freeBytes()).isZero();
                space.setByte(address, (byte) round);
                assertThat(space.getByte(address)).isEqualTo((byte) round);
                space.discard(address, PAGE);
            }
        }
    }

    @Test
    void lastFrameCanBeUsedAndForksNeedNoneUntilTheyAreWritten() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map((FRAMES + 1L) * PAGE);
            space.fill(address, (long) FRAMES * PAGE, (byte) 1);
            assertThat(leaks.manager().statistics().freeBytes()).isZero();
            try (AddressSpace fork = space.fork()) {
                assertThat(fork.getByte(address)).isEqualTo((byte) 1);
                assertThatExceptionOfType(OutOfFramesException.class)
                        .isThrownBy(() -> fork.setByte(address, (byte) 2));
                assertThatExceptionOfType(OutOfFramesException.class)
                        .isThrownBy(() -> space.setByte(address, (byte) 2));
                space.discard(address + PAGE, PAGE); // the fork still maps the frame
                assertThatExceptionOfType(OutOfFramesException.class)
                        .isThrownBy(() -> space.setByte(address, (byte) 2));
            }
            space.setByte(address, (byte) 2);
            space.setByte(address + PAGE, (byte) 3);
            assertThatExceptionOfType(OutOfFramesException.class)
                    .isThrownBy(() -> space.setByte(address + (long) FRAMES * PAGE, (byte) 2));
            assertThat(space.getByte(address + (long) FRAMES * PAGE)).isZero();
        }
    }

    @Test
    void framesOfADiscardAreFreeAtOnce() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map((long) FRAMES * PAGE);
            for (int round = 0; round < 10; round++) {
                space.fill(address, (long) FRAMES * PAGE, (byte) round);
                space.discard(address, (long) FRAMES * PAGE);
            }
            long second = space.map((long) FRAMES * PAGE);
            space.fill(address, (long) FRAMES * PAGE, (byte) 1);
            space.unmap(address, (long) FRAMES * PAGE);
            space.fill(second, (long) FRAMES * PAGE, (byte) 1);
        }
    }
}
