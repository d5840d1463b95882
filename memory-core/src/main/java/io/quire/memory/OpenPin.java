package io.quire.memory;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.table.Geometry;
import io.quire.memory.trace.CreationSite;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pin that is open, or a closed pin whose segments native code is still using, such as a channel: its pages stay held
 * until the native code is done.
 *
 * @param space the name of the space, which may be closed
 * @param address the first address of the first page
 * @param sizeBytes bytes of all its pages
 * @param term how long it may be held
 * @param access what may be done through it
 * @param thread the name of the thread that took it
 * @param isClosed true if it was closed and only native code holds it
 * @param age time since it was taken; null for a short-term pin without leak tracking
 * @param stack what took it, from the user's call on; empty for a short-term pin without leak tracking
 * @see MemoryManager#openPins
 */
public record OpenPin(String space, long address, long sizeBytes, PinTerm term, PinAccess access, String thread,
        boolean isClosed, @Nullable Duration age, List<StackTraceElement> stack) {

    /** Copies the stack. */
    public OpenPin {
        stack = List.copyOf(stack);
    }

    static OpenPin of(PinRecord pinned) {
        CreationSite creation = pinned.creation();
        return new OpenPin(pinned.list().table().name(), pinned.address(), (long) pinned.pages() << Geometry.PAGE_SHIFT,
                pinned.term(), pinned.access(), pinned.thread().getName(), pinned.isHeldByNativeCode(),
                creation == null ? null : creation.age(), creation == null ? List.of() : creation.stack());
    }

    /** Describes the pin, then its stack with a line for each frame. */
    @Override
    public String toString() {
        return (isClosed ? "closed pin, whose segments are in use by native code, of " : "pin of ") + "space " + space
                + ", address=0x" + Long.toHexString(address) + ", sizeBytes=" + sizeBytes + ", " + term + ", " + access
                + ", taken by thread " + thread + (age == null ? "" : ", age=" + age.toMillis() + " ms")
                + OpenSpace.lines(stack);
    }
}
