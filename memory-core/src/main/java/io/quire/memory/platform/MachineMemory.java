package io.quire.memory.platform;

import java.nio.file.Path;

/**
 * How much memory this process may have: the machine's memory, or the limit of a control group that the process is in,
 * directly or through a group around it, whichever is smallest.
 * <p>
 * Both kinds of control groups are read, v1 and v2, each where the process sees it mounted. Of v2 {@code memory.high}
 * counts as well as {@code memory.max}: above it the kernel does not kill, but it stops every thread that asks for
 * memory until some was reclaimed, and of a pool nothing can be reclaimed without swap.
 */
public final class MachineMemory {

    private MachineMemory() {
    }

    /**
     * The smallest of the limits of the control groups and the machine's memory, in bytes; {@link Long#MAX_VALUE} where
     * nothing can be read.
     */
    public static long availableBytes() {
        return availableBytes(Path.of("/"));
    }

    /**
     * The same by the files under another root.
     *
     * @param root of a file system that has {@code proc} and whatever is mounted according to it
     */
    static long availableBytes(Path root) {
        return Math.min(ControlGroups.limitBytes(root), TextFile.numberAfter(root.resolve("proc/meminfo"),
                "MemTotal:", 1 << 10));
    }
}
