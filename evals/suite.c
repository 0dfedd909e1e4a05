/* Reading a suite. See suite.h for the format. */
#include "evals/suite.h"

#include "base/contract.h"
#include "env/game_find.h"
#include "env/json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 64, LABEL = 160 };

struct lp_suite {
    char title[256];
    int n_games, n_rows;
    lp_game *games[LP_SUITE_MAX_GAMES];
    lp_suite_row rows[LP_SUITE_MAX_ROWS];
    int64_t knobs[LP_SUITE_MAX_ROWS][LP_MAX_KNOBS];
    char labels[LP_SUITE_MAX_ROWS][LABEL];
    char *policies[LP_SUITE_MAX_GAMES]; /* [n_games], owned; NULL: the game's own */
};

static bool ends_in_json(const char *name) {
    size_t n = strlen(name);
    return n > 5 && !strcmp(name + n - 5, ".json");
}

bool lp_is_suite(const char *name) {
    char path[PATH_MAX];
    return ends_in_json(name) || lp_find_suite(name, path, sizeof path);
}

/* A path is seen from the suite's folder, a name as anywhere. */
static void game_path(char *out, size_t size, const char *suite, const char *game) {
    const char *slash = strrchr(suite, '/');
    if (*game == '/' || !strchr(game, '/') || !slash) snprintf(out, size, "%s", game);
    else snprintf(out, size, "%.*s/%s", (int)(slash - suite), suite, game);
}

/* The other way round: a name is a file in the suite's folder. False: no memory. */
static bool policy_path(char **out, const char *suite, const char *policy) {
    const char *slash = strrchr(suite, '/');
    *out = NULL;
    if (!*policy) return true;
    if (asprintf(out, "%.*s%s", *policy != '/' && slash ? (int)(slash + 1 - suite) : 0, suite, policy) < 0) *out = NULL;
    return *out != NULL;
}

/* How many rows the game makes: 1, or the length that its lists have. */
static bool count_rows(const cJSON *knobs, int *n_rows, const lp_place *where, lp_findings *r) {
    const cJSON *knob;
    *n_rows = 0;
    cJSON_ArrayForEach(knob, knobs) {
        const lp_place at = lp_place_field(where, knob->string);
        int n = cJSON_GetArraySize(knob);
        if (!cJSON_IsArray(knob)) continue;
        if (n < 1 || n > MAX_VALUES) return lp_report_error(r, &at, "must be a number, or a list of 1 to %d", MAX_VALUES), false;
        if (*n_rows && n != *n_rows) return lp_report_error(r, &at, "has %d values, another knob's list %d", n, *n_rows), false;
        *n_rows = n;
    }
    if (!*n_rows) *n_rows = 1;
    return true;
}

static bool knob_value(const cJSON *item, const lp_knob *knob, int64_t *out, const lp_place *where, lp_findings *r) {
    double v = cJSON_IsNumber(item) ? item->valuedouble : 0.5;
    if (!(v >= (double)knob->min && v <= (double)knob->max) || v != floor(v)) /* in this order: a cast wants a number that fits */
        return lp_report_error(r, where, "must be a whole number, %lld to %lld", (long long)knob->min, (long long)knob->max), false;
    *out = (int64_t)v;
    return true;
}

/* The knobs of one row of a game. */
static bool read_row(lp_suite *suite, const lp_game *game, const cJSON *knobs, int index, const lp_place *where, lp_findings *r) {
    int64_t *values = suite->knobs[suite->n_rows];
    char *label = suite->labels[suite->n_rows];
    const cJSON *item;
    lp_game_default_knobs(game, values);
    snprintf(label, LABEL, "%s", lp_game_name(game));
    cJSON_ArrayForEach(item, knobs) {
        int k = lp_game_find_knob(game, item->string);
        const lp_place field = lp_place_field(where, item->string), in_list = lp_place_item(&field, index);
        bool is_list = cJSON_IsArray(item);
        if (k < 0) return lp_report_error(r, &field, "%s has no such knob", lp_game_name(game)), false;
        if (!knob_value(is_list ? cJSON_GetArrayItem(item, index) : item, lp_game_knob(game, k), &values[k], is_list ? &in_list : &field,
                        r))
            return false;
        size_t n = strlen(label);
        if (is_list && strcmp(item->string, "horizon")) snprintf(label + n, LABEL - n, " %s=%lld", item->string, (long long)values[k]);
    }
    return true;
}

