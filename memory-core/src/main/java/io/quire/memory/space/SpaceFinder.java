package io.quire.memory.space;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds the space of an access, and makes read sections of it. The structures of this library need that, and live in
 * another package than the access. Users get no such methods.
 */
public final class SpaceFinder {

    private static volatile @Nullable Function<Object, Space> finder;
    private static volatile @Nullable Function<Object, ReadSection> sections;

    private SpaceFinder() {
    }

    /** Sets how a space is found, and how read sections are made. Called once, before there is any access. */
    public static void install(Function<Object, Space> spaceOf, Function<Object, ReadSection> sectionOf) {
        finder = spaceOf;
        sections = sectionOf;
    }

    /** Returns a new read section through an access. */
    public static ReadSection newSection(Object access) {
        return Objects.requireNonNull(sections, "there is no access yet").apply(access);
    }

    /** Returns the space of an access, open or closed. */
    public static Space of(Object access) {
        return Objects.requireNonNull(finder, "there is no access yet").apply(access);
    }
}
