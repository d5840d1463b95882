#define _GNU_SOURCE

#include "quire_device.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "check.h"

enum { PAGE = QUIRE_PAGE_BYTES, PAGES = 1024, FRAMES = 16, MIRROR = 1, SECONDS_10 = 10000 };

static const uint64_t BASE = UINT64_C(0x10000000);

/* The library as a device sees it: one space with pages on the host, some of which are on the device. */
static struct {
    unsigned char pages[PAGES][PAGE];
    int32_t frame_of[PAGES]; /* -1: on the host */
    int32_t answer_access;   /* the least access that a fault grants */
    atomic_int faults;
    atomic_long sequence;
    atomic_int outdated_answers; /* how many answers will have an old sequence */
    atomic_bool refuse;
    atomic_bool stall; /* while true, faults do not return */
} library;

/* The lock of the space: no lookup runs while a page changes. */
static pthread_mutex_t space_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t device;

static void nap_millis(int64_t millis)
{
    struct timespec time = {.tv_sec = millis / 1000, .tv_nsec = (long)(millis % 1000) * 1000000};
    nanosleep(&time, NULL);
}

static int32_t fault(int64_t id, int64_t ticket, int64_t mirror, uint64_t address, int32_t pages, int32_t access,
                     int64_t *sequence, struct quire_translation *translations)
{
    CHECK(id > 0 && mirror == MIRROR && ticket == 77);
    atomic_fetch_add(&library.faults, 1);
    while (atomic_load(&library.stall)) {
        nap_millis(1);
    }
    if (atomic_load(&library.refuse)) {
        return 1;
    }
    pthread_mutex_lock(&space_lock);
    *sequence = atomic_load(&library.sequence);
    pthread_mutex_unlock(&space_lock);
    if (atomic_load(&library.outdated_answers) > 0) {
        atomic_fetch_sub(&library.outdated_answers, 1);
        *sequence -= 1;
    }
    for (int32_t i = 0; i < pages; i++) {
        uint64_t page = (address - BASE) / PAGE + (uint64_t)i;
        CHECK(page < PAGES);
        int32_t frame = library.frame_of[page];
        translations[i] = (struct quire_translation){
            .host = frame < 0 ? (uint64_t)(uintptr_t)library.pages[page] : 0,
            .frame = frame,
            .access = access > library.answer_access ? access : library.answer_access};
    }
    return QUIRE_OK;
}

static void begin(void)
{
    memset(&library, 0, sizeof library);
    for (int i = 0; i < PAGES; i++) {
        library.frame_of[i] = -1;
    }
    CHECK_EQUAL(quire_device_create(0, FRAMES * PAGE, fault, &device), QUIRE_OK);
    CHECK_EQUAL(quire_device_attach(device, MIRROR), QUIRE_OK);
}

static void end(void)
{
    CHECK_EQUAL(quire_device_close(device, SECONDS_10), QUIRE_OK);
}

static struct quire_counters counters(void)
{
    struct quire_counters counters;
    CHECK_EQUAL(quire_device_counters(device, &counters), QUIRE_OK);
    return counters;
}

static int32_t run(enum quire_operation_kind kind, uint64_t offset, int64_t size_bytes, int64_t value, void *buffer,
                   struct quire_result *result)
{
    struct quire_operation operation = {.kind = (int32_t)kind,
                                        .ticket = 77,
                                        .mirror = MIRROR,
                                        .address = BASE + offset,
                                        .size_bytes = size_bytes,
                                        .value = value};
    return quire_device_run(device, &operation, buffer, SECONDS_10, result);
}

/* Begins an invalidation, but does not end it. */
static int32_t invalidate(uint64_t page, uint64_t pages, bool may_block)
{
    int64_t sequence = atomic_fetch_add(&library.sequence, 1) + 1;
    return quire_device_invalidate_start(device, MIRROR, BASE + page * PAGE, BASE + (page + pages) * PAGE, 2, 0,
                                         sequence, may_block);
}

static int32_t invalidate_and_end(uint64_t page, uint64_t pages)
{
    pthread_mutex_lock(&space_lock);
    int32_t status = invalidate(page, pages, true);
    if (status == QUIRE_OK) {
        status = quire_device_invalidate_end(device, MIRROR, BASE + page * PAGE, BASE + (page + pages) * PAGE, 2, 0,
                                             atomic_load(&library.sequence));
    }
    pthread_mutex_unlock(&space_lock);
    return status;
}

static void put_into_device(int page, int32_t frame)
{
    CHECK_EQUAL(quire_device_frame_allocated(device, frame), QUIRE_OK);
    CHECK_EQUAL(quire_device_copy_in(device, library.pages[page], frame), QUIRE_OK);
    library.frame_of[page] = frame;
}

/* Faults. */

static void a_cold_read_of_many_pages_is_one_fault_round(void)
{
    begin();
    static unsigned char buffer[PAGES * PAGE];
    memset(library.pages, 0x5A, sizeof library.pages);
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, sizeof buffer, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(result.pages, PAGES);
    CHECK_EQUAL(result.fault_rounds, 1);
    CHECK_EQUAL(result.retries, 0);
    CHECK(memcmp(buffer, library.pages, sizeof buffer) == 0);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, sizeof buffer, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 0);
    end();
}

