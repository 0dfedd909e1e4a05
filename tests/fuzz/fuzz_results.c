/* Results that an evaluation left: by the first byte any bytes, episodes behind a right head, or the outcomes of --json. What is taken has
 * episodes that are all over, and is found again. */
#include "evals/results.h"
#include "tests/fuzz/fuzz.h"

#define PLAYED "\"rom\":\"0\",\"model\":\"dmg\",\"noop\":[0,0],\"knobs\":{\"n\":3},\"seed\":1,\"time_limit\":0,"
static const char *const begins[] = {"",
                                     "{\"longplay\":\"evaluation\",\"version\":1,\"rows\":[{\"game\":\"g\"," PLAYED "\"episodes\":2}]}\n",
                                     "{\"games\":[{\"game\":\"g\"," PLAYED "\"finished\":true,\"outcomes\":\""};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t text[1 << 17];
    lp_results *results;
    lp_err err;
    if (!size || size > sizeof text / 2) return 0;
    size_t n = (size_t)snprintf((char *)text, sizeof text, "%s", begins[data[0] % 3]);
    memcpy(text + n, data + 1, size - 1);
    const char *path = fuzz_file(text, n + size - 1);
    (void)lp_is_results(path);
    if (lp_results_open(&results, path, &err)) return 0;
    for (int i = 0; i < lp_results_n_rows(results); i++) {
        const lp_result *row = lp_results_row(results, i), *found;
        if (row->n < 1) abort();
        for (int64_t k = 0; k < row->n; k++)
            if (row->episodes[k].outcome < LP_WIN || row->episodes[k].outcome > LP_TIMEOUT) abort();
        (void)lp_results_find(&found, results, row->json, i, row->n, &err);
    }
    lp_results_close(results);
    return 0;
}
