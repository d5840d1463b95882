package io.quire.memory;

import io.quire.memory.contract.MisalignedAddressException;
import io.quire.memory.fault.RangeWrite;
import io.quire.memory.fault.WritePages;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Space;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The loops that every access is made of: a read looks at the translation version before and after, and starts over; a
 * write makes its page writable and keeps it where it is. What a value of a type or an array is, {@link MemoryAccess}
 * adds.
 */
abstract sealed class PageAccess permits MemoryAccess {

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    /** The most that is written in one go: a fork may have to wait for it, a few microseconds. */
    private static final long WHOLE_WRITE_BYTES = 64L << Geometry.PAGE_SHIFT;

    private static final int OFFSET_BITS = 48;
    static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;

    final FrameMemory memory;

    PageAccess(FrameMemory memory) {
        this.memory = memory;
    }

    // ---- what an accessor and a space do differently

    /** The space behind the handle. */
    abstract Space inner();

    /** Returns the version at which translations are valid; taken before {@link #locate}. */
    abstract long translationVersion();

    /** Returns the offset at which the byte of an address is read now. */
    abstract long locate(long address);

    /** As {@link #translationVersion}, but not one that is known to be old. */
    abstract long currentVersion();

    /** As {@link #locate}, for loops that the slow path must not slow down. */
    abstract long offset(long address);

    /** True if a write to a page needs no copy of it, as far as is known now. */
    abstract boolean isOwn(long address);

