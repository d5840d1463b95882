package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.InvalidationKind;
import java.util.List;

/** The numbers of {@code quire_device.h}. The index of a constant in its list is its number in C. */
final class Codes {

    static final List<DeviceAccess> ACCESSES = List.of(DeviceAccess.READ, DeviceAccess.WRITE, DeviceAccess.ATOMIC);

    static final List<InvalidationKind> KINDS = List.of(InvalidationKind.PROTECTION_PAGE,
            InvalidationKind.PROTECTION_VMA, InvalidationKind.CLEAR, InvalidationKind.UNMAP, InvalidationKind.MIGRATE,
            InvalidationKind.EXCLUSIVE, InvalidationKind.RELEASE);

    static final List<FaultInjection.Phase> PHASES = List.of(FaultInjection.Phase.INVALIDATE,
            FaultInjection.Phase.COPY, FaultInjection.Phase.ACCESS);

    static final List<DeviceEvent.Type> EVENTS = List.of(DeviceEvent.Type.ATTACHED, DeviceEvent.Type.DETACHED,
            DeviceEvent.Type.INVALIDATE_START, DeviceEvent.Type.INVALIDATE_END, DeviceEvent.Type.INVALIDATE_REFUSED,
            DeviceEvent.Type.FAULT, DeviceEvent.Type.OUTDATED, DeviceEvent.Type.MAPPED, DeviceEvent.Type.ALLOCATED,
            DeviceEvent.Type.ALLOCATION_REFUSED, DeviceEvent.Type.FREED, DeviceEvent.Type.COPIED_IN,
            DeviceEvent.Type.COPIED_OUT, DeviceEvent.Type.ZEROED, DeviceEvent.Type.COPY_FAILED);

    private Codes() {
    }

    static int of(DeviceAccess access) {
        return ACCESSES.indexOf(access);
    }

    static int of(InvalidationKind kind) {
        return KINDS.indexOf(kind);
    }

    static int of(FaultInjection.Phase phase) {
        return PHASES.indexOf(phase);
    }
}
