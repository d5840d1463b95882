package io.quire.memory.soak;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs {@link SoakRun} in a JVM of its own for each {@link Variant}, one after the other. */
public final class Soak {

    /** A shorter soak has time for the default flags only. */
    private static final int SECONDS_FOR_ALL = 120;

    /** How much longer than asked for a variant may take, to start, to end its round, and to close. */
    private static final int GRACE_SECONDS = 180;

    private Soak() {
    }

    /** Runs the variants. Takes the arguments of {@link Settings}; exits with 1 if a variant failed. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Settings settings = Settings.of(arguments);
        List<Variant> variants = variants(settings);
        int shares = variants.stream().mapToInt(Variant::share).sum();
        List<String> failed = new ArrayList<>();
        for (Variant variant : variants) {
            int seconds = Math.max(1, settings.seconds() * variant.share() / shares);
            if (!run(variant, settings.from(settings.seed(), seconds))) {
                failed.add(variant.label());
            }
        }
        if (!failed.isEmpty()) {
            System.out.println("soak: FAILED in " + failed);
            System.exit(1);
        }
        System.out.println("soak: passed, variants=" + variants.stream().map(Variant::label).toList());
    }

    private static List<Variant> variants(Settings settings) {
        if (!settings.variants().isEmpty()) {
            return Arrays.stream(Variant.values()).filter(one -> settings.variants().contains(one.label())).toList();
        }
        return settings.seconds() < SECONDS_FOR_ALL ? List.of(Variant.DEFAULT) : List.of(Variant.values());
    }

    private static boolean run(Variant variant, Settings settings) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(variant.flags());
        command.add("-ea");
        command.add("--sun-misc-unsafe-memory-access=deny");
        command.add("-XX:-OmitStackTraceInFastThrow");
        command.add("-Dquire.holdTimes=true");
        if (variant.hasNativeAccess()) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-classpath", absolute(System.getProperty("java.class.path")),
                SoakRun.class.getName()));
        System.out.println("soak: variant " + variant.label() + ", seconds=" + settings.seconds() + ", seed="
                + settings.seed() + "\nsoak: to repeat: " + String.join(" ", command) + " " + String.join(" ",
                        settings.arguments()));
        command.addAll(settings.arguments());
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            if (!process.waitFor(settings.seconds() + (long) GRACE_SECONDS, TimeUnit.SECONDS)) {
                System.out.println("soak: variant " + variant.label() + " did not end");
                return false;
            }
            return process.exitValue() == 0;
        } finally {
            process.destroyForcibly();
        }
    }

    private static String absolute(String classPath) {
        return String.join(File.pathSeparator, Arrays.stream(classPath.split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString()).toList());
    }
}
