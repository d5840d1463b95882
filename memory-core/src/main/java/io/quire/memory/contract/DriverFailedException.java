package io.quire.memory.contract;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if a device or its driver fails, or does not answer in time. The operation that needed it has changed nothing,
 * unless its method says what remains.
 *
 * @see io.quire.memory.device.DeviceDriver
 */
public final class DriverFailedException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The code if the driver gave none. */
    public static final int NO_CODE = 0;

    /** The name of the device. */
    private final String device;
    /** What the driver reported. */
    private final int code;

    /**
     * Creates an exception.
     *
     * @param device the name of the device
     * @param operation what the driver was to do, in words
     * @param code what it reported, by its own list; {@link #NO_CODE} if nothing
     * @param fact what happened
     * @param cause what the driver threw; null if it threw nothing
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

    /**
     * Returns the name of the device.
     *
     * @return the name that the builder of the manager was given
     */
    public String device() {
        return device;
    }

    /**
     * Returns what the driver reported.
     *
     * @return a code of the driver's own list; {@link #NO_CODE} if it gave none
     */
    public int code() {
        return code;
    }
}
