#include "players/chat.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "players/chat_doubts.h"
#include "players/chat_log.h"
#include "players/chat_stream.h"
#include "players/chat_summary.h"
#include "players/chat_words.h"
#include "players/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PROMPT_BYTES = 1 << 20, LAST_TURNS = 64, REPEATS = 3 };
#define LONGEST_PAUSE_S 60.0
static const char PROMPT[] = "You play a video game, one turn after the other. You see the screen as it is now, and of the past only what "
                             "is in your memory, in your notebook and "
                             "in the last turns. Look closely, say in a sentence what you see and want, remember what will matter later, "
                             "and then call press or wait.";

struct lp_chat {
    const lp_game *game; /* borrowed */
    lp_chat_setup setup;
    lp_chat_table table; /* the game's, which setup names */
    char *prompt;        /* owned */
    lp_http *http;       /* owned */
    lp_chat_log *log;    /* owned; NULL: the run is not recorded */
    lp_chat_counts counts;
    /* the past, from the replies */
    cJSON **past; /* owned; [setup.turns], n_past of them: each turn's messages, oldest first */
    int n_past;
    lp_chat_notebook book;
    struct {
        uint64_t screen, presses; /* hashes: what it saw and did */
    } last[LAST_TURNS];           /* turn i in i % LAST_TURNS */
    int64_t n_turns;
    uint64_t doubts;    /* the contradictions that it was told of last */
    uint64_t goal;      /* its goal's hash; 0: it has none */
    int64_t goal_turns; /* in which that stood, and nothing happened */
    /* the turn that was asked for last */
    int64_t episode, step;
    uint64_t screen; /* 0: it saw none */
    int repeats;     /* that it is told of; 0: none */
    uint64_t doubt;  /* likewise */
    bool asks_goal;  /* it is asked whether it still holds */
    int repeating;   /* the same, until it is asked again */
    cJSON *now;      /* owned; its messages, the question first; NULL: there is none */
    lp_chat_plan plan;
    int rounds;
    /* its request */
    const lp_library *library; /* borrowed until it is answered; NULL: there is none */
    cJSON *request;            /* owned */
    int64_t asked_bytes;       /* of it, as it was sent */
    lp_chat_stream stream;     /* its answer, as far as it has come */
    bool met;                  /* an answer came: from here on faults are passed by */
    bool on_its_way, wrote;    /* wrote: the summary is there */
    bool streams, streamed;    /* streams: it is asked for in pieces; streamed: one came so, and it is known that the endpoint can */
    int tries, failed;         /* failed: since the last line */
    double again_s;            /* when to try again, where none is on its way */
    /* the summary that is written before the turn */
    const lp_writing *writing; /* borrowed until it is answered; NULL: none, the request is a turn's */
    char *asked;               /* owned; the question */
    lp_written written;
    /* what the player does now */
    int64_t at;                    /* decisions since it was asked */
    int64_t begins;                /* the step of its first press: that of the turn, or later, where the console goes on meanwhile */
    int64_t moment;                /* the step of the moment that was asked of last */
    bool waits, sent;              /* an answer to an earlier moment is waited for; this one was sent */
    double until_s;                /* when the console goes on without one */
    int held;                      /* the last action of a turn */
    char missed[LP_CHAT_QUESTION]; /* what happened meanwhile */
    int64_t left_out;              /* presses that were not needed, of tools that press until something holds */
    const int64_t *variables;      /* of the moment, borrowed until it is acted on */
    bool answered;
};

/* ---- the past, told by lines of chat.jsonl ---- */

static uint64_t hash_of(const cJSON *line, const char *name) {
    const char *hex = cJSON_GetStringValue(cJSON_GetObjectItem(line, name));
    return hex ? strtoull(hex, NULL, 16) : 0;
}

static uint64_t goal_of(const lp_chat *c) {
    const char *goal = lp_chat_goal(&c->book);
    return goal ? lp_hash64(goal, strlen(goal)) : 0;
}

