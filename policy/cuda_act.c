/* Acting on a card: what the host stages goes over in one copy, the whole network runs as one graph, what it decides comes back in one copy.
 *
 * The items that the card itself made stay there: each row has a table of max_context + 1 of them, and the host knows which step's item is in
 * which slot. A row whose player or whose past is another than the card's (a new episode, a resumed run) sends its context over once. */
#include "policy/cuda_parts.h"

#include "base/contract.h"

#include <stdlib.h>
#include <string.h>

enum { IMAGES = 64 }; /* that a convolution takes at once */

/* What a decision needs, [max_batch] each; the same on the host and on the card. */
typedef struct {
    uint8_t *pixels; /* [height * width] */
    int32_t *last_action;
    uint64_t *seed, *now;
    int32_t *count, *slot; /* items of the context; where the new item goes, -1: nowhere */
    int32_t *index;        /* [max_context] slots of the items */
    uint8_t *level, *age;  /* [max_context] */
    float *state;          /* [state_floats] */
} inputs;

/* What the card has of a row's player. */
typedef struct {
    uint64_t episode;
    int64_t now;
    int n;                          /* items known, in the order of the context that they were in; the newest last */
    int64_t *step;                  /* [max_context + 1] */
    int32_t *at;                    /* [max_context + 1] their slots */
    bool *taken;                    /* [max_context + 1] by slot */
    bool send;                      /* the context goes over with the next start */
    const float *vector, *salience; /* then: the caller's */
    int n_items;
} memory_row;

struct cuda_actor {
    const lp_policy *policy; /* borrowed */
    int max_batch, max_context, slots;
    cuda_model m;
    activations a; /* on the card */
    inputs host, device;
    size_t input_bytes;
    void *device_room, *host_in, *host_out; /* owned */
    float *item, *salience, *weight;        /* on the card: [max_batch][slots][dim], [max_batch][slots], [max_batch][heads][max_context] */
    float *out;                             /* on the card: h, item, salience, logit, value, action, logp, without gaps but for alignment */
    int32_t *action;
    float *logp;
    size_t out_bytes;
    float *attention; /* [heads][max_context] on the host */
    memory_row *rows; /* [max_batch] */
    void *rows_room;
    lp_cuda_graph *graph;
};

static size_t lay_out_inputs(inputs *in, const cuda_actor *a, void *base) {
    cuda_room room = {base, 0};
    size_t B = (size_t)a->max_batch, C = (size_t)a->max_context;
    in->pixels = cuda_take(&room, B * lp_policy_frame_bytes(a->policy));
    in->last_action = cuda_take(&room, B * sizeof(int32_t));
    in->seed = cuda_take(&room, B * sizeof(uint64_t));
    in->now = cuda_take(&room, B * sizeof(uint64_t));
    in->count = cuda_take(&room, B * sizeof(int32_t));
    in->slot = cuda_take(&room, B * sizeof(int32_t));
    in->index = cuda_take(&room, B * C * sizeof(int32_t));
    in->level = cuda_take(&room, B * C);
    in->age = cuda_take(&room, B * C);
    in->state = cuda_take(&room, B * (size_t)lp_policy_state_floats(a->policy) * sizeof(float));
    return room.used;
}

static size_t lay_out_device(cuda_actor *a, void *base) {
    const lp_policy *p = a->policy;
    size_t B = (size_t)a->max_batch, C = (size_t)a->max_context, f = sizeof(float), floats = activations_floats(p, a->max_batch, 0);
    int images = a->max_batch < IMAGES ? a->max_batch : IMAGES;
    cuda_room room = {base, 0};
    void *in = cuda_take(&room, a->input_bytes);
    a->item = cuda_take(&room, B * a->slots * p->shape.dim * f);
    a->salience = cuda_take(&room, B * a->slots * f);
    a->weight = cuda_take(&room, B * p->shape.heads * C * f);
    a->m.scratch = cuda_take(&room, cuda_model_scratch(p, images) * f);
    a->m.images = images;
    float *memory = cuda_take(&room, floats * f);
    a->action = cuda_take(&room, B * sizeof(int32_t));
    a->logp = cuda_take(&room, B * f);
    if (!base) return room.used;
    lay_out_inputs(&a->device, a, in);
    activations_carve(&a->a, p, a->max_batch, 0, memory);
    a->out = lp_policy_state_floats(p) ? a->a.next : a->a.item;
    a->out_bytes = (size_t)((char *)(a->logp + B) - (char *)a->out);
    return room.used;
}

