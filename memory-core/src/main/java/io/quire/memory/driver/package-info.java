/**
 * How a driver is called that may throw, or never return: from a thread of its own, with a deadline for each call.
 * Front door: {@link io.quire.memory.driver.DriverCalls}.
 */
@NullMarked
package io.quire.memory.driver;

import org.jspecify.annotations.NullMarked;
