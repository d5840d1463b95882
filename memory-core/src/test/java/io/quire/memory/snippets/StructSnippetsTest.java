package io.quire.memory.snippets;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.PathElement.sequenceElement;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.view.PinAllocator;
import io.quire.memory.view.StructField;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples in the Javadoc of structs in a space. */
class StructSnippetsTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(1 << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("orders");
        address = space.map(1L << 20);
    }

    @AfterEach
    void close() {
        space.close();
    }

    // @start region="struct"
    static final MemoryLayout ORDER = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("number"),
            ValueLayout.JAVA_INT.withName("cents"),
            MemoryLayout.paddingLayout(4));
    static final StructField CENTS = StructField.of(ORDER, groupElement("cents"));

    static void addShipping(AddressSpace space, long order) {
        CENTS.setInt(space, order, CENTS.getInt(space, order) + 490);
    }
    // @end

    @Test
    void struct() {
        addShipping(space, address);
        assertThat(space.getInt(address + 8)).isEqualTo(490);
    }

    @Test
    void sequence() {
        long orders = address;
        // @start region="sequence"
        StructField cents = StructField.of(MemoryLayout.sequenceLayout(1_000, ORDER),
                sequenceElement(), groupElement("cents"));
        for (int i = 0; i < 1_000; i++) {
            cents.setInt(space, orders, i, 100 * i);
        }
        // @end
        assertThat(space.getInt(address + 999 * 16 + 8)).isEqualTo(99_900);
    }

    @Test
    void allocator() {
        // @start region="allocator"
        try (Pin pin = space.pin(address, 4096, PinTerm.SHORT, PinAccess.WRITE)) {
            PinAllocator allocator = PinAllocator.of(pin);
            MemorySegment name = allocator.allocateFrom("Ada");         // needs --enable-native-access
            MemorySegment next = allocator.allocate(ORDER);
            next.set(ValueLayout.JAVA_LONG, 0, allocator.addressOf(name));
        }
        // @end
        assertThat(space.getByte(space.getLong(address + 8))).isEqualTo((byte) 'A');
    }
}
