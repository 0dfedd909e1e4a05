/* longplay bench: measures speed on this machine. */
#include "cli/cli.h"

#include "harness/train.h"

#include <stdio.h>
#include <string.h>

static lp_status bench_train(int64_t updates, cJSON *result, lp_err *err) {
    lp_game *game = NULL;
    lp_train *train = NULL;
    lp_train_config config;
    lp_config_defaults(&config, lp_train_settings, lp_n_train_settings);
    lp_status status = lp_game_open(&game, "cue", err);
    if (!status) status = lp_train_open(&train, game, &config, 0, err);
    double seconds = 0, emulate = 0, forward = 0, memory = 0, learn = 0;
    for (int64_t i = 0; i < updates && !status; i++) {
        lp_train_stats s;
        status = lp_train_update(train, &s, err);
        seconds += s.rollout_s + s.learn_s;
        emulate += s.emulate_s, forward += s.forward_s, memory += s.memory_s, learn += s.learn_s;
    }
    cJSON_AddNumberToObject(result, "decisions_per_s", (double)(updates * config.envs * config.steps) / seconds);
    cJSON_AddNumberToObject(result, "emulate_s", emulate);
    cJSON_AddNumberToObject(result, "forward_s", forward);
    cJSON_AddNumberToObject(result, "memory_s", memory);
    cJSON_AddNumberToObject(result, "learn_s", learn);
    lp_train_close(train);
    lp_game_close(game);
    return status;
}

int lp_cmd_bench(int argc, char **argv) {
    const char *what = NULL;
    int n = 0;
    int64_t updates = 3;
    bool json = false;
    const lp_option options[] = {
        {.name = "updates", .value = "N", .help = "updates to time (3)", .number = &updates, .min = 1, .max = 1e6},
        {.name = "json", .help = "print one JSON object", .flag = &json},
    };
    const lp_usage usage = {.name = "bench", .arguments = "train", .summary = "Measures training speed on cue.",
                            .example = "longplay bench train", .options = options, .n_options = 2, .min_positional = 1,
                            .max_positional = 1, .positional = &what, .n_positional = &n};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    if (strcmp(what, "train")) return lp_report(lp_fail(&err, LP_BAD_INPUT, "bench '%s': must be train", what), &err);
    cJSON *result = cJSON_CreateObject();
    lp_status status = bench_train(updates, result, &err);
    if (status) {
        cJSON_Delete(result);
        return lp_report(status, &err);
    }
    if (json) return lp_print_json(result);
    const char *names[] = {"decisions_per_s", "emulate_s", "forward_s", "memory_s", "learn_s"};
    for (int i = 0; i < 5; i++) printf("%-16s %12.3f\n", names[i], cJSON_GetObjectItem(result, names[i])->valuedouble);
    cJSON_Delete(result);
    return 0;
}
