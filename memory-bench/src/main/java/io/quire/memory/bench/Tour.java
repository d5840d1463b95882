package io.quire.memory.bench;

import io.quire.memory.bench.access.Access;
import io.quire.memory.bench.allocate.AllocateFree;
import io.quire.memory.bench.allocate.AllocateTwoThreads;
import io.quire.memory.bench.allocate.Metadata;
import io.quire.memory.bench.device.DeviceFault;
import io.quire.memory.bench.device.PagesKept;
import io.quire.memory.bench.firstwrite.FirstWrite;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.fork.ForkBesideThread;
import io.quire.memory.bench.fork.ForkOnDevice;
import io.quire.memory.bench.fork.ForkTime;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.move.Migration;
import io.quire.memory.bench.pin.PinUnpin;
import io.quire.memory.bench.scan.Scan;
import io.quire.memory.platform.MemoryBarrier;
import io.quire.memory.platform.NativeAccess;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * Every target beside its rival, in one process and in less than three minutes. Needs 6 GiB of memory. The
 * operations are the methods that JMH measures; what JMH adds is a fresh JVM for each, and more time.
 */
final class Tour {

    private Tour() {
    }

    static void run(PrintStream out) throws InterruptedException {
        Runtime runtime = Runtime.getRuntime();
        out.println("Java " + Runtime.version() + ", " + System.getProperty("os.name") + " "
                + System.getProperty("os.version") + " " + System.getProperty("os.arch") + ", "
                + runtime.availableProcessors() + " processors, " + (runtime.maxMemory() >> 20)
                + " MiB heap");
        Report report = new Report(out, false);
        if (!NativeAccess.ENABLED || !MemoryBarrier.ASYMMETRIC) {
            report.note("Without native access and membarrier writes are fenced fully and runs are copies: "
                    + "pass --enable-native-access=ALL-UNNAMED.");
        }
        Metadata.answer(report); // first, while the heap is empty
        AllocateFree.answer(report);
        AllocateTwoThreads.answer(report);
        Access.answer(report);
        Scan.answer(report);
        try (LinuxFork linux = LinuxFork.unpack()) {
            answerForks(linux, report);
        }
        Migration.answer(report);
        PinUnpin.answer(report);
        DeviceFault.answer(report);
        PagesKept.answer(report);
        report.print();
    }

    private static void answerForks(@Nullable LinuxFork linux, Report report) throws InterruptedException {
        ForkTime.answer(linux, report);
        ForkOnDevice.answer(linux, report);
        ForkBesideThread.answer(report);
        FirstWrite.answer(linux, report);
    }
}
