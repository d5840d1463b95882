package io.quire.memory.device;

/**
 * Why translations become invalid. A driver may end all translations of the range for any of these; the kinds let it
 * keep some.
 *
 * @see Invalidation#kind()
 */
public enum InvalidationKind {
    /**
     * A fork: every page becomes copy-on-write. Translations for {@link DeviceAccess#WRITE} and
     * {@link DeviceAccess#ATOMIC} end. The content stays, so a device may keep its translations for reading.
     */
    PROTECTION_PAGE,
    /** The protection of the range changes. */
    PROTECTION_VMA,
    /**
     * Pages get other frames, or none: copy-on-write, discard, the end of exclusive access, or the end of a migration.
     */
    CLEAR,
    /** The addresses are unmapped. */
    UNMAP,
    /**
     * A migration begins: no page of the range may be written until it is over. All translations of the range end. If a
     * device asks for no translation of any page until then, the end of the migration is not announced to it: it has
     * nothing to stop using.
     */
    MIGRATE,
    /** Pages become exclusive to the device that is the owner. */
    EXCLUSIVE,
    /** The space, or the mirror, is closed. */
    RELEASE
}
