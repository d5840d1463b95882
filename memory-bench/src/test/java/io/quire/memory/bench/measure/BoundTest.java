package io.quire.memory.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BoundTest {

    @Test
    void aCostIsOursDividedByTheirs() {
        assertThat(Target.atMost(2).ratio(rounds(30, 20))).isEqualTo(1.5);
        assertThat(Target.atMost(2).judge(rounds(30, 20))).isEqualTo(Verdict.MET);
        assertThat(Target.atMost(1.4).judge(rounds(30, 20))).isEqualTo(Verdict.MISSED);
    }

    @Test
    void aSpeedIsTheirsDividedByOurs() {
        assertThat(Target.atLeast(2).ratio(rounds(20, 50))).isEqualTo(2.5);
        assertThat(Target.atLeast(2).judge(rounds(20, 50))).isEqualTo(Verdict.MET);
        assertThat(Target.atLeast(3).judge(rounds(20, 50))).isEqualTo(Verdict.MISSED);
    }

    @Test
    void theAllowanceIsAddedToWhatTheirsCosts() {
        assertThat(Target.atMost(1.5, 200).judge(rounds(649, 300))).isEqualTo(Verdict.MET);
        assertThat(Target.atMost(1.5, 200).judge(rounds(651, 300))).isEqualTo(Verdict.MISSED);
    }

    @Test
    void roundsOnBothSidesOfTheTargetMakeTheVerdictUncertain() {
        Comparison mixed = rounds(new double[] {10, 30, 10, 30, 10, 30, 10, 30, 10}, 10);
        assertThat(Target.atMost(2).judge(mixed)).isEqualTo(Verdict.PERHAPS_MET);
        assertThat(Target.atMost(0.9).judge(mixed)).isEqualTo(Verdict.MISSED);
    }

    @Test
    void halvesOfARunShowItsDrift() {
        Comparison drifting = rounds(new double[] {19, 19, 19, 19, 19, 21, 21, 19, 21, 21}, 10);
        assertThat(drifting.earlyCost()).isEqualTo(1.9);
        assertThat(drifting.lateCost()).isEqualTo(2.1);
        assertThat(drifting.drift()).isCloseTo(0.1, within(1e-12));
        assertThat(rounds(30, 20).drift()).isZero();
    }

    @Test
    void aTimeIsLimitedWhateverTheirsTakes() {
        assertThat(Target.atMostNanos(50).judge(rounds(50, 1))).isEqualTo(Verdict.MET);
        assertThat(Target.atMostNanos(50).judge(rounds(51, 1_000))).isEqualTo(Verdict.MISSED);
        assertThat(Target.atMostNanos(50).ratio(rounds(50, 20))).isEqualTo(2.5);
        assertThat(Target.atMostNanos(5_000).label()).isEqualTo("<= 5.00 µs");
    }

    @Test
    void roundsOfTheirsDoNotMakeAVerdictOnATimeUncertain() {
        double[] ours = {40, 40, 40, 40, 40};
        double[] mixed = {10, 100, 10, 100, 10};
        assertThat(Target.atMostNanos(50).judge(Comparison.of(ours, mixed))).isEqualTo(Verdict.MET);
        assertThat(Target.atMostNanos(50).judge(Comparison.of(new double[] {40, 60, 40, 60, 40}, ours)))
                .isEqualTo(Verdict.PERHAPS_MET);
    }

    @Test
    void theReasonIsKept() {
        Bound bound = Target.atMost(2).because("it is so");
        assertThat(bound.ifMissed()).isEqualTo("it is so");
        assertThat(bound.judge(rounds(30, 10))).isEqualTo(Verdict.MISSED);
    }

    @Test
    void quartilesLeaveAQuarterOnEitherSide() {
        double[] samples = new double[101];
        Arrays.setAll(samples, i -> 100 - i);
        Quartiles quartiles = Quartiles.of(samples);
        assertThat(quartiles).isEqualTo(new Quartiles(25, 50, 75));
        assertThat(quartiles.spread()).isCloseTo(0.5, within(1e-12));
    }

    static Comparison rounds(double ours, double theirs) {
        return rounds(new double[] {ours, ours, ours}, theirs);
    }

    private static Comparison rounds(double[] ours, double theirs) {
        double[] same = new double[ours.length];
        Arrays.fill(same, theirs);
        return Comparison.of(ours, same);
    }
}
