package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.platform.MemoryBarrier;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.testkit.ChildJvm;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The library without native access or asymmetric fences, in JVMs that refuse them. */
class NativeFallbackTest {

    @Test
    void withoutNativeAccessEveryFenceIsFull() throws IOException, InterruptedException {
        assertThat(modes()).isEqualTo("native=false asymmetric=false");
    }

    @Test
    void fencesAreFullWhereThePropertySaysSo() throws IOException, InterruptedException {
        assertThat(modes("--enable-native-access=ALL-UNNAMED", "-Dquire.fences=full"))
                .endsWith("asymmetric=false");
    }

    @Test
    void forksAreOfOneMomentWithFullFencesToo() throws IOException, InterruptedException {
        for (String option : List.of("-Dquire.fences=full", "-Dquire.fences=asymmetric")) {
            ChildJvm.Result result = ChildJvm.run(Racing.class,
                    List.of("--enable-native-access=ALL-UNNAMED", "-ea", option));
            assertThat(result.output()).isEqualToIgnoringNewLines("done");
        }
    }

    private static String modes(String... options) throws IOException, InterruptedException {
        return ChildJvm.run(Modes.class, List.of(options)).output().strip();
    }

    /** Prints what the library may use. */
    static final class Modes {

        private Modes() {
        }

        public static void main(String[] arguments) {
            System.out.println("native=" + NativeAccess.ENABLED + " asymmetric=" + MemoryBarrier.ASYMMETRIC);
        }
    }

    /** Runs the races of other tests. */
    static final class Racing {

        private Racing() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            ForkCutTest races = new ForkCutTest();
            races.leaks.open();
            races.countersOfSeveralWritersInAForkAreOfOneMoment();
            races.countersWrittenWithoutAccessorsAreOfOneMoment();
            races.forkHasEveryWriteThatReturnedBeforeAndNoneThatBeganAfter();
            System.out.println("done");
        }
    }
}
