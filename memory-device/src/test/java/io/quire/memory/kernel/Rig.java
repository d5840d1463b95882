package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Device;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.Pin;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.Protection;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.softdevice.DeviceCounters;
import io.quire.memory.softdevice.DeviceEvent;
import io.quire.memory.softdevice.SoftwareDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * A host and two devices of one kind, with helpers for the suites. After each test it checks that every frame of every
 * pool is free, that every reference count is right, and that the library broke no rule of a device.
 */
@Timeout(60)
abstract class Rig {

    static final long PAGE = 4096;
    static final int INTS_PER_PAGE = 1024;

    MemoryManager memory;
    SoftwareDevice card0;
    SoftwareDevice card1;
    Device d0;
    Device d1;

    /** Returns the kind of the two devices. */
    abstract DeviceKind kind();

    /** Adds settings to the manager, beyond those of all suites. */
    MemoryManager.Builder configure(MemoryManager.Builder builder) {
        return builder;
    }

    /** Returns the size of each device; the host is as large as both. */
    long deviceBytes() {
        return 1L << 20;
    }

    @BeforeEach
    void plugIn() {
        card0 = kind().open("d0", deviceBytes());
        card1 = kind().open("d1", deviceBytes());
        // No background thread and no eviction ahead of need, so that a test does the same each time.
        memory = configure(MemoryManager.builder().hostPool(2 * deviceBytes()).backgroundAgent(false).leakTracking(true)
                .watermarks(0, 0).longTermPolicy(LongTermPolicy.MIGRATE)
                .device("d0", card0.driver()).device("d1", card1.driver())).build();
        d0 = memory.device("d0");
        d1 = memory.device("d1");
    }

    @AfterEach
    void everythingIsBack() {
        assertThat(memory.openSpaces()).as("spaces left open").isEmpty();
        assertThat(memory.openPins()).as("pins left open").isEmpty();
        reclaim();
        for (MemoryPool pool : memory.pools()) {
            boolean isGone = memory.devices().stream().anyMatch(device -> device.isClosed() && device.pool() == pool);
            assertThat(pool.freeBytes()).as("free of " + pool).isEqualTo(isGone ? 0 : pool.sizeBytes());
        }
        assertThat(memory.statistics().tier().openPins()).isZero();
        assertThat(memory.statistics().tier().longTermPinnedBytes()).isZero();
        memory.close();
        checkAndClose(card0);
        checkAndClose(card1);
    }

    private static void checkAndClose(SoftwareDevice card) {
        card.close();
        DeviceCounters counters = card.counters();
        assertThat(counters.liveFrames()).as("frames of " + card + " that never came back").isZero();
        assertThat(counters.allocations()).as("frames of " + card).isEqualTo(counters.frees());
        assertThat(counters.useAfterFree()).as("uses of freed frames of " + card).isZero();
        assertThat(counters.doubleFrees()).as("frames of " + card + " freed twice").isZero();
        assertThat(counters.violations()).as("broken rules seen by " + card).isZero();
        assertThat(openInvalidations(card)).as("invalidations of " + card + " that never ended").isEmpty();
    }

    private record Window(long mirror, long sequence) {
    }

    /** Returns the invalidations that started and never ended. */
    private static Set<Window> openInvalidations(SoftwareDevice card) {
        Set<Window> open = new HashSet<>();
        for (DeviceEvent event : card.events()) {
            Window window = new Window(event.mirror(), event.sequence());
            if (event.type() == DeviceEvent.Type.INVALIDATE_START) {
                assertThat(open.add(window)).as("started twice: " + event).isTrue();
            } else if (event.type() == DeviceEvent.Type.INVALIDATE_END) {
                // The device keeps only the last 16,384 events, so the starts of the first ends may be missing.
                boolean started = open.remove(window);
                assertThat(started || card.events().getFirst().number() > 1).as("ended twice: " + event).isTrue();
            }
        }
        return open;
    }

    /** Destroys what closed spaces have left, like the agent would do later, and recounts all references. */
    void reclaim() {
        while (memory.reclaim(1 << 16) > 0) {
            Thread.onSpinWait();
        }
        ManagerCheck.recount(memory);
    }

    static long bytes(int pages) {
        return pages * PAGE;
    }

    long used(MemoryPool pool) {
        return (pool.sizeBytes() - pool.freeBytes()) / PAGE;
    }