    /** Finds the offsets at which aligned longs are read now; as many as {@code offsets} has room for. */
    void locateAll(long[] addresses, long[] offsets) {
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = locate(aligned(addresses[i], Long.BYTES));
        }
    }

    /** True if every translation obtained at this version is still valid; else the next version is another. */
    abstract boolean isStill(long version);

    /**
     * Begins a write within one page: makes the page writable and keeps it where it is until {@link #exitWrite}.
     *
     * @return the offset of the byte; the bits above {@link #OFFSET_BITS} are for exitWrite
     */
    abstract long enterWrite(long address);

    abstract void exitWrite(long entered);

    /**
     * Begins a write over several pages, all of which stay where they are until {@link #exitWrite}.
     *
     * @param pages one or more; gets where each page begins
     */
    abstract long enterWrites(WritePages pages);

    /** Throws if a byte of a range is not mapped. */
    abstract void checkMapped(long address, long sizeBytes);

    /** Returns the space that a range is written to; throws if the caller may not write. */
    abstract Space spaceOfRange();

    // ---- values within a page, and across two

    /**
     * Reads an aligned long. It never crosses a page and never tears.
     *
     * @param address of the long
     * @param wanted the first byte of it that the caller asked for: an exception names it
     */
    long word(long address, long wanted) {
        while (true) {
            // STEP(read 1)
            long version = translationVersion();
            // STEP(read 4): the bytes, and then the version again
            long value = memory.getLong(locate(wanted) & -Long.BYTES);
            // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
            VarHandle.loadLoadFence();
            // STEP(read 5)
            if (isStill(version)) {
                return value;
            }
        }
    }

    /** Reads 2, 4 or 8 bytes out of the one or two aligned longs they lie in, into the low bits of the result. */
    final long bits(long address, int sizeBytes) {
        long first = word(address & -Long.BYTES, address);
        int at = (int) address & Long.BYTES - 1;
        if (at + sizeBytes <= Long.BYTES) {
            return first >>> shift(address, sizeBytes);
        }
        long next = (address & -Long.BYTES) + Long.BYTES;
        long second = word(next, next);
        int firstBits = (Long.BYTES - at) * Byte.SIZE;
        return LITTLE_ENDIAN ? (first >>> (Long.SIZE - firstBits)) | (second << firstBits)
                : ((first << (Long.SIZE - firstBits)) | (second >>> firstBits)) >>> (Long.SIZE - sizeBytes * Byte.SIZE);
    }

    /** Returns how many bits the value at an address lies above the low end of its aligned long. */
    static int shift(long address, int sizeBytes) {
        int at = (int) address & Long.BYTES - 1;
        return (LITTLE_ENDIAN ? at : Long.BYTES - sizeBytes - at) * Byte.SIZE;
    }

    /** Returns how many bits a byte of a value lies above its low end. */
    static int shiftOfByte(int at, int sizeBytes) {
        return (LITTLE_ENDIAN ? at : sizeBytes - 1 - at) * Byte.SIZE;
    }

    // ---- ranges

    /** Copies a range out, page by page. */
    final void readRange(long address, MemorySegment target, long targetOffset, long sizeBytes) {
        for (long done = 0; done < sizeBytes;) {
            long length = partOfPage(address + done, sizeBytes - done);
            long version;
            do {
                version = translationVersion();
                memory.copyTo(locate(address + done), target, targetOffset + done, length);
                // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
                VarHandle.loadLoadFence();
            } while (!isStill(version));
            done += length;
        }
    }

    /** Writes a value that crosses pages, a byte at a time. */
    final void setAcross(long address, long value, int sizeBytes) {
        checkRange(address, sizeBytes);
        writeRange(address, sizeBytes, (offset, done, length) -> {
            for (int i = 0; i < length; i++) {
                memory.setByte(offset + i, (byte) (value >>> shiftOfByte((int) done + i, sizeBytes)));
            }
        });
    }

    /**
     * Writes the part of a range that lies in one page: {@code length} bytes at an offset, {@code done} bytes into the
     * range.
     */
    interface PageWriter {
        void write(long offset, long done, long length);
    }

    /**
     * Writes a range, up to {@link #WHOLE_WRITE_BYTES} at a time, each of these whole or not at all. If the range is
     * longer, what can be refused is refused before the first byte; the class comment names what cannot.
     */
    final void writeRange(long address, long sizeBytes, PageWriter writer) {
        if (sizeBytes <= WHOLE_WRITE_BYTES) {
            writeWhole(address, 0, sizeBytes, writer);
            return;
        }
        StackRoom.require();
        Space space = spaceOfRange();
        try (RangeWrite write = space.machine().faultPath().beginWrite(space.state(), address, sizeBytes)) {
            prepare(write, address, sizeBytes);
            writeParts(address, sizeBytes, writer);
        }
    }

    private void writeParts(long address, long sizeBytes, PageWriter writer) {
        for (long done = 0; done < sizeBytes;) {
            long room = WHOLE_WRITE_BYTES - Geometry.pageOffset(address + done);
            long length = Math.min(room, sizeBytes - done);
            writeWhole(address + done, done, length, writer);
            done += length;
        }
    }

    /** Writes up to {@link #WHOLE_WRITE_BYTES}, which from the middle of a page are one page more. */
    private void writeWhole(long address, long done, long length, PageWriter writer) {
        if (length == 0) {
            return;
        }
        if (length <= Geometry.PAGE_BYTES - Geometry.pageOffset(address)) {
            writeInPage(address, done, length, writer);
            return;
        }
        WritePages pages = WritePages.ofRange(address, length);
        long entered = enterWrites(pages);
        try {
            long inPage = Geometry.pageOffset(address);
            long end = done + length;
            for (int page = 0; page < pages.count(); page++) {
                long part = Math.min(Geometry.PAGE_BYTES - inPage, end - done);
                writer.write(pages.offset(page) + inPage, done, part);
                done += part;
                inPage = 0;
            }
        } finally {
            exitWrite(entered);
        }
    }

    private void writeInPage(long address, long done, long length, PageWriter writer) {
        long entered = enterWrite(address);
        try {
            writer.write(entered & OFFSET_MASK, done, length);
        } finally {
            exitWrite(entered);
        }
    }

    /** Makes every page of a range resident and writable. */
    private void prepare(RangeWrite write, long address, long sizeBytes) {
        try {
            for (long done = 0; done < sizeBytes; done += partOfPage(address + done, sizeBytes - done)) {
                exitWrite(enterWrite(address + done));
            }
        } catch (Throwable refused) {
            write.undo(refused);
            throw refused;
        }
    }

    /** Copies a range of the space to another; both are checked, and may overlap. */
    final void copyRange(long from, long to, long sizeBytes) {
        MemorySegment part = MemorySegment.ofArray(new byte[(int) Math.min(sizeBytes, WHOLE_WRITE_BYTES)]);
        PageWriter writer = (offset, done, length) -> memory.copyFrom(part, done, offset, length);
        if (sizeBytes <= WHOLE_WRITE_BYTES) {
            copyPart(from, to, sizeBytes, part, writer);
            return;
        }
        StackRoom.require();
        Space space = spaceOfRange();
        try (RangeWrite write = space.machine().faultPath().beginWrite(space.state(), to, sizeBytes)) {
            bringHere(from, sizeBytes);
            write.checkFrames(); // again: what came home has taken frames
            prepare(write, to, sizeBytes);
            boolean isBackward = from < to && to - from < sizeBytes; // or the source were overwritten before it is read
            for (long done = 0; done < sizeBytes;) {
                long length = Math.min(WHOLE_WRITE_BYTES, sizeBytes - done);
                long at = isBackward ? sizeBytes - done - length : done;
                copyPart(from + at, to + at, length, part, writer);
                done += length;
            }
        }
    }

    /**
     * Copies as much as is written in one go. Puts aside on the heap what it reads: a thread in a writer slot may not
     * fault.
     */
    private void copyPart(long from, long to, long length, MemorySegment part, PageWriter writer) {
        readRange(from, part, 0, length);
        writeWhole(to, 0, length, writer);
    }

    /** Brings every page of a range to where the processor can reach it. */
    private void bringHere(long address, long sizeBytes) {
        for (long done = 0; done < sizeBytes; done += partOfPage(address + done, sizeBytes - done)) {
            word(address + done & -Long.BYTES, address + done);
        }
    }

    final void checkRange(long address, long sizeBytes) {
        Ranges.notNegative(sizeBytes);
        // Within one page the access itself finds out.
        if (sizeBytes > Geometry.PAGE_BYTES - Geometry.pageOffset(address)) {
            checkMapped(address, sizeBytes);
        }
    }

    static long partOfPage(long address, long sizeBytes) {
        return Math.min(sizeBytes, Geometry.PAGE_BYTES - Geometry.pageOffset(address));
    }

    static boolean crossesPage(long address, int sizeBytes) {
        return Geometry.pageOffset(address) > Geometry.PAGE_BYTES - sizeBytes;
    }

    static boolean isAligned(long address, int sizeBytes) {
        return (address & sizeBytes - 1) == 0;
    }

    static long aligned(long address, int sizeBytes) {
        if (!isAligned(address, sizeBytes)) {
            throw new MisalignedAddressException(address, sizeBytes);
        }
        return address;
    }
}
