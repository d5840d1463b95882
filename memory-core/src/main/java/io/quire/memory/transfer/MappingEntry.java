package io.quire.memory.transfer;

import io.quire.memory.Mapping;
import io.quire.memory.contract.Protection;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One mapping in the list that comes behind the header of an export; behind the list is a CRC over all of it.
 * <pre>
 *  0         8            16           20
 *  +---------+------------+------------+
 *  | address | size bytes | protection |   protection: 1 if it may be read, 3 if it may also be written
 *  +---------+------------+------------+
 * </pre>
 */
final class MappingEntry {

    static final int SIZE_BYTES = 20;

    private static final int READABLE = 1;
    private static final int WRITABLE = 2;

    private MappingEntry() {
    }

    static void put(Mapping mapping, ByteBuffer target) {
        target.putLong(mapping.address()).putLong(mapping.sizeBytes()).putInt(code(mapping.protection()));
    }

    private static int code(Protection protection) {
        return (protection.isReadable() ? READABLE : 0) | (protection.isWritable() ? WRITABLE : 0);
    }

    /** Returns the protection with a code; null if there is none. */
    static @Nullable Protection protection(int code) {
        for (Protection protection : Protection.values()) {
            if (code(protection) == code) {
                return protection;
            }
        }
        return null;
    }
}
