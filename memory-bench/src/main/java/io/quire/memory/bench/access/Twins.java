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

/** The same amount of memory as a space and as a flat segment, and that same segment as buffers of others. */
@State(Scope.Thread)
public class Twins {

    /** The largest power of two that an int can index. */
    private static final long BUFFER_BYTES_MAX = 1L << 30;

    @Param
    public WorkingSet workingSet;

    @Param
    public Memory memory;

    private long sizeBytes;
    private ResidentSpace resident;
    private FlatMemory flat;

    /** What {@link #open()} does for JMH, with a given size. */
    static Twins of(long sizeBytes) {
        Twins twins = new Twins();
        twins.open(sizeBytes);
        return twins;
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

    /** The memory that JMH asked for. */
    Words words() {
        return words(memory);
    }

    /** The memory of one rival, all of it or as much as its indexes reach. */
    Words words(Memory whose) {
        return switch (whose) {
            case QUIRE -> new Words.Quire(resident.accessor(), resident.address());
            case FLAT -> new Words.Flat(flat.segment());
            case NETTY -> new Words.Netty(Unpooled.wrappedBuffer(buffer()));
            case AGRONA -> new Words.Agrona(new UnsafeBuffer(buffer()));
            case FLAT_BEHIND_TABLE -> new Words.FlatBehindTable(flat.segment(),
                    new long[(int) (sizeBytes / Pages.PAGE_BYTES)]);
            case FLAT_AND_WORK -> new Words.FlatAndWork(flat.segment());
            case FLAT_IN_SLOT -> new Words.FlatInSlot(flat.segment(), new WriterSlot());
            case NOTHING -> new Words.Nothing();
        };
    }

    /** Why a rival cannot run in this process, or null. */
    @Nullable String whyMissing(Memory whose) {
        try {
            words(whose);
            return null;
        } catch (LinkageError failure) { // of Agrona, where the JDK does not export its internals
            return failure.toString();
        }
    }

    /** How many bytes of it a rival can index. */
    long reach(Memory whose) {
        return whose == Memory.NETTY || whose == Memory.AGRONA ? BUFFER_BYTES_MAX : Long.MAX_VALUE;
    }

    private ByteBuffer buffer() {
        return flat.segment().asSlice(0, Math.min(sizeBytes, BUFFER_BYTES_MAX)).asByteBuffer();
    }

    /** Turns a random number into the offset of an aligned word of the working set. */
    long offsetMask() {
        return offsetMask(workingSet.sizeBytes());
    }

    /** The same for so many bytes, a power of two. */
    static long offsetMask(long workingSetBytes) {
        return workingSetBytes - Long.BYTES;
    }
}
