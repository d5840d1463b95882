package io.quire.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user's module compiles with plain {@code javac} and runs with plain {@code java}, without jspecify. It can be
 * linked into an image in the way that docs/troubleshooting.md describes: first each jar without a module descriptor
 * gets one.
 */
@Timeout(120)
class ModulePathTest {

    /** The libraries that Quire needs at run time. Each may depend on those before it. */
    private static final List<String> LIBRARIES = List.of("agrona", "jctools-core", "jctools-core-jdk11");

    @TempDir
    private Path folder;

    @Test
    void userCompilesAndRunsWithTheToolsOfTheJdk() throws IOException, InterruptedException {
        Path sources = Files.createDirectories(folder.resolve("sources/app"));
        Files.writeString(folder.resolve("sources/module-info.java"), "module app { requires io.quire.memory; }");
        Files.writeString(sources.resolve("Main.java"), """
                package app;

                import io.quire.memory.AddressSpace;
                import io.quire.memory.MemoryManager;

                class Main {
                    public static void main(String[] args) {
                        try (MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build();
                                AddressSpace space = memory.newAddressSpace("app")) {
                            long address = space.map(4096);
                            space.setLong(address, 42);
                            System.out.println(space.getLong(address));
                        }
                    }
                }
                """);
        String modules = String.join(File.pathSeparator, modules());
        Path classes = folder.resolve("classes");
        tool("javac", "-Xlint:all,-requires-automatic", "-Werror", "-d", classes.toString(), "--module-path", modules,
                folder.resolve("sources/module-info.java").toString(), sources.resolve("Main.java").toString());
        assertThat(printedBy(Path.of(System.getProperty("java.home")), "--module-path",
                modules + File.pathSeparator + classes, "--module", "app/app.Main")).isEqualTo("42");
    }

    @Test
    void exampleCanBeLinkedIntoAnImage() throws IOException, InterruptedException {
        List<String> modules = new ArrayList<>();
        for (String name : LIBRARIES) {
            Path jar = jar(name);
            modules.add(isAutomatic(jar) ? withDescriptor(jar, modules) : jar.toString());
        }
        modules.add(ofReactor("memory-core"));
        modules.add(ofReactor("memory-examples"));
        Path image = folder.resolve("image");
        tool("jlink", "--module-path", String.join(File.pathSeparator, modules), "--add-modules", "io.quire.examples",
                "--output", image.toString());
        assertThat(printedBy(image, "--module", "io.quire.examples/io.quire.examples.FirstFork"))
                .isEqualTo("space 43, fork 42");
    }

    /** Returns true if a jar has no module descriptor; {@code jlink} refuses such a jar. */
    private static boolean isAutomatic(Path jar) {
        return ModuleFinder.of(jar).findAll().iterator().next().descriptor().isAutomatic();
    }

    /** Copies a jar, adds a descriptor that {@code jdeps} writes, and returns the path of the copy. */
    private String withDescriptor(Path jar, List<String> needed) throws IOException {
        Path copy = folder.resolve(jar.getFileName());
        Files.copy(jar, copy);
        Path written = Files.createDirectories(folder.resolve("descriptors of " + jar.getFileName()));
        String path = String.join(File.pathSeparator, needed);
        List<String> jdeps = new ArrayList<>(List.of("--ignore-missing-deps", "--generate-module-info",
                written.toString()));
        List<String> javac = new ArrayList<>();
        if (!needed.isEmpty()) {
            jdeps.addAll(List.of("--module-path", path));
            javac.addAll(List.of("--module-path", path));
        }
        jdeps.add(jar.toString());
        tool("jdeps", jdeps.toArray(String[]::new));
        Path source;
        try (Stream<Path> files = Files.walk(written)) {
            source = files.filter(file -> file.endsWith("module-info.java")).findFirst().orElseThrow();
        }
        String module = source.getParent().getFileName().toString();
        javac.addAll(List.of("--patch-module", module + "=" + jar, "-d", written.toString(), source.toString()));
        tool("javac", javac.toArray(String[]::new));
        tool("jar", "--update", "--file", copy.toString(), "-C", written.toString(), "module-info.class");
        return copy.toString();
    }

    /** The module path of a user: everything the library needs, but not jspecify. */
    private static List<String> modules() {
        List<String> modules = new ArrayList<>();
        LIBRARIES.forEach(name -> modules.add(jar(name).toString()));
        modules.add(ofReactor("memory-core"));
        return modules;
    }

    private static Path jar(String name) {
        return classPath().map(Path::of).filter(entry -> entry.getFileName().toString().matches(name + "-\\d.*\\.jar"))
                .findFirst().orElseThrow();
    }

    /** Returns the jar or the folder of classes of a module of this build. */
    private static String ofReactor(String module) {
        return classPath().filter(entry -> entry.contains(module) && !entry.contains("test-classes")).findFirst()
                .orElseThrow();
    }

    private static Stream<String> classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator));
    }

    private static void tool(String name, String... arguments) {
        StringWriter output = new StringWriter();
        PrintWriter printer = new PrintWriter(output);
        int status = ToolProvider.findFirst(name).orElseThrow().run(printer, printer, arguments);
        assertThat(status).as("output of %s: %s", name, output).isZero();
    }

    private static String printedBy(Path home, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/java").toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes()).strip();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(printed).isZero();
        return printed;
    }
}
