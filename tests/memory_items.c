/* What the memory in C makes of given items, for python/tests to compare with:
 *
 *     memory_items ARCH DIM FILE EVERY [memory.KEY=VALUE ...]
 *
 * FILE holds items as float32: the vector, then the salience. After every EVERY of them a line: how many there are, then of the context without
 * a query, and of the one whose query is the last item's vector, the number of items and hashes of vectors, saliences, levels and steps; how
 * many items were read for the second; and a hash of the saved memory. */
#include "base/hash.h"
#include "memory/memory.h"
#include "memory/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void *need(size_t n, size_t size) {
    void *p = calloc(n + 1, size);
    if (!p) exit(1);
    return p;
}

static void tell_context(const lp_mem *mem, const lp_mem_query *query, const lp_mem_context_view *c, size_t dim) {
    size_t n = (size_t)lp_mem_context(mem, query, c);
    printf(" %zu %016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64, n, lp_hash64(c->vector, n * dim * sizeof *c->vector),
           lp_hash64(c->salience, n * sizeof *c->salience), lp_hash64(c->level, n * sizeof *c->level),
           lp_hash64(c->step, n * sizeof *c->step));
}

static void tell(const lp_mem *mem, const float *item, const lp_mem_context_view *c, size_t dim) {
    int64_t n_read = 0;
    size_t size = lp_mem_save_size(mem);
    unsigned char *saved = need(size, 1);
    lp_mem_save(mem, saved);
    printf("%" PRId64, lp_mem_steps(mem));
    tell_context(mem, NULL, c, dim);
    tell_context(mem, &(lp_mem_query){1, item, &n_read, false}, c, dim);
    printf(" %" PRId64 " %016" PRIx64 "\n", n_read, lp_hash64(saved, size));
    free(saved);
}

int main(int argc, char **argv) {
    lp_err err;
    if (argc < 5) return 2;
    lp_mem_config config = {.dim = atoi(argv[2])};
    lp_mem_given given = {.arch = argv[1], .settings = (const char *const *)argv + 5, .n_settings = argc - 5};
    lp_mem *mem;
    if (lp_mem_give(&config, &given, &err) || lp_mem_open(&mem, &config, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    size_t n = (size_t)lp_mem_max_context(&config), dim = (size_t)config.dim;
    lp_mem_context_view c = {need(n * dim, sizeof(float)), need(n, sizeof(float)), need(n, sizeof(int32_t)), need(n, sizeof(int64_t))};
    float *item = need(dim + 1, sizeof(float));
    FILE *file = fopen(argv[3], "rb");
    const int64_t every = atoll(argv[4]);
    lp_mem_reset(mem, 1);
    while (file && fread(item, sizeof *item, dim + 1, file) == dim + 1) {
        lp_mem_append(mem, item, item[dim]);
        if (lp_mem_steps(mem) % every == 0) tell(mem, item, &c, dim);
    }
    if (file) fclose(file);
    free(c.vector), free(c.salience), free(c.level), free(c.step), free(item);
    lp_mem_close(mem);
    return !file;
}
