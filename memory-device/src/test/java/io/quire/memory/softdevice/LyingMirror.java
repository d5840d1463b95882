package io.quire.memory.softdevice;

import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Translations;
import java.util.List;

/** A mirror that answers each fault with no pages at all. */
record LyingMirror(DeviceMirror honest) implements DeviceMirror {

    @Override
    public long id() {
        return honest.id();
    }

    @Override
    public String spaceName() {
        return "liar";
    }

    @Override
    public Translations fault(long address, int pages, DeviceAccess access) {
        return new Translations(0, List.of());
    }

    @Override
    public List<PageState> snapshot(long address, int pages) {
        return honest.snapshot(address, pages);
    }
}
