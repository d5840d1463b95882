package io.quire.memory.structure;

import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.nodes.NodeRecount;
import io.quire.memory.nodes.NodeRef;
import io.quire.memory.nodes.NodeRegion;
import io.quire.memory.nodes.NodeStore;
import io.quire.memory.nodes.NodeWalk;
import io.quire.memory.nodes.Purpose;
import io.quire.memory.nodes.Trie;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.ReadSection;
import io.quire.memory.space.SpaceFinder;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Changes a {@link ForkableLongMap}, one change at a time, under its lock. A value of a bucket that no fork shares is
 * written where it is, in one store. Everything else is a change of the store: new nodes, and then one step.
 */
final class LongMapWriter {

    private static final int BUCKET_GRANULES = LongBucket.BYTES / NodeRef.GRANULE_BYTES;

    /** A removal that leaves this many entries in a bucket looks if the bucket and its neighbour can become one. */
    private static final int MERGE_FROM = 3;

    /** Two buckets become one if they have so many entries together. Far below a full bucket, or it would be divided again. */
    private static final int MERGED_MAX = 8;

    /** After a change, cleaning looks at the buckets of so many inner nodes until it finds some to move. */
    private static final int NODES_LOOKED_AT = 4;

    private final NodeRegion region;
    private final ReadSection section;
    private final NodeStore store;
    private final Trie trie;
    private final WriterLock lock;
    private final long seed;

    // The bucket that the change is about, as an array, and room for the entries that are distributed anew.
    private final long[] bucket = new long[LongBucket.WORDS];
    private final MemorySegment bucketBytes = MemorySegment.ofArray(bucket);
    private final long[] keys = new long[LongBucket.SLOTS + 1];
    private final long[] values = new long[LongBucket.SLOTS + 1];

    /** Where the last round of cleaning stopped: the digits of a hash, the root's lowest. */
    private long cleanedUpTo;

    /** True if the key of the last change had a value before. */
    private boolean wasPresent;

    LongMapWriter(NodeRegion region, long seed) {
        this.region = region;
        this.section = region.section();
        this.store = new NodeStore(region);
        this.trie = new Trie(region, store);
        this.lock = SpaceFinder.of(region.memory()).residents().at(region.address(), WriterLock.class,
                WriterLock::new);
        this.seed = seed;
    }

    static long hash(long key, long seed) {
        return KeyHash.mix(key ^ seed);
    }

    // ---- the changes

    /** Changes the value of a key. Returns true if it had one. */
    boolean put(long key, LongChange change) {
        lock();
        try {
            apply(key, change);
            return wasPresent;
        } finally {
            unlock();
        }
    }

    /** Changes the value of a key. Returns the new value. */
    long update(long key, LongChange change) {
        lock();
        try {
            return apply(key, change);
        } finally {
            unlock();
        }
    }

    private long apply(long key, LongChange change) {
        long hash = hash(key, seed);
        find(hash);
        int slot = LongBucket.find(bucket, key, LongBucket.tag(hash));
        wasPresent = slot != LongBucket.NO_SLOT;
        long value = change.apply(wasPresent, wasPresent ? LongBucket.value(bucket, slot) : 0);
        try {
            put(key, value, hash, slot);
        } catch (StructureFullException full) {
            makeRoom();
            find(hash);
            if (!store.hasRoom()) {
                store.spareRoom();
            }
            put(key, value, hash, slot);
        }
        return value;
    }

    /** Empties pages until there is room for a change, or a round wins none. May visit all inner nodes. */
    private void makeRoom() {
        try {
            long won = -1;
            while (store.beginMakingRoom() && !store.hasRoom() && store.room() > won) {
                won = store.room();
                cleanAll();
            }
        } finally {
            store.endMakingRoom();
        }
    }

    private void cleanAll() {
        long visits = store.innerNodesMax() * Trie.FAN_OUT; // references may lead in circles
        cleanedUpTo = 0;
        do {
            cleanNode();
        } while (cleanedUpTo != 0 && --visits > 0);
    }

