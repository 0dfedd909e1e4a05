/* Votes on knobs of the next episode: a voice a user and ballot, the last that was given. */
#ifndef LP_IRC_IRC_VOTES_H
#define LP_IRC_IRC_VOTES_H

#include "irc/irc.h"

#include <stdbool.h>
#include <stdint.h>

enum { LP_IRC_VOTERS = 4096 };
typedef struct {
    const lp_irc_ballot *ballots; /* borrowed */
    int n_ballots, n_voters;
    int count[LP_IRC_BALLOTS][LP_IRC_VALUES];
    struct {
        uint64_t who;                   /* 0: nobody */
        signed char of[LP_IRC_BALLOTS]; /* 1 + the value's place; 0: none */
    } voters[2 * LP_IRC_VOTERS];
} lp_irc_votes;

/* A ballot by its knob's name; NULL: the only one there is. -1: none. */
int lp_irc_votes_find(const lp_irc_votes *v, const char *name);
/* False: it is not on the ballot, or there are too many voters already. */
bool lp_irc_votes_cast(lp_irc_votes *v, const char *nick, int ballot, int64_t value);
/* Ends it: "doors=4 when=1", what has the most voices, of as many the first on the ballot; false: nobody has voted. All begin anew. */
bool lp_irc_votes_end(lp_irc_votes *v, char *out, size_t size);

#endif
