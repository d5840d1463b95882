package io.quire.memory.bench.results;

import io.quire.memory.bench.measure.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Writes the results of a run into a folder. */
public final class Results {

    /** A copy of the lines of the latest run. The lines of each run are kept in a file with its date. */
    private static final String LATEST = "results.jsonl";

    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HHmmss'Z'")
            .withZone(ZoneOffset.UTC);

    private Results() {
    }

    /**
     * Writes the lines, the page and the pictures.
     *
     * @return the path of the page
     */
    public static Path write(Setting setting, Report report, Path folder) throws IOException {
        Path charts = Files.createDirectories(folder.resolve("charts"));
        Path lines = folder.resolve("results-" + DATE.format(setting.date()) + ".jsonl");
        Files.write(lines, JsonLines.of(setting, report));
        Files.copy(lines, folder.resolve(LATEST), StandardCopyOption.REPLACE_EXISTING);
        for (Report.ChartOf picture : report.charts()) {
            Files.writeString(charts.resolve(picture.chart().id() + ".svg"), Picture.alone(picture.chart()));
        }
        return Files.writeString(folder.resolve("index.html"), Page.of(setting, report));
    }
}
