/**
 * Off-heap memory that can be forked, tiered and pinned. Begin with {@link io.quire.memory.MemoryManager}; to write a
 * driver for a device, with {@link io.quire.memory.device.DeviceDriver}. Packages that are not exported may change at
 * any time.
 */
module io.quire.memory {
    requires org.agrona;
    requires org.jctools.core.jdk11;
    requires static org.jspecify;

    exports io.quire.memory;
    exports io.quire.memory.contract;
    exports io.quire.memory.device;
    exports io.quire.memory.structure;
    exports io.quire.memory.transfer;
    exports io.quire.memory.view;
}
