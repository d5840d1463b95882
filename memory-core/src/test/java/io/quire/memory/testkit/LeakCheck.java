package io.quire.memory.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Opens a manager for each test, and after it demands that every space is closed, every frame has come back,
 * and a recount of all references finds nothing wrong.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {

    private static final long LIMIT_NANOS = 10_000_000_000L;

    private final UnaryOperator<MemoryManager.Builder> configuration;
    private @Nullable MemoryManager manager;

    /** Without the background agent, so that a test is the same each time it runs, and with leak tracking. */
    public LeakCheck(long poolBytes) {
        this(builder -> builder.hostPool(poolBytes).backgroundAgent(false).leakTracking(true));
    }

    public LeakCheck(UnaryOperator<MemoryManager.Builder> configuration) {
        this.configuration = configuration;
    }

    public MemoryManager manager() {
        return Objects.requireNonNull(manager);
    }

    @Override
    public void beforeEach(ExtensionContext test) {
        open();
    }

    /** Opens the manager, for a test that is not run by JUnit. */
    public void open() {
        manager = configuration.apply(MemoryManager.builder()).build();
    }

    @Override
    public void afterEach(ExtensionContext test) {
        if (test.getExecutionException().isEmpty()) { // else it would hide what went wrong first
            checkAndClose(manager());
        }
    }

    /** Demands of a manager whose spaces are all closed that nothing is left, and closes it. */
    public static void checkAndClose(MemoryManager manager) {
        assertThat(manager.openSpaces()).as("spaces left open").isEmpty();
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (manager.reclaim(1 << 16) > 0 || manager.statistics().usedBytes() > 0) {
            // An agent may still be at work on the last nodes.
            if (System.nanoTime() > deadline) {
                break;
            }
            Thread.onSpinWait();
        }
        assertThat(manager.statistics().usedBytes()).as("bytes never given back").isZero();
        ManagerCheck.recount(manager);
        manager.close();
    }
}
