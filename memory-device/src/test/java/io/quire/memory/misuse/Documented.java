package io.quire.memory.misuse;

import io.quire.memory.contract.MemoryException;
import io.quire.memory.device.DriverException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.Arrays;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Knows the exceptions that a method may throw for any arguments. */
final class Documented {

    /** Exceptions that any method may throw: an argument is null or wrong, or the state is wrong. */
    private static final Set<Class<?>> ALWAYS = Set.of(MemoryException.class, IllegalArgumentException.class,
            NullPointerException.class);

    private static final Map<String, Set<Class<?>>> MORE = new HashMap<>();

    static {
        MORE.put("Accessor", Set.of(WrongThreadException.class));
        MORE.put("RunCursor", Set.of(WrongThreadException.class));
        MORE.put("WritableRunCursor", Set.of(WrongThreadException.class));
        MORE.put("Pin", Set.of(WrongThreadException.class));
        MORE.put("ForkableMap", Set.of(WrongThreadException.class, IllegalStateException.class));
        MORE.put("Pin.state", Set.of(IndexOutOfBoundsException.class));
        MORE.put("Pin.segments", Set.of(UnsupportedOperationException.class));
        MORE.put("MigrationReport.outcome", Set.of(IndexOutOfBoundsException.class));
        MORE.put("Device.attach", Set.of(IllegalStateException.class));
        MORE.put("ForkableMap.forEach", Set.of(ConcurrentModificationException.class));
        MORE.put("Builder.build", Set.of(IllegalStateException.class));
        Set<Class<?>> bounds = Set.of(IndexOutOfBoundsException.class, WrongThreadException.class);
        for (String method : new String[] {"gatherLongs", "copyTo", "copyFrom", "mismatch"}) {
            MORE.put("MemoryAccess." + method, bounds);
        }
        for (String method : new String[] {"read", "readMapped", "write", "fill", "sum", "copy", "atomicAdd"}) {
            MORE.put("SoftwareDevice." + method, Set.of(DriverException.class));
        }
    }

    private Documented() {
    }

    static boolean allows(Method method, Object target, Throwable thrown) {
        Set<Class<?>> allowed = new HashSet<>(ALWAYS);
        allowed.addAll(of(method.getDeclaringClass().getSimpleName(), method));
        allowed.addAll(of(target == null ? "" : target.getClass().getSimpleName(), method));
        if (Arrays.asList(method.getParameterTypes()).contains(MemorySegment.class)) {
            // Because of the segment: it is closed, of another thread, or read-only.
            allowed.addAll(Set.of(IllegalStateException.class, WrongThreadException.class,
                    UnsupportedOperationException.class));
        }
        if (Arrays.asList(method.getParameterTypes()).contains(ByteBuffer.class)) {
            allowed.addAll(Set.of(IllegalStateException.class, ReadOnlyBufferException.class));
        }
        if (Arrays.stream(method.getParameterTypes()).anyMatch(type -> type.getSimpleName().equals("MemoryAccess"))) {
            allowed.add(WrongThreadException.class);
        }
        return thrown instanceof Thrown || allowed.stream().anyMatch(type -> type.isInstance(thrown));
    }

    private static Set<Class<?>> of(String type, Method method) {
        Set<Class<?>> all = new HashSet<>(MORE.getOrDefault(type, Set.of()));
        all.addAll(MORE.getOrDefault(type + "." + method.getName(), Set.of()));
        return all;
    }

    /** Thrown by callbacks of the fuzzer; the library must pass it on as it is. */
    static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Thrown() {
            super("thrown by a callback");
        }
    }
}
