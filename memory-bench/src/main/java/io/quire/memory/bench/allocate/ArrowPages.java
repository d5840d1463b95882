package io.quire.memory.bench.allocate;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** Buffers of Apache Arrow from its own allocator: malloc through Unsafe, with accounting. */
@SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
record ArrowPages(BufferAllocator allocator, ArrowBuf[] buffers) implements PageSource {

    static ArrowPages of(int live) {
        return new ArrowPages(new RootAllocator(), new ArrowBuf[live]);
    }

    @Override
    public void allocate(int slot) {
        buffers[slot] = allocator.buffer(PAGE_BYTES);
    }

    @Override
    public void free(int slot) {
        buffers[slot].close();
    }

    @Override
    public int live() {
        return buffers.length;
    }

    @Override
    public PageSource forAnotherThread() {
        return new ArrowPages(allocator, new ArrowBuf[buffers.length]);
    }
}