    // ---- content

    /** Returns what the kernel's tests fill buffers with: int i is i, here plus a number that tells buffers apart. */
    static MemorySegment counting(int pages, int plus) {
        return MemorySegment.ofArray(IntStream.range(plus, plus + pages * INTS_PER_PAGE).toArray());
    }

    /** Returns the negated numbers, which a device buffer has at first. */
    static MemorySegment negative(int pages) {
        return MemorySegment.ofArray(IntStream.range(0, pages * INTS_PER_PAGE).map(i -> -i).toArray());
    }

    static MemorySegment constant(int pages, int value) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[(int) bytes(pages)]);
        bytes.fill((byte) value);
        return bytes;
    }

    static void put(MemoryAccess space, long address, MemorySegment content) {
        space.copyFrom(content, 0, address, content.byteSize());
    }

    static void expect(MemoryAccess space, long address, MemorySegment content) {
        assertThat(space.mismatch(address, content, 0, content.byteSize())).as("first wrong byte of " + space)
                .isEqualTo(-1);
    }

    static void expectSame(MemorySegment actual, MemorySegment content) {
        assertThat(actual.mismatch(content)).as("first wrong byte").isEqualTo(-1);
    }

    /** Checks what a device reads, and the number of fault rounds that the read needs. */
    static void expectRead(SoftwareDevice card, Attachment attached, long address, MemorySegment content, int rounds) {
        MemorySegment buffer = MemorySegment.ofArray(new byte[(int) content.byteSize()]);
        var result = card.read(attached.mirror(), address, buffer);
        assertThat(result.pages()).isEqualTo(content.byteSize() / PAGE);
        assertThat(result.faultRounds()).as("rounds of faults").isEqualTo(rounds);
        expectSame(buffer, content);
    }

    /** Checks the content that a device has mapped, without any fault. */
    static void expectMapped(SoftwareDevice card, Attachment attached, long address, MemorySegment content) {
        MemorySegment buffer = MemorySegment.ofArray(new byte[(int) content.byteSize()]);
        assertThat(card.readMapped(attached.mirror(), address, buffer)).as("all pages in the device's table").isTrue();
        expectSame(buffer, content);
    }

    /** Makes a writable mapping and fills it. */
    static long mapFilled(AddressSpace space, MemorySegment content) {
        long address = space.map(content.byteSize());
        put(space, address, content);
        return address;
    }

    /** Makes pages read-only and writable again, after which kernels once mapped shared pages writable. */
    static void protectDownAndUp(AddressSpace space, long address, int pages) {
        space.protect(address, bytes(pages), Protection.READ_ONLY);
        space.protect(address, bytes(pages), Protection.READ_WRITE);
    }

    // ---- pins

    /** The two ways to pin, by an accessor and by a space. The kernel calls them fast and slow GUP. */
    enum Entry {
        ACCESSOR,
        SPACE
    }

    /** Checks what a pin shows. */
    static void expectPinned(Pin pin, MemorySegment content) {
        long done = 0;
        for (MemorySegment segment : pin.segments()) {
            expectSame(segment, content.asSlice(done, segment.byteSize()));
            done += segment.byteSize();
        }
        assertThat(done).isEqualTo(content.byteSize());
    }

    /** Writes through a pin, like a device that was given the addresses. */
    static void putPinned(Pin pin, MemorySegment content) {
        long done = 0;
        for (MemorySegment segment : pin.segments()) {
            segment.copyFrom(content.asSlice(done, segment.byteSize()));
            done += segment.byteSize();
        }
    }

    // ---- states

    static List<Place> places(AddressSpace space, long address, int pages) {
        return IntStream.range(0, pages).mapToObj(page -> space.pageState(address + page * PAGE).place()).toList();
    }

    static void expectPlaces(AddressSpace space, long address, int pages, Place place) {
        assertThat(places(space, address, pages)).hasSize(pages).containsOnly(place);
    }

    /** Returns what the kernel's test device would report of each page, in words. */
    static List<String> snapshot(DeviceMirror mirror, long address, int pages) {
        List<String> states = new ArrayList<>();
        for (PageState state : mirror.snapshot(address, pages)) {
            boolean hasFrame = !state.pool().isEmpty();
            states.add(state.place() + (hasFrame ? " of " + state.pool() : "") + (state.writable() ? ", WRITE" : ""));
        }
        return states;
    }
}