/* A turn is complete. */
static void note_turn(lp_chat *c, uint64_t screen) {
    const uint64_t goal = goal_of(c);
    const bool stands = goal && goal == c->goal && !lp_chat_happened(cJSON_GetStringValue(cJSON_GetObjectItem(c->now->child, "content")));
    c->goal_turns = stands ? c->goal_turns + 1 : 0;
    c->goal = goal;
    c->last[c->n_turns % LAST_TURNS].screen = screen;
    c->last[c->n_turns++ % LAST_TURNS].presses = lp_hash64(c->plan.press, (size_t)c->plan.n_presses);
}

/* Whoever walks into a wall or in a circle is told so: of the last turns, those that saw this screen, and those of them that did the same as
 * the newest. */
static void tell_repeats(lp_chat *c, char question[LP_CHAT_QUESTION]) {
    int seen = 0, same = 0;
    uint64_t newest = 0;
    for (int64_t i = c->n_turns - 1; i >= 0 && i >= c->n_turns - LAST_TURNS; i--) {
        if (c->last[i % LAST_TURNS].screen != c->screen) continue;
        if (!seen++) newest = c->last[i % LAST_TURNS].presses;
        same += c->last[i % LAST_TURNS].presses == newest;
    }
    if (!c->screen || same < REPEATS) return;
    c->repeats = c->repeating = same;
    const size_t used = strlen(question);
    snprintf(question + used, LP_CHAT_QUESTION - used,
             " You repeat yourself: of your last %d turns %d began with this very screen, and in %d of them you pressed the same.",
             (int)(c->n_turns < LAST_TURNS ? c->n_turns : LAST_TURNS), seen, same);
}

/* What it remembers contradicts itself, which it has not been told of yet. */
static void tell_contradictions(lp_chat *c, const lp_moment *m, char question[LP_CHAT_QUESTION]) {
    char text[LP_CHAT_QUESTION];
    uint64_t hash;
    const size_t used = strlen(question);
    if (!lp_chat_contradictions(text, sizeof text, &hash, m, &c->book) || hash == c->doubts) return;
    c->doubt = hash;
    snprintf(question + used, LP_CHAT_QUESTION - used, "%s", text);
}

/* A goal that stands while nothing happens is asked about, again and again. */
static void ask_goal(lp_chat *c, char question[LP_CHAT_QUESTION]) {
    const size_t used = strlen(question);
    c->asks_goal = c->setup.goal && c->goal_turns && c->goal_turns % c->setup.goal == 0;
    if (c->asks_goal)
        snprintf(
            question + used, LP_CHAT_QUESTION - used,
            " Your goal has stood for %lld turns in which nothing happened: \"%s\". Does it still lead anywhere? Keep it, or note another.",
            (long long)c->goal_turns, lp_chat_goal(&c->book));
}

static int64_t number_of(const cJSON *line, const char *name) {
    const cJSON *n = cJSON_GetObjectItem(line, name);
    return cJSON_IsNumber(n) ? (int64_t)n->valuedouble : 0;
}

static void count(void *context, const cJSON *line) {
    lp_chat_counts *counts = context;
    const cJSON *tokens = cJSON_GetObjectItem(line, "tokens"), *cost = cJSON_GetObjectItem(line, "cost"),
                *faults = cJSON_GetObjectItem(line, "faults");
    const cJSON *failed = cJSON_GetObjectItem(line, "failed");
    const bool gave_up = cJSON_GetObjectItem(line, "gave_up") != NULL;
    if (cJSON_GetObjectItem(line, "left_out")) return;
    counts->replies += !gave_up, counts->given_up += gave_up;
    const int64_t episode = number_of(line, "episode"), step = number_of(line, "step");
    const bool turn = !cJSON_GetObjectItem(line, "summary") && (episode != counts->turn_episode || step != counts->turn_step);
    if (turn) counts->turns++, counts->turn_episode = episode, counts->turn_step = step;
    if (cJSON_IsNumber(tokens)) counts->tokens += (int64_t)tokens->valuedouble;
    if (cJSON_IsNumber(cost)) counts->cost += cost->valuedouble;
    counts->contradictions += cJSON_GetObjectItem(line, "contradicts") != NULL;
    counts->goals += cJSON_IsTrue(cJSON_GetObjectItem(line, "asks_goal"));
    counts->repeats += cJSON_GetObjectItem(line, "repeats") != NULL;
    counts->summaries += cJSON_GetObjectItem(line, "summary") && !gave_up && !cJSON_GetObjectItem(line, "refused");
    if (cJSON_IsNumber(faults)) counts->faults += (int64_t)faults->valuedouble;
    if (cJSON_IsNumber(failed)) counts->failed += (int64_t)failed->valuedouble;
}

