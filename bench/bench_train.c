/* longplay bench train: decisions/s of training, split into what they are spent on; with --reencode also beside a training without it. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    lp_train *train;
    lp_train_stats sum; /* of what is timed: decisions, rollout_s, learn_s, emulate_s, forward_s, memory_s */
    double cpu_s, *update_s;
} side;

static lp_status time_update(side *s, int64_t i, lp_err *err) {
    lp_train_stats now;
    int64_t before = lp_train_decisions(s->train);
    clock_t cpu = clock();
    lp_status status = lp_train_update(s->train, &now, err);
    if (status || i < 0) return status;
    s->sum.decisions += now.decisions - before;
    s->sum.rollout_s += now.rollout_s;
    s->sum.learn_s += now.learn_s;
    s->sum.emulate_s += now.emulate_s;
    s->sum.forward_s += now.forward_s;
    s->sum.memory_s += now.memory_s;
    s->cpu_s += (double)(clock() - cpu) / CLOCKS_PER_SEC;
    s->update_s[i] = now.rollout_s + now.learn_s;
    return LP_OK;
}

static void add_row(cJSON *o, const side *s, const side *without, const char *name, const lp_bench_arguments *a) {
    const lp_train_stats *sum = &s->sum;
    double n = (double)sum->decisions, wall_s = sum->rollout_s + sum->learn_s;
    /* the share of all the threads' time in which they emulate: with nothing else to do they would be that much faster */
    double share = sum->emulate_s / (lp_train_threads(s->train) * wall_s);
    int updates = (int)a->updates;
    const struct {
        const char *name;
        double value;
    } rows[] = {
        {"decisions_per_s", n / wall_s},
        {"rollout_decisions_per_s", n / sum->rollout_s},
        {"emulation_us", 1e6 * sum->emulate_s / n},
        {"forward_us", 1e6 * sum->forward_s / n},
        {"memory_us", 1e6 * sum->memory_s / n},
        {"rollout_wall_us", 1e6 * sum->rollout_s / n},
        {"backward_wall_us", 1e6 * sum->learn_s / n},
        {"cpu_us", 1e6 * s->cpu_s / n},
        {"pure_emulation_per_s", n / wall_s / share},
        {"of_pure_emulation_percent", 100 * share},
        {"decisions", n},
        {"reencode", (double)a->reencode},
        {"time_to_none", without ? lp_bench_median(s->update_s, updates) / lp_bench_median(without->update_s, updates) : 1},
        {"cpu_to_none", without ? s->cpu_s / without->cpu_s : 1},
    };
    const size_t n_rows = sizeof rows / sizeof *rows - (without ? 0 : 3);
    cJSON *row = cJSON_AddObjectToObject(o, "train");
    cJSON_AddStringToObject(row, "game", name);
    for (size_t i = 0; i < n_rows; i++) cJSON_AddNumberToObject(row, rows[i].name, rows[i].value);
    if (a->json) return;
    printf("training on %s: microseconds a decision; emulation, forward and memory are thread time within the rollout (forward on "
           "a GPU: how long\n"
           "the host waited for it), backward is the learning that rollouts waited for; pure emulation is what the threads would "
           "reach with nothing else to do\n",
           name);
    for (size_t i = 0; i < n_rows; i++) printf("%-26s %12.*f\n", rows[i].name, i < 11 ? 1 : 2, rows[i].value);
}

lp_status lp_bench_train(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    const char *name = a->n_positional > 1 ? a->positional[1] : "cue";
    lp_game *game = NULL;
    lp_train_config config;
    lp_device device;
    side sides[2] = {{0}}; /* as it is set; without what it encodes again */
    lp_status status = lp_bench_settings(&config, a, err);
    const int n_sides = config.reencode ? 2 : 1;
    if (!status) status = lp_game_open(&game, name, err);
    if (!status) status = lp_device_find(&device, a->device, err);
    for (int k = 0; k < n_sides && !status; k++) {
        if (k) config.reencode = 0;
        sides[k].update_s = malloc((size_t)a->updates * sizeof(double));
        status =
            sides[k].update_s ? lp_train_open(&sides[k].train, game, &config, device, 0, err) : lp_fail(err, LP_FAILED, "out of memory");
    }
    for (int64_t i = -2; i < a->updates && !status; i++) /* caches and libraries, then a GPU's graph */
        for (int k = 0; k < n_sides && !status; k++) status = time_update(&sides[k], i, err);
    if (!status) add_row(o, &sides[0], n_sides > 1 ? &sides[1] : NULL, name, a);
    for (int k = 0; k < n_sides; k++) lp_train_close(sides[k].train), free(sides[k].update_s);
    lp_game_close(game);
    return status;
}
