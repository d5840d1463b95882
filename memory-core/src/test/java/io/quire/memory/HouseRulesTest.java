package io.quire.memory;

import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * The house: a package imports from the rows below it only, and some things are for one package or for none.
 */
@AnalyzeClasses(packages = "io.quire.memory", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseRulesTest {

    private static final String ROOT = "io.quire.memory";

    /** Top row first; what stands in one row does not look at its neighbours. */
    private static final String[] ROWS = {"space", "driver", "tier", "table", "frame", "allocator", "guard",
        "platform"};

    @ArchTest
    static final ArchRule SPACE_KNOWS_ONLY_WHAT_IS_BELOW = looksDownOnly(0);

    @ArchTest
    static final ArchRule DRIVER_KNOWS_ONLY_WHAT_IS_BELOW = looksDownOnly(1);

    @ArchTest
    static final ArchRule TIER_KNOWS_ONLY_WHAT_IS_BELOW = looksDownOnly(2);

    @ArchTest
    static final ArchRule TABLE_KNOWS_ONLY_WHAT_IS_BELOW = looksDownOnly(3);

    @ArchTest
    static final ArchRule FRAME_KNOWS_ONLY_WHAT_IS_BELOW = looksDownOnly(4);

    @ArchTest
    static final ArchRule ALLOCATOR_KNOWS_ONLY_WHAT_IS_BELOW = looksDownOnly(5);

    @ArchTest
    static final ArchRule GUARD_KNOWS_ONLY_WHAT_IS_BELOW = looksDownOnly(6);

    @ArchTest
    static final ArchRule PLATFORM_KNOWS_ONLY_WHAT_IS_BELOW = looksDownOnly(7);

    @ArchTest
    static final ArchRule CONTRACT_DEVICE_AND_TRACE_KNOW_NOTHING_OF_THE_HOUSE = noClasses()
            .that().resideInAnyPackage(ROOT + ".contract..", ROOT + ".device..", ROOT + ".trace..")
            .should().dependOnClassesThat().resideInAnyPackage(ROOT, ROOT + ".structure..", ROOT + ".space..",
                    ROOT + ".driver..", ROOT + ".tier..", ROOT + ".table..", ROOT + ".frame..", ROOT + ".guard..",
                    ROOT + ".platform..");

    @ArchTest
    static final ArchRule ONLY_PLATFORM_CALLS_NATIVE_CODE = noClasses()
            .that().resideOutsideOfPackage(ROOT + ".platform..")
            .should().dependOnClassesThat().haveFullyQualifiedName("java.lang.foreign.Linker")
            .orShould().dependOnClassesThat().haveFullyQualifiedName("java.lang.foreign.SymbolLookup");

    @ArchTest
    static final ArchRule NOTHING_NEEDS_UNSAFE = noClasses()
            .should().dependOnClassesThat().resideInAnyPackage("sun.misc..", "jdk.internal..")
            .orShould().dependOnClassesThat().haveFullyQualifiedName("org.agrona.concurrent.UnsafeBuffer")
            .orShould().dependOnClassesThat().haveFullyQualifiedName("org.agrona.BufferUtil")
            .orShould().dependOnClassesThat().haveFullyQualifiedName("org.agrona.UnsafeApi");

    @ArchTest
    static final ArchRule QUEUES_OF_JCTOOLS_ARE_THOSE_WITHOUT_UNSAFE = noClasses()
            .should().dependOnClassesThat().resideInAnyPackage("org.jctools.queues", "org.jctools.maps..",
                    "org.jctools.queues.unpadded..", "org.jctools.util..");

    @ArchTest
    static final ArchRule NOBODY_SYNCHRONIZES = noMethods().should().haveModifier(SYNCHRONIZED);

    @ArchTest
    static final ArchRule NOBODY_PRINTS = noClasses().should().accessField(System.class, "out")
            .orShould().accessField(System.class, "err");

    private static ArchRule looksDownOnly(int row) {
        String[] above = new String[row + 2];
        above[0] = ROOT;
        above[1] = ROOT + ".structure..";
        for (int i = 0; i < row; i++) {
            above[i + 2] = ROOT + "." + ROWS[i] + "..";
        }
        return noClasses().that().resideInAPackage(ROOT + "." + ROWS[row] + "..")
                .should().dependOnClassesThat().resideInAnyPackage(above);
    }
}
