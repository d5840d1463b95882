package io.quire.memory.platform;

/**
 * Room on the stack for what must not fail half way. A call that goes no deeper than one that has returned just before
 * finds room.
 */
public final class StackRoom {

    private StackRoom() {
    }

    /**
     * Makes calls into each other, so that a full stack is met here, and not after the first change.
     *
     * @param calls how many; more than what follows makes
     */
    public static void require(int calls) {
        boolean isThere = reach(calls);
        assert isThere;
    }

    private static boolean reach(int calls) {
        return calls == 0 || reach(calls - 1);
    }
}
