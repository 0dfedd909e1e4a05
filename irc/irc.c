/* The player's side, and the thread: joining, listening, telling. */
#include "irc/irc_parts.h"

#include "base/log.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

/* Twitch takes 20 lines in 30 s of who is no moderator. */
#define SENDS_MOST 8.0
#define SENDS_PER_S 0.4
#define FOR_ANSWERS 3.0 /* of these, before something is told unasked */
#define MARKS_MOST 3.0
#define MARKS_PER_S 0.05
#define JOIN_S 30.0     /* to be in the channel */
#define SILENCE_S 120.0 /* until the server is asked whether it is there */
#define DEAD_S 60.0     /* without an answer to that */
#define FIRST_PAUSE_S 1.0
#define MOST_PAUSE_S 60.0
enum { NICENESS = 10, TURN_MS = 100, LINE_BYTES = LP_IRC_BYTES + 256 };

/* ---- the player's side ---- */

void lp_irc_tell(lp_irc *chat, const char *text) {
    pthread_mutex_lock(&chat->lock);
    snprintf(chat->stats, sizeof chat->stats, "%s", text);
    pthread_mutex_unlock(&chat->lock);
}

static void queue(lp_irc *chat, lp_irc_queue *q, const char *text) {
    pthread_mutex_lock(&chat->lock);
    if (q->n == LP_IRC_QUEUE) {
        memmove(q->texts[0], q->texts[1], sizeof q->texts - sizeof *q->texts);
        q->n--;
        chat->state.dropped++;
    }
    snprintf(q->texts[q->n++], sizeof *q->texts, "%s", text);
    pthread_mutex_unlock(&chat->lock);
}

void lp_irc_say(lp_irc *chat, const char *text) { queue(chat, &chat->news, text); }

void lp_irc_reply(lp_irc *chat, const char *text) { queue(chat, &chat->replies, text); }

/* The oldest, which is taken out. */
static bool take(lp_irc *chat, lp_irc_queue *q, char out[LP_IRC_TEXT_BYTES]) {
    pthread_mutex_lock(&chat->lock);
    const bool some = q->n > 0;
    if (some) {
        memcpy(out, q->texts[0], LP_IRC_TEXT_BYTES);
        memmove(q->texts[0], q->texts[1], (size_t)--q->n * LP_IRC_TEXT_BYTES);
    }
    pthread_mutex_unlock(&chat->lock);
    return some;
}

bool lp_irc_mark(lp_irc *chat, char text[LP_IRC_TEXT_BYTES]) { return take(chat, &chat->marks_made, text); }

bool lp_irc_elect(lp_irc *chat, char *knobs, size_t size) {
    pthread_mutex_lock(&chat->lock);
    const bool some = lp_irc_votes_end(&chat->votes, knobs, size);
    pthread_mutex_unlock(&chat->lock);
    return some;
}

lp_irc_state lp_irc_look(lp_irc *chat) {
    pthread_mutex_lock(&chat->lock);
    const lp_irc_state state = chat->state;
    pthread_mutex_unlock(&chat->lock);
    return state;
}

/* ---- what the server says ---- */

__attribute__((format(printf, 2, 3))) static void put(lp_irc *chat, const char *format, ...) {
    char line[LINE_BYTES];
    va_list list;
    va_start(list, format);
    const int n = vsnprintf(line, sizeof line - 2, format, list);
    va_end(list);
    if (n < 0 || n >= (int)sizeof line - 2) return; /* a server's own nonsense */
    memcpy(line + n, "\r\n", 2);
    lp_irc_link_put(chat->link, line, (size_t)n + 2);
}

void lp_irc_send(lp_irc *chat, const char *text) {
    char line[LP_IRC_BYTES + 1];
    lp_irc_link_put(chat->link, line, lp_irc_privmsg(line, chat->nick, chat->address.channel, text));
}

static void set_connected(lp_irc *chat, bool connected) {
    chat->joined = connected;
    pthread_mutex_lock(&chat->lock);
    chat->state.connected = connected;
    chat->state.losses += !connected;
    pthread_mutex_unlock(&chat->lock);
}

/* Once, until it is joined again. */
static void warn(lp_irc *chat, const char *why) {
    char clean[LP_IRC_TEXT_BYTES];
    lp_irc_clean(clean, sizeof clean, why);
    if (!chat->warned && !atomic_load(&chat->closing)) lp_warn("--chat: %s: %s; it is tried again", chat->address.host, clean);
    chat->warned = true;
}

