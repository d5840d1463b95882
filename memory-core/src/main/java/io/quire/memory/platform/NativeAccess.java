package io.quire.memory.platform;

/**
 * Says if this library may call native functions: it may on 64-bit Linux, if Java was started with
 * {@code --enable-native-access} for its module (or {@code ALL-UNNAMED} on the class path). Everything works without
 * native access; then memory comes from a plain arena and every fence is a full one.
 */
public final class NativeAccess {

    /**
     * True if native functions may be called. A constant for the compiler: code that is never reached costs nothing.
     */
    public static final boolean ENABLED = NativeAccess.class.getModule().isNativeAccessEnabled()
            && System.getProperty("os.name").equals("Linux")
            && (isArch("amd64") || isArch("aarch64"));

    private NativeAccess() {
    }

    static boolean isArch(String name) {
        return System.getProperty("os.arch").equals(name);
    }
}
