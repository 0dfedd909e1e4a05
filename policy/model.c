/* The network: a table of tensors, and its stages each way. `encode` needs only the frame and `remember` what came before it, so
 * that the items of a whole segment exist before any of its decisions reads them; `decide` comes after the memory read.
 * The stage between, the recurrent core, is in core.c. */
#include "policy/model.h"

#include "base/hash.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add(lp_policy *p, param_id id, const char *name, int rank, int s0, int s1, int s2, int s3) {
    param_info *t = &p->info[id];
    *t = (param_info){name, rank, {s0, s1, s2, s3}, p->n_parameters, (size_t)s0 * s1 * s2 * s3};
    p->n_parameters += t->size;
}

static void list_parameters(lp_policy *p) {
    const lp_policy_config *s = &p->shape;
    const lp_conv *c1 = &p->conv1, *c2 = &p->conv2;
    int read = s->heads * s->dim;
    add(p, P_CONV1_W, "conv1.weight", 4, c1->oc, c1->k, c1->k, c1->c);
    add(p, P_CONV1_B, "conv1.bias", 1, c1->oc, 1, 1, 1);
    add(p, P_CONV2_W, "conv2.weight", 4, c2->oc, c2->k, c2->k, c2->c);
    add(p, P_CONV2_B, "conv2.bias", 1, c2->oc, 1, 1, 1);
    add(p, P_FEATURES_W, "features.weight", 2, s->hidden, p->flat, 1, 1);
    add(p, P_FEATURES_B, "features.bias", 1, s->hidden, 1, 1, 1);
    add(p, P_ACTION, "action.weight", 2, s->n_actions, s->hidden, 1, 1);
    add(p, P_CORE_X_W, "core.x.weight", 2, p->core.x, s->hidden, 1, 1);
    add(p, P_CORE_X_B, "core.x.bias", 1, p->core.x_bias, 1, 1, 1);
    add(p, P_CORE_H_W, "core.h.weight", 2, p->core.h, s->hidden, 1, 1);
    add(p, P_CORE_H_B, "core.h.bias", 1, p->core.h_bias, 1, 1, 1);
    add(p, P_CORE_LAMBDA, "core.lambda.weight", 2, 3, p->core.lambda, 1, 1);
    add(p, P_CORE_OUT, "core.out.weight", 2, s->hidden, p->core.out, 1, 1);
    add(p, P_ITEM_W, "item.weight", 2, s->dim, s->hidden, 1, 1);
    add(p, P_ITEM_B, "item.bias", 1, s->dim, 1, 1, 1);
    add(p, P_SALIENCE_W, "salience.weight", 2, 1, s->dim, 1, 1);
    add(p, P_SALIENCE_B, "salience.bias", 1, 1, 1, 1, 1);
    add(p, P_SALIENCE_SQUARE, "salience.square", 2, s->salience == LP_SALIENCE_SQUARE, s->dim, 1, 1);
    add(p, P_QUERY_W, "query.weight", 2, read, s->hidden, 1, 1);
    add(p, P_QUERY_B, "query.bias", 1, read, 1, 1, 1);
    int order = s->order == LP_ORDER_NONE ? 0 : 2 * s->heads;
    add(p, P_ORDER_W, "order.weight", 2, order, s->hidden, 1, 1);
    add(p, P_ORDER_B, "order.bias", 1, order, 1, 1, 1);
    add(p, P_LEVEL_KEY, "level_key.weight", 2, s->n_levels, s->dim, 1, 1);
    add(p, P_AGE_KEY, "age_key.weight", 2, s->n_ages, s->dim, 1, 1);
    add(p, P_HEAD_FEATURE, "head.feature.weight", 2, s->hidden, s->hidden, 1, 1);
    add(p, P_HEAD_READ, "head.read.weight", 2, s->hidden, read, 1, 1);
    add(p, P_HEAD_B, "head.bias", 1, s->hidden, 1, 1, 1);
    add(p, P_POLICY_W, "policy.weight", 2, s->n_actions, s->hidden, 1, 1);
    add(p, P_POLICY_B, "policy.bias", 1, s->n_actions, 1, 1, 1);
    add(p, P_VALUE_W, "value.weight", 2, 1, s->hidden, 1, 1);
    add(p, P_VALUE_B, "value.bias", 1, 1, 1, 1, 1);
}