    private void put(long key, long value, long hash, int slot) {
        boolean isPresent = slot != LongBucket.NO_SLOT;
        if (isPresent && LongBucket.value(bucket, slot) == value) {
            requireWritable();
        } else if (isPresent && store.isWrittenInPlace(trie.bucket())) {
            region.memory().setLong(region.addressOf(trie.bucket()) + LongBucket.valueAt(slot), value);
        } else {
            if (isPresent) {
                LongBucket.set(bucket, slot, key, value, LongBucket.tag(hash));
                replaceBucket();
            } else {
                insert(key, value, hash);
            }
            store.commit();
            clean();
        }
    }

    /** Lets a snapshot refuse what would change nothing, too. */
    private void requireWritable() {
        region.memory().getAndAddLong(region.address(), 0);
    }

    private void insert(long key, long value, long hash) {
        int slot = trie.bucket() == NodeRef.NONE ? LongBucket.NO_SLOT : LongBucket.vacancy(bucket);
        store.addEntries(1);
        if (slot == LongBucket.NO_SLOT) {
            divide(key, value);
        } else if (store.isWrittenInPlace(trie.bucket())) {
            if (LongBucket.tag(bucket, slot) == LongBucket.REMOVED) {
                store.raiseEpoch();
            }
            LongBucket.setTag(bucket, slot, LongBucket.tag(hash));
            long at = region.addressOf(trie.bucket());
            store.setWord(at + LongBucket.keyAt(slot), key);
            store.setWord(at + LongBucket.valueAt(slot), value);
            store.setWord(at + LongBucket.tagsAt(slot), bucket[LongBucket.tagsAt(slot) / Long.BYTES]);
        } else {
            LongBucket.set(bucket, slot, key, value, LongBucket.tag(hash));
            replaceBucket();
        }
    }

    /** Removes a key. Returns true if it had a value. */
    boolean remove(long key) {
        lock();
        try {
            long hash = hash(key, seed);
            find(hash);
            int slot = LongBucket.find(bucket, key, LongBucket.tag(hash));
            if (slot == LongBucket.NO_SLOT) {
                requireWritable();
                return false;
            }
            try {
                remove(slot);
            } catch (StructureFullException full) {
                find(hash);
                store.spareRoom();
                removeWithoutRoom(slot);
            }
            store.commit();
            clean();
            return true;
        } finally {
            unlock();
        }
    }

    private void remove(int slot) {
        store.addEntries(-1);
        LongBucket.setTag(bucket, slot, LongBucket.REMOVED);
        if (LongBucket.count(bucket) <= MERGE_FROM && merge()) {
            return;
        }
        read(trie.bucket()); // the merge has looked at others
        if (store.isWrittenInPlace(trie.bucket())) {
            markRemoved(slot);
        } else {
            LongBucket.setTag(bucket, slot, LongBucket.REMOVED);
            replaceBucket();
        }
    }

    /** Makes no node. So a full region refuses no removal, and has room again when its entries are gone. */
    private void removeWithoutRoom(int slot) {
        store.addEntries(-1);
        LongBucket.setTag(bucket, slot, LongBucket.REMOVED);
        int count = LongBucket.count(bucket);
        if (count == 0) {
            store.free(trie.bucket(), BUCKET_GRANULES);
            setBucket(NodeRef.NONE);
        } else if (count > MERGE_FROM || !moveToNeighbour()) {
            read(trie.bucket());
            markRemoved(slot);
        }
    }

    /** Puts the entries of the bucket into vacant slots of its neighbour, if there are few enough in both. */
    private boolean moveToNeighbour() {
        int length = trie.depth() == 0 ? Trie.FAN_OUT : Trie.stretchLength(trie.refs(), trie.lastDigit());
        if (length == Trie.FAN_OUT) {
            return false;
        }
        int from = (trie.lastDigit() & -length) ^ length;
        int ref = trie.refs()[from];
        if (ref == NodeRef.NONE || NodeRef.isInner(ref) || !Trie.isUniform(trie.refs(), from, length, ref)) {
            return false;
        }
        int count = takeOut(0);
        read(ref);
        if (count + LongBucket.count(bucket) > MERGED_MAX) {
            return false;
        }
        addInPlace(region.addressOf(ref), count);
        store.free(trie.bucket(), BUCKET_GRANULES);
        setBucket(ref);
        return true;
    }

