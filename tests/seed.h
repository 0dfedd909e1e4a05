/* The seed of a test that draws: LONGPLAY_TEST_SEED, or its usual one. It is printed, so that a failure can be had again. */
#ifndef LP_TESTS_SEED_H
#define LP_TESTS_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t test_seed_or(uint64_t usual) {
    const char *given = getenv("LONGPLAY_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : usual;
    printf("seed %llu (LONGPLAY_TEST_SEED=%llu repeats it)\n", (unsigned long long)seed, (unsigned long long)seed);
    return seed;
}

/* Another one each time. */
static inline uint64_t test_seed(void) { return test_seed_or((uint64_t)time(NULL)); }

#endif
