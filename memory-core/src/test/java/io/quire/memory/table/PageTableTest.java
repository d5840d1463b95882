package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.frame.FramePools;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PageTableTest {

    private final FramePools pools = FramePools.ofHost(16);
    private final PageTable table = PageTable.empty(new PageTables(pools, false), 1, null);

    @AfterEach
    void close() {
        pools.close();
    }

    @Test
    void nobodySeesTheRootOfAFreezeBeforeTheTableIsFrozen() throws InterruptedException {
        Set<Root> thawed = Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
        thawed.add(table.root());
        Threads.race(Duration.ofMillis(300),
                running -> {
                    while (running.getAsBoolean()) {
                        table.lock();
                        table.freeze();
                        thawed.add(table.root());
                        table.thaw();
                        table.unlock();
                    }
                },
                running -> {
                    while (running.getAsBoolean()) {
                        Root root = table.root();
                        if (!table.isFrozen()) {
                            assertThat(thawed.contains(root)).isTrue();
                        }
                    }
                });
    }

    @Test
    void closeWaitsForCopiesOfLeaves() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Thread> closing = new CompletableFuture<>();
        AtomicBoolean ended = new AtomicBoolean();
        Threads.race(Duration.ZERO,
                running -> {
                    table.lock();
                    table.copies().begin();
                    table.unlock();
                    begun.countDown();
                    Threads.awaitInside(closing.join(), LeafCopies.class);
                    ended.set(true);
                    table.copies().end();
                },
                running -> {
                    begun.await();
                    closing.complete(Thread.currentThread());
                    table.lock();
                    table.close();
                    table.unlock();
                    assertThat(ended).isTrue();
                });
    }
}
