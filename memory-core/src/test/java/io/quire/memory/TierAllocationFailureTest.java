package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Frames of the host or of a device run out at every point that needs one: nothing is lost, and nothing leaks. */
@Tag("portable")
class TierAllocationFailureTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 6;
    private static final int FRAMES = 64;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(FRAMES);

    @Order(2)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(FRAMES);

    @Order(3)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(FRAMES * PAGE).device("near", near)
            .device("far", far).watermarks(0, 0).backgroundAgent(false).leakTracking(true));

    /** An operation that needs frames. It is prepared while all frames are free, and tried while only a few are. */
    private abstract class Scenario implements AutoCloseable {

        final List<AddressSpace> spaces = new ArrayList<>();
        final List<Pin> pins = new ArrayList<>();
        long address;

        abstract void prepare();

        abstract void step();

        AddressSpace space() {
            return spaces.getFirst();
        }

        void fill() {
            spaces.add(leaks.manager().newAddressSpace("filled"));
            address = space().map(PAGES * PAGE);
            for (int i = 0; i < PAGES; i++) {
                space().setLong(address + i * PAGE, i + 1L);
            }
        }

        void pin(long page, PinTerm term) {
            pins.add(space().pin(page, PAGE, term, PinAccess.WRITE));
        }

        /** Checks that the first word of each page has not changed. */
        void compare() {
            for (AddressSpace each : spaces) {
                for (int i = 0; i < PAGES; i++) {
                    if (leaks.manager().hostPool().freeBytes() > 0
                            || each.pageState(address + i * PAGE).place() != PageState.Place.DEVICE_PRIVATE) {
                        assertThat(each.getLong(address + i * PAGE)).isEqualTo(i + 1L);
                    }
                }
            }
            for (Pin pin : pins) {
                assertThat(pin.state(pin.address()).pinned()).isTrue();
                assertThat(space().pageState(pin.address()).pinned()).as("the space still has the pinned frame")
                        .isTrue();
            }
        }

        @Override
        public void close() {
            pins.forEach(Pin::close);
            spaces.forEach(AddressSpace::close);
        }
    }

    /** Plays a scenario with 0, 1, 2, ... free frames in a pool until it succeeds; returns the number it needs. */
    private int framesNeeded(String pool, Supplier<Scenario> scenarios) {
        for (int left = 0; left <= FRAMES; left++) {
            if (!isRefusedWith(pool, left, scenarios.get())) {
                return left;
            }
        }
        throw new AssertionError("the scenario fails with any number of frames");
    }

    private boolean isRefusedWith(String pool, int left, Scenario scenario) {
        boolean refused = false;
        try (AddressSpace hog = leaks.manager().newAddressSpace("hog"); scenario) {
            scenario.prepare();
            drain();
            long hogged = hog.map(FRAMES * PAGE);
            hog(pool, hog, hogged, left);
            try {
                scenario.step();
            } catch (OutOfFramesException full) {
                refused = true;
                ManagerCheck.recount(leaks.manager());
                scenario.compare();
                drain();
                hog.discard(hogged, FRAMES * PAGE);
                scenario.step();
            }
            scenario.compare();
        }
        drain();
        ManagerCheck.recount(leaks.manager());
        for (MemoryPool each : leaks.manager().pools()) {
            assertThat(each.freeBytes()).as("pool %s with %d frames left", each.name(), left)
                    .isEqualTo(each.sizeBytes());
        }
        return refused;
    }

    /** Takes all frames of a pool except some. */
    private void hog(String name, AddressSpace hog, long hogged, int left) {
        MemoryPool pool = leaks.manager().pool(name);
        for (int i = 0; pool.freeBytes() > left * PAGE; i++) {
            if (name.equals("host")) {
                hog.setLong(hogged + i * PAGE, 1);
            } else {
                assertThat(hog.migrate(hogged + i * PAGE, PAGE, pool).moved()).isOne();
            }
        }
    }

    private void drain() {
        while (leaks.manager().reclaim(100) > 0) {
            // until nothing is left
        }
    }

    @Test
    void forkWithPinsCopiesAllOfThemOrIsRefusedAndThePinsHold() {
        assertThat(framesNeeded("host", () -> new Scenario() {
            @Override
            void prepare() {
                fill();
                pin(address, PinTerm.LONG);
                pin(address + 2 * PAGE, PinTerm.SHORT);
                pin(address + 4 * PAGE, PinTerm.SHORT);
            }

            @Override
            void step() {
                spaces.add(space().fork());
                space().setLong(address + 8, 5);
                assertThat(spaces.get(1).getLong(address + 8)).isZero();
            }

            @Override
            void compare() {
                super.compare();
                for (Pin pin : pins) { // the pin still shows its page, even after a fork was refused
                    space().setLong(pin.address() + 16, 7);
                    assertThat(space().pageState(pin.address()).pinned()).isTrue();
                }
            }
        })).isEqualTo(3);
    }

    @Test
    void pinOfSharedAndEmptyPagesTakesAllOrNone() {
        assertThat(framesNeeded("host", () -> new Scenario() {
            private long empty;

            @Override
            void prepare() {
                fill();
                empty = space().map(2 * PAGE);
                spaces.add(space().fork());
            }

            @Override
            void step() {
                space().pin(address, 3 * PAGE, PinTerm.LONG, PinAccess.READ).close();
                space().pin(empty, 2 * PAGE, PinTerm.SHORT, PinAccess.WRITE).close();
            }
        })).isEqualTo(5);
        assertThat(leaks.manager().statistics().tier().longTermPinnedBytes()).isZero();
    }

    @Test
    void pinOfPrivatePagesBringsThemHomeOneByOne() {
        assertThat(framesNeeded("host", () -> new Scenario() {
            @Override
            void prepare() {
                fill();
                assertThat(space().migrate(address, 4 * PAGE, leaks.manager().pool("far")).moved()).isEqualTo(4);
            }

            @Override
            void step() {
                space().pin(address, PAGES * PAGE, PinTerm.SHORT, PinAccess.WRITE).close();
            }
        })).isEqualTo(4);
    }

    @Test
    void accessToPrivatePagesNeedsFramesOfTheHost() {
        assertThat(framesNeeded("host", () -> new Scenario() {
            @Override
            void prepare() {
                fill();
                spaces.add(space().fork());
                assertThat(space().migrate(address, 4 * PAGE, leaks.manager().pool("far")).moved()).isEqualTo(4);
            }

            @Override
            void step() {
                assertThat(space().getLong(address)).isOne();
                space().setLong(address + PAGE + 8, 1);
                space().fill(address + 2 * PAGE + 8, PAGE - 8, (byte) 1);
                space().getAndAddLong(address + 3 * PAGE + 8, 1);
            }
        })).as("four come home, three are copied for the writer").isEqualTo(7);
    }

    @Test
    void writeToASharedDevicePageGoesToTheSamePoolThenToTheHostThenNowhere() {
        for (String pool : List.of("near", "host")) {
            boolean isHost = pool.equals("host");
            assertThat(framesNeeded(pool, () -> new Scenario() {
                @Override
                void prepare() {
                    fill();
                    space().cowPlacement(CowPlacement.SAME_POOL);
                    space().migrate(address, PAGES * PAGE, leaks.manager().pool("near"));
                    spaces.add(space().fork());
                    if (isHost) {
                        // The device is full, so every copy goes to the host.
                        spaces.getFirst().map(PAGE);
                        long filler = space().map(FRAMES * PAGE);
                        for (int i = 0; leaks.manager().pool("near").freeBytes() > 0; i++) {
                            space().migrate(filler + i * PAGE, PAGE, leaks.manager().pool("near"));
                        }
                    }
                }

                @Override
                void step() {
                    for (int i = 0; i < PAGES; i++) {
                        space().setLong(address + i * PAGE + 8, 1);
                        assertThat(spaces.get(1).getLong(address + i * PAGE + 8)).isZero();
                    }
                }
            })).isEqualTo(isHost ? PAGES : 0);
        }
    }

    @Test
    void writeOfADeviceToItsSharedPrivatePageNeedsAFrameSomewhere() {
        assertThat(framesNeeded("host", () -> new Scenario() {
            private DeviceMirror mirror;

            @Override
            void prepare() {
                fill();
                mirror = leaks.manager().device("far").attach(space()).mirror();
                space().migrate(address, PAGES * PAGE, leaks.manager().pool("far"));
                spaces.add(space().fork());
            }

            @Override
            void step() {
                for (int i = 0; i < PAGES; i++) {
                    far.store(mirror, address + i * PAGE + 8, 1);
                }
            }
        })).isEqualTo(PAGES);
    }

    @Test
    void migrationToADeviceThatFillsUpMovesWhatFits() {
        for (String name : List.of("near", "far")) {
            MemoryPool pool = leaks.manager().pool(name);
            for (int left = 0; left <= PAGES + 2; left++) {
                try (AddressSpace hog = leaks.manager().newAddressSpace("hog");
                        AddressSpace space = leaks.manager().newAddressSpace()) {
                    long address = space.map((PAGES + 2) * PAGE); // the last two stay empty
                    for (int i = 0; i < PAGES; i++) {
                        space.setLong(address + i * PAGE, i + 1L);
                    }
                    long hogged = hog.map(FRAMES * PAGE);
                    hog(name, hog, hogged, left);
                    List<Pin> pins = new ArrayList<>();
                    if (name.equals("near")) {
                        pins.add(hog.pin(hogged, (FRAMES - left) * PAGE, PinTerm.SHORT, PinAccess.READ));
                    }
                    MigrationReport report = space.migrate(address, (PAGES + 2) * PAGE, pool);
                    if (name.equals("near")) {
                        assertThat(report.moved()).as("pages moved while all others are pinned").isEqualTo(left);
                    } else {
                        assertThat(report.moved()).as("pages moved when others can make room").isEqualTo(PAGES + 2);
                    }
                    for (int i = 0; i < PAGES + 2; i++) {
                        assertThat(space.getLong(address + i * PAGE)).isEqualTo(i < PAGES ? i + 1L : 0);
                    }
                    pins.forEach(Pin::close);
                }
                drain();
                ManagerCheck.recount(leaks.manager());
                assertThat(pool.freeBytes()).isEqualTo(pool.sizeBytes());
            }
        }
    }

    @Test
    void migrationToAHostThatFillsUpMovesWhatFits() {
        for (String name : List.of("near", "far")) {
            for (int left = 0; left <= PAGES; left++) {
                try (AddressSpace hog = leaks.manager().newAddressSpace("hog");
                        AddressSpace space = leaks.manager().newAddressSpace()) {
                    long address = space.map(PAGES * PAGE);
                    for (int i = 0; i < PAGES; i++) {
                        space.setLong(address + i * PAGE, i + 1L);
                    }
                    assertThat(space.migrate(address, PAGES * PAGE, leaks.manager().pool(name)).isComplete()).isTrue();
                    long hogged = hog.map(FRAMES * PAGE);
                    hog("host", hog, hogged, left);
                    assertThat(space.migrate(address, PAGES * PAGE, leaks.manager().hostPool()).moved())
                            .isEqualTo(left);
                    hog.discard(hogged, FRAMES * PAGE);
                    for (int i = 0; i < PAGES; i++) {
                        assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
                    }
                }
                drain();
                ManagerCheck.recount(leaks.manager());
            }
        }
    }
}
