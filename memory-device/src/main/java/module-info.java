/** Devices in software: try the device tier, or test what you built on it, without hardware. */
module io.quire.memory.softdevice {
    requires transitive io.quire.memory;
    requires static transitive org.jspecify;

    exports io.quire.memory.softdevice;
}
