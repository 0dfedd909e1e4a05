/* viewers.txt of a run: what viewers chose and marked. All else that a run is depends on its config; this came from outside, so it is written
 * down before it is acted on, and a resumed run finds it again. A line each, docs/formats.md:
 *
 *     1200 vote doors=4 when=1
 *     1316 clip by anna: what a jump
 */
#include "harness/run_parts.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lp_is_of_viewers(const char *event) { return !strcmp(event, "vote") || !strcmp(event, "clip"); }

bool lp_viewer_word_read(lp_viewer_word *w, const char *line) {
    char kind[8] = "";
    int at = 0;
    long long decision = -1;
    if (sscanf(line, "%18lld %4s%n", &decision, kind, &at) != 2 || decision < 0 || line[at] != ' ') return false;
    const char *text = line + at + 1;
    if (!lp_is_of_viewers(kind) || strlen(text) >= sizeof w->text) return false;
    *w = (lp_viewer_word){.decision = decision, .vote = *kind == 'v'};
    strcpy(w->text, text);
    return true;
}

static lp_status keep(lp_viewer_words *words, const lp_viewer_word *w, lp_err *err) {
    if (words->n == words->room) {
        const int room = 2 * words->room + 16;
        lp_viewer_word *larger = realloc(words->list, (size_t)room * sizeof *larger);
        if (!larger) return lp_fail(err, LP_FAILED, "out of memory");
        words->list = larger;
        words->room = room;
    }
    words->list[words->n++] = *w;
    return LP_OK;
}

static bool see(void *context, const char *line) {
    lp_viewer_words *words = context;
    lp_viewer_word w;
    if (!lp_viewer_word_read(&w, line)) return false;
    words->full |= w.decision >= words->from && keep(words, &w, NULL);
    return true;
}

lp_status lp_viewer_words_open(lp_viewer_words *words, const char *folder, int64_t from, lp_err *err) {
    char path[PATH_MAX];
    words->from = from;
    lp_status status =
        lp_journal_open(&words->journal, lp_path_join(path, sizeof path, folder, "viewers.txt"), "what a viewer did", see, words, err);
    return !status && words->full ? lp_fail(err, LP_FAILED, "out of memory") : status;
}

void lp_viewer_words_close(lp_viewer_words *words) {
    lp_journal_close(words->journal);
    free(words->list);
}

static lp_status write_line(lp_journal *journal, const lp_viewer_word *w, lp_err *err) {
    char line[LP_VIEWER_TEXT_BYTES + 64];
    snprintf(line, sizeof line, "%lld %s %s", (long long)w->decision, w->vote ? "vote" : "clip", w->text);
    return lp_journal_add(journal, line, err);
}

lp_status lp_viewer_words_add(lp_viewer_words *words, int64_t decision, bool vote, const char *text, lp_err *err) {
    lp_viewer_word w = {.decision = decision, .vote = vote};
    snprintf(w.text, sizeof w.text, "%s", text);
    for (char *c = w.text; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
    lp_status status = words->journal ? write_line(words->journal, &w, err) : LP_OK;
    return status ? status : keep(words, &w, err);
}

void lp_viewer_words_drop(lp_viewer_words *words, int64_t before) {
    int n = 0;
    while (n < words->n && words->list[n].decision < before) n++;
    if (n) memmove(words->list, words->list + n, (size_t)(words->n -= n) * sizeof *words->list);
}

const char *lp_viewer_vote(const lp_viewer_words *words, int64_t decision) {
    for (int i = 0; i < words->n; i++)
        if (words->list[i].vote && words->list[i].decision == decision) return words->list[i].text;
    return NULL;
}

/* "doors=4 when=1" on top of knobs. */
static lp_status apply(int64_t *knobs, const lp_game *game, const char *vote, lp_err *err) {
    char list[LP_VIEWER_TEXT_BYTES], *save = NULL;
    lp_status status = LP_OK;
    snprintf(list, sizeof list, "%s", vote);
    for (char *one = strtok_r(list, " ", &save); one && !status; one = strtok_r(NULL, " ", &save))
        status = lp_game_set_knob(game, knobs, one, err);
    return status;
}

lp_status lp_run_episode_knobs(lp_run *run, int64_t first_decision, lp_err *err) {
    const char *vote = lp_viewer_vote(&run->words, first_decision);
    memcpy(run->episode_knobs, run->knobs, sizeof run->knobs);
    lp_status status = vote ? apply(run->episode_knobs, run->game, vote, err) : LP_OK;
    return status ? lp_fail_prefix(err, status, "%s/viewers.txt", run->folder) : LP_OK;
}

/* ---- for the caller ---- */

static lp_status check_recorded(const lp_run *run, lp_err *err) {
    if (run->recorded || !*run->folder) return LP_OK;
    return lp_fail(err, LP_FAILED, "nothing is recorded just now");
}

bool lp_run_voted(const lp_run *run) { return !run->head.playing && lp_viewer_vote(&run->words, run->head.decisions); }

lp_status lp_run_vote(lp_run *run, const char *knobs, lp_err *err) {
    int64_t tried[LP_MAX_KNOBS];
    if (run->head.playing || lp_run_voted(run)) return LP_OK;
    memcpy(tried, run->knobs, sizeof tried);
    lp_status status = check_recorded(run, err);
    if (!status) status = apply(tried, run->game, knobs, err);
    return status ? status : lp_viewer_words_add(&run->words, run->head.decisions, true, knobs, err);
}

lp_status lp_run_mark(lp_run *run, const char *text, lp_err *err) {
    lp_status status = check_recorded(run, err);
    return status ? status : lp_viewer_words_add(&run->words, run->head.decisions, false, text, err);
}

bool lp_run_playing(const lp_run *run) { return run->head.playing != 0; }

int64_t lp_run_knob(const lp_run *run, int knob) { return run->episode_knobs[knob]; }
