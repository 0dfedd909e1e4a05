/* The policy: a small network that sees a frame and a context of remembered items, and learns from win and loss.
 *
 *     lp_policy *policy;
 *     lp_policy_open(&policy, &config, seed, &err);                  // random weights, or lp_policy_read(&policy, path, ...)
 *     lp_actor *actor;
 *     lp_actor_open(&actor, policy, max_batch, max_context, &err);
 *     lp_actor_run(actor, n, observations, decisions);               // logits, value, item vector, salience
 *
 * It knows no memory, no emulator, no game: the caller hands it pixels, the last action and the context, and stores the
 * item it returns wherever it likes. The network (names are those of the tensors in a weight file):
 *
 *     pixels --conv1 8x8/4--> relu --conv2 4x4/2--> relu --features (+ action[last])--> relu --> f
 *     g = f, or with a recurrent core  g = f + y,  y and the next decision's state = core(f, state)
 *     item = W g + b      salience = w . item (+ u . item^2) + b      query = W g + b      order = W g + b
 *     read = attention(query, order, context)      order: in networks that have it, lp_policy_order
 *     z = relu(head.feature g + head.read read + b), or joined as sight  z = relu(head.feature (g + head.read read) + b)
 *     logits = policy z      value = value z
 */
#ifndef LP_POLICY_POLICY_H
#define LP_POLICY_POLICY_H

#include "base/limits.h"
#include "base/pool.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lp_policy lp_policy;

/* State inside the network, carried from decision to decision: none; a gated recurrent unit, or a minimal one; long short-term memory; a
 * diagonal linear recurrence; fast weights written by the delta rule (kernels.h has their formulas). */
typedef enum { LP_CORE_NONE, LP_CORE_GRU, LP_CORE_MINGRU, LP_CORE_LSTM, LP_CORE_LRU, LP_CORE_DELTA, LP_CORES } lp_policy_core;
#define LP_POLICY_CORE_CHOICES "none|gru|mingru|lstm|lru|delta"
const char *lp_policy_core_name(int core);

/* One network in three widths, of about 0.3, 10 and 100 million parameters at 80x72; CPUs train the first. It sets the channels of the
 * convolutions (16 and 32, 64 and 128, 128 and 320), and what is left 0 below. */
typedef enum { LP_POLICY_NANO, LP_POLICY_BASE, LP_POLICY_LARGE } lp_policy_size;
#define LP_POLICY_SIZE_CHOICES "nano|base|large"
const char *lp_policy_size_name(int size);

/* Where what was read joins what is seen. In the head, by a map of its own. As sight: it is added to g, as if it was seen again, and goes
 * through the head that knows what to do with what is seen; head.read begins as the way back from items, item's transpose, and the first
 * head's query as item, four times: it looks for what looks like what is seen. Then only what else to look for must be learned from wins
 * and losses, not what to do with it. */
typedef enum { LP_JOIN_HEAD, LP_JOIN_SIGHT } lp_policy_join;
#define LP_POLICY_JOIN_CHOICES "head|sight"
const char *lp_policy_join_name(int join);

/* Whether a query also says which of the items that match it: the newest, the oldest, one between (kernels.h, lp_read). */
typedef enum { LP_ORDER_NONE, LP_ORDER_PLACE } lp_policy_order;
#define LP_POLICY_ORDER_CHOICES "none|place"
const char *lp_policy_order_name(int order);

/* What salience can tell from a vector. By a map alone, which side of a plane it is on; with squares, how far from the middle as well: the
 * log-odds of two normal distributions are of this form, of few vectors that are spread out, say, among many that are alike. */
typedef enum { LP_SALIENCE_LINEAR, LP_SALIENCE_SQUARE } lp_policy_salience;
#define LP_POLICY_SALIENCE_CHOICES "linear|square"
const char *lp_policy_salience_name(int salience);

/* What is added to an item's attention logit: its salience, or nothing. Without, salience only decides what is kept, and is taught by its
 * own loss alone (salience_weight below): what is kept cannot be read for being kept. */
typedef enum { LP_BIAS_SALIENCE, LP_BIAS_NONE } lp_policy_bias;
#define LP_POLICY_BIAS_CHOICES "salience|none"
const char *lp_policy_bias_name(int bias);

/* Whether attention stays as sharp when its context grows: its logits as they are, or times the logarithm of the number of items. */
typedef enum { LP_SOFTMAX_PLAIN, LP_SOFTMAX_SCALABLE } lp_policy_softmax;
#define LP_POLICY_SOFTMAX_CHOICES "plain|scalable"
const char *lp_policy_softmax_name(int softmax);

