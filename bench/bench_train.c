/* longplay bench train: decisions/s of training, split into what they are spent on. */
#include "bench/bench.h"

#include <stdio.h>
#include <time.h>

lp_status lp_bench_train(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    const char *name = a->n_positional > 1 ? a->positional[1] : "cue";
    lp_game *game = NULL;
    lp_train *train = NULL;
    lp_train_config config;
    lp_device device;
    lp_status status = lp_bench_settings(&config, a, err);
    if (!status) status = lp_game_open(&game, name, err);
    if (!status) status = lp_device_find(&device, a->device, err);
    if (!status) status = lp_train_open(&train, game, &config, device, 0, err);
    lp_train_stats s = {0};
    double rollout = 0, learn = 0, emulate = 0, forward = 0, memory = 0;
    int64_t first = 0;
    clock_t cpu = 0;
    for (int64_t i = 0; i < a->updates + 2 && !status; i++) {
        if ((status = lp_train_update(train, &s, err)) || i < 2) { /* caches and libraries, then a GPU's graph */
            first = s.decisions;
            cpu = clock();
            continue;
        }
        rollout += s.rollout_s;
        learn += s.learn_s;
        emulate += s.emulate_s;
        forward += s.forward_s;
        memory += s.memory_s;
    }
    if (!status) {
        double n = (double)(s.decisions - first), cpu_us = 1e6 * (double)(clock() - cpu) / CLOCKS_PER_SEC / n;
        /* the share of all the threads' time in which they emulate: with nothing else to do they would be that much faster */
        double share = emulate / (lp_train_threads(train) * (rollout + learn));
        struct {
            const char *name;
            double value;
        } rows[] = {
            {"decisions_per_s", n / (rollout + learn)},
            {"rollout_decisions_per_s", n / rollout},
            {"emulation_us", 1e6 * emulate / n},
            {"forward_us", 1e6 * forward / n},
            {"memory_us", 1e6 * memory / n},
            {"rollout_wall_us", 1e6 * rollout / n},
            {"backward_wall_us", 1e6 * learn / n},
            {"cpu_us", cpu_us},
            {"pure_emulation_per_s", n / (rollout + learn) / share},
            {"of_pure_emulation_percent", 100 * share},
            {"decisions", n},
        };
        cJSON *row = cJSON_AddObjectToObject(o, "train");
        cJSON_AddStringToObject(row, "game", name);
        if (!a->json)
            printf("training on %s: microseconds a decision; emulation, forward and memory are thread time within the rollout (forward on "
                   "a GPU: how long\n"
                   "the host waited for it), backward is the learning that rollouts waited for; pure emulation is what the threads would "
                   "reach with nothing else to do\n",
                   name);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            cJSON_AddNumberToObject(row, rows[i].name, rows[i].value);
            if (!a->json) printf("%-26s %12.1f\n", rows[i].name, rows[i].value);
        }
    }
    lp_train_close(train);
    lp_game_close(game);
    return status;
}
