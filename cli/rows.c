#include "cli/rows.h"

#include "players/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EPISODES = 200, SEED = 1 };

static lp_status add_row(lp_named *n, const lp_suite_row *what, const char *const *set, int n_set, lp_err *err) {
    if (n->n_rows == LP_EVAL_MAX_ROWS) return lp_fail(err, LP_BAD_INPUT, "more than %d rows", LP_EVAL_MAX_ROWS);
    if (n->n_rows % 64 == 0) {
        lp_named_row *more = realloc(n->rows, (size_t)(n->n_rows + 64) * sizeof *more);
        if (!more) return lp_fail(err, LP_FAILED, "out of memory");
        n->rows = more;
    }
    lp_named_row *row = &n->rows[n->n_rows++];
    *row = (lp_named_row){.what = *what};
    memcpy(row->knobs, what->knobs, (size_t)lp_game_n_knobs(what->game) * sizeof *row->knobs);
    lp_status status = LP_OK;
    for (int i = 0; i < n_set && !status; i++) status = lp_game_set_knob(what->game, row->knobs, set[i], err);
    return status;
}

static lp_status add_suite(lp_named *n, const char *name, const char *const *set, int n_set, lp_err *err) {
    lp_suite **suite = &n->suites[n->n_names++];
    lp_status status = lp_suite_open(suite, name, err);
    for (int i = 0; !status && i < lp_suite_n_rows(*suite); i++) status = add_row(n, lp_suite_row_at(*suite, i), set, n_set, err);
    return status;
}

static lp_status add_game(lp_named *n, const char *name, const char *model, const char *noop, const char *const *set, int n_set,
                          lp_err *err) {
    lp_game **game = &n->games[n->n_names++];
    int64_t knobs[LP_MAX_KNOBS];
    lp_status status = lp_game_open(game, name, err);
    if (!status) status = lp_choose_model(*game, model, err);
    if (!status && noop) status = lp_game_set_noop(*game, noop, err);
    if (status) return status;
    lp_game_default_knobs(*game, knobs);
    return add_row(n, &(lp_suite_row){*game, name, name, knobs, EPISODES, SEED, NULL}, set, n_set, err);
}

lp_status lp_named_open(lp_named *n, const char *names, const char *model, const char *noop, const char *const *set, int n_set,
                        lp_err *err) {
    char *save = NULL;
    lp_status status = LP_OK;
    if (snprintf(n->list, sizeof n->list, "%s", names) >= (int)sizeof n->list) return lp_fail(err, LP_BAD_INPUT, "too many games named");
    for (char *name = strtok_r(n->list, ",", &save); name && !status; name = strtok_r(NULL, ",", &save)) {
        bool suite = lp_is_suite(name);
        if (suite && model) return lp_fail(err, LP_BAD_INPUT, "--model: the games of %s are played on consoles of their own", name);
        if (suite && noop) return lp_fail(err, LP_BAD_INPUT, "--noop: the games of the suite %s start as they say", name);
        status = suite ? add_suite(n, name, set, n_set, err) : add_game(n, name, model, noop, set, n_set, err);
    }
    if (!status && !n->n_rows) return lp_fail(err, LP_BAD_INPUT, "'%s' names no game", names);
    return status;
}

void lp_named_close(lp_named *n) {
    for (int i = 0; i < n->n_names; i++) {
        lp_suite_close(n->suites[i]);
        lp_game_close(n->games[i]);
    }
    free(n->rows);
}

lp_status lp_row_player(lp_chosen_policy *chosen, lp_eval_config *config, const lp_suite_row *what, const char *policy,
                        const lp_mem_given *memory, lp_err *err) {
    *chosen = (lp_chosen_policy){0};
    lp_status status = lp_game_has_win_rate(what->game, config->time_limit, err);
    if (!status) status = lp_choose_policy(chosen, what->game, policy ? policy : what->policy, err);
    if (!status && !strcmp(chosen->name, LP_GUEST_MCP))
        status = lp_fail(err, LP_BAD_INPUT, "--policy mcp: who speaks it plays by itself (longplay mcp), and is not evaluated");
    if (!status) status = lp_choose_player_memory(&config->memory, chosen, memory, err);
    if (status) return status;
    config->player = chosen->player;
    config->policy = chosen->policy;
    config->guest = chosen->name;
    config->sample = chosen->policy && lp_policy_samples(chosen->policy);
    if (config->player != LP_PLAYER_ORACLE || lp_game_has_oracle(what->game)) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "%s: has no oracle", what->name);
}

const char *lp_row_policy_name(const lp_chosen_policy *chosen) {
    const char *slash = strrchr(chosen->name, '/');
    return slash && chosen->player != LP_PLAYER_GUEST ? slash + 1 : chosen->name;
}
