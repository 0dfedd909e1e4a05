/* longplay play: an agent plays a game, in a window or without, recorded or not, from power-on or from where it was killed. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "base/stop.h"
#include "cli/relay.h"
#include "cli/run_json.h"
#include "cli/viewers.h"
#include "cli/watch.h"
#include "evals/eval.h"
#include "harness/keyboard.h"
#include "harness/pursuit.h"
#include "harness/run.h"
#include "players/guest.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EPISODES = 5, DECISIONS = 2000, STUCK = 500, FROM_RUN = -1 };
#define BEAT_S 0.1     /* between two signs of life */
#define RETRY_S 5.0    /* between attempts to record again */
#define GIVE_UP_S 30.0 /* at the end */
#define RESULT_S 2.0   /* how long an episode's end stays on the screen at speed 1 */
#define END_S 3.0      /* how long the end of it all does */

typedef struct {
    const char *game, *policy, *model, *memory, *run, *speed, *shot, *title, *device, *noop, *keep, *set[LP_MAX_LIST],
        *settings[LP_MAX_LIST], *chat_settings[LP_MAX_LIST];
    int n_game, n_set, n_settings, n_chat_settings;
    int64_t episodes, decisions, seed, stuck; /* FROM_RUN: not given */
    bool training_seeds, resume, headless, go_on, json;
    lp_look look;
    lp_web_config web;
    lp_film_options film;
    lp_viewers_options chat;
} arguments;

/* What is being played, and by whom. */
typedef struct {
    lp_game *game;           /* owned */
    lp_chosen_policy chosen; /* its policy owned */
    lp_run_config config;
    lp_run *run; /* owned */
    lp_web *web; /* owned; NULL: none */
    lp_video_state stream;
    lp_pursuit pursuit;
    bool window, human, made, resumed, new_limits, goes_on; /* made: the run, just now */
    char shown_status[192], name[400];                      /* name: of game and run */
    lp_watch watch;
    lp_run_json json;
    lp_viewers viewers;
    lp_relay *relay; /* owned; NULL: no stream started us (cmd_stream.c) */
    double beat_s;
} session;

/* ---- settling what to play ---- */

static lp_status name_policy(session *s, lp_err *err) {
    const bool guest = s->chosen.player == LP_PLAYER_GUEST;
    return lp_lasting_path(s->config.policy, sizeof s->config.policy, s->chosen.name,
                           (const char *const[]){"random", "oracle", "human", guest ? s->chosen.name : NULL, NULL}, err);
}

/* A person is a player like any other, but needs a window. */
static lp_status choose_player(session *s, const arguments *a, const char *name, lp_err *err) {
    s->human = name && !strcmp(name, "human");
    if (s->human && a->go_on) return lp_fail(err, LP_BAD_INPUT, "--go-on: what a person did cannot be played again");
    char given[sizeof s->config.policy];
    const bool chats = a->n_chat_settings || (name && !strcmp(name, "chat"));
    lp_status status = chats ? lp_guest_give(given, sizeof given, name, a->chat_settings, a->n_chat_settings, err) : LP_OK;
    if (status) return status;
    if (!s->human) return lp_choose_policy(&s->chosen, s->game, chats ? given : name, err);
    s->chosen = (lp_chosen_policy){.name = "human"};
    if (s->window) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "--policy human: a person plays in a window, and %s",
                   a->headless ? "--headless opens none" : "there is no display here");
}

static lp_status apply_knobs(session *s, const arguments *a, const char *base, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS];
    char list[sizeof s->config.knobs], *save = NULL;
    lp_status status = LP_OK;
    lp_game_default_knobs(s->game, knobs);
    snprintf(list, sizeof list, "%s", base);
    for (char *one = strtok_r(list, " ", &save); one && !status; one = strtok_r(NULL, " ", &save))
        status = lp_game_set_knob(s->game, knobs, one, err);
    for (int i = 0; i < a->n_set && !status; i++) status = lp_game_set_knob(s->game, knobs, a->set[i], err);
    if (!status) lp_run_config_knobs(&s->config, s->game, knobs);
    return status ? status : lp_viewers_read_ballots(&s->viewers, &a->chat, s->game, err);
}

