package io.quire.memory.space;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds the space of an access. The structures of this library need that, and live in another package than the access.
 * Users get no such method.
 */
public final class SpaceFinder {

    private static volatile @Nullable Function<Object, Space> finder;

    private SpaceFinder() {
    }

    /** Sets how the space is found. Called once, before there is any access. */
    public static void install(Function<Object, Space> how) {
        finder = how;
    }

    /** Returns the space of an access, open or closed. */
    public static Space of(Object access) {
        return Objects.requireNonNull(finder, "there is no access yet").apply(access);
    }
}
