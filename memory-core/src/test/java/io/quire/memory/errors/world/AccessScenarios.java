package io.quire.memory.errors.world;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Pin;
import io.quire.memory.RunCursor;
import io.quire.memory.WritableRunCursor;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.errors.Scenario;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Accessors, pins and cursors of one space. */
public final class AccessScenarios {

    private AccessScenarios() {
    }

    public static List<Scenario> all() {
        return List.of(
                of("accessor", world -> world.accessor()),
                of("first write by an accessor", world -> world.accessor().setLong(world.shared + 8, 42)),
                of("zero fill by an accessor", world -> world.accessor().setLong(world.empty + 8, 42)),
                of("read by an accessor", world -> world.accessor().getLong(world.shared + 8)),
                new Scenario("read by an accessor whose cache grows", () -> new Accesses(5, Accesses::readApart)),
                ready("write by an accessor that has written", world -> world.accessor().setLong(world.own + 8, 42)),
                ready("range write by an accessor", world -> world.accessor().fill(world.shared, World.PAGE, (byte) 7)),
                of("copy in a space", world -> world.space.copy(world.own, world.shared + 8, 2L * World.PAGE)),
                ready("copy by an accessor", world -> world.accessor().copy(world.own, world.shared, World.PAGE)),
                ready("close of an accessor", Accesses::closeAccessor),
                of("gather", world -> world.space.gatherLongs(new long[] {world.own + 8, world.shared + 8},
                        new long[2], 2)),
                of("short pin", world -> world.pin(PinTerm.SHORT, PinAccess.READ)),
                of("long pin", world -> world.pin(PinTerm.LONG, PinAccess.WRITE)),
                ready("first pin by an accessor", Accesses::pinByAccessor),
                pinned("next pin by an accessor", Accesses::pinAgainByAccessor),
                pinned("unpin", Accesses::unpin),
                shown("unpin with segments", Accesses::unpin),
                shown("end of segments that are not used", world -> {
                    world.unpin();
                    world.manager.trim();
                }),
                pinned("unpin by an accessor", Accesses::unpinByAccessor),
                pinned("segments", world -> world.pinOfSpace().segments()),
                pinned("segments of an accessor's pin", world -> world.pinOfAccessor().segments()),
                pinned("fork with pins", world -> world.fork(false)),
                pinned("snapshot with pins", world -> world.fork(true)),
                pinned("first write of a pinned page", world -> world.space.setLong(world.shared + 8, 42)),
                pinned("unmap of pinned pages", world -> world.space.unmap(world.shared, 2L * World.PAGE)),
                pinned("close of an accessor with a pin", Accesses::closeAccessor),
                pinned("close of a space with pins", Accesses::closeSpace),
                of("runs", Accesses::runs),
                cursor("next run", world -> world.cursor().next()),
                cursor("next run that was written", world -> world.cursor().nextWritten()),
                cursor("close of a cursor", world -> world.cursor().close()),
                of("writable runs", Accesses::writableRuns),
                of("first writable run", world -> {
                    world.writableRuns();
                    world.writableCursor().next();
                }),
                writing("next writable run", world -> world.writableCursor().next()),
                writing("next writable run that was written", world -> world.writableCursor().nextWritten()),
                writing("close of a writable cursor", world -> world.writableCursor().close()));
    }

    private static Scenario of(String name, Consumer<Accesses> act) {
        return new Scenario(name, () -> new Accesses(0, act));
    }

    private static Scenario ready(String name, Consumer<Accesses> act) {
        return new Scenario(name, () -> new Accesses(1, act));
    }

    private static Scenario pinned(String name, Consumer<Accesses> act) {
        return new Scenario(name, () -> new Accesses(2, act));
    }

    private static Scenario shown(String name, Consumer<Accesses> act) {
        return new Scenario(name, () -> new Accesses(4, act));
    }

    private static Scenario cursor(String name, Consumer<Accesses> act) {
        return new Scenario(name, () -> new Accesses(3, act));
    }

    private static Scenario writing(String name, Consumer<Accesses> act) {
        return new Scenario(name, () -> new Accesses(6, act));
    }

    /** A space with pages of its own, pages that a fork shares and empty pages; an accessor, pins, a cursor. */
    private static final class Accesses extends World {

        /** Number of places of a new cache. It grows after four times as many misses. */
        private static final int PLACES = 512;
        private static final long APART_BYTES = (long) PLACES * PAGE;
        private static final int MISSES_TO_GROW = 4 * PLACES;