static lp_status open_rows(cuda_actor *a, lp_err *err) {
    size_t B = (size_t)a->max_batch, S = (size_t)a->slots;
    a->rows = calloc(B, sizeof *a->rows);
    a->rows_room = calloc(B * S, sizeof(int64_t) + sizeof(int32_t) + sizeof(bool));
    a->attention = calloc((size_t)a->policy->shape.heads * S, sizeof(float));
    if (!a->rows || !a->rows_room || !a->attention) return lp_fail(err, LP_FAILED, "actor: out of memory");
    int64_t *step = a->rows_room;
    int32_t *at = (int32_t *)(step + B * S);
    bool *taken = (bool *)(at + B * S);
    for (size_t r = 0; r < B; r++) a->rows[r] = (memory_row){.step = step + r * S, .at = at + r * S, .taken = taken + r * S};
    return LP_OK;
}

/* Everything from the staged inputs to the decisions. */
static int enqueue(cuda_actor *a) {
    const lp_policy_config *s = &a->policy->shape;
    cuda_model *m = &a->m;
    const inputs *in = &a->device;
    int B = a->max_batch;
    const cuda_context context = {in->index, in->count, in->level, in->age, a->item, a->salience, a->weight, a->max_context, 1, a->slots};
    m->error = lp_cuda_to_device(in->pixels, a->host_in, a->input_bytes, m->stream);
    cuda_see(m, &a->a, in->pixels, in->last_action, B);
    cuda_core(m, &a->a, in->state, NULL, B, 1);
    cuda_remember(m, &a->a, B);
    CUDA_DO(m, lp_cuda_scatter(a->item, a->a.item, in->slot, B, a->slots, s->dim, m->stream));
    CUDA_DO(m, lp_cuda_scatter(a->salience, a->a.salience, in->slot, B, a->slots, 1, m->stream));
    cuda_recall(m, &a->a, &context, B);
    cuda_decide(m, &a->a, B);
    CUDA_DO(m, lp_cuda_sample(a->action, a->logp, a->a.logit, B, s->n_actions, in->seed, in->now, m->stream));
    CUDA_DO(m, lp_cuda_from_device(a->host_out, a->out, a->out_bytes, m->stream));
    return m->error;
}

/* Once for real, since libraries set themselves up at their first use, and then as a graph. */
static int capture(cuda_actor *a) {
    for (int r = 0; r < a->max_batch; r++) a->host.last_action[r] = -1, a->host.slot[r] = -1;
    int error = enqueue(a);
    if (!error) error = lp_cuda_wait(a->m.stream);
    if (error || (error = lp_cuda_graph_begin(a->m.stream))) return error;
    int captured = enqueue(a);
    error = lp_cuda_graph_end(&a->graph, a->m.stream);
    return captured ? captured : error;
}

lp_status cuda_actor_open(cuda_actor **out, const lp_policy *p, int max_batch, int max_context, lp_err *err) {
    *out = NULL;
    cuda_actor *a = calloc(1, sizeof *a);
    if (!a) return lp_fail(err, LP_FAILED, "actor: out of memory");
    a->policy = p;
    a->max_batch = max_batch;
    a->max_context = max_context > 0 ? max_context : 1;
    a->slots = a->max_context + 1;
    a->input_bytes = lay_out_inputs(&a->host, a, NULL);
    lp_status status = cuda_model_open(&a->m, p, true, err);
    if (!status) status = cuda_alloc(&a->device_room, lay_out_device(a, NULL), "acting", err);
    if (!status) {
        lay_out_device(a, a->device_room);
        int error = lp_cuda_alloc_pinned(&a->host_in, a->input_bytes);
        if (!error) error = lp_cuda_alloc_pinned(&a->host_out, a->out_bytes);
        if (error) status = cuda_failed(error, "pinned memory", err);
    }
    if (!status) status = open_rows(a, err);
    if (!status) {
        memset(a->host_in, 0, a->input_bytes);
        lay_out_inputs(&a->host, a, a->host_in);
        int error = capture(a);
        if (error) status = cuda_failed(error, "acting", err);
    }
    if (status) cuda_actor_close(a);
    else *out = a;
    return status;
}

void cuda_actor_close(cuda_actor *a) {
    if (!a) return;
    if (a->m.stream) lp_cuda_wait(a->m.stream);
    lp_cuda_graph_close(a->graph);
    cuda_model_close(&a->m);
    lp_cuda_free(a->device_room);
    lp_cuda_free_pinned(a->host_in);
    lp_cuda_free_pinned(a->host_out);
    free(a->rows);
    free(a->rows_room);
    free(a->attention);
    free(a);
}

/* Fills index with the slots of the context's items; false: the card does not have them all. Contexts change little from one decision to the
 * next, so an item is looked for from where the one before it was found. */