static void an_unaligned_read_counts_the_pages_it_touches(void)
{
    begin();
    unsigned char buffer[PAGE];
    struct quire_result result;
    library.pages[0][PAGE - 1] = 1;
    library.pages[1][0] = 2;
    CHECK_EQUAL(run(QUIRE_OP_READ, PAGE - 1, 2, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(buffer[0], 1);
    CHECK_EQUAL(buffer[1], 2);
    CHECK_EQUAL(result.pages, 2);
    CHECK_EQUAL(result.fault_rounds, 1);
    end();
}

static void a_write_through_a_translation_for_reading_faults_once_more(void)
{
    begin();
    unsigned char byte = 1;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    byte = 9;
    CHECK_EQUAL(run(QUIRE_OP_WRITE, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 1);
    CHECK_EQUAL(library.pages[0][0], 9);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 0);
    end();
}

static void a_plain_write_through_an_exclusive_translation_faults_to_write(void)
{
    begin();
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_ADD, 8, 8, 5, NULL, &result), QUIRE_OK);
    CHECK_EQUAL(result.value, 0);
    CHECK_EQUAL(run(QUIRE_OP_ADD, 8, 8, 5, NULL, &result), QUIRE_OK);
    CHECK_EQUAL(result.value, 5);
    CHECK_EQUAL(result.fault_rounds, 0);
    CHECK_EQUAL(run(QUIRE_OP_FILL, 0, 1, 1, NULL, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 1);
    CHECK_EQUAL(run(QUIRE_OP_ADD, 8, 8, 5, NULL, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 1);
    end();
}

static void an_outdated_answer_is_asked_for_again(void)
{
    begin();
    atomic_store(&library.outdated_answers, 3);
    unsigned char byte;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 1);
    CHECK_EQUAL(result.retries, 3);
    CHECK_EQUAL(counters().retries, 3);
    end();
}

static void answers_that_are_always_outdated_end_in_busy(void)
{
    begin();
    atomic_store(&library.outdated_answers, INT32_MAX);
    unsigned char byte = 3;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_BUSY);
    CHECK_EQUAL(byte, 3);
    end();
}

static void a_refused_fault_leaves_the_buffer_alone(void)
{
    begin();
    unsigned char buffer[2 * PAGE];
    memset(buffer, 0x77, sizeof buffer);
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, buffer, &result), QUIRE_OK);
    memset(buffer, 0x77, sizeof buffer);
    atomic_store(&library.refuse, true);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, sizeof buffer, 0, buffer, &result), QUIRE_FAULT_FAILED);
    for (size_t i = 0; i < sizeof buffer; i++) {
        CHECK_EQUAL(buffer[i], 0x77);
    }
    end();
}

static void a_read_of_what_is_mapped_never_faults(void)
{
    begin();
    unsigned char buffer[2 * PAGE];
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ_MAPPED, 0, PAGE, 0, buffer, &result), QUIRE_NOT_MAPPED);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, PAGE, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(run(QUIRE_OP_READ_MAPPED, 0, PAGE, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(run(QUIRE_OP_READ_MAPPED, 0, 2 * PAGE, 0, buffer, &result), QUIRE_NOT_MAPPED);
    CHECK_EQUAL(atomic_load(&library.faults), 1);
    end();
}

/* Operations. */

static void a_sum_adds_the_words(void)
{
    begin();
    for (int page = 0; page < 3; page++) {
        for (int at = 0; at < PAGE; at += 8) {
            int64_t word = page - 1;
            memcpy(&library.pages[page][at], &word, sizeof word);
        }
    }
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_SUM, 8, 3 * PAGE - 8, 0, NULL, &result), QUIRE_OK);
    CHECK_EQUAL(result.value, 1);
    CHECK_EQUAL(result.pages, 3);
    end();
}

static void a_copy_works_at_any_offsets_and_faults_once_for_each_range(void)
{
    begin();
    for (int i = 0; i < 2 * PAGE; i++) {
        library.pages[i / PAGE][i % PAGE] = (unsigned char)(i * 7 + i / 251);
    }
    struct quire_operation operation = {.kind = QUIRE_OP_COPY,
                                        .ticket = 77,
                                        .mirror = MIRROR,
                                        .address = BASE + 5,
                                        .target = BASE + 10 * PAGE + 100,
                                        .size_bytes = 2 * PAGE - 5};
    struct quire_result result;
    CHECK_EQUAL(quire_device_run(device, &operation, NULL, SECONDS_10, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 2);
    CHECK_EQUAL(result.pages, 3);
    CHECK(memcmp(&library.pages[10][100], &library.pages[0][5], 2 * PAGE - 5) == 0);
    end();
}

static void pages_in_the_device_are_reached_through_its_own_memory(void)
{
    begin();
    library.pages[2][3] = 42;
    put_into_device(2, 7);
    library.pages[2][3] = 0;
    unsigned char byte;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 2 * PAGE + 3, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(byte, 42);
    CHECK_EQUAL(run(QUIRE_OP_FILL, 2 * PAGE + 3, 1, 43, NULL, &result), QUIRE_OK);
    CHECK_EQUAL(library.pages[2][3], 0);
    CHECK_EQUAL(quire_device_copy_out(device, 7, library.pages[2]), QUIRE_OK);
    CHECK_EQUAL(library.pages[2][3], 43);
    CHECK_EQUAL(quire_device_zero(device, 7), QUIRE_OK);
    CHECK_EQUAL(quire_device_copy_out(device, 7, library.pages[2]), QUIRE_OK);
    CHECK_EQUAL(library.pages[2][3], 0);
    end();
}

static void coherent_memory_outlives_its_device(void)
{
    begin();
    end();
    uint64_t address;
    CHECK_EQUAL(quire_memory_map(FRAMES * PAGE, &address), QUIRE_OK);
    CHECK_EQUAL(quire_device_create(address, FRAMES * PAGE, fault, &device), QUIRE_OK);
    CHECK_EQUAL(quire_device_attach(device, MIRROR), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_allocated(device, 1), QUIRE_OK);
    library.frame_of[0] = 1;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_FILL, 0, PAGE, 0xAB, NULL, &result), QUIRE_OK);
    end();
    CHECK_EQUAL(((unsigned char *)(uintptr_t)address)[PAGE], 0xAB);
    CHECK_EQUAL(quire_memory_unmap(address, FRAMES * PAGE), QUIRE_OK);
}

