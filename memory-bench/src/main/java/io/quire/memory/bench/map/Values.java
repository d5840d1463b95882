package io.quire.memory.bench.map;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Keys of 8 bytes, and values of 64 bytes: one word, eight times. */
final class Values {

    static final int KEY_BYTES = Long.BYTES;
    static final int VALUE_BYTES = 64;
    static final int WORDS = VALUE_BYTES / Long.BYTES;

    private static final VarHandle WORD =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private Values() {
    }

    /** Makes a new value. */
    static byte[] of(long word) {
        byte[] value = new byte[VALUE_BYTES];
        for (int at = 0; at < VALUE_BYTES; at += Long.BYTES) {
            WORD.set(value, at, word);
        }
        return value;
    }

    /** Overwrites the content of a buffer with a value. */
    static void set(ByteBuffer value, long word) {
        for (int at = 0; at < VALUE_BYTES; at += Long.BYTES) {
            value.putLong(at, word);
        }
    }

    /** Writes a key into an array that is reused for one key after another. */
    static void setKey(byte[] bytes, long key) {
        WORD.set(bytes, 0, key);
    }

    /** Returns the sum of all words of a value. The value must be present. */
    static long sum(byte @Nullable [] value) {
        if (value == null) {
            throw new IllegalStateException("a key that was put has no value");
        }
        long sum = 0;
        for (int at = 0; at < VALUE_BYTES; at += Long.BYTES) {
            sum += (long) WORD.get(value, at);
        }
        return sum;
    }

    /** Returns the same sum, read from a buffer. */
    static long sum(ByteBuffer value) {
        long sum = 0;
        for (int at = 0; at < VALUE_BYTES; at += Long.BYTES) {
            sum += value.getLong(at);
        }
        return sum;
    }

    /** Copies a value. */
    static byte[] copy(byte[] value) {
        return Arrays.copyOf(value, VALUE_BYTES);
    }
}
