/* The store: one SQLite file a run (run.db), the durable and inspectable truth about what an agent lived through.
 *
 *     lp_store *store;
 *     lp_store_open(&store, "runs/cue/run.db", &err);       // the one writer; or lp_store_open_reader
 *     lp_store_item(store, episode, step, decision, ...);   // rows, buffered
 *     lp_store_commit(store, blob, blob_size, &err);        // and the checkpoint they belong to
 *     lp_store_close(store);
 *
 * Tables (store_schema.c says what each column means; so does `.schema` in the sqlite3 shell): meta, encoders, episodes,
 * items, summaries, summary_items, events, metrics, checkpoint, and a full-text index. Views answer common questions:
 * score, results, timeline, milestones, tree, kept, found. WAL, synchronous = NORMAL.
 *
 * Rows are buffered in a transaction; lp_store_commit ends it together with the checkpoint, so that a process killed
 * anywhere leaves rows and checkpoint that belong together. What is appended after the last commit is lost by a
 * crash, and appended again, the same, by the resumed run.
 *
 * One thread at a time a store; any number of stores. Strings that are handed in are copied.
 */
#ifndef LP_MEMORY_STORE_H
#define LP_MEMORY_STORE_H

#include "base/status.h"
#include "memory/memory.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct lp_store lp_store;

/* Creates path (LP_BAD_INPUT if it exists) and opens it for writing. Leaves no file after a failure. */
lp_status lp_store_create(lp_store **out, const char *path, lp_err *err);
/* Opens for writing and takes the run's lock: LP_BAD_INPUT when another process is writing it, when it is not a
 * Longplay database, is of a newer schema, or is damaged. Where a -wal file with content is found that nobody writes (a kill leaves one, but
 * so does a copy of files that do not belong together) the database is checked whole, here and by a reader: some 1.5 s a million items. */
lp_status lp_store_open(lp_store **out, const char *path, lp_err *err);
/* Opens for reading only; works while another process writes. */
lp_status lp_store_open_reader(lp_store **out, const char *path, lp_err *err);
/* Copies what the store holds at this moment into the new file path, also while another process writes it. Leaves no file after a failure. */
lp_status lp_store_copy(lp_store *store, const char *path, lp_err *err);
void lp_store_close(lp_store *store); /* rolls back what was not committed */

/* ---- writing. Buffered: the first error is kept, what comes after it is ignored, and lp_store_commit reports it ---- */
/* "policy_digest" also names the encoder that wrote the vectors of the items to come. */
void lp_store_meta(lp_store *store, const char *key, const char *value);
void lp_store_episode_begin(lp_store *store, int64_t episode, uint64_t seed, int64_t first_decision);
void lp_store_episode_end(lp_store *store, int64_t episode, const char *result, int64_t n_decisions);
/* An item: step counts from 0 in its episode; decision counts from 0 in the run. text may be NULL. vector [dim]. */
void lp_store_item(lp_store *store, int64_t episode, int64_t step, int64_t decision, int action, float salience, const float *vector,
                   int dim, const char *text);
/* Its text becomes that of the items it kept, which must be there. */
void lp_store_summary(lp_store *store, int64_t episode, const lp_mem_summary *summary);
/* The first event of a name in a run becomes a milestone. */
void lp_store_event(lp_store *store, int64_t episode, int64_t step, int64_t decision, const char *name, const char *text);
void lp_store_metric(lp_store *store, int64_t decision, const char *name, double value);
/* Commits everything since the last commit and replaces the checkpoint blob (NULL: leaves it), as one transaction.
 * LP_FAILED (full disk, a database that was moved or removed, ...): the database holds exactly the last successful commit, and this store will write no more:
 * every further commit fails alike. */
lp_status lp_store_commit(lp_store *store, const void *checkpoint, size_t size_bytes, lp_err *err);

/* Whether the files written are still where they were opened, as lp_store_commit asks too; LP_FAILED is final. */
lp_status lp_store_in_place(lp_store *store, lp_err *err);
/* Begins the transaction that the next rows go into. *locked: another program, as a sqlite3 shell, keeps the database locked, which
 * err then says beside LP_OK; nothing is lost, and this may be asked again. Without it the first row waits for such a lock, and fails after 30 s. */
