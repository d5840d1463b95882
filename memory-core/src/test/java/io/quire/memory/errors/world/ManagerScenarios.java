package io.quire.memory.errors.world;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.errors.Scenario;
import io.quire.memory.testkit.RecordingDriver;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Managers: built, maintained, closed. */
public final class ManagerScenarios {

    private ManagerScenarios() {
    }

    public static List<Scenario> all() {
        return List.of(
                of("build", Managers::build),
                of("close of a manager", Managers::closeBuilt),
                of("reclaim", world -> world.manager.reclaim(8)),
                of("maintain", world -> world.manager.maintain()),
                of("statistics", world -> world.manager.statistics()));
    }

    private static Scenario of(String name, Consumer<Managers> act) {
        return new Scenario(name, () -> new Managers(!name.equals("build"), act));
    }

    /** A manager with trees of closed spaces to destroy, and another manager that is built or closed. */
    private static final class Managers extends World {

        private final Consumer<Managers> act;
        private @Nullable MemoryManager other;
        private boolean closed;

        Managers(boolean built, Consumer<Managers> act) {
            this.act = act;
            AddressSpace space = open(manager.newAddressSpace());
            mapped(space, 4, true);
            for (int i = 0; i < 3; i++) {
                AddressSpace dead = space.fork();
                for (int mapping = 0; mapping < 30; mapping++) {
                    write(dead, dead.map(70L * PAGE), 3, 7);
                }
                dead.close();
            }
            if (built) {
                build();
            }
        }

        void build() {
            if (other == null) {
                other = MemoryManager.builder().hostPool(1 << 20).backgroundAgent(false)
                        .device("near", new RecordingDriver.Coherent(16)).build();
            }
        }

        void closeBuilt() {
            if (other != null && !closed) {
                other.close();
                closed = true;
            }
        }

        @Override
        public void act() {
            act.accept(this);
        }

        @Override
        public void finish() throws Exception {
            closeBuilt();
            super.finish();
        }
    }
}
