package io.quire.memory.structure;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.space.SpaceFinder;
import java.lang.invoke.VarHandle;
import java.util.ConcurrentModificationException;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A hash map of byte arrays that lives wholly inside an address space, with its entries and its free memory. A fork of
 * the space, by any thread at any moment, is a fork of the map: whole, at the same address, and writable.
 * {@snippet file="io/quire/memory/snippets/MapSnippetsTest.java" region="map"}
 * <p>
 * <b>Threads.</b> Any thread may use a map that was opened through an {@link AddressSpace}. A map that was opened
 * through an {@link Accessor} is faster and belongs to the accessor's thread. Any number of such objects may lead to
 * the same map.
 * <p>
 * <b>Progress.</b> Readers do not wait for writers, unless an entry is replaced over and over faster than it can be
 * copied. One writer at a time changes the map of a space, and the others wait. They wait for microseconds, or until
 * all slots are copied when the table is replaced, or until all entries were visited when the region is full; at most a
 * minute. An interrupt does not end the wait, and a virtual thread that waits releases its carrier. The state of the
 * lock is on the heap, so the writer of a fork, or of a map whose bytes were copied, does not wait for this one's.
 * Every operation is atomic: it takes effect at one moment between its call and its return.
 * <p>
 * <b>Refusals.</b> An operation may throw what {@link MemoryAccess} throws, and these:
 * <ul>
 * <li>{@link io.quire.memory.contract.StructureFullException} if the region has no room for a put
 * <li>{@link OutOfFramesException} if a change needs a frame and none is left
 * <li>{@link io.quire.memory.contract.WaitTimeoutException} if another thread, which it names, kept the lock for a
 * minute
 * <li>{@link IllegalStateException} "the map is damaged" if words of the map contradict each other because the program
 * wrote over them, or if another map is there now. Whatever the words are, the operation ends, and reads and writes
 * nothing outside the region
 * <li>{@link IllegalStateException} if the thread is in the middle of a change of this map, as in a driver that the
 * change calls
 * <li>{@link NullPointerException} for null, before anything changes
 * </ul>
 * A change that throws has left the map as it was. A change that returns is done, whatever fails afterwards: a device
 * that does not let go of pages, say, only keeps them from being given back. There is one exception: if an
 * {@link Error} of the virtual machine, such as a {@link StackOverflowError}, comes out of a change, the change may
 * have been done or not. The map is whole in either case, and others can change it.
 * <p>
 * <b>Memory.</b> An entry takes 16 bytes, key and value, rounded up by less than a quarter, and 11 to 32 bytes of the
 * table. The space of removed entries and replaced values is used again for entries of any size. Free blocks are split.
 * They are merged with their neighbours, step by step, when as much has become free as a quarter of what is in use, or
 * when nothing is left; so a put that finds no room at first may visit all entries. Tables and entries do not move.
 * Large blocks that become free give their frames back if the map knows its space: if it was opened through the space,
 * or by {@link #with} from such a map.
 */
public final class ForkableMap extends ForkableStructure<ForkableMap> {

    /** An attempt fails only if a writer has made a change meanwhile. */
    private static final int ATTEMPTS = 100;

    /** For a value of this length it pays to check first that the map can hold so much at all. */
    private static final int LONG_VALUE = 1 << 16;

    /** In place of a value: the attempt has failed, look again. */
    private static final byte[] AGAIN = {};

    /** In place of a value that nobody asked for. */
    private static final byte[] FOUND = {};

    private final Region region;
    private final KeyHash hasher;
    private final Journal journal;

    /**
     * Null before the first change. Racy: if two threads make one at once either may stay; the state that matters is
     * shared.
     */
    private @Nullable MapWriter writer;

    private ForkableMap(Region region) {
        this.region = region;
        this.hasher = new KeyHash(region.get(MapHeader.SEED_AT));
        this.journal = new Journal(region);
    }

    private MapWriter writer() {
        MapWriter known = writer;
        if (known == null) {
            known = new MapWriter(region, hasher, journal);
            writer = known;
        }
        return known;
    }

    /**
     * Maps a region of the space and makes an empty map of it, for any thread.
     * <p>
     * <b>How large?</b> There is no default, and a map cannot grow. But a region takes addresses, not memory: frames
     * come with entries. So choose generously, such as {@code 1L << 36} bytes; the limits are the 2<sup>47</sup> bytes
     * of addresses that all mappings of the space share.
     * <p>
     * A refusal leaves nothing mapped. Only an {@link Error} of the virtual machine, if the heap or the stack is full,
     * may leave the addresses of the region mapped.
     *
     * @param space the space that the map is to live in
     * @param capacityBytes the size of the region; 8 KiB to 2<sup>46</sup>; rounded up to whole pages
     * @return the map, which knows its space; nothing has to be closed
     * @throws IllegalArgumentException if the size is out of that range
     * @throws io.quire.memory.contract.OutOfAddressesException if the space has no gap that large
     * @throws OutOfFramesException if there is no frame for the header
     * @throws io.quire.memory.contract.ProtectionException if the space is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails; nothing is mapped
     * @throws io.quire.memory.contract.ClosedException if the space is closed
     */
    public static ForkableMap create(AddressSpace space, long capacityBytes) {
        Objects.requireNonNull(space, "space");
        if (capacityBytes < MapHeader.REGION_MIN || capacityBytes > MapHeader.REGION_MAX) {
            throw new IllegalArgumentException("the region of a map must have " + MapHeader.REGION_MIN + " to "
                    + MapHeader.REGION_MAX + " bytes: capacityBytes=" + capacityBytes);
        }
        long sizeBytes = capacityBytes + Region.PAGE_BYTES - 1 & -Region.PAGE_BYTES;
        long address = space.map(sizeBytes);
        try {
            Region region = new Region(space, address, sizeBytes, space);
            MapHeader.format(region, ThreadLocalRandom.current().nextLong());
            return new ForkableMap(region);
        } catch (Throwable refused) {
            space.unmap(address, sizeBytes);
            throw refused;
        }
    }

    /**
     * Opens a map in the space it was created in, in a fork or in a snapshot. Writes nothing.
     *
     * @param access an {@link AddressSpace}, for any thread, or an {@link Accessor}, for its own thread
     * @param address what {@link #address()} returned
     * @return the map
     * @throws IllegalArgumentException if there is no map of this version at the address, or its header is damaged
     * @throws io.quire.memory.contract.AddressNotMappedException if a part of the region is not mapped
     * @throws io.quire.memory.contract.ClosedException if the space or the accessor is closed
     */
    public static ForkableMap open(MemoryAccess access, long address) {
        Objects.requireNonNull(access, "access");
        AddressSpace space = access instanceof AddressSpace itself ? itself : null;
        return new ForkableMap(MapHeader.locate(access, space, address));
    }

    /**
     * Opens the same map through another access, such as an accessor of the calling thread.
     * {@snippet file="io/quire/memory/snippets/MapSnippetsTest.java" region="with"}
     *
     * @param access to the same space, or to another space that has this map at the same address, such as a fork
     * @return the map; it knows its space if {@code access} is a space, or if this map knows the space of
     *         {@code access}
     * @throws IllegalArgumentException if the access leads to another map or to none
     */
    @Override
    public ForkableMap with(MemoryAccess access) {
        Objects.requireNonNull(access, "access");
        AddressSpace known = SpaceFinder.of(access) == SpaceFinder.of(region.memory()) ? region.space() : null;
        AddressSpace space = access instanceof AddressSpace itself ? itself : known;
        ForkableMap other = new ForkableMap(MapHeader.locate(access, space, address()));
        if (other.region.get(MapHeader.SEED_AT) != region.get(MapHeader.SEED_AT)) {
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
     * @return a copy of the value; null if the key has none
     */
    public byte @Nullable [] get(byte[] key) {
        return read(key, true);
    }

    /**
     * Tells if a key has a value.
     *
     * @param key of the entry
     * @return true if there is an entry
     */
    public boolean containsKey(byte[] key) {
        return read(key, false) != null;
    }

    /**
     * Returns the number of entries.
     *
     * @return 0 or more
     */
    public long size() {
        return CountsWord.entries(word(MapHeader.COUNTS_AT));
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
     * Returns the lengths of all values together.
     *
     * @return in bytes, 0 or more
     */
    public long valueBytes() {
        return word(MapHeader.VALUE_BYTES_AT);
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
     * Returns how much of the region was handed out so far: the header, the table, the entries, and what is free again.
     *
     * @return in bytes, up to {@link #regionBytes()}
     */
    public long usedBytes() {
        return word(MapHeader.TOP_AT);
    }

    /**
     * Hands a copy of every entry to an action, in no order.
     * <p>
     * If the map knows its space, all entries are of one moment: a snapshot is held until the action has seen the last.
     * So the action may change the map, or close the space; a map of a snapshot takes a snapshot too. If the map does not know its space, no thread may change it meanwhile.
     *
     * @param action gets key and value of each entry
     * @throws ConcurrentModificationException if the map does not know its space, and was changed meanwhile
     * @throws io.quire.memory.contract.TooManySpacesException if the snapshot would exceed the limit of open spaces
     */
    public void forEach(BiConsumer<byte[], byte[]> action) {
        Objects.requireNonNull(action, "action");
        AddressSpace space = region.space();
        if (space == null) {
            visit(action);
            return;
        }
        try (AddressSpace moment = space.snapshot("entries of a map of " + space.name());
                Accessor reader = moment.accessor()) {
            open(reader, address()).visit(action);
        }
    }

    private void visit(BiConsumer<byte[], byte[]> action) {
        long state = region.getAcquire(MapHeader.STATE_AT);
        Overlay words = journal.view(state);
        while (words == null) {
            state = region.getAcquire(MapHeader.STATE_AT);
            words = journal.view(state);
        }
        String fault = MapHeader.fault(words);
        long table = words.get(MapHeader.TABLE_AT);
        checkSequence(state);
        if (fault != null || !MapHeader.isTable(words, table)) {
            throw MapHeader.damaged(fault == null ? "the table has no block" : fault, region);
        }
        long capacity = table == TableWord.NONE ? 0 : TableWord.capacity(table);
        for (long i = 0; i < capacity; i++) {
            long slot = words.get(SlotTable.slotAt(table, SlotTable.scattered(table, i)));
            checkSequence(state);
            if (EntrySlot.isTaken(slot)) {
                visitEntry(words, EntrySlot.block(slot), state, action);
            }
        }
    }

    private void visitEntry(Overlay words, long block, long state, BiConsumer<byte[], byte[]> action) {
        long first = isInside(block) ? words.get(block) : 0;
        long lengths = isInside(block) ? words.get(block + BlockHeader.SECOND) : 0;
        checkSequence(state);
        byte[] key = bytes(words, block, first, lengths, 0, BlockHeader.keyLength(lengths));
        byte[] value = bytes(words, block, first, lengths, key.length, BlockHeader.valueLength(lengths));
        checkSequence(state);
        action.accept(key, value);
    }

    private void checkSequence(long state) {
        if (!isAt(StateWord.sequence(state))) {
            throw new ConcurrentModificationException(
                    "the map was changed during forEach, and does not know its space: " + this);
        }
    }

    /** Reads a word of the map as it is now. */
    private long word(long offset) {
        while (true) {
            Overlay words = journal.view(region.getAcquire(MapHeader.STATE_AT));
            if (words != null) {
                return words.get(offset);
            }
        }
    }

    private byte @Nullable [] read(byte[] key, boolean wantsValue) {
        Objects.requireNonNull(key, "key");
        long hash = hasher.of(key);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            byte[] found = tryRead(key, hash, wantsValue);
            if (isAnswer(found)) {
                return found;
            }
        }
        return readQuietly(key, hash, wantsValue);
    }

    /**
     * Looks once. An entry that is found counts if the map is still at the sequence of the beginning, or if the entry
     * is: then it is older and has been in the map all the time. That nothing was found counts at the same sequence
     * only: an entry could have moved to where this has looked already.
     */
    private byte @Nullable [] tryRead(byte[] key, long hash, boolean wantsValue) {
        // ORDER(map-changed) acquire: the words and the data of that change, or newer ones.
        long state = region.getAcquire(MapHeader.STATE_AT);
        Overlay words = journal.view(state);
        if (words == null) {
            return AGAIN;
        }
        long sequence = StateWord.sequence(state);
        long table = words.get(MapHeader.TABLE_AT);
        long block = find(words, table, hash, key);
        if (block > SlotTable.NONE) {
            if (!wantsValue) {
                return isStill(block, sequence) ? FOUND : AGAIN;
            }
            long first = words.get(block);
            long lengths = words.get(block + BlockHeader.SECOND);
            if (!isStill(block, sequence)) {
                return AGAIN; // the lengths may be garbage
            }
            byte[] value = bytes(words, block, first, lengths, key.length, BlockHeader.valueLength(lengths));
            return isStill(block, sequence) ? value : AGAIN;
        }
        if (!isAt(sequence)) {
            return AGAIN;
        }
        if (block == SlotTable.TORN) {
            throw MapHeader.damaged("the table is none, or a slot leads out of the region", region);
        }
        if (region.get(MapHeader.SEED_AT) != hasher.seed()) {
            throw MapHeader.damaged("it is not the map that was opened", region);
        }
        return null;
    }

    private long find(Overlay words, long table, long hash, byte[] key) {
        if (table == TableWord.NONE) {
            return SlotTable.NONE;
        }
        return TableWord.isSane(table, region.sizeBytes()) ? SlotTable.find(words, table, hash, key) : SlotTable.TORN;
    }

    /** Reads with all writers of the space kept out, so that an attempt succeeds. */
    private byte @Nullable [] readQuietly(byte[] key, long hash, boolean wantsValue) {
        return writer().exclusively(() -> {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                byte[] found = tryRead(key, hash, wantsValue);
                if (isAnswer(found)) {
                    return found;
                }
            }
            throw MapHeader.damaged("it is changed by something else than its writer", region);
        });
    }

    @SuppressWarnings("ReferenceEquality") // an empty value looks like the mark and is not
    private static boolean isAnswer(byte @Nullable [] found) {
        return found != AGAIN;
    }

    /** True if the map has not changed since. Everything that was read before this is then of that sequence. */
    private boolean isAt(long sequence) {
        // ORDER(map-word) fence: whoever saw a word of a later change sees that change here.
        // ORDER(block-freed) fence: and so does whoever saw what was written into a block that it freed.
        VarHandle.loadLoadFence();
        return StateWord.sequence(region.get(MapHeader.STATE_AT)) == sequence;
    }

    /**
     * True if the map, or at least the entry that was found, has not changed since. No header may have moved since:
     * after a clear, or where free blocks were merged, data may look like the header that was there.
     */
    boolean isStill(long block, long sequence) {
        if (isAt(sequence)) {
            return true;
        }
        long first = region.get(block);
        return BlockHeader.kind(first) == BlockHeader.ENTRY && BlockHeader.sequence(first) <= sequence
                && region.get(MapHeader.HEADERS_SINCE_AT) <= sequence;
    }

    private boolean isInside(long block) {
        return region.contains(block, SizeClasses.SMALLEST);
    }

    /** Reads some bytes of an entry whose header has these words. */
    private byte[] bytes(Overlay words, long block, long first, long lengths, int from, int length) {
        if (!BlockHeader.isEntry(first, lengths)
                || BlockHeader.BYTES + (long) from + length > region.sizeBytes() - block
                || (length > LONG_VALUE
                        && !BlockHeader.isBlock(block, first, BlockHeader.ENTRY, words.get(MapHeader.TOP_AT)))) {
            throw MapHeader.damaged("a slot leads to no entry", region);
        }
        byte[] bytes = new byte[length];
        region.read(block + BlockHeader.BYTES + from, bytes, length);
        return bytes;
    }

    // ---- changing

    /**
     * Sets the value of a key.
     *
     * @param key 0 to 65,535 bytes
     * @param value 0 bytes to what fits into the region with the key
     * @return true if the key had a value before
     * @throws IllegalArgumentException if the key is too long, or the value could never fit
     * @throws io.quire.memory.contract.StructureFullException if there is no room now
     */
    public boolean put(byte[] key, byte[] value) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        return writer().put(key, value);
    }

    /**
     * Removes the entry of a key. Needs no room in the region; may need frames if pages are shared with a fork.
     *
     * @param key of the entry
     * @return true if there was one
     */
    public boolean remove(byte[] key) {
        Objects.requireNonNull(key, "key");
        return writer().remove(key);
    }

    /** Removes all entries and makes the whole region free again. */
    public void clear() {
        writer().clear();
    }

    /** Counts everything anew, for tests; correct only while nobody changes the map. */
    void check() {
        new MapRecount(region, hasher, journal).check();
    }

    @Override
    public String toString() {
        return "ForkableMap[address=0x" + Long.toHexString(address()) + ", regionBytes=" + regionBytes()
                + "]";
    }
}
