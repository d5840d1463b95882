package io.quire.memory.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the benchmarks: the {@link Tour} if there are no arguments, or else JMH with them, as in
 * {@code RandomRead -f 1 -p workingSet=GIB_1}. Wants the flags {@code --enable-native-access=ALL-UNNAMED}
 * and, for JMH, {@code --sun-misc-unsafe-memory-access=allow}.
 */
public final class BenchMain {

    /** What each process that JMH starts gets, whatever this one has. JMH itself uses Unsafe. */
    private static final String JVM_ARGUMENTS = "--enable-native-access=ALL-UNNAMED "
            + "--sun-misc-unsafe-memory-access=allow -Xms1g -Xmx1g";

    private BenchMain() {
    }

    /** The exit code is not 0 if something failed; a target that is missed is no failure. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length == 0) {
            Tour.run(System.out);
            return;
        }
        // Without -foe a benchmark that fails is only missing from the result.
        List<String> all = new ArrayList<>(List.of("-foe", "true", "-jvmArgsPrepend", JVM_ARGUMENTS));
        all.addAll(List.of(arguments));
        org.openjdk.jmh.Main.main(all.toArray(String[]::new));
    }
}
