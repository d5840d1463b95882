package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import io.quire.memory.testkit.StackEnd;
import io.quire.memory.testkit.Threads;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Frames run out, a device fails, and the stack ends, in the middle of a change of a log and of a fork of it. */
class ForkableLogRefusalTest {

    private static final int PAGE = 4096;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(64);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(4L << 20).device("near", near).watermarks(0, 0)
            .backgroundAgent(false));

    private AddressSpace space;
    private AddressSpace hog;
    private long hogged;
    private ForkableLog log;

    @BeforeEach
    void fill() {
        space = leaks.manager().newAddressSpace("main");
        hog = leaks.manager().newAddressSpace("hog");
        hogged = hog.map(8L << 20);
        log = ForkableLog.create(space, 1 << 21);
        for (int i = 0; i < 10; i++) {
            log.append(new byte[i]);
        }
    }

    @AfterEach
    void close() {
        hog.close();
        space.close();
    }

    private static int records(ForkableLog some) {
        int count = 0;
        for (LogCursor cursor = some.cursor(); cursor.next(); count++) {
            assertThat(cursor.record()).hasSize(cursor.length());
        }
        return count;
    }

    /** Takes all frames except some. */
    private void leave(int frames) {
        try {
            for (long page = 0;; page++) {
                hog.setLong(hogged + page * PAGE, 1);
            }
        } catch (OutOfFramesException full) {
            if (frames > 0) {
                hog.discard(hogged, (long) frames * PAGE);
            }
        }
        while (leaks.manager().reclaim(1000) > 0) {}
    }

    private int framesNeeded(byte[] record) {
        for (int frames = 0;; frames++) {
            try (StructureFork<ForkableLog> fork = log.fork()) {
                ForkableLog forked = fork.structure();
                long end = forked.endPosition();
                leave(frames);
                try {
                    forked.append(record);
                    assertThat(records(forked)).isEqualTo(11);
                    hog.discard(hogged, 8L << 20);
                    return frames;
                } catch (OutOfFramesException none) {
                    assertThat(forked.endPosition()).isEqualTo(end);
                    assertThat(records(forked)).isEqualTo(10);
                }
                hog.discard(hogged, 8L << 20);
                assertThat(forked.read(forked.append(record))).isEqualTo(record);
                assertThat(records(log)).isEqualTo(10);
            }
        }
    }

    @Test
    void appendWithoutAFrameLeavesTheLogAsItWas() {
        assertThat(framesNeeded(new byte[100])).isEqualTo(2); // the page of the record, and that of the end
    }

    @Test
    void appendOfManyPagesWithoutFramesLeavesTheLogAsItWas() {
        byte[] record = new byte[20 * PAGE];
        Arrays.fill(record, (byte) 1);
        assertThat(framesNeeded(record)).isEqualTo(22);
    }

    @Test
    void aRecordThatIsRefusedGivesItsPagesBack() {
        log.append(new byte[(1 << 20) - 1_000]);
        log.cutBefore(log.endPosition());
        log.append(new byte[700_000]);
        long last = log.append(new byte[0]);
        log.cutBefore(last); // the next large record goes over the end of the ring
        leave(150);
        assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(() -> log.append(new byte[1 << 20]));
        while (leaks.manager().reclaim(1000) > 0) {}
        assertThat(leaks.manager().statistics().freeBytes()).isGreaterThanOrEqualTo(145L * PAGE);
        assertThat(log.endPosition()).isEqualTo(last + 8);
        hog.discard(hogged, 8L << 20);
        log.append(new byte[1 << 20]);
        assertThat(records(log)).isEqualTo(2);
    }

    @Test
    void aCutNeedsAFrameForTheHeaderOnly() {
        try (StructureFork<ForkableLog> fork = log.fork()) {
            leave(0);
            assertThatExceptionOfType(OutOfFramesException.class)
                    .isThrownBy(() -> fork.structure().cutBefore(fork.structure().endPosition()));
            assertThat(records(fork.structure())).isEqualTo(10);
            hog.discard(hogged, PAGE);
            fork.structure().cutBefore(fork.structure().endPosition());
            assertThat(fork.structure().isEmpty()).isTrue();
            hog.discard(hogged, 8L << 20);
        }
    }

    @Test
    void aCutIsDoneAlsoIfADeviceFailsAndTheNextOneGivesThePagesBack() {
        log.append(new byte[30 * PAGE]);
        long end = log.endPosition();
        DeviceMirror mirror = leaks.manager().device("near").attach(space).mirror();
        for (long page = 1; page < 30; page++) {
            near.load(mirror, log.address() + page * PAGE);
        }
        near.on(Call.START, 1, RecordingDriver::failing);
        try {
            log.cutBefore(end);
        } catch (DriverFailedException refused) {
            assertThat(log.firstPosition()).isZero();
        }
        near.on(Call.START, 1, () -> true);
        log.cutBefore(end);
        log.append(new byte[20 * PAGE]);
        log.cutBefore(log.endPosition());
        assertThat(log.isEmpty()).isTrue();
        assertThat(space.statistics().exclusivePages() + space.statistics().sharedPages()).isLessThanOrEqualTo(18);
    }

    @Test
    void recordsMayLieOnADevice() {
        byte[] record = new byte[10 * PAGE];
        Arrays.fill(record, (byte) 5);
        long position = log.append(record);
        space.migrate(log.address(), 12 * PAGE, leaks.manager().pool("near"));
        assertThat(space.pageState(log.address() + 2 * PAGE).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
        try (StructureFork<ForkableLog> fork = log.fork()) {
            long next = fork.structure().append(record);
            assertThat(fork.structure().read(next)).isEqualTo(record);
            log.cutBefore(log.endPosition());
            assertThat(fork.structure().read(position)).isEqualTo(record);
        }
    }

    @Test
    void changesNearTheEndOfTheStackAreDoneOrNotDoneAndLeaveNoLock() throws InterruptedException {
        int[] threw = {0};
        Threads.elsewhere(512 << 10, () -> {
            try (Accessor accessor = space.accessor()) {
                ForkableLog mine = log.with(accessor);
                byte[] record = new byte[100];
                for (int i = 0; i < 4_000; i++) { // until everything is compiled
                    mine.append(record);
                    mine.cutBefore(mine.endPosition());
                }
                for (int i = 1; i < 400; i += 2) {
                    int before = records(mine);
                    boolean hasEnded = StackEnd.above(i, () -> mine.append(record));
                    assertThat(records(mine)).isEqualTo(hasEnded ? before : before + 1);
                    long end = mine.endPosition();
                    boolean hasEndedAgain = StackEnd.above(i, () -> mine.cutBefore(end));
                    assertThat(records(mine)).isEqualTo(hasEnded || !hasEndedAgain ? 0 : 1);
                    threw[0] += hasEnded || hasEndedAgain ? 1 : 0;
                    mine.cutBefore(end);
                }
            }
        });
        assertThat(threw[0]).isPositive();
        log.append(new byte[1]);
        assertThat(records(log)).isEqualTo(1);
    }
}
