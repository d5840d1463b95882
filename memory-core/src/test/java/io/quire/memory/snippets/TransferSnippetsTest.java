package io.quire.memory.snippets;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.transfer.ChangedRange;
import io.quire.memory.transfer.PageContent;
import io.quire.memory.transfer.SpaceDifference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples in the Javadoc of differences. */
class TransferSnippetsTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(16L << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("orders");
        address = space.map(1L << 20);
    }

    @AfterEach
    void close() {
        space.close();
    }

    @Test
    void difference() {
        long sum = 0;
        // @start region="difference"
        try (AddressSpace before = space.snapshot()) {
            space.setLong(address + 5 * 4096, 42);
            for (ChangedRange range : SpaceDifference.between(before, space).ranges()) {
                if (range.after() == PageContent.WRITTEN) {         // else it reads as zeros, or is not mapped any more
                    sum += space.getLong(range.address());
                }
            }
        }
        // @end
        assertThat(sum).isEqualTo(42);
    }
}
