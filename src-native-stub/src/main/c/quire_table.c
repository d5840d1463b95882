#include "quire_table.h"

#include <stdlib.h>

static const uint64_t MIN_CAPACITY = 64;

/* This many neighbouring pages share a group of slots: they are mapped and erased together, with fewer cache misses. */
static const uint64_t NEIGHBOURS = 8;

/* Multiplicative hashing: the high bits are well mixed, so the low ones are dropped. */
static uint64_t home(const struct table *table, uint64_t page)
{
    uint64_t group = page / NEIGHBOURS * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    return (group * NEIGHBOURS + page % NEIGHBOURS) & (table->capacity - 1);
}

static uint64_t next(const struct table *table, uint64_t at)
{
    return (at + 1) & (table->capacity - 1);
}

/* Returns the slot of the page, or the empty slot where it belongs. At least half of all slots are empty. */
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
 * Closes the gap that an erased slot leaves, because a search stops at an empty slot. A later slot of the run moves
 * into the gap if a search for it passes the gap: if its home is not after the gap.
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

/* No address is in a page beyond this number. */
#define PAGES_MAX (UINT64_C(1) << 36)

void table_erase(struct table *table, uint64_t first, uint64_t last)
{
    if (table->size == 0) {
        return;
    }
    if (first == 0 && last >= PAGES_MAX) {
        table_free(table); /* everything is erased, so no slot has to be looked at */
        return;
    }
    if (last - first < table->capacity) {
        for (uint64_t page = first; page <= last; page++) {
            erase_page(table, page);
        }
        return;
    }
    /* Erasing may move another translation into the slot, so look at the slot again until it may stay. */
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
