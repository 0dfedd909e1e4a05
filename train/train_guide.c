/* Demonstrations in a training. Some environments are guides: they follow demonstrations from power-on to the end, and the policy remembers what it
 * sees on the way. What they do can be imitated (ppo.clone_weight). At some distances from the end a guide leaves a start behind: the machine,
 * and the memory that the policy has there. From those, others begin their episodes (train.start = demo), so the past of a start is
 * played through the network once, by a guide, and as often anew as guides come by. Some of these follow the demonstration as well (train.follow):
 * what is done late in it is then imitated far more often than guides come there. */
#include "train/train_parts.h"

#include "base/hash.h"
#include "harness/demo.h"

#include <lz4.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct train_demos {
    lp_demos *file;
    int16_t **actions; /* [file->n] of each decision */
    uint64_t hash;     /* of all that is followed */
    int64_t longest;   /* decisions */
};

static void start_clear(train_start *s) {
    free(s->data);
    *s = (train_start){0};
}

void guide_close(player *p) {
    for (int k = 0; k < MAX_STARTS; k++) start_clear(&p->starts[k]);
    for (int k = 0; k < MAX_FRESH; k++) start_clear(&p->fresh[k]);
    free(p->again_item);
    free(p->again_salience);
}

void demos_close(train_demos *d) {
    if (!d) return;
    for (int i = 0; d->actions && i < d->file->n; i++) free(d->actions[i]);
    free(d->actions);
    lp_demos_close(d->file);
    free(d);
}

static lp_status read_actions(train_demos *d, const lp_train *t, lp_err *err) {
    for (int i = 0; i < d->file->n; i++) {
        const lp_demo *demo = &d->file->demo[i];
        const size_t bytes = (size_t)demo->n_decisions * sizeof *demo->keys;
        if (t->config.time_limit && demo->n_decisions > t->config.time_limit)
            return lp_fail(err, LP_BAD_INPUT, "demonstration %d: %lld decisions, more than train.time_limit", i + 1,
                           (long long)demo->n_decisions);
        if (!(d->actions[i] = malloc((size_t)demo->n_decisions * sizeof **d->actions))) return lp_fail(err, LP_FAILED, "out of memory");
        lp_status status = lp_demo_actions(demo, t->game, d->actions[i], err);
        if (status) return lp_fail_prefix(err, status, "demonstration %d", i + 1);
        d->hash = lp_hash64_seed(demo->keys, bytes, d->hash ^ demo->seed ^ demo->end_hash);
        d->hash = lp_hash64_seed(demo->knobs, d->file->about.n_knobs * sizeof *demo->knobs, d->hash);
        if (demo->n_decisions > d->longest) d->longest = demo->n_decisions;
    }
    return LP_OK;
}

lp_status demos_open(train_demos **out, const lp_train *t, lp_err *err) {
    const char *path = t->config.demos;
    *out = NULL;
    const bool late = t->config.start == TRAIN_START_DEMO;
    if (!*path && late) return lp_fail(err, LP_BAD_INPUT, "train.start = demo: train.demos names no file");
    if (late && t->config.core != LP_CORE_NONE) /* a segment's core starts from zeros after an end */
        return lp_fail(err, LP_BAD_INPUT, "train.start = demo: not with policy.core = %s", lp_policy_core_name((int)t->config.core));
    if (!*path) return LP_OK;
    train_demos *d = calloc(1, sizeof *d);
    if (!d) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = lp_demos_read(&d->file, path, err);
    if (!status) {
        status = d->file->n ? lp_demos_fit(d->file, t->game, err) : lp_fail(err, LP_BAD_INPUT, "has no demonstrations");
        d->actions = calloc((size_t)d->file->n + 1, sizeof *d->actions);
        if (!status && !d->actions) status = lp_fail(err, LP_FAILED, "out of memory");
        if (!status) status = read_actions(d, t, err);
        if (status) lp_fail_prefix(err, status, "train.demos: %s", path);
    }
    if (status) demos_close(d);
    else *out = d;
    return status;
}

