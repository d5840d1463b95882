package io.quire.memory.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.testkit.LeakCheck;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The names of what spaces hold: a snapshot keeps its name, any other space loses it with its first change. */
class MomentTest {

    private static final UUID NAME = new UUID(1, 2);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(4L << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace();
        address = space.map(1 << 20);
        space.setLong(address, 1);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private static UUID momentOf(AddressSpace space) {
        return SpaceFinder.of(space).momentOrNull();
    }

    private void holdMoment() {
        SpaceFinder.of(space).holdsMoment(NAME);
    }

    @Test
    void spaceThatWasNeverNamedHoldsNone() {
        assertThat(momentOf(space)).isNull();
        try (AddressSpace fork = space.fork()) {
            assertThat(momentOf(fork)).isNull();
        }
    }

    @Test
    void snapshotHoldsOneAndKeepsIt() {
        try (AddressSpace snapshot = space.snapshot(); AddressSpace other = space.snapshot()) {
            UUID moment = momentOf(snapshot);
            assertThat(moment).isNotNull().isEqualTo(momentOf(snapshot)).isNotEqualTo(momentOf(other));
            space.setLong(address, 2);
            try (AddressSpace again = snapshot.snapshot(); AddressSpace fork = snapshot.fork()) {
                assertThat(momentOf(again)).isEqualTo(moment);
                assertThat(momentOf(fork)).isEqualTo(moment);
                fork.setLong(address, 3);
                assertThat(momentOf(fork)).isNull();
                assertThat(momentOf(again)).isEqualTo(moment);
            }
        }
    }

    @Test
    void writeThroughAnAccessorThatCouldWriteBeforeEndsIt() {
        try (Accessor accessor = space.accessor()) {
            accessor.setLong(address, 2);
            holdMoment();
            assertThat(momentOf(space)).isEqualTo(NAME);
            accessor.getLong(address);
            assertThat(momentOf(space)).isEqualTo(NAME);
            accessor.setLong(address, 3);
            assertThat(momentOf(space)).isNull();
            assertThat(momentOf(space)).as("and it does not come back").isNull();
        }
    }

    @Test
    void forkThatComesAfterAWriteDoesNotHoldIt() {
        holdMoment();
        space.setLong(address, 2);
        try (AddressSpace fork = space.fork(); AddressSpace snapshot = space.snapshot()) {
            assertThat(momentOf(fork)).isNull();
            assertThat(momentOf(snapshot)).isNotNull().isNotEqualTo(NAME);
            assertThat(momentOf(space)).isNull();
        }
    }

    @Test
    void forksThatComeBeforeAWriteHoldIt() {
        holdMoment();
        try (AddressSpace fork = space.fork(); AddressSpace snapshot = fork.snapshot()) {
            space.setLong(address, 2);
            assertThat(momentOf(space)).isNull();
            assertThat(momentOf(fork)).isEqualTo(NAME);
            fork.map(4096);
            assertThat(momentOf(fork)).isNull();
            assertThat(momentOf(snapshot)).isEqualTo(NAME);
        }
    }

    @Test
    void growthOfTheTreeEndsIt() {
        holdMoment();
        space.mapAt(1L << 40, 4096);
        space.unmap(1L << 40, 4096);
        assertThat(momentOf(space)).isNull();
    }

    @Test
    void closedSpaceIsRefused() {
        AddressSpace snapshot = space.snapshot();
        snapshot.close();
        assertThatThrownBy(() -> momentOf(snapshot)).isInstanceOf(ClosedException.class);
    }
}
