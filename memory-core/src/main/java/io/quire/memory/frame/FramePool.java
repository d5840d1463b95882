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
 * A fixed number of 4 KiB frames of one kind: their allocator, and for each frame the number of page table leaves that
 * map it and the number of its holds. A frame that is neither mapped nor held any more is free at once. So before you
 * release a frame, invalidate its translation and wait for the writers.
 * <p>
 * Any thread; lock-free.
 */
public final class FramePool {

    public static final int FRAME_SHIFT = 12;
    public static final int FRAME_BYTES = 1 << FRAME_SHIFT;

    private static final int[] NO_FRAMES = {};
    private static final long HUGE_BYTES = (long) FRAME_BYTES << FrameAllocator.HUGE_ORDER;

    /** What {@link #allocate()} returns if no frame is free. Not an offset. */
    public static final long NONE = -1;

    /** The largest pool, in frames: the words of all frames are in one Java array. */
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

    /** Gives memory back to the operating system; null if the memory is not the library's. */
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
     * Creates a pool in memory that the processor can address, with as many frames as fit.
     *
     * @param reservation the reservation that the memory belongs to; null if the memory is not the library's
     */
    static FramePool of(String name, PoolKind kind, int number, MemorySegment memory,
            @Nullable Reservation reservation, FrameListener listener) {
        return new FramePool(name, kind, number, (int) Math.min(memory.byteSize() >>> FRAME_SHIFT, Integer.MAX_VALUE),
                memory, reservation, listener);
    }

    /** Creates a pool of memory that the processor cannot address. */
    static FramePool ofPrivate(String name, int number, int frames, FrameListener listener) {
        return new FramePool(name, PoolKind.DEVICE_PRIVATE, number, frames, null, null, listener);
    }

    public String name() {
        return name;
    }

    public PoolKind kind() {
        return kind;
    }

    /** The number of this pool; the host has 0. */
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

    /**
     * True if at least {@code wanted} frames are free. As exact as {@link #free}, but stops as soon as it has found
     * enough.
     */
    public boolean hasFree(int wanted) {
        return allocator.hasFree(wanted);
    }

    /**
     * Takes a free frame, with one reference and undefined content.
     *
     * @return the offset of its first byte; {@link #NONE} if none is free, or if the device refuses
     */
    public long allocate() {
        return handOut(allocator.allocate());
    }

    /** As {@link #allocate()}, but takes the frame out of a magazine of this pool. */
    long allocate(Magazine magazine) {
        return handOut(magazine.allocate());
    }

    private long handOut(int frame) {
        if (frame == FrameAllocator.NONE) {
            return NONE;
        }
        markUsed(frame); // before the device is asked: a thread that empties the pool has to see it
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

    private void markUsed(int frame) {
        long word = (long) WORDS.getOpaque(words, frame);
        long next = FrameWord.allocate(word);
        if (next == FrameWord.REFUSED) {
            throw corrupt("the allocator handed out a frame that is in use", frame, word);
        }
        // No other thread changes the word of a free frame: the allocator gave it to this thread alone.
        WORDS.setOpaque(words, frame, next);
    }

    /** Undoes {@link #markUsed}. No other thread has seen the frame. */
    private void giveBack(int frame) {
        WORDS.setOpaque(words, frame, FrameWord.release((long) WORDS.getOpaque(words, frame)));
        allocator.free(frame);
    }

    /**
     * Takes several free frames, each with one reference and undefined content, in ascending order and side by side
     * where the pool allows it.
     *
     * @param offsets receives the offset of the first byte of each
     * @param wanted the elements of {@code offsets} to fill, a bit for each. An element is {@link #NONE} if there was
     *        no frame for it, or if the device refused the frame
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

    /** Gives each frame its reference, then asks the device for them. */
    private void ask(int[] frames, int found, long[] offsets, long wanted) {
        for (int i = 0; i < found; i++) {
            markUsed(frames[i]); // before the device is asked, as for one frame
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
                giveBack(frames[asked]); // it was refused; those after it were not asked for yet
                frames[asked++] = FrameAllocator.NONE;
            }
        }
    }