void init_weight(lp_policy *p, param_id id, float gain, lp_rng *rng) {
    const param_info *t = &p->info[id];
    if (!t->size) return;
    float deviation = gain / sqrtf((float)(t->size / (size_t)t->shape[0]));
    for (size_t i = 0; i < t->size; i++) p->parameters[t->offset + i] = deviation * lp_rng_normal(rng);
}

static const struct {
    int channels1, channels2, dim, hidden, heads;
} sizes[] = {{16, 32, 32, 128, 2}, {64, 128, 64, 1024, 4}, {128, 320, 128, 4096, 8}};

void lp_policy_defaults(lp_policy_config *s) {
    int size = s->size < LP_POLICY_NANO || s->size > LP_POLICY_LARGE ? LP_POLICY_NANO : s->size;
    if (!s->dim) s->dim = sizes[size].dim;
    if (!s->hidden) s->hidden = sizes[size].hidden;
    if (!s->heads) s->heads = sizes[size].heads;
    if (!s->n_levels) s->n_levels = 4;
    if (!s->n_ages) s->n_ages = 8;
}

static lp_status check_shape(const lp_policy_config *s, lp_err *err) {
    const struct {
        const char *name;
        int value, min, max;
    } limits[] = {
        {"observation width", s->width, 20, 512},
        {"observation height", s->height, 20, 512},
        {"n_actions", s->n_actions, 2, LP_MAX_ACTIONS},
        {"dim", s->dim, 1, 1024},
        {"hidden", s->hidden, 1, 8192},
        {"heads", s->heads, 1, LP_READ_MAX_HEADS},
        {"n_levels", s->n_levels, 1, LP_READ_MAX_KEYS},
        {"n_ages", s->n_ages, 1, LP_READ_MAX_KEYS},
        {"core", s->core, LP_CORE_NONE, LP_CORES - 1},
        {"join", s->join, LP_JOIN_HEAD, LP_JOIN_SIGHT},
        {"order", s->order, LP_ORDER_NONE, LP_ORDER_PLACE},
        {"salience", s->salience, LP_SALIENCE_LINEAR, LP_SALIENCE_SQUARE},
        {"bias", s->bias, LP_BIAS_SALIENCE, LP_BIAS_NONE},
        {"softmax", s->softmax, LP_SOFTMAX_PLAIN, LP_SOFTMAX_SCALABLE},
        {"size", s->size, LP_POLICY_NANO, LP_POLICY_LARGE},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].value < limits[i].min || limits[i].value > limits[i].max)
            return lp_fail(err, LP_BAD_INPUT, "policy: %s is %d, must be %d to %d", limits[i].name, limits[i].value, limits[i].min,
                           limits[i].max);
    return LP_OK;
}

lp_status lp_policy_threads(int n_threads, lp_err *err) { return lp_k_init(n_threads, err); }

lp_status model_open(lp_policy **out, const lp_policy_config *config, lp_err *err) {
    *out = NULL;
    lp_policy_config s = *config;
    lp_policy_defaults(&s);
    lp_status status = check_shape(&s, err);
    if (status) return status;
    if ((status = lp_k_init(1, err))) return status;
    lp_policy *p = calloc(1, sizeof *p);
    if (!p) return lp_fail(err, LP_FAILED, "policy: out of memory");
    p->shape = s;
    p->core = core_sizes_of(&s);
    p->conv1 = (lp_conv){s.height, s.width, 1, 8, 4, sizes[s.size].channels1};
    p->conv2 = (lp_conv){lp_conv_oh(&p->conv1), lp_conv_ow(&p->conv1), p->conv1.oc, 4, 2, sizes[s.size].channels2};
    p->flat = lp_conv_oh(&p->conv2) * lp_conv_ow(&p->conv2) * p->conv2.oc;
    list_parameters(p);
    *out = p;
    return LP_OK;
}

