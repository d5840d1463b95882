package io.quire.memory.frame;

import io.quire.memory.allocator.FrameAllocator;
import io.quire.memory.allocator.Magazine;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.platform.Reservation;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of 4 KiB frames of one kind: the allocator, a count of the page table leaves that map each frame, and
 * a count of those who hold it without mapping it. A frame that nobody maps or holds any more is free at once, so
 * whoever releases must already have invalidated the translation from all readers and waited for the writers.
 * <p>
 * Any thread; lock-free.
 */
public final class FramePool {

    public static final int FRAME_SHIFT = 12;
    public static final int FRAME_BYTES = 1 << FRAME_SHIFT;

    private static final int[] NO_FRAMES = {};
    private static final long HUGE_BYTES = (long) FRAME_BYTES << FrameAllocator.HUGE_ORDER;

    /** No frame was left: a return value of {@link #allocate()}, not an offset. */
    public static final long NONE = -1;

    /** The largest pool, in frames: the words of a pool live in one Java array. */
    public static final int FRAMES_MAX = Integer.MAX_VALUE - 1024;

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    private final String name;
    private final PoolKind kind;
    private final int number;
    private final FrameAllocator allocator;
    private final FrameListener listener;
    private final long[] words;
    private final long origin;
    private final @Nullable MemorySegment memory;

    /** Gives memory back to the operating system; null if it is not ours to give back. */
    private final FrameAllocator.@Nullable Returner returner;

    private FramePool(String name, PoolKind kind, int number, int frames, @Nullable MemorySegment memory,
            @Nullable Reservation reservation, FrameListener listener) {
        if (frames < 1 || frames > FRAMES_MAX) {
            throw new IllegalArgumentException("a pool has 1 to " + FRAMES_MAX + " frames: pool=" + name
                    + ", frames=" + frames);
        }
        this.name = name;
        this.kind = kind;
        this.number = number;
        this.listener = listener;
        this.memory = memory;
        this.returner = reservation == null ? null
                : firstFrame -> reservation.giveBack((long) firstFrame << FRAME_SHIFT, HUGE_BYTES);
        this.allocator = new FrameAllocator(frames);
        this.words = new long[frames];
        this.origin = FrameMemory.origin(number, memory);
    }

    /**
     * A pool of memory that the processor can address; as many frames as fit.
     *
     * @param reservation whose segment the memory is; null if it belongs to somebody else
     */
    static FramePool of(String name, PoolKind kind, int number, MemorySegment memory,
            @Nullable Reservation reservation, FrameListener listener) {
        return new FramePool(name, kind, number, (int) Math.min(memory.byteSize() >>> FRAME_SHIFT, Integer.MAX_VALUE),
                memory, reservation, listener);
    }

    /** A pool of memory that it cannot address. */
    static FramePool ofPrivate(String name, int number, int frames, FrameListener listener) {
        return new FramePool(name, PoolKind.DEVICE_PRIVATE, number, frames, null, null, listener);
    }

    public String name() {
        return name;
    }

    public PoolKind kind() {
        return kind;
    }

    /** The host is 0. */
    public int number() {
        return number;
    }

    /** How many frames there are. */
    public int frames() {
        return words.length;
    }

    /** How many frames are free now; approximate while other threads allocate and release. */
    public int free() {
        return allocator.freeFrames();
    }

    /** Whether so many frames are free, as {@link #free} says; looks no further than it has to. */
    public boolean hasFree(int wanted) {
        return allocator.hasFree(wanted);
    }

    /**
     * Takes a free frame, with one reference and undefined content.
     *
     * @return the offset of its first byte, or {@link #NONE}
     */
    public long allocate() {
        return begun(allocator.allocate());
    }

    /** The same, out of a magazine of this pool. */
    long allocate(Magazine magazine) {
        return begun(magazine.allocate());
    }