static void begin_turn(lp_chat *c, int64_t episode, int64_t step, const char *question) {
    if (c->now && c->setup.turns) {
        if (c->n_past == c->setup.turns) {
            cJSON_Delete(c->past[0]);
            memmove(c->past, c->past + 1, (size_t)--c->n_past * sizeof *c->past);
        }
        c->past[c->n_past++] = c->now;
    } else cJSON_Delete(c->now);
    c->now = cJSON_CreateArray();
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "role", "user");
    cJSON_AddStringToObject(message, "content", question);
    cJSON_AddItemToArray(c->now, message);
    c->episode = episode, c->step = c->begins = step;
    c->plan.n_presses = c->plan.n_loops = c->plan.faults = 0;
    c->left_out = 0;
    c->plan.importance = 0;
    c->plan.text[0] = c->plan.thought[0] = 0;
    c->rounds = 0;
}

static uint8_t idle_action(const lp_chat *c) {
    int idle = 0;
    while (idle < lp_game_n_actions(c->game) - 1 && lp_game_action_keys(c->game, idle)) idle++;
    return (uint8_t)idle;
}

static void pass_by(lp_chat *c, const char *why) {
    memset(c->plan.press, idle_action(c), (size_t)c->setup.idle);
    c->plan.n_loops = 0;
    c->plan.n_presses = (int)c->setup.idle;
    snprintf(c->plan.thought, sizeof c->plan.thought, "(no answer: %s)", why);
}

/* What a line says, whether it has just come or was in the file. It leaves its results in the line. */
static void follow(lp_chat *c, cJSON *line, const lp_library *library) {
    const int64_t episode = (int64_t)cJSON_GetObjectItem(line, "episode")->valuedouble,
                  step = (int64_t)cJSON_GetObjectItem(line, "step")->valuedouble;
    if (!c->now || episode != c->episode || step != c->step)
        begin_turn(c, episode, step, cJSON_GetStringValue(cJSON_GetObjectItem(line, "question")));
    const cJSON *message = cJSON_GetObjectItem(line, "message"), *why = cJSON_GetObjectItem(line, "gave_up"), *one;
    if (!cJSON_IsString(why)) why = NULL;
    c->rounds++;
    if (cJSON_GetObjectItem(line, "begins")) c->begins = number_of(line, "begins");
    if (cJSON_GetObjectItem(line, "contradicts")) c->doubts = hash_of(line, "contradicts");
    if (why) pass_by(c, cJSON_GetStringValue(why));
    if (why) note_turn(c, hash_of(line, "screen"));
    if (why) return;
    const cJSON *known = cJSON_GetObjectItem(line, "results");
    const int before = cJSON_GetArraySize(c->now), faults = c->plan.faults;
    lp_chat_follow(&c->plan, &c->book, c->now, message, &c->setup, c->game, library, known);
    if (!known) cJSON_AddNumberToObject(line, "faults", c->plan.faults - faults);
    cJSON *results = known ? NULL : cJSON_AddArrayToObject(line, "results");
    for (one = cJSON_GetArrayItem(c->now, before + 1); one && results; one = one->next)
        if (cJSON_GetObjectItem(one, "tool_call_id"))
            cJSON_AddItemToArray(results, cJSON_Duplicate(cJSON_GetObjectItem(one, "content"), false));
    if (!c->plan.n_presses && c->rounds >= c->setup.rounds) pass_by(c, c->plan.faults ? c->plan.fault : "nothing was pressed");
    if (c->plan.n_presses) note_turn(c, hash_of(line, "screen"));
}

/* ---- opening ---- */

