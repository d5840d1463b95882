package io.quire.memory.upkeep;

import io.quire.memory.frame.FramePool;
import io.quire.memory.space.Machine;
import io.quire.memory.space.Space;
import io.quire.memory.table.Directory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.Retired;
import io.quire.memory.table.Root;
import io.quire.memory.table.UpperDirectory;
import java.util.IdentityHashMap;
import org.agrona.collections.Long2LongCounterMap;

/**
 * Counts every reference anew, from the roots of the open spaces and the nodes that wait to be destroyed. Compares the
 * result with the counts in nodes, leaves, frame words and the allocator. Also checks that the pages given to devices
 * are exclusive. Only while nothing else runs.
 */
public final class Recount {

    private final IdentityHashMap<Object, Integer> parents = new IdentityHashMap<>();
    private final Long2LongCounterMap leavesOfFrame = new Long2LongCounterMap(0);

    private Recount() {
    }

    /**
     * Checks a whole manager.
     *
     * @throws IllegalStateException if a count is wrong
     */
    public static void check(Machine machine) {
        Recount recount = new Recount();
        for (Space space : machine.spaces().unordered()) {
            Root root = space.table().rootOrNull();
            if (root != null) {
                recount.reach(root.top());
                recount.reach(space.table().retired());
                checkExclusives(space);
            }
        }
        machine.reclaimer().dead().forEach(recount::reachDead);
        recount.compareNodes();
        recount.leavesOfFrame.incrementAndGet(machine.pools().zeroFrame());
        for (int number = 0; number < machine.pools().count(); number++) {
            FramePool pool = machine.pools().get(number);
            if (number > 0 && machine.memory().device(pool).calls().isLost()) {
                continue; // nobody owns the frames that the driver was filling when the device was lost
            }
            pool.check(frame -> (int) recount.leavesOfFrame.get(pool.offset(frame)));
        }
    }

    private static void checkExclusives(Space space) {
        for (long page : space.state().exclusives().pages()) {
            if (!Entry.isExclusive(space.table().entry(page))) {
                throw new IllegalStateException("a device has a page that is not exclusive: space=" + space.name()
                        + ", address=0x" + Long.toHexString(page));
            }
        }
    }

    private void reachDead(Object node) {
        if (node instanceof Retired retired) {
            reach(retired);
        } else {
            reach(node); // a dead node keeps its last reference
        }
    }

    private void reach(Retired retired) {
        retired.nodes().forEach(this::reach);
        for (long frame : retired.frames()) {
            leavesOfFrame.incrementAndGet(frame);
        }
    }

    private void reach(Object node) {
        if (parents.merge(node, 1, Integer::sum) == 1) {
            visit(node);
        }
    }

    private void visit(Object node) {
        for (int i = 0; i < Geometry.FAN_OUT; i++) {
            Object child = switch (node) {
                case UpperDirectory upper -> upper.child(i);
                case LeafDirectory directory -> directory.leaf(i);
                default -> null;
            };
            if (child != null) {
                reach(child);
            }
        }
        if (node instanceof long[] leaf) {
            for (int page = 0; page < Geometry.FAN_OUT; page++) {
                long entry = Leaf.entry(leaf, page);
                if (Entry.isPresent(entry)) {
                    leavesOfFrame.incrementAndGet(Entry.offset(entry));
                }
            }
        }
    }

    private void compareNodes() {
        parents.forEach((node, expected) -> {
            long counted = node instanceof Directory directory ? directory.references()
                    : Leaf.references((long[]) node);
            if (counted != expected) {
                throw new IllegalStateException("a node has " + expected + " parents: references=" + counted
                        + ", node=" + node.getClass().getSimpleName());
            }
        });
    }
}
