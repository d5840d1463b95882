package io.quire.memory.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.contract.Protection;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A space and its model. One thread uses them; other threads may use the space at other addresses. */
public final class Twin {

    private static final long SMALL_PAGES = 200;

    private final AddressSpace space;
    private final ModelSpace model;
    private final boolean borrowed;
    private final boolean alone;
    private @Nullable Accessor accessor;

    /**
     * Pairs a space with its model.
     *
     * @param borrowed true if other threads use the space too, and one of them closes it
     */
    Twin(AddressSpace space, ModelSpace model, boolean borrowed) {
        this(space, model, borrowed, !borrowed);
    }

    private Twin(AddressSpace space, ModelSpace model, boolean borrowed, boolean alone) {
        this.space = space;
        this.model = model;
        this.borrowed = borrowed;
        this.alone = alone;
    }

    Twin fork(boolean asSnapshot) {
        return new Twin(asSnapshot ? space.snapshot() : space.fork(), model.fork(asSnapshot), false, alone);
    }

    public AddressSpace space() {
        return space;
    }

    public ModelSpace model() {
        return model;
    }

    boolean isBorrowed() {
        return borrowed;
    }

    /** Returns true if the model knows all mappings of the space. A fork of a borrowed space has others, too. */
    boolean isAlone() {
        return alone;
    }

    /** Returns the space itself, or this thread's accessor. */
    public MemoryAccess access(SplittableRandom random) {
        if (random.nextInt(3) == 0) {
            return space;
        }
        if (accessor == null) {
            accessor = space.accessor();
        }
        return accessor;
    }

    public void closeAccessor() {
        if (accessor != null) {
            accessor.close();
            accessor = null;
        }
    }

    void close() {
        closeAccessor();
        if (!borrowed) {
            space.close();
        }
    }

    /** Compares the page of an address, if it is mapped and may be read. */
    void comparePage(long address) {
        long start = address & -ModelSpace.PAGE;
        if (model.refusals(start, ModelSpace.PAGE, false).isEmpty()) {
            byte[] expected = model.page(start);
            long mismatch = space.mismatch(start, MemorySegment.ofArray(expected), 0, expected.length);
            assertThat(mismatch).as("first wrong byte of the page 0x%x of %s", start, space.name())
                    .isEqualTo(-1);
        }
    }

    /** Compares every page that was ever written, all pages of small mappings and the ends of large ones. */
    void compareAll() {
        model.writtenPages().forEach(this::comparePage);
        for (ModelSpace.Range range : model.ranges()) {
            if (range.pageCount() <= SMALL_PAGES) {
                for (long page = range.start(); page < range.end(); page += ModelSpace.PAGE) {
                    comparePage(page);
                }
            } else {
                comparePage(range.start());
                comparePage(range.end() - 1);
            }
        }
        if (alone) {
            assertThat(space.statistics().mappedBytes()).isEqualTo(model.mappedBytes());
        }
    }

    /** Makes everything readable and compares it: pages that were protected must have kept their content. */
    void compareHidden() {
        if (!model.isSnapshot()) {
            for (ModelSpace.Range range : List.copyOf(model.ranges())) {
                space.protect(range.start(), range.end() - range.start(), Protection.READ_ONLY);
                model.protect(range.start(), range.end() - range.start(), Protection.READ_ONLY);
            }
        }
        compareAll();
    }

    @Override
    public String toString() {
        return space.name();
    }
}
