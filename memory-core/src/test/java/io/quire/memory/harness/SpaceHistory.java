package io.quire.memory.harness;

import io.quire.memory.MemoryManager;
import io.quire.memory.contract.Protection;
import java.util.SplittableRandom;

/** A random history of everything a user can do with spaces. Every page is read again after it was touched. */
public final class SpaceHistory extends History {

    private final AccessSteps accesses = new AccessSteps(this);
    private final MappingSteps mappings = new MappingSteps(this);

    public SpaceHistory(MemoryManager manager, SplittableRandom random) {
        super(manager, random);
        add(240, accesses::value);
        add(16, accesses::copyFrom);
        add(8, accesses::copyTo);
        add(8, accesses::copy);
        add(12, accesses::fill);
        add(12, accesses::compareWithSegment);
        add(8, accesses::compareWithSpace);
        add(12, accesses::gather);
        add(8, (twin, address) -> accesses.runs(twin, address, () -> {}));
        add(8, (twin, _) -> map(twin));
        add(9, (twin, address) -> mappings.unmap(twin, address, anyLength()));
        add(18, (twin, address) -> mappings.protect(twin, address, anyLength(), mostly(Protection.READ_WRITE, 3)));
        add(9, (twin, address) -> mappings.discard(twin, address, anyLength()));
        add(16, (twin, _) -> fork(twin));
        add(4, (twin, _) -> closeAccessor(twin));
        add(4, (_, _) -> reclaim());
        add(8, (_, _) -> closeAny());
    }

    /** Compares everything once more, hidden memory included, and closes the spaces in any order. */
    public void finish() {
        while (!twins().isEmpty()) {
            twins().forEach(twin -> twin.comparePage(twin.model().anyAddress(random)));
            Twin last = anyTwin();
            last.compareHidden();
            close(last);
        }
    }

    @Override
    protected long anyAddress(Twin twin) {
        return twin.model().anyAddress(random);
    }

    @Override
    protected void map(Twin twin) {
        if (twin.isAlone() && random.nextInt(3) == 0) {
            mappings.mapAt(twin, anyAddress(twin), (1L + random.nextInt(70)) * ModelSpace.PAGE - random.nextInt(9));
            return;
        }
        long pages = switch (random.nextInt(10)) {
            case 0 -> 63 + random.nextInt(66);
            case 1 -> 4000 + random.nextInt(200);
            case 2 -> 1L << random.nextInt(13, 24);
            default -> 1 + random.nextInt(6);
        };
        long unused = random.nextBoolean() ? random.nextInt(ModelSpace.PAGE) : 0;
        mappings.map(twin, pages * ModelSpace.PAGE - unused, mostly(Protection.READ_WRITE, 6));
    }

    private void closeAccessor(Twin twin) {
        note("close the accessor of %s", twin);
        twin.closeAccessor();
    }

    private void reclaim() {
        note("reclaim");
        manager.reclaim(1 + random.nextInt(10));
    }

    @Override
    protected void check(Twin twin, long address) {
        if (twins().contains(twin)) {
            twin.comparePage(address);
        }
        if (!twins().isEmpty()) {
            anyTwin().comparePage(address);
        }
    }

    @Override
    protected void compareAll() {
        twins().forEach(Twin::compareAll);
    }

    @Override
    protected void beforeClose(Twin twin) {
        twin.compareAll();
    }

    /** Draws the length of a change: a few pages, or up to 64 MiB. */
    private long anyLength() {
        return 1 + anySize() + (random.nextInt(10) == 0 ? random.nextLong(64L << 20) : 0);
    }

    /** Draws any protection in one of so many cases, else the usual one. */
    private Protection mostly(Protection usual, int cases) {
        return random.nextInt(cases) == 0 ? Protection.values()[random.nextInt(3)] : usual;
    }
}