lp_status model_allocate(lp_policy *p, lp_err *err) {
    p->parameters = calloc(p->n_parameters, sizeof *p->parameters);
    return p->parameters ? LP_OK : lp_fail(err, LP_FAILED, "policy: out of memory for %zu parameters", p->n_parameters);
}

lp_status lp_policy_open(lp_policy **out, const lp_policy_config *config, uint64_t seed, lp_err *err) {
    lp_policy *p;
    lp_status status = model_open(&p, config, err);
    *out = NULL;
    if (!status) status = model_allocate(p, err);
    if (status) {
        lp_policy_close(p);
        return status;
    }
    lp_rng rng = lp_rng_make(seed, 1);
    const float relu = 1.41421356f;
    init_weight(p, P_CONV1_W, relu, &rng);
    init_weight(p, P_CONV2_W, relu, &rng);
    init_weight(p, P_FEATURES_W, relu, &rng);
    init_weight(p, P_ITEM_W, 1.0f, &rng);
    init_weight(p, P_SALIENCE_W, 1.0f, &rng);
    init_weight(p, P_QUERY_W, 1.0f, &rng);
    init_weight(p, P_HEAD_FEATURE, 1.0f, &rng);
    init_weight(p, P_HEAD_READ, 1.0f, &rng);
    init_weight(p, P_POLICY_W, 0.01f, &rng);
    init_weight(p, P_VALUE_W, 0.1f, &rng);
    core_init(p, &rng);
    *out = p;
    return LP_OK;
}

const lp_policy_config *lp_policy_shape(const lp_policy *p) { return &p->shape; }

size_t lp_policy_n_parameters(const lp_policy *p) { return p->n_parameters; }

int lp_policy_state_floats(const lp_policy *p) { return p->core.state; }

float *lp_policy_parameters(lp_policy *p) { return p->parameters; }

uint64_t lp_policy_digest(const lp_policy *p) {
    const lp_policy_config *s = &p->shape;
    uint64_t shape = lp_hash64(s, offsetof(lp_policy_config, join)); /* as before there was a choice */
    if (s->join) shape = lp_hash64_seed(&s->join, sizeof s->join, shape);
    if (s->order) shape = lp_hash64_seed(&s->order, sizeof s->order, shape);
    if (s->salience) shape = lp_hash64_seed(&s->salience, sizeof s->salience, shape);
    if (s->bias) shape = lp_hash64_seed(&s->bias, sizeof s->bias, shape);
    if (s->softmax) shape = lp_hash64_seed(&s->softmax, sizeof s->softmax, shape);
    return lp_hash64_seed(p->parameters, p->n_parameters * sizeof *p->parameters, shape);
}

static double conv_flops(const lp_conv *c) { return 2.0 * lp_conv_oh(c) * lp_conv_ow(c) * c->k * c->k * c->c * c->oc; }

double lp_policy_flops(const lp_policy *p, int n_items) {
    const lp_policy_config *s = &p->shape;
    double h = s->hidden, read = s->heads * s->dim;
    double core = (double)(p->info[P_CORE_X_W].size + p->info[P_CORE_H_W].size + p->info[P_CORE_OUT].size + p->info[P_ORDER_W].size +
                           p->info[P_SALIENCE_SQUARE].size) +
                  p->core.products;
    return conv_flops(&p->conv1) + conv_flops(&p->conv2) +
           2 * (core + h * p->flat + h * s->dim + s->dim + h * read + h * h + h * read + h * s->n_actions + h) + 4.0 * n_items * read;
}

lp_status lp_policy_count(lp_policy_cost *out, const lp_policy_config *config, lp_err *err) {
    lp_policy *p;
    lp_status status = model_open(&p, config, err);
    if (status) return status;
    const double flops = lp_policy_flops(p, 0);
    *out = (lp_policy_cost){.parameters = p->n_parameters,
                            .hidden = p->shape.hidden,
                            .dim = p->shape.dim,
                            .flops = flops,
                            .flops_per_item = lp_policy_flops(p, 1) - flops};
    lp_policy_close(p);
    return LP_OK;
}

