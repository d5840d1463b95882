package io.quire.memory.table;

import io.quire.memory.contract.AddressInUseException;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import java.util.function.LongUnaryOperator;

/**
 * Changes the mappings of a table, and the pages with them. The caller holds the lock of the table. A change is made as
 * a whole or not at all: what can refuse it comes before the first store. If the wait for writers
 * before a change times out, nothing has changed; if the wait after it does, the change is made all the same.
 */
public final class MappingChanges {

    // Created once: nothing may be allocated where they are used.
    private static final LongUnaryOperator SHOW = Entry::visible;
    private static final LongUnaryOperator HIDE = Entry::hidden;

    private final PageTable table;
    private final OwnedTree tree;

    MappingChanges(PageTable table) {
        this.table = table;
        this.tree = table.tree();
    }

    /**
     * Adds a mapping.
     *
     * @param sizeBytes whole pages
     * @return the first address of the mapping
     * @throws OutOfAddressesException if no gap is large enough
     */
    public long add(long sizeBytes, Protection protection) {
        Root current = rootToAdd();
        long address = current.mappings().place(sizeBytes);
        if (address < 0) {
            throw new OutOfAddressesException(table.name(), sizeBytes, Geometry.ADDRESS_LIMIT);
        }
        add(current, address, sizeBytes, protection);
        return address;
    }

    /**
     * Adds a mapping at an address.
     *
     * @param address a multiple of the page size
     * @param sizeBytes whole pages
     * @throws AddressInUseException if a page of the range, or a page next to it, is mapped
     */
    public void addAt(long address, long sizeBytes, Protection protection) {
        Root current = rootToAdd();
        Mappings.Range obstacle = current.mappings().obstacle(address, address + sizeBytes);
        if (obstacle != null) {
            throw new AddressInUseException(table.name(), address, sizeBytes, obstacle.start(), obstacle.toString());
        }
        add(current, address, sizeBytes, protection);
    }

    private Root rootToAdd() {
        Root current = table.root();
        if (table.isSnapshot()) {
            throw ProtectionException.snapshot(table.name());
        }
        return current;
    }

    private void add(Root current, long address, long sizeBytes, Protection protection) {
        Directory top = current.top();
        while (address + sizeBytes > top.span()) {
            top = UpperDirectory.above(top, current.generation());
        }
        Mappings mappings = current.mappings().plus(address, address + sizeBytes, protection);
        table.setRoot(new Root(top, current.generation(), mappings));
    }

    /** Unmaps a range and takes its pages out. */
    public void remove(long address, long sizeBytes) {
        Mappings without = table.root().mappings().minus(address, address + sizeBytes);
        removePages(address, sizeBytes, without);
    }

    /** Makes the pages of a range read as zeros again, and gives their frames back. */
    public void discard(long address, long sizeBytes) {
        removePages(address, sizeBytes, table.root().mappings());
    }

    private void removePages(long address, long sizeBytes, Mappings mappings) {
        Root current = table.root();
        long end = address + sizeBytes;
        Directory top = table.ownTop(current);
        Root next = current.withTop(top).withMappings(mappings);
        int most = tree.prepareRemoval(top, 0, address, end, current.generation(), current.mappings());
        table.retired().reserve(most, most);
        // The mappings change first: a reader that finds no page but still the old mappings would take it for a page of
        // zeros. The new version makes such a reader look again. A first write could still fill a page by the old
        // mappings, so the table is frozen. Nothing is allocated from here on.
        table.freeze(next, TranslationVersion.ALL);
        try {
            table.retired().unsettle();
            tree.remove(top, 0, address, end, current.generation(), current.mappings());
            table.invalidateAndWait(TranslationVersion.ALL);
            table.invalidateAndRelease(TranslationVersion.ALL);
        } finally {
            table.thaw();
        }
    }

    /** Changes the protection of a range. */
    public void protect(long address, long sizeBytes, Protection protection) {
        Root current = table.root();
        long end = address + sizeBytes;
        boolean wasHidden = current.mappings().between(address, end).stream()
                .anyMatch(range -> !range.protection().isReadable());
        boolean shows = wasHidden && protection.isReadable();
        boolean hides = !protection.isReadable();
        if (!shows && !hides) {
            protect(address, end, protection, false, false);
            return;
        }
        table.freeze(); // entries change
        try {
            ownPages(table.root(), address, end);
            protect(address, end, protection, shows, hides);
        } finally {
            table.thaw();
        }
    }

    private void protect(long address, long end, Protection protection, boolean shows, boolean hides) {
        Root current = table.root();
        // A new generation takes W from every node of the tree at once; faults give it back where it is allowed.
        Root next = current.withMappings(current.mappings().protect(address, end, protection))
                .withGeneration(table.tables().newGeneration());
        // Pages are shown before the mappings allow reads, and hidden after the mappings forbid them. Otherwise a
        // reader could find a hidden page and mappings that allow the read, and would take it for a page of zeros.
        // Nothing is allocated from here on.
        if (shows) {
            changePages(next.top(), current, address, end, SHOW);
        }
        table.setRoot(next);
        try {
            table.invalidateAndWait(TranslationVersion.ALL);
        } finally {
            if (hides) {
                changePages(next.top(), current, address, end, HIDE);
                table.translations().invalidate(TranslationVersion.ALL);
            }
        }
        table.invalidateAndRelease(TranslationVersion.ALL);
    }

    /** Makes the nodes of a range the space's own, so that the entries can be changed. */
    private void ownPages(Root current, long address, long end) {
        changePages(table.ownTop(current), current, address, end, LongUnaryOperator.identity());
    }

    /** Changes the entries of a range. What an earlier root owned stays the space's own while it holds the lock. */
    private void changePages(Directory top, Root owner, long address, long end, LongUnaryOperator step) {
        tree.change(top, 0, address, end, owner.generation(), owner.mappings(), step);
    }
}
