/* Any bytes as a suite: what is taken has rows whose knobs are within their ranges. */
#include "evals/suite.h"
#include "tests/fuzz/fuzz.h"

static char path[64];

static void remove_path(void) { unlink(path); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_suite *suite;
    lp_err err;
    if (!*path) {
        close(fuzz_temporary(path, sizeof path, ".json"));
        atexit(remove_path);
    }
    fuzz_write(path, data, size);
    if (lp_suite_open(&suite, path, &err)) return 0;
    if (lp_suite_n_rows(suite) < 1 || lp_suite_n_rows(suite) > LP_SUITE_MAX_ROWS) abort();
    for (int i = 0; i < lp_suite_n_rows(suite); i++) {
        const lp_suite_row *row = lp_suite_row_at(suite, i);
        if (row->episodes < 1 || !*row->label) abort();
        for (int k = 0; k < lp_game_n_knobs(row->game); k++) {
            const lp_knob *knob = lp_game_knob(row->game, k);
            if (row->knobs[k] < knob->min || row->knobs[k] > knob->max) abort();
        }
    }
    lp_suite_close(suite);
    return 0;
}
