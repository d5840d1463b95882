package io.quire.memory.platform;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Where there is said to be room there is, whether the question and the calls are interpreted or compiled. */
class StackRoomTest {

    private static final int STACK_BYTES = 512 << 10;

    /** Of the smallest frames, interpreted. */
    private static final int CALLS = 200;

    /** Enough to have anything compiled. */
    private static final int WARM = 200_000;

    private boolean asked;
    private boolean fitted;

    @Test
    void whatIsInterpretedFitsIn() throws InterruptedException {
        askAtTheEndOfAStack();
    }

    @RepeatedTest(3)
    void whatIsCompiledFitsIn() throws InterruptedException {
        for (int i = 0; i < WARM; i++) {
            StackRoom.require();
            call(2);
        }
        askAtTheEndOfAStack();
    }

    @Test
    void whatIsInterpretedFitsInWhereTheQuestionIsCompiled() throws InterruptedException {
        for (int i = 0; i < WARM; i++) {
            StackRoom.require();
        }
        askAtTheEndOfAStack();
    }

    private void askAtTheEndOfAStack() throws InterruptedException {
        Thread diver = new Thread(null, this::dive, "diver", STACK_BYTES);
        diver.start();
        diver.join();
        assertThat(asked).as("room was found on the way up").isTrue();
        assertThat(fitted).as(CALLS + " calls fitted into it").isTrue();
    }

    /** Down to the end; and on the way up the question, until the answer is yes for the first time. */
    private void dive() {
        try {
            dive();
        } catch (StackOverflowError end) {
            // that is where it is
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
