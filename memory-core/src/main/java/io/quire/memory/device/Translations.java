package io.quire.memory.device;

import java.util.List;

/**
 * The answer to a fault: where successive pages are.
 *
 * @param sequence the sequence of the mirror's last invalidation before these were looked up, 0 if there was none;
 *        install them only if the driver has seen no later one
 * @param pages in ascending order of addresses; the answer to a fault has no gaps
 */
public record Translations(long sequence, List<PageTranslation> pages) {

    /** Copies the list. */
    public Translations {
        pages = List.copyOf(pages);
    }
}