/* Limits as given. Where none are, a window goes on until it is closed, and a page or a chat until we are stopped; else a few episodes are an example. */
static void settle_limits(session *s, const arguments *a) {
    bool given = a->episodes != FROM_RUN || a->decisions != FROM_RUN,
         example = !given && !s->window && !s->web && !a->film.stream && !a->chat.address;
    s->config.episodes = a->episodes != FROM_RUN ? a->episodes : example && lp_game_can_end(s->game) ? EPISODES : 0;
    s->config.decisions = a->decisions != FROM_RUN ? a->decisions : example && lp_game_is_endless(s->game) ? DECISIONS : 0;
}

static lp_status settle_keep(session *s, const arguments *a, lp_err *err) {
    if (a->keep && !a->run) return lp_fail(err, LP_BAD_INPUT, "--keep needs --run DIR");
    if (a->keep && (!lp_parse_bytes(a->keep, &s->config.keep) || (s->config.keep && (double)s->config.keep < LP_LEAST_KEEP)))
        return lp_fail(err, LP_BAD_INPUT, "--keep '%s': must be like 20GB or 400MB, at least 50MB; 0: no limit", a->keep);
    return LP_OK;
}

static lp_status settle_new(session *s, const arguments *a, lp_err *err) {
    lp_mem_config memory;
    const lp_mem_given given = {a->memory, a->settings, a->n_settings};
    const char *name = a->n_game ? a->game : "cue";
    lp_run_config_init(&s->config);
    lp_status status = lp_game_open(&s->game, name, err);
    if (!status) status = lp_choose_model(s->game, a->model, err);
    if (!status) status = lp_lasting_game(s->config.game, sizeof s->config.game, name, err);
    if (!status && a->noop) status = lp_game_set_noop(s->game, a->noop, err);
    if (!status) status = choose_player(s, a, a->policy, err);
    if (!status) status = name_policy(s, err);
    if (!status) status = lp_choose_player_memory(&memory, &s->chosen, &given, err);
    if (!status) status = apply_knobs(s, a, "", err);
    if (status) return status;
    lp_mem_choose(&s->config.memory, &memory);
    if (a->seed != FROM_RUN) s->config.seed = a->seed;
    s->config.stuck = a->stuck != FROM_RUN ? a->stuck : STUCK;
    s->config.training_seeds = a->training_seeds;
    settle_limits(s, a);
    status = settle_keep(s, a, err);
    if (status) return status;
    if (a->run) status = lp_run_make(a->run, s->game, s->chosen.policy, &s->config, err);
    s->made = a->run && !status;
    return status;
}

static lp_status changed(const char *what, const char *run, lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "%s is not what %s was recorded with, and cannot change while it is resumed", what, run);
}

static lp_status same_memory(const session *s, const arguments *a, const lp_run_config *c, lp_err *err) {
    lp_mem_config was = lp_run_memory(c, s->chosen.policy), now = was;
    lp_status status = lp_mem_give(&now, &(lp_mem_given){a->memory, a->settings, a->n_settings}, err);
    if (!status) status = lp_mem_complete(&was, err);
    if (!status) status = lp_mem_complete(&now, err);
    /* now began as a copy of was, so what is between the fields is the same: NOLINTNEXTLINE(*-memory-comparison,cert-exp42-c,cert-flp37-c) */
    return status || !memcmp(&was, &now, sizeof was) ? status : changed("--memory", a->run, err);
}

