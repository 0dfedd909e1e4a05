#include "cli/watch.h"

#include "base/log.h"
#include "base/stop.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Drawing takes milliseconds: at full speed it is done, and the keys are read, seldom enough not to slow the run. */
#define DRAW_S (1.0 / 60)
#define DRAW_SELDOM_S (1.0 / 15)
#define SAY_S 0.1
#define NOTE_S 3.0
#define POLL_S 0.015
#define BANNER_S 2.0

static void nap(double seconds) {
    struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    if (seconds > 0) nanosleep(&t, NULL);
}

lp_status lp_watch_speed(const char *text, int *speed, lp_err *err) {
    if (!strcmp(text, "1")) *speed = 1;
    else if (!strcmp(text, "4")) *speed = 4;
    else if (!strcmp(text, "max")) *speed = 0;
    else return lp_fail(err, LP_BAD_INPUT, "--speed '%s': must be 1, 4 or max", text);
    return LP_OK;
}

lp_status lp_watch_open(lp_watch *w, const lp_watch_options *options, lp_err *err) {
    char title[512];
    *w = (lp_watch){.speed = options->speed, .frames_per_s = options->frames_per_s, .title = options->title, .look = options->look};
    w->web = options->web;
    w->seen = options->window || options->film.relay || options->web || options->film.stream;
    w->tick = options->tick;
    w->tick_context = options->tick_context;
    w->press = options->press;
    w->press_context = options->press_context;
    snprintf(title, sizeof title, "%s%s", options->name ? options->name : "", options->name ? " - Longplay" : "Longplay");
    if (options->title) snprintf(title, sizeof title, "%s", options->title);
    w->start_s = w->next_s = w->rate_s = w->said_s = lp_now_s();
    if (!w->press) lp_stop_catch();
    int width, height;
    bool whole = !w->seen && !options->speed;
    lp_film_options film = options->film;
    film.window = options->window;
    lp_status status = lp_film_open(&w->film, &film, &w->look, options->emu, whole, err);
    if (!status && options->window) status = lp_painter_open(&w->painter, &w->look, err);
    if (status || !options->window) return status;
    lp_painter_size(w->painter, &width, &height);
    status = lp_window_open(&w->window, title, width, height, err);
    if (w->window) lp_window_for_player(w->window, options->player);
    return status;
}

lp_status lp_watch_end_film(lp_watch *w, lp_err *err) { return lp_film_close(&w->film, err); }

void lp_watch_close(lp_watch *w) {
    (void)lp_film_close(&w->film, NULL);
    if (w->window) lp_window_close(w->window);
    if (w->painter) lp_painter_close(w->painter);
    w->window = NULL;
    w->painter = NULL;
}

/* Painted now, for the window and else? */
static bool has_banner(const lp_watch *w, bool film) {
    if (film && w->film.file) return w->turns <= w->end_turn + 1; /* the turn that shows it, however fast */
    return w->seen || film ? lp_now_s() - w->end_s < BANNER_S : w->turns <= w->end_turn + lp_watch_lingers(w);
}

static void fill_view(lp_watch *w, bool film, lp_watch_show show, void *context, lp_view *view) {
    double now = lp_now_s();
    *view = (lp_view){.mode = LP_VIEW_LIVE, .title = w->title, .played_s = now - w->start_s, .real_s = NAN};
    show(context, view);
    if (w->paused) view->mode = LP_VIEW_PAUSED;
    if (w->end && has_banner(w, film)) view->banner = w->end;
    view->decisions_per_s = w->decisions_per_s;
    view->speed = w->speed;
    if (now - w->note_s < NOTE_S) view->note = w->note;
    else if (lp_film_note(&w->film, w->film_note, sizeof w->film_note)) view->note = w->film_note;
}

void lp_watch_view(lp_watch *w, lp_watch_show show, void *context, lp_view *view) { fill_view(w, false, show, context, view); }

/* The film's picture; or one as large as fits into width x height, or in the look's size (0). NULL with err set: no fonts, no memory. */
static const uint32_t *draw(lp_watch *w, bool film, int width, int height, lp_watch_show show, void *context, lp_err *err) {
    lp_view view;
    if (!film && !w->painter && lp_painter_open(&w->painter, &w->look, err)) return NULL;
    fill_view(w, film, show, context, &view);
    if (film) return lp_view_draw(w->film.painter, &view);
    w->drawn_s = lp_now_s();
    if (lp_painter_fit(w->painter, width, height, err) && !width) return NULL; /* a window has the picture that it had */
    return lp_view_draw(w->painter, &view);
}

static void publish(lp_watch *w, lp_watch_show show, void *context) {
    lp_view view;
    if (!w->web || !lp_web_wants(w->web)) return;
    lp_watch_view(w, show, context, &view);
    lp_web_publish(w->web, &view);
}

