/* The whole test framework: checks that print where they failed, and a macro that prints each test as it runs. */
#ifndef QUIRE_CHECK_H
#define QUIRE_CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                            \
        }                                                                       \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                                              \
    do {                                                                                                           \
        int64_t actual_value = (int64_t)(actual);                                                                  \
        int64_t expected_value = (int64_t)(expected);                                                              \
        if (actual_value != expected_value) {                                                                      \
            fprintf(stderr, "%s:%d: %s is %" PRId64 ", not %" PRId64 "\n", __FILE__, __LINE__, #actual, actual_value, \
                    expected_value);                                                                               \
            exit(1);                                                                                               \
        }                                                                                                          \
    } while (0)

#define RUN(test)                \
    do {                         \
        printf("%s\n", #test);   \
        fflush(stdout);          \
        test();                  \
    } while (0)

#endif
