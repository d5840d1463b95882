package io.quire.memory.softdevice;

import io.quire.memory.contract.DeviceClosedException;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.DriverException;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.device.Translations;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A device in software, for trying the device tier and for tests. Give its {@link #driver()} to a manager, attach it to
 * a space, and let it work on the addresses of the space through the mirror of the attachment.
 * {@snippet file="io/quire/memory/softdevice/snippets/SoftwareDeviceSnippetsTest.java" region="device"}
 * <p>
 * <b>Threads.</b> Any thread may call any method. Operations run one after the other in the device's own thread, and
 * the caller waits as long as {@link #operationLimit} says. Then the caller gets a {@link DriverException}, and the
 * operation ends when it can. An interrupt ends no wait and stays pending. A virtual thread releases its carrier while
 * it waits.
 * <p>
 * <b>Failures of an operation.</b> What the mirror threw reaches the caller of the operation unchanged, such as an
 * {@link io.quire.memory.contract.AddressNotMappedException}. Any other failure is a {@link DriverException}. A read
 * that fails leaves its target alone; a write, fill or copy that fails may have written a part.
 * <p>
 * <b>After close</b> operations throw {@link DeviceClosedException}; {@link #counters} and {@link #events} still
 * answer.
 *
 * @see JavaDevice
 * @see NativeDevice
 */
public abstract sealed class SoftwareDevice implements AutoCloseable permits NativeDevice, JavaDevice {

    static final int PAGE_BYTES = 4096;

    /** The most pages that one fault asks for. */
    static final int MAX_FAULT_PAGES = 65536;

    /** An operation is given up after this time and this many faults without an access. */
    static final long FRUITLESS_NANOS = 1_000_000_000;
    static final int FRUITLESS_STEPS = 100;

    /** How many events are remembered. */
    static final int EVENTS = 16384;

    private static final long CLOSE_LIMIT_MILLIS = 10_000;
    private static final long MAX_BUFFER_BYTES = 1L << 30;
    private static final MemorySegment NO_BUFFER = MemorySegment.NULL;

    private final String name;
    private final PoolKind kind;
    private final int frames;
    private final DeviceDriver driver;
    private final FaultInjection faults = new FaultInjection(this);
    private volatile Duration operationLimit = Duration.ofSeconds(60);

    SoftwareDevice(String name, PoolKind kind, long sizeBytes) {
        this.name = Objects.requireNonNull(name, "name");
        this.kind = kind;
        if (sizeBytes <= 0 || sizeBytes % PAGE_BYTES != 0 || sizeBytes / PAGE_BYTES > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("the size must be a positive multiple of 4096, for at most 2^31 - 1 "
                    + "frames: device=" + name + ", sizeBytes=" + sizeBytes);
        }
        this.frames = (int) (sizeBytes / PAGE_BYTES);
        this.driver = kind == PoolKind.DEVICE_COHERENT ? new Coherent() : new Private();
    }

    /**
     * Returns the name of the device, for messages.
     *
     * @return what it was created with
     */
    public final String name() {
        return name;
    }

    /**
     * Returns the kind of memory that the device has.
     *
     * @return {@link PoolKind#DEVICE_COHERENT} or {@link PoolKind#DEVICE_PRIVATE}
     */
    public final PoolKind kind() {
        return kind;
    }

    /**
     * Returns how many frames of 4096 bytes the device has.
     *
     * @return 1 or more
     */
    public final int frames() {
        return frames;
    }

    /**
     * Returns the driver, for {@link io.quire.memory.MemoryManager.Builder#device}.
     *
     * @return always the same {@link CoherentDriver} or {@link PrivateDriver}
     */
    public final DeviceDriver driver() {
        return driver;
    }

    /**
     * Returns what makes the device fail on purpose.
     *
     * @return always the same object
     */
    public final FaultInjection faults() {
        return faults;
    }

    /**
     * Sets how long an operation may take; 60 seconds unless it is changed.
     *
     * @param limit more than zero, at most a day
     * @throws IllegalArgumentException if the limit is out of that range
     */
    public final void operationLimit(Duration limit) {
        if (limit.isNegative() || limit.isZero() || limit.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("the limit must be positive and at most a day: limit=" + limit);
        }
        operationLimit = limit;
    }

    /**
     * Has the device read memory of a space.
     *
     * @param mirror of the space; the device has to be attached
     * @param address of the first byte; any
     * @param target gets the bytes, 1 byte to 1 GiB, as many as it has
     * @return how it went
     * @throws IllegalArgumentException if the range or its size is out of range, the target is read-only, or the mirror
     *         is not attached
     * @throws io.quire.memory.contract.MemoryException what {@link DeviceMirror#fault} throws
     * @throws DriverException if the device fails, the time limit passes, or every answer for a second was outdated
     *         before it could be used
     * @throws DeviceClosedException after close
     */
    public final OperationResult read(DeviceMirror mirror, long address, MemorySegment target) {
        return read(Operation.Kind.READ, mirror, address, target).result();
    }

    /**
     * Has the device read memory only by translations that it has: shows what is in its page table.
     *
     * @param mirror of the space; the device has to be attached
     * @param address of the first byte; any
     * @param target gets the bytes, 1 byte to 1 GiB, as many as it has
     * @return true if it was read; false if the device has no translation of one of the pages, and the target is
     *         untouched
     * @throws IllegalArgumentException as {@link #read} does
     * @throws DriverException if the device fails or the time limit passes
     * @throws DeviceClosedException after close
     */
    public final boolean readMapped(DeviceMirror mirror, long address, MemorySegment target) {
        return read(Operation.Kind.READ_MAPPED, mirror, address, target).pages > 0;
    }

    /**
     * Has the device write to a space.
     *
     * @param mirror of the space; the device has to be attached
     * @param address of the first byte; any
     * @param source the bytes to write, 1 byte to 1 GiB
     * @return how it went
     * @throws IllegalArgumentException if the range or its size is out of range, or the mirror is not attached
     * @throws io.quire.memory.contract.MemoryException what {@link DeviceMirror#fault} throws
     * @throws DriverException as {@link #read} does
     * @throws DeviceClosedException after close
     */
    public final OperationResult write(DeviceMirror mirror, long address, MemorySegment source) {
        Operation operation = operation(Operation.Kind.WRITE, mirror, address, 0, source.byteSize(), 0);
        MemorySegment buffer = MemorySegment.ofArray(new byte[(int) source.byteSize()]);
        buffer.copyFrom(source);
        perform(operation, buffer);
        return operation.result();
    }

    /**
     * Has the device set each byte of a range to one value.
     *
     * @param mirror of the space; the device has to be attached
     * @param address of the first byte; any
     * @param sizeBytes 1 or more
     * @param value of each byte
     * @return how it went
     * @throws IllegalArgumentException if the range is none that a space can have, or the mirror is not attached
     * @throws io.quire.memory.contract.MemoryException what {@link DeviceMirror#fault} throws
     * @throws DriverException as {@link #read} does
     * @throws DeviceClosedException after close
     */
    public final OperationResult fill(DeviceMirror mirror, long address, long sizeBytes, byte value) {
        Operation operation = operation(Operation.Kind.FILL, mirror, address, 0, sizeBytes, value);
        perform(operation, NO_BUFFER);
        return operation.result();
    }

    /**
     * Has the device add up the longs of a range, in the byte order of the machine.
     *
     * @param mirror of the space; the device has to be attached
     * @param address of the first long; a multiple of 8
     * @param sizeBytes 8 or more; a multiple of 8
     * @return how it went, with the sum as its value
     * @throws IllegalArgumentException if address or size is out of that range, or the mirror is not attached
     * @throws io.quire.memory.contract.MemoryException what {@link DeviceMirror#fault} throws
     * @throws DriverException as {@link #read} does
     * @throws DeviceClosedException after close
     */
    public final OperationResult sum(DeviceMirror mirror, long address, long sizeBytes) {
        Operation operation = operation(Operation.Kind.SUM, mirror, address, 0, sizeBytes, 0);
        perform(operation, NO_BUFFER);
        return operation.result();
    }

    /**
     * Has the device copy bytes within a space.
     *
     * @param mirror of the space; the device has to be attached
     * @param source the first address to read; any
     * @param target the first address to write; any
     * @param sizeBytes 1 or more; the ranges must not overlap
     * @return how it went
     * @throws IllegalArgumentException if a range is none that a space can have, the ranges overlap, or the mirror is
     *         not attached
     * @throws io.quire.memory.contract.MemoryException what {@link DeviceMirror#fault} throws
     * @throws DriverException as {@link #read} does
     * @throws DeviceClosedException after close
     */
    public final OperationResult copy(DeviceMirror mirror, long source, long target, long sizeBytes) {
        Operation operation = operation(Operation.Kind.COPY, mirror, source, target, sizeBytes, 0);
        perform(operation, NO_BUFFER);
        return operation.result();
    }

    /**
     * Has the device add to a long, atomically. The page becomes exclusive to the device.
     *
     * @param mirror of the space; the device has to be attached
     * @param address of the long; a multiple of 8
     * @param delta to be added
     * @return how it went, with the long before the addition as its value
     * @throws IllegalArgumentException if the address is out of that range, or the mirror is not attached
     * @throws io.quire.memory.contract.MemoryException what {@link DeviceMirror#fault} throws
     * @throws DriverException as {@link #read} does
     * @throws DeviceClosedException after close
     */
    public final OperationResult atomicAdd(DeviceMirror mirror, long address, long delta) {
        Operation operation = operation(Operation.Kind.ADD, mirror, address, 0, Long.BYTES, delta);
        perform(operation, NO_BUFFER);
        return operation.result();
    }

    /**
     * Chooses if the device fills a freed frame with 0xDE, so that a later read of it is noticed. On
     * unless it is changed; turn it off to measure what the library costs.
     *
     * @param on true to fill freed frames
     */
    public abstract void poison(boolean on);

    /**
     * Returns the translations that the device has for a space.
     *
     * @param mirror of the space
     * @return in ascending order of addresses; empty if the mirror is not attached
     */
    public abstract List<TableEntry> table(DeviceMirror mirror);

    /**
     * Counts the translations of all spaces that lead to freed frames.
     *
     * @return 0, unless the library has a bug
     */
    public abstract long staleTranslations();

    /**
     * Tells if an access of the device is in progress. Never waits.
     *
     * @return true during an access
     */
    public abstract boolean isAccessing();

    /**
     * Returns what the device has counted since it was created.
     *
     * @return the counters; after close, those of the close
     */
    public abstract DeviceCounters counters();

    /**
     * Returns what happened to the device.
     *
     * @return the last 16,384 events, oldest first
     */
    public abstract List<DeviceEvent> events();

    /**
     * Ends the device's thread. A caller that waits for an operation gets a {@link DriverException}. Closing a closed
     * device has no effect. Coherent memory stays as long as its segment can be reached. A manager that has the driver
     * closes the device when it is closed itself.
     *
     * @throws DriverException if the thread does not end within 10 seconds, or within the {@link #operationLimit} if
     *         that is less, because a fault does not return; the device does nothing any more, and may be closed again
     */
    @Override
    public abstract void close();

    // Implemented by each kind of device; the results are those of Status.

    abstract MemorySegment memory();

    abstract int allocated(int frame);

    abstract int freed(int frame);

    /**
     * Stops at the first frame that is not granted and returns its status; sets the first element of {@code granted} to
     * the number of frames that are.
     */
    abstract int allocated(int[] frames, int[] granted);

    /** Frees the first {@code count} frames; returns the status of the first that could not be freed. */
    abstract int freed(int[] frames, int count);

    abstract int copyIn(MemorySegment source, int frame);

    abstract int copyOut(int frame, MemorySegment target);

    abstract int zero(int frame);

    abstract int attach(DeviceMirror mirror);

    abstract int detach(DeviceMirror mirror);

    abstract int invalidateStart(DeviceMirror mirror, Invalidation invalidation);

    abstract int invalidateEnd(DeviceMirror mirror, Invalidation invalidation);

    /** Offers pages without a gap. */
    abstract int map(DeviceMirror mirror, Translations translations);

    abstract boolean testAndClearAccessed(DeviceMirror mirror, long address);

    /** Runs an operation in the device's thread. A read sets the buffer only if all of it succeeds. */
    abstract int run(Operation operation, MemorySegment buffer, int limitMillis);

    abstract void inject(Fault fault);

    private Operation read(Operation.Kind kind, DeviceMirror mirror, long address, MemorySegment target) {
        Operation operation = operation(kind, mirror, address, 0, target.byteSize(), 0);
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("the target is read-only: device=" + name);
        }
        MemorySegment buffer = MemorySegment.ofArray(new byte[(int) target.byteSize()]);
        if (perform(operation, buffer)) {
            target.copyFrom(buffer);
        } else {
            operation.pages = 0;
        }
        return operation;
    }

    private Operation operation(Operation.Kind kind, DeviceMirror mirror, long address, long target, long sizeBytes,
            long argument) {
        Objects.requireNonNull(mirror, "mirror");
        boolean buffered = kind.isRead() || kind == Operation.Kind.WRITE;
        if (!isRange(address, sizeBytes) || !isRange(target, sizeBytes)
                || (buffered && sizeBytes > MAX_BUFFER_BYTES)) {
            throw badRange("no space has such a range, or it is empty or too long", kind, address, target, sizeBytes);
        }
        if (kind == Operation.Kind.COPY && address < target + sizeBytes && target < address + sizeBytes) {
            throw badRange("source and target overlap", kind, address, target, sizeBytes);
        }
        boolean words = kind == Operation.Kind.SUM || kind == Operation.Kind.ADD;
        if (words && (address % Long.BYTES != 0 || sizeBytes % Long.BYTES != 0)) {
            throw badRange("address and size are not multiples of 8", kind, address, target, sizeBytes);
        }
        return new Operation(kind, mirror, address, target, sizeBytes, argument);
    }

    private static boolean isRange(long address, long sizeBytes) {
        return address >= 0 && sizeBytes > 0 && address <= Long.MAX_VALUE - PAGE_BYTES - sizeBytes;
    }

    private IllegalArgumentException badRange(String rule, Operation.Kind kind, long address, long target,
            long sizeBytes) {
        return new IllegalArgumentException(rule + ": device=" + name + ", operation=" + kind + ", address=0x"
                + Long.toHexString(address) + ", target=0x" + Long.toHexString(target)
                + ", sizeBytes=" + sizeBytes);
    }

    /** Runs an operation; false if it may not fault and misses a page. */
    private boolean perform(Operation operation, MemorySegment buffer) {
        int status = run(operation, buffer, limitMillis());
        return switch (status) {
            case Status.OK -> true;
            case Status.NOT_MAPPED -> false;
            case Status.FAULT_FAILED -> throw asThrown(operation.failure());
            case Status.UNKNOWN_DEVICE -> throw new DeviceClosedException(name);
            case Status.UNKNOWN_MIRROR -> throw new IllegalArgumentException("mirror is not attached: device=" + name
                    + ", mirror=" + operation.mirror.id() + ", space=" + operation.mirror.spaceName());
            default -> throw failed("operation=" + operation.kind, status);
        };
    }

    private RuntimeException asThrown(@Nullable Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException runtime ? runtime
                : new IllegalStateException("a fault failed without an exception: device=" + name, failure);
    }

    /** Throws unless the library's call has succeeded. */
    private void checked(String call, Object argument, int status) {
        if (status != Status.OK) {
            throw failed("call=" + call + "(" + argument + ")", status);
        }
    }

    /** The same for a call about one frame: allocates nothing if it has succeeded. */
    private void checked(String call, int frame, int status) {
        if (status != Status.OK) {
            checked(call, Integer.valueOf(frame), status);
        }
    }

    /** Returns where the pages from an index on have their first gap. */
    private static int endOfRun(List<PageTranslation> pages, int from) {
        int to = from + 1;
        while (to < pages.size() && to - from < MAX_FAULT_PAGES
                && pages.get(to).address() == pages.get(to - 1).address() + PAGE_BYTES) {
            to++;
        }
        return to;
    }

    private int limitMillis() {
        return (int) Math.max(1, operationLimit.toMillis());
    }

    final int closeLimitMillis() {
        return (int) Math.min(CLOSE_LIMIT_MILLIS, limitMillis());
    }

    final DriverException failed(String what, int status) {
        return new DriverException(Status.text(status) + ": device=" + name + ", " + what
                + ", status=" + status, status);
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + name + ", " + kind + ", frames=" + frames + "]";
    }

    /** The driver that the library calls: turns each status into an exception. */
    private abstract class Driver implements DeviceDriver {

        @Override
        public boolean frameAllocated(int frame) {
            int status = allocated(frame);
            if (status == Status.REFUSED) {
                return false;
            }
            checked("frameAllocated", frame, status);
            return true;
        }

        @Override
        public void frameFreed(int frame) {
            checked("frameFreed", frame, freed(frame));
        }

        @Override
        public int framesAllocated(int[] frames) {
            int[] granted = new int[1];
            int status = allocated(frames, granted);
            if (status != Status.OK && status != Status.REFUSED) {
                if (granted[0] > 0) {
                    freed(frames, granted[0]); // a driver that throws has granted none
                }
                throw failed("call=framesAllocated" + Arrays.toString(frames) + ", granted=" + granted[0], status);
            }
            return granted[0];
        }

        @Override
        public void framesFreed(int[] frames) {
            int status = freed(frames, frames.length);
            if (status != Status.OK) {
                throw failed("call=framesFreed" + Arrays.toString(frames), status);
            }
        }

        @Override
        public void attached(DeviceMirror mirror) {
            checked("attached", mirror, attach(mirror));
        }

        @Override
        public void detached(DeviceMirror mirror) {
            checked("detached", mirror, detach(mirror));
        }

        @Override
        public boolean invalidateStart(DeviceMirror mirror, Invalidation invalidation) {
            int status = SoftwareDevice.this.invalidateStart(mirror, invalidation);
            if (status == Status.REFUSED) {
                return false;
            }
            checked("invalidateStart", invalidation, status);
            return true;
        }

        @Override
        public void invalidateEnd(DeviceMirror mirror, Invalidation invalidation) {
            checked("invalidateEnd", invalidation, SoftwareDevice.this.invalidateEnd(mirror, invalidation));
        }

        @Override
        public void mapped(DeviceMirror mirror, Translations translations) {
            List<PageTranslation> pages = translations.pages();
            for (int from = 0, to; from < pages.size(); from = to) {
                to = endOfRun(pages, from);
                int status = map(mirror, new Translations(translations.sequence(), pages.subList(from, to)));
                if (status == Status.OUTDATED) {
                    return;
                }
                checked("mapped", mirror, status);
            }
        }

        @Override
        public boolean testAndClearAccessed(DeviceMirror mirror, long address) {
            return SoftwareDevice.this.testAndClearAccessed(mirror, address);
        }

        @Override
        public void close() {
            SoftwareDevice.this.close();
        }

        @Override
        public String toString() {
            return "driver of " + SoftwareDevice.this;
        }
    }

    private final class Coherent extends Driver implements CoherentDriver {

        @Override
        public MemorySegment memory() {
            return SoftwareDevice.this.memory();
        }
    }

    private final class Private extends Driver implements PrivateDriver {

        @Override
        public int frames() {
            return frames;
        }

        @Override
        public void copyToDevice(MemorySegment source, int frame) {
            requirePage(source);
            checked("copyToDevice", frame, copyIn(source, frame));
        }

        @Override
        public void copyToHost(int frame, MemorySegment target) {
            requirePage(target);
            checked("copyToHost", frame, copyOut(frame, target));
        }

        @Override
        public void zero(int frame) {
            checked("zero", frame, SoftwareDevice.this.zero(frame));
        }

        private void requirePage(MemorySegment segment) {
            if (segment.byteSize() != PAGE_BYTES) {
                throw new IllegalArgumentException("the segment must have one page: device=" + name
                        + ", sizeBytes=" + segment.byteSize());
            }
        }
    }
}
