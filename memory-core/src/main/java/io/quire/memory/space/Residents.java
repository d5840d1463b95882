package io.quire.memory.space;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the heap keeps about the structures that live inside of a space, such as who changes one now: one object for
 * each address and type. No byte of the space can forge it, a fork begins with nothing of it, and it goes with the
 * space, or as soon as nobody refers to it.
 */
public final class Residents {

    private final ConcurrentHashMap<Key, Entry> entries = new ConcurrentHashMap<>();
    private final ReferenceQueue<Object> gone = new ReferenceQueue<>();

    Residents() {
    }

    /** The object of an address and type; a new one if nobody refers to any. The same for all threads. */
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

    /** How many there are, those that are not yet known to be gone included. */
    int count() {
        forgetGone();
        return entries.size();
    }

    private record Key(long address, Class<?> type) {

        // Not those that the JDK makes: if there is no memory when it does, there never are any.
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
