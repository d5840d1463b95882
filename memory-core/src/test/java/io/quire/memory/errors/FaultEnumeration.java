package io.quire.memory.errors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Tries one scenario with an Error at its first point, at its second, and so on, until it ends without one. It tries
 * each place that allocates, in a loop only in the first passes and the last. If there are many calls, it tries a part
 * of them, and all of the last ones, which go deepest. With the system property {@code quire.fault.all} it tries every
 * point.
 */
final class FaultEnumeration {

    /** A few failures show what is wrong, and each may last as long as a time limit of the library. */
    private static final int FAILURES_MAX = 12;
    private static final long TRIAL_SECONDS = 20;

    private static final boolean ALL = Boolean.getBoolean("quire.fault.all");
    private static final int CALLS = 20;
    private static final int LAST_CALLS = 8;
    private static final int PASSES = 2;

    private final Scenario scenario;
    private final Faults.Mode mode;
    private final Map<String, String> failures = new LinkedHashMap<>();
    private List<String> before = List.of();
    private List<String> after = List.of();
    private int points;

    /** True for each point that is tried. */
    private boolean[] chosen = {};

    FaultEnumeration(Scenario scenario, Faults.Mode mode) {
        this.scenario = scenario;
        this.mode = mode;
    }

    /** Returns the number of points. */
    int points() {
        return points;
    }

    /**
     * Tries all points.
     *
     * @return a text for each place where an Error did harm
     */
    List<String> run() throws InterruptedException {
        if (!inTime("without an Error", this::learn)) {
            return reports();
        }
        boolean fired = true;
        for (int point = 0; fired && failures.size() < FAILURES_MAX; point = after(point)) {
            int number = point;
            AtomicReference<Boolean> result = new AtomicReference<>(false);
            if (!inTime("point " + number, () -> result.set(tryPoint(number)))) {
                break;
            }
            fired = result.get();
            points += fired ? 1 : 0;
        }
        return reports();
    }

    private int after(int point) {
        int next = point + 1;
        while (next < chosen.length && !chosen[next]) {
            next++;
        }
        return next;
    }

    /** @param places the place of each point */
    private void choose(List<Integer> places) {
        chosen = new boolean[places.size()];
        boolean isAllocation = mode == Faults.Mode.ALLOCATION || mode == Faults.Mode.HEAP;
        int step = Math.ceilDiv(Math.max(chosen.length, 1), CALLS);
        Map<Integer, Integer> passes = new HashMap<>();
        for (int point = 0; point < chosen.length; point++) {
            boolean isLast = places.lastIndexOf(places.get(point)) == point;
            chosen[point] = ALL || (isAllocation ? passes.merge(places.get(point), 1, Integer::sum) <= PASSES || isLast
                    : point % step == 0 || point >= chosen.length - LAST_CALLS);
        }
    }

    private List<String> reports() {
        return failures.entrySet().stream()
                .map(failure -> scenario + ", " + mode + ", at " + failure.getKey() + ": " + failure.getValue())
                .toList();
    }

    /**
     * Runs the scenario four times without an Error: to initialize classes, to learn the states before and after, to
     * learn how deep the calls go, and to count the points.
     */
    private void learn() throws Exception {
        undisturbed(() -> {});
        before = stateBefore();
        after = undisturbed(() -> {});
        undisturbed(Faults::learn);
        undisturbed(() -> Faults.count(mode));
        choose(Faults.passed());
    }

    private List<String> stateBefore() throws Exception {
        Trial trial = scenario.trial().get();
        List<String> state = trial.state();
        trial.finish();
        return state;
    }

    private List<String> undisturbed(Runnable watch) throws Exception {
        Trial trial = scenario.trial().get();
        watch.run();
        try {
            trial.act();
        } finally {
            Faults.disarm();
        }
        List<String> state = trial.state();
        trial.recount();
        trial.use();
        trial.finish();
        return state;
    }

    /** Tries one point; returns false if the operation has fewer points. */
    private boolean tryPoint(int number) {
        Trial trial = scenario.trial().get();
        String step = "act";
        String where = "no point";
        try {
            Throwable thrown = null;
            Faults.arm(mode, number);
            try {
                trial.act();
            } catch (Throwable injected) {
                thrown = injected;
            } finally {
                Faults.disarm();
            }
            if (!Faults.hasFired()) {
                trial.finish();
                return false;
            }
            where = Faults.firedAt();
            step = "recount";
            trial.recount();
            step = "state";
            check(trial, thrown);
            step = "use";
            trial.use();
            if (thrown != null) {
                step = "again";
                trial.act();
                requireEqual("after it was done again", trial.state(), after);
                trial.recount();
                step = "use after that";
                trial.use();
            }
            step = "finish";
            trial.finish();
        } catch (Throwable harm) {
            failures.merge(where, "[" + number + "] " + step + ": " + brief(harm), (first, _) -> first);
        }
        return true;
    }

    private void check(Trial trial, Throwable thrown) {
        List<String> state = trial.state();
        if (thrown == null) {
            requireEqual("nothing was thrown", state, after); // the library has handled the Error
        } else if (!trial.mayLeave(state, before, after)) {
            throw new AssertionError("half done: " + difference(state, before) + "; to be done: "
                    + difference(state, after) + "; thrown: " + thrown);
        }
    }

    private static void requireEqual(String when, List<String> state, List<String> wanted) {
        if (!state.equals(wanted)) {
            throw new AssertionError(when + ": " + difference(state, wanted));
        }
    }

    private static String difference(List<String> state, List<String> wanted) {
        List<String> more = new ArrayList<>(state);
        more.removeAll(wanted);
        List<String> less = new ArrayList<>(wanted);
        less.removeAll(state);
        return "is " + more + ", not " + less;
    }

    private static String brief(Throwable harm) {
        StringBuilder text = new StringBuilder(String.valueOf(harm));
        int frames = 0;
        for (StackTraceElement frame : harm.getStackTrace()) {
            if (frame.getClassName().startsWith("io.quire") && frames++ < 6) {
                text.append(" < ").append(frame.getFileName()).append(':').append(frame.getLineNumber());
            }
        }
        return text.toString();
    }

    /** A step that may throw. */
    private interface Step {
        void run() throws Exception;
    }

    /** Runs a step on a new thread. Notes a failure and returns false if the step throws or does not end in time. */
    private boolean inTime(String what, Step step) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().daemon().name("trial").start(() -> {
            try {
                step.run();
            } catch (Throwable failure) {
                thrown.set(failure);
            } finally {
                done.countDown();
            }
        });
        boolean ended = done.await(TRIAL_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            Throwable place = new Throwable("does not end");
            place.setStackTrace(thread.getStackTrace());
            failures.put(Faults.hasFired() ? Faults.firedAt() : what, brief(place));
        } else if (thrown.get() != null) {
            thrown.get().printStackTrace();
            failures.put(what, brief(thrown.get()));
        }
        Faults.disarm();
        return ended && thrown.get() == null;
    }
}
