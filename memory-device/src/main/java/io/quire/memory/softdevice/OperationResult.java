package io.quire.memory.softdevice;

/**
 * What an operation of a device did.
 *
 * @param pages it reached; of a copy those of the target
 * @param faultRounds how often it asked for translations and used the answer; one round asks for all pages that are
 *        left, so a cold read of 1,024 pages has one
 * @param retries how often an invalidation made the answer worthless before it could be used
 * @param value the sum, or what the word was before the addition; else 0
 */
public record OperationResult(long pages, long faultRounds, long retries, long value) {
}
