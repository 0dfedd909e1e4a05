/* Events, splits, results, buttons and variables as they come. See timeline.h.
 *
 * The best run is the episode that was won in the fewest decisions; while none was won, the one that reached the most milestones, the
 * sooner the better. What came with an end that was no win was not reached: nobody runs for that.
 */
#include "harness/timeline.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void clear(lp_splits *s) {
    *s = (lp_splits){0};
    for (int i = 0; i < LP_MAX_MILESTONES; i++) s->step[i] = -1;
}

void lp_timeline_open(lp_timeline *t, const lp_game *game) {
    memset(t, 0, sizeof *t);
    t->game = game;
    t->n_milestones = lp_game_milestones(game, t->milestones);
    clear(&t->now);
    clear(&t->best);
    for (int i = 0; i < LP_MAX_VARIABLES; i++) t->changed[i] = -1;
    t->fresh = true;
    for (int a = 0; a < lp_game_n_actions(game); a++) t->all_keys |= lp_game_action_keys(game, a);
}

/* ---- splits ---- */

static bool is_better(const lp_splits *a, const lp_splits *b) {
    if (a->won != b->won) return a->won;
    if (!a->won && a->n_reached != b->n_reached) return a->n_reached > b->n_reached;
    return a->steps < b->steps;
}

static void finish(lp_timeline *t, bool won, int64_t n_decisions) {
    lp_splits *now = &t->now;
    now->won = won;
    if (won) now->steps = n_decisions;
    if (won) return;
    now->steps = now->n_reached = 0;
    for (int i = 0; i < t->n_milestones; i++) {
        if (now->step[i] >= n_decisions) now->step[i] = -1; /* as "lost" is */
        if (now->step[i] < 0) continue;
        now->n_reached++;
        if (now->step[i] > now->steps) now->steps = now->step[i];
    }
}

/* Until the next episode begins, an end is still seen beside the best before it. */
static void keep_best(lp_timeline *t) {
    if (t->now.n_reached && (!t->best.n_reached || is_better(&t->now, &t->best))) t->best = t->now;
}

static int milestone(const lp_timeline *t, const char *name) {
    for (int i = 0; i < t->n_milestones; i++)
        if (!strcmp(t->milestones[i], name)) return i;
    return -1;
}

void lp_timeline_add(lp_timeline *t, int64_t step, const char *name, const char *text) {
    int i = milestone(t, name), at = (int)(t->n_events++ % LP_VIEW_MAX_EVENTS);
    t->events[at].episode = t->episode;
    t->events[at].step = step;
    t->events[at].milestone = i >= 0;
    snprintf(t->events[at].text, sizeof t->events[at].text, "%s", text && *text ? text : name);
    if (i < 0 || t->now.step[i] >= 0) return;
    t->now.step[i] = t->now.steps = step;
    t->now.n_reached++;
}

/* ---- as it is played ---- */

void lp_timeline_begin(lp_timeline *t, int64_t episode) {
    keep_best(t);
    t->n_reached += t->now.n_reached;
    t->episode = episode;
    t->fresh = true;
    clear(&t->now);
}

void lp_timeline_note(lp_timeline *t, lp_env *env, int64_t decision) {
    const lp_event *events;
    const int64_t *now = lp_env_variables(env);
    int n = lp_env_events(env, &events);
    for (int i = 0; i < n; i++) lp_timeline_add(t, lp_env_steps(env), events[i].name, events[i].text);
    for (int i = 0; i < lp_game_n_variables(t->game); i++) {
        if (!t->fresh && now[i] != t->values[i]) t->changed[i] = decision; /* what the power-on did is no change */
        t->values[i] = now[i];
    }
    t->fresh = false;
    t->decision = decision;
}

void lp_timeline_press(lp_timeline *t, uint16_t keys) { t->keys[t->n_keys++ % LP_VIEW_MAX_KEYS] = keys; }

static void add_result(lp_timeline *t, int64_t episode, lp_view_end end, int64_t n_decisions) {
    t->results[t->n_results++ % LP_VIEW_MAX_RESULTS] = (lp_view_result){episode, n_decisions, 0, end};
}

