/* What the files of train/ share. Internal to them. */
#ifndef LP_TRAIN_TRAIN_PARTS_H
#define LP_TRAIN_TRAIN_PARTS_H

#include "base/arena.h"
#include "harness/seat.h"
#include "memory/selection.h"
#include "train/train.h"

enum { TRAIN_GROUP = 8, TRAIN_HALVES = 2, MAX_STARTS = 32, MAX_FRESH = 16, N_DRAWN = 2 };

/* A moment of a demonstration, with the memory that a guide had there: see train_guide.c. */
typedef struct {
    int demo;
    int64_t left;              /* decisions to its end */
    size_t bytes, packed, raw; /* of data; of the seat in it, as it is there and as it was */
    unsigned char *data;       /* owned; NULL: there is none */
} train_start;
typedef struct train_demos train_demos;
typedef struct train_bonus train_bonus;
typedef struct train_bonuses train_bonuses;

/* What the items of a memory's context were encoded from; empty where train.reencode is 0. */
typedef struct {
    lp_arena arena;
    lp_selection selection;
    int n;                 /* of the context after the last rollout, in its order */
    int64_t *step;         /* [max_context] */
    unsigned char *record; /* [max_context], see train_past.c */
    float *states;         /* [steps][state_floats] the core's before each decision of the rollout; NULL without a core */
    int *chosen;           /* [max_context] those that the rollout encodes again, by their places in the context */
} past;

typedef struct {
    lp_seat seat;
    past past;
    int twin, guide, taught;
    int demo;                       /* that it follows; -1: none */
    train_start starts[MAX_STARTS]; /* a guide's, that others may begin from; a ring */
    int starts_at;                  /* where the next one goes */
    train_start fresh[MAX_FRESH];   /* [n_fresh] those that it left in this rollout */
    int n_fresh;
    struct {
        const train_start *start; /* NULL: power-on */
        int from, to;             /* of the segment's old rows those of its items; from -1: it was not begun from yet */
        int again_from, again_to; /* of those that the segment encodes again */
    } drawn[N_DRAWN];             /* where its episodes begin in this rollout, in turns */
    int n_begun;
    int64_t deadline;         /* decisions of the episode after which it is lost, where it began at a start; 0: none */
    int old_from, old_to;     /* of the segment's old rows the running episode's; old_to -1: up to the last */
    int again_from, again_to; /* of the rows that the segment encodes again those of the running episode */
    float *again_item;        /* [max_again][dim] of the starts' rows among these, by the weights of now; NULL: none can be drawn */
    float *again_salience;    /* [max_again] */
    int64_t strays;           /* decisions of the episode in which it, taught, did other than the oracle said */
    uint64_t n_episodes;      /* begun; counts the training seeds used */
    int64_t episode_offset;   /* segment step of the running episode's step 0; negative when it began earlier */
    int64_t first_row;        /* segment step of the first of its items that are the segment's; those from before it are old */
    lp_rng rng;               /* draws the horizon */
    train_bonus *bonus;       /* owned; NULL: there are none */
    /* of this rollout */
    int n_ended;
    uint8_t *ended; /* [steps] an episode's outcome: 1 a win, 0 not */
    double emulate_s, memory_s, forward_s;
    lp_err error; /* none: empty */
} player;

struct lp_train {
    const lp_game *game;
    lp_train_config config;
    lp_mem_config memory;
    int max_context, max_old; /* items that a decision reads; those from before its segment that a segment does */
    int max_each, max_again;  /* of a context's, those that are encoded again; of a segment's: its own, and its starts' */
    lp_pool *pool;
    lp_policy *policy;
    lp_learner *learner;
    int n_actors, n_halves;
    lp_actor **actors;          /* [n_actors] */
    player *scratch;            /* [n_actors] where starts are looked at; NULL: there can be none */
    player *players;            /* [envs] */
    lp_decision *decisions_now; /* [envs] on a card */
    train_demos *demos;         /* NULL: none */
    train_bonuses *bonuses;     /* NULL: none */
    const train_start **starts; /* [n_starts] of all guides; as they were after the last rollout */
    int n_starts;
    bool overlaps, pending; /* updates overlap with rollouts; one is not published yet */
    /* progress, all of it saved */
    int64_t update, decisions;
    lp_curriculum curriculum;
};

lp_status train_begin_episode(lp_train *t, player *p, lp_err *err);
/* steps decisions of every environment, into the learner's segments. forward_s: time that acting took, in all threads; on a card, that the
 * host waited for it. */
lp_status train_rollout(lp_train *t, double *forward_s, lp_err *err);