/* What the run was recorded with; what is given besides must agree with it. */
static lp_status settle_resumed(session *s, const arguments *a, lp_err *err) {
    lp_run_config c;
    lp_status status = lp_run_config_read(&c, a->run, err);
    if (!status && !strcmp(c.policy, LP_RUN_IMPORTED))
        status = lp_fail(err, LP_BAD_INPUT, "%s: was imported from a movie, which is over: it can be replayed, not resumed", a->run);
    if (status) return status;
    s->config = c;
    status = lp_run_game(&s->game, &c, a->n_game ? a->game : NULL, err);
    if (!status) {
        lp_model model = lp_game_model(s->game);
        status = lp_choose_model(s->game, a->model, err);
        if (!status && lp_game_model(s->game) != model) status = changed("--model", a->run, err);
    }
    if (!status && a->noop) {
        char noop[24];
        status = lp_game_set_noop(s->game, a->noop, err);
        if (!status && strcmp(lp_game_noop_text(s->game, noop), c.noop)) status = changed("--noop", a->run, err);
    }
    if (!status) {
        lp_run_identify(&s->config, s->game, NULL);
        if (strcmp(s->config.rom_hash, c.rom_hash)) status = changed("the game's ROM", a->run, err);
    }
    if (!status) status = choose_player(s, a, a->policy ? a->policy : c.policy, err);
    const bool chats = lp_guest_chats(c.policy) && lp_guest_same(c.policy, s->chosen.name); /* its settings may change */
    if (!status && !s->chosen.policy && !chats && strcmp(s->chosen.name, c.policy)) status = changed("--policy", a->run, err);
    if (!status) status = same_memory(s, a, &c, err);
    if (!status) status = apply_knobs(s, a, c.knobs, err);
    if (!status && strcmp(s->config.knobs, c.knobs)) status = changed("--set", a->run, err);
    if (!status && a->seed != FROM_RUN && a->seed != c.seed) status = changed("--seed", a->run, err);
    if (!status && a->stuck != FROM_RUN && a->stuck != c.stuck) status = changed("--stuck", a->run, err);
    if (!status && a->training_seeds && !c.training_seeds) status = changed("--training-seeds", a->run, err);
    if (status) return status;
    s->config = c;
    if (chats) status = name_policy(s, err);
    if (status) return status;
    if (a->episodes != FROM_RUN || a->decisions != FROM_RUN) settle_limits(s, a);
    status = settle_keep(s, a, err);
    s->new_limits = strcmp(s->config.policy, c.policy) || s->config.keep != c.keep || s->config.episodes != c.episodes ||
                    s->config.decisions != c.decisions;
    return status;
}

/* --resume of a run that is not there yet starts it where GAME is named: the same command line then serves for every start. */
static lp_status settle(session *s, const arguments *a, lp_err *err) {
    if (a->go_on && !a->run) return lp_fail(err, LP_BAD_INPUT, "--go-on needs --run DIR");
    if (a->resume && !a->run) return lp_fail(err, LP_BAD_INPUT, "--resume needs --run DIR");
    if (!a->resume) return settle_new(s, a, err);
    if (lp_file_exists(a->run)) return settle_resumed(s, a, err);
    if (!a->n_game) return lp_fail(err, LP_BAD_INPUT, "%s: no run there (with a GAME, --resume would start one)", a->run);
    lp_warn("%s: no run there yet, starting it", a->run);
    return settle_new(s, a, err);
}

/* ---- playing ---- */

