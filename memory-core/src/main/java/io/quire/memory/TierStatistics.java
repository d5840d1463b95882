package io.quire.memory;

/**
 * What has happened between the host and the devices of a manager since it was opened, and what is pinned now.
 *
 * @param deviceFaults times that a device asked for translations
 * @param invalidations times that a device was told to stop using translations
 * @param pagesToDevices pages that moved to a device, or got a frame of zeros there
 * @param pagesToHost pages that moved to the host, for whatever reason
 * @param pagesBroughtHome those of {@code pagesToHost} that the processor or a pin could not use where they were
 * @param pagesEvicted those of {@code pagesToHost} that made room on their device
 * @param pagesCopiedOff shared pages of a device whose writer got a copy on the host
 * @param longTermPinsRefused long-term pins of device memory that were refused
 * @param openPins pins that are open now
 * @param longTermPinnedBytes bytes of host memory under long-term pins now
 * @see MemoryManager#statistics
 */
public record TierStatistics(long deviceFaults, long invalidations, long pagesToDevices, long pagesToHost,
        long pagesBroughtHome, long pagesEvicted, long pagesCopiedOff, long longTermPinsRefused, int openPins,
        long longTermPinnedBytes) {
}