/* Invalidations. */

static void after_an_invalidation_the_range_is_asked_for_again(void)
{
    begin();
    unsigned char buffer[4 * PAGE];
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, sizeof buffer, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(invalidate_and_end(1, 2), QUIRE_OK);
    int32_t count;
    struct quire_entry entries[8];
    CHECK_EQUAL(quire_device_table(device, MIRROR, 8, entries, &count), QUIRE_OK);
    CHECK_EQUAL(count, 2);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, PAGE, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 0);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, sizeof buffer, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 1);
    end();
}

static void an_invalidation_of_everything_erases_everything(void)
{
    begin();
    static unsigned char buffer[PAGES * PAGE];
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, sizeof buffer, 0, buffer, &result), QUIRE_OK);
    CHECK_EQUAL(quire_device_invalidate_start(device, MIRROR, 0, INT64_MAX, 6, 0, 1, 1), QUIRE_OK);
    int32_t count;
    CHECK_EQUAL(quire_device_table(device, MIRROR, 0, NULL, &count), QUIRE_OK);
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(counters().invalidations[6], 1);
    end();
}

static void *read_one_page(void *argument)
{
    static unsigned char buffer[PAGE];
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, PAGE, 0, buffer, &result), QUIRE_OK);
    return argument;
}

static atomic_bool invalidated;

static void *invalidate_one_page(void *argument)
{
    CHECK_EQUAL(invalidate_and_end(0, 1), QUIRE_OK);
    atomic_store(&invalidated, true);
    return argument;
}

static void await_access(void)
{
    int32_t accessing = 0;
    while (!accessing) {
        CHECK_EQUAL(quire_device_accessing(device, &accessing), QUIRE_OK);
    }
}

static void an_invalidation_waits_for_the_access_in_progress(void)
{
    begin();
    atomic_store(&invalidated, false);
    CHECK_EQUAL(quire_device_hold_accesses(device, 1), QUIRE_OK);
    pthread_t reader;
    pthread_t invalidator;
    CHECK_EQUAL(pthread_create(&reader, NULL, read_one_page, NULL), 0);
    await_access();
    CHECK_EQUAL(invalidate(0, 1, false), QUIRE_REFUSED);
    CHECK_EQUAL(pthread_create(&invalidator, NULL, invalidate_one_page, NULL), 0);
    nap_millis(20);
    CHECK(!atomic_load(&invalidated));
    CHECK_EQUAL(quire_device_hold_accesses(device, 0), QUIRE_OK);
    pthread_join(invalidator, NULL);
    pthread_join(reader, NULL);
    CHECK(atomic_load(&invalidated));
    end();
}

static void an_invalidation_does_not_wait_for_a_fault_in_progress(void)
{
    begin();
    atomic_store(&library.stall, true);
    pthread_t reader;
    CHECK_EQUAL(pthread_create(&reader, NULL, read_one_page, NULL), 0);
    while (atomic_load(&library.faults) == 0) {
        nap_millis(1);
    }
    CHECK_EQUAL(invalidate_and_end(0, 1), QUIRE_OK);
    atomic_store(&library.stall, false);
    pthread_join(reader, NULL);
    end();
}

static void a_refused_invalidation_changes_nothing(void)
{
    begin();
    unsigned char byte;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(quire_device_refuse_non_blocking(device, 1), QUIRE_OK);
    CHECK_EQUAL(invalidate(0, 1, false), QUIRE_REFUSED);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 0);
    CHECK_EQUAL(invalidate(0, 1, true), QUIRE_OK);
    CHECK_EQUAL(counters().refused_invalidations, 1);
    end();
}

static void a_held_invalidation_ends_with_the_hold(void)
{
    begin();
    atomic_store(&invalidated, false);
    CHECK_EQUAL(quire_device_hold_invalidations(device, 1), QUIRE_OK);
    pthread_t invalidator;
    CHECK_EQUAL(pthread_create(&invalidator, NULL, invalidate_one_page, NULL), 0);
    nap_millis(20);
    CHECK(!atomic_load(&invalidated));
    CHECK_EQUAL(quire_device_hold_invalidations(device, 0), QUIRE_OK);
    pthread_join(invalidator, NULL);
    end();
}

