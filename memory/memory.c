/* The front of the memory in RAM: configs, one allocation a memory, and saved memories.
 *
 * Saved: a header, then the architecture's content, all in this machine's byte order (little-endian). The hash covers
 * everything after itself, and equal memories give equal bytes. */
#include "memory/memory_impl.h"

#include "base/contract.h"
#include "base/hash.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    uint64_t magic, hash;
    int64_t n_steps;
    int32_t arch, dim, chunk, slots, fan, window, max_items, zero;
} saved_header;
enum { HASHED_FROM = offsetof(saved_header, n_steps) };
static const uint64_t SAVED_MAGIC = 0x3230304d454d504cu; /* "LPMEM002" */

static const lp_mem_arch_ops *const architectures[] = {
    [LP_MEM_NONE] = &lp_mem_recent,
    [LP_MEM_WINDOW] = &lp_mem_recent,
    [LP_MEM_TREE] = &lp_mem_tree,
    [LP_MEM_FULL] = &lp_mem_recent,
};

static lp_status check(const char *name, int value, int min, int max, lp_err *err) {
    if (value >= min && value <= max) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "memory: %s is %d, must be %d to %d", name, value, min, max);
}

static lp_status fill_defaults(lp_mem_config *c, lp_err *err) {
    if (!c->chunk) c->chunk = 16;
    if (!c->slots) c->slots = 4;
    if (!c->fan) c->fan = 4;
    if (!c->window) c->window = 16;
    if (!c->max_items) c->max_items = 16384;
    lp_status status = LP_OK;
    if (c->arch < LP_MEM_NONE || c->arch > LP_MEM_FULL)
        status = lp_fail(err, LP_BAD_INPUT, "memory: unknown architecture %d", (int)c->arch);
    if (!status) status = check("dim", c->dim, 1, 65536, err);
    if (!status) status = check("chunk", c->chunk, 1, 1 << 20, err);
    if (!status) status = check("slots", c->slots, 1, 1 << 14, err);
    if (!status) status = check("fan", c->fan, 2, 1 << 12, err);
    if (!status) status = check("window", c->window, -1, 1 << 20, err);
    if (!status) status = check("max_items", c->max_items, 1, 1 << 24, err);
    return status;
}

lp_status lp_mem_open(lp_mem **out, const lp_mem_config *config, lp_err *err) {
    *out = NULL;
    lp_mem_config c = *config;
    lp_status status = fill_defaults(&c, err);
    if (status) return status;
    const lp_mem_arch_ops *ops = architectures[c.arch];
    lp_arena arena;
    size_t need = lp_arena_need(sizeof(lp_mem)) + ops->size(&c);
    if (lp_arena_open(&arena, need)) return lp_fail(err, LP_FAILED, "memory: no RAM for %zu bytes", need);
    lp_mem *m = lp_arena_take(&arena, sizeof *m);
    m->config = c;
    m->ops = ops;
    m->state = ops->open(&c, &arena);
    m->arena = arena;
    *out = m;
    return LP_OK;
}

void lp_mem_close(lp_mem *m) {
    if (!m) return;
    lp_arena arena = m->arena; /* m lies in it */
    lp_arena_close(&arena);
}

void lp_mem_reset(lp_mem *m) {
    m->n_steps = 0;
    m->ops->reset(m);
}

void lp_mem_append(lp_mem *m, const float *vector, float salience) {
    LP_CHECK(m->n_steps < LP_MEM_MAX_STEPS);
    m->ops->append(m, vector, isfinite(salience) ? salience : -FLT_MAX);
    m->n_steps++;
}

int64_t lp_mem_steps(const lp_mem *m) { return m->n_steps; }

int lp_mem_context(const lp_mem *m, const lp_mem_context_view *out) { return m->ops->context(m, out); }

int lp_mem_max_context_at(const lp_mem_config *config, int64_t n_steps) {
    lp_mem_config c = *config;
    if (fill_defaults(&c, NULL) || n_steps < 0) return 0;
    return architectures[c.arch]->max_context(&c, n_steps < LP_MEM_MAX_STEPS ? n_steps : LP_MEM_MAX_STEPS);
}

int lp_mem_max_context(const lp_mem_config *config) { return lp_mem_max_context_at(config, LP_MEM_MAX_STEPS); }

int lp_mem_new_summaries(const lp_mem *m, lp_mem_summary *out, int max) {
    return m->ops->new_summaries ? m->ops->new_summaries(m, out, max) : 0;
}

int lp_mem_levels(const lp_mem *m, int *counts, int max) { return m->ops->levels(m, counts, max); }

size_t lp_mem_bytes(const lp_mem *m) { return m->arena.size_bytes; }

size_t lp_mem_save_size(const lp_mem *m) { return sizeof(saved_header) + m->ops->save_size(m, m->n_steps); }

static saved_header header_of(const lp_mem *m) {
    const lp_mem_config *c = &m->config;
    return (saved_header){.magic = SAVED_MAGIC,
                          .n_steps = m->n_steps,
                          .arch = (int32_t)c->arch,
                          .dim = c->dim,
                          .chunk = c->chunk,
                          .slots = c->slots,
                          .fan = c->fan,
                          .window = c->window,
                          .max_items = c->max_items};
}

void lp_mem_save(const lp_mem *m, void *out) {
    saved_header h = header_of(m);
    m->ops->save(m, (unsigned char *)out + sizeof h);
    memcpy(out, &h, sizeof h);
    h.hash = lp_hash64((unsigned char *)out + HASHED_FROM, lp_mem_save_size(m) - HASHED_FROM);
    memcpy(out, &h, sizeof h);
}

lp_status lp_mem_load(lp_mem *m, const void *data, size_t size_bytes, lp_err *err) {
    const unsigned char *at = data;
    saved_header h, want = header_of(m);
    if (size_bytes < sizeof h) return lp_fail(err, LP_BAD_INPUT, "saved memory: cut to %zu bytes", size_bytes);
    memcpy(&h, at, sizeof h);
    if (h.magic != SAVED_MAGIC) return lp_fail(err, LP_BAD_INPUT, "saved memory: not one that this build reads");
    if (h.hash != lp_hash64(at + HASHED_FROM, size_bytes - HASHED_FROM)) return lp_fail(err, LP_BAD_INPUT, "saved memory: damaged");
    if (memcmp(&h.arch, &want.arch, sizeof h - offsetof(saved_header, arch)))
        return lp_fail(err, LP_BAD_INPUT, "saved memory: of other settings");
    if (h.n_steps < 0 || h.n_steps > LP_MEM_MAX_STEPS || size_bytes != sizeof h + m->ops->save_size(m, h.n_steps) ||
        !m->ops->load(m, h.n_steps, at + sizeof h))
        return lp_fail(err, LP_BAD_INPUT, "saved memory: contradicts itself");
    m->n_steps = h.n_steps;
    return LP_OK;
}
