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
    public void enter() {
        slot = table.enterShared();
    }

    @Override
    public void exit(long version) {
        table.exitShared(slot);
    }
}
