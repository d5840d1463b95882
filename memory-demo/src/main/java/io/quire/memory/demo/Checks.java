package io.quire.memory.demo;

import org.jspecify.annotations.Nullable;

/** Counts checks and how many of them passed, and keeps the first that failed. For one thread. */
final class Checks {

    private int made;
    private int passed;
    private @Nullable String firstFailure;

    /**
     * Counts a check.
     *
     * @param failure says what is wrong if the check failed
     */
    void check(boolean isTrue, String failure) {
        made++;
        if (isTrue) {
            passed++;
        } else if (firstFailure == null) {
            firstFailure = failure;
        }
    }

    /** Checks that a number is as expected. */
    void checkEqual(String what, long found, long expected) {
        check(found == expected, what + ": " + found + ", expected: " + expected);
    }

    int made() {
        return made;
    }

    int passed() {
        return passed;
    }

    /** Returns the first failure in words; null if every check passed. */
    @Nullable String firstFailure() {
        return firstFailure;
    }
}
