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
 * A pin that is open, or that was closed while native code, such as a channel, was using its segments: the pages stay
 * held until it is done.
 *
 * @param space the name of the space, which may be closed
 * @param address the first page
 * @param sizeBytes of the pages
 * @param term how long it may be held
 * @param access what it allows
 * @param thread the name of the thread that took it
 * @param isClosed whether only native code holds it
 * @param age time since it was taken; null for a short-term pin without leak tracking
 * @param stack what took it, beginning with the user's call; empty for a short-term pin without leak tracking
 */
public record OpenPin(String space, long address, long sizeBytes, PinTerm term, PinAccess access, String thread,
        boolean isClosed, @Nullable Duration age, List<StackTraceElement> stack) {

    /** Keeps the stack as it is now. */
    public OpenPin {
        stack = List.copyOf(stack);
    }

    static OpenPin of(PinRecord pinned) {
        CreationSite creation = pinned.creation();
        return new OpenPin(pinned.list().table().name(), pinned.address(), (long) pinned.pages() << Geometry.PAGE_SHIFT,
                pinned.term(), pinned.access(), pinned.thread().getName(), pinned.isHeldByNativeCode(),
                creation == null ? null : creation.age(), creation == null ? List.of() : creation.stack());
    }

    /** The pin, and its stack, a line for each frame. */
    @Override
    public String toString() {
        return (isClosed ? "closed pin, whose segments are in use by native code, of " : "pin of ") + "space " + space
                + ", address=0x" + Long.toHexString(address) + ", sizeBytes=" + sizeBytes + ", " + term + ", " + access
                + ", taken by thread " + thread + (age == null ? "" : ", age=" + age.toMillis() + " ms")
                + OpenSpace.lines(stack);
    }
}
