package io.quire.memory.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.AddressSpace;
import io.quire.memory.contract.WaitTimeoutException;
import io.quire.memory.testkit.LeakCheck;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Channels that are slow, fail or hang, transfers that are cancelled, and files that stay whole. */
@Tag("portable")
@Timeout(60)
class TransferCancelTest {

    private static final int PAGE = Image.PAGE;
    private static final int PAGES = 200;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(8L << 20);

    private AddressSpace space;
    private byte[] export;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("s");
        long address = space.map((long) PAGES * PAGE);
        space.fill(address, (long) PAGES * PAGE, (byte) 1);
        try (AddressSpace moment = space.snapshot()) {
            export = Exports.of(moment);
        }
    }

    @AfterEach
    void close() {
        assertThat(leaks.manager().openSpaces()).as("open spaces").hasSize(1);
        space.close();
    }

    // ---- channels

    @Test
    void channelThatMovesAByteAtACallOrNoneWorks() throws Exception {
        AddressSpace small = leaks.manager().newAddressSpace();
        small.setLong(small.map(PAGE), 1);
        ByteBuffer bytes = ByteBuffer.allocate(2 * PAGE);
        SpaceExport.of(small).writeTo(new TestChannels.Dripping(bytes));
        try (AddressSpace restored = SpaceImport.from(new TestChannels.Dripping(bytes.flip())).into(leaks.manager())) {
            assertThat(Image.of(restored).isSameAs(Image.of(small))).isTrue();
        }
        small.close();
    }

    @Test
    void exceptionOfTheChannelComesOut() {
        for (int at : new int[] {0, 1, 3}) {
            int[] calls = new int[1];
            WritableByteChannel failing = new FailingChannel() {
                @Override
                public int write(ByteBuffer source) throws IOException {
                    return failAt(at, calls, source);
                }
            };
            assertThatThrownBy(() -> SpaceExport.of(space).writeTo(failing)).isInstanceOf(IOException.class)
                    .hasMessage("no space left");
            calls[0] = 0;
            ReadableByteChannel source = new TestChannels.FromBuffer(ByteBuffer.wrap(export));
            assertThatThrownBy(() -> SpaceImport.from(new FailingChannel() {
                @Override
                public int read(ByteBuffer target) throws IOException {
                    if (calls[0]++ == at) {
                        throw new IOException("no space left");
                    }
                    return source.read(target);
                }
            }).into(leaks.manager())).isInstanceOf(IOException.class).hasMessage("no space left");
        }
    }

    private abstract static class FailingChannel extends TestChannels.Open
            implements WritableByteChannel, ReadableByteChannel {

        @Override
        public int write(ByteBuffer source) throws IOException {
            throw new IOException("not to be written");
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            throw new IOException("not to be read");
        }

        static int failAt(int at, int[] calls, ByteBuffer source) throws IOException {
            if (calls[0]++ == at) {
                throw new IOException("no space left");
            }
            int count = source.remaining() / 2 + 1;
            source.position(source.position() + count);
            return count;
        }
    }

    @Test
    void channelInNonBlockingModeIsRefusedBeforeItIsUsed() throws Exception {
        Pipe pipe = Pipe.open();
        try (Pipe.SinkChannel sink = pipe.sink(); Pipe.SourceChannel source = pipe.source()) {
            sink.configureBlocking(false);
            source.configureBlocking(false);
            assertThatThrownBy(() -> SpaceExport.of(space).writeTo(sink))
                    .isInstanceOf(IllegalBlockingModeException.class);
            assertThatThrownBy(() -> SpaceImport.from(source).into(leaks.manager()))
                    .isInstanceOf(IllegalBlockingModeException.class);
        }
    }

    @Test
    void exportGoesThroughAPipe() throws Exception {
        Pipe pipe = Pipe.open();
        try (Pipe.SinkChannel sink = pipe.sink(); Pipe.SourceChannel source = pipe.source()) {
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    SpaceExport.of(space).writeTo(sink);
                } catch (IOException failed) {
                    throw new AssertionError(failed);
                }
            });
            try (AddressSpace restored = SpaceImport.from(source).into(leaks.manager())) {
                assertThat(Image.of(restored).isSameAs(Image.of(space))).isTrue();
            }
            writer.join();
        }
    }

    @Test
    void channelThatMovesNothingIsGivenUpOrInterrupted() throws Exception {
        Stall stall = new Stall("a channel", 1_000_000);
        stall.moved(1);
        assertThatThrownBy(() -> {
            while (true) {
                stall.moved(0);
            }
        }).isInstanceOf(WaitTimeoutException.class).hasMessageContaining("a channel to move a byte");

        for (boolean reads : new boolean[] {false, true}) {
            Throwable[] thrown = new Throwable[1];
            boolean[] stays = new boolean[1];
            Thread transfer = Thread.ofPlatform().start(() -> {
                try {
                    if (reads) {
                        SpaceImport.from(new TestChannels.Stuck()).into(leaks.manager());
                    } else {
                        SpaceExport.of(space).writeTo(new TestChannels.Stuck());
                    }
                } catch (Throwable failed) {
                    thrown[0] = failed;
                    stays[0] = Thread.currentThread().isInterrupted();
                }
            });
            while (transfer.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            transfer.interrupt();
            transfer.join();
            assertThat(thrown[0]).isInstanceOf(InterruptedIOException.class);
            assertThat(stays[0]).as("stays interrupted").isTrue();
        }
    }

    // ---- progress and cancellation

    @Test
    void progressIsToldFromTheBeginToTheEnd() throws Exception {
        List<Long> exported = new ArrayList<>();
        SpaceExport.of(space).reportingTo((done, total) -> {
            exported.add(done);
            assertThat(total).isEqualTo(PAGES);
        }).writeTo(new TestChannels.IntoBuffer(ByteBuffer.allocate(1 << 20)));
        assertThat(exported).startsWith(0L, 64L).endsWith((long) PAGES).isSorted();

        List<Long> imported = new ArrayList<>();
        SpaceImport.from(new TestChannels.FromBuffer(ByteBuffer.wrap(export)))
                .reportingTo((done, _) -> imported.add(done)).into(leaks.manager()).close();
        assertThat(imported).isEqualTo(exported);
    }

    @Test
    void listenerThatThrowsCancels() {
        for (long at : new long[] {0, 64, PAGES}) {
            TransferProgress cancel = (done, _) -> {
                if (done == at) {
                    throw new CancellationException("enough");
                }
            };
            assertThatThrownBy(() -> Exports.bytes(SpaceExport.of(space).reportingTo(cancel)))
                    .isInstanceOf(CancellationException.class);
            assertThatThrownBy(() -> SpaceImport.from(new TestChannels.FromBuffer(ByteBuffer.wrap(export)))
                    .reportingTo(cancel).into(leaks.manager())).isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void interruptCancelsAndStays(@TempDir Path folder) throws Exception {
        TransferProgress interrupt = (_, _) -> Thread.currentThread().interrupt();
        assertThatThrownBy(() -> SpaceExport.of(space).reportingTo(interrupt)
                .writeTo(new TestChannels.IntoBuffer(ByteBuffer.allocate(1 << 20))))
                .isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        Path file = folder.resolve("export");
        assertThatThrownBy(() -> SpaceExport.of(space).reportingTo(interrupt).writeTo(file))
                .isInstanceOf(IOException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(Files.list(folder)).isEmpty();
        Files.write(file, export);
        assertThatThrownBy(() -> SpaceImport.from(file).reportingTo(interrupt).into(leaks.manager()))
                .isInstanceOfAny(InterruptedIOException.class, ClosedByInterruptException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    // ---- files

    @Test
    void fileIsReplacedAsAWholeOrNotAtAll(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("export");
        ExportReport report = SpaceExport.of(space).writeTo(file);
        assertThat(Files.size(file)).isEqualTo(report.sizeBytes());
        byte[] first = Files.readAllBytes(file);
        TransferProgress cancel = (done, total) -> {
            // The new file is there, and the old one still is what it was.
            assertThat(names(folder)).hasSize(2).contains("export").anyMatch(name -> name.endsWith(".part"));
            assertThat(file).hasBinaryContent(first);
            if (done == total) {
                throw new CancellationException("enough");
            }
        };
        assertThatThrownBy(() -> SpaceExport.of(space).reportingTo(cancel).writeTo(file))
                .isInstanceOf(CancellationException.class);
        assertThat(names(folder)).containsExactly("export");
        assertThat(file).hasBinaryContent(first);

        SpaceExport.of(space).writeTo(file);
        assertThat(names(folder)).containsExactly("export");
        assertThat(Files.readAllBytes(file)).hasSameSizeAs(first).isNotEqualTo(first);
        try (AddressSpace restored = SpaceImport.from(file).into(leaks.manager())) {
            assertThat(Image.of(restored).isSameAs(Image.of(space))).isTrue();
        }
    }

    private static List<String> names(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    @Test
    void folderThatIsNoneOrInTheWayIsRefusedBeforeAnythingIsWritten(@TempDir Path folder) {
        TransferProgress never = (_, _) -> {
            throw new AssertionError("begun");
        };
        SpaceExport export = SpaceExport.of(space).reportingTo(never);
        assertThatThrownBy(() -> export.writeTo(folder)).isInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> export.writeTo(Path.of("/"))).isInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> export.writeTo(folder.resolve("none/export")))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(names(folder)).isEmpty();
    }

    @Test
    void relativeFileIsWritten() throws Exception {
        Path file = Path.of("target", "relative.export");
        SpaceExport.of(space).writeTo(file);
        assertThat(file).exists();
        Files.delete(file);
    }
}
