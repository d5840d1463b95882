package io.quire.memory.migrate;

import io.quire.memory.lineage.SpaceState;
import java.util.List;

/** Freezes the tables of some spaces, whose locks the caller holds, and thaws as many as it has frozen. */
final class Frozen {

    private final List<SpaceState> spaces;
    private int frozen;

    Frozen(List<SpaceState> spaces) {
        this.spaces = spaces;
    }

    /** @throws io.quire.memory.contract.WaitTimeoutException if a writer does not finish in time */
    void freeze() {
        while (frozen < spaces.size()) {
            spaces.get(frozen).table().freeze();
            frozen++;
        }
    }

    /** Allocates nothing. */
    void thaw() {
        while (frozen > 0) {
            frozen--;
            spaces.get(frozen).table().thaw();
        }
    }
}
