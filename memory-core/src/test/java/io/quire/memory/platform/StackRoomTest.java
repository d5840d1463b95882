package io.quire.memory.platform;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** If the check finds room on the stack, the calls fit into it, interpreted or compiled. */
class StackRoomTest {

    private static final int STACK_BYTES = 512 << 10;

    /** Number of calls with the smallest interpreted frames. */
    private static final int CALLS = 200;

    /** Enough runs to have every method compiled. */
    private static final int WARM = 200_000;

    private boolean asked;
    private boolean fitted;

    @Test
    void interpretedCallsFitIntoTheRoom() throws InterruptedException {
        askAtTheEndOfAStack();
    }

    @RepeatedTest(3)
    void compiledCallsFitIntoTheRoom() throws InterruptedException {
        for (int i = 0; i < WARM; i++) {
            StackRoom.require();
            call(2);
        }
        askAtTheEndOfAStack();
    }

    @Test
    void interpretedCallsFitAfterACompiledCheck() throws InterruptedException {
        for (int i = 0; i < WARM; i++) {
            StackRoom.require();
        }
        askAtTheEndOfAStack();
    }

    private void askAtTheEndOfAStack() throws InterruptedException {
        Thread diver = new Thread(null, this::dive, "diver", STACK_BYTES);
        diver.start();
        diver.join();
        assertThat(asked).as("the check found room on the way up").isTrue();
        assertThat(fitted).as(CALLS + " calls fitted into it").isTrue();
    }

    /** Dives to the end of the stack, and on the way up checks for room until there is some. */
    private void dive() {
        try {
            dive();
        } catch (StackOverflowError end) {
            // the end of the stack
        }
        if (!asked) {
            try {
                StackRoom.require();
            } catch (StackOverflowError none) {
                return;
            }
            asked = true;
            fitted = call(CALLS) == CALLS;
        }
    }

    private static int call(int times) {
        return times == 0 ? 0 : call(times - 1) + 1;
    }
}
