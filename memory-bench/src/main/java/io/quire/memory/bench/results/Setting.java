package io.quire.memory.bench.results;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where and of what a run was made. What the system does not say is {@value #UNKNOWN}, or 0.
 *
 * @param commit the hash of the commit that the working folder has checked out
 * @param modified whether the working folder differs from it
 * @param date when the run began
 * @param java the version of the JDK
 * @param vendor who built it
 * @param flags what the JVM was started with
 * @param processor its name
 * @param processors how many of them the JVM may use
 * @param memoryBytes of the machine
 * @param system name, version and architecture
 * @param hugePages when the system gives transparent huge pages
 * @param load how many threads ran or wanted to, in the minute before
 */
public record Setting(String commit, boolean modified, Instant date, String java, String vendor, String flags,
        String processor, int processors, long memoryBytes, String system, String hugePages, double load) {

    /** Stands for what the system does not say. */
    public static final String UNKNOWN = "unknown";

    /** A build before the run leaves about that much on each processor. */
    private static final double BUSY_LOAD = 0.75;

    private static final Pattern PROCESSOR = Pattern.compile("(?m)^model name\\s*: (.*)$");
    private static final Pattern MEMORY_KIB = Pattern.compile("(?m)^MemTotal:\\s*(\\d+) kB$");
    private static final Pattern CHOSEN = Pattern.compile("\\[(\\w+)]");

    /** Asks the system and Git. */
    public static Setting now() {
        String commit = git("rev-parse", "HEAD");
        String memoryKib = find(MEMORY_KIB, Path.of("/proc/meminfo"));
        return new Setting(commit.isBlank() ? UNKNOWN : commit.strip(),
                !git("status", "--porcelain").isBlank(), Instant.now().truncatedTo(ChronoUnit.SECONDS),
                Runtime.version().toString(), System.getProperty("java.vm.vendor", UNKNOWN),
                String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()),
                find(PROCESSOR, Path.of("/proc/cpuinfo")), Runtime.getRuntime().availableProcessors(),
                memoryKib.equals(UNKNOWN) ? 0 : Long.parseLong(memoryKib) << 10,
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                find(CHOSEN, Path.of("/sys/kernel/mm/transparent_hugepage/enabled")),
                Math.max(0, ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
    }

    /** Whether others want the processors too. */
    public boolean isBusy() {
        return load > BUSY_LOAD * processors;
    }

    private static String find(Pattern pattern, Path file) {
        try {
            Matcher found = pattern.matcher(Files.readString(file));
            return found.find() ? found.group(1) : UNKNOWN;
        } catch (IOException absent) {
            return UNKNOWN; // another system
        }
    }

    /** What Git prints; nothing where there is no Git or no repository. */
    private static String git(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = "git";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? text : "";
        } catch (IOException absent) {
            return "";
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
