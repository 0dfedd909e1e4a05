/* Watching: what play and replay share of window, pace, keys and pictures. One thread.
 *
 *     lp_watch watch;
 *     lp_watch_open(&watch, &options, &err);
 *     while (...) {
 *         lp_watch_turn(&watch, frames, show, context, &err);     // shows the moment and waits until it is time to go on
 *         if (watch.quit) break;
 *         ... the decision ...
 *     }
 *     lp_watch_shot(&watch, "end.png", show, context, &err);
 *     lp_watch_close(&watch);
 */
#ifndef LP_CLI_WATCH_H
#define LP_CLI_WATCH_H

#include "base/status.h"
#include "cli/film.h"
#include "view/viewer.h"
#include "web/web.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool window;         /* open one */
    int speed;           /* 1, 4, or 0: as fast as it goes */
    double frames_per_s; /* at speed 1 */
    bool player;         /* a person plays: the keys are the player's */
    const char *name;    /* what is played, for the window's title: "cue, runs/tuesday" */
    const char *title;   /* in its place, and of "Longplay" in the picture; NULL: none. Borrowed until close */
    lp_look look;        /* of window and pictures. Borrowed until close */
    lp_web *web;         /* the page that shows it, too; NULL: none. Borrowed until close */
    /* Called every turn, and some 60 times a second while that waits, also when paused; NULL: nobody */
    void (*tick)(void *context);
    void *tick_context;
    /* Of a window that shows what another process plays: it has the keys for pause, step and speed; NULL: they are the window's */
    void (*press)(void *context, lp_keypress key);
    void *press_context;
    lp_film_options film; /* its relay takes the place of the window */
    lp_emu *emu;          /* whose sound is heard. Borrowed until close; may be NULL without a film */
} lp_watch_options;

typedef struct {
    lp_window *window;   /* owned; NULL: none */
    lp_painter *painter; /* owned; opened when first needed */
    lp_film film;
    lp_look look;
    lp_web *web;
    bool seen; /* in a window, here or over a relay, on a page or in a stream */
    int speed;
    double frames_per_s;
    bool paused, quit; /* quit: the window was closed, or a signal asked for the end */
    bool one_step;     /* paused, but one decision is to go on */
    const char *title;
    lp_view_end end;       /* the banner, since end_s and turn end_turn */
    double end_s, still_s; /* still_s: paused so long, all together */
    int64_t end_turn;
    double start_s, next_s, drawn_s, said_s;
    double rate_s; /* decisions_per_s is counted since then */
    int64_t turns, rate_turns;
    double decisions_per_s;
    char note[160], film_note[160]; /* a message for the status line; one about the stream */
    double note_s;
    void (*tick)(void *context); /* as the options have it */
    void *tick_context;
    void (*press)(void *context, lp_keypress key);
    void *press_context;
} lp_watch;

/* The options of a command that shows pictures. */
#define LP_CLI_LOOK(look)                                                                                                                  \
    {.name = "layout",                                                                                                                     \
     .value = "full|game|panels|vertical|FILE.ini",                                                                                        \
     .help = "what stands where in window and pictures (full)",                                                                            \
     .text = &(look).layout},                                                                                                              \
        {.name = "size", .value = "WxH", .help = "of window and pictures (1280x720; vertical: 720x1280)", .text = &(look).size}, {         \
        .name = "theme", .value = "FILE.ini", .help = "the colours of window and pictures", .text = &(look).theme                          \
    }

/* And of one whose page others may look at. */
#define LP_CLI_WEB(web)                                                                                                                    \
    {.name = "web",                                                                                                                        \
     .value = "ADDRESS:PORT",                                                                                                              \
     .help = "serve a web page that shows it, as 127.0.0.1:8600 (docs/web.md)",                                                            \
     .text = &(web).address},                                                                                                              \
    {                                                                                                                                      \
        .name = "web-password", .value = "FILE", .help = "... for who knows what the file's first line says", .text = &(web).password_file \
    }

/* Fills view with the moment, all but title, banner, decisions_per_s, speed and note; mode is set to LP_VIEW_LIVE before, and played_s to the time
 * since open. */
typedef void (*lp_watch_show)(void *context, lp_view *view);

/* "1", "4" or "max" as 1, 4, 0. LP_BAD_INPUT for anything else. */
lp_status lp_watch_speed(const char *text, int *speed, lp_err *err);
/* From here on signals ask for the end (base/stop.h); with press, the caller has seen to that. */
lp_status lp_watch_open(lp_watch *watch, const lp_watch_options *options, lp_err *err);
void lp_watch_close(lp_watch *watch);
/* Before close: ends the film. LP_FAILED: it is not whole. */
lp_status lp_watch_end_film(lp_watch *watch, lp_err *err);
/* The moment as show fills it in, and pace, rate and messages. */
void lp_watch_view(lp_watch *watch, lp_watch_show show, void *context, lp_view *view);
/* Shows the moment where it is worth it, takes the keys, and waits until frames frames after the last turn; at full speed it
 * does not wait. LP_FAILED: nothing can be drawn. */
lp_status lp_watch_turn(lp_watch *watch, double frames, lp_watch_show show, void *context, lp_err *err);
/* The same, while a decision is waited for: it counts as none. */
lp_status lp_watch_wait(lp_watch *watch, double frames, lp_watch_show show, void *context, lp_err *err);
/* Of what another process plays: shows the moment, whose sound the film was given, and takes the keys; waits for nothing. late: the next
 * is there already. */
lp_status lp_watch_moment(lp_watch *watch, bool late, lp_watch_show show, void *context, lp_err *err);
/* An episode ended: the picture says so for two seconds; at full speed, where many end, not more than half of the time. Where nobody looks until
 * the next turn. */
void lp_watch_end(lp_watch *watch, lp_view_end end);
/* Where each frame is seen (a film in a file, or somebody looks at speed 1): shows one inside a decision and waits until it is time
 * for the next. A turn of one frame and frame_skip - 1 of these make up a decision. */
void lp_watch_frame(lp_watch *watch, lp_watch_show show, void *context);
bool lp_watch_wants_frames(const lp_watch *watch);
/* Is an episode's end worth a moment of its own? */
bool lp_watch_lingers(const lp_watch *watch);
/* True at most ten times a second: time for a progress line. */
bool lp_watch_say(lp_watch *watch);
/* Before a run: can what these options and a picture in shot (NULL: none) ask for be drawn, and be written there? */
lp_status lp_watch_check(const lp_watch_options *options, const char *shot, lp_err *err);
/* Opens the page that was asked for, if one was, and tells where. Before there is anything to show, so that nothing is done where it fails. run:
 * whose memory it shows, or NULL; game: where the run's ROM is now, or NULL; borrowed until close. */
lp_status lp_watch_web(lp_web **web, const lp_web_config *config, const char *run, const char *game, lp_err *err);
/* Draws the moment into a PNG file, in the look's size. */
lp_status lp_watch_shot(lp_watch *watch, const char *path, lp_watch_show show, void *context, lp_err *err);

#endif
