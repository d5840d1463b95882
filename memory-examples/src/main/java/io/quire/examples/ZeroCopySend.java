package io.quire.examples;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.view.MemoryRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Sends memory of a space to a channel without copying it first. The channel gets direct buffers over the pages
 * themselves.
 * <p>
 * There are two ways. {@link MemoryRange#writeTo(WritableByteChannel)} sends the space of one moment and copies nothing;
 * a thread that writes meanwhile gets a copy of the page. A pin keeps the pages in place; if another thread writes to
 * them while they are sent, the channel may get the new bytes. A pin first copies each page that a fork shares. Without
 * {@code --enable-native-access} {@code writeTo} sends copies, and {@link Pin#buffers()} throws.
 */
public final class ZeroCopySend {

    private static final long SIZE = 1L << 20;

    public static void main(String[] args) throws IOException {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("messages")) {
            long address = space.map(SIZE);
            space.fill(address, SIZE, (byte) 'q');
            System.out.println("sent " + bytesInAFile(channel -> sendMoment(space, address, SIZE, channel))
                    + " bytes of a moment, "
                    + bytesInAFile(channel -> sendPinned(space, address, SIZE, channel)) + " bytes of a pin");
        }
    }

    static void sendMoment(AddressSpace space, long address, long sizeBytes, WritableByteChannel channel)
            throws IOException {
        // @start region="send"
        MemoryRange.of(space, address, sizeBytes).writeTo(channel);     // straight from the pages
        // @end
    }

    static void sendPinned(AddressSpace space, long address, long sizeBytes, WritableByteChannel channel)
            throws IOException {
        // @start region="send-pinned"
        try (Pin pin = space.pin(address, sizeBytes, PinTerm.SHORT, PinAccess.READ)) {
            for (ByteBuffer part : pin.buffers()) {         // pages that lie side by side are one buffer
                while (part.hasRemaining()) {
                    channel.write(part);
                }
            }
        }
        // @end
    }

    /** One of the two ways to send. */
    private interface Sending {
        void sendTo(WritableByteChannel channel) throws IOException;
    }

    /** Sends to a file, and returns how many bytes arrived there. */
    private static long bytesInAFile(Sending sending) throws IOException {
        Path file = Files.createTempFile("quire", ".bin");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            sending.sendTo(channel);
            return channel.size();
        } finally {
            Files.delete(file);
        }
    }
}