static void add_status(session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_status(session *s, const char *format, ...) {
    const size_t used = strlen(s->shown_status);
    va_list args;
    va_start(args, format);
    if (used) snprintf(s->shown_status + used, sizeof s->shown_status - used, ", ");
    vsnprintf(s->shown_status + strlen(s->shown_status), sizeof s->shown_status - strlen(s->shown_status), format, args);
    va_end(args);
}

static void tell_status(session *s, const lp_view *view) {
    const lp_outcome outcome = lp_run_outcome(s->run);
    const int horizon = lp_game_find_knob(s->game, "horizon");
    char bytes[LP_BYTES_BYTES], keep[LP_BYTES_BYTES];
    lp_chat_counts chat;
    s->shown_status[0] = 0;
    if (outcome) add_status(s, "episode ended: %s", lp_outcome_name(outcome));
    if (horizon >= 0) add_status(s, "horizon %lld", (long long)lp_run_knob(s->run, horizon));
    if (lp_run_chat(s->run, &chat)) {
        add_status(s, "%lld replies, %lld tokens", (long long)chat.replies, (long long)chat.tokens);
        if (chat.cost > 0) add_status(s, "cost %.2f", chat.cost);
    }
    if (view->disk.run_bytes)
        add_status(s, "disk %s%s%s", lp_print_bytes(bytes, view->disk.run_bytes), view->disk.keep_bytes ? " of " : "",
                   view->disk.keep_bytes ? lp_print_bytes(keep, view->disk.keep_bytes) : "");
}

static void show(void *context, lp_view *view) {
    session *s = context;
    lp_run_view(s->run, view);
    tell_status(s, view);
    view->human = s->human;
    if (*s->pursuit.note) view->note = s->pursuit.note;
    if (!view->status && *s->shown_status) view->status = s->shown_status;
}

static void say(const session *s, lp_run_totals t, double rate) {
    char limit[32] = "";
    if (s->config.episodes) snprintf(limit, sizeof limit, " of %lld", (long long)s->config.episodes);
    if (lp_game_can_end(s->game))
        lp_progress("%s: episode %lld%s, %lld won, %lld lost, %lld decisions, %.0f decisions/s", lp_game_name(s->game),
                    (long long)t.episodes + 1, limit, (long long)t.wins, (long long)(t.losses + t.timeouts), (long long)t.decisions, rate);
    else
        lp_progress("%s: %lld decisions, %llu frames, %.0f decisions/s", lp_game_name(s->game), (long long)t.decisions,
                    (unsigned long long)t.frames, rate);
}

static void on_frame(void *context) {
    session *s = context;
    lp_watch_frame(&s->watch, show, s);
}

static void write_json(session *s, const char *state) {
    lp_view view;
    lp_watch_view(&s->watch, show, s, &view);
    lp_irc_state chat = {0};
    if (s->viewers.chat) chat = lp_irc_look(s->viewers.chat);
    lp_run_json_write(&s->json, &view, s->viewers.chat ? &chat : NULL, state);
    lp_viewers_tell(&s->viewers, &view);
}

/* For who started us: we are alive. */
static void beat(session *s) {
    double now = lp_now_s();
    if (!s->relay || now - s->beat_s < BEAT_S) return;
    s->beat_s = now;
    lp_relay_beat(s->relay);
}

static void on_tick(void *context) {
    session *s = context;
    beat(s);
    lp_viewers_mark(&s->viewers, s->run);
    if (lp_run_json_due(&s->json)) write_json(s, s->watch.paused ? "paused" : "playing");
}

static lp_view_end view_end(lp_outcome outcome) {
    return outcome == LP_WIN ? LP_VIEW_WON : outcome == LP_LOSS ? LP_VIEW_LOST : outcome ? LP_VIEW_TIMED_OUT : LP_VIEW_RUNNING;
}

/* Waits for a guest's answer, while the window stays awake. *answered: false where it is closed meanwhile. */
static lp_status hear(session *s, bool *answered, lp_err *err) {
    lp_watch *watch = &s->watch;
    lp_status status = lp_run_hear(s->run, 0, answered, err);
    while (!status && !*answered && !watch->quit) {
        status = lp_run_hear(s->run, watch->window || watch->film.relay ? 15 : 100, answered, err);
        if (!status && !*answered) status = lp_watch_wait(watch, 0, show, s, err);
    }
    return status;
}

/* Between decisions: whatever keeps it from being recorded, it goes on. */
static void go_on(session *s) {
    lp_err why;
    if (lp_run_recorded(s->run) && lp_run_locked(s->run, &why)) lp_pursuit_begin(&s->pursuit, s->run, &why);
    if (!lp_run_recorded(s->run)) (void)lp_pursue(&s->pursuit, s->run, NULL);
}

/* At the end it is recorded, or that is said. */
static lp_status end_recorded(session *s, lp_err *err) {
    const double give_up_s = lp_now_s() + (lp_stop_asked() ? 0 : GIVE_UP_S);
    lp_err why;
    s->pursuit.tried_s = 0; /* now */
    for (;;) {
        on_tick(s);
        lp_status status = lp_run_recorded(s->run) ? LP_OK : lp_pursue(&s->pursuit, s->run, &why);
        if (!status && lp_run_recorded(s->run)) status = lp_run_end(s->run, &why);
        if (!status && lp_run_recorded(s->run)) return LP_OK;
        if (status && lp_run_recorded(s->run)) lp_pursuit_begin(&s->pursuit, s->run, &why);
        if (status && lp_now_s() > give_up_s)
            return lp_fail(err, LP_FAILED, "the end is not recorded, --resume plays it again: %s", why.message);
        if (status) usleep(100000);
    }
}

static lp_status play(session *s, lp_err *err) {
    lp_watch *watch = &s->watch;
    lp_status status = LP_OK;
    double frames = lp_game_frame_skip(s->game);
    lp_env *env = lp_run_seat(s->run)->env;
    while (!status && !watch->quit && !lp_run_done(s->run)) {
        if (s->goes_on) go_on(s);
        else if (lp_run_waits(s->run)) {
            status = lp_watch_turn(watch, 1, show, s, err);
            continue;
        }
        double still_s = watch->still_s;
        bool answered = true;
        lp_viewers_begin(&s->viewers, s->run);
        status = lp_run_think(s->run, err);
        if (!status) status = lp_watch_turn(watch, lp_watch_wants_frames(watch) ? 1 : frames, show, s, err);
        lp_run_idle(s->run, watch->still_s - still_s);
        if (!status) status = hear(s, &answered, err);
        if (!status && !answered) break;
        if (!status && s->human) lp_run_choose(s->run, lp_keyboard_action(s->game, lp_window_buttons(watch->window)));
        lp_env_on_frame(env, lp_watch_wants_frames(watch) ? on_frame : NULL, s);
        if (!status) status = lp_run_take(s->run, err);
        if (status && s->goes_on && lp_run_recorded(s->run)) lp_pursuit_begin(&s->pursuit, s->run, err), status = LP_OK;
        if (!status) lp_viewers_took(&s->viewers, s->run);
        if (!status && lp_run_outcome(s->run)) lp_watch_end(watch, view_end(lp_run_outcome(s->run)));
        if (!status && lp_watch_lingers(watch) && lp_run_outcome(s->run))
            status = lp_watch_turn(watch, RESULT_S * LP_EMU_FRAMES_PER_S, show, s, err);
        if (lp_watch_say(watch)) say(s, lp_run_counts(s->run), watch->decisions_per_s);
    }
    lp_env_on_frame(env, NULL, NULL);
    if (!status && watch->film.file && !lp_run_outcome(s->run)) status = lp_watch_turn(watch, 1, show, s, err); /* its last picture */
    lp_progress_end();
    if (!status) status = s->goes_on ? end_recorded(s, err) : lp_run_end(s->run, err);
    if (!status && watch->seen && !watch->quit) {
        watch->speed = watch->speed ? watch->speed : 1;
        status = lp_watch_turn(watch, END_S * LP_EMU_FRAMES_PER_S * watch->speed, show, s, err);
    }
    return status;
}

/* ---- the result ---- */

/* What one of n took; null: there is none. */
static void add_part(cJSON *o, const char *name, const lp_chat_counts *chat, int64_t n) {
    cJSON *part = n ? cJSON_AddObjectToObject(o, name) : cJSON_AddNullToObject(o, name);
    if (!n) return;
    cJSON_AddNumberToObject(part, "tokens", (double)chat->tokens / (double)n);
    cJSON_AddNumberToObject(part, "cost", chat->cost / (double)n);
}

static int print_json(const session *s, const arguments *a, lp_run_totals t, double rate) {
    char hash[24];
    cJSON *o = cJSON_CreateObject();
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)t.state_hash);
    if (a->run) cJSON_AddStringToObject(o, "run", a->run);
    else cJSON_AddNullToObject(o, "run");
    cJSON_AddStringToObject(o, "game", lp_game_name(s->game));
    cJSON_AddStringToObject(o, "policy", s->config.policy);
    cJSON_AddNumberToObject(o, "episodes", (double)t.episodes);
    cJSON_AddNumberToObject(o, "wins", (double)t.wins);
    cJSON_AddNumberToObject(o, "losses", (double)t.losses);
    cJSON_AddNumberToObject(o, "timeouts", (double)t.timeouts);
    cJSON_AddNumberToObject(o, "decisions", (double)t.decisions);
    cJSON_AddNumberToObject(o, "frames", (double)t.frames);
    cJSON_AddStringToObject(o, "state_hash", hash);
    cJSON_AddBoolToObject(o, "resumed", s->resumed);
    cJSON_AddBoolToObject(o, "finished", lp_run_done(s->run));
    cJSON_AddNumberToObject(o, "decisions_per_s", rate);
    cJSON_AddNumberToObject(o, "stuck", (double)lp_run_stuck(s->run));
    lp_chat_counts chat;
    if (lp_run_chat(s->run, &chat)) {
        cJSON *c = cJSON_AddObjectToObject(o, "chat");
        cJSON_AddNumberToObject(c, "replies", (double)chat.replies);
        cJSON_AddNumberToObject(c, "tokens", (double)chat.tokens);
        cJSON_AddNumberToObject(c, "cost", chat.cost);
        cJSON_AddNumberToObject(c, "faults", (double)chat.faults);
        cJSON_AddNumberToObject(c, "failed", (double)chat.failed);
        cJSON_AddNumberToObject(c, "given_up", (double)chat.given_up);
        cJSON_AddNumberToObject(c, "summaries", (double)chat.summaries);
        cJSON_AddNumberToObject(c, "repeats", (double)chat.repeats);
        cJSON_AddNumberToObject(c, "contradictions", (double)chat.contradictions);
        cJSON_AddNumberToObject(c, "goals", (double)chat.goals);
        cJSON_AddNumberToObject(c, "turns", (double)chat.turns);
        add_part(c, "per_turn", &chat, chat.turns);
        add_part(c, "per_milestone", &chat, lp_run_milestones(s->run));
        add_part(c, "per_win", &chat, t.wins);
    }
    if (a->shot) cJSON_AddStringToObject(o, "shot", a->shot);
    if (a->film.record) cJSON_AddStringToObject(o, "video", a->film.record);
    if (a->film.stream) {
        cJSON *stream = cJSON_AddObjectToObject(o, "stream");
        cJSON_AddNumberToObject(stream, "losses", s->stream.losses);
        cJSON_AddNumberToObject(stream, "missed_s", s->stream.missed_s);
    }
    return lp_print_json(o);
}

