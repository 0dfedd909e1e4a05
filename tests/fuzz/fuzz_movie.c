/* Any bytes as a movie: read to the end, sought in, and what is read says where it is damaged. */
#include "saves/movie.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_movie *m;
    lp_movie_op op;
    lp_err err;
    bool end = false;
    if (lp_movie_open(&m, fuzz_file(data, size), &err)) return 0;
    for (uint64_t to = 0; to < 3; to++) {
        for (int i = 0; i < 100000 && !end && !lp_movie_next(m, &op, &end, &err); i++) {
        }
        if (lp_movie_seek(m, to << 20 * to, &err)) break;
        end = false;
    }
    lp_movie_read_close(m);
    return 0;
}
