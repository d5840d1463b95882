package io.quire.memory.demo;

import io.quire.memory.AddressSpace;

/**
 * An open fork.
 *
 * @param number how many forks were taken before
 * @param space the fork
 * @param candidates the states of the map that it may be a copy of
 */
record LiveFork(int number, AddressSpace space, CandidateStates candidates) {
}
