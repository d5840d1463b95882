package io.quire.memory.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ReportTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final Report report = new Report(new PrintStream(printed, true, StandardCharsets.UTF_8), false);

    @Test
    void unansweredPromiseIsNamed() {
        assertThat(report.unanswered()).contains(Promise.SCAN).hasSize(Promise.values().length);
        report.add("scan of 1 GiB", "flat loop", Promise.SCAN, BoundTest.rounds(100, 99));
        assertThat(report.unanswered()).doesNotContain(Promise.SCAN).hasSize(Promise.values().length - 1);
    }

    @Test
    void aPromiseIsAnsweredOnce() {
        report.add("scan of 1 GiB", "flat loop", Promise.SCAN, BoundTest.rounds(100, 99));
        assertThatThrownBy(() -> report.add("scan of 2 GiB", "flat loop", Promise.SCAN, BoundTest.rounds(100, 99)))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("promise=SCAN");
        assertThat(report.rows()).hasSize(1);
    }

    @Test
    void promisesAreInOneTableAndOtherRowsInAnother() {
        report.add("scan of 1 GiB", "flat loop", Promise.SCAN, BoundTest.rounds(100, 99));
        report.add("scan of 1 GiB, scattered", "flat loop", Target.NONE, BoundTest.rounds(500, 100));
        printed.reset();
        report.print();
        String text = printed.toString(StandardCharsets.UTF_8);
        assertThat(text).containsSubsequence("promise", Promise.SCAN.label(), ">= 0.95", "0.99 ±0 %", "met",
                "also measured", "scan of 1 GiB, scattered, flat loop", "500 ns", "100 ns", "5.00");
    }

    @Test
    void aMissedTargetIsExplained() {
        report.add("pin", "one exchange", Target.atMost(4).because("The stack is walked."), BoundTest.rounds(50, 10));
        assertThat(report.rows().getFirst().reason()).isEqualTo("The stack is walked.");
        report.print();
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("The stack is walked.");
    }

    @Test
    void aTargetThatIsMetNeedsNoExplanation() {
        report.add("pin", "one exchange", Target.atMost(4).because("The stack is walked."), BoundTest.rounds(30, 10));
        assertThat(report.rows().getFirst().reason()).isEmpty();
    }

    @Test
    void aTargetThatIsATimeIsShownWithTimeAndRatio() {
        report.add("fork", "without writes", Promise.FORK_AMID_WRITES, BoundTest.rounds(58_000, 2_000));
        report.print();
        assertThat(printed.toString(StandardCharsets.UTF_8)).containsSubsequence(Promise.FORK_AMID_WRITES.label(),
                "<= 5.00 µs", "58.0 µs, 29.0 ±0 %", "MISSED");
    }

    @Test
    void noisyTimesGiveAWarningInTimes() {
        double[] ours = {10, 30, 10, 30, 10, 30, 10, 30, 10};
        report.add("fork", "without writes", Target.atMostNanos(20), Comparison.of(ours, ours));
        assertThat(report.warnings()).singleElement().asString().endsWith(
                "a quarter of the rounds lie below 10.0 ns and a quarter above 30.0 ns.");
    }

    @Test
    void noisyRoundsGiveAWarning() {
        double[] ours = {10, 30, 10, 30, 10, 30, 10, 30, 10};
        double[] theirs = {10, 10, 10, 10, 10, 10, 10, 10, 10};
        report.add("read", "flat loop", Target.atMost(2), Comparison.of(ours, theirs));
        assertThat(report.warnings()).singleElement().asString()
                .startsWith("Too noisy to tell: read, flat loop. The target is <= 2.00; ").contains("above 3.00");
    }

    @Test
    void differentHalvesOfARunGiveAWarning() {
        double[] ours = {10, 10, 10, 10, 10, 13, 13, 13, 13, 13};
        double[] theirs = {10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
        report.add("read", "flat loop", Target.atMost(2), Comparison.of(ours, theirs));
        report.add("read without a target", "flat loop", Target.NONE, Comparison.of(ours, theirs));
        assertThat(report.warnings()).containsExactly("Something changed on the way: read, flat loop. The first half "
                + "of the rounds says 1.00, the second 1.30.");
        assertThat(report.rows().getFirst().verdict()).isEqualTo(Verdict.MET);
    }

    @Test
    void rowsNameTheirRival() {
        report.add("read of 8 bytes, 1 MiB", "flat segment", Target.NONE, BoundTest.rounds(2, 1));
        report.missing("read of 8 bytes", "a library", Target.NONE, "it is not installed");
        report.addFigure("heap", Target.figure("24 B"), "19 B", true);
        assertThat(report.rows()).extracting(Row::operation)
                .containsExactly("read of 8 bytes, 1 MiB", "read of 8 bytes", "heap");
        assertThat(report.rows()).extracting(Row::rival).containsExactly("flat segment", "a library", Row.NO_RIVAL);
        assertThat(report.rows()).extracting(Row::what)
                .containsExactly("read of 8 bytes, 1 MiB, flat segment", "read of 8 bytes, a library", "heap");
    }

    @Test
    void rowsBelongToTheQuestionThatWasBegun() {
        report.begin(Question.of(ReportTest.class), 0.5);
        report.missing("map", "other library", Target.NONE, "needs Java 8");
        assertThat(report.rows().getFirst().question()).isEqualTo(new Question("measure", "ReportTest"));
        assertThat(report.notes()).containsExactly("map, other library: needs Java 8");
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("50 %  map, other library");
    }
}
