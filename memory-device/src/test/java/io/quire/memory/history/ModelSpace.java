package io.quire.memory.history;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * What a space has to be, page by page. Where its pages lie is no part of it: that must never show. An array is never
 * changed once it is in the map, so that a fork is a copy of the map.
 */
final class ModelSpace {

    static final int PAGE = TieredMemory.PAGE;

    private static final byte[] ZEROS = new byte[PAGE];

    private final Map<Long, byte[]> contents;
    private final TreeMap<Long, Protection> protections;
    private final boolean snapshot;

    ModelSpace() {
        this(new HashMap<>(), new TreeMap<>(), false);
    }

    private ModelSpace(Map<Long, byte[]> contents, TreeMap<Long, Protection> protections, boolean snapshot) {
        this.contents = contents;
        this.protections = protections;
        this.snapshot = snapshot;
    }

    ModelSpace fork(boolean asSnapshot) {
        return new ModelSpace(new HashMap<>(contents), new TreeMap<>(protections), asSnapshot);
    }

    boolean isSnapshot() {
        return snapshot;
    }

    int mappedPages() {
        return protections.size();
    }

    /** The start of every mapped page, ascending. */
    List<Long> pages() {
        return new ArrayList<>(protections.keySet());
    }

    Protection protection(long page) {
        return protections.getOrDefault(page, Protection.NONE);
    }

    boolean isMapped(long page) {
        return protections.containsKey(page);
    }

    // ---- changes of mappings; whole pages

    void map(long address, long sizeBytes, Protection protection) {
        for (long page : pagesOf(address, sizeBytes)) {
            protections.put(page, protection);
        }
    }

    void unmap(long address, long sizeBytes) {
        for (long page : pagesOf(address, sizeBytes)) {
            protections.remove(page);
            contents.remove(page);
        }
    }

    void discard(long address, long sizeBytes) {
        pagesOf(address, sizeBytes).forEach(contents::remove);
    }

    /** The start of every page that a range touches. */
    static List<Long> pagesOf(long address, long sizeBytes) {
        List<Long> pages = new ArrayList<>();
        for (long page = address & -PAGE; page < address + sizeBytes; page += PAGE) {
            pages.add(page);
        }
        return pages;
    }

    // ---- what has to be refused

    /** What an access may be refused with; if nothing, it has to succeed as long as frames and devices are there. */
    Set<Class<? extends MemoryException>> refusals(long address, long sizeBytes, boolean writes) {
        Set<Class<? extends MemoryException>> refusals = new HashSet<>();
        for (long page : pagesOf(address, sizeBytes)) {
            Protection protection = protections.get(page);
            if (protection == null) {
                refusals.add(AddressNotMappedException.class);
            } else if (writes ? !protection.isWritable() : !protection.isReadable()) {
                refusals.add(ProtectionException.class);
            }
        }
        if (writes && snapshot) {
            refusals.add(ProtectionException.class);
        }
        return refusals;
    }

    /** What a change of mappings may be refused with. */
    Set<Class<? extends MemoryException>> refusalsOfChange(long address, long sizeBytes, boolean discards) {
        Set<Class<? extends MemoryException>> refusals = refusals(address, sizeBytes, discards);
        if (!discards) {
            refusals.remove(ProtectionException.class);
        }
        if (snapshot) {
            refusals.add(ProtectionException.class);
        }
        return refusals;
    }

    // ---- bytes

    byte[] page(long start) {
        return contents.getOrDefault(start, ZEROS);
    }

    void setPage(long start, byte[] content) {
        contents.put(start, content);
    }

    byte[] read(long address, int sizeBytes) {
        byte[] bytes = new byte[sizeBytes];
        for (int done = 0; done < sizeBytes;) {
            int offset = (int) (address + done & PAGE - 1);
            int length = Math.min(sizeBytes - done, PAGE - offset);
            System.arraycopy(page(address + done - offset), offset, bytes, done, length);
            done += length;
        }
        return bytes;
    }

    void write(long address, byte[] bytes) {
        for (int done = 0; done < bytes.length;) {
            int offset = (int) (address + done & PAGE - 1);
            int length = Math.min(bytes.length - done, PAGE - offset);
            byte[] page = page(address + done - offset).clone();
            System.arraycopy(bytes, done, page, offset, length);
            contents.put(address + done - offset, page);
            done += length;
        }
    }

    // ---- places worth trying

    /** An address in a mapping, seldom beside one. */
    long anyAddress(SplittableRandom random) {
        if (protections.isEmpty()) {
            return 1L << 20;
        }
        int index = random.nextInt(protections.size());
        long page = protections.keySet().stream().skip(index).findFirst().orElseThrow();
        return page + switch (random.nextInt(8)) {
            case 0, 1, 2 -> 0;
            case 3 -> PAGE - 16 + random.nextInt(16);
            case 4 -> random.nextInt(40) == 0 ? -1 - random.nextInt(16) : 8;
            default -> random.nextInt(PAGE / 8) * 8;
        };
    }
}
