/* longplay memory RUN diff: what is remembered at one moment and not at another, of one run or of two. */
#ifndef LP_CLI_MEMORY_DIFF_H
#define LP_CLI_MEMORY_DIFF_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* words: what is behind diff, [n], 1 or 2: "100 200", "100" (from then to now), "OTHER", "OTHER 100" (both then). Into o with json, else onto
 * standard output. LP_BAD_INPUT: another word, or a moment that cannot be had. */
lp_status lp_memory_diff(const char *run, const char *const *words, int n, bool json, cJSON *o, lp_err *err);

#endif
