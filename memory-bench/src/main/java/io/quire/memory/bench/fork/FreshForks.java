package io.quire.memory.bench.fork;

import io.quire.memory.bench.fixture.FreshJvm;
import java.util.concurrent.TimeUnit;

/**
 * Forks a space in the first seconds of a process, in a pool whose memory nobody has touched, and prints how long the
 * forks took. {@link ForkAmidFirstWrites} runs this program.
 */
public final class FreshForks {

    /** How long the other thread writes before the first fork. */
    private static final long RUN_UP_MILLIS = 1000;

    private FreshForks() {
    }

    /**
     * Runs the program once.
     *
     * @param amidWrites true if another thread writes meanwhile
     */
    static ForkTimes inNewProcess(boolean amidWrites) {
        return ForkTimes.of(FreshJvm.run(FreshForks.class, ForkTimes.LINE, Boolean.toString(amidWrites)));
    }

    /** Prints the times. The argument says whether another thread writes meanwhile. */
    public static void main(String[] arguments) throws InterruptedException {
        try (ForkedSpace forked = new ForkedSpace(false)) {
            if (Boolean.parseBoolean(arguments[0])) {
                forked.startWriter();
            }
            TimeUnit.MILLISECONDS.sleep(RUN_UP_MILLIS);
            System.out.println(forked.time(ForkAmidFirstWrites.FORKS, ForkAmidFirstWrites.PAUSE_NANOS).line());
        }
    }
}