typedef struct {
    int width, height; /* of the observation, pixels; 20 to 512 */
    int n_actions;     /* 2 to LP_MAX_ACTIONS */
    int size;          /* lp_policy_size */
    int dim;           /* floats an item vector; 0: 32, 64, 128 by size */
    int hidden;        /* 0: 128, 1024, 4096 by size */
    int heads;         /* of the memory read; 0: 2, 4, 8 by size */
    int n_levels;      /* summary levels told apart, higher ones count as the last; 0: 4 */
    int n_ages;        /* ages told apart by their binary logarithm, older counts as the last; 0: 8 */
    int core;          /* lp_policy_core */
    int join;          /* lp_policy_join */
    int order;         /* lp_policy_order */
    int salience;      /* lp_policy_salience */
    int bias;          /* lp_policy_bias */
    int softmax;       /* lp_policy_softmax */
} lp_policy_config;

/* Fills in what is 0. */
void lp_policy_defaults(lp_policy_config *config);
/* Random weights (orthogonal-like He initialisation from seed). LP_BAD_INPUT: a size out of range. */
lp_status lp_policy_open(lp_policy **out, const lp_policy_config *config, uint64_t seed, lp_err *err);
void lp_policy_close(lp_policy *policy);
const lp_policy_config *lp_policy_shape(const lp_policy *policy); /* all defaults filled in */
size_t lp_policy_n_parameters(const lp_policy *policy);
int lp_policy_state_floats(const lp_policy *policy); /* of the core's state; 0 without a core */
/* Multiply-adds x 2 of one decision's forward pass, with n_items of context; those of single numbers, as in a gate, are not counted. */
double lp_policy_flops(const lp_policy *policy, int n_items);
/* What a network of this shape costs, without one being made. LP_BAD_INPUT: a size out of range. */
typedef struct {
    size_t parameters;
    int hidden, dim;              /* of the shape, defaults filled in */
    double flops, flops_per_item; /* a decision without context, and what each item of it adds: lp_policy_flops */
} lp_policy_cost;
lp_status lp_policy_count(lp_policy_cost *out, const lp_policy_config *config, lp_err *err);
/* A hash of shape and weights: which policy made a decision or an item. */
uint64_t lp_policy_digest(const lp_policy *policy);
/* Weights as one flat array, for checkpoints and tests; the order is that of the weight file. Owned by policy. Learning on a GPU
 * brings them up to date after each update; who writes to them calls lp_policy_changed. */
float *lp_policy_parameters(lp_policy *policy);

/* ---- devices: the same network, memory and learning on the CPU or on an NVIDIA GPU; results agree but for rounding ---- */
typedef enum { LP_DEVICE_CPU, LP_DEVICE_CUDA } lp_device;
/* name: cpu, cuda, or auto (also NULL): a GPU where there is one that can be used. LP_BAD_INPUT: none of these, or cuda without one, and
 * what is missing. */
lp_status lp_device_find(lp_device *out, const char *name, lp_err *err);
/* "cpu", or the GPU in words; of size_bytes. Returns text. NULL `missing`, or why no GPU can be used. */
const char *lp_device_describe(lp_device device, char *text, size_t size_bytes);
const char *lp_device_missing(void);
/* Actors and learners that are opened from now on run there; none may be open. On a GPU with bf16, operands of matrix products are rounded
 * to bfloat16 (its note "policy.precision" says so of a policy that was trained so). LP_FAILED: the GPU failed, or has no room. */
lp_status lp_policy_move(lp_policy *policy, lp_device device, bool bf16, lp_err *err);
lp_device lp_policy_device(const lp_policy *policy);
/* On a GPU frames may come as packed screens of width x height pixels, two bits each, which the card unpacks and averages
 * (lp_k_observe_shades); to be said before actors and learners are opened. Nothing changes for a policy on the CPU. */
void lp_policy_pack_frames(lp_policy *policy, int width, int height);
bool lp_policy_packs_frames(const lp_policy *policy);
size_t lp_policy_frame_bytes(const lp_policy *policy); /* of an observation's pixels, and of each of a segment's */
/* After the weights were written to, and before the next decision: they go to where it runs. */
lp_status lp_policy_changed(lp_policy *policy, lp_err *err);
/* The weights that actors decide by, into out, n_parameters floats of any alignment: lp_policy_parameters, but for an update that is
 * not published yet. */
lp_status lp_policy_acting(const lp_policy *policy, void *out, lp_err *err);
/* The tensors of from that have policy's name and shape take the place of policy's, on the CPU, before anything else is done with it; returns how
 * many. left: the others, "policy.w 6x128 (here 5x128), ...", cut to left_bytes; "": none. */
int lp_policy_take(lp_policy *policy, const lp_policy *from, char *left, size_t left_bytes);
/* Its note "policy.precision" is "bfloat16". */
bool lp_policy_is_bf16(const lp_policy *policy);

