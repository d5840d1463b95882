package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.WrongBaseException;
import io.quire.memory.space.SpaceFinder;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What an import becomes. */
sealed interface ImportTarget {

    /**
     * Opens the space that an export is read into.
     *
     * @throws WrongBaseException if the export does not fit
     */
    AddressSpace open(ExportHeader header, @Nullable String name);

    /** A new space, for a full export. */
    record InManager(MemoryManager manager) implements ImportTarget {

        @Override
        public AddressSpace open(ExportHeader header, @Nullable String name) {
            if (header.base() != null) {
                throw new WrongBaseException("the export is incremental: needed=" + header.base()
                        + "; import that moment first, and this export onto a fork of it");
            }
            return manager.newAddressSpace(name);
        }
    }

    /** A fork of the base, for an incremental export. */
    record OntoForkOf(AddressSpace base) implements ImportTarget {

        @Override
        public AddressSpace open(ExportHeader header, @Nullable String name) {
            if (header.base() == null) {
                throw new WrongBaseException("the export is full, and builds on no space: space=" + base.name()
                        + "; import it into a manager");
            }
            SpaceFinder.of(base).momentOrNull(); // a snapshot gets its name, which the fork inherits
            AddressSpace fork = base.fork(name);
            boolean holds = false;
            try {
                UUID held = SpaceFinder.of(fork).momentOrNull();
                holds = header.base().equals(held);
                if (!holds) {
                    throw new WrongBaseException("the export builds on another moment: space=" + base.name()
                            + ", needed=" + header.base() + ", held=" + (held == null ? "none, or changed since" : held)
                            + "; import the exports one after the other, before anybody changes the space");
                }
                return fork;
            } finally {
                if (!holds) {
                    fork.close();
                }
            }
        }
    }
}
