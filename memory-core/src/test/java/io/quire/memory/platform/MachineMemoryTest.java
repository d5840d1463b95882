package io.quire.memory.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The memory that a process may use, according to the files that the kernel shows in all kinds of containers. */
@Tag("portable")
class MachineMemoryTest {

    private static final long MIB = 1L << 20;
    private static final String SECOND = "28 22 0:25 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
    private static final String FIRST =
            "36 32 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n";

    @TempDir
    Path root;

    @BeforeEach
    void machine() throws IOException {
        write("proc/meminfo", "MemFree: 1 kB\nMemTotal:       16777216 kB\nSwapTotal: 0 kB\n");
    }

    @Test
    void withoutControlGroupsTheLimitIsTheMemoryOfTheMachine() throws IOException {
        assertThat(available()).isEqualTo(16L << 30);
        write("proc/self/cgroup", "0::/\n");
        write("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda rw\nnonsense\n\n" + SECOND);
        assertThat(available()).isEqualTo(16L << 30);
    }

    @Test
    void unreadableFilesMeanNoLimit() throws IOException {
        Files.delete(root.resolve("proc/meminfo"));
        assertThat(available()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void limitOfANestedGroupIsFound() throws IOException {
        write("proc/self/cgroup", "0::/user.slice/job/worker\n");
        write("proc/self/mountinfo", SECOND);
        write("sys/fs/cgroup/user.slice/job/worker/memory.max", "max\n");
        write("sys/fs/cgroup/user.slice/job/memory.max", 512 * MIB + "\n");
        write("sys/fs/cgroup/user.slice/memory.max", 1024 * MIB + "\n");
        assertThat(available()).isEqualTo(512 * MIB);
        write("sys/fs/cgroup/user.slice/memory.max", 256 * MIB + "\n");
        assertThat(available()).as("limit of an outer group").isEqualTo(256 * MIB);
        write("sys/fs/cgroup/user.slice/job/worker/memory.max", 128 * MIB + "\n");
        assertThat(available()).as("limit of the group itself").isEqualTo(128 * MIB);
    }

    @Test
    void throttlingThresholdIsALimitToo() throws IOException {
        write("proc/self/cgroup", "0::/job\n");
        write("proc/self/mountinfo", SECOND);
        write("sys/fs/cgroup/job/memory.max", 512 * MIB + "\n");
        write("sys/fs/cgroup/job/memory.high", 400 * MIB + "\n");
        assertThat(available()).isEqualTo(400 * MIB);
    }

    @Test
    void limitOfANestedGroupOfTheFirstKindIsFound() throws IOException {
        write("proc/self/cgroup", "9:name=systemd:/x\n4:cpu,memory:/docker/abc/inner\n3:cpuset:/\n0::/\n");
        write("proc/self/mountinfo", FIRST + SECOND.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified"));
        write("sys/fs/cgroup/memory/docker/abc/inner/memory.limit_in_bytes", "9223372036854771712\n");
        write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", 300 * MIB + "\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assertThat(available()).isEqualTo(300 * MIB);
    }

    @Test
    void mountThatShowsOnlyTheContainersGroupIsUnderstood() throws IOException {
        write("proc/self/cgroup", "4:memory:/docker/abc/inner\n");
        write("proc/self/mountinfo", FIRST.replace(" / /sys", " /docker/abc /sys"));
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", 300 * MIB + "\n");
        assertThat(available()).as("limit of the container").isEqualTo(300 * MIB);
        write("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", 200 * MIB + "\n");
        assertThat(available()).as("limit inside the container").isEqualTo(200 * MIB);
    }

    @Test
    void groupOutsideOfTheMountIsTheRootOfTheMount() throws IOException {
        write("proc/self/cgroup", "0::/../../elsewhere\n");
        write("proc/self/mountinfo", SECOND.replace("/sys/fs/cgroup", "/my\\040groups"));
        write("my groups/memory.max", 77 * MIB + "\n");
        assertThat(available()).isEqualTo(77 * MIB);
    }

    private long available() {
        return MachineMemory.availableBytes(root);
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }
}
