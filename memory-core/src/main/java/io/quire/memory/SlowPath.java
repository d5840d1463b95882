package io.quire.memory;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The slow paths of an {@link Accessor}, called so that no compiler can inline them. Inlined, they cost the fast paths
 * dearly: a page that is met for the first time makes the compiler take them for warm, and then what a caller's loop
 * needs is kept on the stack for their sake, in every turn. The language has no word for this; a handle that is not
 * constant has the effect, because the compiler cannot know where it leads.
 */
final class SlowPath {

    // Not final: see above.
    private static MethodHandle read = handle("wordSlowly");
    private static MethodHandle enterWrite = handle("enterWriteSlowly");

    private SlowPath() {
    }

    static long read(Accessor accessor, long address) {
        try {
            return (long) read.invokeExact(accessor, address);
        } catch (Throwable failure) {
            throw unchecked(failure);
        }
    }

    static long enterWrite(Accessor accessor, long address) {
        try {
            return (long) enterWrite.invokeExact(accessor, address);
        } catch (Throwable failure) {
            throw unchecked(failure);
        }
    }

    private static RuntimeException unchecked(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return (RuntimeException) failure; // neither declares any other
    }

    private static MethodHandle handle(String method) {
        try {
            return MethodHandles.lookup().findVirtual(Accessor.class, method,
                    MethodType.methodType(long.class, long.class));
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
