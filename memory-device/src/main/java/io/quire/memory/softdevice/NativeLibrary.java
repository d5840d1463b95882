package io.quire.memory.softdevice;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/** Finds and loads the C library, once, when it is first needed. */
@SuppressWarnings("restricted") // this class is the native border
final class NativeLibrary {

    /** Must equal {@code QUIRE_STUB_ABI_VERSION}; raise both together. */
    private static final int ABI_VERSION = 2;

    private static final String RESOURCE = "META-INF/native/" + System.getProperty("os.name") + "-"
            + System.getProperty("os.arch") + "/" + System.mapLibraryName("quire_stub");

    private static final NativeLibrary FOUND = find();

    private final @Nullable SymbolLookup symbols;
    private final String missing;

    private NativeLibrary(@Nullable SymbolLookup symbols, String missing) {
        this.symbols = symbols;
        this.missing = missing;
    }

    /** Returns why the library cannot be used; null if it can. */
    static @Nullable String missing() {
        return FOUND.symbols == null ? FOUND.missing : null;
    }

    /** Returns the functions of the library. */
    static SymbolLookup symbols() {
        if (FOUND.symbols == null) {
            throw new UnsupportedOperationException(
                    "the native device cannot be used; ask NativeDevice.isAvailable() first: "
                            + FOUND.missing);
        }
        return FOUND.symbols;
    }

    private static NativeLibrary find() {
        Module module = NativeLibrary.class.getModule();
        if (!module.isNativeAccessEnabled()) {
            return new NativeLibrary(null, "pass --enable-native-access="
                    + (module.isNamed() ? module.getName() : "ALL-UNNAMED"));
        }
        try (InputStream packed = open()) {
            if (packed == null) {
                return new NativeLibrary(null, "no jar on the class path or module path has a native library for this"
                        + " system: resource=" + RESOURCE + "; install CMake and a C compiler and build Quire"
                        + " again, or use JavaDevice, which needs no library");
            }
            return load(packed);
        } catch (IOException | IllegalArgumentException failure) {
            return new NativeLibrary(null, "the library cannot be loaded: " + failure.getMessage());
        }
    }

    /** Opens the resource through the class loader, because the library is in another jar. */
    private static @Nullable InputStream open() {
        ClassLoader loader = NativeLibrary.class.getClassLoader();
        return loader == null ? null : loader.getResourceAsStream(RESOURCE);
    }

    private static NativeLibrary load(InputStream packed) throws IOException {
        Path file = Files.createTempFile("quire", System.mapLibraryName("stub"));
        try {
            Files.copy(packed, file, StandardCopyOption.REPLACE_EXISTING);
            SymbolLookup symbols = SymbolLookup.libraryLookup(file, Arena.global());
            int version = abiVersion(symbols);
            return version == ABI_VERSION ? new NativeLibrary(symbols, "")
                    : new NativeLibrary(null, "the library has another version: expected=" + ABI_VERSION
                            + ", found=" + version);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static int abiVersion(SymbolLookup symbols) {
        try {
            return (int) Linker.nativeLinker().downcallHandle(symbols.findOrThrow("quire_stub_abi_version"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT)).invokeExact();
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new IllegalStateException("quire_stub_abi_version could not be called", failure);
        }
    }
}
