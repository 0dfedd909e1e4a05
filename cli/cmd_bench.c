/* longplay bench: measures speed on this machine, and prints tables (or one JSON object). What is compared is measured in
 * one run, in turns, so that ratios mean something on a busy machine too. */
#include "bench/bench.h"
#include "bench/bench_memory.h"
#include "bench/bench_saves.h"
#include "cli/bench_roms.h"
#include "cli/cli.h"
#include "harness/choose.h"

#include <stdio.h>
#include <string.h>

typedef lp_bench_arguments arguments;

/* ---- memory ---- */

static void memory_table(const lp_bench_memory_result *r) {
    printf("items of %d floats in RAM\n%-9s %10s %12s %12s %14s %12s %12s\n", r->dim, "memory", "items", "appends/s", "context us",
           "context items", "items read", "RAM bytes");
    for (int i = 0; i < r->n_ram; i++)
        printf("%-9s %10lld %12.0f %12.2f %14d %12lld %12.0f\n", lp_mem_arch_name(r->ram[i].arch), (long long)r->ram[i].n_items,
               r->ram[i].appends_per_s, r->ram[i].context_us, r->ram[i].context_items, (long long)r->ram[i].items_read,
               r->ram[i].mem_bytes);
    printf("\nrows of about %d bytes into SQLite: %.0f rows/s, %d a transaction; %.0f rows/s, one a transaction (%.1fx)\n"
           "full-text search of %lld texts: %.2f ms for a word that one has, %.2f ms for a word that all have\n",
           r->row_bytes, r->batched_rows_per_s, r->batch, r->single_rows_per_s, r->ratio, (long long)r->n_texts, r->rare_search_ms,
           r->common_search_ms);
}

static lp_status bench_memory(const arguments *a, cJSON *o, lp_err *err) {
    lp_bench_memory_result r;
    lp_status status = lp_bench_memory(&r, &a->memory, NULL, a->seconds, err);
    if (status) return status;
    cJSON *memory = cJSON_AddObjectToObject(o, "memory"), *rows = cJSON_AddArrayToObject(memory, "ram");
    for (int i = 0; i < r.n_ram; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "memory", lp_mem_arch_name(r.ram[i].arch));
        cJSON_AddNumberToObject(row, "items", (double)r.ram[i].n_items);
        cJSON_AddNumberToObject(row, "appends_per_s", r.ram[i].appends_per_s);
        cJSON_AddNumberToObject(row, "context_us", r.ram[i].context_us);
        cJSON_AddNumberToObject(row, "context_items", r.ram[i].context_items);
        cJSON_AddNumberToObject(row, "items_read", (double)r.ram[i].items_read);
        cJSON_AddNumberToObject(row, "bytes_read", (double)r.ram[i].items_read * (r.dim + 1) * (double)sizeof(float));
        cJSON_AddNumberToObject(row, "ram_bytes", r.ram[i].mem_bytes);
        cJSON_AddItemToArray(rows, row);
    }
    cJSON_AddNumberToObject(memory, "row_bytes", r.row_bytes);
    cJSON_AddNumberToObject(memory, "batch", r.batch);
    cJSON_AddNumberToObject(memory, "batched_rows_per_s", r.batched_rows_per_s);
    cJSON_AddNumberToObject(memory, "single_rows_per_s", r.single_rows_per_s);
    cJSON_AddNumberToObject(memory, "batched_ratio", r.ratio);
    cJSON_AddNumberToObject(memory, "texts", (double)r.n_texts);
    cJSON_AddNumberToObject(memory, "rare_search_ms", r.rare_search_ms);
    cJSON_AddNumberToObject(memory, "common_search_ms", r.common_search_ms);
    if (!a->json) memory_table(&r);
    return LP_OK;
}

/* ---- saves ---- */

static lp_status bench_saves(const arguments *a, cJSON *o, lp_err *err) {
    lp_bench_saves_result r;
    lp_status status = lp_bench_saves(&r, NULL, a->seconds, err);
    if (status) return status;
    const struct {
        const char *name;
        double value;
    } rows[] = {
        {"state_bytes", r.state_bytes},
        {"changed_percent", r.changed_percent},
        {"memcpy_us", r.memcpy_us},
        {"delta_us", r.delta_us},
        {"delta_to_memcpy", r.ratio},
        {"keyframe_us", r.keyframe_us},
        {"delta_bytes", r.delta_bytes},
        {"keyframe_bytes", r.keyframe_bytes},
        {"decisions_per_s", r.decisions_per_s},
        {"bytes_per_decision", r.bytes_per_decision},
        {"sync_ms", r.sync_ms},
        {"read_decisions_per_s", r.read_decisions_per_s},
        {"seek_us", r.seek_us},
        {"resume_ms", r.resume_ms},
        {"decisions", r.n_decisions},
        {"states", r.n_states},
    };
    cJSON *row = cJSON_AddObjectToObject(o, "saves");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) cJSON_AddNumberToObject(row, rows[i].name, rows[i].value);
    if (!a->json) printf("the movie of a run, with synthetic machine states as large as a Game Boy's\n"), lp_bench_print(row);
    return LP_OK;
}

/* ---- the command ---- */

