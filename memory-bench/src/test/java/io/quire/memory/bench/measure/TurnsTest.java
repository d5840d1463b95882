package io.quire.memory.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class TurnsTest {

    private final List<String> order = new ArrayList<>();

    @Test
    void sidesTakeTurnsAndTheFirstRoundsAreThrownAway() {
        List<List<String>> taken = new Turns(1, 2).take(List.of(side("ours"), side("theirs")));
        assertThat(order).containsExactly("ours 0", "theirs 1", "ours 2", "theirs 3", "ours 4", "theirs 5");
        assertThat(taken).containsExactly(List.of("ours 2", "ours 4"), List.of("theirs 3", "theirs 5"));
    }

    @Test
    void aMedianIsThatOfTheRoundsThatCount() {
        List<Double> nanos = new ArrayList<>(List.of(100.0, 3.0, 1.0, 2.0));
        assertThat(new Turns(1, 3).medians(List.of(nanos::removeFirst, () -> 7))).containsExactly(2, 7);
    }

    private Supplier<String> side(String name) {
        return () -> {
            order.add(name + " " + order.size());
            return order.getLast();
        };
    }
}
