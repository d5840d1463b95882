package io.quire.memory.snippets;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import io.quire.memory.Pin;
import io.quire.memory.RunCursor;
import io.quire.memory.SpaceStatistics;
import io.quire.memory.WritableRunCursor;
import io.quire.memory.WriteGroup;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.testkit.LeakCheck;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the Javadoc of spaces, accessors, pins and cursors. */
class SpaceSnippetsTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(16L << 20);

    private MemoryManager memory;

    @BeforeEach
    void open() {
        memory = leaks.manager();
    }

    @Test
    void space() {
        // @start region="space"
        try (AddressSpace space = memory.newAddressSpace("orders")) {
            long address = space.map(1L << 20);             // reads as zeros, takes no frame
            space.setLong(address, 42);                     // the first write brings a frame
            space.protect(address, 1L << 20, Protection.READ_ONLY);
            space.unmap(address, 1L << 20);
        }
        // @end
    }

    @Test
    void fork() {
        try (AddressSpace space = memory.newAddressSpace("orders")) {
            long address = space.map(1L << 20);
            space.setLong(address, 42);
            // @start region="fork"
            try (AddressSpace trial = space.fork("trial");
                    Accessor fast = trial.accessor()) {         // an accessor of the parent sees the parent only
                fast.setLong(address, fast.getLong(address) + 1);
                assert space.getLong(address) == 42;            // the parent is as it was
            }
            // @end
            // @start region="snapshot"
            try (AddressSpace moment = space.snapshot("backup")) {
                space.setLong(address, 43);                     // the parent goes on
                assert moment.getLong(address) == 42;           // the snapshot stays as it is
            }
            // @end
            // @start region="usage"
            SpaceStatistics usage = space.statistics();
            long alone = usage.bytesFreedByClose();             // what only this space holds
            // @end
            assertThat(alone).isEqualTo(4096);
        }
    }

    @Test
    void accessor() throws InterruptedException {
        try (AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(1L << 20);
            // @start region="accessor"
            Thread worker = Thread.ofPlatform().start(() -> {
                try (Accessor mine = space.accessor()) {        // opened, used and closed by one thread
                    for (long i = 0; i < 1_000; i++) {
                        mine.setLong(address + i * Long.BYTES, i);
                    }
                }
            });
            // @end
            worker.join();
            assertThat(space.getLong(address + 999 * Long.BYTES)).isEqualTo(999);
        }
    }

    @Test
    void access() {
        try (AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(1L << 20);
            // @start region="access"
            MemoryAccess access = space;                        // or an accessor: the methods are the same
            access.copyFrom(new byte[] {1, 2, 3}, 0, address, 3);
            long sum = access.getAndAddLong(address + 8, 5) + access.getByte(address + 2);
            access.setLongRelease(address + 16, sum);           // publishes what was written before
            // @end
            assertThat(space.getLongAcquire(address + 16)).isEqualTo(3);
        }
    }

    @Test
    void pin(@TempDir Path folder) throws IOException {
        try (AddressSpace space = memory.newAddressSpace();
                FileChannel channel = FileChannel.open(folder.resolve("out"), StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE)) {
            long address = space.map(1L << 20);
            space.setLong(address, 42);
            // @start region="pin"
            try (Pin pin = space.pin(address, 100_000, PinTerm.SHORT, PinAccess.READ)) {
                for (MemorySegment part : pin.segments()) {     // needs --enable-native-access
                    ByteBuffer bytes = part.asByteBuffer();
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);                   // straight from the pages
                    }
                }
            }
            // @end
        }
        assertThat(Files.size(folder.resolve("out"))).isEqualTo(100_000);
    }

    @Test
    void buffers() {
        try (AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(1L << 20);
            space.setLong(address, 42);
            long sum = 0;
            // @start region="buffers"
            try (Pin pin = space.pin(address, 4096, PinTerm.SHORT, PinAccess.READ)) {
                for (ByteBuffer part : pin.buffers()) {         // needs --enable-native-access
                    while (part.hasRemaining()) {
                        sum += part.getLong();
                    }
                }
            }
            // @end
            assertThat(sum).isEqualTo(42);
        }
    }

    @Test
    void runs() {
        try (AddressSpace space = memory.newAddressSpace()) {
            long sizeBytes = 1L << 20;
            long address = space.map(sizeBytes);
            space.setLong(address, 42);
            long sum = 0;
            // @start region="runs"
            try (RunCursor runs = space.runs(address, sizeBytes)) {
                while (runs.nextWritten()) {                    // next() would show the holes too, as zeros
                    MemorySegment memory = runs.memory();
                    for (long i = 0; i < memory.byteSize(); i += Long.BYTES) {
                        sum += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, i);
                    }
                }
            }
            // @end
            assertThat(sum).isEqualTo(42);
        }
    }

    @Test
    void writableRuns() {
        try (AddressSpace space = memory.newAddressSpace()) {
            long sizeBytes = 1L << 20;
            long address = space.map(sizeBytes);
            // @start region="writable-runs"
            try (WritableRunCursor runs = space.writableRuns(address, sizeBytes)) {
                while (runs.next()) {
                    runs.memory().fill((byte) -1);              // written to the space
                }
            }
            // @end
            assertThat(space.getByte(address + sizeBytes - 1)).isEqualTo((byte) -1);
        }
    }

    @Test
    void group() {
        try (AddressSpace space = memory.newAddressSpace()) {
            long from = space.map(1L << 20);
            long to = from + 512 * 1024;
            space.setLong(from, 100);
            // @start region="group"
            WriteGroup transfer = space.newWriteGroup();
            transfer.setLong(from, space.getLong(from) - 30).setLong(to, space.getLong(to) + 30);
            transfer.commit();                                  // no fork ever sees one of them alone
            // @end
            assertThat(space.getLong(from)).isEqualTo(70);
            assertThat(space.getLong(to)).isEqualTo(30);
        }
    }
}
