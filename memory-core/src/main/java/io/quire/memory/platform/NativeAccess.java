package io.quire.memory.platform;

/**
 * Whether this library may call native functions: it was started with {@code --enable-native-access} for its module
 * (or {@code ALL-UNNAMED} on the class path) on 64-bit Linux. Everything works without; then memory comes from a
 * plain arena and every fence is a full one.
 */
public final class NativeAccess {

    /** A constant for the compiler: code behind it costs nothing where it is false. */
    public static final boolean ENABLED = NativeAccess.class.getModule().isNativeAccessEnabled()
            && System.getProperty("os.name").equals("Linux")
            && (isArch("amd64") || isArch("aarch64"));

    private NativeAccess() {
    }

    static boolean isArch(String name) {
        return System.getProperty("os.arch").equals(name);
    }
}
