package io.quire.memory.bench.access;

import io.netty.buffer.Unpooled;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.fixture.WorkingSet;
import io.quire.memory.guard.WriterSlot;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The memories to compare, all of one size: a space, a flat segment, and buffers of other libraries over that segment.
 */
@State(Scope.Thread)
public class RivalMemories {

    /** The largest power of two that an int can index. */
    private static final long BUFFER_BYTES_MAX = 1L << 30;

    @Param
    public WorkingSet workingSet;

    @Param
    public Memory memory;

    private long sizeBytes;
    private ResidentSpace resident;
    private FlatMemory flat;

    /** Does for the tour what {@link #open()} does for JMH, with a given size. */
    static RivalMemories of(long sizeBytes) {
        RivalMemories memories = new RivalMemories();
        memories.open(sizeBytes);
        return memories;
    }

    @Setup(Level.Trial)
    public void open() {
        open(workingSet.sizeBytes());
    }

    private void open(long size) {
        sizeBytes = size;
        resident = ResidentSpace.of(size);
        flat = new FlatMemory(size);
    }

    @TearDown(Level.Trial)
    public void close() {
        resident.close();
        flat.close();
    }

    /** Returns the memory that JMH asked for. */
    WordAccess words() {
        return words(memory);
    }

    /** Returns the words of one rival: all of them, or as many as its indexes can reach. */
    WordAccess words(Memory whose) {
        return switch (whose) {
            case QUIRE -> new WordAccess.Quire(resident.accessor(), resident.address());
            case FLAT -> new WordAccess.Flat(flat.segment());
            case NETTY -> new WordAccess.Netty(Unpooled.wrappedBuffer(buffer()));
            case AGRONA -> new WordAccess.Agrona(new UnsafeBuffer(buffer()));
            case FLAT_BEHIND_TABLE -> new WordAccess.FlatBehindTable(flat.segment(),
                    new long[(int) (sizeBytes / Pages.PAGE_BYTES)]);
            case FLAT_AND_WORK -> new WordAccess.FlatAndWork(flat.segment());
            case FLAT_IN_SLOT -> new WordAccess.FlatInSlot(flat.segment(), new WriterSlot());
            case NOTHING -> new WordAccess.Nothing();
        };
    }

    /** Returns why a rival cannot run in this process; null if it can. */
    @Nullable String whyMissing(Memory whose) {
        try {
            words(whose);
            return null;
        } catch (LinkageError failure) { // by Agrona, if the JDK does not export its internals
            return failure.toString();
        }
    }

    /** Returns how many bytes a rival can index. */
    long reach(Memory whose) {
        return whose == Memory.NETTY || whose == Memory.AGRONA ? BUFFER_BYTES_MAX : Long.MAX_VALUE;
    }

    private ByteBuffer buffer() {
        return flat.segment().asSlice(0, Math.min(sizeBytes, BUFFER_BYTES_MAX)).asByteBuffer();
    }

    /** Returns a mask that turns a random number into the offset of an aligned word of the working set. */
    long offsetMask() {
        return offsetMask(workingSet.sizeBytes());
    }

    /** Does the same for a working set of some size, a power of two. */
    static long offsetMask(long workingSetBytes) {
        return workingSetBytes - Long.BYTES;
    }
}
