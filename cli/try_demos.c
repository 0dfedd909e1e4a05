/* longplay demo try: from how far before the ends of demonstrations does a policy win? */
#include "cli/try_demos.h"

#include "base/log.h"
#include "base/number.h"
#include "base/pool.h"
#include "base/stop.h"
#include "cli/cli.h"
#include "evals/stats.h"
#include "harness/choose.h"
#include "harness/demo.h"
#include "harness/demo_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DISTANCES = 64 };

typedef struct {
    const lp_demos *demos;
    int n, n_distances;
    int64_t distances[MAX_DISTANCES];
    double patience;
    lp_demo_trial **trials; /* [threads] owned */
    lp_demo_tried *tried;   /* [n][n_distances] owned */
    lp_err *errors;         /* [n] owned */
    lp_status *statuses;
} table;

/* Those that were asked for; or 8, 16, 32 ... and the longest. */
static lp_status choose_distances(table *t, const char *asked, lp_err *err) {
    int64_t longest = 0;
    for (int i = 0; i < t->n; i++)
        if (t->demos->demo[i].n_decisions > longest) longest = t->demos->demo[i].n_decisions;
    if (!asked) {
        for (int64_t d = 8; d < longest && t->n_distances < MAX_DISTANCES; d *= 2) t->distances[t->n_distances++] = d;
        return LP_OK;
    }
    char text[LP_SETTING_BYTES], *rest;
    snprintf(text, sizeof text, "%s", asked);
    for (char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        double number;
        if (!lp_parse_double(word, &number) || number < 1 || number > LP_DEMO_MAX_DECISIONS || number != (double)(int64_t)number)
            return lp_fail(err, LP_BAD_INPUT, "--before-end: '%s': not a number of decisions", word);
        if (t->n_distances == MAX_DISTANCES) return lp_fail(err, LP_BAD_INPUT, "--before-end: more than %d", MAX_DISTANCES);
        t->distances[t->n_distances++] = (int64_t)number;
    }
    return t->n_distances ? LP_OK : lp_fail(err, LP_BAD_INPUT, "--before-end: names no distance");
}

static void try_job(void *context, int i, int worker) {
    table *t = context;
    if (!lp_stop_asked())
        t->statuses[i] = lp_demo_try(t->trials[worker], &t->demos->demo[i], t->distances, t->n_distances, t->patience,
                                     t->tried + (size_t)i * (size_t)t->n_distances, &t->errors[i]);
}

/* How many began so far before the end, and how many of them won. */
static void count(const table *t, int k, int *n, int *wins) {
    *n = *wins = 0;
    for (int i = 0; i < t->n; i++) {
        const int outcome = t->tried[i * t->n_distances + k].outcome;
        *n += outcome != LP_RUNNING, *wins += outcome == LP_WIN;
    }
}

static int tell(const table *t, bool json) {
    cJSON *o = json ? cJSON_CreateObject() : NULL, *rows = json ? cJSON_AddArrayToObject(o, "rows") : NULL;
    if (!json) printf("before the end   tried     won   95 %% interval\n");
    for (int k = 0; k < t->n_distances; k++) {
        double low, high;
        int n, wins;
        count(t, k, &n, &wins);
        if (!n) continue;
        lp_wilson(wins, n, 1.959964, &low, &high);
        if (!json) {
            printf("%14lld %7d %5.1f %%   %5.1f to %5.1f %%\n", (long long)t->distances[k], n, 100.0 * wins / n, 100 * low, 100 * high);
            continue;
        }
        cJSON *row = cJSON_CreateObject(), *all = cJSON_CreateArray();
        cJSON_AddItemToArray(rows, row);
        cJSON_AddNumberToObject(row, "before_end", (double)t->distances[k]);
        cJSON_AddNumberToObject(row, "tried", n);
        cJSON_AddNumberToObject(row, "wins", wins);
        cJSON_AddItemToObject(row, "episodes", all);
        for (int i = 0; i < t->n; i++) {
            const lp_demo_tried *one = &t->tried[i * t->n_distances + k];
            if (one->outcome == LP_RUNNING) continue;
            cJSON *e = cJSON_CreateObject();
            cJSON_AddItemToArray(all, e);
            cJSON_AddNumberToObject(e, "demonstration", i + 1);
            cJSON_AddStringToObject(e, "outcome", lp_outcome_name((lp_outcome)one->outcome));
            cJSON_AddNumberToObject(e, "decisions", (double)one->decisions);
            cJSON_AddStringToObject(e, "last_event", one->last);
        }
    }
    return json ? lp_print_json(o) : 0;
}

static lp_status play(table *t, const lp_try_demos_options *a, const lp_game *game, lp_pool *pool, lp_err *err) {
    lp_chosen_policy chosen = {0};
    lp_mem_config memory;
    const int threads = lp_pool_threads(pool);
    lp_status status = lp_choose_policy(&chosen, game, a->policy, err);
    if (!status && chosen.player != LP_PLAYER_POLICY)
        status = lp_fail(err, LP_BAD_INPUT, "demo try: for weights: --policy FILE.safetensors");
    if (!status) status = lp_choose_memory(&memory, chosen.policy, &a->memory, err);
    t->trials = calloc((size_t)threads, sizeof(lp_demo_trial *));
    t->tried = calloc((size_t)t->n * (size_t)t->n_distances + 1, sizeof *t->tried);
    t->errors = calloc((size_t)t->n + 1, sizeof *t->errors);
    t->statuses = calloc((size_t)t->n + 1, sizeof *t->statuses);
    if (!status && (!t->trials || !t->tried || !t->errors || !t->statuses)) status = lp_fail(err, LP_FAILED, "out of memory");
    for (int i = 0; i < threads && !status; i++) status = lp_demo_trial_open(&t->trials[i], game, chosen.policy, &memory, err);
    if (!status) lp_pool_run(pool, t->n, try_job, t);
    for (int i = 0; i < t->n && !status; i++)
        if (t->statuses[i]) status = lp_fail(err, t->statuses[i], "demonstration %d: %s", i + 1, t->errors[i].message);
    for (int i = 0; t->trials && i < threads; i++) lp_demo_trial_close(t->trials[i]);
    lp_policy_close(chosen.policy);
    return status;
}

int lp_try_demos(const lp_try_demos_options *a, const lp_demos *demos, const char *path, const lp_game *game, lp_err *err) {
    table t = {.demos = demos, .n = a->episodes < demos->n ? (int)a->episodes : demos->n, .patience = a->patience};
    lp_pool *pool = NULL;
    lp_status status = lp_demos_fit(demos, game, err);
    if (status) lp_fail_prefix(err, status, "%s", path);
    if (!status) status = choose_distances(&t, a->before_end, err);
    if (!status && !(pool = lp_pool_open(a->threads))) status = lp_fail(err, LP_FAILED, "cannot start threads");
    if (!status) status = play(&t, a, game, pool, err);
    int code = status ? lp_report(status, err) : lp_stop_asked() ? 128 + lp_stop_asked() : tell(&t, a->json);
    lp_pool_close(pool);
    free(t.trials), free(t.tried), free(t.errors), free(t.statuses);
    return code;
}
