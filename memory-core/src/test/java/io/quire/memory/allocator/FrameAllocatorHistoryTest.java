package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameAllocator.HUGE_ORDER;
import static io.quire.memory.allocator.FrameAllocator.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Random histories of one thread, compared with a plain bit set. */
class FrameAllocatorHistoryTest {
    private static final int[] ORDERS = {0, 0, 0, 1, 2, 3, 4, 5, 6, HUGE_ORDER};

    private record Run(int frame, int order) {
    }

    private final long seed = Long.getLong("memory.seed", System.nanoTime());

    @Test
    void randomHistoriesAgreeWithAModel() {
        SplittableRandom random = new SplittableRandom(seed);
        try {
            for (int history = 0; history < 40; history++) {
                play(random.split(), random.nextInt(1, 6000));
            }
        } catch (AssertionError | RuntimeException failure) {
            throw new AssertionError("rerun FrameAllocatorHistoryTest with -Dmemory.seed=" + seed, failure);
        }
    }

    private static void play(SplittableRandom random, int frames) {
        FrameAllocator allocator = new FrameAllocator(frames);
        List<Magazine> magazines = new ArrayList<>();
        magazines.add(allocator.newMagazine());
        List<Run> live = new ArrayList<>();
        BitSet model = new BitSet(frames);
        for (int step = 0; step < 4000; step++) {
            boolean growing = step / 800 % 2 == 0;
            int dice = random.nextInt(100);
            Magazine magazine = magazines.get(random.nextInt(magazines.size()));
            if (dice == 0) {
                magazines.add(allocator.newMagazine());
            } else if (dice == 1 && magazines.size() > 1) {
                magazines.remove(magazine);
                magazine.close();
            } else if (dice < 6) {
                int[] many = new int[random.nextInt(1, 130)];
                int found = allocator.allocateMany(many);
                assertThat(found == many.length || found == frames - model.cardinality()).isTrue();
                for (int i = 0; i < found; i++) {
                    allocated(many[i], 0, frames, model, live);
                }
            } else if (dice < 10) {
                int[] many = live.stream().filter(run -> run.order == 0).limit(random.nextInt(1, 130))
                        .mapToInt(Run::frame).toArray();
                live.removeIf(run -> run.order == 0 && Arrays.stream(many).anyMatch(frame -> frame == run.frame));
                Arrays.stream(many).forEach(model::clear);
                allocator.freeMany(many);
            } else if (dice < (growing ? 65 : 35)) {
                int order = ORDERS[random.nextInt(ORDERS.length)];
                boolean cached = order == 0 && random.nextBoolean();
                int frame = cached ? magazine.allocate() : allocator.allocate(order);
                allocated(frame, order, frames, model, live);
            } else if (!live.isEmpty()) {
                Run run = live.remove(random.nextInt(live.size()));
                model.clear(run.frame, run.frame + (1 << run.order));
                if (run.order == 0 && random.nextBoolean()) {
                    magazine.free(run.frame);
                } else {
                    allocator.free(run.frame, run.order);
                }
            }
            assertThat(step % 100 != 0 || allocator.freeFrames() == frames - model.cardinality()).isTrue();
        }
        allocator.check();
        magazines.forEach(Magazine::close);
        live.forEach(run -> allocator.free(run.frame, run.order));
        assertThat(allocator.freeFrames()).isEqualTo(frames);
        allocator.check();
    }

    private static void allocated(int frame, int order, int frames, BitSet model, List<Run> live) {
        if (frame == NONE) {
            assertThat(hasRun(model, frames, order)).as("a free run was missed: order=%d", order).isFalse();
            return;
        }
        assertThat(frame & (1 << order) - 1).isZero();
        assertThat(frame).isBetween(0, frames - (1 << order));
        BitSet before = model.get(frame, frame + (1 << order));
        assertThat(before.isEmpty()).as("allocated twice: frame=%d", frame).isTrue();
        model.set(frame, frame + (1 << order));
        live.add(new Run(frame, order));
    }

    private static boolean hasRun(BitSet model, int frames, int order) {
        for (int frame = 0; frame <= frames - (1 << order); frame += 1 << order) {
            if (model.get(frame, frame + (1 << order)).isEmpty()) {
                return true;
            }
        }
        return false;
    }
}
