package io.quire.memory.bench.measure;

/**
 * The promises of the library, each measured beside a rival in the same run. This is the only list of promises. A tour
 * answers each promise with one row.
 */
public enum Promise implements Target {

    FORK_BESIDE_LINUX("fork() of 1 GiB resident, beside fork() of Linux", Target.atLeast(10_000)),
    FORK_OF_ANY_SIZE("fork() of 64 GiB mapped, beside 1 MiB", Target.atMost(1.2)),
    FORK_AMID_WRITES("fork() amid first writes of another thread, p50, beside fork() alone",
            Target.atMostNanos(5_000)),
    FORK_AMID_WRITES_P99("fork() amid first writes of another thread, p99, beside fork() alone",
            Target.atMostNanos(100_000)),
    FORK_AMID_WRITES_FRESH("fork() amid first writes, fresh process, p50, beside fork() alone",
            Target.atMostNanos(20_000)),
    FORK_AMID_WRITES_FRESH_P99("fork() amid first writes, fresh process, p99, beside fork() alone",
            Target.atMostNanos(500_000)),

    FIRST_WRITE_BESIDE_LINUX("first write after a fork, beside Linux's copy-on-write fault",
            Target.atLeast(2)),
    FIRST_WRITE_SCATTERED("first write after a fork, pages anywhere, beside a copy of 4 KiB",
            Target.atMost(1.5, 200).because("A profile shows four tenths in the copy, and a third in a second copy: "
                    + "nearly every one of these pages is in a leaf of its own, and the leaf with its 64 entries is "
                    + "copied too, and 64 counts are raised.")),
    FIRST_WRITE_CLUSTERED("first write after a fork, pages close together, beside a copy of 4 KiB",
            Target.atMost(1.5, 200)),
    FIRST_WRITE_IN_TWO_THREADS_SEQUENTIAL("first write, pages in order, cost in two threads beside one",
            Target.atMost(1.2)),
    FIRST_WRITE_IN_TWO_THREADS_SCATTERED("first write, pages anywhere, cost in two threads beside one",
            Target.atMost(1.2)),

    READ_IN_CACHE("random read of 8 bytes in cache (1 MiB), beside one flat segment", Target.atMost(2)),
    READ_IN_MEMORY("random read of 8 bytes in memory (1 GiB), beside one flat segment",
            Target.atMost(2).because(Why.READS)),
    READ_IN_CACHE_BESIDE_NETTY("random read of 8 bytes in cache (1 MiB), beside ByteBuf.getLong",
            Target.atLeast(1).because("Netty's getLong is a load and a bounds check; ours needs a lookup of the "
                    + "translation too.")),
    READ_IN_MEMORY_BESIDE_NETTY("random read of 8 bytes in memory (1 GiB), beside ByteBuf.getLong",
            Target.atLeast(1).because(Why.READS)),
    GATHER("gather of words in one call, in memory (1 GiB), beside one flat segment", Target.atMost(1.5)),
    WRITE_IN_CACHE("random write of 8 bytes in cache (1 MiB), beside one flat segment", Target.atMost(2)),
    WRITE_IN_MEMORY("random write of 8 bytes in memory (1 GiB), beside one flat segment",
            Target.atMost(2).because("Each write makes two more stores, to the writer slot, and they fill the "
                    + "processor's store buffer: with them alone a flat write takes twice the time (FLAT_IN_SLOT).")),
    SCAN("scan with a run cursor, bandwidth beside a plain loop over one segment", Target.atLeast(0.95)),

    ALLOCATE_BESIDE_NETTY("page allocate + free, one thread, beside Netty's adaptive allocator",
            Target.atLeast(5)),
    ALLOCATE_BESIDE_MALLOC("page allocate + free, one thread, beside malloc + free",
            Target.atLeast(3)),
    ALLOCATE_IN_TWO_THREADS("page allocate + free, cost in two threads beside one", Target.atMost(1.3)),

    PIN_BY_ACCESSOR("short pin + unpin by an accessor, beside one uncontended exchange", Target.atMost(4)),
    PIN_BY_SPACE("short pin + unpin by a space, beside one uncontended exchange",
            Target.atMost(4).because("Any thread may close it, so pin and unpin take the lock of the space: by a "
                    + "profile four tenths; the word of the frame takes two. A pin by an accessor needs no lock.")),

    MIGRATION_TO_DEVICE("migration to a device, batches of 64, bandwidth beside a copy",
            Target.atLeast(0.8).because(Why.MIGRATION)),
    MIGRATION_TO_HOST("migration to the host, batches of 64, bandwidth beside a copy",
            Target.atLeast(0.8).because(Why.MIGRATION)),

    PAGES_LOST_TO_READS("device pages lost to a fork followed by device reads", Target.figure("0")),
    PAGES_LOST_TO_WRITES("device pages lost to a fork followed by writes, SAME_POOL and room",
            Target.figure("0")),

    METADATA("metadata, of the memory managed and for a page", Target.figure("<= 1 %, <= 24 B")),

    EVICTION("eviction hits: as LRU and CLOCK, within 1 point of SIEVE, 2Q, S3-FIFO",
            Target.figure("every trace").because("If the popular pages change all the time, CLOCK is up to a point "
                    + "better in a large cache; docs/eviction.md has every trace."));

    /** Reasons that several promises share. */
    private static final class Why {

        static final String READS = "Checks of thread and alignment, lookup and version take some 40 instructions, so "
                + "the processor overlaps fewer cache misses: a flat read with as many other instructions costs as "
                + "much (FLAT_AND_WORK). A gather does not have this cost.";
        static final String MIGRATION = "A profile shows two thirds in the copy, and a sixth in calls of the driver on "
                + "its own thread. The rest is bookkeeping for each page: frames allocated and freed, entries read, "
                + "the eviction queue. Without an attached device the ratio is about 0.8.";

        private Why() {
        }
    }

    private final String label;
    @SuppressWarnings("ImmutableEnumChecker") // a record of numbers and strings
    private final Bound bound;

    Promise(String label, Bound bound) {
        this.label = label;
        this.bound = bound;
    }

    /** Returns what is promised, and which rival it is measured beside. */
    public String label() {
        return label;
    }

    @Override
    public Bound bound() {
        return bound;
    }

    @Override
    public Kind kind() {
        return bound.kind();
    }
}