/* Weight files: safetensors (names, shapes, float32), the config and these notes as strings in __metadata__.
 * Reading checks everything: LP_BAD_INPUT names file, tensor and fault (not safetensors, cut, missing or extra tensor,
 * other shape or type, NaN or infinity). Writing is atomic. */
typedef struct {
    const char *key, *value;
} lp_policy_note;
lp_status lp_policy_read(lp_policy **out, const char *path, lp_err *err);
/* Asked before the work that ends in a weight file: lp_file_check_writable; only a safetensors file is replaced, whatever its tensors. */
lp_status lp_policy_check_writable(const char *path, lp_err *err);
lp_status lp_policy_write(const lp_policy *policy, const char *path, const lp_policy_note *notes, int n_notes, lp_err *err);
/* A note from the file that policy was read from, or NULL; owned by policy. */
const char *lp_policy_note_of(const lp_policy *policy, const char *key);
/* How it is meant to act: true: drawn from its distribution (its note "policy.act" is "sample"); false: the most probable action. */
bool lp_policy_samples(const lp_policy *policy);

/* ---- acting: one thread an actor; many actors may share a policy that nobody is training ---- */
typedef struct {
    const uint8_t *pixels; /* [height][width] grey, or the packed screen, see lp_policy_pack_frames */
    int last_action;       /* -1 at the start of an episode */
    int n_items;           /* context, 0 to max_context */
    const float *vector;   /* [n_items][dim] */
    const float *salience; /* [n_items] */
    const int32_t *level;  /* [n_items] */
    const int64_t *step;   /* [n_items]; age = now - step >= 1 */
    int64_t now;           /* this decision's step in the episode */
    const float *state;    /* [state_floats] that the decision before gave; zeros at the start of an episode */
    uint64_t seed;         /* of the episode: its action is drawn with number `now` of this seed */
    uint64_t episode;      /* unlike that of any other episode in this process: what a card has of its items is known by it */
    /* A context that is made for the query that reads it: called with it [heads][dim] and memory, once, between the looks and the decisions;
     * fills in vector, salience, level and step, and returns n_items. On a CPU only. NULL: the context is there. */
    int (*recall)(void *memory, const float *query);
    void *memory;
} lp_observation;

typedef struct {
    float logit[LP_MAX_ACTIONS];
    float value;
    float salience;
    int action;         /* drawn from softmax(logit) */
    float logp;         /* its log probability */
    const float *item;  /* [dim] valid until the actor's next start */
    const float *state; /* [state_floats] the core's; valid until the actor's next start */
} lp_decision;
/* The drawn action, or the most probable one (ties: the first). */
int lp_decision_action(const lp_decision *decision, int n_actions, bool greedy);

/* Before n_threads threads run actors at once: LP_FAILED where there is no working memory for so many. */
lp_status lp_policy_threads(int n_threads, lp_err *err);

typedef struct lp_actor lp_actor;
lp_status lp_actor_open(lp_actor **out, const lp_policy *policy, int max_batch, int max_context, lp_err *err);
void lp_actor_close(lp_actor *actor);
/* n <= max_batch observations. On a CPU, a decision's bits depend on its own observation alone where max_batch is at most 8, else on max_batch
 * too; never on n or on the others. Allocates nothing. LP_FAILED: the card failed; never on a CPU. */
lp_status lp_actor_run(lp_actor *actor, int n, const lp_observation *in, lp_decision *out, lp_err *err);
/* The same in three steps, so that something else can be done while a card computes. Different rows may be looked at by different
 * threads at once. On a CPU the pointers in `in` must stay valid until the wait, which computes; between start and wait nothing else may
 * be asked of the actor. */
void lp_actor_look(lp_actor *actor, int row, const lp_observation *in);
lp_status lp_actor_start(lp_actor *actor, int n, lp_err *err);
lp_status lp_actor_wait(lp_actor *actor, lp_decision *out, lp_err *err); /* out [n] */
/* The attention of the last run's row, [heads][n_items]; valid until the next start. NULL: the card failed. */
const float *lp_actor_attention(lp_actor *actor, int row);
/* The keys that stand for the levels and ages of o's context in the network's tables, [n_items] each. */
void lp_policy_keys(const lp_policy_config *shape, const lp_observation *o, uint8_t *level, uint8_t *age);

/* ---- learning: PPO over segments of n_steps decisions from n_envs environments ---- */
typedef struct {
    double gamma, lambda; /* discount, GAE */
    double clip, value_weight, entropy_weight;
    double
        salience_weight; /* of the loss that teaches salience to predict attention, where reading changes what is done (lp_k_salience_loss); 0: reading
                               alone teaches it, through the bias that it is */
    double
        attention_weight; /* of the bonus for attention's entropy, which keeps it open until it is known what to look for; it fades as the rate does */
    double clone_weight; /* of the loss that imitates actions that were told (LP_TOLD); it fades as the rate does */
    double rate, beta2;  /* Adam */
    double max_grad_norm;
    int64_t epochs, minibatches; /* passes over the rollout; parts of it, by environment */
} lp_ppo_config;

