package io.quire.memory.bench.map;

import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Axis.Unit;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Series;
import io.quire.memory.bench.measure.Series.Point;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.ArrayList;
import java.util.List;

/**
 * How much memory does one more snapshot keep, if 1,000 random entries of the map are written after each?
 * OpenTripPlanner asked this question, also with 500,000 entries.
 * <p>
 * Expected: 7 to 8 MiB for ours. A thousand random writes change nearly a thousand pages of slots and as many pages of
 * entries, and the snapshot keeps the old form of each: 2,000 times 4 KiB. A copy has all entries, 20 MiB of nodes and
 * table, or 60 MiB with the values. A trie keeps a thousand old values and the nodes on the paths to them, 80 + 300 to
 * 800 bytes each, less than 1 MiB in all. We keep more because we fork memory in pages of 4 KiB, and pages know nothing
 * of maps. LMDB keeps the leaves that were written, and their branches: 1,050 pages, 4 MiB.
 * <p>
 * On both sides, all off-heap memory counts, and the heap that is left after a full collection.
 */
final class KeptBySnapshots {

    private static final int SNAPSHOTS_MAX = 8;

    private final List<Series> lines = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /** Measures one kind of map. */
    void add(MapKind kind, int entries) {
        List<Point> points = new ArrayList<>();
        List<MapView> snapshots = new ArrayList<>();
        FilledMap filled = FilledMap.of(kind, entries);
        try {
            addSnapshot(filled, snapshots); // at first LMDB uses up free pages
            long before = heldBytes(filled, snapshots);
            for (int count = 1; count <= SNAPSHOTS_MAX; count++) {
                addSnapshot(filled, snapshots);
                if (Integer.bitCount(count) == 1) {
                    points.add(new Point(count, heldBytes(filled, snapshots) - before));
                }
            }
        } finally {
            snapshots.forEach(MapView::close);
            filled.close();
        }
        lines.add(kind == MapKind.QUIRE ? Series.ours(kind.label(), points) : Series.theirs(kind.label(), points));
        double mebibytes = points.getLast().y() / SNAPSHOTS_MAX / (1 << 20);
        notes.add(kind.label() + " " + Figures.number(mebibytes) + " MiB");
    }

    private static void addSnapshot(FilledMap filled, List<MapView> snapshots) {
        snapshots.add(filled.map().snapshot());
        filled.chooseKeys();
        filled.put();
    }

    /** Adds the chart and a note. */
    void tell(int entries, Report report) {
        report.add(new Chart("map-snapshot-memory", "How much memory do snapshots of a map keep?",
                String.format("%,d entries with values of 64 bytes; after each snapshot 1,000 random ones are"
                        + " written. What the map and a first snapshot hold is taken off; the heap is"
                        + " measured after a full collection.", entries),
                Axis.logarithmic("more snapshots", Unit.COUNT),
                Axis.logarithmic("memory kept", Unit.BYTES), lines));
        report.note("One more snapshot and 1,000 writes keep: " + String.join(", ", notes) + ".");
    }

    private static long heldBytes(FilledMap filled, List<MapView> snapshots) {
        filled.map().settle();
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        memory.gc();
        memory.gc(); // again: what only a cleaner could still reach becomes free in a second collection
        return memory.getHeapMemoryUsage().getUsed() + filled.map().offHeapBytes()
                + snapshots.stream().mapToLong(MapView::offHeapBytes).sum();
    }
}