static void joined(lp_irc *chat) {
    if (chat->joined) return;
    set_connected(chat, true);
    lp_warn("--chat: in %s on %s", chat->address.channel, chat->address.host);
    chat->warned = false;
}

/* Another name, where ours is taken: longplay_, longplay__, and from the beginning. */
static void rename_us(lp_irc *chat) {
    const size_t n = strlen(chat->nick);
    if (n + 2 < sizeof chat->nick) memcpy(chat->nick + n, "_", 2);
    else memcpy(chat->nick, chat->address.nick, sizeof chat->nick);
    put(chat, "NICK %s", chat->nick);
}

static void take_number(lp_irc *chat, const lp_irc_message *m) {
    static const char *const refusals[] = {"403", "405", "437", "464", "465", "471", "473", "474", "475", "477"};
    if (!strcmp(m->command, "001")) {
        if (m->n_params && *m->param[0]) lp_irc_clean(chat->nick, sizeof chat->nick, m->param[0]);
        chat->welcome = true;
        put(chat, "JOIN %s", chat->address.channel);
    } else if (!strcmp(m->command, "366")) joined(chat);
    else if ((!strcmp(m->command, "433") || !strcmp(m->command, "432")) && !chat->welcome) rename_us(chat);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (!strcmp(m->command, refusals[i])) warn(chat, m->n_params ? m->param[m->n_params - 1] : "refused");
}

static void on_line(void *context, char *line) {
    lp_irc *chat = context;
    lp_irc_message m;
    char text[LP_IRC_BYTES];
    chat->heard_s = lp_now_s();
    chat->asked_s = 0;
    if (!lp_irc_parse(&m, line)) return;
    const bool ours = m.n_params && !strcasecmp(m.param[0], chat->address.channel), us = !strcasecmp(m.nick, chat->nick);
    if (!strcmp(m.command, "PING")) put(chat, "PONG :%s", m.n_params ? m.param[m.n_params - 1] : "");
    else if (!strcmp(m.command, "JOIN") && us && ours) joined(chat);
    else if (!strcmp(m.command, "NICK") && us && m.n_params) lp_irc_clean(chat->nick, sizeof chat->nick, m.param[0]);
    else if (!strcmp(m.command, "KICK") && ours && m.n_params > 1 && !strcasecmp(m.param[1], chat->nick)) put(chat, "QUIT");
    else if (!strcmp(m.command, "RECONNECT")) chat->at_once = true, put(chat, "QUIT");
    else if (!strcmp(m.command, "NOTICE") && !chat->joined && m.n_params)
        lp_irc_clean(chat->notice, sizeof chat->notice, m.param[m.n_params - 1]);
    else if (!strcmp(m.command, "ERROR")) warn(chat, m.n_params ? m.param[m.n_params - 1] : "an error");
    else if (!strcmp(m.command, "PRIVMSG") && chat->joined && ours && !us && *m.nick && m.n_params > 1) {
        lp_irc_clean(text, sizeof text, m.param[1]);
        lp_irc_hear(chat, m.nick, text);
    } else take_number(chat, &m);
}

/* ---- the thread ---- */

static void tell_all(lp_irc *chat, double now) {
    char text[LP_IRC_TEXT_BYTES];
    while (chat->joined && lp_irc_bucket_left(&chat->sends, now) >= FOR_ANSWERS &&
           (take(chat, &chat->replies, text) || take(chat, &chat->news, text))) {
        (void)lp_irc_bucket_take(&chat->sends, now);
        lp_irc_send(chat, text);
        pthread_mutex_lock(&chat->lock);
        chat->state.told++;
        pthread_mutex_unlock(&chat->lock);
    }
}

static lp_status look_at_clock(lp_irc *chat, double now, lp_err *err) {
    if (!chat->joined && now - chat->opened_s > JOIN_S) return lp_fail(err, LP_FAILED, "it does not let us into %s", chat->address.channel);
    if (chat->asked_s && now - chat->asked_s > DEAD_S) return lp_fail(err, LP_FAILED, "the server is silent");
    if (!chat->asked_s && now - chat->heard_s > SILENCE_S) {
        put(chat, "PING :longplay");
        chat->asked_s = now;
    }
    return LP_OK;
}

