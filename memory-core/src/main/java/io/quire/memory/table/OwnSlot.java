package io.quire.memory.table;

import io.quire.memory.guard.WriterSlot;

/** The slot that belongs to a thread. It is armed while the thread is in it, and afterwards. */
public final class OwnSlot implements WriterStay {

    private final WriterSlot slot;
    private final TranslationVersion translations;

    public OwnSlot(WriterSlot slot, TranslationVersion translations) {
        this.slot = slot;
        this.translations = translations;
    }

    @Override
    public void pause() {
        slot.disarm();
    }

    @Override
    public long enter(boolean invalidates) {
        while (true) {
            long now = invalidates ? translations.versionToChange() : translations.version();
            slot.arm(now);
            slot.enter();
            // Once more: a thread that made a version after the first look may have found the slot not armed yet.
            if (translations.isStill(now)) {
                return now;
            }
            slot.exit();
        }
    }

    @Override
    public void exit() {
        slot.exit();
    }
}
