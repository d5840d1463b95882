package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryPool;
import io.quire.memory.Pin;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.history.TieredManager;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.testkit.Seed;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Bugs of the Linux kernel in copy-on-write of pages with extra references. docs/kernel-bugs.md has the list. */
@ExtendWith(Seed.class)
class CopyOnWriteBugsTest extends KernelBug {

    private static final int ROUNDS = 200;

    /** Number of times that a thread checks its pinned page, to give other threads time to do harm. */
    private static final int LOOKS = 100;

    @Test
    @DisplayName("B1: CVE-2020-29374, a child keeps what it read, unmaps, and sees what the parent writes later")
    void parentDoesNotWriteAPageThatItsForkHoldsAndNoLongerMaps() {
        SoftwareDevice device = coherent(16);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace parent = memory.manager().newAddressSpace()) {
            for (MemoryPool pool : List.of(memory.manager().hostPool(), memory.pool(device))) {
                long address = mapNumbered(parent, 2);
                parent.migrate(address, 2 * PAGE, pool);
                try (AddressSpace child = parent.fork(); RunCursor held = child.runs(address, PAGE);
                        Pin pin = child.pin(address + PAGE, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                    assertThat(held.next()).isTrue();
                    child.unmap(address, 2 * PAGE);
                    parent.protect(address, 2 * PAGE, Protection.READ_ONLY);
                    parent.protect(address, 2 * PAGE, Protection.READ_WRITE);
                    parent.fill(address, 2 * PAGE, (byte) -1);
                    assertThat(held.memory().get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(1);
                    assertThat(word(pin)).isEqualTo(2);
                }
            }
        }
    }

    @Test
    @DisplayName("B2: wrong CoW, a write copies the page that the writer itself has pinned")
    void aWriterIsNeverPartedFromItsOwnPin(SplittableRandom random) {
        SoftwareDevice device = coherent(16);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 1);
            for (int round = 0; round < ROUNDS; round++) {
                space.migrate(address, PAGE, random.nextBoolean() ? memory.pool(device) : memory.manager().hostPool());
                List<AutoCloseable> holders = new ArrayList<>();
                try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                    for (int i = random.nextInt(4); i > 0; i--) {
                        holders.add(switch (random.nextInt(4)) {
                            case 0 -> space.fork();
                            case 1 -> space.snapshot();
                            case 2 -> space.runs(address, PAGE);
                            default -> space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ);
                        });
                    }
                    space.protect(address, PAGE, Protection.READ_ONLY);
                    space.protect(address, PAGE, Protection.READ_WRITE);
                    space.setLong(address, round);
                    assertThat(word(pin)).isEqualTo(round);
                    setWord(pin, -round);
                    assertThat(space.getLong(address)).isEqualTo(-round);
                    closeAll(holders);
                }
            }
        }
    }

    private static void closeAll(List<AutoCloseable> holders) {
        for (AutoCloseable holder : holders) {
            switch (holder) {
                case AddressSpace space -> space.close();
                case RunCursor cursor -> cursor.close();
                case Pin pin -> pin.close();
                default -> throw new AssertionError(holder);
            }
        }
    }

    @Test
    @DisplayName("B3: O_DIRECT against fork, the pinned page is shared and the parent writes first")
    void pinsThatAreTakenDuringForksShowWhatTheirSpaceWrites() throws InterruptedException {
        try (TieredManager memory = new TieredManager(); AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 1);
            race(running -> {
                try (Accessor accessor = space.accessor()) {
                    for (long value = 1; running.getAsBoolean(); value++) {
                        try (Pin pin = accessor.pin(address, PAGE, PinTerm.LONG, PinAccess.WRITE)) {
                            accessor.setLong(address, value);
                            assertThat(word(pin)).isEqualTo(value);
                            setWord(pin, -value);
                            assertThat(accessor.getLong(address)).isEqualTo(-value);
                        }
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    try (AddressSpace child = space.fork(); AddressSpace second = space.fork()) {
                        long seen = child.getLong(address);
                        second.setLong(address, 7);
                        assertThat(child.getLong(address)).isEqualTo(seen);
                    }
                }
            });
        }
    }

    @Test
    @DisplayName("B5: the exclusive bit is cleared while a pin is taken, and both sides believe they were first")
    void aForkThatMeetsAPinNeverSharesThePinnedPage() throws InterruptedException {
        try (TieredManager memory = new TieredManager(); AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 1);
            race(running -> {
                while (running.getAsBoolean()) {
                    try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                        long before = word(pin);
                        try (AddressSpace child = space.fork()) {
                            setWord(pin, before + 1);
                            assertThat(child.getLong(address)).isEqualTo(before);
                        }
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ);
                            AddressSpace _ = space.fork()) {
                        assertThat(space.pageState(address).pinned()).isTrue();
                        assertThat(word(pin)).isLessThanOrEqualTo(space.getLong(address));
                    }
                }
            });
        }
    }

    @Test
    @DisplayName("B6: a page that was pinned after the check goes to swap and comes back as another frame")
    void aPageThatIsPinnedWhileItMigratesStaysWhereThePinIs() throws InterruptedException {
        SoftwareDevice device = coherent(16);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 1);
            race(running -> {
                for (long value = 1; running.getAsBoolean(); value++) {
                    try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                        String pool = pin.state(address).pool();
                        for (int look = 0; look < LOOKS; look++) {
                            setWord(pin, value);
                            assertThat(space.getLong(address)).isEqualTo(value);
                            assertThat(space.pageState(address).pool()).isEqualTo(pool);
                            space.setLong(address, -value);
                            assertThat(word(pin)).isEqualTo(-value);
                        }
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    space.migrate(address, PAGE, memory.pool(device));
                    memory.manager().evict(memory.pool(device), 1);
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    space.migrate(address, PAGE, memory.pool(device));
                    space.migrate(address, PAGE, memory.manager().hostPool());
                }
            });
        }
    }

    @Test
    @DisplayName("B8: the new entry is set before the old one is flushed, and two threads use two frames")
    void aReaderNeverMissesAWriteThatItWasToldOf() throws InterruptedException {
        SoftwareDevice device = coherent(64);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 1);
            AtomicLong told = new AtomicLong();
            race(running -> {
                try (Accessor accessor = space.accessor()) {
                    for (long value = 2; running.getAsBoolean(); value++) {
                        accessor.setLong(address, value);
                        told.set(value);
                    }
                }
            }, running -> {
                try (Accessor accessor = space.accessor()) {
                    while (running.getAsBoolean()) {
                        long atLeast = told.get();
                        assertThat(accessor.getLong(address)).isGreaterThanOrEqualTo(atLeast);
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    try (AddressSpace _ = space.snapshot()) {
                        space.migrate(address, PAGE, memory.pool(device));
                    }
                    space.migrate(address, PAGE, memory.manager().hostPool());
                }
            });
        }
    }

    @Test
    @DisplayName("B9: a copy was prepared without the lock, and the entry has changed meanwhile")
    void writersThatRaceForOnePageLoseNoWriteAndNoFrame() throws InterruptedException {
        SoftwareDevice device = privateMemory(16);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace space = memory.manager().newAddressSpace()) {
            long address = mapNumbered(space, 2);
            AtomicLong[] counts = {new AtomicLong(), new AtomicLong()};
            race(running -> count(space, address + 8, counts[0], running),
                    running -> count(space, address + 16, counts[1], running), running -> {
                        while (running.getAsBoolean()) {
                            try (AddressSpace child = space.fork()) {
                                child.setLong(address, 5);
                                space.migrate(address, 2 * PAGE, memory.pool(device));
                                child.unmap(address, PAGE);
                            }
                            space.discard(address + PAGE, PAGE);
                        }
                    });
            assertThat(space.getLong(address + 8)).isEqualTo(counts[0].get());
            assertThat(space.getLong(address + 16)).isEqualTo(counts[1].get());
            space.unmap(address, 2 * PAGE);
            while (memory.manager().reclaim(100) > 0) {
                Thread.onSpinWait();
            }
            assertThat(memory.manager().statistics().usedBytes()).as("bytes of copies that lost the race").isZero();
        }
    }

    private static void count(AddressSpace space, long address, AtomicLong count,
            BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            while (running.getAsBoolean()) {
                accessor.setLong(address, accessor.getLong(address) + 1);
                count.incrementAndGet();
            }
        }
    }

    @Test
    @DisplayName("B11: one page's exclusive bit speaks for a whole range")
    void rangesOfSharedAndOwnPagesAreTakenPageByPage() {
        SoftwareDevice device = coherent(80);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace parent = memory.manager().newAddressSpace()) {
            int pages = 70;
            for (MemoryPool pool : List.of(memory.manager().hostPool(), memory.pool(device))) {
                long address = mapNumbered(parent, pages);
                parent.migrate(address, pages * PAGE, pool);
                try (AddressSpace child = parent.fork()) {
                    for (int i = 0; i < pages; i += 2) {
                        parent.setLong(address + i * PAGE, -1);
                    }
                    parent.protect(address, pages * PAGE, Protection.READ_ONLY);
                    parent.protect(address, pages * PAGE, Protection.READ_WRITE);
                    try (Pin _ = parent.pin(address, 5 * PAGE, PinTerm.SHORT, PinAccess.READ)) {
                        parent.fill(address, pages * PAGE, (byte) 9);
                    }
                    expectNumbered(child, address, pages);
                }
                parent.unmap(address, pages * PAGE);
            }
        }
    }

    @Test
    @DisplayName("B12: a protection that is lifted makes shared pages writable")
    void protectionThatIsLiftedMakesNoSharedPageWritable() {
        SoftwareDevice device = coherent(16);
        try (TieredManager memory = new TieredManager(device);
                AddressSpace parent = memory.manager().newAddressSpace()) {
            long address = mapNumbered(parent, 3);
            parent.migrate(address + PAGE, PAGE, memory.pool(device));
            try (AddressSpace child = parent.fork()) {
                for (Protection less : List.of(Protection.READ_ONLY, Protection.NONE)) {
                    for (AddressSpace writer : List.of(parent, child)) {
                        writer.protect(address, 3 * PAGE, less);
                        writer.protect(address, 3 * PAGE, Protection.READ_WRITE);
                        assertThat(writer.pageState(address).writable()).isFalse();
                        assertThat(writer.pageState(address + PAGE).writable()).isFalse();
                    }
                }
                parent.fill(address, 3 * PAGE, (byte) 3);
                expectNumbered(child, address, 3);
            }
        }
    }

    @Test
    @DisplayName("B14: many plain references look like a pin; the counter of pins overflows")
    void pinsAreCountedExactlyWithManySharers() {
        try (TieredManager memory = new TieredManager(builder -> builder.hostPool(16 << 20));
                AddressSpace space = memory.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long address = mapNumbered(space, 2);
            List<AddressSpace> sharers = new ArrayList<>();
            for (int i = 0; i < 1_100; i++) {
                sharers.add(space.snapshot());
                space.setLong(address + PAGE, i); // gives each fork a leaf, and so a reference to the first page
            }
            assertThat(space.pageState(address).pinned()).isFalse();
            long copies = memory.manager().statistics().pagesCopied();
            space.fork().close();
            assertThat(memory.manager().statistics().pagesCopied()).as("pages copied for a fork").isEqualTo(copies);
            sharers.forEach(AddressSpace::close);

            List<Pin> pins = new ArrayList<>();
            assertThatExceptionOfType(PinLimitException.class).isThrownBy(() -> {
                for (int i = 0; i <= 1 << 17; i++) {
                    pins.add(accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ));
                }
            }).withMessageContaining("cannot be pinned more often");
            assertThat(pins).hasSizeGreaterThan(1 << 10);
            pins.forEach(Pin::close);
            assertThat(space.pageState(address).pinned()).isFalse();
        }
    }

    @Test
    @DisplayName("B15: Dirty COW, a write goes on in the page that was discarded under it")
    void writersThatLoseTheirPageWriteIntoNoOtherPage() throws InterruptedException {
        try (TieredManager memory = new TieredManager(builder -> builder.hostPool(24 << 12));
                AddressSpace parent = memory.manager().newAddressSpace()) {
            long address = mapNumbered(parent, 1);
            try (AddressSpace child = parent.fork(); AddressSpace other = memory.manager().newAddressSpace()) {
                long others = other.map(2 * PAGE);
                race(running -> write(child, address, running), running -> write(child, address, running), running -> {
                    while (running.getAsBoolean()) {
                        child.discard(address, PAGE);
                        other.fill(others, 2 * PAGE, (byte) 1); // takes the frame that has become free
                        child.protect(address, PAGE, Protection.READ_ONLY);
                        assertThatExceptionOfType(ProtectionException.class)
                                .isThrownBy(() -> child.setLong(address, 1));
                        child.protect(address, PAGE, Protection.READ_WRITE);
                        for (long offset = 0; offset < 2 * PAGE; offset += 8) {
                            assertThat(other.getLong(others + offset)).isEqualTo(0x0101_0101_0101_0101L);
                        }
                        other.discard(others, 2 * PAGE);
                        assertThat(parent.getLong(address)).isEqualTo(1);
                    }
                });
                assertThat(child.pageState(address).place()).isIn(PageState.Place.HOST, PageState.Place.EMPTY);
                child.unmap(address, PAGE);
                assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> child.setLong(address, 1));
            }
        }
    }

    private static void write(AddressSpace space, long address, BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            for (long i = 0; running.getAsBoolean(); i++) {
                try {
                    accessor.setLong(address + (i & 511) * 8, -1);
                } catch (ProtectionException refused) {
                    Thread.onSpinWait();
                }
            }
        }
    }
}
