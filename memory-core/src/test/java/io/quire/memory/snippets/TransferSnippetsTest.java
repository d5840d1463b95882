package io.quire.memory.snippets;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.transfer.ChangedRange;
import io.quire.memory.transfer.ExportReport;
import io.quire.memory.transfer.PageContent;
import io.quire.memory.transfer.SpaceDifference;
import io.quire.memory.transfer.SpaceExport;
import io.quire.memory.transfer.SpaceImport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the Javadoc of differences, exports and imports. */
class TransferSnippetsTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(16L << 20);

    private MemoryManager memory;
    private AddressSpace space;
    private long address;

    @BeforeEach
    void open() {
        memory = leaks.manager();
        space = memory.newAddressSpace("orders");
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

    @Test
    void full(@TempDir Path folder) throws IOException {
        space.setLong(address, 42);
        Path file = folder.resolve("orders.export");
        // @start region="export"
        ExportReport report = SpaceExport.of(space)
                .reportingTo((done, total) -> System.getLogger("backup").log(System.Logger.Level.DEBUG,
                        "{0} of {1} pages", done, total))
                .writeTo(file);                                     // replaces the file when all of it is on the disk
        assert report.pages() == 1;
        // @end
        assertThat(report.isIncremental()).isFalse();
        // @start region="import"
        try (AddressSpace restored = SpaceImport.from(file).named("orders").into(memory)) {
            assert restored.getLong(address) == 42;                 // at the address that it had
        }
        // @end
    }

    @Test
    void increments(@TempDir Path folder) throws IOException {
        Path full = folder.resolve("0");
        // @start region="increment"
        AddressSpace last = space.snapshot();
        SpaceExport.of(last).writeTo(full);
        List<Path> increments = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            space.setLong(address, i);
            AddressSpace next = space.snapshot();
            Path file = folder.resolve(Integer.toString(i));
            SpaceExport.since(last, next).writeTo(file);            // one page
            increments.add(file);
            last.close();
            last = next;                                            // the base of the next increment
        }
        last.close();
        // @end
        // @start region="import-increments"
        AddressSpace restored = SpaceImport.from(full).into(memory);
        for (Path increment : increments) {
            try (AddressSpace base = restored) {
                restored = SpaceImport.from(increment).ontoForkOf(base);
            }
        }
        assert restored.getLong(address) == 3;
        // @end
        restored.close();
    }
}