/* From connecting until the connection is gone. */
static lp_status listen_to(lp_irc *chat, lp_err *err) {
    lp_status status = lp_irc_link_open(&chat->link, &chat->address, &chat->closing, err);
    if (status) return status;
    chat->welcome = false;
    chat->opened_s = chat->heard_s = lp_now_s();
    chat->asked_s = 0;
    memcpy(chat->nick, chat->address.nick, sizeof chat->nick);
    if (chat->password) put(chat, "PASS %s", chat->password);
    put(chat, "NICK %s", chat->nick);
    put(chat, "USER %s 0 * :longplay", chat->nick);
    while (!status && !atomic_load(&chat->closing)) {
        status = lp_irc_link_turn(chat->link, TURN_MS, on_line, chat, err);
        const double now = lp_now_s();
        if (!status) status = look_at_clock(chat, now, err);
        if (!status) tell_all(chat, now);
    }
    if (!status) {
        put(chat, "QUIT :longplay");
        (void)lp_irc_link_turn(chat->link, 0, on_line, chat, NULL);
    }
    lp_irc_link_close(chat->link);
    chat->link = NULL;
    return status;
}

static void *run(void *context) {
    lp_irc *chat = context;
    double pause_s = 0;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* of this thread; where it is refused, nothing is lost */
    while (!atomic_load(&chat->closing)) {
        lp_err why = {{0}};
        chat->at_once = false;
        *chat->notice = 0;
        (void)listen_to(chat, &why);
        if (atomic_load(&chat->closing)) break;
        const bool was_joined = chat->joined;
        set_connected(chat, false);
        warn(chat, was_joined || !*chat->notice ? why.message : chat->notice);
        pause_s = was_joined || !pause_s ? FIRST_PAUSE_S : 2 * pause_s;
        if (pause_s > MOST_PAUSE_S) pause_s = MOST_PAUSE_S;
        for (const double end = lp_now_s() + (chat->at_once ? 0 : pause_s); lp_now_s() < end && !atomic_load(&chat->closing);)
            usleep(TURN_MS * 1000);
    }
    return NULL;
}

static lp_status start(lp_irc *chat, lp_err *err) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    const int failed = pthread_create(&chat->thread, NULL, run, chat);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    chat->listening = !failed;
    return failed ? lp_fail(err, LP_FAILED, "--chat: no thread for it: %s", strerror(failed)) : LP_OK;
}

lp_status lp_irc_check(const char *address, lp_err *err) {
    lp_irc_address a;
    return lp_irc_address_read(&a, address, err);
}

lp_status lp_irc_open(lp_irc **out, const lp_irc_config *config, lp_err *err) {
    lp_irc *chat = *out = NULL;
    lp_irc_address address;
    lp_status status = lp_irc_address_read(&address, config->address, err);
    if (status) return status;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) || !(chat = calloc(1, sizeof *chat))) return lp_fail(err, LP_FAILED, "--chat: out of memory");
    pthread_mutex_init(&chat->lock, NULL);
    chat->address = address;
    if (config->password) chat->password = strdup(config->password);
    if (config->password && !chat->password) status = lp_fail(err, LP_FAILED, "--chat: out of memory");
    if (config->run) snprintf(chat->run, sizeof chat->run, "%s", config->run);
    if (config->n_ballots) memcpy(chat->ballots, config->ballots, (size_t)config->n_ballots * sizeof *chat->ballots);
    chat->votes.ballots = chat->ballots;
    chat->votes.n_ballots = config->n_ballots;
    const double now = lp_now_s();
    chat->sends = lp_irc_bucket_make(SENDS_MOST, SENDS_PER_S, now);
    chat->marks = lp_irc_bucket_make(MARKS_MOST, MARKS_PER_S, now);
    if (!status) status = start(chat, err);
    if (status) lp_irc_close(chat);
    else *out = chat;
    return status;
}

void lp_irc_close(lp_irc *chat) {
    if (!chat) return;
    atomic_store(&chat->closing, true);
    if (chat->listening) pthread_join(chat->thread, NULL);
    if (chat->password) explicit_bzero(chat->password, strlen(chat->password));
    free(chat->password);
    pthread_mutex_destroy(&chat->lock);
    free(chat);
    curl_global_cleanup();
}
