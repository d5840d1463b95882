package io.quire.memory.view;

import io.quire.memory.AddressSpace;
import io.quire.memory.RunCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends a range of one moment to a channel.
 * <p>
 * A cursor, not a pin: a pin copies each page that a fork shares, gives a frame to each page that was never written, and
 * leaves both behind. To send a snapshot by pins would take as many frames as the snapshot has pages.
 */
final class Sending extends Transfer {

    private final WritableByteChannel channel;

    Sending(WritableByteChannel channel, @Nullable LongConsumer progress) {
        super(progress);
        this.channel = channel;
    }

    void send(AddressSpace space, long address, long sizeBytes) throws IOException {
        try (RunCursor runs = space.runs(address, sizeBytes)) {
            boolean isOpen = true;
            while (isOpen && runs.next()) {
                isOpen = move(runs.memory().asByteBuffer());
            }
        }
    }

    @Override
    void step(ByteBuffer part) throws IOException {
        channel.write(part);
    }
}
