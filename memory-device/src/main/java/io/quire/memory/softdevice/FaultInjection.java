package io.quire.memory.softdevice;

import java.time.Duration;

/**
 * Makes a device fail, or be slow, on purpose. Any thread; after close of the device nothing happens.
 */
public final class FaultInjection {

    /** The first code that {@link #failCopy} takes; those below are the device's own. */
    public static final int FIRST_CODE = 100;

    private static final long MAX_MICROS = Integer.MAX_VALUE;

    private final SoftwareDevice device;

    FaultInjection(SoftwareDevice device) {
        this.device = device;
    }

    /** What can be slow. */
    public enum Phase {
        /** The start of an invalidation. */
        INVALIDATE,
        /** A copy into or out of a frame, or a zeroing. */
        COPY,
        /** The access to one page, which invalidations wait for. */
        ACCESS
    }

    /**
     * The k-th frame from now on is refused, once.
     *
     * @param k from 1; 0 takes it back
     */
    public void failAllocation(int k) {
        requireNotNegative(k);
        device.inject(new Fault.FailAllocation(k));
    }

    /**
     * The k-th copy or zeroing from now on fails, once, with a {@link io.quire.memory.device.DriverException}.
     *
     * @param k from 1; 0 takes it back
     * @param code of the exception, at least {@link #FIRST_CODE}
     */
    public void failCopy(int k, int code) {
        requireNotNegative(k);
        if (code < FIRST_CODE) {
            throw new IllegalArgumentException("code is one of the device's own: code=" + code
                    + ", first=" + FIRST_CODE);
        }
        device.inject(new Fault.FailCopy(k, code));
    }

    /**
     * Each step of a phase takes so much longer.
     *
     * @param delay up to 35 minutes, in microseconds; zero takes it back
     */
    public void delay(Phase phase, Duration delay) {
        if (delay.isNegative() || delay.compareTo(Duration.ofNanos(MAX_MICROS * 1000)) > 0) {
            throw new IllegalArgumentException("delay is negative or longer than 35 minutes: delay=" + delay);
        }
        device.inject(new Fault.Delay(phase, (int) (delay.toNanos() / 1000)));
    }

    /** While on, invalidations that may not block are refused. */
    public void refuseNonBlocking(boolean on) {
        device.inject(new Fault.RefuseNonBlocking(on));
    }

    /** While on, invalidations are not answered: whoever asks waits until it is off, or the device is closed. */
    public void holdInvalidations(boolean on) {
        device.inject(new Fault.HoldInvalidations(on));
    }

    /**
     * While on, an access of the device stops at a page, and invalidations wait for it; so does every other method of
     * the device but this and {@link SoftwareDevice#isAccessing} and {@link SoftwareDevice#close}.
     */
    public void holdAccesses(boolean on) {
        device.inject(new Fault.HoldAccesses(on));
    }

    /** Takes everything back. */
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
            throw new IllegalArgumentException("k is negative: k=" + k);
        }
    }
}
