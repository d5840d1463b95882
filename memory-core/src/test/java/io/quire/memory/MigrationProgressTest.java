package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pages that have to move do so in the end, whatever devices, forks and writers do meanwhile. */
@Tag("portable")
class MigrationProgressTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 4_000;
    private static final Duration SECONDS = Duration.ofSeconds(20);

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Private secret = new RecordingDriver.Private(64);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(40L << 20).device("far", secret)
            .deviceCoherentPool("tier", 4096L * PAGE).watermarks(0, 0)
            .longTermPolicy(io.quire.memory.contract.LongTermPolicy.MIGRATE).backgroundAgent(false));

    private long filled(AddressSpace space, int pages) {
        long address = space.map(pages * PAGE);
        for (int i = 0; i < pages; i++) {
            space.setLong(address + i * PAGE, i + 1L);
        }
        return address;
    }

    /** Starts a thread, and waits until it has ended or has to wait itself. */
    private static Thread startAndAwait(Runnable work) {
        Thread thread = Thread.ofPlatform().daemon().start(work);
        while (thread.isAlive() && thread.getState() != Thread.State.WAITING
                && thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        return thread;
    }

    @Test
    void deviceThatStoresDuringEachCopyDoesNotKeepAPageFromComingHome() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                Attachment attachment = leaks.manager().device("far").attach(space)) {
            long address = filled(space, 1);
            space.migrate(address, PAGE, leaks.manager().pool("far"));
            secret.store(attachment.mirror(), address, 2);
            List<Thread> stores = new ArrayList<>();
            for (int copy = 1; copy <= 2_000; copy++) {
                secret.on(Call.COPY_TO_HOST, copy, () -> {
                    stores.add(startAndAwait(() -> secret.store(attachment.mirror(), address, 3)));
                    return true;
                });
            }
            assertThat(space.getLong(address)).isIn(2L, 3L);
            assertThat(secret.count(Call.COPY_TO_HOST)).as("tries").isOne();
            for (Thread store : stores) {
                assertThat(store.join(SECONDS)).as("the store ends once the page has moved").isTrue();
            }
            assertThat(space.getLong(address)).isEqualTo(3);
            assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.HOST);
        }
    }

    @Test
    void pageThatProcessorsKeepWritingIsBroughtHomeForALongTermPin() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = filled(space, 1);
            AtomicBoolean done = new AtomicBoolean();
            Threads.race(Duration.ZERO, _ -> {
                try {
                    for (int i = 0; i < 50; i++) {
                        space.migrate(address, PAGE, leaks.manager().pool("tier"));
                        space.pin(address, PAGE, PinTerm.LONG, PinAccess.WRITE).close();
                    }
                } finally {
                    done.set(true);
                }
            }, _ -> writeUntil(done, space, address), _ -> writeUntil(done, space, address + 8));
        }
    }

    private static void writeUntil(AtomicBoolean done, AddressSpace space, long address) {
        while (!done.get()) {
            space.setLong(address, space.getLong(address) + 1);
        }
    }

    @Test
    void aThreadThatForksWithoutPauseDoesNotStopAMigration() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = filled(space, PAGES);
            AtomicBoolean done = new AtomicBoolean();
            int[] forks = new int[1];
            long begin = System.nanoTime();
            Threads.race(Duration.ZERO, _ -> {
                try {
                    while (forks[0] < 100 && !done.get()) {
                        Thread.onSpinWait();
                    }
                    for (String pool : List.of("tier", "host", "tier")) {
                        MigrationReport report = space.migrate(address, PAGES * PAGE, leaks.manager().pool(pool));
                        assertThat(report.there()).as("%s", report).isEqualTo(PAGES);
                    }
                } finally {
                    done.set(true);
                }
            }, _ -> {
                while (!done.get()) {
                    try (AddressSpace fork = space.fork()) {
                        fork.setLong(address + forks[0]++ % PAGES * PAGE + 8, 1);
                    }
                }
            });
            assertThat(System.nanoTime() - begin).as("%d forks", forks[0]).isLessThan(SECONDS.toNanos());
            for (int i = 0; i < PAGES; i++) {
                assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
            }
        }
    }

    @Test
    void pagesThatOnlyAClosedForkStillSharesCanMove() {
        int pages = 2_560; // more leaves than a close destroys at once
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            MemoryPool tier = leaks.manager().pool("tier");
            long address = filled(space, pages);
            space.migrate(address, pages * PAGE, tier);
            AddressSpace fork = space.fork();
            for (int i = 0; i < pages; i += 64) {
                space.setLong(address + i * PAGE, i + 1L); // the space and the fork now have a leaf each
            }
            fork.close();
            MigrationReport home = space.migrate(address, pages / 2 * PAGE, leaks.manager().hostPool());
            assertThat(home.isComplete()).as("%s", home).isTrue();
            EvictionReport rest = leaks.manager().evict(tier, pages);
            assertThat(rest.moved()).isEqualTo(rest.pages()).isPositive();
            assertThat(tier.freeBytes()).as("the frames of the closed fork are free, too").isEqualTo(tier.sizeBytes());
            for (int i = 0; i < pages; i++) {
                assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 1L);
            }
        }
    }

    @Test
    void pinnedPagesAreCountedOnceAndHideNoOtherPages() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            MemoryPool tier = leaks.manager().pool("tier");
            long address = filled(space, 512);
            space.migrate(address, 512 * PAGE, tier);
            try (Pin _ = space.pin(address, 256 * PAGE, PinTerm.SHORT, PinAccess.READ)) {
                EvictionReport report = leaks.manager().evict(tier, 512);
                assertThat(report.count(PageOutcome.PINNED)).isEqualTo(256);
                assertThat(report.moved()).isEqualTo(256).isEqualTo(report.count(PageOutcome.MOVED));
                assertThat(report.pages()).isEqualTo(512);
                assertThat(report.isComplete()).isFalse();
                assertThat(leaks.manager().evict(tier, 8).count(PageOutcome.PINNED)).isEqualTo(256);
            }
        }
    }
}
