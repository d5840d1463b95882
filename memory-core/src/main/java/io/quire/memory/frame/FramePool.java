package io.quire.memory.frame;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.IntUnaryOperator;

/**
 * A fixed number of 4 KiB frames: their memory, the allocator, and a count of the page table leaves that map each.
 * A frame whose last reference is released is free at once, so whoever releases must already have withdrawn the
 * translation from all readers and waited for the writers.
 * <p>
 * One frame of the pool is the <em>zero frame</em>: always zero, never written, what a page that was never written
 * reads. Any thread; lock-free.
 */
public final class FramePool implements AutoCloseable {

    public static final int FRAME_SHIFT = 12;
    public static final int FRAME_BYTES = 1 << FRAME_SHIFT;

    /** No frame was left: a return value of {@link #allocate()}, not an offset. */
    public static final long NONE = -1;

    /** The zero frame is one more than the caller asked for. */
    private static final int ZERO_FRAMES = 1;

    /** The largest pool, in frames: the words of a pool live in one Java array. */
    public static final int FRAMES_MAX = Integer.MAX_VALUE - 1024;

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    private final FrameAllocator allocator;
    private final FrameMemory memory;
    private final long[] words;
    private final long zeroFrame;
    private final int capacity;

    /**
     * Takes the memory of a pool.
     *
     * @param frames how many frames can be handed out; 1 to {@link #FRAMES_MAX}
     */
    public FramePool(int frames) {
        if (frames < 1 || frames > FRAMES_MAX) {
            throw new IllegalArgumentException("a pool has 1 to " + FRAMES_MAX + " frames: frames=" + frames);
        }
        capacity = frames;
        allocator = new FrameAllocator(frames + ZERO_FRAMES);
        words = new long[frames + ZERO_FRAMES];
        memory = new FrameMemory((long) (frames + ZERO_FRAMES) << FRAME_SHIFT);
        zeroFrame = allocate();
    }

    /** The bytes of the frames, by offset. */
    public FrameMemory memory() {
        return memory;
    }

    /** The offset of the frame that is always zero. */
    public long zeroFrame() {
        return zeroFrame;
    }

    /** How many frames can be handed out. */
    public int capacity() {
        return capacity;
    }

    /** How many frames are free now; approximate while other threads allocate and release. */
    public int free() {
        return allocator.freeFrames();
    }

    /**
     * Takes a free frame, with one reference and undefined content.
     *
     * @return the offset of its first byte, or {@link #NONE}
     */
    public long allocate() {
        int frame = allocator.allocate();
        if (frame == FrameAllocator.NONE) {
            return NONE;
        }
        long word = (long) WORDS.getOpaque(words, frame);
        long next = FrameWord.allocate(word);
        if (next == FrameWord.REFUSED) {
            throw corrupt("a frame was handed out that is in use", frame, word);
        }
        // Nobody else changes the word of a free frame: the allocator gave it to this thread alone.
        WORDS.setOpaque(words, frame, next);
        return offset(frame);
    }

    /** One more leaf maps the frame. The caller sees to it that the frame cannot be released meanwhile. */
    public void acquire(long offset) {
        int frame = frame(offset);
        while (true) {
            long word = (long) WORDS.getOpaque(words, frame);
            long next = FrameWord.acquire(word);
            if (next == FrameWord.REFUSED) {
                throw corrupt("a frame cannot be shared once more", frame, word);
            }
            if (WORDS.weakCompareAndSetPlain(words, frame, word, next)) {
                return;
            }
        }
    }

    /** One leaf less maps the frame; without any it is free. */
    public void release(long offset) {
        int frame = frame(offset);
        while (true) {
            long word = (long) WORDS.getOpaque(words, frame);
            long next = FrameWord.release(word);
            if (next == FrameWord.REFUSED) {
                throw corrupt("a frame was released more often than it was mapped", frame, word);
            }
            // ORDER(frame-shared) release: this space is done with the bytes, for whoever finds itself the last owner.
            if (WORDS.weakCompareAndSet(words, frame, word, next)) {
                if (FrameWord.references(next) == 0) {
                    allocator.free(frame);
                }
                return;
            }
        }
    }

    /** How many leaves map the frame. The answer 1 is final for the owner of that one leaf. */
    public int references(long offset) {
        // ORDER(frame-shared) acquire: the last owner may write what the others have finished reading.
        return FrameWord.references((long) WORDS.getAcquire(words, frame(offset)));
    }

    /**
     * Compares every word with a recount and has the allocator recount itself. Only while nothing else runs.
     *
     * @param recounted how many leaves map a frame, by frame number
     * @throws IllegalStateException if a word differs
     */
    public void check(IntUnaryOperator recounted) {
        allocator.check();
        int used = 0;
        for (int frame = 0; frame < words.length; frame++) {
            int expected = offset(frame) == zeroFrame ? 1 : recounted.applyAsInt(frame);
            if (FrameWord.references(words[frame]) != expected) {
                throw corrupt("a frame is mapped by " + expected + " leaves", frame, words[frame]);
            }
            used += expected > 0 ? 1 : 0;
        }
        if (words.length - used != allocator.freeFrames()) {
            throw new IllegalStateException("frames neither mapped nor free: frames=" + words.length
                    + ", mapped=" + used + ", free=" + allocator.freeFrames());
        }
    }

    /** The number of the frame at an offset. */
    public int frame(long offset) {
        return (int) ((offset - memory.origin()) >>> FRAME_SHIFT);
    }

    @Override
    public void close() {
        memory.close();
    }

    private long offset(int frame) {
        return memory.origin() + ((long) frame << FRAME_SHIFT);
    }

    private static IllegalStateException corrupt(String fact, int frame, long word) {
        return new IllegalStateException(fact + ": frame=" + frame + ", word=" + FrameWord.toString(word));
    }
}
