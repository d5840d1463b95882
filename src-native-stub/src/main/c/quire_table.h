/* The page table of one mirror: maps page numbers to memory. Not thread-safe. */
#ifndef QUIRE_TABLE_H
#define QUIRE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct slot {
    uint64_t page;
    unsigned char *host; /* null for a frame of the device */
    int32_t frame;       /* -1 for other memory */
    uint32_t generation; /* generation of the frame when this was installed */
    int8_t access;
    bool accessed;
    bool used; /* true if the slot holds a translation */
};

struct table {
    struct slot *slots; /* null while capacity is 0 */
    uint64_t capacity;  /* a power of two, or 0 */
    uint64_t size;
};

/* Returns the translation of the page, or null. Valid until the table changes. */
struct slot *table_find(const struct table *table, uint64_t page);

/* Makes room for count more translations. Returns false if there is no memory. */
bool table_reserve(struct table *table, uint64_t count);

/* Adds or replaces the translation of a page. The caller has reserved room. */
void table_put(struct table *table, struct slot translation);

/* Erases the translations of the pages from first to last, inclusive. */
void table_erase(struct table *table, uint64_t first, uint64_t last);

void table_free(struct table *table);

#endif
