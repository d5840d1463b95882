package io.quire.memory.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory this process may have: the container's limit, or else the machine's memory. */
public final class MachineMemory {

    private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s+(\\d+) kB");

    private MachineMemory() {
    }

    /**
     * The smaller of the container's limit and the machine's memory in bytes; {@link Long#MAX_VALUE} where neither
     * can be read.
     */
    public static long availableBytes() {
        return Math.min(Math.min(containerBytes("/sys/fs/cgroup/memory.max"),
                containerBytes("/sys/fs/cgroup/memory/memory.limit_in_bytes")), machineBytes());
    }

    private static long containerBytes(String file) {
        String text = read(file).strip();
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : Long.MAX_VALUE; // "max" where there is no limit
    }

    private static long machineBytes() {
        Matcher total = TOTAL.matcher(read("/proc/meminfo"));
        return total.find() ? Long.parseLong(total.group(1)) << 10 : Long.MAX_VALUE;
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException absent) {
            return "";
        }
    }
}
