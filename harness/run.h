/* A run: one seat and its player, from power-on until it is told to stop, recorded so that nothing is lost.
 *
 *     lp_run_make(folder, game, policy, &config, &err);      // only for a recorded run that does not exist yet
 *     lp_run *run;
 *     lp_run_open(&run, folder, game, policy, &config, &err);
 *     while (!lp_run_done(run) && !status) {
 *         status = lp_run_think(run, &err);                   // observe, recall, act
 *         if (!status) status = lp_run_take(run, &err);       // step, remember, record
 *     }
 *     lp_run_end(run, &err);
 *     lp_run_close(run);
 *
 * A run folder holds config.ini (what is played: all that resuming needs), run.db (the store) and movie.lpm. It appears at
 * once, with a first checkpoint in it, or not at all.
 *
 * A checkpoint is one atomic thing: the movie is synced first, then the rows, the seat, the counters and the movie's
 * offset are committed in one transaction. So a process killed anywhere leaves a checkpoint whose movie is whole;
 * resuming cuts off what the movie has beyond it, and plays on. What is played depends on the config alone, never on the
 * moments of checkpoints, kills or resumes: the resumed run equals the unbroken one, bit for bit.
 */
#ifndef LP_HARNESS_RUN_H
#define LP_HARNESS_RUN_H

#include "env/game.h"
#include "harness/seat.h"
#include "memory/store.h"
#include "view/viewer.h"
#include "memory/settings.h"
#include "players/chat.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct lp_run lp_run;

/* The policy of a run that was taken over from a movie (run_import.h): nobody who could go on. */
#define LP_RUN_IMPORTED "movie"

/* config.ini, field by field. Zero-initialise with lp_run_config_init. */
typedef struct {
    char game[768]; /* for lp_game_open: a shipped game's name, or an absolute path */
    char policy
        [768]; /* "random", "oracle", "human", "process:COMMAND", "chat:FILE", an absolute path of a weight file, or LP_RUN_IMPORTED */
    char knobs[1024];            /* "horizon=200 doors=2": see lp_run_config_knobs */
    int64_t model;               /* lp_model, never LP_MODEL_AUTO but in runs of before it was written down; filled in by lp_run_make */
    int64_t seed;                /* see lp_run_seed */
    int64_t training_seeds;      /* 1: episodes have training seeds, to be learned from; 0: evaluation seeds */
    int64_t episodes, decisions; /* stop after as many; 0: no limit */
    int64_t stuck;               /* decisions that lead nowhere until somebody is stuck (stuck.h); 0: nobody looks */
    int64_t keep;                /* bytes that the run's files may take, see run_keep.c; 0: no limit */
    lp_mem_choice memory;
    int64_t hash_every, state_every; /* decisions between machine hashes and machine states in the movie */
    /* What a resumed run must find again; filled in by lp_run_make. Hashes are 16 hex digits. */
    char rom_hash[24], policy_digest[24], core[32];
    char noop[24]; /* lp_game_noop_text */
} lp_run_config;

void lp_run_config_init(lp_run_config *config);
/* Reads folder/config.ini. LP_BAD_INPUT: no run there, or a damaged config.ini. */
lp_status lp_run_config_read(lp_run_config *config, const char *folder, lp_err *err);
/* Changes the limits of a run on disk; atomic. */
lp_status lp_run_config_write(const lp_run_config *config, const char *folder, lp_err *err);
/* Writes all of the game's knob values into config->knobs. */
void lp_run_config_knobs(lp_run_config *config, const lp_game *game, const int64_t *knobs);
/* Fills model, rom_hash, policy_digest, core and noop. */
void lp_run_identify(lp_run_config *config, const lp_game *game, const lp_policy *policy);
/* Opens the game of a run, on the console and with the idle frames that it was recorded with; elsewhere: where the game is now, or NULL. */
lp_status lp_run_game(lp_game **out, const lp_run_config *config, const char *elsewhere, lp_err *err);
/* The seed of episode 0, 1, ...: lp_game_eval_seed's, or lp_game_train_seed's. */
uint64_t lp_run_seed(const lp_run_config *config, int64_t episode);
lp_mem_config lp_run_memory(const lp_run_config *config, const lp_policy *policy);
/* The same of a player that has one, whose items have dim numbers. */
lp_mem_config lp_run_memory_of(const lp_run_config *config, int dim);

