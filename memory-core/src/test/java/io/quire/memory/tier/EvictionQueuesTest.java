package io.quire.memory.tier;

import static io.quire.memory.tier.EvictionQueues.NONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.testkit.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seed.class)
class EvictionQueuesTest {

    private static final int FRAMES = 20;

    private final EvictionQueues queues = new EvictionQueues(FRAMES);
    private final BitSet accessed = new BitSet();

    @AfterEach
    void everythingIsInItsPlace() {
        queues.check();
    }

    @Test
    void emptyQueuesHaveNoVictim() {
        assertThat(nextVictim()).isEqualTo(NONE);
    }

    @Test
    void unusedFramesAreEvictedInTheOrderTheyCame() {
        fill();
        assertThat(victims(FRAMES)).isEqualTo(IntStream.range(0, FRAMES).boxed().toList());
        assertThat(nextVictim()).isEqualTo(NONE);
    }

    @Test
    void framesAddedTogetherAreTreatedLikeFramesAddedOneByOne() {
        EvictionQueues single = new EvictionQueues(FRAMES);
        for (int round = 0; round < 20; round++) {
            int[] frames = IntStream.range(0, FRAMES).toArray();
            long first = round % 3 * 10L; // the ghost remembers some of these pages
            long[] keys = IntStream.range(0, FRAMES).mapToLong(frame -> first + frame).toArray();
            queues.added(frames, frame -> keys[frame]);
            IntStream.range(0, FRAMES).forEach(frame -> single.added(frame, keys[frame], false));
            for (int i = 0; i < 5; i++) {
                assertThat(queues.nextVictim(frame -> frame % 2 == 0)).isEqualTo(single.nextVictim(
                        frame -> frame % 2 == 0));
            }
            IntStream.range(0, FRAMES).forEach(frame -> assertThat(queues.place(frame)).isEqualTo(single.place(frame)));
            queues.removed(frames);
            IntStream.range(0, FRAMES).forEach(single::removed);
        }
        assertThatIllegalStateException().isThrownBy(() -> queues.added(new int[] {1, 1}, frame -> frame))
                .withMessageContaining("frame=1");
    }

    @Test
    void aVictimIsNotOfferedAgainBeforeItIsAnswered() {
        queues.added(3, 3, false);
        assertThat(nextVictim()).isEqualTo(3);
        assertThat(nextVictim()).isEqualTo(NONE);
        queues.skipped(3);
        assertThat(nextVictim()).isEqualTo(3);
        queues.removed(3);
        assertThat(nextVictim()).isEqualTo(NONE);
    }

    @Test
    void usedFramesMoveToMainAndOutliveUnusedOnes() {
        fill();
        accessed.set(0, 5);
        assertThat(victims(10)).isEqualTo(IntStream.range(5, 15).boxed().toList());
        assertThat(IntStream.range(0, 5).map(frame -> queues.place(frame))).containsOnly((int) Place.MAIN);
    }

    @Test
    void anAccessInMainIsGoodForOneMoreRound() {
        queues.added(0, 0, true);
        queues.added(1, 1, true);
        accessed.set(0);
        assertThat(nextVictim()).isEqualTo(1);
        queues.removed(1);
        queues.added(2, 2, true);
        queues.added(3, 3, true);
        // The first look at frame 0 used up its access, and gave it one more round.
        assertThat(nextVictim()).isEqualTo(2);
        assertThat(nextVictim()).isEqualTo(3);
        assertThat(nextVictim()).isEqualTo(0);
    }

    @Test
    void aPageThatComesBackSoonIsKnown() {
        queues.added(0, 42, false);
        assertThat(nextVictim()).isZero();
        queues.removed(0);
        queues.added(1, 42, false);
        assertThat(queues.place(1)).isEqualTo(Place.MAIN);
    }

    @Test
    void aPageThatItsOwnerFreedIsNotKnown() {
        queues.added(0, 42, false);
        queues.removed(0);
        queues.added(1, 42, false);
        assertThat(queues.place(1)).isEqualTo(Place.SMALL);
    }

    @Test
    void aPageThatWasAskedForStartsInMain() {
        queues.added(0, 42, true);
        assertThat(queues.place(0)).isEqualTo(Place.MAIN);
    }

    @Test
    void aScanDoesNotDisturbMain() {
        IntStream.range(0, 18).forEach(frame -> queues.added(frame, frame, true));
        queues.added(18, 118, false);
        queues.added(19, 119, false);
        for (int page = 120; page < 1000; page++) {
            int victim = queues.nextVictim(frame -> frame < 18);
            assertThat(victim).isGreaterThanOrEqualTo(18);
            queues.removed(victim);
            queues.added(victim, page, false);
        }
    }

    @Test
    void oneNewcomerIn64StartsInMain() {
        EvictionQueues many = new EvictionQueues(640);
        IntStream.range(0, 640).forEach(frame -> many.added(frame, frame, false));
        assertThat(IntStream.range(0, 640).filter(frame -> many.place(frame) == Place.MAIN).count()).isEqualTo(10);
        many.check();
    }

    @Test
    void aSkippedVictimGoesBehindAllOthersOfMain() {
        queues.added(0, 0, false);
        queues.added(1, 1, true);
        queues.added(2, 2, false);
        queues.added(3, 3, false);
        assertThat(nextVictim()).isZero();
        queues.skipped(0);
        assertThat(victims(4)).containsExactly(2, 1, 0, 3);
    }

