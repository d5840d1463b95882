package io.quire.memory.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.AddressInUseException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.Protection;
import java.util.Set;

/** Steps of a history that change what is mapped and how it is protected. Sizes need not be whole pages. */
public final class MappingSteps {

    private static final int PAGE = ModelSpace.PAGE;
    private static final int LEAF_BYTES = 64 * PAGE;

    private final History history;

    public MappingSteps(History history) {
        this.history = history;
    }

    public void map(Twin twin, long sizeBytes, Protection protection) {
        history.note("map %s, %d bytes, %s", twin, sizeBytes, protection);
        long[] mapped = new long[1];
        if (history.succeeds(twin.model().refusalsOfChange(0, 0, false),
                () -> mapped[0] = twin.space().map(sizeBytes, protection))) {
            long address = mapped[0];
            assertThat(address % LEAF_BYTES).isZero();
            assertApart(twin, address, address + sizeBytes);
            twin.model().map(address, sizeBytes, protection);
        }
    }

    /** Nothing else is mapped there, nor on the page before and the page after. */
    private static void assertApart(Twin twin, long start, long end) {
        assertThat(isNearMapping(twin, start, end)).as("0x%x to 0x%x is near another mapping of %s", start, end, twin)
                .isFalse();
    }

    private static boolean isNearMapping(Twin twin, long start, long end) {
        return twin.model().ranges().stream()
                .anyMatch(range -> range.start() < end + PAGE && start - PAGE < range.end());
    }

    public void mapAt(Twin twin, long near, long sizeBytes) {
        long address = Math.clamp(near & -PAGE, LEAF_BYTES, 1L << 46);
        history.note("mapAt %s, 0x%x, %d bytes", twin, address, sizeBytes);
        Set<Class<? extends MemoryException>> refusals = twin.model().refusalsOfChange(0, 0, false);
        if (isNearMapping(twin, address, ModelSpace.roundUp(address + sizeBytes))) {
            refusals.add(AddressInUseException.class);
        }
        if (history.succeeds(refusals, () -> twin.space().mapAt(address, sizeBytes))) {
            twin.model().map(address, sizeBytes, Protection.READ_WRITE);
        }
    }

    public void unmap(Twin twin, long near, long sizeBytes) {
        long address = near & -PAGE;
        history.note("unmap %s at 0x%x, %d bytes", twin, address, sizeBytes);
        if (history.succeeds(twin.model().refusalsOfChange(address, sizeBytes, false),
                () -> twin.space().unmap(address, sizeBytes))) {
            history.beforeLoss(twin, address, sizeBytes);
            twin.model().unmap(address, sizeBytes);
        }
    }

    public void discard(Twin twin, long near, long sizeBytes) {
        long address = near & -PAGE;
        history.note("discard %s at 0x%x, %d bytes", twin, address, sizeBytes);
        if (history.succeeds(twin.model().refusalsOfChange(address, sizeBytes, true),
                () -> twin.space().discard(address, sizeBytes))) {
            history.beforeLoss(twin, address, sizeBytes);
            twin.model().discard(address, sizeBytes);
        }
    }

    public void protect(Twin twin, long near, long sizeBytes, Protection protection) {
        long address = near & -PAGE;
        history.note("protect %s at 0x%x, %d bytes, %s", twin, address, sizeBytes, protection);
        if (history.succeeds(twin.model().refusalsOfChange(address, sizeBytes, false),
                () -> twin.space().protect(address, sizeBytes, protection))) {
            twin.model().protect(address, sizeBytes, protection);
        }
    }
}
