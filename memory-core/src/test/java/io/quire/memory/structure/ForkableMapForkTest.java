package io.quire.memory.structure;

import static io.quire.memory.structure.MapModel.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The space is forked at every step of a change of a map. */
class ForkableMapForkTest {

    private final MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final ForkableMap map = ForkableMap.create(space, 16L << 20);
    private final MapModel model = new MapModel();

    @AfterEach
    void close() {
        space.close();
        memory.close();
    }

    @Test
    void everyStepOfAPutOfANewKey() {
        fill(10);
        forkAtEveryStep((changed, after) -> after.put(changed, bytes("new"), new byte[5000]));
    }

    @Test
    void everyStepOfTheFirstPut() {
        forkAtEveryStep((changed, after) -> after.put(changed, bytes("first"), bytes("value")));
    }

    @Test
    void everyStepOfAPutInTheSameBlockSize() {
        fill(10);
        model.put(map, bytes("key3"), bytes("VALUE3")); // there is a free block of that size
        forkAtEveryStep((changed, after) -> after.put(changed, bytes("key4"), bytes("VALUE4")));
    }

    @Test
    void everyStepOfAPutThatReplacesTheTable() {
        fill(12);
        forkAtEveryStep((changed, after) -> after.put(changed, bytes("new"), bytes("value")));
    }

    @Test
    void everyStepOfARemoval() {
        fill(11);
        for (int i = 0; i < 8; i++) {
            String key = "key" + i;
            forkAtEveryStep((changed, after) -> after.remove(changed, bytes(key)));
            model.remove(map, bytes(key));
        }
    }

    @Test
    void everyStepOfClear() {
        fill(100);
        for (int i = 0; i < 100; i += 2) {
            model.remove(map, bytes("key" + i));
        }
        forkAtEveryStep((changed, after) -> after.clear(changed));
    }

    private void fill(int entries) {
        for (int i = 0; i < entries; i++) {
            model.put(map, bytes("key" + i), bytes("value" + i));
        }
    }

    /**
     * Makes a change in a fork and reads its journal. From that it rebuilds the memory as it was between any two writes
     * of the change: after the data and the list, after the commit, and after each applied word. It forks each of these
     * states, and goes on in the fork.
     */
    private void forkAtEveryStep(BiConsumer<ForkableMap, MapModel> change) {
        MapModel after = model.copy();
        try (AddressSpace done = space.fork()) {
            change.accept(ForkableMap.open(done, map.address()), after);
            long settled = word(done, MapHeader.STATE_AT);
            long before = word(space, MapHeader.STATE_AT);
            assertThat(StateWord.sequence(settled)).isEqualTo(StateWord.sequence(before) + 1);
            int writes = listed(done);
            assertThat(writes).isGreaterThan(4);

            for (int i = 0; i < writes; i++) {
                set(done, listedOffset(done, i), word(space, listedOffset(done, i)));
            }
            set(done, MapHeader.STATE_AT, before);
            goOnInForks(done, model);
            set(done, MapHeader.STATE_AT, StateWord.commit(before, writes));
            goOnInForks(done, after);
            for (int i = 0; i < writes; i++) {
                set(done, listedOffset(done, i), listedValue(done, i));
                goOnInForks(done, after);
            }
            set(done, MapHeader.STATE_AT, settled);
            goOnInForks(done, after);
        }
        model.check(map);
    }

    /** Returns the number of writes that the last change listed: their words have the listed values. */
    private int listed(AddressSpace done) {
        int writes = 0;
        while (writes < Journal.CAPACITY && listedOffset(done, writes) > MapHeader.STATE_AT
                && word(done, listedOffset(done, writes)) == listedValue(done, writes)) {
            writes++;
        }
        return writes;
    }

