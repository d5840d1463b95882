package io.quire.memory.table;

import io.quire.memory.guard.WriterSlot;

/** The slot that belongs to a thread. It is armed while the thread is in it, and afterwards. */
public final class OwnSlot implements WriterStay {

    private final WriterSlot slot;

    public OwnSlot(WriterSlot slot) {
        this.slot = slot;
    }

    @Override
    public void pause() {
        slot.disarm();
    }

    @Override
    public void enter() {
        slot.enterToChange();
    }

    @Override
    public void exit(long version) {
        slot.exitChange(version);
    }
}
