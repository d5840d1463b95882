package io.quire.memory.bench.device;

import io.quire.memory.AddressSpace;
import io.quire.memory.bench.fixture.DeviceModel;
import io.quire.memory.bench.fixture.DeviceSpace;
import io.quire.memory.bench.fixture.JmhBenchmark;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.fixture.ResidentSpace;
import io.quire.memory.bench.measure.Figures;
import io.quire.memory.bench.measure.Paired;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Row;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.bench.measure.Timed;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How long does a device wait for one page, beside the first write of the processor to a page after a fork? The device
 * accesses 8 bytes of each page. The pages are in its own memory, but its table is empty, because a fork made it erase
 * everything. The child lives.
 * <p>
 * Expected: the library's part of a read is a lock, a walk and a few objects, 40 ns. Its part of a write costs as much
 * as a first write of the processor, 120 ns while the pages are in cache. As the page gets another frame, the device
 * must also be told before and after, on a thread of its own so that a deadline can be kept: two hand-overs of 5 us.
 * The rest is the device: the order goes to its thread and the answer comes back, two more hand-overs, and the fault is
 * a call from C into Java, less than a microsecond. An order that finds its page costs only its two hand-overs.
 * <p>
 * If an order with a read fault cost much more than one without, the library would be waiting for something.
 */
public class DeviceFault extends JmhBenchmark {

    private static final int PAGES = 64;
    private static final long SIZE_BYTES = (long) PAGES * Pages.PAGE_BYTES;

    /** Each sample is one invocation, so the warm-up needs many of them until the code is compiled. */
    private static final Paired ROUNDS = new Paired(100, 101);

    @Param
    public DeviceModel model;

    @Param({"READ", "WRITE"})
    public DeviceAccess access;

    private final MemorySegment word = MemorySegment.ofArray(new long[1]);

    private DeviceSpace memory;
    private ResidentSpace host;
    private AddressSpace child;
    private AddressSpace hostChild;

    @Setup(Level.Trial)
    public void open() {
        memory = DeviceSpace.onDevice(model, SIZE_BYTES, SIZE_BYTES);
        host = ResidentSpace.withRoomForCopies(SIZE_BYTES);
    }

    @TearDown(Level.Trial)
    public void close() {
        memory.close();
        host.close();
    }

    @Setup(Level.Invocation)
    public void fork() {
        forkDeviceSpace();
        forkHostSpace();
    }

    /** Forks after a write of the device. Such a fork tells the device, which then erases all translations. */
    private void forkDeviceSpace() {
        memory.device().write(memory.mirror(), memory.address(), word);
        child = memory.space().fork();
    }

    private void forkHostSpace() {
        hostChild = host.space().fork();
    }

    /** Lets the device access each page; each access is a fault. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long deviceAccess() {
        long rounds = 0;
        for (int page = 0; page < PAGES; page++) {
            rounds += orderAccess(page);
        }
        return rounds;
    }

    /** Does the library's part of the same faults, in this thread. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long mirrorFault() {
        DeviceMirror mirror = memory.mirror();
        long sequence = 0;
        for (int page = 0; page < PAGES; page++) {
            sequence += mirror.fault(addressOf(page), 1, access).sequence();
        }
        return sequence;
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long processorFirstWrite() {
        for (int page = 0; page < PAGES; page++) {
            host.accessor().setLong(host.address() + (long) page * Pages.PAGE_BYTES, page);
        }
        return PAGES;
    }

    @TearDown(Level.Invocation)
    public void closeChildren() {
        closeDeviceChild();
        closeHostChild();
    }

    private void closeDeviceChild() {
        child.close();
        memory.reclaim();
    }

    private void closeHostChild() {
        hostChild.close();
        host.reclaim();
    }

    private long orderAccess(int page) {
        return switch (access) {
            case READ -> memory.device().read(memory.mirror(), addressOf(page), word).faultRounds();
            case WRITE, ATOMIC -> memory.device().write(memory.mirror(), addressOf(page), word).faultRounds();
        };
    }

    private long addressOf(int page) {
        return memory.address() + (long) page * Pages.PAGE_BYTES;
    }

    /** Adds the rows of both devices to the table. */
    public static void answer(Report report) {
        for (DeviceModel model : report.isFull() ? DeviceModel.values() : new DeviceModel[] {DeviceModel.preferred()}) {
            report.progress("faults of a " + model.label() + " ...");
            if (model.whyMissing().isEmpty()) {
                answer(model, report);
            } else {
                report.missing("faults of a " + model.label(), Row.NO_RIVAL, Target.NONE, model.whyMissing());
            }
        }
    }

    private static void answer(DeviceModel model, Report report) {
        DeviceFault fault = new DeviceFault();
        fault.model = model;
        fault.access = DeviceAccess.READ;
        fault.open();
        try {
            for (DeviceAccess access : new DeviceAccess[] {DeviceAccess.READ, DeviceAccess.WRITE}) {
                fault.access = access;
                fault.compare(report);
            }
            fault.noteOrder(report);
        } finally {
            fault.close();
        }
    }

    private void compare(Report report) {
        String label = access.name().toLowerCase(Locale.ROOT) + " fault";
        Timed processor = new Timed(this::processorFirstWrite, PAGES, this::forkHostSpace, this::closeHostChild);
        report.add(label + ", " + model.label(), "first write", Target.NONE,
                ROUNDS.compare(timed(this::deviceAccess), processor));
        if (model == DeviceModel.preferred()) {
            report.add(label + ", the library's part", "first write", Target.NONE,
                    ROUNDS.compare(timed(this::mirrorFault), processor));
        }
    }

    private Timed timed(LongSupplier operation) {
        return new Timed(operation, PAGES, this::forkDeviceSpace, this::closeDeviceChild);
    }

    /** Notes what an order costs that takes no fault. */
    private void noteOrder(Report report) {
        for (int page = 0; page < PAGES; page++) {
            orderAccess(page);
        }
        double nanos = Timed.of(PAGES, this::deviceAccess).medianOf(ROUNDS.rounds()).sample();
        report.note("Faults, " + model.label() + ": an order of 8 bytes that finds its page takes "
                + Figures.nanos(nanos) + ", most of it to and from the device's thread.");
    }
}
