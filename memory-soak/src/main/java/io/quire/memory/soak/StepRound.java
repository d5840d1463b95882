package io.quire.memory.soak;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.OutOfFramesException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * A manager, some thousand random steps on it by one thread, and its close. Everything follows from the seed. After a
 * step that changes a range, also a refused one, the range is compared with the model at once; whole spaces are
 * compared now and then.
 */
final class StepRound {

    private static final int TRACE = 60;
    private static final int STEPS_BETWEEN_COMPARISONS = 200;

    /** A kind of step, and how often it is drawn. */
    record Generator(String name, int weight, Runnable step) {
    }

    final Random random;
    final Settings settings;
    final Machine machine;
    final List<Live> spaces = new ArrayList<>();
    final List<LivePin> pins = new ArrayList<>();
    final List<LiveCursor> cursors = new ArrayList<>();

    /** Closed spaces and accessors: each use of them has to be refused. */
    final List<MemoryAccess> closed = new ArrayList<>();

    private final Watchdog watchdog;
    private final ArrayDeque<String> trace = new ArrayDeque<>();
    private final List<Generator> generators = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private int step;
    private String now = "";

    StepRound(Settings settings, Watchdog watchdog) {
        this.settings = settings;
        this.watchdog = watchdog;
        random = new Random(settings.seed());
        long hostBytes = random.nextInt(3) == 0 ? (96L + random.nextInt(400)) << 12 : 4L << (20 + random.nextInt(3));
        machine = new Machine(random, settings, hostBytes, false);
        add(new AccessSteps(this).generators());
        add(new SpaceSteps(this).generators());
        add(new PinSteps(this).generators());
        add(new TierSteps(this).generators());
        add(new MapSteps(this).generators());
    }

    private void add(Collection<Generator> some) {
        some.stream().filter(one -> settings.has(one.name)).forEach(one -> {
            generators.add(one);
            names.addAll(Collections.nCopies(one.weight, one.name));
        });
    }

    /** Runs the round. A failure says how to repeat it. */
    void run() {
        try {
            for (step = 0; step < settings.steps(); step++) {
                String name = names.get(random.nextInt(names.size()));
                now = name;
                watchdog.begins("seed=" + settings.seed() + ", step=" + step + ", " + name);
                generators.stream().filter(one -> one.name.equals(name)).findFirst().orElseThrow().step.run();
                if (step % STEPS_BETWEEN_COMPARISONS == 0) {
                    watchdog.begins("seed=" + settings.seed() + ", step=" + step + ", comparison");
                    compareAll();
                }
            }
            watchdog.begins("seed=" + settings.seed() + ", the end");
            compareAll();
            end();
        } catch (RuntimeException | Error failed) {
            StringBuilder steps = new StringBuilder();
            trace.forEach(line -> steps.append("\n    ").append(line));
            throw new SoakFailure("seed=" + settings.seed() + ", step=" + step + ", in=" + now + ", " + machine + ": "
                    + failed + "; repeat with seconds=0 only=steps seed=" + settings.seed() + steps, failed);
        } finally {
            watchdog.rests();
        }
    }

    // ---- for the steps

    void note(String what) {
        if (trace.size() == TRACE) {
            trace.removeFirst();
        }
        trace.addLast(step + " " + now + ": " + what);
    }

    int below(int limit) {
        return random.nextInt(limit);
    }

    <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    <T> T pick(T[] from) {
        return from[random.nextInt(from.length)];
    }

    /** Draws a space; opens one if there is none. */
    Live space() {
        if (spaces.isEmpty()) {
            spaces.add(new Live(machine.manager.newAddressSpace(), new ModelSpace(false)));
        }
        return pick(spaces);
    }

    /** Draws the space itself or one of its accessors. */
    MemoryAccess access(Live live) {
        int number = random.nextInt(live.accessors.size() + 1);
        return number == live.accessors.size() ? live.space : live.accessors.get(number);
    }

    /** Draws an address: mostly in the first pages of a mapping, sometimes anywhere, never in a map of the library. */
    long address(Live live) {
        List<ModelSpace.Area> areas = live.model.openAreas();
        if (areas.isEmpty() || random.nextInt(60) == 0) {
            long anywhere = random.nextInt(4) == 0 ? random.nextLong() >>> 17 : (long) random.nextInt(64) << 18;
            return live.model.isInMap(anywhere) ? 1L << 46 : anywhere;
        }
        ModelSpace.Area area = pick(areas);
        long pages = area.bytes() / ModelSpace.PAGE;
        long page = random.nextInt(8) == 0 ? random.nextLong(pages) : random.nextLong(Math.min(pages, 12));
        int inPage = random.nextInt(4) == 0 ? ModelSpace.PAGE - 1 - random.nextInt(9)
                : random.nextInt(ModelSpace.PAGE);
        return area.start() + page * ModelSpace.PAGE + inPage;
    }