static lp_status read_prompt(lp_chat *c, lp_err *err) {
    char path[PATH_MAX];
    lp_blob text = {0};
    snprintf(path, sizeof path, "%s", c->setup.prompt);
    if (!*path && lp_game_dir(c->game)) lp_path_join(path, sizeof path, lp_game_dir(c->game), "chat.md");
    const bool own = *path && (*c->setup.prompt || lp_file_exists(path));
    lp_status status = own ? lp_file_read(&text, path, MAX_PROMPT_BYTES, err) : LP_OK;
    char grid[200] = "";
    if (c->setup.grid && c->setup.sees != LP_SEES_TEXT)
        snprintf(
            grid, sizeof grid,
            "\nThe picture has a red grid, a line every %d pixels; its columns are numbered above it and its rows to the left, from 0.",
            (int)c->setup.grid);
    if (!status && asprintf(&c->prompt, "%s%s", own ? (const char *)text.data : PROMPT, grid) < 0) c->prompt = NULL;
    if (!status && !c->prompt) status = lp_fail(err, LP_FAILED, "out of memory");
    lp_blob_free(&text);
    return status;
}

static lp_status open_http(lp_chat *c, const char *path, lp_err *err) {
    char url[sizeof c->setup.url + 32];
    const char *key = *c->setup.key ? getenv(c->setup.key) : NULL;
    if (*c->setup.key && !(key && *key))
        return lp_fail(err, LP_BAD_INPUT, "%s: chat.key: the environment variable %s is not set", path, c->setup.key);
    size_t n = strlen(c->setup.url);
    while (n && c->setup.url[n - 1] == '/') n--;
    snprintf(url, sizeof url, "%.*s/chat/completions", (int)n, c->setup.url);
    return lp_http_open(&c->http, url, key, (int)c->setup.timeout_s, err);
}

lp_status lp_chat_open(lp_chat **out, const char *given, const lp_game *game, const char *folder, lp_err *err) {
    lp_chat *c = *out = NULL;
    if (!(c = calloc(1, sizeof *c))) return lp_fail(err, LP_FAILED, "out of memory");
    c->game = game;
    lp_status status = lp_chat_setup_read(&c->setup, given, err);
    if (!status && !(c->past = calloc((size_t)c->setup.turns + 1, sizeof *c->past))) status = lp_fail(err, LP_FAILED, "out of memory");
    if (!status) status = lp_chat_table_read(&c->table, game, err);
    c->setup.table = &c->table;
    if (!status) status = lp_chat_check_tools(&c->setup, err);
    if (!status && (status = lp_chat_check_variables(c->setup.variables, game, err)))
        lp_fail_prefix(err, status, "%s: chat.variables", c->setup.from);
    if (!status) status = read_prompt(c, err);
    if (!status) status = open_http(c, c->setup.from, err);
    c->streams = c->setup.stream;
    c->held = idle_action(c);
    if (!status && folder) status = lp_chat_log_open(&c->log, folder, count, &c->counts, err);
    if (status) lp_chat_close(c);
    else *out = c;
    return status;
}

void lp_chat_close(lp_chat *c) {
    if (!c) return;
    for (int i = 0; i < c->n_past; i++) cJSON_Delete(c->past[i]);
    cJSON_Delete(c->now);
    cJSON_Delete(c->request);
    lp_http_close(c->http);
    lp_chat_log_close(c->log);
    free(c->past);
    free(c->prompt);
    free(c->asked);
    lp_chat_stream_free(&c->stream);
    free(c);
}

lp_chat_counts lp_chat_count(const lp_chat *c) { return c->counts; }

const char *lp_chat_saying(const lp_chat *c) {
    const char *now = c->on_its_way ? lp_chat_stream_saying(&c->stream) : NULL;
    if (now || c->answered || c->writing || !c->now) return now;
    return *c->plan.thought ? c->plan.thought : NULL; /* before it looked something up */
}

int lp_chat_show(const lp_chat *c, lp_view_model *model, lp_view_line lines[LP_NOTEBOOK]) {
    const lp_chat_counts *n = &c->counts;
    *model = (lp_view_model){.turns = n->turns,
                             .replies = n->replies,
                             .tokens = n->tokens,
                             .cost = n->cost,
                             .failed = n->failed,
                             .faults = n->faults,
                             .given_up = n->given_up,
                             .repeats = n->repeats,
                             .repeating = c->repeating};
    for (int i = 0; i < c->book.n; i++) lines[i] = (lp_view_line){c->book.key[i], c->book.text[i]};
    return c->book.n;
}

