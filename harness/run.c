#include "harness/run_parts.h"

#include "base/contract.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A checkpoint is due after so many decisions, but not more often than MIN_S; and after MAX_S however slow the run is.
 * Only where a killed run resumes depends on it. */
enum { SAVE_EVERY = 256, MAX_SUMMARIES = 48, VALUE_EVERY = 64, MAX_ASKED = 2048 };
#define MIN_S 0.2
#define MAX_S 2.0

/* ---- the movie hears everything that goes into the machine ---- */
static void on_reset(void *context) { lp_movie_reset(context); }
static void on_poke(void *context, uint32_t address, uint8_t value) { lp_movie_poke(context, address, value); }
static void on_keys(void *context, uint16_t keys, uint32_t n_frames) { lp_movie_keys(context, keys, n_frames); }
static void on_decision(void *context, uint16_t keys) { lp_movie_decision(context, keys); }

/* ---- opening ---- */

lp_status lp_run_check_player(const lp_run_config *c, const lp_game *game, const lp_policy *policy, lp_err *err) {
    lp_run_config now = *c;
    lp_run_identify(&now, game, policy);
    if (c->model != LP_MODEL_AUTO && now.model != c->model)
        return lp_fail(err, LP_BAD_INPUT, "%s is put into a %s, the run was recorded on a %s", lp_game_name(game),
                       lp_model_name((lp_model)now.model), lp_model_name((lp_model)c->model));
    if (strcmp(now.rom_hash, c->rom_hash))
        return lp_fail(err, LP_BAD_INPUT, "the ROM of %s has the hash %s, the run was recorded with %s", lp_game_name(game), now.rom_hash,
                       c->rom_hash);
    if (strcmp(now.noop, c->noop))
        return lp_fail(err, LP_BAD_INPUT, "%s starts after %s idle frames, the run was recorded with %s", lp_game_name(game), now.noop,
                       c->noop);
    if (strcmp(now.policy_digest, c->policy_digest))
        return lp_fail(err, LP_BAD_INPUT, "the policy has the digest %s, the run was recorded with %s (%s)", now.policy_digest,
                       c->policy_digest, c->policy);
    return LP_OK;
}

/* The last checkpoint: head and seat. */
static lp_status load_checkpoint(lp_run *run, const char *path, lp_err *err) {
    const unsigned char *seat;
    lp_status status = lp_run_head_read(&run->head, &seat, run->store, path, err);
    if (status) return status;
    if (run->head.identity != lp_run_identity(&run->config, run->game))
        return lp_fail(err, LP_BAD_INPUT, "%s: config.ini or the game's setup is not what the run was recorded with", path);
    if (run->head.playing && !run->head.seat_bytes)
        return lp_fail(err, LP_BAD_INPUT, "%s: checkpoint: an episode goes on, its machine is missing", path);
    if (run->head.seat_bytes && (status = lp_seat_load(&run->mind.seat, seat, run->head.seat_bytes, err)))
        lp_fail_prefix(err, status, "%s", path);
    return status;
}

lp_status lp_run_lock(int *fd, const char *folder, lp_err *err) {
    char path[PATH_MAX];
    lp_path_join(path, sizeof path, folder, "movie.lpm");
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0) return lp_fail(err, lp_errno_status(errno), "%s: %s", path, strerror(errno));
    lp_status status = lp_lock(*fd, folder, "is writing this run", err);
    if (status) close(*fd), *fd = -1;
    return status;
}

/* What of it may be recorded on: the config's player, and nobody else at it. */
static lp_status claim_record(lp_run *run, lp_err *err) {
    char path[PATH_MAX];
    lp_status status = lp_run_check_player(&run->config, run->game, run->policy, err);
    if (!status && strcmp(run->config.core, lp_emu_core_version()))
        status = lp_fail(err, LP_BAD_INPUT, "the run was recorded on %s, this is %s", run->config.core, lp_emu_core_version());
    if (!status && !strcmp(run->config.policy, LP_RUN_IMPORTED))
        status = lp_fail(err, LP_BAD_INPUT, "%s: was imported from a movie, which is over: it can be replayed, not resumed", run->folder);
    if (!status) status = lp_run_lock(&run->lock_fd, run->folder, err);
    return status ? status : lp_store_open(&run->store, lp_path_join(path, sizeof path, run->folder, "run.db"), err);
}

