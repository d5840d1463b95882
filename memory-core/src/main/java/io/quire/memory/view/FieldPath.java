package io.quire.memory.view;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.SequenceLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Walks from a layout to a part of it, and adds up where the part is. */
final class FieldPath {

    /** A sequence whose element the path leaves open: how many there are to choose from, and how far apart they are. */
    record Dimension(long count, long strideBytes) {
    }

    private final List<Dimension> open = new ArrayList<>();
    private MemoryLayout layout;
    private long offsetBytes;

    private FieldPath(MemoryLayout layout) {
        this.layout = layout;
    }

    /** Throws what the methods of {@link MemoryLayout} throw if the path does not fit the layout. */
    static FieldPath of(MemoryLayout layout, PathElement... elements) {
        FieldPath path = new FieldPath(layout);
        for (PathElement element : elements) {
            path.enter(Objects.requireNonNull(element, "path element"));
        }
        return path;
    }

    /** The part at the end of the path. */
    MemoryLayout layout() {
        return layout;
    }

    /** Where the part begins; with the first element of each open sequence. */
    long offsetBytes() {
        return offsetBytes;
    }

    List<Dimension> open() {
        return open;
    }

    private void enter(PathElement element) {
        if (layout instanceof SequenceLayout sequence) {
            enter(sequence, element);
        } else {
            offsetBytes += layout.byteOffset(element);
            layout = layout.select(element);
        }
    }

    private void enter(SequenceLayout sequence, PathElement element) {
        MethodHandle offset = sequence.byteOffsetHandle(element);
        boolean isOpen = offset.type().parameterCount() > 1; // the base, and an index if the element leaves it open
        if (!isOpen) {
            offsetBytes += sequence.byteOffset(element);
        } else if (sequence.elementCount() == 0) {
            open.add(new Dimension(0, 0));
        } else {
            enterOpen(sequence, offset);
        }
        layout = sequence.elementLayout();
    }

    /** The path element does not tell its first index and its step, but the offsets do. */
    private void enterOpen(SequenceLayout sequence, MethodHandle offset) {
        long elementBytes = sequence.elementLayout().byteSize();
        long startBytes = offsetOf(offset, 0);
        long strideBytes = strideBytes(offset, startBytes);
        long behindBytes = strideBytes > 0 ? sequence.byteSize() - elementBytes - startBytes : startBytes;
        long count = strideBytes == 0 ? 1 : behindBytes / Math.abs(strideBytes) + 1;
        offsetBytes += startBytes;
        open.add(new Dimension(count, strideBytes));
    }

    /** Returns 0 if there is one element only. */
    private static long strideBytes(MethodHandle offset, long startBytes) {
        try {
            return offsetOf(offset, 1) - startBytes;
        } catch (IndexOutOfBoundsException none) {
            return 0;
        }
    }

    private static long offsetOf(MethodHandle offset, long index) {
        try {
            return (long) offset.invokeExact(0L, index);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }
}