/* ---- asking ---- */

static lp_status post(lp_chat *c, lp_err *err) {
    lp_chat_stream_begin(&c->stream);
    cJSON_DeleteItemFromObject(c->request, "stream"), cJSON_DeleteItemFromObject(c->request, "stream_options");
    if (c->streams) {
        cJSON_AddTrueToObject(c->request, "stream");
        cJSON_AddTrueToObject(cJSON_AddObjectToObject(c->request, "stream_options"), "include_usage");
    }
    char *json = cJSON_PrintUnformatted(c->request);
    lp_status status = json ? lp_http_post(c->http, json, err) : lp_fail(err, LP_FAILED, "out of memory for a request");
    c->asked_bytes = json ? (int64_t)strlen(json) : 0;
    cJSON_free(json);
    c->on_its_way = !status;
    return status;
}

static lp_status within_budget(const lp_chat *c, lp_err *err) {
    if (c->setup.budget_cost > 0 && c->counts.cost >= c->setup.budget_cost)
        return lp_fail(err, LP_FAILED, "chat.budget_cost: %.4f is spent of %.4f", c->counts.cost, c->setup.budget_cost);
    if (!c->setup.budget_tokens || c->counts.tokens < c->setup.budget_tokens) return LP_OK;
    return lp_fail(err, LP_FAILED, "chat.budget_tokens: %lld tokens are used of %lld", (long long)c->counts.tokens,
                   (long long)c->setup.budget_tokens);
}

/* What it is shown of the moment, and the variables that it is told: of a road that looks the same a hundred times one may count the laps. */
static uint64_t screen_of(const lp_chat *c, const lp_moment *m) {
    uint64_t hash = m->frame ? lp_hash64(m->frame, (size_t)m->width * (size_t)m->height * sizeof *m->frame) : 0;
    const char *names = c->setup.variables;
    for (int i; hash && m->variables && c->setup.sees != LP_SEES_PIXELS && (i = lp_chat_variable(&names, c->game)) >= 0;) {
        const uint64_t both[] = {hash, (uint64_t)m->variables[i]};
        hash = lp_hash64(both, sizeof both);
    }
    return hash;
}

/* Which of the plan's presses comes now. */
static int64_t place(const lp_chat *c) { return c->at + c->left_out; }

/* Leaves out what is enough already, which is written down: a turn that is taken up again later may not look at what was then. */
static lp_status leave_out(lp_chat *c, lp_err *err) {
    int64_t to = place(c);
    for (int i = 0; i < c->plan.n_loops; i++)
        if (to >= c->plan.loop[i].from && to < c->plan.loop[i].to &&
            lp_op_apply(c->plan.loop[i].op, c->plan.loop[i].reference, c->variables[c->plan.loop[i].variable]) > 0)
            to = c->plan.loop[i].to;
    const int64_t n = to - place(c);
    c->left_out += n;
    if (!n || !c->log) return LP_OK;
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "left_out", (double)n);
    cJSON_AddNumberToObject(line, "episode", (double)c->episode);
    cJSON_AddNumberToObject(line, "step", (double)(c->begins + c->at));
    cJSON_AddStringToObject(line, "question", "");
    lp_status status = lp_chat_log_add(c->log, line, err);
    cJSON_Delete(line);
    return status;
}

/* What happens while an answer is waited for is told in the next question. */
static void miss(lp_chat *c, const char *happened) {
    const size_t used = strlen(c->missed);
    if (*happened) snprintf(c->missed + used, sizeof c->missed - used, "%s%s", used ? "; " : "", happened);
}

/* The episode of what is asked is over, and so is the turn. */
static void forget_turn(lp_chat *c) {
    cJSON_Delete(c->now);
    c->now = NULL;
    c->waits = c->on_its_way = false;
    c->missed[0] = 0;
}

