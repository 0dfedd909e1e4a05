/* Any bytes as a .bk2: opened means that all of it reads. */
#include "saves/bk2.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_bk2 *b;
    lp_movie_op op;
    lp_err err;
    bool end = false;
    if (lp_bk2_open(&b, fuzz_file(data, size), &err)) return 0;
    while (!end)
        if (lp_bk2_next(b, &op, &end, &err)) abort();
    if (lp_bk2_frame(b) != lp_bk2_about(b)->n_frames) abort();
    lp_bk2_close(b);
    return 0;
}
