package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Changes the tree of one space, for the holder of its lock. Before a node is changed, it is made the space's own:
 * <ul>
 * <li>if it has the root's generation, it is the space's own already;
 * <li>else, if it has one reference, it is <em>adopted</em>: nobody else can reach it;
 * <li>else it is <em>copied</em>: the copy takes its place, and the original is retired.
 * </ul>
 * (Generations after Prokopec et al., "Concurrent tries with efficient non-blocking snapshots", PPoPP 2012; shared
 * subtrees after btrfs and on-demand-fork, EuroSys 2021.)
 */
public final class OwnedTree {

    private final FramePools pools;
    private final Retired retired;

    public OwnedTree(FramePools pools, Retired retired) {
        this.pools = pools;
        this.retired = retired;
    }

    /**
     * Adopts a node if it has one reference.
     *
     * @return true if the generation owns the node now
     */
    public boolean tryOwn(Directory node, long generation) {
        if (node.isOwnedBy(generation)) {
            return true;
        }
        if (node.references() == 1) {
            node.adopt(generation);
            return true;
        }
        return false;
    }

    /**
     * Fills a copy of a node. The copy counts as retired until the caller, by stores alone, puts it in place and puts
     * the original where the copy was retired. If an Error comes before that, the references of the copy are given back
     * with everything else that is retired.
     *
     * @return the index of the copy in {@link Retired#nodes}
     */
    public int fill(Directory copy, Directory original) {
        retired.reserve(1, 0);
        int at = retired.add(copy);
        copy.fill(original);
        return at;
    }

    /** Makes the directory of an address the space's own, or creates it. The top is the space's own already. */
    public LeafDirectory ownDirectory(Directory top, long address, long generation) {
        Directory node = top;
        while (node instanceof UpperDirectory upper) {
            node = ownChild(upper, upper.childIndex(address), generation);
        }
        return (LeafDirectory) node;
    }

    private Directory ownChild(UpperDirectory parent, int index, long generation) {
        Directory child = parent.child(index);
        if (child == null) {
            Directory made = parent.createChild(generation);
            parent.setChild(index, made);
            return made;
        }
        if (tryOwn(child, generation)) {
            return child;
        }
        Directory copy = child.newCopy(generation);
        int at = fill(copy, child);
        parent.replace(index, child, copy, retired.nodes, at);
        return copy;
    }

    /** Makes the leaf of an address the space's own, or creates it. */
    public long[] ownLeaf(LeafDirectory directory, long address, Mappings mappings) {
        int index = Geometry.leafIndex(address);
        long[] own = directory.writableLeaf(index);
        if (own != null) {
            return own;
        }
        long[] leaf = directory.leaf(index);
        if (leaf == null) {
            own = Leaf.create();
        } else if (Leaf.references(leaf) == 1) {
            own = leaf;
            allowSoleOwner(leaf, address & -Geometry.LEAF_BYTES, mappings);
        } else {
            long[] copy = Leaf.create();
            retired.reserve(1, 0);
            int at = retired.add(copy); // retired until it is in place, as in fill
            Leaf.fill(copy, leaf, pools);
            directory.replace(index, leaf, copy, retired.nodes, at);
            return copy;
        }
        directory.own(index, own);
        return own;
    }

