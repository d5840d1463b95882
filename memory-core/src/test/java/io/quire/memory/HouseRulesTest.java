package io.quire.memory;

import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The rules of the house: a package may import from the rows below it and from no others. Some classes may be used by
 * one package only, some by none.
 *
 * <pre>
 *   structure  transfer  view maps that live in a space; difference, export and import; channels, streams and structs
 *   nodes                     small nodes that maps are made of
 *   (io.quire.memory)         what users see
 *   upkeep                    the agent, reports of old pins and snapshots, the end of a manager
 *   space                     map, protect, fork, pin, close
 *   migrate                   pages that move: ranges, eviction, promotion
 *   fault                     page faults of processor and devices
 *   lineage                   forks that share frames, and the reverse map
 *   attach     pin            mirrors of devices and their invalidations; pins
 *   driver     handle         calls of drivers; forgotten handles
 *   table      tier           page tables; the choice of pages to evict
 *   frame                     pools of frames, references, holds
 *   allocator                 free frames by number
 *   guard                     locks, waits, writer slots
 *   platform                  the operating system
 * </pre>
 *
 * Every row may import {@code contract} and {@code device}, which users see too, and {@code trace}.
 */
@AnalyzeClasses(packages = "io.quire.memory", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseRulesTest {

    private static final String ROOT = "io.quire.memory";

    /** The rows, the top one first. Packages of one row may not import each other. */
    private static final List<List<String>> ROWS = List.of(List.of("structure", "transfer", "view"), List.of("nodes"),
            List.of("memory"), List.of("upkeep"), List.of("space"), List.of("migrate"), List.of("fault"),
            List.of("lineage"), List.of("attach", "pin"), List.of("driver", "handle"), List.of("table", "tier"),
            List.of("frame"), List.of("allocator"), List.of("guard"), List.of("platform"));

    @ArchTest
    static final ArchRule ARROWS_POINT_DOWN = house();

    @ArchTest
    static final ArchRule CONTRACT_DEVICE_AND_TRACE_IMPORT_NO_ROW = noClasses()
            .that().resideInAnyPackage(ROOT + ".contract..", ROOT + ".device..", ROOT + ".trace..")
            .should().dependOnClassesThat().resideInAnyPackage(ROWS.stream().flatMap(List::stream)
                    .map(HouseRulesTest::pattern).toArray(String[]::new));

    /**
     * Checks the imports in the sources too: one that only Javadoc needs is in no class file, and is forbidden as well.
     */
    @ArchTest
    static void importsPointDownToo(JavaClasses classes) throws IOException {
        List<String> upward = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                String own = file.getParent().getFileName().toString();
                Files.readString(file).lines().filter(line -> line.startsWith("import " + ROOT)).forEach(line -> {
                    String[] parts = line.split("\\.");
                    String imported = parts[parts.length - 2];
                    if (rowOf(own) >= 0 && rowOf(imported) >= 0 && rowOf(imported) <= rowOf(own)) {
                        upward.add(file.getFileName() + ": " + line);
                    }
                });
            }
        }
        assertThat(upward).isEmpty();
    }

    private static int rowOf(String name) {
        return IntStream.range(0, ROWS.size()).filter(row -> ROWS.get(row).contains(name)).findFirst().orElse(-1);
    }

    @ArchTest
    static void everyPackageHasItsPlace(JavaClasses classes) {
        Set<String> known = ROWS.stream().flatMap(List::stream).collect(Collectors.toCollection(TreeSet::new));
        known.addAll(List.of("contract", "device", "trace"));
        assertThat(classes.stream().map(JavaClass::getPackageName)
                .map(name -> name.substring(name.lastIndexOf('.') + 1)).distinct()).allMatch(known::contains);
    }

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
    static final ArchRule NO_METHOD_IS_SYNCHRONIZED = noMethods().should().haveModifier(SYNCHRONIZED);

    @ArchTest
    static final ArchRule NO_CLASS_PRINTS = noClasses().should().accessField(System.class, "out")
            .orShould().accessField(System.class, "err");

    private static ArchRule house() {
        LayeredArchitecture house = layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (String name : ROWS.stream().flatMap(List::stream).toList()) {
            house = house.layer(name).definedBy(pattern(name));
        }
        for (int row = 0; row < ROWS.size(); row++) {
            String[] below = ROWS.subList(row + 1, ROWS.size()).stream().flatMap(List::stream).toArray(String[]::new);
            for (String name : ROWS.get(row)) {
                house = below.length == 0 ? house.whereLayer(name).mayNotAccessAnyLayer()
                        : house.whereLayer(name).mayOnlyAccessLayers(below);
            }
        }
        return house;
    }

    private static String pattern(String name) {
        return name.equals("memory") ? ROOT : ROOT + "." + name + "..";
    }
}
