/* A game: its ROM, what its RAM means, when it is won or lost, how it is booted, and what may vary.
 *
 * A game is a folder with stable-retro's files (data.json, scenario.json, metadata.json, rom.sha, the ROM) and longplay.json
 * (win, loss, audit, events, knobs, seed, boot, start, buttons, frame_skip, observation), or with one of the two. A bare ROM is a
 * game too: no win, no loss, every button. docs/games.md describes the fields.
 *
 *     lp_game *game;
 *     lp_game_open(&game, "cue", &err);            // a shipped game's name, a game folder, or a ROM file
 *     lp_env *env;
 *     lp_env_open(&env, game, NULL, &err);
 *     lp_env_reset(env, seed, knobs, &err);        // from power-on
 *     while (!lp_env_step(env, action)) ...
 */
#ifndef LP_ENV_GAME_H
#define LP_ENV_GAME_H

#include "base/limits.h"
#include "base/status.h"
#include "emulator/emulator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lp_game lp_game;

enum { LP_MAX_KNOBS = 16, LP_MAX_VARIABLES = 512 }; /* and LP_MAX_ACTIONS */

typedef struct {
    char name[32];
    char help[160];
    int64_t initial, min, max;
    uint32_t address; /* little-endian in RAM */
    int width_bytes;  /* 1, 2 or 4 */
} lp_knob;

/* NAME, DIR or ROM as a user typed it. LP_BAD_INPUT names file and field. */
lp_status lp_game_open(lp_game **out, const char *name_or_path, lp_err *err);
/* A bare ROM from memory, which is copied. */
lp_status lp_game_open_rom(lp_game **out, const char *name, const void *rom, size_t size_bytes, lp_err *err);
void lp_game_close(lp_game *game);

const char *lp_game_name(const lp_game *game);
const char *lp_game_dir(const lp_game *game); /* NULL for a bare ROM */
/* What longplay.json says of itself; "" where it does not. */
const char *lp_game_title(const lp_game *game);
const char *lp_game_licence(const lp_game *game);
const char *lp_game_floor(const lp_game *game);  /* the win rate without memory, e.g. "1 / doors" */
const char *lp_game_origin(const lp_game *game); /* where its ROM comes from */
/* The names of the shipped games, sorted; returns how many (at most max). */
int lp_game_shipped(char names[][64], int max);
const void *lp_game_rom(const lp_game *game, size_t *size_bytes);
int lp_game_frame_skip(const lp_game *game);
/* Actions the policy chooses among: key masks (e.g. 0, LP_KEY_LEFT, ...) and their names ("none", "LEFT", "A+RIGHT"). */
int lp_game_n_actions(const lp_game *game);
uint16_t lp_game_action_keys(const lp_game *game, int action);
const char *lp_game_action_name(const lp_game *game, int action);
/* The observation the policy sees: grey, area-averaged to this size. */
void lp_game_observation(const lp_game *game, int *width, int *height);
int lp_game_n_knobs(const lp_game *game);
const lp_knob *lp_game_knob(const lp_game *game, int index);
/* The knob's index or -1. */
int lp_game_find_knob(const lp_game *game, const char *name);
/* Applies "NAME=N" to knobs [lp_game_n_knobs]; LP_BAD_INPUT: unknown knob, not a number, out of range. */
lp_status lp_game_set_knob(const lp_game *game, int64_t *knobs, const char *assignment, lp_err *err);
void lp_game_default_knobs(const lp_game *game, int64_t *knobs);
/* The twin's knob values on top of knobs (longplay.json "twin"); false when the game declares none. */
bool lp_game_twin_knobs(const lp_game *game, int64_t *knobs);
bool lp_game_has_reward(const lp_game *game); /* in scenario.json */
/* The part of the screen that the policy sees (scenario.json "crop"), in pixels; the whole screen without one. Observations
 * are taken from it, and are no larger. Pictures for people (windows, recordings) show the whole screen. */
