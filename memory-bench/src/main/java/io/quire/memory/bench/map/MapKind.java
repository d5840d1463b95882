package io.quire.memory.bench.map;

import io.vavr.collection.HashMap;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import scala.collection.concurrent.TrieMap;

/**
 * The maps there are. Of the persistent ones for the JVM these two are the fastest that are still worked on:
 * pcollections took twice as long for a put and for a get, Paguro was as fast and bifurcan slower, and both have had no
 * release for years.
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

    private final String words;

    MapKind(String words) {
        this.words = words;
    }

    /** How people call it. */
    public String words() {
        return words;
    }

    /** Whether a snapshot has all entries once more, so that it costs nothing once it is taken. */
    boolean copies() {
        return COPIES.contains(this);
    }

    /** An empty map with room for so many entries. */
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

    /** What stops it when it is tried in this process; empty if nothing does. */
    public String whyMissing() {
        long[] key = {1};
        try (SnapshotMap map = newMap(1)) {
            map.put(key, 1);
            try (MapView snapshot = map.snapshot()) {
                return snapshot.read(key) == Values.WORDS ? "" : "it does not keep what is put";
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
