package io.quire.memory.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
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

/** Ranges are sent to channels of every temper. */
@Tag("portable")
@ExtendWith(Seed.class)
class WriteToTest {

    private static final int PAGE = 4096;
    private static final int SIZE = 150 * PAGE;

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
    void fill() {
        space = leaks.manager().newAddressSpace("sent");
        address = space.map(SIZE);
        content = new byte[SIZE];
        new SplittableRandom(7).nextBytes(content);
        space.copyFrom(content, 0, address, SIZE);
    }

    @AfterEach
    void close() {
        assertThat(leaks.manager().openPins()).isEmpty();
        assertThat(leaks.manager().openSpaces()).hasSizeLessThanOrEqualTo(1);
        space.close();
    }

    private MemoryRange whole() {
        return MemoryRange.of(space, address, SIZE);
    }

    @Test
    void anyRangeArrivesInAnyParts(SplittableRandom random) throws IOException {
        for (int i = 0; i < 200; i++) {
            int from = random.nextInt(SIZE);
            int length = random.nextInt(SIZE - from + 1);
            ScriptedChannel channel = ScriptedChannel.taking(1 + random.nextInt(1 << random.nextInt(8, 20)));
            long moved = MemoryRange.of(space, address + from, length).writeTo(channel);
            assertThat(moved).isEqualTo(length);
            assertThat(channel.taken()).isEqualTo(Arrays.copyOfRange(content, from, from + length));
        }
    }

    @Test
    void memoryNeverWrittenIsSentAsZerosAndGetsNoFrame() throws IOException {
        long hole = space.map(8 << 20); // more than the pool has
        long used = leaks.manager().statistics().usedBytes();
        ScriptedChannel channel = ScriptedChannel.taking(Integer.MAX_VALUE);
        assertThat(MemoryRange.of(space, hole, 8 << 20).writeTo(channel)).isEqualTo(8 << 20);
        assertThat(channel.taken()).containsOnly(0);
        assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(used);
    }

    @Test
    void allThatIsSentIsOfOneMoment() throws IOException {
        ScriptedChannel channel = ScriptedChannel.taking(10_000)
                .before(call -> space.fill(address, SIZE, (byte) call));
        whole().writeTo(channel);
        assertThat(channel.taken()).isEqualTo(content);
        assertThat(space.getByte(address)).isEqualTo((byte) channel.calls());
    }

    @Test
    void aSnapshotIsSentAsItWasWhileItsParentIsForkedAndWritten() throws IOException {
        List<AddressSpace> forks = new ArrayList<>();
        ScriptedChannel channel = ScriptedChannel.taking(50_000).before(call -> {
            space.setLong(address + (long) call * PAGE, call);
            forks.add(call % 2 == 0 ? space.fork() : forks.isEmpty() ? space.snapshot() : forks.getLast().fork());
            forks.getLast().fill(address, 2 * PAGE, (byte) call);
        });
        forks.add(space.fork());
        try (AddressSpace snapshot = space.snapshot()) {
            MemoryRange.of(snapshot, address, SIZE).writeTo(channel);
        }
        assertThat(channel.taken()).isEqualTo(content);
        assertThat(forks).hasSizeGreaterThan(10);
        forks.forEach(AddressSpace::close);
    }

    @Test
    void nothingIsCopiedForAForkOrASnapshot() throws IOException {
        try (AddressSpace snapshot = space.snapshot(); AddressSpace fork = space.fork()) {
            long used = leaks.manager().statistics().usedBytes();
            for (AddressSpace one : List.of(snapshot, fork, space)) {
                MemoryRange.of(one, address, SIZE).writeTo(ScriptedChannel.taking(SIZE));
            }
            assertThat(leaks.manager().statistics().pagesCopied()).isZero();
            assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(used);
        }
    }

