/* longplay replay: runs a recorded movie again on the emulator, to be watched or to be verified.
 *
 * Verifying compares every machine hash and every machine state that the movie holds, and the run's last checkpoint, with
 * the machine that the keys lead to. What a killed run wrote after its last checkpoint may end anywhere: it is shown, and
 * where it is cut that is said, but it is no damage.
 */
#include "cli/cli.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/stop.h"
#include "cli/recall.h"
#include "cli/watch.h"
#include "emulator/emulator.h"
#include "harness/run.h"
#include "harness/timeline.h"
#include "saves/movie.h"
#include "players/guest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END_S 3.0
#define RESULT_S 2.0 /* how long an episode's end stays on the screen */

typedef struct {
    const char *run, *game, *speed, *shot, *title;
    int n_run;
    int64_t from, to; /* to 0: the end */
    bool verify, headless, json;
    lp_look look;
    lp_web_config web;
    lp_film_options film;
} arguments;

typedef struct {
    const arguments *a;
    char path[PATH_MAX]; /* of the movie */
    lp_run_config config;
    lp_game *game;   /* owned */
    lp_movie *movie; /* owned */
    recall mind;     /* owned; the machine is its seat's */
    lp_emu *emu;     /* borrowed from mind */
    lp_emu *other;   /* owned; machine states of the movie are loaded into it */
    lp_store *store; /* owned; what was remembered */
    lp_timeline timeline;
    lp_watch watch;
    lp_web *web; /* owned; NULL: none */
    /* what the run itself knows at its last checkpoint */
    lp_run_totals saved;
    /* how far the replay is */
    int64_t decision, episode, first_decision;
    int64_t n_decisions, n_hashes, n_states, agreed; /* agreed: the last decision at which something was compared */
    bool cut;                                        /* the movie ends within what was written after the last checkpoint */
    bool differs;                                    /* a comparison failed: at decision */
    bool watched;                                    /* in a window or a picture */
    bool placed;                                     /* the machine is somewhere in the movie */
    bool foreign;                                    /* recorded on another version of the core: its states are of no use here */
    char status[96], name[400], policy[sizeof((lp_run_config *)0)->policy];
} replay;

/* ---- showing ---- */

static void show(void *context, lp_view *view) {
    replay *r = context;
    lp_mind_view(&r->mind.mind, view);
    (void)lp_timeline_follow(&r->timeline, r->store, r->decision, NULL); /* for the eye: the replay goes on without */
    lp_timeline_view(&r->timeline, r->decision - r->first_decision, view);
    view->mode = LP_VIEW_REPLAY;
    view->policy = lp_guest_shown(r->policy, sizeof r->policy, r->config.policy);
    view->wins = r->saved.wins;
    view->losses = r->saved.losses;
    view->timeouts = r->saved.timeouts;
    view->episode = r->episode;
    view->decisions = r->decision;
    view->episode_decisions = r->decision - r->first_decision;
    snprintf(r->status, sizeof r->status, "decision %lld of %lld; totals are the whole run's", (long long)r->decision,
             (long long)r->saved.decisions);
    view->status = r->status;
}

/* ---- comparing ---- */

static lp_status differs(replay *r, const char *what, uint64_t recorded, uint64_t now, lp_err *err) {
    r->differs = true;
    return lp_fail(err, LP_FAILED,
                   "%s: the machine differs at decision %lld (episode %lld): %s %016llx, replayed %016llx; all agreed up to "
                   "decision %lld%s",
                   r->path, (long long)r->decision, (long long)r->episode, what, (unsigned long long)recorded, (unsigned long long)now,
                   (long long)r->agreed, r->foreign ? " (it was recorded on another version of the core)" : "");
}

static lp_status compare_hash(replay *r, uint64_t recorded, const char *what, lp_err *err) {
    uint64_t now = lp_emu_hash(r->emu);
    if (now != recorded) return differs(r, what, recorded, now, err);
    r->agreed = r->decision;
    r->n_hashes++;
    return LP_OK;
}

static lp_status compare_state(replay *r, const lp_movie_op *op, lp_err *err) {
    lp_err inner;
    size_t size = lp_movie_info(r->movie)->state_size_bytes;
    if (lp_emu_state_load(r->other, op->state, size, &inner))
        return lp_fail(err, LP_BAD_INPUT, "the machine state recorded there: %s", inner.message);
    uint64_t recorded = lp_emu_hash(r->other), now = lp_emu_hash(r->emu);
    if (recorded != now) return differs(r, "recorded state", recorded, now, err);
    r->agreed = r->decision;
    r->n_states++;
    return LP_OK;
}

