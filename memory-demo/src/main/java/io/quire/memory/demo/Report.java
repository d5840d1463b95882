package io.quire.memory.demo;

import io.quire.memory.demo.Outcome.Integrity;
import io.quire.memory.demo.Outcome.Loaded;
import io.quire.memory.demo.Outcome.MemoryUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The table that is printed at the end, in plain ASCII. */
final class Report {

    static final int COLUMNS = 94;

    private static final double P50 = 50;
    private static final double P99 = 99;

    private final List<String> lines = new ArrayList<>();
    private final Outcome outcome;

    private Report(Outcome outcome) {
        this.outcome = outcome;
    }

    /** Returns the lines of the table. The last one says what was shown, or what is wrong. */
    static List<String> of(Outcome outcome) {
        Report report = new Report(outcome);
        report.map();
        report.forks();
        report.writes();
        report.memory();
        report.device();
        report.checks();
        report.lines.add("");
        report.lines.add(report.verdict());
        return report.lines;
    }

    private void map() {
        Loaded loaded = outcome.loaded();
        heading("MAP of " + loaded.input());
        row("entries loaded", Units.count(loaded.entries()));
        row("bytes loaded", Units.bytes(loaded.sizeBytes()), "in " + Units.duration(loaded.nanos()));
        row("values updated by the writer", Units.count(outcome.writer().updates()),
                Units.count(updatesPerSecond()) + " /s");
    }

    private void forks() {
        heading("FORKS, time of one", "forks", "p50", "p99", "max");
        latencies("by the writer, between two updates", outcome.writer().forks());
        latencies("by another thread, during updates", outcome.forks().forksDuringUpdates());
        row("kept open at a time, at most", Units.count(outcome.forks().mostOpen()));
        row("closed while an older one stayed open", Units.count(outcome.forks().closedBeforeOlder()));
    }

    private void writes() {
        Writer writer = outcome.writer();
        heading("WRITES, time of one", "writes", "p50", "p99", "max");
        latencies("8 bytes, the first in a page after a fork", writer.probe().first());
        latencies("8 bytes, the second in the same page", writer.probe().second());
        latencies("a value, the first 64 after a fork", writer.putsAfterFork());
        latencies("a value, all later ones", writer.otherPuts());
    }

    private void memory() {
        MemoryUse memory = outcome.memory();
        long pagesForked = memory.pagesMapped() * forksTaken();
        heading("MEMORY", "pages", "bytes", "of forked");
        pages("mapped by the map", memory.pagesMapped());
        pages("mapped by all forks taken", pagesForked);
        pages("copied, by the first write to a shared page", memory.pagesCopied(),
                Units.percent(memory.pagesCopied(), pagesForked));
        pages("held by forks alone, at the peak", memory.heldPeakBytes() / Units.PAGE_BYTES);
        pages("held by forks alone, when all are closed", memory.heldEndBytes() / Units.PAGE_BYTES);
        pages("limit", memory.limitBytes() / Units.PAGE_BYTES);
    }

    private void device() {
        DeviceOutcome device = outcome.device();
        DeviceOutcome.Pressure pressure = device.pressure();
        heading(device.device().toUpperCase(Locale.ROOT) + " of " + Units.bytes(device.sizeBytes()), "pages", "bytes");
        if (!device.whyNotNative().isEmpty()) {
            wrapped("not the device in C: " + device.whyNotNative());
        }
        pages("pages of the map, moved there", device.moved().pages(), "in " + Units.duration(device.moved().nanos()));
        row("words added up by both, with equal sums", Units.count(device.moved().words()));
        pages("moved there, more than fit", pressure.pagesLoaded());
        pages("evicted to make room", pressure.pagesEvicted());
        pages("free afterwards, by the watermarks", pressure.pagesFree());
        wrapped("long-term pin refused: " + device.refusal());
        heading("DEVICE AND PROCESSOR after a fork", "faults", "invalidated", "written", "off device");
        for (DeviceOutcome.AfterFork fork : device.afterForks()) {
            row(fork.label(), Units.count(fork.deviceFaults()), Units.count(fork.invalidations()),
                    Units.count(fork.pagesWritten()), Units.count(fork.pagesOffDevice()));
        }
    }

    private void checks() {
        Integrity integrity = outcome.integrity();
        heading("CHECKS");
        row("checksums compared: every fork, then the map", Units.count(integrity.compared()));
        row("checksums equal", Units.count(integrity.equal()));
        row("checks of the device", Units.count(outcome.device().checks()));
        row("checks passed", Units.count(outcome.device().checksPassed()));
        row("frames leaked", Units.count(integrity.framesLeaked()));
    }

    private String verdict() {
        Integrity integrity = outcome.integrity();
        if (integrity.firstDifference() != null) {
            return "FAILED: " + integrity.firstDifference();
        }
        if (!outcome.device().isGood()) {
            return "FAILED: " + outcome.device().firstFailure();
        }
        if (!integrity.isGood()) {
            return "FAILED: memory leaked: " + integrity.framesLeaked() + " frames of 4 KiB";
        }
        if (forksTaken() == 0) {
            return "Stopped before the first fork: nothing was shown.";
        }
        return "Shown: %s forks of %s were taken in about %s each while a thread kept changing the map.%n"
                .formatted(Units.count(forksTaken()), Units.bytes(outcome.loaded().sizeBytes()),
                        Units.duration(outcome.writer().forks().percentile(P50)))
                + "Each stayed the exact map of one moment, and all memory came back. A device worked on the map too.";
    }

    private long forksTaken() {
        return outcome.writer().forks().count() + outcome.forks().forksDuringUpdates().count();
    }

    private long updatesPerSecond() {
        Writer writer = outcome.writer();
        return writer.updates() * TimeUnit.SECONDS.toNanos(1) / Math.max(1, writer.runNanos());
    }

    // ---- lines

    private void heading(String title, String... columns) {
        lines.add("");
        lines.add(format("%-46s", title, columns));
        lines.add("-".repeat(COLUMNS));
    }

    private void latencies(String label, Latencies latencies) {
        row(label, Units.count(latencies.count()), Units.duration(latencies.percentile(P50)),
                Units.duration(latencies.percentile(P99)), Units.duration(latencies.max()));
    }

    private void pages(String label, long pages) {
        pages(label, pages, "");
    }

    private void pages(String label, long pages, String share) {
        row(label, Units.count(pages), Units.bytes(pages * Units.PAGE_BYTES), share);
    }

    private void row(String label, String... cells) {
        lines.add(format("  %-44s", label, cells));
    }

    /** Adds a text of any length, wrapped between words. */
    private void wrapped(String text) {
        StringBuilder line = new StringBuilder(" ");
        for (String each : text.split(" ", -1)) {
            if (line.length() + 1 + each.length() > COLUMNS) {
                lines.add(line.toString());
                line = new StringBuilder("   ");
            }
            line.append(' ').append(each);
        }
        lines.add(line.toString());
    }

    private static String format(String labelFormat, String label, String... cells) {
        StringBuilder line = new StringBuilder(labelFormat.formatted(label));
        for (String cell : cells) {
            line.append(" %11s".formatted(cell));
        }
        return line.toString().stripTrailing();
    }
}