static void an_end_without_a_start_and_a_sequence_that_does_not_grow_are_errors(void)
{
    begin();
    CHECK_EQUAL(quire_device_invalidate_end(device, MIRROR, 0, PAGE, 2, 0, 1), QUIRE_PROTOCOL_ERROR);
    CHECK_EQUAL(quire_device_invalidate_start(device, MIRROR, 0, PAGE, 2, 0, 5, 1), QUIRE_OK);
    CHECK_EQUAL(quire_device_invalidate_start(device, MIRROR, 0, PAGE, 2, 0, 5, 1), QUIRE_PROTOCOL_ERROR);
    CHECK_EQUAL(quire_device_invalidate_end(device, MIRROR, 0, PAGE, 2, 0, 5), QUIRE_OK);
    CHECK_EQUAL(quire_device_attach(device, MIRROR), QUIRE_PROTOCOL_ERROR);
    CHECK_EQUAL(counters().protocol_errors, 3);
    end();
}

static void an_answer_for_a_changing_range_is_an_error(void)
{
    begin();
    unsigned char byte;
    struct quire_result result;
    CHECK_EQUAL(invalidate(0, 2, true), QUIRE_OK);
    CHECK_EQUAL(run(QUIRE_OP_READ, 2 * PAGE, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(run(QUIRE_OP_READ, PAGE, 1, 0, &byte, &result), QUIRE_PROTOCOL_ERROR);
    CHECK_EQUAL(quire_device_invalidate_end(device, MIRROR, BASE, BASE + 2 * PAGE, 2, 0, 1), QUIRE_OK);
    CHECK_EQUAL(quire_device_invalidate_start(device, MIRROR, BASE, BASE + PAGE, QUIRE_KIND_MIGRATE, 0, 2, 1),
                QUIRE_OK);
    atomic_store(&library.sequence, 2);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(counters().protocol_errors, 1);
    end();
}

static void offered_translations_need_no_fault_unless_they_are_outdated(void)
{
    begin();
    struct quire_translation page = {.host = (uint64_t)(uintptr_t)library.pages[0], .frame = -1, .access = QUIRE_WRITE};
    CHECK_EQUAL(quire_device_map(device, MIRROR, BASE, 0, 1, &page), QUIRE_OK);
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_FILL, 0, PAGE, 1, NULL, &result), QUIRE_OK);
    CHECK_EQUAL(result.fault_rounds, 0);
    CHECK_EQUAL(invalidate(0, 1, true), QUIRE_OK);
    CHECK_EQUAL(quire_device_map(device, MIRROR, BASE, 0, 1, &page), QUIRE_OUTDATED);
    end();
}

static void the_accessed_flag_is_set_by_an_access_and_cleared_by_the_test(void)
{
    begin();
    int32_t accessed = -1;
    CHECK_EQUAL(quire_device_test_and_clear_accessed(device, MIRROR, BASE, &accessed), QUIRE_OK);
    CHECK_EQUAL(accessed, 0);
    unsigned char byte;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(quire_device_test_and_clear_accessed(device, MIRROR, BASE, &accessed), QUIRE_OK);
    CHECK_EQUAL(accessed, 1);
    CHECK_EQUAL(quire_device_test_and_clear_accessed(device, MIRROR, BASE, &accessed), QUIRE_OK);
    CHECK_EQUAL(accessed, 0);
    end();
}

/* Frames. */

static void a_translation_that_outlives_its_frame_is_noticed(void)
{
    begin();
    put_into_device(0, 3);
    unsigned char byte;
    struct quire_result result;
    int64_t stale;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(quire_device_stale(device, &stale), QUIRE_OK);
    CHECK_EQUAL(stale, 0);
    CHECK_EQUAL(quire_device_frame_freed(device, 3), QUIRE_OK); /* the invalidation that should come first is missing */
    CHECK_EQUAL(quire_device_stale(device, &stale), QUIRE_OK);
    CHECK_EQUAL(stale, 1);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_USE_AFTER_FREE);
    CHECK_EQUAL(quire_device_frame_allocated(device, 3), QUIRE_OK); /* for another page */
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_USE_AFTER_FREE);
    CHECK_EQUAL(counters().use_after_free, 2);
    end();
}

static void a_freed_frame_is_poisoned(void)
{
    begin();
    unsigned char page[PAGE];
    put_into_device(0, 3);
    CHECK_EQUAL(quire_device_frame_freed(device, 3), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_allocated(device, 3), QUIRE_OK);
    CHECK_EQUAL(quire_device_copy_out(device, 3, page), QUIRE_OK);
    CHECK_EQUAL(page[0], 0xDE);
    CHECK_EQUAL(page[PAGE - 1], 0xDE);
    CHECK_EQUAL(quire_device_poison(device, 0), QUIRE_OK);
    memset(page, 7, PAGE);
    CHECK_EQUAL(quire_device_copy_in(device, page, 3), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_freed(device, 3), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_allocated(device, 3), QUIRE_OK);
    memset(page, 0, PAGE);
    CHECK_EQUAL(quire_device_copy_out(device, 3, page), QUIRE_OK);
    CHECK_EQUAL(page[0], 7);
    CHECK_EQUAL(page[PAGE - 1], 7);
    end();
}

