package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if what is read is no whole export of a space: it is damaged, cut off, or something else. Nothing of it was
 * applied. The message says at which byte and why.
 *
 * @see io.quire.memory.transfer.SpaceImport
 */
public final class InvalidExportException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** Where the part begins that is wrong. */
    private final long position;

    /**
     * Creates an exception.
     *
     * @param position the number of bytes before the part that is wrong
     * @param why what is wrong with it
     */
    public InvalidExportException(long position, String why) {
        super("no valid export: at byte=" + position + ", " + why + "; nothing was applied, use another copy");
        this.position = position;
    }

    /**
     * Returns where the part begins that is wrong.
     *
     * @return the number of bytes before it; for an export that was cut off, the number of bytes that there were
     */
    public long position() {
        return position;
    }
}
