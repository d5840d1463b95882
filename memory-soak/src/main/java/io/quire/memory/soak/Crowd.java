package io.quire.memory.soak;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.MemoryManager;
import io.quire.memory.Pin;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.soak.ModelSpace.Area;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.structure.ForkableMap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/** Draws the workers of a round, and contains all of them but the writers. */
final class Crowd {

    private final CrowdRound crowd;
    private final Random random;

    Crowd(CrowdRound crowd, Random random) {
        this.crowd = crowd;
        this.random = random;
    }

    List<Worker> workers() {
        List<Worker> workers = new ArrayList<>();
        int count = 1 + random.nextInt(4);
        for (int id = 0; id < count; id++) {
            crowd.writers.add(new Writer(crowd, id, crowd.root, random.nextLong()));
        }
        ForkableMap map = ForkableMap.create(crowd.root, 1 << 20);
        int mapCount = random.nextInt(3);
        for (int id = 0; id < mapCount && crowd.settings.has("map-writer"); id++) {
            crowd.mapWriters.add(new MapWriter(crowd, id, crowd.root, map, random.nextLong()));
        }
        workers.addAll(crowd.writers);
        workers.addAll(crowd.mapWriters);
        add(workers, "forker", 2, Forker::new);
        add(workers, "reader", 2, Reader::new);
        add(workers, "pinner", 1, Pinner::new);
        add(workers, "mover", 2, Mover::new);
        add(workers, "attacher", 1, Attacher::new);
        add(workers, "excluder", 1, Excluder::new);
        add(workers, "protector", 1, Protector::new);
        add(workers, "faulter", 1, Faulter::new);
        add(workers, "mapper", 2, Mapper::new);
        long churned = Churner.map(crowd.root);
        add(workers, "churner", 3, base -> new Churner(base, churned));
        add(workers, "interrupter", 1, Interrupter::new);
        add(workers, "reporter", 1, Reporter::new);
        add(workers, "closer", 1, Closer::new);
        add(workers, "opener", 1, Opener::new);
        if (CrowdRound.isHogged()) {
            add(workers, "hog", 1, Hog::new);
        }
        return workers;
    }

    /** Adds a random number of workers, at most {@code most}; none if this kind is switched off. */
    private void add(List<Worker> workers, String name, int most, Function<Crowd.Base, Worker> maker) {
        int count = crowd.settings.has(name) ? random.nextInt(most + 1) : 0;
        for (int i = 0; i < count; i++) {
            workers.add(maker.apply(new Base(crowd, new Random(random.nextLong()))));
        }
    }

    /** What all workers have. */
    record Base(CrowdRound crowd, Random random) {

        Writer writer() {
            return crowd.writers.get(random.nextInt(crowd.writers.size()));
        }

        long page(Writer writer) {
            return writer.range + random.nextInt(Writer.PAGES - 8) * (long) ModelSpace.PAGE;
        }

        long pages() {
            return (1L + random.nextInt(8)) * ModelSpace.PAGE;
        }

        /** Undoes a protection; tries until it is not refused. */
        void allow(long address, long size) {
            while (true) {
                try {
                    crowd.root.protect(address, size, Protection.READ_WRITE);
                    return;
                } catch (RuntimeException | Error refused) {
                    crowd.refused(refused);
                }
            }
        }