int64_t demos_longest(const train_demos *d) { return d->longest; }

/* ---- following ---- */

/* Each environment's first demonstration begins in its middle, with an empty memory, so that not all of them see the same part of the game at once. */
static void skip(lp_train *t, player *p) {
    const int64_t to = (int64_t)lp_rng_below(&p->rng, (uint32_t)t->demos->file->demo[p->demo].n_decisions);
    for (int64_t i = 0; i < to; i++) (void)lp_env_step(p->seat.env, p->seat.last_action = t->demos->actions[p->demo][i]);
}

lp_status guide_follow(lp_train *t, player *p, lp_err *err) {
    const lp_demos *file = t->demos->file;
    p->demo = (int)lp_rng_below(&p->rng, (uint32_t)file->n);
    const lp_demo *demo = &file->demo[p->demo];
    lp_status status = lp_seat_begin(&p->seat, demo->seed, demo->knobs, 0, err);
    if (!status && !p->n_episodes++) skip(t, p);
    return status;
}

int guide_action(const lp_train *t, const player *p) { return t->demos->actions[p->demo][lp_env_steps(p->seat.env)]; }

lp_status guide_followed(const lp_train *t, player *p, lp_outcome outcome) {
    const lp_demo *demo = &t->demos->file->demo[p->demo];
    const bool ended = outcome != LP_RUNNING, should = lp_env_steps(p->seat.env) == demo->n_decisions;
    if (ended == should && (!ended || (int)outcome == demo->outcome)) return LP_OK;
    return lp_fail(&p->error, LP_BAD_INPUT, "train.demos: %s: demonstration %d comes to another end than it did (longplay demo check)",
                   t->config.demos, p->demo + 1);
}

/* ---- starts ---- */

/* Is that one of the distances from the end at which starts are left: from half of the first on, each half as far again, up to a bit beyond the present
 * level? */
static bool is_a_distance(const lp_train *t, int64_t left) {
    double distance = (double)t->config.curriculum.before_end / 2.25;
    if ((double)left > 2.25 * (double)t->curriculum.before_end) return false;
    while (ceil(distance) < (double)left) distance *= 1.5;
    return (int64_t)ceil(distance) == left;
}

/* Saved: the seat as one LZ4 block of s->packed bytes, then what its memory was made of. */
lp_status guide_leave(const lp_train *t, player *p, const lp_segment *g) {
    const int64_t steps = lp_env_steps(p->seat.env), left = t->demos->file->demo[p->demo].n_decisions - steps;
    const bool wanted = t->config.start == TRAIN_START_DEMO && p->guide && p->n_fresh < MAX_FRESH && is_a_distance(t, left);
    if (!wanted || lp_mem_steps(p->seat.mem) != steps) return LP_OK;
    if (t->max_again && past_gather(t, p, g)) return LP_FAILED;
    train_start *s = &p->fresh[p->n_fresh];
    const size_t raw = lp_seat_save_size(&p->seat), bound = (size_t)LZ4_compressBound((int)raw);
    unsigned char *seat = malloc(raw), *data = malloc(bound + past_save_bound(t, &p->past));
    if (seat && data) {
        lp_seat_save(&p->seat, seat);
        const size_t packed = (size_t)LZ4_compress_default((const char *)seat, (char *)data, (int)raw, (int)bound);
        *s = (train_start){p->demo, left, packed + past_save(t, &p->past, data + packed), packed, raw, NULL};
        s->data = realloc(data, s->bytes);
        if (s->data) data = NULL;
    }
    free(seat);
    free(data);
    p->n_fresh += s->data != NULL;
    return s->data ? LP_OK : lp_fail(&p->error, LP_FAILED, "out of memory for the start of an episode");
}

