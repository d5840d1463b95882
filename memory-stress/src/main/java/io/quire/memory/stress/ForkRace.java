package io.quire.memory.stress;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.infra.results.III_Result;

/** One thread writes 2, 3, 4, ... to a page; another one forks the space. */
final class ForkRace {

    static final int LAST = 12;

    private final Stage stage = new Stage();
    private @Nullable AddressSpace child;
    private volatile long completed = Stage.OLD;
    private long atFork;

    void write(MemoryAccess access) {
        access.setLong(stage.page, Stage.OLD);
        writeFirst(access);
    }

    /** Does the same, and has not written to the page before. */
    void writeFirst(MemoryAccess access) {
        stage.meet();
        for (long value = Stage.OLD + 1; value <= LAST; value++) {
            access.setLong(stage.page, value);
            completed = value;
        }
    }

    AddressSpace space() {
        return stage.space;
    }

    /** Forks. The first result is 1 if the child misses a write that had returned before the fork was called. */
    void fork(III_Result r) {
        stage.meet();
        long completedBefore = completed;
        AddressSpace fork = stage.space.fork();
        atFork = fork.getLong(stage.page);
        r.r1 = atFork < completedBefore ? 1 : 0;
        child = fork;
    }

    /** The second result is 1 if the child has changed since the fork returned; the third is the parent's value. */
    void finish(III_Result r) {
        try (AddressSpace parent = stage.space; AddressSpace fork = Objects.requireNonNull(child)) {
            r.r2 = fork.getLong(stage.page) == atFork ? 0 : 1;
            r.r3 = (int) parent.getLong(stage.page);
        }
    }
}
