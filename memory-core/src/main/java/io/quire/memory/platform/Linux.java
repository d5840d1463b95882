package io.quire.memory.platform;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The Linux functions this library calls, one method each, named as in C. Use it only where
 * {@link NativeAccess#ENABLED} is true. Any thread.
 */
@SuppressWarnings("restricted") // makes the native calls
final class Linux {

    // <sys/mman.h>
    static final int PROT_READ_WRITE = 0x3;
    static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
    static final int MADV_DONTNEED = 4;
    static final int MADV_HUGEPAGE = 14;
    static final int MADV_POPULATE_WRITE = 23;
    // <linux/membarrier.h>
    static final int MEMBARRIER_CMD_PRIVATE_EXPEDITED = 1 << 3;
    static final int MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 1 << 4;

    private static final long MEMBARRIER_NUMBER = NativeAccess.isArch("aarch64") ? 283 : 324;
    private static final long MAP_FAILED = -1;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final VarHandle ERRNO_FIELD = Linker.Option.captureStateLayout()
            .varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle MMAP = handle("mmap",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG), ERRNO);
    private static final MethodHandle MUNMAP = handle("munmap",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MADVISE = handle("madvise",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle MEMCPY = handle("memcpy",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle SYSCALL = handle("syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(1));

    private Linux() {
    }

    /** Maps private, zeroed memory, which takes no physical memory before it is touched. Returns its address. */
    static long mmap(long sizeBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            long address = (long) MMAP.invokeExact(state, 0L, sizeBytes, PROT_READ_WRITE,
                    MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
            if (address == MAP_FAILED) {
                throw new IllegalStateException("mmap failed: sizeBytes=" + sizeBytes
                        + ", errno=" + (int) ERRNO_FIELD.get(state, 0L));
            }
            return address;
        } catch (Throwable failure) {
            throw unexpected("mmap", failure);
        }
    }

    static int munmap(long address, long sizeBytes) {
        try {
            return (int) MUNMAP.invokeExact(address, sizeBytes);
        } catch (Throwable failure) {
            throw unexpected("munmap", failure);
        }
    }

    static int madvise(long address, long sizeBytes, int advice) {
        try {
            return (int) MADVISE.invokeExact(address, sizeBytes, advice);
        } catch (Throwable failure) {
            throw unexpected("madvise", failure);
        }
    }

    /** Returns the target, as in C. */
    static long memcpy(long target, long source, long sizeBytes) {
        try {
            return (long) MEMCPY.invokeExact(target, source, sizeBytes);
        } catch (Throwable failure) {
            throw unexpected("memcpy", failure);
        }
    }

    /** Returns 0, or a negative number if the kernel or a sandbox refuses the call. */
    static long membarrier(int command) {
        try {
            return (long) SYSCALL.invokeExact(MEMBARRIER_NUMBER, command, 0, 0);
        } catch (Throwable failure) {
            throw unexpected("membarrier", failure);
        }
    }

    private static MethodHandle handle(String function, FunctionDescriptor descriptor, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), descriptor, options);
    }

    private static RuntimeException unexpected(String function, Throwable failure) {
        if (failure instanceof RuntimeException runtime) {
            return runtime;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(function + " could not be called", failure);
    }
}
