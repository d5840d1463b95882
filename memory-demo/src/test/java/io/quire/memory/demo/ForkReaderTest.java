package io.quire.memory.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ForkReaderTest {

    private static final int ENTRIES = 100;

    private final MemoryManager memory = MemoryManager.builder().hostPool(8 << 20).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final ForkableMap map = ForkableMap.create(space, 1 << 20);
    private final ExpectedMap expected = new ExpectedMap();
    private final RunControl control = new RunControl();
    private CandidateStates start = CandidateStates.only(0, 0);
    private ForkReader reader = reader();

    @BeforeEach
    void fill() {
        for (int i = 0; i < ENTRIES; i++) {
            byte[] value = new byte[UpdateNumber.BYTES + i];
            map.put(key(i), value);
            expected.add(key(i), value);
        }
        start = CandidateStates.only(0, expected.checksum());
        reader = reader();
    }

    @AfterEach
    void close() {
        space.close();
        memory.close();
    }

    @Test
    void unchangedMapIsEqual() {
        reader.compare("map", map, start);

        assertThat(reader.compared()).isEqualTo(1);
        assertThat(reader.equal()).isEqualTo(1);
        assertThat(reader.firstDifference()).isNull();
        assertThat(control.isRunning()).isTrue();
    }

    @Test
    void oneChangedByteIsFoundAndEndsTheRun() {
        byte[] value = new byte[UpdateNumber.BYTES + 50];
        value[40] = 1;
        map.put(key(50), value);

        reader.compare("fork 7", map, start);

        assertThat(reader.compared()).isEqualTo(1);
        assertThat(reader.equal()).isZero();
        assertThat(reader.firstDifference()).startsWith("fork 7 ").contains("checksum found: ");
        assertThat(control.isRunning()).isFalse();
    }

    @Test
    void missingEntryIsFound() {
        map.remove(key(0));

        reader.compare("map", map, start);

        assertThat(reader.firstDifference()).contains("entries found: 99, expected: 100");
    }

    @Test
    void updateAfterTheForkIsFound() {
        byte[] value = new byte[UpdateNumber.BYTES + 3];
        UpdateNumber.set(value, 1);
        map.put(key(3), value);
        long after = expected.replace(3, Checksum.entryHash(key(3), value));

        reader.compare("too late", map, start);
        reader.compare("in time", map, CandidateStates.only(1, after));

        assertThat(reader.equal()).isEqualTo(1);
        assertThat(reader.firstDifference()).startsWith("too late ")
                .contains("update found: 1, expected: 0 to 0");
    }

    private ForkReader reader() {
        LoadedMap loaded = new LoadedMap(space, map.address(), expected);
        Writer writer = new Writer(loaded, new SplittableRandom(1));
        ForkKeeper forks = new ForkKeeper(space, writer, control, 2, new SplittableRandom(2));
        return new ForkReader(Checksum::entryHash, loaded, forks, control);
    }

    private static byte[] key(int number) {
        return ("key " + number).getBytes(StandardCharsets.UTF_8);
    }
}
