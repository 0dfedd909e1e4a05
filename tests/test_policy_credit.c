/* One whole differentiation. An episode of 1,024 decisions, each of which reads all that was before it, is learned from in segments of 128,
 * with the items from before a segment encoded again: what the segments give together is the gradient of the episode's loss, as if it had
 * been differentiated in one piece. The reference is the network written out here in double precision, and its central differences along
 * random directions of every tensor. Where the older items are constants the check fails, so it can. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "policy/model.h"
#include "policy_support.h"

enum { SEGMENTS = 8, SEGMENT = 128, DECISIONS = SEGMENTS * SEGMENT, DIRECTIONS = 2 };
/* of the shape in policy_support.h, without a core */
enum { H = 24, W = 28, FRAME = H * W, C1 = 16, H1 = 5, W1 = 6, C2 = 32, H2 = 1, W2 = 2, FLAT = H2 * W2 * C2 };
enum { HIDDEN = 16, DIM = 5, HEADS = 2, ACTIONS = 3, LEVELS = 3, AGES = 4 };

/* ---- the episode ---- */

static struct {
    uint8_t pixels[DECISIONS][FRAME];
    int32_t last_action[DECISIONS], action[DECISIONS];
    float logp[DECISIONS], reward[DECISIONS], value[SEGMENTS][SEGMENT + 1];
} episode;

/* Levels such as a tree's, so that their keys matter. */
static int level_of(int age) { return age > 256 ? 2 : age > 16; }

static void draw_episode(lp_rng *rng) {
    for (int t = 0; t < DECISIONS; t++) {
        next_frame(episode.pixels[t], t, rng);
        episode.last_action[t] = t ? episode.action[t - 1] : -1;
        episode.action[t] = (int32_t)lp_rng_below(rng, ACTIONS);
        episode.reward[t] = 0.1f * lp_rng_normal(rng);
    }
    for (int i = 0; i < SEGMENTS * (SEGMENT + 1); i++) episode.value[i / (SEGMENT + 1)][i % (SEGMENT + 1)] = lp_rng_normal(rng);
}

/* ---- the network in double precision ---- */

static double seen[DECISIONS][FLAT], item[DECISIONS][DIM], salience[DECISIONS], logp[DECISIONS];

static double relu(double x) { return x > 0 ? x : 0; }

/* y [o] = w [o][n] x + b */
static void linear(double *y, const double *x, const double *w, const double *b, int n, int o) {
    for (int i = 0; i < o; i++, w += n) {
        y[i] = b ? b[i] : 0;
        for (int j = 0; j < n; j++) y[i] += w[j] * x[j];
    }
}

/* y [h - k over stride ...][oc], x [h][wide][c], weight [oc][k][k][c], and relu */
static void conv(double *y, const double *x, int wide, int c, const double *weight, const double *bias, int k, int stride, int oh, int ow,
                 int oc) {
    for (int at = 0; at < oh * ow * oc; at++) {
        const double *corner = x + (at / oc / ow * stride * wide + at / oc % ow * stride) * c, *tap = weight + at % oc * k * k * c;
        y[at] = bias[at % oc];
        for (int i = 0; i < k; i++, tap += k * c)
            for (int j = 0; j < k * c; j++) y[at] += tap[j] * corner[i * wide * c + j];
        y[at] = relu(y[at]);
    }
}

static void see_all(const double *const w[P_COUNT]) {
    static double x[FRAME], c1[H1 * W1 * C1];
    for (int t = 0; t < DECISIONS; t++) {
        for (int i = 0; i < FRAME; i++) x[i] = episode.pixels[t][i] / 255.0 - 0.5;
        conv(c1, x, W, 1, w[P_CONV1_W], w[P_CONV1_B], 8, 4, H1, W1, C1);
        conv(seen[t], c1, W1, C1, w[P_CONV2_W], w[P_CONV2_B], 4, 2, H2, W2, C2);
    }
}

/* read [HEADS][DIM]: all items before decision t. Returns attention's entropy. */
static double read_all(double *read, const double *q, const double *const w[P_COUNT], int t) {
    static double weight[DECISIONS];
    double entropy = 0;
    memset(read, 0, HEADS * DIM * sizeof *read);
    for (int h = 0; h < HEADS; h++, read += DIM, q += DIM) {
        double highest = -INFINITY, sum = 0;
        for (int j = 0; j < t; j++) {
            int age = t - j, by_age = age < 2 ? 0 : age < 4 ? 1 : age < 8 ? 2 : 3;
            double score = 0;
            for (int d = 0; d < DIM; d++)
                score += q[d] * (item[j][d] + w[P_LEVEL_KEY][level_of(age) * DIM + d] + w[P_AGE_KEY][by_age * DIM + d]);
            weight[j] = score / sqrt(DIM) + salience[j];
            highest = fmax(highest, weight[j]);
        }
        for (int j = 0; j < t; j++) sum += weight[j] = exp(weight[j] - highest);
        for (int j = 0; j < t; j++) {
            entropy -= weight[j] / sum * log(weight[j] / sum + 1e-20);
            for (int d = 0; d < DIM; d++) read[d] += weight[j] / sum * item[j][d];
        }
    }
    return entropy;
}

