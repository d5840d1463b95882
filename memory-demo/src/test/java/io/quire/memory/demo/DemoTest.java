package io.quire.memory.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DemoTest {

    @TempDir
    private Path folder;

    private final Properties properties = new Properties();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final RunControl control = new RunControl();

    @Test
    void runOverAFolderIsGood() throws IOException {
        fillFolder();

        assertThat(run(Checksum::entryHash)).isEqualTo(Demo.GOOD);

        assertThat(printed(out))
                .containsPattern("entries loaded +125\n")
                .containsPattern("frames leaked +0\n")
                .contains("Shown: ").doesNotContain("FAILED");
        assertThat(number("checksums equal")).isGreaterThan(1)
                .isEqualTo(number("checksums compared: every fork, then the map"));
        assertThat(errors.size()).isZero();
    }

    @Test
    void tableIsPlainAndFitsAScreen() throws IOException {
        fillFolder();

        run(Checksum::entryHash);

        String table = printed(out);
        table = table.substring(table.indexOf("\nFORKS"));
        assertThat(table).matches("[\\n\\x20-\\x7e]+");
        assertThat(table.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
    }

    @Test
    void fileIsCutIntoRecords() throws IOException {
        Path file = Files.write(folder.resolve("file"), new byte[100 * 4096 + 1]);
        properties.setProperty(Settings.INPUT, file.toString());

        assertThat(run(Checksum::entryHash)).isEqualTo(Demo.GOOD);

        assertThat(number("entries loaded")).isEqualTo(101);
    }

    @Test
    void wrongChecksumEndsTheRunEarlyWithCodeOne() throws IOException {
        fillFolder();
        properties.setProperty(Settings.SECONDS, "1000");

        assertThat(run((key, value) -> Checksum.entryHash(key, value) + 1)).isEqualTo(Demo.WRONG);

        assertThat(printed(out)).contains("FAILED: ", "is not the map it was taken of")
                .containsPattern("frames leaked +0\n");
    }

    @Test
    void failedThreadEndsTheRunEarlyWithCodeOneAndItsMessage() throws IOException {
        fillFolder();
        properties.setProperty(Settings.SECONDS, "1000");

        assertThat(run((_, _) -> {
            throw new IllegalStateException("a reader broke");
        })).isEqualTo(Demo.WRONG);

        assertThat(printed(errors)).startsWith("demo: failed: ").contains("a reader broke");
    }

    @Test
    void onlyTheKernelsRuleMovesPagesOffTheDevice() throws IOException {
        fillFolder();

        assertThat(run(Checksum::entryHash)).isEqualTo(Demo.GOOD);

        long moved = cells("pages of the map, moved there").getFirst();
        long loaded = cells("moved there, more than fit").getFirst();
        assertThat(moved).isGreaterThan(10);
        assertThat(cells("both read every page, of the map and the fork")).element(3).isEqualTo(0L);
        assertThat(cells("both write, copies stay there (SAME_POOL)")).element(2).isEqualTo(moved);
        assertThat(cells("both write, copies stay there (SAME_POOL)")).element(3).isEqualTo(0L);
        assertThat(cells("both write, the kernel's rule (HOST)")).element(3).isEqualTo(moved);
        assertThat(cells("evicted to make room").getFirst()).isGreaterThanOrEqualTo(loaded / 2);
        assertThat(printed(out)).contains("long-term pin refused: device memory cannot be pinned for long");
        assertThat(number("checks passed")).isGreaterThan(20).isEqualTo(number("checks of the device"));
    }

    @Test
    void checksAreCountedAndTheFirstFailureIsKept() {
        Checks checks = new Checks();
        checks.checkEqual("sum", 5, 5);
        checks.checkEqual("pages", 3, 4);
        checks.check(false, "another");

        assertThat(checks.made()).isEqualTo(3);
        assertThat(checks.passed()).isEqualTo(1);
        assertThat(checks.firstFailure()).isEqualTo("pages: 3, expected: 4");
    }

    @Test
    void leakedFrameFailsTheRun() {
        assertThat(new Outcome.Integrity(5, 5, null, 0).isGood()).isTrue();
        assertThat(new Outcome.Integrity(5, 5, null, 1).isGood()).isFalse();
        assertThat(new Outcome.Integrity(5, 4, "fork 3", 0).isGood()).isFalse();
    }

    @Test
    void stoppedRunEndsInGoodOrder() throws IOException {
        fillFolder();
        control.stop();

        assertThat(run(Checksum::entryHash)).isEqualTo(Demo.GOOD);

        assertThat(printed(out)).contains("Stopped before the first fork");
    }

    @Test
    void missingPathIsBadInput() {
        properties.setProperty(Settings.INPUT, folder.resolve("nowhere").toString());

        assertBadInput("there is no such file or folder: " + folder.resolve("nowhere"));
    }

    @Test
    void unreadableFileIsBadInput() throws IOException {
        fillFolder();
        Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nowhere"));

        assertBadInput("cannot read " + folder.toRealPath().resolve("dangling"));
    }

    @Test
    void emptyFolderIsBadInput() {
        properties.setProperty(Settings.INPUT, folder.toString());

        assertBadInput("there is nothing to load");
    }

    @Test
    void inputLargerThanTheLimitIsBadInput() throws IOException {
        fillFolder();
        properties.setProperty(Settings.LIMIT, "1m");

        assertBadInput("the input is too large");
    }

    @Test
    void limitLargerThanTheMachineIsBadInput() throws IOException {
        fillFolder();
        properties.setProperty(Settings.LIMIT, "1000000g");

        assertBadInput("demo.limit is more than this machine has");
    }

    private void assertBadInput(String message) {
        assertThat(run(Checksum::entryHash)).isEqualTo(Demo.BAD_INPUT);
        assertThat(printed(errors)).startsWith("demo: ").contains(message).hasLineCount(1);
    }

    /** Writes 25 files of 5 records each. */
    private void fillFolder() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 25; i++) {
            byte[] content = new byte[5 * 4096];
            random.nextBytes(content);
            Files.write(folder.resolve("file " + i), content);
        }
        properties.setProperty(Settings.INPUT, folder.toString());
    }

    private int run(Checksum.EntryHash readersHash) {
        properties.putIfAbsent(Settings.SECONDS, "1");
        properties.putIfAbsent(Settings.LIMIT, "64m");
        Demo.Terminal terminal = new Demo.Terminal(printer(out), printer(errors), false);
        return Demo.run(properties, control, readersHash, terminal);
    }

    private static PrintStream printer(ByteArrayOutputStream target) {
        return new PrintStream(target, true, StandardCharsets.UTF_8);
    }

    private static String printed(ByteArrayOutputStream target) {
        return target.toString(StandardCharsets.UTF_8);
    }

    /** Returns the numbers after a label, without their units. */
    private List<Long> cells(String label) {
        String line = printed(out).lines().map(String::strip).filter(each -> each.startsWith(label)).findFirst()
                .orElseThrow();
        return Arrays.stream(line.substring(label.length()).replace(",", "").split(" +"))
                .filter(cell -> cell.matches("\\d+")).map(Long::valueOf).toList();
    }

    private long number(String label) {
        return printed(out).lines().map(String::strip).filter(line -> line.startsWith(label))
                .mapToLong(line -> Long.parseLong(line.substring(label.length()).replace(",", "").strip()))
                .findFirst().orElseThrow();
    }
}
