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
 * One frame of the host is the <em>zero frame</em>. It is never written; readers see it for every page that has no
 * frame. Any thread; lock-free.
 */
public final class FramePools implements FrameSource, AutoCloseable {

    /** The zero frame comes on top of the frames that the caller asked for. */
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

    /** Creates a host pool and no other. */
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

    /** The pool with a number; the host has 0. */
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
        for (FramePool pool : pools) { // there are few
            if (pool.contains(offset)) {
                return pool;
            }
        }
        throw new IllegalStateException("no pool has a frame at 0x" + Long.toHexString(offset));
    }

    /** True if a frame belongs to the host. */
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

    /** Creates a cache of host frames for one owner, who closes it. Cheap: it takes no frame before its first use. */
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

    /** Gives the memory of the host back. The memory of devices belongs to them. */
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

    /** Creates the pools of a manager. One thread. */
    public static final class Builder {

        /** How much {@link #touch} touches at a time. */
        private static final long TOUCH_BYTES = 64L << 20;

        private final List<FramePool> pools = new ArrayList<>();
        private final Reservation reservation;
        private final MemoryPromise promise;

        /** For pools without a manager. */
        Builder(int hostFrames) {
            this(hostFrames, "pools without a manager", 0);
        }

        /**
         * Reserves the memory of the host.
         *
         * @param hostFrames how many frames can be handed out; 1 to {@link FramePool#FRAMES_MAX} - 1
         * @param owner the manager of these pools, for messages
         * @param deviceBytes further memory of the machine, which will be that of devices
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
         * Adds the pool of a device whose memory the processor can address.
         *
         * @param own the reservation that the memory belongs to; null if the memory is not the library's
         */
        public FramePool addCoherent(String name, MemorySegment memory, @Nullable Reservation own,
                FrameListener listener) {
            return add(FramePool.of(name, PoolKind.DEVICE_COHERENT, number(), memory, own, listener));
        }

        /** Adds the pool of a device whose memory the processor cannot address. */
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
         * Makes the operating system provide all memory of the host now.
         *
         * @param progress called again and again with the number of bytes provided so far
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

        /** Creates the pools. */
        public FramePools build() {
            return new FramePools(reservation, promise, pools);
        }

        /** Gives the memory of the host back if the pools will not be created. */
        public void abandon() {
            reservation.close();
            promise.close();
        }
    }
}
