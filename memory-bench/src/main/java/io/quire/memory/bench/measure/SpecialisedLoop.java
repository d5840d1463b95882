package io.quire.memory.bench.measure;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.LongUnaryOperator;

/**
 * Lets a loop that is written once be compiled for each rival by itself. The compiler's profile of a call belongs to
 * the class that makes the call: a loop that has called several rivals calls all of them through a table from then on.
 * So each rival gets a copy of the class of the loop, made from the same bytes, in which the rival is a constant.
 */
public final class SpecialisedLoop {

    private SpecialisedLoop() {
    }

    /**
     * Makes a copy of a loop.
     *
     * @param home the lookup of a class in the package of the loop
     * @param loop a class with a constructor without arguments, and with a static final field from {@link #rival}
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

    /** The rival of a copy, which asks with its own lookup. */
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
