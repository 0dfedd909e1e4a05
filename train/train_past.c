/* What an environment's memory is made of: behind each item of its context the last action, the core's state and the frame that it was
 * encoded from, so that it can be encoded again with the weights of now. */
#include "train/train_parts.h"

#include "base/floats.h"
#include "base/log.h"

#include <lz4.h>
#include <stdlib.h>
#include <string.h>

/* A record: i32 last action, float32 state, the frame, zeros up to a multiple of 4 bytes. */
enum { STATE_AT = sizeof(int32_t) };
static size_t frame_bytes(const lp_train *t) { return lp_policy_frame_bytes(t->policy); }
static size_t state_bytes(const lp_train *t) { return (size_t)lp_policy_state_floats(t->policy) * sizeof(float); }
static size_t record_bytes(const lp_train *t) { return (STATE_AT + state_bytes(t) + frame_bytes(t) + 3) / 4 * 4; }

static void write_record(const lp_train *t, unsigned char *to, int32_t action, const float *state, const uint8_t *frame) {
    memcpy(to, &action, sizeof action);
    if (state) memcpy(to + STATE_AT, state, state_bytes(t));
    memcpy(to + STATE_AT + state_bytes(t), frame, frame_bytes(t));
}

lp_status past_open(past *out, const lp_train *t, int max_items, lp_err *err) {
    size_t n = (size_t)max_items, record = record_bytes(t);
    if (n > LZ4_MAX_INPUT_SIZE / record)
        return lp_fail(err, LP_BAD_INPUT, "train.reencode: a context of %zu items of %zu bytes is too large: at most %zu items", n, record,
                       LZ4_MAX_INPUT_SIZE / record);
    if (!n) return LP_OK;
    size_t states = (size_t)t->config.steps * state_bytes(t);
    size_t need = lp_arena_need(n * sizeof *out->step) + lp_arena_need(n * record) + lp_arena_need(n * sizeof *out->chosen) +
                  lp_arena_need(states) + lp_selection_size(n, t->max_each, t->memory.dim);
    if (lp_arena_open(&out->arena, need))
        return lp_fail(err, LP_FAILED, "out of memory for what %zu items of an environment were made of", n);
    out->step = lp_arena_take(&out->arena, n * sizeof *out->step);
    out->record = lp_arena_take(&out->arena, n * record);
    out->chosen = lp_arena_take(&out->arena, n * sizeof *out->chosen);
    if (states) out->states = lp_arena_take(&out->arena, states);
    lp_selection_open(&out->selection, &out->arena, n, LP_KEEP_LEARNED, t->max_each, t->memory.dim, -1);
    return LP_OK;
}

void past_close(past *p) {
    lp_arena_close(&p->arena);
    *p = (past){0};
}

void past_note_state(past *p, const lp_train *t, int s, const float *state) {
    size_t n = (size_t)lp_policy_state_floats(t->policy);
    if (p->states) memcpy(p->states + (size_t)s * n, state, n * sizeof *state);
}

/* Records move towards the front or stay, as nothing comes back into a context and all is in order of step. */
lp_status past_gather(const lp_train *t, player *p, const lp_segment *g) {
    past *kept = &p->past;
    size_t record = record_bytes(t), floats = (size_t)lp_policy_state_floats(t->policy);
    int from = 0;
    for (int j = 0; j < p->seat.n_items; j++) {
        int64_t step = p->seat.context.step[j], row = p->episode_offset + step;
        unsigned char *to = kept->record + (size_t)j * record;
        while (row < p->first_row && from < kept->n && kept->step[from] != step) from++;
        if (row >= p->first_row)
            write_record(t, to, g->last_action[row], kept->states ? kept->states + (size_t)row * floats : NULL,
                         g->pixels + (size_t)row * frame_bytes(t));
        else if (from < kept->n) memmove(to, kept->record + (size_t)from * record, record);
        else
            return lp_fail(&p->error, LP_FAILED, "memory %s: item %lld is not in order of step, or came back",
                           lp_mem_arch_name(t->memory.arch), (long long)step);
        kept->step[j] = step;
    }
    kept->n = p->seat.n_items;
    return LP_OK;
}

int past_choose(past *kept, const lp_mem_context_view *context) {
    int n_chosen = 0;
    lp_select(&kept->selection, &(lp_candidates){(size_t)kept->n, context->vector, context->salience, context->step, 0});
    for (int j = 0; j < kept->n; j++)
        if (kept->selection.is_kept[j]) kept->chosen[n_chosen++] = j;
    return n_chosen;
}

