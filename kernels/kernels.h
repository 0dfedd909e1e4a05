/* Tensor operations, forward and backward. This header is the contract for every device: x.c is the plain reference,
 * x.cu its fast twin.
 *
 * Conventions
 *   - All tensors are float32, dense, row-major; a shape stands beside each argument; n is always the number of rows.
 *   - Images are NHWC: a convolution is then a linear map of patches, and a batch of images a batch of rows.
 *   - Outputs are overwritten unless a comment says "accumulates". Gradients of weights always accumulate.
 *   - Outputs must not alias inputs unless a comment says so. n = 0 is allowed and does nothing.
 *   - No function allocates, keeps state or fails: shapes are the caller's arithmetic, checked by assert.
 *   - Any number of threads may call at once on different outputs. Each function runs on its calling thread and gives
 *     the same bits each time for the same arguments on the same machine.
 *   - "bytes" is what must cross memory at least once, "flops" counts a multiply-add as two.
 *   - Tolerance against an exact reference: |difference| <= 1e-5 * (1 + sum of the absolute products), float32 rounding in
 *     another order of summation.
 */
#ifndef LP_KERNELS_KERNELS_H
#define LP_KERNELS_KERNELS_H

#include "base/limits.h"
#include "base/status.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __CUDACC__
#define LP_K_INLINE static __host__ __device__ inline /* for the twins as well */
#else
#define LP_K_INLINE static inline
#endif

/* Must be called before the first kernel, and again where more threads than it was called for will compute at once: OpenBLAS gets one
 * thread a call, and its working memory. LP_FAILED: there is no room for it. Any thread may call it. */
lp_status lp_k_init(int n_threads, lp_err *err);

/* y[n][o] = x[n][i] w[o][i]^T + b[o], or y += ... where accumulate. b may be NULL.
 * bytes 4 (n i + o i + n o), flops 2 n i o. Of at most LP_FEW_ROWS rows each has bits that depend on itself alone, on every machine the same. */
enum { LP_FEW_ROWS = 8 };
void lp_k_linear(float *y, const float *x, const float *w, const float *b, int n, int i, int o, int accumulate);
/* Of lp_k_linear, for the weights: dw[o][i] += dy^T x, db[o] += sum over n of dy (skipped when NULL). flops 2 n i o. */
void lp_k_linear_backward_weight(float *dw, float *db, const float *dy, const float *x, int n, int i, int o);
/* Of lp_k_linear, for the input: dx[n][i] = dy w, or dx += ... where accumulate. flops 2 n i o. */
void lp_k_linear_backward_input(float *dx, const float *dy, const float *w, int n, int i, int o, int accumulate);

/* A 2-D convolution without padding: in [n][h][w][c], weight [oc][k][k][c], out [n][oh][ow][oc] with
 * oh = (h - k) / stride + 1, ow likewise. */
typedef struct {
    int h, w, c, k, stride, oc;
} lp_conv;
LP_K_INLINE int lp_conv_oh(const lp_conv *s) { return (s->h - s->k) / s->stride + 1; }
LP_K_INLINE int lp_conv_ow(const lp_conv *s) { return (s->w - s->k) / s->stride + 1; }
/* Floats of scratch that both directions need: the patches of one image, [oh][ow][k][k][c]. */
size_t lp_k_conv_scratch(const lp_conv *shape);
/* flops 2 n oh ow k k c oc. */
void lp_k_conv(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *shape, float *scratch);
/* dx (NULL: skipped) is overwritten; dweight, dbias accumulate. flops 4 n oh ow k k c oc. */
void lp_k_conv_backward(float *dx, float *dweight, float *dbias, const float *dy, const float *x, const float *weight, int n,
                        const lp_conv *shape, float *scratch);

/* y[i] = x[i] / 255 - 0.5: grey bytes to network input. bytes 5 n. Exact to 1 ulp. */
void lp_k_from_bytes(float *y, const uint8_t *x, size_t n);
/* The part of input i, in 1 / out of it, that output o covers: where in inputs are averaged to out <= in outputs. */
LP_K_INLINE uint32_t lp_overlap(int i, int out, int o, int in) {
    int from = i * out > o * in ? i * out : o * in, to = (i + 1) * out < (o + 1) * in ? (i + 1) * out : (o + 1) * in;
    return (uint32_t)(to > from ? to - from : 0);
}
/* The grey of a packed screen's pixel x, of those that shades has from the first on: what the emulator draws, 0, 82, 173 or 255. */
LP_K_INLINE uint32_t lp_shade_grey(const uint8_t *shades, int x) { return 0xffad5200u >> (shades[x / 4] >> x % 4 * 2 & 3) * 8 & 255; }
/* n packed screens to network input: shades [n][in_h][in_w / 4], two bits a pixel, leftmost lowest, 0 black to 3 white;
 * y [n][out_h][out_w] = (exact mean of the covered pixels' greys, rounded to a whole number) / 255 - 0.5. in_w a multiple of 4,
 * out <= in. bytes n (in_w in_h / 4 + 4 out_w out_h). */
