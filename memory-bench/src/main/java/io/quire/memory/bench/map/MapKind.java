package io.quire.memory.bench.map;

import io.vavr.collection.HashMap;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import scala.collection.concurrent.TrieMap;

/**
 * The maps that are measured. The two persistent maps are the fastest for the JVM that are still maintained.
 * pcollections took twice as long for a put and for a get. Paguro was as fast and bifurcan was slower, but neither has
 * had a release for years.
 */
public enum MapKind {

    /** Ours. */
    QUIRE("Quire"),
    CONCURRENT_HASH_MAP("ConcurrentHashMap copy"),
    HASH_MAP("HashMap deep copy"),
    TRIE_MAP("TrieMap"),
    SCALA_HASH_MAP("Scala HashMap"),
    VAVR_HASH_MAP("Vavr HashMap"),
    LMDB("LMDB"),
    CHRONICLE_MAP("Chronicle Map copy");

    private static final Set<MapKind> COPIES = EnumSet.of(CONCURRENT_HASH_MAP, HASH_MAP, CHRONICLE_MAP);

    private final String label;

    MapKind(String label) {
        this.label = label;
    }

    /** Returns the name as reports print it. */
    public String label() {
        return label;
    }

    /** Returns true if a snapshot copies all entries, so that it adds nothing to later puts. */
    boolean copies() {
        return COPIES.contains(this);
    }

    /** Makes an empty map with room for some number of entries. */
    SnapshotMap newMap(int entries) {
        return switch (this) {
            case QUIRE -> new QuireMap(entries);
            case CONCURRENT_HASH_MAP -> new CopiedConcurrentMap(new ConcurrentHashMap<>());
            case HASH_MAP -> new CopiedHashMap(entries);
            case TRIE_MAP -> new ScalaTrieMap(new TrieMap<>());
            case SCALA_HASH_MAP -> new ScalaHashMap(new scala.collection.immutable.HashMap<>());
            case VAVR_HASH_MAP -> new VavrHashMap(HashMap.empty());
            case LMDB -> new LmdbMap();
            case CHRONICLE_MAP -> new CopiedChronicleMap(entries);
        };
    }

    /** Returns why the map does not work in this process; empty if it does. */
    public String whyMissing() {
        long[] key = {1};
        try (SnapshotMap map = newMap(1)) {
            map.put(key, 1);
            try (MapView snapshot = map.snapshot()) {
                return snapshot.read(key) == Values.WORDS ? "" : "a value that was put is not found";
            }
        } catch (LinkageError | AssertionError | RuntimeException failure) {
            return rootOf(failure).toString();
        }
    }

    private static Throwable rootOf(Throwable failure) {
        Throwable root = failure;
        for (@Nullable Throwable next = root; next != null; next = next.getCause()) {
            root = next;
        }
        return root;
    }
}
