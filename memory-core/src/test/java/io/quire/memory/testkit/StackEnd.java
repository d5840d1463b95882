package io.quire.memory.testkit;

/**
 * Runs a deed near the end of the stack of this thread: it calls itself until the stack ends, and runs the deed on the
 * way up. How much room a call leaves differs from run to run, because compiled calls take less.
 * <p>
 * A deed runs once in thousands of calls, so the compiler does not inline it. Otherwise each call would ask for the
 * stack of the deed too, and the dive would end where there is enough for it.
 */
public final class StackEnd {

    private final int wanted;
    private final Runnable deed;
    private int below;
    private boolean hasRun;
    private boolean hasEnded;

    private StackEnd(int wanted, Runnable deed) {
        this.wanted = wanted;
        this.deed = deed;
    }

    /**
     * Runs a deed where so many more calls have fitted.
     *
     * @return true if the end of the stack has ended it
     * @throws IllegalStateException if so many do not fit into the whole stack
     */
    public static boolean above(int calls, Runnable deed) {
        StackEnd end = new StackEnd(calls, deed);
        end.dive();
        if (!end.hasRun) {
            throw new IllegalStateException("the stack is too small: calls=" + calls + ", fitted=" + end.below);
        }
        return end.hasEnded;
    }

    private void dive() {
        try {
            dive();
            below++;
        } catch (StackOverflowError end) {
            below = 0;
        }
        if (below == wanted) {
            hasRun = true;
            try {
                deed.run();
            } catch (StackOverflowError full) {
                hasEnded = true;
            }
        }
    }
}
