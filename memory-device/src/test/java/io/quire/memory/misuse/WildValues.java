package io.quire.memory.misuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Draws arguments that are mostly wrong, and sometimes right. */
final class WildValues {

    private static final long ADDRESS_LIMIT = 1L << 47;

    private static final long[] LONGS = {0, 1, -1, 7, 8, 4095, 4096, 4097, 8192, 256 << 10, 64L << 20, 1L << 32,
        ADDRESS_LIMIT - 4096, ADDRESS_LIMIT - 1, ADDRESS_LIMIT, ADDRESS_LIMIT + 1, 1L << 62, Long.MAX_VALUE - 4095,
        Long.MAX_VALUE - 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 1, Integer.MAX_VALUE,
        1L + Integer.MAX_VALUE, -4096};

    private static final long[] TAME_SIZES = {0, 1, 8, 4096, 8192, 20_000};

    private static final int[] INTS = {0, 1, -1, 2, 8, 100, 4096, 65536, 65537, Integer.MAX_VALUE, Integer.MIN_VALUE};

    private final MemorySegment closed = closedSegment();
    private final MemorySegment foreign = foreignSegment();
    private final Random random;
    private final MisuseWorld world;

    WildValues(Random random, MisuseWorld world) {
        this.random = random;
        this.world = world;
    }

    private static MemorySegment closedSegment() {
        try (Arena arena = Arena.ofConfined()) {
            return arena.allocate(8192);
        }
    }

    private static MemorySegment foreignSegment() {
        MemorySegment[] made = new MemorySegment[1];
        Thread thread = Thread.ofPlatform().start(() -> made[0] = Arena.ofConfined().allocate(8192));
        try {
            thread.join();
        } catch (InterruptedException unwanted) {
            throw new IllegalStateException(unwanted);
        }
        return made[0];
    }

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    /** Returns true if a method accepts null for a parameter. */
    static boolean takesNull(Parameter parameter) {
        return parameter.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }

    /** Draws an argument that is probably right: first an address, then sizes. */
    Object tame(Class<?> type, int position) {
        if (type == long.class) {
            return position == 0 ? pick(world.addresses) + random.nextInt(2) * 4096L * random.nextInt(20)
                    : TAME_SIZES[random.nextInt(TAME_SIZES.length)];
        }
        return type == int.class ? Integer.valueOf(random.nextInt(9)) : type.isPrimitive() ? of(type) : object(type);
    }

    Object of(Class<?> type) {
        if (type == long.class) {
            return longValue();
        } else if (type == int.class) {
            return random.nextInt(3) == 0 ? random.nextInt(200) : INTS[random.nextInt(INTS.length)];
        } else if (type == byte.class) {
            return (byte) random.nextInt();
        } else if (type == short.class) {
            return (short) random.nextInt();
        } else if (type == boolean.class) {
            return random.nextBoolean();
        } else if (type == float.class) {
            return random.nextFloat();
        } else if (type == double.class) {
            return random.nextDouble();
        }
        return random.nextInt(12) == 0 ? null : object(type);
    }

    private long longValue() {
        return switch (random.nextInt(5)) {
            case 0, 1 -> pick(world.addresses);
            case 2 -> pick(world.addresses) + LONGS[random.nextInt(10)] * (random.nextInt(3) - 1);
            case 3 -> random.nextInt(9) * 4096L;
            default -> LONGS[random.nextInt(LONGS.length)];
        };
    }

    private Object object(Class<?> type) {
        if (type.isEnum()) {
            return type.getEnumConstants()[random.nextInt(type.getEnumConstants().length)];
        } else if (type == String.class) {
            return pick(List.of("", " ", "host", "coherent", "private", "a name", "x".repeat(5000)));
        } else if (type == byte[].class) {
            return new byte[pick(List.of(0, 1, 2, 300, 5000, 65535, 65536))];
        } else if (type == long[].class) {
            return longs();
        } else if (type == double[].class) {
            return new double[random.nextInt(12)];
        } else if (type == ByteBuffer.class) {
            return buffer();
        } else if (type == ByteOrder.class) {
            return pick(List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN));
        } else if (type == Duration.class) {
            return pick(List.of(Duration.ZERO, Duration.ofMillis(2), Duration.ofSeconds(-1),
                    Duration.ofSeconds(Long.MIN_VALUE)));
        } else if (type == MemorySegment.class) {
            return segment();
        } else if (type == LongConsumer.class) {
            return progress();
        } else if (type == BiConsumer.class) {
            return action();
        }
        return ofWorld(type);
    }

    private long[] longs() {
        long[] longs = new long[random.nextInt(12)];
        for (int i = 0; i < longs.length; i++) {
            longs[i] = random.nextInt(4) == 0 ? longValue() : pick(world.addresses);
        }
        return longs;
    }

    private MemorySegment segment() {
        return switch (random.nextInt(8)) {
            case 0 -> MemorySegment.NULL;
            case 1 -> closed;
            case 2 -> foreign;
            case 3 -> MemorySegment.ofArray(new byte[4096]).asReadOnly();
            case 4 -> MemorySegment.ofArray(new int[500]);
            case 5 -> Arena.ofAuto().allocate(5000, 8);
            case 6 -> MemorySegment.ofArray(new byte[random.nextInt(300)]);
            default -> MemorySegment.ofArray(new byte[70_000]);
        };
    }

    private ByteBuffer buffer() {
        return switch (random.nextInt(6)) {
            case 0 -> ByteBuffer.allocate(0);
            case 1 -> ByteBuffer.allocate(4096).asReadOnlyBuffer();
            case 2 -> foreign.asByteBuffer();
            case 3 -> ByteBuffer.allocateDirect(5000).position(random.nextInt(5000));
            case 4 -> ByteBuffer.allocate(random.nextInt(300));
            default -> ByteBuffer.allocate(70_000).position(random.nextInt(70_000));
        };
    }

    private LongConsumer progress() {
        return switch (random.nextInt(3)) {
            case 0 -> _ -> {
                throw new Documented.Thrown();
            };
            case 1 -> _ -> world.manager.maintain();
            default -> _ -> {};
        };
    }

    private BiConsumer<byte[], byte[]> action() {
        return switch (random.nextInt(3)) {
            case 0 -> (_, _) -> {
                throw new Documented.Thrown();
            };
            case 1 -> (_, _) -> world.manager.newAddressSpace().close();
            default -> (_, _) -> {};
        };
    }

    private Object ofWorld(Class<?> type) {
        List<Object> fitting = world.objects.stream().filter(type::isInstance).toList();
        if (fitting.isEmpty()) {
            throw new IllegalStateException("no value for " + type);
        }
        return pick(fitting);
    }
}