void guides_collect(lp_train *t) {
    t->n_starts = 0;
    for (int64_t e = 0; e < t->config.envs; e++) {
        player *p = &t->players[e];
        for (int k = 0; k < p->n_fresh; k++) {
            train_start *to = &p->starts[p->starts_at++ % MAX_STARTS];
            start_clear(to);
            *to = p->fresh[k];
            p->fresh[k] = (train_start){0};
        }
        p->n_fresh = 0;
        p->starts_at %= MAX_STARTS;
        for (int k = 0; p->guide && k < MAX_STARTS; k++)
            if (p->starts[k].data) t->starts[t->n_starts++] = &p->starts[k];
    }
}

/* Of the starts that are no farther from the end than `most` and farther than `above`, one at random; NULL: there is none. */
static const train_start *draw(const lp_train *t, lp_rng *rng, int64_t above, int64_t most) {
    int n = 0;
    for (int i = 0; i < t->n_starts; i++) n += t->starts[i]->left > above && t->starts[i]->left <= most;
    if (!n) return NULL;
    int which = (int)lp_rng_below(rng, (uint32_t)n), i = -1;
    while (which >= 0) i++, which -= t->starts[i]->left > above && t->starts[i]->left <= most;
    return t->starts[i];
}

/* p as it was there. LP_BAD_INPUT: it is damaged, and p is good for beginning anew only. */
static lp_status enter(const lp_train *t, player *p, const train_start *s, lp_err *err) {
    unsigned char *seat = malloc(s->raw);
    lp_status status = seat ? LP_OK : lp_fail(err, LP_FAILED, "out of memory for the start of an episode");
    size_t used = 0;
    if (!status && LZ4_decompress_safe((const char *)s->data, (char *)seat, (int)s->packed, (int)s->raw) != (int)s->raw)
        status = lp_fail(err, LP_BAD_INPUT, "the start of an episode is damaged");
    if (!status) status = lp_seat_load(&p->seat, seat, s->raw, err);
    if (!status) status = past_load(t, p, s->data + s->packed, s->bytes - s->packed, false, &used, err);
    if (!status && used != s->bytes - s->packed) status = lp_fail(err, LP_BAD_INPUT, "the start of an episode is too long");
    free(seat);
    return status;
}

/* A start's most salient items become rows of the segment, and what they are now is kept for the episodes that begin there. */
static lp_status renew_start(lp_train *t, player *p, int i, lp_segment *g, player *scratch, lp_actor *actor, lp_decision *d, int rows,
                             lp_err *err) {
    const size_t dim = (size_t)t->memory.dim;
    lp_status status = enter(t, scratch, p->drawn[i].start, err);
    if (status) return status;
    const lp_mem_context_view *context = &scratch->seat.context;
    lp_mem_context(scratch->seat.mem, NULL, context);
    const int n = past_choose(&scratch->past, context), base = g->n_again;
    for (int from = 0; from < n && !status; from += rows) {
        const int now = n - from < rows ? n - from : rows;
        for (int k = 0; k < now; k++) {
            lp_observation o = past_take(t, &scratch->past, g, from + k, base + from + k);
            lp_actor_look(actor, k, &o);
        }
        status = lp_actor_start(actor, now, err);
        if (!status) status = lp_actor_wait(actor, d, err);
        for (int k = 0; k < now && !status; k++) {
            const size_t row = (size_t)(base + from + k);
            memcpy(p->again_item + row * dim, d[k].item, dim * sizeof(float));
            p->again_salience[row] = d[k].salience;
        }
    }
    p->drawn[i].again_to = g->n_again = base + n;
    return status;
}

