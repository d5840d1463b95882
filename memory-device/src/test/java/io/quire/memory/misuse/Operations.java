package io.quire.memory.misuse;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.Pin;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.structure.ForkableMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** One call of each kind. Each may end in an Error at any instruction, and must leave nothing behind. */
final class Operations {

    private static final int PAGES = 32;
    private static final int RANGE = 3 * 4096;

    final MemoryManager manager;
    final AddressSpace space;
    final ForkableMap map;
    private final long address;
    private final byte[] bytes = new byte[RANGE];
    private final long[] addresses = new long[16];
    private final long[] values = new long[16];

    Operations(MemoryManager manager) {
        this.manager = manager;
        space = manager.newAddressSpace();
        address = space.map(PAGES << 12);
        map = ForkableMap.create(space, 1 << 18);
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = address + i * 4104L;
        }
    }

    /** Returns the calls by name. A call closes what it makes, unless an Error comes before it gets the handle. */
    Map<String, Runnable> all() {
        Map<String, Runnable> all = new LinkedHashMap<>();
        int[] number = {0};
        all.put("setLong", () -> space.setLong(next(number), 5));
        all.put("getAndAddLong", () -> space.getAndAddLong(next(number), 5));
        all.put("getLong", () -> space.getLong(next(number)));
        all.put("fill", () -> space.fill(next(number), RANGE, (byte) 3));
        all.put("copyFrom", () -> space.copyFrom(bytes, 0, next(number), RANGE));
        all.put("copyTo", () -> space.copyTo(next(number), bytes, 0, RANGE));
        all.put("gatherLongs", () -> space.gatherLongs(addresses, values, addresses.length));
        all.put("map", () -> space.unmap(space.map(8192), 8192));
        all.put("discard", () -> space.discard(address, 4096));
        all.put("protect", () -> space.protect(address, 4096, io.quire.memory.contract.Protection.READ_WRITE));
        all.put("fork", () -> closing(space.fork(), fork -> fork.setLong(address, 1)));
        all.put("snapshot", () -> closing(space.snapshot(), snapshot -> snapshot.getLong(address)));
        all.put("accessor", this::byAccessor);
        all.put("pin", () -> closing(space.pin(next(number), 5000, PinTerm.SHORT, PinAccess.WRITE), Pin::segments));
        all.put("runs", () -> closing(space.runs(address, PAGES << 12), RunCursor::next));
        all.put("migrate", () -> space.migrate(address, RANGE, manager.pools().get(number[0]++ % 3)));
        all.put("evict", () -> manager.evict(manager.pools().get(1), 2));
        all.put("put", () -> map.put(new byte[] {(byte) number[0]++}, new byte[number[0] % 700]));
        all.put("remove", () -> map.remove(new byte[] {(byte) number[0]++}));
        all.put("get", () -> map.get(new byte[] {(byte) number[0]++}));
        all.put("forEach", () -> map.forEach((_, _) -> {}));
        all.put("reports", () -> String.valueOf(space.statistics() + manager.toString() + manager.openSpaces()));
        all.put("maintain", manager::maintain);
        all.keySet().removeIf(Misuse::isOff);
        return all;
    }

    private long next(int[] number) {
        return address + (number[0]++ & 15) * 4096L;
    }

    private void byAccessor() {
        closing(space.accessor(), mine -> {
            mine.setLong(address, 1);
            mine.fill(address, RANGE, (byte) 1);
            closing(mine.pin(address, 8, PinTerm.SHORT, PinAccess.READ), Pin::segments);
        });
    }

    private interface Use<T> {
        void of(T one);
    }

    /** Uses a handle and closes it. An Error may come out of a close, too, so it tries until one succeeds. */
    private <T extends AutoCloseable> void closing(T one, Use<T> use) {
        LeftOpen.of(one);
        use.of(one);
        LeftOpen.close();
    }

    /** Handles that this thread has made and not closed yet. The test closes them when stack and heap have room. */
    static final class LeftOpen {

        private static final AutoCloseable[] OPEN = new AutoCloseable[4096];
        private static int count;

        private LeftOpen() {
        }

        static void of(AutoCloseable one) {
            OPEN[count++] = one;
        }

        /** Closes the handle that was opened last. */
        static void close() {
            try {
                OPEN[count - 1].close();
            } catch (io.quire.memory.contract.ClosedException already) {
                Thread.onSpinWait();
            } catch (RuntimeException wrong) {
                throw wrong;
            } catch (Exception impossible) {
                throw new IllegalStateException(impossible);
            }
            OPEN[--count] = null;
        }

        static void closeAll() {
            while (count > 0) {
                close();
            }
        }
    }
}
