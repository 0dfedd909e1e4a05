/* The window: a game and an agent's mind, of any size and layout, drawn from one description of the moment.
 *
 * lp_view_draw renders into memory with no display at all; the SDL window, --shot and the tests use the same code.
 * One file (window.c) touches SDL's video and events; text is drawn with SDL_ttf, at least 18 pixels high.
 *
 *     lp_painter_open(&painter, &(lp_look){.layout = "vertical"}, &err);
 *     const uint32_t *pixels = lp_view_draw(painter, &view);     // lp_painter_size tells how many
 */
#ifndef LP_VIEW_VIEWER_H
#define LP_VIEW_VIEWER_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LP_VIEW_WIDTH = 1280, /* of a picture, unless its look says otherwise */
    LP_VIEW_HEIGHT = 720,
    LP_VIEW_LEAST = 480, /* a side of a picture; the longer one 640 */
    LP_VIEW_MOST = 8192,
    LP_VIEW_MIN_TEXT_PX = 18, /* no text is set smaller */
    LP_VIEW_MAX_READS = 8,
    LP_VIEW_MAX_LEVELS = 16,
    LP_VIEW_HISTORY = 512, /* decisions that the value chart spans at least */
};

typedef enum { LP_VIEW_LIVE, LP_VIEW_REPLAY, LP_VIEW_PAUSED } lp_view_mode;

typedef struct {
    int64_t age;      /* decisions ago */
    int level;        /* 0 raw, 1.. the summary level it came through */
    float weight;     /* attention, 0 to 1 */
    const char *text; /* may be NULL: the item has no text */
} lp_view_read;

/* What happened, and what is done. Times are seconds of the console's time since the episode's power-on; NaN: none. */
enum { LP_VIEW_MAX_EVENTS = 16, LP_VIEW_MAX_SPLITS = 64, LP_VIEW_MAX_RESULTS = 64, LP_VIEW_MAX_KEYS = 60 };
typedef enum { LP_VIEW_RUNNING, LP_VIEW_WON, LP_VIEW_LOST, LP_VIEW_TIMED_OUT } lp_view_end;
typedef struct {
    int64_t episode;
    double at_s;
    const char *text;
    bool milestone;
} lp_view_event;
typedef struct {
    const char *name; /* of a milestone */
    double at_s;      /* NaN: not reached in this episode (yet) */
    double best_s;    /* when the best run so far reached it */
} lp_view_split;
typedef struct {
    int64_t episode, decisions;
    double seconds;
    lp_view_end end;
} lp_view_result;

/* For people who make an integration: what the game's setup reads out of RAM, in place of value, memory and reads. */
typedef struct {
    const char *name;
    int64_t value;
    int64_t age; /* decisions since it changed; -1: it has not */
} lp_view_variable;
typedef struct {
    const char *titles[3]; /* of variables, outcome and events; NULL: "Variables", "Outcome", "Events" */
    int n_variables;
    const lp_view_variable *variables;
    const char *outcome; /* "running", ... */
    bool ended, won;     /* the outcome is one that ends an episode, and well */
    int n_events;        /* newest first */
    const char *events[LP_VIEW_MAX_EVENTS];
} lp_view_sheet;

/* A line of a chat model's notebook. */
typedef struct {
    const char *key, *text;
} lp_view_line;
#define LP_VIEW_GOAL "goal" /* the key of the line that says what it wants */

/* What a chat model took so far, and how it went. */
typedef struct {
    int64_t replies, tokens;
    double cost;                      /* 0: there are no prices */
    int64_t failed, faults, given_up; /* requests, calls, turns */
    int64_t repeats;                  /* turns in which it was told that it repeats itself */
    int64_t repeating;                /* of its last turns, those in which it did the same on this screen; 0: it does not repeat itself */
    int64_t turns, milestones, wins;  /* that it was asked in, that it reached and won: what each cost is told */
} lp_view_model;

/* What a recorded run takes of its disk. */
typedef struct {
    double run_bytes;  /* 0: it is not recorded */
    double keep_bytes; /* that it may take; 0: what there is */
    double free_bytes; /* of the disk */
    bool low, full;    /* little of the disk is free; the run takes more than it may, and nothing is left to drop */
} lp_view_disk;

