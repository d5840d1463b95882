/** Devices in software, for those who want to try the device tier, or test what they built on it, without hardware. */
module io.quire.memory.softdevice {
    requires transitive io.quire.memory;
    requires static transitive org.jspecify;

    exports io.quire.memory.softdevice;
}
