package io.quire.memory.transfer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import io.quire.memory.testkit.ChildJvm;
import io.quire.memory.testkit.LeakCheck;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A map that is exported while a thread writes it works in another process at once. */
class RestoredMapTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(32L << 20);

    /** The other process: reads the files, reads the map, and writes it. */
    static final class Reader {

        private Reader() {
        }

        public static void main(String[] arguments) throws Exception {
            long address = Long.getLong("map");
            try (MemoryManager memory = MemoryManager.builder().hostPool(32 << 20).build();
                    AddressSpace base = SpaceImport.from(Path.of(System.getProperty("full"))).into(memory);
                    AddressSpace space = SpaceImport.from(Path.of(System.getProperty("increment"))).ontoForkOf(base)) {
                ForkableMap first = ForkableMap.open(base, address);
                ForkableMap map = ForkableMap.open(space, address);
                check(first);
                check(map);
                long size = map.size();
                for (int i = 0; i < 1_000; i++) {
                    map.put(key(i), "changed".getBytes(UTF_8));
                    map.put(key(1_000_000 + i), "added".getBytes(UTF_8));
                    map.remove(key(1_000_000 + i));
                }
                if (map.size() != size || first.size() >= size) {
                    throw new AssertionError("size " + map.size() + " instead of " + size);
                }
                System.out.println("restored " + size + " entries");
            }
        }

        private static void check(ForkableMap map) {
            for (int i = 0; i < map.size(); i++) {
                if (!text(i).equals(new String(Objects.requireNonNull(map.get(key(i))), UTF_8))) {
                    throw new AssertionError("entry " + i);
                }
            }
        }
    }

    private static byte[] key(int number) {
        return Integer.toString(number).getBytes(UTF_8);
    }

    private static String text(int number) {
        return "value of " + number;
    }

    @Test
    void mapWorksInAnotherProcess(@TempDir Path folder) throws Exception {
        try (AddressSpace space = leaks.manager().newAddressSpace("maps")) {
            ForkableMap map = ForkableMap.create(space, 16 << 20);
            AtomicBoolean done = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 100_000 && !done.get(); i++) {
                    map.put(key(i), text(i).getBytes(UTF_8));
                }
            });
            awaitSize(map, 2_000);
            try (AddressSpace base = space.snapshot()) {
                SpaceExport.of(base).writeTo(folder.resolve("full"));
                awaitSize(map, ForkableMap.open(base, map.address()).size() + 1_000);
                SpaceExport.since(base, space).writeTo(folder.resolve("increment"));
            }
            done.set(true);
            writer.join();
            ChildJvm.Result result = ChildJvm.run(Reader.class, List.of("-Dmap=" + map.address(),
                    "-Dfull=" + folder.resolve("full"), "-Dincrement=" + folder.resolve("increment")));
            assertThat(result.output()).contains("restored ").doesNotContain("Exception", "Error");
            assertThat(result.exitStatus()).isZero();
        }
    }

    private static void awaitSize(ForkableMap map, long size) {
        while (map.size() < size) {
            Thread.onSpinWait();
        }
    }
}
