package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.testkit.ChildJvm;
import io.quire.memory.testkit.RecordingDriver;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The library works the same whatever the JVM allows, and never makes the JVM print a warning. */
class WarningsTest {

    private static final List<String> STRICT =
            List.of("--illegal-native-access=deny", "--sun-misc-unsafe-memory-access=deny");
    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

    static Stream<List<String>> options() {
        return Stream.of(List.of(), List.of(NATIVE), List.of(NATIVE, STRICT.get(0), STRICT.get(1)), STRICT,
                List.of(NATIVE, "-Dquire.fences=full"), List.of("-Dquire.fences=full"));
    }

    @ParameterizedTest
    @MethodSource("options")
    void smallProgramPrintsOnlyItsResult(List<String> options)
            throws IOException, InterruptedException {
        ChildJvm.Result result = ChildJvm.run(SmallProgram.class, options);
        assertThat(result.output()).isEqualToNormalizingNewlines("42 43 249500 refused\n");
        assertThat(result.exitStatus()).isZero();
    }

    /** Uses a little of everything that is public. */
    static final class SmallProgram {

        private SmallProgram() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            try (MemoryManager manager = MemoryManager.builder().hostPool(1 << 20)
                    .device("card", new RecordingDriver.Coherent(8)).build();
                    AddressSpace space = manager.newAddressSpace();
                    Accessor live = space.accessor()) {
                long address = space.map(64L << 20);
                live.setLong(address, 42);
                space.migrate(address, 4096, manager.pool("card")); // makes a thread call the driver from a queue
                try (AddressSpace child = space.fork()) {
                    live.setLong(address, 43);
                    System.out.print(child.getLong(address) + " " + live.getLong(address) + " ");
                }
                Thread writer = Thread.ofVirtual().start(() -> {
                    for (int i = 0; i < 500; i++) {
                        space.getAndAddLong(address + 8, i);
                    }
                });
                long sum = 0;
                for (int i = 0; i < 500; i++) {
                    live.setLong(address + 4096L * (i % 100) + 16, i);
                    try (AddressSpace snapshot = space.snapshot()) {
                        sum += snapshot.getLong(address + 4096L * (i % 100) + 16);
                    }
                }
                writer.join();
                System.out.print(sum + live.getLong(address + 8) + " ");
                try {
                    space.fill(address, 2 << 20, (byte) 1);
                    System.out.println("not refused");
                } catch (OutOfFramesException full) {
                    System.out.println("refused");
                }
            }
        }
    }
}