lp_observation past_take(const lp_train *t, const past *kept, lp_segment *g, int chosen, int row) {
    const unsigned char *from = kept->record + (size_t)kept->chosen[chosen] * record_bytes(t);
    uint8_t *frame = g->again_pixels + (size_t)row * frame_bytes(t);
    float *state = g->again_state + (size_t)row * (size_t)lp_policy_state_floats(t->policy);
    memcpy(&g->again_action[row], from, sizeof g->again_action[row]);
    memcpy(state, from + STATE_AT, state_bytes(t));
    memcpy(frame, from + STATE_AT + state_bytes(t), frame_bytes(t));
    g->again_step[row] = kept->step[kept->chosen[chosen]];
    return (lp_observation){.pixels = frame, .last_action = g->again_action[row], .state = state};
}

lp_status past_renew(lp_train *t, int e, lp_actor *actor, lp_decision *d, int rows, lp_err *err) {
    player *p = &t->players[e];
    past *kept = &p->past;
    const lp_mem_context_view *context = &p->seat.context;
    lp_segment *g = lp_learner_segment(t->learner, e);
    size_t dim = (size_t)t->memory.dim;
    if (!kept->n) return LP_OK;
    double started_s = lp_now_s();
    lp_mem_context(p->seat.mem, NULL, context);
    g->n_again = past_choose(kept, context);
    for (int from = 0; from < g->n_again; from += rows) {
        int n = g->n_again - from < rows ? g->n_again - from : rows;
        for (int i = 0; i < n; i++) {
            lp_observation o = past_take(t, kept, g, from + i, from + i);
            lp_actor_look(actor, i, &o);
        }
        lp_status status = lp_actor_start(actor, n, err);
        if (!status) status = lp_actor_wait(actor, d, err);
        if (status) return status;
        for (int i = 0; i < n; i++) {
            size_t at = (size_t)kept->chosen[from + i];
            memcpy(context->vector + at * dim, d[i].item, dim * sizeof(float));
            context->salience[at] = d[i].salience;
        }
    }
    lp_seat_renew(&p->seat);
    p->forward_s += lp_now_s() - started_s;
    return LP_OK;
}

/* Saved: u64 bytes that follow, the records of the context's items as one LZ4 block. Their steps are the memory's. */
size_t past_save_bound(const lp_train *t, const past *kept) {
    return t->max_again ? sizeof(uint64_t) + (size_t)LZ4_compressBound((int)((size_t)kept->n * record_bytes(t))) : 0;
}

size_t past_save(const lp_train *t, const past *kept, unsigned char *out) {
    if (!t->max_again) return 0;
    int raw = (int)((size_t)kept->n * record_bytes(t));
    const char *records = raw ? (const char *)kept->record : "";
    uint64_t packed = (uint64_t)LZ4_compress_default(records, (char *)out + sizeof packed, raw, LZ4_compressBound(raw));
    memcpy(out, &packed, sizeof packed);
    return sizeof packed + packed;
}

static bool records_can_be(const lp_train *t, const player *p, const unsigned char *record, int n) {
    for (int i = 0; i < n; i++, record += record_bytes(t)) {
        int32_t action;
        memcpy(&action, record, sizeof action);
        if (action < -1 || action >= p->seat.n_actions || !lp_floats_finite(record + STATE_AT, state_bytes(t) / sizeof(float)))
            return false;
    }
    return true;
}

lp_status past_load(const lp_train *t, player *p, const unsigned char *data, size_t size_bytes, bool skip, size_t *used, lp_err *err) {
    past *kept = &p->past;
    uint64_t packed = 0;
    *used = 0;
    if (!t->max_again) return LP_OK;
    if (size_bytes >= sizeof packed) memcpy(&packed, data, sizeof packed);
    if (!packed || packed > size_bytes - sizeof packed) return lp_fail(err, LP_BAD_INPUT, "cut short");
    *used = sizeof packed + packed;
    kept->n = 0;
    if (skip) return LP_OK;
    int n = lp_mem_context(p->seat.mem, NULL, &p->seat.context), raw = (int)((size_t)n * record_bytes(t));
    char *records = n ? (char *)kept->record : (char[1]){0};
    bool good = packed <= (uint64_t)LZ4_compressBound(raw) &&
                LZ4_decompress_safe((const char *)data + sizeof packed, records, (int)packed, raw) == raw &&
                records_can_be(t, p, kept->record, n);
    if (!good) return lp_fail(err, LP_BAD_INPUT, "what an environment's memory was made of is damaged");
    if (n) memcpy(kept->step, p->seat.context.step, (size_t)n * sizeof *kept->step);
    kept->n = n;
    return LP_OK;
}