static void print_summary(const session *s, const arguments *a, lp_run_totals t, double seconds, double rate) {
    if (lp_game_can_win(s->game))
        printf("%s: %lld of %lld episodes won, %lld lost, %lld timed out\n", lp_game_name(s->game), (long long)t.wins,
               (long long)t.episodes, (long long)t.losses, (long long)t.timeouts);
    else if (lp_game_can_end(s->game))
        printf("%s: %lld episodes, %lld lost, %lld timed out; no win declared\n", lp_game_name(s->game), (long long)t.episodes,
               (long long)t.losses, (long long)t.timeouts);
    else printf("%s: played with no win, loss or time limit declared\n", lp_game_name(s->game));
    printf("%lld decisions, %llu frames; %.1f s, %.0f decisions/s; machine state %016llx\n", (long long)t.decisions,
           (unsigned long long)t.frames, seconds, rate, (unsigned long long)t.state_hash);
    if (a->run && !lp_run_done(s->run)) printf("stopped; longplay play --run %s --resume goes on\n", a->run);
    else if (a->run) printf("recorded in %s; longplay replay %s --verify checks it\n", a->run, a->run);
    if (a->shot) printf("picture in %s\n", a->shot);
    if (a->film.record) printf("video in %s\n", a->film.record);
    if (a->film.stream) printf("stream: the server was not there %d times and missed %.0f s\n", s->stream.losses, s->stream.missed_s);
}

