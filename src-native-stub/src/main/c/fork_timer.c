/*
 * fork-timer <resident_bytes> <forks> <cow_pages>
 *
 * How long does fork() of a process of this size take its caller, and what does the first write to a page
 * cost while the child lives? Prints one line of JSON, times in nanoseconds. The time of reading the clock
 * once is part of every figure.
 *
 * Exit status: 0 measured, 1 the system refused something, 2 bad arguments.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const uint64_t MAX_SAMPLES = UINT64_C(1) << 27;

struct child {
    pid_t pid;
    int ready; /* the child writes one byte here once it runs */
    int quit;  /* the child ends when this is closed */
};

static void fail(const char *what)
{
    fprintf(stderr, "fork-timer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void bad_argument(const char *rule)
{
    fprintf(stderr, "fork-timer: %s; usage: fork-timer <resident_bytes> <forks> <cow_pages>\n", rule);
    exit(2);
}

static uint64_t parse_positive(const char *text, const char *rule)
{
    if (*text < '0' || *text > '9') {
        bad_argument(rule);
    }
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || value == 0) {
        bad_argument(rule);
    }
    return value;
}

static uint64_t now_nanos(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* xorshift64*: a fixed seed, so that every run touches the same pages in the same order. */
static uint64_t next_random(void)
{
    static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(0x2545F4914F6CDD1D);
}

/* Already touched, so that storing a sample never faults. */
static uint64_t *new_samples(uint64_t count)
{
    uint64_t *samples = malloc(count * sizeof *samples);
    if (samples == NULL) {
        fail("malloc of the samples");
    }
    memset(samples, 0xFF, count * sizeof *samples);
    return samples;
}

/* Small pages only: with huge pages a first write would copy 2 MiB, and a fork visit 512 times fewer entries. */
static unsigned char *map_resident(uint64_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fail("mmap of resident_bytes");
    }
    /* EINVAL: a kernel without huge pages, which is just as good. */
    if (madvise(memory, bytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL) {
        fail("madvise(MADV_NOHUGEPAGE)");
    }
    for (uint64_t at = 0; at < bytes; at += sizeof(uint64_t)) {
        uint64_t random = next_random();
        memcpy((unsigned char *)memory + at, &random, sizeof random);
    }
    return memory;
}

/*
 * The kernel hands out next what was freed last. In a virtual machine a frame that was never used costs a
 * fault of the hypervisor too, which took five times as long as the copy: keep that out of the figures.
 */
static void prepare_free_frames(uint64_t bytes)
{
    unsigned char *spare = map_resident(bytes);
    if (munmap(spare, bytes) != 0) {
        fail("munmap");
    }
}

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

/* Fisher-Yates, only as far as needed: the first count numbers become a random choice without repeats. */
static void choose_pages(uint32_t *numbers, uint64_t pages, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t j = i + next_random() % (pages - i);
        uint32_t chosen = numbers[j];
        numbers[j] = numbers[i];
        numbers[i] = chosen;
    }
}

static void live_until_closed(int ready, int quit)
{
    char byte = 0;
    if (write(ready, &byte, 1) != 1) {
        _exit(1);
    }
    while (read(quit, &byte, 1) < 0 && errno == EINTR) {
    }
    _exit(0);
}

static uint64_t time_fork(struct child *child)
{
    int ready[2];
    int quit[2];
    if (pipe(ready) != 0 || pipe(quit) != 0) {
        fail("pipe");
    }
    uint64_t start = now_nanos();
    pid_t pid = fork();
    if (pid == 0) {
        close(quit[1]);
        live_until_closed(ready[1], quit[0]);
    }
    uint64_t nanos = now_nanos() - start;
    if (pid < 0) {
        fail("fork");
    }
    close(ready[1]);
    close(quit[0]);
    *child = (struct child){.pid = pid, .ready = ready[0], .quit = quit[1]};
    return nanos;
}

/* The child has stopped taking faults of its own, which would delay those of the parent. */
static void await_running(const struct child *child)
{
    char byte;
    if (read(child->ready, &byte, 1) != 1) {
        fail("read from the child");
    }
}

static void end(const struct child *child)
{
    close(child->quit);
    close(child->ready);
    int status;
    if (waitpid(child->pid, &status, 0) != child->pid) {
        fail("waitpid");
    }
}

static uint64_t time_first_write(volatile unsigned char *page)
{
    uint64_t start = now_nanos();
    *page = 1;
    return now_nanos() - start;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Nearest rank: the smallest sample that is not below percent of all. */
static uint64_t percentile(const uint64_t *sorted, uint64_t count, uint64_t percent)
{
    return sorted[(count * percent + 99) / 100 - 1];
}

static void print_times(const char *name, uint64_t *samples, uint64_t count)
{
    qsort(samples, count, sizeof *samples, by_value);
    printf(",\"%s\":{\"p50\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"max\":%" PRIu64 "}", name,
           percentile(samples, count, 50), percentile(samples, count, 99), samples[count - 1]);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        bad_argument("three arguments are needed");
    }
    const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t resident_bytes = parse_positive(argv[1], "resident_bytes must be a number above 0");
    const uint64_t forks = parse_positive(argv[2], "forks must be a number above 0");
    const uint64_t cow_pages = parse_positive(argv[3], "cow_pages must be a number above 0");
    const uint64_t pages = resident_bytes / page_bytes;
    if (resident_bytes % page_bytes != 0 || pages > UINT32_MAX) {
        bad_argument("resident_bytes must be a whole number of pages, fewer than 2^32");
    }
    if (cow_pages > pages) {
        bad_argument("cow_pages must be at most the pages of resident_bytes");
    }
    if (forks > MAX_SAMPLES / cow_pages) {
        bad_argument("forks times cow_pages must be at most 2^27");
    }

    unsigned char *memory = map_resident(resident_bytes);
    uint32_t *numbers = page_numbers(pages);
    uint64_t *fork_nanos = new_samples(forks);
    uint64_t *write_nanos = new_samples(forks * cow_pages);

    const uint64_t copies = forks * cow_pages;
    prepare_free_frames((copies < pages ? copies : pages) * page_bytes);
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

    printf("{\"residentBytes\":%" PRIu64 ",\"forks\":%" PRIu64, resident_bytes, forks);
    print_times("forkNanos", fork_nanos, forks);
    print_times("firstWriteNanos", write_nanos, forks * cow_pages);
    printf("}\n");
    return 0;
}
