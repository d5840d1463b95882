package io.quire.memory.device;

/**
 * Thrown by a driver whose device fails. The operation that called the driver then fails too. Its
 * {@link io.quire.memory.contract.DriverFailedException} has the same code, names the device, and has this as its
 * cause.
 */
public final class DriverException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** What the device reported. */
    private final int code;

    /**
     * Creates an exception for a failure of a device.
     *
     * @param message what happened
     * @param code what the device reported, by the driver's own list; 0 for no code
     */
    public DriverException(String message, int code) {
        super(message);
        this.code = code;
    }

    /**
     * Returns what the device reported.
     *
     * @return the code, by the driver's own list
     */
    public int code() {
        return code;
    }
}
