package io.quire.memory.bench.allocate;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Direct buffers of Netty. The allocators cache for every thread here. By default they do so only for Netty's own
 * threads, which is where its users see its full speed.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
record NettyPages(ByteBufAllocator allocator, ByteBuf[] buffers) implements PageSource {

    static NettyPages adaptive(int live) {
        return new NettyPages(new AdaptiveByteBufAllocator(true, true), new ByteBuf[live]);
    }

    static NettyPages pooled(int live) {
        return new NettyPages(new PooledByteBufAllocator(true, PooledByteBufAllocator.defaultNumHeapArena(),
                PooledByteBufAllocator.defaultNumDirectArena(), PooledByteBufAllocator.defaultPageSize(),
                PooledByteBufAllocator.defaultMaxOrder(), PooledByteBufAllocator.defaultSmallCacheSize(),
                PooledByteBufAllocator.defaultNormalCacheSize(), true), new ByteBuf[live]);
    }

    @Override
    public void allocate(int slot) {
        buffers[slot] = allocator.directBuffer(PAGE_BYTES);
    }

    @Override
    public void free(int slot) {
        buffers[slot].release();
    }

    @Override
    public int live() {
        return buffers.length;
    }

    @Override
    public PageSource forAnotherThread() {
        return new NettyPages(allocator, new ByteBuf[buffers.length]);
    }
}
