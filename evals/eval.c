/* Each thread plays groups of environments in step, each environment taking the next episode when one ends. Which
 * environment plays which episode depends on timing, but an episode's course depends on its index alone: its seed, its
 * action RNG, and a forward pass whose rows do not influence each other. */
#include "evals/eval.h"

#include "base/energy.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/stop.h"
#include "evals/stats.h"
#include "harness/run_mind.h"
#include "harness/seat.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP = LP_EVAL_GROUP, CARD_GROUP = 32, MAX_SUMMARIES = 48 }; /* environments that a thread plays at once; a card likes more */

#define SAY_S 0.1

typedef struct {
    const lp_game *game;
    const lp_eval_config *config;
    lp_eval_episode *results; /* [episodes] */
    int64_t *reached;         /* [episodes][n_milestones]; NULL: not asked for */
    int n_milestones;
    const char *milestones[LP_MAX_MILESTONES];
    atomic_llong next, decisions;
    atomic_bool failed; /* one thread's error ends all */
    double start_s;
    lp_err *errors;      /* [n_jobs] */
    lp_status *statuses; /* [n_jobs] */
    pthread_mutex_t lock;
    /* guarded by lock */
    int64_t to_play, share, done, wins, decisions_of_done;
    double said_s, joules;
    lp_energy energy;
} evaluation;

/* An environment and the episode that it plays. */
typedef struct {
    lp_seat *seat; /* borrowed */
    int64_t index;
    lp_eval_episode so_far;
    int64_t reached[LP_MAX_MILESTONES];
} player;

/* The next episode that is not known yet, or -1. */
static int64_t take_index(evaluation *e) {
    for (;;) {
        int64_t i = atomic_fetch_add(&e->next, 1);
        if (i >= e->config->episodes) return -1;
        if (e->results[i].outcome == LP_RUNNING) return i;
    }
}

/* Those that the last reset or step reached, if they were not before. */
static void note_milestones(const evaluation *e, player *p) {
    const lp_event *events;
    int n = e->n_milestones ? lp_env_events(p->seat->env, &events) : 0;
    for (int i = 0; i < n; i++)
        for (int m = 0; m < e->n_milestones && events[i].milestone; m++)
            if (p->reached[m] == LP_NEVER && !strcmp(events[i].name, e->milestones[m])) p->reached[m] = lp_env_steps(p->seat->env);
}

static lp_status begin(const evaluation *e, player *p, int64_t index, lp_err *err) {
    p->index = index;
    p->so_far = (lp_eval_episode){0};
    for (int i = 0; i < e->n_milestones; i++) p->reached[i] = LP_NEVER;
    uint64_t tries = e->config->tries > 1 ? (uint64_t)e->config->tries : 1, seed = (uint64_t)index / tries;
    lp_status status = lp_seat_begin(p->seat, lp_game_eval_seed(e->config->seed, seed), e->config->knobs, e->config->time_limit, err);
    lp_seat_try(p->seat, (uint64_t)index % tries);
    note_milestones(e, p);
    return status;
}

static lp_status finish(evaluation *e, player *p, lp_outcome outcome, lp_err *err) {
    lp_status status = LP_OK;
    p->so_far.outcome = outcome;
    pthread_mutex_lock(&e->lock);
    e->results[p->index] = p->so_far;
    if (e->reached) memcpy(e->reached + p->index * e->n_milestones, p->reached, (size_t)e->n_milestones * sizeof *p->reached);
    e->done++;
    e->wins += outcome == LP_WIN;
    e->decisions_of_done += p->so_far.decisions;
    e->joules += lp_energy_read(&e->energy);
    if (e->config->on_episode) status = e->config->on_episode(e->config->context, p->index, &p->so_far, err);
    pthread_mutex_unlock(&e->lock);
    return status;
}

/* The live line. An episode is taken to last as long as those that are over did. */
static void say(evaluation *e) {
    double now = lp_now_s(), took = now - e->start_s, decisions = (double)atomic_load(&e->decisions);
    char left[32] = "", text[LP_DURATION_BYTES];
    pthread_mutex_lock(&e->lock);
    bool due = now - e->said_s >= SAY_S;
    if (due) {
        e->said_s = now;
        if (e->done) {
            double all = (double)e->decisions_of_done / (double)e->done * (double)e->to_play;
            snprintf(left, sizeof left, ", %s left", lp_duration(took * (all / decisions - 1), text));
        }
        lp_progress("%s: %lld of %lld episodes, %lld wins, %.0f decisions/s%s", e->config->label ? e->config->label : lp_game_name(e->game),
                    (long long)e->done, (long long)e->config->episodes, (long long)e->wins, took > 0 ? decisions / took : 0, left);
    }
    pthread_mutex_unlock(&e->lock);
}

