package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.Translations;
import io.quire.memory.structure.ElementType;
import io.quire.memory.structure.ForkableArray;
import io.quire.memory.structure.ForkableLog;
import io.quire.memory.structure.ForkableMap;
import io.quire.memory.structure.StructureFork;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.transfer.SpaceDifference;
import io.quire.memory.transfer.SpaceExport;
import io.quire.memory.transfer.SpaceImport;
import io.quire.memory.transfer.TransferProgress;
import io.quire.memory.view.MemoryRange;
import io.quire.memory.view.StructField;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Null for each parameter of each public method is refused at once, unless it is documented, and changes nothing. */
class NullsTest {

    private static final Set<String> EXPORTED = Set.of("io.quire.memory", "io.quire.memory.contract",
            "io.quire.memory.device", "io.quire.memory.structure", "io.quire.memory.transfer",
            "io.quire.memory.view");

    private static final long PAGE = 4096;
    private static final Path NO_FILE = Path.of("target", "no.export");

    private MemoryManager manager;
    private AddressSpace space;
    private Accessor accessor;
    private ForkableMap map;
    private ForkableArray array;
    private ForkableLog log;
    private StructureFork<ForkableLog> fork;
    private Pin pin;
    private RunCursor cursor;
    private Attachment attachment;
    private MigrationReport report;
    private long address;

    @BeforeEach
    void open() {
        manager = MemoryManager.builder().hostPool(1 << 20).deviceCoherentPool("d", 1 << 20).backgroundAgent(false)
                .build();
        space = manager.newAddressSpace("s");
        address = space.map(1 << 16);
        space.setLong(address, 1);
        accessor = space.accessor();
        map = ForkableMap.create(space, 1 << 16);
        map.put(new byte[1], new byte[1]);
        array = ForkableArray.create(space, ElementType.LONG, 1);
        log = ForkableLog.create(space, 1 << 12);
        fork = log.fork();
        report = space.migrate(address, PAGE, manager.hostPool());
        attachment = manager.device("d").attach(space);
        pin = accessor.pin(address, 8, PinTerm.SHORT, PinAccess.READ);
        cursor = space.runs(address, 8);
    }

    @AfterEach
    void close() {
        pin.close();
        cursor.close();
        accessor.close();
        fork.close();
        manager.closeAll(Duration.ofSeconds(10));
    }

    /** Returns one object of each public class. */
    private List<Object> receivers() {
        return List.of(manager, MemoryManager.builder(), space, accessor, map, array, log, log.cursor(), fork,
                manager.device("d"), manager.hostPool(),
                pin, cursor, attachment, report, manager.evict(manager.pool("d"), 1), attachment.mirror(),
                space.pageState(address), SpaceDifference.between(space, space), SpaceExport.of(space),
                SpaceImport.from(NO_FILE), MemoryRange.of(space, address, PAGE),
                StructField.of(ValueLayout.JAVA_LONG));
    }