        final AddressSpace space = open(manager.newAddressSpace());
        final long own = mapped(space, 2, true);
        final long shared = mapped(space, 4, true);
        final long empty = mapped(space, 2, false);
        private final Consumer<Accesses> act;
        private @Nullable Accessor accessor;
        private @Nullable Pin pin;
        private @Nullable Pin accessorPin;
        private @Nullable Pin another;
        private @Nullable RunCursor cursor;
        private @Nullable WritableRunCursor writableCursor;
        private @Nullable AddressSpace copy;
        private boolean writesAfterClose;
        private long far;

        Accesses(int stage, Consumer<Accesses> act) {
            this.act = act;
            open(space.fork());
            write(space, own, 2, 2);
            if (stage == 1 || stage == 2) {
                accessor().setLong(own + 8, 2_000_000);
            }
            if (stage == 2) {
                pin(PinTerm.SHORT, PinAccess.WRITE);
                pinByAccessor();
            }
            if (stage == 5) {
                writeApart();
            }
            if (stage == 4) {
                pin(PinTerm.LONG, PinAccess.WRITE);
                pinOfSpace().segments();
            }
            if (stage == 3) {
                runs();
                cursor().next();
            }
            if (stage == 6) {
                writableRuns();
                writableCursor().nextWritten();
            }
        }

        Accessor accessor() {
            if (accessor == null) {
                accessor = open(space.accessor());
            }
            return accessor;
        }

        /** Reads two pages that share a place in a small cache, in turn, until the next miss makes the cache grow. */
        private void writeApart() {
            far = space.map(APART_BYTES + PAGE);
            space.setLong(far, 1);
            space.setLong(far + APART_BYTES, 2);
            for (int i = 0; i < MISSES_TO_GROW; i++) {
                accessor().getLong(i % 2 == 0 ? far : far + APART_BYTES);
            }
        }

        void readApart() {
            if (accessor().getLong(far) != 1 || accessor().getLong(far + APART_BYTES) != 2) {
                throw new AssertionError("an accessor takes one page for another");
            }
        }

        Pin pinOfSpace() {
            return java.util.Objects.requireNonNull(pin);
        }

        Pin pinOfAccessor() {
            return java.util.Objects.requireNonNull(accessorPin);
        }

        RunCursor cursor() {
            return java.util.Objects.requireNonNull(cursor);
        }

        /** Closes the accessor. Once a close has begun, the accessor must not write: a fork would not wait for it. */
        void closeAccessor() {
            try {
                accessor().close();
            } catch (OutOfMemoryError failed) {
                writesAfterClose |= isWriting();
                throw failed;
            }
        }

        private boolean isWriting() {
            try {
                accessor().setLong(own + 8, 2_000_000);
                return true;
            } catch (ClosedException refused) {
                return false;
            }
        }

        void pin(PinTerm term, PinAccess access) {
            if (pin == null) {
                pin = open(space.pin(shared + 16, 2L * PAGE, term, access));
            }
        }

        void pinByAccessor() {
            if (accessorPin == null) {
                accessorPin = open(accessor().pin(own + 8, 8, PinTerm.SHORT, PinAccess.WRITE));
            }
        }

        void pinAgainByAccessor() {
            if (another == null) {
                another = open(accessor().pin(own + 8, 8, PinTerm.SHORT, PinAccess.READ));
            }
        }

        void unpin() {
            if (things.contains(pinOfSpace())) {
                pinOfSpace().close();
                things.remove(pinOfSpace());
            }
        }

        void unpinByAccessor() {
            if (things.contains(pinOfAccessor())) {
                pinOfAccessor().close();
                things.remove(pinOfAccessor());
            }
        }

        void fork(boolean asSnapshot) {
            if (copy == null) {
                copy = open(asSnapshot ? space.snapshot() : space.fork());
            }
        }

        void closeSpace() {
            if (!space.isClosed()) {
                space.close();
            }
        }

        void runs() {
            if (cursor == null) {
                cursor = open(space.runs(shared, 4L * PAGE));
            }
        }

        void writableRuns() {
            if (writableCursor == null) {
                writableCursor = open(space.writableRuns(shared + 16, 4L * PAGE - 16));
            }
        }

        WritableRunCursor writableCursor() {
            return java.util.Objects.requireNonNull(writableCursor);
        }

        @Override
        public void act() {
            act.accept(this);
        }

        @Override
        public void finish() throws Exception {
            super.finish();
            if (writesAfterClose) {
                throw new AssertionError("an accessor writes after its close has failed");
            }
        }

        /** A range may be written in part: its pages are written one after the other. */
        @Override
        public boolean mayLeave(List<String> state, List<String> before, List<String> after) {
            return state.stream().allMatch(line -> before.contains(line) || after.contains(line));
        }
    }
}