static const struct {
    const char *name, *help;
    lp_status (*run)(const arguments *a, cJSON *o, lp_err *err);
    int most; /* games or ROMs */
} benches[] = {
    {"emulator",
     "frames/s against a plain mGBA loop, on cue, two ROMs that measure it and the games, or on those given, also folders of them",
     lp_bench_roms, LP_MAX_LIST},
    {"memory", "appends/s and context time at 10^3 to 10^7 items; rows/s into SQLite; search", bench_memory, 0},
    {"saves", "the movie: writing, syncing, its size, reading, seeking, resuming", bench_saves, 0},
    {"kernels", "the network's kernels on the CPU, and their CUDA twins on a card: first whether they agree", lp_bench_kernels, 0},
    {"policy", "decisions of a network at several batch and context sizes, every pixel of each new", lp_bench_policy, 1},
    {"learn", "PPO updates of a network from random segments, without an emulator", lp_bench_learn, 1},
    {"train", "decisions/s of training, split into emulation, forward, backward and memory", lp_bench_train, 1},
};
enum { N_BENCHES = sizeof benches / sizeof *benches };

static void more_help(void) {
    printf("\n");
    for (int i = 0; i < N_BENCHES; i++) printf("  %-26s %s\n", benches[i].name, benches[i].help);
}

int lp_cmd_bench(int argc, char **argv) {
    const char *positional[LP_MAX_LIST];
    arguments a = {.positional = positional,
                   .seconds = 5,
                   .updates = 3,
                   .context = -1,
                   .envs = -1,
                   .steps = -1,
                   .minibatches = -1,
                   .epochs = -1,
                   .reencode = -1,
                   .horizon = -1};
    char names[128] = "";
    struct {
        const char *settings[LP_MAX_LIST];
        int n_settings;
    } memory = {0};
    const lp_option options[] = {
        {.name = "memory",
         .value = lp_mem_arch_choices(),
         .help = "memory: the only one measured; train: in place of tree",
         .text = &a.memory.arch},
        {.name = "seconds",
         .value = "S",
         .help = "about how long to measure; emulator: each ROM (5)",
         .real = &a.seconds,
         .min = 0.1,
         .max = 3600},
        {.name = "updates", .value = "N", .help = "train, learn: updates that are timed (3)", .number = &a.updates, .min = 1, .max = 1e6},
        {.name = "policy",
         .value = "FILE",
         .help = "policy, learn: the network (the one that GAME ships, or random weights)",
         .text = &a.policy},
        {.name = "size", .value = LP_POLICY_SIZE_CHOICES, .help = "policy, learn, train: random weights of this size", .text = &a.size},
        {.name = "core", .value = LP_POLICY_CORE_CHOICES, .help = "policy, learn, train: random weights with this core", .text = &a.core},
        {.name = "batch", .value = "N[,N...]", .help = "policy: decisions at once (1,8,64)", .text = &a.batch},
        {.name = "context",
         .value = "N",
         .help = "policy, learn: items in context (policy: 0, 128 and 1024; learn: 128)",
         .number = &a.context,
         .min = 0,
         .max = 65536},
        {.name = "envs", .value = "N", .help = "learn, train: environments (64)", .number = &a.envs, .min = 1, .max = 4096},
        {.name = "steps", .value = "N", .help = "learn, train: decisions of each (128)", .number = &a.steps, .min = 2, .max = 65536},
        {.name = "minibatches",
         .value = "N",
         .help = "learn, train: parts of a pass (16)",
         .number = &a.minibatches,
         .min = 1,
         .max = 65536},
        {.name = "epochs", .value = "N", .help = "learn, train: passes an update (3)", .number = &a.epochs, .min = 1, .max = 1000},
        {.name = "reencode",
         .value = "N",
         .help = "learn: remembered items that a segment encodes again; train: likewise, beside a training that does not (0)",
         .number = &a.reencode,
         .min = 0,
         .max = 65536},
        {.name = "horizon",
         .value = "N",
         .help = "train: the longest episode, decisions (4 to 64)",
         .number = &a.horizon,
         .min = 1,
         .max = 2000000},
        {.name = "overlap", .help = "train: on a GPU, rollouts are played while the one before is learned from", .flag = &a.overlap},
        {.name = "save",
         .value = "FILE",
         .help = "policy, learn: weights, inputs, outputs (of the last row) or gradient, as safetensors",
         .text = &a.save},
        {.name = "precision",
         .value = "float32|bfloat16",
         .help = "policy, learn, train: on a GPU, operands of matrix products (float32)",
         .text = &a.precision},
        {.name = "device", .value = "cpu|cuda|auto", .help = "policy, learn, train: where the network runs", .text = &a.device},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "bench",
                            .arguments = "emulator|memory|saves|kernels|policy|learn|train [GAME|ROM|FOLDER...]",
                            .summary = "Measures speed on this machine.",
                            .example = "longplay bench emulator cue mygame.gb",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 1,
                            .max_positional = LP_MAX_LIST,
                            .positional = positional,
                            .n_positional = &a.n_positional,
                            LP_CLI_MEMORY_SETTINGS(memory),
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    a.memory.settings = memory.settings;
    a.memory.n_settings = memory.n_settings;
    lp_err err = {{0}};
    cJSON *o = cJSON_CreateObject();
    lp_status status = LP_BAD_INPUT;
    int which = 0;
    for (int i = 0; i < N_BENCHES; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", benches[i].name);
    while (which < N_BENCHES && strcmp(benches[which].name, a.positional[0])) which++;
    if (which == N_BENCHES) {
        lp_fail(&err, status, "bench '%s': must be one of %s", a.positional[0], names);
    } else if (a.n_positional > benches[which].most + 1) {
        lp_fail(&err, status, "bench %s: '%s' is one argument too many", a.positional[0], a.positional[benches[which].most + 1]);
    } else {
        status = a.save ? lp_policy_check_writable(a.save, &err) : LP_OK;
        if (!status) status = lp_use_device(NULL, NULL, a.device, &err);
        if (!status) status = benches[which].run(&a, o, &err);
    }
    if (!status && a.json) return lp_print_json(o);
    cJSON_Delete(o);
    return lp_report(status, &err);
}
