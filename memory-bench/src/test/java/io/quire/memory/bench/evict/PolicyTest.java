package io.quire.memory.bench.evict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** The rivals do what their names promise, on a few letters that can be followed by hand, and on long traces. */
class PolicyTest {

    @Test
    void leastRecentlyUsedGoesFirst() {
        assertThat(missesOf("abcadbe", page -> new Lru(page, 3))).isEqualTo("abcdbe");
        assertThat(missesOf("abcabcd", page -> new Lru(page, 3))).isEqualTo("abcd");
    }

    @Test
    void clockGivesASecondChance() {
        // d finds that a was accessed, and takes the place of b.
        assertThat(missesOf("abcadab", page -> new Clock(page, 3))).isEqualTo("abcdb");
    }

    @Test
    void sieveLeavesSurvivorsWhereTheyAre() {
        // d passes a and takes the place of b. The hand stays there, so e takes the place of c although a is older.
        assertThat(missesOf("abcadea", page -> new Sieve(page, 3))).isEqualTo("abcde");
        // This goes on: a stays for as long as no other page is used twice.
        assertThat(missesOf("abcadefga", page -> new Sieve(page, 3))).isEqualTo("abcdefg");
        // All three were used again. The hand clears their bits, starts again with the oldest, and evicts a.
        assertThat(missesOf("abccbada", page -> new Sieve(page, 3))).isEqualTo("abcda");
    }

    @Test
    void twoQueuesKeepsPagesThatComeBack() {
        // There are four frames, one of them for newcomers. a comes back while its name is known, and survives a scan.
        assertThat(missesOf("abcdeafghija", page -> new TwoQueues(page, 4))).isEqualTo("abcdeafghij");
    }

    @Test
    void s3FifoPromotesPagesThatWereUsedTwiceMore() {
        assertThat(missesOf("aaabcdefghijklmna", page -> new S3Fifo(page, 10))).isEqualTo("abcdefghijklmn");
        assertThat(missesOf("aabcdefghijklmna", page -> new S3Fifo(page, 10))).isEqualTo("abcdefghijklmna");
    }

    @Test
    void optimumKeepsThePageThatIsUsedSoonest() {
        Trace trace = letters("abcdabeabcde");
        assertThat(trace.hitPercent(new Optimum(trace, 3))).isCloseTo(100.0 * 5 / 12, within(1e-9));
    }

    @Test
    void noPolicyBeatsTheOptimumAndACacheForAllPagesMissesEachOnce() {
        int[] beginning = Arrays.copyOf(SyntheticTraces.zipfAndScans().accesses(), 60_000);
        Trace trace = Trace.of("the beginning", Arrays.stream(beginning).asLongStream().toArray());
        int pages = trace.pages();
        double coldMisses = 100.0 * pages / trace.accesses().length;
        for (int frames : new int[] {1, 2, 3, 10, 1000, pages}) {
            double optimum = trace.hitPercent(new Optimum(trace, frames));
            policies(pages, frames).forEach((name, policy) -> {
                double hits = trace.hitPercent(policy);
                assertThat(hits).as("%s with %d frames", name, frames).isLessThanOrEqualTo(optimum);
                if (frames == pages) {
                    assertThat(hits).as(name).isCloseTo(100 - coldMisses, within(1e-9));
                }
            });
        }
    }

    private static Map<String, Policy> policies(int pages, int frames) {
        Map<String, Policy> policies = new LinkedHashMap<>();
        policies.put("LRU", new Lru(pages, frames));
        policies.put("CLOCK", new Clock(pages, frames));
        policies.put("SIEVE", new Sieve(pages, frames));
        policies.put("2Q", new TwoQueues(pages, frames));
        policies.put("S3-FIFO", new S3Fifo(pages, frames));
        policies.put("Quire", new Quire(pages, frames));
        return policies;
    }

    private static Trace letters(String letters) {
        return Trace.of("letters", letters.chars().asLongStream().toArray());
    }

    /** Returns the letters that were not resident when they were used. */
    private static String missesOf(String letters, IntFunction<Policy> policyForPages) {
        Trace trace = letters(letters);
        Policy policy = policyForPages.apply(trace.pages());
        StringBuilder misses = new StringBuilder();
        for (int at = 0; at < letters.length(); at++) {
            if (!policy.access(trace.accesses()[at])) {
                misses.append(letters.charAt(at));
            }
        }
        return misses.toString();
    }
}