void lp_game_crop(const lp_game *game, int *x, int *y, int *width, int *height);
/* Whether that part can be told in two bits a pixel, and its size: an original Game Boy's, its width a multiple of 4. */
bool lp_game_shades(const lp_game *game, int *width, int *height);
/* RAM variables of data.json, in its order. */
int lp_game_n_variables(const lp_game *game);
const char *lp_game_variable_name(const lp_game *game, int index);
lp_system lp_game_system(const lp_game *game);
/* The console that it is played on: what longplay.json says ("model"), or the ROM's own. Never LP_MODEL_AUTO. */
lp_model lp_game_model(const lp_game *game);
lp_model lp_game_own_model(const lp_game *game); /* the console that the ROM was made for */
/* Another one, before anything is opened that plays the game; LP_MODEL_AUTO: the ROM's own. LP_BAD_INPUT and nothing changed: the ROM
 * does not fit into it. */
lp_status lp_game_set_model(lp_game *game, lp_model model, lp_err *err);
/* An emulator with the game's ROM, of the game's model (whatever config says). Borrows the ROM. config NULL: defaults. */
lp_status lp_game_open_emu(lp_emu **out, const lp_game *game, const lp_emu_config *config, lp_err *err);
/* Is there a win? Is there a loss? Can an episode go on for ever, with neither a loss nor a time limit? A bare ROM: no, no, yes. */
bool lp_game_can_win(const lp_game *game);
bool lp_game_can_lose(const lp_game *game);
bool lp_game_is_endless(const lp_game *game);
bool lp_game_can_end(const lp_game *game); /* does anything end an episode: a win, a loss or a time limit? */
/* LP_BAD_INPUT: there is no win rate to measure, because there is no win, or because an episode may never end: the game is endless
 * and time_limit, in decisions, is 0. */
lp_status lp_game_has_win_rate(const lp_game *game, int64_t time_limit, lp_err *err);
bool lp_game_has_oracle(const lp_game *game); /* see lp_env_oracle */
/* What makes two of its moments the same place (longplay.json "place"), for lp_cells_parse; "": it does not say. */
const char *lp_game_cells(const lp_game *game);

/* Is an episode's seed written into the game (longplay.json "seed")? */
bool lp_game_has_seed(const lp_game *game);
/* The names of its events that are milestones, in their order, the game's; returns how many. */
enum { LP_MAX_MILESTONES = 64 };
int lp_game_milestones(const lp_game *game, const char *names[LP_MAX_MILESTONES]);
/* Idle frames between boot and the first decision, as many as the episode's seed draws: what makes the episodes of a game differ that
 * has no seed. longplay.json "start"; without it 0 to LP_NOOP_FRAMES in a folder whose game has no seed and can end, else none. */
enum { LP_NOOP_FRAMES = 30, LP_MAX_NOOP_FRAMES = 36000 };
typedef struct {
    int32_t min, max; /* frames; both 0: none */
} lp_noop;
lp_noop lp_game_noop(const lp_game *game);
/* "MIN:MAX": another range, for the resets to come. LP_BAD_INPUT and nothing changed: it is none. No environment may be stepping. */
lp_status lp_game_set_noop(lp_game *game, const char *range, lp_err *err);
/* "MIN:MAX", as lp_game_set_noop reads it. */
const char *lp_game_noop_text(const lp_game *game, char out[24]);
/* One line into out for those who measure: the episodes are all the same, or differ by idle frames alone; false: the game has a seed. */
bool lp_game_start_note(const lp_game *game, char *out, size_t size);

/* Is it ROM, where a write stores nothing (on many cartridges it switches a bank)? address: on the CPU's bus. */
bool lp_game_is_rom(const lp_game *game, uint32_t address);
/* The stream of lp_rng in which a random player's actions are drawn, with the episode's seed: lp_rng_below(&rng, n_actions). */
enum { LP_RANDOM_PLAYER = 0x5ea7 };

/* Seeds of 32 bits: training and evaluation never share one, whatever the run_seeds. Different i below 2^31 give different
 * seeds, in an order that looks random. */
uint64_t lp_game_train_seed(uint64_t run_seed, uint64_t i); /* odd */
uint64_t lp_game_eval_seed(uint64_t run_seed, uint64_t i);  /* even */

