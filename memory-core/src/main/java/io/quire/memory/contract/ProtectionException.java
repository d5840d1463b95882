package io.quire.memory.contract;

import java.io.Serial;

/** Memory was read that may not be read, or written that may not be written; a snapshot may never be written. */
public final class ProtectionException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** In place of an address where none was named: a snapshot was to get a mapping. */
    public static final long NO_ADDRESS = -1;

    private final long address;

    private ProtectionException(String message, long address) {
        super(message);
        this.address = address;
    }

    /** A mapped page does not allow the access. */
    public static ProtectionException of(String space, long address, String access, Protection protection) {
        return new ProtectionException("memory may not be " + access + ": space=" + space + ", address=0x"
                + Long.toHexString(address) + ", protection=" + protection, address);
    }

    /** The whole space is read-only. */
    public static ProtectionException snapshot(String space, long address) {
        return new ProtectionException("a snapshot may not be changed: space=" + space + ", address=0x"
                + Long.toHexString(address) + "; fork() it for a copy that may", address);
    }

    /** The whole space is read-only, and gets no mapping. */
    public static ProtectionException snapshot(String space) {
        return new ProtectionException("a snapshot may not be changed: space=" + space
                + "; fork() it for a copy that may", NO_ADDRESS);
    }

    /** The address of the access, or of the first page of the range that does not allow it; {@link #NO_ADDRESS}. */
    public long address() {
        return address;
    }
}
