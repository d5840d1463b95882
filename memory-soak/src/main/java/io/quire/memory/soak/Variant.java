package io.quire.memory.soak;

import java.util.List;
import java.util.Locale;

/** A set of JVM flags under which everything has to work. */
enum Variant {

    DEFAULT(6, true, "-Xmx256m"),
    NO_NATIVE_ACCESS(2, false, "-Xmx256m --illegal-native-access=deny"),
    FULL_FENCES(2, true, "-Xmx256m -Dquire.fences=full"),
    INTERPRETED(2, true, "-Xmx256m -Xint"),
    COMPILED(2, true, "-Xmx256m -Xcomp"),
    ZGC(2, true, "-Xmx384m -XX:+UseZGC"),
    TINY_HEAP(2, true, "-Xmx40m -Dsoak.hog=true");

    private final int share;
    private final boolean nativeAccess;
    private final String flags;

    Variant(int share, boolean nativeAccess, String flags) {
        this.share = share;
        this.nativeAccess = nativeAccess;
        this.flags = flags;
    }

    /** Returns its share of the time, relative to the shares of the others. */
    int share() {
        return share;
    }

    boolean hasNativeAccess() {
        return nativeAccess;
    }

    List<String> flags() {
        return List.of(flags.split(" "));
    }

    /** Returns the name that the command line uses. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
