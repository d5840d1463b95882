package io.quire.memory.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Device;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.softdevice.DeviceCounters;
import io.quire.memory.softdevice.DeviceEvent;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.NativeDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.softdevice.TableEntry;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A manager with some software devices. Its close checks that nothing leaked and that the library broke no rule. */
public final class TieredManager implements AutoCloseable {

    public static final int PAGE = 4096;

    private static final long LIMIT_NANOS = 10_000_000_000L;

    private final List<SoftwareDevice> devices;
    private final MemoryManager manager;

    /** Opens a manager with some devices. It has no background agent, unless the configuration sets one. */
    public TieredManager(UnaryOperator<MemoryManager.Builder> configuration, SoftwareDevice... devices) {
        this.devices = List.of(devices);
        MemoryManager.Builder builder = MemoryManager.builder().hostPool(4 << 20).backgroundAgent(false);
        for (SoftwareDevice device : devices) {
            builder.device(device.name(), device.driver());
        }
        this.manager = configuration.apply(builder).build();
    }

    public TieredManager(SoftwareDevice... devices) {
        this(builder -> builder, devices);
    }

    /** Makes a device: in C if the native library is available, otherwise in Java. */
    public static SoftwareDevice device(String name, PoolKind kind, int frames) {
        return NativeDevice.isAvailable() ? nativeDevice(name, kind, frames) : javaDevice(name, kind, frames);
    }

    /** Makes a device in C. */
    public static SoftwareDevice nativeDevice(String name, PoolKind kind, int frames) {
        long size = (long) frames * PAGE;
        return kind == PoolKind.DEVICE_COHERENT ? NativeDevice.coherent(name, size)
                : NativeDevice.privateMemory(name, size);
    }

    /** Makes a device in Java. */
    public static SoftwareDevice javaDevice(String name, PoolKind kind, int frames) {
        long size = (long) frames * PAGE;
        return kind == PoolKind.DEVICE_COHERENT ? JavaDevice.coherent(name, size)
                : JavaDevice.privateMemory(name, size);
    }

    public MemoryManager manager() {
        return manager;
    }

    public List<SoftwareDevice> devices() {
        return devices;
    }

    /** Returns the library's side of a device. */
    public Device device(SoftwareDevice device) {
        return manager.device(device.name());
    }

    public MemoryPool pool(SoftwareDevice device) {
        return manager.pool(device.name());
    }

    /** Checks that the library has broken no rule of any device. */
    public void checkDevices() {
        for (SoftwareDevice device : devices) {
            DeviceCounters counters = device.counters();
            assertThat(counters.violations()).as("rules broken: %s %s", device, counters).isZero();
            if (!device(device).isClosed()) {
                assertThat(device.staleTranslations()).as("stale translations: %s", device).isZero();
            }
        }
    }

    /**
     * Checks that a device has mapped no more than the space has, and the same bytes. Nothing else may run meanwhile.
     */
    public void checkTable(SoftwareDevice device, Attachment attached, AddressSpace space) {
        List<TableEntry> table = device.table(attached.mirror());
        for (TableEntry entry : table) {
            PageState state = space.pageState(entry.address());
            assertThat(entry.stale()).as("%s, %s", entry, state).isFalse();
            assertThat(state.pool().equals(device.name())).as("%s of %s, %s", entry, device, state)
                    .isEqualTo(entry.frame() >= 0);
        }
        byte[] mapped = new byte[PAGE];
        for (TableEntry entry : table) {
            // Each comparison ends exclusive access and brings a private page home, so this is a second loop.
            if (device.readMapped(attached.mirror(), entry.address(), MemorySegment.ofArray(mapped))) {
                assertThat(space.mismatch(entry.address(), MemorySegment.ofArray(mapped), 0, PAGE))
                        .as("%s of %s", entry, device).isEqualTo(-1);
            }
        }
    }

    /** Checks that every invalidation that a device accepted has ended. Nothing else may run meanwhile. */
    public void checkBalance() {
        record Window(long mirror, long sequence) {
        }
        for (SoftwareDevice device : devices) {
            Set<Window> open = new HashSet<>();
            for (DeviceEvent event : device.events()) {
                Window window = new Window(event.mirror(), event.sequence());
                switch (event.type()) {
                    case INVALIDATE_START -> assertThat(open.add(window)).as("starts twice: %s", event).isTrue();
                    case INVALIDATE_END -> open.remove(window);
                    default -> {}
                }
            }
            assertThat(open).as("invalidations that did not end: %s", device).isEmpty();
        }
    }

    /** Checks that all spaces and pins are closed and every frame is free again. */
    public void checkAllFree() {
        assertThat(manager.openSpaces()).as("spaces left open").isEmpty();
        assertThat(manager.openPins()).as("pins left open").isEmpty();
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (manager.reclaim(1 << 16) > 0 || (used() > 0 && System.nanoTime() < deadline)) {
            Thread.onSpinWait();
        }
        for (MemoryPool pool : manager.pools()) {
            assertThat(pool.freeBytes()).as("free bytes of %s", pool).isEqualTo(isGone(pool) ? 0 : pool.sizeBytes());
        }
        for (SoftwareDevice device : devices) {
            DeviceCounters counters = device.counters();
            assertThat(counters.liveFrames()).as("live frames of %s", device).isZero();
            assertThat(counters.frees()).as("frames freed of %s", device).isEqualTo(counters.allocations());
        }
        ManagerCheck.recount(manager);
    }

    /** Returns true for the pool of a closed device: it has no free frames. */
    private boolean isGone(MemoryPool pool) {
        return manager.devices().stream().anyMatch(device -> device.isClosed() && device.pool() == pool);
    }

    private long used() {
        return manager.pools().stream().filter(pool -> !isGone(pool))
                .mapToLong(pool -> pool.sizeBytes() - pool.freeBytes()).sum();
    }

    @Override
    public void close() {
        devices.forEach(device -> device.faults().clear());
        checkAllFree();
        checkDevices();
        checkBalance();
        manager.close();
    }
}
