#include "quire_table.h"

#include "check.h"

enum { PAGES = 512 };

static struct slot translation(uint64_t page, int32_t frame)
{
    return (struct slot){.page = page, .frame = frame};
}

static void put(struct table *table, uint64_t page, int32_t frame)
{
    CHECK(table_reserve(table, 1));
    table_put(table, translation(page, frame));
}

static void an_empty_table_finds_and_erases_nothing(void)
{
    struct table table = {.slots = NULL};
    CHECK(table_find(&table, 0) == NULL);
    table_erase(&table, 0, UINT64_MAX);
    table_free(&table);
}

static void a_put_replaces_the_translation_of_its_page(void)
{
    struct table table = {.slots = NULL};
    put(&table, 7, 1);
    put(&table, 7, 2);
    CHECK_EQUAL(table.size, 1);
    CHECK_EQUAL(table_find(&table, 7)->frame, 2);
    CHECK(table_find(&table, 8) == NULL);
    table_free(&table);
}

static void a_table_that_grows_keeps_everything(void)
{
    struct table table = {.slots = NULL};
    for (uint64_t page = 0; page < 100000; page++) {
        put(&table, page << 9, (int32_t)page);
    }
    for (uint64_t page = 0; page < 100000; page++) {
        CHECK_EQUAL(table_find(&table, page << 9)->frame, page);
    }
    table_free(&table);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state >> 33;
}

/* Compares the table with a plain array. Erases short ranges and ranges to the end, so both ways to erase run. */
static void random_histories_agree_with_a_plain_array(void)
{
    static int32_t model[PAGES];
    uint64_t random = 42;
    struct table table = {.slots = NULL};
    for (int i = 0; i < PAGES; i++) {
        model[i] = -1;
    }
    for (int round = 0; round < 20000; round++) {
        uint64_t page = next_random(&random) % PAGES;
        if (next_random(&random) % 8 != 0) {
            model[page] = round;
            put(&table, page, round);
        } else {
            uint64_t last = page + next_random(&random) % 64;
            bool to_the_end = next_random(&random) % 16 == 0;
            table_erase(&table, page, to_the_end ? UINT64_MAX >> 12 : last);
            for (uint64_t at = page; at < PAGES && (to_the_end || at <= last); at++) {
                model[at] = -1;
            }
        }
        uint64_t size = 0;
        for (uint64_t at = 0; at < PAGES; at++) {
            struct slot *found = table_find(&table, at);
            CHECK_EQUAL(found == NULL ? -1 : found->frame, model[at]);
            size += found != NULL;
        }
        CHECK_EQUAL(table.size, size);
    }
    table_free(&table);
}

int main(void)
{
    RUN(an_empty_table_finds_and_erases_nothing);
    RUN(a_put_replaces_the_translation_of_its_page);
    RUN(a_table_that_grows_keeps_everything);
    RUN(random_histories_agree_with_a_plain_array);
    return 0;
}
