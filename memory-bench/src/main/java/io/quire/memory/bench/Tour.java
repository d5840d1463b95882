package io.quire.memory.bench;

import io.quire.memory.bench.access.Access;
import io.quire.memory.bench.allocate.AllocateFree;
import io.quire.memory.bench.allocate.AllocateTwoThreads;
import io.quire.memory.bench.allocate.Metadata;
import io.quire.memory.bench.column.Columns;
import io.quire.memory.bench.device.DeviceFault;
import io.quire.memory.bench.device.PagesKept;
import io.quire.memory.bench.evict.HitRatios;
import io.quire.memory.bench.firstwrite.FirstWrite;
import io.quire.memory.bench.firstwrite.FirstWriteTwoThreads;
import io.quire.memory.bench.firstwrite.WritesDuringForks;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.fork.ForkAmidFirstWrites;
import io.quire.memory.bench.fork.ForkBesideThread;
import io.quire.memory.bench.fork.ForkOnDevice;
import io.quire.memory.bench.fork.ForkScaling;
import io.quire.memory.bench.fork.ForkTime;
import io.quire.memory.bench.longmap.LongMaps;
import io.quire.memory.bench.map.MapSnapshots;
import io.quire.memory.bench.measure.Question;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.move.Migration;
import io.quire.memory.bench.move.TierUnderPressure;
import io.quire.memory.bench.pin.PinUnpin;
import io.quire.memory.bench.results.Results;
import io.quire.memory.bench.results.Setting;
import io.quire.memory.bench.scan.Scan;
import io.quire.memory.bench.threads.ManyThreads;
import io.quire.memory.platform.MemoryBarrier;
import io.quire.memory.platform.NativeAccess;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Measures every promise beside its rival, in one process and in some three minutes. Needs 6 GiB of memory, or 10 GiB with
 * all rivals and sizes. It calls the same methods that JMH measures; JMH takes a fresh JVM for each of them,
 * and more time.
 */
final class Tour {

    /** The questions in order. The seconds that each takes are rough; they show how far the tour is. */
    private static final List<Step> STEPS = List.of(
            new Step(Metadata.class, 5, (linux, report) -> Metadata.answer(report)), // while the heap is empty
            new Step(AllocateFree.class, 4, (linux, report) -> AllocateFree.answer(report)),
            new Step(AllocateTwoThreads.class, 2, (linux, report) -> AllocateTwoThreads.answer(report)),
            new Step(Access.class, 16, (linux, report) -> Access.answer(report)),
            new Step(Scan.class, 5, (linux, report) -> Scan.answer(report)),
            new Step(Columns.class, 4, (linux, report) -> Columns.answer(report)),
            new Step(MapSnapshots.class, 2, (linux, report) -> MapSnapshots.answer(report)),
            new Step(LongMaps.class, 15, (linux, report) -> LongMaps.answer(report)),
            new Step(ForkTime.class, 7, ForkTime::answer),
            new Step(ForkScaling.class, 9, ForkScaling::answer),
            new Step(ForkOnDevice.class, 7, ForkOnDevice::answer),
            new Step(ForkBesideThread.class, 5, (linux, report) -> ForkBesideThread.answer(report)),
            new Step(ForkAmidFirstWrites.class, 55, ForkAmidFirstWrites::answer),
            new Step(FirstWrite.class, 15, FirstWrite::answer),
            new Step(FirstWriteTwoThreads.class, 7, (linux, report) -> FirstWriteTwoThreads.answer(report)),
            new Step(WritesDuringForks.class, 10, (linux, report) -> WritesDuringForks.answer(report)),
            new Step(Migration.class, 12, (linux, report) -> Migration.answer(report)),
            new Step(TierUnderPressure.class, 7, (linux, report) -> TierUnderPressure.answer(report)),
            new Step(ManyThreads.class, 0, (linux, report) -> ManyThreads.answer(report)), // if there is time
            new Step(PinUnpin.class, 2, (linux, report) -> PinUnpin.answer(report)),
            new Step(DeviceFault.class, 4, (linux, report) -> DeviceFault.answer(report)),
            new Step(PagesKept.class, 1, (linux, report) -> PagesKept.answer(report)),
            new Step(HitRatios.class, 3, (linux, report) -> HitRatios.answer(report)));

    private final Settings settings;
    private final PrintStream out;

    /** Answers a question. The Linux program is null if it was not built. */
    @FunctionalInterface
    private interface Answer {

        void add(@Nullable LinuxFork linux, Report report) throws InterruptedException;
    }

    /** One step of the tour: a class that answers a question, and how many seconds that takes. */
    private record Step(Class<?> answerer, int seconds, Answer answer) {

        Question question() {
            return Question.of(answerer);
        }
    }

    Tour(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Returns the names of all questions. */
    static List<String> questions() {
        return STEPS.stream().map(step -> step.question().name()).distinct().toList();
    }

    void run() throws IOException, InterruptedException {
        Setting setting = Setting.now();
        out.println("Java " + setting.java() + ", " + setting.system() + ", " + setting.processor() + ", "
                + setting.processors() + " processors, " + (Runtime.getRuntime().maxMemory() >> 20) + " MiB heap");
        Report report = new Report(out, settings.full());
        warn(setting, report);
        List<Step> asked = STEPS.stream().filter(step -> settings.asks(step.question().name())).toList();
        double total = asked.stream().mapToInt(Step::seconds).sum();
        double before = 0;
        try (LinuxFork linux = LinuxFork.unpack()) {
            for (Step step : asked) {
                report.begin(step.question(), before / total);
                step.answer().add(linux, report);
                before += step.seconds();
            }
        }
        report.print();
        out.println();
        out.println("All results, with charts: " + Results.write(setting, report, settings.folder()).toAbsolutePath());
        if (asked.size() == STEPS.size() && !report.unanswered().isEmpty()) {
            throw new IllegalStateException("no row answers these promises: " + report.unanswered());
        }
    }

    private static void warn(Setting setting, Report report) {
        if (setting.isBusy()) {
            report.warn("The machine was busy when the tour began: load=" + setting.load() + ", processors="
                    + setting.processors() + ". Repeat it when the machine is quiet.");
        }
        if (!NativeAccess.ENABLED || !MemoryBarrier.ASYMMETRIC) {
            report.warn("Without native access and membarrier each write needs a full fence, and runs are copies: "
                    + "pass --enable-native-access=ALL-UNNAMED.");
        }
    }
}
