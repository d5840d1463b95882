package io.quire.memory.harness;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.quire.memory.MemoryAccess;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One method that reads or writes one value: how a space does it, and how a byte buffer does it.
 *
 * @param name the name of the method
 * @param sizeBytes the size of the value
 * @param aligned true if the address must be a multiple of the size
 * @param writes true if the method may write
 * @param space calls the method; a method that writes makes its value of the number
 * @param buffer does the same at position 0 of a buffer in native byte order
 */
public record ValueOperation(String name, int sizeBytes, boolean aligned, boolean writes, OnSpace space,
        OnBuffer buffer) {

    @FunctionalInterface
    public interface OnSpace {
        @Nullable Object apply(MemoryAccess access, long address, long value);
    }

    @FunctionalInterface
    public interface OnBuffer {
        @Nullable Object apply(ByteBuffer bytes, long value);
    }

    private interface Reader {
        Object read(MemoryAccess access, long address);
    }

    private interface Writer {
        void write(MemoryAccess access, long address, long value);
    }

    private interface BufferReader {
        Object read(ByteBuffer bytes);
    }

    private interface BufferWriter {
        void write(ByteBuffer bytes, long value);
    }

    /** All methods that read or write one value. */
    public static final List<ValueOperation> ALL = all();

    private static List<ValueOperation> all() {
        List<ValueOperation> all = new ArrayList<>();
        all.add(read("getByte", 1, MemoryAccess::getByte, bytes -> bytes.get(0)));
        all.add(read("getShort", 2, MemoryAccess::getShort, bytes -> bytes.getShort(0)));
        all.add(read("getInt", 4, MemoryAccess::getInt, bytes -> bytes.getInt(0)));
        all.add(read("getLong", 8, MemoryAccess::getLong, bytes -> bytes.getLong(0)));
        all.add(read("getFloat", 4, (a, at) -> Float.floatToIntBits(a.getFloat(at)),
                bytes -> Float.floatToIntBits(bytes.getFloat(0))));
        all.add(read("getDouble", 8, (a, at) -> Double.doubleToLongBits(a.getDouble(at)),
                bytes -> Double.doubleToLongBits(bytes.getDouble(0))));
        all.add(write("setByte", 1, (a, at, v) -> a.setByte(at, (byte) v),
                (bytes, v) -> bytes.put(0, (byte) v)));
        all.add(write("setShort", 2, (a, at, v) -> a.setShort(at, (short) v),
                (b, v) -> b.putShort(0, (short) v)));
        all.add(write("setInt", 4, (a, at, v) -> a.setInt(at, (int) v), (b, v) -> b.putInt(0, (int) v)));
        all.add(write("setLong", 8, MemoryAccess::setLong, (b, v) -> b.putLong(0, v)));
        all.add(write("setFloat", 4, (a, at, v) -> a.setFloat(at, (float) v),
                (b, v) -> b.putFloat(0, (float) v)));
        all.add(write("setDouble", 8, (a, at, v) -> a.setDouble(at, (double) v),
                (b, v) -> b.putDouble(0, (double) v)));
        for (ByteOrder order : List.of(LITTLE_ENDIAN, BIG_ENDIAN)) {
            addOrdered(all, order);
        }
        addAtomic(all);
        return List.copyOf(all);
    }

    private static void addOrdered(List<ValueOperation> all, ByteOrder order) {
        all.add(read("getShort " + order, 2, (a, at) -> a.getShort(at, order),
                b -> b.order(order).getShort(0)));
        all.add(read("getInt " + order, 4, (a, at) -> a.getInt(at, order), b -> b.order(order).getInt(0)));
        all.add(read("getLong " + order, 8, (a, at) -> a.getLong(at, order), b -> b.order(order).getLong(0)));
        all.add(read("getFloat " + order, 4, (a, at) -> Float.floatToIntBits(a.getFloat(at, order)),
                b -> Float.floatToIntBits(b.order(order).getFloat(0))));
        all.add(read("getDouble " + order, 8, (a, at) -> Double.doubleToLongBits(a.getDouble(at, order)),
                b -> Double.doubleToLongBits(b.order(order).getDouble(0))));
        all.add(write("setShort " + order, 2, (a, at, v) -> a.setShort(at, (short) v, order),
                (b, v) -> b.order(order).putShort(0, (short) v)));
        all.add(write("setInt " + order, 4, (a, at, v) -> a.setInt(at, (int) v, order),
                (b, v) -> b.order(order).putInt(0, (int) v)));
        all.add(write("setLong " + order, 8, (a, at, v) -> a.setLong(at, v, order),
                (b, v) -> b.order(order).putLong(0, v)));
        all.add(write("setFloat " + order, 4, (a, at, v) -> a.setFloat(at, (float) v, order),
                (b, v) -> b.order(order).putFloat(0, (float) v)));
        all.add(write("setDouble " + order, 8, (a, at, v) -> a.setDouble(at, (double) v, order),
                (b, v) -> b.order(order).putDouble(0, (double) v)));
    }

    private static void addAtomic(List<ValueOperation> all) {
        all.add(read("getIntOpaque", 4, MemoryAccess::getIntOpaque, b -> b.getInt(0)).atAligned());
        all.add(read("getLongOpaque", 8, MemoryAccess::getLongOpaque, b -> b.getLong(0)).atAligned());
        all.add(read("getIntAcquire", 4, MemoryAccess::getIntAcquire, b -> b.getInt(0)).atAligned());
        all.add(read("getLongAcquire", 8, MemoryAccess::getLongAcquire, b -> b.getLong(0)).atAligned());
        all.add(read("getIntVolatile", 4, MemoryAccess::getIntVolatile, b -> b.getInt(0)).atAligned());
        all.add(read("getLongVolatile", 8, MemoryAccess::getLongVolatile, b -> b.getLong(0)).atAligned());
        all.add(write("setIntOpaque", 4, (a, at, v) -> a.setIntOpaque(at, (int) v),
                (b, v) -> b.putInt(0, (int) v)).atAligned());
        all.add(write("setLongOpaque", 8, MemoryAccess::setLongOpaque, (b, v) -> b.putLong(0, v))
                .atAligned());
        all.add(write("setIntRelease", 4, (a, at, v) -> a.setIntRelease(at, (int) v),
                (b, v) -> b.putInt(0, (int) v)).atAligned());
        all.add(write("setLongRelease", 8, MemoryAccess::setLongRelease, (b, v) -> b.putLong(0, v))
                .atAligned());
        all.add(write("setIntVolatile", 4, (a, at, v) -> a.setIntVolatile(at, (int) v),
                (b, v) -> b.putInt(0, (int) v)).atAligned());
        all.add(write("setLongVolatile", 8, MemoryAccess::setLongVolatile, (b, v) -> b.putLong(0, v))
                .atAligned());
        addExchanges(all);
    }

    private static void addExchanges(List<ValueOperation> all) {
        all.add(new ValueOperation("compareAndSetInt", 4, true, true,
                (a, at, v) -> a.compareAndSetInt(at, (int) expected(v, a.getInt(at)), (int) v),
                (b, v) -> b.getInt(0) == (int) expected(v, b.getInt(0)) && b.putInt(0, (int) v) == b));
        all.add(new ValueOperation("compareAndSetLong", 8, true, true,
                (a, at, v) -> a.compareAndSetLong(at, expected(v, a.getLong(at)), v),
                (b, v) -> b.getLong(0) == expected(v, b.getLong(0)) && b.putLong(0, v) == b));
        all.add(new ValueOperation("compareAndExchangeInt", 4, true, true,
                (a, at, v) -> a.compareAndExchangeInt(at, (int) expected(v, a.getInt(at)), (int) v),
                (b, v) -> {
                    int before = b.getInt(0);
                    b.putInt(0, before == (int) expected(v, before) ? (int) v : before);
                    return before;
                }));
        all.add(new ValueOperation("compareAndExchangeLong", 8, true, true,
                (a, at, v) -> a.compareAndExchangeLong(at, expected(v, a.getLong(at)), v),
                (b, v) -> {
                    long before = b.getLong(0);
                    b.putLong(0, before == expected(v, before) ? v : before);
                    return before;
                }));
        all.add(new ValueOperation("getAndSetInt", 4, true, true, (a, at, v) -> a.getAndSetInt(at, (int) v),
                (b, v) -> {
                    int before = b.getInt(0);
                    b.putInt(0, (int) v);
                    return before;
                }));
        all.add(new ValueOperation("getAndSetLong", 8, true, true, MemoryAccess::getAndSetLong, (b, v) -> {
            long before = b.getLong(0);
            b.putLong(0, v);
            return before;
        }));
        all.add(new ValueOperation("getAndAddInt", 4, true, true, (a, at, v) -> a.getAndAddInt(at, (int) v),
                (b, v) -> {
                    int before = b.getInt(0);
                    b.putInt(0, before + (int) v);
                    return before;
                }));
        all.add(new ValueOperation("getAndAddLong", 8, true, true, MemoryAccess::getAndAddLong, (b, v) -> {
            long before = b.getLong(0);
            b.putLong(0, before + v);
            return before;
        }));
    }

    /** Makes half of the exchanges succeed. */
    private static long expected(long value, long current) {
        return (value & 1) == 0 ? current : ~current;
    }

    private static ValueOperation read(String name, int sizeBytes, Reader space, BufferReader buffer) {
        return new ValueOperation(name, sizeBytes, false, false, (a, at, v) -> space.read(a, at),
                (b, v) -> buffer.read(b));
    }

    private static ValueOperation write(String name, int sizeBytes, Writer space, BufferWriter buffer) {
        return new ValueOperation(name, sizeBytes, false, true, (a, at, v) -> {
            space.write(a, at, v);
            return null;
        }, (b, v) -> {
            buffer.write(b, v);
            return null;
        });
    }

    private ValueOperation atAligned() {
        return new ValueOperation(name, sizeBytes, true, writes, space, buffer);
    }

    /** Applies the method to some bytes, and returns its result. */
    public @Nullable Object applyTo(byte[] bytes, long value) {
        return buffer.apply(ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()), value);
    }

    @Override
    public String toString() {
        return name;
    }
}