/* Makes the folder of a new run, with its parents, and fills in config's model and last line. LP_BAD_INPUT when there is something at folder already (an empty
 * folder is fine); LP_FAILED when the disk is full. Nothing is left behind by a failure. */
lp_status lp_run_make(const char *folder, const lp_game *game, const lp_policy *policy, lp_run_config *config, lp_err *err);
/* Removes what lp_run_make made, where it could not be opened: nothing was played in it. */
void lp_run_unmake(const char *folder);

typedef struct {
    int64_t episodes, wins, losses, timeouts; /* ended */
    int64_t decisions;                        /* also of the episode that is going on */
    uint64_t frames, state_hash;              /* since the first power-on; of the machine as it is */
} lp_run_totals;

/* Copies the run in from, also while it is recorded, into the new folder to: it as it was at its last checkpoint, whose totals are given.
 * LP_BAD_INPUT: from is no run or is damaged, or there is something at to already. Nothing is left behind by a failure. */
lp_status lp_run_copy(const char *from, const char *to, lp_run_totals *totals, lp_err *err);

/* Opens a run where its last checkpoint left it; folder NULL: a new run that is not recorded. game and policy (NULL unless
 * config->policy is a file) are borrowed. LP_BAD_INPUT, with nothing changed: another process is recording into the folder,
 * game, policy or core are not the run's, or a file is damaged. */
lp_status lp_run_open(lp_run **out, const char *folder, const lp_game *game, const lp_policy *policy, const lp_run_config *config,
                      lp_err *err);
/* Without a last checkpoint: call lp_run_end first. NULL is fine. */
void lp_run_close(lp_run *run);

/* Before lp_run_open of a run that another version of the emulation core recorded (config->core; else nothing is done): its movie's keys
 * are played again from power-on, up to its last checkpoint, and where the timeline, the frames and the game's variables come out the
 * same, machine, movie and config.ini become those of this version, which a warning says. Killed anywhere, it can be done again.
 * LP_FAILED, with the run as it was: something came out otherwise, and the message says at which decision. */
lp_status lp_run_migrate(const char *folder, const lp_game *game, const lp_policy *policy, lp_run_config *config, lp_err *err);

/* True when episodes or decisions have reached their limits. */
bool lp_run_done(const lp_run *run);
/* True when lp_run_open found decisions to continue from. */
bool lp_run_resumed(const lp_run *run);

/* Between decisions, also after a failure of take: from here on the run, which no guest plays, goes on in memory alone. Its files stay as they were at the last
 * checkpoint, and nobody else's. */
void lp_run_unrecord(lp_run *run);
bool lp_run_recorded(const lp_run *run);
/* The recorded run, where its last checkpoint left it, beside one that is unrecorded and gives it the files: it plays the same. LP_FAILED: it
 * cannot be recorded still; LP_BAD_INPUT: its files are not what they were. Then all is as before. */
lp_status lp_run_again(lp_run **out, lp_run *run, lp_err *err);
/* Closes again, as after a failure of its, and run keeps the files. */
void lp_run_give_back(lp_run *again, lp_run *run);
/* Closes again, which has come to where run is and was saved: run is recorded from here on. */
void lp_run_take_over(lp_run *run, lp_run *again);

/* Before a decision: true while another program, as a sqlite3 shell, keeps run.db locked, so that nothing can be recorded; it takes up to
 * 50 ms, and why says who. */
bool lp_run_locked(lp_run *run, lp_err *why);
/* The same of a run that stands still meanwhile, which is said. Nothing is lost: ask again, until it is false. */
bool lp_run_waits(lp_run *run);
/* Decides: starts the next episode where one is due, looks, and asks the player. */
lp_status lp_run_think(lp_run *run, lp_err *err);
/* Between episodes (not lp_run_playing): what viewers chose, "doors=4 when=1", of knobs of the next one, on top of the run's own. It is written
 * down in viewers.txt first, and an event says so; a resumed run plays the same. Where something was chosen already that stays. LP_FAILED: it
 * cannot be written down, and changes nothing. */
