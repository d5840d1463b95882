/*
 * A device in software, for tests and for users without hardware, like the kernel's test_hmm driver for HMM. It has
 * memory of its own, one page table for each address space that is attached to it (a mirror), and one thread that
 * works on the addresses of these spaces. If its table does not have a page, it asks the library by a callback.
 *
 * The table holds no references to memory. If the library forgets an invalidation, the device may use a freed frame.
 * It notices that by the generation of the frame, and counts it.
 *
 * Any thread may call any function. An unknown device, mirror or frame, a null pointer or a number out of range
 * gives a status, never a crash. Frames and pages have 4096 bytes.
 */
#ifndef QUIRE_DEVICE_H
#define QUIRE_DEVICE_H

#include <stdint.h>

#include "quire_stub.h"

#define QUIRE_PAGE_BYTES 4096
#define QUIRE_KINDS 7               /* kinds of invalidations, in the order of InvalidationKind */
#define QUIRE_KIND_MIGRATE 4
#define QUIRE_MAX_FAULT_PAGES 65536 /* the most that one fault asks for */
#define QUIRE_MAX_BUFFER_BYTES (INT64_C(1) << 30)
#define QUIRE_FIRST_INJECTED 100 /* statuses from here on are chosen by tests */

enum quire_status {
    QUIRE_OK = 0,
    QUIRE_BAD_ARGUMENT = 1,
    QUIRE_UNKNOWN_DEVICE = 2, /* never created, or closed */
    QUIRE_UNKNOWN_MIRROR = 3, /* never attached, or detached */
    QUIRE_NO_MEMORY = 4,      /* the operating system has none left */
    QUIRE_REFUSED = 5,
    QUIRE_NOT_MAPPED = 6,     /* no translation, and the operation may not fault */
    QUIRE_FAULT_FAILED = 7,   /* the library refused a translation; it knows why */
    QUIRE_BUSY = 8,           /* every answer was outdated before it could be used; or a thread does not end */
    QUIRE_OUTDATED = 9,       /* an invalidation came after these translations */
    QUIRE_USE_AFTER_FREE = 10,
    QUIRE_DOUBLE_ALLOCATION = 11,
    QUIRE_DOUBLE_FREE = 12,
    QUIRE_BAD_ANSWER = 13, /* a translation without valid memory or access */
    QUIRE_CLOSED = 14,
    QUIRE_TIMED_OUT = 15,
    /* An end without a start, a sequence that does not grow, a mirror attached twice, an answer for a busy range. */
    QUIRE_PROTOCOL_ERROR = 16
};

enum quire_access { QUIRE_READ = 0, QUIRE_WRITE = 1, QUIRE_ATOMIC = 2 };

enum quire_operation_kind {
    QUIRE_OP_READ = 0,        /* size_bytes at address to the buffer; on failure the buffer is unchanged */
    QUIRE_OP_WRITE = 1,       /* the buffer to size_bytes at address; on failure a part may be written */
    QUIRE_OP_FILL = 2,        /* the low byte of value to size_bytes at address */
    QUIRE_OP_SUM = 3,         /* the sum of the 64-bit words in size_bytes at address */
    QUIRE_OP_COPY = 4,        /* size_bytes at address to size_bytes at target, which do not overlap */
    QUIRE_OP_ADD = 5,         /* adds value to the word at address, and returns the old word; needs QUIRE_ATOMIC */
    QUIRE_OP_READ_MAPPED = 6, /* as read, but never faults: QUIRE_NOT_MAPPED without a translation */
    QUIRE_OPS = 7
};

enum quire_phase { QUIRE_PHASE_INVALIDATE = 0, QUIRE_PHASE_COPY = 1, QUIRE_PHASE_ACCESS = 2, QUIRE_PHASES = 3 };

enum quire_event_type {
    QUIRE_EVENT_ATTACHED = 0,
    QUIRE_EVENT_DETACHED = 1,
    QUIRE_EVENT_INVALIDATE_START = 2, /* its range is erased */
    QUIRE_EVENT_INVALIDATE_END = 3,
    QUIRE_EVENT_INVALIDATE_REFUSED = 4,
    QUIRE_EVENT_FAULT = 5,    /* kind is the access */
    QUIRE_EVENT_OUTDATED = 6, /* the answer to a fault came too late */
    QUIRE_EVENT_MAPPED = 7,   /* the library offered translations that nobody asked for */
    QUIRE_EVENT_ALLOCATED = 8,
    QUIRE_EVENT_ALLOCATION_REFUSED = 9,
    QUIRE_EVENT_FREED = 10,
    QUIRE_EVENT_COPIED_IN = 11,
    QUIRE_EVENT_COPIED_OUT = 12,
    QUIRE_EVENT_ZEROED = 13,
    QUIRE_EVENT_COPY_FAILED = 14
};

