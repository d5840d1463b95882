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

    static OutOfFramesException exception(Machine machine, SpaceState faulting) {
        long capacity = machine.pools().capacity();
        long used = capacity - machine.pools().host().free();
        long heldByForks = used - reachableWithoutForks(machine).cardinality();
        List<Space> forks = machine.spaces().list().stream().filter(Space::isForked).toList();
        String oldest = forks.isEmpty() ? "none" : forks.getFirst().describe();
        return new OutOfFramesException("no frame is left: manager=" + machine.name() + ", space="
                + faulting.table().name()
                + ", limit=" + bytes(capacity) + ", used=" + bytes(used) + ", pinned for long="
                + machine.longPins().bytes() + " bytes"
                + ", held only by forks and snapshots=" + bytes(Math.max(heldByForks, 0))
                + ", open forks and snapshots=" + forks.size() + ", oldest=" + oldest
                + "; close forks and snapshots that are not needed, discard or unmap memory, or give the pool more");
    }

    /** Makes the exception for a pin of more pages than there can be frames for. */
    static OutOfFramesException exceptionForPin(Machine machine, SpaceState pinning, long address, int pages) {
        return new OutOfFramesException("a pin needs a frame for each of its pages, and there are too few: manager="
                + machine.name() + ", space=" + pinning.table().name() + ", address=0x" + Long.toHexString(address)
                + ", wanted=" + bytes(pages) + ", limit=" + bytes(machine.pools().capacity()) + ", free="
                + bytes(machine.pools().host().free()) + "; pin the parts that are used, or give the pool more");
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
