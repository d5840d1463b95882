package io.quire.memory.bench.map;

import io.quire.memory.bench.map.GetFromSnapshot.From;
import io.quire.memory.bench.map.PutBesideSnapshot.Beside;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import java.util.EnumSet;
import java.util.Set;

/** The part of the tour about snapshots of maps. */
public final class MapSnapshots {

    private static final int QUICK_ENTRIES = 100_000;
    private static final int FULL_ENTRIES = 500_000;

    private static final Set<MapKind> QUICK_RIVALS =
            EnumSet.of(MapKind.CONCURRENT_HASH_MAP, MapKind.TRIE_MAP, MapKind.VAVR_HASH_MAP);

    /** Few rounds, because one sample may copy a whole map. */
    private static final Paired ROUNDS = new Paired(10, 21);

    /**
     * Samples before the first that counts. Beside copies of a map too few snapshots are taken for the compiler to
     * finish.
     */
    private static final int WARM_UPS = 300;

    private final int entries;
    private final Report report;

    private MapSnapshots(int entries, Report report) {
        this.entries = entries;
        this.report = report;
    }

    /** Adds the rows to the table. */
    public static void answer(Report report) {
        MapSnapshots part = new MapSnapshots(report.isFull() ? FULL_ENTRIES : QUICK_ENTRIES, report);
        Set<MapKind> rivals = report.isFull() ? EnumSet.complementOf(EnumSet.of(MapKind.QUIRE)) : QUICK_RIVALS;
        part.answer(rivals);
    }

    private void answer(Set<MapKind> rivals) {
        report.note(String.format("Maps: %,d entries, keys of 8 bytes, values of 64. Ours copies each value in"
                + " and out; maps on the heap keep and hand out a reference. A finished copy adds nothing to later"
                + " puts, so where a snapshot is a copy, puts are measured without one.", entries));
        Set<MapKind> running = EnumSet.noneOf(MapKind.class);
        for (MapKind rival : rivals) {
            String whyMissing = rival.whyMissing();
            if (whyMissing.isEmpty()) {
                running.add(rival);
            } else {
                report.missing("map snapshot", rival.label(), Target.NONE, whyMissing);
            }
        }
        compare(running);
        if (report.isFull()) {
            running.add(MapKind.QUIRE);
            drawMemory(running);
        }
    }

    private void compare(Set<MapKind> rivals) {
        FilledMap ours = FilledMap.of(MapKind.QUIRE, entries);
        try {
            TakeSnapshot.timed(ours).medianOf(WARM_UPS).sample();
            PutBesideSnapshot.timed(ours, Beside.SNAPSHOT).medianOf(WARM_UPS).sample();
            for (MapKind rival : rivals) {
                report.progress("snapshots of a map, " + rival.label() + " ...");
                FilledMap theirs = FilledMap.of(rival, entries);
                try {
                    compare(ours, theirs);
                } finally {
                    theirs.close();
                }
            }
        } finally {
            ours.close();
        }
    }

    private void compare(FilledMap ours, FilledMap theirs) {
        add("snapshot, get, close", theirs, TakeSnapshot.timed(ours), TakeSnapshot.timed(theirs));
        comparePut("put beside a snapshot", ours, theirs, Beside.SNAPSHOT);
        compareGet("get", ours, theirs, From.LIVE);
        if (report.isFull()) {
            comparePut("put", ours, theirs, Beside.NOTHING);
            compareGet("get from a snapshot", ours, theirs, From.SNAPSHOT);
        }
    }

    private void comparePut(String what, FilledMap ours, FilledMap theirs, Beside beside) {
        // A copy would only fill the caches and keep the collector busy while ours is measured.
        Beside theirBeside = theirs.kind.copies() ? Beside.NOTHING : beside;
        add(what, theirs, PutBesideSnapshot.timed(ours, beside), PutBesideSnapshot.timed(theirs, theirBeside));
    }

    private void compareGet(String what, FilledMap ours, FilledMap theirs, From from) {
        GetFromSnapshot our = GetFromSnapshot.of(ours, from);
        GetFromSnapshot their = GetFromSnapshot.of(theirs, from);
        try {
            add(what, theirs, our.timed(ours), their.timed(theirs));
        } finally {
            our.close();
            their.close();
        }
    }

    private void add(String what, FilledMap rival, Timed ours, Timed theirs) {
        report.add("map " + what, rival.kind.label(), Target.NONE, ROUNDS.compare(ours, theirs));
    }

    private void drawMemory(Set<MapKind> kinds) {
        KeptBySnapshots kept = new KeptBySnapshots();
        for (MapKind kind : kinds) {
            report.progress("memory that snapshots of a map keep, " + kind.label() + " ...");
            kept.add(kind, entries);
        }
        kept.tell(entries, report);
    }
}
