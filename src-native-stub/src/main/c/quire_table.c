#include "quire_table.h"

#include <stdlib.h>

static const uint64_t MIN_CAPACITY = 64;

/* Neighbours lie side by side, for they are mapped and erased together: a cache miss for some, not for each. */
static const uint64_t NEIGHBOURS = 8;

/* Multiplicative hashing: the high bits are the good ones. */
static uint64_t home(const struct table *table, uint64_t page)
{
    uint64_t group = page / NEIGHBOURS * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    return (group * NEIGHBOURS + page % NEIGHBOURS) & (table->capacity - 1);
}

static uint64_t next(const struct table *table, uint64_t at)
{
    return (at + 1) & (table->capacity - 1);
}

/* Where the page is, or the empty slot where it would be. At most half of the slots are used, so there is one. */
static uint64_t probe(const struct table *table, uint64_t page)
{
    uint64_t at = home(table, page);
    while (table->slots[at].used && table->slots[at].page != page) {
        at = next(table, at);
    }
    return at;
}

struct slot *table_find(const struct table *table, uint64_t page)
{
    if (table->size == 0) {
        return NULL;
    }
    struct slot *slot = &table->slots[probe(table, page)];
    return slot->used ? slot : NULL;
}

bool table_reserve(struct table *table, uint64_t count)
{
    uint64_t capacity = table->capacity == 0 ? MIN_CAPACITY : table->capacity;
    while (capacity / 2 < table->size + count) {
        capacity *= 2;
    }
    if (capacity == table->capacity) {
        return true;
    }
    struct table larger = {.slots = calloc(capacity, sizeof(struct slot)), .capacity = capacity};
    if (larger.slots == NULL) {
        return false;
    }
    for (uint64_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].used) {
            table_put(&larger, table->slots[i]);
        }
    }
    free(table->slots);
    *table = larger;
    return true;
}

void table_put(struct table *table, struct slot translation)
{
    struct slot *slot = &table->slots[probe(table, translation.page)];
    if (!slot->used) {
        table->size++;
    }
    *slot = translation;
    slot->used = true;
}

/*
 * Closes the gap: a later slot of the run moves into it unless its home lies between the two, where a search for it
 * would no longer pass the gap.
 */
static void erase_at(struct table *table, uint64_t gap)
{
    table->slots[gap].used = false;
    table->size--;
    for (uint64_t at = next(table, gap); table->slots[at].used; at = next(table, at)) {
        uint64_t from_home = (at - home(table, table->slots[at].page)) & (table->capacity - 1);
        uint64_t from_gap = (at - gap) & (table->capacity - 1);
        if (from_home >= from_gap) {
            table->slots[gap] = table->slots[at];
            table->slots[at].used = false;
            gap = at;
        }
    }
}

static void erase_page(struct table *table, uint64_t page)
{
    uint64_t at = probe(table, page);
    if (table->slots[at].used) {
        erase_at(table, at);
    }
}

/* No address is beyond so many pages. */
#define PAGES_MAX (UINT64_C(1) << 36)

void table_erase(struct table *table, uint64_t first, uint64_t last)
{
    if (table->size == 0) {
        return;
    }
    if (first == 0 && last >= PAGES_MAX) {
        table_free(table); /* the whole: no slot has to be looked at */
        return;
    }
    if (last - first < table->capacity) {
        for (uint64_t page = first; page <= last; page++) {
            erase_page(table, page);
        }
        return;
    }
    /* What erasing moves into a slot has to be looked at too, so a slot is left only when it may stay. */
    for (uint64_t at = 0; at < table->capacity; at++) {
        while (table->slots[at].used && table->slots[at].page >= first && table->slots[at].page <= last) {
            erase_at(table, at);
        }
    }
}

void table_free(struct table *table)
{
    free(table->slots);
    *table = (struct table){.slots = NULL};
}
