package io.quire.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every link between pages leads to a file and a heading that exist. The index of docs/ lists every page. */
@Tag("portable")
class LinksTest {

    private static final Path ROOT = Path.of("..");

    /** A link within the repository; its target is a path, a heading, or both. */
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]*)(?:#([^)]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path page : pages()) {
            for (MatchResult link : LINK.matcher(Files.readString(page)).results().toList()) {
                links++;
                if (!leadsSomewhere(page, link.group(1), link.group(2))) {
                    broken.add(page.getFileName() + ": " + link.group());
                }
            }
        }
        assertThat(links).isGreaterThan(50);
        assertThat(broken).isEmpty();
    }

    @Test
    void indexListsEveryPage() throws IOException {
        String index = Files.readString(ROOT.resolve("docs/README.md"));
        List<String> names = pages().stream().filter(page -> page.startsWith(ROOT.resolve("docs")))
                .map(page -> page.getFileName().toString()).filter(name -> !name.equals("README.md")).toList();
        assertThat(names).hasSizeGreaterThan(10).allSatisfy(name -> assertThat(index).contains("(" + name + ")"));
    }

    private static boolean leadsSomewhere(Path page, String path, String heading) throws IOException {
        Path target = path.isEmpty() ? page : page.resolveSibling(path);
        return Files.exists(target) && (heading == null || headings(target).contains(heading));
    }

    /** Returns the anchors that GitHub makes from the headings of a page. */
    private static List<String> headings(Path page) throws IOException {
        return HEADING.matcher(Files.readString(page)).results()
                .map(found -> found.group(1).strip().toLowerCase(Locale.ROOT).replaceAll("[^\\w\\s-]", "").replace(' ',
                        '-'))
                .toList();
    }

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>();
        for (Path folder : List.of(ROOT, ROOT.resolve("docs"))) {
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
            }
        }
        return pages;
    }
}
