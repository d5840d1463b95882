package io.quire.memory.bench.results;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsTest {

    @TempDir
    private Path folder;

    @Test
    void runWritesLinesAPageAndPictures() throws IOException {
        Path page = Results.write(SampleReport.SETTING, SampleReport.make(), folder);
        assertThat(page).isEqualTo(folder.resolve("index.html"));
        assertThat(folder.resolve("charts/fork-by-size.svg")).content().startsWith("<svg ");
        assertThat(folder.resolve("results-2026-01-02T030405Z.jsonl"))
                .hasSameTextualContentAs(folder.resolve("results.jsonl"));
        assertThat(Files.readAllLines(folder.resolve("results.jsonl"))).hasSize(9);
    }

    @Test
    void theNextRunReplacesTheLatestLines() throws IOException {
        Files.writeString(folder.resolve("results.jsonl"), "of an earlier run");
        Results.write(SampleReport.SETTING, SampleReport.make(), folder);
        assertThat(folder.resolve("results.jsonl")).content().doesNotContain("of an earlier run");
    }

    @Test
    void pageNeedsNoOtherFile() {
        String page = Page.of(SampleReport.SETTING, SampleReport.make());
        assertThat(page).doesNotContain("<script", "src=", "<link", "@import", "url(");
        assertThat(page).contains("<svg ").endsWith("</html>\n");
    }

    @Test
    void pageEscapesTextFromElsewhere() {
        String page = Page.of(SampleReport.SETTING, SampleReport.make());
        assertThat(page).contains("Some &quot;Vendor&quot;", "-Dx=&lt;y&gt;", "&lt;one&gt; exchange",
                "Error: &lt;init&gt; &amp; more", "A pin &amp; its stack.").doesNotContain("<one>", "<init>", "<y>");
    }

    @Test
    void thePageCountsThePromises() {
        assertThat(Page.of(SampleReport.SETTING, SampleReport.make())).contains("2 of 2 promises met, 0 missed.");
    }
}