static bool read_game(lp_suite *suite, const cJSON *item, const char *path, uint64_t seed, int64_t episodes, const lp_place *where,
                      lp_findings *r) {
    char name[PATH_MAX], full[2 * PATH_MAX], policy[PATH_MAX];
    const cJSON *knobs;
    lp_err err;
    const lp_place at_game = lp_place_field(where, "game"), at_knobs = lp_place_field(where, "knobs");
    int n_rows;
    if (!cJSON_IsObject(item)) return lp_report_error(r, where, "must be an object"), false;
    if (!lp_json_known(item, "game|knobs|episodes|policy", true, where, r) || !lp_json_text(item, "game", name, sizeof name, where, r) ||
        !lp_json_object(item, "knobs", &knobs, where, r) || !lp_json_text(item, "policy", policy, sizeof policy, where, r) ||
        !lp_json_int(item, "episodes", 1, LP_EVAL_MAX_EPISODES, &episodes, &episodes, where, r))
        return false;
    if (!*name) return lp_report_error(r, &at_game, "is missing"), false;
    game_path(full, sizeof full, path, name);
    lp_game *game;
    lp_status status = lp_game_open(&game, full, &err);
    if (status == LP_FAILED) return lp_report_status(r, status, &err), false;
    if (status) return lp_report_error(r, &at_game, "%s", err.message), false;
    suite->games[suite->n_games++] = game;
    char **own = &suite->policies[suite->n_games - 1];
    if (!policy_path(own, path, policy)) return lp_report_out_of_memory(r, where), false;
    if (!count_rows(knobs, &n_rows, &at_knobs, r)) return false;
    for (int i = 0; i < n_rows; i++) {
        if (suite->n_rows == LP_SUITE_MAX_ROWS) return lp_report_error(r, where, "more than %d rows", LP_SUITE_MAX_ROWS), false;
        if (!read_row(suite, game, knobs, i, &at_knobs, r)) return false;
        suite->rows[suite->n_rows] =
            (lp_suite_row){game, lp_game_name(game), suite->labels[suite->n_rows], suite->knobs[suite->n_rows], episodes, seed, *own};
        suite->n_rows++;
    }
    return true;
}

static bool read_suite(lp_suite *suite, const cJSON *root, const char *path, lp_findings *r) {
    static const int64_t one = 1, usual = 200;
    const lp_place file = lp_place_file(path), at_games = lp_place_field(&file, "games");
    const cJSON *games, *item;
    int64_t seed, episodes;
    int i = 0;
    if (!lp_json_known(root, "title|seed|episodes|games", true, &file, r) ||
        !lp_json_text(root, "title", suite->title, sizeof suite->title, &file, r) ||
        !lp_json_int(root, "seed", 0, UINT32_MAX, &one, &seed, &file, r) ||
        !lp_json_int(root, "episodes", 1, LP_EVAL_MAX_EPISODES, &usual, &episodes, &file, r) ||
        !lp_json_list(root, "games", LP_SUITE_MAX_GAMES, &games, &file, r))
        return false;
    if (!cJSON_GetArraySize(games)) return lp_report_error(r, &at_games, "is missing, or empty"), false;
    cJSON_ArrayForEach(item, games) {
        const lp_place at = lp_place_item(&at_games, i++);
        if (!read_game(suite, item, path, (uint64_t)seed, episodes, &at, r)) return false;
    }
    return true;
}

lp_status lp_suite_open(lp_suite **out, const char *name, lp_err *err) {
    char path[PATH_MAX];
    cJSON *root = NULL;
    lp_findings r = {.err = err};
    *out = NULL;
    if (ends_in_json(name)) {
        if (snprintf(path, sizeof path, "%s", name) >= (int)sizeof path) return lp_fail(err, LP_BAD_INPUT, "the suite's path is too long");
    } else if (!lp_find_suite(name, path, sizeof path)) {
        return lp_fail(err, LP_BAD_INPUT, "%s: no such suite", name);
    }
    lp_suite *suite = calloc(1, sizeof *suite);
    if (!suite) return lp_fail(err, LP_FAILED, "out of memory");
    if (!lp_json_read(&root, path, &r)) read_suite(suite, root, path, &r);
    cJSON_Delete(root);
    if (r.status) lp_suite_close(suite);
    else *out = suite;
    return r.status;
}

void lp_suite_close(lp_suite *suite) {
    if (!suite) return;
    for (int i = 0; i < suite->n_games; i++) {
        lp_game_close(suite->games[i]);
        free(suite->policies[i]);
    }
    free(suite);
}

const char *lp_suite_title(const lp_suite *suite) { return suite->title; }

int lp_suite_n_rows(const lp_suite *suite) { return suite->n_rows; }

const lp_suite_row *lp_suite_row_at(const lp_suite *suite, int index) {
    LP_CHECK(index >= 0 && index < suite->n_rows);
    return &suite->rows[index];
}
