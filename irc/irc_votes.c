#include "irc/irc_votes.h"

#include "irc/irc_limit.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int lp_irc_votes_find(const lp_irc_votes *v, const char *name) {
    if (!name) return v->n_ballots == 1 ? 0 : -1;
    for (int b = 0; b < v->n_ballots; b++)
        if (!strcasecmp(v->ballots[b].knob, name)) return b;
    return -1;
}

bool lp_irc_votes_cast(lp_irc_votes *v, const char *nick, int ballot, int64_t value) {
    const lp_irc_ballot *b = &v->ballots[ballot];
    const uint64_t who = lp_irc_who(nick);
    size_t at = who % (2 * LP_IRC_VOTERS);
    int choice = 0;
    while (choice < b->n_values && b->values[choice] != value) choice++;
    if (choice == b->n_values) return false;
    while (v->voters[at].who && v->voters[at].who != who) at = (at + 1) % (2 * LP_IRC_VOTERS);
    if (!v->voters[at].who && v->n_voters == LP_IRC_VOTERS) return false;
    v->n_voters += !v->voters[at].who;
    v->voters[at].who = who;
    signed char *of = &v->voters[at].of[ballot];
    if (*of) v->count[ballot][*of - 1]--;
    *of = (signed char)(choice + 1);
    v->count[ballot][choice]++;
    return true;
}

bool lp_irc_votes_end(lp_irc_votes *v, char *out, size_t size) {
    size_t used = 0;
    *out = 0;
    for (int b = 0; b < v->n_ballots; b++) {
        int best = 0;
        for (int i = 1; i < v->ballots[b].n_values; i++)
            if (v->count[b][i] > v->count[b][best]) best = i;
        if (v->count[b][best] && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s=%lld", used ? " " : "", v->ballots[b].knob,
                                     (long long)v->ballots[b].values[best]);
    }
    if (v->n_voters) {
        memset(v->count, 0, sizeof v->count);
        memset(v->voters, 0, sizeof v->voters);
        v->n_voters = 0;
    }
    return used > 0;
}
