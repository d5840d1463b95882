package io.quire.memory.structure;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.nodes.NodeReader;
import io.quire.memory.nodes.NodeRef;
import io.quire.memory.nodes.NodeRegion;
import io.quire.memory.nodes.NodeWalk;
import io.quire.memory.space.ReadSection;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A hash map from long to long that lives wholly inside an address space. A fork of the space, by any thread at any
 * moment, is a fork of the map: whole, at the same address, and writable. An update beside a snapshot copies a few
 * hundred bytes, not pages.
 * {@snippet file="io/quire/memory/snippets/LongMapSnippetsTest.java" region="map"}
 * <p>
 * <b>Threads.</b> Any thread may use a map that was opened through an {@link AddressSpace}. A map that was opened
 * through an {@link Accessor} is faster and belongs to the accessor's thread. Any number of such objects may lead to
 * the same map.
 * <p>
 * <b>Progress.</b> Readers never wait: a read begins again only if bytes that it may have looked at were used anew
 * meanwhile, which happens once in hundreds of puts, and when the place of a removed entry is taken. One writer at a time changes the map of a space. The others
 * wait, for microseconds and at most a minute; an interrupt does not end the wait, and a virtual thread that waits
 * releases its carrier. No change takes long: the map grows one bucket at a time. Every operation is atomic: it takes
 * effect at one moment between its call and its return. Only {@link #size} may be late by a change in progress.
 * <p>
 * <b>Refusals.</b> An operation may throw what {@link MemoryAccess} throws, and these:
 * <ul>
 * <li>{@link io.quire.memory.contract.StructureFullException} if the region has no room for a change
 * <li>{@link OutOfFramesException} if a change needs a frame and none is left
 * <li>{@link io.quire.memory.contract.WaitTimeoutException} if another thread, which it names, kept the lock for a
 * minute
 * <li>{@link IllegalStateException} "is damaged" if words of the map contradict each other because the program wrote
 * over them. Whatever the words are, the operation ends, and reads and writes nothing outside the region
 * <li>{@link IllegalStateException} if the thread is in the middle of a change of this map, as in a driver that the
 * change calls, or in an operator that it was given
 * <li>{@link NullPointerException} for null, before anything changes
 * </ul>
 * A change that throws has left the map as it was. There is one exception: if an {@link Error} of the virtual machine,
 * such as a {@link StackOverflowError}, comes out of a change, the change may have been done or not. The map is whole
 * in either case, and others can change it.
 * <p>
 * <b>Memory.</b> An entry takes about 35 bytes. Nodes that are replaced beside a snapshot, and those of removed
 * entries, leave room in their pages. That is used again when a page is empty; and if pages are on average less than 50
 * percent full, each change moves a few buckets out of the emptiest ones.
 */
public final class ForkableLongMap extends ForkableStructure<ForkableLongMap> {

    static final long MAGIC = 0x4C32_4C65_7269_7551L; // "QuireL2L", low byte first

    private static final String NAME = "map of longs";

    /** An attempt to read fails only if memory was used anew meanwhile. */
    private static final int ATTEMPTS = 100;

    private static final int BUCKET_GRANULES = LongBucket.BYTES / NodeRef.GRANULE_BYTES;

    private final NodeRegion region;
    private final ReadSection section;
    private final NodeReader reader;
    private final long seed;

    /**
     * Null before the first change. Racy: if two threads make one at once either may stay; the lock is shared.
     */
    private @Nullable LongMapWriter writer;

    ForkableLongMap(NodeRegion region) {
        this.region = region;
        this.section = region.section();
        this.reader = new NodeReader(region);
        this.seed = region.seed();
    }

    private LongMapWriter writer() {
        LongMapWriter known = writer;
        if (known == null) {
            known = new LongMapWriter(region, seed);
            writer = known;
        }
        return known;
    }

    /**
     * Makes an empty map, for any thread, with the largest region: 32 GiB of addresses, which take no memory.
     *
     * @param space the space that the map is to live in
     * @return the map; nothing has to be closed
     * @throws io.quire.memory.contract.OutOfAddressesException if the space has no gap that large
     * @throws OutOfFramesException if there is no frame for the header
     * @throws io.quire.memory.contract.ProtectionException if the space is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails; nothing is mapped
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     */
    public static ForkableLongMap create(AddressSpace space) {
        return create(space, NodeRegion.MAX_BYTES);
    }

    /**
     * Maps a region of the space and makes an empty map of it, for any thread. A region takes addresses, not memory:
     * frames come with entries.
     * <p>
     * A refusal leaves nothing mapped. Only an {@link Error} of the virtual machine, if the heap or the stack is full,
     * may leave the addresses of the region mapped.
     *
     * @param space the space that the map is to live in
     * @param capacityBytes the size of the region; 64 KiB to 32 GiB; rounded up to whole pages
     * @return the map; nothing has to be closed
     * @throws IllegalArgumentException if the size is out of that range
     * @throws io.quire.memory.contract.OutOfAddressesException if the space has no gap that large
     * @throws OutOfFramesException if there is no frame for the header
     * @throws io.quire.memory.contract.ProtectionException if the space is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails; nothing is mapped
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     */
    public static ForkableLongMap create(AddressSpace space, long capacityBytes) {
        Objects.requireNonNull(space, "space");
        return new ForkableLongMap(NodeRegion.create(NAME, space, capacityBytes, MAGIC,
                ThreadLocalRandom.current().nextLong()));
    }

    /**
     * Opens a map in the space it was created in, in a fork or in a snapshot. Writes nothing.
     *
     * @param access an {@link AddressSpace}, for any thread, or an {@link Accessor}, for its own thread
     * @param address what {@link #address()} returned
     * @return the map
     * @throws IllegalArgumentException if there is no such map of this version at the address
     * @throws io.quire.memory.contract.AddressNotMappedException if a part of the region is not mapped
     * @throws io.quire.memory.contract.ClosedException if the space or the accessor is closed
     */
    public static ForkableLongMap open(MemoryAccess access, long address) {
        Objects.requireNonNull(access, "access");
        return new ForkableLongMap(NodeRegion.locate(NAME, access, address, MAGIC));
    }

    /**
     * Opens the same map through another access, such as an accessor of the calling thread.
     *
     * @param access to the same space, or to another space that has this map at the same address, such as a fork
     * @return the map
     * @throws IllegalArgumentException if the access leads to another map or to none
     */
    @Override
    public ForkableLongMap with(MemoryAccess access) {
        ForkableLongMap other = open(access, address());
        if (other.seed != seed) {
            throw new IllegalArgumentException("the access leads to another map: " + this + ", " + other);
        }
        return other;
    }

    /**
     * Returns where the map begins.
     *
     * @return the address; the same in every fork
     */
    @Override
    public long address() {
        return region.address();
    }

    @Override
    MemoryAccess access() {
        return region.memory();
    }

    // ---- reading

    /**
     * Returns the value of a key.
     *
     * @param key of the entry
     * @param missing what to return if the key has no value
     * @return the value, or {@code missing}
     */
    public long getOrDefault(long key, long missing) {
        return read(key, missing, false);
    }

    /**
     * Tells if a key has a value.
     *
     * @param key of the entry
     * @return true if there is an entry
     */
    public boolean containsKey(long key) {
        return read(key, 0, true) != 0;
    }

    /** Returns the value of a key, or 1 if only its presence is asked for; or what was given if there is none. */
    private long read(long key, long missing, boolean asksForPresence) {
        long hash = LongMapWriter.hash(key, seed);
        int tag = LongBucket.tag(hash);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long version = section.begin();
            long header = reader.header();
            long epoch = reader.epoch(header);
            int bucket = reader.bucket(header, hash);
            boolean isBucket = reader.isBucket(bucket, BUCKET_GRANULES);
            long value = missing;
            if (isBucket) {
                long at = reader.at(bucket);
                int slot = LongBucket.find(section, at, key, tag);
                if (slot != LongBucket.NO_SLOT) {
                    // STEP(read a store 3)
                    value = asksForPresence ? 1 : section.getLong(at + LongBucket.valueAt(slot));
                }
            }
            if (reader.isStill(header, epoch) && section.isStill(version)) {
                if (!isBucket && bucket != NodeRef.NONE) {
                    throw region.damaged("a reference leads to no bucket: " + NodeRef.toString(bucket));
                }
                return value;
            }
        }
        return writer().readQuietly(key, missing, asksForPresence);
    }

    /**
     * Returns the number of entries. While another thread changes the map, it may be late by one change.
     *
     * @return 0 or more
     */
    public long size() {
        return region.entries();
    }

    /**
     * Tells if the map has no entry.
     *
     * @return true if {@link #size()} is 0
     */
    public boolean isEmpty() {
        return size() == 0;
    }

    /**
     * Returns the size of the region.
     *
     * @return in bytes, a multiple of 4096
     */
    public long regionBytes() {
        return region.sizeBytes();
    }

    /**
     * Returns how much of the region was ever used: the header, the nodes, and what is free again.
     *
     * @return in bytes, up to {@link #regionBytes()}
     */
    public long usedBytes() {
        return region.usedBytes();
    }

    /**
     * Hands every entry to an action, in no order.
     * <p>
     * All entries are of one moment: a snapshot is held until the action has seen the last. So the action may change
     * the map, or close the space; a map of a snapshot takes a snapshot too.
     *
     * @param action gets key and value of each entry
     * @throws io.quire.memory.contract.TooManySpacesException if the snapshot would exceed the limit of open spaces
     */
    public void forEach(EntryAction action) {
        Objects.requireNonNull(action, "action");
        AddressSpace space = region.space();
        try (AddressSpace moment = space.snapshot("entries of a map of " + space.name());
                Accessor accessor = moment.accessor()) {
            open(accessor, address()).visit(action);
        }
    }

    private void visit(EntryAction action) {
        new NodeWalk(region, BUCKET_GRANULES).visit(new Visitor(region, action));
    }

    private static final class Visitor implements NodeWalk.Visitor {

        private final NodeRegion region;
        private final EntryAction action;
        private final long[] bucket = new long[LongBucket.WORDS];

        Visitor(NodeRegion region, EntryAction action) {
            this.region = region;
            this.action = action;
        }

        @Override
        public void bucket(int ref) {
            region.memory().copyTo(region.addressOf(ref), bucket, 0, bucket.length);
            for (int slot = LongBucket.FIRST_SLOT; slot <= LongBucket.SLOTS; slot++) {
                if (LongBucket.isUsed(bucket, slot)) {
                    action.accept(LongBucket.key(bucket, slot), LongBucket.value(bucket, slot));
                }
            }
        }
    }

    // ---- changing

    /**
     * Sets the value of a key.
     *
     * @param key of the entry
     * @param value to set
     * @return true if the key had a value before
     * @throws io.quire.memory.contract.StructureFullException if there is no room
     */
    public boolean put(long key, long value) {
        return writer().put(key, new LongChange.Set(value));
    }

    /**
     * Sets the value of a key that has none.
     *
     * @param key of the entry
     * @param value to set
     * @return true if it was set; false if the key had a value, which stays
     * @throws io.quire.memory.contract.StructureFullException if there is no room
     */
    public boolean putIfAbsent(long key, long value) {
        return !writer().put(key, new LongChange.SetIfAbsent(value));
    }

    /**
     * Adds to the value of a key; a key without a value counts as 0.
     *
     * @param key of the entry
     * @param delta to add; the sum wraps around
     * @return the sum
     * @throws io.quire.memory.contract.StructureFullException if there is no room
     */
    public long addTo(long key, long delta) {
        return writer().update(key, new LongChange.Add(delta));
    }

    /**
     * Sets the value of a key to a function of it, in one step. The operator is called once, while other writers wait;
     * it may not change the map, and if it throws, nothing has changed.
     *
     * @param key of the entry
     * @param missing what the operator gets if the key has no value
     * @param change gets the old value and returns the new one
     * @return the new value
     * @throws io.quire.memory.contract.StructureFullException if there is no room
     */
    public long update(long key, long missing, LongUnaryOperator change) {
        Objects.requireNonNull(change, "change");
        return writer().update(key, new LongChange.Apply(missing, change));
    }

    /**
     * Removes the entry of a key. May need frames if pages are shared with a fork.
     *
     * @param key of the entry
     * @return true if there was one
     */
    public boolean remove(long key) {
        return writer().remove(key);
    }

    /** Removes all entries, and gives their memory back. */
    public void clear() {
        writer().clear();
    }

    /** Counts everything anew, for tests; correct only while nobody changes the map. */
    void check() {
        writer().check();
    }

    @Override
    public String toString() {
        return "ForkableLongMap[address=0x" + Long.toHexString(address()) + ", regionBytes=" + regionBytes() + "]";
    }

    /** What {@link #forEach} calls with each entry. */
    @FunctionalInterface
    public interface EntryAction {

        /**
         * Handles an entry.
         *
         * @param key of the entry
         * @param value of the entry
         */
        void accept(long key, long value);
    }
}
