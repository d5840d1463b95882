package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.Pin;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The kernel's cow suite: neither side of a fork sees what the other writes, and a pin goes on showing the page that it
 * holds. This is tested on every backing, with both assignments of the roles, and with writes by the processor and by a
 * device. Where the kernel takes a plain reference with a pipe, these tests take a short-term pin for reading. Where it
 * registers a buffer with io_uring, they take a long-term pin.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("io.quire.memory.kernel.Backing$Scene#all")
class CopyOnWriteTest extends Rig {

    /** Crosses from one leaf of the table into the next. */
    private static final int PAGES = 6;
    private static final int PAGES_BEFORE = 61;

    private static final MemorySegment OLD = counting(PAGES, 1_000);
    private static final MemorySegment NEW = constant(PAGES, 0xff);

    @Parameter
    Backing.Scene scene;

    private final List<AddressSpace> spaces = new ArrayList<>();
    private final List<Accessor> accessors = new ArrayList<>();
    private final Map<AddressSpace, Attachment> attachments = new HashMap<>();
    private boolean byDevice;
    private long address;

    /** Which side of the fork plays the parent of the original, and if its processor or its device writes. */
    enum Role {
        PARENT(true, false),
        CHILD(false, false),
        DEVICE_OF_PARENT(true, true),
        DEVICE_OF_CHILD(false, true);

        private final boolean isParent;
        private final boolean isDevice;

        Role(boolean isParent, boolean isDevice) {
            this.isParent = isParent;
            this.isDevice = isDevice;
        }
    }

    private record Pair(AddressSpace writer, AddressSpace other) {
    }

    @Override
    DeviceKind kind() {
        return scene.kind();
    }

    @Override
    MemoryManager.Builder configure(MemoryManager.Builder builder) {
        return builder.cowPlacement(scene.placement());
    }

    @AfterEach
    void closeAll() {
        accessors.forEach(Accessor::close);
        spaces.stream().filter(space -> !space.isClosed()).forEach(AddressSpace::close);
    }

    private AddressSpace open(AddressSpace space) {
        spaces.add(space);
        return space;
    }

    private AddressSpace fork(AddressSpace space) {
        return open(space.fork());
    }

    private void close(AddressSpace space) {
        space.close();
        reclaim();
    }

    /** Returns the attachment of the first device to a space; it ends with the space. */
    private Attachment attached(AddressSpace space) {
        return attachments.computeIfAbsent(space, d0::attach);
    }

    /** Writes pages of a space, by the processor or a device as the role says. */
    private void write(AddressSpace space, long start, MemorySegment content) {
        if (byDevice) {
            card0.write(attached(space).mirror(), start, content);
        } else {
            put(space, start, content);
        }
    }

    private void write(AddressSpace space, MemorySegment content) {
        write(space, address, content);
    }

    /** Returns a space with the old content, on the host. If a device will write, it has the pages in its table. */
    private AddressSpace filled(Role role) {
        byDevice = role.isDevice;
        AddressSpace space = open(memory.newAddressSpace());
        address = space.map(bytes(PAGES_BEFORE + PAGES)) + bytes(PAGES_BEFORE);
        write(space, OLD);
        return space;
    }

    /** Moves the pages of a space to the places of the scene. */
    private AddressSpace placed(AddressSpace space) {
        if (scene.backing().isPartlyShared()) {
            AddressSpace sharer = fork(space);
            put(space, address + PAGE, OLD.asSlice(PAGE));
            close(sharer);
        }
        place(space);
        return space;
    }

    private void place(AddressSpace space) {
        if (scene.backing().isOnDevice()) {
            for (int page = 0; page < PAGES; page += scene.backing().isHalf() ? 2 : 1) {
                assertThat(space.migrate(address + page * PAGE, PAGE, d0.pool()).there()).isEqualTo(1);
            }
        }
        if (scene.backing().isExclusive()) {
            attached(space).makeExclusive(address, bytes(PAGES));
        }
    }

    /** Returns a placed space: one that was never forked, or a fork whose parent is open. */
    private AddressSpace subject(Role role) {
        AddressSpace origin = filled(role);
        return placed(role.isParent ? origin : fork(origin));
    }

    private Pair forked(Role role) {
        AddressSpace parent = placed(filled(role));
        AddressSpace child = fork(parent);
        return role.isParent ? new Pair(parent, child) : new Pair(child, parent);
    }

