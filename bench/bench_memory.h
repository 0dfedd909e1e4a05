/* How fast remembering is: the core of `longplay bench memory`.
 *
 *     lp_bench_memory_result r;
 *     if (lp_bench_memory(&r, NULL, NULL, 20, &err)) ...
 *     for (int i = 0; i < r.n_ram; i++) printf("%lld items: %.2f us\n", (long long)r.ram[i].n_items, r.ram[i].context_us);
 */
#ifndef LP_BENCH_BENCH_MEMORY_H
#define LP_BENCH_BENCH_MEMORY_H

#include "memory/settings.h"

typedef struct {
    const lp_mem_arch *arch;
    int64_t n_items;      /* appended by then: 10^3, 10^4, ... */
    double appends_per_s; /* over the appends since the row before of this arch */
    double context_us;    /* building one context; median */
    int context_items;    /* in it */
    int64_t items_read;   /* whose vectors were read for it: of a memory that is read by query, also those that it left out */
    double mem_bytes;     /* RAM of the memory */
} lp_bench_ram_row;

enum { LP_BENCH_RAM_ROWS = 64 };

typedef struct {
    int dim;                                 /* floats an item */
    lp_bench_ram_row ram[LP_BENCH_RAM_ROWS]; /* each architecture to 10^7 items; those that there was time for */
    int n_ram;
    int row_bytes;             /* of an item's vector and text, about */
    double batched_rows_per_s; /* into SQLite, batch rows a transaction; median over slices that alternate with: */
    double single_rows_per_s;  /* one row a transaction */
    double ratio;              /* of these two, slice by slice; median */
    int batch;
    int64_t n_rows;                          /* in the database when it was searched */
    int64_t n_texts;                         /* of them with text */
    double rare_search_ms, common_search_ms; /* a word that one text has, one that all have, 20 results; median */
} lp_bench_memory_result;

/* Runs for about max_seconds: half in RAM, half on a database of its own in a new folder in folder (NULL: where temporary
 * files go), which it removes. given NULL, or nothing in it: every architecture, by default settings. LP_BAD_INPUT: max_seconds not above 0,
 * no such folder, memory or setting.
 * LP_FAILED: no memory, no room. */
lp_status lp_bench_memory(lp_bench_memory_result *out, const lp_mem_given *given, const char *folder, double max_seconds, lp_err *err);

#endif