lp_status lp_watch_check(const lp_watch_options *o, const char *shot, lp_err *err) {
    lp_painter *painter = NULL;
    lp_status status = LP_OK;
    lp_err why;
    bool film = o->film.record || o->film.stream;
    if (o->window || shot || film || o->look.layout || o->look.size || o->look.theme) status = lp_painter_open(&painter, &o->look, err);
    if (!status && film) status = lp_film_check(&o->film, painter, err);
    if (painter && !lp_painter_reads_well(painter, &why)) lp_warn("%s: %s", o->look.theme, why.message);
    lp_painter_close(painter);
    return status || !shot ? status : lp_png_check_writable(shot, err);
}

lp_status lp_watch_web(lp_web **web, const lp_web_config *config, const char *run, const char *game, lp_err *err) {
    lp_web_config whole = *config;
    if (!config->address && config->password_file)
        return lp_fail(err, LP_BAD_INPUT, "--web-password %s: needs --web", config->password_file);
    if (!config->address) return LP_OK;
    whole.run = run;
    whole.game = game;
    lp_status status = lp_web_open(web, &whole, err);
    if (!status) lp_warn("the page is at %s", lp_web_url(*web));
    return status;
}

lp_status lp_watch_shot(lp_watch *w, const char *path, lp_watch_show show, void *context, lp_err *err) {
    int width = 0, height = 0;
    const uint32_t *pixels = draw(w, false, 0, 0, show, context, err);
    if (pixels) lp_painter_size(w->painter, &width, &height);
    return pixels ? lp_png_write(path, pixels, width, height, err) : LP_FAILED;
}

static bool has_window(const lp_watch *w) { return w->window || w->film.relay; }

/* In the window's own pixels; or as it is, where the window is elsewhere. */
static lp_status show_moment(lp_watch *w, lp_watch_show show, void *context, lp_err *err) {
    int width, height;
    if (w->film.relay) {
        lp_view view;
        lp_watch_view(w, show, context, &view);
        lp_relay_show(w->film.relay, &view);
        w->drawn_s = lp_now_s();
        return LP_OK;
    }
    lp_window_size(w->window, &width, &height);
    const uint32_t *pixels = draw(w, false, width, height, show, context, err);
    if (!pixels) return LP_FAILED;
    lp_painter_size(w->painter, &width, &height);
    lp_window_show(w->window, pixels, width, height);
    return LP_OK;
}

static lp_status film_moment(lp_watch *w, double frames, bool late, lp_watch_show show, void *context, lp_err *err) {
    lp_film_hear(&w->film, w->speed);
    if (!lp_film_due(&w->film, w->speed)) return LP_OK;
    const uint32_t *pixels = late ? NULL : draw(w, true, 0, 0, show, context, err);
    if (!late && !pixels) return LP_FAILED;
    lp_film_put(&w->film, pixels, frames, w->speed);
    return LP_OK;
}

/* Who keeps pace and is late by a frame does not draw as well. */
static bool is_late(const lp_watch *w, double frames) {
    return w->speed && !w->paused && frames <= 1 && lp_now_s() > w->next_s + 1 / w->frames_per_s;
}

static lp_status take_key(lp_watch *w, lp_keypress key, lp_watch_show show, void *context, lp_err *err) {
    char path[64];
    int speed = w->speed;
    if (w->press && key >= LP_KEYPRESS_PAUSE && key <= LP_KEYPRESS_SPEED_MAX) return w->press(w->press_context, key), LP_OK;
    switch (key) {
    case LP_KEYPRESS_QUIT: w->quit = true; break;
    case LP_KEYPRESS_PAUSE: w->paused = !w->paused; break;
    case LP_KEYPRESS_STEP: w->paused = w->one_step = true; break;
    case LP_KEYPRESS_SPEED_1: w->speed = 1; break;
    case LP_KEYPRESS_SPEED_4: w->speed = 4; break;
    case LP_KEYPRESS_SPEED_MAX: w->speed = 0; break;
    case LP_KEYPRESS_SHOT:
        snprintf(path, sizeof path, "longplay-%lld.png", (long long)time(NULL));
        /* a full disk is no reason to stop playing */
        if (lp_watch_shot(w, path, show, context, err)) snprintf(w->note, sizeof w->note, "no picture: %.120s", err ? err->message : path);
        else snprintf(w->note, sizeof w->note, "picture in %s", path);
        w->note_s = lp_now_s();
        break;
    case LP_KEYPRESS_LOUDER:
    case LP_KEYPRESS_QUIETER:
    case LP_KEYPRESS_MUTE:
        lp_film_volume(&w->film, key, w->note, sizeof w->note);
        w->note_s = lp_now_s();
        break;
    case LP_KEYPRESS_NONE: break;
    }
    if (w->speed != speed) w->next_s = lp_now_s();
    return LP_OK;
}