static int conv_floats(const lp_conv *c) { return lp_conv_oh(c) * lp_conv_ow(c) * c->oc; }

typedef struct {
    float **field;
    size_t floats; /* of a row */
    bool before;   /* there is room before the first */
} activation_field;
enum { ACTIVATION_FIELDS = 21 };

static void list_fields(activation_field out[ACTIVATION_FIELDS], activations *a, const lp_policy *p) {
    const lp_policy_config *s = &p->shape;
    const core_sizes *core = &p->core;
    size_t read = (size_t)s->heads * s->dim;
    const activation_field all[ACTIVATION_FIELDS] = {
        {&a->x, (size_t)s->height * s->width, false},
        {&a->c1, conv_floats(&p->conv1), false},
        {&a->c2, p->flat, false},
        {&a->f, s->hidden, false},
        {&a->g, s->core == LP_CORE_NONE ? 0 : s->hidden, false},
        {&a->core_x, core->x, false},
        {&a->u, core->u, false},
        {&a->gate, core->gate, false},
        {&a->last, core->last, false},
        {&a->y, core->y, false},
        {&a->prev, core->state, false},
        {&a->q, read, false},
        {&a->order, s->order == LP_ORDER_NONE ? 0 : (size_t)2 * s->heads, false},
        {&a->read, read, false},
        {&a->joined, s->join == LP_JOIN_SIGHT ? s->hidden : 0, false},
        {&a->z, s->hidden, false},
        /* what acting gives comes last, without gaps */
        {&a->next, core->state, false},
        {&a->item, s->dim, true},
        {&a->salience, 1, true},
        {&a->logit, s->n_actions, false},
        {&a->value, 1, false},
    };
    memcpy(out, all, sizeof all);
}

/* What a stage that this network does not have would give is what it would be given. */
static void alias(activations *a, const lp_policy *p) {
    if (p->shape.core == LP_CORE_NONE) a->g = a->f;
    if (!p->core.y) a->y = a->next;
    if (p->shape.join == LP_JOIN_HEAD) a->joined = a->g;
    if (p->shape.order == LP_ORDER_NONE) a->order = NULL;
}

/* Walks the fields once for both sizing (memory NULL) and carving, so that the two cannot disagree. */
static size_t lay_out(activations *a, const lp_policy *p, int n, int extra, float *memory) {
    activation_field fields[ACTIVATION_FIELDS];
    size_t used = 0;
    list_fields(fields, a, p);
    for (int i = 0; i < ACTIVATION_FIELDS; i++) {
        size_t before = fields[i].before ? (size_t)extra * fields[i].floats : 0;
        if (memory) *fields[i].field = memory + used + before;
        used += (before + (size_t)n * fields[i].floats + 15) / 16 * 16;
    }
    if (memory) alias(a, p);
    return used;
}

size_t activations_floats(const lp_policy *p, int n, int extra) {
    activations none;
    return lay_out(&none, p, n, extra, NULL);
}

void activations_carve(activations *a, const lp_policy *p, int n, int extra, float *memory) { lay_out(a, p, n, extra, memory); }

activations activations_from(activations a, const lp_policy *p, int row) {
    activation_field fields[ACTIVATION_FIELDS];
    list_fields(fields, &a, p);
    for (int i = 0; i < ACTIVATION_FIELDS; i++)
        if (fields[i].floats) *fields[i].field += (size_t)row * fields[i].floats;
    alias(&a, p);
    return a;
}

size_t model_scratch_floats(const lp_policy *p) {
    size_t one = lp_k_conv_scratch(&p->conv1), two = lp_k_conv_scratch(&p->conv2);
    if (lp_k_frames_fit(&p->conv1, &p->conv2)) return lp_k_frames_scratch(&p->conv1, &p->conv2);
    return one > two ? one : two;
}

