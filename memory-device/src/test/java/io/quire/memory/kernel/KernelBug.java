package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.Pin;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.contract.Protection;
import io.quire.memory.history.TieredManager;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/** What the tests of the kernel's bugs share: numbered pages, and races of a bounded time. */
abstract class KernelBug {

    static final long PAGE = TieredManager.PAGE;

    /** Length of a race. With the library broken on purpose, each race failed within this time. */
    static final Duration RACE = Duration.ofMillis(Integer.getInteger("memory.race", 250));

    /** More time than any operation needs, unless it is stuck. */
    static final Duration NOT_STUCK = Duration.ofSeconds(20);

    static SoftwareDevice coherent(int frames) {
        return TieredManager.device("coherent", PoolKind.DEVICE_COHERENT, frames);
    }

    static SoftwareDevice privateMemory(int frames) {
        return TieredManager.device("private", PoolKind.DEVICE_PRIVATE, frames);
    }

    /** Maps pages and writes the number of each, from 1, into its first word. */
    static long mapNumbered(AddressSpace space, int pages) {
        long address = space.map(pages * PAGE);
        for (int i = 0; i < pages; i++) {
            space.setLong(address + i * PAGE, i + 1L);
        }
        return address;
    }

    static void expectNumbered(AddressSpace space, long address, int pages) {
        for (int i = 0; i < pages; i++) {
            assertThat(space.getLong(address + i * PAGE)).as("page %d of %s", i, space).isEqualTo(i + 1L);
        }
    }

    /** Returns the first word that a pin shows. */
    static long word(Pin pin) {
        return pin.segments().getFirst().get(ValueLayout.JAVA_LONG, 0);
    }

    static void setWord(Pin pin, long value) {
        pin.segments().getFirst().set(ValueLayout.JAVA_LONG, 0, value);
    }

    static MemorySegment words(long... words) {
        return MemorySegment.ofArray(words);
    }

    static void race(Threads.Task... tasks) throws InterruptedException {
        Threads.race(RACE, tasks);
    }

    /** Checks that no lock was left behind: another thread can use the space. */
    static void othersGoOn(AddressSpace space, long address) throws InterruptedException {
        Threads.elsewhere(() -> {
            space.setLong(address, space.getLong(address));
            space.fork().close();
            space.protect(address, PAGE, Protection.READ_WRITE);
        });
    }
}
