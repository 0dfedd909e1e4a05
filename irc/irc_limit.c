#include "irc/irc_limit.h"

#include "base/hash.h"

#include <ctype.h>

enum { CORNER = 8 }; /* places where a user may stand */

lp_irc_bucket lp_irc_bucket_make(double most, double per_s, double now_s) { return (lp_irc_bucket){most, per_s, most, now_s}; }

double lp_irc_bucket_left(lp_irc_bucket *b, double now_s) {
    b->left += (now_s - b->at_s) * b->per_s;
    if (b->left > b->most) b->left = b->most;
    b->at_s = now_s;
    return b->left;
}

bool lp_irc_bucket_take(lp_irc_bucket *b, double now_s) {
    if (lp_irc_bucket_left(b, now_s) < 1) return false;
    b->left -= 1;
    return true;
}

uint64_t lp_irc_who(const char *nick) {
    uint64_t hash = 1;
    for (; *nick; nick++) {
        const char c = (char)tolower((unsigned char)*nick);
        hash = lp_hash64_seed(&c, 1, hash);
    }
    return hash ? hash : 1;
}

bool lp_irc_users_take(lp_irc_users *users, const char *nick, double most, double per_s, double now_s) {
    const uint64_t who = lp_irc_who(nick);
    int at = -1;
    for (uint64_t i = 0; i < CORNER; i++) {
        const int place = (int)((who + i) % LP_IRC_USERS);
        if (users->users[place].who == who) return lp_irc_bucket_take(&users->users[place].bucket, now_s);
        if (at < 0 || users->users[place].bucket.at_s < users->users[at].bucket.at_s) at = place;
    }
    users->users[at].who = who;
    users->users[at].bucket = lp_irc_bucket_make(most, per_s, now_s);
    return lp_irc_bucket_take(&users->users[at].bucket, now_s);
}
