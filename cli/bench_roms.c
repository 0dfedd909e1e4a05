/* longplay bench emulator: a row for each ROM, and the percentiles of many. */
#include "cli/bench_roms.h"

#include "bench/bench_emulator.h"
#include "bench/bench_games.h"
#include "env/game_find.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is spread over ROMs: ratios to plain, and parts of the time. */
typedef enum { SKIPPING, FAST, NO_DRAW, POOL, POOL_2, DRAWING, OBSERVING, N_FIGURES } figure;
static const struct {
    const char *name, *text;
} figures[N_FIGURES] = {{"skipping_ratio", "skipping by hand, to plain"},
                        {"fast_ratio", "fast, to plain"},
                        {"no_draw_ratio", "no draw, to plain"},
                        {"pool_ratio", "pool, to plain"},
                        {"pool_2_ratio", "2 threads, to plain"},
                        {"drawing", "part of fast that is drawing"},
                        {"observing", "part of pool that is observation and reward"}};

typedef struct {
    const lp_bench_arguments *arguments;
    cJSON *rows;
    double *values[N_FIGURES]; /* of each row */
    int n, n_refused, n_failed;
    bool several; /* what is refused is passed by */
} table;

static void add_speed(cJSON *row, const char *name, const lp_bench_speed *s) {
    char key[64];
    snprintf(key, sizeof key, "%s_frames_per_s", name);
    cJSON_AddNumberToObject(row, key, s->frames_per_s);
    snprintf(key, sizeof key, "%s_ratio", name);
    cJSON_AddNumberToObject(row, key, s->ratio);
}

static void keep(table *t, const lp_bench_emulator_result *r) {
    const double values[N_FIGURES] = {r->skipping.ratio,  r->fast.ratio,   r->no_draw.ratio,
                                      r->pool.ratio,      r->pool_2.ratio, 1 - r->fast.frames_per_s / r->no_draw.frames_per_s,
                                      1 - r->pool_to_fast};
    for (int i = 0; i < N_FIGURES; i++) {
        double *grown = realloc(t->values[i], ((size_t)t->n + 1) * sizeof *grown);
        if (!grown) return;
        t->values[i] = grown;
        grown[t->n] = values[i];
    }
    t->n++;
}

static void print_head(void) {
    printf("frames/s, and to plain: plain mGBA; mGBA skipping by hand, not exact; Longplay, drawing a decision's last frame; drawing "
           "nothing;\n"
           "the pool of %d environments with %dx%d observations, on one thread; on two. Times: one call, microseconds\n"
           "%-12s %8s %15s %15s %15s %15s %15s %7s %8s %7s %7s %6s %6s %6s\n",
           LP_BENCH_POOL_ENVS, LP_BENCH_POOL_SIDE, LP_BENCH_POOL_SIDE, "rom", "plain", "skipping", "fast", "no draw", "pool", "2 threads",
           "pool/f.", "pool/sk.", "2/1", "state B", "save", "load", "hash");
}

static lp_status measure(table *t, const char *name, lp_err *err) {
    const lp_bench_arguments *a = t->arguments;
    lp_game *game = NULL;
    lp_bench_emulator_result r;
    size_t size = 0;
    lp_status status = lp_game_open(&game, name, err);
    const void *rom = status ? NULL : lp_game_rom(game, &size);
    if (!status) status = lp_bench_emulator(&r, rom, size, lp_game_frame_skip(game), a->seconds, err);
    if (!status) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddItemToArray(t->rows, row);
        cJSON_AddStringToObject(row, "rom", lp_game_name(game));
        cJSON_AddNumberToObject(row, "frame_skip", lp_game_frame_skip(game));
        add_speed(row, "plain", &r.plain);
        add_speed(row, "skipping", &r.skipping);
        add_speed(row, "fast", &r.fast);
        add_speed(row, "no_draw", &r.no_draw);
        add_speed(row, "pool", &r.pool);
        add_speed(row, "pool_2", &r.pool_2);
        cJSON_AddNumberToObject(row, "pool_to_fast", r.pool_to_fast);
        cJSON_AddNumberToObject(row, "pool_to_skipping", r.pool_to_skipping);
        cJSON_AddNumberToObject(row, "threads_2_to_1", r.threads_2_to_1);
        cJSON_AddNumberToObject(row, "state_bytes", (double)r.state_bytes);
        cJSON_AddNumberToObject(row, "state_save_us", r.state_save_us);
        cJSON_AddNumberToObject(row, "state_load_us", r.state_load_us);
        cJSON_AddNumberToObject(row, "hash_us", r.hash_us);
        if (!a->json && !t->n) print_head();
        keep(t, &r);
        if (!a->json)
            printf("%-12.12s %8.0f %8.0f %5.2fx %8.0f %5.2fx %8.0f %5.2fx %8.0f %5.2fx %8.0f %5.2fx %7.3f %8.3f %7.3f %7zu %6.1f %6.1f "
                   "%6.1f\n",
                   lp_game_name(game), r.plain.frames_per_s, r.skipping.frames_per_s, r.skipping.ratio, r.fast.frames_per_s, r.fast.ratio,
                   r.no_draw.frames_per_s, r.no_draw.ratio, r.pool.frames_per_s, r.pool.ratio, r.pool_2.frames_per_s, r.pool_2.ratio,
                   r.pool_to_fast, r.pool_to_skipping, r.threads_2_to_1, r.state_bytes, r.state_save_us, r.state_load_us, r.hash_us);
    }
    lp_game_close(game);
    if (!a->json) fflush(stdout);
    return status;
}

