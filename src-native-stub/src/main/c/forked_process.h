/* What both timers share: a process with memory in small pages, its children, and samples of times. */
#ifndef QUIRE_FORKED_PROCESS_H
#define QUIRE_FORKED_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* The name and the arguments of the program. Each program defines its own. */
extern const char PROGRAM[];
extern const char ARGUMENTS[];

struct child {
    pid_t pid;
    int ready; /* the child writes one byte here when it runs */
    int quit;  /* the child ends when it reads a byte here; closing would not do: later children hold the pipe open */
};

/* Ends the program with status 1 and the message of errno. */
_Noreturn void fail(const char *what);

/* Ends the program with status 2, the rule that was broken, and the usage. */
_Noreturn void bad_argument(const char *rule);

uint64_t parse_number(const char *text, const char *rule);
uint64_t parse_positive(const char *text, const char *rule);

/* Returns how many pages a size has. Ends the program unless that is a whole number, less than 2^32. */
uint64_t whole_pages(uint64_t resident_bytes);

uint64_t now_nanos(void);

/* xorshift64* with a fixed seed, so that every run touches the same pages in the same order. For one thread. */
uint64_t next_random(void);

/* The memory is already touched, so that storing a sample never faults. */
uint64_t *new_samples(uint64_t count);

/* Uses small pages only: with huge pages a first write copies 2 MiB, and a fork copies 512 times fewer entries. */
unsigned char *map_resident(uint64_t bytes);

/*
 * Frees as many frames as the measurement needs; the kernel hands out next what was freed last. In a virtual machine
 * a frame that was never used also costs a fault of the hypervisor, which took five times as long as the copy.
 */
void prepare_free_frames(uint64_t bytes);

/* Forks a child that lives until end(). Returns how long fork() took the caller. */
uint64_t time_fork(struct child *child);

/* Waits until the child runs and takes no more faults of its own, which would delay those of the parent. */
void await_running(const struct child *child);
void end(const struct child *child);

void sort_samples(uint64_t *samples, uint64_t count);

/* Nearest rank: returns the smallest sample such that this permille of all samples is not greater. */
uint64_t permille(const uint64_t *sorted, uint64_t count, uint64_t permille);

#endif
