/* Who plays what: see compare.h. */
#include "cli/compare.h"

#include "base/file.h"
#include "env/game_find.h"
#include "evals/row_json.h"
#include "players/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A player that is no file of weights. */
static bool is_named(const char *given) { return !strcmp(given, "random") || !strcmp(given, "oracle") || lp_is_guest(given); }

static lp_status open_side(lp_side *side, lp_err *err) {
    if (!strcmp(side->given, "shipped")) side->kind = LP_SIDE_SHIPPED;
    else if (is_named(side->given)) side->kind = LP_SIDE_PLAYER;
    else if (lp_is_folder(side->given)) side->kind = LP_SIDE_FOLDER;
    else if (lp_is_results(side->given)) side->kind = LP_SIDE_RESULTS;
    else if (!lp_file_exists(side->given)) return lp_fail(err, LP_BAD_INPUT, "%s: no such file or folder", side->given);
    return side->kind == LP_SIDE_RESULTS ? lp_results_open(&side->results, side->given, err) : LP_OK;
}

/* ---- rows ---- */

/* The game that the weights were trained on. */
static lp_status game_of(char *out, size_t size, const char *weights, lp_err *err) {
    lp_policy *policy;
    lp_status status = lp_policy_read(&policy, weights, err);
    const char *note = status ? NULL : lp_policy_note_of(policy, "game");
    if (!status && !note) status = lp_fail(err, LP_BAD_INPUT, "%s: does not say for which game: --games says it", weights);
    snprintf(out, size, "%s", note ? note : "");
    if (!status) lp_policy_close(policy);
    return status;
}

static bool is_weights(const lp_side *side) { return side->kind == LP_SIDE_PLAYER && !is_named(side->given); }

static lp_status name_rows(lp_comparison *c, lp_err *err) {
    char game[256] = "memory"; /* the suite */
    const lp_side *weights = is_weights(&c->side[LP_BASELINE]) ? &c->side[LP_BASELINE] : &c->side[LP_CANDIDATE];
    lp_status status = LP_OK;
    if (!c->games && is_weights(weights)) status = game_of(game, sizeof game, weights->given, err);
    if (!status) status = lp_named_open(&c->named, c->games ? c->games : game, NULL, NULL, c->set, c->n_set, err);
    if (status) return status;
    c->rows = calloc((size_t)c->named.n_rows, sizeof *c->rows);
    if (!c->rows) return lp_fail(err, LP_FAILED, "out of memory");
    for (; c->n_rows < c->named.n_rows; c->n_rows++) {
        lp_compare_row *row = &c->rows[c->n_rows];
        row->what = c->named.rows[c->n_rows].what;
        memcpy(row->knobs, c->named.rows[c->n_rows].knobs, sizeof row->knobs);
        if (c->seed >= 0) row->what.seed = (uint64_t)c->seed;
        row->played = cJSON_CreateObject();
        if (!lp_row_add_played(row->played, row->what.game, row->knobs, row->what.seed, c->time_limit > 0 ? c->time_limit : 0))
            return c->n_rows++, lp_fail(err, LP_FAILED, "out of memory");
    }
    return LP_OK;
}

/* The game of a row that results name, as it was played. */
static lp_status open_game(lp_compare_row *row, const lp_result *result, lp_err *err) {
    char text[320];
    const cJSON *json = result->json, *noop = cJSON_GetObjectItemCaseSensitive(json, "noop"), *knob,
                *knobs = cJSON_GetObjectItemCaseSensitive(json, "knobs");
    lp_status status = lp_game_open(&row->own_game, result->game, err);
    if (!status) status = lp_choose_model(row->own_game, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "model")), err);
    snprintf(text, sizeof text, "%.0f:%.0f", cJSON_GetNumberValue(cJSON_GetArrayItem(noop, 0)),
             cJSON_GetNumberValue(cJSON_GetArrayItem(noop, 1)));
    if (!status && strcmp(text, "0:0")) status = lp_game_set_noop(row->own_game, text, err);
    if (status) return status;
    lp_game_default_knobs(row->own_game, row->knobs);
    cJSON_ArrayForEach(knob, knobs) {
        snprintf(text, sizeof text, "%s=%.0f", knob->string, cJSON_GetNumberValue(knob));
        if (!status) status = lp_game_set_knob(row->own_game, row->knobs, text, err);
    }
    row->what = (lp_suite_row){.game = row->own_game, .name = result->game};
    return status;
}