/* ---- train_guide.c ---- */
/* train.demos, where it names a file; else NULL. LP_BAD_INPUT: they are not of this game. */
lp_status demos_open(train_demos **out, const lp_train *t, lp_err *err);
void demos_close(train_demos *demos);
int64_t demos_longest(const train_demos *demos); /* decisions */
void guide_close(player *p);
/* Begins a demonstration, from power-on. */
lp_status guide_follow(lp_train *t, player *p, lp_err *err);
/* What the demonstration does now; and after it was done, whether the episode goes as it should: LP_BAD_INPUT, told in p->error. */
int guide_action(const lp_train *t, const player *p);
lp_status guide_followed(const lp_train *t, player *p, lp_outcome outcome);
/* After a look at what is no later than the segment: leaves a start behind, where one is wanted. LP_FAILED, told in p->error. */
lp_status guide_leave(const lp_train *t, player *p, const lp_segment *g);
/* After a rollout: what was left is there to begin from. */
void guides_collect(lp_train *t);
/* Before one: where the episodes of environment e begin; what is most salient there is encoded with the weights of now, and its segment's to encode
 * again, behind what the running episode has of it. actor, rows, d: as in past_renew. */
lp_status guide_draw(lp_train *t, int e, lp_actor *actor, lp_decision *d, int rows, lp_err *err);
/* p's next episode begins at p->drawn[i]. */
lp_status guide_begin(lp_train *t, player *p, const lp_segment *g, int i, lp_err *err);
/* For checkpoints, behind the players; nothing without demonstrations. LP_BAD_INPUT: damaged, or of other demonstrations. */
size_t guides_save_bound(const lp_train *t);
size_t guides_save(const lp_train *t, unsigned char *out);
lp_status guides_load(lp_train *t, const unsigned char *data, size_t size_bytes, size_t *used, bool anew, lp_err *err);

/* ---- train_teach.c ---- */
/* LP_BAD_INPUT: train.teach for a game without an oracle, or with nothing to be imitated. */
lp_status teach_open(const lp_train *t, lp_err *err);
/* Is it an episode in which the oracle acts, too, so that its outcome says nothing of the policy? */
bool teach_leads(const lp_train *t, const player *p);
/* Of a taught player: what the oracle says, and what is done, which comes in as the policy's action. */
lp_status teach_action(const lp_train *t, player *p, int *told, int *done);
/* Did it stray too often? */
bool teach_lost(const player *p);
/* For checkpoints, behind the bonuses; nothing without train.teach. LP_BAD_INPUT: damaged. */
size_t teach_save_size(const lp_train *t);
void teach_save(const lp_train *t, unsigned char *out);
lp_status teach_load(lp_train *t, const unsigned char *data, size_t size_bytes, bool anew, lp_err *err);

/* ---- train_bonus.c ---- */
/* *out is NULL where no bonus has a weight. LP_BAD_INPUT: the game has no milestones, or no such variables. */
lp_status bonuses_open(train_bonuses **out, const lp_train *t, lp_err *err);
void bonuses_close(train_bonuses *bonuses);
lp_status bonus_open(player *p, const lp_train *t, lp_err *err);
void bonus_close(player *p);
/* An episode begins. */
void bonus_begin(player *p);
/* What a decision brings beside a win or a loss. */
float bonus_take(const lp_train *t, player *p, lp_outcome outcome);
/* After a rollout: novelty learns from it. Returns the mean bonus of its decisions. */
double bonuses_learn(lp_train *t);
/* For checkpoints, behind the guides; nothing without bonuses. LP_BAD_INPUT: damaged. */
size_t bonuses_save_size(const lp_train *t);
void bonuses_save(const lp_train *t, unsigned char *out);
lp_status bonuses_load(lp_train *t, const unsigned char *data, size_t size_bytes, bool anew, size_t *used, lp_err *err);

/* For a memory whose contexts have at most max_items. LP_BAD_INPUT: they are too large. */
lp_status past_open(past *out, const lp_train *t, int max_items, lp_err *err);
void past_close(past *past);
/* Before a rollout: the most salient items of environment e's memory are encoded with the weights of now, in the memory, and are its
 * segment's to encode again. rows: what the actor takes at once; d: scratch of as many. */
lp_status past_renew(lp_train *t, int e, lp_actor *actor, lp_decision *d, int rows, lp_err *err);
/* During one: the core's state before its decision s. */
void past_note_state(past *past, const lp_train *t, int s, const float *state);
/* The most salient items of the context that kept has the records of, by their places, into kept->chosen; returns how many. And one of them as a row that
 * the segment encodes again, of which the observation is made. */
int past_choose(past *kept, const lp_mem_context_view *context);
lp_observation past_take(const lp_train *t, const past *kept, lp_segment *g, int chosen, int row);
/* After one: the records of what the context has now, from before or from the segment. LP_FAILED, told in p->error: of an item there is none. */
lp_status past_gather(const lp_train *t, player *p, const lp_segment *g);
/* For checkpoints, after a rollout: out has past_save_bound bytes; returns those used. Loaded for the memory that p has by then; skip: nothing
 * is. Without train.reencode no byte is either. LP_BAD_INPUT: they are damaged, or not of such a memory. */
size_t past_save_bound(const lp_train *t, const past *past);
size_t past_save(const lp_train *t, const past *past, unsigned char *out);
lp_status past_load(const lp_train *t, player *p, const unsigned char *data, size_t size_bytes, bool skip, size_t *used, lp_err *err);

#endif
