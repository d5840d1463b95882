package io.quire.memory.space;

import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.frame.FramePool;
import io.quire.memory.lineage.SpaceState;
import java.util.BitSet;
import java.util.List;

/** Reports who holds the frames when none is left. It walks all tables, which is slow, but the message is rare. */
final class ShortageReport {

    private ShortageReport() {
    }

    /**
     * Makes the exception for a space that needs frames.
     *
     * @param fact what was refused; the beginning of the message
     * @param wanted how many frames an operation on many pages needs; 0 for a single page
     */
    static OutOfFramesException exception(Machine machine, SpaceState faulting, String fact, long wanted) {
        long capacity = machine.pools().capacity();
        long used = capacity - machine.pools().host().free();
        long heldByForks = used - reachableWithoutForks(machine).cardinality();
        List<Space> forks = machine.spaces().list().stream().filter(Space::isForked).toList();
        return new OutOfFramesException(fact + "manager=" + machine.name() + ", space=" + faulting.table().name()
                + (wanted > 0 ? ", wanted=" + bytes(wanted) : "")
                + ", limit=" + bytes(capacity) + ", used=" + bytes(used) + ", pinned for long="
                + machine.longPins().bytes() + " bytes"
                + (forks.isEmpty() ? ", open forks and snapshots=0"
                        : ", held only by forks and snapshots=" + bytes(Math.max(heldByForks, 0))
                                + ", open forks and snapshots=" + forks.size() + ", oldest="
                                + forks.getFirst().describe())
                + "; " + remedy(wanted > capacity, !forks.isEmpty()));
    }

    private static String remedy(boolean isMoreThanThePool, boolean hasForks) {
        if (isMoreThanThePool) {
            return "the range can never fit into the host pool: make the pool larger, or the range smaller";
        }
        return (hasForks ? "close forks and snapshots that are not needed, discard or unmap memory, "
                : "discard or unmap memory, ") + "or make the host pool larger";
    }

    /**
     * Makes the exception for a pin of more pages than can get frames.
     *
     * @param wanted how many more frames it needs
     */
    static OutOfFramesException exceptionForPin(Machine machine, SpaceState pinning, long address, int pages,
            long wanted) {
        return exception(machine, pinning, "a pin needs a frame for each of its pages, and there are too few: "
                + "address=0x" + Long.toHexString(address) + ", pages=" + pages + ", ", wanted);
    }

    private static BitSet reachableWithoutForks(Machine machine) {
        BitSet reachable = new BitSet();
        for (Space space : machine.spaces().unordered()) {
            if (!space.isForked()) {
                Usage.of(space, offset -> {
                    if (machine.pools().isHost(offset)) {
                        reachable.set(machine.pools().host().frame(offset));
                    }
                });
            }
        }
        return reachable;
    }

    private static String bytes(long frames) {
        return (frames << FramePool.FRAME_SHIFT) + " bytes";
    }
}
