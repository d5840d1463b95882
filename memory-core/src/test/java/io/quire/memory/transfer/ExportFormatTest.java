package io.quire.memory.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.quire.memory.AddressSpace;
import io.quire.memory.contract.InvalidExportException;
import io.quire.memory.contract.Protection;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Damaged, truncated, foreign and forged exports are refused, and leave nothing. */
@Tag("portable")
@ExtendWith(Seed.class)
class ExportFormatTest {

    private static final int PAGE = Image.PAGE;
    private static final long FIRST = 1 << 20;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(4L << 20);

    private AddressSpace space;
    private AddressSpace base;

    /** Two pages of one record and one of another; three mappings. */
    private byte[] full;
    /** A page, and a record of holes. */
    private byte[] increment;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("s");
        space.mapAt(FIRST, 8L * PAGE);
        space.mapAt(1 << 30, PAGE);
        space.fill(FIRST, 2L * PAGE, (byte) 1);
        space.setLong(1 << 30, 5);
        space.protect(FIRST + 6 * PAGE, PAGE, Protection.READ_ONLY);
        base = space.snapshot("base");
        full = Exports.of(base);
        space.setLong(FIRST, 2);
        space.discard(FIRST + PAGE, PAGE);
        increment = Exports.since(base, space);
    }

    @AfterEach
    void close() {
        base.close();
        space.close();
    }

    private void isRefused(byte[] export, String what) {
        Throwable thrown = catchThrowable(() -> Exports.read(export, leaks.manager()).close());
        assertThat(thrown).as("import %s", what).isInstanceOf(InvalidExportException.class);
        assertThat(((InvalidExportException) thrown).position()).as(what).isBetween(0L, (long) export.length);
        isClean();
    }

    private void isRefusedByBase(byte[] export, String what) {
        Throwable thrown = catchThrowable(() -> Exports.read(export, base).close());
        assertThat(thrown).as("apply %s", what).isInstanceOf(InvalidExportException.class);
        isClean();
    }

    private void isClean() {
        assertThat(leaks.manager().openSpaces()).hasSize(2);
        leaks.manager().reclaim(1000);
    }

    // ---- damage

    @Test
    void everyFlippedByteIsFound() {
        Image before = Image.of(base);
        for (int i = 0; i < full.length; i++) {
            isRefused(flipped(full, i, 1 << i % 8), "with a bit of byte " + i + " flipped");
        }
        for (int i = 0; i < increment.length; i++) {
            isRefusedByBase(flipped(increment, i, 1 << i % 8), "with a bit of byte " + i + " flipped");
        }
        assertThat(Image.of(base).isSameAs(before)).isTrue();
        Exports.read(full, leaks.manager()).close();
        Exports.read(increment, base).close();
    }

    private static byte[] flipped(byte[] export, int at, int bits) {
        byte[] damaged = export.clone();
        damaged[at] ^= (byte) bits;
        return damaged;
    }

    @Test
    void everyShorterLengthIsFoundAndSaysWhereItEnds() {
        for (int length = 0; length < full.length; length++) {
            byte[] cut = Arrays.copyOf(full, length);
            assertThatThrownBy(() -> Exports.read(cut, leaks.manager()).close())
                    .isInstanceOfSatisfying(InvalidExportException.class,
                            refused -> assertThat(refused.position()).isEqualTo(cut.length))
                    .hasMessageContaining("at byte=" + length).hasMessageContaining("ends too early");
            isClean();
        }
        for (int length = 0; length < increment.length; length++) {
            isRefusedByBase(Arrays.copyOf(increment, length), "of length " + length);
        }
    }

    @RepeatedTest(20)
    void partsThatAreSwappedDoubledOrLeftOutAreFound(SplittableRandom random) {
        int from = random.nextInt(full.length - 1);
        int to = from + 1 + random.nextInt(full.length - 1 - from);
        byte[] doubled = joined(Arrays.copyOf(full, to), Arrays.copyOfRange(full, from, full.length));
        if (Arrays.mismatch(full, doubled) < full.length) { // else the whole export comes first
            isRefused(doubled, "with a part twice");
        }
        isRefused(joined(Arrays.copyOf(full, from), Arrays.copyOfRange(full, to, full.length)), "with a gap");
    }

    /** Each record by itself is right, but they come from two exports. */
    @Test
    void recordOfAnotherExportIsFound() {
        AddressSpace other = base.fork();
        other.setLong(1 << 30, 6);
        byte[] theirs = Exports.of(other);
        other.close();
        int split = full.length - RecordHeader.sizeBytes(1) - RecordHeader.SIZE_BYTES - RecordHeader.TAIL_BYTES;
        byte[] spliced = full.clone();
        System.arraycopy(theirs, split, spliced, split, RecordHeader.sizeBytes(1));
        isRefused(spliced, "with a page of another export");
        byte[] joined = joined(Arrays.copyOf(full, split), Arrays.copyOfRange(theirs, split, theirs.length));
        isRefused(joined, "with the end of another export");
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    // ---- foreign files, and what follows

    @Test
    void foreignInputIsRefusedAtItsFirstByte(@TempDir Path folder) throws Exception {
        byte[] text = "This is a text. ".repeat(100).getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> Exports.read(text, leaks.manager())).isInstanceOf(InvalidExportException.class)
                .hasMessageContaining("at byte=0").hasMessageContaining("does not begin as an export");
        isRefused(new byte[10_000], "of zeros");
        isRefused(new byte[0], "of nothing");
        Path empty = Files.createFile(folder.resolve("empty"));
        assertThatThrownBy(() -> SpaceImport.from(empty).into(leaks.manager()))
                .isInstanceOf(InvalidExportException.class);
        assertThatThrownBy(() -> SpaceImport.from(folder.resolve("none")).into(leaks.manager()))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void fileThatGoesOnIsRefusedAndAChannelIsReadUpToTheEndOfTheExport(@TempDir Path folder) throws Exception {
        byte[] more = joined(full, new byte[] {1, 2});
        Path file = Files.write(folder.resolve("more"), more);
        assertThatThrownBy(() -> SpaceImport.from(file).into(leaks.manager()))
                .isInstanceOfSatisfying(InvalidExportException.class,
                        refused -> assertThat(refused.position()).isEqualTo(full.length))
                .hasMessageContaining("bytes follow the end");
        isClean();
        ByteBuffer source = ByteBuffer.wrap(joined(more, full)).position(0);
        SpaceImport.from(new TestChannels.FromBuffer(source)).into(leaks.manager()).close();
        assertThat(source.position()).isEqualTo(full.length);
        source.position(full.length + 2);
        SpaceImport.from(new TestChannels.FromBuffer(source)).into(leaks.manager()).close();
    }

    @Test
    void otherVersionAndOtherByteOrderAreNamed() {
        assertThatThrownBy(() -> Exports.read(flipped(full, 11, 3), leaks.manager()))
                .hasMessageContaining("at byte=8").hasMessageContaining("another version").hasMessageContaining(": 2");
        byte[] big = flipped(full, 12, 3);
        ByteBuffer.wrap(big).putInt(64, Checksums.of(ByteBuffer.wrap(big), 0, 64));
        assertThatThrownBy(() -> Exports.read(big, leaks.manager())).hasMessageContaining("other byte order");
    }

    // ---- forged, with right checksums

    /** Writes exports that say what a test wants. */
    private static final class Forger {

        private final ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
        private final CRC32C whole = new CRC32C();

        Forger(int mappings, long pages, boolean incremental) {
            put(() -> new ExportHeader(mappings, new UUID(1, 1), incremental ? new UUID(2, 2) : null, pages)
                    .put(bytes));
        }

        private void put(Runnable content) {
            int start = bytes.position();
            content.run();
            whole.update(bytes.slice(start, bytes.position() - start));
        }

        /** Three words for each mapping: address, size, code of the protection. */
        Forger mappings(long... words) {
            int start = bytes.position();
            for (int i = 0; i < words.length; i += 3) {
                int at = i;
                put(() -> bytes.putLong(words[at]).putLong(words[at + 1]).putInt((int) words[at + 2]));
            }
            int sum = Checksums.of(bytes, start, bytes.position() - start);
            put(() -> bytes.putInt(sum));
            return this;
        }

        Forger record(int kind, long address, long pages) {
            put(() -> new RecordHeader(kind, address, pages).put(bytes));
            return this;
        }

        Forger pages(long address, int pages) {
            record(RecordHeader.PAGE, address, pages);
            put(() -> {
                for (int page = 0; page < pages; page++) {
                    bytes.putInt(Checksums.ofPage(ByteBuffer.allocate(PAGE), 0));
                }
            });
            bytes.position(bytes.position() + pages * PAGE);
            return this;
        }

        byte[] end(long pages) {
            record(RecordHeader.END, 0, pages);
            bytes.putInt((int) whole.getValue()).putLong(RecordHeader.END_MARK);
            return Arrays.copyOf(bytes.array(), bytes.position());
        }
    }

    private static Forger forger(long pages) {
        return new Forger(1, pages, false).mappings(FIRST, 100L * PAGE, 3);
    }

    @Test
    void forgerWritesWhatIsAccepted() {
        Exports.read(forger(3).pages(FIRST, 1).pages(FIRST + PAGE, 2).end(3), leaks.manager()).close();
    }

    @Test
    void forgedListOfMappingsIsRefused() {
        long[][] lists = {{0, PAGE, 3}, {PAGE, PAGE, 3}, {-PAGE, PAGE, 3}, {FIRST + 1, PAGE, 3}, {FIRST, 1, 3},
            {FIRST, 0, 3}, {FIRST, -PAGE, 3}, {FIRST, Long.MIN_VALUE, 3}, {FIRST, 1L << 47, 3},
            {1L << 47, PAGE, 3}, {Long.MAX_VALUE - 4095, PAGE, 3}, {FIRST, PAGE, 2}, {FIRST, PAGE, -1},
            {FIRST, 2 * PAGE, 3, FIRST + PAGE, PAGE, 3}, {FIRST, PAGE, 3, FIRST, PAGE, 3},
            {FIRST + PAGE, PAGE, 3, FIRST, PAGE, 3}};
        for (long[] list : lists) {
            isRefused(new Forger(list.length / 3, 0, false).mappings(list).end(0), Arrays.toString(list));
        }
    }

    @Test
    void forgedCountsAreRefusedBeforeAnythingIsAllocatedForThem() {
        isRefused(new Forger(Integer.MAX_VALUE, 0, false).mappings(FIRST, PAGE, 3).end(0), "of many mappings");
        isRefused(new Forger(-1, 0, false).mappings().end(0), "of negative mappings");
        isRefused(forger(Long.MAX_VALUE).pages(FIRST, 1).end(Long.MAX_VALUE), "of many pages");
        isRefused(forger(-1).end(-1), "of negative pages");
        isRefused(forger(1).end(1), "without the page");
        byte[] more = forger(1).pages(FIRST, 1).pages(FIRST + PAGE, 1).end(1);
        assertThatThrownBy(() -> Exports.read(more, leaks.manager())).isInstanceOf(InvalidExportException.class)
                .hasMessageContaining("too many pages");
        isClean();
        isRefused(forger(1).pages(FIRST, 1).end(0), "whose end says less");
    }

    @Test
    void forgedRecordsAreRefused() {
        Consumer<byte[]> refused = export -> isRefused(export, "with a forged record");
        for (long pages : new long[] {0, -1, 65, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 52}) {
            refused.accept(forger(Math.abs(pages)).record(RecordHeader.PAGE, FIRST, pages).end(0));
        }
        for (long address : new long[] {0, -PAGE, FIRST - PAGE, FIRST + 1, FIRST + 100 * PAGE, 1L << 47, Long.MIN_VALUE,
            Long.MAX_VALUE}) {
            refused.accept(forger(1).pages(address, 1).end(1));
        }
        refused.accept(forger(2).pages(FIRST + 99 * PAGE, 2).end(2));
        refused.accept(forger(2).pages(FIRST, 1).pages(FIRST, 1).end(2));
        refused.accept(forger(3).pages(FIRST + PAGE, 2).pages(FIRST, 1).end(3));
        refused.accept(forger(0).record(RecordHeader.HOLE, FIRST, 1).end(0));
        refused.accept(forger(0).record(0, FIRST, 1).end(0));
        refused.accept(forger(0).record(RecordHeader.END, FIRST, 0).end(0));
    }

    /** Mappings of a full export may touch, if their protections differ or not: they are joined. */
    @Test
    void mappingsThatTouchAreJoined() {
        byte[] export = new Forger(2, 2, false).mappings(FIRST, PAGE, 3, FIRST + PAGE, PAGE, 1).pages(FIRST, 2).end(2);
        try (AddressSpace restored = Exports.read(export, leaks.manager())) {
            assertThat(restored.mappings()).hasSize(2);
        }
    }
}
