/* Any bytes as a file of demonstrations, its checksum put right: refused, or all of its keys can be read. */
#include "saves/demos.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_demos *d;
    lp_err err;
    if (size < 16) return 0;
    static volatile uint16_t sum;
    uint8_t *file = malloc(size);
    memcpy(file, data, size);
    fuzz_seal(file, size);
    if (!lp_demos_read(&d, fuzz_file(file, size), &err)) {
        for (int i = 0; i < d->n; i++)
            for (int64_t t = 0; t < d->demo[i].n_decisions; t++) sum ^= d->demo[i].keys[t];
        lp_demos_close(d);
    }
    free(file);
    return 0;
}