static lp_status rows_of_results(lp_comparison *c, const lp_side *from, bool plays, lp_err *err) {
    if (c->n_set || c->seed >= 0 || c->time_limit >= 0)
        return lp_fail(err, LP_BAD_INPUT, "--set, --seed, --time-limit: what is played is what %s says", from->given);
    c->rows = calloc((size_t)lp_results_n_rows(from->results), sizeof *c->rows);
    if (!c->rows) return lp_fail(err, LP_FAILED, "out of memory");
    for (; c->n_rows < lp_results_n_rows(from->results); c->n_rows++) {
        lp_compare_row *row = &c->rows[c->n_rows];
        const lp_result *result = lp_results_row(from->results, c->n_rows);
        double seed = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(result->json, "seed")),
               limit = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(result->json, "time_limit"));
        lp_err why;
        if (!(seed >= 0 && seed <= UINT32_MAX) || !(limit >= 0 && limit <= 1e12))
            return lp_fail(err, LP_BAD_INPUT, "%s: row %d, %s: seed or time_limit is missing or out of range", from->given, c->n_rows,
                           result->game);
        row->what.name = result->game;
        if (plays && open_game(row, result, &why)) {
            snprintf(row->error, sizeof row->error, "%s", why.message);
            row->what.game = NULL;
        }
        row->what.seed = (uint64_t)seed;
        row->what.episodes = result->n;
        row->played = row->what.game ? cJSON_CreateObject() : cJSON_Duplicate(result->json, true);
        bool all = row->what.game ? lp_row_add_played(row->played, row->what.game, row->knobs, row->what.seed, (int64_t)limit)
                                  : row->played != NULL;
        if (!all) return c->n_rows++, lp_fail(err, LP_FAILED, "out of memory");
    }
    return LP_OK;
}

/* ---- names ---- */

static const cJSON *knobs_of(const lp_compare_row *row) { return cJSON_GetObjectItemCaseSensitive(row->played, "knobs"); }

/* The game, and the knobs in which it differs from other rows of that game. */
static void call(const lp_comparison *c, lp_compare_row *row) {
    const cJSON *knob;
    size_t n = (size_t)snprintf(row->name, sizeof row->name, "%.100s", row->what.name);
    cJSON_ArrayForEach(knob, knobs_of(row)) {
        bool varies = false;
        if (!strcmp(knob->string, "horizon")) {
            row->horizon = (int64_t)cJSON_GetNumberValue(knob);
            continue;
        }
        for (int i = 0; i < c->n_rows; i++) {
            const cJSON *other = cJSON_GetObjectItemCaseSensitive(knobs_of(&c->rows[i]), knob->string);
            varies |= !strcmp(c->rows[i].what.name, row->what.name) && !cJSON_Compare(other, knob, true);
        }
        if (varies && n < sizeof row->name)
            n += (size_t)snprintf(row->name + n, sizeof row->name - n, " %.32s=%.0f", knob->string, cJSON_GetNumberValue(knob));
    }
}

/* ---- who plays ---- */

/* The weights that a folder has for a row: those that the suite names, or the game's, there or in the game's own folder, as games/ has them. */
static lp_status weights_in(lp_compare_side *s, const char *folder, const lp_compare_row *row, lp_err *err) {
    const char *game = lp_game_name(row->what.game), *named = row->what.policy;
    char file[256];
    if (named) named = strrchr(named, '/') ? strrchr(named, '/') + 1 : named;
    if (named) snprintf(file, sizeof file, "%s", named);
    else snprintf(file, sizeof file, "%s.safetensors", game);
    for (int nested = 0; nested < 2; nested++) {
        int n = snprintf(s->policy, sizeof s->policy, "%s/%s%s%s", folder, nested ? game : "", nested ? "/" : "", file);
        if (n >= (int)sizeof s->policy) return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", folder);
        if (lp_file_exists(s->policy)) return LP_OK;
    }
    return lp_fail(err, LP_BAD_INPUT, "%s: has no %s", folder, file);
}

lp_status lp_compare_player(const lp_comparison *c, lp_compare_row *row, int side, lp_chosen_policy *chosen, lp_eval_config *config,
                            lp_err *err) {
    const lp_compare_side *s = &row->side[side];
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(row->played, "time_limit");
    *config = (lp_eval_config){.knobs = row->knobs,
                               .seed = row->what.seed,
                               .time_limit = (int64_t)cJSON_GetNumberValue(limit),
                               .n_threads = (int)c->threads,
                               .progress = true,
                               .results = s->own};
    lp_status status = lp_row_player(chosen, config, &row->what, *s->policy ? s->policy : NULL, NULL, err);
    if (!status && s->digest && lp_policy_digest(chosen->policy) != s->digest)
        status = lp_fail(err, LP_FAILED, "%s: has changed since this comparison began", chosen->name);
    return status ? status : lp_use_device(chosen->policy, row->what.game, c->device, err);
}

