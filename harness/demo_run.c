/* Demonstrations out of a recorded run: its movie has the keys and what was poked, its store the seeds and how episodes ended. */
#include "harness/demo.h"

#include "base/file.h"
#include "harness/run_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int64_t n, room;
    lp_store_episode *list; /* [n]; result: not kept */
    int *outcome;           /* [n] */
    bool out_of_memory;
} episodes;

static void visit(void *context, const lp_store_episode *e) {
    episodes *all = context;
    if (all->n == all->room) {
        const int64_t room = all->room ? 2 * all->room : 64;
        lp_store_episode *list = realloc(all->list, (size_t)room * sizeof *list);
        if (list) all->list = list;
        int *outcome = realloc(all->outcome, (size_t)room * sizeof *outcome);
        if (outcome) all->outcome = outcome;
        if (!list || !outcome) {
            all->out_of_memory = true;
            return;
        }
        all->room = room;
    }
    int outcome = LP_WIN;
    while (outcome < LP_TIMEOUT && strcmp(e->result, lp_outcome_name((lp_outcome)outcome)) != 0) outcome++;
    all->list[all->n] = *e;
    all->list[all->n].result = NULL;
    all->outcome[all->n++] = outcome;
}

/* What a poke says of a knob, little-endian in its place. */
static void note_poke(const lp_game *game, lp_demo *demo, uint32_t address, uint8_t value) {
    for (int k = 0; k < lp_game_n_knobs(game); k++) {
        const lp_knob *knob = lp_game_knob(game, k);
        if (address < knob->address || address >= knob->address + (uint32_t)knob->width_bytes) continue;
        const int shift = 8 * (int)(address - knob->address);
        demo->knobs[k] = (int64_t)(((uint64_t)demo->knobs[k] & ~((uint64_t)0xff << shift)) | (uint64_t)value << shift);
    }
}

/* The keys and knobs of the episode whose reset comes next in the movie. */
static lp_status read_episode(lp_movie *movie, const lp_game *game, lp_demo *demo, int64_t n_decisions, lp_err *err) {
    bool end = false, begun = false;
    lp_movie_op op;
    if (!(demo->keys = malloc((size_t)n_decisions * sizeof *demo->keys))) return lp_fail(err, LP_FAILED, "out of memory");
    while (demo->n_decisions < n_decisions) {
        lp_status status = lp_movie_next(movie, &op, &end, err);
        if (status) return status;
        if (end || (begun && op.kind == LP_MOVIE_RESET)) return lp_fail(err, LP_BAD_INPUT, "the movie is shorter than the run says");
        begun |= op.kind == LP_MOVIE_RESET;
        if (op.kind == LP_MOVIE_POKE) note_poke(game, demo, op.address, op.value);
        if (op.kind == LP_MOVIE_DECISION) demo->keys[demo->n_decisions++] = op.keys;
    }
    return LP_OK;
}

/* Plays it, and takes the machine's hash from there: the run's own are not of its last decision. */
static lp_status play(lp_demo *demo, lp_env *env, const lp_game *game, lp_err *err) {
    int16_t *actions = malloc((size_t)demo->n_decisions * sizeof *actions);
    int outcome = LP_RUNNING;
    lp_status status = actions ? lp_demo_actions(demo, game, actions, err) : lp_fail(err, LP_FAILED, "out of memory");
    if (!status) status = lp_env_reset(env, demo->seed, demo->knobs, 0, err);
    for (int64_t i = 0; i < demo->n_decisions && !status && !outcome; i++) {
        outcome = (int)lp_env_step(env, actions[i]);
        if (outcome && (i + 1 < demo->n_decisions || outcome != demo->outcome))
            status =
                lp_fail(err, LP_BAD_INPUT, "played again it ends after %lld decisions (%s), recorded were %lld (%s)", (long long)i + 1,
                        lp_outcome_name((lp_outcome)outcome), (long long)demo->n_decisions, lp_outcome_name((lp_outcome)demo->outcome));
    }
    if (!status && !outcome) status = lp_fail(err, LP_BAD_INPUT, "played again it comes to no end");
    demo->end_hash = lp_emu_hash(lp_env_emu(env));
    free(actions);
    return status;
}

static lp_status take(lp_demos *demos, const lp_run_config *config, lp_movie *movie, const lp_store_episode *e, int outcome, lp_env *env,
                      const lp_game *game, lp_demos_count *count, lp_err *err) {
    lp_demo demo = {.seed = e->seed, .outcome = outcome};
    const char *who = strrchr(config->policy, '/');
    snprintf(demo.source, sizeof demo.source, "%s", who ? who + 1 : config->policy);
    lp_game_default_knobs(game, demo.knobs);
    lp_status status = e->n_decisions > 0 && e->n_decisions <= LP_DEMO_MAX_DECISIONS
                           ? read_episode(movie, game, &demo, e->n_decisions, err)
                           : lp_fail(err, LP_BAD_INPUT, "has %lld decisions", (long long)e->n_decisions);
    if (!status && outcome == LP_WIN) status = play(&demo, env, game, err);
    if (!status) status = lp_demos_take(demos, &demo, count, err);
    free(demo.keys);
    return status ? lp_fail_prefix(err, status, "episode %lld", (long long)e->episode) : LP_OK;
}

static lp_status fits(const lp_run_config *config, const lp_game *game, lp_err *err) {
    lp_run_config here = *config;
    char noop[24];
    lp_run_identify(&here, game, NULL);
    if (strcmp(here.rom_hash, config->rom_hash) != 0)
        return lp_fail(err, LP_BAD_INPUT, "a run of %s, with another ROM than %s has", config->game, lp_game_name(game));
    if (here.model != config->model) return lp_fail(err, LP_BAD_INPUT, "was recorded on another console");
    if (strcmp(lp_game_noop_text(game, noop), config->noop) != 0)
        return lp_fail(err, LP_BAD_INPUT, "was recorded with %s idle frames, %s has %s", config->noop, lp_game_name(game), noop);
    if (lp_game_has_seed(game) && !config->training_seeds)
        return lp_fail(err, LP_BAD_INPUT, "was played on evaluation seeds, which nothing may be learned from (play --training-seeds)");
    return LP_OK;
}

lp_status lp_demos_of_run(lp_demos *demos, const char *run, lp_env *env, const lp_game *game, lp_demos_count *count, lp_err *err) {
    lp_run_config config;
    lp_run_totals totals;
    lp_store *store = NULL;
    lp_movie *movie = NULL;
    episodes all = {0};
    char path[PATH_MAX];
    bool playing;
    lp_status status = lp_run_config_read(&config, run, err); /* its message names the run */
    if (status) return status;
    status = fits(&config, game, err);
    if (status) return lp_fail_prefix(err, status, "%s", run);
    status = lp_run_look(&store, run, &totals, &playing, err);
    if (!status) status = lp_store_episodes(store, visit, &all, err);
    if (!status && all.out_of_memory) status = lp_fail(err, LP_FAILED, "out of memory");
    lp_store_close(store);
    if (!status) status = lp_movie_open(&movie, lp_path_join(path, sizeof path, run, "movie.lpm"), err);
    for (int64_t i = 0; i < all.n && !status; i++) {
        status = take(demos, &config, movie, &all.list[i], all.outcome[i], env, game, count, err);
        if (status) lp_fail_prefix(err, status, "%s", run);
    }
    if (movie) lp_movie_read_close(movie);
    free(all.list);
    free(all.outcome);
    return status;
}
