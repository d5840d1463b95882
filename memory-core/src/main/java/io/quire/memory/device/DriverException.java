package io.quire.memory.device;

/** What a driver throws when its device fails; the library wraps it into a message that names device and operation. */
public final class DriverException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int code;

    /**
     * A failure.
     *
     * @param code what the device reported, by the driver's own list
     */
    public DriverException(String message, int code) {
        super(message);
        this.code = code;
    }

    /** What the device reported. */
    public int code() {
        return code;
    }
}
