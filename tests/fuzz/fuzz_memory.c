/* Saved memories, of an architecture by the first byte. By the second: as they are; a number of steps and contents of any length,
 * sealed; or a valid one with bytes changed, sealed. Refused, or looked at and gone on with. */
#include "memory/memory.h"
#include "tests/fuzz/fuzz.h"

static const lp_mem_config configs[] = {{&lp_mem_none, 2, {0}},
                                        {&lp_mem_window, 2, {5}},
                                        {&lp_mem_full, 1, {9}},
                                        {&lp_mem_tree, 2, {2, 2, 2, 3}},
                                        {&lp_mem_tree, 1, {3, 1, 3, -1, -1}},
                                        {&lp_mem_tree, 1, {3, 2, 2, 1, 6, 5}},
                                        {&lp_mem_tree, 1, {3, 2, 2, 1, 6, 1, 2}},
                                        {&lp_mem_knn, 2, {2, 3, 9}},
                                        {&lp_mem_flat, 1, {2, 3, 4}},
                                        {&lp_mem_reservoir, 1, {5, 3}},
                                        {&lp_mem_descend, 2, {2, 3, 2, 1, 2, 3, 21}}};
enum { N_CONFIGS = sizeof configs / sizeof *configs, STEPS_AT = 16, HEADER = 32, ROOM = 1 << 17 };

typedef struct {
    lp_mem *mem;
    uint8_t *valid;
    size_t bytes;
    lp_mem_context_view view;
} memory;

static void grow(lp_mem *m, int n) {
    for (int i = 0; i < n; i++) lp_mem_append(m, (float[]){(float)i, 1}, (float)(i * 7 % 5));
}

static memory *memory_of(unsigned number) {
    static memory memories[N_CONFIGS];
    memory *m = &memories[number % N_CONFIGS];
    const lp_mem_config *c = &configs[number % N_CONFIGS];
    size_t n = (size_t)lp_mem_max_context(c) + 1;
    if (m->mem) return m;
    if (lp_mem_open(&m->mem, c, NULL)) abort();
    lp_mem_reset(m->mem, 5);
    grow(m->mem, 23);
    m->bytes = lp_mem_save_size(m->mem);
    m->valid = malloc(m->bytes);
    lp_mem_save(m->mem, m->valid);
    m->view = (lp_mem_context_view){calloc(n * (size_t)c->dim, sizeof(float)), calloc(n, sizeof(float)), calloc(n, sizeof(int32_t)),
                                    calloc(n, sizeof(int64_t))};
    return m;
}

static void go_on(memory *m, int n) {
    lp_mem_summary summaries[64];
    int counts[64];
    for (int i = 0; i < n; i++) {
        const lp_mem_query query = {1, (float[]){1, -1}, NULL, false};
        int items = lp_mem_context(m->mem, i % 2 ? &query : NULL, &m->view);
        for (int k = 0; k < items; k++)
            if (m->view.step[k] < 0 || m->view.step[k] >= lp_mem_steps(m->mem)) abort();
        lp_mem_levels(m->mem, counts, 64);
        grow(m->mem, 1);
        lp_mem_new_summaries(m->mem, summaries, 64);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t bad[ROOM];
    lp_err err;
    if (size < 2) return 0;
    memory *m = memory_of(data[0]);
    int what = data[1] % 3;
    data += 2, size -= 2;
    size_t bytes = m->bytes;
    if (what == 0) {
        bytes = size;
    } else if (what == 1) {
        if (size > ROOM - HEADER) return 0;
        memcpy(bad, m->valid, HEADER);
        memcpy(bad + STEPS_AT, data, size < 8 ? size : 8);
        bytes = size < 8 ? HEADER : HEADER + size - 8;
        if (size > 8) memcpy(bad + HEADER, data + 8, size - 8);
        fuzz_seal(bad, bytes);
    } else {
        memcpy(bad, m->valid, bytes);
        fuzz_patch(&(fuzz_target){.data = bad, .bytes = bytes}, data, size);
        fuzz_seal(bad, bytes);
    }
    if (lp_mem_load(m->mem, what ? bad : data, bytes, &err)) return 0;
    go_on(m, 40);
    size_t after = lp_mem_save_size(m->mem);
    uint8_t *saved = malloc(after);
    lp_mem_save(m->mem, saved);
    bool too_long = lp_mem_steps(m->mem) > (int64_t)1 << 39; /* it was loaded at the limit */
    if ((!too_long && lp_mem_load(m->mem, saved, after, &err)) || lp_mem_load(m->mem, m->valid, m->bytes, &err)) abort();
    free(saved);
    return 0;
}
