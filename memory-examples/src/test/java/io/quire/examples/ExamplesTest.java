package io.quire.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.examples.BackupWhileWriting.Restored;
import io.quire.examples.SecondIndex.Answer;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every example runs, and prints what its comments promise. */
@Timeout(60)
class ExamplesTest {

    private static final String[] NO_ARGUMENTS = {};

    @Test
    @Tag("portable")
    void forkKeepsTheOldValue() throws Exception {
        assertThat(printedBy(FirstFork::main)).isEqualTo("space 43, fork 42");
    }

    @Test
    @Tag("portable")
    void forkOfAMapIsChangedAlone() throws Exception {
        assertThat(printedBy(FirstMap::main)).isEqualTo("shop 12, what if 7");
    }

    @Test
    @Tag("portable")
    void noSnapshotHasHalfOfATransfer() throws Exception {
        assertThat(printedBy(TransferInOneStep::main)).isEqualTo("snapshots with a wrong sum: 0");
    }

    @Test
    @Tag("portable")
    void onlyForksWithoutTheLockBreakTheSum() throws Exception {
        String printed = printedBy(ForkFromAnotherThread::main);
        assertThat(printed).startsWith("snapshots in which the sum is wrong, of 20000:")
                .containsPattern("by another thread, under the lock: +0\n")
                .containsPattern("by the writer, between transfers: +0$");
        int wrong = Integer.parseInt(printed.lines().skip(1).findFirst().orElseThrow().replaceAll("\\D+", ""));
        assertThat(wrong).as("snapshots in the middle of a transfer").isPositive();
    }

    @Test
    @Tag("portable")
    void restoredBackupHasAllOrdersUpToTheNewest() throws Exception {
        Restored restored = BackupWhileWriting.run();
        assertThat(restored.orders()).isGreaterThanOrEqualTo(1_000).isEqualTo(restored.newest())
                .isEqualTo(restored.teas());
        assertThat(printedBy(BackupWhileWriting::main))
                .matches("restored (\\d+) orders, the newest is number \\1, and \\1 teas");
    }

    @Test
    @Tag("portable")
    void changeOfAForkLeavesTheParentAlone() throws Exception {
        assertThat(printedBy(WhatIf::main))
                .isEqualTo("now 800, with ten percent more 880\nstill 800\nfrom now on 880");
    }

    @Test
    @Tag("portable")
    void eachForkOfAColumnHasItsOwnChange() throws Exception {
        assertThat(printedBy(_ -> WhatIfColumns.main(new String[] {"1000000"}))).isEqualTo("""
                now 100000000
                what if 100010000
                what if 100020000
                what if 100030000
                what if 100040000
                what if 100050000
                what if 100060000
                what if 100070000
                what if 100080000
                still 100000000""");
    }

    @Test
    void rangeIsSentByteForByte() throws Exception {
        assertThat(printedBy(ZeroCopySend::main)).isEqualTo("sent 1048576 bytes of a moment, 1048576 bytes of a pin");
        try (MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build();
                AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(1L << 20);
            byte[] text = "over the end of a page".getBytes(UTF_8);
            space.copyFrom(text, 0, address + 4090, text.length);
            ByteArrayOutputStream pinned = new ByteArrayOutputStream();
            ZeroCopySend.sendPinned(space, address + 4090, text.length, Channels.newChannel(pinned));
            ByteArrayOutputStream moment = new ByteArrayOutputStream();
            ZeroCopySend.sendMoment(space, address + 4090, text.length, Channels.newChannel(moment));
            assertThat(pinned.toByteArray()).isEqualTo(text).isEqualTo(moment.toByteArray());
        }
    }

    @Test
    @Tag("portable")
    void indexHasEveryUserOfTheFork() throws Exception {
        Answer answer = SecondIndex.run("u500@example.org");
        assertThat(answer.users()).isGreaterThanOrEqualTo(1_000).isEqualTo(answer.indexed());
        assertThat(answer.found()).isEqualTo("500");
        assertThat(printedBy(SecondIndex::main)).matches("(\\d+) users, \\1 in the index, found user 500");
    }

    @Test
    @Tag("portable")
    void copyOfADevicePageStaysOnTheDevice() throws Exception {
        assertThat(printedBy(DeviceTier::main))
                .isEqualTo("space 43 in near, fork 42 in near\nevicted 16\nshort-term pin near, long-term pin refused");
    }

    @Test
    @Tag("portable")
    void deviceAndProcessorWorkOnOneSpace() throws Exception {
        assertThat(printedBy(SkeletonDriver::main))
                .isEqualTo("device saw 42, space 43, fork 42, frames in use 256\nafter the end: frames in use 0");
    }

    /** The main method of an example. */
    private interface Main {
        void run(String[] arguments) throws IOException, InterruptedException, ExecutionException;
    }

    private static String printedBy(Main main) throws IOException, InterruptedException, ExecutionException {
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, UTF_8));
        try {
            main.run(NO_ARGUMENTS);
        } finally {
            System.setOut(out);
        }
        return printed.toString(UTF_8).replace(System.lineSeparator(), "\n").strip();
    }
}
