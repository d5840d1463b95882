package io.quire.memory.bench.access;

import io.quire.memory.bench.fixture.HugePages;
import io.quire.memory.bench.fixture.WorkingSet;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Sampler;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.bench.measure.Turns;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;

/**
 * The part of the tour that reads and writes words. There is one memory for all working sets: a smaller working set is
 * the beginning of it.
 */
public final class Access {

    private static final long QUICK_BYTES = 1L << 30;
    private static final long FULL_BYTES = 4L << 30;

    /** The size of a cache that one processor core has to itself. */
    private static final long OWN_CACHE_BYTES = 1L << 20;

    /**
     * How long accesses run before they are timed. In the first milliseconds an access to 1 GiB is several times as
     * slow.
     */
    private static final long SETTLE_NANOS = 8_000_000;

    private static final List<Memory> RIVALS = List.of(Memory.FLAT, Memory.NETTY, Memory.AGRONA);

    private static final List<Question> QUESTIONS = List.of(
            new Question("random read of 8 bytes", RandomRead.READS, RandomRead::loop, RandomRead::target),
            new Question("gather of 256 random words", Gather.WORDS, Gather::loop, Gather::target),
            new Question("random write of 8 bytes", RandomWrite.WRITES, RandomWrite::loop, RandomWrite::target));

    private Access() {
    }

    /** Measures all questions. */
    public static void answer(Report report) {
        long sizeBytes = report.isFull() ? FULL_BYTES : QUICK_BYTES;
        report.progress("random access to " + (sizeBytes >> 30) + " GiB on either side ...");
        RivalMemories memory = RivalMemories.of(sizeBytes);
        try {
            for (Question question : QUESTIONS) {
                for (Memory rival : RIVALS) {
                    question.answer(memory, rival, report);
                }
            }
            ReadsByWorkingSet.draw(memory, sizeBytes, report);
            report.note("Random access: every figure, on all sides, includes " + Figures.nanos(nanosOfLoop(memory))
                    + " for the loop and its random number; huge pages back "
                    + HugePages.percent() + " % of the memory of this process.");
        } finally {
            memory.close();
        }
    }

    private static double nanosOfLoop(RivalMemories memory) {
        Sampler nothing = sampler(RandomRead.READS, RandomRead.loop(memory.words(Memory.NOTHING)),
                OWN_CACHE_BYTES);
        return new Turns(100, 31).medians(List.of(nothing))[0];
    }

    /** Samples some number of accesses to a working set, with warm caches. */
    static Sampler sampler(int count, LongUnaryOperator loop, long workingSetBytes) {
        long mask = RivalMemories.offsetMask(workingSetBytes);
        Timed timed = Timed.of(count, () -> loop.applyAsLong(mask));
        return hasToSettle(workingSetBytes) ? timed.afterRunning(SETTLE_NANOS) : timed;
    }

    /**
     * Returns true if the working set needs caches that processors share: there each side, in its turn, displaces the
     * memory of the other.
     */
    static boolean hasToSettle(long workingSetBytes) {
        return workingSetBytes > OWN_CACHE_BYTES;
    }

    /**
     * A question that is put to every rival and working set.
     *
     * @param what the question in words
     * @param count how many accesses one call of the loop makes
     * @param loop makes the accesses
     * @param promise the target beside a rival
     */
    private record Question(String what, int count, Function<WordAccess, LongUnaryOperator> loop,
            BiFunction<Memory, WorkingSet, Target> promise) {

        void answer(RivalMemories memory, Memory rival, Report report) {
            List<WorkingSet> asked = Stream.of(WorkingSet.values())
                    .filter(each -> report.isFull() || !promise.apply(rival, each).equals(Target.NONE)).toList();
            if (asked.isEmpty()) {
                return;
            }
            String missing = memory.whyMissing(rival);
            if (missing != null) {
                report.missing(what, rival.label(), promise.apply(rival, asked.getFirst()), missing);
                return;
            }
            LongUnaryOperator ours = loop.apply(memory.words(Memory.QUIRE));
            LongUnaryOperator theirs = loop.apply(memory.words(rival));
            for (WorkingSet workingSet : asked) {
                long sizeBytes = workingSet.sizeBytes();
                report.add(what + ", " + workingSet.label(), rival.label(), promise.apply(rival, workingSet),
                        (hasToSettle(sizeBytes) ? Paired.LONG_BATCHES : Paired.BATCHES).compare(
                                sampler(count, ours, sizeBytes), sampler(count, theirs, sizeBytes)));
            }
        }
    }
}