lp_status guide_draw(lp_train *t, int e, lp_actor *actor, lp_decision *d, int rows, lp_err *err) {
    player *p = &t->players[e];
    lp_segment *g = lp_learner_segment(t->learner, e);
    const int64_t most = t->curriculum.before_end;
    int which = 0;
    lp_status status = LP_OK;
    while (t->actors[which] != actor) which++;
    for (int i = 0; i < N_DRAWN && !status; i++) {
        p->drawn[i].start = NULL, p->drawn[i].from = -1;
        p->drawn[i].again_from = p->drawn[i].again_to = g->n_again;
        if (t->config.start != TRAIN_START_DEMO || p->guide || p->twin) continue;
        const bool hard = lp_rng_below(&p->rng, 2);
        if (hard && most >= t->demos->longest) continue; /* power-on */
        if (hard) p->drawn[i].start = draw(t, &p->rng, most * 2 / 3, most);
        if (!p->drawn[i].start) p->drawn[i].start = draw(t, &p->rng, 0, most);
        if (p->drawn[i].start && t->max_each) status = renew_start(t, p, i, g, &t->scratch[which], actor, d, rows, err);
    }
    return status;
}

lp_status guide_begin(lp_train *t, player *p, const lp_segment *g, int i, lp_err *err) {
    const size_t dim = (size_t)t->memory.dim;
    lp_status status = enter(t, p, p->drawn[i].start, err);
    if (status) return status;
    int row = p->drawn[i].again_from;
    const int end = p->drawn[i].again_to, n = row < end ? lp_mem_context(p->seat.mem, NULL, &p->seat.context) : 0;
    for (int j = 0; j < n && row < end; j++) { /* both in order of step */
        if (p->seat.context.step[j] != g->again_step[row]) continue;
        memcpy(p->seat.context.vector + (size_t)j * dim, p->again_item + (size_t)row * dim, dim * sizeof(float));
        p->seat.context.salience[j] = p->again_salience[row++];
    }
    if (n) lp_seat_renew(&p->seat);
    if (t->config.follow > 0 && lp_rng_float(&p->rng) < (float)t->config.follow) {
        p->demo = p->drawn[i].start->demo;
        return LP_OK;
    }
    p->deadline = lp_env_steps(p->seat.env) + 64 + (int64_t)(t->config.curriculum.patience * (double)p->drawn[i].start->left);
    lp_seat_try(&p->seat, 1 + p->n_episodes++ * (uint64_t)t->config.envs + (uint64_t)(p - t->players));
    return LP_OK;
}

/* ---- checkpoints: the hash of the demonstrations and the distance; for each environment what it follows; for each guide its starts ---- */

enum { HEAD_BYTES = 2 * 8, ENV_BYTES = 2 * 8, START_BYTES = 5 * 8 };

size_t guides_save_bound(const lp_train *t) {
    if (!t->demos) return 0;
    size_t size = HEAD_BYTES + ENV_BYTES * (size_t)t->config.envs;
    for (int64_t e = 0; e < t->config.envs; e++)
        for (int k = 0; t->players[e].guide && k < MAX_STARTS; k++) size += (k ? 0 : 8) + START_BYTES + t->players[e].starts[k].bytes;
    return size;
}

size_t guides_save(const lp_train *t, unsigned char *out) {
    unsigned char *at = out;
    if (!t->demos) return 0;
    memcpy(at, &t->demos->hash, 8);
    memcpy(at + 8, &t->curriculum.before_end, 8);
    at += HEAD_BYTES;
    for (int64_t e = 0; e < t->config.envs; e++) {
        const player *p = &t->players[e];
        const int64_t demo = p->demo;
        memcpy(at, &demo, 8);
        memcpy(at + 8, &p->deadline, 8);
        at += ENV_BYTES;
        if (p->guide) {
            const int64_t next = p->starts_at;
            memcpy(at, &next, 8);
            at += 8;
        }
        for (int k = 0; p->guide && k < MAX_STARTS; k++) {
            const train_start *s = &p->starts[k];
            const uint64_t head[5] = {(uint64_t)s->demo, (uint64_t)s->left, s->bytes, s->packed, s->raw};
            memcpy(at, head, START_BYTES);
            if (s->bytes) memcpy(at + START_BYTES, s->data, s->bytes);
            at += START_BYTES + s->bytes;
        }
    }
    return (size_t)(at - out);
}