/* Tries it, and keeps what there is to know. */
static lp_status prepare_player(const lp_comparison *c, lp_compare_row *row, int side, lp_err *err) {
    lp_compare_side *s = &row->side[side];
    const lp_side *given = &c->side[side];
    lp_chosen_policy chosen = {0};
    lp_eval_config config;
    lp_mem *mem = NULL;
    lp_status status = LP_OK;
    if (given->kind == LP_SIDE_FOLDER) status = weights_in(s, given->given, row, err);
    else if (given->kind == LP_SIDE_PLAYER && snprintf(s->policy, sizeof s->policy, "%s", given->given) >= (int)sizeof s->policy)
        status = lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", given->given);
    if (!status) status = lp_compare_player(c, row, side, &chosen, &config, err);
    if (!status && chosen.policy) {
        s->digest = lp_policy_digest(chosen.policy);
        s->parameters = (double)lp_policy_n_parameters(chosen.policy);
        status = lp_mem_open(&mem, &config.memory, err);
        if (!status) s->memory_bytes = (double)lp_mem_bytes(mem);
        lp_mem_close(mem);
    }
    snprintf(s->name, sizeof s->name, "%s", lp_row_policy_name(&chosen));
    lp_policy_close(chosen.policy);
    if (status) return status;
    s->episodes = s->own = calloc((size_t)row->n, sizeof *s->own);
    return s->own ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
}

static lp_status find_results(const lp_comparison *c, int index, int side, lp_err *err) {
    lp_compare_row *row = &c->rows[index];
    lp_compare_side *s = &row->side[side];
    const lp_side *given = &c->side[side];
    const lp_result *result;
    lp_status status = lp_results_find(&result, given->results, row->played, index, c->episodes, err);
    if (status) return status;
    const char *policy = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(result->json, "policy"));
    snprintf(s->name, sizeof s->name, "%s", policy ? policy : "");
    s->episodes = result->episodes;
    s->context_items_max = result->context_items_max;
    if (!c->episodes && row->n && row->n != result->n)
        return lp_fail(err, LP_BAD_INPUT, "%s: %s has %lld episodes there, %lld in %s: --episodes says how many", given->given, row->name,
                       (long long)result->n, (long long)row->n, c->side[!side].given);
    row->n = c->episodes ? c->episodes : result->n;
    return LP_OK;
}

/* Results first: they say how many episodes there are. */
static lp_status prepare_row(const lp_comparison *c, int index, lp_err *err) {
    lp_compare_row *row = &c->rows[index];
    lp_status status = LP_OK;
    if (*row->error) return LP_OK;
    for (int side = 0; side < LP_SIDES && !status; side++)
        if (c->side[side].results) status = find_results(c, index, side, err);
    if (!row->n) row->n = c->episodes ? c->episodes : row->what.episodes * (c->gate.sequential ? 10 : 1);
    if (row->n > LP_EVAL_MAX_EPISODES) row->n = LP_EVAL_MAX_EPISODES;
    for (int side = 0; side < LP_SIDES && !status; side++) {
        lp_err why;
        lp_status failed = c->side[side].results ? LP_OK : prepare_player(c, row, side, &why);
        if (!failed) continue;
        if (c->side[side].kind == LP_SIDE_PLAYER || failed == LP_FAILED) return lp_fail(err, failed, "%s", why.message);
        snprintf(row->error, sizeof row->error, "%s", why.message);
        return LP_OK;
    }
    return status;
}

lp_status lp_compare_open(lp_comparison *c, lp_err *err) {
    lp_status status = lp_use_device(NULL, NULL, c->device, err);
    for (int side = 0; side < LP_SIDES && !status; side++) status = open_side(&c->side[side], err);
    const lp_side *a = &c->side[LP_BASELINE], *b = &c->side[LP_CANDIDATE];
    if (!status && !c->games && a->results && b->results && lp_results_n_rows(a->results) != lp_results_n_rows(b->results))
        status = lp_fail(err, LP_BAD_INPUT, "%s has %d rows, %s %d: --games says which are compared", a->given,
                         lp_results_n_rows(a->results), b->given, lp_results_n_rows(b->results));
    if (!status && !c->games && (a->results || b->results))
        status = rows_of_results(c, a->results ? a : b, !a->results || !b->results, err);
    else if (!status) status = name_rows(c, err);
    for (int i = 0; i < c->n_rows && !status; i++) call(c, &c->rows[i]);
    for (int i = 0; i < c->n_rows && !status; i++) status = prepare_row(c, i, err);
    return status;
}

void lp_compare_close(lp_comparison *c) {
    for (int i = 0; i < c->n_rows; i++) {
        for (int side = 0; side < LP_SIDES; side++) free(c->rows[i].side[side].own);
        cJSON_Delete(c->rows[i].played);
        lp_game_close(c->rows[i].own_game);
    }
    free(c->rows);
    lp_named_close(&c->named);
    for (int side = 0; side < LP_SIDES; side++) lp_results_close(c->side[side].results);
}
