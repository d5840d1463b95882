package io.quire.memory.bench.measure;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.LongUnaryOperator;

/**
 * Lets the compiler compile one loop separately for each rival. The profile of a call belongs to the class that makes
 * the call: once a loop has called several rivals, it calls all of them through a table. So each rival gets a copy of
 * the loop's class, made from the same bytes, in which the rival is a constant.
 */
public final class SpecialisedLoop {

    private SpecialisedLoop() {
    }

    /**
     * Makes a copy of a loop.
     *
     * @param home a lookup of a class in the package of the loop
     * @param loop a class with a constructor without arguments, and a static final field that holds the result of
     * {@link #rival}
     * @param rival the rival that the copy measures
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

    /** Returns the rival of a copy. The copy passes its own lookup. */
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
