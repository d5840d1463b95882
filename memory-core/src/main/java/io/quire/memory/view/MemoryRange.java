package io.quire.memory.view;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.RunCursor;
import io.quire.memory.space.SpaceFinder;
import io.quire.memory.table.Geometry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A range of a space that can be sent to a channel, filled from a channel, and used as a channel or as a stream.
 * {@snippet file="io/quire/memory/snippets/RangeSnippetsTest.java" region="range"}
 * <p>
 * <b>What each of them sees.</b> {@link #writeTo(WritableByteChannel)} sends the range as it was when the call began,
 * whatever is written meanwhile. Channels and streams read and write the space as it is at each call.
 * <p>
 * <b>Threads.</b> A range is immutable. It and its channels and streams may be used by the threads that may use its
 * access: any thread if that is an {@link AddressSpace}; only the accessor's thread if it is an {@link Accessor}, else
 * {@link WrongThreadException}.
 * <p>
 * <b>Memory.</b> A range holds none. Nothing has to be closed. Whether its addresses are mapped is found out at each
 * use.
 */
public final class MemoryRange {

    private final MemoryAccess access;
    private final long address;
    private final long sizeBytes;

    private MemoryRange(MemoryAccess access, long address, long sizeBytes) {
        this.access = access;
        this.address = address;
        this.sizeBytes = sizeBytes;
    }

    /**
     * Names a range of a space.
     *
     * @param access the space, or an accessor of it
     * @param address the first address; any, aligned or not, mapped or not
     * @param sizeBytes zero or more
     * @return the range
     * @throws IllegalArgumentException if the range does not lie between 0 and 2<sup>47</sup>
     */
    public static MemoryRange of(MemoryAccess access, long address, long sizeBytes) {
        Objects.requireNonNull(access, "access");
        if (address < 0 || sizeBytes < 0 || address > Geometry.ADDRESS_LIMIT - sizeBytes) {
            throw new IllegalArgumentException("a range must lie between 0 and 2^47: address=0x"
                    + Long.toHexString(address) + ", sizeBytes=" + sizeBytes);
        }
        return new MemoryRange(access, address, sizeBytes);
    }

    /**
     * Returns the first address of the range.
     *
     * @return the address in the space
     */
    public long address() {
        return address;
    }

    /**
     * Returns the size of the range.
     *
     * @return the bytes that it was given
     */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Returns the rest of the range: what is left after a part of it was moved.
     *
     * @param offsetBytes from the beginning of this range; 0 to {@link #sizeBytes()}
     * @return the range from there to the end of this one
     * @throws IndexOutOfBoundsException if the offset is out of that range
     */
    public MemoryRange slice(long offsetBytes) {
        return slice(offsetBytes, sizeBytes - offsetBytes);
    }

    /**
     * Returns a part of the range.
     *
     * @param offsetBytes from the beginning of this range
     * @param partBytes the size of the part; zero or more
     * @return the part
     * @throws IndexOutOfBoundsException if the part does not lie in this range
     */
    public MemoryRange slice(long offsetBytes, long partBytes) {
        Objects.checkFromIndexSize(offsetBytes, partBytes, sizeBytes);
        return new MemoryRange(access, address + offsetBytes, partBytes);
    }

    /**
     * Opens a channel over the range. It stands at the first byte.
     * {@snippet file="io/quire/memory/snippets/RangeSnippetsTest.java" region="channel"}
     * <p>
     * <b>Its size never changes.</b> {@code size()} is {@link #sizeBytes()}. A read at the end returns -1. A write that
     * goes beyond the end writes what fits, and the next one throws {@link IOException}, as if a disk were full.
     * {@code truncate} to less throws {@link UnsupportedOperationException}; to the size or more, it only moves a
     * position that is beyond, as {@link SeekableByteChannel#truncate} says.
     * <p>
     * A read or write that the space refuses throws what {@link MemoryAccess} says, such as
     * {@link io.quire.memory.contract.ProtectionException} for a write to a snapshot; then the positions of channel and
     * buffer are as before. After {@code close()}, which frees nothing, the channel throws
     * {@link java.nio.channels.ClosedChannelException}. Several threads may use a channel of a space; one waits for the
     * read or write of another.
     *
     * @return a channel to read and to write
     */
    public SeekableByteChannel channel() {
        return new RangeChannel(access, address, sizeBytes);
    }

    /**
     * Opens a stream that reads the range. It knows how many bytes are {@code available()}, and skips without reading.
     * {@snippet file="io/quire/memory/snippets/RangeSnippetsTest.java" region="streams"}
     * <p>
     * It has no buffer and no {@code mark}; put it into a {@link java.io.BufferedInputStream} for these. A read that
     * the space refuses throws as {@link #channel()} does, and can be tried again. After {@code close()}, which frees
     * nothing, it throws {@link IOException}.
     *
     * @return a stream that stands at the first byte
     */
    public InputStream inputStream() {
        return Channels.newInputStream(channel());
    }

    /**
     * Opens a stream that writes the range, from its first byte on. It has no buffer, so each write is in the space
     * when it returns. A write that goes beyond the end of the range writes what fits and throws {@link IOException}. A
     * write that the space refuses throws as {@link #channel()} does, and has written nothing. After {@code close()},
     * which frees nothing, it throws {@link IOException}.
     *
     * @return a stream that stands at the first byte
     */
    public OutputStream outputStream() {
        return Channels.newOutputStream(channel());
    }

    /**
     * Sends the range to a channel, without telling of the progress.
     *
     * @param channel takes the bytes; is not closed
     * @return how many bytes it took; less than {@link #sizeBytes()} if it takes no more now
     * @throws IOException if the channel throws it
     * @throws io.quire.memory.contract.MemoryException if the range may not be read; see
     *         {@link AddressSpace#runs}. Nothing was sent then
     * @see #writeTo(WritableByteChannel, LongConsumer)
     */
    public long writeTo(WritableByteChannel channel) throws IOException {
        return send(channel, null);
    }

    /**
     * Sends the range to a channel, all of it as it is at one moment at the beginning of the call.
     * {@snippet file="io/quire/memory/snippets/RangeSnippetsTest.java" region="write-to"}
     * <p>
     * <b>No copy.</b> The channel gets direct buffers over the pages themselves, in runs of up to 2 MiB, as
     * {@link RunCursor} describes; the pages of a run do not move until it is sent. Memory that was never written is
     * sent as zeros and gets no frame. Without native access each run is copied first.
     * <p>
     * <b>What it costs.</b> A snapshot is open during the call. So each page that is written meanwhile is copied for
     * its writer, which needs a free frame. If the peer is slow, or you send often and little, keep a snapshot or a pin
     * of your own, or copy with {@link #inputStream()}.
     * <p>
     * <b>When it ends.</b> The channel may take the bytes in any number of parts. As soon as it takes none, as a
     * channel in non-blocking mode does when it is full, the call returns. To go on later, send
     * {@link #slice(long) slice(moved)}; that sends the rest as it is then, so take it of a snapshot if that matters.
     * <p>
     * <b>Failures.</b> If the channel throws, or is closed or interrupted meanwhile, the call ends with that exception,
     * and {@code progress} was told how many bytes the channel had taken. The library does not look at interrupts. If
     * the space is closed meanwhile, the call goes on.
     *
     * @param channel takes the bytes; is not closed
     * @param progress is told after each part how many bytes of the range the channel has taken; runs on the caller's
     *        thread; if it throws, the call ends with that
     * @return how many bytes the channel took; less than {@link #sizeBytes()} if it takes no more now
     * @throws IOException if the channel throws it
     * @throws io.quire.memory.contract.AddressNotMappedException if a byte of the range is not mapped; nothing was sent
     * @throws io.quire.memory.contract.ProtectionException if a page of the range may not be read; nothing was sent
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached; nothing
     *         was sent
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy, or a page of a private
     *         device has to come to the host, and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.ClosedException after close of the space or the accessor
     * @throws WrongThreadException if the access is an accessor of another thread
     */
    public long writeTo(WritableByteChannel channel, LongConsumer progress) throws IOException {
        return send(channel, Objects.requireNonNull(progress, "progress"));
    }

    private long send(WritableByteChannel channel, @Nullable LongConsumer progress) throws IOException {
        Sending sending = new Sending(Objects.requireNonNull(channel, "channel"), progress);
        if (sizeBytes > 0) {
            access.getByte(address); // refuses the accessor of another thread, or one that is closed
            sending.send(space(), address, sizeBytes);
        }
        return sending.movedBytes();
    }

    /**
     * Fills the range from a channel, without telling of the progress.
     *
     * @param channel gives the bytes; is not closed
     * @return how many bytes it gave; less than {@link #sizeBytes()} if it gives no more now; -1 if it has ended before
     *         the first
     * @throws IOException if the channel throws it
     * @throws io.quire.memory.contract.MemoryException if the range may not be written; see
     *         {@link #readFrom(ReadableByteChannel, LongConsumer)}
     * @see #readFrom(ReadableByteChannel, LongConsumer)
     */
    public long readFrom(ReadableByteChannel channel) throws IOException {
        return receive(channel, null);
    }

    /**
     * Fills the range from a channel, from its first byte on.
     * {@snippet file="io/quire/memory/snippets/RangeSnippetsTest.java" region="read-from"}
     * <p>
     * <b>No copy.</b> The channel gets direct buffers over the pages themselves. A window of up to 256 KiB is pinned
     * while it is filled: its pages get frames if they have none, and copies of their own if they are shared, before
     * anything is read. They do not move, and a fork copies them, until the window is full or the call ends; so a
     * channel that blocks for long holds them for long. Without native access the bytes come through a buffer of
     * 256 KiB.
     * <p>
     * <b>When it ends.</b> The channel may give the bytes in any number of parts. As soon as it gives none, because it
     * has ended or is in non-blocking mode, the call returns. To go on later, read into {@link #slice(long)
     * slice(moved)}; it returns -1 if the channel has ended.
     * <p>
     * <b>Failures.</b> The range is not filled as a whole: what was read before a failure stays. If the channel throws,
     * or is closed or interrupted meanwhile, the call ends with that exception, and {@code progress} was told how many
     * bytes have come. The library does not look at interrupts. If the space refuses, it does so before the channel is
     * asked for more. Only if another thread unmaps, protects or closes the window while it is filled, what the channel
     * gave for it is lost.
     *
     * @param channel gives the bytes; is not closed
     * @param progress is told after each part how many bytes of the range were read; runs on the caller's thread; if it
     *        throws, the call ends with that
     * @return how many bytes the channel gave; less than {@link #sizeBytes()} if it gives no more now; -1 if it has
     *         ended before the first
     * @throws IOException if the channel throws it
     * @throws io.quire.memory.contract.AddressNotMappedException if a byte of the range is not mapped; nothing was read
     *         unless it was unmapped meanwhile
     * @throws io.quire.memory.contract.ProtectionException if a page of the range may not be read and written, or this
     *         is a snapshot; nothing was read unless it was protected meanwhile
     * @throws io.quire.memory.contract.OutOfFramesException if there are not enough frames for the next window
     * @throws io.quire.memory.contract.PinLimitException if a page is pinned as often as can be counted
     * @throws io.quire.memory.contract.PagesBusyException if a page that has to move to the host is pinned
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.ClosedException after close of the space or the accessor
     * @throws WrongThreadException if the access is an accessor of another thread
     */
    public long readFrom(ReadableByteChannel channel, LongConsumer progress) throws IOException {
        return receive(channel, Objects.requireNonNull(progress, "progress"));
    }

    private long receive(ReadableByteChannel channel, @Nullable LongConsumer progress) throws IOException {
        Objects.requireNonNull(channel, "channel");
        if (sizeBytes == 0) {
            return 0;
        }
        SpaceFinder.of(access).table().permissions().checkAllWritable(address, sizeBytes);
        if (access instanceof Accessor mine) {
            return new Receiving(mine, channel, progress).receive(address, sizeBytes);
        }
        try (Accessor opened = space().accessor()) { // its pins end without stopping other threads
            return new Receiving(opened, channel, progress).receive(address, sizeBytes);
        }
    }

    private AddressSpace space() {
        return access instanceof Accessor accessor ? accessor.space() : (AddressSpace) access;
    }

    @Override
    public String toString() {
        return "MemoryRange[address=0x" + Long.toHexString(address) + ", sizeBytes=" + sizeBytes + ", " + access + "]";
    }
}
