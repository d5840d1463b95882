package io.quire.memory.bench.demo;

import io.quire.memory.AddressSpace;

/**
 * A fork that is open.
 *
 * @param number how many were taken before
 * @param space the fork
 * @param moments what it may be a copy of
 */
record LiveFork(int number, AddressSpace space, Moments moments) {
}
