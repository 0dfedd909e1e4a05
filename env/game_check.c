/* Says what is wrong in a game folder. See game_check.h. */
#include "env/game_check.h"

#include "env/game_find.h"
#include "env/game_load.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

lp_status lp_game_check(const char *dir, void (*say)(void *context, bool is_error, const char *line), void *context, int *n_errors,
                        lp_err *err) {
    lp_findings report = {.say = say, .context = context};
    char folder[PATH_MAX];
    lp_game *g = NULL;
    *n_errors = 0;
    if (!lp_game_is_folder(dir, folder, sizeof folder) || !lp_is_game_folder(folder)) { /* a bare ROM, or nothing of ours */
        lp_status status = lp_game_open(&g, dir, err);
        if (!status) lp_report_note(&report, NULL, "%s: a ROM without files: it can be played, not won", dir);
        lp_game_close(g);
        return status;
    }
    if (!(g = calloc(1, sizeof *g))) return lp_fail(err, LP_FAILED, "%s: out of memory", folder);
    lp_game_load_folder(g, folder, &report);
    snprintf(g->name, sizeof g->name, "%s", strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder);
    note_files(g, &report);
    if (!report.n_errors) note_rules(g, &report);
    lp_game_close(g);
    *n_errors = report.n_errors;
    return LP_OK;
}