void lp_k_observe_shades(float *y, const uint8_t *shades, int n, int in_w, int in_h, int out_w, int out_h);
/* The same map as lp_k_linear's, b included, from weights in another order, for those who use them many times on inputs of which many are 0:
 * they cost nothing. A row's bits depend on itself alone. packed: i o floats. */
bool lp_k_linear_packs(int i, int o); /* are the shapes fit for it, and the weights small enough to stay near? */
void lp_k_linear_pack(float *packed, const float *w, int i, int o);
void lp_k_linear_packed(float *y, const float *x, const float *packed, const float *b, int n, int i, int o);
/* y = max(y, 0), in place. A NaN stays NaN. bytes 8 n. */
void lp_k_relu(float *y, size_t n);
/* dy[i] = 0 where y[i] <= 0, in place; y is the output of lp_k_relu. bytes 12 n. */
void lp_k_relu_backward(float *dy, const float *y, size_t n);

/* ---- recurrent cores over `segments` sequences of `steps`; every row is [segment][step] ----
 * What the frame says, x, is there for all rows, so that its product is one; only what needs the state goes from step to step. state
 * [segments][..] is that before the first step, and may be prev where steps is 1; after a step whose end is 1 the next starts from zeros (end
 * [segments][steps]; NULL: none ends). prev and what follows it, the state before and after each step, are written.
 * The way back: dx and du are overwritten, dh is what h's readers give; carry, of the state's shape, is scratch. No gradient crosses an
 * end, nor comes to state. */

/* A gated recurrent unit (Cho et al. 2014; the reset gate is applied after the product, as in cuDNN). x [..][3 hidden] is W f + b, u
 * [..][3 hidden] is w prev + b, both in the order r, z, c:
 *   r = sigmoid(x_r + u_r)   z = sigmoid(x_z + u_z)   c = tanh(x_c + r u_c)   h = z prev + (1 - z) c
 * h, prev [..][hidden]; gate [..][3 hidden] keeps r, z, c for the way back; w [3 hidden][hidden]. flops 6 rows hidden^2 each way. The
 * gradients of w and b are lp_k_linear_backward_weight's of du and prev. */
void lp_k_gru(float *h, float *gate, float *u, float *prev, const float *x, const float *w, const float *b, const float *state,
              const uint8_t *end, int segments, int steps, int hidden);
void lp_k_gru_backward(float *dx, float *du, float *carry, const float *dh, const float *gate, const float *u, const float *prev,
                       const float *w, const uint8_t *end, int segments, int steps, int hidden);
/* The minimal one (Feng et al. 2024), whose gate does not look at the state. x [..][2 hidden] is W f + b in the order z, c:
 *   z = sigmoid(x_z)   h = z prev + (1 - z) x_c
 * gate [..][hidden] keeps z. bytes 20 rows hidden, back 28. */
void lp_k_mingru(float *h, float *gate, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                 int hidden);
void lp_k_mingru_backward(float *dx, float *carry, const float *dh, const float *gate, const float *x, const float *prev,
                          const uint8_t *end, int segments, int steps, int hidden);
/* Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000). Its state is two vectors, what it gives and
 * its cell, (y, c). gate [..][4 hidden] comes in as W f + b in the order i, f, g, o, and becomes
 *   i, f, o = sigmoid(gate + w y')   g = tanh(gate + w y')   c = f c' + i g   y = o tanh(c)
 * of the step before's y', c'. next, prev [..][2 hidden] are the states; last [..][hidden] is y' once more, for the gradient of w
 * [4 hidden][hidden], which is lp_k_linear_backward_weight's of dx and last. flops 8 rows hidden^2 each way. */
void lp_k_lstm(float *y, float *next, float *gate, float *last, float *prev, const float *w, const float *state, const uint8_t *end,
               int segments, int steps, int hidden);
void lp_k_lstm_backward(float *dx, float *carry, const float *dy, const float *gate, const float *next, const float *prev, const float *w,
                        const uint8_t *end, int segments, int steps, int hidden);
/* The recurrence of a linear recurrent unit (Orvieto et al. 2023, arXiv:2303.06349, sections 3.3 and 3.4), diagonal and complex:
 *   next = lambda prev + gamma x      lambda = exp(-exp(nu) + i exp(theta))      gamma = exp(gamma_log)
 * in the exponential parameterisation, in which |lambda| < 1 whatever is learned, so that it is stable; nu, theta and gamma_log, the rows
 * of lambda [3][hidden], are all learned. x, next, prev [..][2 hidden]: the real parts, then the imaginary ones. bytes 24 rows hidden,
 * flops 12 rows hidden; dlambda accumulates. */
