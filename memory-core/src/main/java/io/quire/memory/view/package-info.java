/**
 * Ranges of a space in the shapes that other code takes: channels and streams.
 * <pre>
 *    FileChannel, SocketChannel    code that takes streams
 *        ^               |         or a SeekableByteChannel
 *        |               v                  |
 *  +---------------------------------------------------+
 *  | MemoryRange   writeTo, readFrom,                  |
 *  |               channel, inputStream, outputStream  |
 *  +---------------------------------------------------+
 *        |               |                  |
 *        |  runs of      |  windows         |  copies
 *        |  one moment   |  that are pinned |
 *        v               v                  v
 *  +---------------------------------------------------+
 *  | AddressSpace, for any thread, or Accessor         |
 *  +---------------------------------------------------+
 * </pre>
 * A view belongs to the threads that its access belongs to. It holds no memory, so nothing has to be closed; to close a
 * channel or a stream frees nothing. A view finds out at each use what is mapped.
 */
@NullMarked
package io.quire.memory.view;

import org.jspecify.annotations.NullMarked;
