/**
 * Ranges of a space in the shapes that other code takes: channels, streams, structs, and an allocator of segments.
 * <pre>
 *    FileChannel, SocketChannel    code that takes streams             records of a fixed layout
 *        ^               |         or a SeekableByteChannel                      |
 *        |               v                  |                                    v
 *  +---------------------------------------------------+            +-------------------------+
 *  | MemoryRange   writeTo, readFrom,                  |            | StructField   get, set  |
 *  |               channel, inputStream, outputStream  |            +-------------------------+
 *  +---------------------------------------------------+                         |
 *        |               |                  |                                    |
 *        |  runs of      |  windows         |  copies                            |  values
 *        |  one moment   |  that are pinned |                                    |
 *        v               v                  v                                    v
 *  +------------------------------------------------------------------------------------------+
 *  | AddressSpace, for any thread, or Accessor, for its own                                   |
 *  +------------------------------------------------------------------------------------------+
 * </pre>
 * A view belongs to the threads that its access belongs to. It holds no memory, so nothing has to be closed; to close a
 * channel or a stream frees nothing. A view finds out at each use what is mapped.
 * <p>
 * {@link io.quire.memory.view.PinAllocator} hands out pieces of a pin. {@link io.quire.memory.Pin#segments()} and
 * {@link io.quire.memory.Pin#buffers()} hand out all of it.
 */
@NullMarked
package io.quire.memory.view;

import org.jspecify.annotations.NullMarked;
