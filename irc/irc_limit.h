/* How often, at most: a bucket that fills at a rate. And one for each of those who were heard last. */
#ifndef LP_IRC_IRC_LIMIT_H
#define LP_IRC_IRC_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double most, per_s; /* it holds at most so many; so many come a second */
    double left, at_s;  /* so many are left, since then */
} lp_irc_bucket;

/* Full. */
lp_irc_bucket lp_irc_bucket_make(double most, double per_s, double now_s);
/* How many are there now. */
double lp_irc_bucket_left(lp_irc_bucket *b, double now_s);
/* Takes one; false: there is none. */
bool lp_irc_bucket_take(lp_irc_bucket *b, double now_s);

enum { LP_IRC_USERS = 1024 };
typedef struct {
    struct {
        uint64_t who;
        lp_irc_bucket bucket; /* at_s: heard last */
    } users[LP_IRC_USERS];
} lp_irc_users;

/* Takes one of this user's; zeroed storage knows nobody. Of more than it can know, who was not heard for longest in a corner is forgotten. */
bool lp_irc_users_take(lp_irc_users *users, const char *nick, double most, double per_s, double now_s);
/* A user by name, whatever the case of its letters; never 0. */
uint64_t lp_irc_who(const char *nick);

#endif
