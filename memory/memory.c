/* The front of the memory in RAM: configs, one allocation a memory, and saved memories.
 *
 * Saved: a header, then the architecture's content, all in this machine's byte order (little-endian). The hash covers
 * everything after itself, and equal memories give equal bytes. */
#include "memory/arch.h"

#include "base/contract.h"
#include "base/hash.h"
#include "memory/settings.h"

#include <stddef.h>
#include <string.h>

typedef struct {
    uint64_t magic, hash;
    int64_t n_steps;
    uint64_t settings; /* a hash: whose content this is */
} saved_header;
/* As it was up to LPMEM002, while there were four architectures. The content has stayed the same. */
typedef struct {
    uint64_t magic, hash;
    int64_t n_steps;
    int32_t arch, dim, setting[LP_MEM_NUMBERS - 1], zero;
} old_header;
enum { HASHED_FROM = offsetof(saved_header, n_steps) };
static const uint64_t SAVED_MAGIC = 0x3330304d454d504cu, OLD_MAGIC = 0x3230304d454d504cu; /* "LPMEM003", "LPMEM002" */

static size_t need_of(const lp_mem_config *complete) { return lp_arena_need(sizeof(lp_mem)) + complete->arch->size(complete); }

size_t lp_mem_need(const lp_mem_config *config) {
    lp_mem_config c = *config;
    return lp_mem_complete(&c, NULL) ? 0 : lp_arena_need(need_of(&c));
}

lp_status lp_mem_open(lp_mem **out, const lp_mem_config *config, lp_err *err) {
    *out = NULL;
    lp_mem_config c = *config;
    lp_status status = lp_mem_complete(&c, err);
    if (status) return status;
    lp_arena arena;
    size_t need = need_of(&c);
    if (lp_arena_open(&arena, need)) return lp_fail(err, LP_FAILED, "memory: no RAM for %zu bytes", need);
    lp_mem *m = lp_arena_take(&arena, sizeof *m);
    m->config = c;
    m->state = c.arch->open(&c, &arena);
    m->arena = arena;
    *out = m;
    return LP_OK;
}

void lp_mem_close(lp_mem *m) {
    if (!m) return;
    lp_arena arena = m->arena; /* m lies in it */
    lp_arena_close(&arena);
}

void lp_mem_reset(lp_mem *m, uint64_t seed) {
    m->n_steps = 0;
    m->seed = seed;
    if (m->config.arch->reset) m->config.arch->reset(m);
}

void lp_mem_append(lp_mem *m, const float *vector, float salience) {
    LP_CHECK(m->n_steps < LP_MEM_MAX_STEPS);
    m->config.arch->append(m, vector, lp_mem_salience(salience));
    m->n_steps++;
}

int64_t lp_mem_steps(const lp_mem *m) { return m->n_steps; }

int lp_mem_context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    return m->config.arch->context(m, query, out);
}

void lp_mem_renew(lp_mem *m, const float *vector, const float *salience) {
    LP_CHECK(lp_mem_can_renew(m->config.arch));
    m->config.arch->renew(m, vector, salience);
}

bool lp_mem_can_renew(const lp_mem_arch *arch) { return arch->renew; }

int lp_mem_max_context_at(const lp_mem_config *config, int64_t n_steps) {
    lp_mem_config c = *config;
    if (lp_mem_complete(&c, NULL) || n_steps < 0) return 0;
    return c.arch->max_context(&c, n_steps < LP_MEM_MAX_STEPS ? n_steps : LP_MEM_MAX_STEPS);
}

int lp_mem_max_context(const lp_mem_config *config) { return lp_mem_max_context_at(config, LP_MEM_MAX_STEPS); }

int lp_mem_new_summaries(const lp_mem *m, lp_mem_summary *out, int max) {
    return m->config.arch->new_summaries ? m->config.arch->new_summaries(m, out, max) : 0;
}

int lp_mem_levels(const lp_mem *m, int *counts, int max) {
    if (m->config.arch->levels) return m->config.arch->levels(m, counts, max);
    if (max > 0) counts[0] = m->config.arch->max_context(&m->config, m->n_steps);
    return 1;
}

size_t lp_mem_bytes(const lp_mem *m) { return m->arena.size_bytes; }

size_t lp_mem_save_size(const lp_mem *m) { return sizeof(saved_header) + m->config.arch->save_size(m, m->n_steps); }

static saved_header header_of(const lp_mem *m) {
    lp_mem_config c = m->config;
    for (int i = 0; i < LP_MEM_MAX_SETTINGS; i++) /* as what was saved before there was such a setting */
        if (c.setting[i] == c.arch->settings[i].absent) c.setting[i] = 0;
    uint64_t settings = lp_hash64_seed(c.setting, sizeof c.setting, lp_hash64(c.arch->name, strlen(c.arch->name)));
    return (saved_header){SAVED_MAGIC, 0, m->n_steps, lp_hash64_seed(&c.dim, sizeof c.dim, settings)};
}

void lp_mem_save(const lp_mem *m, void *out) {
    saved_header h = header_of(m);
    m->config.arch->save(m, (unsigned char *)out + sizeof h);
    memcpy(out, &h, sizeof h);
    h.hash = lp_hash64((unsigned char *)out + HASHED_FROM, lp_mem_save_size(m) - HASHED_FROM);
    memcpy(out, &h, sizeof h);
}

static bool fits_old(const lp_mem *m, const unsigned char *data) {
    old_header h;
    lp_mem_choice choice = {0};
    int64_t want[LP_MEM_NUMBERS];
    memcpy(&h, data, sizeof h);
    lp_mem_choose(&choice, &m->config);
    lp_mem_numbers(&choice, want);
    bool fits = h.arch == want[0] && h.dim == m->config.dim;
    for (int i = 0; i < LP_MEM_NUMBERS - 1; i++) fits &= !want[1 + i] || h.setting[i] == want[1 + i]; /* others' settings say nothing */
    return fits;
}

lp_status lp_mem_load(lp_mem *m, const void *data, size_t size_bytes, lp_err *err) {
    const unsigned char *at = data;
    saved_header h, want = header_of(m);
    if (size_bytes < sizeof h) return lp_fail(err, LP_BAD_INPUT, "saved memory: cut to %zu bytes", size_bytes);
    memcpy(&h, at, sizeof h);
    bool old = h.magic == OLD_MAGIC;
    size_t header = old ? sizeof(old_header) : sizeof h;
    if (h.magic != SAVED_MAGIC && !old) return lp_fail(err, LP_BAD_INPUT, "saved memory: not one that this build reads");
    if (size_bytes < header || h.hash != lp_hash64(at + HASHED_FROM, size_bytes - HASHED_FROM))
        return lp_fail(err, LP_BAD_INPUT, "saved memory: damaged");
    if (old ? !fits_old(m, at) : h.settings != want.settings) return lp_fail(err, LP_BAD_INPUT, "saved memory: of other settings");
    if (h.n_steps < 0 || h.n_steps > LP_MEM_MAX_STEPS / 2 /* room to go on */ ||
        size_bytes != header + m->config.arch->save_size(m, h.n_steps) || !m->config.arch->load(m, h.n_steps, at + header))
        return lp_fail(err, LP_BAD_INPUT, "saved memory: contradicts itself");
    m->n_steps = h.n_steps;
    return LP_OK;
}