static lp_status take_keys(lp_watch *w, lp_watch_show show, void *context, lp_err *err) {
    lp_status status = LP_OK;
    while (has_window(w) && !status) {
        lp_keypress key = w->window ? lp_window_poll(w->window) : lp_relay_poll(w->film.relay);
        if (key == LP_KEYPRESS_NONE) break;
        status = take_key(w, key, show, context, err);
    }
    w->quit |= lp_stop_asked() != 0;
    return status;
}

void lp_watch_end(lp_watch *w, lp_view_end end) {
    double now = lp_now_s();
    if (w->seen && !w->speed && w->end && now - w->end_s < 2 * BANNER_S) return;
    w->end = end;
    w->end_s = now;
    w->end_turn = w->turns;
}

static void count_rate(lp_watch *w) {
    double now = lp_now_s();
    if (!w->turns) w->rate_s = now;
    bool whole = now - w->rate_s >= 1; /* counted over a second; the first counts as it goes */
    w->turns++;
    if ((whole || !w->rate_turns) && w->turns > 1 && now > w->rate_s)
        w->decisions_per_s = (double)(w->turns - 1 - w->rate_turns) / (now - w->rate_s);
    if (!whole) return;
    w->rate_s = now;
    w->rate_turns = w->turns - 1;
}

/* Between two pictures of the window; one elsewhere is painted by another process. */
static double draw_every(const lp_watch *w, bool still) { return !still && (w->speed || w->film.relay) ? DRAW_S : DRAW_SELDOM_S; }

lp_status lp_watch_turn(lp_watch *w, double frames, lp_watch_show show, void *context, lp_err *err) {
    count_rate(w);
    return lp_watch_wait(w, frames, show, context, err);
}

lp_status lp_watch_wait(lp_watch *w, double frames, lp_watch_show show, void *context, lp_err *err) {
    if (w->tick) w->tick(w->tick_context);
    w->quit |= lp_stop_asked() != 0;
    if (film_moment(w, frames, is_late(w, frames), show, context, err)) return LP_FAILED;
    publish(w, show, context);
    if (!has_window(w) && w->speed == 0) return LP_OK;
    double now = lp_now_s();
    if (w->speed == 0 && !w->paused && now - w->drawn_s < draw_every(w, false)) return LP_OK;
    w->next_s += w->speed ? frames / (w->frames_per_s * w->speed) : 0;
    if (!w->speed || w->next_s < now - 0.25) w->next_s = now; /* no racing to catch up with lost time */
    for (bool drawn = false;;) {
        now = lp_now_s();
        bool still = w->paused && !w->one_step;
        if (has_window(w) && now - w->drawn_s >= draw_every(w, still) && (!drawn || still)) {
            if (show_moment(w, show, context, err)) return LP_FAILED;
            if (still && film_moment(w, 0, false, show, context, err)) return LP_FAILED;
            drawn = true;
        }
        publish(w, show, context);
        lp_status status = take_keys(w, show, context, err);
        if (status) return status;
        now = lp_now_s();
        still = w->paused && !w->one_step;
        if (w->quit || (!still && now >= w->next_s)) break;
        if (w->tick) w->tick(w->tick_context);
        nap(still || w->next_s - now > POLL_S ? POLL_S : w->next_s - now);
        if (still) w->still_s += lp_now_s() - now;
    }
    w->one_step = false;
    if (w->paused) w->next_s = lp_now_s();
    return LP_OK;
}

lp_status lp_watch_moment(lp_watch *w, bool late, lp_watch_show show, void *context, lp_err *err) {
    if (film_moment(w, 0, late, show, context, err)) return LP_FAILED;
    publish(w, show, context);
    if (w->window && !late && show_moment(w, show, context, err)) return LP_FAILED;
    return take_keys(w, show, context, err);
}

bool lp_watch_say(lp_watch *w) {
    double now = lp_now_s();
    if (now - w->said_s < SAY_S) return false;
    w->said_s = now;
    return true;
}

bool lp_watch_lingers(const lp_watch *w) { return w->film.file || (w->seen && w->speed); }

static bool shows_frames(const lp_watch *w) { return w->seen && w->speed == 1 && !w->paused && !w->quit; }

bool lp_watch_wants_frames(const lp_watch *w) { return w->film.file || shows_frames(w); }

/* The next turn tells of failures. */
void lp_watch_frame(lp_watch *w, lp_watch_show show, void *context) {
    if (!lp_watch_wants_frames(w)) return;
    (void)film_moment(w, 1, is_late(w, 1), show, context, NULL);
    if (w->speed) w->next_s += 1 / (w->frames_per_s * w->speed);
    if (!shows_frames(w)) return;
    if (has_window(w) && lp_now_s() < w->next_s) (void)show_moment(w, show, context, NULL); /* else too late for it */
    publish(w, show, context);
    nap(w->next_s - lp_now_s());
}
