package io.quire.memory.demo;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of the {@link DeviceAct}. All numbers are counted by the library or the device.
 *
 * @param device the kind of the device, in words
 * @param whyNotNative why it is not the device in C; empty if it is
 * @param sizeBytes size of its memory
 * @param moved the part of the map that was moved to the device
 * @param afterForks what happened after each of the forks
 * @param pressure the migration of more than the device holds
 * @param refusal the message with which a long-term pin was refused
 * @param checks how many checks were made
 * @param checksPassed how many of them passed
 * @param firstFailure the first failed check, in words; null if all passed
 */
record DeviceOutcome(String device, String whyNotNative, long sizeBytes, Moved moved, List<AfterFork> afterForks,
        Pressure pressure, String refusal, int checks, int checksPassed, @Nullable String firstFailure) {

    /** Copies the list. */
    DeviceOutcome {
        afterForks = List.copyOf(afterForks);
    }

    /**
     * A migration.
     *
     * @param pages how many pages moved
     * @param nanos how long the migration took
     * @param words how many 64-bit words both sides added up
     */
    record Moved(long pages, long nanos, long words) {
    }

    /**
     * Accesses by the device and the processor while a fork was open.
     *
     * @param label says what they did
     * @param deviceFaults how often the device asked for translations
     * @param invalidations how often the device was told to stop using translations
     * @param pagesWritten pages that were written
     * @param pagesOffDevice pages that left the device
     */
    record AfterFork(String label, long deviceFaults, long invalidations, long pagesWritten, long pagesOffDevice) {
    }

    /**
     * A migration of more than the device holds.
     *
     * @param pagesLoaded pages that went to the device
     * @param pagesEvicted pages that were evicted to make room
     * @param pagesFree free pages on the device at the end
     */
    record Pressure(long pagesLoaded, long pagesEvicted, long pagesFree) {
    }

    boolean isGood() {
        return firstFailure == null;
    }
}