/* Every shipped game beside the busy loop. */
static lp_status games_table(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    enum { MAX_GAMES = 32 };
    char names[MAX_GAMES][64];
    const char *pointers[MAX_GAMES];
    lp_bench_game rows[MAX_GAMES];
    int n = lp_game_shipped(names, MAX_GAMES);
    for (int i = 0; i < n; i++) pointers[i] = names[i];
    lp_status status = lp_bench_games(rows, pointers, n, "busy", a->seconds, err);
    if (status) return status;
    cJSON *list = cJSON_AddArrayToObject(o, "games");
    if (!a->json)
        printf("\nthe games, which wait with HALT, in a pool of %d on one thread with their own observations; to `busy`, which waits in a "
               "loop\n%-12s %10s %10s\n",
               LP_BENCH_GAMES_ENVS, "game", "frames/s", "to busy");
    for (int i = 0; i < n; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "game", names[i]);
        cJSON_AddNumberToObject(row, "frames_per_s", rows[i].frames_per_s);
        cJSON_AddNumberToObject(row, "to_busy", rows[i].to_busy);
        cJSON_AddItemToArray(list, row);
        if (!a->json) printf("%-12s %10.0f %9.2fx\n", names[i], rows[i].frames_per_s, rows[i].to_busy);
    }
    return LP_OK;
}

/* One that is refused or fails is no reason not to measure the others. */
static lp_status add_rom(table *t, const char *name, lp_err *err) {
    lp_status status = measure(t, name, err);
    if (!status || !t->several) return status;
    fprintf(stderr, "%s: %s\n", status == LP_BAD_INPUT ? "refused" : "failed", err->message);
    if (status == LP_BAD_INPUT) t->n_refused++;
    else t->n_failed++;
    return LP_OK;
}

static bool is_rom(const char *name) {
    const char *end = strrchr(name, '.');
    return end && (!strcasecmp(end, ".gb") || !strcasecmp(end, ".gbc") || !strcasecmp(end, ".gba"));
}

static int by_name(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

static bool is_folder_of_roms(const char *path) {
    char file[4096];
    if (!lp_is_folder(path)) return false;
    return !lp_find_game_file(path, "longplay.json", file, sizeof file) && !lp_find_game_file(path, "data.json", file, sizeof file);
}

static lp_status add_folder(table *t, const char *path, lp_err *err) {
    char *const paths[] = {(char *)path, NULL};
    const int before = t->n + t->n_refused + t->n_failed;
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    lp_status status = LP_OK;
    t->several = true;
    for (FTSENT *e; tree && !status && (e = fts_read(tree));)
        if (e->fts_info == FTS_F && is_rom(e->fts_name)) status = add_rom(t, e->fts_path, err);
    if (tree) fts_close(tree);
    if (!status && t->n + t->n_refused + t->n_failed == before)
        status = lp_fail(err, LP_BAD_INPUT, "%s: neither a game nor a folder with .gb, .gbc or .gba files", path);
    return status;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* sorted [n], n > 0 */
static double percentile(const double *sorted, int n, double part) {
    const double at = part * (n - 1);
    const int i = (int)at;
    return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

static void spread(const table *t, cJSON *o) {
    cJSON *list = cJSON_AddArrayToObject(o, "spread");
    cJSON_AddNumberToObject(o, "refused", t->n_refused);
    cJSON_AddNumberToObject(o, "failed", t->n_failed);
    const bool prints = !t->arguments->json;
    if (prints)
        printf("\n%d ROMs, %d refused, %d failed\n%-46s %8s %8s %8s\n", t->n, t->n_refused, t->n_failed, "percentiles", "10th", "50th",
               "90th");
    for (int f = 0; f < N_FIGURES && t->n; f++) {
        static const double parts[3] = {0.1, 0.5, 0.9};
        static const char *const names[3] = {"p10", "p50", "p90"};
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "figure", figures[f].name);
        qsort(t->values[f], (size_t)t->n, sizeof *t->values[f], by_value);
        if (prints) printf("%-46s", figures[f].text);
        for (int i = 0; i < 3; i++) {
            const double value = percentile(t->values[f], t->n, parts[i]);
            cJSON_AddNumberToObject(row, names[i], value);
            if (prints) printf(" %8.2f", value);
        }
        if (prints) printf("\n");
        cJSON_AddItemToArray(list, row);
    }
}

lp_status lp_bench_roms(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    table t = {.arguments = a, .rows = cJSON_AddArrayToObject(o, "emulator"), .several = a->n_positional > 2};
    static const char *const shipped[] = {"cue", "busy", "orbit"};
    lp_status status = LP_OK;
    for (int i = 0; i < 3 && a->n_positional == 1 && !status; i++) status = measure(&t, shipped[i], err);
    for (int i = 1; i < a->n_positional && !status; i++)
        status = is_folder_of_roms(a->positional[i]) ? add_folder(&t, a->positional[i], err) : add_rom(&t, a->positional[i], err);
    if (!status && t.several) spread(&t, o);
    if (!status && t.n_failed) status = lp_fail(err, LP_FAILED, "%d of %d ROMs failed", t.n_failed, t.n + t.n_refused + t.n_failed);
    if (!status && !t.n) status = lp_fail(err, LP_BAD_INPUT, "all %d ROMs were refused", t.n_refused);
    for (int f = 0; f < N_FIGURES; f++) free(t.values[f]);
    if (!status && a->n_positional == 1) status = games_table(a, o, err);
    return status;
}
