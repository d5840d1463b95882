package io.quire.memory.soak;

import io.quire.memory.Accessor;
import io.quire.memory.Pin;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.soak.StepRound.Generator;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Steps that pin, short-term and long-term, by space and by accessor, and read and write through the segments. */
final class PinSteps {

    private static final int MOST_PINS = 10;

    private static final Set<Class<?>> REFUSALS = Set.of(LongTermPinException.class, PinLimitException.class,
            PagesBusyException.class, OutOfFramesException.class, DriverFailedException.class);

    private final StepRound round;
    private final Random random;

    PinSteps(StepRound round) {
        this.round = round;
        this.random = round.random;
    }

    List<Generator> generators() {
        return List.of(new Generator("pin", 6, this::pin), new Generator("write-through-pin", 4, this::write),
                new Generator("look-through-pin", 4, this::look), new Generator("unpin", 5, this::unpin));
    }

    private void pin() {
        Live live = round.space();
        long address = round.address(live);
        int size = 1 + random.nextInt(random.nextInt(3) == 0 ? 60_000 : 4000);
        if (round.pins.size() >= MOST_PINS || live.model.touchesMap(address, size)) {
            return;
        }
        PinTerm term = random.nextInt(3) == 0 ? PinTerm.LONG : PinTerm.SHORT;
        PinAccess access = round.pick(PinAccess.values());
        Accessor accessor = live.accessors.isEmpty() || random.nextBoolean() ? null : round.pick(live.accessors);
        Pin[] made = new Pin[1];
        if (round.attempt("pin " + (accessor == null ? live : accessor) + " 0x" + Long.toHexString(address) + "+"
                + size + " " + term + " " + access, live.model.refusals(address, size, access == PinAccess.WRITE),
                REFUSALS, () -> made[0] = accessor == null ? live.space.pin(address, size, term, access)
                        : accessor.pin(address, size, term, access))) {
            List<ModelFrame> frames = new ArrayList<>();
            for (long page = address / ModelSpace.PAGE; page * ModelSpace.PAGE < address + size; page++) {
                frames.add(live.model.pin(page));
            }
            round.pins.add(new LivePin(made[0], address, size, access, frames, accessor != null));
        }
        round.compare(live, address, size);
    }

    private void look() {
        if (!round.pins.isEmpty()) {
            LivePin pin = round.pick(round.pins);
            compare(pin);
            if (!pin.pin().state(pin.address()).pinned() || pin.pin().address() != pin.address()
                    || pin.pin().sizeBytes() != pin.sizeBytes()) {
                throw new SoakFailure("a pin reports a wrong state or range: " + pin.pin() + ", " + pin.pin().state(
                        pin.address()));
            }
        }
    }

    /** Returns the segments; none if the pin is by a space and there is no native access. */
    private static List<MemorySegment> segments(Pin pin) {
        try {
            return pin.segments();
        } catch (UnsupportedOperationException noNativeAccess) {
            return List.of();
        }
    }

    static void compare(LivePin pin) {
        byte[] expected = pin.content();
        long done = 0;
        for (MemorySegment segment : segments(pin.pin())) {
            long differs = segment.mismatch(MemorySegment.ofArray(expected).asSlice(done, segment.byteSize()));
            if (differs >= 0 || segment.isReadOnly() != (pin.access() == PinAccess.READ)) {
                throw new SoakFailure("a segment of a pin differs at 0x" + Long.toHexString(pin.address() + done
                        + differs) + ": " + pin.pin() + ", segment=" + segment);
            }
            done += segment.byteSize();
        }
        if (done != 0 && done != pin.sizeBytes()) {
            throw new SoakFailure("the segments of a pin have " + done + " bytes: " + pin.pin());
        }
    }

    private void write() {
        if (round.pins.isEmpty()) {
            return;
        }
        LivePin pin = round.pick(round.pins);
        List<MemorySegment> segments = segments(pin.pin());
        if (pin.access() == PinAccess.READ || segments.isEmpty()) {
            return;
        }
        int at = random.nextInt(pin.sizeBytes());
        byte value = (byte) random.nextInt();
        long skip = at;
        for (MemorySegment segment : segments) {
            if (skip >= 0 && skip < segment.byteSize()) {
                segment.set(ValueLayout.JAVA_BYTE, skip, value);
            }
            skip -= segment.byteSize();
        }
        pin.set(at, value);
        round.note("write through " + pin.pin() + " at " + at);
    }

    private void unpin() {
        if (round.pins.isEmpty()) {
            return;
        }
        LivePin pin = round.pins.remove(random.nextInt(round.pins.size()));
        compare(pin);
        List<MemorySegment> segments = segments(pin.pin());
        round.note("close " + pin.pin());
        pin.pin().close();
        pin.release();
        round.attempt("close a pin twice", StepRound.NONE, StepRound.NONE, () -> {
            pin.pin().close();
            return null;
        });
        round.attempt("segments of a closed pin", Set.of(ClosedException.class), StepRound.NONE,
                pin.pin()::segments);
        lookThroughClosed(pin, segments);
    }

    /** Reads segments after the close: those of a pin by a space may still show its pages, and nothing else. */
    private void lookThroughClosed(LivePin pin, List<MemorySegment> segments) {
        Set<Class<?>> ended = Set.of(IllegalStateException.class);
        byte[] expected = pin.content();
        long done = 0;
        for (MemorySegment segment : segments) {
            byte[] part = new byte[(int) segment.byteSize()];
            boolean shows = round.attempt("segment of a closed pin", pin.byAccessor() ? ended : StepRound.NONE, ended,
                    () -> {
                        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, 0, part, 0, part.length);
                        return null;
                    });
            int differs = Arrays.mismatch(part, 0, part.length, expected, (int) done, (int) done + part.length);
            if (shows && differs >= 0) {
                throw new SoakFailure("a segment of a closed pin shows a wrong value: " + pin.pin() + ", at="
                        + (done + differs));
            }
            done += part.length;
        }
    }
}
