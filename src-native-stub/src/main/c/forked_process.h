/* What the timers of fork share: a process with memory in small pages, its children, and its samples. */
#ifndef QUIRE_FORKED_PROCESS_H
#define QUIRE_FORKED_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* How the program is called; each program has its own. */
extern const char PROGRAM[];
extern const char ARGUMENTS[];

struct child {
    pid_t pid;
    int ready; /* the child writes one byte here once it runs */
    int quit;  /* the child ends when it reads one here: later children hold this open, so closing is not enough */
};

/* Ends the program with status 1 and what errno says. */
_Noreturn void fail(const char *what);

/* Ends the program with status 2, the rule that was broken, and how it is called. */
_Noreturn void bad_argument(const char *rule);

uint64_t parse_number(const char *text, const char *rule);
uint64_t parse_positive(const char *text, const char *rule);

/* How many pages a size has; ends the program unless it is a whole number of them, fewer than 2^32. */
uint64_t whole_pages(uint64_t resident_bytes);

uint64_t now_nanos(void);

/* xorshift64*: a fixed seed, so that every run touches the same pages in the same order. One thread. */
uint64_t next_random(void);

/* Already touched, so that storing a sample never faults. */
uint64_t *new_samples(uint64_t count);

/* Small pages only: with huge pages a first write would copy 2 MiB, and a fork visit 512 times fewer entries. */
unsigned char *map_resident(uint64_t bytes);

/*
 * The kernel hands out next what was freed last. In a virtual machine a frame that was never used costs a
 * fault of the hypervisor too, which took five times as long as the copy: keep that out of the figures.
 */
void prepare_free_frames(uint64_t bytes);

/* Forks a child that lives until it is ended; how long the caller was held up. */
uint64_t time_fork(struct child *child);

/* The child has stopped taking faults of its own, which would delay those of the parent. */
void await_running(const struct child *child);
void end(const struct child *child);

void sort_samples(uint64_t *samples, uint64_t count);

/* Nearest rank: the smallest sample that is not below permille of all. */
uint64_t permille(const uint64_t *sorted, uint64_t count, uint64_t permille);

#endif