void model_eyes_open(model_eyes *eyes, const lp_policy *p, float *scratch) {
    eyes->skips = lp_k_frames_fit(&p->conv1, &p->conv2);
    eyes->scratch = scratch;
    if (eyes->skips)
        lp_k_frames_pack(&eyes->frames, &p->conv1, &p->conv2, param(p, P_CONV1_W), param(p, P_CONV1_B), param(p, P_CONV2_W),
                         param(p, P_CONV2_B), scratch);
}

/* rows [from, from + n), all of them */
static void see_all(const lp_policy *p, activations *a, const model_eyes *eyes, const uint8_t *pixels, int from, int n) {
    size_t frame = (size_t)p->shape.height * p->shape.width, out1 = conv_floats(&p->conv1), out2 = (size_t)p->flat, row = (size_t)from;
    lp_k_from_bytes(a->x + row * frame, pixels, (size_t)n * frame);
    lp_k_conv(a->c1 + row * out1, a->x + row * frame, param(p, P_CONV1_W), param(p, P_CONV1_B), n, &p->conv1, eyes->scratch);
    lp_k_relu(a->c1 + row * out1, (size_t)n * out1);
    lp_k_conv(a->c2 + row * out2, a->c1 + row * out1, param(p, P_CONV2_W), param(p, P_CONV2_B), n, &p->conv2, eyes->scratch);
    lp_k_relu(a->c2 + row * out2, (size_t)n * out2);
}

void model_see(const lp_policy *p, activations *a, model_eyes *eyes, int row, const uint8_t *pixels, const uint8_t *before) {
    float *x = a->x + (size_t)row * p->shape.height * p->shape.width, *c1 = a->c1 + (size_t)row * conv_floats(&p->conv1);
    float *c2 = a->c2 + (size_t)row * p->flat;
    if (eyes->skips) lp_k_frames(c2, c1, x, pixels, before, c1, c2, &eyes->frames);
    else see_all(p, a, eyes, pixels, row, 1);
}

void model_see_sequence(const lp_policy *p, activations *a, model_eyes *eyes, const uint8_t *pixels, int n) {
    if (!eyes->skips) {
        see_all(p, a, eyes, pixels, 0, n);
        return;
    }
    size_t frame = (size_t)p->shape.height * p->shape.width, out1 = conv_floats(&p->conv1), out2 = (size_t)p->flat;
    float *c1 = a->c1, *c2 = a->c2;
    for (int t = 0; t < n; t++, pixels += frame, c1 += out1, c2 += out2)
        lp_k_frames(c2, c1, a->x, pixels, t ? pixels - frame : NULL, c1 - (t ? out1 : 0), c2 - (t ? out2 : 0), &eyes->frames);
}

void model_encode(const lp_policy *p, activations *a, const float *features, const int32_t *last_action, int n, int rows) {
    const lp_policy_config *s = &p->shape;
    if (features) lp_k_linear_packed(a->f, a->c2, features, param(p, P_FEATURES_B), n, p->flat, s->hidden);
    else lp_k_linear(a->f, a->c2, param(p, P_FEATURES_W), param(p, P_FEATURES_B), rows, p->flat, s->hidden, 0);
    for (int r = 0; r < n; r++)
        for (int j = 0; last_action[r] >= 0 && j < s->hidden; j++)
            a->f[(size_t)r * s->hidden + j] += param(p, P_ACTION)[(size_t)last_action[r] * s->hidden + j];
    lp_k_relu(a->f, (size_t)rows * s->hidden);
}

void model_item(const lp_policy *p, activations *a, int rows) {
    const lp_policy_config *s = &p->shape;
    lp_k_linear(a->item, a->g, param(p, P_ITEM_W), param(p, P_ITEM_B), rows, s->hidden, s->dim, 0);
    model_salience(p, a->salience, a->item, rows);
}

void model_remember(const lp_policy *p, activations *a, int rows) {
    const lp_policy_config *s = &p->shape;
    model_item(p, a, rows);
    lp_k_linear(a->q, a->g, param(p, P_QUERY_W), param(p, P_QUERY_B), rows, s->hidden, s->heads * s->dim, 0);
    if (a->order) lp_k_linear(a->order, a->g, param(p, P_ORDER_W), param(p, P_ORDER_B), rows, s->hidden, 2 * s->heads, 0);
}