static void frames_come_and_go_together(void)
{
    begin();
    const int32_t frames[] = {1, 2, 3};
    int32_t granted;
    CHECK_EQUAL(quire_device_frames_allocated(device, frames, 3, &granted), QUIRE_OK);
    CHECK_EQUAL(granted, 3);
    CHECK_EQUAL(counters().live_frames, 3);
    const int32_t more[] = {4, 2, 5};
    CHECK_EQUAL(quire_device_frames_allocated(device, more, 3, &granted), QUIRE_DOUBLE_ALLOCATION);
    CHECK_EQUAL(granted, 1);
    /* 5 is free already; 4 and 2 are freed all the same. */
    CHECK_EQUAL(quire_device_frames_freed(device, more, 3), QUIRE_DOUBLE_FREE);
    CHECK_EQUAL(counters().live_frames, 2);
    CHECK_EQUAL(quire_device_fail_allocation(device, 2), QUIRE_OK);
    CHECK_EQUAL(quire_device_frames_allocated(device, more, 3, &granted), QUIRE_REFUSED);
    CHECK_EQUAL(granted, 1);
    CHECK_EQUAL(quire_device_frames_allocated(device, NULL, 0, &granted), QUIRE_OK);
    CHECK_EQUAL(granted, 0);
    end();
}

static void copies_and_faults_of_free_frames_are_noticed(void)
{
    begin();
    unsigned char page[PAGE] = {0};
    CHECK_EQUAL(quire_device_copy_in(device, page, 1), QUIRE_USE_AFTER_FREE);
    CHECK_EQUAL(quire_device_copy_out(device, 1, page), QUIRE_USE_AFTER_FREE);
    CHECK_EQUAL(quire_device_zero(device, 1), QUIRE_USE_AFTER_FREE);
    library.frame_of[0] = 1;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, page, &result), QUIRE_USE_AFTER_FREE);
    CHECK_EQUAL(counters().use_after_free, 4);
    end();
}

static void a_frame_is_allocated_once_and_freed_once(void)
{
    begin();
    CHECK_EQUAL(quire_device_frame_freed(device, 0), QUIRE_DOUBLE_FREE);
    CHECK_EQUAL(quire_device_frame_allocated(device, 0), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_allocated(device, 0), QUIRE_DOUBLE_ALLOCATION);
    CHECK_EQUAL(counters().live_frames, 1);
    CHECK_EQUAL(quire_device_frame_freed(device, 0), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_freed(device, 0), QUIRE_DOUBLE_FREE);
    struct quire_counters after = counters();
    CHECK_EQUAL(after.live_frames, 0);
    CHECK_EQUAL(after.allocations, 1);
    CHECK_EQUAL(after.frees, 1);
    CHECK_EQUAL(after.double_allocations, 1);
    CHECK_EQUAL(after.double_frees, 2);
    end();
}

/* Faults and delays for tests. */

static void an_ordered_failure_of_an_allocation_happens_once(void)
{
    begin();
    CHECK_EQUAL(quire_device_fail_allocation(device, 2), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_allocated(device, 0), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_allocated(device, 1), QUIRE_REFUSED);
    CHECK_EQUAL(quire_device_frame_allocated(device, 1), QUIRE_OK);
    end();
}

static void an_ordered_failure_of_a_copy_has_its_code(void)
{
    begin();
    unsigned char page[PAGE] = {0};
    CHECK_EQUAL(quire_device_frame_allocated(device, 0), QUIRE_OK);
    CHECK_EQUAL(quire_device_fail_copy(device, 2, 1234), QUIRE_OK);
    CHECK_EQUAL(quire_device_copy_in(device, page, 0), QUIRE_OK);
    CHECK_EQUAL(quire_device_copy_out(device, 0, page), 1234);
    CHECK_EQUAL(quire_device_copy_out(device, 0, page), QUIRE_OK);
    end();
}

static int64_t now_micros(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void each_phase_can_be_delayed(void)
{
    begin();
    unsigned char page[PAGE] = {0};
    struct quire_result result;
    CHECK_EQUAL(quire_device_frame_allocated(device, 0), QUIRE_OK);
    for (int32_t phase = 0; phase < QUIRE_PHASES; phase++) {
        CHECK_EQUAL(quire_device_delay(device, phase, 20000), QUIRE_OK);
    }
    int64_t start = now_micros();
    CHECK_EQUAL(invalidate_and_end(0, 1), QUIRE_OK);
    CHECK(now_micros() - start >= 20000);
    start = now_micros();
    CHECK_EQUAL(quire_device_copy_in(device, page, 0), QUIRE_OK);
    CHECK(now_micros() - start >= 20000);
    start = now_micros();
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 2 * PAGE - 1, 0, (unsigned char[2 * PAGE]){0}, &result), QUIRE_OK);
    CHECK(now_micros() - start >= 40000);
    end();
}

