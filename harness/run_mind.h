/* A mind: a player in its seat, and what a viewer wants to know of it. A run lives one; a replay calls one up again.
 *
 *     lp_mind_open(mind, game, policy, false, &memory, NULL, &err);
 *     lp_mind_reset(mind);                        // at each episode, after lp_seat_begin or the like
 *     lp_mind_think(mind, &err);                  // mind->decision, mind->action
 *     lp_mind_view(mind, &view);
 *
 * Texts are kept for items that the context holds, so that the viewer can say what is being read. They influence nothing.
 */
#ifndef LP_HARNESS_RUN_MIND_H
#define LP_HARNESS_RUN_MIND_H

#include "harness/seat.h"
#include "players/guest.h"
#include "view/viewer.h"

enum { LP_MIND_TEXT_BYTES = 512, LP_MIND_TEXTS = 1024, LP_MIND_NOTES = 256, LP_MIND_NODES = 128 };

typedef struct {
    int64_t step;
    char text[LP_MIND_TEXT_BYTES];
} lp_mind_text;

/* A summary in words (run_nodes.c). */
typedef struct {
    char id[LP_NODE_ID];
    int level;
    int64_t first, last; /* the steps it covers */
    bool done;           /* it has been written, or will not be */
    char text[LP_MIND_TEXT_BYTES];
} lp_mind_node;

typedef struct {
    const lp_game *game;     /* borrowed */
    const lp_policy *policy; /* borrowed; NULL: random, oracle, human or a guest */
    bool oracle;             /* without a policy: certain of its action */
    bool samples;            /* lp_policy_samples */
    bool human;              /* set after open: a person decides between think and take */
    bool guest;              /* lp_mind_invite: a guest, whose answer it is given */
    bool writes;             /* likewise, one whose summaries are written: its context has these in the place of the items that they keep */
    int64_t episode;         /* set by the caller after a reset, for the IDs of summaries that are written */
    const lp_mem_arch *arch;
    lp_seat seat;    /* owned */
    lp_actor *actor; /* owned */
    lp_observation observation;
    lp_decision
        decision; /* with a policy, after the first think; of a guest, after its answer: an item without a vector, and its importance */
    int action;   /* -1 before the first think */
    /* for the viewer */
    lp_mind_text texts[LP_MIND_TEXTS]; /* ascending by step */
    int n_texts;
    lp_mind_node nodes[LP_MIND_NODES]; /* of one that writes */
    int n_nodes;
    char read_texts[LP_VIEW_MAX_READS][LP_MIND_TEXT_BYTES];
    int n_sent; /* of what a guest was sent of its memory, when it was asked last; weights are parts of all of it, texts in read_texts */
    lp_view_read sent[LP_VIEW_MAX_READS];
    float sent_levels[LP_VIEW_MAX_LEVELS];
    int64_t sent_at;                  /* the step */
    char written[LP_MIND_TEXT_BYTES]; /* of the item or summary written last */
    float values[LP_VIEW_HISTORY], shown_values[LP_VIEW_HISTORY];
    int64_t n_values; /* ever added; the ring's next place is n_values % LP_VIEW_HISTORY */
    float probabilities[LP_MAX_ACTIONS];
    const char *action_names[LP_MAX_ACTIONS];
} lp_mind;

/* mind is zeroed storage. emu NULL: defaults. On failure the mind can be closed. */
lp_status lp_mind_open(lp_mind *mind, const lp_game *game, const lp_policy *policy, bool oracle, const lp_mem_config *memory,
                       const lp_emu_config *emu, lp_err *err);
void lp_mind_close(lp_mind *mind);
/* A new episode: texts are forgotten. */
void lp_mind_reset(lp_mind *mind);
/* Looks at the seat and decides: the policy's most probable action, the oracle's, or a random one. */
lp_status lp_mind_think(lp_mind *mind, lp_err *err);

/* After think: tells a guest of the moment. Of *what the caller fills in episode, before and happened. */
lp_status lp_mind_ask(lp_mind *mind, lp_guest *guest, const lp_moment *what, lp_err *err);
/* A guest will play. */
void lp_mind_invite(lp_mind *mind, const lp_guest *guest);
/* Of one that writes, before it is asked: the next summary that is to be, pointing into mind until it is; with n of 0 nothing was said of what it
 * covers, and there is nothing to ask. False: there is none. */
bool lp_mind_unwritten(lp_mind *mind, lp_writing *writing);
/* What came of it; refused: it keeps the texts of its items. */
void lp_mind_written(lp_mind *mind, const lp_writing *writing, const lp_written *written);
/* One more, zeroed, for a run that is resumed; of too many the oldest goes. */
lp_mind_node *lp_mind_add_node(lp_mind *mind);
/* A new one; text: of the items that it keeps. */
void lp_mind_note_node(lp_mind *mind, const lp_mem_summary *summary, const char *text);
/* Oldest first; returns how many. */
int lp_mind_node_notes(const lp_mind *mind, lp_note notes[LP_MIND_NODES]);
/* What it answered: the mind's action and item. */
void lp_mind_answer(lp_mind *mind, const lp_answer *answer);
/* One more text behind those that there are, as far as there is room: "a", "a; b". */
void lp_text_add(char out[LP_MIND_TEXT_BYTES], const char *between, const char *more);

void lp_mind_note_item(lp_mind *mind, int64_t step, const char *text); /* text NULL: none; steps ascend */
void lp_mind_correct(lp_mind *mind, int64_t step, const char *text);   /* of an earlier item; text NULL: none any more */
void lp_mind_note_summary(lp_mind *mind, const lp_mem_summary *summary);
void lp_mind_note_end(lp_mind *mind, const char *text); /* the last events of an episode */

/* Fills picture, actions, values, memory and reads of view; pointers are valid until the next call on mind. */
void lp_mind_view(lp_mind *mind, lp_view *view);

#endif