/* All pointers are borrowed for the call. */
typedef struct {
    const char *title;                  /* in the place of "Longplay"; NULL: that */
    const char *game, *policy, *memory; /* names, e.g. "cue", "cue.safetensors", "tree" */
    lp_view_mode mode;
    const char *recovered; /* "RECOVERED 14:03, after 12 s": a badge for a while after a crash; NULL: none */
    const uint32_t *frame; /* frame_height rows of frame_width pixels, 0x00BBGGRR (red low) */
    int frame_width, frame_height;
    int n_actions, chosen;             /* chosen: the action about to be taken, or -1 */
    const char *const *action_names;   /* [n_actions] */
    const float *action_probabilities; /* [n_actions] */
    const float *value_history;        /* [n_values] oldest first, about -1 to 1 */
    int n_values;
    int n_levels;                            /* memory levels in use; 0: no memory */
    int level_counts[LP_VIEW_MAX_LEVELS];    /* [0] raw items in context, [1..] summarised items */
    float level_weights[LP_VIEW_MAX_LEVELS]; /* the part of the attention that rests on each */
    int64_t items_seen;                      /* items appended in this episode */
    const char *last_written;                /* text of the item or summary written last; may be NULL */
    int n_reads; /* what attention rests on now, strongest first; of a guest, what it was sent last, by its part of all of that */
    lp_view_read reads[LP_VIEW_MAX_READS];
    const char *thought;        /* why a guest did what it did last, in its words; NULL: whoever plays says nothing */
    bool thinks;                /* it is still coming: its end is what is new */
    const lp_view_model *model; /* a chat model that plays; NULL: none does, nor has it a notebook */
    int n_lines;                /* of the notebook */
    const lp_view_line *lines;
    int n_events; /* newest first */
    lp_view_event events[LP_VIEW_MAX_EVENTS];
    int n_splits; /* those reached, in their order, then those that the best run reached besides */
    lp_view_split splits[LP_VIEW_MAX_SPLITS];
    int n_results; /* episodes that ended, the last first */
    lp_view_result results[LP_VIEW_MAX_RESULTS];
    int n_keys;                                /* decisions, oldest first: the buttons that each pressed (LP_KEY_...) */
    uint16_t keys[LP_VIEW_MAX_KEYS], all_keys; /* all_keys: every button that the game's actions press */
    int n_variables;                           /* that have changed */
    const lp_view_variable *variables;
    int64_t wins, losses, timeouts, episode, decisions, episode_decisions;
    int64_t stuck;         /* decisions that led nowhere, of a player that is stuck; 0: it is not */
    int64_t stuck_times;   /* that it was, in the whole run */
    bool can_win, can_end; /* else wins, or all that is counted of episodes, say nothing */
    lp_view_end banner;    /* an episode ended a moment ago, and how */
    double episode_s;      /* as the events' times */
    double played_s;       /* real time, in all sittings; NaN: not known */
    double real_s;         /* since the run was started, whether it was played or not; NaN: not known */
    double decisions_per_s;
    bool recorded; /* every decision is written down */
    lp_view_disk disk;
    int speed;                  /* 1, 4, or 0: max */
    bool human;                 /* a person plays: the keys below are the player's */
    const lp_view_sheet *sheet; /* NULL: none */
    const char *status;         /* one more line beside the keys, e.g. "horizon 1000"; may be NULL */
    const char *note;           /* in its place, and where there is no such line over the picture: what must be seen; may be NULL */
} lp_view;

/* How pictures look; what is NULL is as it is by default. Borrowed for the call. */
typedef struct {
    const char *layout; /* full, game, panels, vertical, or an .ini file (docs/window.md) */
    const char *size;   /* "1920x1080"; NULL: the layout's own */
    const char *theme;  /* an .ini file; NULL: the built-in colours */
} lp_look;

typedef struct lp_painter lp_painter; /* fonts and a canvas; one thread */
/* look NULL: the default one. LP_BAD_INPUT: what it names is none, or wrong; LP_FAILED: no fonts, no memory. */
lp_status lp_painter_open(lp_painter **out, const lp_look *look, lp_err *err);
void lp_painter_close(lp_painter *painter);
/* From now on pictures are in the look's shape as large as fits into width x height; 0: of the look's size. On failure they stay as they
 * were. */
lp_status lp_painter_fit(lp_painter *painter, int width, int height, lp_err *err);
void lp_painter_size(const lp_painter *painter, int *width, int *height);
/* Whether all text has the contrast that it needs in the look's colours, and what has not. */
bool lp_painter_reads_well(const lp_painter *painter, lp_err *why);
/* Draws; returns rows of pixels 0xffRRGGBB, valid until the next draw or fit. */
const uint32_t *lp_view_draw(lp_painter *painter, const lp_view *view);
/* A console's frame (0x00BBGGRR), n pixels of it, as the pixels that a PNG is made of (0x00RRGGBB). */
void lp_frame_pixels(uint32_t *out, const uint32_t *frame, size_t n);
/* Asked before the work that ends in a picture: lp_file_check_writable; only a PNG is replaced. */
lp_status lp_png_check_writable(const char *path, lp_err *err);
/* Pixels 0x..RRGGBB as a PNG in memory; *out is malloc'd, NULL on failure. */
lp_status lp_png_encode(unsigned char **out, size_t *size_bytes, const uint32_t *pixels, int width, int height, lp_err *err);
/* The same into a file, atomically. */
lp_status lp_png_write(const char *path, const uint32_t *pixels, int width, int height, lp_err *err);

typedef struct lp_window lp_window;
typedef enum {
    LP_KEYPRESS_NONE,
    LP_KEYPRESS_QUIT,
    LP_KEYPRESS_PAUSE,
    LP_KEYPRESS_STEP,
    LP_KEYPRESS_SPEED_1,
    LP_KEYPRESS_SPEED_4,
    LP_KEYPRESS_SPEED_MAX,
    LP_KEYPRESS_SHOT,
    LP_KEYPRESS_LOUDER,
    LP_KEYPRESS_QUIETER,
    LP_KEYPRESS_MUTE
} lp_keypress;
/* True when a display can be had ($DISPLAY or $WAYLAND_DISPLAY and SDL agrees). */
bool lp_window_available(void);
/* width x height as the desktop counts; smaller where the screen is. */
lp_status lp_window_open(lp_window **out, const char *title, int width, int height, lp_err *err);
void lp_window_close(lp_window *window);
/* In pixels, of which a desktop that is scaled has more. */
void lp_window_size(const lp_window *window, int *width, int *height);
/* In the middle, as large as fits. */
void lp_window_show(lp_window *window, const uint32_t *pixels, int width, int height);
/* F is done here: full screen and back. */
lp_keypress lp_window_poll(lp_window *window);
/* Somebody plays: S is a button (R), and N steps in its place. */
void lp_window_for_player(lp_window *window, bool for_player);
/* The buttons (LP_KEY_...) held at the last poll, and those pressed since the last call: arrows, X = A, Z = B, Return = START,
 * Backspace = SELECT, A = L, S = R. */
uint16_t lp_window_buttons(lp_window *window);

#endif
