package io.quire.memory.bench.results;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonLinesTest {

    private final List<JsonObject> lines = JsonLines.of(SampleReport.SETTING, SampleReport.make()).stream()
            .map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();

    @Test
    void aLineForEachRowAndPoint() {
        assertThat(lines).extracting(line -> line.get("kind").getAsString())
                .containsExactly("row", "row", "row", "row", "point", "point", "point", "point", "point");
        assertThat(JsonLines.of(SampleReport.SETTING, SampleReport.make())).noneMatch(line -> line.contains("\n"));
    }

    @Test
    void everyLineSaysWhereItWasMeasured() {
        assertThat(lines).allSatisfy(line -> {
            JsonObject setting = line.getAsJsonObject("setting");
            assertThat(setting.get("commit").getAsString()).isEqualTo("0123abc");
            assertThat(setting.get("modified").getAsBoolean()).isTrue();
            assertThat(setting.get("date").getAsString()).isEqualTo("2026-01-02T03:04:05Z");
            assertThat(setting.get("flags").getAsString()).isEqualTo("-Xmx1g -Dx=<y>");
            assertThat(setting.get("load").getAsDouble()).isEqualTo(0.25);
        });
    }

    @Test
    void aComparisonIsReadBackAsItWas() {
        JsonObject row = lines.getFirst();
        assertThat(row.get("question").getAsString()).isEqualTo("fork");
        assertThat(row.get("answerer").getAsString()).isEqualTo("ForkTime");
        assertThat(row.get("what").getAsString()).isEqualTo("fork of 1 GiB resident");
        assertThat(row.get("rival").getAsString()).isEqualTo("Linux fork()");
        assertThat(row.getAsJsonObject("oursNanos").get("median").getAsDouble()).isEqualTo(200);
        assertThat(row.getAsJsonObject("theirsNanos").get("high").getAsDouble()).isEqualTo(6e6);
        assertThat(row.get("ratio").getAsDouble()).isEqualTo(20_000);
        assertThat(row.getAsJsonObject("ratioOfRounds").get("low").getAsDouble()).isEqualTo(20_000);
        assertThat(row.get("promise").getAsString()).isEqualTo("FORK_BESIDE_LINUX");
        assertThat(row.get("verdict").getAsString()).isEqualTo("MET");
    }

    @Test
    void fieldsThatDoNotApplyAreLeftOut() {
        assertThat(lines.get(0).has("reason")).isFalse();
        assertThat(lines.get(1).has("promise")).isFalse();
        assertThat(lines.get(1).get("reason").getAsString()).isEqualTo("A pin & its stack.");
        assertThat(lines.get(2).has("ratio")).isFalse();
        assertThat(lines.get(2).get("figure").getAsString()).isEqualTo("19.2 B");
        assertThat(lines.get(3).get("verdict").getAsString()).isEqualTo("NOT_MEASURED");
        assertThat(lines.get(3).get("rival").getAsString()).isEqualTo("other");
    }

    @Test
    void aPointNamesItsChartAndItsUnits() {
        JsonObject point = lines.get(6);
        assertThat(point.get("chart").getAsString()).isEqualTo("fork-by-size");
        assertThat(point.get("series").getAsString()).isEqualTo("Linux & <others>");
        assertThat(point.get("side").getAsString()).isEqualTo("THEIRS");
        assertThat(point.get("xUnit").getAsString()).isEqualTo("BYTES");
        assertThat(point.get("x").getAsDouble()).isEqualTo(1 << 20);
        assertThat(point.get("yUnit").getAsString()).isEqualTo("NANOS");
        assertThat(point.get("y").getAsDouble()).isEqualTo(90e3);
    }
}
