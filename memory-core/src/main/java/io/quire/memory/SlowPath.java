package io.quire.memory;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.pin.PinList;
import io.quire.memory.pin.PinRecord;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Calls the slow paths of an {@link Accessor} and its pins in a way that no compiler can inline.
 * <p>
 * Inlined, they would make the fast paths much slower: the first access to a page makes the compiler take the slow path
 * for warm, and then it keeps the variables of the caller's loop on the stack in every iteration, for the sake of the
 * slow path. Java has no annotation against inlining. A method handle that is no constant does it: the compiler cannot
 * know where it leads.
 */
final class SlowPath {

    // Not final: see above.
    private static MethodHandle read = handle(Accessor.class, "wordSlowly",
            MethodType.methodType(long.class, long.class));
    private static MethodHandle locate = handle(Accessor.class, "locateSlowly",
            MethodType.methodType(long.class, long.class));
    private static MethodHandle enterWrite = handle(Accessor.class, "enterWriteSlowly",
            MethodType.methodType(long.class, long.class));
    private static MethodHandle pin = handle(Accessor.class, "pinSlowly",
            MethodType.methodType(PinRecord.class, long.class, long.class, PinTerm.class, PinAccess.class));
    private static MethodHandle unpin = handle(PinList.class, "unpin",
            MethodType.methodType(boolean.class, PinRecord.class, int.class));

    private SlowPath() {
    }

    static long read(Accessor accessor, long address) {
        try {
            return (long) read.invokeExact(accessor, address);
        } catch (Throwable failure) {
            throw unchecked(failure);
        }
    }

    static long locate(Accessor accessor, long address) {
        try {
            return (long) locate.invokeExact(accessor, address);
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

    static PinRecord pin(Accessor accessor, long address, long sizeBytes, PinTerm term, PinAccess access) {
        try {
            return (PinRecord) pin.invokeExact(accessor, address, sizeBytes, term, access);
        } catch (Throwable failure) {
            throw unchecked(failure);
        }
    }

    static boolean unpin(PinList pins, PinRecord pinned, int use) {
        try {
            return (boolean) unpin.invokeExact(pins, pinned, use);
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

    private static MethodHandle handle(Class<?> owner, String method, MethodType type) {
        try {
            return MethodHandles.lookup().findVirtual(owner, method, type);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
