package io.quire.memory.device;

/** Why translations become invalid. */
public enum InvalidationKind {
    /**
     * A fork: every page becomes copy-on-write. Translations for {@link DeviceAccess#WRITE} and
     * {@link DeviceAccess#ATOMIC} end; as the content stays, a device may keep those for reading.
     */
    PROTECTION_PAGE,
    /** The protection of the range changes. */
    PROTECTION_VMA,
    /** Pages get other frames, or none: copy-on-write, discard, the end of exclusive access, the end of a migration. */
    CLEAR,
    /** The addresses go away. */
    UNMAP,
    /**
     * A migration begins: no page of the range may be written until it is over. All translations of the range end. To a
     * device that asks for none of any page until it is over the end is not announced: it has nothing to stop using.
     */
    MIGRATE,
    /** Pages become exclusive to the owner. */
    EXCLUSIVE,
    /** The space, or the mirror, is closed. */
    RELEASE
}
