package io.quire.memory.harness;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What a space must contain: pages in plain arrays, and a list of mapped ranges. Where the pages lie is no part of it,
 * because that must never show. An array never changes once it is in the map, so that a fork is a copy of the map.
 */
public final class ModelSpace {

    public static final int PAGE = 4096;

    private static final byte[] ZEROS = new byte[PAGE];

    private final Map<Long, byte[]> pages;
    private final List<Range> ranges;
    private final boolean snapshot;

    /** Mapped addresses with the same protection. */
    public record Range(long start, long end, Protection protection) {

        public long pageCount() {
            return (end - start) / PAGE;
        }
    }

    /** A space without any mapping. */
    public ModelSpace() {
        this(new HashMap<>(), new ArrayList<>(), false);
    }

    private ModelSpace(Map<Long, byte[]> pages, List<Range> ranges, boolean snapshot) {
        this.pages = pages;
        this.ranges = ranges;
        this.snapshot = snapshot;
    }

    public ModelSpace fork(boolean asSnapshot) {
        return new ModelSpace(new HashMap<>(pages), new ArrayList<>(ranges), asSnapshot);
    }

    public boolean isSnapshot() {
        return snapshot;
    }

    // ---- addresses

    public List<Range> ranges() {
        return ranges;
    }

    public long mappedBytes() {
        return ranges.stream().mapToLong(range -> range.end - range.start).sum();
    }

    public long mappedPages() {
        return mappedBytes() / PAGE;
    }

    /** Returns the start of every mapped page, ascending. */
    public List<Long> mappedPageStarts() {
        List<Long> starts = new ArrayList<>();
        ranges.forEach(range -> starts.addAll(pagesOf(range.start, range.end - range.start)));
        return starts;
    }

    /** Returns the start of every page that a range touches. */
    public static List<Long> pagesOf(long address, long sizeBytes) {
        List<Long> starts = new ArrayList<>();
        for (long page = address & -PAGE; page < address + sizeBytes; page += PAGE) {
            starts.add(page);
        }
        return starts;
    }

    /** Returns the protection of a page; nothing may be done to a page that is not mapped. */
    public Protection protection(long page) {
        return ranges.stream().filter(range -> range.start <= page && page < range.end).map(Range::protection)
                .findFirst().orElse(Protection.NONE);
    }

    /** The start of every page that was written and has not been discarded since. */
    public Set<Long> writtenPages() {
        return Set.copyOf(pages.keySet());
    }

    public void map(long address, long sizeBytes, Protection protection) {
        add(new Range(address, roundUp(address + sizeBytes), protection));
    }

    public void unmap(long address, long sizeBytes) {
        cut(address, roundUp(address + sizeBytes));
        forget(address, sizeBytes);
    }

    public void protect(long address, long sizeBytes, Protection protection) {
        for (Range part : cut(address, roundUp(address + sizeBytes))) {
            add(new Range(part.start, part.end, protection));
        }
    }

    public void discard(long address, long sizeBytes) {
        forget(address, sizeBytes);
    }

    private void add(Range range) {
        ranges.add(range);
        ranges.sort(Comparator.comparingLong(Range::start));
    }

    /** Removes the addresses from one to another and returns what was there. */
    private List<Range> cut(long from, long to) {
        List<Range> taken = new ArrayList<>();
        for (Range range : List.copyOf(ranges)) {
            if (range.start < to && from < range.end) {
                ranges.remove(range);
                if (range.start < from) {
                    add(new Range(range.start, from, range.protection));
                }
                if (to < range.end) {
                    add(new Range(to, range.end, range.protection));
                }
                taken.add(new Range(Math.max(range.start, from), Math.min(range.end, to), range.protection));
            }
        }
        return taken;
    }

    private void forget(long address, long sizeBytes) {
        pages.keySet().removeIf(page -> address <= page && page < address + sizeBytes);
    }

    // ---- what has to be refused

