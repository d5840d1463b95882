package io.quire.memory.transfer;

import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** Channels that do as a test wants. */
final class TestChannels {

    private TestChannels() {
    }

    /** Never ends. */
    abstract static class Open {

        public boolean isOpen() {
            return true;
        }

        public void close() {
            throw new AssertionError("a transfer leaves the channel open");
        }
    }

    /** Takes everything. */
    static final class IntoBuffer extends Open implements WritableByteChannel {

        private final ByteBuffer target;

        IntoBuffer(ByteBuffer target) {
            this.target = target;
        }

        @Override
        public int write(ByteBuffer source) {
            int count = source.remaining();
            target.put(source);
            return count;
        }
    }

    /** Has everything at once, then the end. */
    static final class FromBuffer extends Open implements ReadableByteChannel {

        private final ByteBuffer source;

        FromBuffer(ByteBuffer source) {
            this.source = source;
        }

        @Override
        public int read(ByteBuffer target) {
            if (!source.hasRemaining()) {
                return -1;
            }
            int count = Math.min(source.remaining(), target.remaining());
            target.put(source.slice(source.position(), count));
            source.position(source.position() + count);
            return count;
        }
    }

    /** Moves one byte at a call, and now and then none. */
    static final class Dripping extends Open implements WritableByteChannel, ReadableByteChannel {

        private final ByteBuffer bytes;
        private int calls;

        Dripping(ByteBuffer bytes) {
            this.bytes = bytes;
        }

        @Override
        public int write(ByteBuffer source) {
            if (++calls % 500 == 0) {
                return 0;
            }
            bytes.put(source.get());
            return 1;
        }

        @Override
        public int read(ByteBuffer target) {
            if (++calls % 500 == 0) {
                return 0;
            }
            if (!bytes.hasRemaining()) {
                return -1;
            }
            target.put(bytes.get());
            return 1;
        }
    }

    /** Moves nothing, ever. */
    static final class Stuck extends Open implements WritableByteChannel, ReadableByteChannel {

        @Override
        public int write(ByteBuffer source) {
            return 0;
        }

        @Override
        public int read(ByteBuffer target) {
            return 0;
        }
    }
}
