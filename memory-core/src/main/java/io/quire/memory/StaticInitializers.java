package io.quire.memory;

import io.quire.memory.platform.NativeAccess;

/**
 * Runs the static initializers of the library when the first manager is built. If an initializer ends in an Error,
 * because the stack or the heap is full at the first use of its class, the class can never be used again in that JVM.
 * So nothing may be left to initialize in the middle of an operation.
 */
final class StaticInitializers {
    /**
     * All classes that have a static initializer, without the package of the library; a test compares this with the
     * class files.
     */
    static final String[] CLASSES = {
        "Device", "MemoryAccess", "MemoryManager", "MemoryManager$Builder", "OpenSpace$Kind", "PageAccess", "Rehearsal",
        "SlowPath", "allocator.FrameAllocator", "allocator.FrameTrees", "allocator.Magazine",
        "allocator.MagazineRegistry", "allocator.MagazineSlots", "allocator.RowWord", "allocator.Stripes",
        "allocator.TreeWord", "attach.Announcement$State", "attach.DeviceNews", "attach.ManagedDevice",
        "attach.MappedPages$1", "attach.Mirror$1", "attach.Notifier", "attach.Notifier$Window", "contract.CowPlacement",
        "contract.LongTermPolicy", "contract.PageOutcome", "contract.PageState$Place", "contract.PinAccess",
        "contract.PinTerm", "contract.PoolKind", "contract.Protection", "device.DeviceAccess",
        "device.InvalidationKind", "driver.DriverCall$State", "driver.DriverCalls", "driver.DriverThread",
        "driver.KnownDrivers", "fault.DeviceFaults$1", "fault.FilledPages", "frame.FrameListener", "frame.FrameMemory",
        "frame.FramePool", "guard.HoldTimes", "guard.Mutex", "guard.SharedWriterSlots", "guard.Wait",
        "guard.WriterSlotWords",
        "guard.WriterStack", "guard.Writers", "handle.HandleCollector", "handle.LostHandles", "lineage.MapCount",
        "migrate.Evictor$Spared", "migrate.Marks", "migrate.Move", "migrate.Promoter", "migrate.Windows",
        "nodes.Purpose",
        "pin.PinRecord", "platform.MemoryBarrier", "platform.MemoryPromise", "platform.NativeAccess",
        "platform.Reservation", "platform.StackRoom", "platform.TouchedPages", "platform.ZeroPages", "space.OpenSpaces",
        "space.PageStates$1", "space.Space", "structure.ArrayLength", "structure.ElementType", "structure.ForkableLog",
        "structure.ForkableMap", "structure.Journal", "structure.KeyHash", "structure.LogRing", "structure.MapHeader",
        "structure.Overlay", "structure.SizeClasses", "structure.StructureKind", "structure.WriterLock",
        "table.Directory",
        "table.Entry", "table.Leaf", "table.LeafDirectory", "table.MappingChanges", "table.Mappings", "table.Reclaimer",
        "table.Retired", "table.TranslationCache", "table.TranslationWords", "table.UpperDirectory", "tier.AccessBit",
        "tier.FrameLists", "tier.Place", "trace.CreationSite", "transfer.PageContent", "upkeep.Agent", "upkeep.Chore",
        "upkeep.DeviceClosing",
        "upkeep.Ending", "upkeep.PinWatch", "upkeep.SnapshotWatch", "upkeep.WatchedManager",
    };
    /** More of them, to be run only if native functions may be called. */
    static final String[] NATIVE_CLASSES = {"platform.Linux"};

    private static final String LIBRARY = StaticInitializers.class.getPackageName() + ".";

    private StaticInitializers() {
    }

    /** Runs the initializers that have not run yet. */
    static void run() {
        run(CLASSES);
        if (NativeAccess.ENABLED) {
            run(NATIVE_CLASSES);
        }
    }

    private static void run(String[] classes) {
        for (String name : classes) {
            try {
                Class.forName(LIBRARY + name, true, StaticInitializers.class.getClassLoader());
            } catch (ClassNotFoundException missing) {
                throw new LinkageError("a class of the library is missing: class=" + LIBRARY + name, missing);
            }
        }
    }
}