    private void addInPlace(long at, int count) {
        store.raiseEpoch();
        for (int i = 0; i < count; i++) {
            int slot = LongBucket.vacancy(bucket);
            LongBucket.set(bucket, slot, keys[i], values[i], LongBucket.tag(hash(keys[i], seed)));
            store.setWord(at + LongBucket.keyAt(slot), keys[i]);
            store.setWord(at + LongBucket.valueAt(slot), values[i]);
        }
        store.setWord(at, bucket[0]);
        store.setWord(at + Long.BYTES, bucket[1]);
    }

    private void markRemoved(int slot) {
        LongBucket.setTag(bucket, slot, LongBucket.REMOVED);
        store.setWord(region.addressOf(trie.bucket()) + LongBucket.tagsAt(slot),
                bucket[LongBucket.tagsAt(slot) / Long.BYTES]);
    }

    void clear() {
        lock();
        try {
            store.clear();
        } finally {
            unlock();
        }
    }

    /** Reads while no writer of this space changes anything; see {@code ForkableLongMap.read}. */
    long readQuietly(long key, long missing, boolean asksForPresence) {
        lock();
        try {
            long hash = hash(key, seed);
            store.beginToRead();
            findBucket(hash);
            int slot = LongBucket.find(bucket, key, LongBucket.tag(hash));
            if (slot == LongBucket.NO_SLOT) {
                return missing;
            }
            return asksForPresence ? 1 : LongBucket.value(bucket, slot);
        } finally {
            unlock();
        }
    }

    private void lock() {
        StackRoom.require();
        lock.lock(region, WriterLock.LIMIT);
    }

    private void unlock() {
        // ORDER(map-locked) release: what this writer did comes before what the next one does.
        lock.holder = null;
    }

    // ---- buckets

    /** Begins a change, and reads the bucket for a hash. */
    private void find(long hash) {
        store.begin();
        findBucket(hash);
    }

    private void findBucket(long hash) {
        trie.find(hash);
        if (trie.bucket() == NodeRef.NONE) {
            Arrays.fill(bucket, 0);
        } else {
            read(trie.bucket());
        }
    }

    private void read(int ref) {
        if (NodeRef.isInner(ref) || !region.isNode(ref, BUCKET_GRANULES)) {
            throw region.damaged("a reference leads to no bucket: " + NodeRef.toString(ref));
        }
        long version;
        do {
            version = section.begin();
            long at = section.at(region.addressOf(ref));
            for (int i = 0; i < LongBucket.WORDS; i++) {
                bucket[i] = section.getLong(at + (long) i * Long.BYTES);
            }
        } while (!section.isStill(version));
    }

    private int newBucket(Purpose purpose) {
        int ref = store.allocate(purpose, BUCKET_GRANULES);
        store.write(ref, bucketBytes);
        return ref;
    }

    /** Puts a new bucket in place of the one that was found. Slots of removed entries become as good as new. */
    private void replaceBucket() {
        forgetRemoved();
        store.free(trie.bucket(), BUCKET_GRANULES);
        setBucket(newBucket(Purpose.BUCKET));
    }

    private void forgetRemoved() {
        for (int slot = LongBucket.FIRST_SLOT; slot <= LongBucket.SLOTS; slot++) {
            if (!LongBucket.isUsed(bucket, slot)) {
                LongBucket.setTag(bucket, slot, LongBucket.NEVER_USED);
            }
        }
    }

    /** Lets all that leads to the bucket that was found lead to another one. */
    private void setBucket(int ref) {
        if (trie.depth() == 0) {
            store.setRoot(ref);
            return;
        }
        int length = Trie.stretchLength(trie.refs(), trie.lastDigit());
        int from = trie.lastDigit() & -length;
        Arrays.fill(trie.refs(), from, from + length, ref);
        trie.store(from, from + length);
    }

    // ---- a bucket that is full