/* The run's own word on where it was: its last checkpoint. */
static lp_status compare_saved(replay *r, lp_err *err) {
    if (!r->a->verify || r->decision != r->saved.decisions || !r->decision) return LP_OK;
    return compare_hash(r, r->saved.state_hash, "the run's last checkpoint has", err);
}

/* ---- running ---- */

/* The frames of a decision; each is shown where that is wanted, the last with the next decision. */
static void step(replay *r, uint16_t keys, int n_frames, bool watched) {
    for (; watched && lp_watch_wants_frames(&r->watch) && n_frames > 1; n_frames--) {
        lp_emu_step(r->emu, keys, 1);
        lp_watch_frame(&r->watch, show, r);
    }
    lp_emu_step(r->emu, keys, n_frames);
}

static lp_status decide(replay *r, const lp_movie_op *op, lp_err *err) {
    recall_think(&r->mind, op->keys);
    bool watched = r->decision >= r->a->from;
    int n_frames = (int)lp_movie_info(r->movie)->frame_skip;
    lp_status status = watched ? lp_watch_turn(&r->watch, lp_watch_wants_frames(&r->watch) ? 1 : n_frames, show, r, err) : LP_OK;
    if (status) return status;
    step(r, op->keys, n_frames, watched);
    recall_keep(&r->mind);
    lp_timeline_press(&r->timeline, op->keys);
    r->decision++;
    r->n_decisions++;
    if (lp_watch_say(&r->watch))
        lp_progress("%s: decision %lld of %lld, %lld hashes agree", r->a->verify ? "verifying" : "replaying", (long long)r->decision,
                    (long long)r->saved.decisions, (long long)r->n_hashes);
    return compare_saved(r, err);
}

/* How the episode ended, where the last decision that is shown ended it. */
static lp_status show_end(replay *r, lp_err *err) {
    lp_view view = {0};
    if (!lp_watch_lingers(&r->watch) || r->decision <= r->a->from || r->decision == r->first_decision) return LP_OK;
    (void)lp_timeline_follow(&r->timeline, r->store, r->decision, NULL);
    lp_timeline_view(&r->timeline, 0, &view);
    bool ended = view.n_results && view.results[0].episode == r->episode;
    if (ended) lp_watch_end(&r->watch, view.results[0].end);
    return lp_watch_turn(&r->watch, ended ? RESULT_S * LP_EMU_FRAMES_PER_S : 1, show, r, err);
}

static lp_status take(replay *r, const lp_movie_op *op, lp_err *err) {
    switch (op->kind) {
    case LP_MOVIE_RESET:
        if (show_end(r, err)) return LP_FAILED;
        r->decision = r->first_decision = (int64_t)op->decision;
        r->episode = (int64_t)op->episode;
        recall_reset(&r->mind, r->episode);
        r->placed = true;
        return lp_emu_reset(r->emu, err);
    case LP_MOVIE_STATE:
        if (r->foreign) return LP_OK;
        if (r->placed) return r->a->verify ? compare_state(r, op, err) : LP_OK;
        r->decision = (int64_t)op->decision;
        r->episode = (int64_t)op->episode;
        r->first_decision = recall_at(&r->mind, r->episode, r->decision);
        r->placed = true;
        return lp_emu_state_load(r->emu, op->state, lp_movie_info(r->movie)->state_size_bytes, err);
    case LP_MOVIE_POKE: lp_emu_write8(r->emu, op->address, op->value); return LP_OK;
    case LP_MOVIE_KEYS: lp_emu_step(r->emu, op->keys, (int)op->n_frames); return LP_OK;
    case LP_MOVIE_DECISION: return decide(r, op, err);
    case LP_MOVIE_HASH: return r->a->verify ? compare_hash(r, op->hash, "recorded hash", err) : LP_OK;
    }
    return LP_OK;
}

static lp_status run_movie(replay *r, lp_err *err) {
    lp_status status = LP_OK;
    bool end = false;
    while (!status && !end && !r->watch.quit && !(r->a->to && r->decision >= r->a->to)) {
        lp_movie_op op;
        lp_err inner;
        status = lp_movie_next(r->movie, &op, &end, &inner);
        if (status && r->decision >= r->saved.decisions && r->saved.decisions > 0) {
            r->cut = end = true; /* a killed run's unsaved rest */
            status = LP_OK;
        } else if (status) {
            lp_fail(err, status, "%s: damaged after decision %lld (the run has %lld): %s", r->a->run, (long long)r->decision,
                    (long long)r->saved.decisions, inner.message);
        } else if (!end) {
            status = take(r, &op, err);
        }
    }
    lp_progress_end();
    if (!status && end && r->decision < r->saved.decisions)
        status = lp_fail(err, LP_BAD_INPUT, "%s: ends at decision %lld, the run's last checkpoint has %lld", r->path,
                         (long long)r->decision, (long long)r->saved.decisions);
    return status ? status : show_end(r, err);
}

