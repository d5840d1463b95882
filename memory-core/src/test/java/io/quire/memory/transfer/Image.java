package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.Mapping;
import io.quire.memory.contract.Protection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a space shows, page by page, read in the plainest way: its mappings, and each page that holds anything but
 * zeros. Pages that may not be read are read in a fork.
 */
final class Image {

    static final int PAGE = 4096;

    private final List<Mapping> mappings;
    private final SortedMap<Long, byte[]> pages = new TreeMap<>();

    private Image(List<Mapping> mappings) {
        this.mappings = mappings;
    }

    static Image of(AddressSpace space) {
        Image image = new Image(space.mappings());
        try (AddressSpace fork = space.fork("image")) {
            for (Mapping mapping : image.mappings) {
                if (!mapping.protection().isReadable()) {
                    fork.protect(mapping.address(), mapping.sizeBytes(), Protection.READ_ONLY);
                }
                for (long page = mapping.address(); page < mapping.end(); page += PAGE) {
                    byte[] bytes = new byte[PAGE];
                    fork.copyTo(page, bytes, 0, PAGE);
                    if (!isZero(bytes)) {
                        image.pages.put(page, bytes);
                    }
                }
            }
        }
        return image;
    }

    private static boolean isZero(byte[] bytes) {
        return Arrays.equals(bytes, new byte[PAGE]);
    }

    boolean isMapped(long page) {
        return mappings.stream().anyMatch(mapping -> mapping.address() <= page && page < mapping.end());
    }

    /** The bytes of a page; zeros if it is not mapped. */
    byte[] page(long page) {
        return pages.getOrDefault(page, new byte[PAGE]);
    }

    List<Mapping> mappings() {
        return mappings;
    }

    /** The pages that are mapped. */
    List<Long> mapped() {
        List<Long> all = new ArrayList<>();
        for (Mapping mapping : mappings) {
            for (long page = mapping.address(); page < mapping.end(); page += PAGE) {
                all.add(page);
            }
        }
        return all;
    }

    /** Equal if the mappings are, and the bytes of all pages. */
    boolean isSameAs(Image other) {
        return mappings.equals(other.mappings) && pages.keySet().equals(other.pages.keySet())
                && pages.entrySet().stream().allMatch(page -> Arrays.equals(page.getValue(),
                        other.pages.get(page.getKey())));
    }

    @Override
    public String toString() {
        return "Image[" + mappings + ", pages=" + pages.keySet().stream().map(Long::toHexString).toList() + "]";
    }
}