static void events_are_numbered_and_tell_what_happened(void)
{
    begin();
    put_into_device(0, 5);
    unsigned char byte;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_OK);
    CHECK_EQUAL(invalidate(0, 1, true), QUIRE_OK);
    CHECK_EQUAL(quire_device_invalidate_end(device, MIRROR, BASE, BASE + PAGE, 2, 0, 1), QUIRE_OK);
    CHECK_EQUAL(quire_device_frame_freed(device, 5), QUIRE_OK);
    CHECK_EQUAL(quire_device_detach(device, MIRROR), QUIRE_OK);
    static const int32_t expected[] = {QUIRE_EVENT_ATTACHED, QUIRE_EVENT_ALLOCATED, QUIRE_EVENT_COPIED_IN,
                                       QUIRE_EVENT_FAULT, QUIRE_EVENT_INVALIDATE_START, QUIRE_EVENT_INVALIDATE_END,
                                       QUIRE_EVENT_FREED, QUIRE_EVENT_DETACHED};
    struct quire_event events[16];
    int32_t count;
    CHECK_EQUAL(quire_device_events(device, 16, events, &count), QUIRE_OK);
    CHECK_EQUAL(count, 8);
    for (int i = 0; i < 8; i++) {
        CHECK_EQUAL(events[i].number, i + 1);
        CHECK_EQUAL(events[i].type, expected[i]);
    }
    CHECK_EQUAL(events[1].frame, 5);
    CHECK_EQUAL(events[4].start, BASE);
    CHECK_EQUAL(events[4].end, BASE + PAGE);
    CHECK_EQUAL(events[4].kind, 2);
    CHECK_EQUAL(events[4].sequence, 1);
    CHECK_EQUAL(quire_device_events(device, 2, events, &count), QUIRE_OK);
    CHECK_EQUAL(count, 2);
    CHECK_EQUAL(events[0].number, 7);
    end();
}

static void the_oldest_events_are_forgotten_first(void)
{
    begin();
    for (int i = 0; i < 20000; i++) {
        CHECK_EQUAL(quire_device_frame_allocated(device, 0), QUIRE_OK);
        CHECK_EQUAL(quire_device_frame_freed(device, 0), QUIRE_OK);
    }
    static struct quire_event events[20000];
    int32_t count;
    CHECK_EQUAL(quire_device_events(device, 20000, events, &count), QUIRE_OK);
    CHECK_EQUAL(count, 16384);
    CHECK_EQUAL(events[count - 1].number, 40001);
    CHECK_EQUAL(events[0].number, 40001 - 16384 + 1);
    end();
}

/* Misuse. */