/* PPO's loss of one decision (Schulman et al. 2017, eq. 7 and 9). */
static double loss_of(const double *logit, double value, int t, double advantage, double target) {
    double highest = fmax(logit[0], fmax(logit[1], logit[2])), sum = 0, entropy = 0;
    for (int i = 0; i < ACTIONS; i++) sum += exp(logit[i] - highest);
    for (int i = 0; i < ACTIONS; i++) {
        double l = logit[i] - highest - log(sum);
        entropy -= exp(l) * l;
        if (i == episode.action[t]) logp[t] = l;
    }
    double ratio = exp(logp[t] - episode.logp[t]), clipped = fmin(fmax(ratio, 1 - ppo.clip), 1 + ppo.clip);
    return -fmin(ratio * advantage, clipped * advantage) + ppo.value_weight * (value - target) * (value - target) / 2 -
           ppo.entropy_weight * entropy;
}

/* Generalised advantages within each segment (Schulman et al. 2016, eq. 16); no episode ends. */
static void advantages(double *advantage) {
    for (int t = DECISIONS - 1; t >= 0; t--) {
        const float *value = &episode.value[t / SEGMENT][t % SEGMENT];
        double after = (t + 1) % SEGMENT ? advantage[t + 1] : 0;
        advantage[t] = episode.reward[t] + ppo.gamma * value[1] - value[0] + ppo.gamma * ppo.lambda * after;
    }
}

/* The mean over the decisions; what is seen is there already. */
static double loss_of_all(const double *const w[P_COUNT]) {
    static double f[DECISIONS][HIDDEN], advantage[DECISIONS];
    double loss = 0;
    advantages(advantage);
    for (int t = 0; t < DECISIONS; t++) {
        double q[HEADS * DIM], read[HEADS * DIM], z[HIDDEN], more[HIDDEN], logit[ACTIONS], value;
        linear(f[t], seen[t], w[P_FEATURES_W], w[P_FEATURES_B], FLAT, HIDDEN);
        for (int j = 0; j < HIDDEN; j++)
            f[t][j] = relu(f[t][j] + (episode.last_action[t] < 0 ? 0 : w[P_ACTION][episode.last_action[t] * HIDDEN + j]));
        linear(item[t], f[t], w[P_ITEM_W], w[P_ITEM_B], HIDDEN, DIM);
        linear(&salience[t], item[t], w[P_SALIENCE_W], w[P_SALIENCE_B], DIM, 1);
        linear(q, f[t], w[P_QUERY_W], w[P_QUERY_B], HIDDEN, HEADS * DIM);
        loss -= ppo.attention_weight * read_all(read, q, w, t);
        linear(z, f[t], w[P_HEAD_FEATURE], w[P_HEAD_B], HIDDEN, HIDDEN);
        linear(more, read, w[P_HEAD_READ], NULL, HEADS * DIM, HIDDEN);
        for (int j = 0; j < HIDDEN; j++) z[j] = relu(z[j] + more[j]);
        linear(logit, z, w[P_POLICY_W], w[P_POLICY_B], HIDDEN, ACTIONS);
        linear(&value, z, w[P_VALUE_W], w[P_VALUE_B], HIDDEN, 1);
        loss += loss_of(logit, value, t, advantage[t], advantage[t] + episode.value[t / SEGMENT][t % SEGMENT]);
    }
    return loss / DECISIONS;
}

/* ---- the learner, a segment as an environment each: it gives the mean over all their decisions ---- */

static void fill_segment(lp_segment *g, int k, bool again) {
    enum { OLD = DECISIONS - SEGMENT };
    const int first = k * SEGMENT;
    static int32_t level[DECISIONS];
    static int64_t step[DECISIONS];
    memcpy(g->pixels, episode.pixels[first], SEGMENT * FRAME);
    memcpy(g->last_action, episode.last_action + first, SEGMENT * sizeof *g->last_action);
    memcpy(g->action, episode.action + first, SEGMENT * sizeof *g->action);
    memcpy(g->logp, episode.logp + first, SEGMENT * sizeof *g->logp);
    memcpy(g->reward, episode.reward + first, SEGMENT * sizeof *g->reward);
    memcpy(g->value, episode.value[k], sizeof episode.value[k]);
    for (int s = 0; s < SEGMENT; s++) {
        int t = first + s, at = s * DECISIONS;
        g->n_items[s] = t;
        for (int j = 0; j < t; j++) {
            level[j] = level_of(t - j), step[j] = j;
            g->row[at + j] = j < first ? j + (again ? 1 : 0) : j - first + (again ? 1 + OLD : OLD);
        }
        lp_observation o = {.n_items = t, .level = level, .step = step, .now = t};
        lp_policy_keys(&shape, &o, g->level + at, g->age + at);
    }
    if (again) {
        g->n_again = first;
        memcpy(g->again_pixels, episode.pixels, (size_t)first * FRAME);
        memcpy(g->again_action, episode.last_action, (size_t)first * sizeof *g->again_action);
    } else {
        g->n_old = first;
        for (int j = 0; j < first; j++) g->old_salience[j] = (float)salience[j];
        for (int i = 0; i < first * DIM; i++) g->old_vector[i] = (float)item[i / DIM][i % DIM];
    }
}

