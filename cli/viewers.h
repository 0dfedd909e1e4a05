/* Viewers in a stream's chat, and the run that they look at: what they mark and choose goes into it, what happens in it is told them
 * (irc/irc.h has the chat itself). One thread, the player's.
 *
 *     lp_viewers_check(&v, &options, &err);                    // before anything is made
 *     lp_viewers_read_ballots(&v, &options, game, &err);
 *     lp_viewers_open(&v, &options, game, folder, &err);
 *     lp_viewers_begin(&v, run);                               // before each lp_run_think,
 *     lp_viewers_took(&v, run);                                // after each lp_run_take,
 *     lp_viewers_mark(&v, run), lp_viewers_tell(&v, &view);    // and from time to time
 *     lp_viewers_close(&v);
 */
#ifndef LP_CLI_VIEWERS_H
#define LP_CLI_VIEWERS_H

#include "irc/irc.h"
#include "cli/cli.h"
#include "harness/run.h"

typedef struct {
    const char *address, *votes[LP_MAX_LIST]; /* NULL: no chat */
    int n_votes;
} lp_viewers_options;

/* More options of a command that plays. */
#define LP_CLI_VIEWERS(o)                                                                                                                  \
    {.name = "chat",                                                                                                                       \
     .value = "irc[s]://[NICK@]HOST[:PORT]/CHANNEL",                                                                                       \
     .help = "be in the stream's chat; LONGPLAY_CHAT_PASSWORD has NICK's password (docs/stream.md)",                                       \
     .text = &(o).address},                                                                                                                \
    {                                                                                                                                      \
        .name = "chat-vote", .value = "knob:KNOB=A..B|A,B,...", .help = "viewers may vote on it for the next episode; may be repeated",    \
        .list = (o).votes, .n_list = &(o).n_votes                                                                                          \
    }

typedef struct {
    lp_irc *chat;   /* owned; NULL: there is none */
    char *password; /* owned; NULL: none */
    lp_irc_ballot ballots[LP_IRC_BALLOTS];
    int n_ballots;
    const lp_game *game; /* borrowed */
} lp_viewers;

/* v is zeroed storage. The password is taken out of the environment, so that no program that plays inherits it. */
lp_status lp_viewers_check(lp_viewers *v, const lp_viewers_options *options, lp_err *err);
lp_status lp_viewers_read_ballots(lp_viewers *v, const lp_viewers_options *options, const lp_game *game, lp_err *err);
/* folder NULL: the run is not recorded. */
lp_status lp_viewers_open(lp_viewers *v, const lp_viewers_options *options, const lp_game *game, const char *folder, lp_err *err);
void lp_viewers_close(lp_viewers *v);

/* Where there is no chat these do nothing. */
void lp_viewers_begin(lp_viewers *v, lp_run *run);
void lp_viewers_took(lp_viewers *v, lp_run *run);
/* What viewers marked goes into the run. */
void lp_viewers_mark(lp_viewers *v, lp_run *run);
/* What !stats answers. */
void lp_viewers_tell(lp_viewers *v, const lp_view *view);

#endif
