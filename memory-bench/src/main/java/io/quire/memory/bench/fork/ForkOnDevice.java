package io.quire.memory.bench.fork;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.AddressSpace;
import io.quire.memory.bench.fixture.DeviceModel;
import io.quire.memory.bench.fixture.DeviceSpace;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.LinuxFork;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does {@code fork()} of 1 GiB cost when all pages are on an attached device that has read them, beside the same
 * on the host and beside Linux?
 * <p>
 * Expected: as much as on the host, some 200 ns. A fork looks at no page, and a device that only reads need not be
 * told. After the device has written, the next fork tells it to erase its translations, and tells it again when the
 * fork is done: two hand-overs to the thread that calls the driver, 10 us, and the time the device needs to erase its
 * whole table.
 * <p>
 * A cost like that of Linux, milliseconds, would mean that fork walks the pages of devices.
 */
public class ForkOnDevice extends JmhBenchmark {

    private static final long SIZE_BYTES = 1L << 30;

    /** Room for the copies of pages that the device writes between forks. */
    private static final long ROOM_BYTES = 4L << 20;

    /** Our samples for each run of the Linux program. */
    private static final int SAMPLES = 21;
    private static final int LINUX_FORKS = 5;
    private static final int LINUX_WRITES = 16;

    private final @Nullable AddressSpace[] children = new AddressSpace[ForkTime.FORKS];
    private final MemorySegment word = MemorySegment.ofArray(new long[1]);

    private DeviceSpace memory;
    private int forks;

    @Setup(Level.Trial)
    public void open() {
        memory = DeviceSpace.onDevice(DeviceModel.preferred(), SIZE_BYTES, ROOM_BYTES);
        memory.device().sum(memory.mirror(), memory.address(), SIZE_BYTES);
    }

    @TearDown(Level.Trial)
    public void close() {
        memory.close();
    }

    @Benchmark
    @OperationsPerInvocation(ForkTime.FORKS)
    public long fork() {
        for (int i = 0; i < ForkTime.FORKS; i++) {
            forkOnce();
        }
        return forks;
    }

    private long forkOnce() {
        children[forks++] = memory.space().fork();
        return forks;
    }

    @TearDown(Level.Invocation)
    public void closeChildren() {
        for (int i = 0; i < forks; i++) {
            AddressSpace child = children[i];
            if (child != null) {
                child.close();
            }
            children[i] = null;
        }
        forks = 0;
        memory.reclaim();
    }

    private void deviceReads() {
        memory.device().read(memory.mirror(), memory.address(), word);
    }

    private void deviceWrites() {
        word.set(JAVA_LONG, 0, word.get(JAVA_LONG, 0) + 1);
        memory.device().write(memory.mirror(), memory.address(), word);
    }

    /** Adds the rows to the table. */
    public static void answer(@Nullable LinuxFork linux, Report report) {
        report.progress("fork of 1 GiB on the " + DeviceModel.preferred().label() + " ...");
        ForkOnDevice device = new ForkOnDevice();
        device.open();
        try {
            device.compareWithHost(report);
            if (report.isFull()) {
                device.compareWithLinux(linux, report);
            }
            report.add("fork after the device wrote", "after it read", Target.NONE,
                    Paired.LONG_BATCHES.compare(device.one(device::deviceWrites), device.one(device::deviceReads)));
            long onDevice = memoryOnDevice(device.memory);
            report.note("Fork of 1 GiB on the device: " + onDevice * Pages.PAGE_BYTES / (1 << 20)
                    + " MiB are there after all these forks.");
        } finally {
            device.close();
        }
    }

    private static long memoryOnDevice(DeviceSpace memory) {
        return (memory.devicePool().sizeBytes() - memory.devicePool().freeBytes()) / Pages.PAGE_BYTES;
    }

    private void compareWithHost(Report report) {
        ForkTime host = ForkTime.of(SpaceSize.GIB_1);
        try {
            report.add("fork of 1 GiB on a device", "on the host", Target.atMost(1.2),
                    Paired.BATCHES.compare(timed(), host.timed()));
        } finally {
            host.close();
        }
    }

    private void compareWithLinux(@Nullable LinuxFork linux, Report report) {
        String what = "fork of 1 GiB on a device";
        Target target = Target.atLeast(10_000);
        if (linux == null) {
            report.missing(what, LinuxFork.NAME, target, LinuxFork.MISSING);
        } else {
            report.add(what, LinuxFork.NAME, target, Paired.PROCESSES.compare(timed().medianOf(SAMPLES),
                    () -> linux.measure(SIZE_BYTES, LINUX_FORKS, LINUX_WRITES).fork()));
        }
    }

    private Timed timed() {
        return new Timed(this::fork, ForkTime.FORKS, () -> {}, this::closeChildren);
    }

    private Timed one(Runnable before) {
        return new Timed(this::forkOnce, 1, before, this::closeChildren);
    }
}