static lp_status load_start(const lp_train *t, const player *p, train_start *s, const unsigned char **at, const unsigned char *end,
                            lp_err *err) {
    uint64_t head[5];
    if (end - *at < START_BYTES) return lp_fail(err, LP_BAD_INPUT, "cut short");
    memcpy(head, *at, START_BYTES);
    *at += START_BYTES;
    if (!head[2]) return LP_OK;
    if (head[2] > (uint64_t)(end - *at) || head[3] > head[2] || head[4] > LZ4_MAX_INPUT_SIZE || head[0] >= (uint64_t)t->demos->file->n ||
        head[1] > (uint64_t)t->demos->longest || !p->guide)
        return lp_fail(err, LP_BAD_INPUT, "a start is damaged");
    *s = (train_start){(int)head[0], (int64_t)head[1], head[2], head[3], head[4], malloc(head[2])};
    if (!s->data) return lp_fail(err, LP_FAILED, "out of memory for starts");
    memcpy(s->data, *at, s->bytes);
    *at += s->bytes;
    return LP_OK;
}

/* Episodes can begin at each of them, and what it says of itself is so. */
static lp_status check_starts(const lp_train *t, lp_err *err) {
    player *scratch = t->scratch;
    lp_status status = LP_OK;
    for (int i = 0; i < t->n_starts && !status; i++) {
        const train_start *s = t->starts[i];
        const int64_t n = t->demos->file->demo[s->demo].n_decisions;
        status = enter(t, scratch, s, err);
        if (!status && (lp_env_steps(scratch->seat.env) != n - s->left || lp_mem_steps(scratch->seat.mem) != n - s->left))
            status = lp_fail(err, LP_BAD_INPUT, "a start is of another moment than it says");
    }
    return status;
}

lp_status guides_load(lp_train *t, const unsigned char *data, size_t size_bytes, size_t *used, bool anew, lp_err *err) {
    const unsigned char *at = data, *end = data + size_bytes;
    uint64_t hash;
    int64_t distance;
    *used = 0;
    if (!t->demos) return LP_OK;
    if (size_bytes < HEAD_BYTES) return lp_fail(err, LP_BAD_INPUT, "cut short");
    memcpy(&hash, at, 8);
    memcpy(&distance, at + 8, 8);
    at += HEAD_BYTES;
    if (hash != t->demos->hash) return lp_fail(err, LP_BAD_INPUT, "was made with other demonstrations");
    const bool late = t->config.start == TRAIN_START_DEMO;
    if (late ? distance < 1 || distance > t->demos->longest : distance != 0) return lp_fail(err, LP_BAD_INPUT, "damaged");
    t->curriculum.before_end = distance;
    for (int64_t e = 0; e < t->config.envs; e++) {
        player *p = &t->players[e];
        int64_t demo, deadline;
        if (end - at < ENV_BYTES) return lp_fail(err, LP_BAD_INPUT, "cut short");
        memcpy(&demo, at, 8);
        memcpy(&deadline, at + 8, 8);
        at += ENV_BYTES;
        if (deadline < 0 || demo < -1 || demo >= t->demos->file->n || (p->twin && demo >= 0)) return lp_fail(err, LP_BAD_INPUT, "damaged");
        if (!anew) p->demo = (int)demo, p->deadline = deadline; /* else they have just begun others */
        if (p->guide) {
            int64_t next;
            if (end - at < 8) return lp_fail(err, LP_BAD_INPUT, "cut short");
            memcpy(&next, at, 8);
            at += 8;
            if (next < 0 || next >= MAX_STARTS) return lp_fail(err, LP_BAD_INPUT, "damaged");
            p->starts_at = (int)next;
        }
        for (int k = 0; p->guide && k < MAX_STARTS; k++) {
            start_clear(&p->starts[k]);
            lp_status status = load_start(t, p, &p->starts[k], &at, end, err);
            if (status) return status;
            if (anew) start_clear(&p->starts[k]);
        }
    }
    *used = (size_t)(at - data);
    guides_collect(t);
    return check_starts(t, err);
}
