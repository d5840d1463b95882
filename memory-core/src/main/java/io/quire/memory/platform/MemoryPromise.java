package io.quire.memory.platform;

import java.lang.ref.Cleaner;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Memory that somebody has promised to hand out, touched or not. All promises of a process together are compared with
 * what there is ({@link MachineMemory}): each pool by itself may fit, and two together end at the OOM killer.
 * <p>
 * A promise ends with {@link #close()}, or when its holder becomes unreachable. Any thread.
 */
public final class MemoryPromise implements AutoCloseable {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final Set<Entry> OPEN = ConcurrentHashMap.newKeySet();

    /** So many are named in a message. */
    private static final int NAMED = 16;

    private final Cleaner.Cleanable end;

    private MemoryPromise(Cleaner.Cleanable end) {
        this.end = end;
    }

    /** What somebody has promised. Not a record: two of the same name and size are two. */
    private static final class Entry {

        private final String owner;
        private final long sizeBytes;

        Entry(String owner, long sizeBytes) {
            this.owner = owner;
            this.sizeBytes = sizeBytes;
        }
    }

    /**
     * Notes a promise.
     *
     * @param holder with which it ends at the latest
     * @param owner who makes it, for messages
     */
    public static MemoryPromise of(Object holder, String owner, long sizeBytes) {
        Entry entry = new Entry(owner, sizeBytes);
        MemoryPromise promise = new MemoryPromise(CLEANER.register(holder, () -> OPEN.remove(entry)));
        OPEN.add(entry);
        return promise;
    }

    /**
     * Says who promises how much, if that is more than there is.
     *
     * @return null if it is not
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

    /** Withdraws the promise. Again it has no effect. */
    @Override
    public void close() {
        end.clean();
    }
}
