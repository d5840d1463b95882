package io.quire.memory.bench.results;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.bench.measure.Axis;
import io.quire.memory.bench.measure.Chart;
import io.quire.memory.bench.measure.Series;
import io.quire.memory.bench.measure.Series.Point;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class PictureTest {

    @Test
    void pictureIsWellFormedAndItsTextStaysText() throws Exception {
        Document picture = parsed(Picture.alone(SampleReport.CHART));
        assertThat(texts(picture, "title")).containsExactly("What does a <fork> cost?");
        assertThat(texts(picture, "text")).contains("What does a <fork> cost?", "Ours & theirs.", "Linux & <others>",
                "1 MiB", "1 GiB", "1 ms", "resident", "a fork");
        assertThat(texts(picture, "desc").getFirst()).contains("Quire: 170 ns at 1 MiB, 180 ns at 1 GiB.");
    }

    @Test
    void separatePictureHasItsOwnColours() {
        assertThat(Picture.alone(SampleReport.CHART)).contains("<style>", "prefers-color-scheme: dark");
        assertThat(Picture.inPage(SampleReport.CHART, true)).doesNotContain("<style>");
    }

    @Test
    void lineWithoutVisiblePointsHasNoName() throws Exception {
        assertThat(texts(parsed(Picture.alone(SampleReport.CHART)), "text")).doesNotContain("never > zero");
    }

    @Test
    void namesOfLinesThatEndTogetherDoNotOverlap() throws Exception {
        List<Series> lines = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            lines.add(Series.theirs("line " + i, List.of(new Point(1, i), new Point(10, 50 + i / 10.0))));
        }
        List<Double> bases = names(parsed(Picture.inPage(chart(lines), true)));
        assertThat(bases).hasSize(8);
        for (int i = 1; i < bases.size(); i++) {
            assertThat(bases.get(i) - bases.get(i - 1)).isGreaterThanOrEqualTo(17);
        }
    }

    @Test
    void namesAtTheBottomStayInThePicture() throws Exception {
        List<Series> lines = IntStream.range(0, 6)
                .mapToObj(i -> Series.theirs("line " + i, List.of(new Point(1, 100), new Point(10, 0)))).toList();
        Document picture = parsed(Picture.inPage(chart(lines), true));
        double height = Double.parseDouble(picture.getDocumentElement().getAttribute("viewBox").split(" ")[3]);
        assertThat(names(picture)).hasSize(6).allMatch(base -> base < height);
    }

    @Test
    void noTwoLinesLookTheSame() {
        List<String> looks = new ArrayList<>();
        for (Series.Side side : Series.Side.values()) {
            for (int i = 0; i < (side == Series.Side.OURS ? 4 : 6); i++) {
                Style style = new Style(side, i);
                looks.add(style.dash() + style.mark(0, 0));
            }
        }
        assertThat(new HashSet<>(looks)).hasSize(looks.size());
    }

    @Test
    void wordsAreWrapped() {
        assertThat(Svg.wrapped("one two three four", 9)).containsExactly("one two", "three", "four");
        assertThat(Svg.wrapped("alongwordthatstayswhole", 5)).containsExactly("alongwordthatstayswhole");
    }

    private static Chart chart(List<Series> lines) {
        return new Chart("sample", "Sample", "Nothing.", Axis.linear("x", Axis.Unit.COUNT),
                Axis.linear("y", Axis.Unit.COUNT), lines);
    }

    /** Returns the base lines of the names of all lines, from top to bottom. */
    private static List<Double> names(Document picture) {
        List<Double> bases = new ArrayList<>();
        NodeList texts = picture.getElementsByTagName("text");
        for (int i = 0; i < texts.getLength(); i++) {
            Element text = (Element) texts.item(i);
            if (text.getAttribute("class").equals("name")) {
                bases.add(Double.valueOf(text.getAttribute("y")));
            }
        }
        return bases.stream().sorted().toList();
    }

    private static List<String> texts(Document picture, String tag) {
        NodeList found = picture.getElementsByTagName(tag);
        return IntStream.range(0, found.getLength()).mapToObj(i -> found.item(i).getTextContent()).toList();
    }

    private static Document parsed(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }
}