    private long begun(int frame) {
        if (frame == FrameAllocator.NONE) {
            return NONE;
        }
        begin(frame); // before the device is asked: whoever empties the pool has to see it
        boolean granted = false;
        try {
            granted = listener.allocated(frame);
        } finally {
            if (!granted) {
                giveBack(frame);
            }
        }
        return granted ? offset(frame) : NONE;
    }

    private void begin(int frame) {
        long word = (long) WORDS.getOpaque(words, frame);
        long next = FrameWord.allocate(word);
        if (next == FrameWord.REFUSED) {
            throw corrupt("a frame was handed out that is in use", frame, word);
        }
        // Nobody else changes the word of a free frame: the allocator gave it to this thread alone.
        WORDS.setOpaque(words, frame, next);
    }

    /** Ends what {@link #begin} began, if nobody else has seen the frame. */
    private void giveBack(int frame) {
        WORDS.setOpaque(words, frame, FrameWord.release((long) WORDS.getOpaque(words, frame)));
        allocator.free(frame);
    }

    /**
     * Takes free frames, each with one reference and undefined content: ascending, side by side as far as there are
     * such.
     *
     * @param offsets gets the offsets of their first bytes
     * @param wanted which elements of it, a bit for each; those for which there was no frame, or whose frame was
     *        refused, are {@link #NONE}
     */
    public void allocate(long[] offsets, long wanted) {
        int[] frames = new int[Long.bitCount(wanted)];
        Arrays.fill(frames, FrameAllocator.NONE);
        for (long rest = wanted; rest != 0; rest &= rest - 1) {
            offsets[Long.numberOfTrailingZeros(rest)] = NONE;
        }
        boolean done = false;
        try {
            ask(frames, allocator.allocateMany(frames), offsets, wanted);
            done = true;
        } finally {
            if (!done) {
                giveAllBack(frames, offsets, wanted);
            }
        }
    }

    /** Begins frames that were taken, and asks the device for them. */
    private void ask(int[] frames, int found, long[] offsets, long wanted) {
        for (int i = 0; i < found; i++) {
            begin(frames[i]); // as for one
        }
        long rest = wanted;
        for (int asked = 0; asked < found;) {
            int granted = asked + listener.allocated(Arrays.copyOfRange(frames, asked, found));
            for (; asked < granted; asked++, rest &= rest - 1) {
                offsets[Long.numberOfTrailingZeros(rest)] = offset(frames[asked]);
                frames[asked] = FrameAllocator.NONE;
            }
            if (asked < found) {
                rest &= rest - 1;
                giveBack(frames[asked]); // was refused; those after it were not asked for yet
                frames[asked++] = FrameAllocator.NONE;
            }
        }
    }

