#include "cli/viewers.h"

#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD "LONGPLAY_CHAT_PASSWORD"

/* ---- what is allowed ---- */

lp_status lp_viewers_check(lp_viewers *v, const lp_viewers_options *o, lp_err *err) {
    char *password = getenv(PASSWORD);
    if (!o->address) return o->n_votes ? lp_fail(err, LP_BAD_INPUT, "--chat-vote %s: needs --chat", o->votes[0]) : LP_OK;
    lp_status status = lp_irc_check(o->address, err);
    if (status || !password) return status;
    if (*password) v->password = strdup(password);
    if (*password && !v->password) status = lp_fail(err, LP_FAILED, "out of memory");
    explicit_bzero(password, strlen(password));
    unsetenv(PASSWORD);
    for (const char *c = v->password; c && *c && !status; c++)
        if ((unsigned char)*c <= ' ') status = lp_fail(err, LP_BAD_INPUT, PASSWORD ": a password has no spaces");
    return status;
}

static lp_status bad_vote(const char *vote, const char *what, lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "--chat-vote %s: %s", vote, what);
}

/* "2..4" or "1,2,4"; each must be one of the knob's. */
static lp_status read_values(lp_irc_ballot *b, const lp_game *game, const char *vote, const char *values, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS];
    char one[sizeof b->knob + 32], *end;
    lp_status status = LP_OK;
    for (const char *at = values; !status; at = end + 1) {
        errno = 0;
        const long long first = strtoll(at, &end, 10);
        if (end == at || errno) return bad_vote(vote, "a knob's values are like 2..4 or 1,2,4", err);
        long long last = first;
        if (at == values && !strncmp(end, "..", 2)) {
            at = end + 2;
            last = strtoll(at, &end, 10);
            if (end == at || *end || errno || last < first) return bad_vote(vote, "a knob's values are like 2..4 or 1,2,4", err);
        }
        for (long long value = first; value <= last && !status; value++) {
            if (b->n_values == LP_IRC_VALUES) return bad_vote(vote, "too many values", err);
            b->values[b->n_values++] = value;
            snprintf(one, sizeof one, "%s=%lld", b->knob, value);
            if ((status = lp_game_set_knob(game, knobs, one, err))) lp_fail_prefix(err, status, "--chat-vote %s", vote);
        }
        if (*end != ',') break;
    }
    return !status && *end ? bad_vote(vote, "a knob's values are like 2..4 or 1,2,4", err) : status;
}

lp_status lp_viewers_read_ballots(lp_viewers *v, const lp_viewers_options *o, const lp_game *game, lp_err *err) {
    lp_status status = LP_OK;
    for (int i = 0; i < o->n_votes && !status; i++) {
        const char *vote = o->votes[i], *knob = strncmp(vote, "knob:", 5) ? "" : vote + 5, *equals = strchr(knob, '=');
        lp_irc_ballot *b = &v->ballots[v->n_ballots];
        if (!strncmp(vote, "game:", 5)) return bad_vote(vote, "a run is of one game: what can be voted on is a knob of it", err);
        if (!equals || (size_t)(equals - knob) >= sizeof b->knob) return bad_vote(vote, "must be knob:KNOB=A..B or knob:KNOB=A,B,...", err);
        if (i == LP_IRC_BALLOTS) return bad_vote(vote, "too many votes at once", err);
        *b = (lp_irc_ballot){.n_values = 0};
        memcpy(b->knob, knob, (size_t)(equals - knob));
        for (int k = 0; k < v->n_ballots; k++)
            if (!strcmp(v->ballots[k].knob, b->knob)) return bad_vote(vote, "there is a vote on it already", err);
        v->n_ballots++;
        status = read_values(b, game, vote, equals + 1, err);
    }
    return status;
}

lp_status lp_viewers_open(lp_viewers *v, const lp_viewers_options *o, const lp_game *game, const char *folder, lp_err *err) {
    const lp_irc_config config = {o->address, v->password, folder, v->ballots, v->n_ballots};
    v->game = game;
    return o->address ? lp_irc_open(&v->chat, &config, err) : LP_OK;
}

void lp_viewers_close(lp_viewers *v) {
    lp_irc_close(v->chat);
    if (v->password) explicit_bzero(v->password, strlen(v->password));
    free(v->password);
    *v = (lp_viewers){0};
}

/* ---- what they do ---- */

void lp_viewers_begin(lp_viewers *v, lp_run *run) {
    char knobs[LP_IRC_TEXT_BYTES], text[LP_IRC_TEXT_BYTES];
    lp_err why;
    if (!v->chat || lp_run_playing(run) || lp_run_voted(run) || !lp_irc_elect(v->chat, knobs, sizeof knobs)) return;
    if (lp_run_vote(run, knobs, &why)) snprintf(text, sizeof text, "the vote cannot be kept: %.200s", why.message);
    else snprintf(text, sizeof text, "chosen for the next episode: %.200s", knobs);
    lp_irc_reply(v->chat, text);
}

void lp_viewers_mark(lp_viewers *v, lp_run *run) {
    char text[LP_IRC_TEXT_BYTES];
    lp_err why;
    while (v->chat && lp_irc_mark(v->chat, text))
        if (lp_run_mark(run, text, &why)) lp_irc_reply(v->chat, "a marked moment is lost: nothing is recorded just now");
}

/* ---- what they are told ---- */

static bool is_milestone(const lp_game *game, const char *name) {
    const char *names[LP_MAX_MILESTONES];
    for (int i = lp_game_milestones(game, names) - 1; i >= 0; i--)
        if (!strcmp(names[i], name)) return true;
    return false;
}

void lp_viewers_took(lp_viewers *v, lp_run *run) {
    char text[LP_IRC_TEXT_BYTES], time[LP_DURATION_BYTES];
    const lp_event *events;
    if (!v->chat) return;
    const lp_env *env = lp_run_seat(run)->env;
    const int n = lp_env_events(env, &events);
    const lp_outcome outcome = lp_run_outcome(run);
    if (!n && !outcome) return;
    lp_duration((double)lp_env_steps(env) * lp_game_frame_skip(v->game) / LP_EMU_FRAMES_PER_S, time);
    for (int i = 0; i < n && !outcome; i++) {
        if (!is_milestone(v->game, events[i].name)) continue;
        snprintf(text, sizeof text, "%s: %.200s", time, *events[i].text ? events[i].text : events[i].name);
        lp_irc_say(v->chat, text);
    }
    if (!outcome) return;
    const lp_run_totals t = lp_run_counts(run);
    snprintf(text, sizeof text, "episode %lld: %s after %s; %lld won, %lld lost, %lld timed out", (long long)t.episodes,
             outcome == LP_WIN    ? "won"
             : outcome == LP_LOSS ? "lost"
                                  : "timed out",
             time, (long long)t.wins, (long long)t.losses, (long long)t.timeouts);
    lp_irc_say(v->chat, text);
}

void lp_viewers_tell(lp_viewers *v, const lp_view *view) {
    char text[LP_IRC_TEXT_BYTES], time[LP_DURATION_BYTES];
    if (!v->chat) return;
    snprintf(text, sizeof text, "%.64s: episode %lld, decision %lld; %lld won, %lld lost, %lld timed out; playing for %s, %.0f decisions/s",
             view->game, (long long)view->episode, (long long)view->decisions, (long long)view->wins, (long long)view->losses,
             (long long)view->timeouts, lp_duration(view->played_s, time), view->decisions_per_s);
    lp_irc_tell(v->chat, text);
}
