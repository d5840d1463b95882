package io.quire.memory.table;

/** A slot that a thread without a slot of its own claims each time. */
public final class SharedSlot implements WriterStay {

    private final PageTable table;
    private int slot;

    public SharedSlot(PageTable table) {
        this.table = table;
    }

    @Override
    public void pause() {
        // it is in no slot
    }

    @Override
    public long enter(boolean invalidates) {
        slot = table.enterShared();
        return table.translations().version();
    }

    @Override
    public void exit() {
        table.exitShared(slot);
    }
}
