/* A saved seat with bytes changed, sealed: its own fields, the environment's (not the machine's), the policy's state, the memory.
 * Refused, or played on by a policy. */
#include "harness/seat.h"
#include "tests/fuzz/fuzz.h"

#include <sanitizer/lsan_interface.h>

enum { HEAD = 32 };
static const lp_mem_config config = {&lp_mem_tree, 2, {2, 2, 2, 3}};
static lp_seat seat;
static lp_actor *actor;
static uint8_t *valid, *bad;
static size_t bytes, memory_bytes;

static void play(int n) {
    lp_observation o;
    lp_decision d;
    lp_err err;
    for (int i = 0; i < n; i++) {
        lp_seat_look(&seat, &o);
        if (lp_actor_run(actor, 1, &o, &d, &err)) abort();
        lp_seat_take(&seat, &d, d.action);
    }
}

static void start(void) {
    lp_game *game;
    lp_policy *policy;
    lp_policy_config shape = {.dim = config.dim, .hidden = 4, .core = LP_CORE_GRU};
    lp_err err;
    __lsan_disable(); /* libmgba's memory that stays open is mapped, where the sanitizer does not look */
    fuzz_must(lp_game_open(&game, LP_SOURCE_DIR "/games/cue", &err), &err);
    lp_game_observation(game, &shape.width, &shape.height);
    shape.n_actions = lp_game_n_actions(game);
    fuzz_must(lp_policy_open(&policy, &shape, 1, &err), &err);
    fuzz_must(lp_actor_open(&actor, policy, 1, lp_mem_max_context(&config), &err), &err);
    fuzz_must(lp_seat_open(&seat, game, &config, policy, NULL, &err), &err);
    fuzz_must(lp_seat_begin(&seat, 2, NULL, 0, &err), &err);
    __lsan_enable();
    play(21);
    bytes = lp_seat_save_size(&seat), memory_bytes = lp_mem_save_size(seat.mem);
    valid = malloc(bytes), bad = malloc(bytes);
    lp_seat_save(&seat, valid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_err err;
    if (!valid) start();
    size_t env = lp_env_save_size(seat.env), machine = lp_emu_state_size(lp_env_emu(seat.env));
    memcpy(bad, valid, bytes);
    fuzz_patch(&(fuzz_target){bad, bytes, HEAD + env - machine, machine}, data, size);
    fuzz_seal(bad + HEAD, env);
    fuzz_seal(bad + bytes - memory_bytes, memory_bytes);
    if (!lp_seat_load(&seat, bad, bytes, &err)) play(3);
    if (lp_seat_load(&seat, valid, bytes, &err)) abort();
    return 0;
}