void model_salience(const lp_policy *p, float *salience, const float *item, int n) {
    lp_k_linear(salience, item, param(p, P_SALIENCE_W), param(p, P_SALIENCE_B), n, p->shape.dim, 1, 0);
    if (p->shape.salience) lp_k_squares(salience, item, param(p, P_SALIENCE_SQUARE), n, p->shape.dim);
}

void model_salience_backward(const lp_policy *p, const float *dsalience, const float *item, int n, float *gradient) {
    lp_k_linear_backward_weight(grad(p, gradient, P_SALIENCE_W), grad(p, gradient, P_SALIENCE_B), dsalience, item, n, p->shape.dim, 1);
    if (p->shape.salience) lp_k_squares_backward_weight(grad(p, gradient, P_SALIENCE_SQUARE), dsalience, item, n, p->shape.dim);
}

void model_decide_without_memory(const lp_policy *p, activations *out, const activations *a, int n) {
    int h = p->shape.hidden;
    lp_k_linear(out->z, a->g, param(p, P_HEAD_FEATURE), param(p, P_HEAD_B), n, h, h, 0);
    lp_k_relu(out->z, (size_t)n * h);
    lp_k_linear(out->logit, out->z, param(p, P_POLICY_W), param(p, P_POLICY_B), n, h, p->shape.n_actions, 0);
}

void model_decide(const lp_policy *p, activations *a, int n) {
    const lp_policy_config *s = &p->shape;
    bool sight = s->join == LP_JOIN_SIGHT;
    if (sight) memcpy(a->joined, a->g, (size_t)n * s->hidden * sizeof(float));
    if (sight) lp_k_linear(a->joined, a->read, param(p, P_HEAD_READ), NULL, n, s->heads * s->dim, s->hidden, 1);
    lp_k_linear(a->z, a->joined, param(p, P_HEAD_FEATURE), param(p, P_HEAD_B), n, s->hidden, s->hidden, 0);
    if (!sight) lp_k_linear(a->z, a->read, param(p, P_HEAD_READ), NULL, n, s->heads * s->dim, s->hidden, 1);
    lp_k_relu(a->z, (size_t)n * s->hidden);
    lp_k_linear(a->logit, a->z, param(p, P_POLICY_W), param(p, P_POLICY_B), n, s->hidden, s->n_actions, 0);
    lp_k_linear(a->value, a->z, param(p, P_VALUE_W), param(p, P_VALUE_B), n, s->hidden, 1, 0);
}

lp_read model_read(const lp_policy *p, const float *item, const float *salience) {
    const lp_policy_config *s = &p->shape;
    return (lp_read){s->heads,
                     s->dim,
                     s->n_levels,
                     s->n_ages,
                     param(p, P_LEVEL_KEY),
                     param(p, P_AGE_KEY),
                     item,
                     s->bias == LP_BIAS_SALIENCE ? salience : NULL,
                     s->softmax == LP_SOFTMAX_SCALABLE};
}

void model_decide_backward(const lp_policy *p, activations *d, const activations *a, int n, float *gradient) {
    const lp_policy_config *s = &p->shape;
    int h = s->hidden, read = s->heads * s->dim;
    lp_k_linear_backward_weight(grad(p, gradient, P_POLICY_W), grad(p, gradient, P_POLICY_B), d->logit, a->z, n, h, s->n_actions);
    lp_k_linear_backward_input(d->z, d->logit, param(p, P_POLICY_W), n, h, s->n_actions, 0);
    lp_k_linear_backward_weight(grad(p, gradient, P_VALUE_W), grad(p, gradient, P_VALUE_B), d->value, a->z, n, h, 1);
    lp_k_linear_backward_input(d->z, d->value, param(p, P_VALUE_W), n, h, 1, 1);
    lp_k_relu_backward(d->z, a->z, (size_t)n * h);
    lp_k_linear_backward_weight(grad(p, gradient, P_HEAD_FEATURE), grad(p, gradient, P_HEAD_B), d->z, a->joined, n, h, h);
    lp_k_linear_backward_input(d->g, d->z, param(p, P_HEAD_FEATURE), n, h, h, 0);
    const float *joins = s->join == LP_JOIN_SIGHT ? d->g : d->z;
    lp_k_linear_backward_weight(grad(p, gradient, P_HEAD_READ), NULL, joins, a->read, n, read, h);
    lp_k_linear_backward_input(d->read, joins, param(p, P_HEAD_READ), n, read, h, 0);
}

