package io.quire.memory.softdevice;

/**
 * What an operation of a device did.
 *
 * @param pages how many pages it reached; for a copy, those of the target
 * @param faultRounds how often it asked for translations and used the answer. One round asks for all pages that are
 *         left, so a cold read of 1,024 pages takes one
 * @param retries how often an invalidation made the answer worthless before it could be used
 * @param value the sum, or the long before the addition; otherwise 0
 * @see SoftwareDevice#read
 */
public record OperationResult(long pages, long faultRounds, long retries, long value) {
}
