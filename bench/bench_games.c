/* Slices of all games follow each other, so that what else the machine does hits all alike. */
#include "bench/bench_games.h"

#include "base/log.h"
#include "base/rng.h"
#include "env/vec.h"

#include <stdlib.h>
#include <string.h>

enum { N_ENVS = LP_BENCH_GAMES_ENVS, MAX_SLICES = 1024, WARM_UP_DECISIONS = 16 };
static const double SLICE_S = 0.005;

typedef struct {
    lp_game *game;
    lp_vec *pool;
    lp_rng rng;
    uint8_t *observations;
    int decisions;           /* a slice's */
    double *speeds, *ratios; /* [MAX_SLICES] */
} player;

static double play(player *p, int decisions) {
    float rewards[N_ENVS];
    uint8_t ends[N_ENVS];
    int32_t actions[N_ENVS];
    lp_vec_out out = {.observations = p->observations, .rewards = rewards, .ends = ends};
    double start = lp_now_s();
    for (int d = 0; d < decisions; d++) {
        for (int e = 0; e < N_ENVS; e++) actions[e] = (int32_t)lp_rng_below(&p->rng, (uint32_t)lp_game_n_actions(p->game));
        lp_vec_step(p->pool, actions, &out, NULL);
    }
    double elapsed = lp_now_s() - start;
    return elapsed > 0 ? elapsed : 1e-9;
}

static lp_status open_player(player *p, const char *name, lp_err *err) {
    lp_status status = lp_game_open(&p->game, name, err);
    lp_vec_config config = {.n_envs = N_ENVS, .n_threads = 1};
    if (!status) status = lp_vec_open(&p->pool, p->game, &config, err);
    if (status) return status;
    p->rng = lp_rng_make(1, 1);
    p->observations = malloc(N_ENVS * lp_vec_observation_bytes(p->pool));
    p->speeds = calloc(MAX_SLICES, sizeof *p->speeds);
    p->ratios = calloc(MAX_SLICES, sizeof *p->ratios);
    if (!p->observations || !p->speeds || !p->ratios) return lp_fail(err, LP_FAILED, "out of memory");
    status = lp_vec_reset(p->pool, &(lp_vec_out){.observations = p->observations}, err);
    if (status) return status;
    double wanted = SLICE_S / (play(p, WARM_UP_DECISIONS) / WARM_UP_DECISIONS);
    p->decisions = wanted < 1 ? 1 : wanted > 10000 ? 10000 : (int)wanted;
    return LP_OK;
}

static void close_player(player *p) {
    lp_vec_close(p->pool);
    lp_game_close(p->game);
    free(p->observations);
    free(p->speeds);
    free(p->ratios);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

lp_status lp_bench_games(lp_bench_game *out, const char *const *names, int n, const char *busy, double seconds, lp_err *err) {
    memset(out, 0, (size_t)n * sizeof *out);
    player *players = calloc((size_t)n + 1, sizeof *players); /* the last is the busy one */
    if (!players) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = LP_OK;
    for (int i = 0; i <= n && !status; i++) status = open_player(&players[i], i < n ? names[i] : busy, err);
    int slices = 0;
    for (double end = lp_now_s() + seconds; !status && slices < MAX_SLICES && (!slices || lp_now_s() < end); slices++) {
        for (int k = 0; k <= n; k++) {
            player *p = &players[(k + slices) % (n + 1)]; /* the order turns */
            p->speeds[slices] = (double)N_ENVS * p->decisions * lp_game_frame_skip(p->game) / play(p, p->decisions);
        }
        for (int i = 0; i < n; i++) players[i].ratios[slices] = players[i].speeds[slices] / players[n].speeds[slices];
    }
    for (int i = 0; i < n && !status; i++) out[i] = (lp_bench_game){median(players[i].speeds, slices), median(players[i].ratios, slices)};
    for (int i = 0; i <= n; i++) close_player(&players[i]);
    free(players);
    return status;
}
