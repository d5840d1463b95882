package io.quire.memory.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * A range of memory that is taken once and given back once. With native access it is an anonymous mapping, aligned to 2
 * MiB and advised to use huge pages; the kernel provides pages at their first touch. Without native access it is a
 * shared arena, which allocates and zeroes all of it at once.
 * <p>
 * {@link #close()} gives the pages back at once. The <em>addresses</em> of a mapping stay valid as long as
 * {@link #segment()}, or any segment or buffer made from it, is reachable: the scope of the segment owns the mapping.
 * So a reader that comes after the close, or after this object became unreachable, does not crash the VM; after the
 * close it reads zeros. Without native access the memory is freed by the close, or when this object becomes
 * unreachable; then its segments throw.
 * <p>
 * Any thread may read and write the memory; one thread closes it.
 */
@SuppressWarnings("restricted") // makes segments from addresses
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
     * Reserves memory.
     *
     * @param sizeBytes how much; positive
     * @throws IllegalStateException if the operating system refuses the mapping
     * @throws OutOfMemoryError if there is no native access and the arena cannot be allocated
     */
    public static Reservation of(long sizeBytes) {
        return NativeAccess.ENABLED ? mapped(sizeBytes) : allocated(sizeBytes);
    }

    private static Reservation mapped(long sizeBytes) {
        long mappedBytes = Math.addExact(sizeBytes, HUGE_PAGE_BYTES);
        Mapping mapping = new Mapping(mappedBytes); // before mmap, so that an Error here loses nothing
        Arena owner = Arena.ofAuto();
        try {
            long aligned = (mapping.map() + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
            // Only advice: if huge pages are switched off, the memory works the same, with more TLB misses.
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
     * Gives pages back to the operating system. They read as zeros afterwards; the next touch takes them again.
     *
     * @param offset offset of the first byte; a multiple of the machine's page size, and so is the size
     * @return true if they were given back; always false without native access
     */
    public boolean giveBack(long offset, long sizeBytes) {
        return arena == null && Linux.madvise(segment.asSlice(offset, sizeBytes).address(), sizeBytes,
                Linux.MADV_DONTNEED) == 0;
    }

    /**
     * Makes the operating system provide pages now instead of at their first touch. They keep their content.
     *
     * @throws IllegalStateException if the operating system cannot provide them
     */
    public void touch(long offset, long sizeBytes) {
        if (arena != null) {
            return; // the arena has zeroed it, so it is there
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

        /** Called when the segment is unreachable. */
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
