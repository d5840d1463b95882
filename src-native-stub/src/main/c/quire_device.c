#define _GNU_SOURCE

#include "quire_device.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "quire_table.h"

static const int32_t EVENTS = 16384; /* how many events are kept */

/* Under constant invalidations an operation may make no progress. It is given up after this time and these steps. */
static const int32_t FRUITLESS_MILLIS = 1000;
static const int FRUITLESS_STEPS = 100;

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Fills freed frames, so that a later read of such a frame is noticed. */
static const int POISON = 0xDE;

struct frame {
    uint32_t generation; /* one more with each allocation */
    bool live;
};

/* An invalidation that has not ended. */
struct window {
    struct window *next;
    struct quire_event invalidation;
};

struct mirror {
    struct mirror *next;
    int64_t id;
    int64_t sequence; /* of the last invalidation */
    struct window *windows;
    struct table table;
};

/* Owned by the caller that waits for it. If the caller gives up, the device's thread owns it. */
struct operation {
    struct operation *next;
    struct quire_operation ask;
    struct quire_result answer;
    unsigned char *buffer; /* a copy, so that the caller's memory is not touched after the caller gave up */
    int32_t status;
    bool finished;
    bool abandoned;
};

struct device {
    /* Guarded by the registry's lock. */
    struct device *next;
    int64_t id;
    int64_t users; /* calls in progress */

    /* These never change. */
    quire_fault fault;
    unsigned char *memory;
    int64_t size_bytes;
    bool own_memory;
    pthread_t thread;

    /* Used without the lock. */
    atomic_bool hold_accesses;
    atomic_bool accessing;

    /* Guards what follows. An access holds it for at most one page; a fault does not. */
    pthread_mutex_t lock;
    pthread_cond_t work;    /* wakes the device's thread: an operation was added, or the device closes */
    pthread_cond_t changed; /* wakes the others: an operation is finished, the thread has ended, a hold is over */
    bool closing;
    bool thread_ended;
    struct operation *first;
    struct operation *last;
    struct frame *frames;
    struct mirror *mirrors;
    struct quire_counters counters;
    struct quire_event *events; /* event n is at (n - 1) % EVENTS */
    int64_t event_count;
    int32_t allocations_to_failure;
    int32_t copies_to_failure;
    int32_t copy_failure;
    int32_t delay_micros[QUIRE_PHASES];
    bool refuse_non_blocking;
    bool leave_freed_bytes;
    bool hold_invalidations;
};

/* The registry of all devices. An id of a closed device is unknown: ids are never used again. */
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t registry_changed = PTHREAD_COND_INITIALIZER;
static struct device *devices;
static int64_t last_device;

/* Returns the device, which then stays alive until leave(); null if there is none. */
static struct device *enter(int64_t id)
{
    pthread_mutex_lock(&registry_lock);
    struct device *device = devices;
    while (device != NULL && device->id != id) {
        device = device->next;
    }
    if (device != NULL) {
        device->users++;
    }
    pthread_mutex_unlock(&registry_lock);
    return device;
}

static void leave(struct device *device)
{
    pthread_mutex_lock(&registry_lock);
    device->users--;
    pthread_cond_broadcast(&registry_changed);
    pthread_mutex_unlock(&registry_lock);
}

/* Like enter(), but also takes the device's lock. */
static struct device *enter_locked(int64_t id)
{
    struct device *device = enter(id);
    if (device != NULL) {
        pthread_mutex_lock(&device->lock);
    }
    return device;
}

static int32_t leave_locked(struct device *device, int32_t status)
{
    pthread_mutex_unlock(&device->lock);
    leave(device);
    return status;
}

static void add_to_registry(struct device *device)
{
    pthread_mutex_lock(&registry_lock);
    device->id = ++last_device;
    device->next = devices;
    devices = device;
    pthread_mutex_unlock(&registry_lock);
}

/* Returns false if another call removed the device. When it returns true, no other call uses the device. */
static bool remove_from_registry(struct device *device)
{
    pthread_mutex_lock(&registry_lock);
    struct device **link = &devices;
    while (*link != NULL && *link != device) {
        link = &(*link)->next;
    }
    bool removed = *link == device;
    if (removed) {
        *link = device->next;
        while (device->users > 1) { /* the caller is one of them */
            pthread_cond_wait(&registry_changed, &registry_lock);
        }
    }
    pthread_mutex_unlock(&registry_lock);
    return removed;
}

#ifdef __APPLE__ /* its condition variables support no other clock */
static const clockid_t CLOCK = CLOCK_REALTIME;
#else
static const clockid_t CLOCK = CLOCK_MONOTONIC;
#endif

