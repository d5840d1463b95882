/*
 * write-timer <resident_bytes> <forks_per_second> <writes_per_second> <seconds>
 *
 * What does a write cost while the process is forked at some rate? One thread writes to random words on a fixed
 * schedule. A write that has to wait makes the writes after it late, and that counts, as it would for their senders.
 * Another thread forks, and each time ends the child before. Prints one line of JSON with times in nanoseconds, from
 * when a write was due until it was done.
 *
 * Exit status: 0 if it measured, 1 if the system refused something, 2 for bad arguments.
 */
#define _GNU_SOURCE

#include "forked_process.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const char PROGRAM[] = "write-timer";
const char ARGUMENTS[] = "<resident_bytes> <forks_per_second> <writes_per_second> <seconds>";

static const uint64_t MAX_WRITES = UINT64_C(1) << 27;
static const uint64_t SECOND = UINT64_C(1000000000);

struct forker {
    uint64_t interval_nanos;
    uint64_t forks;
    uint64_t first_nanos;
    atomic_bool done;
};

static void sleep_until(uint64_t nanos)
{
    struct timespec due = {.tv_sec = (time_t)(nanos / SECOND), .tv_nsec = (long)(nanos % SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR) {
    }
}

/* If a fork is late, it is done at once; missed forks are not made up for. */
static void *fork_on_time(void *argument)
{
    struct forker *forker = argument;
    struct child last;
    bool any = false;
    for (uint64_t due = forker->first_nanos;; due += forker->interval_nanos) {
        uint64_t now = now_nanos();
        due = now > due ? now : due;
        sleep_until(due);
        if (forker->done) {
            break;
        }
        struct child next;
        time_fork(&next);
        await_running(&next);
        if (any) {
            end(&last);
        }
        last = next;
        any = true;
        forker->forks++;
    }
    if (any) {
        end(&last);
    }
    return NULL;
}

static void write_on_time(unsigned char *memory, uint64_t words, uint64_t first_nanos, uint64_t interval_nanos,
                          uint64_t *late_nanos, uint64_t writes)
{
    volatile uint64_t *word = (volatile uint64_t *)(void *)memory;
    for (uint64_t i = 0; i < writes; i++) {
        const uint64_t due = first_nanos + i * interval_nanos;
        while (now_nanos() < due) {
        }
        word[next_random() % words] = i;
        late_nanos[i] = now_nanos() - due;
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        bad_argument("four arguments are needed");
    }
    const uint64_t resident_bytes = parse_positive(argv[1], "resident_bytes must be a number above 0");
    const uint64_t forks_per_second = parse_number(argv[2], "forks_per_second must be a number");
    const uint64_t writes_per_second = parse_positive(argv[3], "writes_per_second must be a number above 0");
    const uint64_t seconds = parse_positive(argv[4], "seconds must be a number above 0");
    whole_pages(resident_bytes);
    if (forks_per_second > SECOND || writes_per_second > SECOND) {
        bad_argument("forks_per_second and writes_per_second must be at most 10^9");
    }
    if (seconds > MAX_WRITES / writes_per_second) {
        bad_argument("writes_per_second times seconds must be at most 2^27");
    }

    const uint64_t writes = writes_per_second * seconds;
    unsigned char *memory = map_resident(resident_bytes);
    uint64_t *late_nanos = new_samples(writes);
    prepare_free_frames(resident_bytes);

    const uint64_t start = now_nanos();
    struct forker forker = {.forks = 0, .first_nanos = start, .done = false};
    pthread_t thread;
    if (forks_per_second > 0) {
        forker.interval_nanos = SECOND / forks_per_second;
        errno = pthread_create(&thread, NULL, fork_on_time, &forker);
        if (errno != 0) {
            fail("pthread_create");
        }
    }
    write_on_time(memory, resident_bytes / sizeof(uint64_t), start, SECOND / writes_per_second, late_nanos, writes);
    const uint64_t nanos = now_nanos() - start;
    if (forks_per_second > 0) {
        forker.done = true;
        pthread_join(thread, NULL);
    }

    sort_samples(late_nanos, writes);
    printf("{\"forks\":%" PRIu64 ",\"nanos\":%" PRIu64 ",\"writeNanos\":{\"p50\":%" PRIu64 ",\"p99\":%" PRIu64
           ",\"p999\":%" PRIu64 ",\"max\":%" PRIu64 "}}\n",
           forker.forks, nanos, permille(late_nanos, writes, 500), permille(late_nanos, writes, 990),
           permille(late_nanos, writes, 999), late_nanos[writes - 1]);
    free(late_nanos);
    return 0;
}
