/* What the files of chat share; see chat.h. Not for other folders. */
#ifndef LP_IRC_IRC_PARTS_H
#define LP_IRC_IRC_PARTS_H

#include "irc/irc.h"
#include "irc/irc_limit.h"
#include "irc/irc_link.h"
#include "irc/irc_votes.h"
#include "irc/irc_line.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

/* Texts that wait, the oldest first. */
enum { LP_IRC_QUEUE = 4 };
typedef struct {
    char texts[LP_IRC_QUEUE][LP_IRC_TEXT_BYTES];
    int n;
} lp_irc_queue;

struct lp_irc {
    /* fixed once it is open */
    lp_irc_address address;
    char *password; /* owned; NULL: none */
    char run[PATH_MAX];
    lp_irc_ballot ballots[LP_IRC_BALLOTS];
    pthread_t thread;
    bool listening;
    atomic_bool closing;

    /* the thread's */
    lp_irc_link *link; /* owned; NULL: there is none */
    char nick[LP_IRC_NICK_BYTES];
    bool welcome, joined, warned, at_once; /* at_once: the server asked to be called again */
    char notice[LP_IRC_TEXT_BYTES];        /* the last, before we were in the channel: why we are not, on some servers */
    double heard_s, asked_s, opened_s;
    lp_irc_bucket sends, marks;
    lp_irc_users users;

    /* of both, under lock, which is held for no longer than it takes to copy */
    pthread_mutex_t lock;
    lp_irc_state state;
    char stats[LP_IRC_TEXT_BYTES];
    lp_irc_queue marks_made, replies, news;
    lp_irc_votes votes;
};

/* Sends a line to the channel; the caller has asked the limits. */
void lp_irc_send(lp_irc *chat, const char *text);
/* irc_answer.c: what nick wrote, cleaned. */
void lp_irc_hear(lp_irc *chat, const char *nick, const char *text);

#endif
