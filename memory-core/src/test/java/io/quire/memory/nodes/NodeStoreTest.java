package io.quire.memory.nodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.StructureFullException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NodeStoreTest {

    private static final int GRANULES = 16;

    private final MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final NodeRegion region = NodeRegion.create("test", space, 1L << 30, 4711, 0);
    private final NodeStore store = new NodeStore(region);

    @AfterEach
    void close() {
        space.close();
        memory.close();
    }

    private void set(int at, long value) {
        space.setLong(region.address() + at, value);
    }

    /** Makes it look as if all pages were in use except some. */
    private void fillUpExcept(int... pages) {
        int counts = (region.firstPage() - 1) * 4096;
        space.fill(region.address() + StoreHeader.BYTES, counts, (byte) 0);
        for (long at = region.address() + StoreHeader.BYTES; counts > 0; at += 2, counts -= 2) {
            space.setShort(at, (short) 200);
        }
        for (int page : pages) {
            space.setShort(region.address() + StoreHeader.countAt(page), (short) 0);
        }
        set(StoreHeader.TOP_AT, region.pages());
        set(StoreHeader.FREE_AT, pages.length);
        set(StoreHeader.LIVE_AT, 200L * (region.pages() - region.firstPage() - pages.length));
    }

    @Test
    void lastFreePageOfALargeRegionIsFound() {
        int last = region.pages() - 1;
        int middle = region.pages() / 2;
        fillUpExcept(middle, last);
        store.begin();
        assertThatThrownBy(() -> store.allocate(Purpose.BUCKET, GRANULES)).isInstanceOf(StructureFullException.class);
        store.beginMakingRoom(); // which may take the last pages
        for (int page : new int[] {last, middle}) {
            for (int i = 0; i < NodeRef.GRANULES_PER_PAGE / GRANULES; i++) {
                store.begin();
                assertThat(NodeRef.page(store.allocate(Purpose.BUCKET, GRANULES))).isEqualTo(page);
                store.commit();
            }
        }
        store.begin();
        assertThatThrownBy(() -> store.allocate(Purpose.BUCKET, GRANULES)).isInstanceOf(StructureFullException.class);
    }

    @Test
    void pagesThatAreFreeAreHandedOutOnce() {
        int first = region.firstPage();
        int[] free = new int[10];
        for (int i = 0; i < free.length; i++) {
            free[i] = first + 7 * i;
        }
        fillUpExcept(free);
        store.beginMakingRoom(); // which may take the last pages
        for (int i = 0; i < free.length; i++) {
            store.begin();
            int page = NodeRef.page(store.allocate(Purpose.BUCKET, NodeRef.GRANULES_PER_PAGE));
            assertThat(free).contains(page);
            free[(page - first) / 7] = 0;
            store.commit();
        }
        assertThat(free).containsOnly(0);
    }

    @Test
    void changeThatIsNotCommittedHasNotHappened() {
        store.begin();
        int ref = store.allocate(Purpose.BUCKET, GRANULES);
        store.addEntries(1);
        store.setRoot(ref);
        store.begin();
        assertThat(store.entries()).isZero();
        assertThat(store.root()).isEqualTo(NodeRef.NONE);
        assertThat(store.allocate(Purpose.BUCKET, GRANULES)).isEqualTo(ref);
    }

    @Test
    void pageIsUsedAgainWhenAllItsNodesAreFreeAndNotBefore() {
        int perPage = NodeRef.GRANULES_PER_PAGE / GRANULES;
        int[] nodes = new int[perPage];
        for (int i = 0; i < perPage; i++) {
            store.begin();
            nodes[i] = store.allocate(Purpose.BUCKET, GRANULES);
            store.commit();
        }
        for (int i = 0; i < perPage; i++) {
            store.countAllNotes();
            assertThat(free()).isZero();
            store.begin();
            store.free(nodes[i], GRANULES);
            store.commit();
        }
        long epoch = space.getLong(region.address() + StoreHeader.EPOCH_AT);
        store.countAllNotes();
        assertThat(free()).isEqualTo(1);
        assertThat(space.getLong(region.address() + StoreHeader.EPOCH_AT)).isGreaterThan(epoch);
        store.begin();
        assertThat(NodeRef.page(store.allocate(Purpose.INNER, 4))).isEqualTo(NodeRef.page(nodes[0]));
        store.commit();
        assertThat(free()).isZero();
    }

    private long free() {
        return space.getLong(region.address() + StoreHeader.FREE_AT);
    }

    @Test
    void impossibleHeadersAreRefused() {
        int[] words = {StoreHeader.TOP_AT, StoreHeader.FREE_AT, StoreHeader.LIVE_AT, StoreHeader.NOTED_AT,
            StoreHeader.STACK_AT, StoreHeader.SHARING_AT, StoreHeader.ENTRIES_AT, StoreHeader.openAt(0),
            StoreHeader.openAt(Purpose.COUNT - 1)};
        for (int at : words) {
            long before = space.getLong(region.address() + at);
            for (long forged : new long[] {-1, Long.MIN_VALUE, Integer.MIN_VALUE}) {
                set(at, forged);
                assertThatIllegalStateException().as("%d", at).isThrownBy(store::begin)
                        .withMessageContaining("the test is damaged: its header is impossible");
            }
            set(at, before);
            store.begin();
        }
    }

    @Test
    void impossibleNotesAreRefused() {
        long good = Note.of(NodeRef.of(region.firstPage(), 0), GRANULES);
        set(StoreHeader.TOP_AT, region.firstPage() + 1);
        set(StoreHeader.NOTED_AT, 1);
        for (long forged : new long[] {0, -1, good | 1L << 31, good - (1L << 36), Note.ofTaken(region.firstPage() - 1),
            Note.ofTaken(region.firstPage() + 1), good + 250, good | 1L << 48}) {
            set(StoreHeader.noteAt(0), forged);
            assertThatIllegalStateException().as(Long.toHexString(forged)).isThrownBy(store::countAllNotes)
                    .withMessageContaining("a note is impossible");
        }
        set(StoreHeader.noteAt(0), good); // 16 granules of a page that has none
        set(StoreHeader.LIVE_AT, GRANULES);
        store.countAllNotes();
        assertThat(space.getShort(region.address() + StoreHeader.countAt(region.firstPage())))
                .isEqualTo((short) -GRANULES);
    }
}