    private Object valueOf(Class<?> type) {
        Map<Class<?>, Object> values = Map.ofEntries(Map.entry(long.class, address), Map.entry(int.class, 1),
                Map.entry(short.class, (short) 1), Map.entry(byte.class, (byte) 1), Map.entry(float.class, 1f),
                Map.entry(double.class, 1d), Map.entry(boolean.class, true), Map.entry(String.class, "d"),
                Map.entry(AddressSpace.class, space), Map.entry(MemoryAccess.class, space),
                Map.entry(MemoryPool.class, manager.pool("d")), Map.entry(MemorySegment.class,
                        MemorySegment.ofArray(new byte[1])),
                Map.entry(byte[].class, new byte[1]), Map.entry(double[].class, new double[1]),
                Map.entry(short[].class, new short[1]), Map.entry(int[].class, new int[1]),
                Map.entry(float[].class, new float[1]), Map.entry(ElementType.class, ElementType.LONG),
                Map.entry(ByteBuffer.class, ByteBuffer.allocate(1)),
                Map.entry(long[].class, new long[1]), Map.entry(ByteOrder.class, ByteOrder.BIG_ENDIAN),
                Map.entry(Protection.class, Protection.NONE), Map.entry(PinTerm.class, PinTerm.SHORT),
                Map.entry(PinAccess.class, PinAccess.READ), Map.entry(CowPlacement.class, CowPlacement.HOST),
                Map.entry(LongTermPolicy.class, LongTermPolicy.REFUSE), Map.entry(Duration.class, Duration.ZERO),
                Map.entry(DeviceDriver.class, new RecordingDriver.Coherent(4)),
                Map.entry(LongConsumer.class, (LongConsumer) _ -> {}),
                Map.entry(PageOutcome.class, PageOutcome.MOVED), Map.entry(DeviceAccess.class, DeviceAccess.READ),
                Map.entry(BiConsumer.class, (BiConsumer<?, ?>) (_, _) -> {}), Map.entry(Path.class, NO_FILE),
                Map.entry(MemoryLayout.class, ValueLayout.JAVA_LONG),
                Map.entry(MemoryLayout.PathElement[].class, new MemoryLayout.PathElement[0]),
                Map.entry(ReadableByteChannel.class, Channels.newChannel(InputStream.nullInputStream())),
                Map.entry(WritableByteChannel.class, Channels.newChannel(OutputStream.nullOutputStream())),
                Map.entry(TransferProgress.class, (TransferProgress) (_, _) -> {}),
                Map.entry(MemoryManager.class, manager));
        Object value = values.get(type);
        assertThat(value).as("test value for type " + type).isNotNull();
        return value;
    }

    private String state() {
        return space.mappings() + "" + space.pageState(address) + space.cowPlacement() + map.size()
                + array.length() + log.endPosition()
                + manager.openSpaces().size() + manager.openPins();
    }

    /** Returns the methods that users can call: for an internal class, those of its public interfaces. */
    private static List<Method> methods(Object receiver) {
        Class<?> type = receiver.getClass();
        boolean isOfUsers = Modifier.isPublic(type.getModifiers()) && EXPORTED.contains(type.getPackageName());
        return isOfUsers ? List.of(type.getMethods())
                : Stream.of(type.getInterfaces()).flatMap(one -> Stream.of(one.getMethods())).toList();
    }

    @TestFactory
    Stream<DynamicTest> nullIsRefusedAndChangesNothing() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Object receiver : receivers()) {
            for (Method method : methods(receiver)) {
                boolean isOurs = method.getDeclaringClass().getName().startsWith("io.quire.memory");
                for (int i = 0; i < method.getParameterCount() && isOurs; i++) {
                    boolean mayBeNull = method.getParameterTypes()[i].isPrimitive()
                            || method.getAnnotatedParameterTypes()[i].isAnnotationPresent(Nullable.class)
                            || method.getName().equals("equals");
                    if (!mayBeNull) {
                        int nullAt = i;
                        tests.add(DynamicTest.dynamicTest(method.getDeclaringClass().getSimpleName() + "."
                                + method.getName() + " of " + receiver.getClass().getSimpleName() + ", parameter " + i,
                                () -> isRefused(receiver, method, nullAt)));
                    }
                }
            }
        }
        assertThat(tests).hasSizeGreaterThan(50);
        return tests.stream();
    }

    private void isRefused(Object receiver, Method method, int nullAt) {
        Object[] arguments = new Object[method.getParameterCount()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = i == nullAt ? null : valueOf(method.getParameterTypes()[i]);
        }
        String before = state();
        Throwable thrown = catchThrowable(
                () -> method.invoke(Modifier.isStatic(method.getModifiers()) ? null : receiver, arguments));
        assertThat(thrown).isInstanceOf(InvocationTargetException.class);
        assertThat(thrown.getCause()).isInstanceOf(NullPointerException.class);
        assertThat(state()).isEqualTo(before);
    }

    /** The lists and maps of a report are never null, so its reader need not check. */
    @Test
    void recordsRefuseNullForTheListsTheyCopy() {
        assertThatNullPointerException().isThrownBy(() -> new Translations(0, null));
        assertThatNullPointerException().isThrownBy(() -> new OpenSpace("s", OpenSpace.Kind.FORK, null, Duration.ZERO,
                null));
        assertThatNullPointerException()
                .isThrownBy(() -> new OpenPin("s", 0, 1, PinTerm.SHORT, PinAccess.READ, "t", false,
                        null, null));
    }
}