static int play_session(session *s, const arguments *a, lp_err *err) {
    lp_watch_options options = {.window = s->window,
                                .speed = s->window || a->web.address || a->film.stream || a->chat.address ? 1 : 0,
                                .frames_per_s = LP_EMU_FRAMES_PER_S,
                                .tick = on_tick,
                                .tick_context = s};
    double start = lp_now_s(), seconds = 0, rate = 0;
    lp_run_totals before = {0}, t = {0};
    lp_status status = a->speed ? lp_watch_speed(a->speed, &options.speed, err) : LP_OK;
    options.look = a->look;
    options.film = a->film;
    options.film.relay = s->relay && lp_relay_shows(s->relay) ? s->relay : NULL;
    if (!status) status = lp_watch_check(&options, a->shot, err);
    if (!status) status = lp_viewers_check(&s->viewers, &a->chat, err);
    if (!status) status = lp_watch_web(&s->web, &a->web, a->run, NULL, err);
    if (!status) status = settle(s, a, err);
    if (!status) status = lp_use_device(s->chosen.policy, s->game, a->device, err);
    if (!status && a->resume) status = lp_run_migrate(a->run, s->game, s->chosen.policy, &s->config, err);
    if (!status) status = lp_viewers_open(&s->viewers, &a->chat, s->game, a->run, err);
    if (!status) status = lp_run_open(&s->run, a->run, s->game, s->chosen.policy, &s->config, err);
    if (status && s->made) lp_run_unmake(a->run);
    if (!status && s->new_limits) status = lp_run_config_write(&s->config, a->run, err);
    options.player = s->human;
    s->goes_on = a->go_on && s->chosen.player != LP_PLAYER_GUEST; /* what a program answered is not asked again */
    s->pursuit.retry_s = RETRY_S;
    options.title = a->title;
    options.name = s->name;
    options.web = s->web;
    if (!status) snprintf(s->name, sizeof s->name, "%s%s%s", lp_game_name(s->game), a->run ? ", " : "", a->run ? a->run : "");
    if (!status) options.emu = lp_env_emu(lp_run_seat(s->run)->env);
    if (!status) status = lp_watch_open(&s->watch, &options, err);
    if (!status) {
        s->resumed = lp_run_resumed(s->run);
        before = lp_run_counts(s->run);
        start = lp_now_s();
        lp_run_json_open(&s->json, a->run);
        status = play(s, err);
        write_json(s, "ended");
        t = lp_run_counts(s->run);
        seconds = lp_now_s() - start;
        rate = seconds > 0 ? (double)(t.decisions - before.decisions) / seconds : 0;
    }
    if (!status && a->shot) status = lp_watch_shot(&s->watch, a->shot, show, s, err);
    s->stream = lp_film_stream(&s->watch.film);
    if (!status) status = lp_watch_end_film(&s->watch, err);
    lp_watch_close(&s->watch);
    if (status) return lp_report(status, err);
    if (a->json) return print_json(s, a, t, rate);
    print_summary(s, a, t, seconds, rate);
    return 0;
}

