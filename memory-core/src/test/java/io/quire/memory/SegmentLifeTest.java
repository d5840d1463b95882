package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.testkit.ChildJvm;
import io.quire.memory.testkit.RecordingDriver;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A program keeps only a segment or an accessor. It reads what was written, or gets an exception, and the JVM goes on.
 * Each test runs in a JVM of its own, because a wrong access would end that JVM.
 */
class SegmentLifeTest {

    private static final long VALUE = 42;
    private static final int COLLECTIONS = 5;

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC", "-XX:+UseZGC",
        "-XX:+UseShenandoahGC"})
    void handedOutObjectsKeepTheirMemory(String collector) throws IOException, InterruptedException {
        ChildJvm.Result result = ChildJvm.run(Keeping.class, List.of(collector, "--enable-native-access=ALL-UNNAMED",
                "-XX:+IgnoreUnrecognizedVMOptions", "-XX:+SuppressFatalErrorMessage"));
        assertThat(result.output()).contains("all read");
        assertThat(result.exitStatus()).isZero();
    }

    @Test
    void unreachableMemoryIsUnmapped() throws IOException, InterruptedException {
        ChildJvm.Result result = ChildJvm.run(Forgetting.class, List.of("--enable-native-access=ALL-UNNAMED"));
        assertThat(result.output()).isEqualToIgnoringNewLines("unmapped");
    }

    /** An object that the program keeps, to read the value later. */
    @FunctionalInterface
    private interface Kept {
        long read();
    }

    /** Keeps segments of all kinds, in all forms, and leaves everything else to the garbage collector. */
    static final class Keeping {

        private Keeping() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            List<Kept> kept = new ArrayList<>();
            List<Kept> mapped = new ArrayList<>();
            for (boolean agent : new boolean[] {false, true}) {
                addForms(kept, pinBySpace(agent));
                addForms(kept, pinByAccessor(agent));
                addForms(kept, cursor(agent));
                // The memory stays mapped, though the device was told not to use it.
                addForms(mapped, translation(agent));
                kept.add(accessor(agent));
            }
            MemorySegment hole = holeOfCursor();
            for (int i = 0; i < COLLECTIONS; i++) {
                System.gc();
                Thread.sleep(20);
                // If the memory was freed, this manager gets it and overwrites it.
                try (MemoryManager other = manager(false); AddressSpace space = other.newAddressSpace()) {
                    space.fill(space.map(1 << 19), 1 << 19, (byte) -1);
                }
            }
            for (Kept one : kept) {
                try {
                    if (one.read() != VALUE) {
                        throw new AssertionError("form " + kept.indexOf(one) + " of " + kept.size() + ": read "
                                + one.read());
                    }
                } catch (IllegalStateException ended) {
                    // a segment may have ended
                }
            }
            mapped.forEach(Kept::read);
            if (hole.get(ValueLayout.JAVA_LONG_UNALIGNED, hole.byteSize() - 8) != 0) {
                throw new AssertionError("a hole is not zero");
            }
            System.out.println("all read");
            Runtime.getRuntime().halt(0);
        }

        @SuppressWarnings("restricted")
        private static void addForms(List<Kept> kept, MemorySegment segment) {
            long length = segment.byteSize();
            MemorySegment slice = segment.asSlice(0, length / 2);
            MemorySegment readOnly = segment.asReadOnly();
            MemorySegment longer = segment.reinterpret(length / 2);
            ByteBuffer buffer = segment.asByteBuffer().order(ByteOrder.nativeOrder());
            ByteBuffer duplicate = segment.asByteBuffer().slice(0, 64).duplicate().order(ByteOrder.nativeOrder());
            MemorySegment ofBuffer = MemorySegment.ofBuffer(segment.asByteBuffer());
            for (MemorySegment form : List.of(slice, readOnly, longer, ofBuffer)) {
                kept.add(() -> form.get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
            }
            kept.add(() -> buffer.getLong(0));
            kept.add(() -> duplicate.getLong(0));
        }

        static MemoryManager manager(boolean agent) {
            return MemoryManager.builder().hostPool(1 << 20).backgroundAgent(agent).build();
        }

        private record Written(AddressSpace space, long address) {
        }

        private static Written written(MemoryManager memory) {
            AddressSpace space = memory.newAddressSpace();
            long address = space.map(4096);
            space.setLong(address, VALUE);
            return new Written(space, address);
        }

        private static MemorySegment pinBySpace(boolean agent) {
            Written written = written(manager(agent));
            return written.space.pin(written.address, 4096, PinTerm.SHORT, PinAccess.WRITE).segments().getFirst();
        }

        @SuppressWarnings("resource")
        private static MemorySegment pinByAccessor(boolean agent) {
            Written written = written(manager(agent));
            return written.space.accessor().pin(written.address, 4096, PinTerm.SHORT, PinAccess.READ).segments()
                    .getFirst();
        }

        private static MemorySegment cursor(boolean agent) {
            Written written = written(manager(agent));
            RunCursor cursor = written.space.runs(written.address, 4096);
            cursor.next();
            return cursor.memory();
        }

        private static MemorySegment holeOfCursor() {
            AddressSpace space = manager(false).newAddressSpace();
            RunCursor cursor = space.runs(space.map(1 << 22), 1 << 22);
            cursor.next();
            return cursor.memory();
        }

        private static MemorySegment translation(boolean agent) {
            RecordingDriver.Coherent driver = new RecordingDriver.Coherent(16);
            MemoryManager memory = MemoryManager.builder().hostPool(1 << 20).backgroundAgent(agent)
                    .device("d", driver).build();
            Written written = written(memory);
            AtomicReference<DeviceMirror> mirror = new AtomicReference<>();
            driver.onAttached(mirror::set);
            memory.device("d").attach(written.space);
            return Objects.requireNonNull(mirror.get().fault(written.address, 1, DeviceAccess.READ).pages().getFirst()
                    .memory());
        }

        private static Kept accessor(boolean agent) {
            Written written = written(manager(agent));
            long start = written.address;
            Accessor accessor = written.space.accessor();
            return () -> accessor.getLong(start);
        }
    }

    /** Drops its only reference to a manager, again and again. */
    static final class Forgetting {

        private static final int MANAGERS = 64;
        private static final long POOL_BYTES = 256L << 20;
        private static final long LIMIT_KIB = MANAGERS * (POOL_BYTES >> 10) / 2;

        private Forgetting() {
        }

        public static void main(String[] arguments) throws IOException, InterruptedException {
            long before = mappedKib();
            for (int i = 0; i < MANAGERS; i++) {
                MemoryManager memory = MemoryManager.builder().hostPool(POOL_BYTES).backgroundAgent(false).build();
                memory.close();
            }
            for (int tries = 0; tries < 200 && mappedKib() - before > LIMIT_KIB; tries++) {
                System.gc();
                Thread.sleep(20);
            }
            System.out.println(mappedKib() - before > LIMIT_KIB ? "still mapped" : "unmapped");
        }

        private static long mappedKib() throws IOException {
            return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmSize"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
        }
    }
}
