package io.quire.memory.contract;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A device, or its driver, failed or did not answer in time. The operation that needed it has changed nothing, unless its
 * method says what remains.
 */
public final class DriverFailedException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** Where the driver gave no code. */
    public static final int NO_CODE = 0;

    private final String device;
    private final int code;

    /**
     * @param device the name of the device
     * @param operation what it was to do, in words
     * @param code what it reported, by the list of its driver; {@link #NO_CODE} if nothing
     * @param fact what happened
     * @param cause what the driver threw, or null
     */
    public DriverFailedException(String device, String operation, int code, String fact, @Nullable Throwable cause) {
        super("a driver failed: device=" + device + ", operation=" + operation
                + (code == NO_CODE ? "" : ", code=" + code) + ", " + fact);
        this.device = device;
        this.code = code;
        if (cause != null) {
            initCause(cause);
        }
    }

    /** The name of the device. */
    public String device() {
        return device;
    }

    /** What the driver reported. */
    public int code() {
        return code;
    }
}
