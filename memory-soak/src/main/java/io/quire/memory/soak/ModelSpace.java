package io.quire.memory.soak;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a space has to contain, kept as simply as possible: its mappings, and the content of each written page. */
final class ModelSpace {

    static final int PAGE = ModelFrame.BYTES;

    /** A range of addresses with one protection. The end is exclusive. */
    record Area(long start, long end, Protection protection) {
        long bytes() {
            return end - start;
        }
    }

    /** A map of the library that lives in the space: the size of its region, and its entries. */
    record MapContent(long regionBytes, HashMap<ByteBuffer, byte[]> entries) {
        MapContent copy() {
            return new MapContent(regionBytes, new HashMap<>(entries));
        }
    }

    final boolean snapshot;
    private final TreeMap<Long, Area> areas = new TreeMap<>();
    private final HashMap<Long, ModelFrame> pages = new HashMap<>();
    final TreeMap<Long, MapContent> maps = new TreeMap<>();

    ModelSpace(boolean snapshot) {
        this.snapshot = snapshot;
    }

    /** Copies the space. Pinned pages are copied; all others are shared, because nothing changes them in place. */
    ModelSpace fork(boolean asSnapshot) {
        ModelSpace fork = new ModelSpace(asSnapshot);
        fork.areas.putAll(areas);
        pages.forEach((page, frame) -> fork.pages.put(page, frame.pins > 0 ? frame.copy() : frame));
        maps.forEach((address, map) -> fork.maps.put(address, map.copy()));
        return fork;
    }

    // ---- addresses

    List<Area> areas() {
        return new ArrayList<>(areas.values());
    }

    /** Returns the areas that belong to no map of the library. */
    List<Area> openAreas() {
        return areas.values().stream().filter(area -> !isInMap(area.start)).toList();
    }

    boolean isInMap(long address) {
        Map.Entry<Long, MapContent> map = maps.floorEntry(address);
        return map != null && address < map.getKey() + map.getValue().regionBytes;
    }

    boolean touchesMap(long address, long sizeBytes) {
        return isInMap(address) || isInMap(address + sizeBytes - 1)
                || !maps.subMap(address, true, address + sizeBytes, false).isEmpty();
    }

    /** Returns the protection at an address; null if it is not mapped. */
    @Nullable Protection protection(long address) {
        Map.Entry<Long, Area> area = areas.floorEntry(address);
        return area != null && address < area.getValue().end ? area.getValue().protection : null;
    }

    /** Maps a range with a protection, or unmaps it if that is null. */
    void set(long start, long end, @Nullable Protection protection) {
        split(start);
        split(end);
        areas.subMap(start, true, end, false).clear();
        if (protection != null) {
            areas.put(start, new Area(start, end, protection));
        }
    }

    private void split(long at) {
        Map.Entry<Long, Area> entry = areas.lowerEntry(at);
        if (entry != null && entry.getValue().end > at) {
            Area area = entry.getValue();
            areas.put(area.start, new Area(area.start, at, area.protection));
            areas.put(at, new Area(at, area.end, area.protection));
        }
    }

    /** Returns the exceptions of which one has to refuse an access; empty if it has to pass. */
    Set<Class<?>> refusals(long address, long sizeBytes, boolean write) {
        Set<Class<?>> refusals = new HashSet<>();
        if (write && snapshot) {
            refusals.add(ProtectionException.class);
        }
        for (long at = address; at < address + sizeBytes;) {
            Map.Entry<Long, Area> entry = areas.floorEntry(at);
            if (entry == null || at >= entry.getValue().end) {
                refusals.add(AddressNotMappedException.class);
                Long next = areas.higherKey(at);
                at = next == null ? address + sizeBytes : next;
            } else {
                Protection protection = entry.getValue().protection;
                if (!protection.isReadable() || (write && !protection.isWritable())) {
                    refusals.add(ProtectionException.class);
                }
                at = entry.getValue().end;
            }
        }
        return refusals;
    }

    /** Returns the exceptions of which one has to refuse a change of mappings; empty if it has to pass. */
    Set<Class<?>> refusalsOfRange(long address, long sizeBytes, boolean discards) {
        Set<Class<?>> refusals = refusals(address, sizeBytes, discards);
        if (!discards) {
            refusals.remove(ProtectionException.class);
        }
        if (snapshot) {
            refusals.add(ProtectionException.class);
        }
        return refusals;
    }

    // ---- content

    void forget(long start, long end) {
        if ((end - start) / PAGE > pages.size()) {
            pages.keySet().removeIf(page -> page * PAGE >= start && page * PAGE < end);
        } else {
            for (long page = start / PAGE; page < end / PAGE; page++) {
                pages.remove(page);
            }
        }
    }

    Set<Long> writtenPages() {
        return new HashSet<>(pages.keySet());
    }

    byte[] read(long address, int sizeBytes) {
        byte[] bytes = new byte[sizeBytes];
        for (int done = 0; done < sizeBytes;) {
            int inPage = (int) ((address + done) % PAGE);
            int length = Math.min(PAGE - inPage, sizeBytes - done);
            ModelFrame frame = pages.get((address + done) / PAGE);
            if (frame != null) {
                System.arraycopy(frame.bytes, inPage, bytes, done, length);
            }
            done += length;
        }
        return bytes;
    }

    void write(long address, byte[] bytes) {
        for (int done = 0; done < bytes.length;) {
            int inPage = (int) ((address + done) % PAGE);
            int length = Math.min(PAGE - inPage, bytes.length - done);
            ModelFrame frame = changeable((address + done) / PAGE);
            System.arraycopy(bytes, done, frame.bytes, inPage, length);
            done += length;
        }
    }

    private ModelFrame changeable(long page) {
        ModelFrame frame = pages.get(page);
        if (frame == null || frame.pins == 0) {
            frame = frame == null ? ModelFrame.zero() : frame.copy();
            pages.put(page, frame);
        }
        return frame;
    }

    /** Returns the frame that a pin holds from now on, whatever happens to the address. */
    ModelFrame pin(long page) {
        ModelFrame frame = changeable(page);
        frame.pins++;
        return frame;
    }
}