/* A line of the log, come to. */
static void take_up(lp_chat *c, cJSON *line) {
    if (cJSON_GetObjectItem(line, "left_out")) c->left_out += number_of(line, "left_out");
    else if (!cJSON_GetObjectItem(line, "summary")) follow(c, line, NULL);
}

lp_status lp_chat_ask(lp_chat *c, const lp_moment *m, lp_err *err) {
    cJSON *line;
    while (c->log && (line = lp_chat_log_next(c->log, m->episode, m->step))) {
        take_up(c, line);
        cJSON_Delete(line);
        c->met = true;
    }
    const bool same = c->now && m->episode == c->episode && m->step >= c->begins;
    c->at = same ? m->step - c->begins : 0;
    c->moment = m->step;
    c->variables = m->variables;
    c->until_s = lp_now_s() + (c->setup.realtime > 0 ? lp_game_frame_skip(c->game) / (LP_EMU_FRAMES_PER_S * c->setup.realtime) : 0);
    c->sent = false;
    if (c->waits && m->episode == c->episode) return miss(c, m->happened), LP_OK;
    if (c->waits) forget_turn(c);
    const bool goes_on = same && c->plan.n_presses && (!c->at || !*m->happened);
    lp_status status = goes_on ? leave_out(c, err) : LP_OK;
    c->answered = goes_on && (!c->at || place(c) < c->plan.n_presses);
    if (c->answered || status) return status;
    c->screen = screen_of(c, m);
    c->repeats = c->repeating = 0;
    c->doubt = 0;
    c->asks_goal = false;
    if (!same || c->at) {
        char question[LP_CHAT_QUESTION];
        lp_moment told = *m;
        miss(c, m->happened);
        told.happened = c->missed;
        lp_chat_question(question, &c->setup, c->game, &told);
        c->missed[0] = 0;
        tell_repeats(c, question);
        tell_contradictions(c, m, question);
        ask_goal(c, question);
        begin_turn(c, m->episode, m->step, question);
        c->at = 0;
    }
    c->tries = 0;
    c->library = m->library;
    cJSON_Delete(c->request);
    c->request = lp_chat_request(&c->setup, c->game, c->prompt, c->past, c->n_past, c->now, m, &c->book);
    if (!c->request) return lp_fail(err, LP_FAILED, "out of memory for a request");
    status = within_budget(c, err);
    c->sent = c->waits = !status;
    return status ? status : post(c, err);
}

bool lp_chat_sent(const lp_chat *c, const lp_moment *m, bool *sent) {
    if (c->sent) lp_chat_choose_notes(sent, m, &c->setup);
    return c->sent;
}

bool lp_chat_writes(const lp_chat *c) { return c->setup.summaries == LP_SUMMARIES_WRITE; }

lp_status lp_chat_summarise(lp_chat *c, const lp_writing *w, lp_err *err) {
    cJSON *line;
    c->writing = w;
    c->wrote = false;
    while (c->log && !c->wrote && (line = lp_chat_log_next(c->log, w->episode, w->step))) {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(line, "summary"));
        c->wrote = id && !strcmp(id, w->id);
        if (c->wrote) lp_chat_summary_judge(&c->written, &c->setup, w, line);
        else take_up(c, line);
        cJSON_Delete(line);
        c->met = true;
    }
    if (c->wrote) return LP_OK;
    c->tries = 0;
    cJSON_Delete(c->request);
    free(c->asked);
    c->request = NULL;
    c->asked = lp_chat_summary_question(w, c->game);
    if (c->asked) c->request = lp_chat_summary_request(&c->setup, c->asked);
    if (!c->request) return lp_fail(err, LP_FAILED, "out of memory for a request");
    lp_status status = within_budget(c, err);
    return status ? status : post(c, err);
}

/* ---- hearing ---- */

