#include "bench/bench.h"

#include "base/arena.h"
#include "base/rng.h"
#include "harness/choose.h"
#include "policy/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the network ---- */

/* Random weights, none of them 0 as biases and keys are at first: what is computed wrongly shows. */
static lp_status random_network(lp_policy **out, const lp_bench_arguments *a, const lp_game *game, lp_err *err) {
    lp_train_config config;
    lp_status status = lp_bench_settings(&config, a, err);
    if (status) return status;
    lp_policy_config shape = lp_train_shape(&config, game);
    if ((status = lp_policy_open(out, &shape, 1, err))) return status;
    lp_rng rng = lp_rng_make(1, 5);
    float deviation = 0.5f / sqrtf((float)lp_policy_shape(*out)->hidden), *w = lp_policy_parameters(*out);
    for (size_t i = 0; i < lp_policy_n_parameters(*out); i++) w[i] += deviation * lp_rng_normal(&rng);
    return LP_OK;
}

lp_status lp_bench_network(lp_policy **out, char *what, size_t what_bytes, const lp_bench_arguments *a, lp_err *err) {
    *out = NULL;
    if (a->policy && (a->size || a->core))
        return lp_fail(err, LP_BAD_INPUT, "--policy has its size and core; --size and --core are for random weights");
    lp_game *game = NULL;
    char path[512];
    lp_status status = a->policy ? LP_OK : lp_game_open(&game, a->n_positional > 1 ? a->positional[1] : "cue", err);
    if (a->policy) snprintf(path, sizeof path, "%s", a->policy);
    if (!status && (a->policy || (!a->size && !a->core && lp_shipped_policy(game, path, sizeof path)))) {
        status = lp_policy_read(out, path, err);
        snprintf(what, what_bytes, "%s", path);
    } else if (!status) {
        status = random_network(out, a, game, err);
        snprintf(what, what_bytes, "random weights, %s, core %s", a->size ? a->size : "nano", a->core ? a->core : "none");
    }
    lp_game_close(game);
    lp_device device;
    lp_train_config config;
    if (!status) status = lp_bench_settings(&config, a, err);
    if (!status) status = lp_device_find(&device, a->device, err);
    return status ? status : lp_policy_move(*out, device, config.precision == 1, err);
}

/* ---- policy ---- */

enum { MAX_ROWS = 16 };

typedef struct {
    lp_actor *actor;
    lp_arena arena;
    int n, context;                   /* decisions at once; items that each reads */
    size_t frame;                     /* pixels */
    int turn;                         /* pixels[turn] were the last */
    uint8_t *pixels[2];               /* [n][height * width] */
    float *vector, *salience, *state; /* [n][context][dim], [n][context], [n][state floats] */
    int32_t *level;                   /* [n][context] */
    int64_t *step;                    /* likewise */
    lp_observation *in;               /* [n] */
    lp_decision *out;                 /* [n] */
    lp_status status;                 /* of the last run that failed */
    lp_err err;
} decisions;

static size_t lay_out(decisions *d, const lp_policy *p, bool carve) {
    const lp_policy_config *s = lp_policy_shape(p);
    size_t n = (size_t)d->n, items = n * (size_t)d->context, used = 0;
    struct {
        void *field;
        size_t bytes;
    } fields[] = {
        {&d->pixels[0], n * (size_t)(s->width * s->height)},
        {&d->pixels[1], n * (size_t)(s->width * s->height)},
        {&d->vector, items * (size_t)s->dim * sizeof *d->vector},
        {&d->salience, items * sizeof *d->salience},
        {&d->state, n * (size_t)lp_policy_state_floats(p) * sizeof *d->state},
        {&d->level, items * sizeof *d->level},
        {&d->step, items * sizeof *d->step},
        {&d->in, n * sizeof *d->in},
        {&d->out, n * sizeof *d->out},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        void *at = carve ? lp_arena_take(&d->arena, fields[i].bytes) : NULL;
        if (carve) memcpy(fields[i].field, &at, sizeof at);
        used += lp_arena_need(fields[i].bytes);
    }
    return used;
}

