package io.quire.memory.space;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.attach.Mirror;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Translations;

/** A device that is attached to a space, from the user's side. Any thread. */
public final class Attached {

    private final Mirror mirror;

    private Attached(Mirror mirror) {
        this.mirror = mirror;
    }

    /** Attaches a device to a space. */
    public static Attached of(Space space, ManagedDevice device) {
        return new Attached(Mirror.attach(new SpaceOfMirrors(space), device));
    }

    /** Returns the mirror, which the device asks for translations. */
    public DeviceMirror mirror() {
        return mirror;
    }

    /** Makes pages exclusive to the device, and lets it map them. */
    public void makeExclusive(long address, int pages) {
        Translations taken = mirror.fault(address, pages, DeviceAccess.ATOMIC);
        mirror.tellMapped(() -> taken).await();
    }

    /** Returns how many pages of the space are exclusive to this device. */
    public int exclusivePages() {
        return mirror.exclusivePages();
    }

    /** Detaches the device. Calling it again has no effect. */
    public void detach() {
        mirror.detach();
    }

    /** Describes the attachment, for messages. */
    public String describe() {
        return mirror.device().name() + " attached to " + mirror.table().describeName()
                + (mirror.isClosed() ? ", detached" : "");
    }
}
