package io.quire.memory.bench.allocate;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * An allocator written in C, called in the fastest way: addresses are plain longs, and the downcalls are
 * <em>critical</em>, so the thread stays in its Java state.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
record CPages(MethodHandle malloc, MethodHandle free, long[] addresses) implements PageSource {

    private static final Linker LINKER = Linker.nativeLinker();

    /** Uses the malloc of the C library. */
    static CPages malloc(int live) {
        return of(LINKER.defaultLookup(), "malloc", "free", live);
    }

    static CPages jemalloc(int live) {
        return of(library("libjemalloc.so.2"), "malloc", "free", live);
    }

    static CPages mimalloc(int live) {
        return of(library("libmimalloc.so.2"), "mi_malloc", "mi_free", live);
    }

    @SuppressWarnings("restricted") // opens a C library
    private static SymbolLookup library(String file) {
        try {
            return SymbolLookup.libraryLookup(file, Arena.global());
        } catch (IllegalArgumentException refused) { // its message gives no reason
            throw new IllegalStateException(refused.getMessage() + "; if it is installed, it may need thread-local "
                    + "memory that is reserved when the process starts: "
                    + "GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384");
        }
    }

    @SuppressWarnings("restricted") // calls C
    private static CPages of(SymbolLookup library, String malloc, String free, int live) {
        Linker.Option leaf = Linker.Option.critical(false);
        return new CPages(
                LINKER.downcallHandle(library.findOrThrow(malloc),
                        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG), leaf),
                LINKER.downcallHandle(library.findOrThrow(free),
                        FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), leaf),
                new long[live]);
    }

    @Override
    public void allocate(int slot) {
        try {
            addresses[slot] = (long) malloc.invokeExact((long) PAGE_BYTES);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Override
    public void free(int slot) {
        try {
            free.invokeExact(addresses[slot]);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Override
    public int live() {
        return addresses.length;
    }

    @Override
    public PageSource forAnotherThread() {
        return new CPages(malloc, free, new long[addresses.length]);
    }
}
