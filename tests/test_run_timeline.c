/* What the window tells of a run: lantern's oracle plays, and what was seen live is what a resumed and a replayed run tell of it. */
#include "harness/timeline.h"

#include "tests/run_support.h"

#include <math.h>

enum { DECISIONS = 6000 };

static void must(lp_status status, const lp_err *err) {
    if (status) fail_msg("%s", err->message);
}

static lp_run *open_new(player *p, const char *folder) {
    lp_err err;
    lp_run *run = NULL;
    lp_run_config config = p->config;
    must(lp_run_make(folder, p->game, p->policy, &config, &err), &err);
    must(lp_run_open(&run, folder, p->game, p->policy, &config, &err), &err);
    p->config = config;
    return run;
}

static void take(lp_run *run, int n) {
    lp_err err;
    for (int i = 0; i < n; i++) {
        must(lp_run_think(run, &err), &err);
        must(lp_run_take(run, &err), &err);
    }
}

static lp_view seen[2]; /* large */

static void open_oracle(player *p) {
    lp_err err;
    int64_t knobs[LP_MAX_KNOBS];
    if (lp_game_open(&p->game, "lantern", &err)) fail_msg("%s", err.message);
    p->policy = NULL;
    lp_run_config_init(&p->config);
    snprintf(p->config.game, sizeof p->config.game, "lantern");
    snprintf(p->config.policy, sizeof p->config.policy, "oracle");
    lp_mem_choose(&p->config.memory, &(lp_mem_config){.arch = &lp_mem_none});
    lp_game_default_knobs(p->game, knobs);
    must(lp_game_set_knob(p->game, knobs, "scale=1", &err), &err);
    lp_run_config_knobs(&p->config, p->game, knobs);
}

static void expect_same_time(double a, double b) {
    if (!(isnan(a) && isnan(b)) && a != b) fail_msg("%f became %f", a, b);
}

static void expect_same_view(const lp_view *a, const lp_view *b) {
    assert_int_equal(a->n_events, b->n_events);
    for (int i = 0; i < a->n_events; i++) {
        assert_string_equal(a->events[i].text, b->events[i].text);
        assert_int_equal(a->events[i].episode, b->events[i].episode);
        assert_int_equal(a->events[i].milestone, b->events[i].milestone);
        expect_same_time(a->events[i].at_s, b->events[i].at_s);
    }
    assert_int_equal(a->n_splits, b->n_splits);
    for (int i = 0; i < a->n_splits; i++) {
        assert_string_equal(a->splits[i].name, b->splits[i].name);
        expect_same_time(a->splits[i].at_s, b->splits[i].at_s);
        expect_same_time(a->splits[i].best_s, b->splits[i].best_s);
    }
    assert_int_equal(a->n_results, b->n_results);
    for (int i = 0; i < a->n_results; i++) {
        assert_int_equal(a->results[i].episode, b->results[i].episode);
        assert_int_equal(a->results[i].end, b->results[i].end);
        assert_int_equal(a->results[i].decisions, b->results[i].decisions);
    }
    expect_same_time(a->episode_s, b->episode_s);
}

/* Played in one sitting; at some moments what is told is compared with what the store would tell then. */
static void resumed_and_replayed_tell_the_same(void **state) {
    (void)state;
    static lp_timeline replayed;
    player p;
    lp_err err;
    open_oracle(&p);
    lp_run *run = open_new(&p, at("run"));
    lp_timeline_open(&replayed, p.game);
    for (int i = 0; i < 4; i++) {
        take(run, DECISIONS / 4 - i); /* the middle of something */
        must(lp_run_save(run, &err), &err);
        seen[0] = (lp_view){0};
        lp_run_view(run, &seen[0]);
        lp_store *store;
        lp_run_totals totals;
        bool playing;
        must(lp_run_look(&store, at("run"), &totals, &playing, &err), &err);
        for (int64_t d = totals.decisions - 1000; d <= totals.decisions; d += 50) must(lp_timeline_follow(&replayed, store, d, &err), &err);
        lp_store_close(store);
        seen[1] = (lp_view){0};
        lp_timeline_view(&replayed, seen[0].episode_decisions, &seen[1]);
        expect_same_view(&seen[0], &seen[1]);
    }
    assert_true(seen[0].n_results >= 1 && seen[0].results[0].end == LP_VIEW_WON);
    assert_int_equal(seen[0].n_events, LP_VIEW_MAX_EVENTS);
    assert_int_equal(seen[0].n_keys, LP_VIEW_MAX_KEYS);
    static char texts[LP_VIEW_MAX_EVENTS][256];
    for (int i = 0; i < seen[0].n_events; i++) { /* they end with the run */
        snprintf(texts[i], sizeof texts[i], "%s", seen[0].events[i].text);
        seen[0].events[i].text = texts[i];
    }
    lp_run_close(run);
    must(lp_run_open(&run, at("run"), p.game, NULL, &p.config, &err), &err);
    seen[1] = (lp_view){0};
    lp_run_view(run, &seen[1]);
    expect_same_view(&seen[0], &seen[1]);
    lp_run_close(run);
    close_player(&p);
}

