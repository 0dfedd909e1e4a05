/* Saved environments, as checkpoints hold them. By the first byte: as they are, damaged, or forged, whose hash is right and whose
 * machine is good (fuzz_state.c forges that). Refused with the environment as it was, or loaded and played on. */
#include "env/game.h"
#include "tests/fuzz/fuzz.h"

#include <sanitizer/lsan_interface.h>

static lp_env *env;
static uint8_t *valid, *bad;

static void start(void) {
    lp_game *game;
    lp_err err;
    __lsan_disable(); /* libmgba's memory that stays open is mapped, where the sanitizer does not look */
    fuzz_must(lp_game_open(&game, LP_SOURCE_DIR "/games/cue", &err), &err);
    fuzz_must(lp_env_open(&env, game, NULL, &err), &err);
    fuzz_must(lp_env_reset(env, 2, NULL, 0, &err), &err);
    __lsan_enable();
    lp_env_step(env, 1);
    valid = malloc(lp_env_save_size(env)), bad = malloc(lp_env_save_size(env));
    lp_env_save(env, valid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_err err;
    lp_status status;
    if (!env) start();
    if (!size) return 0;
    size_t bytes = lp_env_save_size(env), machine = lp_emu_state_size(lp_env_emu(env));
    if (data[0] % 3 == 0) {
        status = lp_env_load(env, data + 1, size - 1, &err);
    } else {
        bool forged = data[0] % 3 == 1;
        memcpy(bad, valid, bytes);
        fuzz_patch(&(fuzz_target){bad, bytes, bytes - machine, forged ? machine : 0}, data + 1, size - 1);
        if (forged) fuzz_seal(bad, bytes);
        status = lp_env_load(env, bad, bytes, &err);
    }
    if (status) {
        lp_env_save(env, bad);
        if (memcmp(bad, valid, bytes)) abort(); /* they promise that nothing changed */
        return 0;
    }
    const lp_event *events;
    for (int i = 0; i < 3; i++) (void)(lp_env_step(env, i) + lp_env_events(env, &events) + lp_env_reward(env, 1));
    lp_env_save(env, bad);
    if (lp_env_load(env, bad, bytes, &err) || lp_env_load(env, valid, bytes, &err)) abort();
    return 0;
}