        void pause() {
            try {
                Thread.sleep(random.nextInt(3));
            } catch (InterruptedException goOn) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Forks the root and its own forks, checks and changes forks, and closes them in any order. */
    private static final class Forker implements Worker {

        private static final int MOST = 6;

        private final Base base;
        private final List<Fork> forks = new ArrayList<>();

        Forker(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            Random random = base.random;
            int action = random.nextInt(6);
            if (forks.isEmpty() || action == 0) {
                forkRoot();
            } else if (action == 1) {
                forks.add(forks.get(random.nextInt(forks.size())).again(random.nextInt(3) == 0));
            } else if (action == 2 || forks.size() > MOST) {
                close(forks.get(random.nextInt(forks.size())));
            } else if (action == 3) {
                scribble(forks.get(random.nextInt(forks.size())));
            } else {
                forks.get(random.nextInt(forks.size())).check(random);
            }
        }

        private void forkRoot() {
            List<MapWriter> writers = base.crowd.mapWriters;
            long[] least = writers.stream().mapToLong(writer -> writer.returned).toArray();
            Fork fork = Fork.of(base.crowd.root, base.crowd.writers, base.random.nextInt(3) == 0);
            long[] most = writers.stream().mapToLong(writer -> writer.begun).toArray();
            forks.add(fork);
            fork.check(base.random);
            for (int id = 0; id < least.length; id++) {
                writers.get(id).check(fork.space, least[id], most[id]);
            }
        }

        private void scribble(Fork fork) {
            if (!fork.space.isSnapshot()) {
                fork.scribble(base.random);
            }
        }

        private void close(Fork fork) {
            try {
                fork.space.close();
            } finally {
                if (fork.space.isClosed()) {
                    forks.remove(fork);
                }
            }
        }

        @Override
        public void end() {
            List.copyOf(forks).forEach(this::close);
        }
    }

    /** Reads cells while they are written. */
    private static final class Reader implements Worker {

        private final Base base;

        Reader(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            try (Accessor mine = base.crowd.root.accessor()) {
                for (int i = 0; i < 200 && !base.crowd.isOver(); i++) {
                    read(mine);
                }
            }
        }

        private void read(Accessor mine) {
            Writer writer = base.writer();
            int cell = base.random.nextInt(Writer.FIRST_WIDE_CELL);
            long least = writer.returned - Stamps.CELLS;
            long found;
            try {
                found = read(mine, writer.cells, cell);
            } catch (RuntimeException refused) {
                base.crowd.refused(refused);
                return;
            }
            long most = writer.begun;
            if (!Stamps.isOf(writer.id, cell, found) || Stamps.number(found) <= least
                    || Stamps.number(found) > most) {
                throw new SoakFailure("a reader sees a wrong value: writer=" + writer.id + ", cell=" + cell
                        + ", is=" + Long.toHexString(found) + ", more than=" + least + ", most=" + most);
            }
        }

        private long read(Accessor mine, long[] cells, int cell) {
            long[] gathered = new long[Writer.FIRST_WIDE_CELL];
            return switch (base.random.nextInt(5)) {
                case 0 -> base.crowd.root.getLong(cells[cell]);
                case 1 -> {
                    mine.gatherLongs(cells, gathered, gathered.length);
                    yield gathered[cell];
                }
                case 2 -> mine.getLongAcquire(cells[cell]);
                case 3 -> byDevice(cells[cell]);
                default -> mine.getLong(cells[cell]);
            };
        }

        /** Reads through a device: the sum of one word, which it loads once. */
        private long byDevice(long address) {
            Attachment attachment = base.crowd.attachment(base.random);
            return attachment == null ? base.crowd.root.getLong(address)
                    : base.crowd.deviceOf(attachment).sum(attachment.mirror(), address, Long.BYTES).value();
        }
    }

    /** Pins pages of writers, by the space or an accessor, and reads them while they are written. */
    private static final class Pinner implements Worker {

        private final Base base;

        Pinner(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            Writer writer = base.writer();
            int cell = base.random.nextInt(Writer.FIRST_WIDE_CELL);
            PinTerm term = base.random.nextInt(4) == 0 ? PinTerm.LONG : PinTerm.SHORT;
            PinAccess access = base.random.nextBoolean() ? PinAccess.READ : PinAccess.WRITE;
            if (base.random.nextBoolean()) {
                try (Pin pin = base.crowd.root.pin(writer.cells[cell], Long.BYTES, term, access)) {
                    look(pin, writer, cell);
                }
            } else {
                try (Accessor mine = base.crowd.root.accessor();
                        Pin pin = mine.pin(writer.cells[cell], Long.BYTES, term, access)) {
                    look(pin, writer, cell);
                }
            }
        }

        private void look(Pin pin, Writer writer, int cell) {
            for (int i = 0; i < 20; i++) {
                long least = writer.returned - Stamps.CELLS;
                long found;
                try {
                    found = pin.segments().getFirst().get(ValueLayout.JAVA_LONG, 0);
                } catch (UnsupportedOperationException noNativeAccess) {
                    return;
                }
                // Without the fence the plain load could happen after the volatile load below.
                VarHandle.acquireFence();
                long most = writer.begun;
                if (!Stamps.isOf(writer.id, cell, found) || Stamps.number(found) <= least
                        || Stamps.number(found) > most) {
                    throw new SoakFailure("a pin shows a wrong value: " + pin + ", is="
                            + Long.toHexString(found) + ", more than=" + least + ", most=" + most);
                }
            }
            base.pause();
        }
    }

    /** Migrates and evicts. */
    private static final class Mover implements Worker {

        private final Base base;

        Mover(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            MemoryManager manager = base.crowd.machine.manager;
            int pool = base.random.nextInt(manager.pools().size());
            if (pool > 0 && base.random.nextInt(4) == 0) {
                manager.evict(manager.pools().get(pool), 1 + base.random.nextInt(20));
            } else {
                base.crowd.root.migrate(base.page(base.writer()), base.pages(), manager.pools().get(pool));
            }
            base.pause();
        }
    }

    /** Attaches devices to the root, and detaches them. */
    private static final class Attacher implements Worker {

        private final Base base;

        Attacher(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            base.crowd.toggle(base.random.nextInt(base.crowd.machine.devices.size()));
            base.pause();
            base.pause();
        }
    }

    /** Makes pages exclusive to devices. */
    private static final class Excluder implements Worker {

        private final Base base;

        Excluder(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            Attachment attachment = base.crowd.attachment(base.random);
            if (attachment != null) {
                try {
                    attachment.makeExclusive(base.page(base.writer()), base.pages());
                } catch (ClosedException detached) {
                    base.pause();
                }
            }
            base.pause();
        }
    }

    /** Protects pages for a moment, in which writers and readers are refused. */
    private static final class Protector implements Worker {

        private final Base base;

        Protector(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            long address = base.page(base.writer());
            long size = base.pages();
            try {
                base.crowd.root.protect(address, size, base.random.nextBoolean() ? Protection.NONE
                        : Protection.READ_ONLY);
                base.pause();
            } finally {
                base.allow(address, size);
            }
        }
    }

    /** Makes devices fail. */
    private static final class Faulter implements Worker {

        private static final List<FaultInjection.Phase> PHASES = List.of(FaultInjection.Phase.values());

        private final Base base;

        Faulter(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            List<io.quire.memory.softdevice.SoftwareDevice> devices = base.crowd.machine.devices;
            FaultInjection faults = devices.get(base.random.nextInt(devices.size())).faults();
            switch (base.random.nextInt(5)) {
                case 0 -> faults.failAllocation(1 + base.random.nextInt(20));
                case 1 -> faults.failCopy(1 + base.random.nextInt(20), FaultInjection.FIRST_CODE);
                case 2 -> faults.refuseNonBlocking(base.random.nextBoolean());
                case 3 -> faults.delay(PHASES.get(base.random.nextInt(PHASES.size())),
                        Duration.ofNanos(base.random.nextInt(300_000)));
                default -> faults.clear();
            }
            base.pause();
        }
    }

    /** Maps, writes, forks, discards and unmaps ranges that no other worker uses. */
    private static final class Mapper implements Worker {

        private final Base base;

        Mapper(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            AddressSpace root = base.crowd.root;
            int size = (1 + base.random.nextInt(64)) * ModelSpace.PAGE;
            long address = root.map(size);
            try {
                byte[] bytes = new byte[size];
                base.random.nextBytes(bytes);
                root.copyFrom(bytes, 0, address, size);
                check(root.mismatch(address, MemorySegment.ofArray(bytes), 0, size) == -1);
                root.discard(address, ModelSpace.PAGE);
                check(root.getLong(address) == 0);
                Arrays.fill(bytes, 0, ModelSpace.PAGE, (byte) 0);
                root.setShort(address + 1, (short) 0x1234, ByteOrder.BIG_ENDIAN);
                bytes[1] = 0x12;
                bytes[2] = 0x34;
                try (AddressSpace fork = root.snapshot()) {
                    root.fill(address, size, (byte) 7);
                    check(fork.mismatch(address, MemorySegment.ofArray(bytes), 0, size) == -1);
                }
                check(root.getByte(address + size - 1) == 7);
            } finally {
                unmap(root, address, size);
            }
        }

        private void unmap(AddressSpace root, long address, int size) {
            while (true) {
                try {
                    root.unmap(address, size);
                    return;
                } catch (RuntimeException | Error refused) {
                    base.crowd.refused(refused);
                }
            }
        }

        private static void check(boolean right) {
            if (!right) {
                throw new SoakFailure("a mapping that only one thread uses has a wrong value");
            }
        }
    }

    /** Interrupts any thread, which must change nothing. */
    private static final class Interrupter implements Worker {

        private final Base base;

        Interrupter(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            List<Thread> threads = base.crowd.threads;
            threads.get(base.random.nextInt(threads.size())).interrupt();
            Thread.interrupted();
            base.pause();
        }
    }

    /** Asks for every text and every number that the library reports. */
    private static final class Reporter implements Worker {

        private final Base base;

        Reporter(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            MemoryManager manager = base.crowd.machine.manager;
            AddressSpace root = base.crowd.root;
            String text = manager + " " + manager.openSpaces() + manager.openPins() + manager.devices()
                    + manager.pools() + manager.statistics() + root + root.statistics() + root.mappings()
                    + root.pageState(base.page(base.writer()));
            if (text.length() > 1 << 20) {
                throw new SoakFailure("a report has " + text.length() + " characters");
            }
            manager.maintain();
            manager.reclaim(1 + base.random.nextInt(100));
            base.pause();
        }
    }

    /** Closes a space while another thread uses it. */
    private static final class Closer implements Worker {

        private final Base base;

        Closer(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            AddressSpace space = base.crowd.root.fork();
            Thread user = CrowdRound.virtual().unstarted(() -> use(space));
            try {
                user.start();
                base.pause();
            } finally {
                close(space);
                join(user);
            }
        }

        private void close(AddressSpace space) {
            while (!space.isClosed()) {
                try {
                    space.close();
                } catch (RuntimeException | Error refused) {
                    base.crowd.refused(refused);
                }
            }
        }

        private static void join(Thread user) {
            boolean interrupted = Thread.interrupted();
            while (user.isAlive()) {
                try {
                    user.join();
                } catch (InterruptedException later) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private void use(AddressSpace space) {
            Writer writer = base.writer();
            try (Accessor mine = space.accessor()) {
                while (true) {
                    try {
                        mine.setLong(writer.cells[0], mine.getLong(writer.cells[1]) + 1);
                        space.getAndAddLong(writer.cells[2], 1);
                        space.runs(writer.range, ModelSpace.PAGE).close();
                    } catch (ProtectionException goOn) {
                        Thread.onSpinWait();
                    }
                }
            } catch (ClosedException closed) {
                // expected: the space is closed
            } catch (RuntimeException | Error refused) {
                base.crowd.refused(refused);
            }
        }
    }

    /** Opens and closes managers of its own. */
    private static final class Opener implements Worker {

        private final Base base;

        Opener(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            try (MemoryManager manager = MemoryManager.builder().name("own").hostPool(1 << 20)
                    .deviceCoherentPool("own device", 1 << 16).backgroundAgent(base.random.nextBoolean()).build();
                    AddressSpace space = manager.newAddressSpace();
                    AddressSpace fork = space.fork()) {
                Area area = new Area(fork.map(1 << 16), 1 << 16, Protection.READ_WRITE);
                fork.setLong(area.start(), 1);
                fork.migrate(area.start(), 1 << 16, manager.pool("own device"));
                if (fork.getLong(area.start()) != 1 || !space.mappings().isEmpty()) {
                    throw new SoakFailure("a manager that only one thread uses has lost a value");
                }
            }
            base.pause();
        }
    }

    /** Fills the heap over and over, so that allocations fail everywhere. */
    private static final class Hog implements Worker {

        private static final int CHUNK = 1 << 16;

        private final Base base;

        Hog(Base base) {
            this.base = base;
        }

        @Override
        public void turn() {
            List<byte[]> chunks = new ArrayList<>();
            try {
                while (!base.crowd.isOver()) {
                    chunks.add(new byte[CHUNK]);
                }
            } catch (OutOfMemoryError full) {
                base.pause();
            } finally {
                Reference.reachabilityFence(chunks); // until here the heap stays full
                chunks.clear();
            }
            base.pause();
            base.pause();
        }
    }
}