    @Test
    void pagesOfDevicesAreSent() throws IOException {
        assertThat(space.migrate(address, 50 * PAGE, leaks.manager().pool("far")).isComplete()).isTrue();
        assertThat(space.migrate(address + 60 * PAGE, 50 * PAGE, leaks.manager().pool("near")).isComplete()).isTrue();
        ScriptedChannel channel = ScriptedChannel.taking(SIZE);
        whole().writeTo(channel);
        assertThat(channel.taken()).isEqualTo(content);
        assertThat(space.pageState(address + 60 * PAGE).pool()).isEqualTo("near");
    }

    @Test
    void aChannelThatTakesNoMoreEndsTheCallAndTheRestCanBeSentLater() throws IOException {
        Pipe pipe = Pipe.open();
        try (Pipe.SinkChannel sink = pipe.sink(); Pipe.SourceChannel source = pipe.source()) {
            sink.configureBlocking(false);
            source.configureBlocking(false);
            ByteBuffer arrived = ByteBuffer.allocate(SIZE);
            long moved = whole().writeTo(sink);
            assertThat(moved).isPositive().isLessThan(SIZE);
            assertThat(whole().slice(moved).writeTo(sink)).isZero();
            for (int i = 0; i < 1_000 && moved < SIZE; i++) {
                source.read(arrived);
                moved += whole().slice(moved).writeTo(sink);
            }
            assertThat(moved).isEqualTo(SIZE);
            while (arrived.hasRemaining()) {
                source.read(arrived);
            }
            assertThat(arrived.array()).isEqualTo(content);
        }
    }

    @Test
    void aChannelThatTookNothingIsNotAskedAgain() throws IOException {
        ScriptedChannel channel = ScriptedChannel.taking(1_000).pausingAt(3);
        assertThat(whole().writeTo(channel)).isEqualTo(2_000);
        assertThat(channel.calls()).isEqualTo(3);
        assertThat(whole().slice(2_000).writeTo(channel)).isEqualTo(SIZE - 2_000);
        assertThat(channel.taken()).isEqualTo(content);
    }

    @Test
    void theExceptionOfAChannelComesOutAndProgressHasToldWhatItTook() {
        AtomicLong told = new AtomicLong();
        IOException broken = new IOException("broken");
        ScriptedChannel channel = ScriptedChannel.taking(1_000).before(call -> {
            if (call == 8) {
                throw broken;
            }
        });
        assertThatThrownBy(() -> whole().writeTo(channel, told::set)).isSameAs(broken);
        assertThat(told).hasValue(7_000);
        assertThat(channel.taken()).isEqualTo(Arrays.copyOf(content, 7_000));
    }

    @Test
    void whatAChannelTakesBeforeItThrowsCounts() {
        AtomicLong told = new AtomicLong();
        IllegalStateException broken = new IllegalStateException("broken");
        ScriptedChannel channel = ScriptedChannel.taking(1_000).after(call -> {
            if (call == 8) {
                throw broken;
            }
        });
        assertThatThrownBy(() -> whole().writeTo(channel, told::set)).isSameAs(broken);
        assertThat(told).hasValue(8_000);
    }

    @Test
    void progressIsToldAfterEachPartAndCanEndTheCall() {
        List<Long> told = new ArrayList<>();
        IllegalStateException enough = new IllegalStateException("enough");
        assertThatThrownBy(() -> whole().writeTo(ScriptedChannel.taking(1_000), moved -> {
            told.add(moved);
            if (moved >= 3_000) {
                throw enough;
            }
        })).isSameAs(enough);
        assertThat(told).containsExactly(1_000L, 2_000L, 3_000L);
    }

