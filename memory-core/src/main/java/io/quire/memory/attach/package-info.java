/**
 * Devices and the spaces attached to them: what a device may have mapped, what it is told before a table changes, and
 * which pages are its alone. Where a page is for a device is found above, in {@code fault}. Look at
 * {@link io.quire.memory.attach.ManagedDevice} (a device), {@link io.quire.memory.attach.Mirror} (one space as it sees
 * it) and {@link io.quire.memory.attach.Notifier} (all mirrors of one space).
 */
@NullMarked
package io.quire.memory.attach;

import org.jspecify.annotations.NullMarked;
