package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.MisalignedAddressException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.ChildJvm;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A first use on a full stack does not spoil later uses. Each runs in a new JVM, so that the use is the first one. */
class FirstUsesTest {

    @ParameterizedTest
    @ValueSource(strings = {"setByte", "setShort", "atomics", "copyTo", "copyFrom", "fill", "mismatch", "longPin",
        "openSpaces", "misaligned"})
    void fullStackSpoilsNothing(String operation) throws Exception {
        ChildJvm.Result result = ChildJvm.run(Diving.class,
                List.of("--enable-native-access=ALL-UNNAMED", "-Doperation=" + operation));

        assertThat(result.output()).isEqualToIgnoringNewLines("it can be used");
    }

    /**
     * Takes a pin and closes it. If the stack ends between the two, the next run closes the pin; otherwise the library
     * would report it as lost.
     */
    private static final class LongPin implements Runnable {

        private final AddressSpace space;
        private final long address;
        private @Nullable Pin pin;

        private LongPin(AddressSpace space, long address) {
            this.space = space;
            this.address = address;
        }

        @Override
        public void run() {
            if (pin == null) {
                pin = space.pin(address, 8, PinTerm.LONG, PinAccess.READ);
            }
            pin.close();
            pin = null;
        }
    }

    /** Runs one operation at every depth near the end of the stack, and then with an empty stack. */
    static final class Diving {

        private static final int DEPTHS = 600;
        private static final int STACK_BYTES = 512 << 10;
        private static final int DIVES = 3;

        private int left;

        private Diving() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            MemoryManager memory = MemoryManager.builder().hostPool(4 << 20).build();
            AddressSpace space = memory.newAddressSpace();
            Runnable deed = deeds(memory, space, space.map(1 << 16)).get(System.getProperty("operation"));
            for (int i = 0; i < DIVES; i++) {
                Thread diver = new Thread(null, () -> new Diving().dive(deed), "diver", STACK_BYTES);
                diver.start();
                diver.join();
            }
            deed.run();
            System.out.println("it can be used");
        }

        private static Map<String, Runnable> deeds(MemoryManager memory, AddressSpace space, long address) {
            byte[] bytes = new byte[40];
            Map<String, Runnable> deeds = new LinkedHashMap<>();
            deeds.put("setByte", () -> space.setByte(address, (byte) 1));
            deeds.put("setShort", () -> space.setShort(address, (short) 1));
            deeds.put("atomics", () -> space.compareAndSetInt(address, 0, space.getAndAddInt(address, 0)));
            deeds.put("copyTo", () -> space.copyTo(address, bytes, 0, 20));
            deeds.put("copyFrom", () -> space.copyFrom(bytes, 0, address, 20));
            deeds.put("fill", () -> space.fill(address, 7, (byte) 1));
            deeds.put("mismatch", () -> space.mismatch(address, space, address + 40, 20));
            deeds.put("longPin", new LongPin(space, address));
            deeds.put("openSpaces", memory::openSpaces);
            deeds.put("misaligned", () -> {
                try {
                    space.getLongAcquire(address + 1);
                } catch (MisalignedAddressException expected) {
                    return;
                }
                throw new IllegalStateException("a misaligned access was not refused");
            });
            return deeds;
        }

        private void dive(Runnable deed) {
            boolean isEnd = false;
            try {
                dive(deed);
            } catch (StackOverflowError end) {
                isEnd = true;
                left = DEPTHS;
            }
            if (!isEnd && left-- > 0) {
                try {
                    deed.run();
                } catch (Throwable full) {
                    // the use that follows shows if this one has spoiled anything
                }
            }
        }
    }
}