static lp_status take_summary(lp_chat *c, cJSON *line, lp_err *err) {
    cJSON_AddNumberToObject(line, "episode", (double)c->writing->episode);
    cJSON_AddNumberToObject(line, "step", (double)c->writing->step);
    cJSON_AddStringToObject(line, "summary", c->writing->id);
    cJSON_AddStringToObject(line, "question", c->asked);
    lp_chat_summary_judge(&c->written, &c->setup, c->writing, line);
    const bool refused = *c->written.refused && !cJSON_GetObjectItem(line, "gave_up");
    if (refused) cJSON_AddStringToObject(line, "refused", c->written.refused);
    cJSON_AddNumberToObject(line, "faults", refused);
    count(&c->counts, line);
    c->wrote = true;
    return c->log ? lp_chat_log_add(c->log, line, err) : LP_OK;
}

/* 0: there is none. */
static void add_hash(cJSON *line, const char *name, uint64_t hash) {
    char hex[24];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)hash);
    if (hash) cJSON_AddStringToObject(line, name, hex);
}

/* Writes the line down, then does what it says. */
static lp_status take(lp_chat *c, cJSON *line, lp_err *err) {
    if (c->writing) return take_summary(c, line, err);
    cJSON_AddNumberToObject(line, "episode", (double)c->episode);
    cJSON_AddNumberToObject(line, "step", (double)c->step);
    if (c->moment != c->step) cJSON_AddNumberToObject(line, "begins", (double)c->moment);
    cJSON_AddStringToObject(line, "question", cJSON_GetStringValue(cJSON_GetObjectItem(c->now->child, "content")));
    add_hash(line, "screen", c->screen);
    if (c->repeats) cJSON_AddNumberToObject(line, "repeats", c->repeats);
    add_hash(line, "contradicts", c->doubt);
    if (c->asks_goal) cJSON_AddTrueToObject(line, "asks_goal");
    c->repeats = 0;
    c->doubt = 0;
    c->asks_goal = false;
    const int before = cJSON_GetArraySize(c->now);
    follow(c, line, c->library);
    count(&c->counts, line);
    lp_status status = c->log ? lp_chat_log_add(c->log, line, err) : LP_OK;
    c->answered = c->plan.n_presses > 0;
    c->waits = !c->answered;
    c->at = 0;
    if (!status && c->answered) status = leave_out(c, err);
    if (status || c->answered) return status;
    for (const cJSON *one = cJSON_GetArrayItem(c->now, before); one; one = one->next)
        cJSON_AddItemToArray(cJSON_GetObjectItem(c->request, "messages"), cJSON_Duplicate(one, true));
    c->tries = 0;
    status = within_budget(c, err);
    return status ? status : post(c, err);
}

/* The failures of before are told with what came of it. */
static void add_failed(lp_chat *c, cJSON *line) {
    if (c->failed) cJSON_AddNumberToObject(line, "failed", c->failed);
    c->failed = 0;
}

/* Whether it would say the same again. */
static bool refuses(int code) { return code == 400 || code == 401 || code == 403 || code == 404; }

static lp_status fail(lp_chat *c, int code, double retry_after_s, const char *why, lp_err *err) {
    if (!c->met && (!code || refuses(code))) return lp_fail(err, LP_FAILED, "%s: %s", c->setup.url, why);
    c->failed++;
    lp_warn("%s: %s", c->setup.url, why);
    if (refuses(code) || ++c->tries > c->setup.retries) {
        cJSON *line = cJSON_CreateObject();
        cJSON_AddStringToObject(line, "gave_up", why);
        add_failed(c, line);
        lp_status status = take(c, line, err);
        cJSON_Delete(line);
        return status;
    }
    double pause_s = c->setup.pause_s * (double)(1 << (c->tries < 7 ? c->tries - 1 : 6));
    if (retry_after_s > pause_s) pause_s = retry_after_s;
    c->again_s = lp_now_s() + (pause_s < LONGEST_PAUSE_S ? pause_s : LONGEST_PAUSE_S);
    return LP_OK;
}

/* An endpoint that does not stream, or not with tools, may say so in many ways: it is asked without, once. */
static bool may_not_stream(const lp_chat *c, int code) {
    return c->streams && !c->streamed && (code == 400 || code == 422 || code == 500 || code == 501);
}

