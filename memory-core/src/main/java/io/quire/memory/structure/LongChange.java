package io.quire.memory.structure;

import java.util.function.LongUnaryOperator;

/**
 * What becomes of the value of a key. Classes and not lambdas: the first use of a lambda takes memory and stack, and
 * could fail for good in the middle of a change.
 */
sealed interface LongChange {

    /**
     * Returns the new value. Called once, under the lock, before anything changes.
     *
     * @param isPresent true if the key has a value
     * @param old the value; 0 if the key has none
     */
    long apply(boolean isPresent, long old);

    /** Whatever was there, this is the value now. */
    record Set(long value) implements LongChange {

        @Override
        public long apply(boolean isPresent, long old) {
            return value;
        }
    }

    /** A value that is there stays. */
    record SetIfAbsent(long value) implements LongChange {

        @Override
        public long apply(boolean isPresent, long old) {
            return isPresent ? old : value;
        }
    }

    /** No value counts as 0. */
    record Add(long delta) implements LongChange {

        @Override
        public long apply(boolean isPresent, long old) {
            return old + delta;
        }
    }

    /** What the user's operator says. */
    record Apply(long missing, LongUnaryOperator operator) implements LongChange {

        @Override
        public long apply(boolean isPresent, long old) {
            return operator.applyAsLong(isPresent ? old : missing);
        }
    }
}