    @Test
    void aRangeThatIsPartlyUnmappedOrUnreadableIsRefusedBeforeTheFirstByte() {
        ScriptedChannel channel = ScriptedChannel.taking(SIZE);
        assertThatExceptionOfType(AddressNotMappedException.class)
                .isThrownBy(() -> MemoryRange.of(space, address, SIZE + 1).writeTo(channel));
        space.protect(address + 100 * PAGE, PAGE, Protection.NONE);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> whole().writeTo(channel));
        space.unmap(address + 100 * PAGE, PAGE);
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> whole().writeTo(channel));
        assertThat(channel.calls()).isZero();
    }

    @Test
    void theSpaceMayBeClosedWhileItIsSent() throws IOException {
        ScriptedChannel channel = ScriptedChannel.taking(100_000).before(_ -> space.close());
        assertThat(whole().writeTo(channel)).isEqualTo(SIZE);
        assertThat(channel.taken()).isEqualTo(content);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> whole().writeTo(channel));
    }

    @Test
    void anInterruptDoesWhatTheChannelDoesWithIt(@TempDir Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder.resolve("out"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(ClosedByInterruptException.class).isThrownBy(() -> whole().writeTo(channel));
            assertThat(Thread.interrupted()).isTrue();
        }
        Thread.currentThread().interrupt();
        assertThat(whole().writeTo(ScriptedChannel.taking(SIZE))).isEqualTo(SIZE);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aChannelThatIsClosedMeanwhileEndsTheCall() throws Exception {
        Pipe pipe = Pipe.open();
        AtomicLong told = new AtomicLong();
        try (Pipe.SinkChannel sink = pipe.sink(); Pipe.SourceChannel source = pipe.source()) {
            Threads.race(Duration.ZERO, _ -> assertThatExceptionOfType(ClosedChannelException.class)
                    .isThrownBy(() -> whole().writeTo(sink, told::set)), _ -> {
                        source.read(ByteBuffer.allocate(1)); // the other thread is in the middle, and more does not fit
                        pipe.sink().close();
                    });
        }
        assertThat(told.get()).isLessThan(SIZE);
    }

    @Test
    void theRangeOfAnAccessorBelongsToItsThread() throws Exception {
        ScriptedChannel channel = ScriptedChannel.taking(SIZE);
        Accessor accessor = space.accessor();
        MemoryRange mine = MemoryRange.of(accessor, address, SIZE);
        assertThat(mine.writeTo(channel)).isEqualTo(SIZE);
        assertThat(channel.taken()).isEqualTo(content);
        Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class)
                .isThrownBy(() -> mine.writeTo(channel)));
        accessor.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> mine.writeTo(channel));
    }

    @Test
    void anEmptyRangeSendsNothing() throws IOException {
        ScriptedChannel channel = ScriptedChannel.taking(SIZE);
        assertThat(MemoryRange.of(space, 0, 0).writeTo(channel)).isZero();
        assertThat(channel.calls()).isZero();
    }

    @Test
    void rangesThatAreNoneAreRefused() {
        long limit = 1L << 47;
        MemoryRange.of(space, 0, limit);
        MemoryRange.of(space, limit, 0);
        for (long[] bad : new long[][] {{0, -1}, {-1, 1}, {1, limit}, {limit, 1}, {Long.MAX_VALUE, 1},
            {1, Long.MAX_VALUE}, {Long.MIN_VALUE, 0}, {0, Long.MIN_VALUE}, {-1, Long.MIN_VALUE}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> MemoryRange.of(space, bad[0], bad[1]))
                    .withMessageContaining("sizeBytes=" + bad[1]);
        }
        MemoryRange range = whole();
        assertThat(range.slice(SIZE).sizeBytes()).isZero();
        assertThat(range.slice(5, 10).address()).isEqualTo(address + 5);
        for (long[] bad : new long[][] {{-1, 1}, {SIZE, 1}, {0, SIZE + 1}, {0, -1}, {1, Long.MAX_VALUE}}) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> range.slice(bad[0], bad[1]));
        }
        for (long bad : new long[] {-1, SIZE + 1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> range.slice(bad));
        }
    }

    @Test
    void nullIsRefused() {
        assertThatNullPointerException().isThrownBy(() -> MemoryRange.of(null, address, 1));
        assertThatNullPointerException().isThrownBy(() -> whole().writeTo(null));
        assertThatNullPointerException().isThrownBy(() -> whole().writeTo(ScriptedChannel.taking(1), null));
    }
}
