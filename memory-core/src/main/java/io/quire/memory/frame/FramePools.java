package io.quire.memory.frame;

import io.quire.memory.contract.PoolKind;
import io.quire.memory.platform.MemoryPromise;
import io.quire.memory.platform.Reservation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * All pools of a manager: the host's, and one for each device. Finds the pool of a frame by its offset.
 * <p>
 * One frame of the host is the <em>zero frame</em>: always zero, never written, what a page that was never written
 * reads. Any thread; lock-free.
 */
public final class FramePools implements FrameSource, AutoCloseable {

    /** The zero frame is one more than the caller asked for. */
    private static final int ZERO_FRAMES = 1;

    private final Reservation reservation;
    private final MemoryPromise promise;
    private final FramePool[] pools;

    // The host once more, because every fault, pin and release asks for it: no walk through the array and the pool.
    private final FramePool host;
    private final long hostStart;
    private final long hostBytes;

    private final FrameMemory memory;
    private final long zeroFrame;

    private FramePools(Reservation reservation, MemoryPromise promise, List<FramePool> pools) {
        this.reservation = reservation;
        this.promise = promise;
        this.pools = pools.toArray(FramePool[]::new);
        host = pools.getFirst();
        hostStart = host.offset(0);
        hostBytes = (long) host.frames() << FramePool.FRAME_SHIFT;
        @Nullable MemorySegment[] segments = new MemorySegment[this.pools.length];
        for (int i = 0; i < segments.length; i++) {
            segments[i] = this.pools[i].memory();
        }
        memory = new FrameMemory(segments);
        zeroFrame = host.allocate();
    }

    /** A host pool and nothing else. */
    public static FramePools ofHost(int frames) {
        return new Builder(frames).build();
    }

    /** The bytes of all frames that the processor can address. */
    public FrameMemory memory() {
        return memory;
    }

    public FramePool host() {
        return host;
    }

    /** By number: the host first. */
    public FramePool get(int number) {
        return pools[number];
    }

    /** How many pools there are. */
    public int count() {
        return pools.length;
    }

    /** The pool of a frame. */
    public FramePool of(long offset) {
        return isHost(offset) ? host : ofDevice(offset);
    }

    private FramePool ofDevice(long offset) {
        for (FramePool pool : pools) { // few
            if (pool.contains(offset)) {
                return pool;
            }
        }
        throw new IllegalStateException("no pool has a frame at 0x" + Long.toHexString(offset));
    }

    /** Whether a frame is one of the host. */
    public boolean isHost(long offset) {
        return Long.compareUnsigned(offset - hostStart, hostBytes) < 0;
    }

    /** The offset of the frame that is always zero. */
    public long zeroFrame() {
        return zeroFrame;
    }

    /** How many frames of the host can be handed out. */
    public int capacity() {
        return host().frames() - ZERO_FRAMES;
    }

    /** A way to the frames of the host for one owner, who closes it. Cheap: nothing is taken before it is used. */
    public FrameCache newFrameCache() {
        return new FrameCache(this);
    }

    @Override
    public long allocate() {
        return host().allocate();
    }

    /** See {@link FramePool#acquire}. */
    public void acquire(long offset) {
        of(offset).acquire(offset);
    }

    /** See {@link FramePool#release(long)}. */
    @Override
    public void release(long offset) {
        of(offset).release(offset);
    }

    /** See {@link FramePool#hold}. */
    public boolean hold(long offset) {
        return of(offset).hold(offset);
    }

    /** See {@link FramePool#releaseHold}. */
    public void releaseHold(long offset) {
        of(offset).releaseHold(offset);
    }

    /** See {@link FramePool#references}. */
    public int references(long offset) {
        return of(offset).references(offset);
    }

    /** See {@link FramePool#holds}. */
    public int holds(long offset) {
        return of(offset).holds(offset);
    }

    /** Gives the memory of the host back; that of devices is theirs. */
    @Override
    public void close() {
        memory.close();
        reservation.close();
        promise.close();
    }

    @Override
    public String toString() {
        return "FramePools" + List.of(pools);
    }

    /** Puts the pools of a manager together. One thread. */
    public static final class Builder {

        /** So much is touched at a time. */
        private static final long TOUCH_BYTES = 64L << 20;

        private final List<FramePool> pools = new ArrayList<>();
        private final Reservation reservation;
        private final MemoryPromise promise;

        /** For itself. */
        Builder(int hostFrames) {
            this(hostFrames, "pools without a manager", 0);
        }

        /**
         * Takes the memory of the host.
         *
         * @param hostFrames how many frames can be handed out; 1 to {@link FramePool#FRAMES_MAX} - 1
         * @param owner whose pools these are, for messages
         * @param deviceBytes memory of the host that is to be the memory of devices
         */
        public Builder(int hostFrames, String owner, long deviceBytes) {
            if (hostFrames < 1 || hostFrames > FramePool.FRAMES_MAX - ZERO_FRAMES) {
                throw new IllegalArgumentException("a host pool has 1 to " + (FramePool.FRAMES_MAX - ZERO_FRAMES)
                        + " frames: frames=" + hostFrames);
            }
            long sizeBytes = (long) (hostFrames + ZERO_FRAMES) << FramePool.FRAME_SHIFT;
            reservation = Reservation.of(sizeBytes);
            MemoryPromise made = null;
            try {
                made = MemoryPromise.of(reservation, owner, sizeBytes + deviceBytes);
                pools.add(FramePool.of("host", PoolKind.HOST, 0, reservation.segment(), reservation,
                        FrameListener.NONE));
            } catch (Throwable refused) {
                reservation.close();
                if (made != null) {
                    made.close();
                }
                throw refused;
            }
            promise = made;
        }

        /**
         * Adds memory of a device that the processor can address.
         *
         * @param own whose segment it is, if it is the library's own
         */
        public FramePool addCoherent(String name, MemorySegment memory, @Nullable Reservation own,
                FrameListener listener) {
            return add(FramePool.of(name, PoolKind.DEVICE_COHERENT, number(), memory, own, listener));
        }

        /** Adds memory of a device that it cannot address. */
        public FramePool addPrivate(String name, int frames, FrameListener listener) {
            return add(FramePool.ofPrivate(name, number(), frames, listener));
        }

        private int number() {
            if (pools.size() == FrameOffset.POOLS_MAX) {
                throw new IllegalArgumentException("a manager has at most " + FrameOffset.POOLS_MAX + " pools");
            }
            return pools.size();
        }

        private FramePool add(FramePool pool) {
            pools.add(pool);
            return pool;
        }

        /**
         * Has the operating system provide all memory of the host now.
         *
         * @param progress is told how many bytes it has provided, again and again
         */
        public void touch(LongConsumer progress) {
            long sizeBytes = reservation.segment().byteSize();
            for (long done = 0; done < sizeBytes;) {
                long part = Math.min(TOUCH_BYTES, sizeBytes - done);
                reservation.touch(done, part);
                done += part;
                progress.accept(done);
            }
            pools.getFirst().noteTouched();
        }

        /** The pools. */
        public FramePools build() {
            return new FramePools(reservation, promise, pools);
        }

        /** Gives the memory of the host back when no pools come of it. */
        public void abandon() {
            reservation.close();
            promise.close();
        }
    }
}