    private Pin pin(AddressSpace space, Entry entry, PinTerm term, PinAccess access) {
        if (entry == Entry.SPACE) {
            return space.pin(address, bytes(PAGES), term, access);
        }
        Accessor accessor = space.accessor();
        accessors.add(accessor);
        return accessor.pin(address, bytes(PAGES), term, access);
    }

    /** Takes a short-term pin, where the kernel uses a pipe. */
    private Pin hold(AddressSpace space) {
        return pin(space, Entry.SPACE, PinTerm.SHORT, PinAccess.READ);
    }

    private long copies() {
        return memory.statistics().pagesCopied();
    }

    /** Checks what the device of a space reads. The pages stay where they are. */
    private void expectOnDevice(AddressSpace space, MemorySegment content) {
        MemorySegment seen = constant(PAGES, 0x77);
        card0.read(attached(space).mirror(), address, seen);
        expectSame(seen, content);
    }

    // ---- fork and write

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: Basic COW after fork() (W1)")
    void otherSideKeepsWhatWasThereAtTheFork(Role role) {
        Pair pair = forked(role);
        expectOnDevice(pair.writer(), OLD);
        expectOnDevice(pair.other(), OLD);
        write(pair.writer(), NEW);
        expectOnDevice(pair.writer(), NEW);
        expectOnDevice(pair.other(), OLD);
        expect(pair.other(), address, OLD);
        expect(pair.writer(), address, NEW);
        if (scene.backing() == Backing.COHERENT) {
            expectPlaces(pair.writer(), address, PAGES, scene.placement() == CowPlacement.HOST ? Place.HOST
                    : Place.DEVICE_COHERENT);
            expectPlaces(pair.other(), address, PAGES, Place.DEVICE_COHERENT);
        }
        write(pair.other(), counting(PAGES, 5));
        expectOnDevice(pair.writer(), NEW);
        expectOnDevice(pair.other(), counting(PAGES, 5));
        expect(pair.writer(), address, NEW);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: Basic COW after fork() with mprotect() optimization (W2)")
    void protectionThatIsLiftedDoesNotUnsharePages(Role role) {
        Pair pair = forked(role);
        protectDownAndUp(pair.writer(), address, PAGES);
        expectOnDevice(pair.writer(), OLD);
        write(pair.writer(), NEW);
        expectOnDevice(pair.writer(), NEW);
        expect(pair.other(), address, OLD);
        expect(pair.writer(), address, NEW);
    }

    // ---- pages that are held and not mapped

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: vmsplice() + unmap in child (W3, CVE-2020-29374)")
    void holderThatUnmappedDoesNotSeeWhatTheOtherSideWrites(Role role) {
        Pair pair = forked(role);
        try (Pin held = hold(pair.other())) {
            pair.other().unmap(address, bytes(PAGES));
            write(pair.writer(), NEW);
            expectPinned(held, OLD);
            expect(pair.writer(), address, NEW);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: vmsplice() + unmap in child with mprotect() optimization (W4)")
    void holderThatUnmappedSeesNoWriteAfterTheProtectionIsLifted(Role role) {
        Pair pair = forked(role);
        try (Pin held = hold(pair.other())) {
            pair.other().unmap(address, bytes(PAGES));
            protectDownAndUp(pair.writer(), address, PAGES);
            write(pair.writer(), NEW);
            expectPinned(held, OLD);
            expect(pair.writer(), address, NEW);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: vmsplice() before fork(), unmap in parent after fork() (W5)")
    void holderFromBeforeTheForkDoesNotSeeWhatTheForkWrites(Role role) {
        AddressSpace holder = subject(role);
        try (Pin held = hold(holder)) {
            AddressSpace writer = fork(holder);
            holder.unmap(address, bytes(PAGES));
            write(writer, NEW);
            expectPinned(held, OLD);
            expect(writer, address, NEW);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: vmsplice() + unmap in parent after fork() (W6)")
    void holderFromAfterTheForkDoesNotSeeWhatTheForkWrites(Role role) {
        AddressSpace holder = subject(role);
        AddressSpace writer = fork(holder);
        try (Pin held = hold(holder)) {
            holder.unmap(address, bytes(PAGES));
            write(writer, NEW);
            expectPinned(held, OLD);
            expect(writer, address, NEW);
        }
    }

    // ---- pins stay in step with the mapping

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O-mapping a page registered as iouring fixed buffer (W7)")
    void pinShowsWhatIsWrittenAfterTheProtectionIsLifted(Role role) {
        AddressSpace space = subject(role);
        try (Pin pin = pin(space, Entry.SPACE, PinTerm.LONG, PinAccess.WRITE)) {
            protectDownAndUp(space, address, PAGES);
            write(space, NEW);
            expectPinned(pin, NEW);
            putPinned(pin, OLD);
            expect(space, address, OLD);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: fork() with an iouring fixed buffer (W8)")
    void pinBelongsToTheSideThatTookItAfterFork(Role role) {
        AddressSpace space = subject(role);
        try (Pin pin = pin(space, Entry.SPACE, PinTerm.LONG, PinAccess.WRITE)) {
            AddressSpace child = fork(space);
            AddressSpace second = fork(space);
            putPinned(pin, NEW);
            expect(child, address, OLD);
            expect(second, address, OLD);
            expect(space, address, NEW);
            write(space, counting(PAGES, 7));
            expectPinned(pin, counting(PAGES, 7));
            write(child, NEW);
            expectPinned(pin, counting(PAGES, 7));
            expect(second, address, OLD);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O GUP pin on R/O-mapped shared page (W9)")
    void pinOfASharedPageFollowsItsOwnSide(Role role) {
        expectPinFollows(forked(role), Entry.SPACE);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O GUP-fast pin on R/O-mapped shared page (W10)")
    void pinOfASharedPageByAnAccessorFollowsItsOwnSide(Role role) {
        expectPinFollows(forked(role), Entry.ACCESSOR);
    }

    private void expectPinFollows(Pair pair, Entry entry) {
        try (Pin pin = pin(pair.writer(), entry, PinTerm.LONG, PinAccess.READ)) {
            expectPinned(pin, OLD);
            write(pair.writer(), NEW);
            expectPinned(pin, NEW);
            write(pair.other(), counting(PAGES, 9));
            expectPinned(pin, NEW);
            expect(pair.writer(), address, NEW);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O GUP pin on R/O-mapped previously-shared page (W11)")
    void pinOfAPageThatIsSharedNoMoreCopiesNothing(Role role) {
        expectPinWithoutCopy(leftAlone(role), Entry.SPACE);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O GUP-fast pin on R/O-mapped previously-shared page (W12)")
    void pinOfAPageThatIsSharedNoMoreByAnAccessorCopiesNothing(Role role) {
        expectPinWithoutCopy(leftAlone(role), Entry.ACCESSOR);
    }

    private AddressSpace leftAlone(Role role) {
        Pair pair = forked(role);
        close(pair.other());
        return pair.writer();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O GUP pin on R/O-mapped exclusive page (W13)")
    void pinOfAnOwnPageCopiesNothing(Role role) {
        expectPinWithoutCopy(owning(role), Entry.SPACE);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O GUP-fast pin on R/O-mapped exclusive page (W14)")
    void pinOfAnOwnPageByAnAccessorCopiesNothing(Role role) {
        expectPinWithoutCopy(owning(role), Entry.ACCESSOR);
    }

    /** Returns a space that shares no page, though it may be a fork; all its pages were protected once. */
    private AddressSpace owning(Role role) {
        AddressSpace origin = filled(role);
        AddressSpace space = role.isParent ? origin : fork(origin);
        write(space, OLD);
        placed(space);
        protectDownAndUp(space, address, PAGES);
        return space;
    }

    private void expectPinWithoutCopy(AddressSpace space, Entry entry) {
        long copies = copies();
        try (Pin pin = pin(space, entry, PinTerm.LONG, PinAccess.READ)) {
            write(space, NEW);
            expectPinned(pin, NEW);
            expect(space, address, NEW);
            assertThat(copies()).as("pages copied").isEqualTo(copies);
        }
    }

    // ---- operations on ranges treat every page by itself

    /** Moves a range as a whole to a device and back, and makes it read-only and writable again. */
    private void treatAsOne(AddressSpace space) {
        space.migrate(address, bytes(PAGES), d0.pool());
        space.migrate(address, bytes(PAGES), memory.hostPool());
        protectDownAndUp(space, address, PAGES);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: Basic COW after fork() when collapsing before fork() (W15)")
    void rangeThatWasTreatedAsOneBeforeTheForkIsCopiedPageByPage(Role role) {
        AddressSpace parent = placed(filled(role));
        treatAsOne(parent);
        AddressSpace child = fork(parent);
        AddressSpace writer = role.isParent ? parent : child;
        write(writer, NEW);
        expect(role.isParent ? child : parent, address, OLD);
        expect(writer, address, NEW);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: Basic COW after fork() when collapsing after fork() (fully shared) (W16)")
    void rangeThatIsSharedStaysSharedWhenItIsTreatedAsOne(Role role) {
        Pair pair = forked(role);
        treatAsOne(pair.writer());
        write(pair.writer(), NEW);
        expect(pair.other(), address, OLD);
        expect(pair.writer(), address, NEW);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: Basic COW after fork() when collapsing after fork() (lower shared) (W17)")
    void lowerHalfThatIsSharedStaysSharedWhenTheRangeIsTreatedAsOne(Role role) {
        expectHalfShared(role, PAGES / 2);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: Basic COW after fork() when collapsing after fork() (upper shared) (W18)")
    void upperHalfThatIsSharedStaysSharedWhenTheRangeIsTreatedAsOne(Role role) {
        expectHalfShared(role, 0);
    }

    private void expectHalfShared(Role role, int firstOwned) {
        Pair pair = forked(role);
        long owned = address + firstOwned * PAGE;
        write(pair.writer(), owned, OLD.asSlice(firstOwned * PAGE, bytes(PAGES / 2)));
        long copies = copies();
        treatAsOne(pair.writer());
        write(pair.writer(), NEW);
        assertThat(copies() - copies).as("copied pages, which must be the shared ones").isEqualTo(PAGES / 2);
        expect(pair.other(), address, OLD);
        expect(pair.writer(), address, NEW);
    }

    // ---- pages of zeros

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: Basic COW on shared zeropage (W19)")
    void writeToAnEmptyPageShowsInNoOtherEmptyPage(Role role) {
        byDevice = role.isDevice;
        AddressSpace parent = open(memory.newAddressSpace());
        address = parent.map(bytes(PAGES));
        long other = parent.map(bytes(PAGES));
        Attachment device = d1.attach(parent);
        expectRead(card1, device, address, constant(PAGES, 0), 1);
        expectRead(card1, device, other, constant(PAGES, 0), 1);
        place(parent);
        AddressSpace child = fork(parent);
        AddressSpace writer = role.isParent ? parent : child;
        AddressSpace reader = role.isParent ? child : parent;
        write(writer, NEW);
        expect(writer, other, constant(PAGES, 0));
        expect(reader, address, constant(PAGES, 0));
        expect(reader, other, constant(PAGES, 0));
        MemorySegment seen = constant(PAGES, 7);
        card1.read(device.mirror(), address, seen);
        expectSame(seen, role.isParent ? NEW : constant(PAGES, 0));
        expect(writer, address, NEW);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O longterm GUP pin on shared zeropage (W20)")
    void longPinOfAnEmptyPageShowsWhatIsWrittenLater(Role role) {
        expectPinOfZerosFollows(role, Entry.SPACE);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("cow: R/O longterm GUP-fast pin on shared zeropage (W21)")
    void longPinOfAnEmptyPageByAnAccessorShowsWhatIsWrittenLater(Role role) {
        expectPinOfZerosFollows(role, Entry.ACCESSOR);
    }

    private void expectPinOfZerosFollows(Role role, Entry entry) {
        byDevice = role.isDevice;
        AddressSpace parent = open(memory.newAddressSpace());
        address = parent.map(bytes(PAGES));
        AddressSpace child = fork(parent);
        AddressSpace space = role.isParent ? parent : child;
        place(space);
        for (PinTerm term : PinTerm.values()) {
            try (Pin pin = pin(space, entry, term, PinAccess.READ)) {
                expectPinned(pin, constant(PAGES, 0));
                write(space, NEW);
                expectPinned(pin, NEW);
                expect(role.isParent ? child : parent, address, constant(PAGES, 0));
            }
            space.discard(address, bytes(PAGES));
        }
    }
}
