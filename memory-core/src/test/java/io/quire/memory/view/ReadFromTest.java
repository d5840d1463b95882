package io.quire.memory.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Ranges are filled from channels of every temper. */
@Tag("portable")
@ExtendWith(Seed.class)
class ReadFromTest {

    private static final int PAGE = 4096;
    private static final int SIZE = 150 * PAGE;
    private static final int WINDOW = 64 * PAGE;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(64);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(4 << 20).device("far", far)
            .deviceCoherentPool("near", 1 << 20).watermarks(0, 0).backgroundAgent(false).leakTracking(true));

    private AddressSpace space;
    private long address;
    private byte[] content;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("filled");
        address = space.map(SIZE);
        content = new byte[SIZE];
        new SplittableRandom(7).nextBytes(content);
    }

    @AfterEach
    void close() {
        assertThat(leaks.manager().openPins()).isEmpty();
        space.close();
    }

    private MemoryRange whole() {
        return MemoryRange.of(space, address, SIZE);
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        space.copyTo(address, bytes, 0, length);
        return bytes;
    }

    @Test
    void anyRangeIsFilledInAnyPartsAndNothingAroundIt(SplittableRandom random) throws IOException {
        byte[] expected = new byte[SIZE];
        for (int i = 0; i < 100; i++) {
            random.nextBytes(content);
            int from = random.nextInt(SIZE);
            int length = random.nextInt(SIZE - from + 1);
            ScriptedChannel channel = ScriptedChannel.giving(1 + random.nextInt(1 << random.nextInt(8, 20)), content);
            assertThat(MemoryRange.of(space, address + from, length).readFrom(channel)).isEqualTo(length);
            assertThat(channel.givenBytes()).isEqualTo(length);
            System.arraycopy(content, 0, expected, from, length);
            assertThat(bytes(SIZE)).isEqualTo(expected);
        }
    }

    @Test
    void aChannelThatEndsSaysHowMuchCameAndThenMinusOne() throws IOException {
        ScriptedChannel channel = ScriptedChannel.giving(1_000, Arrays.copyOf(content, 3_500));
        assertThat(whole().readFrom(channel)).isEqualTo(3_500);
        assertThat(whole().slice(3_500).readFrom(channel)).isEqualTo(-1);
        assertThat(bytes(3_500)).isEqualTo(Arrays.copyOf(content, 3_500));
    }

    @Test
    void aChannelThatGivesNothingForNowEndsTheCallAndTheRestCanBeReadLater() throws IOException {
        Pipe pipe = Pipe.open();
        try (Pipe.SourceChannel source = pipe.source()) {
            source.configureBlocking(false);
            try (Pipe.SinkChannel sink = pipe.sink()) {
                sink.configureBlocking(false);
                assertThat(whole().readFrom(source)).isZero();
                ByteBuffer rest = ByteBuffer.wrap(content);
                for (long moved = 0; moved < SIZE;) {
                    sink.write(rest);
                    moved += whole().slice(moved).readFrom(source);
                }
            }
            assertThat(whole().readFrom(source)).isEqualTo(-1);
        }
        assertThat(bytes(SIZE)).isEqualTo(content);
    }

    @Test
    void aChannelThatGaveNothingIsNotAskedAgain() throws IOException {
        ScriptedChannel channel = ScriptedChannel.giving(1_000, content).pausingAt(3);
        assertThat(whole().readFrom(channel)).isEqualTo(2_000);
        assertThat(channel.calls()).isEqualTo(3);
        assertThat(whole().slice(2_000).readFrom(channel)).isEqualTo(SIZE - 2_000);
        assertThat(bytes(SIZE)).isEqualTo(content);
    }

    @Test
    void whatCameBeforeAChannelThrewIsThereAndCounted() {
        for (boolean isAfter : new boolean[] {false, true}) {
            AtomicLong told = new AtomicLong();
            IOException broken = new IOException("broken");
            ScriptedChannel.Deed deed = call -> {
                if (call == 8) {
                    throw broken;
                }
            };
            ScriptedChannel channel = ScriptedChannel.giving(1_000, content);
            assertThatThrownBy(() -> whole().readFrom(isAfter ? channel.after(deed) : channel.before(deed), told::set))
                    .isSameAs(broken);
            assertThat(told).hasValue(channel.givenBytes());
            assertThat(bytes(channel.givenBytes())).isEqualTo(Arrays.copyOf(content, isAfter ? 8_000 : 7_000));
        }
    }

    @Test
    void progressFindsInTheSpaceWhatItIsTold() throws IOException {
        List<Long> told = new ArrayList<>();
        whole().readFrom(ScriptedChannel.giving(100_000, content), moved -> {
            told.add(moved);
            assertThat(bytes((int) moved)).isEqualTo(Arrays.copyOf(content, (int) moved));
        });
        assertThat(told).isSorted().hasSizeGreaterThan(SIZE / 100_000).last().isEqualTo((long) SIZE);
    }

    @Test
    void snapshotsAndRangesThatMayNotBeWrittenAreRefusedBeforeAnythingIsRead() {
        ScriptedChannel channel = ScriptedChannel.giving(1_000, content);
        try (AddressSpace snapshot = space.snapshot()) {
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> MemoryRange.of(snapshot, address, 10).readFrom(channel));
        }
        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> MemoryRange.of(space, address, SIZE + 1).readFrom(channel));
        space.protect(address + 100 * PAGE, PAGE, Protection.READ_ONLY);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> whole().readFrom(channel));
        space.unmap(address + 100 * PAGE, PAGE);
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> whole().readFrom(channel));
        assertThat(channel.calls()).isZero();
        assertThat(leaks.manager().statistics().usedBytes()).isZero();
    }

    @Test
    void noByteIsLostWhenNoFrameIsLeft() throws IOException {
        int pages = (4 << 20) / PAGE - 100;
        space.fill(space.map(pages * PAGE), pages * PAGE, (byte) 1);
        AtomicLong told = new AtomicLong();
        ScriptedChannel channel = ScriptedChannel.giving(SIZE, content);
        assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(() -> whole().readFrom(channel, told::set));
        assertThat(channel.givenBytes()).isEqualTo(WINDOW);
        assertThat(told).hasValue(WINDOW);
        assertThat(bytes(WINDOW)).isEqualTo(Arrays.copyOf(content, WINDOW));
    }

    @Test
    void aForkAmidHasWhatCameBefore() throws IOException {
        List<AddressSpace> forks = new ArrayList<>();
        whole().readFrom(ScriptedChannel.giving(50_000, content).before(call -> {
            if (call == 4) {
                forks.add(space.fork());
            }
        }));
        byte[] inFork = new byte[SIZE];
        try (AddressSpace fork = forks.getFirst()) {
            fork.copyTo(address, inFork, 0, SIZE);
        }
        assertThat(inFork).isEqualTo(Arrays.copyOf(Arrays.copyOf(content, 150_000), SIZE));
        assertThat(bytes(SIZE)).isEqualTo(content);
    }

    @Test
    void aForkIsFilledAndItsParentStaysAsItWas() throws IOException {
        space.fill(address, SIZE, (byte) 3);
        try (AddressSpace fork = space.fork()) {
            MemoryRange.of(fork, address, SIZE).readFrom(ScriptedChannel.giving(SIZE, content));
            assertThat(bytes(SIZE)).containsOnly(3);
            assertThat(fork.getByte(address + SIZE - 1)).isEqualTo(content[SIZE - 1]);
        }
    }

    @Test
    void pagesOfDevicesAreFilled() throws IOException {
        space.fill(address, SIZE, (byte) 3);
        assertThat(space.migrate(address, 50 * PAGE, leaks.manager().pool("far")).isComplete()).isTrue();
        assertThat(space.migrate(address + 60 * PAGE, 50 * PAGE, leaks.manager().pool("near")).isComplete()).isTrue();
        whole().readFrom(ScriptedChannel.giving(SIZE, content));
        assertThat(bytes(SIZE)).isEqualTo(content);
        assertThat(space.pageState(address + 60 * PAGE).pool()).isEqualTo("near");
    }

    @Test
    void aSpaceThatIsClosedMeanwhileRefusesTheNextWindow() {
        AtomicLong told = new AtomicLong();
        ScriptedChannel channel = ScriptedChannel.giving(SIZE, content).after(_ -> space.close());
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> whole().readFrom(channel, told::set));
        assertThat(channel.calls()).isOne();
        assertThat(told.get()).isPositive().isLessThanOrEqualTo(WINDOW);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> whole().readFrom(channel));
    }

    @Test
    void anInterruptDoesWhatTheChannelDoesWithIt(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("in"), content);
        try (FileChannel channel = FileChannel.open(file)) {
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(ClosedByInterruptException.class).isThrownBy(() -> whole().readFrom(channel));
            assertThat(Thread.interrupted()).isTrue();
        }
        Thread.currentThread().interrupt();
        assertThat(whole().readFrom(ScriptedChannel.giving(SIZE, content))).isEqualTo(SIZE);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void theRangeOfAnAccessorBelongsToItsThread() throws Exception {
        ScriptedChannel channel = ScriptedChannel.giving(SIZE, content);
        Accessor accessor = space.accessor();
        MemoryRange mine = MemoryRange.of(accessor, address, SIZE);
        Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class)
                .isThrownBy(() -> mine.readFrom(channel)));
        assertThat(channel.calls()).isZero();
        assertThat(mine.readFrom(channel)).isEqualTo(SIZE);
        assertThat(bytes(SIZE)).isEqualTo(content);
        accessor.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> mine.readFrom(channel));
    }

    @Test
    void anEmptyRangeAsksForNothing() throws IOException {
        ScriptedChannel channel = ScriptedChannel.giving(1, content);
        assertThat(MemoryRange.of(space, 0, 0).readFrom(channel)).isZero();
        assertThat(channel.calls()).isZero();
    }

    @Test
    void nullIsRefused() {
        assertThatNullPointerException().isThrownBy(() -> whole().readFrom(null));
        assertThatNullPointerException().isThrownBy(() -> whole().readFrom(ScriptedChannel.giving(1, content), null));
    }
}
