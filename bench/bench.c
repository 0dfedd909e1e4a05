/* What the benches share: medians of times, tables, and the settings of a network that is measured. */
#include "bench/bench.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- times and tables ---- */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double lp_bench_median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double lp_bench_time(void (*run)(void *), void *context, double seconds) {
    enum { SLICES_MAX = 64 };
    double slices[SLICES_MAX], start_s = lp_now_s();
    int n = 0;
    run(context);
    while (n < SLICES_MAX && (n < 3 || lp_now_s() - start_s < seconds)) {
        double slice_s = lp_now_s();
        int calls = 0;
        do run(context), calls++;
        while (lp_now_s() - slice_s < seconds / SLICES_MAX);
        slices[n++] = (lp_now_s() - slice_s) / calls;
    }
    return lp_bench_median(slices, n);
}

static void print_cell(const cJSON *v, int width) {
    if (cJSON_IsString(v)) printf("%-*s", width, v->valuestring);
    else if (fabs(v->valuedouble) >= 1000 || v->valuedouble == floor(v->valuedouble)) printf("%*.0f", width, v->valuedouble);
    else printf("%*.2f", width, v->valuedouble);
}

void lp_bench_print(const cJSON *rows) {
    if (cJSON_IsObject(rows)) {
        for (const cJSON *v = rows->child; v; v = v->next) {
            printf("%-24s", v->string);
            print_cell(v, cJSON_IsString(v) ? 0 : 14);
            printf("\n");
        }
        return;
    }
    for (const cJSON *row = rows->child; row; row = row->next) {
        for (const cJSON *v = row->child; v && row == rows->child; v = v->next) printf(cJSON_IsString(v) ? "%-25s" : "%17s", v->string);
        if (row == rows->child) printf("\n");
        for (const cJSON *v = row->child; v; v = v->next) print_cell(v, cJSON_IsString(v) ? 25 : 17);
        printf("\n");
    }
}

/* ---- settings ---- */

lp_status lp_bench_settings(lp_train_config *out, const lp_bench_arguments *a, lp_err *err) {
    lp_config_defaults(out, lp_train_settings(), lp_n_train_settings());
    lp_status status = a->size ? lp_config_set(out, lp_train_settings(), lp_n_train_settings(), "policy.size", a->size, err) : LP_OK;
    if (!status && a->core) status = lp_config_set(out, lp_train_settings(), lp_n_train_settings(), "policy.core", a->core, err);
    if (!status && a->precision)
        status = lp_config_set(out, lp_train_settings(), lp_n_train_settings(), "policy.precision", a->precision, err);
    lp_mem_config memory = lp_mem_chosen(&out->memory, 1);
    if (!status) status = lp_mem_give(&memory, &a->memory, err);
    if (!status) lp_mem_choose(&out->memory, &memory);
    out->overlap = a->overlap;
    out->reencode = a->reencode >= 0 ? a->reencode : 0;
    if (a->horizon >= 0) out->curriculum.start = out->curriculum.end = a->horizon;
    if (a->envs >= 0) out->envs = a->envs;
    if (a->steps >= 0) out->steps = a->steps;
    if (a->epochs >= 0) out->ppo.epochs = a->epochs;
    if (a->minibatches >= 0) out->ppo.minibatches = a->minibatches;
    return status;
}
