/* What a tree's summaries still hold of what a game asks for, when it asks: by the rules that learn nothing, and with a salience that is above
 * the rest for whatever may be asked. Episodes are played as in test_games_windows; what they show goes into the tree as made-up items. The
 * table in games/suites/README.md is the input: its counts are found again.
 *
 *     test_games_rules print      # the table as it should stand: takes minutes */
#include "tests/sights_support.h"

#include "memory/memory.h"
#include "memory/selection.h"

enum { EPISODES = 200, N_SCENE = 16, DIM = N_LOOKS + N_SCENE, MAX_LINE = 300 };

/* The table's columns. An item is a unit vector for what is in sight, orthogonal to those of other things, plus a random vector for the scene,
 * `scene` long: two scenes are so many times as far from each other as two things are. In pixels they are 1.5 times as far (test_pixels). */
static const struct {
    lp_keep keep;
    float scene;
} columns[] = {
    {LP_KEEP_OLDEST, 0.5f},   {LP_KEEP_NEWEST, 0.5f},  {LP_KEEP_RANDOM, 0.5f},  {LP_KEEP_DISTINCT, 0.5f},
    {LP_KEEP_DISTINCT, 1.5f}, {LP_KEEP_LEARNED, 0.5f}, {LP_KEEP_LEARNED, 1.5f},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };
static const float salient = 12; /* twice what a copy loses */

typedef struct {
    char game[32], knobs[120];
    int chunk, slots, fan, window, held[N_COLUMNS];
} row;

static episode seen;
static float scene[MAX_STEPS][N_SCENE];

static bool read_row(const char *line, row *r) {
    int *h = r->held;
    *r = (row){0};
    return sscanf(line, "| `%31[a-z] %119[^`]` | %d, %d, %d, %d | %d | %d | %d | %d | %d | %d | %d |", r->game, r->knobs, &r->chunk,
                  &r->slots, &r->fan, &r->window, h, h + 1, h + 2, h + 3, h + 4, h + 5, h + 6) == 13;
}

static void draw_scene(uint64_t which) {
    lp_rng rng = lp_rng_make(1, which);
    for (int t = 0; t < seen.n_steps; t++)
        for (int d = 0; d < N_SCENE; d++) scene[t][d] = lp_rng_normal(&rng) / sqrtf(N_SCENE);
}

/* Is all that the episode asks for in the context whenever it does? */
static bool holds_all(lp_mem *m, const lp_mem_context_view *context, float scene_length) {
    float vector[DIM] = {0};
    lp_mem_reset(m, 0);
    for (int t = 0, asked = 0; t < seen.n_steps; t++) {
        for (; asked < seen.n_needs && seen.needs[asked].step == t; asked++) {
            bool is_held = false;
            for (int i = lp_mem_context(m, NULL, context); i-- && !is_held;)
                is_held = seen.fact[context->step[i]] == seen.needs[asked].fact;
            if (!is_held) return false;
        }
        if (seen.look[t] >= 0) vector[seen.look[t]] = 1;
        for (int d = 0; d < N_SCENE; d++) vector[N_LOOKS + d] = scene_length * scene[t][d];
        lp_mem_append(m, vector, seen.fact[t] >= 0 ? salient : 0);
        if (seen.look[t] >= 0) vector[seen.look[t]] = 0;
    }
    return true;
}

/* In how many of the first n episodes each column of each row holds all. The rows are of one game and its knobs. */
static void play_rows(row *rows, int n_rows, int n) {
    char knobs[sizeof rows->knobs];
    const size_t n_mems = (size_t)n_rows * N_COLUMNS;
    lp_mem **mems = calloc(n_mems, sizeof *mems);
    lp_mem_context_view *contexts = calloc(n_mems, sizeof *contexts);
    for (size_t i = 0; i < n_mems; i++) {
        const row *r = &rows[i / N_COLUMNS];
        const lp_mem_config c = {&lp_mem_tree, DIM, {r->chunk, r->slots, r->fan, r->window, 0, (int)columns[i % N_COLUMNS].keep}};
        const size_t most = (size_t)lp_mem_max_context(&c);
        lp_err err;
        if (lp_mem_open(&mems[i], &c, &err)) fail_msg("%s", err.message);
        contexts[i] = (lp_mem_context_view){calloc(most * DIM, sizeof(float)), calloc(most, sizeof(float)), calloc(most, sizeof(int32_t)),
                                            calloc(most, sizeof(int64_t))};
        rows[i / N_COLUMNS].held[i % N_COLUMNS] = 0;
    }
    strcpy(knobs, rows->knobs);
    for (char *at = knobs; (at = strchr(at, ' '));) *at = ',';
    assert_int_equal(gs_open(rows->game), 0);
    for (int e = 0; e < n; e++) {
        gs_reset(gs_env, lp_game_eval_seed(1, (uint64_t)e), knobs);
        assert_int_equal(sight_play(sighted_game_of(rows->game), gs_env, &seen), LP_WIN);
        draw_scene((uint64_t)e);
        for (size_t i = 0; i < n_mems; i++)
            rows[i / N_COLUMNS].held[i % N_COLUMNS] += holds_all(mems[i], &contexts[i], columns[i % N_COLUMNS].scene);
    }
    gs_close(NULL);
    for (size_t i = 0; i < n_mems; i++) {
        lp_mem_context_view *c = &contexts[i];
        lp_mem_close(mems[i]), free(c->vector), free(c->salience), free(c->level), free(c->step);
    }
    free(mems), free(contexts);
}

