package io.quire.memory.testkit;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** Runs something while native code uses a segment: inside a call of {@code bsearch} on that segment. */
@SuppressWarnings("restricted") // calls native code
public final class NativeCaller {

    private final Runnable deed;

    private NativeCaller(Runnable deed) {
        this.deed = deed;
    }

    /** Runs something inside the call, and throws what it throws. */
    public static void using(MemorySegment segment, Runnable deed) {
        Throwable[] thrown = new Throwable[1];
        NativeCaller caller = new NativeCaller(() -> {
            try {
                deed.run();
            } catch (Throwable failure) { // an exception must not reach native code
                thrown[0] = failure;
            }
        });
        try (Arena arena = Arena.ofConfined()) {
            Linker linker = Linker.nativeLinker();
            MethodHandle bsearch = linker.downcallHandle(linker.defaultLookup().findOrThrow("bsearch"),
                    FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS,
                            ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
            MethodHandle compare = MethodHandles.lookup().findVirtual(NativeCaller.class, "compare",
                    MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class)).bindTo(caller);
            MemorySegment callback = linker.upcallStub(compare, FunctionDescriptor.of(ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS, ValueLayout.ADDRESS), arena);
            MemorySegment found = (MemorySegment) bsearch.invokeExact(segment, segment, 1L, 8L, callback);
            if (found.address() != segment.address()) {
                throw new AssertionError("bsearch did not call the comparator: " + found);
            }
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
        if (thrown[0] != null) {
            throw new AssertionError(thrown[0]);
        }
    }

    @SuppressWarnings("UnusedMethod") // called by a method handle
    private int compare(MemorySegment key, MemorySegment element) {
        deed.run();
        return 0;
    }
}
