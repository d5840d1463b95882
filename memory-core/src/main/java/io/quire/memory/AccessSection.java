package io.quire.memory;

import io.quire.memory.space.ReadSection;
import java.lang.invoke.VarHandle;

/** A read section through an access. */
final class AccessSection extends ReadSection {

    private final PageAccess access;

    AccessSection(PageAccess access) {
        super(access.memory);
        this.access = access;
    }

    @Override
    public long begin() {
        return access.currentVersion();
    }

    @Override
    public long at(long address) {
        return access.offset(address);
    }

    @Override
    public boolean isStill(long version) {
        // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
        VarHandle.loadLoadFence();
        return access.isStill(version);
    }

    @Override
    public boolean isOwn(long address) {
        return access.isOwn(address);
    }
}
