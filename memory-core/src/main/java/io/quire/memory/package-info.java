/**
 * Off-heap memory that can be forked, tiered and pinned.
 * <p>
 * A {@link io.quire.memory.MemoryManager} owns pools of 4 KiB frames, on the host and on devices. An
 * {@link io.quire.memory.AddressSpace} maps addresses to frames. {@link io.quire.memory.AddressSpace#fork()} copies a
 * space of any size in constant time; the first write to a page afterwards copies that page. Pages move between the
 * {@link io.quire.memory.MemoryPool} of a {@link io.quire.memory.Device} and the host's, and keep their addresses. A
 * {@link io.quire.memory.Pin} keeps them where they are.
 * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="manager"}
 * No method takes null unless its parameter is marked {@link org.jspecify.annotations.Nullable}: it throws a
 * {@link java.lang.NullPointerException} before anything changes. Sizes are in bytes, and addresses are addresses of a
 * space, which mean nothing to the rest of the process.
 * <pre>
 *    your threads
 *        |  getLong(address), setLong(address, value), ...
 *        v
 *   +-----------------------+   page not resident,   +-----------------+
 *   | Accessor              |   or shared: a fault   | space           |  zero-fill, copy-on-write, fork,
 *   | AddressSpace (direct) |-----------------------&gt;|                 |  map, unmap, protect, pins,
 *   +-----------------------+                        +-----------------+  migration, device faults, eviction
 *        |  walk                                        |  changes, under the lock of one space
 *        v                                              v
 *   +-----------------------------------------------------------------+
 *   | table   radix tree of 64-page leaves, generations, mappings     |   on the Java heap
 *   +-----------------------------------------------------------------+
 *        |  offset of a frame                           |  allocate, release
 *        v                                              v
 *   +-----------------------------------------------------------------+
 *   | frame   reference counts, LLFree allocator                      |   on the Java heap
 *   | ::::::  4 KiB frames, one mapping with huge pages  :::::::::::: |   off heap
 *   +-----------------------------------------------------------------+
 * </pre>
 * A fault is what happens when an access cannot be done at once: the page gets a frame or a copy, or comes to the host.
 * <table class="striped">
 * <caption>Which threads may use it, and what happens after close</caption>
 * <thead><tr><th scope="col">type</th><th scope="col">threads</th><th scope="col">closing twice</th>
 * <th scope="col">use after close</th></tr></thead>
 * <tbody>
 * <tr><th scope="row">MemoryManager</th><td>any</td><td>no effect</td>
 * <td>ClosedException; its name, pools and devices can be read</td></tr>
 * <tr><th scope="row">AddressSpace</th><td>any</td><td>no effect</td><td>ClosedException</td></tr>
 * <tr><th scope="row">Accessor</th><td>the one that opened it, else WrongThreadException</td><td>no effect</td>
 * <td>ClosedException</td></tr>
 * <tr><th scope="row">RunCursor</th><td>the one that opened it, else WrongThreadException</td><td>no effect</td>
 * <td>ClosedException; its segments throw IllegalStateException</td></tr>
 * <tr><th scope="row">WritableRunCursor</th><td>the one that opened it, else WrongThreadException</td>
 * <td>no effect</td><td>ClosedException; its segments throw IllegalStateException</td></tr>
 * <tr><th scope="row">Pin</th><td>any; one of an accessor: its own, else WrongThreadException</td>
 * <td>no effect</td><td>ClosedException; its segments throw IllegalStateException</td></tr>
 * <tr><th scope="row">Device</th><td>any</td><td>no effect</td><td>DeviceClosedException</td></tr>
 * <tr><th scope="row">Attachment</th><td>any</td><td>no effect</td><td>ClosedException</td></tr>
 * </tbody>
 * </table>
 * After close, each of them still tells what it is: its name, its address, and what it was opened with.
 */
@NullMarked
package io.quire.memory;

import org.jspecify.annotations.NullMarked;