static struct timespec millis_from_now(int32_t millis)
{
    struct timespec time;
    clock_gettime(CLOCK, &time);
    time.tv_sec += millis / 1000;
    time.tv_nsec += (long)(millis % 1000) * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

static bool is_over(const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK, &now);
    return now.tv_sec > deadline->tv_sec || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

static void nap(int64_t micros)
{
    struct timespec left = {.tv_sec = micros / 1000000, .tv_nsec = (long)(micros % 1000000) * 1000};
    while (micros > 0 && nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Adds an event; the caller fills in its other fields. The caller holds the lock. */
static struct quire_event *log_event(struct device *device, enum quire_event_type type, int64_t mirror)
{
    struct quire_event *event = &device->events[device->event_count++ % EVENTS];
    *event = (struct quire_event){.number = device->event_count, .mirror = mirror, .type = (int32_t)type, .frame = -1};
    return event;
}

static void log_frame(struct device *device, enum quire_event_type type, int32_t frame)
{
    log_event(device, type, 0)->frame = frame;
}

static struct mirror *find_mirror(const struct device *device, int64_t id)
{
    struct mirror *mirror = device->mirrors;
    while (mirror != NULL && mirror->id != id) {
        mirror = mirror->next;
    }
    return mirror;
}

/* Frames. */

static bool has_frame(const struct device *device, int32_t frame)
{
    return frame >= 0 && frame < device->size_bytes / QUIRE_PAGE_BYTES;
}

static unsigned char *frame_bytes(const struct device *device, int32_t frame)
{
    return device->memory + (int64_t)frame * QUIRE_PAGE_BYTES;
}

/* Counts down to the failure that a test has ordered. Returns true if it is due. */
static bool is_to_fail(int32_t *left)
{
    return *left > 0 && --*left == 0;
}

static int32_t frame_allocated(struct device *device, int32_t frame)
{
    struct frame *state = &device->frames[frame];
    if (state->live) {
        device->counters.double_allocations++;
        return QUIRE_DOUBLE_ALLOCATION;
    }
    if (is_to_fail(&device->allocations_to_failure)) {
        device->counters.refused_allocations++;
        log_frame(device, QUIRE_EVENT_ALLOCATION_REFUSED, frame);
        return QUIRE_REFUSED;
    }
    state->live = true;
    state->generation++;
    device->counters.allocations++;
    device->counters.live_frames++;
    log_frame(device, QUIRE_EVENT_ALLOCATED, frame);
    return QUIRE_OK;
}

int32_t quire_device_frame_allocated(int64_t id, int32_t frame)
{
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    return leave_locked(device, has_frame(device, frame) ? frame_allocated(device, frame) : QUIRE_BAD_ARGUMENT);
}

static bool has_frames(const struct device *device, const int32_t *frames, int32_t count)
{
    if (count < 0 || (frames == NULL && count > 0)) {
        return false;
    }
    for (int32_t i = 0; i < count; i++) {
        if (!has_frame(device, frames[i])) {
            return false;
        }
    }
    return true;
}

int32_t quire_device_frames_allocated(int64_t id, const int32_t *frames, int32_t count, int32_t *granted)
{
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    if (granted == NULL || !has_frames(device, frames, count)) {
        return leave_locked(device, QUIRE_BAD_ARGUMENT);
    }
    int32_t status = QUIRE_OK;
    *granted = 0;
    while (*granted < count && status == QUIRE_OK) {
        status = frame_allocated(device, frames[*granted]);
        *granted += status == QUIRE_OK ? 1 : 0;
    }
    return leave_locked(device, status);
}

static int32_t frame_freed(struct device *device, int32_t frame)
{
    struct frame *state = &device->frames[frame];
    if (!state->live) {
        device->counters.double_frees++;
        return QUIRE_DOUBLE_FREE;
    }
    state->live = false;
    if (!device->leave_freed_bytes) {
        memset(frame_bytes(device, frame), POISON, QUIRE_PAGE_BYTES);
    }
    device->counters.frees++;
    device->counters.live_frames--;
    log_frame(device, QUIRE_EVENT_FREED, frame);
    return QUIRE_OK;
}

int32_t quire_device_frame_freed(int64_t id, int32_t frame)
{
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    return leave_locked(device, has_frame(device, frame) ? frame_freed(device, frame) : QUIRE_BAD_ARGUMENT);
}

int32_t quire_device_frames_freed(int64_t id, const int32_t *frames, int32_t count)
{
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    if (!has_frames(device, frames, count)) {
        return leave_locked(device, QUIRE_BAD_ARGUMENT);
    }
    int32_t status = QUIRE_OK;
    for (int32_t i = 0; i < count; i++) {
        int32_t freed = frame_freed(device, frames[i]);
        status = status == QUIRE_OK ? freed : status;
    }
    return leave_locked(device, status);
}

/* Copies. */

static int32_t copy(struct device *device, enum quire_event_type type, int32_t frame, const void *source, void *target)
{
    if (!has_frame(device, frame)) {
        return QUIRE_BAD_ARGUMENT;
    }
    device->counters.copies++;
    if (!device->frames[frame].live) {
        device->counters.use_after_free++;
        return QUIRE_USE_AFTER_FREE;
    }
    if (is_to_fail(&device->copies_to_failure)) {
        log_frame(device, QUIRE_EVENT_COPY_FAILED, frame);
        return device->copy_failure;
    }
    log_frame(device, type, frame);
    if (type == QUIRE_EVENT_COPIED_IN) {
        memcpy(frame_bytes(device, frame), source, QUIRE_PAGE_BYTES);
    } else if (type == QUIRE_EVENT_COPIED_OUT) {
        memcpy(target, frame_bytes(device, frame), QUIRE_PAGE_BYTES);
    } else {
        memset(frame_bytes(device, frame), 0, QUIRE_PAGE_BYTES);
    }
    return QUIRE_OK;
}

static int32_t delay_and_copy(int64_t id, enum quire_event_type type, int32_t frame, const void *source, void *target)
{
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    int32_t delay_micros = device->delay_micros[QUIRE_PHASE_COPY];
    pthread_mutex_unlock(&device->lock);
    nap(delay_micros);
    pthread_mutex_lock(&device->lock);
    return leave_locked(device, copy(device, type, frame, source, target));
}

int32_t quire_device_copy_in(int64_t id, const void *source, int32_t frame)
{
    if (source == NULL) {
        return QUIRE_BAD_ARGUMENT;
    }
    return delay_and_copy(id, QUIRE_EVENT_COPIED_IN, frame, source, NULL);
}

int32_t quire_device_copy_out(int64_t id, int32_t frame, void *target)
{
    if (target == NULL) {
        return QUIRE_BAD_ARGUMENT;
    }
    return delay_and_copy(id, QUIRE_EVENT_COPIED_OUT, frame, NULL, target);
}

int32_t quire_device_zero(int64_t id, int32_t frame)
{
    return delay_and_copy(id, QUIRE_EVENT_ZEROED, frame, NULL, NULL);
}

/* Mirrors. */

static int32_t attach(struct device *device, int64_t id)
{
    if (find_mirror(device, id) != NULL) {
        device->counters.protocol_errors++;
        return QUIRE_PROTOCOL_ERROR;
    }
    struct mirror *mirror = calloc(1, sizeof *mirror);
    if (mirror == NULL) {
        return QUIRE_NO_MEMORY;
    }
    mirror->id = id;
    mirror->next = device->mirrors;
    device->mirrors = mirror;
    log_event(device, QUIRE_EVENT_ATTACHED, id);
    return QUIRE_OK;
}

int32_t quire_device_attach(int64_t id, int64_t mirror)
{
    if (mirror <= 0) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    return device == NULL ? QUIRE_UNKNOWN_DEVICE : leave_locked(device, attach(device, mirror));
}

static void free_mirror(struct mirror *mirror)
{
    while (mirror->windows != NULL) {
        struct window *window = mirror->windows;
        mirror->windows = window->next;
        free(window);
    }
    table_free(&mirror->table);
    free(mirror);
}

static int32_t detach(struct device *device, int64_t id)
{
    struct mirror **link = &device->mirrors;
    while (*link != NULL && (*link)->id != id) {
        link = &(*link)->next;
    }
    struct mirror *mirror = *link;
    if (mirror == NULL) {
        device->counters.protocol_errors++;
        return QUIRE_UNKNOWN_MIRROR;
    }
    *link = mirror->next;
    free_mirror(mirror);
    log_event(device, QUIRE_EVENT_DETACHED, id);
    return QUIRE_OK;
}

int32_t quire_device_detach(int64_t id, int64_t mirror)
{
    struct device *device = enter_locked(id);
    return device == NULL ? QUIRE_UNKNOWN_DEVICE : leave_locked(device, detach(device, mirror));
}

/* Invalidations. */

static struct quire_event invalidation(enum quire_event_type type, int64_t mirror, uint64_t start, uint64_t end,
                                       int32_t kind, int32_t owner, int64_t sequence)
{
    return (struct quire_event){.mirror = mirror, .start = start, .end = end, .sequence = sequence,
                                .type = (int32_t)type, .kind = kind, .owner = owner, .frame = -1};
}

static bool is_invalidation(const struct quire_event *event)
{
    return event->start % QUIRE_PAGE_BYTES == 0 && event->start < event->end && event->kind >= 0
           && event->kind < QUIRE_KINDS;
}

static void log_invalidation(struct device *device, struct quire_event event)
{
    event.number = device->event_count + 1;
    device->events[device->event_count++ % EVENTS] = event;
}

static int32_t invalidate(struct device *device, const struct quire_event *event)
{
    struct mirror *mirror = find_mirror(device, event->mirror);
    if (mirror == NULL) {
        device->counters.protocol_errors++;
        return QUIRE_UNKNOWN_MIRROR;
    }
    if (event->sequence <= mirror->sequence) {
        device->counters.protocol_errors++;
        return QUIRE_PROTOCOL_ERROR;
    }
    mirror->sequence = event->sequence;
    table_erase(&mirror->table, event->start / QUIRE_PAGE_BYTES, (event->end - 1) / QUIRE_PAGE_BYTES);
    struct window *window = malloc(sizeof *window);
    if (window == NULL) {
        return QUIRE_NO_MEMORY; /* the library never ends an invalidation that failed, so no window is needed */
    }
    *window = (struct window){.next = mirror->windows, .invalidation = *event};
    mirror->windows = window;
    device->counters.invalidations[event->kind]++;
    log_invalidation(device, *event);
    return QUIRE_OK;
}

/* Returns false if no invalidation with this sequence has begun. */
static bool close_window(struct mirror *mirror, int64_t sequence)
{
    struct window **link = &mirror->windows;
    while (*link != NULL && (*link)->invalidation.sequence != sequence) {
        link = &(*link)->next;
    }
    struct window *window = *link;
    if (window == NULL) {
        return false;
    }
    *link = window->next;
    free(window);
    return true;
}

/* Waits if a test has ordered it. The caller holds the lock, which is released meanwhile. */
static void wait_as_ordered(struct device *device)
{
    while (device->hold_invalidations && !device->closing) {
        pthread_cond_wait(&device->changed, &device->lock);
    }
    int32_t delay_micros = device->delay_micros[QUIRE_PHASE_INVALIDATE];
    pthread_mutex_unlock(&device->lock);
    nap(delay_micros);
    pthread_mutex_lock(&device->lock);
}

int32_t quire_device_invalidate_start(int64_t id, int64_t mirror, uint64_t start, uint64_t end, int32_t kind,
                                      int32_t owner, int64_t sequence, int32_t may_block)
{
    struct quire_event event =
        invalidation(QUIRE_EVENT_INVALIDATE_START, mirror, start, end, kind, owner, sequence);
    if (!is_invalidation(&event)) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    bool would_wait = !may_block && atomic_load(&device->accessing);
    if (would_wait) {
        leave(device); /* writes no event, because the lock for that is just what it may not wait for */
        return QUIRE_REFUSED;
    }
    pthread_mutex_lock(&device->lock);
    if (!may_block && device->refuse_non_blocking) {
        device->counters.refused_invalidations++;
        event.type = QUIRE_EVENT_INVALIDATE_REFUSED;
        log_invalidation(device, event);
        return leave_locked(device, QUIRE_REFUSED);
    }
    wait_as_ordered(device);
    return leave_locked(device, invalidate(device, &event));
}

int32_t quire_device_invalidate_end(int64_t id, int64_t mirror_id, uint64_t start, uint64_t end, int32_t kind,
                                    int32_t owner, int64_t sequence)
{
    struct quire_event event =
        invalidation(QUIRE_EVENT_INVALIDATE_END, mirror_id, start, end, kind, owner, sequence);
    if (!is_invalidation(&event)) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    struct mirror *mirror = find_mirror(device, mirror_id);
    if (mirror == NULL || !close_window(mirror, sequence)) {
        device->counters.protocol_errors++;
        return leave_locked(device, mirror == NULL ? QUIRE_UNKNOWN_MIRROR : QUIRE_PROTOCOL_ERROR);
    }
    log_invalidation(device, event);
    return leave_locked(device, QUIRE_OK);
}

/* The page table. */

static bool is_stale(const struct device *device, const struct slot *slot)
{
    return slot->frame >= 0
           && (!device->frames[slot->frame].live || device->frames[slot->frame].generation != slot->generation);
}

/* Returns QUIRE_OK, or why the translation cannot be used. */
static int32_t check_translation(struct device *device, const struct quire_translation *translation)
{
    if (translation->access < QUIRE_READ || translation->access > QUIRE_ATOMIC) {
        return QUIRE_BAD_ANSWER;
    }
    if (translation->frame == -1) {
        return translation->host == 0 ? QUIRE_BAD_ANSWER : QUIRE_OK;
    }
    if (!has_frame(device, translation->frame)) {
        return QUIRE_BAD_ANSWER;
    }
    if (!device->frames[translation->frame].live) {
        device->counters.use_after_free++;
        return QUIRE_USE_AFTER_FREE;
    }
    return QUIRE_OK;
}

/*
 * Returns true if a part of the range is being changed. A migration does not count: its pages keep their content and
 * may be read.
 */
static bool is_changing(const struct mirror *mirror, uint64_t start, uint64_t end)
{
    const struct window *window = mirror->windows;
    while (window != NULL
           && (window->invalidation.kind == QUIRE_KIND_MIGRATE || window->invalidation.start >= end
               || window->invalidation.end <= start)) {
        window = window->next;
    }
    return window != NULL;
}

/* Installs all translations or none. */
static int32_t install(struct device *device, int64_t mirror_id, uint64_t address, int64_t sequence, int32_t count,
                       const struct quire_translation *translations)
{
    struct mirror *mirror = find_mirror(device, mirror_id);
    if (mirror == NULL) {
        return QUIRE_UNKNOWN_MIRROR;
    }
    if (mirror->sequence != sequence) {
        return QUIRE_OUTDATED;
    }
    if (is_changing(mirror, address, address + (uint64_t)count * QUIRE_PAGE_BYTES)) {
        device->counters.protocol_errors++;
        return QUIRE_PROTOCOL_ERROR;
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t status = check_translation(device, &translations[i]);
        if (status != QUIRE_OK) {
            return status;
        }
    }
    if (!table_reserve(&mirror->table, (uint64_t)count)) {
        return QUIRE_NO_MEMORY;
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t frame = translations[i].frame;
        table_put(&mirror->table,
                  (struct slot){.page = address / QUIRE_PAGE_BYTES + (uint64_t)i,
                                .host = frame < 0 ? (unsigned char *)(uintptr_t)translations[i].host : NULL,
                                .frame = frame,
                                .generation = frame < 0 ? 0 : device->frames[frame].generation,
                                .access = (int8_t)translations[i].access});
    }
    return QUIRE_OK;
}

/* Returns true for a run of pages whose last byte still has a positive address. */
static bool is_run(uint64_t address, int64_t count)
{
    return address % QUIRE_PAGE_BYTES == 0 && count > 0 && count <= QUIRE_MAX_FAULT_PAGES
           && address <= INT64_MAX - (uint64_t)count * QUIRE_PAGE_BYTES;
}

int32_t quire_device_map(int64_t id, int64_t mirror, uint64_t address, int64_t sequence, int32_t count,
                         const struct quire_translation *translations)
{
    if (translations == NULL || !is_run(address, count)) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    struct quire_event *event = log_event(device, QUIRE_EVENT_MAPPED, mirror);
    event->start = address;
    event->end = address + (uint64_t)count * QUIRE_PAGE_BYTES;
    event->sequence = sequence;
    return leave_locked(device, install(device, mirror, address, sequence, count, translations));
}

int32_t quire_device_test_and_clear_accessed(int64_t id, int64_t mirror_id, uint64_t address, int32_t *accessed)
{
    if (accessed == NULL) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    struct mirror *mirror = find_mirror(device, mirror_id);
    if (mirror == NULL) {
        return leave_locked(device, QUIRE_UNKNOWN_MIRROR);
    }
    struct slot *slot = table_find(&mirror->table, address / QUIRE_PAGE_BYTES);
    *accessed = slot != NULL && slot->accessed;
    if (slot != NULL) {
        slot->accessed = false;
    }
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_table(int64_t id, int64_t mirror_id, int32_t capacity, struct quire_entry *entries,
                           int32_t *count)
{
    if (count == NULL || capacity < 0 || (entries == NULL && capacity > 0)) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    struct mirror *mirror = find_mirror(device, mirror_id);
    if (mirror == NULL) {
        return leave_locked(device, QUIRE_UNKNOWN_MIRROR);
    }
    *count = 0;
    for (uint64_t i = 0; i < mirror->table.capacity; i++) {
        const struct slot *slot = &mirror->table.slots[i];
        if (slot->used && *count < capacity) {
            entries[*count] = (struct quire_entry){.address = slot->page * QUIRE_PAGE_BYTES,
                                                   .frame = slot->frame,
                                                   .access = slot->access,
                                                   .accessed = slot->accessed,
                                                   .stale = is_stale(device, slot)};
        }
        *count += slot->used;
    }
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_stale(int64_t id, int64_t *count)
{
    if (count == NULL) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    *count = 0;
    for (const struct mirror *mirror = device->mirrors; mirror != NULL; mirror = mirror->next) {
        for (uint64_t i = 0; i < mirror->table.capacity; i++) {
            const struct slot *slot = &mirror->table.slots[i];
            *count += slot->used && is_stale(device, slot);
        }
    }
    return leave_locked(device, QUIRE_OK);
}

/* Operations. */

static int32_t needed_access(int32_t kind)
{
    if (kind == QUIRE_OP_WRITE || kind == QUIRE_OP_FILL) {
        return QUIRE_WRITE;
    }
    return kind == QUIRE_OP_ADD ? QUIRE_ATOMIC : QUIRE_READ;
}

/*
 * Returns true if a translation allows the access. An exclusive page does not allow a plain write: as in the kernel, it
 * has to become an ordinary page first.
 */
static bool suffices(int32_t access, int32_t needed)
{
    return needed == QUIRE_READ || access == needed;
}

/* Finds the memory of a byte. QUIRE_NOT_MAPPED means that a fault is needed. The caller holds the lock. */
static int32_t translate(struct device *device, int64_t mirror_id, uint64_t address, int32_t access,
                         unsigned char **bytes)
{
    struct mirror *mirror = find_mirror(device, mirror_id);
    if (mirror == NULL) {
        return QUIRE_UNKNOWN_MIRROR;
    }
    struct slot *slot = table_find(&mirror->table, address / QUIRE_PAGE_BYTES);
    if (slot == NULL || !suffices(slot->access, access)) {
        return QUIRE_NOT_MAPPED;
    }
    if (is_stale(device, slot)) {
        device->counters.use_after_free++;
        return QUIRE_USE_AFTER_FREE;
    }
    slot->accessed = true;
    *bytes = (slot->frame < 0 ? slot->host : frame_bytes(device, slot->frame)) + address % QUIRE_PAGE_BYTES;
    return QUIRE_OK;
}

static uint64_t sum_of(const unsigned char *bytes, int64_t size_bytes)
{
    uint64_t sum = 0;
    for (int64_t at = 0; at < size_bytes; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        sum += word;
    }
    return sum;
}

/* Does one piece of an operation, within one page of each range. The caller holds the lock, so invalidations wait. */
static void access_memory(struct device *device, struct operation *operation, int64_t done, int64_t size_bytes,
                          unsigned char *bytes, unsigned char *target)
{
    atomic_store(&device->accessing, true);
    while (atomic_load(&device->hold_accesses)) {
        nap(100);
    }
    nap(device->delay_micros[QUIRE_PHASE_ACCESS]);
    size_t size = (size_t)size_bytes;
    switch (operation->ask.kind) {
    case QUIRE_OP_READ:
    case QUIRE_OP_READ_MAPPED:
        memcpy(operation->buffer + done, bytes, size);
        break;
    case QUIRE_OP_WRITE:
        memcpy(bytes, operation->buffer + done, size);
        break;
    case QUIRE_OP_FILL:
        memset(bytes, (unsigned char)operation->ask.value, size);
        break;
    case QUIRE_OP_SUM:
        operation->answer.value = (int64_t)((uint64_t)operation->answer.value + sum_of(bytes, size_bytes));
        break;
    case QUIRE_OP_COPY:
        memcpy(target, bytes, size);
        break;
    default: /* QUIRE_OP_ADD, whose address is a multiple of 8 */
        operation->answer.value =
            (int64_t)atomic_fetch_add((_Atomic uint64_t *)(void *)bytes, (uint64_t)operation->ask.value);
        break;
    }
    atomic_store(&device->accessing, false);
}

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t left_in_page(uint64_t address)
{
    return QUIRE_PAGE_BYTES - (int64_t)(address % QUIRE_PAGE_BYTES);
}

static bool is_given_up(struct device *device, const struct operation *operation)
{
    return device->closing || operation->abandoned;
}

/* Asks the library for the pages that are left, and installs the answer. The caller holds no lock. */
static int32_t fault_round(struct device *device, struct operation *operation, uint64_t address, int64_t size_bytes,
                           int32_t access)
{
    uint64_t first = address - address % QUIRE_PAGE_BYTES;
    int64_t pages = ((int64_t)(address - first) + size_bytes + QUIRE_PAGE_BYTES - 1) / QUIRE_PAGE_BYTES;
    int32_t count = (int32_t)min(pages, QUIRE_MAX_FAULT_PAGES);
    struct quire_translation *translations = calloc((size_t)count, sizeof *translations);
    if (translations == NULL) {
        return QUIRE_NO_MEMORY;
    }
    int64_t sequence = 0;
    int32_t status = device->fault(device->id, operation->ask.ticket, operation->ask.mirror, first, count, access,
                                   &sequence, translations);
    status = status == QUIRE_OK ? QUIRE_OK : QUIRE_FAULT_FAILED;
    pthread_mutex_lock(&device->lock);
    device->counters.faults++;
    struct quire_event *event = log_event(device, QUIRE_EVENT_FAULT, operation->ask.mirror);
    event->start = first;
    event->end = first + (uint64_t)count * QUIRE_PAGE_BYTES;
    event->sequence = sequence;
    event->kind = access;
    if (status == QUIRE_OK) {
        status = install(device, operation->ask.mirror, first, sequence, count, translations);
    }
    if (status == QUIRE_OUTDATED) {
        log_event(device, QUIRE_EVENT_OUTDATED, operation->ask.mirror)->sequence = sequence;
        device->counters.retries++;
        operation->answer.retries++;
        status = QUIRE_OK;
    } else {
        operation->answer.fault_rounds++;
    }
    pthread_mutex_unlock(&device->lock);
    free(translations);
    return status;
}

/* Does the piece of an operation that begins after done bytes, or faults for it. size_bytes becomes what was done. */
static int32_t step(struct device *device, struct operation *operation, int64_t done, int64_t *size_bytes)
{
    const struct quire_operation *ask = &operation->ask;
    bool copies = ask->kind == QUIRE_OP_COPY;
    int64_t left = ask->size_bytes - done;
    uint64_t address = ask->address + (uint64_t)done;
    uint64_t target = ask->target + (uint64_t)done;
    int64_t piece = min(left, left_in_page(address));
    if (copies) {
        piece = min(piece, left_in_page(target));
    }
    *size_bytes = 0;
    int32_t access = needed_access(ask->kind);
    unsigned char *bytes = NULL;
    unsigned char *target_bytes = NULL;
    pthread_mutex_lock(&device->lock);
    int32_t status = is_given_up(device, operation) ? QUIRE_CLOSED
                                                    : translate(device, ask->mirror, address, access, &bytes);
    bool misses_target = false;
    if (status == QUIRE_OK && copies) {
        status = translate(device, ask->mirror, target, QUIRE_WRITE, &target_bytes);
        misses_target = status == QUIRE_NOT_MAPPED;
    }
    if (status == QUIRE_OK) {
        access_memory(device, operation, done, piece, bytes, target_bytes);
        *size_bytes = piece;
    }
    pthread_mutex_unlock(&device->lock);
    if (status != QUIRE_NOT_MAPPED || ask->kind == QUIRE_OP_READ_MAPPED) {
        return status;
    }
    return misses_target ? fault_round(device, operation, target, left, QUIRE_WRITE)
                         : fault_round(device, operation, address, left, access);
}

static int32_t perform(struct device *device, struct operation *operation)
{
    bool copies = operation->ask.kind == QUIRE_OP_COPY;
    uint64_t counted = copies ? operation->ask.target : operation->ask.address; /* whose pages are counted */
    int64_t done = 0;
    struct timespec deadline = millis_from_now(FRUITLESS_MILLIS);
    int fruitless = 0;
    while (done < operation->ask.size_bytes) {
        int64_t size_bytes;
        int32_t status = step(device, operation, done, &size_bytes);
        if (status != QUIRE_OK) {
            return status;
        }
        if (size_bytes > 0) {
            uint64_t at = counted + (uint64_t)done;
            operation->answer.pages += done == 0 || at % QUIRE_PAGE_BYTES == 0;
            done += size_bytes;
            deadline = millis_from_now(FRUITLESS_MILLIS);
            fruitless = 0;
        } else if (++fruitless > FRUITLESS_STEPS && is_over(&deadline)) {
            return QUIRE_BUSY;
        }
    }
    return QUIRE_OK;
}

static void free_operation(struct operation *operation)
{
    free(operation->buffer);
    free(operation);
}

/* The caller holds the lock. */
static void finish(struct device *device, struct operation *operation, int32_t status)
{
    operation->status = status;
    operation->finished = true;
    if (operation->abandoned) {
        free_operation(operation);
    }
    pthread_cond_broadcast(&device->changed);
}

static void *work(void *argument)
{
    struct device *device = argument;
    pthread_mutex_lock(&device->lock);
    while (!device->closing || device->first != NULL) {
        struct operation *operation = device->first;
        if (operation == NULL) {
            pthread_cond_wait(&device->work, &device->lock);
            continue;
        }
        device->first = operation->next;
        if (is_given_up(device, operation)) {
            finish(device, operation, QUIRE_CLOSED);
            continue;
        }
        pthread_mutex_unlock(&device->lock);
        int32_t status = perform(device, operation);
        pthread_mutex_lock(&device->lock);
        finish(device, operation, status);
    }
    device->thread_ended = true;
    pthread_cond_broadcast(&device->changed);
    pthread_mutex_unlock(&device->lock);
    return NULL;
}

static void enqueue(struct device *device, struct operation *operation)
{
    if (device->first == NULL) {
        device->first = operation;
    } else {
        device->last->next = operation;
    }
    device->last = operation;
    pthread_cond_signal(&device->work);
}

static bool is_range(uint64_t address, int64_t size_bytes)
{
    return address <= INT64_MAX && size_bytes > 0 && (int64_t)address <= INT64_MAX - QUIRE_PAGE_BYTES - size_bytes;
}

static bool uses_buffer(int32_t kind)
{
    return kind == QUIRE_OP_READ || kind == QUIRE_OP_READ_MAPPED || kind == QUIRE_OP_WRITE;
}

static bool is_operation(const struct quire_operation *ask, const void *buffer)
{
    if (ask->kind < 0 || ask->kind >= QUIRE_OPS || !is_range(ask->address, ask->size_bytes)) {
        return false;
    }
    switch (ask->kind) {
    case QUIRE_OP_SUM:
        return ask->address % 8 == 0 && ask->size_bytes % 8 == 0;
    case QUIRE_OP_ADD:
        return ask->address % 8 == 0 && ask->size_bytes == 8;
    case QUIRE_OP_COPY: {
        uint64_t size_bytes = (uint64_t)ask->size_bytes;
        return is_range(ask->target, ask->size_bytes)
               && (ask->address + size_bytes <= ask->target || ask->target + size_bytes <= ask->address);
    }
    default:
        return !uses_buffer(ask->kind) || (buffer != NULL && ask->size_bytes <= QUIRE_MAX_BUFFER_BYTES);
    }
}

static struct operation *new_operation(const struct quire_operation *ask, const void *buffer)
{
    struct operation *operation = calloc(1, sizeof *operation);
    if (operation == NULL) {
        return NULL;
    }
    operation->ask = *ask;
    if (uses_buffer(ask->kind)) {
        operation->buffer = malloc((size_t)ask->size_bytes);
        if (operation->buffer == NULL) {
            free(operation);
            return NULL;
        }
        if (ask->kind == QUIRE_OP_WRITE) {
            memcpy(operation->buffer, buffer, (size_t)ask->size_bytes);
        }
    }
    return operation;
}

/* Returns true if the operation finished in time. If not, the caller no longer owns it. The caller holds the lock. */
static bool await(struct device *device, struct operation *operation, int32_t timeout_millis)
{
    struct timespec deadline = millis_from_now(timeout_millis);
    while (!operation->finished) {
        if (pthread_cond_timedwait(&device->changed, &device->lock, &deadline) == ETIMEDOUT && !operation->finished) {
            operation->abandoned = true;
            return false;
        }
    }
    return true;
}

int32_t quire_device_run(int64_t id, const struct quire_operation *ask, void *buffer, int32_t timeout_millis,
                         struct quire_result *result)
{
    if (ask == NULL || result == NULL || timeout_millis < 0 || !is_operation(ask, buffer)) {
        return QUIRE_BAD_ARGUMENT;
    }
    *result = (struct quire_result){.pages = 0};
    struct operation *operation = new_operation(ask, buffer);
    if (operation == NULL) {
        return QUIRE_NO_MEMORY;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        free_operation(operation);
        return QUIRE_UNKNOWN_DEVICE;
    }
    if (device->closing) {
        free_operation(operation);
        return leave_locked(device, QUIRE_CLOSED);
    }
    enqueue(device, operation);
    if (!await(device, operation, timeout_millis)) {
        return leave_locked(device, QUIRE_TIMED_OUT);
    }
    leave_locked(device, QUIRE_OK);
    int32_t status = operation->status;
    *result = operation->answer;
    if (status == QUIRE_OK && uses_buffer(ask->kind) && ask->kind != QUIRE_OP_WRITE) {
        memcpy(buffer, operation->buffer, (size_t)ask->size_bytes);
    }
    free_operation(operation);
    return status;
}

/* Creation and close. */

int32_t quire_memory_map(int64_t size_bytes, uint64_t *address)
{
    if (address == NULL || size_bytes <= 0 || size_bytes % QUIRE_PAGE_BYTES != 0) {
        return QUIRE_BAD_ARGUMENT;
    }
    /* Huge pages, as for the host's memory; otherwise most accesses to the device would miss the processor's TLB. */
    size_t mapped_bytes = (size_t)size_bytes + HUGE_PAGE_BYTES;
    unsigned char *mapped = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return QUIRE_NO_MEMORY;
    }
    size_t before = (size_t)(-(uintptr_t)mapped % HUGE_PAGE_BYTES);
    unsigned char *memory = mapped + before;
    if (before > 0) {
        munmap(mapped, before);
    }
    munmap(memory + size_bytes, HUGE_PAGE_BYTES - before);
#ifdef MADV_HUGEPAGE
    madvise(memory, (size_t)size_bytes, MADV_HUGEPAGE); /* only advice, so a failure does not matter */
#endif
    *address = (uint64_t)(uintptr_t)memory;
    return QUIRE_OK;
}

int32_t quire_memory_unmap(uint64_t address, int64_t size_bytes)
{
    if (address == 0 || address % QUIRE_PAGE_BYTES != 0 || size_bytes <= 0) {
        return QUIRE_BAD_ARGUMENT;
    }
    return munmap((void *)(uintptr_t)address, (size_t)size_bytes) == 0 ? QUIRE_OK : QUIRE_BAD_ARGUMENT;
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
#ifndef __APPLE__
    pthread_condattr_setclock(&attributes, CLOCK);
#endif
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void free_device(struct device *device)
{
    while (device->mirrors != NULL) {
        struct mirror *mirror = device->mirrors;
        device->mirrors = mirror->next;
        free_mirror(mirror);
    }
    if (device->own_memory && device->memory != NULL) {
        munmap(device->memory, (size_t)device->size_bytes);
    }
    free(device->frames);
    free(device->events);
    pthread_cond_destroy(&device->work);
    pthread_cond_destroy(&device->changed);
    pthread_mutex_destroy(&device->lock);
    free(device);
}

/* Returns null if there is no memory. */
static struct device *new_device(uint64_t coherent, int64_t size_bytes, quire_fault fault)
{
    struct device *device = calloc(1, sizeof *device);
    if (device == NULL) {
        return NULL;
    }
    pthread_mutex_init(&device->lock, NULL);
    init_condition(&device->work);
    init_condition(&device->changed);
    device->fault = fault;
    device->size_bytes = size_bytes;
    device->own_memory = coherent == 0;
    device->frames = calloc((size_t)(size_bytes / QUIRE_PAGE_BYTES), sizeof *device->frames);
    device->events = calloc((size_t)EVENTS, sizeof *device->events);
    uint64_t address = coherent;
    int32_t mapped = coherent == 0 ? quire_memory_map(size_bytes, &address) : QUIRE_OK;
    device->memory = (unsigned char *)(uintptr_t)address;
    if (device->frames == NULL || device->events == NULL || mapped != QUIRE_OK) {
        free_device(device);
        return NULL;
    }
    return device;
}

int32_t quire_device_create(uint64_t coherent, int64_t size_bytes, quire_fault fault, int64_t *id)
{
    if (id == NULL || fault == NULL || coherent % QUIRE_PAGE_BYTES != 0 || size_bytes <= 0
        || size_bytes % QUIRE_PAGE_BYTES != 0 || size_bytes / QUIRE_PAGE_BYTES > INT32_MAX) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = new_device(coherent, size_bytes, fault);
    if (device == NULL) {
        return QUIRE_NO_MEMORY;
    }
    pthread_mutex_lock(&device->lock); /* the thread waits for it until the device has its id */
    int refused = pthread_create(&device->thread, NULL, work, device);
    if (refused == 0) {
        add_to_registry(device);
        *id = device->id;
    }
    pthread_mutex_unlock(&device->lock);
    if (refused != 0) {
        free_device(device);
        return QUIRE_NO_MEMORY;
    }
    return QUIRE_OK;
}

int32_t quire_device_close(int64_t id, int32_t timeout_millis)
{
    if (timeout_millis < 0) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    atomic_store(&device->hold_accesses, false); /* a held access would keep the lock */
    pthread_mutex_lock(&device->lock);
    device->closing = true;
    pthread_cond_broadcast(&device->work);
    pthread_cond_broadcast(&device->changed);
    struct timespec deadline = millis_from_now(timeout_millis);
    while (!device->thread_ended) {
        if (pthread_cond_timedwait(&device->changed, &device->lock, &deadline) == ETIMEDOUT && !device->thread_ended) {
            return leave_locked(device, QUIRE_BUSY);
        }
    }
    pthread_mutex_unlock(&device->lock);
    if (!remove_from_registry(device)) {
        leave(device);
        return QUIRE_UNKNOWN_DEVICE;
    }
    pthread_join(device->thread, NULL);
    free_device(device);
    return QUIRE_OK;
}

/* Counters, events and faults for tests. */

int32_t quire_device_counters(int64_t id, struct quire_counters *counters)
{
    if (counters == NULL) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    *counters = device->counters;
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_events(int64_t id, int32_t capacity, struct quire_event *events, int32_t *count)
{
    if (events == NULL || count == NULL || capacity < 1) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    *count = (int32_t)min(min(capacity, EVENTS), device->event_count);
    for (int32_t i = 0; i < *count; i++) {
        events[i] = device->events[(device->event_count - *count + i) % EVENTS];
    }
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_fail_allocation(int64_t id, int32_t k)
{
    struct device *device = k < 0 ? NULL : enter_locked(id);
    if (device == NULL) {
        return k < 0 ? QUIRE_BAD_ARGUMENT : QUIRE_UNKNOWN_DEVICE;
    }
    device->allocations_to_failure = k;
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_fail_copy(int64_t id, int32_t k, int32_t status)
{
    if (k < 0 || status < QUIRE_FIRST_INJECTED) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    device->copies_to_failure = k;
    device->copy_failure = status;
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_delay(int64_t id, int32_t phase, int32_t micros)
{
    if (phase < 0 || phase >= QUIRE_PHASES || micros < 0) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    device->delay_micros[phase] = micros;
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_poison(int64_t id, int32_t on)
{
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    device->leave_freed_bytes = on == 0;
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_refuse_non_blocking(int64_t id, int32_t on)
{
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    device->refuse_non_blocking = on != 0;
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_hold_invalidations(int64_t id, int32_t on)
{
    struct device *device = enter_locked(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    device->hold_invalidations = on != 0;
    pthread_cond_broadcast(&device->changed);
    return leave_locked(device, QUIRE_OK);
}

int32_t quire_device_hold_accesses(int64_t id, int32_t on)
{
    struct device *device = enter(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    atomic_store(&device->hold_accesses, on != 0);
    leave(device);
    return QUIRE_OK;
}

int32_t quire_device_accessing(int64_t id, int32_t *accessing)
{
    if (accessing == NULL) {
        return QUIRE_BAD_ARGUMENT;
    }
    struct device *device = enter(id);
    if (device == NULL) {
        return QUIRE_UNKNOWN_DEVICE;
    }
    *accessing = atomic_load(&device->accessing);
    leave(device);
    return QUIRE_OK;
}