/* Where one page is. */
struct quire_translation {
    uint64_t host; /* address of the page in this process; 0 for a frame of the device */
    int32_t frame; /* frame of the device; -1 for other memory */
    int32_t access;
};

struct quire_operation {
    int32_t kind;
    int32_t reserved; /* 0 */
    int64_t ticket;   /* passed to each fault, so that the caller recognizes its operation */
    int64_t mirror;
    uint64_t address;
    uint64_t target;
    int64_t size_bytes;
    int64_t value;
};

struct quire_result {
    int64_t pages;        /* pages reached; for a copy, those of the target */
    int64_t fault_rounds; /* faults whose answer was used */
    int64_t retries;      /* faults whose answer was outdated */
    int64_t value;
};

struct quire_entry {
    uint64_t address;
    int32_t frame;
    int32_t access;
    int32_t accessed; /* used since this was last asked */
    int32_t stale;    /* leads to a frame that was freed */
};

struct quire_counters {
    int64_t allocations; /* granted */
    int64_t refused_allocations;
    int64_t frees;
    int64_t live_frames;
    int64_t use_after_free;
    int64_t double_allocations;
    int64_t double_frees;
    int64_t protocol_errors;
    int64_t faults; /* including outdated ones */
    int64_t retries;
    int64_t copies; /* in, out and zero, including failed ones */
    int64_t refused_invalidations;
    int64_t invalidations[QUIRE_KINDS];
};

struct quire_event {
    int64_t number; /* counts up from 1 */
    int64_t mirror; /* 0 if the event has none */
    uint64_t start;
    uint64_t end;
    int64_t sequence;
    int32_t type;
    int32_t kind;
    int32_t owner;
    int32_t frame; /* -1 if the event has none */
};

_Static_assert(sizeof(struct quire_translation) == 16, "layout is part of the ABI");
_Static_assert(sizeof(struct quire_operation) == 56, "layout is part of the ABI");
_Static_assert(sizeof(struct quire_result) == 32, "layout is part of the ABI");
_Static_assert(sizeof(struct quire_entry) == 24, "layout is part of the ABI");
_Static_assert(sizeof(struct quire_counters) == (12 + QUIRE_KINDS) * 8, "layout is part of the ABI");
_Static_assert(sizeof(struct quire_event) == 56, "layout is part of the ABI");

/*
 * Asks for the translations of successive pages, beginning at address. The device's thread calls this and holds no
 * lock meanwhile. Returns QUIRE_OK and the sequence of the translations, or any other status to fail the operation.
 */
typedef int32_t (*quire_fault)(int64_t device, int64_t ticket, int64_t mirror, uint64_t address, int32_t pages,
                               int32_t access, int64_t *sequence, struct quire_translation *translations);

/* Zeroed memory for a coherent device. It outlives the device, because late readers may still use it. */
QUIRE_STUB_API int32_t quire_memory_map(int64_t size_bytes, uint64_t *address);
QUIRE_STUB_API int32_t quire_memory_unmap(uint64_t address, int64_t size_bytes);

/*
 * Starts a device. coherent is the address of its memory; 0 gives the device private memory, whose address nobody
 * learns. size_bytes is a multiple of the page size, for at most 2^31 - 1 frames.
 */
QUIRE_STUB_API int32_t quire_device_create(uint64_t coherent, int64_t size_bytes, quire_fault fault,
                                           int64_t *device);

/*
 * Ends the device's thread and destroys the device. Callers that wait for the device get QUIRE_CLOSED. Returns
 * QUIRE_BUSY if the thread has not ended in time; it may be in a fault. Then the device does nothing more: close it
 * again later.
 */
QUIRE_STUB_API int32_t quire_device_close(int64_t device, int32_t timeout_millis);

/* Turns poisoning on or off: a freed frame is filled with 0xDE. It is on at first. */
QUIRE_STUB_API int32_t quire_device_poison(int64_t device, int32_t on);

/* The library allocated or freed a frame. QUIRE_REFUSED for the allocation that a test wants to fail. */
QUIRE_STUB_API int32_t quire_device_frame_allocated(int64_t device, int32_t frame);
QUIRE_STUB_API int32_t quire_device_frame_freed(int64_t device, int32_t frame);

/*
 * The same for several frames, one after the other. Allocation stops at the first frame that fails and returns its
 * status; granted says how many frames were allocated before. Freeing goes on after a frame that fails, and returns
 * the status of the first that did.
 */