    /** Gives back the frames that the device has granted, and those that it was not asked for. */
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
                    allocator.free(frame); // has no reference yet
                }
            }
        }
    }

    /** Adds the reference of one more leaf. The caller makes sure that the frame is not released meanwhile. */
    public void acquire(long offset) {
        int frame = frame(offset);
        while (true) {
            long word = (long) WORDS.getOpaque(words, frame);
            long next = FrameWord.acquire(word);
            if (next == FrameWord.REFUSED) {
                throw corrupt("a frame cannot have one more reference", frame, word);
            }
            if (WORDS.weakCompareAndSetPlain(words, frame, word, next)) {
                return;
            }
        }
    }

    /** Gives up the reference of one leaf. A frame without references and holds is free. */
    public void release(long offset) {
        release(offset, null);
    }

    /**
     * As {@link #release(long)}, but a frame that becomes free goes into a magazine of this pool. If this throws an
     * Error, the frame was not released.
     */
    void release(long offset, @Nullable Magazine magazine) {
        int frame = frame(offset);
        long word = releaseOne(frame);
        if (FrameWord.isFree(word)) {
            free(frame, FrameWord.allocate(word), magazine);
        }
    }

    /**
     * Frees a frame that has neither references nor holds any more.
     *
     * @param before the word that the frame gets back if this fails
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
            // ORDER(frame-shared) acquire: the last release comes after all others, and so does the next owner.
            long word = (long) WORDS.getAcquire(words, frame);
            long next = FrameWord.release(word);
            if (next == FrameWord.REFUSED) {
                throw corrupt("a frame was released more often than it was mapped", frame, word);
            }
            if (FrameWord.isSole(word)) {
                // No other thread can change the word: to share or hold a frame it would have to find it in a leaf, and
                // the only leaf is gone.
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
     * Adds a hold to a frame that a leaf maps: the frame cannot become free, and no sharer is added. The caller makes
     * sure that the frame is not released meanwhile.
     *
     * @return false if no more holds can be counted
     */
    public boolean hold(long offset) {
        int frame = frame(offset);
        long[] all = words; // once: after an atomic access the compiler loads and checks a field again
        while (true) {
            long word = (long) WORDS.getOpaque(all, frame);
            long next = FrameWord.hold(word);
            if (next == FrameWord.REFUSED) {
                if (FrameWord.references(word) == 0) {
                    throw corrupt("a frame that nobody maps cannot be held", frame, word);
                }
                return false;
            }
            if (WORDS.weakCompareAndSetPlain(all, frame, word, next)) {
                return true;
            }
        }
    }

    /** Gives up a hold. A frame without references and holds is free. */
    public void releaseHold(long offset) {
        int frame = frame(offset);
        long[] all = words; // as above
        while (true) {
            long word = (long) WORDS.getOpaque(all, frame);
            long next = FrameWord.releaseHold(word);
            if (next == FrameWord.REFUSED) {
                throw corrupt("a frame has no hold to release", frame, word);
            }
            // ORDER(frame-shared) release: the holder is done with the bytes, as in release.
            if (WORDS.weakCompareAndSet(all, frame, word, next)) {
                if (FrameWord.isFree(next)) {
                    free(frame, word, null);
                }
                return;
            }
        }
    }

    /**
     * Gives up one hold and some references of each of several frames. Those without references and holds are free.
     *
     * @param offsets offsets of different frames
     * @param which the elements of {@code offsets} to use, a bit for each
     * @param references how many to give up of each
     */
    public void releaseHeld(long[] offsets, long which, int references) {
        int[] freed = arrayFor(Long.bitCount(which));
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

    /** Returns an array for some frames. It is empty if there is no memory; then the caller frees them one by one. */
    private static int[] arrayFor(int frames) {
        try {
            return new int[frames];
        } catch (OutOfMemoryError full) {
            return NO_FRAMES;
        }
    }

    /**
     * Frees the first frames of an array; if that is all of them, together. Allocates nothing: the frames have no owner
     * any more, so an Error would lose them.
     */
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
            listener.freed(frame); // first, so that the device hears of this before the frame's next use
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
            // ORDER(frame-shared) release: the migration is done with the bytes, as in release.
            if (WORDS.weakCompareAndSet(words, frame, word, next)) {
                return next;
            }
        }
    }

    /**
     * Gives free memory back to the operating system, in areas of 2 MiB that are completely free.
     *
     * @return how many bytes were given back; 0 if the memory is not the library's
     */
    public long trim() {
        return returner == null ? 0 : (long) allocator.giveBackFree(returner) * HUGE_BYTES;
    }

    /** Gives back those areas of one tree that have been completely free since the last call. Returns how many. */
    int trimIdle(int tree) {
        return returner == null ? 0 : allocator.giveBackIdle(tree, returner);
    }

    /** The number of trees, for {@link #trimIdle}. */
    int trees() {
        return allocator.trees();
    }

    /**
     * Notes that all memory was touched, so that {@link #trim} can give it back. No other thread may use the pool
     * meanwhile.
     */
    void noteTouched() {
        allocator.noteTouched();
    }

    /** Creates a magazine of this pool. */
    Magazine newMagazine() {
        return allocator.newMagazine();
    }

    /** How many leaves map the frame. If this returns 1 to the owner of that leaf, no other thread can raise it. */
    public int references(long offset) {
        // ORDER(frame-shared) acquire: the last owner may write what the others have finished reading.
        return FrameWord.references((long) WORDS.getAcquire(words, frame(offset)));
    }

    /** How many holds the frame has. */
    public int holds(long offset) {
        // ORDER(frame-shared) acquire: a thread that gives the frame away comes after all who released a hold.
        return FrameWord.holds((long) WORDS.getAcquire(words, frame(offset)));
    }

    /** True if a frame is in use: mapped or held. */
    public boolean isUsed(int frame) {
        return !FrameWord.isFree((long) WORDS.getOpaque(words, frame));
    }

    /**
     * Compares every word with a recount, and makes the allocator check itself. No other thread may use the pool
     * meanwhile.
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
            throw new IllegalStateException(
                    "used and free frames do not add up: pool=" + name + ", frames=" + words.length
                            + ", used=" + used + ", free=" + allocator.freeFrames());
        }
    }

    /** True if an offset belongs to this pool. */
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

    /** The bytes of the pool; null if the processor cannot address them. */
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