enum { MAX_ROWS = 64 };
static row rows[MAX_ROWS];

static int read_page(void) {
    lp_blob page;
    lp_err err;
    char *rest;
    int n = 0;
    if (lp_file_read(&page, LP_SOURCE_DIR "/games/suites/README.md", 1 << 20, &err)) fail_msg("%s", err.message);
    for (char *at = strtok_r((char *)page.data, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest)) {
        assert_true(n < MAX_ROWS);
        n += read_row(at, &rows[n]);
    }
    lp_blob_free(&page);
    return n;
}

/* How many rows from here on are of one game and its knobs. */
static int group_at(const row *r, int n) {
    int k = 1;
    while (k < n && !strcmp(r[k].game, r->game) && !strcmp(r[k].knobs, r->knobs)) k++;
    return k;
}

static int print_table(void) {
    const int n = read_page();
    for (int i = 0, k; i < n; i += k) {
        k = group_at(&rows[i], n - i);
        play_rows(&rows[i], k, EPISODES);
        for (const row *r = &rows[i]; r < &rows[i + k]; r++) {
            printf("| `%s %s` | %d, %d, %d, %d |", r->game, r->knobs, r->chunk, r->slots, r->fan, r->window);
            for (int c = 0; c < N_COLUMNS; c++) printf(" %d |", r->held[c]);
            puts("");
        }
        fflush(stdout);
    }
    return 0;
}

/* The first of the table's episodes: those that hold all, and those that do not, are among the table's. */
static void test_table(void **state) {
    (void)state;
    const int n = read_page(), n_played = gs_number(16, EPISODES);
    assert_true(n >= 20);
    for (int i = 0, k; i < n; i += k) {
        row played[MAX_ROWS];
        k = group_at(&rows[i], n - i);
        memcpy(played, &rows[i], (size_t)k * sizeof *rows);
        play_rows(played, k, n_played);
        for (int j = 0; j < k * N_COLUMNS; j++) {
            const row *r = &rows[i + j / N_COLUMNS];
            const int said = r->held[j % N_COLUMNS], held = played[j / N_COLUMNS].held[j % N_COLUMNS];
            double fewer, more;
            gs_binomial(held, n_played, fmin(fmax((double)said / EPISODES, 1e-9), 1 - 1e-9), &fewer, &more);
            if (held > said || n_played - held > EPISODES - said || fmin(fewer, more) < 1e-4)
                fail_msg("%s %s, slots %d, column %d: %d of %d, the table says %d of %d", r->game, r->knobs, r->slots, j % N_COLUMNS, held,
                         n_played, said, EPISODES);
        }
    }
}

/* How far two scenes are from each other, the board left out, over how far two things on it are. */
static void test_pixels(void **state) {
    (void)state;
    enum { PIXELS = GS_OBS_WIDTH * GS_OBS_HEIGHT, BOARD = PIXELS / 2 };
    static const char *const games[][2] = {{"cue", "doors=4,when=1,decoys=100,horizon=512"},
                                           {"facts", "F=16,base=4,horizon=16"},
                                           {"lures", "pairs=16,lures=4,rewrites=2,doors=4,horizon=256"}};
    static uint8_t frame[MAX_STEPS][PIXELS];
    for (size_t g = 0; g < sizeof games / sizeof *games; g++) {
        double sum[2] = {0}, n[2] = {0}; /* of scenes, of things */
        lp_outcome outcome = LP_RUNNING;
        assert_int_equal(gs_open(games[g][0]), 0);
        gs_reset(gs_env, lp_game_eval_seed(1, 0), games[g][1]);
        sight_begin(&seen);
        while (!outcome) {
            lp_env_observe(gs_env, frame[seen.n_steps]);
            outcome = sight_step(sighted_game_of(games[g][0]), gs_env, &seen);
        }
        for (int a = 0; a < seen.needs[0].step; a++)
            for (int b = a % 3; b < a; b += 3) {
                const bool things = seen.look[a] >= 0;
                if (things != (seen.look[b] >= 0) || (things && seen.look[a] == seen.look[b])) continue;
                for (int i = things ? 0 : BOARD; i < (things ? BOARD : PIXELS); i++)
                    sum[things] += (frame[a][i] - frame[b][i]) * (frame[a][i] - frame[b][i]);
                n[things]++;
            }
        const double ratio = sqrt(sum[0] / n[0] / (sum[1] / n[1]));
        print_message("%s: %.2f\n", games[g][0], ratio);
        assert_true(ratio > 1.2 && ratio < 1.8);
        gs_close(NULL);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_pixels)};
    if (argc == 2 && !strcmp(argv[1], "print")) return print_table();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
