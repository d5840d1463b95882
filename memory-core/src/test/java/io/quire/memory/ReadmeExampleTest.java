package io.quire.memory;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.structure.ForkableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The examples of the README: they run, and the README shows what runs. */
@Tag("portable")
class ReadmeExampleTest {

    @Test
    void memoryIsForked() {
        // begin memory
        try (MemoryManager memory = MemoryManager.builder().hostPool(256L << 20).build();
                AddressSpace space = memory.newAddressSpace("orders");
                Accessor live = space.accessor()) {

            long address = space.map(64L << 20);          // addresses only; frames come with the first write
            live.setLong(address, 42);

            try (AddressSpace past = space.fork()) {      // constant time, whatever the size
                live.setLong(address, 43);                // copies one 4 KiB page
                assertThat(past.getLong(address)).isEqualTo(42);
            }
        }
        // end memory
    }

    @Test
    void mapIsForked() {
        // begin map
        try (MemoryManager memory = MemoryManager.builder().hostPool(256L << 20).build();
                AddressSpace space = memory.newAddressSpace("prices")) {

            ForkableMap prices = ForkableMap.create(space, 1L << 30);
            prices.put("tea".getBytes(UTF_8), "3.20".getBytes(UTF_8));

            try (AddressSpace whatIf = space.fork("what if")) {
                ForkableMap dearer = ForkableMap.open(whatIf, prices.address());
                dearer.put("tea".getBytes(UTF_8), "4.80".getBytes(UTF_8));
                assertThat(prices.get("tea".getBytes(UTF_8))).asString(UTF_8).isEqualTo("3.20");
            }
        }
        // end map
    }

    @Test
    void pagesLiveInATier() {
        // begin tier
        try (MemoryManager memory = MemoryManager.builder().hostPool(256L << 20)
                .deviceCoherentPool("near", 64L << 20)               // or .device("gpu", driver)
                .cowPlacement(CowPlacement.SAME_POOL).build();
                AddressSpace space = memory.newAddressSpace("index");
                Accessor live = space.accessor()) {

            long address = space.map(1L << 20);
            live.setLong(address, 42);
            space.migrate(address, 1L << 20, memory.pool("near"));           // pages move, addresses stay

            try (AddressSpace past = space.fork();                           // moves no page
                    Pin pin = live.pin(address, 8, PinTerm.SHORT, PinAccess.READ)) {
                live.setLong(address, 43);                                   // its copy stays near, too
                assertThat(past.getLong(address)).isEqualTo(42);
                assertThat(pin.state(address).pool()).isEqualTo("near");
            }
            memory.evict(memory.pool("near"), 16);                           // what nobody pins goes to the host
        }
        // end tier
    }

    @Test
    void readmeShowsTheseExamples() throws IOException {
        String source = Files.readString(Path.of("src/test/java/io/quire/memory/ReadmeExampleTest.java"));
        String readme = Files.readString(Path.of("../README.md"));
        assertThat(readme).contains(example(source, "memory")).contains(example(source, "map"))
                .contains(example(source, "tier"));
    }

    private static String example(String source, String name) {
        String begin = "        // begin " + name + "\n";
        String end = "        // end " + name;
        String body = source.substring(source.indexOf(begin) + begin.length(), source.indexOf(end));
        return body.lines().map(line -> line.replaceFirst("^ {8}", "")).collect(Collectors.joining("\n"));
    }
}
