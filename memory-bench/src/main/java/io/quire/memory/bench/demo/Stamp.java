package io.quire.memory.bench.demo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The first 8 bytes of every value: the number of the update that wrote it, 0 for what was loaded. The
 * content follows. By its newest stamp a fork tells the moment it is of.
 */
final class Stamp {

    static final int BYTES = Long.BYTES;

    private static final VarHandle NUMBER =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Stamp() {
    }

    static long of(byte[] value) {
        return (long) NUMBER.get(value, 0);
    }

    static void set(byte[] value, long update) {
        NUMBER.set(value, 0, update);
    }
}
