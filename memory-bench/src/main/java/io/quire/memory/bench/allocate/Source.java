package io.quire.memory.bench.allocate;

import org.jspecify.annotations.Nullable;

/** The allocators. */
public enum Source {

    /** Ours, as a fault of an accessor takes frames. */
    OWN("frames of an accessor"),
    /** The same without the count of mappings. */
    MAGAZINE("magazine"),
    /** Ours without an accessor: through the magazine of a stripe, which is claimed and released each time. */
    POOL("pool"),
    /** The same without the count of mappings. */
    ALLOCATOR("frame allocator"),
    NETTY_ADAPTIVE("Netty adaptive"),
    NETTY_POOLED("Netty pooled"),
    MALLOC("malloc/free"),
    JEMALLOC("jemalloc"),
    MIMALLOC("mimalloc"),
    ARROW("Arrow"),
    CONFINED_ARENA("confined arena"),
    SHARED_ARENA("shared arena");

    private final String label;

    Source(String label) {
        this.label = label;
    }

    /** Returns the name as reports print it. */
    String label() {
        return label;
    }

    /** Opens the source, with a page in each slot. */
    PageSource open(int live) {
        return fill(withoutPages(live));
    }

    /** Opens the source, with empty slots. */
    PageSource withoutPages(int live) {
        return switch (this) {
            case OWN -> OwnPages.of(live);
            case MAGAZINE -> MagazinePages.of(live);
            case POOL -> PoolPages.of(live);
            case ALLOCATOR -> AllocatorPages.of(live);
            case NETTY_ADAPTIVE -> NettyPages.adaptive(live);
            case NETTY_POOLED -> NettyPages.pooled(live);
            case MALLOC -> CPages.malloc(live);
            case JEMALLOC -> CPages.jemalloc(live);
            case MIMALLOC -> CPages.mimalloc(live);
            case ARROW -> ArrowPages.of(live);
            case CONFINED_ARENA -> ArenaPages.confined(live);
            case SHARED_ARENA -> ArenaPages.shared(live);
        };
    }

    /** Allocates a page for each slot. */
    static PageSource fill(PageSource source) {
        for (int slot = 0; slot < source.live(); slot++) {
            source.allocate(slot);
        }
        return source;
    }

    /** Returns why the source cannot run in this process; null if it can. */
    @Nullable String whyMissing() {
        try (PageSource _ = open(1)) {
            return null;
        } catch (RuntimeException | LinkageError failure) {
            Throwable root = failure;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            return root.toString();
        }
    }
}
