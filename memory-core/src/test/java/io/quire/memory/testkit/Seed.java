package io.quire.memory.testkit;

import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives a test its {@link SplittableRandom}, and after a failure prints how to repeat it: the system property
 * {@code memory.seed} sets the seed of every test. The threads of a test must use generators that are split from this
 * one in a fixed order.
 */
public final class Seed implements ParameterResolver, AfterEachCallback {

    private static final @Nullable Long GIVEN = Long.getLong("memory.seed");

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Seed.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        return parameter.getParameter().getType() == SplittableRandom.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        long seed = GIVEN != null ? GIVEN : ThreadLocalRandom.current().nextLong(1L << 32);
        test.getStore(NAMESPACE).put("seed", seed);
        return new SplittableRandom(seed);
    }

    @Override
    public void afterEach(ExtensionContext test) {
        Long seed = test.getStore(NAMESPACE).get("seed", Long.class);
        if (seed != null && test.getExecutionException().isPresent()) {
            System.err.println("rerun " + test.getRequiredTestClass().getSimpleName() + "."
                    + test.getRequiredTestMethod().getName() + " with -Dmemory.seed=" + seed);
        }
    }
}
