/* Is somebody stuck, whoever plays: walking against a wall, or in a circle? A decision that pressed keys and came to a place where the episode had been
 * since its last event led nowhere; so many of them in a row, and the player is stuck, until a place is new or something happens.
 *
 *     lp_stuck_open(&s, game, 500);
 *     lp_stuck_begin(&s);                                       // at each reset,
 *     if (lp_stuck_look(&s, env, keys)) ...                     // and after every step: it has just become so
 *
 * A place is what the game says it is (longplay.json "place": variables), or the picture, to the pixel. Who presses nothing waits, which counts neither way. Circles of more
 * than LP_STUCK_PLACES places are not seen as such. It influences nothing. After open nothing allocates. */
#ifndef LP_HARNESS_STUCK_H
#define LP_HARNESS_STUCK_H

#include "env/cells.h"

enum { LP_STUCK_PLACES = 4096, LP_STUCK_SLOTS = 2 * LP_STUCK_PLACES, LP_STUCK_TEXT = 64 + 9 * LP_STUCK_PLACES };

typedef struct {
    lp_cells cells;
    bool by_variables;
    int64_t after;   /* decisions; 0: nobody looks */
    int64_t nowhere; /* decisions in a row that led nowhere */
    int64_t times;   /* that somebody was stuck */
    int n;
    uint32_t place[LP_STUCK_PLACES]; /* [n] since the last event, hashes, in their order; 0 is none */
    uint32_t slot[LP_STUCK_SLOTS];   /* the same, by hash */
} lp_stuck;

void lp_stuck_open(lp_stuck *s, const lp_game *game, int64_t after);
void lp_stuck_begin(lp_stuck *s);
/* keys: that the step pressed. True: by it the player has come to be stuck. */
bool lp_stuck_look(lp_stuck *s, lp_env *env, uint16_t keys);
/* The decisions that led nowhere, of a player that is stuck; else 0. */
int64_t lp_stuck_now(const lp_stuck *s);
/* What it knows, as a line of text, for a checkpoint; and back. False: the line is none, and it knows nothing. */
void lp_stuck_print(const lp_stuck *s, char out[LP_STUCK_TEXT]);
bool lp_stuck_read(lp_stuck *s, const char *text);

#endif