/* A guest is told how the episode before ended, also where the run stopped between the two. */
static lp_status recall_before(lp_run *run, lp_err *err) {
    char result[16];
    const lp_run_head *h = &run->head;
    if (!run->guest || !h->episodes || (h->playing && h->decisions != h->first_decision)) return LP_OK;
    lp_status status = lp_store_episode_result(run->store, h->episodes, result, sizeof result, err);
    for (lp_outcome o = LP_WIN; o <= LP_TIMEOUT && !status; o++)
        if (!strcmp(result, lp_outcome_name(o))) run->before = o;
    return status;
}

/* Where it had been, of a run that looks whether it is stuck. */
static lp_status recall_stuck(lp_run *run, lp_err *err) {
    char text[LP_STUCK_TEXT];
    lp_status status = run->stuck.after ? lp_store_get_meta(run->store, LP_RUN_STUCK, text, sizeof text, err) : LP_OK;
    if (status || !run->stuck.after || !run->head.decisions || lp_stuck_read(&run->stuck, text)) return status;
    return lp_fail(err, LP_BAD_INPUT, "%s/run.db: meta's row 'stuck' is damaged", run->folder);
}

/* The last checkpoint, and the movie up to there. */
static lp_status load_record(lp_run *run, lp_err *err) {
    char path[PATH_MAX];
    size_t state_bytes = lp_emu_state_size(lp_env_emu(run->mind.seat.env));
    lp_status status = load_checkpoint(run, lp_path_join(path, sizeof path, run->folder, "run.db"), err);
    if (status) return status;
    lp_movie_header header = lp_run_movie_header(&run->config, run->game, state_bytes);
    lp_path_join(path, sizeof path, run->folder, "movie.lpm");
    lp_movie_config states = {.state_budget_bytes = lp_run_state_budget(&run->config), .state_spacing = (uint32_t)run->config.state_every};
    status = lp_movie_resume(&run->movie, path, &header, run->head.movie_offset, &states, err);
    if (status) return status;
    if (lp_movie_decisions(run->movie) != (uint64_t)run->head.decisions)
        return lp_fail(err, LP_BAD_INPUT, "%s: holds %llu decisions where the checkpoint has %lld", path,
                       (unsigned long long)lp_movie_decisions(run->movie), (long long)run->head.decisions);
    run->library = lp_run_library(run);
    status = lp_viewer_words_open(&run->words, run->folder, run->head.playing ? run->head.first_decision : run->head.decisions, err);
    if (!status && run->head.playing) status = lp_run_episode_knobs(run, run->head.first_decision, err);
    if (status) return status;
    if (run->guest) status = lp_answers_open(&run->answers, run->folder, run->game, run->head.decisions, err);
    if (status) return status;
    run->state = malloc(state_bytes);
    if (!run->state) return lp_fail(err, LP_FAILED, "out of memory for machine states");
    lp_env_set_tap(run->mind.seat.env, &(lp_env_tap){run->movie, on_reset, on_poke, on_keys, on_decision});
    run->mind.episode = run->head.episodes + 1;
    if ((status = lp_run_recall_nodes(run, err)) || (status = recall_before(run, err)) || (status = recall_stuck(run, err))) return status;
    run->saved_decisions = run->head.decisions;
    run->saved_playing = run->head.playing;
    run->resumed = run->head.decisions > 0;
    run->recorded = true;
    return LP_OK;
}

static void visit_text(void *context, const lp_store_row *row) { snprintf(context, LP_MIND_TEXT_BYTES, "%s", row->text ? row->text : ""); }