static void more_help(void) {
    printf("\nGAME is a shipped game's name (cue) or a game folder; ROM is any .gb, .gbc or .gba file.\n"
           "Without --episodes and --decisions a window goes on until it is closed, --web, --stream and --chat until it is stopped; else "
           "%d episodes "
           "are played, "
           "and at most %d\n"
           "decisions of a game that may never end (no loss, no time limit).\n"
           "--policy human: you play, with " LP_KEYBOARD_HELP ", until you close the window; N steps.\n"
           "In the window: SPACE pauses, S steps, 1 4 M set the speed, + - V the sound, P takes a picture, F fills the screen, Q quits.\n"
           "--record: the console's time, every frame once, whatever the speed; a recording never slows a window down.\n"
           "--stream: what happens now, with sound at speed 1; a server that goes away is tried again for as long as it takes.\n"
           "--resume needs nothing but --run; what else is given must be what the run was recorded with, but for --episodes, --decisions\n"
           "and --keep, which set new limits. With GAME, --resume starts a run that is not there yet.\n"
           "Ctrl-C (or SIGTERM, SIGHUP) stops after the present decision; nothing is lost of a recorded run, however it ends.\n",
           EPISODES, DECISIONS);
}

int lp_cmd_play(int argc, char **argv) {
    arguments a = {.episodes = FROM_RUN, .decisions = FROM_RUN, .seed = FROM_RUN, .stuck = FROM_RUN, .film.volume = 100};
    const lp_option options[] = {
        {.name = "policy",
         .value = "FILE|random|oracle|human|process:COMMAND|chat|chat:FILE|mcp",
         .help = "who plays (the game's shipped policy)",
         .text = &a.policy},
        {.name = "run", .value = "DIR", .help = "record the run into a new folder", .text = &a.run},
        {.name = "resume", .help = "go on with the run in DIR, exactly where it was left or killed", .flag = &a.resume},
        {.name = "keep",
         .value = "SIZE",
         .help = "the run's files take at most as much, as 20GB; what tells least is dropped",
         .text = &a.keep},
        {.name = "go-on",
         .help = "where it cannot be recorded (a full disk, a lock), go on, and record the same again when it can",
         .flag = &a.go_on},
        {.name = "episodes", .value = "N", .help = "stop after N episodes; 0: no limit", .number = &a.episodes, .min = 0, .max = 1e15},
        {.name = "decisions", .value = "N", .help = "stop after N decisions; 0: no limit", .number = &a.decisions, .min = 0, .max = 1e15},
        {.name = "seed",
         .value = "N",
         .help = "of the run; episodes use evaluation seeds (1)",
         .number = &a.seed,
         .min = 0,
         .max = 4294967295.0},
        {.name = "stuck",
         .value = "N",
         .help = "who has come to nothing new in N decisions with keys is told to be stuck; 0: nobody looks (500)",
         .number = &a.stuck,
         .min = 0,
         .max = 1e9},
        {.name = "training-seeds",
         .help = "episodes use training seeds, so that demonstrations may be made of them (longplay demo add)",
         .flag = &a.training_seeds},
        {.name = "set", .value = "KNOB=N", .help = "a knob of the game; may be repeated", .list = a.set, .n_list = &a.n_set},
        {.name = "model", .value = LP_MODEL_CHOICES, .help = "the console that it is played on (the game's own)", .text = &a.model},
        {.name = "noop",
         .value = "MIN:MAX",
         .help = "idle frames before the first decision, drawn from the seed (the game's own)",
         .text = &a.noop},
        LP_CLI_MEMORY(&a.memory),
        {.name = "speed", .value = "1|4|max", .help = "pace (1 in a window or with --web, --stream or --chat, else max)", .text = &a.speed},
        {.name = "title", .value = "TEXT", .help = "the window's, and in the picture (the game and the run)", .text = &a.title},
        {.name = "headless", .help = "no window, also where there is a display", .flag = &a.headless},
        LP_CLI_LOOK(a.look),
        LP_CLI_WEB(a.web),
        LP_CLI_VOLUME(a.film),
        LP_CLI_FILM("record", a.film),
        LP_CLI_STREAM(a.film),
        LP_CLI_VIEWERS(a.chat),
        {.name = "shot", .value = "FILE.png", .help = "write a picture of the end", .text = &a.shot},
        {.name = "device", .value = "cpu|cuda|auto", .help = "where the network runs", .text = &a.device},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "play",
                            .arguments = "[GAME|ROM]",
                            .summary = "Plays a game from power-on, in a window where there is a display.",
                            .example = "longplay play cue --run runs/first --set horizon=1000 --episodes 3",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .max_positional = 1,
                            .positional = &a.game,
                            .n_positional = &a.n_game,
                            LP_CLI_MEMORY_SETTINGS(a),
                            LP_CLI_CHAT_SETTINGS(a),
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    session s = {.window = !a.headless && lp_window_available()};
    lp_status status = lp_relay_join(&s.relay, &err);
    if (!status) status = lp_use_device(NULL, NULL, a.device, &err);
    code = status ? lp_report(status, &err) : play_session(&s, &a, &err);
    lp_viewers_close(&s.viewers);
    lp_web_close(s.web);
    lp_pursuit_close(&s.pursuit, s.run);
    lp_run_close(s.run);
    lp_policy_close(s.chosen.policy);
    lp_game_close(s.game);
    lp_relay_close(s.relay);
    return code;
}
