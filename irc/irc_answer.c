/* What viewers ask, and the answers. On the chat's thread. */
#include "irc/irc_parts.h"

#include "base/file.h"
#include "base/log.h"
#include "memory/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USER_MOST 3.0 /* of one viewer at a time, and then one in 5 s */
#define USER_PER_S 0.2
enum { FOUND = 3 };

typedef struct {
    char text[LP_IRC_BYTES];
    size_t used;
    int n;
} answer;

__attribute__((format(printf, 2, 3))) static void add(answer *a, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = vsnprintf(a->text + a->used, sizeof a->text - a->used, format, list);
    va_end(list);
    a->used += n > 0 ? (size_t)n : 0;
    if (a->used >= sizeof a->text) a->used = sizeof a->text - 1;
}

static void add_found(void *context, const lp_store_row *row) {
    answer *a = context;
    char text[LP_IRC_TEXT_BYTES];
    lp_irc_clean(text, sizeof text, row->text ? row->text : "-");
    add(a, "%s decision %lld (%s): %s", a->n++ ? ";" : "", (long long)row->decision, row->id, text);
}

static void memory(lp_irc *chat, const char *nick, const char *words, answer *a) {
    char path[PATH_MAX];
    lp_store *store = NULL;
    (void)nick;
    if (!*chat->run) {
        add(a, " this run is not recorded");
        return;
    }
    lp_status status = lp_store_open_reader(&store, lp_path_join(path, sizeof path, chat->run, "run.db"), NULL);
    if (!status) status = lp_store_search(store, words, FOUND, add_found, a, NULL);
    lp_store_close(store);
    if (status == LP_BAD_INPUT) add(a, " !memory WORDS searches what I remember");
    else if (status) add(a, " I cannot look just now");
    else if (!a->n) add(a, " I remember nothing of it");
}

static void stats(lp_irc *chat, const char *nick, const char *words, answer *a) {
    (void)nick, (void)words;
    pthread_mutex_lock(&chat->lock);
    add(a, " %s", *chat->stats ? chat->stats : "nothing yet");
    pthread_mutex_unlock(&chat->lock);
}

static void clip(lp_irc *chat, const char *nick, const char *words, answer *a) {
    bool kept = false;
    if (!*chat->run) {
        add(a, " this run is not recorded");
        return;
    }
    if (lp_irc_bucket_take(&chat->marks, lp_now_s())) {
        pthread_mutex_lock(&chat->lock);
        lp_irc_queue *q = &chat->marks_made;
        kept = q->n < LP_IRC_QUEUE;
        if (kept) snprintf(q->texts[q->n++], LP_IRC_TEXT_BYTES, "clip by %s%s%s", nick, *words ? ": " : "", words);
        pthread_mutex_unlock(&chat->lock);
    }
    add(a, kept ? " the moment is marked" : " a moment was marked just now");
}

/* "doors: 2 (3 votes), 3 (0)" */
static void add_ballots(const lp_irc_votes *v, answer *a) {
    for (int b = 0; b < v->n_ballots; b++) {
        add(a, "%s !vote %s%sN:", b ? ";" : "", v->n_ballots > 1 ? v->ballots[b].knob : "", v->n_ballots > 1 ? " " : "");
        add(a, " %s", v->ballots[b].knob);
        for (int i = 0; i < v->ballots[b].n_values; i++)
            add(a, "%s %lld (%d)", i ? "," : "", (long long)v->ballots[b].values[i], v->count[b][i]);
    }
}

/* "N" or "KNOB N". A voice is not answered: too many come at once. */
static void vote(lp_irc *chat, const char *nick, const char *words, answer *a) {
    char knob[sizeof((lp_irc_ballot *)0)->knob] = "";
    const size_t n = strcspn(words, " ");
    const char *number = words[n] ? words + n + 1 : words;
    char *end;
    if (n < sizeof knob && words[n]) memcpy(knob, words, n);
    errno = 0;
    const long long value = strtoll(number, &end, 10);
    const bool given = end > number && !end[strspn(end, " ")] && !errno;
    pthread_mutex_lock(&chat->lock);
    lp_irc_votes *v = &chat->votes;
    const int ballot = lp_irc_votes_find(v, words[n] ? knob : NULL);
    const bool cast = given && ballot >= 0 && lp_irc_votes_cast(v, nick, ballot, value);
    chat->state.votes += cast;
    if (!v->n_ballots) add(a, " there is nothing to vote on");
    else if (!cast) add_ballots(v, a);
    pthread_mutex_unlock(&chat->lock);
    if (cast) a->used = 0;
}

static void help(lp_irc *chat, const char *nick, const char *words, answer *a) {
    (void)nick, (void)words;
    add(a, " !memory WORDS, !stats, !clip%s", chat->votes.n_ballots ? ", !vote" : "");
}

static void count(lp_irc *chat, int64_t *what) {
    pthread_mutex_lock(&chat->lock);
    ++*what;
    pthread_mutex_unlock(&chat->lock);
}

void lp_irc_hear(lp_irc *chat, const char *nick, const char *text) {
    static const struct {
        const char *name;
        void (*answer)(lp_irc *, const char *, const char *, answer *);
        bool silent; /* not answered, as a rule */
    } commands[] = {
        {"!memory", memory, false}, {"!stats", stats, false}, {"!clip", clip, false}, {"!vote", vote, true}, {"!help", help, false}};
    enum { N_COMMANDS = sizeof commands / sizeof *commands };
    const size_t n = strcspn(text, " ");
    const char *words = text + n + strspn(text + n, " ");
    const double now = lp_now_s();
    answer a = {.used = 0};
    int i = 0;
    while (i < N_COMMANDS && (strlen(commands[i].name) != n || strncasecmp(commands[i].name, text, n))) i++;
    if (i == N_COMMANDS) return;
    count(chat, &chat->state.asked);
    if (!lp_irc_users_take(&chat->users, nick, USER_MOST, USER_PER_S, now) ||
        (!commands[i].silent && lp_irc_bucket_left(&chat->sends, now) < 1)) {
        count(chat, &chat->state.dropped);
        return;
    }
    add(&a, "@%s", nick);
    commands[i].answer(chat, nick, words, &a);
    if (!a.used) return;
    const bool may = lp_irc_bucket_take(&chat->sends, now);
    if (may) lp_irc_send(chat, a.text);
    count(chat, may ? &chat->state.answered : &chat->state.dropped);
}
