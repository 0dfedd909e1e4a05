#include "cli/stage.h"

#include "base/log.h"

#include <stdio.h>

#define AGAIN_S (1.0 / 15) /* between two pictures of the same moment */

static void show(void *context, lp_view *view) {
    const lp_stage *s = context;
    *view = s->moment->snapshot.view;
    if (s->restarting) view->recovered = "RESTARTING";
}

static void press(void *context, lp_keypress key) {
    const lp_stage *s = context;
    lp_relay_press(s->relay, key);
}

static lp_watch_options watch_options(lp_stage *s) {
    const lp_stage_options *o = &s->options;
    return (lp_watch_options){
        .window = o->window, .look = o->look, .film = o->film, .title = o->title, .web = s->web, .press = press, .press_context = s};
}

lp_status lp_stage_open(lp_stage *s, const lp_stage_options *options, lp_err *err) {
    *s = (lp_stage){.options = *options};
    const lp_watch_options w = watch_options(s);
    s->shows = options->window || options->web.address || options->film.stream;
    lp_status status = lp_watch_check(&w, NULL, err);
    if (!status) status = lp_relay_open(&s->relay, s->shows, err);
    if (!status) status = lp_watch_web(&s->web, &options->web, options->run, NULL, err);
    return status;
}

void lp_stage_close(lp_stage *s) {
    lp_video_state stream = lp_film_stream(&s->watch.film);
    if (stream.losses) lp_warn("stream: the server was not there %d times and missed %.0f s", stream.losses, stream.missed_s);
    if (s->is_open) lp_watch_close(&s->watch);
    lp_web_close(s->web);
    lp_relay_close(s->relay);
}

void lp_stage_begin(lp_stage *s) {
    if (!s->moment) return;
    const lp_view *v = &s->moment->snapshot.view;
    press(s, v->speed == 1 ? LP_KEYPRESS_SPEED_1 : v->speed ? LP_KEYPRESS_SPEED_4 : LP_KEYPRESS_SPEED_MAX);
    if (v->mode == LP_VIEW_PAUSED) press(s, LP_KEYPRESS_PAUSE);
}

/* When it is known what is played: the window's title says so. */
static lp_status open_watch(lp_stage *s, lp_err *err) {
    char name[400];
    lp_watch_options w = watch_options(s);
    const char *game = s->moment->snapshot.view.game;
    snprintf(name, sizeof name, "%s, %s", game ? game : "", s->options.run);
    w.name = name;
    s->is_open = true;
    return lp_watch_open(&s->watch, &w, err);
}

/* The moment, or once more the last, with what was heard since. */
static lp_status show_moment(lp_stage *s, int n_pairs, bool late, lp_err *err) {
    const lp_view *v = &s->moment->snapshot.view;
    lp_status status = s->is_open ? LP_OK : open_watch(s, err);
    if (status) return status;
    s->shown_s = lp_now_s();
    s->watch.speed = v->speed;
    s->watch.decisions_per_s = v->decisions_per_s;
    lp_film_give(&s->watch.film, s->moment->sound, n_pairs, v->speed);
    status = lp_watch_moment(&s->watch, late, show, s, err);
    lp_relay_listen(s->relay, lp_film_listens(&s->watch.film));
    return status;
}

lp_status lp_stage_turn(lp_stage *s, bool playing, lp_err *err) {
    lp_status status = LP_OK;
    bool any = false;
    if (!s->shows) return LP_OK;
    for (const lp_relay_moment *m; !status && (m = lp_relay_next(s->relay)); any = true) {
        s->moment = m;
        s->restarting = false;
        status = show_moment(s, m->n_pairs, lp_relay_has_more(s->relay), err);
    }
    if (!playing) s->restarting = true;
    if (!status && !any && s->moment && lp_now_s() - s->shown_s >= AGAIN_S) status = show_moment(s, 0, false, err);
    return status;
}

bool lp_stage_closed(const lp_stage *s) { return s->is_open && s->watch.quit; }