void lp_k_lru(float *next, float *prev, const float *x, const float *lambda, const float *state, const uint8_t *end, int segments,
              int steps, int hidden);
void lp_k_lru_backward(float *dx, float *dlambda, const float *dnext, const float *x, const float *prev, const float *lambda,
                       const uint8_t *end, int segments, int steps, int hidden);
/* Linear attention whose fast weights S are written by the delta rule (Schlag et al. 2021, arXiv:2102.11174; keys and queries of length 1 as in
 * Yang et al. 2024, arXiv:2406.06484, without the SiLU there). Each head by itself:
 *   k = x_k / |x_k|   q = x_q / |x_q|   S = S' + sigmoid(x_beta) (x_v - S' k) k^T   y = S q
 * What stood at a key is replaced and nothing fades; what stands at keys at right angles to it stays. x [..][lp_delta_wide(heads)]: k of all
 * heads, v of all, q of all, beta of all; y [..][heads][LP_DELTA_DIM]; next, prev [..][heads][LP_DELTA_DIM][LP_DELTA_DIM]. flops
 * 6 rows heads LP_DELTA_DIM^2, and 16 back. The way back computes what it needs again from x and prev. */
enum { LP_DELTA_DIM = 16 };
#define LP_DELTA_TINY 1e-6f /* added to |x|^2 */
LP_K_INLINE int lp_delta_wide(int heads) { return heads * (3 * LP_DELTA_DIM + 1); }
void lp_k_delta(float *y, float *next, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                int heads);
void lp_k_delta_backward(float *dx, float *carry, const float *dy, const float *x, const float *prev, const uint8_t *end, int segments,
                         int steps, int heads);

/* The memory read: attention of one decision over its context items, salience as a bias where there is one.
 *
 *   score[h][j] = sharpness (q[h] . (item[j] + level_key[level[j]] + age_key[age[j]]) / sqrt(dim) + salience[j])
 *   weight[h]   = softmax over j of score[h];      out[h] = sum over j of weight[h][j] item[j]
 *
 * Items are keys and values at once: a key projection folds into the query's, a value projection into the next layer's.
 * sharpness is 1, or where attention is `scalable` log(n) / log(64) (Nakanishi 2025, arXiv:2501.19399): a match that stands out among 64
 * items then stands out among any number of such as the rest, whose part in the softmax would grow with n.
 * index[j] is the row of `item` and `salience` that context item j stands in (NULL: row j). n = 0 gives out = 0.
 *
 * With `order` the query also says which of those that match it: the newest, the oldest, or one between. The place of an item is what
 * part of the attention is on newer ones, 0 for the newest, and a parabola of it is added to the score:
 *
 *   place[h][j] = sum over k > j of softmax(score[h])[k]
 *   weight[h]   = softmax over j of score[h][j] + order[h][0] place[h][j] + order[h][1] place[h][j]^2
 *
 * Context items are in order, the oldest first. (After contextual position encoding, Golovneva et al. 2024, arXiv:2405.18719, whose places
 * count items; the attention's mass stays within 0 and 1 however many there are.) */
typedef struct {
    int heads, dim, n_levels, n_ages;
    const float *level_key; /* [n_levels][dim] */
    const float *age_key;   /* [n_ages][dim] */
    const float *item;      /* [rows][dim] */
    const float *salience;  /* [rows]; NULL: nothing is added, and nothing owed to dsalience */
    bool scalable;
} lp_read;
LP_K_INLINE float lp_read_sharpness(const lp_read *r, int n) { return r->scalable ? logf((float)n) / 4.15888308f : 1; }
enum { LP_READ_MAX_HEADS = 8, LP_READ_MAX_KEYS = 64 };
/* q, out [heads][dim]; order [heads][2] or NULL; weight [heads][n]; level, age [n] below n_levels, n_ages. flops 4 n heads dim. */
void lp_k_read(float *out, float *weight, const lp_read *r, const float *q, const float *order, const int32_t *index, const uint8_t *level,
               const uint8_t *age, int n);
/* dq [heads][dim], dorder [heads][2] are overwritten; ditem [rows][dim], dsalience [rows], dlevel_key, dage_key accumulate.
 * scratch [2][n]. flops 10 n heads dim, and 2 more with order. Where entropy_scale is not 0, the loss has another part, - entropy_scale times
 * the entropies of weight[h], which is in the gradients too; their sum over the heads is returned. It keeps attention from settling on
 * something before it is known what to look for. */
double lp_k_read_backward(float *dq, float *dorder, float *ditem, float *dsalience, float *dlevel_key, float *dage_key, const float *dout,
                          const float *weight, const lp_read *r, const float *q, const float *order, const int32_t *index,
                          const uint8_t *level, const uint8_t *age, int n, float entropy_scale, float *scratch);

