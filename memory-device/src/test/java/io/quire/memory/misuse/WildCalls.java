package io.quire.memory.misuse;

import io.quire.memory.AddressSpace;
import io.quire.memory.Device;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.structure.ForkableMap;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * Calls every public method of every object with wild values, one after the other. Each call must end with a result or
 * a documented exception, and must refuse null where null is not documented. A neighbour must keep its content, and in
 * the end everything can be closed.
 */
final class WildCalls implements Misuse.Scenario {

    /** Packages whose classes users can name. Of other classes they can use the public interfaces. */
    private static final Set<String> EXPORTED = Set.of("io.quire.memory", "io.quire.memory.contract",
            "io.quire.memory.device", "io.quire.memory.structure", "io.quire.memory.softdevice");

    private static final int CALLS_A_WORLD = 2500;
    private static final int CALLS_BETWEEN_CHECKS = 100;
    private static final int LONGEST_MESSAGE = 1 << 16;

    /** Methods of software devices that make them fail or close on purpose, which is no misuse of the library. */
    private static final Set<String> NOT_CALLED = Set.of("close", "faults", "driver", "operationLimit", "poison");

    /** Methods of every object. */
    private static final Set<String> OF_OBJECTS = Set.of("wait", "notify", "notifyAll", "getClass", "equals");

    private final ArrayDeque<String> last = new ArrayDeque<>();

    /** Forbidden ends of calls, each with the first call that ended so. */
    private final Map<String, String> wrong = new TreeMap<>();

    /** For each method, how often it returned and how often it threw. */
    private final Map<String, int[]> ended = new TreeMap<>();

    @Override
    public void run(long seed, long endNanos, Heartbeat heart) throws Exception {
        for (long number = seed; System.nanoTime() < endNanos; number++) {
            last.clear();
            try {
                world(number, heart);
            } catch (Exception | Error failed) {
                throw new IllegalStateException("seed=" + number + ": " + failed + lines(), failed);
            }
        }
        ended.forEach((method, counts) -> System.out.println(method + ": returned=" + counts[0] + ", threw="
                + counts[1]));
        if (!wrong.isEmpty()) {
            StringBuilder lines = new StringBuilder();
            wrong.forEach((what, call) -> lines.append("\n  ").append(what).append(": ").append(call));
            throw new IllegalStateException("undocumented ends of calls: " + wrong.size() + lines);
        }
    }

    private String lines() {
        StringBuilder lines = new StringBuilder();
        last.forEach(call -> lines.append("\n    ").append(call));
        return lines.toString();
    }

    private void world(long seed, Heartbeat heart) throws Exception {
        Random random = new Random(seed);
        MisuseWorld world = new MisuseWorld(random, false);
        WildValues values = new WildValues(random, world);
        for (int i = 0; i < CALLS_A_WORLD; i++) {
            call(target(world, random), random, values, world, heart);
            if (i % CALLS_BETWEEN_CHECKS == 0) {
                heart.begins("check of the neighbour, seed=" + seed);
                world.neighbour.check();
                world.closeSome(random);
            }
        }
        heart.begins("the end, seed=" + seed);
        world.end(true);
        heart.rests();
    }

    /** Draws an object; every other time one that is probably still open. */
    private static Object target(MisuseWorld world, Random random) {
        if (random.nextInt(80) == 0) {
            return random.nextBoolean() ? MemoryManager.builder().hostPool(1 << 20) : ForkableMap.class;
        }
        int among = random.nextBoolean() ? MisuseWorld.OPEN_OBJECTS : world.objects.size();
        return world.objects.get(random.nextInt(among));
    }

