package io.quire.memory.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * A range of memory that is taken once and given back once. With native access: an anonymous mapping, 2 MiB aligned,
 * huge pages advised, its pages taken by the machine on first touch. Without: a shared arena, which takes and zeroes
 * all of it at once.
 * <p>
 * {@link #close()} gives the pages back at once. The <em>addresses</em> of a mapping stay valid until this object is
 * unreachable, so that a reader that was overtaken by the close reads zeros instead of ending the VM.
 * <p>
 * Any thread may read and write the memory; one closes it.
 */
@SuppressWarnings("restricted") // makes segments of addresses
public final class Reservation implements AutoCloseable {

    private static final long HUGE_PAGE_BYTES = 2L << 20;
    private static final Cleaner UNMAPPER = Cleaner.create();

    private final MemorySegment segment;
    private final @Nullable Arena arena;

    private Reservation(MemorySegment segment, @Nullable Arena arena) {
        this.segment = segment;
        this.arena = arena;
    }

    /**
     * Takes memory.
     *
     * @param sizeBytes how much; positive
     * @throws IllegalStateException if the operating system refuses the mapping
     * @throws OutOfMemoryError if there is no native access and the arena cannot be had
     */
    public static Reservation of(long sizeBytes) {
        if (!NativeAccess.ENABLED) {
            Arena arena = Arena.ofShared();
            return new Reservation(arena.allocate(sizeBytes, HUGE_PAGE_BYTES), arena);
        }
        long mappedBytes = Math.addExact(sizeBytes, HUGE_PAGE_BYTES);
        long mapped = Linux.mmap(mappedBytes);
        long aligned = (mapped + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
        // Advice only: where huge pages are switched off the memory works the same, with more TLB misses.
        Linux.madvise(aligned, sizeBytes, Linux.MADV_HUGEPAGE);
        Reservation reservation = new Reservation(MemorySegment.ofAddress(aligned).reinterpret(sizeBytes), null);
        UNMAPPER.register(reservation, () -> Linux.munmap(mapped, mappedBytes));
        return reservation;
    }

    /** The memory; its first byte is aligned to 2 MiB. */
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public void close() {
        if (arena != null) {
            arena.close();
        } else {
            Linux.madvise(segment.address(), segment.byteSize(), Linux.MADV_DONTNEED);
        }
    }
}