    private void goOnInForks(AddressSpace moment, MapModel expected) {
        try (AddressSpace child = moment.fork(); AddressSpace snapshot = moment.snapshot();
                Accessor accessor = child.accessor()) {
            expected.check(ForkableMap.open(snapshot, map.address()));
            ForkableMap forked = ForkableMap.open(accessor, map.address());
            expected.check(forked);
            MapModel ours = expected.copy();
            ours.put(forked, bytes("key5"), bytes("in the fork"));
            ours.check(forked);
            ours.remove(forked, bytes("new"));
            ours.put(forked, bytes("another"), new byte[300]);
            ours.check(forked);
            try (AddressSpace grandchild = child.fork()) {
                ours.check(ForkableMap.open(grandchild, map.address()));
            }
        }
    }

    private long word(AddressSpace in, long offset) {
        return in.getLong(map.address() + offset);
    }

    private void set(AddressSpace in, long offset, long value) {
        in.setLong(map.address() + offset, value);
    }

    private long listedOffset(AddressSpace in, int write) {
        return word(in, MapHeader.JOURNAL_AT + 16L * write);
    }

    private long listedValue(AddressSpace in, int write) {
        return word(in, MapHeader.JOURNAL_AT + 16L * write + 8);
    }

    @Test
    void forkByAnotherThreadHasAllChangesUpToOne() throws InterruptedException {
        int keys = 24; // about as many as make the map replace its table
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer = Thread.ofPlatform().start(() -> {
            try (Accessor accessor = space.accessor()) {
                ForkableMap mine = map.with(accessor);
                for (int i = 0; !stop.get(); i++) {
                    change(mine, i, keys);
                }
            } catch (RuntimeException | Error wrong) {
                failure.set(wrong);
            }
        });
        try {
            long end = System.nanoTime() + 1_500_000_000L;
            int forks = 0;
            while (System.nanoTime() < end && failure.get() == null) {
                try (AddressSpace child = space.fork()) {
                    checkPrefix(child, keys);
                    forks++;
                }
            }
            assertThat(forks).isPositive();
        } finally {
            stop.set(true);
            writer.join();
        }
        assertThat(failure.get()).isNull();
        map.check();
    }

    /** Makes change number i: puts key i mod keys, or removes it in every fifth round, or clears after many rounds. */
    private static void change(ForkableMap map, int i, int keys) {
        byte[] key = bytes("key" + i % keys);
        if (i % (keys * 50) == 0) {
            map.clear();
        } else if (isRemoval(i, keys)) {
            map.remove(key);
        } else {
            map.put(key, bytes(i + "-" + "x".repeat(i % 97)));
        }
    }

    private static boolean isRemoval(int i, int keys) {
        return i / keys % 5 == 4;
    }

    private void checkPrefix(AddressSpace child, int keys) {
        ForkableMap forked = ForkableMap.open(child, map.address());
        forked.check();
        int[] last = {-1};
        forked.forEach((key, value) -> last[0] = Math.max(last[0], number(value)));
        if (last[0] >= 0) {
            // The fork may be up to that many changes later: removals and a clear leave no number behind.
            assertThat(IntStream.rangeClosed(last[0], last[0] + keys + 1)
                    .anyMatch(i -> isAfter(forked, i, keys))).as("last=%d", last[0]).isTrue();
        }
        long size = forked.size();
        boolean replaced = forked.put(bytes("key1"), bytes("child"));
        assertThat(forked.size()).isEqualTo(replaced ? size : size + 1);
        forked.check();
    }

    /** Returns true if the map is as it must be after change number i. */
    private static boolean isAfter(ForkableMap forked, int i, int keys) {
        int cleared = i - i % (keys * 50);
        for (int k = 0; k < keys; k++) {
            int lastOfKey = i - Math.floorMod(i - k, keys);
            boolean gone = lastOfKey <= cleared || isRemoval(lastOfKey, keys);
            byte[] value = forked.get(bytes("key" + k));
            if (gone != (value == null) || value != null && number(value) != lastOfKey) {
                return false;
            }
        }
        return true;
    }

    private static int number(byte[] value) {
        String text = MapModel.text(value);
        return Integer.parseInt(text.substring(0, text.indexOf('-')));
    }
}
