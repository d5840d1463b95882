/**
 * Devices and the spaces attached to them: what a device may have mapped, what it is told before a table changes, and
 * which pages only it may access. {@link io.quire.memory.attach.ManagedDevice} is a device, {@link
 * io.quire.memory.attach.Mirror} is one space as the device sees it, and {@link io.quire.memory.attach.Notifier} knows
 * all mirrors of one space. Device faults are in the package {@code fault} above.
 */
@NullMarked
package io.quire.memory.attach;

import org.jspecify.annotations.NullMarked;
