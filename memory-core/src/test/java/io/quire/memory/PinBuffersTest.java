package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class PinBuffersTest {

    private static final int PAGE = 4096;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(1 << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("buffers");
        address = space.map(6 * PAGE);
        for (int page : new int[] {0, 2, 4, 1, 3, 5}) { // not side by side in the pool
            space.setLong(address + page * PAGE + 8, page);
        }
    }

    @AfterEach
    void close() {
        space.close();
    }

    @Test
    void buffersShowTheRangeInTheOrderOfTheMachine() {
        try (Pin pin = space.pin(address + 8, 5 * PAGE + 8, PinTerm.SHORT, PinAccess.WRITE)) {
            List<ByteBuffer> buffers = pin.buffers();
            assertThat(buffers).hasSizeGreaterThan(2).allMatch(ByteBuffer::isDirect)
                    .allMatch(buffer -> buffer.order() == ByteOrder.nativeOrder());
            assertThat(buffers.stream().mapToInt(ByteBuffer::remaining).sum()).isEqualTo(5 * PAGE + 8);
            assertThat(buffers.getFirst().getLong(0)).isZero();
            assertThat(buffers.getLast().getLong(buffers.getLast().limit() - 8)).isEqualTo(5);
            buffers.getFirst().putLong(77);
            assertThat(space.getLong(address + 8)).isEqualTo(77);
            assertThat(pin.buffers().getFirst().position()).as("the position of a new buffer").isZero();
        }
    }

    @Test
    void aPinForReadingHasReadOnlyBuffersAndAClosedOneHasNone() {
        Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ);
        assertThat(pin.buffers()).allMatch(ByteBuffer::isReadOnly);
        pin.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(pin::buffers);
    }

    /** A file of holes stands for a segment of a pin: it takes no memory. */
    @Test
    void aLargeSegmentIsCutAtPagesBelow2GiB(@TempDir Path folder) throws IOException {
        long size = (5L << 30) + 5;
        Path file = folder.resolve("holes");
        try (Arena arena = Arena.ofConfined(); FileChannel channel = FileChannel.open(file,
                StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), size - 1);
            MemorySegment large = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            for (long skip : new long[] {0, 5, PAGE, PAGE + 4095}) {
                List<ByteBuffer> buffers = Pin.buffers(List.of(large.asSlice(skip)));
                assertThat(buffers).hasSize(3);
                long at = skip;
                for (ByteBuffer buffer : buffers) {
                    assertThat(MemorySegment.ofBuffer(buffer).address()).isEqualTo(large.address() + at);
                    at += buffer.remaining();
                    assertThat(at == size || at % PAGE == 0).as("the cut at %s", at).isTrue();
                }
                assertThat(at).isEqualTo(size);
            }
        }
    }
}
