package io.quire.memory.errors.world;

import io.quire.memory.AddressSpace;
import io.quire.memory.errors.Scenario;
import io.quire.memory.structure.ElementType;
import io.quire.memory.structure.ForkableArray;
import io.quire.memory.structure.ForkableLog;
import io.quire.memory.structure.LogCursor;
import io.quire.memory.structure.StructureFork;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Arrays and logs in a space and in a fork of it. An operation that is repeated does what is not done yet. */
public final class ArrayLogScenarios {

    private static final int LENGTH = 3_000;

    private ArrayLogScenarios() {
    }

    public static List<Scenario> all() {
        return List.of(
                of("create of an array and a log", Columns::create),
                of("append to an array", world -> {
                    if (world.array.length() == LENGTH) {
                        world.array.append(5);
                    }
                }),
                of("append of many to an array", world -> {
                    if (world.array.length() == LENGTH) {
                        world.array.append(MemorySegment.ofArray(new long[2_000]));
                    }
                }),
                of("array that grows", world -> world.array.resize(10_000)),
                of("array that shrinks", world -> world.array.resize(700)),
                of("fill of an array", world -> world.array.fill(3, 10, 9)),
                of("array through an accessor", world -> {
                    try (var accessor = world.space.accessor()) {
                        world.array.with(accessor).setLong(5, 55);
                    }
                }),
                of("fork of an array", world -> {
                    try (StructureFork<ForkableArray> fork = world.array.fork()) {
                        fork.structure().setLong(0, 77);
                    }
                }),
                of("append to a log", world -> {
                    if (world.log.endPosition() == world.end) {
                        world.log.append(new byte[5_000]);
                    }
                }),
                of("cut of a log", world -> world.log.cutBefore(world.end)),
                of("read of a log", world -> records(world.log)));
    }

    private static Scenario of(String name, Consumer<Columns> act) {
        return new Scenario(name, () -> new Columns(act));
    }

    private static List<String> records(ForkableLog log) {
        List<String> records = new ArrayList<>();
        LogCursor cursor = log.cursor();
        while (cursor.next()) {
            records.add(cursor.position() + "#" + Arrays.hashCode(cursor.record()));
        }
        return records;
    }

    /** An array and a log with some content, and a fork of their space. */
    private static final class Columns extends World {

        final AddressSpace space = open(manager.newAddressSpace());
        final ForkableArray array = ForkableArray.create(space, ElementType.LONG, 10_000);
        final ForkableLog log = ForkableLog.create(space, 1 << 18);
        final long end;
        private final Consumer<Columns> act;
        private boolean isCreated;

        Columns(Consumer<Columns> act) {
            this.act = act;
            array.resize(LENGTH);
            array.fill(0, LENGTH, 7);
            for (int i = 0; i < 100; i++) {
                log.append(new byte[1_000 + i]);
            }
            end = log.endPosition();
            open(space.fork());
        }

        void create() {
            if (!isCreated) {
                ForkableArray.create(space, ElementType.INT, 100).append(1);
                ForkableLog.create(space, 4096).append(new byte[1]);
                isCreated = true;
            }
        }

        @Override
        public void act() {
            act.accept(this);
        }

        @Override
        public List<String> state() {
            List<String> lines = new ArrayList<>(super.state());
            for (AddressSpace one : spaces()) {
                ForkableArray its = ForkableArray.open(one, array.address());
                long[] elements = new long[(int) its.length()];
                its.copyTo(0, elements, 0, elements.length);
                lines.add("length=" + elements.length + ", elements=" + Arrays.hashCode(elements));
                lines.add("records=" + records(ForkableLog.open(one, log.address())));
            }
            return lines;
        }

        @Override
        void useOne(AddressSpace one) {
            super.useOne(one);
            try (AddressSpace fork = one.fork()) { // the lengths belong to the state
                for (AddressSpace used : List.of(one, fork)) {
                    ForkableArray.open(used, array.address())
                            .resize(ForkableArray.open(used, array.address()).length());
                    ForkableLog.open(used, log.address()).cutBefore(0);
                }
                ForkableArray its = ForkableArray.open(fork, array.address());
                long length = its.length();
                its.append(1);
                its.resize(length);
                its.resize(length + 100);
                for (long i = length; i < length + 100; i++) {
                    if (its.getLong(i) != 0) {
                        throw new AssertionError("an element that was never written is not 0: index=" + i);
                    }
                }
                ForkableLog records = ForkableLog.open(fork, log.address());
                if (records.read(records.append(new byte[3])).length != 3) {
                    throw new AssertionError("the log has lost a record");
                }
            }
        }
    }
}