static double learn(lp_policy *policy, float *gradient, bool again) {
    lp_learner *learner;
    lp_err err;
    lp_pool *pool = lp_pool_open(1);
    double loss;
    int before = DECISIONS - SEGMENT;
    if (lp_learner_open(&learner, policy, &ppo, SEGMENTS, SEGMENT, DECISIONS, again ? 1 : before, again ? before : 0, 1, &err))
        fail_msg("%s", err.message);
    for (int k = 0; k < SEGMENTS; k++) fill_segment(lp_learner_segment(learner, k), k, again);
    if (lp_learner_gradient(learner, pool, gradient, &loss, &err)) fail_msg("%s", err.message);
    lp_learner_close(learner);
    lp_pool_close(pool);
    return loss;
}

/* ---- the check ---- */

typedef struct {
    const lp_policy *policy;
    double *parameters;
    const double *w[P_COUNT];
} network;

static void move(network *n, param_id id, const double *direction, double step) {
    const param_info *tensor = &n->policy->info[id];
    for (size_t i = 0; i < tensor->size; i++) n->parameters[tensor->offset + i] += step * direction[i];
    if (id <= P_CONV2_B) see_all(n->w);
}

/* So short a step that, with half a million relus, none has its kink between the two points; doubles are rounded by 1e-16, which leaves 1e-8. */
static double slope(network *n, param_id id, const double *direction) {
    const double step = 1e-8;
    move(n, id, direction, step);
    double up = loss_of_all(n->w);
    move(n, id, direction, -2 * step);
    double down = loss_of_all(n->w);
    move(n, id, direction, step);
    return (up - down) / (2 * step);
}

/* Floats are rounded by 6e-8, and sums of a thousand decisions by some times that: 2e-5 of a tensor's gradient is what was seen at most. */
static void check_tensor(network *n, param_id id, const float *const gradient[2], lp_rng *rng) {
    const param_info *tensor = &n->policy->info[id];
    double *direction = malloc(tensor->size * sizeof *direction), along[2] = {0, 0}, squares = 0;
    for (size_t i = 0; i < tensor->size; i++) {
        double g = gradient[1][tensor->offset + i];
        direction[i] = lp_rng_normal(rng);
        along[0] += gradient[0][tensor->offset + i] * direction[i];
        along[1] += g * direction[i];
        squares += g * g;
    }
    double want = slope(n, id, direction), near = 2e-8 + 1e-4 * sqrt(squares);
    double error = fabs(along[1] - want), error_without = fabs(along[0] - want);
    print_message("%-20s slope %12.5g, off by %.1e, of its gradient %.1e; with older items constant %.1e\n", tensor->name, want, error,
                  error / sqrt(squares), error_without / sqrt(squares));
    if (!(error <= near)) fail_msg("%s: %.9g learned, %.9g in one piece", tensor->name, along[1], want);
    if (id <= P_SALIENCE_B) assert_true(error_without > 10 * near); /* what older items are made of */
    else assert_true(error_without <= near);
    free(direction);
}

static void test_whole_episode(void **state) {
    (void)state;
    lp_policy *policy;
    lp_err err;
    lp_rng rng = lp_rng_make(17, 0);
    assert_int_equal(lp_policy_open(&policy, &shape, 7, &err), LP_OK);
    assert_int_equal(policy->flat, FLAT);
    size_t n = lp_policy_n_parameters(policy);
    network net = {.policy = policy, .parameters = malloc(n * sizeof(double))};
    for (size_t i = 0; i < n; i++) net.parameters[i] = policy->parameters[i] += 0.1f * lp_rng_normal(&rng);
    for (int id = 0; id < P_COUNT; id++) net.w[id] = net.parameters + policy->info[id].offset;
    draw_episode(&rng);
    see_all(net.w);
    loss_of_all(net.w);
    for (int t = 0; t < DECISIONS; t++) episode.logp[t] = (float)logp[t] + 0.1f * lp_rng_normal(&rng); /* some ratios are clipped */
    double loss = loss_of_all(net.w);
    float *gradient[2] = {malloc(n * sizeof(float)), malloc(n * sizeof(float))};
    for (int again = 0; again < 2; again++) {
        double learned = learn(policy, gradient[again], again);
        if (!(fabs(learned - loss) <= 1e-6)) fail_msg("loss %.9g, in one piece %.9g", learned, loss);
    }
    for (int id = 0; id < P_COUNT; id++)
        for (int k = 0; k < DIRECTIONS && policy->info[id].size; k++)
            check_tensor(&net, (param_id)id, (const float *const *)gradient, &rng);
    free(gradient[0]), free(gradient[1]), free(net.parameters);
    lp_policy_close(policy);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole_episode)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
