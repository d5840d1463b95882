package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A pin that cannot get all its frames is refused before it takes one, copies a page, or moves one. */
class PinFramesTest {

    private static final long PAGE = 4096;
    private static final long POOL_PAGES = 256;
    private static final int DEVICE_PAGES = 128;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(DEVICE_PAGES);

    @Order(2)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(DEVICE_PAGES);

    @Order(3)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(POOL_PAGES * PAGE).device("near", near)
            .device("far", far).watermarks(0, 0).longTermPolicy(LongTermPolicy.MIGRATE)
            .longTermPinLimit(POOL_PAGES * PAGE).backgroundAgent(false));

    /** How much a refused pin could have left behind. */
    private record State(long usedBytes, long pagesCopied, long pagesZeroFilled, long pagesToHost, int pins,
            long longTermBytes) {
    }

    private State state() {
        MemoryStatistics now = leaks.manager().statistics();
        return new State(now.usedBytes(), now.pagesCopied(), now.pagesZeroFilled(), now.tier().pagesToHost(),
                leaks.manager().openPins().size(), now.tier().longTermPinnedBytes());
    }

    private interface Pinner {
        Pin pin(long address, long sizeBytes, PinTerm term, PinAccess access);
    }

    private void expectRefusal(Pinner pinner, long address, long pages, PinTerm term, PinAccess access) {
        State before = state();
        assertThatExceptionOfType(OutOfFramesException.class)
                .isThrownBy(() -> pinner.pin(address, pages * PAGE, term, access).close())
                .withMessageContaining("pages=" + pages);
        assertThat(state()).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({"SHORT, READ", "SHORT, WRITE", "LONG, READ", "LONG, WRITE"})
    void pinOfSharedPagesIsRefusedBeforeItCopiesOne(PinTerm term, PinAccess access) {
        try (AddressSpace parent = leaks.manager().newAddressSpace("parent")) {
            long address = parent.map(200 * PAGE);
            parent.fill(address, 200 * PAGE, (byte) 1);
            try (AddressSpace fork = parent.fork(); AddressSpace moment = parent.snapshot();
                    Accessor ofFork = fork.accessor(); Accessor ofParent = parent.accessor()) {
                for (Pinner pinner : List.<Pinner>of(fork::pin, parent::pin, ofFork::pin, ofParent::pin)) {
                    for (long pages : new long[] {57, 64, 65, 200}) {
                        expectRefusal(pinner, address, pages, term, access);
                    }
                }
                if (access == PinAccess.READ) {
                    expectRefusal(moment::pin, address, 57, term, access);
                }
                fork.pin(address, 56 * PAGE, term, access).close();
                assertThat(leaks.manager().statistics().freeBytes()).isZero();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"10", "30", "100"})
    void pinOfEmptyPagesIsRefusedBeforeItFillsOne(long pages) {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(pages * PAGE);
            try (AddressSpace _ = hogAllBut(pages - 1)) {
                expectRefusal(space::pin, address, pages, PinTerm.SHORT, PinAccess.READ);
                space.pin(address, (pages - 1) * PAGE, PinTerm.SHORT, PinAccess.WRITE).close();
            }
        }
    }

    @Test
    void longTermPinOfPagesOfADeviceIsRefusedBeforeOneMoves() {
        for (String device : List.of("near", "far")) {
            try (AddressSpace space = leaks.manager().newAddressSpace()) {
                long address = onDevice(space, 40, device);
                try (AddressSpace _ = hogAllBut(39)) {
                    expectRefusal(space::pin, address, 40, PinTerm.LONG, PinAccess.READ);
                    space.pin(address, 39 * PAGE, PinTerm.LONG, PinAccess.READ).close();
                }
            }
        }
    }

    @Test
    void aSharedPrivatePageNeedsTwoFramesOfTheHost() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = onDevice(space, 40, "far");
            try (AddressSpace fork = space.fork(); AddressSpace _ = hogAllBut(79)) {
                expectRefusal(fork::pin, address, 40, PinTerm.SHORT, PinAccess.READ);
                fork.pin(address, 39 * PAGE, PinTerm.SHORT, PinAccess.READ).close();
            }
        }
    }

    @Test
    void copiesThatStayOnTheDeviceNeedNoFrameOfTheHostWhileItHasSome() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            space.cowPlacement(CowPlacement.SAME_POOL);
            long address = onDevice(space, 80, "near"); // so it has 48 frames for copies
            try (AddressSpace fork = space.fork(); AddressSpace _ = hogAllBut(10)) {
                expectRefusal(fork::pin, address, 59, PinTerm.SHORT, PinAccess.WRITE);
                expectRefusal(fork::pin, address, 11, PinTerm.LONG, PinAccess.WRITE);
                fork.pin(address, 58 * PAGE, PinTerm.SHORT, PinAccess.WRITE).close();
            }
        }
    }

    @Test
    void aPageOfADeviceThatFindsNoFrameOnTheHostIsNamed() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = onDevice(space, 1, "far");
            try (AddressSpace _ = hogAllBut(0)) {
                assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(() -> space.getByte(address))
                        .withMessageContainingAll("a page of device far needs a frame of the host",
                                "address=0x" + Long.toHexString(address));
            }
            assertThat(space.getByte(address)).isEqualTo((byte) 1);
        }
    }

    private long onDevice(AddressSpace space, long pages, String device) {
        long address = space.map(pages * PAGE);
        space.fill(address, pages * PAGE, (byte) 1);
        assertThat(space.migrate(address, pages * PAGE, leaks.manager().pool(device)).isComplete()).isTrue();
        return address;
    }

    private AddressSpace hogAllBut(long pages) {
        while (leaks.manager().reclaim(1000) > 0) {
            Thread.onSpinWait();
        }
        AddressSpace hog = leaks.manager().newAddressSpace("hog");
        long sizeBytes = leaks.manager().statistics().freeBytes() - pages * PAGE;
        hog.fill(hog.map(sizeBytes), sizeBytes, (byte) 1);
        return hog;
    }
}
