package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.driver.IdleDriver;
import io.quire.memory.testkit.ChildJvm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A build that fails leaves nothing behind: no memory, no promise of memory, no thread. */
class BuildFailureTest {

    @Test
    void buildThatFailsLeavesNothingBehind() throws IOException, InterruptedException {
        for (String access : List.of("--enable-native-access=ALL-UNNAMED", "-Dwithout=native")) {
            ChildJvm.Result result = ChildJvm.run(Failing.class, List.of(access, "-XX:MaxDirectMemorySize=8g"));
            assertThat(result.output()).isEqualToIgnoringNewLines("nothing is left");
        }
    }

    /** Builds a manager again and again; each build fails. */
    static final class Failing {

        private static final int BUILDS = 30;
        private static final long POOL_BYTES = 64L << 20;

        private Failing() {
        }

        public static void main(String[] arguments) throws IOException, InterruptedException {
            MemoryManager.builder().hostPool(POOL_BYTES).build().close();
            long before = status("VmSize");
            int threads = Thread.activeCount();
            GoodDriver good = new GoodDriver();
            for (int i = 0; i < BUILDS; i++) {
                refused(MemoryManager.builder().hostPool(POOL_BYTES).deviceCoherentPool("before", POOL_BYTES)
                        .device("good", good).device("bad", new ThrowingDriver()));
            }
            // The driver may be used again.
            MemoryManager.builder().hostPool(POOL_BYTES).device("good", good).build().close();
            for (int tries = 0; tries < 200 && left(before, threads); tries++) {
                System.gc();
                Thread.sleep(10);
            }
            System.out.println(left(before, threads) ? "left: " + (status("VmSize") - before) + " KiB, "
                    + (Thread.activeCount() - threads) + " threads" : "nothing is left");
        }

        private static void refused(MemoryManager.Builder builder) {
            try {
                builder.build();
            } catch (DriverFailedException expected) {
                if (expected.getCause() instanceof AssertionError) {
                    return;
                }
            }
            throw new IllegalStateException("a driver that throws was accepted");
        }

        private static boolean left(long before, int threads) throws IOException {
            return status("VmSize") - before > BUILDS * (POOL_BYTES >> 10) / 4 || Thread.activeCount() > threads;
        }

        private static long status(String name) throws IOException {
            return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
        }
    }

    /** A driver with some memory. */
    private static final class GoodDriver extends IdleDriver implements CoherentDriver {

        private final MemorySegment memory = Arena.ofAuto().allocate(64 << 10, 4096);

        @Override
        public MemorySegment memory() {
            return memory;
        }
    }

    /** A driver that throws an Error when it is asked for its memory. */
    private static final class ThrowingDriver extends IdleDriver implements CoherentDriver {

        @Override
        public MemorySegment memory() {
            throw new AssertionError("thrown by the test");
        }
    }
}