QUIRE_STUB_API int32_t quire_device_frames_allocated(int64_t device, const int32_t *frames, int32_t count,
                                                     int32_t *granted);
QUIRE_STUB_API int32_t quire_device_frames_freed(int64_t device, const int32_t *frames, int32_t count);

/* Copies one page from the processor to an allocated frame, or back; or zeroes the frame. */
QUIRE_STUB_API int32_t quire_device_copy_in(int64_t device, const void *source, int32_t frame);
QUIRE_STUB_API int32_t quire_device_copy_out(int64_t device, int32_t frame, void *target);
QUIRE_STUB_API int32_t quire_device_zero(int64_t device, int32_t frame);

/* Attaches or detaches a mirror. The caller chooses its number, which is positive. */
QUIRE_STUB_API int32_t quire_device_attach(int64_t device, int64_t mirror);
QUIRE_STUB_API int32_t quire_device_detach(int64_t device, int64_t mirror);

/*
 * Erases the translations of a range and keeps the sequence. When it returns, no access that used one of them is in
 * progress; it waits for the access of at most one page. If it may not block, it may return QUIRE_REFUSED, and then
 * nothing has changed.
 */
QUIRE_STUB_API int32_t quire_device_invalidate_start(int64_t device, int64_t mirror, uint64_t start, uint64_t end,
                                                     int32_t kind, int32_t owner, int64_t sequence,
                                                     int32_t may_block);
QUIRE_STUB_API int32_t quire_device_invalidate_end(int64_t device, int64_t mirror, uint64_t start, uint64_t end,
                                                   int32_t kind, int32_t owner, int64_t sequence);

/* Installs the translations of count pages, beginning at address; or returns QUIRE_OUTDATED. */
QUIRE_STUB_API int32_t quire_device_map(int64_t device, int64_t mirror, uint64_t address, int64_t sequence,
                                        int32_t count, const struct quire_translation *translations);

/* Sets accessed to 1 if the device used its translation of the page since the last call, else to 0. */
QUIRE_STUB_API int32_t quire_device_test_and_clear_accessed(int64_t device, int64_t mirror, uint64_t address,
                                                            int32_t *accessed);

/*
 * Lets the device's thread run one operation, and waits for it. buffer has size_bytes; only read and write use it.
 * After QUIRE_TIMED_OUT the operation may still change the space, but not the buffer.
 */
QUIRE_STUB_API int32_t quire_device_run(int64_t device, const struct quire_operation *operation, void *buffer,
                                        int32_t timeout_millis, struct quire_result *result);

/* Returns up to capacity translations, in no order. count is how many translations there are. */
QUIRE_STUB_API int32_t quire_device_table(int64_t device, int64_t mirror, int32_t capacity,
                                          struct quire_entry *entries, int32_t *count);

/* Counts the translations of all mirrors that lead to a freed frame. */
QUIRE_STUB_API int32_t quire_device_stale(int64_t device, int64_t *count);

QUIRE_STUB_API int32_t quire_device_counters(int64_t device, struct quire_counters *counters);

/* Returns up to capacity of the last events, oldest first. The device keeps the last 16,384. */
QUIRE_STUB_API int32_t quire_device_events(int64_t device, int32_t capacity, struct quire_event *events,
                                           int32_t *count);

/* For tests: the k-th allocation or copy from now fails, once. 0 turns this off. */
QUIRE_STUB_API int32_t quire_device_fail_allocation(int64_t device, int32_t k);
QUIRE_STUB_API int32_t quire_device_fail_copy(int64_t device, int32_t k, int32_t status);

/* Makes each step of a phase take longer. Invalidations wait for a delayed access. 0 turns this off. */
QUIRE_STUB_API int32_t quire_device_delay(int64_t device, int32_t phase, int32_t micros);

/* While this is on, invalidations that may not block are refused. */
QUIRE_STUB_API int32_t quire_device_refuse_non_blocking(int64_t device, int32_t on);

/* While this is on, invalidations do not return. They block nothing else. */
QUIRE_STUB_API int32_t quire_device_hold_invalidations(int64_t device, int32_t on);

/* While this is on, an access stops in the middle of a page, and invalidations have to wait for it. */
QUIRE_STUB_API int32_t quire_device_hold_accesses(int64_t device, int32_t on);

/* Sets accessing to 1 while an access is in progress, else to 0. Never waits. */
QUIRE_STUB_API int32_t quire_device_accessing(int64_t device, int32_t *accessing);

#endif