    /** Distributes the entries of the bucket, and a new one, over two buckets or more. */
    private void divide(long key, long value) {
        int count = takeOut(0);
        keys[count] = key;
        values[count] = value;
        if (trie.bucket() != NodeRef.NONE) {
            store.free(trie.bucket(), BUCKET_GRANULES);
        }
        int length = trie.depth() == 0 ? 1 : Trie.stretchLength(trie.refs(), trie.lastDigit());
        if (count + 1 <= LongBucket.SLOTS) {
            setBucket(fill(0, count + 1));
        } else if (length == 1) {
            setBucket(newInner(0, count + 1, trie.depth()));
        } else {
            int from = trie.lastDigit() & -length;
            distribute(0, count + 1, trie.refs(), from, length, trie.depth() - 1);
            trie.store(from, from + length);
        }
    }

    /** Adds the entries of the bucket to others. Returns how many there are now. */
    private int takeOut(int count) {
        int to = count;
        for (int slot = LongBucket.FIRST_SLOT; slot <= LongBucket.SLOTS; slot++) {
            if (LongBucket.isUsed(bucket, slot)) {
                keys[to] = LongBucket.key(bucket, slot);
                values[to] = LongBucket.value(bucket, slot);
                to++;
            }
        }
        return to;
    }

    private int newInner(int first, int count, int level) {
        if (level == Trie.DEPTH_MAX) {
            throw region.damaged("a bucket has a key twice"); // different keys have different hashes
        }
        int[] children = new int[Trie.FAN_OUT];
        distribute(first, count, children, 0, Trie.FAN_OUT, level);
        return trie.newInner(children);
    }

    /**
     * Lets a stretch of references lead to some entries: to one bucket if they fit, else each half of the stretch to its
     * part of them.
     */
    private void distribute(int first, int count, int[] refs, int from, int length, int level) {
        if (count <= LongBucket.SLOTS) {
            Arrays.fill(refs, from, from + length, count == 0 ? NodeRef.NONE : fill(first, count));
        } else if (length == 1) {
            refs[from] = newInner(first, count, level + 1);
        } else {
            int half = length / 2;
            int low = partition(first, count, level, from + half);
            distribute(first, low, refs, from, half, level);
            distribute(first + low, count - low, refs, from + half, half, level);
        }
    }

    /** Sorts entries so that those whose digit is below another come first. Returns their number. */
    private int partition(int first, int count, int level, int digit) {
        int low = first;
        for (int i = first; i < first + count; i++) {
            if (Trie.digit(hash(keys[i], seed), level) < digit) {
                long key = keys[i];
                long value = values[i];
                keys[i] = keys[low];
                values[i] = values[low];
                keys[low] = key;
                values[low] = value;
                low++;
            }
        }
        return low - first;
    }

    private int fill(int first, int count) {
        Arrays.fill(bucket, 0);
        for (int i = 0; i < count; i++) {
            LongBucket.set(bucket, LongBucket.FIRST_SLOT + i, keys[first + i], values[first + i],
                    LongBucket.tag(hash(keys[first + i], seed)));
        }
        return newBucket(Purpose.BUCKET);
    }

    // ---- a bucket that is nearly empty

    /**
     * Makes one bucket of this and its neighbour, and again while there are few enough entries. An inner node that would
     * lead to one bucket only goes. Returns false if nothing can be merged.
     */
    private boolean merge() {
        int count = takeOut(0);
        int old = trie.bucket();
        boolean isMerged = count == 0;
        while (trie.depth() > 0) {
            int[] refs = trie.refs();
            int length = Trie.stretchLength(refs, trie.lastDigit());
            int from = trie.lastDigit() & -length;
            while (length < Trie.FAN_OUT) {
                int more = neighbour(refs, from ^ length, length, count);
                if (more < 0) {
                    break;
                }
                isMerged = true;
                count = more;
                from &= -(2 * length);
                length *= 2;
            }
            if (length < Trie.FAN_OUT) {
                return isMerged && end(old, count, from, length);
            }
            isMerged = true;
            trie.ascend();
        }
        return isMerged && end(old, count, 0, 0);
    }

