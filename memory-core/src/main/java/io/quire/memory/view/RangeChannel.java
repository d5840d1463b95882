package io.quire.memory.view;

import io.quire.memory.MemoryAccess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** A channel over a range, of fixed size; {@link MemoryRange#channel()} says what it promises. */
final class RangeChannel implements SeekableByteChannel {

    private final MemoryAccess access;
    private final long address;
    private final long sizeBytes;
    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by the lock. A close need not wait for a read or write.
    private long position;
    private volatile boolean closed;

    RangeChannel(MemoryAccess access, long address, long sizeBytes) {
        this.access = access;
        this.address = address;
        this.sizeBytes = sizeBytes;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (Objects.requireNonNull(target, "target").isReadOnly()) {
            throw new IllegalArgumentException("the buffer to read into is read-only: buffer=" + target);
        }
        lock.lock();
        try {
            checkOpen();
            if (!target.hasRemaining()) {
                return 0;
            }
            if (position >= sizeBytes) {
                return -1;
            }
            ByteBuffer part = partThatFits(target);
            int length = part.remaining();
            access.copyTo(address + position, part);
            advance(target, length);
            return length;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        Objects.requireNonNull(source, "source");
        lock.lock();
        try {
            checkOpen();
            if (!source.hasRemaining()) {
                return 0;
            }
            if (position >= sizeBytes) {
                throw new IOException("no room is left in the range, which cannot grow: position=" + position
                        + ", sizeBytes=" + sizeBytes);
            }
            ByteBuffer part = partThatFits(source);
            int length = part.remaining();
            access.copyFrom(part, address + position);
            advance(source, length);
            return length;
        } finally {
            lock.unlock();
        }
    }

    /** A buffer of its own: the user's keeps its limit, also after an exception. */
    private ByteBuffer partThatFits(ByteBuffer buffer) {
        return buffer.slice(buffer.position(), (int) Math.min(buffer.remaining(), sizeBytes - position));
    }

    private void advance(ByteBuffer buffer, int length) {
        buffer.position(buffer.position() + length);
        position += length;
    }

    @Override
    public long position() throws IOException {
        lock.lock();
        try {
            checkOpen();
            return position;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
        lock.lock();
        try {
            checkOpen();
            position = notNegative(newPosition);
            return this;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long size() throws IOException {
        checkOpen();
        return sizeBytes;
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
        lock.lock();
        try {
            checkOpen();
            if (notNegative(size) < sizeBytes) {
                throw new UnsupportedOperationException("a range has a fixed size: size=" + size + ", sizeBytes="
                        + sizeBytes + "; for less, take a channel of slice(0, size)");
            }
            position = Math.min(position, size);
            return this;
        } finally {
            lock.unlock();
        }
    }

    private static long notNegative(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("a position or size cannot be negative: value=" + value);
        }
        return value;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() {
        closed = true;
    }

    private void checkOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public String toString() {
        return "RangeChannel[address=0x" + Long.toHexString(address) + ", sizeBytes=" + sizeBytes
                + (closed ? ", closed" : "") + ", " + access + "]";
    }
}
