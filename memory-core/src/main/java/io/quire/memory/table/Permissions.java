package io.quire.memory.table;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;

/**
 * What may be done at an address of a space, by its mappings: each check passes, or throws the exception that says why
 * not. Any thread; who needs the answer to stay true holds the lock of the table. All throw
 * {@link io.quire.memory.contract.ClosedException} after the space is closed.
 */
public final class Permissions {

    private final PageTable table;

    Permissions(PageTable table) {
        this.table = table;
    }

    // ---- one page

    /** Refuses an address that may not be written, ever. */
    public void checkWritable(long address) {
        checkChangeable(address);
        Protection protection = mappingOf(table.root(), address).protection();
        if (!protection.isWritable()) {
            throw ProtectionException.of(table.name(), address, "written", protection);
        }
    }

    /** Refuses an address that may not be read. */
    public void checkReadable(long address) {
        checkReadable(table.root(), address, "read");
    }

    /**
     * Refuses an address that may not be read by the mappings of a root.
     *
     * @param current the root that a reader without the lock has found its page by: mappings of another say nothing
     *        about that
     * @param attempt what was tried, as a participle
     */
    public void checkReadable(Root current, long address, String attempt) {
        Protection protection = mappingOf(current, address).protection();
        if (!protection.isReadable()) {
            throw ProtectionException.of(table.name(), address, attempt, protection);
        }
    }

    private Mappings.Range mappingOf(Root current, long address) {
        Mappings.Range range = current.mappings().find(address);
        if (range == null) {
            throw notMapped(address, current.mappings());
        }
        return range;
    }

    /** Whether a page may be read by the mappings of a root. */
    public boolean isReadable(Root current, long address) {
        Mappings.Range range = current.mappings().find(address);
        return range != null && range.protection().isReadable();
    }

    /** Whether a page may ever be written in this space, by the mappings of a root. */
    public boolean isWritable(Root current, long address) {
        Mappings.Range range = current.mappings().find(address);
        return !table.isSnapshot() && range != null && range.protection().isWritable();
    }

    // ---- ranges

    /** Refuses a range that is not wholly mapped. */
    public void checkAllMapped(long address, long sizeBytes) {
        Mappings mappings = table.root().mappings();
        if (sizeBytes == 0) {
            return;
        }
        boolean wild = address < 0 || sizeBytes > Geometry.ADDRESS_LIMIT - address;
        long gap = mappings.firstGap(address, wild ? Geometry.ADDRESS_LIMIT : address + sizeBytes);
        if (wild || gap < address + sizeBytes) {
            throw notMapped(gap, mappings);
        }
    }

    /** Refuses a range that is not wholly mapped, or is a snapshot's: its mappings cannot change. */
    public void checkAllChangeable(long address, long sizeBytes) {
        checkChangeable(address);
        checkAllMapped(address, sizeBytes);
    }

    /** Refuses a range that is not wholly mapped or of which a page may not be written. */
    public void checkAllWritable(long address, long sizeBytes) {
        checkAllWritable(address, sizeBytes, "written");
    }

    /**
     * The same, for another change than a write.
     *
     * @param attempt what was tried, as a participle
     */
    public void checkAllWritable(long address, long sizeBytes, String attempt) {
        checkAllChangeable(address, sizeBytes);
        for (Mappings.Range part : table.root().mappings().between(address, address + sizeBytes)) {
            if (!part.protection().isWritable()) {
                throw ProtectionException.of(table.name(), Math.max(part.start(), address), attempt,
                        part.protection());
            }
        }
    }

    /** Refuses a range that is not wholly mapped or of which a page may not be read. */
    public void checkAllReadable(long address, long sizeBytes) {
        checkAllMapped(address, sizeBytes);
        for (Mappings.Range part : table.root().mappings().between(address, address + sizeBytes)) {
            if (!part.protection().isReadable()) {
                throw ProtectionException.of(table.name(), part.start(), "read", part.protection());
            }
        }
    }

    private void checkChangeable(long address) {
        table.root();
        if (table.isSnapshot()) {
            throw ProtectionException.snapshot(table.name(), address);
        }
    }

    private AddressNotMappedException notMapped(long address, Mappings mappings) {
        return new AddressNotMappedException(table.name(), address, mappings.nearest(address));
    }
}
