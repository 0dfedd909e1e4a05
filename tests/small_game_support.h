/* What the tests of the small games share: a game, two environments of it, many episodes at once, and the questions that each
 * is asked: does who reads RAM win, does who presses anything win as often as the floor says, does anything tell the answer, is
 * the ROM what its source builds. Knobs are given as "n=3,horizon=1"; "" for the defaults.
 */
#ifndef LP_TESTS_SMALL_GAME_SUPPORT_H
#define LP_TESTS_SMALL_GAME_SUPPORT_H

#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "env/game.h"
#include "env/vec.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { GS_WIDTH = 160, GS_HEIGHT = 144, GS_SPLIT = 72, GS_ENVS = 16, GS_OBS_WIDTH = 80, GS_OBS_HEIGHT = 72 };

static lp_game *gs_game;
static lp_env *gs_env, *gs_other;
static char gs_folder[PATH_MAX], gs_name[64];
static uint32_t gs_block_end = 0xC100; /* of the game's block in RAM, in which alone the answer may be */

/* LONGPLAY_THOROUGH=1 asks for the whole number of episodes. */
static inline int gs_number(int few, int all) {
    const char *thorough = getenv("LONGPLAY_THOROUGH");
    return thorough && *thorough == '1' ? all : few;
}

static inline int gs_open(const char *name) {
    lp_err err;
    snprintf(gs_name, sizeof gs_name, "%s", name);
    snprintf(gs_folder, sizeof gs_folder, "%s/games/%s", LP_SOURCE_DIR, name);
    if (lp_game_open(&gs_game, gs_folder, &err) || lp_env_open(&gs_env, gs_game, NULL, &err) ||
        lp_env_open(&gs_other, gs_game, NULL, &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static inline int gs_close(void **state) {
    (void)state;
    lp_env_close(gs_env), lp_env_close(gs_other);
    lp_game_close(gs_game);
    return 0;
}

static inline void gs_knobs(int64_t *knobs, const char *text) {
    char copy[200], *rest = NULL;
    lp_err err;
    lp_game_default_knobs(gs_game, knobs);
    snprintf(copy, sizeof copy, "%s", text);
    for (char *one = strtok_r(copy, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
        if (lp_game_set_knob(gs_game, knobs, one, &err)) fail_msg("%s", err.message);
}

static inline void gs_reset(lp_env *e, uint64_t seed, const char *knobs) {
    int64_t values[LP_MAX_KNOBS];
    lp_err err;
    gs_knobs(values, knobs);
    assert_int_equal(lp_env_reset(e, seed, values, 0, &err), LP_OK);
}

static inline int64_t gs_value(lp_env *e, const char *name) {
    int64_t v;
    if (!lp_env_variable(e, name, &v)) fail_msg("no variable '%s'", name);
    return v;
}

static inline int64_t gs_value_of(lp_env *e, const char *name, int index) {
    char whole[64];
    snprintf(whole, sizeof whole, "%s%d", name, index);
    return gs_value(e, whole);
}

static inline int gs_oracle(lp_env *e) {
    lp_err err;
    int action;
    assert_int_equal(lp_env_oracle(e, &action, &err), LP_OK);
    return action;
}

static inline const uint32_t *gs_frame(lp_env *e) {
    int width, height;
    const uint32_t *pixels = lp_emu_frame(lp_env_emu(e), &width, &height);
    assert_true(width == GS_WIDTH && height == GS_HEIGHT);
    return pixels;
}

static inline uint64_t gs_frame_hash(lp_env *e, int first_row, int n_rows) {
    return lp_hash64(gs_frame(e) + first_row * GS_WIDTH, sizeof(uint32_t) * GS_WIDTH * (size_t)n_rows);
}

/* The games' hash and what they make of the seed, written again. */
static inline uint32_t gs_mix(uint32_t h) {
    h ^= h >> 16;
    h *= 0x85ebca6b;
    h ^= h >> 13;
    h *= 0xc2b2ae35;
    return h ^ h >> 16;
}

static inline uint32_t gs_scenery_of(uint32_t seed) { return gs_mix(seed ^ 0x9e3779b9) >> 16; }

/* ---- many episodes ---- */
typedef int gs_player(lp_env *e, lp_rng *rng); /* an action */

static inline int gs_random(lp_env *e, lp_rng *rng) {
    (void)e;
    return (int)lp_rng_below(rng, (uint32_t)lp_game_n_actions(gs_game));
}

static inline int gs_plays_oracle(lp_env *e, lp_rng *rng) {
    (void)rng;
    return gs_oracle(e);
}

/* n episodes (a multiple of 16), as many in each environment, however long each takes; returns how many were won. A timeout fails. */
static inline int gs_play(const char *knobs, gs_player *player, int n, bool evaluation, uint64_t seed) {
    int64_t values[LP_MAX_KNOBS];
    int32_t actions[GS_ENVS];
    uint8_t ends[GS_ENVS];
    int done[GS_ENVS] = {0}, wins = 0, left = GS_ENVS;
    lp_rng rng = lp_rng_make(seed, evaluation);
    lp_vec *vec;
    lp_err err;
    assert_int_equal(n % GS_ENVS, 0);
    gs_knobs(values, knobs);
    lp_vec_config config = {.n_envs = GS_ENVS,
                            .n_threads = 2,
                            .observation = LP_OBS_NONE,
                            .evaluation = evaluation,
                            .seed = seed,
                            .knobs = values,
                            .autoreset = LP_AUTORESET_SAME_STEP};
    if (lp_vec_open(&vec, gs_game, &config, &err)) fail_msg("%s", err.message);
    lp_vec_out out = {.ends = ends};
    lp_vec_reset(vec, &out, NULL);
    while (left) {
        for (int e = 0; e < GS_ENVS; e++) actions[e] = player(lp_vec_env(vec, e), &rng);
        lp_vec_step(vec, actions, &out, NULL);
        for (int e = 0; e < GS_ENVS; e++) {
            if (ends[e] == LP_RUNNING || done[e] == n / GS_ENVS) continue;
            assert_true(ends[e] != LP_TIMEOUT);
            wins += ends[e] == LP_WIN;
            left -= ++done[e] == n / GS_ENVS;
        }
    }
    lp_vec_close(vec);
    return wins;
}

/* Who reads RAM wins every episode of either set of seeds. */
static inline void gs_oracle_wins(const char *knobs, int n) {
    for (int evaluation = 0; evaluation < 2; evaluation++) {
        int wins = gs_play(knobs, gs_plays_oracle, n, evaluation, 5);
        if (wins != n) fail_msg("%s: the oracle wins %d of %d", knobs, wins, n);
    }
}

/* The probability of wins or fewer, and of wins or more, of n at p each. */
static inline void gs_binomial(int wins, int n, double p, double *fewer, double *more) {
    *fewer = *more = 0;
    for (int k = 0; k <= n; k++) {
        double term = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p));
        if (k <= wins) *fewer += term;
        if (k >= wins) *more += term;
    }
}

/* Within the exact 99 % interval of p. */
static inline void gs_expect_rate(const char *what, int wins, int n, double p) {
    double fewer, more;
    gs_binomial(wins, n, p, &fewer, &more);
    print_message("%s %s: %d of %d won, %.4f; expected %.4f\n", gs_name, what, wins, n, (double)wins / n, p);
    if (!(fewer > 0.005 && more > 0.005)) fail_msg("outside of the 99 %% interval");
}

/* ---- honesty ---- */

/* Every pixel, and every byte that is not in the block, is the same in both; below the stack's leftovers of the set-up. */
static inline void gs_assert_same(void) {
    const struct {
        uint32_t from, to;
    } regions[] = {{0x8000, 0xA000}, {0xC000, 0xC0A0}, {gs_block_end, 0xDF00}, {0xFE00, 0xFEA0}, {0xFF00, 0x10000}};
    assert_memory_equal(gs_frame(gs_env), gs_frame(gs_other), GS_WIDTH * GS_HEIGHT * sizeof(uint32_t));
    for (size_t r = 0; r < sizeof regions / sizeof *regions; r++)
        for (uint32_t at = regions[r].from; at < regions[r].to; at++)
            if (lp_emu_read8(lp_env_emu(gs_env), at) != lp_emu_read8(lp_env_emu(gs_other), at)) fail_msg("%04x tells the answer", at);
}

/* The next two seeds after *i with the same scenery, for which differ(a, b) holds. */
static inline void gs_pair(uint32_t *i, bool (*differ)(uint32_t a, uint32_t b), uint32_t *a, uint32_t *b) {
    static uint32_t first[65536]; /* a seed with this scenery, or 0 */
    for (;;) {
        uint32_t seed = (uint32_t)lp_game_train_seed(1, ++*i), scenery = gs_scenery_of(seed), other = first[scenery];
        first[scenery] = seed;
        if (!other || other == seed || !differ(seed, other)) continue;
        *a = seed, *b = other;
        return;
    }
}

/* A linear probe: can a weighted sum of what a frame holds name the answer? */
typedef struct {
    int n, max, n_classes;
    float *x; /* [max][GS_FEATURES] */
    int *y;
} gs_probe;
enum { GS_FEATURES = GS_OBS_WIDTH * GS_OBS_HEIGHT + 160 + 0x800 };

static inline void gs_probe_open(gs_probe *p, int max, int n_classes) {
    *p = (gs_probe){.max = max, .n_classes = n_classes};
    p->x = malloc(sizeof *p->x * (size_t)max * GS_FEATURES);
    p->y = malloc(sizeof *p->y * (size_t)max);
    assert_true(p->x && p->y);
}

/* Pixels as a policy sees them, sprites, and the background maps. */
static inline void gs_probe_add(gs_probe *p, lp_env *e, int answer) {
    uint8_t seen[GS_OBS_WIDTH * GS_OBS_HEIGHT];
    float *x = p->x + (size_t)p->n * GS_FEATURES;
    assert_true(p->n < p->max && answer < p->n_classes);
    lp_env_observe(e, seen);
    for (int i = 0; i < GS_OBS_WIDTH * GS_OBS_HEIGHT; i++) *x++ = seen[i] / 255.0f;
    for (uint32_t i = 0; i < 160; i++) *x++ = lp_emu_read8(lp_env_emu(e), 0xFE00 + i) / 255.0f;
    for (uint32_t i = 0; i < 0x800; i++) *x++ = lp_emu_read8(lp_env_emu(e), 0x9800 + i) / 255.0f;
    p->y[p->n++] = answer;
}

/* Multinomial logistic regression on the first two thirds; returns how many of the last third it names, and frees. */
static inline int gs_probe_close(gs_probe *p, int *n_tried) {
    int n_train = p->n * 2 / 3, n_used = 0, right = 0;
    int *used = malloc(sizeof *used * GS_FEATURES);
    float *w = calloc((size_t)p->n_classes * (GS_FEATURES + 1), sizeof *w), mean[GS_FEATURES];
    assert_true(used && w);
    for (int f = 0; f < GS_FEATURES; f++) { /* those that vary, without their mean */
        float low = p->x[f], high = low, sum = 0;
        for (int i = 0; i < p->n; i++) {
            float v = p->x[(size_t)i * GS_FEATURES + f];
            low = fminf(low, v), high = fmaxf(high, v), sum += v;
        }
        mean[f] = sum / (float)p->n;
        if (high > low) used[n_used++] = f;
    }
    for (int step = 0; step < 12 * n_train + p->n - n_train; step++) {
        bool trains = step < 12 * n_train;
        int i = trains ? step % n_train : n_train + step - 12 * n_train, best = 0;
        const float *x = p->x + (size_t)i * GS_FEATURES;
        float out[8], sum = 0, norm = 1;
        for (int c = 0; c < p->n_classes; c++) {
            const float *wc = w + (size_t)c * (GS_FEATURES + 1);
            out[c] = wc[GS_FEATURES];
            for (int k = 0; k < n_used; k++) out[c] += wc[k] * (x[used[k]] - mean[used[k]]);
            if (out[c] > out[best]) best = c;
        }
        if (!trains) {
            right += best == p->y[i];
            continue;
        }
        for (int k = 0; k < n_used; k++) norm += (x[used[k]] - mean[used[k]]) * (x[used[k]] - mean[used[k]]);
        float top = out[best];
        for (int c = 0; c < p->n_classes; c++) sum += out[c] = expf(out[c] - top);
        for (int c = 0; c < p->n_classes; c++) {
            float *wc = w + (size_t)c * (GS_FEATURES + 1), rate = 0.5f / norm * ((c == p->y[i]) - out[c] / sum);
            for (int k = 0; k < n_used; k++) wc[k] += rate * (x[used[k]] - mean[used[k]]);
            wc[GS_FEATURES] += rate;
        }
    }
    *n_tried = p->n - n_train;
    free(used), free(w), free(p->x), free(p->y);
    return right;
}

/* Not above chance at 99 %, or, where the answer is in sight, far above. */
static inline void gs_expect_probe(const char *what, gs_probe *p, bool in_sight) {
    double fewer, more, chance = 1.0 / p->n_classes;
    int n, right = gs_probe_close(p, &n);
    gs_binomial(right, n, chance, &fewer, &more);
    print_message("%s %s: a linear probe names %d of %d, %.3f; chance %.3f\n", gs_name, what, right, n, (double)right / n, chance);
    if (in_sight ? more > 1e-6 : more < 0.01) fail_msg("%s", in_sight ? "the probe does not work" : "the answer can be seen");
}

/* ---- the first decision, and the ROM ---- */

/* Its frame is the same whatever seed and knobs: none before the boot's end, one in the first frame after it. */
static inline void gs_same_start(const char *const *knobs, int n_knobs, int n_seeds) {
    for (int k = 0; k < n_knobs; k++)
        for (int i = 0; i < n_seeds; i++) {
            gs_reset(gs_env, i % 2 ? lp_game_train_seed(4, (uint64_t)i) : lp_game_eval_seed(4, (uint64_t)i), knobs[k]);
            assert_int_equal(lp_emu_read8(lp_env_emu(gs_env), 0xC0B4), 0);
            lp_emu_step(lp_env_emu(gs_env), 0, 1);
            assert_int_equal(lp_emu_read8(lp_env_emu(gs_env), 0xC0B4), 1);
            lp_emu_step(lp_env_emu(gs_env), 0, 3);
            assert_int_equal(lp_emu_read8(lp_env_emu(gs_env), 0xC0B4), 1);
            lp_emu_step(lp_env_emu(gs_env), 0, 1);
            assert_int_equal(lp_emu_read8(lp_env_emu(gs_env), 0xC0B4), 2);
        }
}

static inline void gs_header(const char *title) {
    size_t size;
    const uint8_t *rom = lp_game_rom(gs_game, &size);
    assert_int_equal(size, 32768);
    uint8_t header = 0;
    for (int i = 0x134; i <= 0x14C; i++) header = (uint8_t)(header - rom[i] - 1);
    assert_int_equal(header, rom[0x14D]);
    uint16_t sum = 0;
    for (size_t i = 0; i < size; i++) sum = (uint16_t)(sum + (i == 0x14E || i == 0x14F ? 0 : rom[i]));
    assert_int_equal(sum, rom[0x14E] << 8 | rom[0x14F]);
    assert_string_equal(lp_emu_title(lp_env_emu(gs_env)), title);
    assert_int_equal(lp_emu_system(lp_env_emu(gs_env)), LP_SYSTEM_GB);
}

static inline void gs_rebuilt(void) {
    if (system("sdcc --version 2>/dev/null | grep -q 'sm83.* 4\\.2\\.0 '")) {
        print_message("SDCC 4.2.0 is not here: the ROM was not rebuilt\n");
        skip();
    }
    char folder[PATH_MAX - 80], path[PATH_MAX], command[4 * PATH_MAX];
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s.gb", folder, gs_name);
    snprintf(command, sizeof command, "make -s -C '%s' OUT='%s' '%s'", gs_folder, folder, path);
    assert_int_equal(system(command), 0);
    lp_blob built;
    lp_err err;
    assert_int_equal(lp_file_read(&built, path, 1 << 20, &err), LP_OK);
    size_t size;
    const void *rom = lp_game_rom(gs_game, &size);
    assert_int_equal(built.size_bytes, size);
    assert_memory_equal(built.data, rom, size);
    lp_blob_free(&built);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

#endif
