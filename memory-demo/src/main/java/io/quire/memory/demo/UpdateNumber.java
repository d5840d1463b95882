package io.quire.memory.demo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The first 8 bytes of every value: the number of the update that wrote it, or 0 for a value that was loaded. The
 * content follows. The highest number in a fork says after which update the fork was taken.
 */
final class UpdateNumber {

    static final int BYTES = Long.BYTES;

    private static final VarHandle NUMBER =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private UpdateNumber() {
    }

    static long of(byte[] value) {
        return (long) NUMBER.get(value, 0);
    }

    static void set(byte[] value, long update) {
        NUMBER.set(value, 0, update);
    }
}