lp_status lp_run_vote(lp_run *run, const char *knobs, lp_err *err);
/* Is it between episodes, and viewers chose for the next one already? As in a run that was killed after they had. */
bool lp_run_voted(const lp_run *run);
/* Marks the decision that comes next as an event "clip" with a text, which is found as all events are, but reaches no policy and no guest. The same holds. */
lp_status lp_run_mark(lp_run *run, const char *text, lp_err *err);
/* An episode has begun and not ended. */
bool lp_run_playing(const lp_run *run);
/* What a knob is in the episode that goes on. */
int64_t lp_run_knob(const lp_run *run, int knob);
/* Of a run whose policy is "human", between think and take: what the person does. Until told, nothing is pressed. */
void lp_run_choose(lp_run *run, int action);
/* Of a run that a guest plays (players/guest.h), between think and take: waits up to timeout_ms for what it decides. *answered is true at once
 * for whoever else plays, and where the answer was written down before a kill. LP_FAILED: the guest is gone, or its answer is none. */
lp_status lp_run_hear(lp_run *run, int timeout_ms, bool *answered, lp_err *err);
/* Does what was decided, remembers and records it, and saves when a checkpoint is due. LP_FAILED (a full disk, ...): the run
 * is good up to its last checkpoint and can be opened again; this lp_run refuses everything but reading and closing. */
lp_status lp_run_take(lp_run *run, lp_err *err);
/* A checkpoint now. Not between think and take. */
lp_status lp_run_save(lp_run *run, lp_err *err);
/* A last checkpoint, after a take or while a guest is waited for, and word that this sitting was not cut short, without which the next is shown as recovered from a crash. */
lp_status lp_run_end(lp_run *run, lp_err *err);
/* Since the last decision the player was paused for as many seconds: they do not count as played. */
void lp_run_idle(lp_run *run, double seconds);

lp_run_totals lp_run_counts(lp_run *run);
/* The totals at the last checkpoint, read without opening the run for writing; works while it is being recorded.
 * *playing: an episode has begun and not ended. */
lp_status lp_run_peek(const char *folder, lp_run_totals *totals, bool *playing, lp_err *err);
/* A person's edit of what a guest remembers, of a run that it plays or played: an item's text, at most 511 bytes of UTF-8; NULL takes it away. What
 * stood there stays in the run's table of edits. *taken: it is done; else whoever plays takes it up before the next question. LP_BAD_INPUT: no
 * guest's run, no such item, no such text. */
lp_status lp_run_edit(const char *folder, const char *id, const char *text, const char *by, bool *taken, lp_err *err);
/* The same as lp_run_peek, and the store stays open for reading. */
lp_status lp_run_look(lp_store **store, const char *folder, lp_run_totals *totals, bool *playing, lp_err *err);

/* The moment: after lp_run_think, what is about to be done; after lp_run_take, what has just been done. */
lp_seat *lp_run_seat(lp_run *run);
const lp_decision *lp_run_decision(const lp_run *run);       /* NULL when there is no policy; valid until the next think */
bool lp_run_chat(const lp_run *run, lp_chat_counts *counts); /* what a chat model did so far; false: none plays */
int64_t lp_run_milestones(const lp_run *run);                /* reached, over all sittings */
int64_t lp_run_stuck(const lp_run *run);                     /* how often somebody was stuck, over all sittings */
int lp_run_action(const lp_run *run);                        /* -1 before the first think */
lp_outcome lp_run_outcome(const lp_run *run);                /* of the last take */

/* Fills everything of view that the run knows: the picture, intentions, value history, memory and what it is reading. The caller
 * adds mode, speed and status. Pointers are valid until the next call on run. */
void lp_run_view(lp_run *run, lp_view *view);

#endif
