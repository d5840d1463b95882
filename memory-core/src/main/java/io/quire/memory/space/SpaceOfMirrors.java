package io.quire.memory.space;

import io.quire.memory.attach.Exclusives;
import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.attach.Mirror;
import io.quire.memory.attach.MirroredSpace;
import io.quire.memory.attach.Notifier;
import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.table.PageTable;
import io.quire.memory.trace.EventCounts;
import org.jspecify.annotations.Nullable;

/** A space as its mirrors see it. */
final class SpaceOfMirrors implements MirroredSpace {

    private final Space space;
    private final SpaceState state;
    private final Machine machine;

    SpaceOfMirrors(Space space) {
        this.space = space;
        this.state = space.state();
        this.machine = space.machine();
    }

    @Override
    public PageTable table() {
        return state.table();
    }

    @Override
    public Notifier notifier() {
        return state.notifier();
    }

    @Override
    public Exclusives exclusives() {
        return state.exclusives();
    }

    @Override
    public long newMirrorId() {
        return machine.newMirrorId();
    }

    @Override
    public @Nullable PageTranslation resolve(Mirror mirror, long page, DeviceAccess access) {
        return machine.deviceFaults().resolve(state, mirror, page, access);
    }

    @Override
    public void bringHome(long page, @Nullable ManagedDevice device) {
        machine.migration().bringHome(state, page, device);
    }

    @Override
    public PageState stateOf(long address) {
        return PageStates.of(space, address);
    }

    @Override
    public EventCounts events() {
        return machine.events();
    }
}
