package io.quire.memory.transfer;

/**
 * Is told how far an export or an import is. Called on the thread of the transfer, at its begin and after each 64 pages
 * or less; no lock is held.
 * <p>
 * To cancel the transfer, throw: the exception comes out of the transfer, which leaves nothing behind.
 *
 * @see SpaceExport#reportingTo
 * @see SpaceImport#reportingTo
 */
@FunctionalInterface
public interface TransferProgress {

    /**
     * Tells how far the transfer is.
     *
     * @param pagesDone the number of pages whose content was transferred so far
     * @param pagesTotal the number of pages whose content there is to transfer; 0 if nothing was written
     */
    void transferred(long pagesDone, long pagesTotal);
}