    /**
     * Sets the W bits anew in a leaf that is about to be adopted. The present ones are those of an earlier owner. Since
     * then another space may have copied the leaf, and with it taken a reference to each frame.
     */
    private void allowSoleOwner(long[] leaf, long start, Mappings mappings) {
        Mappings.@Nullable Range range = null;
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long entry = Leaf.entry(leaf, page);
            if (!Entry.isPresent(entry)) {
                continue;
            }
            long address = start + ((long) page << Geometry.PAGE_SHIFT);
            if (range == null || address >= range.end()) {
                range = mappings.find(address);
            }
            boolean allowed = range != null && range.protection().isWritable()
                    && pools.references(Entry.offset(entry)) == 1;
            Leaf.set(leaf, page, allowed ? Entry.writable(entry) : Entry.readOnly(entry));
        }
    }

    /**
     * Does the part of {@link #remove} that can fail: makes the nodes at either end the space's own. Changes nothing
     * that a reader can see.
     *
     * @return the most nodes and pages that there will be to retire
     */
    public int prepareRemoval(Directory node, long base, long from, long to, long generation, Mappings mappings) {
        int count = 0;
        for (int i = firstChild(node, base, from); i < Geometry.FAN_OUT; i++) {
            long start = base + ((long) i << node.childShift());
            if (start >= to) {
                return count;
            }
            boolean whole = from <= start && start + (1L << node.childShift()) <= to;
            if (node instanceof UpperDirectory upper) {
                if (upper.child(i) != null) {
                    count += whole ? 1
                            : prepareRemoval(ownChild(upper, i, generation), start, from, to, generation, mappings);
                }
            } else if (node instanceof LeafDirectory directory) {
                if (directory.leaf(i) != null && !whole) {
                    ownLeaf(directory, start, mappings);
                }
                count += whole ? 1 : Geometry.FAN_OUT;
            }
        }
        return count;
    }

    /**
     * Takes out and retires all pages between two addresses: subtrees as a whole, and single pages in the leaves at
     * either end. The caller has called {@link #prepareRemoval} and reserved room.
     *
     * @param base the first address of the node
     */
    public void remove(Directory node, long base, long from, long to, long generation, Mappings mappings) {
        for (int i = firstChild(node, base, from); i < Geometry.FAN_OUT; i++) {
            long start = base + ((long) i << node.childShift());
            if (start >= to) {
                return;
            }
            boolean whole = from <= start && start + (1L << node.childShift()) <= to;
            if (node instanceof UpperDirectory upper) {
                Directory child = upper.child(i);
                if (child != null && whole) {
                    upper.setChild(i, null);
                    retired.add(child);
                } else if (child != null) {
                    remove(ownChild(upper, i, generation), start, from, to, generation, mappings);
                }
            } else if (node instanceof LeafDirectory directory) {
                long[] leaf = directory.leaf(i);
                if (leaf != null && whole) {
                    directory.remove(i);
                    retired.add(leaf);
                } else if (leaf != null) {
                    removePages(ownLeaf(directory, start, mappings), start, from, to);
                }
            }
        }
    }

    private void removePages(long[] leaf, long start, long from, long to) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long address = start + ((long) page << Geometry.PAGE_SHIFT);
            long entry = Leaf.entry(leaf, page);
            if (from <= address && address < to && Entry.isPresent(entry)) {
                Leaf.set(leaf, page, Entry.ABSENT);
                retired.addFrame(Entry.offset(entry));
            }
        }
    }

    /** Changes the entries of all present pages between two addresses, and makes their leaves the space's own. */
    public void change(Directory node, long base, long from, long to, long generation, Mappings mappings,
            LongUnaryOperator step) {
        for (int i = firstChild(node, base, from); i < Geometry.FAN_OUT; i++) {
            long start = base + ((long) i << node.childShift());
            if (start >= to) {
                return;
            }
            if (node instanceof UpperDirectory upper) {
                if (upper.child(i) != null) {
                    change(ownChild(upper, i, generation), start, from, to, generation, mappings, step);
                }
            } else if (node instanceof LeafDirectory directory) {
                if (directory.leaf(i) != null) {
                    changePages(ownLeaf(directory, start, mappings), start, from, to, step);
                }
            }
        }
    }

    private static void changePages(long[] leaf, long start, long from, long to, LongUnaryOperator step) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long address = start + ((long) page << Geometry.PAGE_SHIFT);
            long entry = Leaf.entry(leaf, page);
            if (from <= address && address < to && Entry.isPresent(entry)) {
                Leaf.set(leaf, page, step.applyAsLong(entry));
            }
        }
    }

    private static int firstChild(Directory node, long base, long from) {
        return from <= base ? 0 : (int) Math.min((from - base) >>> node.childShift(), Geometry.FAN_OUT);
    }
}