/* out[r] += u . x[r]^2, square by square. x [n][dim]; u [dim]; the ways back accumulate. flops 3 n dim, 3 n dim, 4 n dim. */
void lp_k_squares(float *out, const float *x, const float *u, int n, int dim);
void lp_k_squares_backward_weight(float *du, const float *dout, const float *x, int n, int dim);
void lp_k_squares_backward_input(float *dx, const float *dout, const float *x, const float *u, int n, int dim);

/* How much what was read changes a decision, times the part of the advantages' variance that hangs on it: weight[r] =
 * min(1, KL(softmax(logit[r]) || softmax(unread[r]))) advantage[r]^2, where unread are the logits of one that reads nothing and
 * the advantages of a rollout have the variance 1. Without it, decisions whatever they are would outweigh by their number those on
 * which a game hangs. logit, unread [n][n_actions], n_actions <= LP_MAX_ACTIONS. */
void lp_k_importance(float *weight, const float *logit, const float *unread, const float *advantage, int n, int n_actions);
/* Salience is to predict attention before there is a query. Of one decision over n items, as lp_k_read has them, with p = softmax over j of
 * salience[index[j]]:  loss = - importance * sum over h, j of max(weight[h][j] - even / n, 0) log p[j], which is returned;  dsalience [rows]
 * accumulates scale times its gradient; weight and importance are constants. With even = 1, attention that is on everything teaches nothing. */
double lp_k_salience_loss(float *dsalience, const float *salience, const float *weight, const int32_t *index, int n, int heads, float even,
                          float importance, float scale);

/* p[n] = softmax(logit[n]); p may alias logit. */
void lp_k_softmax(float *p, const float *logit, int n);

/* Draws action[r] from softmax(logit[r]) of n_actions, with number count[r] of stream 0 of Philox seed[r] (sample.h); logp[r] is its log
 * probability. */
void lp_k_sample(int32_t *action, float *logp, const float *logit, int n, int n_actions, const uint64_t *seed, const uint64_t *count);

/* Generalised advantage estimation (Schulman et al. 2016, eq. 16), for one environment's segment of n steps.
 *   delta[t] = reward[t] + gamma * (end[t] ? 0 : value[t + 1]) - value[t]
 *   advantage[t] = delta[t] + gamma * lambda * (end[t] ? 0 : advantage[t + 1]);   target[t] = advantage[t] + value[t]
 * value [n + 1]: the last one is the value of the state after the segment; end[t] 1 where step t ended an episode. logp [n]: where it is LP_TOLD
 * nothing is known of what was better than usual, and advantage[t] is 1. */
void lp_k_gae(float *advantage, float *target, const float *reward, const float *value, const uint8_t *end, const float *logp, int n,
              float gamma, float lambda);

/* The PPO loss (Schulman et al. 2017, eq. 7 and 9), forward and backward in one pass.
 *   ratio = exp(logp - old_logp);  policy = -min(ratio A, clip(ratio, 1 - clip, 1 + clip) A)
 *   loss  = scale * sum over n of (policy + value_weight * (value - target)^2 / 2 - entropy_weight * entropy)
 * Where old_logp is LP_TOLD the action is imitated instead: loss = scale * clone_weight * -logp. */
typedef struct {
    float clip, value_weight, entropy_weight, scale, clone_weight;
} lp_ppo;
typedef struct {
    double policy_loss, value_loss, entropy, kl, clipped; /* sums over the rows; kl = (ratio - 1) - log ratio */
    double clone_loss, told;                              /* over those that were told: -logp; how many */
    double salience_loss, attention_entropy;              /* not lp_k_ppo's */
} lp_ppo_sums;
/* logit, dlogit [n][n_actions], n_actions <= LP_MAX_ACTIONS; value, dvalue, old_logp, advantage, target [n]; action [n]. sums accumulates. */
void lp_k_ppo(float *dlogit, float *dvalue, lp_ppo_sums *sums, const float *logit, const float *value, const int32_t *action,
              const float *old_logp, const float *advantage, const float *target, int n, int n_actions, const lp_ppo *settings);

/* Sum of squares of x[n], accumulated in double precision. */
double lp_k_sum_squares(const float *x, size_t n);
/* Adam (Kingma and Ba 2015, algorithm 1) with bias correction for step t = 1, 2, ...; g is scaled by grad_scale first.
 * w, m, v [n] are updated in place. bytes 28 n. */
typedef struct {
    float rate, beta1, beta2, epsilon;
} lp_adam;
void lp_k_adam(float *w, float *m, float *v, const float *g, size_t n, int64_t t, float grad_scale, const lp_adam *settings);

#endif
