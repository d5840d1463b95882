package io.quire.memory.bench.access;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.netty.buffer.ByteBuf;
import io.quire.memory.Accessor;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.Xorshift;
import io.quire.memory.guard.WriterSlot;
import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.UnsafeBuffer;

/** Reads and writes words of a memory in the way that its users do, with all checks on. */
sealed interface WordAccess {

    /** Returns the place of the first word. */
    default long start() {
        return 0;
    }

    /** Reads 8 bytes. A place is the start plus a number of bytes. */
    long get(long place);

    void set(long place, long value);

    /** Reads the words at many places into an array of the same length. */
    default void gather(long[] places, long[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = get(places[i]);
        }
    }

    /** A space, through an accessor. */
    record Quire(Accessor accessor, long start) implements WordAccess {

        @Override
        public long get(long place) {
            return accessor.getLong(place);
        }

        @Override
        public void set(long place, long value) {
            accessor.setLong(place, value);
        }

        @Override
        public void gather(long[] places, long[] values) {
            accessor.gatherLongs(places, values, values.length);
        }
    }

    /** One flat segment. */
    record Flat(MemorySegment segment) implements WordAccess {

        @Override
        public long get(long place) {
            return segment.get(JAVA_LONG, place);
        }

        @Override
        public void set(long place, long value) {
            segment.set(JAVA_LONG, place, value);
        }
    }

    /** A buffer of Netty over that segment. */
    record Netty(ByteBuf buffer) implements WordAccess {

        @Override
        public long get(long place) {
            return buffer.getLong((int) place);
        }

        @Override
        public void set(long place, long value) {
            buffer.setLong((int) place, value);
        }
    }

    /** A buffer of Agrona over that segment. */
    record Agrona(UnsafeBuffer buffer) implements WordAccess {

        @Override
        public long get(long place) {
            return buffer.getLong((int) place);
        }

        @Override
        public void set(long place, long value) {
            buffer.putLong((int) place, value);
        }
    }

    /** That segment, behind a table that could put each page anywhere in it. */
    @SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
    record FlatBehindTable(MemorySegment segment, long[] distances) implements WordAccess {

        @Override
        public long get(long place) {
            return segment.get(JAVA_LONG, place + distance(place));
        }

        @Override
        public void set(long place, long value) {
            segment.set(JAVA_LONG, place + distance(place), value);
        }

        private long distance(long place) {
            return distances[(int) (place / Pages.PAGE_BYTES) & distances.length - 1];
        }
    }

    /** That segment, with about 36 unrelated instructions more for each word. */
    record FlatAndWork(MemorySegment segment) implements WordAccess {

        @Override
        public long get(long place) {
            return segment.get(JAVA_LONG, place) + work(place);
        }

        @Override
        public void set(long place, long value) {
            segment.set(JAVA_LONG, place, value + work(place));
        }

        private static long work(long place) {
            return Xorshift.next(Xorshift.next(Xorshift.next(Xorshift.next(place))));
        }
    }

    /** That segment, written inside a writer slot as an accessor does, but without a lookup or a check. */
    record FlatInSlot(MemorySegment segment, WriterSlot slot) implements WordAccess {

        @Override
        public long get(long place) {
            return segment.get(JAVA_LONG, place);
        }

        @Override
        public void set(long place, long value) {
            slot.enter();
            segment.set(JAVA_LONG, place, value);
            slot.exit();
        }
    }

    /** No memory at all: what the loop and its random number cost. */
    record Nothing() implements WordAccess {

        @Override
        public long get(long place) {
            return place;
        }

        @Override
        public void set(long place, long value) {
        }
    }
}
