package io.quire.memory.space;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.table.Geometry;
import io.quire.memory.trace.Birth;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The pages one pin holds. Changed under the lock of its space only, and not after it was handed out. */
public final class Pinned {

    private static final int FRAMES_SHOWN = 24;

    private final Space space;
    private final long address;
    private final long[] frames;
    private final PinTerm term;
    private final PinAccess access;
    private final Thread thread = Thread.currentThread();
    private final Birth birth;
    private boolean reported;

    // In the list of its space; under its lock. Out of the list before and after.
    @Nullable Pinned next;
    @Nullable Pinned previous;
    boolean isOpen;

    Pinned(Space space, long address, long[] frames, PinTerm term, PinAccess access, Birth birth) {
        this.space = space;
        this.address = address;
        this.frames = frames;
        this.term = term;
        this.access = access;
        this.birth = birth;
    }

    public Space space() {
        return space;
    }

    /** The first page. */
    public long address() {
        return address;
    }

    /** How many pages. */
    public int pages() {
        return frames.length;
    }

    /** The offset of the frame of a page, by index. */
    public long frame(int index) {
        return frames[index];
    }

    void setFrame(int index, long frame) {
        frames[index] = frame;
    }

    public PinTerm term() {
        return term;
    }

    public PinAccess access() {
        return access;
    }

    /** Whether it holds a page in a frame. */
    boolean holds(long page, long frame) {
        long index = (page - address) >> Geometry.PAGE_SHIFT;
        return index >= 0 && index < frames.length && frames[(int) index] == frame;
    }

    Birth birth() {
        return birth;
    }

    /** What the thread that took it does now: who holds a page too long is mostly still at it. */
    String whereItsThreadIs() {
        return Arrays.stream(thread.getStackTrace()).limit(FRAMES_SHOWN).map(frame -> "\n      at " + frame)
                .collect(Collectors.joining("", "; that thread is now " + thread.getState(), ""));
    }

    /** True the first time. */
    boolean report() {
        boolean first = !reported;
        reported = true;
        return first;
    }

    @Override
    public String toString() {
        return "pin of " + space.describeName() + ", address=0x" + Long.toHexString(address) + ", pages="
                + frames.length + ", " + term + ", " + access + ", age=" + birth.age().toMillis()
                + " ms, taken by thread " + thread.getName() + birth.where();
    }
}
