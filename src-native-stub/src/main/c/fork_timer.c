/*
 * fork-timer <resident_bytes> <forks> <cow_pages> [<live_children>]
 *
 * How long does fork() of a process of this size take its caller, and what does the first write to a page cost while
 * the child lives? live_children other children live all the time (0 if not given). Prints one line of JSON with times
 * in nanoseconds. Every figure includes one reading of the clock.
 *
 * Exit status: 0 if it measured, 1 if the system refused something, 2 for bad arguments.
 */
#include "forked_process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char PROGRAM[] = "fork-timer";
const char ARGUMENTS[] = "<resident_bytes> <forks> <cow_pages> [<live_children>]";

static const uint64_t MAX_SAMPLES = UINT64_C(1) << 27;
static const uint64_t MAX_CHILDREN = 10000;

static uint32_t *page_numbers(uint64_t pages)
{
    uint32_t *numbers = malloc(pages * sizeof *numbers);
    if (numbers == NULL) {
        fail("malloc of the page numbers");
    }
    for (uint64_t i = 0; i < pages; i++) {
        numbers[i] = (uint32_t)i;
    }
    return numbers;
}

/* A Fisher-Yates shuffle that stops early: the first count numbers become a random choice without repeats. */
static void choose_pages(uint32_t *numbers, uint64_t pages, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t j = i + next_random() % (pages - i);
        uint32_t chosen = numbers[j];
        numbers[j] = numbers[i];
        numbers[i] = chosen;
    }
}

static uint64_t time_first_write(volatile unsigned char *page)
{
    uint64_t start = now_nanos();
    *page = 1;
    return now_nanos() - start;
}

static void print_times(const char *name, uint64_t *samples, uint64_t count)
{
    sort_samples(samples, count);
    printf(",\"%s\":{\"p50\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"max\":%" PRIu64 "}", name,
           permille(samples, count, 500), permille(samples, count, 990), samples[count - 1]);
}

/* Forks children that stay alive. Each differs from the one before by a page, like snapshots of a working process. */
static struct child *fork_living(uint64_t count, unsigned char *memory, uint64_t page_bytes, uint64_t pages)
{
    struct child *living = malloc((count + 1) * sizeof *living);
    if (living == NULL) {
        fail("malloc of the children");
    }
    for (uint64_t i = 0; i < count; i++) {
        time_fork(&living[i]);
        await_running(&living[i]);
        memory[next_random() % pages * page_bytes]++;
    }
    return living;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        bad_argument("three or four arguments are needed");
    }
    const uint64_t resident_bytes = parse_positive(argv[1], "resident_bytes must be a number above 0");
    const uint64_t forks = parse_positive(argv[2], "forks must be a number above 0");
    const uint64_t cow_pages = parse_positive(argv[3], "cow_pages must be a number above 0");
    const uint64_t live = argc == 5 ? parse_number(argv[4], "live_children must be a number") : 0;
    const uint64_t pages = whole_pages(resident_bytes);
    const uint64_t page_bytes = resident_bytes / pages;
    if (cow_pages > pages) {
        bad_argument("cow_pages must be at most the pages of resident_bytes");
    }
    if (forks > MAX_SAMPLES / cow_pages) {
        bad_argument("forks times cow_pages must be at most 2^27");
    }
    if (live > MAX_CHILDREN) {
        bad_argument("live_children must be at most 10000");
    }

    unsigned char *memory = map_resident(resident_bytes);
    uint32_t *numbers = page_numbers(pages);
    uint64_t *fork_nanos = new_samples(forks);
    uint64_t *write_nanos = new_samples(forks * cow_pages);

    const uint64_t copies = forks * cow_pages;
    prepare_free_frames((copies < pages ? copies : pages) * page_bytes);
    struct child *living = fork_living(live, memory, page_bytes, pages);
    for (uint64_t f = 0; f < forks; f++) {
        struct child child;
        fork_nanos[f] = time_fork(&child);
        await_running(&child);
        choose_pages(numbers, pages, cow_pages);
        for (uint64_t i = 0; i < cow_pages; i++) {
            write_nanos[f * cow_pages + i] = time_first_write(memory + numbers[i] * page_bytes);
        }
        end(&child);
    }

    for (uint64_t i = 0; i < live; i++) {
        end(&living[i]);
    }
    free(living);

    printf("{\"residentBytes\":%" PRIu64 ",\"forks\":%" PRIu64, resident_bytes, forks);
    print_times("forkNanos", fork_nanos, forks);
    print_times("firstWriteNanos", write_nanos, forks * cow_pages);
    printf("}\n");
    free(numbers);
    free(fork_nanos);
    free(write_nanos);
    return 0;
}
