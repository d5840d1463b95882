package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The tree of one space as the holder of its lock changes it. Before a node is changed it is made the space's own:
 * <ul>
 * <li>its generation is the root's: it is;
 * <li>it has one reference: it is <em>adopted</em>, nobody else can reach it;
 * <li>else it is <em>copied</em>, the copy put in its place, and the original retired.
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

    /** Whether the generation owns a node, or now adopts it. */
    public boolean isOwn(Directory node, long generation) {
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
     * Fills a copy, and retires it until the caller puts it in place and the original where it was retired, by stores
     * alone: should an Error come before, then what the copy has taken is given back as what was retired is.
     *
     * @return where it was retired
     */
    public int fill(Directory copy, Directory original) {
        retired.reserve(1, 0);
        int at = retired.add(copy);
        copy.fill(original);
        return at;
    }

    /** The directory of an address, the space's own, made where there is none; below a top that is its own. */
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
        if (isOwn(child, generation)) {
            return child;
        }
        Directory copy = child.newCopy(generation);
        int at = fill(copy, child);
        parent.replace(index, child, copy, retired.nodes, at);
        return copy;
    }

    /** The leaf of an address, the space's own, made where there is none. */
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
            int at = retired.add(copy); // until it is in place, as in fill
            Leaf.fill(copy, leaf, pools);
            directory.replace(index, leaf, copy, retired.nodes, at);
            return copy;
        }
        directory.own(index, own);
        return own;
    }

    /**
     * Sets W anew in a leaf that is about to be adopted. Its W bits are those of an earlier owner; since then another
     * space may have copied the leaf and with it got a reference to each frame.
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
     * Does all of {@link #remove} that can fail, and changes nothing that can be seen: makes the nodes at either end
     * the space's own.
     *
     * @return how many nodes and pages there are to retire, at most
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
     * Takes all pages between two addresses out and retires them: subtrees as a whole, and page by page what lies in a
     * leaf at either end. It was {@link #prepareRemoval prepared}, and room was reserved.
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

    /** Changes the entries of all present pages between two addresses, in leaves made the space's own. */
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
