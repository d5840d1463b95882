package io.quire.memory.bench.measure;

/**
 * The promises of the library, each beside a rival in the same run. This is the only list of them: a tour answers each
 * with one row.
 */
public enum Promise implements Target {

    FORK_BESIDE_LINUX("fork() of 1 GiB resident, beside fork() of Linux", Target.atLeast(10_000)),
    FORK_OF_ANY_SIZE("fork() of 64 GiB mapped, beside 1 MiB", Target.atMost(1.2)),

    FIRST_WRITE_BESIDE_LINUX("first write after a fork, beside Linux's copy-on-write fault",
            Target.atLeast(5).because("The copy of a cold page alone is more than a fifth of Linux's fault, so "
                    + "no way that copies is five times as fast.")),
    FIRST_WRITE_SCATTERED("first write after a fork, pages anywhere, beside a copy of 4 KiB",
            Target.atMost(1.5, 200).because("By a profile four tenths are the copy, and a third is another copy, with "
                    + "64 counts: nearly every one of these pages lies in another leaf of 64 entries, which is copied "
                    + "too.")),
    FIRST_WRITE_CLUSTERED("first write after a fork, pages close together, beside a copy of 4 KiB",
            Target.atMost(1.5, 200)),

    READ_IN_CACHE("random read of 8 bytes in cache (1 MiB), beside one flat segment", Target.atMost(2)),
    READ_IN_MEMORY("random read of 8 bytes in memory (1 GiB), beside one flat segment",
            Target.atMost(2).because(Why.READS)),
    READ_IN_CACHE_BESIDE_NETTY("random read of 8 bytes in cache (1 MiB), beside ByteBuf.getLong",
            Target.atLeast(1).because("Netty's getLong is a load and a check of its bounds; a translation is a look-up "
                    + "more.")),
    READ_IN_MEMORY_BESIDE_NETTY("random read of 8 bytes in memory (1 GiB), beside ByteBuf.getLong",
            Target.atLeast(1).because(Why.READS)),
    GATHER("gather of words in one call, in memory (1 GiB), beside one flat segment", Target.atMost(1.5)),
    WRITE_IN_CACHE("random write of 8 bytes in cache (1 MiB), beside one flat segment", Target.atMost(2)),
    WRITE_IN_MEMORY("random write of 8 bytes in memory (1 GiB), beside one flat segment",
            Target.atMost(2).because("Two stores to the writer's slot for each of a value fill the processor's store "
                    + "buffer: a flat write between such two takes twice the time alone (FLAT_IN_SLOT).")),
    SCAN("scan with a run cursor, bandwidth beside a plain loop over one segment", Target.atLeast(0.95)),

    ALLOCATE_BESIDE_NETTY("page allocate + free, one thread, beside Netty's adaptive allocator",
            Target.atLeast(5)),
    ALLOCATE_BESIDE_MALLOC("page allocate + free, one thread, beside malloc + free",
            Target.atLeast(3)),
    ALLOCATE_IN_TWO_THREADS("page allocate + free, cost in two threads beside one", Target.atMost(1.3)),

    PIN_BY_ACCESSOR("short pin + unpin by an accessor, beside one uncontended exchange", Target.atMost(4)),
    PIN_BY_SPACE("short pin + unpin by a space, beside one uncontended exchange",
            Target.atMost(4).because("Any thread may close it, so both ends take the lock of the space: by a profile "
                    + "four tenths, beside two tenths for the word of the frame. A pin by an accessor does without.")),

    MIGRATION_TO_DEVICE("migration to a device, batches of 64, bandwidth beside a copy",
            Target.atLeast(0.8).because(Why.MIGRATION)),
    MIGRATION_TO_HOST("migration to the host, batches of 64, bandwidth beside a copy",
            Target.atLeast(0.8).because(Why.MIGRATION)),

    PAGES_LOST_TO_READS("device pages lost to a fork followed by device reads", Target.figure("0")),
    PAGES_LOST_TO_WRITES("device pages lost to a fork followed by writes, SAME_POOL and room",
            Target.figure("0")),

    METADATA("metadata, of the memory managed and for a page", Target.figure("<= 1 %, <= 24 B")),

    EVICTION("eviction hits: as LRU and CLOCK, within 1 point of SIEVE, 2Q, S3-FIFO",
            Target.figure("every trace").because("In a large cache whose popular pages change all the time CLOCK "
                    + "has up to a point more; docs/eviction.md has every trace."));

    /** Reasons that several promises have. */
    private static final class Why {

        static final String READS = "Owner, alignment, look-up and version are some 40 instructions, so fewer cache "
                + "misses fit into the processor's window: a flat read among as many others costs as much "
                + "(FLAT_AND_WORK). A gather has none of that.";
        static final String MIGRATION = "By a profile two thirds are the copy and a sixth is what the device is told, "
                + "on its driver's thread. The rest is bookkeeping page by page: frames taken and given back, looks at "
                + "entries, the eviction queue. Without an attached device it is about 0.8.";

        private Why() {
        }
    }

    private final String words;
    @SuppressWarnings("ImmutableEnumChecker") // a record of numbers and strings
    private final Bound bound;

    Promise(String words, Bound bound) {
        this.words = words;
        this.bound = bound;
    }

    /** What is promised, and beside what. */
    public String words() {
        return words;
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