/* ---- opening ---- */

static lp_status open_parts(replay *r, lp_err *err) {
    const arguments *a = r->a;
    bool playing;
    lp_err inner;
    size_t size;
    lp_status status = lp_run_config_read(&r->config, a->run, err);
    if (!status) status = lp_run_look(&r->store, a->run, &r->saved, &playing, err);
    if (!status && a->verify) status = lp_store_check(r->store, err);
    if (status) return status;
    if ((status = lp_movie_open(&r->movie, lp_path_join(r->path, sizeof r->path, a->run, "movie.lpm"), &inner)))
        return lp_fail(err, status, "%s: damaged before decision 0 (the run has %lld): %s", a->run, (long long)r->saved.decisions,
                       inner.message);
    const lp_movie_header *header = lp_movie_info(r->movie);
    if ((status = lp_run_game(&r->game, &r->config, a->game, err))) return status;
    const void *rom = lp_game_rom(r->game, &size);
    if (lp_hash64(rom, size) != header->rom_hash)
        return lp_fail(err, LP_BAD_INPUT, "%s: was recorded with another ROM than that of %s", r->path, lp_game_name(r->game));
    if (header->model && header->model != lp_game_model(r->game))
        return lp_fail(err, LP_BAD_INPUT, "%s: was recorded on another console than the %s of config.ini", r->path,
                       lp_model_name(lp_game_model(r->game)));
    r->foreign = strcmp(header->core_version, lp_emu_core_version()) != 0;
    if (r->foreign)
        lp_warn("%s: recorded on %s, this is %s: it is replayed from power-on, without its machine states", r->path, header->core_version,
                lp_emu_core_version());
    if ((status = recall_open(&r->mind, r->game, &r->config, r->store, r->watched, !r->watched, err))) return status;
    lp_timeline_open(&r->timeline, r->game);
    r->emu = lp_env_emu(r->mind.mind.seat.env);
    status = lp_game_open_emu(&r->other, r->game, &(lp_emu_config){.no_draw = true}, err);
    if (!status && !r->foreign && lp_emu_state_size(r->emu) != header->state_size_bytes)
        status = lp_fail(err, LP_BAD_INPUT, "%s: has machine states of %u bytes, this machine's are %zu", r->path, header->state_size_bytes,
                         lp_emu_state_size(r->emu));
    if (!status && a->from > r->saved.decisions)
        status = lp_fail(err, LP_BAD_INPUT, "--from %lld: the run has %lld decisions", (long long)a->from, (long long)r->saved.decisions);
    if (!status && a->to && (a->to <= a->from || a->to > r->saved.decisions))
        status = lp_fail(err, LP_BAD_INPUT, "--to %lld: must be after --from %lld and at most %lld, the run's decisions", (long long)a->to,
                         (long long)a->from, (long long)r->saved.decisions);
    if (!status && a->from && !r->foreign) status = lp_movie_seek(r->movie, (uint64_t)a->from, err);
    return status;
}

static lp_status run_all(replay *r, lp_err *err) {
    bool window = !r->a->verify && !r->a->headless && lp_window_available(), seen = window || r->a->web.address;
    lp_watch_options options = {.window = window,
                                .speed = seen ? 1 : 0,
                                .frames_per_s = LP_EMU_FRAMES_PER_S,
                                .name = r->name,
                                .title = r->a->title,
                                .look = r->a->look,
                                .film = r->a->film};
    snprintf(r->name, sizeof r->name, "replay of %s", r->a->run);
    lp_status status = r->a->speed ? lp_watch_speed(r->a->speed, &options.speed, err) : LP_OK;
    r->watched = seen || r->a->shot || r->a->film.record;
    if (!status) status = lp_watch_check(&options, r->a->shot, err);
    if (!status) status = open_parts(r, err);
    if (!status) status = lp_watch_web(&r->web, &r->a->web, r->a->run, r->a->game, err);
    options.web = r->web;
    options.emu = r->emu;
    if (!status) status = lp_watch_open(&r->watch, &options, err);
    if (!status) status = run_movie(r, err);
    if (!status && seen && !r->watch.quit) {
        r->watch.speed = 1;
        status = lp_watch_turn(&r->watch, END_S * LP_EMU_FRAMES_PER_S, show, r, err);
    }
    if (!status && r->a->shot) status = lp_watch_shot(&r->watch, r->a->shot, show, r, err);
    if (!status) status = lp_watch_end_film(&r->watch, err);
    return status;
}

/* ---- the result ---- */

