package io.quire.memory.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ChecksumHistoryTest {

    private static final long START = 1000;

    private final ChecksumHistory history = new ChecksumHistory(START);

    @Test
    void mapWithoutUpdatesHasOneState() {
        CandidateStates candidates = history.since(history.remember());

        assertThat(candidates.count()).isEqualTo(1);
        assertThat(candidates.include(found(0, START))).isTrue();
    }

    @Test
    void everyUpdateThatBeganSinceIsACandidate() {
        update(1);
        long first = history.remember();
        update(2);
        history.begin(3, START + 3);

        CandidateStates candidates = history.since(first);

        assertThat(candidates.count()).isEqualTo(3);
        assertThat(candidates.include(found(1, START + 1))).isTrue();
        assertThat(candidates.include(found(2, START + 2))).isTrue();
        assertThat(candidates.include(found(3, START + 3))).isTrue();
    }

    @Test
    void olderAndNewerStatesAreNoCandidates() {
        update(1);
        update(2);
        CandidateStates candidates = history.since(history.remember());
        update(3);

        assertThat(candidates.include(found(1, START + 1))).isFalse();
        assertThat(candidates.include(found(3, START + 3))).isFalse();
        assertThat(candidates.explain(found(3, START + 3)))
                .contains("update found: 3, expected: 2 to 2", "expected: none");
    }

    @Test
    void checksumOfAnotherStateIsWrong() {
        update(1);
        CandidateStates candidates = history.since(0);

        assertThat(candidates.include(found(1, START))).isFalse();
        assertThat(candidates.include(found(0, START + 1))).isFalse();
    }

    @Test
    void writerWaitsBeforeItOverwritesWhatAReaderNeeds() throws InterruptedException {
        update(1);
        long first = history.remember();
        int updates = 200_000;
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int i = 2; i <= updates; i++) {
                update(i);
            }
        });
        assertThat(writer.join(Duration.ofMillis(200))).isFalse();

        CandidateStates candidates = history.since(first);
        history.forget();
        writer.join();

        assertThat(candidates.count()).isGreaterThan(1000);
        for (int i = 1; i <= candidates.count(); i++) {
            assertThat(candidates.include(found(i, START + i))).isTrue();
        }
        assertThat(history.remember()).isEqualTo(updates);
    }

    private void update(long number) {
        history.begin(number, START + number);
        history.end(number);
    }

    /** Makes the result that a reader would find, with a hash that gives this sum. */
    private static Checksum found(long newestUpdate, long sum) {
        Checksum found = new Checksum((_, _) -> sum);
        byte[] value = new byte[UpdateNumber.BYTES];
        UpdateNumber.set(value, newestUpdate);
        found.add(new byte[0], value);
        return found;
    }
}
