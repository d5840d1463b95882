package io.quire.memory.device;

import java.util.List;

/**
 * The answer to a fault: where successive pages are.
 * {@snippet file="io/quire/examples/SkeletonDriver.java" region="access"}
 *
 * @param sequence the sequence of the mirror's last invalidation before these pages were looked up; 0 if there was
 *         none. Install the pages only if the driver has seen no later invalidation; otherwise ask again
 * @param pages in ascending order of addresses; the answer to a fault has no gaps
 * @see DeviceMirror#fault
 */
public record Translations(long sequence, List<PageTranslation> pages) {

    /**
     * Copies the list.
     *
     * @param sequence of the mirror's last invalidation
     * @param pages in ascending order
     */
    public Translations {
        pages = List.copyOf(pages);
    }
}
