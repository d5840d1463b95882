package io.quire.memory.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PlaceTest {

    private static final Map<Byte, Byte> HELD = Map.of(
            Place.SMALL, Place.SMALL_HELD,
            Place.MAIN, Place.MAIN_HELD,
            Place.WARM, Place.WARM_HELD);

    private static final Map<Byte, Byte> LOOKED_AND_ACCESSED = Map.of(
            Place.SMALL_HELD, Place.MAIN,
            Place.MAIN_HELD, Place.WARM,
            Place.WARM_HELD, Place.WARM);

    private static final Map<Byte, Byte> LOOKED_AND_NOT_ACCESSED = Map.of(
            Place.SMALL_HELD, Place.SMALL_VICTIM,
            Place.MAIN_HELD, Place.MAIN_VICTIM,
            Place.WARM_HELD, Place.MAIN);

    @Test
    void everyTransitionFromEveryPlaceDoesWhatThePictureSaysOrIsRefused() {
        for (byte place = 0; place < Place.COUNT; place++) {
            byte from = place;
            if (HELD.containsKey(from)) {
                assertThat(Place.held(from)).isEqualTo(HELD.get(from));
            } else {
                assertThatThrownBy(() -> Place.held(from)).hasMessageContaining(Place.toString(from));
            }
            if (Place.isHeld(from)) {
                assertThat(Place.looked(from, true)).isEqualTo(LOOKED_AND_ACCESSED.get(from));
                assertThat(Place.looked(from, false)).isEqualTo(LOOKED_AND_NOT_ACCESSED.get(from));
            } else {
                assertThatThrownBy(() -> Place.looked(from, true)).hasMessageContaining(Place.toString(from));
            }
        }
    }

    @Test
    void everyPlaceIsOfExactlyOneKind() {
        for (byte place = 0; place < Place.COUNT; place++) {
            int kinds = (place == Place.OUT ? 1 : 0) + (Place.isInSmall(place) ? 1 : 0)
                    + (Place.isInMain(place) ? 1 : 0) + (Place.isHeld(place) ? 1 : 0)
                    + (Place.isVictim(place) ? 1 : 0);
            assertThat(kinds).as(Place.toString(place)).isEqualTo(1);
        }
    }
}
