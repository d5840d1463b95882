package io.quire.memory.space;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The heap objects of the structures inside a space, such as the lock of a map: one object for each address and type.
 * No byte of the space can forge such an object, and a fork begins with none. It goes with the space, or as soon as
 * nobody refers to it.
 */
public final class Residents {

    private final ConcurrentHashMap<Key, Entry> entries = new ConcurrentHashMap<>();
    private final ReferenceQueue<Object> gone = new ReferenceQueue<>();

    Residents() {
    }

    /** Returns the object of an address and type, a new one if nobody refers to one. All threads get the same. */
    public <T> T at(long address, Class<T> type, Supplier<T> fresh) {
        forgetGone();
        Key key = new Key(address, type);
        while (true) {
            Entry entry = entries.get(key);
            Object known = entry == null ? null : entry.get();
            if (known != null) {
                return type.cast(known);
            }
            T mine = fresh.get();
            if (replace(key, entry, new Entry(key, mine, gone))) {
                return mine;
            }
        }
    }

    private boolean replace(Key key, @Nullable Entry old, Entry entry) {
        return old == null ? entries.putIfAbsent(key, entry) == null : entries.replace(key, old, entry);
    }

    private void forgetGone() {
        for (Reference<?> entry = gone.poll(); entry != null; entry = gone.poll()) {
            entries.remove(((Entry) entry).key, entry);
        }
    }

    /** Counts the objects, including those that are gone but not yet reported by the collector. */
    int count() {
        forgetGone();
        return entries.size();
    }

    private record Key(long address, Class<?> type) {

        // Not those of a record: if memory is short when the JDK makes them, they fail from then on.
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && address == key.address && type.equals(key.type);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(address) ^ type.hashCode();
        }
    }

    private static final class Entry extends WeakReference<Object> {

        private final Key key;

        Entry(Key key, Object resident, ReferenceQueue<Object> gone) {
            super(resident, gone);
            this.key = key;
        }
    }
}
