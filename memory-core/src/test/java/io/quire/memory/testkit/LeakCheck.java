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
 * Opens a manager for each test. After the test it checks that every space is closed, every frame is free, and every
 * reference count is right.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {

    private static final long LIMIT_NANOS = 10_000_000_000L;

    private final UnaryOperator<MemoryManager.Builder> configuration;
    private @Nullable MemoryManager manager;

    /** With leak tracking, and without the background agent, so that a test does the same each time. */
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

    /** Opens the manager for a test that JUnit does not run. */
    public void open() {
        manager = configuration.apply(MemoryManager.builder()).build();
    }

    @Override
    public void afterEach(ExtensionContext test) {
        if (test.getExecutionException().isEmpty()) { // otherwise the check would hide the first failure
            checkAndClose(manager());
        }
    }

    /** Checks that all spaces of a manager are closed and nothing is left of them, and closes the manager. */
    public static void checkAndClose(MemoryManager manager) {
        assertThat(manager.openSpaces()).as("spaces left open").isEmpty();
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (manager.reclaim(1 << 16) > 0 || manager.statistics().usedBytes() > 0) {
            // The agent may still be destroying the last nodes.
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
