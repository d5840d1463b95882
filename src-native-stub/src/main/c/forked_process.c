#define _GNU_SOURCE

#include "forked_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void fail(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", PROGRAM, what, strerror(errno));
    exit(1);
}

void bad_argument(const char *rule)
{
    fprintf(stderr, "%s: %s; usage: %s %s\n", PROGRAM, rule, PROGRAM, ARGUMENTS);
    exit(2);
}

uint64_t parse_number(const char *text, const char *rule)
{
    if (*text < '0' || *text > '9') {
        bad_argument(rule);
    }
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0') {
        bad_argument(rule);
    }
    return value;
}

uint64_t parse_positive(const char *text, const char *rule)
{
    uint64_t value = parse_number(text, rule);
    if (value == 0) {
        bad_argument(rule);
    }
    return value;
}

uint64_t whole_pages(uint64_t resident_bytes)
{
    const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    if (resident_bytes % page_bytes != 0 || resident_bytes / page_bytes > UINT32_MAX) {
        bad_argument("resident_bytes must be a whole number of pages, fewer than 2^32");
    }
    return resident_bytes / page_bytes;
}

uint64_t now_nanos(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

uint64_t next_random(void)
{
    static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(0x2545F4914F6CDD1D);
}

uint64_t *new_samples(uint64_t count)
{
    uint64_t *samples = malloc(count * sizeof *samples);
    if (samples == NULL) {
        fail("malloc of the samples");
    }
    memset(samples, 0xFF, count * sizeof *samples);
    return samples;
}

unsigned char *map_resident(uint64_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fail("mmap of resident_bytes");
    }
    /* EINVAL: the kernel has no huge pages, which is fine too. */
    if (madvise(memory, bytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL) {
        fail("madvise(MADV_NOHUGEPAGE)");
    }
    for (uint64_t at = 0; at < bytes; at += sizeof(uint64_t)) {
        uint64_t random = next_random();
        memcpy((unsigned char *)memory + at, &random, sizeof random);
    }
    return memory;
}

void prepare_free_frames(uint64_t bytes)
{
    unsigned char *spare = map_resident(bytes);
    if (munmap(spare, bytes) != 0) {
        fail("munmap");
    }
}

static void live_until_told(int ready, int quit)
{
    char byte = 0;
    if (write(ready, &byte, 1) != 1) {
        _exit(1);
    }
    while (read(quit, &byte, 1) < 0 && errno == EINTR) {
    }
    _exit(0);
}

uint64_t time_fork(struct child *child)
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
        live_until_told(ready[1], quit[0]);
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

void await_running(const struct child *child)
{
    char byte;
    if (read(child->ready, &byte, 1) != 1) {
        fail("read from the child");
    }
}

void end(const struct child *child)
{
    char byte = 0;
    if (write(child->quit, &byte, 1) != 1) {
        fail("write to the child");
    }
    close(child->quit);
    close(child->ready);
    int status;
    if (waitpid(child->pid, &status, 0) != child->pid) {
        fail("waitpid");
    }
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void sort_samples(uint64_t *samples, uint64_t count)
{
    qsort(samples, count, sizeof *samples, by_value);
}

uint64_t permille(const uint64_t *sorted, uint64_t count, uint64_t permille)
{
    return sorted[(count * permille + 999) / 1000 - 1];
}
