/* What the files of a run share; see run.h. Not for other folders.
 *
 * The checkpoint in the store is an lp_run_head followed by head.seat_bytes bytes of lp_seat_save (none before the first
 * decision, and in a run that was taken over from a movie).
 */
#ifndef LP_HARNESS_RUN_PARTS_H
#define LP_HARNESS_RUN_PARTS_H

#include "base/journal.h"
#include "harness/run.h"
#include "harness/run_mind.h"
#include "harness/stuck.h"
#include "harness/timeline.h"
#include "players/answers.h"
#include "memory/store.h"
#include "saves/movie.h"

#include <limits.h>

enum { LP_RUN_PATH_BYTES = 768 };

/* Fixed layout, little-endian, no padding: 8-byte fields and one text whose size is a multiple of 8. */
typedef struct {
    char magic[8];         /* "LPRUN\0\0\2": the last byte is the version; docs/formats.md */
    uint64_t hash;         /* of everything after this field, the seat included */
    uint64_t identity;     /* lp_run_identity: what is being played */
    uint64_t movie_offset; /* where to resume the movie */
    uint64_t state_hash;   /* of the machine, for people and for checks */
    int64_t episodes, wins, losses, timeouts, decisions;
    int64_t first_decision; /* of the episode that is going on */
    uint64_t frames;        /* of the episodes that have ended */
    uint64_t frames_now;    /* of the one that is going on */
    uint64_t playing;       /* 1: an episode is going on */
    uint64_t seat_bytes;
    char text[LP_MIND_TEXT_BYTES]; /* of the events since the last item: the next item's text */
} lp_run_head;

typedef struct {
    double opened_s, idle_s; /* this sitting: lp_now_s; how long it was paused */
    double before_s;         /* played in earlier sittings */
    double started;          /* Unix time; NaN: not known */
    bool open;               /* the store says that a sitting goes on */
    char recovered[64];      /* what the last sitting's crash is told with; "": there was none */
} lp_run_clock;
/* store NULL: not recorded. resumed: it has clocks of earlier sittings. */
void lp_run_clock_open(lp_run_clock *c, lp_store *store, bool resumed);
double lp_run_clock_played(const lp_run_clock *c);
/* NULL: no crash, or not a moment ago. */
const char *lp_run_clock_recovered(const lp_run_clock *c);
/* Rows for the next commit. closed: the sitting is over. */
void lp_run_clock_write(lp_run_clock *c, lp_store *store, bool closed);

/* viewers.txt (run_viewers.c): what viewers did, each before what it belongs to. Zero-initialised: nobody did anything, and it is kept in memory alone. */
enum { LP_VIEWER_TEXT_BYTES = 384 };
typedef struct {
    int64_t decision;
    bool vote;                       /* on the episode that begins with this decision; else a mark at it */
    char text[LP_VIEWER_TEXT_BYTES]; /* "doors=4 when=1"; words */
} lp_viewer_word;
typedef struct {
    lp_journal *journal;  /* owned; NULL: not recorded */
    lp_viewer_word *list; /* owned, in their order */
    int n, room;
    int64_t from; /* earlier ones are not looked at */
    bool full;    /* there was no memory for one */
} lp_viewer_words;
/* Is an event of this name a vote or a mark? */
bool lp_is_of_viewers(const char *event);
/* An event that says of the player, not of the game, and is for no player. */
#define LP_RUN_STUCK "stuck"
/* False: the line is none. */
bool lp_viewer_word_read(lp_viewer_word *word, const char *line);
/* Reads those from decision `from` on; a last line that was cut off is taken away. LP_BAD_INPUT: another line is none. */
lp_status lp_viewer_words_open(lp_viewer_words *words, const char *folder, int64_t from, lp_err *err);
void lp_viewer_words_close(lp_viewer_words *words);
/* Written down first. LP_FAILED: it could not be, and nothing has changed. */
lp_status lp_viewer_words_add(lp_viewer_words *words, int64_t decision, bool vote, const char *text, lp_err *err);
/* Forgets what belongs to earlier decisions. */
void lp_viewer_words_drop(lp_viewer_words *words, int64_t before);
/* What was chosen for the episode that begins with this decision; NULL: nothing. Valid until the next call. */
const char *lp_viewer_vote(const lp_viewer_words *words, int64_t decision);