static void bad_arguments_get_a_status(void)
{
    begin();
    unsigned char page[PAGE];
    int32_t number;
    int64_t id;
    struct quire_result result;
    struct quire_translation nowhere = {.host = 0, .frame = -1, .access = 0};
    struct quire_translation far = {.host = 0, .frame = FRAMES, .access = 0};
    struct quire_translation odd = {.host = 64, .frame = -1, .access = 3};
    CHECK_EQUAL(quire_device_create(0, PAGE, NULL, &id), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_create(0, PAGE, fault, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_create(0, PAGE + 1, fault, &id), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_create(1, PAGE, fault, &id), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_create(0, -PAGE, fault, &id), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_create(0, INT64_MAX - PAGE + 1, fault, &id), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_memory_map(0, (uint64_t *)&id), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_memory_map(INT64_C(1) << 62, (uint64_t *)&id), QUIRE_NO_MEMORY);
    CHECK_EQUAL(quire_memory_unmap(0, PAGE), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_frame_allocated(device, -1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_frame_allocated(device, FRAMES), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_frame_freed(device, INT32_MAX), QUIRE_BAD_ARGUMENT);
    const int32_t outside[] = {0, FRAMES};
    int32_t granted;
    CHECK_EQUAL(quire_device_frames_allocated(device, outside, 2, &granted), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_frames_allocated(device, outside, -1, &granted), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_frames_allocated(device, NULL, 1, &granted), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_frames_allocated(device, outside, 1, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_frames_freed(device, outside, 2), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_copy_in(device, NULL, 0), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_copy_in(device, page, INT32_MIN), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_copy_out(device, 0, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_zero(device, FRAMES), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_attach(device, 0), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_detach(device, 99), QUIRE_UNKNOWN_MIRROR);
    CHECK_EQUAL(quire_device_invalidate_start(device, 99, 0, PAGE, 0, 0, 1, 1), QUIRE_UNKNOWN_MIRROR);
    CHECK_EQUAL(quire_device_invalidate_start(device, MIRROR, 1, PAGE, 0, 0, 1, 1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_invalidate_start(device, MIRROR, PAGE, PAGE, 0, 0, 1, 1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_invalidate_start(device, MIRROR, 0, PAGE, QUIRE_KINDS, 0, 1, 1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_invalidate_end(device, 99, 0, PAGE, 0, 0, 1), QUIRE_UNKNOWN_MIRROR);
    CHECK_EQUAL(quire_device_invalidate_end(device, MIRROR, 0, 0, 0, 0, 1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_map(device, MIRROR, BASE, 0, 1, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_map(device, MIRROR, BASE, 0, 0, &far), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_map(device, MIRROR, UINT64_MAX - PAGE + 1, 0, 1, &far), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_map(device, 99, BASE, 0, 1, &far), QUIRE_UNKNOWN_MIRROR);
    CHECK_EQUAL(quire_device_map(device, MIRROR, BASE, 0, 1, &nowhere), QUIRE_BAD_ANSWER);
    CHECK_EQUAL(quire_device_map(device, MIRROR, BASE, 0, 1, &far), QUIRE_BAD_ANSWER);
    CHECK_EQUAL(quire_device_map(device, MIRROR, BASE, 0, 1, &odd), QUIRE_BAD_ANSWER);
    CHECK_EQUAL(quire_device_test_and_clear_accessed(device, 99, BASE, &number), QUIRE_UNKNOWN_MIRROR);
    CHECK_EQUAL(quire_device_test_and_clear_accessed(device, MIRROR, BASE, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_run(device, NULL, page, 0, &result), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, PAGE, 0, NULL, &result), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, PAGE, 0, page, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 0, 0, page, &result), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, QUIRE_MAX_BUFFER_BYTES + 1, 0, page, &result), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(run(QUIRE_OP_FILL, 0, INT64_MAX, 0, NULL, &result), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(run(QUIRE_OP_SUM, 4, 8, 0, NULL, &result), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(run(QUIRE_OP_ADD, 0, 16, 0, NULL, &result), QUIRE_BAD_ARGUMENT);
    struct quire_operation overlapping = {.kind = QUIRE_OP_COPY, .mirror = MIRROR, .address = BASE,
                                          .target = BASE + 1, .size_bytes = 2};
    CHECK_EQUAL(quire_device_run(device, &overlapping, NULL, SECONDS_10, &result), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(run(QUIRE_OPS, 0, PAGE, 0, page, &result), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_table(device, MIRROR, 1, NULL, &number), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_table(device, 99, 0, NULL, &number), QUIRE_UNKNOWN_MIRROR);
    CHECK_EQUAL(quire_device_stale(device, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_counters(device, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_events(device, 1, NULL, &number), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_fail_allocation(device, -1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_fail_copy(device, 1, QUIRE_FIRST_INJECTED - 1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_delay(device, QUIRE_PHASES, 1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_delay(device, 0, -1), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_accessing(device, NULL), QUIRE_BAD_ARGUMENT);
    CHECK_EQUAL(quire_device_close(device, -1), QUIRE_BAD_ARGUMENT);
    end();
}

static void a_closed_device_is_unknown(void)
{
    begin();
    end();
    unsigned char page[PAGE];
    struct quire_result result;
    struct quire_counters numbers;
    int32_t number;
    int64_t big;
    struct quire_event event;
    struct quire_translation here = {.host = (uint64_t)(uintptr_t)page, .frame = -1, .access = 0};
    CHECK_EQUAL(quire_device_close(device, 0), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_frame_allocated(device, 0), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_frame_freed(device, 0), QUIRE_UNKNOWN_DEVICE);
    const int32_t frame = 0;
    int32_t granted;
    CHECK_EQUAL(quire_device_frames_allocated(device, &frame, 1, &granted), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_frames_freed(device, &frame, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_copy_in(device, page, 0), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_copy_out(device, 0, page), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_zero(device, 0), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_attach(device, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_detach(device, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(invalidate(0, 1, true), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_invalidate_end(device, MIRROR, 0, PAGE, 0, 0, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_map(device, MIRROR, BASE, 0, 1, &here), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_test_and_clear_accessed(device, MIRROR, BASE, &number), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, PAGE, 0, page, &result), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_table(device, MIRROR, 0, NULL, &number), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_stale(device, &big), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_counters(device, &numbers), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_events(device, 1, &event, &number), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_fail_allocation(device, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_fail_copy(device, 1, 100), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_delay(device, 0, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_refuse_non_blocking(device, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_poison(device, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_hold_invalidations(device, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_hold_accesses(device, 1), QUIRE_UNKNOWN_DEVICE);
    CHECK_EQUAL(quire_device_accessing(device, &number), QUIRE_UNKNOWN_DEVICE);
}

static void an_operation_on_a_detached_mirror_fails(void)
{
    begin();
    CHECK_EQUAL(quire_device_detach(device, MIRROR), QUIRE_OK);
    unsigned char byte;
    struct quire_result result;
    CHECK_EQUAL(run(QUIRE_OP_READ, 0, 1, 0, &byte, &result), QUIRE_UNKNOWN_MIRROR);
    end();
}

static void operations_and_close_have_time_limits(void)
{
    begin();
    atomic_store(&library.stall, true);
    unsigned char byte = 4;
    struct quire_operation operation = {.kind = QUIRE_OP_READ, .ticket = 77, .mirror = MIRROR, .address = BASE,
                                        .size_bytes = 1};
    struct quire_result result;
    CHECK_EQUAL(quire_device_run(device, &operation, &byte, 20, &result), QUIRE_TIMED_OUT);
    CHECK_EQUAL(quire_device_run(device, &operation, &byte, 20, &result), QUIRE_TIMED_OUT);
    CHECK_EQUAL(quire_device_close(device, 20), QUIRE_BUSY);
    CHECK_EQUAL(quire_device_run(device, &operation, &byte, 20, &result), QUIRE_CLOSED);
    atomic_store(&library.stall, false);
    end();
    CHECK_EQUAL(byte, 4);
}

static void *close_it(void *argument)
{
    CHECK_EQUAL(quire_device_close(device, SECONDS_10), QUIRE_OK);
    return argument;
}

static void a_close_ends_what_is_held(void)
{
    begin();
    CHECK_EQUAL(quire_device_hold_accesses(device, 1), QUIRE_OK);
    CHECK_EQUAL(quire_device_hold_invalidations(device, 1), QUIRE_OK);
    pthread_t reader;
    pthread_t closer;
    CHECK_EQUAL(pthread_create(&reader, NULL, read_one_page, NULL), 0);
    await_access();
    CHECK_EQUAL(pthread_create(&closer, NULL, close_it, NULL), 0);
    pthread_join(reader, NULL);
    pthread_join(closer, NULL);
}

/* Everything at once. The sanitizers check it, and no use after free may be counted. */

static atomic_bool over;

static void *keep_reading(void *argument)
{
    static _Thread_local unsigned char buffer[8 * PAGE];
    struct quire_result result;
    while (!atomic_load(&over)) {
        int32_t status = run(QUIRE_OP_READ, 0, sizeof buffer, 0, buffer, &result);
        CHECK(status == QUIRE_OK || status == QUIRE_BUSY);
    }
    return argument;
}

static void *keep_asking(void *argument)
{
    static _Thread_local struct quire_event events[100];
    int32_t count;
    while (!atomic_load(&over)) {
        CHECK_EQUAL(quire_device_events(device, 100, events, &count), QUIRE_OK);
        CHECK_EQUAL(counters().use_after_free, 0);
    }
    return argument;
}

static void threads_may_call_everything_at_once(void)
{
    begin();
    atomic_store(&over, false);
    pthread_t threads[3];
    CHECK_EQUAL(pthread_create(&threads[0], NULL, keep_reading, NULL), 0);
    CHECK_EQUAL(pthread_create(&threads[1], NULL, keep_reading, NULL), 0);
    CHECK_EQUAL(pthread_create(&threads[2], NULL, keep_asking, NULL), 0);
    for (int i = 0; i < 2000; i++) {
        CHECK_EQUAL(quire_device_frame_allocated(device, i % FRAMES), QUIRE_OK);
        CHECK_EQUAL(invalidate_and_end(0, 8), QUIRE_OK);
        CHECK_EQUAL(quire_device_frame_freed(device, i % FRAMES), QUIRE_OK);
    }
    atomic_store(&over, true);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    end();
}

int main(void)
{
    RUN(a_cold_read_of_many_pages_is_one_fault_round);
    RUN(an_unaligned_read_counts_the_pages_it_touches);
    RUN(a_write_through_a_translation_for_reading_faults_once_more);
    RUN(a_plain_write_through_an_exclusive_translation_faults_to_write);
    RUN(an_outdated_answer_is_asked_for_again);
    RUN(answers_that_are_always_outdated_end_in_busy);
    RUN(a_refused_fault_leaves_the_buffer_alone);
    RUN(a_read_of_what_is_mapped_never_faults);
    RUN(a_sum_adds_the_words);
    RUN(a_copy_works_at_any_offsets_and_faults_once_for_each_range);
    RUN(pages_in_the_device_are_reached_through_its_own_memory);
    RUN(coherent_memory_outlives_its_device);
    RUN(after_an_invalidation_the_range_is_asked_for_again);
    RUN(an_invalidation_of_everything_erases_everything);
    RUN(an_invalidation_waits_for_the_access_in_progress);
    RUN(an_invalidation_does_not_wait_for_a_fault_in_progress);
    RUN(a_refused_invalidation_changes_nothing);
    RUN(a_held_invalidation_ends_with_the_hold);
    RUN(an_end_without_a_start_and_a_sequence_that_does_not_grow_are_errors);
    RUN(an_answer_for_a_changing_range_is_an_error);
    RUN(offered_translations_need_no_fault_unless_they_are_outdated);
    RUN(the_accessed_flag_is_set_by_an_access_and_cleared_by_the_test);
    RUN(a_translation_that_outlives_its_frame_is_noticed);
    RUN(a_freed_frame_is_poisoned);
    RUN(frames_come_and_go_together);
    RUN(copies_and_faults_of_free_frames_are_noticed);
    RUN(a_frame_is_allocated_once_and_freed_once);
    RUN(an_ordered_failure_of_an_allocation_happens_once);
    RUN(an_ordered_failure_of_a_copy_has_its_code);
    RUN(each_phase_can_be_delayed);
    RUN(events_are_numbered_and_tell_what_happened);
    RUN(the_oldest_events_are_forgotten_first);
    RUN(bad_arguments_get_a_status);
    RUN(a_closed_device_is_unknown);
    RUN(an_operation_on_a_detached_mirror_fails);
    RUN(operations_and_close_have_time_limits);
    RUN(a_close_ends_what_is_held);
    RUN(threads_may_call_everything_at_once);
    return 0;
}
