package io.quire.memory.bench.map;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lmdbjava.ByteBufferProxy;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;

/**
 * LMDB, a tree of pages in a mapped file. It is set up for speed: nothing waits for the disk, and the buffers are its
 * fastest. A snapshot is a read transaction. All keys of one call are put in one transaction, so they become visible
 * together.
 */
final class LmdbMap implements SnapshotMap {

    /**
     * Size of the mapping and of the file. The file is sparse, so it takes only the disk space of the pages that were
     * used.
     */
    private static final long MAP_BYTES = 2L << 30;

    private static final int PAGE_BYTES = 4096;

    private final Path folder;
    private final Env<ByteBuffer> env;
    private final Dbi<ByteBuffer> map;
    private final ByteBuffer key = buffer(Values.KEY_BYTES);
    private final ByteBuffer value = buffer(Values.VALUE_BYTES);

    LmdbMap() {
        Env.Builder<ByteBuffer> builder = Env.create(ByteBufferProxy.PROXY_OPTIMAL).setMapSize(MAP_BYTES);
        try {
            folder = Files.createTempDirectory("lmdb-map");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        env = builder.open(folder.toFile(), EnvFlags.MDB_WRITEMAP, EnvFlags.MDB_MAPASYNC,
                EnvFlags.MDB_NOSYNC, EnvFlags.MDB_NOTLS);
        map = env.openDbi((byte[]) null, DbiFlags.MDB_CREATE, DbiFlags.MDB_INTEGERKEY);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    @Override
    public void put(long[] keys, long word) {
        try (Txn<ByteBuffer> transaction = env.txnWrite()) {
            for (long each : keys) {
                key.putLong(0, each);
                Values.set(value, word);
                map.put(transaction, key, value);
            }
            transaction.commit();
        }
    }

    @Override
    public long read(long[] keys) {
        try (Txn<ByteBuffer> transaction = env.txnRead()) {
            return read(transaction, keys);
        }
    }

    private long read(Txn<ByteBuffer> transaction, long[] keys) {
        long sum = 0;
        for (long each : keys) {
            key.putLong(0, each);
            sum += Values.sum(map.get(transaction, key).order(ByteOrder.nativeOrder()));
        }
        return sum;
    }

    @Override
    public MapView snapshot() {
        return new Snapshot(env.txnRead());
    }

    /** Counts all pages of the file that were ever used. */
    @Override
    public long offHeapBytes() {
        return (env.info().lastPageNumber + 1) * PAGE_BYTES;
    }

    @Override
    public void close() {
        env.close();
        try {
            Files.deleteIfExists(folder.resolve("data.mdb"));
            Files.deleteIfExists(folder.resolve("lock.mdb"));
            Files.delete(folder);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private final class Snapshot implements MapView {

        private final Txn<ByteBuffer> transaction;

        private Snapshot(Txn<ByteBuffer> transaction) {
            this.transaction = transaction;
        }

        @Override
        public long read(long[] keys) {
            return LmdbMap.this.read(transaction, keys);
        }

        @Override
        public void close() {
            transaction.close();
        }
    }
}
