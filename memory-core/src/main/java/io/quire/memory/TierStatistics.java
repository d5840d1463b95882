package io.quire.memory;

/**
 * What happened between the host and the devices of a manager, since it was opened, and what is pinned now.
 *
 * @param deviceFaults times a device asked for translations
 * @param invalidations times a device was told to stop using some
 * @param pagesToDevices pages that moved, or were filled, on a device
 * @param pagesToHost pages that moved to the host, for whatever reason
 * @param pagesBroughtHome of these, pages that the processor or a pin could not use where they were
 * @param pagesEvicted of these, pages that made room on their device
 * @param pagesCopiedOff shared pages of a device whose writer got a copy on the host
 * @param longTermPinsRefused long-term pins of device memory that were refused
 * @param openPins pins that are open
 * @param longTermPinnedBytes host memory that is pinned for long
 */
public record TierStatistics(long deviceFaults, long invalidations, long pagesToDevices, long pagesToHost,
        long pagesBroughtHome, long pagesEvicted, long pagesCopiedOff, long longTermPinsRefused, int openPins,
        long longTermPinnedBytes) {
}
