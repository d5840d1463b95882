package io.quire.memory.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.MemoryAccess;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.MisalignedAddressException;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

/** Steps of a history that read and write memory, through the space or through an accessor. */
public final class AccessSteps {

    private final History history;
    private final SplittableRandom random;

    public AccessSteps(History history) {
        this.history = history;
        this.random = history.random;
    }

    /** Reads or writes one value with one of the methods for that. */
    public void value(Twin twin, long anyAddress) {
        ValueOperation operation = ValueOperation.ALL.get(random.nextInt(ValueOperation.ALL.size()));
        boolean aligns = operation.aligned() && random.nextInt(50) > 0;
        long address = aligns ? anyAddress & -operation.sizeBytes() : anyAddress;
        long value = random.nextInt(4) == 0 ? 0 : random.nextLong();
        Set<Class<? extends MemoryException>> refusals =
                twin.model().refusals(address, operation.sizeBytes(), operation.writes());
        if (operation.aligned() && address % operation.sizeBytes() != 0) {
            refusals.add(MisalignedAddressException.class);
        }
        MemoryAccess access = twin.access(random);
        history.note("%s %s at 0x%x, value 0x%x", operation, access, address, value);
        byte[] bytes = twin.model().read(address, operation.sizeBytes());
        Object expected = operation.applyTo(bytes, value);
        Runnable action = () -> assertThat(operation.space().apply(access, address, value))
                .as("%s at 0x%x", operation, address).isEqualTo(expected);
        if (operation.writes()) {
            history.writes(twin, address, bytes, refusals, refusals.isEmpty(), action);
        } else {
            history.succeeds(refusals, action);
        }
    }

