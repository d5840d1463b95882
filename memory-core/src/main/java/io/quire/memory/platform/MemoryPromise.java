package io.quire.memory.platform;

import java.lang.ref.Cleaner;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Memory that a manager has promised to hand out, touched or not. The sum of all promises of a process is compared with
 * the memory that it may use ({@link MachineMemory}), because two pools may each fit alone and together wake the OOM
 * killer.
 * <p>
 * A promise ends with {@link #close()}, or when its holder becomes unreachable. Any thread.
 */
public final class MemoryPromise implements AutoCloseable {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final Set<Entry> OPEN = ConcurrentHashMap.newKeySet();

    /** How many promises a message names. */
    private static final int NAMED = 16;

    private final Cleaner.Cleanable end;

    private MemoryPromise(Cleaner.Cleanable end) {
        this.end = end;
    }

    /** One promise. Not a record, because two promises with the same name and size must not be equal. */
    private static final class Entry {

        private final String owner;
        private final long sizeBytes;

        Entry(String owner, long sizeBytes) {
            this.owner = owner;
            this.sizeBytes = sizeBytes;
        }
    }

    /**
     * Makes a promise.
     *
     * @param holder the promise ends at the latest when this object becomes unreachable
     * @param owner the manager that makes it, for messages
     */
    public static MemoryPromise of(Object holder, String owner, long sizeBytes) {
        Entry entry = new Entry(owner, sizeBytes);
        MemoryPromise promise = new MemoryPromise(CLEANER.register(holder, () -> OPEN.remove(entry)));
        OPEN.add(entry);
        return promise;
    }

    /**
     * Returns a message that names the largest promises, if all together are more than the process may use.
     *
     * @return null if they are not
     */
    public static @Nullable String excess() {
        return excess(MachineMemory.availableBytes());
    }

    static @Nullable String excess(long available) {
        List<Entry> open = List.copyOf(OPEN);
        long sum = open.stream().mapToLong(entry -> entry.sizeBytes).sum();
        if (sum <= available) {
            return null;
        }
        return "memory managers of this process promise more than there is: promised=" + sum + " bytes, available="
                + available + " bytes, by " + open.stream().sorted(Comparator.comparingLong(entry -> -entry.sizeBytes))
                        .limit(NAMED).map(entry -> entry.owner + "=" + entry.sizeBytes)
                        .collect(Collectors.joining(", "))
                + (open.size() > NAMED ? ", and " + (open.size() - NAMED) + " more" : "")
                + "; if all of it is used, the operating system ends the process";
    }

    /** Ends the promise. Does nothing if it has ended already. */
    @Override
    public void close() {
        end.clean();
    }
}