/* n observations of episodes of their own, first_episode and on, with `context` items each, of every level and age. */
static lp_status decisions_open(decisions *d, const lp_policy *p, int n, int context, uint64_t first_episode, lp_err *err) {
    const lp_policy_config *s = lp_policy_shape(p);
    *d = (decisions){.n = n, .context = context, .frame = (size_t)(s->width * s->height)};
    if (lp_arena_open(&d->arena, lay_out(d, p, false)))
        return lp_fail(err, LP_FAILED, "out of memory for %d decisions with %d items each", n, context);
    lay_out(d, p, true);
    lp_rng rng = lp_rng_make(1, 3);
    size_t items = (size_t)context, state = (size_t)lp_policy_state_floats(p), dim = (size_t)s->dim;
    const double oldest = ldexp(1, s->n_ages < 30 ? s->n_ages : 30);
    const int64_t now = (int64_t)oldest + context + 1;
    for (size_t i = 0; i < (size_t)n * d->frame; i++)
        d->pixels[0][i] = (uint8_t)lp_rng_u64(&rng), d->pixels[1][i] = (uint8_t)lp_rng_u64(&rng);
    for (size_t i = 0; i < (size_t)n * items * dim; i++) d->vector[i] = lp_rng_normal(&rng);
    for (size_t i = 0; i < (size_t)n * state; i++) d->state[i] = 0.5f * lp_rng_normal(&rng);
    for (size_t i = 0; i < (size_t)n * items; i++) {
        d->salience[i] = lp_rng_normal(&rng);
        d->level[i] = (int32_t)lp_rng_below(&rng, (uint32_t)s->n_levels);
        const size_t j = i % items; /* no two items of an episode were made at the same step */
        d->step[i] = now - 1 - (int64_t)j - (int64_t)(oldest * pow((double)j / (double)items, 4));
    }
    for (size_t i = 0; i < (size_t)n; i++)
        d->in[i] = (lp_observation){.last_action = (int)lp_rng_below(&rng, (uint32_t)s->n_actions + 1) - 1,
                                    .n_items = context,
                                    .vector = d->vector + i * items * dim,
                                    .salience = d->salience + i * items,
                                    .level = d->level + i * items,
                                    .step = d->step + i * items,
                                    .now = now,
                                    .state = d->state + i * state,
                                    .seed = i,
                                    .episode = first_episode + i};
    return lp_actor_open(&d->actor, p, n, context, err);
}

static void decisions_close(decisions *d) {
    lp_actor_close(d->actor);
    lp_arena_close(&d->arena);
}

/* Two sets of frames in turn: an actor skips what did not change since its last run. */
static void decide(void *context) {
    decisions *d = context;
    d->turn ^= 1;
    for (int i = 0; i < d->n; i++) d->in[i].pixels = d->pixels[d->turn] + (size_t)i * d->frame;
    lp_status status = lp_actor_run(d->actor, d->n, d->in, d->out, &d->err);
    if (status) d->status = status;
}
/* One more run, in which every decision has another number of items, from none to all: what went in and what came out. */
static lp_status save_decisions(decisions *d, const lp_policy *p, const char *path, lp_err *err) {
    const lp_policy_config *s = lp_policy_shape(p);
    const int n = d->n, context = d->context, n_state = lp_policy_state_floats(p);
    const size_t rows = (size_t)n, items = rows * (size_t)context, state = (size_t)n_state, dim = (size_t)s->dim,
                 actions = (size_t)s->n_actions;
    int32_t *last_action = malloc(rows * sizeof *last_action), *count = malloc(rows * sizeof *count);
    uint8_t *level = malloc(items + 1), *age = malloc(items + 1);
    float *out = malloc(rows * (actions + dim + state + 2) * sizeof *out);
    if (!last_action || !count || !level || !age || !out) {
        free(last_action), free(count), free(level), free(age), free(out);
        return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    for (int i = 0; i < n; i++) {
        last_action[i] = d->in[i].last_action;
        count[i] = d->in[i].n_items = n == 1 ? context : (int)((int64_t)context * i / (n - 1));
    }
    const lp_observation all = {.n_items = (int)items, .level = d->level, .step = d->step, .now = d->in->now};
    lp_policy_keys(s, &all, level, age);
    decide(d);
    if (d->status) lp_fail(err, d->status, "%s", d->err.message);
    float *logit = out, *item = logit + rows * actions, *after = item + rows * dim, *value = after + rows * state, *salience = value + rows;
    for (size_t i = 0; i < rows && !d->status; i++) {
        memcpy(logit + i * actions, d->out[i].logit, actions * sizeof *logit);
        memcpy(item + i * dim, d->out[i].item, dim * sizeof *item);
        if (state) memcpy(after + i * state, d->out[i].state, state * sizeof *after);
        value[i] = d->out[i].value, salience[i] = d->out[i].salience;
    }
    const lp_tensor tensors[] = {
        {"in.last_action", "I32", 1, {n}, last_action},
        {"in.count", "I32", 1, {n}, count},
        {"in.items", "F32", 3, {n, context, s->dim}, d->vector},
        {"in.salience", "F32", 2, {n, context}, d->salience},
        {"in.state", "F32", 2, {n, n_state}, d->state},
        {"out.logit", "F32", 2, {n, s->n_actions}, logit},
        {"out.value", "F32", 1, {n}, value},
        {"out.item", "F32", 2, {n, s->dim}, item},
        {"out.salience", "F32", 1, {n}, salience},
        {"out.state", "F32", 2, {n, n_state}, after},
        {"in.pixels", "U8", 3, {n, s->height, s->width}, d->pixels[d->turn]},
        {"in.level", "U8", 2, {n, context}, level},
        {"in.age", "U8", 2, {n, context}, age},
    };
    char digest[24];
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)lp_policy_digest(p));
    lp_status status = d->status;
    if (!status)
        status = lp_policy_write_with(p, path, &(lp_policy_note){"digest", digest}, 1, tensors, sizeof tensors / sizeof *tensors, err);
    free(last_action), free(count), free(level), free(age), free(out);
    return status;
}