static int by_step(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Is it made from items' texts? */
static bool is_to_write(const lp_mind_node *node) { return node->level == 1 && !node->done; }

/* The texts of what the context holds and of what a summary is written from, from the store. */
static void recall_texts(lp_run *run) {
    char id[48], text[LP_MIND_TEXT_BYTES];
    lp_seat *seat = &run->mind.seat;
    int n = lp_mem_context(seat->mem, NULL, &seat->context);
    int64_t more = 0;
    for (int i = 0; i < run->mind.n_nodes; i++)
        more += is_to_write(&run->mind.nodes[i]) ? run->mind.nodes[i].last + 1 - run->mind.nodes[i].first : 0;
    int64_t *steps = malloc((size_t)(n + more) * sizeof *steps + 1);
    if (steps) memcpy(steps, seat->context.step, (size_t)n * sizeof *steps);
    for (int i = 0; steps && i < run->mind.n_nodes; i++)
        for (int64_t s = run->mind.nodes[i].first; is_to_write(&run->mind.nodes[i]) && s <= run->mind.nodes[i].last; s++) steps[n++] = s;
    if (steps) qsort(steps, (size_t)n, sizeof *steps, by_step);
    for (int i = n > MAX_ASKED ? n - MAX_ASKED : 0; steps && i < n; i++) {
        if (i && steps[i] == steps[i - 1]) continue;
        text[0] = 0;
        snprintf(id, sizeof id, "e%llds%lld", (long long)(run->head.episodes + (run->head.playing ? 1 : 0)), (long long)steps[i]);
        if (!lp_store_show(run->store, id, visit_text, text, NULL) && *text) lp_mind_note_item(&run->mind, steps[i], text);
    }
    free(steps);
}

/* A run without a record. */
static lp_status make_run(lp_run **out, const char *folder, const lp_game *game, const lp_policy *policy, const lp_run_config *config,
                          lp_err *err) {
    lp_run *run = *out = calloc(1, sizeof *run);
    if (!run) return lp_fail(err, LP_FAILED, "out of memory");
    run->game = game;
    run->policy = policy;
    run->config = *config;
    run->saved_s = lp_now_s();
    run->lock_fd = -1;
    lp_timeline_open(&run->timeline, game);
    lp_stuck_open(&run->stuck, game, config->stuck);
    lp_mem_config memory = lp_run_memory(config, policy);
    lp_status status = lp_run_knobs(run->knobs, config, game, err);
    memcpy(run->episode_knobs, run->knobs, sizeof run->knobs);
    if (!status) status = lp_mind_open(&run->mind, game, policy, !strcmp(config->policy, "oracle"), &memory, NULL, err);
    run->mind.human = !strcmp(config->policy, "human");
    run->mind.guest = lp_is_guest(config->policy);
    if (!status && run->mind.guest) status = lp_guest_open(&run->guest, config->policy, game, folder, err);
    if (!status && run->guest) lp_mind_invite(&run->mind, run->guest);
    return status;
}

lp_status lp_run_open(lp_run **out, const char *folder, const lp_game *game, const lp_policy *policy, const lp_run_config *config,
                      lp_err *err) {
    lp_status status = make_run(out, folder, game, policy, config, err);
    lp_run *run = *out;
    if (!status && folder) {
        snprintf(run->folder, sizeof run->folder, "%s", folder);
        status = claim_record(run, err);
        if (!status) status = load_record(run, err);
    }
    if (status) {
        lp_run_close(run);
        *out = NULL;
        return status;
    }
    lp_run_clock_open(&run->clock, run->store, run->resumed);
    if (run->resumed) recall_texts(run);
    if (run->resumed) (void)lp_timeline_follow(&run->timeline, run->store, run->head.decisions, NULL); /* for the eye, too */
    return LP_OK;
}

void lp_run_unrecord(lp_run *run) {
    LP_CHECK(run->recorded && !run->thought && !run->guest);
    lp_env_set_tap(run->mind.seat.env, &(lp_env_tap){0});
    lp_movie_close(run->movie);
    lp_store_rewind(run->store);
    run->movie = NULL;
    run->idle = run->store;
    run->store = NULL;
    run->recorded = run->broken = run->waits = false;
}

bool lp_run_recorded(const lp_run *run) { return run->recorded; }

/* A store and its lock go from one to the other. */
static void hand_over(lp_run *to, lp_store **place, lp_run *from) {
    *place = from->idle;
    to->lock_fd = from->lock_fd;
    from->idle = NULL;
    from->lock_fd = -1;
}

lp_status lp_run_again(lp_run **out, lp_run *run, lp_err *err) {
    bool locked = false;
    LP_CHECK(run->idle);
    *out = NULL;
    lp_status status = lp_store_begin(run->idle, &locked, err);
    if (!status && locked) return LP_FAILED; /* err has who */
    if (!status) status = make_run(out, NULL, run->game, run->policy, &run->config, err);
    if (!status) {
        memcpy((*out)->folder, run->folder, sizeof run->folder);
        (*out)->clock = run->clock;
        hand_over(*out, &(*out)->store, run);
        status = load_record(*out, err);
    }
    if (!status) return LP_OK;
    if (*out && (*out)->store) lp_run_give_back(*out, run);
    else lp_store_rewind(run->idle), lp_run_close(*out);
    *out = NULL;
    return status;
}

void lp_run_give_back(lp_run *again, lp_run *run) {
    if (again->recorded) again->thought = false, lp_run_unrecord(again);
    else again->idle = again->store, again->store = NULL;
    lp_store_rewind(again->idle);
    hand_over(run, &run->idle, again);
    lp_run_close(again);
}

void lp_run_take_over(lp_run *run, lp_run *again) {
    LP_CHECK(!run->thought && !again->thought && run->head.decisions == again->saved_decisions);
    LP_CHECK(lp_run_counts(run).state_hash == lp_run_counts(again).state_hash);
    free(run->state);
    run->state = again->state;
    run->movie = again->movie;
    again->state = NULL;
    again->movie = NULL;
    lp_env_set_tap(run->mind.seat.env, &(lp_env_tap){run->movie, on_reset, on_poke, on_keys, on_decision});
    run->head = again->head;
    run->disk = again->disk;
    run->saved_decisions = again->saved_decisions;
    run->saved_playing = again->saved_playing;
    run->saved_s = again->saved_s;
    run->clock.open = again->clock.open;
    again->idle = again->store;
    again->store = NULL;
    hand_over(run, &run->store, again);
    run->recorded = true;
    lp_run_close(again);
}

void lp_run_close(lp_run *run) {
    if (!run) return;
    lp_movie_close(run->movie);
    lp_store_close(run->store);
    lp_store_close(run->idle);
    if (run->lock_fd >= 0) close(run->lock_fd);
    lp_mind_close(&run->mind);
    lp_guest_close(run->guest);
    lp_answers_close(run->answers);
    lp_viewer_words_close(&run->words);
    free(run->blob);
    free(run->state);
    free(run);
}

bool lp_run_done(const lp_run *run) {
    const lp_run_config *c = &run->config;
    return (c->episodes && run->head.episodes >= c->episodes) || (c->decisions && run->head.decisions >= c->decisions);
}

bool lp_run_resumed(const lp_run *run) { return run->resumed; }

/* ---- playing ---- */

/* Events belong to the first frame that shows them: that of the decision after them, whose item gets their text. */
static void note_events(lp_run *run) {
    const lp_event *events;
    lp_timeline_note(&run->timeline, run->mind.seat.env, run->head.decisions);
    int n = lp_env_events(run->mind.seat.env, &events);
    for (int i = 0; i < n; i++) {
        lp_text_add(run->head.text, "; ", events[i].text);
        if (run->recorded)
            lp_store_event(run->store, run->head.episodes + 1, lp_env_steps(run->mind.seat.env), run->head.decisions, events[i].name,
                           events[i].text);
    }
}

/* What is not the game's: what viewers did, that somebody is stuck. It never becomes an item's text: it is not for players. */
static void note_aside(lp_run *run, const char *name, const char *text) {
    const int64_t step = lp_env_steps(run->mind.seat.env);
    lp_timeline_add(&run->timeline, step, name, text);
    if (run->recorded) lp_store_event(run->store, run->head.episodes + 1, step, run->head.decisions, name, text);
}

static void note_vote(lp_run *run) {
    char text[LP_VIEWER_TEXT_BYTES + 24];
    const char *vote = lp_viewer_vote(&run->words, run->head.decisions);
    snprintf(text, sizeof text, "the viewers chose %s", vote ? vote : "");
    if (vote) note_aside(run, "vote", text);
}

static void note_marks(lp_run *run) {
    for (int i = 0; i < run->words.n; i++)
        if (!run->words.list[i].vote && run->words.list[i].decision == run->head.decisions)
            note_aside(run, "clip", run->words.list[i].text);
}

/* Has the step led nowhere, again? */
static void note_stuck(lp_run *run) {
    char text[96];
    if (!lp_stuck_look(&run->stuck, run->mind.seat.env, lp_game_action_keys(run->game, run->mind.action))) return;
    snprintf(text, sizeof text, "stuck: %lld decisions led nowhere new", (long long)run->stuck.after);
    note_aside(run, LP_RUN_STUCK, text);
}

static lp_status begin_episode(lp_run *run, lp_err *err) {
    uint64_t seed = lp_run_seed(&run->config, run->head.episodes);
    lp_status status = lp_run_episode_knobs(run, run->head.decisions, err);
    if (!status) status = lp_seat_begin(&run->mind.seat, seed, run->episode_knobs, 0, err);
    if (status) return status;
    memset(run->head.text, 0, sizeof run->head.text);
    run->outcome = LP_RUNNING;
    lp_mind_reset(&run->mind);
    run->mind.episode = run->head.episodes + 1;
    lp_timeline_begin(&run->timeline, run->head.episodes + 1);
    lp_stuck_begin(&run->stuck);
    lp_run_head_begin(&run->head, seed, run->store);
    note_vote(run);
    note_events(run);
    return LP_OK;
}

static void take_answer(lp_run *run) {
    run->answered = true;
    run->before = LP_RUNNING;
    lp_mind_answer(&run->mind, &run->answer);
    if (*run->answer.thought) memcpy(run->last_thought, run->answer.thought, sizeof run->last_thought);
}

/* A guest, unless its answer is known from before a kill; after the summaries that it writes. */
static lp_status ask(lp_run *run, lp_err *err) {
    lp_status status = lp_run_write_summaries(run, err);
    if (status || run->writes) return status;
    if (run->known) return take_answer(run), LP_OK;
    const lp_moment what = {run->head.episodes + 1, .before = run->before, .happened = run->head.text, .library = &run->library};
    return lp_mind_ask(&run->mind, run->guest, &what, err);
}

bool lp_run_locked(lp_run *run, lp_err *why) {
    bool locked = false;
    if (run->recorded && !run->broken && !run->thought) (void)lp_store_begin(run->store, &locked, why); /* a failure comes with the rows */
    return locked;
}

bool lp_run_waits(lp_run *run) {
    lp_err err;
    const bool locked = lp_run_locked(run, &err);
    if (locked && !run->waits) lp_warn("%s: the run stands still until it is free", err.message);
    if (run->waits && !locked) lp_warn("the run goes on");
    return run->waits = locked;
}

lp_status lp_run_think(lp_run *run, lp_err *err) {
    if (run->broken) return lp_fail(err, LP_FAILED, "the run has stopped after an error");
    if (run->thought) return LP_OK;
    lp_status status = run->head.playing ? LP_OK : begin_episode(run, err);
    if (!status) status = lp_mind_think(&run->mind, err);
    run->answered = !run->guest || status;
    run->known = !run->answered && run->answers && lp_answers_at(run->answers, run->head.decisions, &run->answer);
    if (!run->answered && !run->known) lp_run_take_edits(run);
    if (!run->answered) status = ask(run, err);
    run->thought = status == LP_OK;
    run->broken = !run->thought;
    return status;
}

lp_status lp_run_hear(lp_run *run, int timeout_ms, bool *answered, lp_err *err) {
    LP_CHECK(run->thought);
    *answered = run->answered;
    if (run->answered) return LP_OK;
    if (run->writes) {
        lp_status status = lp_run_hear_summary(run, timeout_ms, err);
        if (!status && !run->writes) status = ask(run, err);
        if (status) run->broken = true, run->thought = false;
        *answered = run->answered;
        return status;
    }
    lp_status status = lp_guest_hear(run->guest, timeout_ms, answered, &run->answer, err);
    if (!status && *answered && run->answers) status = lp_answers_add(run->answers, run->head.decisions, &run->answer, err);
    if (!status && *answered) take_answer(run);
    if (status) run->broken = true, run->thought = false;
    return status;
}

bool lp_run_chat(const lp_run *run, lp_chat_counts *counts) { return run->guest && lp_guest_count(run->guest, counts); }

void lp_run_choose(lp_run *run, int action) {
    LP_CHECK(run->thought && run->mind.human && action >= 0 && action < lp_game_n_actions(run->game));
    run->mind.action = action;
}

/* The item of this decision and the summaries that it completed. */
static void record_item(lp_run *run, int64_t step) {
    if (run->guest) lp_text_add(run->head.text, " ", run->answer.text);
    const char *text = *run->head.text ? run->head.text : NULL;
    lp_mem_summary summaries[MAX_SUMMARIES];
    lp_mind_note_item(&run->mind, step, text);
    int n = lp_mem_new_summaries(run->mind.seat.mem, summaries, MAX_SUMMARIES);
    for (int i = 0; i < n; i++) lp_mind_note_summary(&run->mind, &summaries[i]);
    if (!run->recorded) return;
    int64_t episode = run->head.episodes + 1;
    lp_store_item(run->store, episode, step, run->head.decisions, run->mind.action, run->mind.decision.salience, run->mind.decision.item,
                  run->mind.seat.dim, text);
    for (int i = 0; i < n; i++) lp_store_summary(run->store, episode, &summaries[i]);
    if (run->policy && run->head.decisions % VALUE_EVERY == 0)
        lp_store_metric(run->store, run->head.decisions, "value", run->mind.decision.value);
}

static void end_episode(lp_run *run) {
    int64_t n = run->head.decisions - run->head.first_decision;
    lp_timeline_end(&run->timeline, run->head.episodes + 1, run->outcome, n);
    lp_run_head_end(&run->head, run->outcome, run->store);
    run->head.frames += lp_emu_frames(lp_env_emu(run->mind.seat.env));
    run->head.playing = 0;
}

static void record_machine(lp_run *run) {
    lp_emu *emu = lp_env_emu(run->mind.seat.env);
    int64_t n = run->head.decisions;
    if (n % run->config.hash_every == 0 || !run->head.playing) lp_movie_hash(run->movie, lp_emu_hash(emu));
    lp_run_record_state(run->movie, &run->config, n, emu, run->state);
}

lp_status lp_run_take(lp_run *run, lp_err *err) {
    if (run->broken) return lp_fail(err, LP_FAILED, "the run has stopped after an error");
    LP_CHECK(run->thought && run->answered);
    run->thought = false;
    note_marks(run);
    const bool remembers = run->policy || run->guest;
    int64_t step = lp_env_steps(run->mind.seat.env);
    run->outcome = lp_seat_take(&run->mind.seat, remembers ? &run->mind.decision : NULL, run->mind.action);
    if (remembers) record_item(run, step);
    memset(run->head.text, 0, sizeof run->head.text);
    run->head.decisions++;
    lp_viewer_words_drop(&run->words, run->head.decisions);
    lp_timeline_press(&run->timeline, lp_game_action_keys(run->game, run->mind.action));
    note_events(run);
    note_stuck(run);
    if (run->outcome) {
        run->before = run->outcome;
        lp_mind_note_end(&run->mind, run->head.text);
        end_episode(run);
    }
    if (!run->recorded) return LP_OK;
    record_machine(run);
    int64_t unsaved = run->head.decisions - run->saved_decisions;
    double since = lp_now_s() - run->saved_s;
    bool due = unsaved >= SAVE_EVERY || !run->head.playing ? since >= MIN_S : since >= MAX_S;
    return due ? lp_run_save(run, err) : LP_OK;
}

/* Puts head and seat into blob; the head lacks the movie's offset and the hash. */
static lp_status fill_blob(lp_run *run, lp_err *err) {
    lp_run_totals totals = lp_run_counts(run);
    lp_run_head *h = &run->head;
    h->frames_now = totals.frames - h->frames;
    h->state_hash = totals.state_hash;
    h->identity = lp_run_identity(&run->config, run->game);
    h->seat_bytes = lp_seat_save_size(&run->mind.seat);
    size_t need = sizeof *h + h->seat_bytes;
    if (need > run->blob_bytes) {
        unsigned char *larger = realloc(run->blob, 2 * need);
        if (!larger) return lp_fail(err, LP_FAILED, "out of memory for a checkpoint of %zu bytes", need);
        run->blob = larger;
        run->blob_bytes = 2 * need;
    }
    lp_seat_save(&run->mind.seat, run->blob + sizeof *h);
    return LP_OK;
}

static void write_stuck(lp_run *run) {
    char text[LP_STUCK_TEXT];
    if (!run->stuck.after) return;
    lp_stuck_print(&run->stuck, text);
    lp_store_meta(run->store, LP_RUN_STUCK, text);
}

/* Whether what was saved can be found. */
static lp_status check_place(lp_run *run, lp_err *err) {
    lp_status status = lp_store_in_place(run->store, err);
    if (!status) status = lp_movie_in_place(run->movie, err);
    run->broken = status != LP_OK;
    return status;
}

lp_status lp_run_save(lp_run *run, lp_err *err) {
    if (run->broken) return lp_fail(err, LP_FAILED, "the run has stopped after an error");
    LP_CHECK(!run->thought);
    if (!run->recorded) return LP_OK;
    if (run->head.decisions == run->saved_decisions && run->head.playing == run->saved_playing) return check_place(run, err);
    lp_status status = fill_blob(run, err);
    if (!status) status = lp_movie_sync(run->movie, &run->head.movie_offset, err);
    if (!status) {
        lp_run_head_pack(&run->head, run->blob);
        lp_run_clock_write(&run->clock, run->store, false);
        write_stuck(run);
        lp_run_keep_within(run);
        status = lp_store_commit(run->store, run->blob, sizeof run->head + run->head.seat_bytes, err);
    }
    run->broken = status != LP_OK;
    run->saved_decisions = run->head.decisions;
    run->saved_playing = run->head.playing;
    run->saved_s = lp_now_s();
    return status;
}

lp_status lp_run_end(lp_run *run, lp_err *err) {
    bool locked = false;
    if (!run->answered) run->thought = false; /* a guest is not waited for: it is asked again */
    lp_status status = lp_run_save(run, err);
    if (status || !run->recorded || !run->clock.open) return status;
    status = lp_store_begin(run->store, &locked, err);
    if (status || locked) return status; /* it is not worth waiting for */
    lp_run_take_edits(run);
    lp_run_clock_write(&run->clock, run->store, true);
    return lp_store_commit(run->store, NULL, 0, err);
}

void lp_run_idle(lp_run *run, double seconds) { run->clock.idle_s += seconds; }

/* ---- the moment ---- */

lp_run_totals lp_run_counts(lp_run *run) {
    const lp_run_head *h = &run->head;
    lp_emu *emu = lp_env_emu(run->mind.seat.env);
    return (lp_run_totals){
        h->episodes, h->wins, h->losses, h->timeouts, h->decisions, h->frames + (h->playing ? lp_emu_frames(emu) : 0), lp_emu_hash(emu)};
}

lp_seat *lp_run_seat(lp_run *run) { return &run->mind.seat; }

const lp_decision *lp_run_decision(const lp_run *run) { return run->policy && run->mind.action >= 0 ? &run->mind.decision : NULL; }

int64_t lp_run_milestones(const lp_run *run) { return lp_timeline_milestones(&run->timeline); }

int64_t lp_run_stuck(const lp_run *run) { return run->stuck.times; }

int lp_run_action(const lp_run *run) { return run->mind.action; }

lp_outcome lp_run_outcome(const lp_run *run) { return run->outcome; }

void lp_run_view(lp_run *run, lp_view *view) {
    const lp_run_head *h = &run->head;
    lp_mind_view(&run->mind, view);
    lp_timeline_view(&run->timeline, h->decisions - h->first_decision, view);
    view->policy = lp_guest_shown(run->shown, sizeof run->shown, run->config.policy);
    view->thought = run->guest ? lp_guest_saying(run->guest) : NULL;
    view->thinks = view->thought != NULL;
    if (run->guest && !view->thinks) view->thought = run->last_thought;
    if (run->guest && lp_guest_show(run->guest, &run->model, run->lines, &view->n_lines))
        view->model = &run->model, view->lines = run->lines;
    run->model.milestones = lp_timeline_milestones(&run->timeline);
    run->model.wins = h->wins;
    view->recovered = lp_run_clock_recovered(&run->clock);
    view->played_s = lp_run_clock_played(&run->clock);
    view->real_s = (double)time(NULL) - run->clock.started;
    view->recorded = run->recorded;
    if (run->recorded) view->disk = run->disk;
    view->stuck = lp_stuck_now(&run->stuck);
    view->stuck_times = run->stuck.times;
    if (view->stuck) {
        snprintf(run->note, sizeof run->note, "stuck: the last %lld decisions led nowhere new", (long long)view->stuck);
        view->note = run->note;
    }
    if (run->disk.low) view->note = "little is left of the disk";
    if (run->disk.full) view->note = "the disk's budget is used up, nothing is left to drop";
    if (run->waits) view->note = "standing still: another program keeps run.db locked";
    view->wins = h->wins;
    view->losses = h->losses;
    view->timeouts = h->timeouts;
    view->episode = h->episodes + (h->playing ? 1 : 0);
    view->decisions = h->decisions;
    view->episode_decisions = h->decisions - h->first_decision;
}