/* ---- an environment: a game on an emulator. One thread at a time; after open nothing allocates ---- */
typedef struct lp_env lp_env;

typedef enum { LP_RUNNING = 0, LP_WIN, LP_LOSS, LP_TIMEOUT } lp_outcome;
const char *lp_outcome_name(lp_outcome outcome); /* "running", "win", "loss", "timeout" */

typedef struct {
    const char *name; /* as in longplay.json; owned by the game */
    char text[240];   /* the template with variables filled in */
    bool milestone;   /* worth a place in reports */
} lp_event;

/* Everything that goes into the machine is also reported here, in order, for the movie. Any member may be NULL. */
typedef struct {
    void *context;
    void (*reset)(void *context);
    void (*poke)(void *context, uint32_t address, uint8_t value);
    void (*keys)(void *context, uint16_t keys, uint32_t n_frames);
    void (*decision)(void *context, uint16_t keys);
} lp_env_tap;

lp_status lp_env_open(lp_env **out, const lp_game *game, const lp_emu_config *config, lp_err *err);
void lp_env_close(lp_env *env);
void lp_env_set_tap(lp_env *env, const lp_env_tap *tap); /* copied */
/* Frames a decision from now on, above 0, instead of the game's own. */
void lp_env_set_frame_skip(lp_env *env, int frame_skip);
/* Power-on, boot keys, knobs, seed and idle frames. knobs [n_knobs], each within its range, or NULL: defaults. time_limit in decisions, 0:
 * the game's own, or none; when it is reached the outcome is LP_TIMEOUT, which counts as a loss. */
lp_status lp_env_reset(lp_env *env, uint64_t seed, const int64_t *knobs, int64_t time_limit, lp_err *err);
/* Calls hook after every frame of a decision but its last, so that a window can show them all; NULL: no more. The
 * machine goes the same way with a hook or without; it must not touch the environment. */
void lp_env_on_frame(lp_env *env, void (*hook)(void *context), void *context);
/* One decision: frame_skip frames with the action's keys. Won or lost is judged anew after each, and not at the reset. */
lp_outcome lp_env_step(lp_env *env, int action);
/* Events that the last reset or step caused; valid until the next. */
int lp_env_events(const lp_env *env, const lp_event **events);
/* The observation: height*width grey bytes, 0 black to 255 white. */
void lp_env_observe(lp_env *env, uint8_t *out);
/* The screen that it is made from, whole: lp_game_shades's width x height pixels, two bits each (observe.h). */
void lp_env_observe_shades(lp_env *env, uint8_t *out);
/* What a scripted player that reads RAM does now (longplay.json "oracle"); LP_BAD_INPUT when the game has none. */
lp_status lp_env_oracle(lp_env *env, int *action, lp_err *err);
/* A RAM variable of data.json by name; false when there is none. */
bool lp_env_variable(lp_env *env, const char *name, int64_t *value);
/* All of them, [lp_game_n_variables], as the last reset or step left them; valid until the next. */
const int64_t *lp_env_variables(const lp_env *env);
/* What scenario.json rewards the last step with (0 after a reset), player 1 or 2; 0 without a reward there. It is also right
 * after lp_env_load. */
double lp_env_reward(const lp_env *env, int player);
int64_t lp_env_steps(const lp_env *env); /* decisions since the reset */
lp_emu *lp_env_emu(lp_env *env);
/* The environment (machine, steps, previous variable values for the conditions) as bytes, for checkpoints. */
size_t lp_env_save_size(const lp_env *env);
void lp_env_save(lp_env *env, void *out);
/* LP_BAD_INPUT and an unchanged environment when they are damaged, or of another ROM, game or version. */
lp_status lp_env_load(lp_env *env, const void *data, size_t size_bytes, lp_err *err);
/* Is the saved environment where this one is, but for its machine, which may be of another core's version: the same steps, outcome,
 * variables and events? */
bool lp_env_saved_alike(const lp_env *env, const void *data, size_t size_bytes);

#endif
