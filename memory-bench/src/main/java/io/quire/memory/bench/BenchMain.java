package io.quire.memory.bench;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the benchmarks. Without arguments it runs the {@link Tour}; with arguments it passes them to JMH, as in
 * {@code RandomRead -f 1 -p workingSet=GIB_1}. Needs the flags {@code --enable-native-access=ALL-UNNAMED} and, for JMH,
 * {@code --sun-misc-unsafe-memory-access=allow}.
 */
public final class BenchMain {

    /**
     * Arguments of each JVM that JMH starts. They do not depend on the arguments of this JVM. JMH and Arrow use Unsafe;
     * Agrona uses the Unsafe inside the JDK; Arrow, LMDB and Chronicle Map reach into other parts of the JDK.
     */
    private static final String JVM_ARGUMENTS = "--enable-native-access=ALL-UNNAMED "
            + "--sun-misc-unsafe-memory-access=allow --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED "
            + "--add-opens=java.base/java.nio=ALL-UNNAMED --add-exports=java.base/sun.nio.ch=ALL-UNNAMED "
            + "--add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.lang.reflect=ALL-UNNAMED "
            + "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED "
            + "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED -Xms1g -Xmx1g -XX:+AlwaysPreTouch";

    private BenchMain() {
    }

    /** Exits with a code other than 0 if something failed. A missed target is not a failure. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        // UTF-8, so that signs such as µ come out right in every locale. Nobody writes to System.out meanwhile.
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        try {
            Settings settings = Settings.of(System.getProperties(), arguments.length > 0);
            if (arguments.length == 0) {
                new Tour(settings, out).run();
                return;
            }
        } catch (BadSettingException bad) {
            System.err.println(bad.getMessage());
            System.exit(2);
        }
        // Without -foe JMH goes on after a failure, and the benchmark is just missing from the result.
        List<String> all = new ArrayList<>(List.of("-foe", "true", "-jvmArgsPrepend", JVM_ARGUMENTS));
        all.addAll(List.of(arguments));
        org.openjdk.jmh.Main.main(all.toArray(String[]::new));
    }
}
