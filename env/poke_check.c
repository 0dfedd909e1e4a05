/* Pokes are tried out: what is written is read back at once; and of two machines in which different values were written, one is still told
 * from the other some frames into the game. Where it is not, nothing the game does from there on can depend on the value. */
#include "env/poke_check.h"

#include "env/game_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 60 };
static const uint64_t SEEDS[2] = {0x5aa5c33c, 0xa55a3cc3}; /* no byte of one is the other's */

typedef struct {
    lp_game *game; /* without idle frames, which would differ from seed to seed */
    lp_env *env;
    const lp_variable *variable; /* the poke that is tried out */
    bool differs;                /* a byte of it was read back that is not the one written: the first such */
    uint32_t address;
    uint8_t written, read;
} trial;

static void on_poke(void *context, uint32_t address, uint8_t value) {
    trial *t = context;
    const lp_variable *v = t->variable;
    uint8_t read = lp_emu_read8(lp_env_emu(t->env), address);
    bool is_its = address >= v->address && address - v->address < (uint32_t)v->width_bytes;
    if (!is_its || read == value || t->differs) return;
    t->differs = true;
    t->address = address, t->written = value, t->read = read;
}

/* The hash after the boot, and after each frame that follows. */
static lp_status run(trial *t, uint64_t seed, const int64_t *knobs, uint64_t hashes[FRAMES + 1], lp_err *err) {
    lp_status status = lp_env_reset(t->env, seed, knobs, 0, err);
    lp_emu *emu = lp_env_emu(t->env);
    for (int f = 0; f <= FRAMES && !status; f++) {
        if (f) lp_emu_step(emu, 0, 1);
        hashes[f] = lp_emu_hash(emu);
    }
    return status;
}

/* knob: which, or -1: the seed. */
static lp_status try_poke(trial *t, int knob, const lp_place *where, lp_findings *r, lp_err *err) {
    uint64_t hashes[2][FRAMES + 1];
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(t->game, knobs);
    t->variable = knob < 0 ? &t->game->seed : &t->game->knob_variables[knob];
    t->differs = false;
    for (int i = 0; i < 2; i++) {
        if (knob >= 0) knobs[knob] = i ? t->game->knobs[knob].max : t->game->knobs[knob].min;
        lp_status status = run(t, SEEDS[knob < 0 ? i : 0], knobs, hashes[i], err);
        if (status) return status;
    }
    if (t->differs) {
        lp_report_error(r, where, "0x%02X was written to 0x%04X, and 0x%02X is read back: the poke does not arrive", t->written, t->address,
                        t->read);
        return LP_OK;
    }
    if (knob >= 0 && t->game->knobs[knob].min == t->game->knobs[knob].max) return LP_OK;
    for (int f = 0; f <= FRAMES; f++) {
        if (hashes[0][f] != hashes[1][f]) continue;
        lp_report_error(r, where,
                        "the game overwrites it unseen: %d frames after boot the machine is the same whatever was poked; poke later", f);
        break;
    }
    return LP_OK;
}

lp_status lp_check_pokes(const lp_game *game, lp_findings *r, lp_err *err) {
    if (!game->has_seed && !game->n_knobs) return LP_OK;
    trial t = {.game = malloc(sizeof *game)};
    if (!t.game) return lp_fail(err, LP_FAILED, "%s: out of memory", game->name);
    memcpy(t.game, game, sizeof *game);
    t.game->noop = (lp_noop){0, 0};
    /* t.game is freed below: NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    lp_status status = lp_env_open(&t.env, t.game, &(lp_emu_config){.no_draw = true}, err);
    if (!status) lp_env_set_tap(t.env, &(lp_env_tap){.context = &t, .poke = on_poke});
    char path[sizeof game->dir + sizeof "/longplay.json"];
    snprintf(path, sizeof path, "%s/longplay.json", game->dir);
    const lp_place file = lp_place_file(path), at_seed = lp_place_field(&file, "seed"), in_knobs = lp_place_field(&file, "knobs");
    if (!status && game->has_seed) status = try_poke(&t, -1, &at_seed, r, err);
    for (int k = 0; k < game->n_knobs && !status; k++) {
        const lp_place at = lp_place_field(&in_knobs, game->knobs[k].name);
        status = try_poke(&t, k, &at, r, err);
    }
    lp_env_close(t.env);
    free(t.game);
    return status;
}
