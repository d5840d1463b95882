package io.quire.memory.errors;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Whatever fails in the middle of an operation, a call for want of stack or an allocation for want of heap: counts are
 * right after it, contents are those of before or of after, nobody else has to wait, the operation can be done again,
 * and everything can be closed. Each operation is tried with an Error at each of its points.
 * <p>
 * Each allocation is tried, in loops the first passes and the last; of calls, about thirty for each operation. All are
 * tried with {@code -Dquire.fault.all=true}, which takes many minutes: do that after a change of what happens when
 * something fails.
 * <p>
 * A new operation is a line in a class of {@code world}, which is loaded with a copy of the library ({@link
 * FaultLoader}); a new class there needs a method here. To run those with "fork" in their names:
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