/* "1,8,64" */
static lp_status read_batches(int *batches, int *n, const char *text, lp_err *err) {
    for (*n = 0; *n < MAX_ROWS; text++) {
        char *end;
        long value = strtol(text, &end, 10);
        if (end == text || value < 1 || value > 65536 || (*end && *end != ',')) break;
        batches[(*n)++] = (int)value;
        if (!*(text = end)) return LP_OK;
    }
    return lp_fail(err, LP_BAD_INPUT, "--batch at '%s': must be numbers from 1 to 65536, with commas between them, at most %d", text,
                   MAX_ROWS);
}

static lp_status policy_rows(const lp_policy *policy, const lp_bench_arguments *a, cJSON *rows, lp_err *err) {
    int batches[MAX_ROWS], n_batches, contexts[] = {0, 128, 1024}, n_contexts = a->context < 0 ? 3 : 1;
    if (a->context >= 0) contexts[0] = (int)a->context;
    lp_status status = read_batches(batches, &n_batches, a->batch ? a->batch : "1,8,64", err);
    for (int i = 0; i < n_batches * n_contexts && !status; i++) {
        decisions d;
        int n = batches[i / n_contexts], context = contexts[i % n_contexts];
        status = decisions_open(&d, policy, n, context, (uint64_t)i << 32, err);
        if (!status) {
            double us = 1e6 * lp_bench_time(decide, &d, a->seconds / (n_batches * n_contexts)) / n;
            if (d.status) status = lp_fail(err, d.status, "%s", d.err.message);
            cJSON *row = cJSON_CreateObject();
            cJSON_AddNumberToObject(row, "batch", n);
            cJSON_AddNumberToObject(row, "context_items", context);
            cJSON_AddNumberToObject(row, "us_per_decision", us);
            cJSON_AddNumberToObject(row, "decisions_per_s", 1e6 / us);
            cJSON_AddNumberToObject(row, "gflops", lp_policy_flops(policy, context) / us / 1e3);
            cJSON_AddItemToArray(rows, row);
            if (!status && a->save && i == n_batches * n_contexts - 1) status = save_decisions(&d, policy, a->save, err);
        }
        decisions_close(&d);
    }
    return status;
}

lp_status lp_bench_policy(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    lp_policy *policy;
    char what[640];
    lp_status status = lp_bench_network(&policy, what, sizeof what, a, err);
    if (!status) status = policy_rows(policy, a, cJSON_AddArrayToObject(o, "policy"), err);
    if (!status && !a->json) {
        printf("decisions of the network of %s, %zu parameters, one thread\n", what, lp_policy_n_parameters(policy));
        lp_bench_print(cJSON_GetObjectItem(o, "policy"));
    }
    lp_policy_close(policy);
    return status;
}
