package io.quire.memory.view;

import io.quire.memory.Accessor;
import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.table.Geometry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Fills a range from a channel, window by window. A window is pinned before the channel is asked: whatever the space
 * refuses, it refuses while the bytes are still in the channel.
 */
final class Receiving extends Transfer {

    /** The pages of one leaf of the table. */
    private static final long WINDOW_BYTES = Geometry.LEAF_BYTES;

    private final Accessor accessor;
    private final ReadableByteChannel channel;
    private long windowStart;
    private boolean ended;

    Receiving(Accessor accessor, ReadableByteChannel channel, @Nullable LongConsumer progress) {
        super(progress);
        this.accessor = accessor;
        this.channel = channel;
    }

    /** Returns how many bytes have come, or -1 if the channel had ended before. */
    long receive(long address, long sizeBytes) throws IOException {
        long end = address + sizeBytes;
        boolean goesOn = true;
        for (windowStart = address; goesOn && windowStart < end;) {
            long windowEnd = Math.min(end, (windowStart & -WINDOW_BYTES) + WINDOW_BYTES);
            goesOn = fillWindow(windowEnd - windowStart);
            windowStart = windowEnd;
        }
        return ended && movedBytes() == 0 ? -1 : movedBytes();
    }

    private boolean fillWindow(long length) throws IOException {
        try (Pin window = accessor.pin(windowStart, length, PinTerm.SHORT, PinAccess.WRITE)) {
            if (!NativeAccess.ENABLED) {
                return move(ByteBuffer.allocate((int) length)); // the pin has taken the frames for what it gets
            }
            for (ByteBuffer part : window.buffers()) {
                if (!move(part)) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    void step(ByteBuffer part) throws IOException {
        int from = part.position();
        try {
            ended = channel.read(part) < 0;
        } finally {
            if (!NativeAccess.ENABLED) { // also what came before the channel failed
                accessor.copyFrom(part.slice(from, part.position() - from), windowStart + from);
            }
        }
    }
}