    @Test
    void searchEndsIfAllFramesAreInUseAndGoesOnNextTime() {
        EvictionQueues many = new EvictionQueues(1000);
        IntStream.range(0, 1000).forEach(frame -> many.added(frame, frame, false));
        List<Integer> seen = new ArrayList<>();
        int calls = 0;
        while (seen.size() < 1000) {
            assertThat(many.nextVictim(frame -> seen.add(frame))).isEqualTo(NONE);
            assertThat(seen.size() % EvictionQueues.LOOKS_MAX).isZero();
            calls++;
        }
        assertThat(calls).isEqualTo(4);
        assertThat(many.nextVictim(AccessBit.IGNORED)).isNotEqualTo(NONE);
        many.check();
    }

    @Test
    void aFrameFreedWhileItIsLookedAtIsNoVictim() {
        queues.added(0, 0, false);
        queues.added(1, 1, false);
        queues.added(2, 2, false);
        assertThat(queues.nextVictim(frame -> {
            if (frame == 0) {
                queues.removed(0);
                queues.added(0, 77, false); // the frame now has another page, which was never a victim
            }
            return false;
        })).isEqualTo(1);
        assertThat(queues.place(0)).isEqualTo(Place.SMALL);
    }

    @Test
    void aFrameFreedByItsOwnerMayStillBeSkipped() {
        queues.added(0, 0, false);
        int victim = nextVictim();
        queues.removed(victim);
        queues.skipped(victim);
        assertThat(nextVictim()).isEqualTo(NONE);
    }

    @Test
    void addingAFrameTwiceIsRefused() {
        queues.added(0, 0, false);
        assertThatIllegalStateException().isThrownBy(() -> queues.added(0, 1, false))
                .withMessageContaining("frame=0, place=SMALL");
    }

    @Test
    void removingAnAbsentFrameDoesNothing() {
        queues.removed(0);
        assertThat(nextVictim()).isEqualTo(NONE);
    }

    @Test
    void aPoolWithoutFramesIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new EvictionQueues(0));
    }

    @Test
    void aPoolOfOneFrameWorks() {
        EvictionQueues one = new EvictionQueues(1);
        for (int page = 0; page < 1000; page++) {
            one.added(0, page % 3, false);
            assertThat(one.nextVictim(AccessBit.IGNORED)).isZero();
            one.removed(0);
        }
        one.check();
    }

    @Test
    void loopLargerThanTheDeviceKeepsThePartThatFits() {
        EvictionQueues device = new EvictionQueues(100);
        int[] frameOfPage = new int[250];
        int[] pageOfFrame = new int[100];
        Arrays.fill(frameOfPage, NONE);
        int used = 0;
        int hits = 0;
        for (int at = 0; at < 100_000; at++) {
            int page = at % 250;
            int frame = frameOfPage[page];
            if (frame != NONE) {
                accessed.set(frame);
                hits++;
                continue;
            }
            if (used < 100) {
                frame = used++;
            } else {
                frame = device.nextVictim(this::testAndClear);
                device.removed(frame);
                frameOfPage[pageOfFrame[frame]] = NONE;
            }
            device.added(frame, page, false);
            frameOfPage[page] = frame;
            pageOfFrame[frame] = page;
        }
        assertThat(hits).as("hits of 40,000 possible ones; LRU and CLOCK have none").isGreaterThan(25_000);
        device.check();
    }

    @Test
    void ownersAndEvictorMayMeetOnEveryFrame(SplittableRandom random) throws InterruptedException {
        int frames = 64;
        EvictionQueues device = new EvictionQueues(frames);
        // 1 while a frame has an owner. In the library the frame pool makes sure that there is only one.
        AtomicIntegerArray owned = new AtomicIntegerArray(frames);
        CountDownLatch ready = new CountDownLatch(1);
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        List<Thread> owners = IntStream.range(0, 3).mapToObj(number -> {
            SplittableRandom choice = random.split();
            return Thread.ofPlatform().uncaughtExceptionHandler((t, failure) -> failures.add(failure)).start(() -> {
                awaitQuietly(ready);
                for (int step = 0; step < 100_000; step++) {
                    int frame = choice.nextInt(frames);
                    if (owned.compareAndSet(frame, 0, 2)) {
                        device.added(frame, choice.nextInt(1000), choice.nextInt(8) == 0);
                        owned.set(frame, 1);
                    } else if (owned.compareAndSet(frame, 1, 2)) {
                        device.removed(frame);
                        owned.set(frame, 0);
                    }
                }
            });
        }).toList();
        ready.countDown();
        int evicted = 0;
        while (owners.stream().anyMatch(Thread::isAlive)) {
            int frame = device.nextVictim(looked -> random.nextInt(3) == 0);
            if (frame == NONE) {
                continue;
            }
            if (random.nextBoolean() && owned.compareAndSet(frame, 1, 2)) {
                device.removed(frame);
                owned.set(frame, 0);
                evicted++;
            } else {
                device.skipped(frame);
            }
        }
        for (Thread owner : owners) {
            owner.join();
        }
        assertThat(failures).isEmpty();
        assertThat(evicted).isPositive();
        device.check();
        for (int frame = 0; frame < frames; frame++) {
            assertThat(device.place(frame) != Place.OUT).as("frame %d", frame).isEqualTo(owned.get(frame) == 1);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void fill() {
        IntStream.range(0, FRAMES).forEach(frame -> queues.added(frame, frame, false));
    }

    private int nextVictim() {
        return queues.nextVictim(this::testAndClear);
    }

    private List<Integer> victims(int count) {
        return IntStream.range(0, count).mapToObj(at -> nextVictim()).toList();
    }

    private boolean testAndClear(int frame) {
        boolean was = accessed.get(frame);
        accessed.clear(frame);
        return was;
    }
}
