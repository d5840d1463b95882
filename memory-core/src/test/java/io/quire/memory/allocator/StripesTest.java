package io.quire.memory.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class StripesTest {

    private static final int COUNT = 4;

    private final Stripes stripes = new Stripes(COUNT, COUNT);

    @Test
    void threadClaimsItsOwnStripeUntilAnotherThreadDoes() {
        int home = stripes.home();
        for (int i = 0; i < 10; i++) {
            assertThat(stripes.claim()).isEqualTo(home);
            stripes.unclaim(home);
        }
        assertThat(stripes.home()).isEqualTo(home);
    }

    @Test
    void threadThatIsCrowdedOutMovesToTheNextStripe() {
        int crowded = stripes.claim();
        int next = stripes.claim();
        assertThat(next).isEqualTo((crowded + 1) % COUNT);
        stripes.unclaim(crowded);
        stripes.unclaim(next);
        assertThat(stripes.home()).isEqualTo(next);
        assertThat(stripes.claim()).isEqualTo(next);
    }

    @Test
    void threadThatFindsNoStripeStaysWhereItIs() {
        for (int i = 0; i < COUNT; i++) {
            assertThat(stripes.claim()).isNotEqualTo(FrameUnits.NONE);
        }
        int home = stripes.home();
        assertThat(stripes.claim()).isEqualTo(FrameUnits.NONE);
        assertThat(stripes.home()).isEqualTo(home);
    }
}
