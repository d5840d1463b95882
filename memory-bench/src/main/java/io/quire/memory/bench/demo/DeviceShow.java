package io.quire.memory.bench.demo;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the device act has shown. All numbers are counted by the library or the device.
 *
 * @param model which device it was
 * @param whyNotNative why it was not the one in C; empty if it was
 * @param sizeBytes of its memory
 * @param moved the part of the map that moved there
 * @param afterForks what happened after each of the forks
 * @param pressure more than it holds
 * @param refusal the message with which a long-term pin was refused
 * @param claims how many were checked
 * @param claimsTrue how many of them were true
 * @param firstBroken the first that was not, in words; null if there is none
 */
record DeviceShow(String model, String whyNotNative, long sizeBytes, Moved moved, List<AfterFork> afterForks,
        Pressure pressure, String refusal, int claims, int claimsTrue, @Nullable String firstBroken) {

    /** Copies the list. */
    DeviceShow {
        afterForks = List.copyOf(afterForks);
    }

    /**
     * A migration.
     *
     * @param pages how many
     * @param nanos how long it took
     * @param words how many 64-bit words both sides have added up
     */
    record Moved(long pages, long nanos, long words) {
    }

    /**
     * Accesses by device and processor while a fork was open.
     *
     * @param label what they did
     * @param deviceFaults times the device asked for translations
     * @param invalidations times it was told to stop using some
     * @param pagesWritten pages that were written
     * @param pagesOffDevice pages that left the device
     */
    record AfterFork(String label, long deviceFaults, long invalidations, long pagesWritten, long pagesOffDevice) {
    }

    /**
     * A migration of more than fits.
     *
     * @param pagesLoaded pages that went to the device
     * @param pagesEvicted pages that made room there
     * @param pagesFree pages free there at the end
     */
    record Pressure(long pagesLoaded, long pagesEvicted, long pagesFree) {
    }

    boolean isGood() {
        return firstBroken == null;
    }
}
