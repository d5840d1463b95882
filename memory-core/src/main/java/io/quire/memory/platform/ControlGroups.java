package io.quire.memory.platform;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The memory limits of the control groups (cgroups) that this process is in.
 * <p>
 * {@code /proc/self/cgroup} names the group of the process in each hierarchy; {@code /proc/self/mountinfo} says where
 * each hierarchy is mounted, and which group is the root of the mount: the container's group, if the container has no
 * cgroup namespace of its own. The limits of all groups from the group of the process up to that root apply to the
 * process.
 */
final class ControlGroups {

    /** Ends the optional fields of a mount. */
    private static final String SEPARATOR = " - ";

    private ControlGroups() {
    }

    /** The smallest limit in bytes; {@link Long#MAX_VALUE} if there is none. */
    static long limitBytes(Path root) {
        long limit = Long.MAX_VALUE;
        for (String mount : TextFile.lines(root.resolve("proc/self/mountinfo"))) {
            int end = mount.indexOf(SEPARATOR);
            String[] where = mount.split(" ", -1);
            String[] what = mount.substring(end < 0 ? mount.length() : end + SEPARATOR.length())
                    .split(" ", -1);
            if (where.length > 4 && what.length > 2) {
                limit = Math.min(limit, limitBytes(root, unescaped(where[3]), unescaped(where[4]), what[0], what[2]));
            }
        }
        return limit;
    }

    /** The limit in one mounted hierarchy; {@link Long#MAX_VALUE} if that does not limit memory. */
    private static long limitBytes(Path root, String mountedGroup, String mountPoint, String type, String options) {
        boolean isSecond = type.equals("cgroup2");
        if (!isSecond && !(type.equals("cgroup") && hasMemory(options))) {
            return Long.MAX_VALUE;
        }
        Path top = root.resolve(mountPoint.substring(1));
        List<String> files = isSecond ? List.of("memory.max", "memory.high") : List.of("memory.limit_in_bytes");
        long limit = Long.MAX_VALUE;
        Path own = top.resolve(below(mountedGroup, own(root, isSecond))).normalize();
        for (Path group = own.startsWith(top) ? own : top; group != null && group.startsWith(top);
                group = group.getParent()) {
            for (String file : files) {
                limit = Math.min(limit, TextFile.number(group.resolve(file)));
            }
        }
        return limit;
    }

    /** The group of the process: {@code 0::/path} in v2, {@code 4:memory:/path} in v1. */
    private static String own(Path root, boolean isSecond) {
        Optional<String[]> own = TextFile.lines(root.resolve("proc/self/cgroup")).stream()
                .map(line -> line.split(":", 3)).filter(parts -> parts.length == 3)
                .filter(parts -> isSecond ? parts[0].equals("0") && parts[1].isEmpty() : hasMemory(parts[1]))
                .findFirst();
        return own.isPresent() ? own.get()[2] : "/";
    }

    private static boolean hasMemory(String controllers) {
        return Arrays.asList(controllers.split(",")).contains("memory");
    }

    /** The path from the mounted group to the group of the process; empty if that is not below it. */
    private static String below(String mounted, String own) {
        String prefix = mounted.endsWith("/") ? mounted : mounted + "/";
        return own.startsWith(prefix) ? own.substring(prefix.length()) : "";
    }

    /** Decodes a path, in which the kernel writes a space as {@code \040}, and so on. */
    private static String unescaped(String path) {
        return path.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\");
    }
}
