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
 * The machine, the JVM and the commit of a run. What the system does not tell is {@value #UNKNOWN}, or 0.
 *
 * @param commit the hash of the commit that the working folder has checked out
 * @param modified true if the working folder differs from that commit
 * @param date when the run began
 * @param java the version of the JDK
 * @param vendor who built the JDK
 * @param flags the flags of the JVM
 * @param processor the name of the processor
 * @param processors how many processors the JVM may use
 * @param memoryBytes memory of the machine
 * @param system name, version and architecture of the operating system
 * @param hugePages when the system gives transparent huge pages
 * @param load the load average of the minute before
 */
public record Setting(String commit, boolean modified, Instant date, String java, String vendor, String flags,
        String processor, int processors, long memoryBytes, String system, String hugePages, double load) {

    /** Stands for what the system does not tell. */
    public static final String UNKNOWN = "unknown";

    /** More load than this for each processor is too much. A build right before the run leaves about that much. */
    private static final double BUSY_LOAD = 0.75;

    private static final Pattern PROCESSOR = Pattern.compile("(?m)^model name\\s*: (.*)$");
    private static final Pattern MEMORY_KIB = Pattern.compile("(?m)^MemTotal:\\s*(\\d+) kB$");
    private static final Pattern CHOSEN = Pattern.compile("\\[(\\w+)]");

    /** Reads the setting from the system and from Git. */
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

    /** Returns true if other programs use the processors. */
    public boolean isBusy() {
        return load > BUSY_LOAD * processors;
    }

    private static String find(Pattern pattern, Path file) {
        try {
            Matcher found = pattern.matcher(Files.readString(file));
            return found.find() ? found.group(1) : UNKNOWN;
        } catch (IOException absent) {
            return UNKNOWN; // not Linux
        }
    }

    /** Returns what Git prints; empty if there is no Git or no repository. */
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