    /** Returns the exceptions that may refuse an access to a range; none if the access must succeed. */
    public Set<Class<? extends MemoryException>> refusals(long address, long sizeBytes, boolean writes) {
        Set<Class<? extends MemoryException>> refusals = new HashSet<>();
        if (sizeBytes == 0) {
            return refusals;
        }
        long covered = 0;
        for (Range range : ranges) {
            long overlap = Math.min(range.end, address + sizeBytes) - Math.max(range.start, address);
            if (overlap > 0) {
                covered += overlap;
                if (writes ? !range.protection.isWritable() : !range.protection.isReadable()) {
                    refusals.add(ProtectionException.class);
                }
            }
        }
        if (covered < sizeBytes) {
            refusals.add(AddressNotMappedException.class);
        }
        if (writes && snapshot) {
            refusals.add(ProtectionException.class);
        }
        return refusals;
    }

    /** Returns the exceptions that may refuse a change of the mappings. */
    public Set<Class<? extends MemoryException>> refusalsOfChange(long address, long sizeBytes, boolean discards) {
        Set<Class<? extends MemoryException>> refusals = refusals(address, roundUp(sizeBytes), discards);
        if (!discards) {
            refusals.remove(ProtectionException.class);
        }
        if (snapshot) {
            refusals.add(ProtectionException.class);
        }
        return refusals;
    }

    // ---- bytes

    public byte[] page(long start) {
        return pages.getOrDefault(start, ZEROS);
    }

    /** Replaces the content of a page; the model keeps the array. */
    public void setPage(long start, byte[] content) {
        pages.put(start, content);
    }

    public long word(long address) {
        return MemorySegment.ofArray(read(address, Long.BYTES)).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    public byte[] read(long address, int sizeBytes) {
        byte[] bytes = new byte[sizeBytes];
        for (int done = 0; done < sizeBytes;) {
            int offset = (int) (address + done & PAGE - 1);
            int length = Math.min(sizeBytes - done, PAGE - offset);
            System.arraycopy(page(address + done - offset), offset, bytes, done, length);
            done += length;
        }
        return bytes;
    }

    public void write(long address, byte[] bytes) {
        for (int done = 0; done < bytes.length;) {
            int offset = (int) (address + done & PAGE - 1);
            int length = Math.min(bytes.length - done, PAGE - offset);
            byte[] page = page(address + done - offset).clone();
            System.arraycopy(bytes, done, page, offset, length);
            pages.put(address + done - offset, page);
            done += length;
        }
    }

    // ---- places worth trying

    /** Draws an address in or near a range, often near the end of a page, leaf or directory. */
    public long anyAddress(SplittableRandom random) {
        if (ranges.isEmpty() || random.nextInt(200) == 0) {
            return random.nextBoolean() ? random.nextLong() : random.nextLong(1L << 18);
        }
        Range range = ranges.get(random.nextInt(ranges.size()));
        long page = switch (random.nextInt(8)) {
            case 0 -> random.nextLong(range.pageCount());
            case 1 -> range.pageCount() - 1 - random.nextInt(2);
            case 2 -> 62 + random.nextInt(4);
            case 3 -> 4094 + random.nextInt(4);
            default -> random.nextInt(4);
        };
        return range.start + Math.clamp(page, 0, range.pageCount() - 1) * PAGE + anyOffset(random);
    }

    /** Draws an address in one of the mapped pages, each as often as any other, and seldom just before the page. */
    public long anyMappedAddress(SplittableRandom random) {
        if (ranges.isEmpty()) {
            return 1L << 20;
        }
        List<Long> starts = mappedPageStarts();
        return starts.get(random.nextInt(starts.size())) + anyOffset(random);
    }

    private static int anyOffset(SplittableRandom random) {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1, 2 -> PAGE - 1 - random.nextInt(16);
            case 3 -> random.nextInt(40) == 0 ? -1 - random.nextInt(16) : 8;
            case 4 -> random.nextInt(PAGE);
            default -> random.nextInt(PAGE / 8) * 8;
        };
    }

    static long roundUp(long sizeBytes) {
        return sizeBytes + PAGE - 1 & -PAGE;
    }
}
