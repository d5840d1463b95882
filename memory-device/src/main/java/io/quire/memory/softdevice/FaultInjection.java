package io.quire.memory.softdevice;

import java.time.Duration;

/**
 * Makes a device fail, or be slow, on purpose.
 * {@snippet file="io/quire/memory/softdevice/snippets/SoftwareDeviceSnippetsTest.java" region="faults"}
 * <p>
 * Any thread may call any method. After the close of the device they have no effect.
 *
 * @see SoftwareDevice#faults
 */
public final class FaultInjection {

    /** The lowest code that {@link #failCopy} takes: 100. Those below are the device's own. */
    public static final int FIRST_CODE = 100;

    private static final long MAX_MICROS = Integer.MAX_VALUE;

    private final SoftwareDevice device;

    FaultInjection(SoftwareDevice device) {
        this.device = device;
    }

    /** What can be made slow. */
    public enum Phase {
        /** The start of an invalidation. */
        INVALIDATE,
        /** A copy into or out of a frame, or a zeroing. */
        COPY,
        /** The access to one page; invalidations wait for it. */
        ACCESS
    }

    /**
     * Makes the device refuse the k-th frame from now on, once.
     *
     * @param k 1 for the next frame; 0 to cancel
     * @throws IllegalArgumentException if {@code k} is negative
     */
    public void failAllocation(int k) {
        requireNotNegative(k);
        device.inject(new Fault.FailAllocation(k));
    }

    /**
     * Makes the k-th copy or zeroing from now on fail, once, with a {@link io.quire.memory.device.DriverException}.
     *
     * @param k 1 for the next copy; 0 to cancel
     * @param code of the exception; {@link #FIRST_CODE} or more
     * @throws IllegalArgumentException if {@code k} is negative or the code is too low
     */
    public void failCopy(int k, int code) {
        requireNotNegative(k);
        if (code < FIRST_CODE) {
            throw new IllegalArgumentException("the code must not be one of the device's own: code=" + code
                    + ", first=" + FIRST_CODE);
        }
        device.inject(new Fault.FailCopy(k, code));
    }

    /**
     * Makes each step of a phase take longer.
     *
     * @param phase what is to be slow
     * @param delay zero to 35 minutes, in whole microseconds; zero to cancel
     * @throws IllegalArgumentException if the delay is out of that range
     */
    public void delay(Phase phase, Duration delay) {
        if (delay.isNegative() || delay.compareTo(Duration.ofNanos(MAX_MICROS * 1000)) > 0) {
            throw new IllegalArgumentException("the delay must be zero to 35 minutes: delay=" + delay);
        }
        device.inject(new Fault.Delay(phase, (int) (delay.toNanos() / 1000)));
    }

    /**
     * Makes the device refuse invalidations that may not block.
     *
     * @param on true to refuse them; false to stop that
     */
    public void refuseNonBlocking(boolean on) {
        device.inject(new Fault.RefuseNonBlocking(on));
    }

    /**
     * Makes the device not answer invalidations: the caller waits until this is off or the device is closed.
     *
     * @param on true to hold them; false to let them go
     */
    public void holdInvalidations(boolean on) {
        device.inject(new Fault.HoldInvalidations(on));
    }

    /**
     * Makes an access of the device stop at a page, so that invalidations wait for it. Every other method of the device
     * waits too, except this one, {@link SoftwareDevice#isAccessing} and {@link SoftwareDevice#close}.
     *
     * @param on true to hold accesses; false to let them go
     */
    public void holdAccesses(boolean on) {
        device.inject(new Fault.HoldAccesses(on));
    }

    /** Cancels everything. */
    public void clear() {
        holdAccesses(false);
        holdInvalidations(false);
        refuseNonBlocking(false);
        failAllocation(0);
        failCopy(0, FIRST_CODE);
        for (Phase phase : Phase.values()) {
            delay(phase, Duration.ZERO);
        }
    }

    private static void requireNotNegative(int k) {
        if (k < 0) {
            throw new IllegalArgumentException("k cannot be negative: k=" + k);
        }
    }
}