void model_item_backward(const lp_policy *p, activations *d, const activations *a, int n, float *gradient) {
    int h = p->shape.hidden, dim = p->shape.dim;
    model_salience_backward(p, d->salience, a->item, n, gradient);
    lp_k_linear_backward_input(d->item, d->salience, param(p, P_SALIENCE_W), n, dim, 1, 1);
    if (p->shape.salience) lp_k_squares_backward_input(d->item, d->salience, a->item, param(p, P_SALIENCE_SQUARE), n, dim);
    lp_k_linear_backward_weight(grad(p, gradient, P_ITEM_W), grad(p, gradient, P_ITEM_B), d->item, a->g, n, h, dim);
    lp_k_linear_backward_input(d->g, d->item, param(p, P_ITEM_W), n, h, dim, 1);
}

void model_remember_backward(const lp_policy *p, activations *d, const activations *a, int n, float *gradient) {
    int h = p->shape.hidden, read = p->shape.heads * p->shape.dim;
    lp_k_linear_backward_weight(grad(p, gradient, P_QUERY_W), grad(p, gradient, P_QUERY_B), d->q, a->g, n, h, read);
    lp_k_linear_backward_input(d->g, d->q, param(p, P_QUERY_W), n, h, read, 1);
    if (a->order) {
        lp_k_linear_backward_weight(grad(p, gradient, P_ORDER_W), grad(p, gradient, P_ORDER_B), d->order, a->g, n, h, 2 * p->shape.heads);
        lp_k_linear_backward_input(d->g, d->order, param(p, P_ORDER_W), n, h, 2 * p->shape.heads, 1);
    }
    model_item_backward(p, d, a, n, gradient);
}

void model_encode_backward(const lp_policy *p, activations *d, const activations *a, const int32_t *last_action, int n, float *gradient) {
    int h = p->shape.hidden;
    lp_k_relu_backward(d->f, a->f, (size_t)n * h);
    for (int r = 0; r < n; r++)
        for (int j = 0; last_action[r] >= 0 && j < h; j++)
            grad(p, gradient, P_ACTION)[(size_t)last_action[r] * h + j] += d->f[(size_t)r * h + j];
    lp_k_linear_backward_weight(grad(p, gradient, P_FEATURES_W), grad(p, gradient, P_FEATURES_B), d->f, a->c2, n, p->flat, h);
    lp_k_linear_backward_input(d->c2, d->f, param(p, P_FEATURES_W), n, p->flat, h, 0);
    lp_k_relu_backward(d->c2, a->c2, (size_t)n * p->flat);
}

void model_see_backward(const lp_policy *p, activations *d, const activations *a, model_eyes *eyes, const uint8_t *pixels, int n,
                        float *gradient) {
    float *dw1 = grad(p, gradient, P_CONV1_W), *db1 = grad(p, gradient, P_CONV1_B), *dw2 = grad(p, gradient, P_CONV2_W),
          *db2 = grad(p, gradient, P_CONV2_B);
    if (eyes->skips) {
        lp_k_frames_backward(dw1, db1, dw2, db2, d->c2, a->c1, pixels, n, &eyes->frames);
        return;
    }
    lp_k_conv_backward(d->c1, dw2, db2, d->c2, a->c1, param(p, P_CONV2_W), n, &p->conv2, eyes->scratch);
    lp_k_relu_backward(d->c1, a->c1, (size_t)n * conv_floats(&p->conv1));
    lp_k_conv_backward(NULL, dw1, db1, d->c1, a->x, param(p, P_CONV1_W), n, &p->conv1, eyes->scratch);
}
