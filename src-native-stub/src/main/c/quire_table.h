/* The page table of one mirror: from numbers of pages to where they are. Not thread-safe. */
#ifndef QUIRE_TABLE_H
#define QUIRE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct slot {
    uint64_t page;
    unsigned char *host; /* null for a frame of the device */
    int32_t frame;       /* -1 for memory of others */
    uint32_t generation; /* of the frame when it was installed */
    int8_t access;
    bool accessed;
    bool used; /* whether the slot holds a translation */
};

struct table {
    struct slot *slots; /* null while it has none */
    uint64_t capacity;  /* a power of two, or 0 */
    uint64_t size;
};

/* The translation of the page, or null. Valid until the table changes. */
struct slot *table_find(const struct table *table, uint64_t page);

/* Makes room for count more; false if there is no memory for it. */
bool table_reserve(struct table *table, uint64_t count);

/* Replaces what the page had. The caller reserved room. */
void table_put(struct table *table, struct slot translation);

/* Erases the pages from first to last, both included. */
void table_erase(struct table *table, uint64_t first, uint64_t last);

void table_free(struct table *table);

#endif
