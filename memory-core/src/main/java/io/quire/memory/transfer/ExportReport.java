package io.quire.memory.transfer;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an export has.
 *
 * @param moment the name of the moment that the export has. Each export of one snapshot has the same
 * @param base the name of the moment that the export builds on; null if it is full
 * @param pages the number of pages whose content it has
 * @param pagesEmptied the number of pages that the base has and that read as zeros now; 0 if the export is full
 * @param sizeBytes the number of bytes that were written
 * @see SpaceExport
 */
public record ExportReport(UUID moment, @Nullable UUID base, long pages, long pagesEmptied, long sizeBytes) {

    /**
     * Tells if the export builds on another one.
     *
     * @return true if it has a base
     */
    public boolean isIncremental() {
        return base != null;
    }

    @Override
    public String toString() {
        return "ExportReport[" + moment + (base == null ? "" : " on " + base) + ", pages=" + pages + ", pagesEmptied="
                + pagesEmptied + ", sizeBytes=" + sizeBytes + "]";
    }
}