/* ---- the rules, from events made up in a store ---- */

static const char *const *names;
static lp_store *made;
static int64_t decisions;

static void episode(int64_t number, const char *ended, int64_t length, int n, const int64_t *steps) {
    lp_store_episode_begin(made, number, 1, decisions);
    for (int i = 0; i < n; i++)
        if (steps[i] >= 0) lp_store_event(made, number, steps[i], decisions + steps[i], names[i], NULL);
    decisions += length;
    if (ended) lp_store_episode_end(made, number, ended, length);
}

static void best_is_the_fastest_win(void **state) {
    (void)state;
    static lp_timeline t;
    static const char *milestones[LP_MAX_MILESTONES];
    lp_game *game;
    lp_err err;
    must(lp_game_open(&game, "lantern", &err), &err);
    assert_true(lp_game_milestones(game, milestones) > 4);
    names = milestones;
    decisions = 0;
    must(lp_store_create(&made, at("made.db"), &err), &err);
    episode(1, "loss", 500, 3, (int64_t[]){10, 20, 30}); /* three reached */
    episode(2, "loss", 900, 3, (int64_t[]){5, -1, 8});   /* two, sooner */
    episode(3, "win", 800, 2, (int64_t[]){50, 700});     /* won: better with fewer */
    episode(4, "win", 900, 2, (int64_t[]){1, 2});        /* slower */
    episode(5, NULL, 100, 2, (int64_t[]){40, -1});
    must(lp_store_commit(made, NULL, 0, &err), &err);
    static const int64_t best_of[] = {0, 0, 1, 1, 3, 3}; /* what episode i is compared with */
    static const int64_t step0[] = {0, 10, 5, 50, 1, 40};
    int64_t ends[] = {0, 500, 1400, 2200, 3100, 3200};
    lp_timeline_open(&t, game);
    for (int i = 1; i <= 5; i++) {
        must(lp_timeline_follow(&t, made, ends[i] - 1, &err), &err);
        seen[0] = (lp_view){0};
        lp_timeline_view(&t, 1, &seen[0]);
        const lp_view_split *first = NULL;
        for (int k = 0; k < seen[0].n_splits; k++)
            if (!strcmp(seen[0].splits[k].name, names[0])) first = &seen[0].splits[k];
        assert_non_null(first);
        double unit = seen[0].episode_s; /* a decision */
        assert_true(fabs(first->at_s - unit * (double)step0[i]) < 1e-6);
        if (best_of[i]) assert_true(fabs(first->best_s - unit * (double)step0[best_of[i]]) < 1e-6);
        else assert_true(isnan(first->best_s));
        assert_int_equal(seen[0].n_results, i - 1);
    }
    assert_int_equal(seen[0].n_splits, 2); /* the second is what the best run reached, and this one not yet */
    assert_string_equal(seen[0].splits[1].name, names[1]);
    assert_true(isnan(seen[0].splits[1].at_s));
    assert_int_equal(seen[0].results[0].end, LP_VIEW_WON);
    assert_int_equal(seen[0].results[3].end, LP_VIEW_LOST);
    lp_store_close(made);
    lp_game_close(game);
}

/* As cue's "lost" is: an end is an event, and no split, unless it is a win. */
static void an_end_that_is_no_win_is_no_split(void **state) {
    (void)state;
    static lp_timeline t;
    lp_game *game;
    lp_err err;
    must(lp_game_open(&game, "lantern", &err), &err);
    const char *milestones[LP_MAX_MILESTONES];
    assert_true(lp_game_milestones(game, milestones) > 1);
    static const lp_outcome outcomes[] = {LP_LOSS, LP_TIMEOUT, LP_WIN};
    for (int i = 0; i < 3; i++) {
        lp_timeline_open(&t, game);
        for (int episode = 1; episode <= 2; episode++) { /* the second is seen at its end, beside the best */
            lp_timeline_begin(&t, episode);
            lp_timeline_add(&t, 10, milestones[0], NULL);
            lp_timeline_add(&t, 50, milestones[1], NULL);
            lp_timeline_end(&t, episode, outcomes[i], 50);
        }
        seen[0] = (lp_view){0};
        lp_timeline_view(&t, 50, &seen[0]);
        assert_int_equal(seen[0].n_events, 4);
        assert_int_equal(seen[0].n_splits, outcomes[i] == LP_WIN ? 2 : 1);
        assert_string_equal(seen[0].splits[0].name, milestones[0]);
        assert_true(seen[0].splits[0].best_s == seen[0].splits[0].at_s);
    }
    lp_game_close(game);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(resumed_and_replayed_tell_the_same, make_root, remove_root),
        cmocka_unit_test_setup_teardown(best_is_the_fastest_win, make_root, remove_root),
        cmocka_unit_test(an_end_that_is_no_win_is_no_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
