package io.quire.memory.softdevice;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * The functions of {@code quire_device.h}, one method each, with the same names as in C but without the prefix, and the
 * layouts of its structures. Use this class only if {@link NativeLibrary#missing} returned null. Any thread may call
 * these methods. Those that call C return a {@link Status}.
 */
@SuppressWarnings("restricted") // this class is the native border
final class NativeCalls {

    // struct quire_translation
    static final long TRANSLATION_BYTES = 16;
    static final long TRANSLATION_HOST = 0;
    static final long TRANSLATION_FRAME = 8;
    static final long TRANSLATION_ACCESS = 12;

    // struct quire_operation
    static final long OPERATION_BYTES = 56;
    static final long OPERATION_KIND = 0;
    static final long OPERATION_TICKET = 8;
    static final long OPERATION_MIRROR = 16;
    static final long OPERATION_ADDRESS = 24;
    static final long OPERATION_TARGET = 32;
    static final long OPERATION_SIZE_BYTES = 40;
    static final long OPERATION_VALUE = 48;

    // struct quire_result
    static final long RESULT_BYTES = 32;
    static final long RESULT_PAGES = 0;
    static final long RESULT_FAULT_ROUNDS = 8;
    static final long RESULT_RETRIES = 16;
    static final long RESULT_VALUE = 24;

    // struct quire_entry
    static final long ENTRY_BYTES = 24;
    static final long ENTRY_ADDRESS = 0;
    static final long ENTRY_FRAME = 8;
    static final long ENTRY_ACCESS = 12;
    static final long ENTRY_ACCESSED = 16;
    static final long ENTRY_STALE = 20;

    // struct quire_event
    static final long EVENT_BYTES = 56;
    static final long EVENT_NUMBER = 0;
    static final long EVENT_MIRROR = 8;
    static final long EVENT_START = 16;
    static final long EVENT_END = 24;
    static final long EVENT_SEQUENCE = 32;
    static final long EVENT_TYPE = 40;
    static final long EVENT_KIND = 44;
    static final long EVENT_OWNER = 48;
    static final long EVENT_FRAME = 52;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle MEMORY_MAP = handle("quire_memory_map", JAVA_LONG, ADDRESS);
    private static final MethodHandle MEMORY_UNMAP = handle("quire_memory_unmap", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CREATE =
            handle("quire_device_create", JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
    private static final MethodHandle CLOSE = handle("quire_device_close", JAVA_LONG, JAVA_INT);
    private static final MethodHandle FRAME_ALLOCATED = handle("quire_device_frame_allocated", JAVA_LONG, JAVA_INT);
    private static final MethodHandle FRAME_FREED = handle("quire_device_frame_freed", JAVA_LONG, JAVA_INT);
    private static final MethodHandle FRAMES_ALLOCATED =
            handle("quire_device_frames_allocated", JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle FRAMES_FREED =
            handle("quire_device_frames_freed", JAVA_LONG, ADDRESS, JAVA_INT);
    private static final MethodHandle POISON = handle("quire_device_poison", JAVA_LONG, JAVA_INT);
    private static final MethodHandle COPY_IN = handle("quire_device_copy_in", JAVA_LONG, ADDRESS, JAVA_INT);
    private static final MethodHandle COPY_OUT = handle("quire_device_copy_out", JAVA_LONG, JAVA_INT, ADDRESS);
    private static final MethodHandle ZERO = handle("quire_device_zero", JAVA_LONG, JAVA_INT);
    private static final MethodHandle ATTACH = handle("quire_device_attach", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DETACH = handle("quire_device_detach", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle INVALIDATE_START = handle("quire_device_invalidate_start", JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle INVALIDATE_END = handle("quire_device_invalidate_end", JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MAP =
            handle("quire_device_map", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS);
    private static final MethodHandle TEST_AND_CLEAR_ACCESSED =
            handle("quire_device_test_and_clear_accessed", JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final MethodHandle RUN =
            handle("quire_device_run", JAVA_LONG, ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle TABLE =
            handle("quire_device_table", JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle STALE = handle("quire_device_stale", JAVA_LONG, ADDRESS);
    private static final MethodHandle COUNTERS = handle("quire_device_counters", JAVA_LONG, ADDRESS);
    private static final MethodHandle EVENTS = handle("quire_device_events", JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle FAIL_ALLOCATION = handle("quire_device_fail_allocation", JAVA_LONG, JAVA_INT);
    private static final MethodHandle FAIL_COPY = handle("quire_device_fail_copy", JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle DELAY = handle("quire_device_delay", JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle REFUSE_NON_BLOCKING =
            handle("quire_device_refuse_non_blocking", JAVA_LONG, JAVA_INT);
    private static final MethodHandle HOLD_INVALIDATIONS =
            handle("quire_device_hold_invalidations", JAVA_LONG, JAVA_INT);
    private static final MethodHandle HOLD_ACCESSES = handle("quire_device_hold_accesses", JAVA_LONG, JAVA_INT);
    private static final MethodHandle ACCESSING = handle("quire_device_accessing", JAVA_LONG, ADDRESS);

    private NativeCalls() {
    }

    /** Makes a C function pointer of type {@code quire_fault} to a static method. */
    static MemorySegment faultFunction(MethodHandles.Lookup lookup, Class<?> owner, String method) {
        FunctionDescriptor descriptor = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
        try {
            MethodHandle target = lookup.findStatic(owner, method, descriptor.toMethodType());
            return LINKER.upcallStub(target, descriptor, Arena.global());
        } catch (ReflectiveOperationException wrong) {
            throw new IllegalStateException("no such method: " + owner + "." + method, wrong);
        }
    }

    /** Returns the memory that a pointer from C leads to. */
    static MemorySegment at(MemorySegment pointer, long sizeBytes) {
        return pointer.reinterpret(sizeBytes);
    }

    /** Returns memory of {@link #memoryMap} as a segment. It is unmapped when the segment becomes unreachable. */
    static MemorySegment collected(long address, long sizeBytes) {
        return MemorySegment.ofAddress(address).reinterpret(sizeBytes, Arena.ofAuto(),
                unreachable -> memoryUnmap(unreachable.address(), sizeBytes));
    }

    static int memoryMap(long sizeBytes, MemorySegment address) {
        try {
            return (int) MEMORY_MAP.invokeExact(sizeBytes, address);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int memoryUnmap(long address, long sizeBytes) {
        try {
            return (int) MEMORY_UNMAP.invokeExact(address, sizeBytes);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int create(long coherent, long sizeBytes, MemorySegment fault, MemorySegment device) {
        try {
            return (int) CREATE.invokeExact(coherent, sizeBytes, fault, device);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int close(long device, int timeoutMillis) {
        try {
            return (int) CLOSE.invokeExact(device, timeoutMillis);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int frameAllocated(long device, int frame) {
        try {
            return (int) FRAME_ALLOCATED.invokeExact(device, frame);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int frameFreed(long device, int frame) {
        try {
            return (int) FRAME_FREED.invokeExact(device, frame);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int framesAllocated(long device, MemorySegment frames, int count, MemorySegment granted) {
        try {
            return (int) FRAMES_ALLOCATED.invokeExact(device, frames, count, granted);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int framesFreed(long device, MemorySegment frames, int count) {
        try {
            return (int) FRAMES_FREED.invokeExact(device, frames, count);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int poison(long device, int on) {
        try {
            return (int) POISON.invokeExact(device, on);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int copyIn(long device, MemorySegment source, int frame) {
        try {
            return (int) COPY_IN.invokeExact(device, source, frame);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int copyOut(long device, int frame, MemorySegment target) {
        try {
            return (int) COPY_OUT.invokeExact(device, frame, target);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int zero(long device, int frame) {
        try {
            return (int) ZERO.invokeExact(device, frame);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int attach(long device, long mirror) {
        try {
            return (int) ATTACH.invokeExact(device, mirror);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int detach(long device, long mirror) {
        try {
            return (int) DETACH.invokeExact(device, mirror);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int invalidateStart(long device, long mirror, long start, long end, int kind, int owner,
            long sequence, int mayBlock) {
        try {
            return (int) INVALIDATE_START.invokeExact(device, mirror, start, end, kind, owner, sequence, mayBlock);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int invalidateEnd(long device, long mirror, long start, long end, int kind, int owner, long sequence) {
        try {
            return (int) INVALIDATE_END.invokeExact(device, mirror, start, end, kind, owner, sequence);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int map(long device, long mirror, long address, long sequence, int count, MemorySegment translations) {
        try {
            return (int) MAP.invokeExact(device, mirror, address, sequence, count, translations);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int testAndClearAccessed(long device, long mirror, long address, MemorySegment accessed) {
        try {
            return (int) TEST_AND_CLEAR_ACCESSED.invokeExact(device, mirror, address, accessed);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int run(long device, MemorySegment operation, MemorySegment buffer, int timeoutMillis,
            MemorySegment result) {
        try {
            return (int) RUN.invokeExact(device, operation, buffer, timeoutMillis, result);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int table(long device, long mirror, int capacity, MemorySegment entries, MemorySegment count) {
        try {
            return (int) TABLE.invokeExact(device, mirror, capacity, entries, count);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int stale(long device, MemorySegment count) {
        try {
            return (int) STALE.invokeExact(device, count);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int counters(long device, MemorySegment counters) {
        try {
            return (int) COUNTERS.invokeExact(device, counters);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int events(long device, int capacity, MemorySegment events, MemorySegment count) {
        try {
            return (int) EVENTS.invokeExact(device, capacity, events, count);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int failAllocation(long device, int k) {
        try {
            return (int) FAIL_ALLOCATION.invokeExact(device, k);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int failCopy(long device, int k, int status) {
        try {
            return (int) FAIL_COPY.invokeExact(device, k, status);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int delay(long device, int phase, int micros) {
        try {
            return (int) DELAY.invokeExact(device, phase, micros);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int refuseNonBlocking(long device, int on) {
        try {
            return (int) REFUSE_NON_BLOCKING.invokeExact(device, on);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int holdInvalidations(long device, int on) {
        try {
            return (int) HOLD_INVALIDATIONS.invokeExact(device, on);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int holdAccesses(long device, int on) {
        try {
            return (int) HOLD_ACCESSES.invokeExact(device, on);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int accessing(long device, MemorySegment accessing) {
        try {
            return (int) ACCESSING.invokeExact(device, accessing);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    private static MethodHandle handle(String function, MemoryLayout... parameters) {
        return LINKER.downcallHandle(NativeLibrary.symbols().findOrThrow(function),
                FunctionDescriptor.of(JAVA_INT, parameters));
    }

    private static RuntimeException unexpected(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException runtime ? runtime
                : new IllegalStateException("a function of the library could not be called", failure);
    }
}