static lp_status judge(lp_chat *c, const lp_http_reply *r, lp_err *err) {
    cJSON *message = NULL;
    lp_chat_usage tokens = {0};
    lp_err why = {{0}};
    const char *body = r->body;
    const bool cut = c->stream.in_pieces && lp_chat_stream_end(&c->stream, &body, &why);
    const int code = c->stream.in_pieces && !r->code ? 200 : r->code; /* what ended as it should is whole, however the connection ended */
    if (!code) return fail(c, 0, 0, r->why, err);
    if (may_not_stream(c, code)) return c->streams = false, post(c, err);
    if (code == 200 && !*body) c->streams = false; /* nor may one that has no error to tell once a stream has begun */
    if (cut || lp_chat_reply(&message, &tokens, body, &why) || code != 200) {
        char text[sizeof why.message + 32];
        snprintf(text, sizeof text, "HTTP %d%s%s", code, *why.message ? ": " : "", why.message);
        cJSON_Delete(message);
        return fail(c, code, r->retry_after_s, cut && *r->why ? r->why : text, err);
    }
    if (!tokens.in && !tokens.out) /* it does not say */
        tokens = (lp_chat_usage){.in = c->asked_bytes / LP_CHAT_BYTES_A_TOKEN, .out = (int64_t)strlen(body) / LP_CHAT_BYTES_A_TOKEN};
    c->met = true;
    c->streamed |= c->stream.in_pieces;
    cJSON *line = cJSON_CreateObject();
    cJSON_AddItemToObject(line, "message", message);
    cJSON_AddNumberToObject(line, "tokens", (double)(tokens.in + tokens.out));
    const double cost = lp_chat_cost(&c->setup, &tokens);
    if (cost > 0) cJSON_AddNumberToObject(line, "cost", cost);
    add_failed(c, line);
    lp_status status = take(c, line, err);
    cJSON_Delete(line);
    return status;
}

/* Up to timeout_ms, for what was asked. */
static lp_status wait_for_it(lp_chat *c, int timeout_ms, lp_err *err) {
    lp_status status = LP_OK;
    if (c->on_its_way) {
        lp_http_reply reply;
        lp_http_look(c->http, timeout_ms, &reply);
        lp_chat_stream_look(&c->stream, reply.body, reply.size);
        c->on_its_way = !reply.done;
        if (reply.done) status = judge(c, &reply, err);
    } else {
        const double left_s = c->again_s - lp_now_s();
        if (left_s > 0) usleep((useconds_t)(1000 * (left_s * 1000 < timeout_ms ? left_s * 1000 : timeout_ms)));
        else status = post(c, err);
    }
    return status;
}

lp_status lp_chat_hear_summary(lp_chat *c, int timeout_ms, bool *answered, lp_written *written, lp_err *err) {
    lp_status status = c->wrote ? LP_OK : wait_for_it(c, timeout_ms, err);
    *answered = !status && c->wrote;
    if (!*answered) return status;
    *written = c->written;
    c->writing = NULL;
    return LP_OK;
}

lp_status lp_chat_hear(lp_chat *c, int timeout_ms, bool *answered, lp_answer *answer, lp_err *err) {
    const double left_ms = 1000 * (c->until_s - lp_now_s());
    const bool limited = c->setup.realtime > 0 && left_ms < timeout_ms;
    lp_status status = c->answered ? LP_OK : wait_for_it(c, !limited ? timeout_ms : left_ms > 0 ? (int)left_ms + 1 : 0, err);
    const bool goes_on = c->setup.realtime > 0 && !c->answered && lp_now_s() >= c->until_s;
    *answered = !status && (c->answered || goes_on);
    if (!*answered) return status;
    memset(answer, 0, sizeof *answer);
    answer->action = c->setup.meanwhile == LP_MEANWHILE_HOLD ? c->held : idle_action(c);
    if (goes_on) return LP_OK;
    answer->action =
        place(c) < c->plan.n_presses ? c->plan.press[place(c)] : idle_action(c); /* where all was enough: a turn takes a decision */
    c->held = answer->action;
    if (c->at) return LP_OK;
    answer->importance = c->plan.importance;
    lp_text_cut(answer->text, sizeof answer->text, c->plan.text);
    lp_text_cut(answer->thought, sizeof answer->thought, c->plan.thought);
    return LP_OK;
}
