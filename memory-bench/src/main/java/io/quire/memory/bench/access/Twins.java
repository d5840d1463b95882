package io.quire.memory.bench.access;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.quire.memory.Accessor;
import io.quire.memory.bench.fixture.FlatMemory;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.fixture.WorkingSet;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The same amount of memory as a space, as a flat segment, and that same segment as a buffer of Netty. */
@State(Scope.Thread)
public class Twins {

    @Param
    public WorkingSet workingSet;

    private ResidentSpace resident;
    private FlatMemory flat;
    private ByteBuf buffer;

    /** What {@link #open()} does for JMH, with a given size. */
    static Twins of(WorkingSet workingSet) {
        Twins twins = new Twins();
        twins.workingSet = workingSet;
        twins.open();
        return twins;
    }

    @Setup(Level.Trial)
    public void open() {
        resident = ResidentSpace.of(workingSet.sizeBytes());
        flat = new FlatMemory(workingSet.sizeBytes());
        buffer = Unpooled.wrappedBuffer(flat.segment().asByteBuffer());
    }

    @TearDown(Level.Trial)
    public void close() {
        resident.close();
        flat.close();
    }

    Accessor accessor() {
        return resident.accessor();
    }

    /** The first address of the space. */
    long address() {
        return resident.address();
    }

    MemorySegment segment() {
        return flat.segment();
    }

    ByteBuf buffer() {
        return buffer;
    }

    /** Turns a random number into the offset of an aligned word. */
    long offsetMask() {
        return workingSet.sizeBytes() - Long.BYTES;
    }
}
