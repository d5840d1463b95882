package io.quire.memory.space;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import java.time.Duration;

/**
 * What the user of a manager has chosen for all its spaces.
 *
 * @param cowPlacement where the copy of a shared device page goes, unless a space says otherwise
 * @param longTermPolicy what happens to a long-term pin of a coherent page
 * @param longTermPinLimitBytes how much host memory long-term pins may hold
 * @param pinOverstay how long a short-term pin may be held before it is reported
 * @param snapshotOverstay how long a fork or snapshot may hold pages alone before it is reported
 * @param promotion true if evicted pages return to their device when they are used again
 * @param leakTracking true if spaces and pins remember the stack that created them
 */
public record Policies(CowPlacement cowPlacement, LongTermPolicy longTermPolicy, long longTermPinLimitBytes,
        Duration pinOverstay, Duration snapshotOverstay, boolean promotion, boolean leakTracking) {
}
