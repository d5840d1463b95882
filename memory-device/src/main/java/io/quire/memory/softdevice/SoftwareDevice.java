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
 * A device in software. Give its {@link #driver()} to a memory manager, attach it to a space, and let it work on the
 * space's addresses through the mirror of the attachment.
 * <p>
 * <b>Threads.</b> Any thread may call any method. Operations run one after the other in the device's own thread, and
 * the caller waits: for as long as {@link #operationLimit} says, then it gets a {@link DriverException}, and the
 * operation ends when it can. An interrupt ends nothing and stays pending. A virtual thread that waits keeps no
 * carrier.
 * <p>
 * <b>Failures of an operation.</b> What the mirror threw reaches the caller of the operation as it is: an
 * {@link io.quire.memory.contract.AddressNotMappedException}, say. A read that fails leaves its target alone; a write,
 * fill or copy that fails may have written a part. Everything else is a {@link DriverException}.
 * <p>
 * <b>After close</b> operations throw {@link DeviceClosedException}; {@link #counters} and {@link #events} go on
 * answering.
 */
public abstract sealed class SoftwareDevice implements AutoCloseable permits NativeDevice, JavaDevice {

    static final int PAGE_BYTES = 4096;

    /** How many pages one fault asks for at most. */
    static final int MAX_FAULT_PAGES = 65536;

    /** An operation that gets no nearer to an access for so long, and so many faults, is given up. */
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
            throw new IllegalArgumentException("size is not a positive multiple of 4096, for at most 2^31 - 1 frames: "
                    + "device=" + name + ", sizeBytes=" + sizeBytes);
        }
        this.frames = (int) (sizeBytes / PAGE_BYTES);
        this.driver = kind == PoolKind.DEVICE_COHERENT ? new Coherent() : new Private();
    }

    /** As given, for messages. */
    public final String name() {
        return name;
    }

    /** {@link PoolKind#DEVICE_COHERENT} or {@link PoolKind#DEVICE_PRIVATE}. */
    public final PoolKind kind() {
        return kind;
    }

    /** How many frames of 4096 bytes it has. */
    public final int frames() {
        return frames;
    }

    /** What a memory manager takes: a {@link CoherentDriver} or a {@link PrivateDriver}. Always the same. */
    public final DeviceDriver driver() {
        return driver;
    }

    /** What makes it fail on purpose. */
    public final FaultInjection faults() {
        return faults;
    }

    /**
     * How long an operation may take; 60 seconds unless it is changed.
     *
     * @param limit positive, at most a day
     */
    public final void operationLimit(Duration limit) {
        if (limit.isNegative() || limit.isZero() || limit.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("limit is not between 0 and a day: limit=" + limit);
        }
        operationLimit = limit;
    }

    /**
     * Reads as many bytes as the target has; it is untouched if that fails.
     *
     * @throws IllegalArgumentException for a range that no space can have, or one that is empty or longer than 1 GiB,
     *         or a mirror that is not attached
     * @throws DriverException if the device fails, or if for a second every answer was outdated before it could be used
     * @throws DeviceClosedException after close
     */
    public final OperationResult read(DeviceMirror mirror, long address, MemorySegment target) {
        return read(Operation.Kind.READ, mirror, address, target).result();
    }

    /**
     * Reads as {@link #read} does, without asking for any translation: shows what the device has in its table.
     *
     * @return false, and the target is untouched, if it lacks one of the pages
     */
    public final boolean readMapped(DeviceMirror mirror, long address, MemorySegment target) {
        return read(Operation.Kind.READ_MAPPED, mirror, address, target).pages > 0;
    }

    /** Writes all bytes of the source. Throws what {@link #read} throws. */
    public final OperationResult write(DeviceMirror mirror, long address, MemorySegment source) {
        Operation operation = operation(Operation.Kind.WRITE, mirror, address, 0, source.byteSize(), 0);
        MemorySegment buffer = MemorySegment.ofArray(new byte[(int) source.byteSize()]);
        buffer.copyFrom(source);
        perform(operation, buffer);
        return operation.result();
    }

    /** Sets bytes. Throws what {@link #read} throws; there is no limit of 1 GiB. */
    public final OperationResult fill(DeviceMirror mirror, long address, long sizeBytes, byte value) {
        Operation operation = operation(Operation.Kind.FILL, mirror, address, 0, sizeBytes, value);
        perform(operation, NO_BUFFER);
        return operation.result();
    }

    /**
     * Adds up the 64-bit words of a range, in the order of bytes of the machine. Throws what {@link #fill} throws.
     *
     * @param address a multiple of 8
     * @param sizeBytes a multiple of 8
     */
    public final OperationResult sum(DeviceMirror mirror, long address, long sizeBytes) {
        Operation operation = operation(Operation.Kind.SUM, mirror, address, 0, sizeBytes, 0);
        perform(operation, NO_BUFFER);
        return operation.result();
    }

    /** Copies bytes within a space; the ranges must not overlap. Throws what {@link #fill} throws. */
    public final OperationResult copy(DeviceMirror mirror, long source, long target, long sizeBytes) {
        Operation operation = operation(Operation.Kind.COPY, mirror, source, target, sizeBytes, 0);
        perform(operation, NO_BUFFER);
        return operation.result();
    }

    /**
     * Adds to a 64-bit word, for which the page becomes exclusive to the device. Throws what {@link #fill} throws.
     *
     * @param address a multiple of 8
     * @return what the word was before, as its value
     */
    public final OperationResult atomicAdd(DeviceMirror mirror, long address, long delta) {
        Operation operation = operation(Operation.Kind.ADD, mirror, address, 0, Long.BYTES, delta);
        perform(operation, NO_BUFFER);
        return operation.result();
    }

    /**
     * Whether a frame that goes out of use is filled with 0xDE, so that whoever reads it nevertheless is found out. On
     * unless it is changed; a measurement that is to show what the library costs has it off.
     */
    public abstract void poison(boolean on);

    /** The translations it has for a space, in ascending order of addresses; none for a mirror that is not attached. */
    public abstract List<TableEntry> table(DeviceMirror mirror);

    /** How many translations of all spaces lead to frames that went out of use: 0 unless the library is wrong. */
    public abstract long staleTranslations();

    /** Whether an access is in progress. Never waits. */
    public abstract boolean isAccessing();

    /** What it has counted. */
    public abstract DeviceCounters counters();

    /** The last 16,384 events, oldest first. */
    public abstract List<DeviceEvent> events();

    /**
     * Ends the device's thread; whoever waits for an operation gets a {@link DriverException}. Closing twice does
     * nothing. Coherent memory stays as long as somebody has a reference to its segment.
     *
     * @throws DriverException if the thread does not end within 10 seconds, or the {@link #operationLimit} if that is
     *         less, because a fault does not; the device does nothing any more, and may be closed again
     */
    @Override
    public abstract void close();

    // What the two kinds of device do each in its way: answers are those of Status.

    abstract MemorySegment memory();

    abstract int allocated(int frame);

    abstract int freed(int frame);

    /** Up to the first that is not granted, with which it is answered; the first of {@code granted} says how many. */
    abstract int allocated(int[] frames, int[] granted);

    /** The first {@code count} of them; answered with the first that could not. */
    abstract int freed(int[] frames, int count);

    abstract int copyIn(MemorySegment source, int frame);

    abstract int copyOut(int frame, MemorySegment target);

    abstract int zero(int frame);

    abstract int attach(DeviceMirror mirror);

    abstract int detach(DeviceMirror mirror);

    abstract int invalidateStart(DeviceMirror mirror, Invalidation invalidation);

    abstract int invalidateEnd(DeviceMirror mirror, Invalidation invalidation);

    /** Pages without a gap. */
    abstract int map(DeviceMirror mirror, Translations translations);

    abstract boolean testAndClearAccessed(DeviceMirror mirror, long address);

    /** Runs it in the device's thread; a read puts what it read into the buffer only if all of it succeeds. */
    abstract int run(Operation operation, MemorySegment buffer, int limitMillis);

    abstract void inject(Fault fault);

    private Operation read(Operation.Kind kind, DeviceMirror mirror, long address, MemorySegment target) {
        Operation operation = operation(kind, mirror, address, 0, target.byteSize(), 0);
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("target is read-only: device=" + name);
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
            throw badRange("no range that a device can work on", kind, address, target, sizeBytes);
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

    /** False if it may not fault and misses a page. */
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
                : new IllegalStateException("a fault failed for no reason: device=" + name, failure);
    }

    /** A call of the library has no answer but yes. */
    private void checked(String call, Object argument, int status) {
        if (status != Status.OK) {
            throw failed("call=" + call + "(" + argument + ")", status);
        }
    }

    /** Without a text, and without an object, for what is called for every page. */
    private void checked(String call, int frame, int status) {
        if (status != Status.OK) {
            checked(call, Integer.valueOf(frame), status);
        }
    }

    /** Where the pages from an index on have their first gap. */
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

    /** What the library calls: statuses become exceptions. */
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
                    freed(frames, granted[0]); // who throws has granted none
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
                throw new IllegalArgumentException("not one page: device=" + name
                        + ", sizeBytes=" + segment.byteSize());
            }
        }
    }
}