lp_status lp_store_begin(lp_store *store, bool *locked, lp_err *err);

/* ---- dropping (store_drop.c), for the next commit ---- */
/* Looks at n_items and drops those that tell least; twice as many as came since the last call are enough to keep what stays from growing with
 * the run. summarises: the memory makes summaries, so what the next one may keep stays. False: there was nothing left to look at, or the store
 * is broken. */
bool lp_store_drop(lp_store *store, int64_t n_items, bool summarises);
/* Gives a part of what is free back to the disk, where that is much. A file from before this was done only uses it again. */
void lp_store_shrink(lp_store *store);
typedef struct {
    int64_t file, free, log; /* of the database, as it will be; what of it is free; of the -wal file */
} lp_store_bytes;
lp_status lp_store_used(lp_store *store, lp_store_bytes *bytes, lp_err *err);

/* Nothing since the last commit has been, and what failed may be tried again. */
void lp_store_rewind(lp_store *store);

/* ---- summaries that a player wrote (store_written.c) ---- */
typedef struct {
    const char *id, *text;
    const char *refused; /* why the summary keeps the text that it had; NULL: text is its text */
    const char *model, *prompt, *sources;
    int64_t tokens, decision; /* decision: before which it was written */
} lp_store_written;
/* For the next commit; once more is as once. False: there is no such summary, or the store is broken. */
bool lp_store_write(lp_store *store, const lp_store_written *written);
/* Who wrote a summary; no visit: nobody. */
lp_status lp_store_writer(lp_store *store, const char *id, void (*visit)(void *context, const lp_store_written *written), void *context,
                          lp_err *err);

/* ---- what people corrected (store_edit.c) ---- */
typedef struct {
    int64_t number;     /* 1, 2, ...: its line in the run's edits.txt */
    const char *id;     /* of an item, or of a summary that was written */
    const char *text;   /* that it has from now on; NULL: none */
    const char *before; /* that it had; NULL: none. For reading */
    const char *by;     /* who says so */
    int64_t at;         /* Unix time */
    int64_t decision;   /* the first for which the player was told so */
} lp_store_edit;
/* For the next commit. False: there is no such node, or the store is broken. */
bool lp_store_edit_text(lp_store *store, const lp_store_edit *edit);
/* The highest number of all edits; 0: there are none. */
lp_status lp_store_last_edit(lp_store *store, int64_t *number, lp_err *err);
/* Those of an ID, oldest first; a visit must not call the store, and texts are valid during it. */
lp_status lp_store_edits(lp_store *store, const char *id, void (*visit)(void *context, const lp_store_edit *edit), void *context,
                         lp_err *err);

/* ---- reading ---- */
/* How far the rows reach: what the checkpoint that was committed with them must agree with. */
typedef struct {
    int64_t last_decision, n_items; /* of items; -1: none */
    int64_t last_episode;           /* 0: none */
    int64_t n_dropped;              /* items that were dropped */
} lp_store_extent;
/* The checkpoint (owned by store, valid until the next call on it), *data NULL when there is none; and the extent of the rows of the same
 * commit, where extent is not NULL. */
lp_status lp_store_checkpoint(lp_store *store, const void **data, size_t *size_bytes, lp_store_extent *extent, lp_err *err);
/* The value, or "" when absent. Into out, cut to size_bytes. */
lp_status lp_store_get_meta(lp_store *store, const char *key, char *out, size_t size_bytes, lp_err *err);
/* The first decision of which another store, at path, tells another timeline (episodes, their seeds and ends, events) than this one; -1
 * where they tell the same. */
lp_status lp_store_first_difference(lp_store *store, const char *path, int64_t *decision, lp_err *err);
/* SQLite's own integrity check. LP_BAD_INPUT names the first fault. */
lp_status lp_store_check(lp_store *store, lp_err *err);
/* From here on nothing is changed on the disk, also not by closing, which moves what the -wal file holds into the database. */
void lp_store_leave(lp_store *store);

