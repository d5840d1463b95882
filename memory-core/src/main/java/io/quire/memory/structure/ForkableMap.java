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
 * A hash map of byte arrays that lives wholly inside an address space, with its entries and its free memory.
 * A fork of the space, by any thread at any moment, is a fork of the map: whole, at the same address, and
 * writable without help from the parent.
 * <pre>{@code
 * ForkableMap map = ForkableMap.create(space, 1L << 30);   // addresses only
 * map.put(key, value);
 * try (AddressSpace child = space.fork()) {
 *     map.remove(key);
 *     assert ForkableMap.open(child, map.address()).containsKey(key);
 * }
 * }</pre>
 * <b>Threads.</b> A map opened through an {@link AddressSpace} may be used by any; one through an {@link Accessor} is
 * faster and belongs to the accessor's thread. Any number of such objects may reach the same map. Readers never wait
 * for writers, unless an entry is replaced over and over faster than it can be copied. One writer of a space changes
 * the map at a time, others wait for it: for microseconds, or as long as it takes to copy all slots when the table is
 * replaced, or to go over all entries when the region is full; at most a minute. Interrupts do not end that wait, and a
 * virtual thread that waits lets others run. The writer is known on the heap, so a fork, and a map whose bytes were
 * copied, wait for nobody. Every operation takes effect at one moment between its call and its return.
 * <p>
 * <b>Refusals</b>, besides those of {@link MemoryAccess}. A change that throws has left the map as it was, and one that
 * returns is done, whatever fails afterwards: a device that does not let go of pages, say, keeps them from being given
 * back and nothing else. Only if an {@link Error} of the virtual machine, such as a {@link StackOverflowError}, comes
 * out of a change, it may have been done; the map is whole, and others can change it.
 * <ul>
 * <li>{@link io.quire.memory.contract.StructureFullException} if the region has no room for a put
 * <li>{@link OutOfFramesException} if a change needs a frame and none is left
 * <li>{@link io.quire.memory.contract.WaitTimeoutException} if another thread, which it names, kept the map for a
 * minute
 * <li>{@link IllegalStateException} "the map is damaged" if words of the map contradict each other, because the program
 * wrote over them, or if another map lies there now. Whatever the words are, an operation ends, and reads and writes
 * nothing outside of the region
 * <li>{@link IllegalStateException} if the thread is amid a change of this map, as in a driver that it calls
 * <li>{@link NullPointerException} for null, before anything changes
 * </ul>
 * <b>Memory.</b> An entry takes 16 bytes, key and value, rounded up by less than a quarter, and 11 to 32 bytes of the
 * table. What removed entries and replaced values leave is used again for entries of any size: free blocks are split,
 * and when as much became free as a quarter of what is in use, or nothing is left, neighbours are merged, step by step.
 * So a put for which there is no room, or that finds some only then, may go over all entries. Tables and entries do not
 * move. Large blocks that become free give their frames back if the map knows the space: when it was opened through it,
 * or by {@link #with} from such a map.
 */
public final class ForkableMap {

    /** Each failed attempt means that a writer made a change meanwhile. */
    private static final int ATTEMPTS = 100;

    /** For so long a value it is worth while to look whether there is so much in the map at all. */
    private static final int LONG_VALUE = 1 << 16;

    /** In place of a value: look again. */
    private static final byte[] AGAIN = {};

    /** In place of a value that nobody asked for. */
    private static final byte[] FOUND = {};

    private final Region region;
    private final KeyHash hasher;
    private final Journal journal;

    /** Null before the first change. Racy: of two that threads make at once either does; they share what matters. */
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
     * Maps a region and makes an empty map of it, for any thread. The region takes addresses; frames come
     * with entries. A refusal leaves nothing mapped; only an {@link Error} of the virtual machine may leave the addresses
     * of the region behind, if the heap or the stack is full.
     *
     * @param capacityBytes the size of the region, rounded up to whole pages; 8 KiB to 2^46 bytes
     * @throws IllegalArgumentException if the size is out of that range
     * @throws io.quire.memory.contract.OutOfAddressesException if the space has no gap that large
     * @throws OutOfFramesException if there is no frame for the header
     * @throws io.quire.memory.contract.ProtectionException if the space is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails; nothing is mapped
     */
    public static ForkableMap create(AddressSpace space, long capacityBytes) {
        Objects.requireNonNull(space, "space");
        if (capacityBytes < MapHeader.REGION_MIN || capacityBytes > MapHeader.REGION_MAX) {
            throw new IllegalArgumentException("a map has a region of " + MapHeader.REGION_MIN + " to "
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
     * Attaches to a map, in the space it was created in, in a fork or in a snapshot. Writes nothing.
     *
     * @param access an {@link AddressSpace}, for any thread, or an {@link Accessor}, for its own
     * @param address what {@link #address()} said
     * @throws IllegalArgumentException if there is no map of this version at the address, or its header is damaged
     * @throws io.quire.memory.contract.AddressNotMappedException if the address or a part of the region is
     *     not mapped
     */
    public static ForkableMap open(MemoryAccess access, long address) {
        Objects.requireNonNull(access, "access");
        AddressSpace space = access instanceof AddressSpace itself ? itself : null;
        return new ForkableMap(MapHeader.locate(access, space, address));
    }

    /**
     * The same map through another access, such as an accessor of this thread. If that is one of the space
     * this map knows, the new object knows the space too.
     *
     * @throws IllegalArgumentException if the access leads to another map, or to none
     */
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

    /** Where the map begins; the same in every fork. */
    public long address() {
        return region.address();
    }

    // ---- reading

    /** A copy of the value of a key, or null if it has none. */
    public byte @Nullable [] get(byte[] key) {
        return read(key, true);
    }

    /** Whether a key has a value. */
    public boolean containsKey(byte[] key) {
        return read(key, false) != null;
    }

    /** The number of entries. */
    public long size() {
        return CountsWord.entries(word(MapHeader.COUNTS_AT));
    }

    public boolean isEmpty() {
        return size() == 0;
    }

    /** The lengths of all values together. */
    public long valueBytes() {
        return word(MapHeader.VALUE_BYTES_AT);
    }

    /** The size of the region. */
    public long regionBytes() {
        return region.sizeBytes();
    }

    /**
     * How much of the region was handed out so far: the header, the table, entries, and what is free again.
     */
    public long usedBytes() {
        return word(MapHeader.TOP_AT);
    }

    /**
     * Hands a copy of every entry to an action, in no order. If the map knows its space, all entries are of
     * one moment, by a snapshot that is held until the last; the action may then change the map. If not,
     * nobody may change it meanwhile.
     *
     * @throws ConcurrentModificationException if somebody did, and the map does not know its space
     * @throws io.quire.memory.contract.TooManySpacesException if there may be no more snapshot
     */
    public void forEach(BiConsumer<byte[], byte[]> action) {
        Objects.requireNonNull(action, "action");
        AddressSpace space = region.space();
        if (space == null || space.isSnapshot()) {
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
                    "a map that does not know its space was changed during forEach: " + this);
        }
    }

    /** A word of the map as it is now. */
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
     * Looks once. What it finds counts if the map is still at the sequence it began with, or if the entry is,
     * which is then one from before and has been in the map all the time. That nothing was found counts at
     * the same sequence only: an entry could have moved behind the reader's back.
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
                return AGAIN; // before a length is believed
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

    /** The same with all writers of the space kept out, so that it succeeds. */
    private byte @Nullable [] readQuietly(byte[] key, long hash, boolean wantsValue) {
        return writer().exclusively(() -> {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                byte[] found = tryRead(key, hash, wantsValue);
                if (isAnswer(found)) {
                    return found;
                }
            }
            throw MapHeader.damaged("somebody changes it who is not its writer", region);
        });
    }

    @SuppressWarnings("ReferenceEquality") // an empty value is not the mark
    private static boolean isAnswer(byte @Nullable [] found) {
        return found != AGAIN;
    }

    /** Whether the map has not changed since. What was read before this is then of that sequence. */
    private boolean isAt(long sequence) {
        // ORDER(map-word) fence: whoever saw a word of a later change sees that change here.
        // ORDER(block-freed) fence: and so does whoever saw what was written into a block that it freed.
        VarHandle.loadLoadFence();
        return StateWord.sequence(region.get(MapHeader.STATE_AT)) == sequence;
    }

    /**
     * Whether the map has not changed since, or at least the entry that was found then has not. All headers have to be
     * where they were: after a clear, or where free blocks were merged, data may look like the header that was there.
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

    /** Some bytes of an entry whose header has these words. */
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
     * @return whether the key had a value before
     * @throws IllegalArgumentException if the key is too long or the value could never fit
     * @throws io.quire.memory.contract.StructureFullException if there is no room now
     */
    public boolean put(byte[] key, byte[] value) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        return writer().put(key, value);
    }

    /**
     * Removes the entry of a key. Needs no room, but perhaps frames, if pages are shared with a fork.
     *
     * @return whether there was one
     */
    public boolean remove(byte[] key) {
        Objects.requireNonNull(key, "key");
        return writer().remove(key);
    }

    /** Removes all entries, and makes the whole region free again. */
    public void clear() {
        writer().clear();
    }

    /** Counts everything anew; only while nobody changes the map. For tests. */
    void check() {
        new MapRecount(region, hasher, journal).check();
    }

    @Override
    public String toString() {
        return "ForkableMap[address=0x" + Long.toHexString(address()) + ", regionBytes=" + regionBytes()
                + "]";
    }
}
