package io.quire.memory.attach;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.driver.DriverCall;

/** Something that a device is told after it has happened. If the driver fails now, nothing else fails with it. */
public final class DeviceNews {

    private static final System.Logger LOGGER = System.getLogger(DeviceNews.class.getName());

    private final ManagedDevice device;
    private final String operation;
    private final DriverCall<?> call;
    private boolean begun;

    DeviceNews(ManagedDevice device, String operation, Runnable news) {
        this.device = device;
        this.operation = operation;
        this.call = device.calls().prepareRun(operation, news);
    }

    void begin() {
        try {
            device.calls().begin(call);
            begun = true;
        } catch (DriverFailedException lost) {
            logNotTaken(device, operation, lost);
        }
    }

    /** Waits until the device knows. If an Error ends the wait, the device gets to know all the same. */
    public void await() {
        if (begun) {
            try {
                call.awaitMade();
            } catch (DriverFailedException failed) {
                logNotTaken(device, operation, failed);
            }
        }
    }

    /** Logs that a driver has failed at something that fails nothing else. */
    static void logNotTaken(ManagedDevice device, String operation, DriverFailedException failed) {
        // The loss of a device was reported before, and whoever gave the device up wanted it.
        System.Logger.Level level = device.calls().isLost() ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING;
        LOGGER.log(level, "device " + device.name() + " did not take the news: " + operation, failed);
    }
}
