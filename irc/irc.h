/* The chat of a stream, over IRC: viewers ask, mark moments and vote; what happens is told (docs/stream.md).
 *
 *     lp_irc *chat;
 *     lp_irc_open(&chat, &(lp_irc_config){.address = "ircs://me@irc.chat.twitch.tv/me"}, &err);
 *     lp_irc_tell(chat, "episode 3, 2 won");       // from time to time: what !stats answers
 *     lp_irc_say(chat, "episode 3 is won");        // told to all, where the limits allow it
 *     if (lp_irc_mark(chat, text)) ...             // somebody wants this moment kept
 *     if (lp_irc_elect(chat, knobs, sizeof knobs)) ... // the votes end: "doors=4"
 *     lp_irc_close(chat);
 *
 * A thread of its own does all that takes time: it connects, again with growing pauses where the server is gone, listens, searches the
 * run's memory and answers. The player's thread only ever copies some text. Everything is bounded: what one viewer may ask, what is
 * answered in all, what waits; what is dropped is counted. Without libcurl (-DLP_IRC=OFF) lp_irc_open says so.
 */
#ifndef LP_IRC_IRC_H
#define LP_IRC_IRC_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LP_IRC_BALLOTS = 4, LP_IRC_VALUES = 64, LP_IRC_TEXT_BYTES = 256 };

/* What is voted on: the values that a knob of the next episode may have. */
typedef struct {
    char knob[64];
    int n_values;
    int64_t values[LP_IRC_VALUES];
} lp_irc_ballot;

typedef struct {
    const char *address;  /* irc://[NICK@]HOST[:PORT]/CHANNEL, or ircs:// */
    const char *password; /* of NICK, never shown; NULL: none */
    const char *run;      /* the folder of the run, whose memory is searched; NULL: not recorded */
    const lp_irc_ballot *ballots;
    int n_ballots;
} lp_irc_config;

typedef struct lp_irc lp_irc;

/* Is there chat in this build, and is this an address? LP_BAD_INPUT: no. */
lp_status lp_irc_check(const char *address, lp_err *err);
/* Joins from here on, and again whenever it has to. Everything in config is copied. LP_FAILED: no memory, no thread. */
lp_status lp_irc_open(lp_irc **out, const lp_irc_config *config, lp_err *err);
/* Leaves. NULL is fine. */
void lp_irc_close(lp_irc *chat);

/* One thread, the player's; none of these waits for anything. */
void lp_irc_tell(lp_irc *chat, const char *text);
/* Of several that could not be told yet only the last few are. A reply is what viewers wait for, and comes before what is said. */
void lp_irc_say(lp_irc *chat, const char *text);
void lp_irc_reply(lp_irc *chat, const char *text);
bool lp_irc_mark(lp_irc *chat, char text[LP_IRC_TEXT_BYTES]);
bool lp_irc_elect(lp_irc *chat, char *knobs, size_t size);

typedef struct {
    bool connected;                                /* in the channel */
    int losses;                                    /* attempts that failed, and connections that ended */
    int64_t asked, answered, dropped, votes, told; /* dropped: asked, or to be told, and left out for the limits */
} lp_irc_state;
lp_irc_state lp_irc_look(lp_irc *chat);

#endif
