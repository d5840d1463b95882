package io.quire.memory.demo;

import org.jspecify.annotations.Nullable;

/** Counts checks and how many of them passed, and remembers the first that failed. One thread. */
final class Checks {

    private int made;
    private int passed;
    private @Nullable String firstFailure;

    /**
     * Enters the result of a check.
     *
     * @param failure what is wrong if it did not pass
     */
    void check(boolean isTrue, String failure) {
        made++;
        if (isTrue) {
            passed++;
        } else if (firstFailure == null) {
            firstFailure = failure;
        }
    }

    /** Checks a number. */
    void checkEqual(String what, long found, long expected) {
        check(found == expected, what + ": " + found + ", expected: " + expected);
    }

    int made() {
        return made;
    }

    int passed() {
        return passed;
    }

    /** The first failure in words; null if every check passed. */
    @Nullable String firstFailure() {
        return firstFailure;
    }
}
