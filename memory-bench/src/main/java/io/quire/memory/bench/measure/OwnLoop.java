package io.quire.memory.bench.measure;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.LongUnaryOperator;

/**
 * One loop, written once, measured with many rivals in one process. What the compiler knows about a call belongs to
 * the class that makes it: a loop that has called several rivals calls all of them through a table from then on. So
 * each gets a copy of the class of its loop, made from the same bytes, in which the rival is a constant.
 */
public final class OwnLoop {

    private OwnLoop() {
    }

    /**
     * A copy of a loop.
     *
     * @param home the lookup of a class in the package of the loop
     * @param loop has a constructor without arguments, and its rival in a static final field, from {@link #rival}
     * @param rival what the copy measures
     */
    public static LongUnaryOperator of(MethodHandles.Lookup home, Class<? extends LongUnaryOperator> loop,
            Object rival) {
        try {
            MethodHandles.Lookup copy = home.defineHiddenClassWithClassData(bytes(loop), rival, true);
            return (LongUnaryOperator) copy.findConstructor(copy.lookupClass(), MethodType.methodType(void.class))
                    .invoke();
        } catch (Throwable failure) {
            throw new IllegalStateException("no copy of " + loop, failure);
        }
    }

    /** The rival of the copy whose lookup this is. */
    public static <T> T rival(MethodHandles.Lookup copy, Class<T> type) {
        try {
            return MethodHandles.classData(copy, ConstantDescs.DEFAULT_NAME, type);
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] bytes(Class<?> loop) {
        String file = loop.getName().substring(loop.getPackageName().length() + 1) + ".class";
        try (InputStream stream = loop.getResourceAsStream(file)) {
            if (stream == null) {
                throw new IllegalStateException("the class file is missing: " + file);
            }
            return stream.readAllBytes();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
