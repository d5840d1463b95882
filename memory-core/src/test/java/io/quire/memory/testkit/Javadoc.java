package io.quire.memory.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs the {@code javadoc} of the JDK over the exported packages of the module whose tests run. */
public final class Javadoc {

    private static final Path SOURCES = Path.of("src/main/java");

    /** Where {@code {@snippet}} finds its files; the pom gives the same to the Javadoc plugin. */
    private static final List<String> SNIPPETS = List.of("src/test/java", "../memory-examples/src/main/java");

    private static final Pattern OLD_EXAMPLE = Pattern.compile("<pre>\\{@code");

    /** A snippet in the generated pages. */
    private static final Pattern SHOWN = Pattern.compile("<pre class=\"snippet\".*?</pre>", Pattern.DOTALL);

    /** What the modules of this build require: three libraries, and memory-core for those that build on it. */
    private static final Pattern REQUIRED = Pattern
            .compile("(agrona|jctools-core|jctools-core-jdk11|jspecify)-[\\d.]+jar$"
                    + "|memory-core.target.classes$|memory-core-[\\d.]+(-SNAPSHOT)?.jar$");

    private Javadoc() {
    }

    /**
     * Fails on each thing that javadoc or doclint complains of: a comment or tag that is missing, a broken link, a
     * snippet without its file or region. Fails too on a snippet that shows no statement: if two regions of a file have
     * one name, javadoc takes the last.
     */
    public static void check(Path output, String... packages) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("-quiet", "-Werror", "-Xdoclint:all", "-Xmaxwarns", "1000",
                "-encoding", "UTF-8", "-sourcepath", SOURCES.toString(), "--module-path", modulePath(),
                "--snippet-path", String.join(File.pathSeparator, SNIPPETS), "-d", output.toString()));
        arguments.addAll(Arrays.asList(packages));
        StringWriter printed = new StringWriter();
        PrintWriter printer = new PrintWriter(printed);
        int status = ToolProvider.findFirst("javadoc").orElseThrow().run(printer, printer,
                arguments.toArray(String[]::new));
        assertThat(status).as("javadoc says %s", printed).isZero();
        assertThat(snippetsWithoutStatement(output)).as("snippets that show no statement").isEmpty();
    }

    private static List<String> snippetsWithoutStatement(Path output) throws IOException {
        try (Stream<Path> pages = Files.walk(output)) {
            List<String> found = new ArrayList<>();
            for (Path page : pages.filter(path -> path.toString().endsWith(".html")).toList()) {
                SHOWN.matcher(Files.readString(page)).results().map(shown -> shown.group().replaceAll("<[^>]*>", ""))
                        .filter(text -> !text.contains(";"))
                        .forEach(text -> found.add(output.relativize(page) + ": " + text.strip()));
            }
            return found;
        }
    }

    /** Without the libraries of the tests: automatic modules, two of which have the same package. */
    private static String modulePath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> REQUIRED.matcher(entry).find()).collect(Collectors.joining(File.pathSeparator));
    }

    /** The source files that show an example which nothing compiles. */
    public static List<Path> filesWithUncompiledExamples() throws Exception {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            List<Path> found = new ArrayList<>();
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                if (OLD_EXAMPLE.matcher(Files.readString(file)).find()) {
                    found.add(file);
                }
            }
            return found;
        }
    }
}
