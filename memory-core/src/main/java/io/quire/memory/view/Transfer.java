package io.quire.memory.view;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One transfer between memory and a channel, part by part. Counts what has moved by the positions of the buffers: they
 * are right even if the channel throws in the middle.
 */
abstract class Transfer {

    private final @Nullable LongConsumer progress;
    private long movedBytes;

    Transfer(@Nullable LongConsumer progress) {
        this.progress = progress;
    }

    /** Asks the channel once to move bytes between its peer and a buffer. */
    abstract void step(ByteBuffer part) throws IOException;

    /** Moves all of a buffer. Returns false if the channel moves no more now. */
    final boolean move(ByteBuffer part) throws IOException {
        while (part.hasRemaining()) {
            int before = part.position();
            try {
                step(part);
            } finally {
                count(part.position() - before);
            }
            if (part.position() == before) {
                return false;
            }
        }
        return true;
    }

    private void count(int bytes) {
        movedBytes += bytes;
        if (bytes > 0 && progress != null) {
            progress.accept(movedBytes);
        }
    }

    final long movedBytes() {
        return movedBytes;
    }
}