void lp_timeline_end(lp_timeline *t, int64_t episode, lp_outcome outcome, int64_t n_decisions) {
    finish(t, outcome == LP_WIN, n_decisions);
    add_result(t, episode, outcome == LP_WIN ? LP_VIEW_WON : outcome == LP_LOSS ? LP_VIEW_LOST : LP_VIEW_TIMED_OUT, n_decisions);
}

int64_t lp_timeline_milestones(const lp_timeline *t) { return t->n_reached + t->now.n_reached; }

/* ---- from the store ---- */

static void on_happening(void *context, const lp_store_happening *h) {
    lp_timeline *t = context;
    bool won = h->result && !strcmp(h->result, "win");
    if (!h->name) {
        if (h->episode == t->episode) finish(t, won, h->step);
        add_result(t, h->episode, won ? LP_VIEW_WON : !strcmp(h->result, "loss") ? LP_VIEW_LOST : LP_VIEW_TIMED_OUT, h->step);
        return;
    }
    if (h->episode != t->episode) {
        if (t->episode && t->ended_after) finish(t, t->ended_won, t->ended_after);
        lp_timeline_begin(t, h->episode);
    }
    t->ended_won = won;
    t->ended_after = h->n_decisions;
    lp_timeline_add(t, h->step, h->name, h->text);
}

lp_status lp_timeline_follow(lp_timeline *t, lp_store *store, int64_t decision, lp_err *err) {
    return lp_store_happenings(store, &t->cursor, decision, on_happening, t, err);
}

/* ---- showing ---- */

static double seconds(const lp_timeline *t, int64_t steps) { return (double)steps * lp_game_frame_skip(t->game) / LP_EMU_FRAMES_PER_S; }

/* The milestones that have a step in s and none in not, in the order of their steps, appended. */
static int add_splits(const lp_timeline *t, const lp_splits *s, const lp_splits * not, lp_view_split *out, int n) {
    int first = n;
    for (int i = 0; i < t->n_milestones; i++) {
        if (s->step[i] < 0 || (not &&not ->step[i] >= 0)) continue;
        lp_view_split split = {t->milestones[i], t->now.step[i] < 0 ? NAN : seconds(t, t->now.step[i]),
                               t->best.step[i] < 0 ? NAN : seconds(t, t->best.step[i])};
        int at = n++;
        double when = seconds(t, s->step[i]);
        for (; at > first && (s == &t->now ? out[at - 1].at_s : out[at - 1].best_s) > when; at--) out[at] = out[at - 1];
        out[at] = split;
    }
    return n;
}

void lp_timeline_view(lp_timeline *t, int64_t step, lp_view *view) {
    view->episode_s = seconds(t, step);
    view->n_events = (int)(t->n_events < LP_VIEW_MAX_EVENTS ? t->n_events : LP_VIEW_MAX_EVENTS);
    for (int i = 0; i < view->n_events; i++) {
        int at = (int)((t->n_events - 1 - i) % LP_VIEW_MAX_EVENTS);
        view->events[i] =
            (lp_view_event){t->events[at].episode, seconds(t, t->events[at].step), t->events[at].text, t->events[at].milestone};
    }
    view->n_splits = add_splits(t, &t->now, NULL, view->splits, 0);
    view->n_splits = add_splits(t, &t->best, &t->now, view->splits, view->n_splits);
    view->n_results = (int)(t->n_results < LP_VIEW_MAX_RESULTS ? t->n_results : LP_VIEW_MAX_RESULTS);
    for (int i = 0; i < view->n_results; i++) {
        view->results[i] = t->results[(t->n_results - 1 - i) % LP_VIEW_MAX_RESULTS];
        view->results[i].seconds = seconds(t, view->results[i].decisions);
    }
    view->n_keys = (int)(t->n_keys < LP_VIEW_MAX_KEYS ? t->n_keys : LP_VIEW_MAX_KEYS);
    for (int i = 0; i < view->n_keys; i++) view->keys[i] = t->keys[(t->n_keys - view->n_keys + i) % LP_VIEW_MAX_KEYS];
    view->all_keys = t->all_keys;
    int n = 0;
    for (int i = 0; i < lp_game_n_variables(t->game); i++)
        if (t->changed[i] >= 0)
            t->shown[n++] = (lp_view_variable){lp_game_variable_name(t->game, i), t->values[i], t->decision - t->changed[i]};
    view->variables = t->shown;
    view->n_variables = n;
}
