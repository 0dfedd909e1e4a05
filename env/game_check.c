/* Says what is wrong in a game folder. See game_check.h. */
#include "env/game_check.h"

#include "env/game_find.h"
#include "env/game_load.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { START_DECISIONS = 2 };

/* What can be read of the files themselves. */
static void note_files(const lp_game *g, lp_findings *r) {
    char path[PATH_MAX], state[PATH_MAX];
    int n_states = lp_find_states(g->dir, state, sizeof state);
    const char *boot = g->n_boot ? "boot takes their place"
                                 : "if the game does not start by itself, write the keys from power-on to there as boot in longplay.json";
    if (!g->has_longplay) lp_report_note(r, NULL, "%s: no longplay.json: nothing can be won, and every setting is the default", g->dir);
    if (!lp_find_game_file(g->dir, "rom.sha", path, sizeof path))
        lp_report_note(r, NULL, "%s: no rom.sha: any ROM is taken for the right one", g->dir);
    if (*g->default_state)
        lp_report_note(r, NULL, "%s/metadata.json: default_state: '%s' is not used: save states are another emulator core's; %s", g->dir,
                       g->default_state, boot);
    else if (n_states)
        lp_report_note(r, NULL, "%s/%s%s: not used: save states are another emulator core's; %s", g->dir, state, n_states > 1 ? " ..." : "",
                       boot);
}

static void note_rules(const lp_game *g, lp_findings *r) {
    if (g->has_longplay && !g->win.n)
        lp_report_note(r, NULL, "%s/longplay.json: no win: there is nothing to learn, and nothing to compare", g->dir);
    if (g->win.n && !g->audit.n) lp_report_note(r, NULL, "%s/longplay.json: no audit: a win is believed without a second look", g->dir);
    if (lp_game_is_endless(g))
        lp_report_note(r, NULL, "%s: no loss, no done in scenario.json and no time_limit: an episode may never end", g->dir);
}

/* Does the game begin where its conditions say that it has ended? Frames are run only to reach the first decisions. */
static void note_start(const lp_game *g, lp_findings *r) {
    lp_env *env;
    lp_err err;
    lp_status status = lp_env_open(&env, g, &(lp_emu_config){.no_draw = true}, &err);
    if (!status) status = lp_env_reset(env, 0, NULL, 0, &err);
    if (status) {
        lp_report_status(r, status, &err);
        lp_env_close(env);
        return;
    }
    lp_outcome outcome = LP_RUNNING;
    for (int i = 0; i < START_DECISIONS && outcome == LP_RUNNING; i++) outcome = lp_env_step(env, g->idle_action);
    if (outcome == LP_WIN || outcome == LP_LOSS)
        lp_report_note(r, NULL, "%s: %s in the first %d decisions, without a key: %s", g->dir, outcome == LP_WIN ? "won" : "lost",
                       START_DECISIONS,
                       g->n_boot ? "does boot reach the game?" : "write the keys from power-on to the game as boot in longplay.json");
    lp_env_close(env);
}

int lp_game_check(const char *dir, void (*say)(void *context, bool is_error, const char *line), void *context) {
    lp_findings report = {.say = say, .context = context};
    char folder[PATH_MAX];
    lp_err err;
    if (!lp_game_is_folder(dir, folder, sizeof folder) || !lp_is_game_folder(folder)) { /* a bare ROM, or nothing of ours */
        lp_game *game;
        lp_status status = lp_game_open(&game, dir, &err);
        if (status) lp_report_status(&report, status, &err);
        else lp_report_note(&report, NULL, "%s: a ROM without files: it can be played, not won", dir);
        lp_game_close(game);
        return report.n_errors;
    }
    lp_game *g = calloc(1, sizeof *g);
    if (!g) {
        const lp_place at = lp_place_file(folder);
        lp_report_out_of_memory(&report, &at);
        return report.n_errors;
    }
    lp_game_load_folder(g, folder, &report);
    snprintf(g->name, sizeof g->name, "%s", strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder);
    note_files(g, &report);
    if (!report.n_errors) note_rules(g, &report), note_start(g, &report);
    lp_game_close(g);
    return report.n_errors;
}
