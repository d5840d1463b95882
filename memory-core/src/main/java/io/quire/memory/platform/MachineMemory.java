package io.quire.memory.platform;

import java.nio.file.Path;

/**
 * How much memory this process may use: the smallest of the machine's memory and the limits of the control groups that
 * contain the process.
 * <p>
 * Reads control groups v1 and v2, where the process sees them mounted. In v2, {@code memory.high} counts as well as
 * {@code memory.max}: above it the kernel does not kill the process, but every thread that asks for memory has to wait
 * until some is reclaimed, and without swap no memory of a pool can be reclaimed.
 */
public final class MachineMemory {

    private MachineMemory() {
    }

    /**
     * The smallest of the limits of the control groups and the machine's memory, in bytes; {@link Long#MAX_VALUE} if
     * nothing can be read.
     */
    public static long availableBytes() {
        return availableBytes(Path.of("/"));
    }

    /**
     * The same from the files under another root.
     *
     * @param root a directory with {@code proc} and all that is mounted according to it
     */
    static long availableBytes(Path root) {
        return Math.min(ControlGroups.limitBytes(root), TextFile.numberAfter(root.resolve("proc/meminfo"),
                "MemTotal:", 1 << 10));
    }
}