    /** Gives back those that the device has granted, and those that it was not asked for. */
    private void giveAllBack(int[] frames, long[] offsets, long wanted) {
        for (long rest = wanted; rest != 0; rest &= rest - 1) {
            int index = Long.numberOfTrailingZeros(rest);
            if (offsets[index] != NONE) {
                release(offsets[index]);
                offsets[index] = NONE;
            }
        }
        for (int frame : frames) {
            if (frame != FrameAllocator.NONE) {
                if (isUsed(frame)) {
                    giveBack(frame);
                } else {
                    allocator.free(frame); // was not begun
                }
            }
        }
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

    /** One leaf less maps the frame; without any, and not held, it is free. */
    public void release(long offset) {
        release(offset, null);
    }

    /**
     * The same; a frame that is free goes into a magazine of this pool. If an Error comes out of this, the frame was
     * not released.
     */
    void release(long offset, @Nullable Magazine magazine) {
        int frame = frame(offset);
        long word = releaseOne(frame);
        if (FrameWord.isFree(word)) {
            free(frame, FrameWord.allocate(word), magazine);
        }
    }

    /**
     * Hands a frame over that nobody maps or holds any more.
     *
     * @param before its word becomes this again if that fails
     */
    private void free(int frame, long before, @Nullable Magazine magazine) {
        boolean freed = false;
        try {
            listener.freed(frame);
            if (magazine != null) {
                magazine.free(frame);
            } else {
                allocator.free(frame);
            }
            freed = true;
        } finally {
            if (!freed) {
                WORDS.setOpaque(words, frame, before);
            }
        }
    }

    private long releaseOne(int frame) {
        while (true) {
            // ORDER(frame-shared) acquire: the last to give it up comes after all others, and so does the next owner.
            long word = (long) WORDS.getAcquire(words, frame);
            long next = FrameWord.release(word);
            if (next == FrameWord.REFUSED) {
                throw corrupt("a frame was released more often than it was mapped", frame, word);
            }
            if (FrameWord.isSole(word)) {
                // Nobody to race with: a frame is shared and held by who finds it in a leaf, and the one leaf is gone.
                WORDS.setOpaque(words, frame, next);
                return next;
            }
            // ORDER(frame-shared) release: this space is done with the bytes, for whoever finds itself the last owner.
            if (WORDS.weakCompareAndSet(words, frame, word, next)) {
                return next;
            }
        }
    }

    /**
     * Keeps a frame that a leaf maps from being free, without sharing it. The caller sees to it that it is not
     * released meanwhile.
     *
     * @return false if it is held as often as can be counted
     */
    public boolean hold(long offset) {
        int frame = frame(offset);
        long[] all = words; // once: after an atomic access the compiler loads and checks a field again
        while (true) {
            long word = (long) WORDS.getOpaque(all, frame);
            long next = FrameWord.hold(word);
            if (next == FrameWord.REFUSED) {
                if (FrameWord.references(word) == 0) {
                    throw corrupt("a frame was held that nobody maps", frame, word);
                }
                return false;
            }
            if (WORDS.weakCompareAndSetPlain(all, frame, word, next)) {
                return true;
            }
        }
    }

    /** Ends a hold; without references and other holds the frame is free. */
    public void releaseHold(long offset) {
        int frame = frame(offset);
        long[] all = words; // as above
        while (true) {
            long word = (long) WORDS.getOpaque(all, frame);
            long next = FrameWord.releaseHold(word);
            if (next == FrameWord.REFUSED) {
                throw corrupt("a frame was let go more often than it was held", frame, word);
            }
            // ORDER(frame-shared) release: the holder is done with the bytes, as whoever releases is.
            if (WORDS.weakCompareAndSet(all, frame, word, next)) {
                if (FrameWord.isFree(next)) {
                    free(frame, word, null);
                }
                return;
            }
        }
    }

    /**
     * Ends a hold of each of several frames, and so many references: those without others are free.
     *
     * @param offsets of different frames
     * @param which elements of it, a bit for each
     * @param references how many of each
     */
    public void releaseHeld(long[] offsets, long which, int references) {
        int[] freed = roomFor(Long.bitCount(which));
        int unused = 0;
        for (long rest = which; rest != 0; rest &= rest - 1) {
            int frame = frame(offsets[Long.numberOfTrailingZeros(rest)]);
            if (!FrameWord.isFree(releaseHeld(frame, references))) {
                continue;
            }
            if (freed.length > 0) {
                freed[unused++] = frame;
            } else {
                freeOwnerless(frame);
            }
        }
        if (unused > 0) {
            freeAll(freed, unused);
        }
    }

    /** Room for some frames; none if there is no memory for that, which nobody needs who frees one after the other. */
    private static int[] roomFor(int frames) {
        try {
            return new int[frames];
        } catch (OutOfMemoryError full) {
            return NO_FRAMES;
        }
    }

    /** All of an array, together, or the first of it; allocates nothing, for the frames have no owner any more. */
    private void freeAll(int[] frames, int count) {
        if (count < frames.length) {
            for (int i = 0; i < count; i++) {
                freeOwnerless(frames[i]);
            }
            return;
        }
        try {
            listener.freed(frames);
        } finally {
            allocator.freeMany(frames);
        }
    }

    private void freeOwnerless(int frame) {
        try {
            listener.freed(frame); // first: who is told of the next use of the frame hears of this before
        } finally {
            allocator.free(frame);
        }
    }

    private long releaseHeld(int frame, int references) {
        while (true) {
            long word = (long) WORDS.getOpaque(words, frame);
            long next = FrameWord.releaseHeld(word, references);
            if (next == FrameWord.REFUSED) {
                throw corrupt("a frame was released more often than it was mapped and held", frame, word);
            }
            // ORDER(frame-shared) release: the mover is done with the bytes, as whoever releases is.
            if (WORDS.weakCompareAndSet(words, frame, word, next)) {
                return next;
            }
        }
    }

    /**
     * Gives the memory of what is free back to the operating system, in units of 2 MiB that are wholly free.
     *
     * @return how many bytes; 0 if the memory is not the library's
     */
    public long trim() {
        return returner == null ? 0 : (long) allocator.giveBackFree(returner) * HUGE_BYTES;
    }

    /** The same for a part of the pool, and for what was free already when this was called last; how many units. */
    int trimIdle(int tree) {
        return returner == null ? 0 : allocator.giveBackIdle(tree, returner);
    }

    /** The number of parts for {@link #trimIdle}. */
    int trees() {
        return allocator.trees();
    }

    /** All memory was touched, so {@link #trim} may give all of it back; only while nobody else uses this. */
    void noteTouched() {
        allocator.noteTouched();
    }

    /** A magazine of this pool. */
    Magazine newMagazine() {
        return allocator.newMagazine();
    }

    /** How many leaves map the frame. If this returns 1 to the owner of that leaf, no other thread can raise it. */
    public int references(long offset) {
        // ORDER(frame-shared) acquire: the last owner may write what the others have finished reading.
        return FrameWord.references((long) WORDS.getAcquire(words, frame(offset)));
    }

    /** How many hold the frame. */
    public int holds(long offset) {
        // ORDER(frame-shared) acquire: who is about to give the frame away comes after those who have let it go.
        return FrameWord.holds((long) WORDS.getAcquire(words, frame(offset)));
    }

    /** Whether a frame is in use: mapped or held. */
    public boolean isUsed(int frame) {
        return !FrameWord.isFree((long) WORDS.getOpaque(words, frame));
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
            int expected = recounted.applyAsInt(frame);
            if (FrameWord.references(words[frame]) != expected) {
                throw corrupt("a frame is mapped by " + expected + " leaves", frame, words[frame]);
            }
            used += FrameWord.isFree(words[frame]) ? 0 : 1;
        }
        if (words.length - used != allocator.freeFrames()) {
            throw new IllegalStateException("frames neither in use nor free: pool=" + name + ", frames=" + words.length
                    + ", used=" + used + ", free=" + allocator.freeFrames());
        }
    }

    /** Whether an offset is one of this pool. */
    public boolean contains(long offset) {
        long place = offset - origin;
        return place >= 0 && place < (long) words.length << FRAME_SHIFT;
    }

    /** The number of the frame at an offset. */
    public int frame(long offset) {
        return (int) ((offset - origin) >>> FRAME_SHIFT);
    }

    /** The offset of a frame. */
    public long offset(int frame) {
        return origin + ((long) frame << FRAME_SHIFT);
    }

    /** Its bytes, or null if the processor cannot address them. */
    public @Nullable MemorySegment memory() {
        return memory;
    }

    private IllegalStateException corrupt(String fact, int frame, long word) {
        return new IllegalStateException(fact + ": pool=" + name + ", frame=" + frame + ", word="
                + FrameWord.toString(word));
    }

    @Override
    public String toString() {
        return "FramePool[" + name + ", " + kind + ", frames=" + words.length + ", free=" + free() + "]";
    }
}
