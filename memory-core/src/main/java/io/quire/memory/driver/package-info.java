/**
 * Calls drivers, which may throw or never return: from a thread of their own, with a deadline for each call. Start with
 * {@link io.quire.memory.driver.DriverCalls}.
 */
@NullMarked
package io.quire.memory.driver;

import org.jspecify.annotations.NullMarked;
