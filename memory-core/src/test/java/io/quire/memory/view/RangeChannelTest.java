package io.quire.memory.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Channels and streams over a range behave as those over a file of fixed size. */
@Tag("portable")
@ExtendWith(Seed.class)
class RangeChannelTest {

    private static final int PAGE = 4096;
    private static final int SIZE = 20 * PAGE + 77;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(4L << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("channel");
        address = space.map(SIZE + PAGE) + 13;
    }

    @AfterEach
    void close() {
        space.close();
    }

    private SeekableByteChannel channel() {
        return MemoryRange.of(space, address, SIZE).channel();
    }

    private static ByteBuffer buffer(SplittableRandom random, int bytes) {
        return random.nextBoolean() ? ByteBuffer.allocate(bytes) : ByteBuffer.allocateDirect(bytes);
    }

    @Test
    void randomHistoriesGoAsOnAFile(SplittableRandom random, @TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("twin"), new byte[SIZE]);
        try (FileChannel twin = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                SeekableByteChannel channel = channel()) {
            for (int i = 0; i < 3_000; i++) {
                switch (random.nextInt(4)) {
                    case 0 -> {
                        long to = random.nextLong(SIZE + 100);
                        twin.position(to);
                        assertThat(channel.position(to)).isSameAs(channel);
                    }
                    case 1 -> writeBoth(twin, channel, random);
                    default -> readBoth(twin, channel, random);
                }
                assertThat(channel.position()).isEqualTo(twin.position());
                assertThat(channel.size()).isEqualTo(twin.size());
            }
        }
        byte[] bytes = new byte[SIZE];
        space.copyTo(address, bytes, 0, SIZE);
        assertThat(bytes).isEqualTo(Files.readAllBytes(file));
        assertThat(space.getByte(address - 1)).isZero();
        assertThat(space.getByte(address + SIZE)).isZero();
    }

    private static void writeBoth(FileChannel twin, SeekableByteChannel channel, SplittableRandom random)
            throws IOException {
        int room = (int) Math.max(0, SIZE - twin.position()); // a file would grow
        byte[] bytes = new byte[Math.min(room, random.nextInt(3 * PAGE))];
        random.nextBytes(bytes);
        ByteBuffer source = buffer(random, bytes.length + 9).position(5).put(bytes).flip().position(5);
        ByteBuffer given = random.nextBoolean() ? source : source.asReadOnlyBuffer();
        assertThat(channel.write(given)).isEqualTo(bytes.length);
        assertThat(given.remaining()).isZero();
        twin.write(ByteBuffer.wrap(bytes));
    }

    private static void readBoth(FileChannel twin, SeekableByteChannel channel, SplittableRandom random)
            throws IOException {
        int length = random.nextInt(3 * PAGE);
        ByteBuffer target = buffer(random, length + 9).position(5).limit(length + 5);
        ByteBuffer expected = ByteBuffer.allocate(length + 9).position(5).limit(length + 5);
        assertThat(channel.read(target)).isEqualTo(twin.read(expected));
        assertThat(target.position()).isEqualTo(expected.position());
        assertThat(target.limit()).isEqualTo(length + 5);
        assertThat(target.flip()).isEqualTo(expected.flip());
    }

    @Test
    void aWriteBeyondTheEndWritesWhatFitsAndTheNextOneSaysThatItIsFull() throws IOException {
        try (SeekableByteChannel channel = channel()) {
            channel.position(SIZE - 3);
            ByteBuffer source = ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5});
            assertThat(channel.write(source)).isEqualTo(3);
            assertThat(source.remaining()).isEqualTo(2);
            assertThatIOException().isThrownBy(() -> channel.write(source)).withMessageContaining("sizeBytes=" + SIZE);
            assertThat(source.remaining()).isEqualTo(2);
            assertThat(channel.write(ByteBuffer.allocate(0))).isZero();
            assertThat(channel.position(Long.MAX_VALUE).read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(channel.read(ByteBuffer.allocate(0))).isZero();
            assertThatIOException().isThrownBy(() -> channel.write(source));
        }
        assertThat(space.getByte(address + SIZE - 1)).isEqualTo((byte) 3);
        assertThat(space.getByte(address + SIZE)).isZero();
    }

    @Test
    void theSizeIsFixed() throws IOException {
        try (SeekableByteChannel channel = channel()) {
            channel.position(SIZE + 50);
            assertThat(channel.truncate(SIZE + 20)).isSameAs(channel);
            assertThat(channel.position()).isEqualTo(SIZE + 20);
            channel.truncate(SIZE).truncate(Long.MAX_VALUE);
            assertThat(channel.position()).isEqualTo(SIZE);
            for (long less : new long[] {0, SIZE - 1}) {
                assertThatExceptionOfType(UnsupportedOperationException.class)
                        .isThrownBy(() -> channel.truncate(less)).withMessageContaining("size=" + less);
            }
            assertThat(channel.size()).isEqualTo(SIZE);
            assertThat(channel.position()).isEqualTo(SIZE);
        }
    }

    @Test
    void badArgumentsChangeNothing() throws IOException {
        try (SeekableByteChannel channel = channel()) {
            channel.position(7);
            assertThatIllegalArgumentException().isThrownBy(() -> channel.position(-1)).withMessageContaining("-1");
            assertThatIllegalArgumentException().isThrownBy(() -> channel.truncate(Long.MIN_VALUE));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> channel.read(ByteBuffer.allocate(1).asReadOnlyBuffer()))
                    .withMessageContaining("read-only");
            assertThatNullPointerException().isThrownBy(() -> channel.read(null));
            assertThatNullPointerException().isThrownBy(() -> channel.write(null));
            assertThat(channel.position()).isEqualTo(7);
        }
    }

    @Test
    void whatTheSpaceRefusesMovesNoPosition() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(3 * PAGE).position(1);
        try (AddressSpace snapshot = space.snapshot();
                SeekableByteChannel channel = MemoryRange.of(snapshot, address, SIZE).channel()) {
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> channel.write(bytes));
            assertThat(channel.position()).isZero();
            assertThat(channel.read(bytes.duplicate())).isEqualTo(3 * PAGE - 1);
        }
        SeekableByteChannel channel = channel();
        space.unmap(address - 13 + PAGE, PAGE);
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> channel.write(bytes));
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> channel.read(bytes));
        assertThat(channel.position()).isZero();
        assertThat(bytes.position()).isOne();
        assertThat(bytes.limit()).isEqualTo(3 * PAGE);
        assertThat(channel.read(ByteBuffer.allocate(10))).as("a part that is mapped").isEqualTo(10);
        space.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> channel.read(bytes));
    }

    @Test
    void aClosedChannelRefusesEverything() throws IOException {
        SeekableByteChannel channel = channel();
        assertThat(channel.isOpen()).isTrue();
        channel.close();
        channel.close();
        assertThat(channel.isOpen()).isFalse();
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> channel.read(ByteBuffer.allocate(0)));
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> channel.write(ByteBuffer.allocate(1)));
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(channel::position);
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> channel.position(0));
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(channel::size);
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> channel.truncate(SIZE));
        assertThat(channel.toString()).contains("closed");
    }

    @Test
    void writesOfSeveralThreadsFollowOneAnother() throws Exception {
        try (SeekableByteChannel channel = channel()) {
            Threads.Task writer = _ -> {
                for (int i = 0; i < 500; i++) {
                    channel.write(ByteBuffer.allocate(40).putInt(0, 1));
                }
            };
            Threads.race(Duration.ZERO, writer, writer);
            assertThat(channel.position()).isEqualTo(40_000);
        }
        for (int i = 0; i < 1_000; i++) {
            assertThat(space.getByte(address + i * 40 + 3)).isOne();
        }
    }

    @Test
    void aChannelOfAnAccessorBelongsToItsThread() throws Exception {
        try (Accessor accessor = space.accessor();
                SeekableByteChannel channel = MemoryRange.of(accessor, address, SIZE).channel()) {
            assertThat(channel.write(ByteBuffer.allocate(10))).isEqualTo(10);
            Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class)
                    .isThrownBy(() -> channel.read(ByteBuffer.allocate(10))));
            assertThat(channel.position()).isEqualTo(10);
        }
    }

    @Test
    void streamsReadAndWriteTheRange() throws IOException {
        byte[] bytes = new byte[SIZE];
        new SplittableRandom(5).nextBytes(bytes);
        try (OutputStream out = MemoryRange.of(space, address, SIZE).outputStream()) {
            out.write(bytes[0]);
            out.write(bytes, 1, SIZE - 3);
            assertThatIOException().isThrownBy(() -> out.write(new byte[] {bytes[SIZE - 2], 1, 1}));
            assertThatIOException().isThrownBy(() -> out.write(1));
        }
        space.setByte(address + SIZE - 1, bytes[SIZE - 1]);
        try (InputStream in = MemoryRange.of(space, address, SIZE).inputStream()) {
            assertThat(in.read()).isEqualTo(Byte.toUnsignedInt(bytes[0]));
            assertThat(in.available()).isEqualTo(SIZE - 1);
            assertThat(in.skip(PAGE)).isEqualTo(PAGE);
            ByteArrayOutputStream rest = new ByteArrayOutputStream();
            in.transferTo(rest);
            assertThat(rest.toByteArray()).isEqualTo(Arrays.copyOfRange(bytes, PAGE + 1, SIZE));
            assertThat(in.read()).isEqualTo(-1);
        }
        InputStream whole = MemoryRange.of(space, address, SIZE).inputStream();
        assertThat(whole.readAllBytes()).isEqualTo(bytes);
        whole.close();
        assertThatIOException().isThrownBy(whole::read);
    }

    @Test
    void aStreamToASnapshotIsRefused() throws IOException {
        try (AddressSpace snapshot = space.snapshot();
                OutputStream out = MemoryRange.of(snapshot, address, SIZE).outputStream()) {
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> out.write(1));
        }
    }
}