/* One decision of each of n players, policy or not. */
static lp_status step_all(evaluation *e, player *const *players, int n, lp_actor *actor, lp_outcome *outcomes, lp_err *err) {
    lp_observation o[CARD_GROUP];
    lp_decision d[CARD_GROUP];
    lp_status status = LP_OK;
    int n_actions = lp_game_n_actions(e->game);
    bool has_policy = e->config->player == LP_PLAYER_POLICY;
    for (int i = 0; i < n && has_policy; i++) lp_seat_look(players[i]->seat, &o[i]);
    if (has_policy && (status = lp_actor_run(actor, n, o, d, err))) return status;
    for (int i = 0; i < n; i++) {
        lp_seat *seat = players[i]->seat;
        int action = 0;
        if (has_policy && seat->n_items > players[i]->so_far.context_items_max) players[i]->so_far.context_items_max = seat->n_items;
        if (has_policy) players[i]->so_far.items_read += seat->n_read;
        if (has_policy) action = lp_decision_action(&d[i], n_actions, !e->config->sample);
        else if (e->config->player == LP_PLAYER_RANDOM) action = (int)lp_rng_below(&seat->rng, (uint32_t)n_actions);
        else if ((status = lp_env_oracle(seat->env, &action, err))) return status;
        outcomes[i] = lp_seat_take(seat, has_policy ? &d[i] : NULL, action);
        players[i]->so_far.decisions++;
        note_milestones(e, players[i]);
    }
    atomic_fetch_add(&e->decisions, n);
    return LP_OK;
}

/* ---- a guest: a process an episode, so that what it does hangs on the episode alone ---- */

/* *answered: false where the evaluation ends meanwhile. */
static lp_status hear(const evaluation *e, lp_guest *guest, lp_answer *answer, bool *answered, lp_err *err) {
    lp_status status = LP_OK;
    *answered = false;
    while (!status && !*answered && !lp_stop_asked() && !atomic_load(&e->failed)) status = lp_guest_hear(guest, 100, answered, answer, err);
    return status;
}

/* Those that the last decision completed, where it writes them. */
static lp_status write_summaries(const evaluation *e, lp_mind *mind, lp_guest *guest, lp_err *err) {
    lp_writing w;
    lp_status status = LP_OK;
    while (!status && mind->writes && lp_mind_unwritten(mind, &w)) {
        lp_written written = {.refused = "nothing was said below"};
        bool answered = !w.n;
        if (w.n) status = lp_guest_summarise(guest, &w, err);
        while (!status && !answered && !lp_stop_asked() && !atomic_load(&e->failed))
            status = lp_guest_hear_summary(guest, 100, &answered, &written, err);
        if (!answered) break;
        lp_mind_written(mind, &w, &written);
    }
    return status;
}

static void note_summaries(lp_mind *mind) {
    lp_mem_summary summaries[MAX_SUMMARIES];
    const int n = lp_mem_new_summaries(mind->seat.mem, summaries, MAX_SUMMARIES);
    for (int i = 0; i < n; i++) lp_mind_note_summary(mind, &summaries[i]);
}

static void note_happened(char text[LP_MIND_TEXT_BYTES], lp_env *env) {
    const lp_event *events;
    int n = lp_env_events(env, &events);
    for (int i = 0; i < n; i++) lp_text_add(text, "; ", events[i].text);
}

static lp_status play_guest(evaluation *e, player *p, lp_mind *mind, lp_guest *guest, lp_err *err) {
    char text[LP_MIND_TEXT_BYTES] = "";
    lp_outcome outcome = LP_RUNNING;
    bool answered;
    lp_mind_reset(mind);
    mind->episode = p->index + 1;
    note_happened(text, p->seat->env);
    while (!outcome) {
        lp_answer answer;
        const lp_moment what = {.episode = p->index + 1, .happened = text};
        lp_status status = lp_mind_think(mind, err);
        if (!status) status = write_summaries(e, mind, guest, err);
        if (!status) status = lp_mind_ask(mind, guest, &what, err);
        if (!status) status = hear(e, guest, &answer, &answered, err);
        if (status || !answered) return status;
        lp_mind_answer(mind, &answer);
        lp_text_add(text, " ", answer.text);
        if (p->seat->n_items > p->so_far.context_items_max) p->so_far.context_items_max = p->seat->n_items;
        p->so_far.items_read += p->seat->n_read;
        lp_mind_note_item(mind, lp_env_steps(p->seat->env), *text ? text : NULL);
        outcome = lp_seat_take(p->seat, &mind->decision, mind->action);
        if (mind->writes) note_summaries(mind);
        p->so_far.decisions++;
        atomic_fetch_add(&e->decisions, 1);
        *text = 0;
        note_happened(text, p->seat->env);
        note_milestones(e, p);
        if (e->config->progress) say(e);
    }
    return finish(e, p, outcome, err);
}

