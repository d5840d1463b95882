package io.quire.memory.bench.device;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.AddressSpace;
import io.quire.memory.bench.fixture.DeviceModel;
import io.quire.memory.bench.fixture.DeviceSpace;
import io.quire.memory.bench.fixture.Pages;
import io.quire.memory.bench.measure.Promise;
import io.quire.memory.bench.measure.Report;
import io.quire.memory.bench.measure.Target;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PageState;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * How many pages leave a device because of a fork? This is counted, not timed. After the fork, while the child lives,
 * the device accesses one half of the pages and the processor the other half. Then the pages whose state says that they
 * are on the host are counted.
 * <p>
 * Expected: none if both only read, and none after writes if copies stay in the pool of their page. Under the rule of
 * the Linux kernel the copy for the writer is made on the host, so there all written pages leave.
 */
public final class PagesKept {

    private static final int PAGES = 1024;
    private static final long SIZE_BYTES = (long) PAGES * Pages.PAGE_BYTES;

    private PagesKept() {
    }

    /** What the device and the processor do after the fork. */
    private enum Case {

        READS("reads", CowPlacement.HOST, 0),
        WRITES_SAME_POOL("writes, SAME_POOL", CowPlacement.SAME_POOL, 0),
        WRITES_HOST("writes, HOST", CowPlacement.HOST, PAGES);

        private final String label;
        private final CowPlacement placement;
        private final int expected;

        Case(String label, CowPlacement placement, int expected) {
            this.label = label;
            this.placement = placement;
            this.expected = expected;
        }

        Target target() {
            return switch (this) {
                case READS -> Promise.PAGES_LOST_TO_READS;
                case WRITES_SAME_POOL -> Promise.PAGES_LOST_TO_WRITES;
                case WRITES_HOST -> Target.figure("all");
            };
        }
    }

    /** Adds a row for each case to the table. */
    public static void answer(Report report) {
        for (Case each : Case.values()) {
            int left = pagesThatLeave(each);
            report.addFigure("pages off the device after a fork: " + each.label, each.target(),
                    String.format(Locale.ROOT, "%,d of %,d", left, PAGES), left == each.expected);
        }
    }

    private static int pagesThatLeave(Case each) {
        try (DeviceSpace memory = DeviceSpace.onDevice(DeviceModel.preferred(), SIZE_BYTES, SIZE_BYTES)) {
            memory.space().cowPlacement(each.placement);
            MemorySegment word = MemorySegment.ofArray(new long[1]);
            try (AddressSpace _ = memory.space().fork()) {
                for (int page = 0; page < PAGES; page++) {
                    long address = memory.address() + (long) page * Pages.PAGE_BYTES;
                    boolean byDevice = page % 2 == 0;
                    if (each == Case.READS) {
                        read(memory, address, byDevice, word);
                    } else {
                        word.set(JAVA_LONG, 0, page);
                        write(memory, address, byDevice, word);
                    }
                }
                return pagesOnHost(memory);
            }
        }
    }

    private static void read(DeviceSpace memory, long address, boolean byDevice, MemorySegment word) {
        if (byDevice) {
            memory.device().read(memory.mirror(), address, word);
        } else {
            word.set(JAVA_LONG, 0, memory.accessor().getLong(address));
        }
    }

    private static void write(DeviceSpace memory, long address, boolean byDevice, MemorySegment word) {
        if (byDevice) {
            memory.device().write(memory.mirror(), address, word);
        } else {
            memory.accessor().setLong(address, word.get(JAVA_LONG, 0));
        }
    }

    private static int pagesOnHost(DeviceSpace memory) {
        int onHost = 0;
        for (int page = 0; page < PAGES; page++) {
            PageState state = memory.space().pageState(memory.address() + (long) page * Pages.PAGE_BYTES);
            onHost += state.place() == PageState.Place.HOST ? 1 : 0;
        }
        return onHost;
    }
}