static bool find_items(const memory_row *row, const lp_observation *in, int32_t *index) {
    if (row->episode != in->episode || (in->now != row->now && in->now != row->now + 1)) return false;
    int from = 0;
    for (int j = 0; j < in->n_items; j++) {
        int k = 0;
        while (k < row->n && row->step[from] != in->step[j]) k++, from = from + 1 < row->n ? from + 1 : 0;
        if (k == row->n) return false;
        index[j] = row->at[from];
        from = from + 1 < row->n ? from + 1 : 0;
    }
    return true;
}

void cuda_actor_look(cuda_actor *a, int r, const lp_observation *in) {
    const lp_policy_config *s = &a->policy->shape;
    memory_row *row = &a->rows[r];
    inputs *h = &a->host;
    size_t pixels = lp_policy_frame_bytes(a->policy), C = (size_t)a->max_context, state = (size_t)lp_policy_state_floats(a->policy);
    int32_t *index = h->index + (size_t)r * C, slot = 0;
    LP_CHECK(in->n_items <= a->max_context);
    memcpy(h->pixels + (size_t)r * pixels, in->pixels, pixels);
    if (state) memcpy(h->state + (size_t)r * state, in->state, state * sizeof(float));
    h->last_action[r] = in->last_action;
    h->seed[r] = in->seed, h->now[r] = (uint64_t)in->now;
    h->count[r] = in->n_items;
    row->send = !find_items(row, in, index);
    memset(row->taken, 0, (size_t)a->slots * sizeof *row->taken);
    for (int j = 0; j < in->n_items; j++) {
        if (row->send) index[j] = j;
        row->taken[index[j]] = true;
        row->step[j] = in->step[j], row->at[j] = index[j];
    }
    lp_policy_keys(s, in, h->level + (size_t)r * C, h->age + (size_t)r * C);
    while (row->taken[slot]) slot++; /* there is one slot more than the context has items */
    h->slot[r] = slot;
    row->step[in->n_items] = in->now, row->at[in->n_items] = slot;
    row->n = in->n_items + 1;
    row->episode = in->episode, row->now = in->now;
    row->vector = in->vector, row->salience = in->salience, row->n_items = in->n_items;
}

lp_status cuda_actor_start(cuda_actor *a, int n, lp_err *err) {
    size_t dim = (size_t)a->policy->shape.dim;
    int error = 0;
    for (int r = 0; r < n && !error; r++) {
        memory_row *row = &a->rows[r];
        size_t table = (size_t)r * (size_t)a->slots, items = (size_t)row->n_items;
        if (!row->send || !items) continue;
        error = lp_cuda_to_device(a->item + table * dim, row->vector, items * dim * sizeof(float), a->m.stream);
        if (!error) error = lp_cuda_to_device(a->salience + table, row->salience, items * sizeof(float), a->m.stream);
    }
    for (int r = n; r < a->max_batch; r++) a->host.slot[r] = -1; /* who does not play keeps what he has */
    if (!error) error = lp_cuda_graph_run(a->graph, a->m.stream);
    return error ? cuda_failed(error, "acting", err) : LP_OK;
}

lp_status cuda_actor_wait(cuda_actor *a, int n, lp_decision *out, lp_err *err) {
    const lp_policy_config *s = &a->policy->shape;
    size_t state = (size_t)lp_policy_state_floats(a->policy), actions = (size_t)s->n_actions;
    int error = lp_cuda_wait(a->m.stream);
    if (error) return cuda_failed(error, "acting", err);
#define HOST(field) ((const void *)((const char *)a->host_out + ((const char *)(field) - (const char *)a->out)))
    const float *logit = HOST(a->a.logit), *value = HOST(a->a.value), *salience = HOST(a->a.salience), *item = HOST(a->a.item);
    const float *h = state ? HOST(a->a.next) : NULL, *logp = HOST(a->logp);
    const int32_t *action = HOST(a->action);
#undef HOST
    for (size_t r = 0; r < (size_t)n; r++) {
        lp_decision *d = &out[r];
        memcpy(d->logit, logit + r * actions, actions * sizeof(float));
        d->value = value[r], d->salience = salience[r];
        d->action = action[r], d->logp = logp[r];
        d->item = item + r * (size_t)s->dim;
        d->state = h ? h + r * state : NULL;
    }
    return LP_OK;
}

const float *cuda_actor_attention(cuda_actor *a, int r) {
    size_t heads = (size_t)a->policy->shape.heads, C = (size_t)a->max_context, n = (size_t)a->host.count[r];
    if (lp_cuda_to_host(a->attention, a->weight + (size_t)r * heads * C, heads * C * sizeof(float), a->m.stream)) return NULL;
    for (size_t k = 1; k < heads; k++) memmove(a->attention + k * n, a->attention + k * C, n * sizeof(float));
    return a->attention;
}