static void guest_job(evaluation *e, int index) {
    lp_err *err = &e->errors[index];
    lp_mind *mind = calloc(1, sizeof *mind);
    player p = {0};
    int64_t next = take_index(e);
    lp_status status = mind ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    if (!status) status = lp_mind_open(mind, e->game, NULL, false, &e->config->memory, NULL, err);
    if (!status) p.seat = &mind->seat;
    for (; !status && next >= 0 && !lp_stop_asked() && !atomic_load(&e->failed); next = take_index(e)) {
        lp_guest *guest;
        status = lp_guest_open(&guest, e->config->guest, e->game, NULL, err);
        if (!status) lp_mind_invite(mind, guest);
        if (!status) status = begin(e, &p, next, err);
        if (!status) status = play_guest(e, &p, mind, guest, err);
        lp_guest_close(guest);
    }
    if (status) atomic_store(&e->failed, true);
    if (mind) lp_mind_close(mind);
    free(mind);
    e->statuses[index] = status;
}

static void job(void *context, int index, int worker) {
    (void)worker;
    evaluation *e = context;
    if (e->config->player == LP_PLAYER_GUEST) {
        guest_job(e, index);
        return;
    }
    lp_err *err = &e->errors[index];
    lp_status status = LP_OK;
    lp_seat seats[CARD_GROUP] = {0};
    player players[CARD_GROUP] = {0}, *playing[CARD_GROUP];
    lp_actor *actor = NULL;
    const lp_emu_config blind = {.no_draw = true}, *emu = e->config->player == LP_PLAYER_POLICY ? NULL : &blind; /* only a policy looks */
    int n = 0, group = GROUP, most = e->share < GROUP ? (int)e->share : GROUP;
    int64_t next;
    if (e->config->policy && lp_policy_device(e->config->policy) == LP_DEVICE_CUDA)
        most = group = e->config->episodes < CARD_GROUP ? (int)e->config->episodes : CARD_GROUP;
    if (e->config->player == LP_PLAYER_POLICY)
        status = lp_actor_open(&actor, e->config->policy, group, lp_mem_max_context(&e->config->memory) + 1, err);
    while (!status && n < most && (next = take_index(e)) >= 0) {
        player *p = playing[n] = &players[n];
        p->seat = &seats[n++];
        status = lp_seat_open(p->seat, e->game, &e->config->memory, e->config->policy, emu, err);
        if (!status) status = begin(e, p, next, err);
    }
    const int opened = n;
    while (!status && n > 0 && !lp_stop_asked() && !atomic_load(&e->failed)) {
        lp_outcome outcomes[CARD_GROUP];
        status = step_all(e, playing, n, actor, outcomes, err);
        for (int i = n - 1; i >= 0 && !status; i--) {
            if (outcomes[i] == LP_RUNNING) continue;
            status = finish(e, playing[i], outcomes[i], err);
            if (!status && (next = take_index(e)) >= 0) status = begin(e, playing[i], next, err);
            else playing[i] = playing[--n];
        }
        if (e->config->progress) say(e);
    }
    if (status) atomic_store(&e->failed, true);
    for (int i = 0; i < opened; i++) lp_seat_close(&seats[i]);
    lp_actor_close(actor);
    e->statuses[index] = status;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* How many reached each, and the median of when. */
static lp_status sum_up_milestones(const evaluation *e, lp_eval_row *row, lp_err *err) {
    int64_t *when = malloc((size_t)(row->episodes + 1) * sizeof *when);
    if (!when) return lp_fail(err, LP_FAILED, "out of memory");
    row->n_milestones = e->reached ? e->n_milestones : 0;
    for (int m = 0; m < row->n_milestones; m++) {
        lp_eval_milestone *one = &row->milestones[m];
        *one = (lp_eval_milestone){.name = e->milestones[m]};
        bool known = true;
        for (int64_t i = 0; i < row->episodes; i++) {
            int64_t at = e->reached[i * e->n_milestones + m];
            known &= at != LP_UNKNOWN;
            if (at >= 0) when[one->episodes++] = at;
        }
        if (!known) {
            row->n_milestones = -1;
            break;
        }
        qsort(when, (size_t)one->episodes, sizeof *when, by_size);
        if (one->episodes) one->median = 0.5 * (double)(when[(one->episodes - 1) / 2] + when[one->episodes / 2]);
    }
    free(when);
    return LP_OK;
}

/* Of the seeds whose tries are all over. */
void lp_eval_tries(const lp_eval_episode *results, int64_t tries, lp_eval_row *row) {
    const int64_t seeds = tries > 1 ? row->episodes / tries : 0;
    row->n_pass_at = 0;
    for (int64_t of = 1; seeds; of = 2 * of < tries ? 2 * of : tries) {
        double sum = 0;
        for (int64_t s = 0; s < seeds; s++) {
            int64_t wins = 0;
            for (int64_t i = 0; i < tries; i++) wins += results[s * tries + i].outcome == LP_WIN;
            sum += lp_pass_at(tries, wins, of);
        }
        row->pass_of[row->n_pass_at] = of;
        row->pass_at[row->n_pass_at++] = sum / (double)seeds;
        if (of == tries) return;
    }
}

/* Of the episodes before the first that is not over. */
static void sum_up(const evaluation *e, double seconds, lp_eval_row *row) {
    int horizon = lp_game_find_knob(e->game, "horizon");
    *row = (lp_eval_row){.horizon = horizon >= 0 ? e->config->knobs[horizon] : 0};
    bool known = true;
    for (const lp_eval_episode *r = e->results; row->episodes < e->config->episodes && r->outcome != LP_RUNNING; r++) {
        row->episodes++;
        *(r->outcome == LP_WIN ? &row->wins : r->outcome == LP_LOSS ? &row->losses : &row->timeouts) += 1;
        row->decisions += r->decisions;
        row->items_read += r->items_read;
        known &= r->items_read >= 0;
        if (r->context_items_max > row->context_items_max) row->context_items_max = r->context_items_max;
    }
    if (!known) row->items_read = -1;
    row->win_rate = row->episodes ? (double)row->wins / (double)row->episodes : 0;
    row->decisions_per_s = seconds > 0 ? (double)atomic_load(&e->decisions) / seconds : 0;
    lp_wilson(row->wins, row->episodes, 1.959964, &row->ci95[0], &row->ci95[1]);
}

/* What is known before anything is played. */
static void count_known(evaluation *e) {
    for (int64_t i = 0; i < e->config->episodes; i++) {
        const lp_eval_episode *r = &e->results[i];
        if (r->outcome == LP_RUNNING) continue;
        e->done++;
        e->wins += r->outcome == LP_WIN;
        e->decisions_of_done += r->decisions;
    }
    e->to_play = e->config->episodes - e->done;
}

lp_status lp_eval(const lp_game *game, const lp_eval_config *config, lp_eval_row *row, lp_err *err) {
    *row = (lp_eval_row){0};
    lp_status status = LP_OK;
    if ((status = lp_game_has_win_rate(game, config->time_limit, err))) return status;
    lp_pool *pool = lp_pool_open(config->n_threads);
    int n = pool ? lp_pool_threads(pool) : 1;
    evaluation e = {.game = game, .config = config, .start_s = lp_now_s(), .lock = PTHREAD_MUTEX_INITIALIZER};
    e.n_milestones = lp_game_milestones(game, e.milestones);
    e.results = config->results ? config->results : calloc((size_t)config->episodes, sizeof *e.results);
    e.reached = config->reached || config->results || !e.n_milestones
                    ? config->reached
                    : calloc((size_t)config->episodes * (size_t)e.n_milestones, sizeof *e.reached);
    e.errors = calloc((size_t)n, sizeof *e.errors);
    e.statuses = calloc((size_t)n, sizeof *e.statuses);
    if (!pool || !e.results || (!e.reached && !config->results && e.n_milestones) || !e.errors || !e.statuses)
        status = lp_fail(err, LP_FAILED, "out of memory or threads");
    else if (config->policy) status = lp_policy_threads(n, err);
    if (!status) {
        count_known(&e);
        lp_energy_open(&e.energy);
        e.share = e.to_play / n + 1; /* few episodes are spread over the threads */
        lp_pool_run(pool, n, job, &e);
        for (int i = 0; i < n && !status; i++)
            if ((status = e.statuses[i])) lp_fail(err, status, "%s", e.errors[i].message);
        sum_up(&e, lp_now_s() - e.start_s, row);
        row->joules = e.joules + lp_energy_read(&e.energy);
        lp_eval_tries(e.results, config->tries, row);
        if (!status) status = sum_up_milestones(&e, row, err);
    }
    if (config->progress) lp_progress_end();
    if (!config->results) free(e.results);
    if (!config->reached) free(e.reached);
    free(e.errors);
    free(e.statuses);
    lp_pool_close(pool);
    return status;
}
