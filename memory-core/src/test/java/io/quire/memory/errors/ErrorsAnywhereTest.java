package io.quire.memory.errors;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * An Error comes in the middle of an operation, because a call finds no stack or an allocation finds no heap. After it
 * all counts are right, the content is that of before or of after the operation, no other thread is blocked, the
 * operation can be repeated, and everything can be closed. Each operation is tried with an Error at each of its points.
 * <p>
 * By default the test tries every allocation, in loops those of the first passes and of the last, and about thirty
 * calls of each operation. {@code -Dquire.fault.all=true} tries every point, which takes many minutes. Use it after you
 * changed how the library handles failures.
 * <p>
 * To add an operation, add a line to a class in {@code world}. These classes are loaded with a copy of the library
 * ({@link FaultLoader}). A new class there needs a method here. To run only operations with "fork" in their names:
 * {@code mvn -pl memory-core test -Dtest=ErrorsAnywhereTest -Dquire.fault=fork}.
 */
class ErrorsAnywhereTest {

    private static final String ONLY = System.getProperty("quire.fault", "");

    @TestFactory
    Stream<DynamicTest> spaces() {
        return tests("io.quire.memory.errors.world.SpaceScenarios");
    }

    @TestFactory
    Stream<DynamicTest> accessorsAndPins() {
        return tests("io.quire.memory.errors.world.AccessScenarios");
    }

    @TestFactory
    Stream<DynamicTest> devices() {
        return tests("io.quire.memory.errors.world.DeviceScenarios");
    }

    @TestFactory
    Stream<DynamicTest> maps() {
        return tests("io.quire.memory.errors.world.MapScenarios");
    }

    @TestFactory
    Stream<DynamicTest> mapsOfLongs() {
        return tests("io.quire.memory.errors.world.LongMapScenarios");
    }

    @TestFactory
    Stream<DynamicTest> arraysAndLogs() {
        return tests("io.quire.memory.errors.world.ArrayLogScenarios");
    }

    @TestFactory
    Stream<DynamicTest> managers() {
        return tests("io.quire.memory.errors.world.ManagerScenarios");
    }

    private static Stream<DynamicTest> tests(String className) {
        return FaultLoader.scenarios(className).stream().filter(scenario -> scenario.name().contains(ONLY))
                .flatMap(scenario -> Stream.of(Faults.Mode.values())
                        .map(mode -> DynamicTest.dynamicTest(scenario + ", " + mode, () -> {
                            FaultEnumeration enumeration = new FaultEnumeration(scenario, mode);
                            List<String> failures = enumeration.run();
                            System.out.println(scenario + ", " + mode + ": points=" + enumeration.points()
                                    + ", failures=" + failures.size());
                            assertThat(failures).isEmpty();
                        })));
    }
}
