package io.quire.memory.bench.map;

import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.measure.Timed;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does it cost to replace the value of a random key? The figure is the mean of 1,000 writes, once right after a
 * snapshot that stays open, and once without a snapshot.
 * <p>
 * Expected without a snapshot: 600 ns for ours. A put takes the lock, writes the entry into a free block, writes the
 * words that will change into the journal, commits, and applies them: some 40 accesses of 5 to 10 ns, and three waits
 * for memory. A map on the heap follows two pointers and stores a third: 150 ns. A persistent map copies four nodes of
 * 32 references: 500 to 800 ns.
 * <p>
 * With a snapshot, each of our writes has to copy two pages, that of the slot and that of the old entry (the new entry
 * goes into the block that the write before freed), and with most of these pages a leaf of the page table: two times
 * 500 to 600 ns more. Where the snapshot is a copy, writes cost the same as before. TrieMap copies the nodes on the
 * path; a persistent map costs the same as before. LMDB copies pages in every transaction, with a snapshot or without;
 * while the snapshot is open it finds no free pages.
 * <p>
 * If ours cost much more, a put would touch more pages than these two.
 */
public class PutBesideSnapshot extends JmhBenchmark {

    /** What is open while the map is written. */
    public enum Beside {

        NOTHING, SNAPSHOT
    }

    @Param
    public Beside beside;

    private @Nullable MapView snapshot;

    /** Chooses the keys, and takes a new snapshot. */
    @Setup(Level.Invocation)
    public void before(FilledMap filled) {
        filled.chooseKeys();
        snapshot = beside == Beside.SNAPSHOT ? filled.map().snapshot() : null;
    }

    @Benchmark
    @OperationsPerInvocation(FilledMap.BATCH)
    public long put(FilledMap filled) {
        filled.put();
        return FilledMap.BATCH;
    }

    @TearDown(Level.Invocation)
    public void after(FilledMap filled) {
        if (snapshot != null) {
            snapshot.close();
            filled.map().settle();
        }
    }

    /** Returns the operation as the tour times it. */
    static Timed timed(FilledMap filled, Beside beside) {
        PutBesideSnapshot put = new PutBesideSnapshot();
        put.beside = beside;
        return new Timed(() -> put.put(filled), FilledMap.BATCH, () -> put.before(filled),
                () -> put.after(filled));
    }
}