    private void call(Object target, Random random, WildValues values, MisuseWorld world, Heartbeat heart)
            throws Exception {
        List<Method> methods = methods(target);
        Method method = methods.get(random.nextInt(methods.size()));
        String name = method.getDeclaringClass().getSimpleName() + "." + method.getName();
        boolean endsTheWorld = target == world.manager && method.getName().equals("closeAll")
                || method.getName().equals("giveUp") && random.nextInt(8) != 0;
        if (endsTheWorld || Misuse.isOff(name) || Misuse.isOff(method.getName())) {
            return;
        }
        Parameter[] parameters = method.getParameters();
        Object[] arguments = new Object[parameters.length];
        boolean nullRefused = false;
        boolean tame = random.nextBoolean();
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = tame ? values.tame(parameters[i].getType(), i) : values.of(parameters[i].getType());
            if (target instanceof MemoryManager.Builder && arguments[i] instanceof Duration && !tame) {
                arguments[i] = Duration.ofSeconds(Long.MAX_VALUE); // no method of a builder waits
            }
            nullRefused = nullRefused || (arguments[i] == null && !WildValues.takesNull(parameters[i]));
        }
        String call = describe(target, name, arguments);
        heart.begins(call);
        remember(call);
        try {
            Object made = method.invoke(target, arguments);
            ended.computeIfAbsent(name, _ -> new int[2])[0]++;
            if (nullRefused && !Misuse.isOff("nulls")) {
                wrong.putIfAbsent(name + Arrays.stream(parameters).map(one -> one.getType().getSimpleName()).toList()
                        + " took null", call);
            }
            if (method.getName().equals("giveUp")) {
                world.givenUp.add(((Device) target).name());
            }
            keep(made, target, method, arguments, world);
        } catch (InvocationTargetException thrown) {
            Throwable cause = thrown.getCause();
            ended.computeIfAbsent(name, _ -> new int[2])[1]++;
            last.addLast("  -> " + cause);
            if (!Documented.allows(method, target, cause)) {
                wrong.putIfAbsent(name + " threw " + cause.getClass().getName(), call + " -> " + cause + ", at="
                        + Arrays.stream(cause.getStackTrace()).limit(6).toList());
            }
            if (String.valueOf(cause.getMessage()).length() > LONGEST_MESSAGE) {
                wrong.putIfAbsent(name + " threw a message that is too long", call + ", characters="
                        + cause.getMessage().length());
            }
        }
    }

    private void remember(String call) {
        last.addLast(call);
        while (last.size() > 40) {
            last.removeFirst();
        }
    }

    private static void keep(Object made, Object target, Method method, Object[] arguments, MisuseWorld world) {
        world.adopt(made instanceof AddressSpace || made instanceof MemoryAccess || made instanceof AutoCloseable
                ? made : null);
        if (method.getName().equals("map") && (long) arguments[0] > 64L << 20) {
            // A mapping of terabytes would make later calls too slow.
            ((AddressSpace) target).unmap((long) made, (long) arguments[0]);
        }
        if (method.getName().equals("mapAt") && (long) arguments[1] > 64L << 20) {
            ((AddressSpace) target).unmap((long) arguments[0], (long) arguments[1]);
        }
        if (made instanceof MemoryManager manager) {
            manager.close();
        }
    }

    private static String describe(Object target, String name, Object[] arguments) {
        String values = Arrays.stream(arguments).map(WildCalls::text).toList().toString();
        return text(target) + " " + name + values;
    }

    private static String text(Object value) {
        return switch (value) {
            case null -> "null";
            case byte[] bytes -> "byte[" + bytes.length + "]";
            case long[] longs -> "long[" + longs.length + "]";
            case Long number -> "0x" + Long.toHexString(number);
            default -> {
                String text = String.valueOf(value);
                yield text.length() > 150 ? text.substring(0, 150) + "..." : text;
            }
        };
    }

    /** Returns the methods in an order that does not depend on the JVM. */
    private static List<Method> methods(Object target) {
        List<Method> methods = new ArrayList<>();
        if (target == ForkableMap.class) {
            return Arrays.stream(ForkableMap.class.getMethods())
                    .filter(method -> Modifier.isStatic(method.getModifiers()))
                    .sorted(Comparator.comparing(Method::toGenericString)).toList();
        }
        Class<?> type = target.getClass();
        boolean isOfUsers = Modifier.isPublic(type.getModifiers()) && EXPORTED.contains(type.getPackageName());
        List<Class<?>> types = isOfUsers ? List.of(type) : List.of(type.getInterfaces());
        for (Class<?> one : types) {
            for (Method method : one.getMethods()) {
                if (!OF_OBJECTS.contains(method.getName()) && !Modifier.isStatic(method.getModifiers())
                        && !method.isBridge() && !isOfDevice(target, method)) {
                    methods.add(accessible(method, type));
                }
            }
        }
        if (target instanceof Device) {
            // As documented, it may wait ten seconds for pins.
            methods.removeIf(method -> method.getName().equals("close") && method.getParameterCount() == 0);
        }
        if (target instanceof MemoryManager.Builder) {
            // A pool of terabytes is no misuse: the library would accept it.
            methods.removeIf(method -> method.getName().equals("device")
                    || method.getName().equals("hostPool") || method.getName().equals("deviceCoherentPool"));
        }
        methods.sort(Comparator.comparing(Method::toGenericString));
        return methods;
    }

    private static boolean isOfDevice(Object target, Method method) {
        return target instanceof SoftwareDevice && NOT_CALLED.contains(method.getName());
    }

    /** Returns a method that can be called, though it may be declared in a class that is not public. */
    private static Method accessible(Method method, Class<?> type) {
        try {
            return Modifier.isPublic(method.getDeclaringClass().getModifiers()) ? method
                    : type.getMethod(method.getName(), method.getParameterTypes());
        } catch (NoSuchMethodException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
