package io.quire.memory.contract;

import java.io.Serial;

/** Thrown if memory is read or written against its protection, or a snapshot is to be changed. */
public final class ProtectionException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The address if none was named: a snapshot was to get a mapping. */
    public static final long NO_ADDRESS = -1;

    /** The address that does not allow the access. */
    private final long address;

    private ProtectionException(String message, long address) {
        super(message);
        this.address = address;
    }

    /**
     * Creates an exception for a mapped page that does not allow the access.
     *
     * @param space the name of the space
     * @param address of the access, or of the first page that does not allow it
     * @param access what was tried, such as "written"
     * @param protection of the page
     * @return the exception
     */
    public static ProtectionException of(String space, long address, String access, Protection protection) {
        return new ProtectionException("memory may not be " + access + ": space=" + space + ", address=0x"
                + Long.toHexString(address) + ", protection=" + protection, address);
    }

    /**
     * Creates an exception for a write to a snapshot.
     *
     * @param space the name of the snapshot
     * @param address of the access
     * @return the exception
     */
    public static ProtectionException snapshot(String space, long address) {
        return new ProtectionException("a snapshot may not be changed: space=" + space + ", address=0x"
                + Long.toHexString(address) + "; fork() it for a copy that may", address);
    }

    /**
     * Creates an exception for a mapping that a snapshot was to get.
     *
     * @param space the name of the snapshot
     * @return the exception
     */
    public static ProtectionException snapshot(String space) {
        return new ProtectionException("a snapshot may not be changed: space=" + space
                + "; fork() it for a copy that may", NO_ADDRESS);
    }

    /**
     * Returns the address that does not allow the access.
     *
     * @return the address of the access, or of the first page of a range that does not allow it; {@link #NO_ADDRESS} if
     *         none was named
     */
    public long address() {
        return address;
    }
}