    /** Adds the entries of a neighbour, unless it is none or has too many. Returns how many there are, or -1. */
    private int neighbour(int[] refs, int from, int length, int count) {
        int ref = refs[from];
        if (NodeRef.isInner(ref) || !Trie.isUniform(refs, from, length, ref)) {
            return -1;
        }
        if (ref == NodeRef.NONE) {
            return count;
        }
        read(ref);
        if (count + LongBucket.count(bucket) > MERGED_MAX) {
            return -1;
        }
        store.free(ref, BUCKET_GRANULES);
        return takeOut(count);
    }

    private boolean end(int old, int count, int from, int length) {
        store.free(old, BUCKET_GRANULES);
        int ref = count == 0 ? NodeRef.NONE : fill(0, count);
        if (trie.depth() == 0) {
            store.setRoot(ref);
        } else {
            Arrays.fill(trie.refs(), from, from + length, ref);
            trie.store(from, from + length);
        }
        return true;
    }

    // ---- cleaning

    /**
     * Moves some buckets out of pages that are hardly used. The change before it is done, so this refuses nothing: if
     * memory is short it leaves the buckets where they are.
     */
    private void clean() {
        boolean isOver = !store.isCleaning();
        try {
            for (int node = 0; node < NODES_LOOKED_AT && !isOver; node++) {
                isOver = cleanNode();
            }
        } catch (MemoryException shortage) {
            return; // the next change tries again
        }
    }

    /**
     * Looks at the buckets of one inner node, as a change of its own. Goes through the trie in the order of the digits,
     * so the buckets of a node are moved together, and the references to them are stored once.
     *
     * @return true if that is enough for now
     */
    private boolean cleanNode() {
        store.begin();
        trie.find(cleanedUpTo);
        if (!store.isCleaning() || trie.depth() == 0) {
            cleanedUpTo = 0;
            return true;
        }
        int from = trie.lastDigit();
        int to = from;
        boolean isMoved = false;
        int[] refs = trie.refs();
        while (to < Trie.FAN_OUT && !NodeRef.isInner(refs[to])) {
            int length = Trie.stretchLength(refs, to);
            int start = to & -length;
            if (refs[to] != NodeRef.NONE && store.isToBeMoved(refs[to])) {
                Arrays.fill(refs, start, start + length, moved(refs[to]));
                from = Math.min(from, start);
                isMoved = true;
            }
            to = start + length;
        }
        cleanedUpTo = Trie.next(cleanedUpTo, trie.depth() - 1, to);
        if (isMoved || store.isToBeMoved(trie.lastNode())) {
            trie.store(from, to);
            store.commit();
        }
        return isMoved;
    }

    private int moved(int ref) {
        read(ref);
        forgetRemoved();
        store.free(ref, BUCKET_GRANULES);
        return newBucket(Purpose.MOVED);
    }

    /** Counts everything anew, for tests. */
    void check() {
        store.beginToRead();
        NodeRecount recount = new NodeRecount(region);
        Recounter recounter = new Recounter(recount);
        new NodeWalk(region, BUCKET_GRANULES).visit(recounter);
        recount.check(recounter.entries);
    }

    private final class Recounter implements NodeWalk.Visitor {

        private final NodeRecount recount;
        private long entries;

        Recounter(NodeRecount recount) {
            this.recount = recount;
        }

        @Override
        public void inner(int ref) {
            recount.addInner(ref);
        }

        @Override
        public void bucket(int ref) {
            recount.add(ref, BUCKET_GRANULES);
            read(ref);
            for (int slot = LongBucket.FIRST_SLOT; slot <= LongBucket.SLOTS; slot++) {
                if (LongBucket.isUsed(bucket, slot)) {
                    entries++;
                    long hash = hash(LongBucket.key(bucket, slot), seed);
                    trie.find(hash);
                    recount.require(LongBucket.tag(hash) == LongBucket.tag(bucket, slot) && trie.bucket() == ref,
                            "an entry is in the wrong bucket");
                }
            }
        }
    }
}
