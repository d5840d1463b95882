package io.quire.memory.bench.demo;

import org.jspecify.annotations.Nullable;

/** Counts what was claimed and what of it was true, and remembers the first claim that was not. One thread. */
final class Claims {

    private int made;
    private int kept;
    private @Nullable String firstBroken;

    /**
     * Checks a claim.
     *
     * @param otherwise what is wrong if it is not true
     */
    void check(boolean isTrue, String otherwise) {
        made++;
        if (isTrue) {
            kept++;
        } else if (firstBroken == null) {
            firstBroken = otherwise;
        }
    }

    /** Checks a number. */
    void checkEqual(String what, long found, long expected) {
        check(found == expected, what + ": " + found + ", expected: " + expected);
    }

    int made() {
        return made;
    }

    int kept() {
        return kept;
    }

    /** What was wrong first; null if nothing was. */
    @Nullable String firstBroken() {
        return firstBroken;
    }
}
