package io.quire.memory.table;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;

/**
 * Checks what the mappings of a space allow at an address. A check returns, or throws the exception that says why not.
 * Any thread; the answer stays true only while the caller holds the lock of the table. Checks of the current root throw
 * {@link io.quire.memory.contract.ClosedException} after the space is closed.
 */
public final class Permissions {

    private final PageTable table;

    Permissions(PageTable table) {
        this.table = table;
    }

    // ---- one page

    /** Refuses an address that may not be written, because of its mapping or because the space is a snapshot. */
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
     * Refuses an address that the mappings of a root do not allow to be read.
     *
     * @param current the root by which a reader without the lock found its page: the mappings of another root say
     *        nothing about that page
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

    /** True if the mappings of a root allow reads of a page. */
    public boolean isReadable(Root current, long address) {
        Mappings.Range range = current.mappings().find(address);
        return range != null && range.protection().isReadable();
    }

    /** True if the mappings of a root allow writes to a page, and the space is not a snapshot. */
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

    /** Refuses a range that is not wholly mapped, and any range of a snapshot, whose mappings cannot change. */
    public void checkAllChangeable(long address, long sizeBytes) {
        checkChangeable(address);
        checkAllMapped(address, sizeBytes);
    }

    /** Refuses a range with a page that is not mapped or may not be written. */
    public void checkAllWritable(long address, long sizeBytes) {
        checkAllWritable(address, sizeBytes, "written");
    }

    /**
     * As {@link #checkAllWritable(long, long)}, for a change that is not a write.
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

    /** Refuses a range with a page that is not mapped or may not be read. */
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
