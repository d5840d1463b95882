package io.quire.memory.space;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Leads from an access to its space, for the structures of this library, which live in another package than the access.
 * Programs get no such method.
 */
public final class SpaceFinder {

    private static volatile @Nullable Function<Object, Space> finder;

    private SpaceFinder() {
    }

    /** Says how; called once, before there is any access. */
    public static void install(Function<Object, Space> how) {
        finder = how;
    }

    /** The space that an access leads to, closed or not. */
    public static Space of(Object access) {
        return Objects.requireNonNull(finder, "there is no access yet").apply(access);
    }
}
