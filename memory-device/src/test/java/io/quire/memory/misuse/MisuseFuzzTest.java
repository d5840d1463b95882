package io.quire.memory.misuse;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Misuses the whole public API in several ways, each in a JVM of its own. {@code -Dmisuse.seed=N} repeats a failure.
 * {@code -Dmisuse.off=fork,AddressSpace.pin} leaves out methods or operations with a known bug.
 */
class MisuseFuzzTest {

    private static final String SECONDS = System.getProperty(Misuse.SECONDS, "4");

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"wild", "racing", "stacks", "heap"})
    void misuseEndsInADocumentedExceptionAndLeavesEverythingWhole(String scenario) throws Exception {
        String seed = System.getProperty(Misuse.SEED, String.valueOf(new Random().nextInt(1 << 20)));
        List<String> options = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED",
                "-XX:-OmitStackTraceInFastThrow", "-D" + Misuse.SCENARIO + "=" + scenario,
                "-D" + Misuse.SEED + "=" + seed, "-D" + Misuse.SECONDS + "=" + SECONDS));
        options.add("-XX:+UseSerialGC"); // throws errors only when the heap is really full
        options.add("-D" + Misuse.OFF + "=" + System.getProperty(Misuse.OFF, ""));

        ChildJvm.Result result = ChildJvm.run(Misuse.class, options);

        assertThat(result.exitStatus()).as("scenario=%s, seed=%s: %s", scenario, seed, result.output()).isZero();
    }
}
