package io.quire.memory.snippets;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.RunCursor;
import io.quire.memory.structure.ElementType;
import io.quire.memory.structure.ForkableArray;
import io.quire.memory.structure.StructureFork;
import io.quire.memory.testkit.LeakCheck;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples in the Javadoc of arrays. */
class ArraySnippetsTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(16L << 20);

    @Test
    void array() {
        MemoryManager memory = leaks.manager();
        try (AddressSpace space = memory.newAddressSpace()) {
            // @start region="array"
            ForkableArray prices = ForkableArray.create(space, ElementType.DOUBLE, 1L << 30);   // addresses only
            prices.resize(1_000);                                       // elements are zeros; frames come with writes
            prices.setDouble(7, 3.20);
            try (StructureFork<ForkableArray> whatIf = prices.fork("what if")) {
                whatIf.structure().setDouble(7, 4.80);                  // copies one page of 4 KiB
                assert prices.getDouble(7) == 3.20;
            }
            // @end
            // @start region="array-with"
            try (Accessor mine = space.accessor()) {
                ForkableArray fast = prices.with(mine);                 // for this thread only
                for (long i = 0; i < fast.length(); i++) {
                    fast.setDouble(i, fast.getDouble(i) + i);
                }
            }
            // @end
            // @start region="array-scan"
            double sum = 0;
            try (RunCursor runs = prices.runs(0, prices.length())) {
                while (runs.next()) {
                    MemorySegment run = runs.memory();                  // whole elements, all of one moment
                    for (long at = 0; at < run.byteSize(); at += Double.BYTES) {
                        sum += run.get(JAVA_DOUBLE, at);
                    }
                }
            }
            // @end
            assertThat(sum).isEqualTo(999 * 1000 / 2 + 3.20);
        }
    }

    @Test
    void structureFork() {
        MemoryManager memory = leaks.manager();
        try (AddressSpace space = memory.newAddressSpace()) {
            ForkableArray prices = ForkableArray.create(space, ElementType.LONG, 100);
            ForkableArray counts = ForkableArray.create(space, ElementType.LONG, 100);
            prices.append(320);
            counts.append(5);
            // @start region="structure-fork"
            try (StructureFork<ForkableArray> whatIf = prices.fork()) {
                ForkableArray dearer = whatIf.structure();
                ForkableArray fewer = ForkableArray.open(whatIf.space(), counts.address());     // of the same moment
                dearer.setLong(0, 350);
                fewer.setLong(0, 4);
            }                                                                                   // forget both
            // @end
            assertThat(prices.getLong(0)).isEqualTo(320);
            assertThat(counts.getLong(0)).isEqualTo(5);
        }
    }
}
