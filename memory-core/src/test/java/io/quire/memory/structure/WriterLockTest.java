package io.quire.memory.structure;

import static io.quire.memory.structure.MapModel.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.WaitTimeoutException;
import io.quire.memory.space.SpaceFinder;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Only one thread at a time may change a map. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WriterLockTest {

    /** Offset of the lock in an earlier layout of the map. */
    private static final long LOCK_WORD_AT = 64;

    private final MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build();
    private final AddressSpace space = memory.newAddressSpace("main");
    private final ForkableMap map = ForkableMap.create(space, 1 << 20);
    private final Region region = MapHeader.locate(space, space, map.address());
    private final CountDownLatch over = new CountDownLatch(1);

    @AfterEach
    void close() {
        over.countDown();
        map.check();
        space.close();
        memory.close();
    }

    private WriterLock lock() {
        return SpaceFinder.of(space).residents()
                .at(map.address(), MapWriter.Shared.class, MapWriter.Shared::new).lock();
    }

    /** Lets another thread hold the lock, like a writer in the middle of a change, until the test is over. */
    private Thread anotherWriter(WriterLock lock) throws InterruptedException {
        CountDownLatch locked = new CountDownLatch(1);
        Thread writer = Thread.ofPlatform().name("another writer").start(() -> {
            lock.lock(region, WriterLock.LIMIT);
            locked.countDown();
            try {
                over.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            } finally {
                lock.holder = null;
            }
        });
        locked.await();
        return writer;
    }

    @Test
    void timeoutNamesTheThreadThatHasTheLock() throws InterruptedException {
        WriterLock lock = lock();
        Thread writer = anotherWriter(lock);
        assertThatThrownBy(() -> lock.lock(region, Duration.ofMillis(20))).isInstanceOf(WaitTimeoutException.class)
                .hasMessageContaining("another writer").hasMessageContaining(region.toString())
                .hasMessageContaining("20 ms");
        over.countDown();
        writer.join();
        map.put(bytes("key"), bytes("value"));
    }

    @Test
    void aThreadThatEndedHoldsNothing() throws InterruptedException {
        WriterLock lock = lock();
        Thread.ofPlatform().start(() -> lock.lock(region, WriterLock.LIMIT)).join();
        assertThat(lock.holder).isNotNull();
        map.put(bytes("key"), bytes("value"));
        assertThat(lock.holder).isNull();
    }

    @Test
    void aChangeInsideAChangeOfTheSameThreadIsRefused() {
        WriterLock lock = lock();
        lock.lock(region, WriterLock.LIMIT);
        assertThatIllegalStateException().isThrownBy(() -> map.put(bytes("key"), bytes("value")))
                .withMessageContaining("cannot begin another operation");
        lock.holder = null;
    }

    @Test
    void allObjectsOverOneMapInOneSpaceWaitForEachOther() throws InterruptedException {
        anotherWriter(lock());
        AtomicBoolean done = new AtomicBoolean();
        Thread waiting = Thread.ofPlatform().start(() -> {
            try (Accessor accessor = space.accessor()) {
                ForkableMap.open(accessor, map.address()).put(bytes("key"), bytes("value"));
                done.set(true);
            }
        });
        waiting.join(100);
        assertThat(done).isFalse();
        over.countDown();
        waiting.join();
        assertThat(done).isTrue();
    }

    @Test
    void aForkDuringAPutIsNotLocked() throws InterruptedException {
        anotherWriter(lock());
        try (AddressSpace child = space.fork()) {
            ForkableMap forked = ForkableMap.open(child, map.address());
            forked.put(bytes("key"), bytes("value"));
            forked.check();
        }
        assertThat(map.get(bytes("key"))).isNull();
    }

    @Test
    void noWordOfTheMapCanHoldTheLock() {
        map.put(bytes("key"), bytes("value"));
        space.setLong(map.address() + LOCK_WORD_AT, space.spaceId() << 32 | 1);
        map.put(bytes("key"), bytes("another"));
        assertThat(map.get(bytes("key"))).isEqualTo(bytes("another"));
    }

    @Test
    void mapThatWasCopiedDuringAPutCanBeChanged() throws InterruptedException {
        map.put(bytes("key"), bytes("value"));
        anotherWriter(lock());
        byte[] region = new byte[1 << 20];
        space.copyTo(map.address(), region, 0, region.length);
        try (MemoryManager other = MemoryManager.builder().hostPool(4L << 20).build();
                AddressSpace first = other.newAddressSpace()) {
            long address = first.map(region.length);
            first.copyFrom(region, 0, address, region.length);
            ForkableMap restored = ForkableMap.open(first, address);
            restored.put(bytes("key"), bytes("restored"));
            assertThat(restored.get(bytes("key"))).isEqualTo(bytes("restored"));
        }
    }

    @Test
    void interruptsOfWaitingThreadsStayAndVirtualThreadsLetOthersRun() throws InterruptedException {
        anotherWriter(lock());
        CountDownLatch begun = new CountDownLatch(64);
        CountDownLatch interruptedAfterwards = new CountDownLatch(64);
        for (int i = 0; i < 64; i++) { // more threads than carriers
            byte[] key = bytes("key" + i);
            Thread.ofVirtual().start(() -> {
                Thread.currentThread().interrupt();
                begun.countDown();
                map.put(key, key);
                if (Thread.interrupted()) {
                    interruptedAfterwards.countDown();
                }
            });
        }
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        over.countDown();
        assertThat(interruptedAfterwards.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(map.size()).isEqualTo(64);
    }

    @Test
    void lockOfAnUnmappedMapDoesNotBlockTheNextMap() {
        map.put(bytes("key"), bytes("value"));
        ForkableMap old = ForkableMap.create(space, 1 << 16);
        old.put(bytes("key"), bytes("old"));
        space.unmap(old.address(), 1 << 16);
        ForkableMap next = ForkableMap.create(space, 1 << 16);
        next.put(bytes("key"), bytes("next"));
        assertThat(next.get(bytes("key"))).isEqualTo(bytes("next"));
        if (next.address() == old.address()) {
            assertThatIllegalStateException().isThrownBy(() -> old.put(bytes("key"), bytes("lost")))
                    .withMessageContaining("it is not the map that was opened");
            assertThatIllegalStateException().isThrownBy(() -> old.get(bytes("no such key")));
        }
        next.check();
    }
}
