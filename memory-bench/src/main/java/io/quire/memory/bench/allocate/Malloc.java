package io.quire.memory.bench.allocate;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The C library's allocator, called in the fastest way there is: addresses as plain longs, and
 * <em>critical</em> downcalls, which leave the thread in Java.
 */
@SuppressWarnings("restricted") // calls C
final class Malloc {

    private static final Linker LINKER = Linker.nativeLinker();

    private static final MethodHandle MALLOC = handle("malloc",
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE = handle("free", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));

    private Malloc() {
    }

    /** The address of so many bytes. */
    static long malloc(long sizeBytes) {
        try {
            return (long) MALLOC.invokeExact(sizeBytes);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    static void free(long address) {
        try {
            FREE.invokeExact(address);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static MethodHandle handle(String function, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), descriptor,
                Linker.Option.critical(false));
    }
}
