package io.quire.memory.soak;

import java.util.List;
import java.util.Locale;

/** A set of flags of the JVM under which everything has to hold. */
enum Variant {

    DEFAULT(6, true, "-Xmx256m"),
    NO_NATIVE_ACCESS(2, false, "-Xmx256m", "--illegal-native-access=deny"),
    FULL_FENCES(2, true, "-Xmx256m", "-Dquire.fences=full"),
    INTERPRETED(2, true, "-Xmx256m", "-Xint"),
    COMPILED(2, true, "-Xmx256m", "-Xcomp"),
    ZGC(2, true, "-Xmx384m", "-XX:+UseZGC"),
    TINY_HEAP(2, true, "-Xmx40m", "-Dsoak.hog=true");

    private final int share;
    private final boolean nativeAccess;
    private final List<String> flags;

    Variant(int share, boolean nativeAccess, String... flags) {
        this.share = share;
        this.nativeAccess = nativeAccess;
        this.flags = List.of(flags);
    }

    /** How much of the time it gets, beside the others. */
    int share() {
        return share;
    }

    boolean hasNativeAccess() {
        return nativeAccess;
    }

    List<String> flags() {
        return flags;
    }

    /** As on the command line. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