    static long pageOf(long address) {
        return address & -ModelSpace.PAGE;
    }

    /**
     * Runs a step, and returns true if it was done.
     *
     * @param must the exceptions of which the model demands one; empty if the step has to be done
     * @param may the exceptions that are allowed besides, for reasons that the model does not know
     */
    boolean attempt(String what, Set<Class<?>> must, Set<Class<?>> may, Callable<?> action) {
        try {
            action.call();
        } catch (SoakFailure wrong) {
            throw wrong;
        } catch (Exception refused) {
            note(what + " -> " + refused);
            if (!must.contains(refused.getClass()) && !may.contains(refused.getClass())) {
                throw new SoakFailure("refused without a reason: " + what + ", must=" + must + ", may=" + may, refused);
            }
            return false;
        } catch (OutOfMemoryError full) {
            note(what + " -> " + full);
            return false;
        }
        note(what);
        if (!must.isEmpty()) {
            throw new SoakFailure("not refused: " + what + ", must=" + must);
        }
        return true;
    }

    /** What can refuse every access: a page needs a frame, or has to come home. */
    static final Set<Class<?>> ACCESS = Set.of(OutOfFramesException.class, DriverFailedException.class);

    static final Set<Class<?>> NONE = Set.of();

    static final Set<Class<?>> CLOSED = Set.of(ClosedException.class);

    // ---- comparing

    void compareAll() {
        spaces.forEach(this::compare);
        pins.forEach(PinSteps::compare);
    }

    private void compare(Live live) {
        for (long page : live.model.writtenPages()) {
            compare(live, page * ModelSpace.PAGE, ModelSpace.PAGE);
        }
        for (ModelSpace.Area area : live.model.openAreas()) {
            compare(live, area.end() - ModelSpace.PAGE, ModelSpace.PAGE);
        }
        MapSteps.compare(live);
    }

    /** Compares a range with the model, as far as it can be read. */
    void compare(Live live, long address, int sizeBytes) {
        for (long at = address; at < address + sizeBytes;) {
            int length = (int) Math.min(address + sizeBytes - at, ModelSpace.PAGE - at % ModelSpace.PAGE);
            if (live.model.refusals(at, length, false).isEmpty() && !live.model.isInMap(at)) {
                comparePage(live, at, length);
            }
            at += length;
        }
    }

    private static void comparePage(Live live, long address, int length) {
        byte[] read = new byte[length];
        try {
            live.space.copyTo(address, read, 0, length);
        } catch (OutOfFramesException | DriverFailedException notNow) {
            return;
        }
        byte[] expected = live.model.read(address, length);
        int differs = Arrays.mismatch(read, expected);
        if (differs >= 0) {
            throw new SoakFailure("content differs: space=" + live + ", address=0x"
                    + Long.toHexString(address + differs) + ", is=" + read[differs] + ", expected="
                    + expected[differs] + ", state=" + live.space.pageState(address));
        }
    }

    // ---- the end

    private void end() {
        machine.devices.forEach(device -> device.faults().clear());
        if (random.nextInt(3) == 0) {
            machine.giveUp(random.nextInt(machine.devices.size()));
        }
        List<Runnable> closes = new ArrayList<>();
        cursors.forEach(cursor -> closes.add(cursor.cursor::close));
        pins.forEach(pin -> closes.add(pin.pin()::close));
        for (Live live : spaces) {
            live.accessors.forEach(accessor -> closes.add(accessor::close));
            live.attachments.values().forEach(attachment -> closes.add(attachment::close));
            closes.add(live.space::close);
        }
        Collections.shuffle(closes, random);
        boolean isLeftToTheManager = random.nextInt(3) == 0;
        closes.stream().limit(isLeftToTheManager ? closes.size() / 2 : closes.size()).forEach(Runnable::run);
        if (isLeftToTheManager) {
            machine.closeAll();
        } else {
            machine.checkEmpty();
            machine.close();
        }
        for (Live live : spaces) {
            refusedAfterClose(live.space);
        }
    }

    private void refusedAfterClose(AddressSpace space) {
        attempt("read of a closed space", CLOSED, NONE, () -> space.getByte(0));
        attempt("new space of a closed manager", CLOSED, NONE, machine.manager::newAddressSpace);
        attempt("statistics of a closed manager", CLOSED, NONE, machine.manager::statistics);
    }
}