static int print_json(replay *r, lp_status status, const lp_err *err, double seconds) {
    char hash[24];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "run", r->a->run);
    cJSON_AddNumberToObject(o, "decisions", (double)r->n_decisions);
    cJSON_AddNumberToObject(o, "last_decision", (double)r->decision);
    cJSON_AddNumberToObject(o, "episodes", (double)r->episode);
    if (r->a->verify) {
        cJSON_AddBoolToObject(o, "verified", status == LP_OK && !r->watch.quit);
        cJSON_AddNumberToObject(o, "hashes", (double)r->n_hashes);
        cJSON_AddNumberToObject(o, "states", (double)r->n_states);
        cJSON_AddNumberToObject(o, "agreed_up_to", (double)r->agreed);
    }
    if (r->differs) cJSON_AddNumberToObject(o, "first_differing_decision", (double)r->decision);
    if (status) cJSON_AddStringToObject(o, "error", err->message);
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)lp_emu_hash(r->emu));
    cJSON_AddStringToObject(o, "state_hash", hash);
    cJSON_AddBoolToObject(o, "unsaved_rest_cut", r->cut);
    cJSON_AddNumberToObject(o, "seconds", seconds);
    return lp_print_json(o);
}

static void print_summary(const replay *r, double seconds) {
    printf("%s: %lld decisions replayed, to decision %lld in episode %lld; %.1f s\n", r->a->run, (long long)r->n_decisions,
           (long long)r->decision, (long long)r->episode, seconds);
    if (r->a->verify)
        printf("verified: %lld machine hashes and %lld machine states agree%s\n", (long long)r->n_hashes, (long long)r->n_states,
               r->watch.quit ? ", as far as it went" : "");
    if (r->cut) printf("what was recorded after the last checkpoint is cut short, as a kill leaves it\n");
    if (r->a->shot) printf("picture in %s\n", r->a->shot);
    if (r->a->film.record) printf("video in %s\n", r->a->film.record);
}

static void more_help(void) {
    printf("\n--verify compares every recorded machine hash and state, and fails at the first decision that differs.\n"
           "--video: the console's time, every frame once, whatever the speed.\n"
           "In the window: SPACE pauses, S steps, 1 4 M set the speed, + - V the sound, P takes a picture, F fills the screen, Q quits.\n");
}

int lp_cmd_replay(int argc, char **argv) {
    arguments a = {.film.volume = 100};
    const lp_option options[] = {
        {.name = "verify", .help = "compare the machine with all that was recorded of it", .flag = &a.verify},
        {.name = "from",
         .value = "DECISION",
         .help = "start there, from the last recorded state before it (0)",
         .number = &a.from,
         .min = 0,
         .max = 1e15},
        {.name = "to", .value = "DECISION", .help = "stop there (the end)", .number = &a.to, .min = 1, .max = 1e15},
        {.name = "game", .value = "GAME|ROM", .help = "where the ROM is now, if it was moved", .text = &a.game},
        {.name = "speed", .value = "1|4|max", .help = "pace (1 in a window or with --web, else max)", .text = &a.speed},
        {.name = "title", .value = "TEXT", .help = "the window's, and in the picture (the run)", .text = &a.title},
        {.name = "headless", .help = "no window, also where there is a display", .flag = &a.headless},
        LP_CLI_LOOK(a.look),
        LP_CLI_WEB(a.web),
        LP_CLI_VOLUME(a.film),
        LP_CLI_FILM("video", a.film),
        {.name = "shot", .value = "FILE.png", .help = "write a picture of the end", .text = &a.shot},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "replay",
                            .arguments = "RUN",
                            .summary = "Shows a recorded run again, or verifies it, from power-on.",
                            .example = "longplay replay runs/first --verify",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 1,
                            .max_positional = 1,
                            .positional = &a.run,
                            .n_positional = &a.n_run,
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    replay *r = calloc(1, sizeof *r);
    if (!r) return lp_report(lp_fail(&err, LP_FAILED, "out of memory"), &err);
    r->a = &a;
    double start = lp_now_s();
    lp_status status = run_all(r, &err);
    double seconds = lp_now_s() - start;
    if (status) lp_report(status, &err);
    int printed = 0;
    if (a.json && r->emu && (!status || r->differs)) printed = print_json(r, status, &err, seconds);
    else if (!status) print_summary(r, seconds);
    lp_watch_close(&r->watch);
    lp_web_close(r->web);
    recall_close(&r->mind);
    lp_emu_close(r->other);
    lp_store_close(r->store);
    lp_game_close(r->game);
    if (r->movie) lp_movie_read_close(r->movie);
    free(r);
    if (!status && !printed && a.verify && lp_stop_asked()) printed = 128 + lp_stop_asked(); /* verified, but not all of it */
    return status ? (int)status : printed;
}