/* What a person looks at. IDs can be typed: item e3s120 is step 120 of episode 3; summary e3L2.5 is number 5 of level 2. */
typedef struct {
    char id[64], parent[64]; /* parent: the summary that keeps it or that it is merged into; "": none (yet), so a summary
                                without one is what the memory holds now, or held when the episode ended */
    int64_t episode, level;  /* level 0: an item */
    int64_t first, last;     /* the steps it covers; an item: its own */
    int64_t decision;        /* of the run, where its span begins: the frame it leads back to */
    double salience;         /* of an item */
    int n_items;             /* a summary: items it kept */
    const char *items;       /* a summary: their ids, oldest first, separated by spaces; valid during the visit */
    const char *text;        /* NULL: none; valid during the visit */
    const float *vector;     /* an item, by lp_store_show: [dim]; valid during the visit */
    int dim;                 /* 0: no vector */
    const char *event;       /* a moment without an item, by lp_store_search: the event's name; else NULL. Valid during the visit */
    bool dropped;            /* an item that was: it has neither salience, text nor vector */
    const char *encoder;     /* with a vector: digest of the policy that wrote it; "": not known */
} lp_store_row;
/* Must not call the store, nor take long: rows are visited while their query is open. */
typedef void (*lp_store_visit)(void *context, const lp_store_row *row);
/* The episode that a decision of the run is of, one behind the last of the last one too, and that one's first decision; 0: there is none. */
lp_status lp_store_episode_at(lp_store *store, int64_t decision, int64_t *episode, int64_t *first_decision, lp_err *err);
/* How an episode ended, as lp_store_episode_end was told; "": it has not, or there is none. Cut to size_bytes. */
lp_status lp_store_episode_result(lp_store *store, int64_t episode, char *out, size_t size_bytes, lp_err *err);
/* The summaries of an episode (0: the last begun), highest level first. LP_BAD_INPUT: no such episode. */
lp_status lp_store_tree(lp_store *store, int64_t episode, lp_store_visit visit, void *context, lp_err *err);
/* One item, also one that was dropped, or summary. LP_BAD_INPUT: not an ID, or nothing has it. */
lp_status lp_store_show(lp_store *store, const char *id, lp_store_visit visit, void *context, lp_err *err);
/* The items whose text has all the words, the best matches first, at most limit; and moments without an item (as that
 * in which an episode ends) whose events have them. A word matches by its beginning and whatever its ending ("doors" finds
 * "door"). Any characters may stand in words; LP_BAD_INPUT when there is none to search for. */
lp_status lp_store_search(lp_store *store, const char *words, int limit, lp_store_visit visit, void *context, lp_err *err);
/* What happened, in its order, from where the last call with this cursor ended (zeroed: from the beginning) up to decision: events, then
 * episodes that ended. A visit must not call the store, nor take long; texts are valid during it. */
typedef struct {
    int64_t event, episode;
} lp_store_cursor;
typedef struct {
    int64_t episode, step, decision; /* of an end: the first after it */
    const char *name, *text;         /* of an event; text may be NULL. Of an end: NULL */
    const char *result;              /* of the episode; NULL: it has not ended */
    int64_t n_decisions;             /* of the episode, where it has ended */
} lp_store_happening;
lp_status lp_store_happenings(lp_store *store, lp_store_cursor *cursor, int64_t decision,
                              void (*visit)(void *context, const lp_store_happening *h), void *context, lp_err *err);
/* The episodes that ended, in their order; texts are valid during the visit, which must not call the store. */
typedef struct {
    int64_t episode, first_decision, n_decisions;
    uint64_t seed;
    const char *result; /* "win", "loss", "timeout" */
} lp_store_episode;
lp_status lp_store_episodes(lp_store *store, void (*visit)(void *context, const lp_store_episode *episode), void *context, lp_err *err);
/* Counts of rows, for an overview. */
typedef struct {
    int64_t episodes, items, summaries, events, levels;
    int64_t dropped; /* items that are not there any more */
} lp_store_counts;
lp_status lp_store_count(lp_store *store, lp_store_counts *counts, lp_err *err);

#endif
