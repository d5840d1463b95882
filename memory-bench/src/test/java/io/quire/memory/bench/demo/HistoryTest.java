package io.quire.memory.bench.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class HistoryTest {

    private static final long START = 1000;

    private final History history = new History(START);

    @Test
    void mapWithoutUpdatesHasOneMoment() {
        Moments moments = history.since(history.remember());

        assertThat(moments.count()).isEqualTo(1);
        assertThat(moments.include(found(0, START))).isTrue();
    }

    @Test
    void everyUpdateThatBeganSinceIsAMoment() {
        update(1);
        long first = history.remember();
        update(2);
        history.begin(3, START + 3);

        Moments moments = history.since(first);

        assertThat(moments.count()).isEqualTo(3);
        assertThat(moments.include(found(1, START + 1))).isTrue();
        assertThat(moments.include(found(2, START + 2))).isTrue();
        assertThat(moments.include(found(3, START + 3))).isTrue();
    }

    @Test
    void olderAndNewerMomentsAreNot() {
        update(1);
        update(2);
        Moments moments = history.since(history.remember());
        update(3);

        assertThat(moments.include(found(1, START + 1))).isFalse();
        assertThat(moments.include(found(3, START + 3))).isFalse();
        assertThat(moments.explain(found(3, START + 3)))
                .contains("update found: 3, expected: 2 to 2", "expected: none");
    }

    @Test
    void checksumOfAnotherMomentIsWrong() {
        update(1);
        Moments moments = history.since(0);

        assertThat(moments.include(found(1, START))).isFalse();
        assertThat(moments.include(found(0, START + 1))).isFalse();
    }

    @Test
    void writerWaitsBeforeItOverwritesWhatIsLookedAt() throws InterruptedException {
        update(1);
        long first = history.remember();
        int updates = 200_000;
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int i = 2; i <= updates; i++) {
                update(i);
            }
        });
        assertThat(writer.join(Duration.ofMillis(200))).isFalse();

        Moments moments = history.since(first);
        history.forget();
        writer.join();

        assertThat(moments.count()).isGreaterThan(1000);
        for (int i = 1; i <= moments.count(); i++) {
            assertThat(moments.include(found(i, START + i))).isTrue();
        }
        assertThat(history.remember()).isEqualTo(updates);
    }

    private void update(long number) {
        history.begin(number, START + number);
        history.end(number);
    }

    /** What a reader would have found, with a hash that gives the sum. */
    private static Checksum found(long newestUpdate, long sum) {
        Checksum found = new Checksum((_, _) -> sum);
        byte[] value = new byte[Stamp.BYTES];
        Stamp.set(value, newestUpdate);
        found.add(new byte[0], value);
        return found;
    }
}
