package io.quire.memory.kernel;

import io.quire.memory.contract.CowPlacement;
import java.util.ArrayList;
import java.util.List;

/** Where the pages of a copy-on-write scenario are before it begins. The kernel has huge pages and swap instead. */
enum Backing {
    HOST,
    COHERENT,
    PRIVATE,
    EXCLUSIVE_OVER_HOST,
    EXCLUSIVE_OVER_COHERENT,
    /** Only the first page was ever shared, with a fork that is closed. */
    PARTLY_SHARED_HOST,
    PARTLY_SHARED_COHERENT,
    PARTLY_SHARED_PRIVATE,
    /** Every other page is on the device. */
    HALF_COHERENT,
    HALF_PRIVATE;

    /** A backing on a kind of device, with a placement for copies. */
    record Scene(Backing backing, DeviceKind kind, CowPlacement placement) {

        /** Returns all scenes that differ from each other. */
        static List<Scene> all() {
            List<Scene> scenes = new ArrayList<>();
            for (Backing backing : values()) {
                for (DeviceKind kind : DeviceKind.available()) {
                    if (kind.isPrivate() == backing.isPrivate()) {
                        scenes.add(new Scene(backing, kind, CowPlacement.HOST));
                    }
                }
                if (backing.isOnDevice()) {
                    DeviceKind kind = backing.isPrivate() ? DeviceKind.JAVA_PRIVATE : DeviceKind.JAVA_COHERENT;
                    scenes.add(new Scene(backing, kind, CowPlacement.SAME_POOL));
                }
            }
            return scenes;
        }
    }

    boolean isPrivate() {
        return this == PRIVATE || this == PARTLY_SHARED_PRIVATE || this == HALF_PRIVATE;
    }

    /** Returns true if at least some pages are on the device. */
    boolean isOnDevice() {
        return this != HOST && this != EXCLUSIVE_OVER_HOST && this != PARTLY_SHARED_HOST;
    }

    boolean isPartlyShared() {
        return this == PARTLY_SHARED_HOST || this == PARTLY_SHARED_COHERENT || this == PARTLY_SHARED_PRIVATE;
    }

    boolean isExclusive() {
        return this == EXCLUSIVE_OVER_HOST || this == EXCLUSIVE_OVER_COHERENT;
    }

    boolean isHalf() {
        return this == HALF_COHERENT || this == HALF_PRIVATE;
    }
}
