package io.quire.memory.softdevice;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.testkit.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A virtual thread that waits for a device releases its carrier. The device may wait for a lock of another virtual
 * thread, which needs the carrier to go on. Runs in a JVM of its own, with one carrier.
 */
@ExtendWith(NeedsNativeLibrary.class)
class FewCarriersTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 16;
    private static final int ROUNDS = 100;

    @ParameterizedTest
    @ValueSource(strings = {"coherent", "private"})
    void operationsAndForksOfVirtualThreadsEndWithOneCarrier(String kind) throws Exception {
        ChildJvm.Result result = ChildJvm.run(Program.class, List.of("--enable-native-access=ALL-UNNAMED",
                "-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1",
                "-Dkind=" + kind));
        assertThat(result.output()).isEqualToNormalizingNewlines("all ended\n");
        assertThat(result.exitStatus()).isZero();
    }

    /** Runs operations, writes and forks on virtual threads. The main thread needs no carrier and watches them. */
    static final class Program {

        private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);

        private Program() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            SoftwareDevice device = System.getProperty("kind").equals("private")
                    ? NativeDevice.privateMemory("d", PAGES * PAGE) : NativeDevice.coherent("d", PAGES * PAGE);
            MemoryManager manager = MemoryManager.builder().hostPool(1 << 20).device("d", device.driver()).build();
            AddressSpace space = manager.newAddressSpace();
            long address = space.map(PAGES * PAGE);
            Attachment attachment = manager.device("d").attach(space);
            List<Runnable> jobs = List.of(() -> device.atomicAdd(attachment.mirror(), address, 1),
                    () -> device.fill(attachment.mirror(), address + PAGE, 8 * PAGE, (byte) 1),
                    () -> space.getAndAddLong(address, 1), () -> space.fork().close());
            long begin = System.nanoTime();
            List<Thread> threads = new ArrayList<>();
            for (Runnable job : jobs) {
                threads.add(Thread.ofVirtual().uncaughtExceptionHandler((_, thrown) -> failure.set(thrown))
                        .start(() -> repeat(job)));
            }
            joinAll(threads, begin);
            if (failure.get() != null || space.getLong(address) != 2 * ROUNDS) {
                end("counted " + space.getLong(address) + ", failed with " + failure.get(), 1);
            }
            joinAll(List.of(Thread.ofVirtual().start(device::close)), begin);
            end("all ended", 0);
        }

        @SuppressWarnings("ThreadPriorityCheck") // lets the threads take turns on the carrier
        private static void repeat(Runnable job) {
            for (int i = 0; i < ROUNDS; i++) {
                job.run();
                Thread.yield();
            }
        }

        private static void joinAll(List<Thread> threads, long begin) throws InterruptedException {
            for (Thread thread : threads) {
                long left = LIMIT_NANOS - (System.nanoTime() - begin);
                thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
                if (thread.isAlive()) {
                    end("a thread does not end", 2);
                }
            }
        }

        private static void end(String message, int status) {
            System.out.println(message);
            Runtime.getRuntime().halt(status);
        }
    }
}
