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
 * {@link #close()} gives the pages back at once. The <em>addresses</em> of a mapping stay valid for as long as
 * {@link #segment()}, or any segment or buffer that was made of it, can be reached: the scope of the segment owns the
 * mapping. So a reader that was overtaken by the close, or by the garbage collector, reads zeros instead of ending the
 * VM. Without native access the memory is freed by the close, or when this object becomes unreachable; segments throw
 * from then on.
 * <p>
 * Any thread may read and write the memory; one closes it.
 */
@SuppressWarnings("restricted") // makes segments of addresses
public final class Reservation implements AutoCloseable {

    private static final long HUGE_PAGE_BYTES = 2L << 20;
    private static final Cleaner CLEANER = Cleaner.create();

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
        return NativeAccess.ENABLED ? mapped(sizeBytes) : allocated(sizeBytes);
    }

    private static Reservation mapped(long sizeBytes) {
        long mappedBytes = Math.addExact(sizeBytes, HUGE_PAGE_BYTES);
        Mapping mapping = new Mapping(mappedBytes); // before there is something to lose
        Arena owner = Arena.ofAuto();
        try {
            long aligned = (mapping.map() + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
            // Advice only: where huge pages are switched off the memory works the same, with more TLB misses.
            Linux.madvise(aligned, sizeBytes, Linux.MADV_HUGEPAGE);
            MemorySegment segment = MemorySegment.ofAddress(aligned).reinterpret(sizeBytes, owner, mapping::unmap);
            return new Reservation(segment, null);
        } catch (Throwable refused) {
            mapping.unmapNow();
            throw refused;
        }
    }

    private static Reservation allocated(long sizeBytes) {
        Arena arena = Arena.ofShared();
        try {
            Reservation reservation = new Reservation(arena.allocate(sizeBytes, HUGE_PAGE_BYTES), arena);
            CLEANER.register(reservation, () -> closeIfOpen(arena));
            return reservation;
        } catch (Throwable refused) {
            arena.close();
            throw refused;
        }
    }

    private static void closeIfOpen(Arena arena) {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    /** The memory; its first byte is aligned to 2 MiB. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Gives pages back to the operating system. They read as zeros afterwards, and are taken again by the next touch.
     *
     * @param offset of the first byte; a multiple of the page size of the machine, as is the size
     * @return whether they were given back; never without native access
     */
    public boolean giveBack(long offset, long sizeBytes) {
        return arena == null && Linux.madvise(segment.asSlice(offset, sizeBytes).address(), sizeBytes,
                Linux.MADV_DONTNEED) == 0;
    }

    /**
     * Has the operating system provide pages now instead of at their first touch. They keep their content.
     *
     * @throws IllegalStateException if it cannot
     */
    public void touch(long offset, long sizeBytes) {
        if (arena != null) {
            return; // it was zeroed, so it is there
        }
        MemorySegment part = segment.asSlice(offset, sizeBytes);
        if (Linux.madvise(0, 0, Linux.MADV_POPULATE_WRITE) != 0) {
            TouchedPages.touch(part); // a kernel before 5.14
        } else if (Linux.madvise(part.address(), sizeBytes, Linux.MADV_POPULATE_WRITE) != 0) {
            throw new IllegalStateException("the operating system cannot provide the memory: sizeBytes=" + sizeBytes);
        }
    }

    @Override
    public void close() {
        if (arena != null) {
            arena.close();
        } else {
            Linux.madvise(segment.address(), segment.byteSize(), Linux.MADV_DONTNEED);
        }
    }

    /** A mapping that is unmapped once. */
    private static final class Mapping {

        private final long sizeBytes;
        private long address;

        Mapping(long sizeBytes) {
            this.sizeBytes = sizeBytes;
        }

        long map() {
            address = Linux.mmap(sizeBytes);
            return address;
        }

        /** When nobody can reach the segment any more. */
        void unmap(MemorySegment unreachable) {
            unmapNow();
        }

        void unmapNow() {
            long mapped = address;
            address = 0;
            if (mapped != 0) {
                Linux.munmap(mapped, sizeBytes);
            }
        }
    }
}