struct lp_run {
    const lp_game *game;     /* borrowed */
    const lp_policy *policy; /* borrowed; NULL: random or oracle */
    bool recorded, resumed, broken;
    bool thought;                   /* between think and take */
    bool waits;                     /* another program keeps the store locked */
    char folder[LP_RUN_PATH_BYTES]; /* of a recorded run */
    lp_store *idle;                 /* the store of one that is not recorded for now; owned */
    int lock_fd;                    /* of a recorded run; else -1 */
    lp_run_config config;
    lp_run_head head;
    int64_t knobs[LP_MAX_KNOBS], episode_knobs[LP_MAX_KNOBS]; /* the config's; of the episode that goes on, with what viewers chose */
    lp_viewer_words words;
    lp_mind mind;
    lp_guest *guest;     /* who plays, where a guest does; owned */
    lp_answers *answers; /* of a guest's recorded run; owned */
    int64_t edits_bytes; /* of edits.txt that were looked at */
    lp_library library;
    char last_thought[LP_ANSWER_THOUGHT];
    lp_view_model model; /* of the moment that was shown last, as its lines */
    lp_view_line lines[LP_NOTEBOOK];
    char note[96], shown[LP_RUN_PATH_BYTES]; /* likewise; shown: who plays */
    lp_answer answer;                        /* the last */
    bool answered;                           /* between think and take: a guest has */
    bool known;                              /* likewise: its answer is known from before a kill */
    bool writes;                             /* likewise: it writes a summary before it is asked */
    lp_writing writing;
    lp_outcome before; /* how the episode before ended, until a guest was told */
    lp_timeline timeline;
    lp_stuck stuck;
    lp_run_clock clock;
    lp_store *store;
    lp_movie_writer *movie;
    unsigned char *blob, *state; /* the checkpoint; [emulator state] */
    size_t blob_bytes;           /* that blob has room for: the memory grows, so it does too */
    int64_t saved_decisions;
    uint64_t saved_playing; /* head.playing then: an episode may begin without a decision */
    double saved_s;
    lp_view_disk disk;
    lp_outcome outcome;
};

/* LP_BAD_INPUT: game or policy are not those that the run was recorded with. */
lp_status lp_run_check_player(const lp_run_config *config, const lp_game *game, const lp_policy *policy, lp_err *err);
/* A hash of what is being played: the config without its limits, and what of the game's setup decisions depend on. */
uint64_t lp_run_identity(const lp_run_config *config, const lp_game *game);
lp_movie_header lp_run_movie_header(const lp_run_config *config, const lp_game *game, size_t state_bytes);
lp_status lp_run_knobs(int64_t *knobs, const lp_run_config *config, const lp_game *game, lp_err *err);

void lp_run_store_meta(lp_store *store, const lp_run_config *config, const lp_game *game);

/* For a guest; NULL functions where the run is not recorded. */
lp_library lp_run_library(lp_run *run);

/* Of a guest that writes its summaries (run_writing.c): asks for what is to be written now, until one is on its way (run->writes) or none is left. */
lp_status lp_run_write_summaries(lp_run *run, lp_err *err);
lp_status lp_run_hear_summary(lp_run *run, int timeout_ms, lp_err *err);
/* Of a run that is resumed: its summaries, and their texts as the store has them now. */
lp_status lp_run_recall_nodes(lp_run *run, lp_err *err);
void lp_run_renew_nodes(lp_run *run);

/* Takes up what people corrected since the last time (run_edits.c): before a guest is asked. */
void lp_run_take_edits(lp_run *run);

/* Bytes that machine states in the movie may take. */
uint64_t lp_run_state_budget(const lp_run_config *config);
/* Before a commit, once the movie's length is known: drops what is too much, and looks how much the disk has left. */
void lp_run_keep_within(lp_run *run);

/* A run folder in the making: it is filled under another name, and appears whole or not at all. */
typedef struct {
    char folder[LP_RUN_PATH_BYTES], parent[PATH_MAX], temporary[PATH_MAX]; /* temporary: where to write now */
} lp_run_folder;
/* Makes temporary, and the folder's parents. LP_BAD_INPUT when there is something at folder already (an empty folder is fine). */
lp_status lp_run_folder_begin(lp_run_folder *f, const char *as_given, lp_err *err);
/* Temporary becomes folder; it must hold nothing that is open. After a failure it is for drop. */
lp_status lp_run_folder_keep(const lp_run_folder *f, lp_err *err);
void lp_run_folder_drop(const lp_run_folder *f);

/* Locks the movie, which stands for the run under whatever names its files have; *fd is for the caller to close. */
lp_status lp_run_lock(int *fd, const char *folder, lp_err *err);

/* Sets episode_knobs of the episode that begins, or began, with this decision. LP_BAD_INPUT: viewers.txt names none of the game's. */
lp_status lp_run_episode_knobs(lp_run *run, int64_t first_decision, lp_err *err);
/* One file of a run into another folder. size: of what is copied; -1: all that there is now. */
lp_status lp_run_copy_file(const char *from, const char *to, const char *name, int64_t size, lp_err *err);

/* An episode begins, or ended: counted, and its row where there is a store (else NULL). */
void lp_run_head_begin(lp_run_head *head, uint64_t seed, lp_store *store);
void lp_run_head_end(lp_run_head *head, lp_outcome outcome, lp_store *store);
/* The machine's state after so many decisions, as often as config says and the movie wants it. state has room for it. */
void lp_run_record_state(lp_movie_writer *movie, const lp_run_config *config, int64_t decisions, lp_emu *emu, unsigned char *state);

/* Sets magic and hash. out holds sizeof *head + head->seat_bytes, the seat already in place. */
void lp_run_head_pack(lp_run_head *head, unsigned char *out);
/* *seat points into data. LP_BAD_INPUT: damaged, or of another version. */
lp_status lp_run_head_unpack(lp_run_head *head, const unsigned char **seat, const void *data, size_t size_bytes, lp_err *err);
/* The store's checkpoint, *seat valid until the next call on store. LP_BAD_INPUT, with path before it: there is none, it is damaged, or the
 * rows are not those that it was committed with: then nothing is changed any more, also not by closing the store. */
lp_status lp_run_head_read(lp_run_head *head, const unsigned char **seat, lp_store *store, const char *path, lp_err *err);

#endif