    /** Copies from an array, from a part of a segment, or from native memory. */
    public void copyFrom(Twin twin, long address) {
        byte[] bytes = history.anyBytes(history.anySize());
        MemoryAccess access = twin.access(random);
        history.note("copyFrom %s at 0x%x, %d bytes", access, address, bytes.length);
        int kind = random.nextInt(3);
        writes(twin, address, bytes, () -> {
            if (kind == 0) {
                access.copyFrom(bytes, 0, address, bytes.length);
            } else if (kind == 1) {
                MemorySegment larger = MemorySegment.ofArray(new byte[bytes.length + 9]);
                MemorySegment.copy(MemorySegment.ofArray(bytes), 0, larger, 5, bytes.length);
                access.copyFrom(larger, 5, address, bytes.length);
            } else {
                try (Arena arena = Arena.ofConfined()) {
                    access.copyFrom(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), 0, address, bytes.length);
                }
            }
        });
    }

    public void copyTo(Twin twin, long address) {
        int size = history.anySize();
        byte[] target = history.anyBytes(size + 8);
        byte[] expected = target.clone();
        MemoryAccess access = twin.access(random);
        history.note("copyTo %s at 0x%x, %d bytes", access, address, size);
        if (history.succeeds(twin.model().refusals(address, size, false),
                () -> access.copyTo(address, target, 3, size))) {
            System.arraycopy(twin.model().read(address, size), 0, expected, 3, size);
            assertThat(target).isEqualTo(expected);
        }
    }

    /** Copies inside the space; the two ranges may overlap. */
    public void copy(Twin twin, long to) {
        int size = history.anySize();
        long from = !twin.isAlone() || random.nextBoolean() ? history.anyAddress(twin)
                : to + random.nextInt(-size - 1, size + 1);
        MemoryAccess access = twin.access(random);
        history.note("copy %s from 0x%x to 0x%x, %d bytes", access, from, to, size);
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(from, size, false);
        refusals.addAll(twin.model().refusals(to, size, true));
        byte[] bytes = twin.model().read(from, size);
        history.writes(twin, to, bytes, refusals, refusals.isEmpty(), () -> access.copy(from, to, size));
    }

    public void fill(Twin twin, long address) {
        byte[] bytes = new byte[history.anySize()];
        byte value = (byte) random.nextInt(4);
        Arrays.fill(bytes, value);
        MemoryAccess access = twin.access(random);
        history.note("fill %s at 0x%x, %d bytes of %d", access, address, bytes.length, value);
        writes(twin, address, bytes, () -> access.fill(address, bytes.length, value));
    }

    private void writes(Twin twin, long address, byte[] bytes, Runnable action) {
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(address, bytes.length, true);
        history.writes(twin, address, bytes, refusals, refusals.isEmpty(), action);
    }

    /** Compares a range with a segment that differs in one byte, or in none. */
    public void compareWithSegment(Twin twin, long address) {
        int size = history.anySize();
        byte[] bytes = twin.model().read(address, size);
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(address, size, false);
        int differs = size > 0 && refusals.isEmpty() && random.nextBoolean() ? random.nextInt(size) : -1;
        if (differs >= 0) {
            bytes[differs] ^= 1;
        }
        MemoryAccess access = twin.access(random);
        history.note("mismatch %s at 0x%x, %d bytes", access, address, size);
        history.succeeds(refusals, () -> assertThat(access.mismatch(address, MemorySegment.ofArray(bytes), 0, size))
                .isEqualTo(differs));
    }

    public void compareWithSpace(Twin twin, long address) {
        Twin other = history.anyTwin();
        long otherAddress = random.nextBoolean() ? address : history.anyAddress(other);
        int size = history.anySize();
        MemoryAccess access = twin.access(random);
        MemoryAccess otherAccess = other.access(random);
        history.note("mismatch %s at 0x%x, %s at 0x%x, %d bytes", access, address, otherAccess, otherAddress, size);
        Set<Class<? extends MemoryException>> refusals = twin.model().refusals(address, size, false);
        refusals.addAll(other.model().refusals(otherAddress, size, false));
        if (!refusals.isEmpty()) {
            return; // the comparison may find a difference before it comes to the page that refuses the access
        }
        int expected = Arrays.mismatch(twin.model().read(address, size), other.model().read(otherAddress, size));
        history.succeeds(refusals, () -> assertThat(access.mismatch(address, otherAccess, otherAddress, size))
                .isEqualTo(expected));
    }

    /** Reads words that lie far apart with one call. */
    public void gather(Twin twin, long firstAddress) {
        int count = random.nextInt(20);
        long[] addresses = new long[count];
        long[] values = new long[count + 1];
        Set<Class<? extends MemoryException>> refusals = new HashSet<>();
        for (int i = 0; i < count; i++) {
            long address = i == 0 ? firstAddress : history.anyAddress(twin);
            addresses[i] = random.nextInt(100) > 0 ? address & -Long.BYTES : address;
            refusals.addAll(twin.model().refusals(addresses[i], Long.BYTES, false));
            if (addresses[i] % Long.BYTES != 0) {
                refusals.add(MisalignedAddressException.class);
            }
        }
        MemoryAccess access = twin.access(random);
        history.note("gatherLongs %s, %d", access, count);
        if (history.succeeds(refusals, () -> access.gatherLongs(addresses, values, count))) {
            for (int i = 0; i < count; i++) {
                assertThat(values[i]).isEqualTo(twin.model().word(addresses[i]));
            }
        }
    }

    /** Reads a range with a cursor and does something else after each run: the cursor must not notice. */
    public void runs(Twin twin, long address, Runnable meanwhile) {
        int size = history.anySize();
        history.note("runs %s at 0x%x, %d bytes", twin, address, size);
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        if (history.succeeds(twin.model().refusals(address, size, false), () -> {
            try (RunCursor cursor = twin.space().runs(address, size)) {
                while (cursor.next()) {
                    meanwhile.run();
                    assertThat(cursor.address()).isEqualTo(address + content.size());
                    content.writeBytes(cursor.memory().toArray(ValueLayout.JAVA_BYTE));
                }
            }
        })) {
            assertThat(content.toByteArray()).isEqualTo(twin.model().read(address, size));
        }
    }
}
