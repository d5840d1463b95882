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
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Frames run out, a device fails, and the stack ends, in the middle of a change of an array and of a fork of it. */
class ForkableArrayRefusalTest {

    private static final int PAGE = 4096;
    private static final int LENGTH = 3_000;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(64);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(2L << 20).device("near", near).watermarks(0, 0)
            .backgroundAgent(false));

    private AddressSpace space;
    private AddressSpace hog;
    private long hogged;
    private ForkableArray array;

    @BeforeEach
    void fill() {
        space = leaks.manager().newAddressSpace("main");
        hog = leaks.manager().newAddressSpace("hog");
        hogged = hog.map(4L << 20);
        array = ForkableArray.create(space, ElementType.LONG, 20_000);
        array.resize(LENGTH);
        array.fill(0, LENGTH, 7);
    }

    @AfterEach
    void close() {
        hog.close();
        space.close();
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

    /** Makes a change in forks with 0, 1, 2, ... free frames, until one does not need more. */
    private int framesNeeded(Consumer<ForkableArray> change, long lengthAfter) {
        for (int frames = 0;; frames++) {
            try (StructureFork<ForkableArray> fork = array.fork()) {
                leave(frames);
                boolean isDone = true;
                try {
                    change.accept(fork.structure());
                } catch (OutOfFramesException none) {
                    isDone = false;
                }
                checkSevens(fork.structure(), isDone ? lengthAfter : LENGTH);
                checkSevens(array, LENGTH);
                hog.discard(hogged, 4L << 20);
                change.accept(fork.structure());
                fork.structure().resize(20_000);
                for (long i = Math.max(LENGTH + 2_000, lengthAfter); i < 20_000; i++) {
                    assertThat(fork.structure().getLong(i)).isZero();
                }
                if (isDone) {
                    return frames;
                }
            }
        }
    }

    private static void checkSevens(ForkableArray some, long length) {
        long[] expected = new long[(int) length];
        Arrays.fill(expected, 7);
        long[] found = new long[(int) some.length()];
        some.copyTo(0, found, 0, found.length);
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void appendWithoutAFrameLeavesTheArrayAsItWas() {
        assertThat(framesNeeded(some -> some.append(7), LENGTH + 1)).isEqualTo(2);
    }

    @Test
    void appendOfManyWithoutFramesLeavesTheArrayAsItWas() {
        long[] more = new long[1_000];
        Arrays.fill(more, 7);
        assertThat(framesNeeded(some -> some.append(MemorySegment.ofArray(more)), LENGTH + 1_000)).isEqualTo(4);
    }

    @Test
    void shrinkingNeedsAFrameForTheHeaderOnly() {
        assertThat(framesNeeded(some -> some.resize(100), 100)).isEqualTo(1);
    }

    @Test
    void whatShrinkingCouldNotClearIsClearedBeforeTheArrayGrows() {
        try (StructureFork<ForkableArray> fork = array.fork()) {
            ForkableArray forked = fork.structure();
            leave(1);
            forked.resize(100);
            assertThat(forked.length()).isEqualTo(100);
            assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(() -> forked.resize(200));
            assertThat(forked.length()).isEqualTo(100);
            hog.discard(hogged, 4L << 20);
            forked.resize(LENGTH);
            for (int i = 0; i < LENGTH; i++) {
                assertThat(forked.getLong(i)).isEqualTo(i < 100 ? 7 : 0);
            }
        }
    }

    @Test
    void createWithoutAFrameLeavesNothingMapped() {
        leave(0);
        int mappings = space.mappings().size();
        assertThatExceptionOfType(OutOfFramesException.class)
                .isThrownBy(() -> ForkableArray.create(space, ElementType.INT, 10));
        assertThat(space.mappings()).hasSize(mappings);
        hog.discard(hogged, 4L << 20);
    }

    @Test
    void shrinkingIsDoneAlsoIfADeviceFails() {
        DeviceMirror mirror = leaks.manager().device("near").attach(space).mirror();
        for (long page = 0; page < 8; page++) {
            near.load(mirror, array.address() + page * PAGE);
        }
        near.on(Call.START, 1, RecordingDriver::failing);
        try {
            array.resize(100);
        } catch (DriverFailedException refused) {
            checkSevens(array, LENGTH);
        }
        near.on(Call.START, 1, () -> true);
        array.resize(100);
        checkSevens(array, 100);
        array.resize(LENGTH);
        assertThat(array.getLong(LENGTH - 1)).isZero();
    }

    @Test
    void elementsMayLieOnADevice() {
        space.migrate(array.address(), 7 * PAGE, leaks.manager().pool("near"));
        assertThat(space.pageState(array.address() + PAGE).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
        try (StructureFork<ForkableArray> fork = array.fork()) {
            fork.structure().append(7);
            checkSevens(fork.structure(), LENGTH + 1);
            fork.structure().resize(10);
            checkSevens(array, LENGTH);
        }
        array.resize(0);
        while (leaks.manager().reclaim(1_000) > 0) {}
        assertThat(leaks.manager().pool("near").freeBytes()).isGreaterThanOrEqualTo(63L * PAGE); // but the header
        array.resize(LENGTH);
        assertThat(array.getLong(0)).isZero();
    }

    @Test
    void changesNearTheEndOfTheStackAreDoneOrNotDoneAndLeaveNoLock() throws InterruptedException {
        int[] threw = {0};
        array.resize(0);
        Threads.elsewhere(512 << 10, () -> {
            try (Accessor accessor = space.accessor()) {
                ForkableArray mine = array.with(accessor);
                for (int i = 0; i < 4_000; i++) { // until everything is compiled
                    mine.append(7);
                    mine.resize(i % 700);
                }
                mine.resize(0);
                for (int i = 1; i < 400; i += 2) {
                    threw[0] += change(mine, i, 1_000 + i, () -> mine.append(7)) ? 1 : 0;
                    mine.resize(0);
                    mine.resize(700);
                    mine.fill(0, 700, 7);
                    int shorter = i;
                    threw[0] += change(mine, i, 700, () -> mine.resize(shorter)) ? 1 : 0;
                    mine.resize(0);
                }
            }
        });
        assertThat(threw[0]).isPositive();
        assertThat(array.append(1)).isZero();
    }

    /** Makes a change near the end of the stack; all elements are sevens before and after. */
    private static boolean change(ForkableArray mine, int calls, int most, Runnable change) {
        long before = mine.length();
        boolean hasEnded = StackEnd.above(calls, change);
        if (hasEnded) {
            assertThat(mine.length()).isEqualTo(before);
        }
        assertThat(mine.length()).isLessThanOrEqualTo(most);
        checkSevens(mine, mine.length());
        long length = mine.length();
        mine.resize(length + 100);
        assertThat(mine.getLong(length)).isZero();
        mine.resize(length);
        return hasEnded;
    }
}