/* One environment's rollout, filled by the caller. A context's items are rows of the segment's table:
 *   i < n_old                    from before the segment, as they were stored: constants
 *   max_old + i, i < n_again     from before it too, encoded again from what they were made of
 *   max_old + max_again + t      its own, of step t
 * The last two are computed with the weights that learn, and gradients flow into them. Constant is the core's state before the segment and
 * before each item that is encoded again. */
typedef struct {
    uint8_t *pixels;      /* [n_steps][lp_policy_frame_bytes] */
    int32_t *last_action; /* [n_steps] */
    int32_t *action;      /* [n_steps] */
    float *logp;          /* [n_steps] of the action when it was taken; LP_TOLD where a demonstration told it */
    float *value;         /* [n_steps + 1] */
    float *reward;        /* [n_steps] */
    uint8_t *end;         /* [n_steps] 1: the episode ended with this step */
    int32_t *n_items;     /* [n_steps] */
    int32_t *row;         /* [n_steps][max_context] */
    uint8_t *level, *age; /* [n_steps][max_context] keys, see lp_policy_keys */
    float *state;         /* [state_floats] before the first step; it starts from zeros after an end */
    int n_old;            /* <= max_old */
    float *old_vector;    /* [max_old][dim] */
    float *old_salience;  /* [max_old] */
    int64_t *old_step;    /* [max_old] for the caller's bookkeeping */

    int n_again;           /* <= max_again */
    uint8_t *again_pixels; /* [max_again][lp_policy_frame_bytes] best in the order in which they were seen: equal parts are computed once */
    int32_t *again_action; /* [max_again] the last action then */
    float *again_state;    /* [max_again][state_floats] before it */
    int64_t *again_step;   /* [max_again] for the caller's bookkeeping */
} lp_segment;

typedef struct {
    double policy_loss, value_loss, entropy, kl, clip_fraction, salience_loss, attention_entropy, grad_norm; /* means of the update */
    double told,
        clone_loss; /* fraction of the decisions that were told, and the mean over them; all but the three before are over the others */
} lp_update_stats;

typedef struct lp_learner lp_learner;
/* max_old: items from before that a segment can read; max_context, unless contexts bring back what was left out. max_again: items from
 * before that it encodes again; 0: none, and no cost. n_workers: threads of the pool that lp_learner_update will be given. */
lp_status lp_learner_open(lp_learner **out, lp_policy *policy, const lp_ppo_config *config, int n_envs, int n_steps, int max_context,
                          int max_old, int max_again, int n_workers, lp_err *err);
void lp_learner_close(lp_learner *learner);
lp_segment *lp_learner_segment(lp_learner *learner, int env);
/* Before the first update, where join is LP_JOIN_SIGHT: the map of items is begun from the frames that the segments have, so that it tells them
 * apart (policy/whiten.c). LP_FAILED: out of memory. */
lp_status lp_learner_whiten(lp_learner *learner, lp_err *err);
/* One PPO update from all segments. Bits do not depend on the number of threads. LP_FAILED, with weights, moments and shuffling as they
 * were before the update, when a loss or gradient is not finite. rate_scale multiplies the learning rate, attention_weight and clone_weight. */
lp_status lp_learner_update(lp_learner *learner, lp_pool *pool, double rate_scale, lp_update_stats *stats, lp_err *err);
/* The same in three steps, so that a card learns while the next rollout is played. Once start returns, the segments may be written again;
 * until the wait nothing else is asked of the learner. After the wait lp_policy_parameters are the new weights (a second wait tells the same
 * stats again); actors have those of before until publish, which needs that none is at work. On a CPU start does it all, and actors have
 * the new weights at once. */
lp_status lp_learner_start(lp_learner *learner, lp_pool *pool, double rate_scale, lp_err *err);
lp_status lp_learner_wait(lp_learner *learner, lp_update_stats *stats, lp_err *err);
lp_status lp_learner_publish(lp_learner *learner, lp_err *err);
/* The loss and its gradient [n_parameters] on all segments at the present weights, for tests. Advantages are those of
 * the segments, not normalised. */
lp_status lp_learner_gradient(lp_learner *learner, lp_pool *pool, float *gradient, double *loss, lp_err *err);
/* The optimizer's state (moments, step count, shuffling) as bytes, for checkpoints: the same for every device. */
size_t lp_learner_save_size(const lp_learner *learner);
lp_status lp_learner_save(const lp_learner *learner, void *out, lp_err *err);
/* Goes on from lp_policy_parameters. LP_BAD_INPUT and an unchanged learner when the bytes are damaged or of another network. */
lp_status lp_learner_load(lp_learner *learner, const void *data, size_t size_bytes, lp_err *err);

#endif
