package io.quire.memory.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryPool;
import io.quire.memory.Pin;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.softdevice.SoftwareDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * One of several threads that use one space. Each has its own pages, in leaves that all threads share. No other thread
 * writes these pages, so the worker knows their content, though other threads move, fork and pin them meanwhile.
 */
final class StripedWorker {

    private static final int PAGE = TieredManager.PAGE;

    private final TieredManager tiers;
    private final AddressSpace space;
    private final Map<SoftwareDevice, Attachment> attachments;
    private final long[] pages;
    private final long[] expected;
    private final SplittableRandom random;
    private long next;

    StripedWorker(TieredManager tiers, AddressSpace space, Map<SoftwareDevice, Attachment> attachments, long[] pages,
            SplittableRandom random) {
        this.tiers = tiers;
        this.space = space;
        this.attachments = attachments;
        this.pages = pages;
        this.expected = new long[pages.length];
        this.random = random;
    }

    void work(BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            while (running.getAsBoolean()) {
                step(accessor, random.nextInt(pages.length));
            }
        }
    }

    /** Checks the content of the pages after all threads have ended. */
    void check() {
        for (int i = 0; i < pages.length; i++) {
            assertThat(space.getLong(pages[i])).as("page 0x%x at the end", pages[i]).isEqualTo(expected[i]);
        }
    }

    private void step(Accessor accessor, int i) {
        long page = pages[i];
        int kind = random.nextInt(18);
        next++;
        SoftwareDevice device = tiers.devices().get(random.nextInt(tiers.devices().size()));
        Attachment attached = attachments.get(device);
        switch (kind) {
            case 0, 1 -> expect(i, accessor.getLong(page), "accessor");
            case 2 -> expect(i, space.getLong(page), "space");
            case 3, 4 -> {
                accessor.setLong(page, next);
                expected[i] = next;
            }
            case 5 -> {
                space.fill(page, PAGE, (byte) next);
                expected[i] = accessor.getLong(page);
                assertThat((byte) expected[i]).isEqualTo((byte) next);
            }
            case 6 -> {
                expect(i, accessor.getAndAddLong(page, 3), "getAndAdd");
                expected[i] += 3;
            }
            case 7 -> {
                space.discard(page, PAGE);
                expected[i] = 0;
            }
            case 8 -> {
                space.protect(page, PAGE, random.nextBoolean() ? Protection.READ_ONLY : Protection.NONE);
                space.protect(page, PAGE, Protection.READ_WRITE);
            }
            case 9, 10 -> migrate(page);
            case 11, 12 -> pin(accessor, i);
            case 13, 14 -> {
                long[] word = new long[1];
                device.read(attached.mirror(), page, MemorySegment.ofArray(word));
                expect(i, word[0], device.name());
            }
            case 15 -> {
                device.write(attached.mirror(), page, MemorySegment.ofArray(new long[] {next}));
                expected[i] = next;
            }
            case 16 -> {
                expect(i, device.atomicAdd(attached.mirror(), page, 5).value(), device.name() + " adds");
                expected[i] += 5;
            }
            default -> attached.makeExclusive(page, PAGE);
        }
    }

    private void expect(int i, long seen, String who) {
        assertThat(seen).as("page 0x%x, by %s", pages[i], who).isEqualTo(expected[i]);
    }

    private void migrate(long page) {
        List<MemoryPool> pools = tiers.manager().pools();
        PageOutcome outcome = space.migrate(page, PAGE, pools.get(random.nextInt(pools.size()))).outcome(page);
        assertThat(outcome).as("outcome for a page that nobody pins").isNotEqualTo(PageOutcome.PINNED);
    }

    private void pin(Accessor accessor, int i) {
        long page = pages[i];
        PinTerm term = random.nextBoolean() ? PinTerm.LONG : PinTerm.SHORT;
        boolean fast = random.nextBoolean();
        try (Pin pin = fast ? accessor.pin(page, PAGE, term, PinAccess.WRITE)
                : space.pin(page, PAGE, term, PinAccess.WRITE)) {
            MemorySegment view = pin.segments().getFirst();
            PageState state = pin.state(page);
            assertThat(term == PinTerm.SHORT || state.place() == PageState.Place.HOST).as("%s", state).isTrue();
            expect(i, view.get(ValueLayout.JAVA_LONG, 0), "pin");
            accessor.setLong(page, next);
            assertThat(view.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(next);
            view.set(ValueLayout.JAVA_LONG, 0, -next);
            assertThat(accessor.getLong(page)).isEqualTo(-next);
            PageState now = space.pageState(page);
            assertThat(now.pinned()).isTrue();
            assertThat(now.pool()).isEqualTo(state.pool());
            expected[i] = -next;
        }
    }
}
