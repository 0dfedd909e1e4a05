/* Damaged saves of an environment, as checkpoints hold them: refused, or loaded and played on. */
#include "env/game.h"
#include "tests/fuzz/fuzz.h"

#include <sanitizer/lsan_interface.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static lp_game *game;
    static lp_env *env;
    static uint8_t *valid, *bad;
    lp_err err;
    if (!env) {
        __lsan_disable(); /* libmgba's memory that stays open is mapped, where the sanitizer does not look */
        if (lp_game_open(&game, "cue", &err) || lp_env_open(&env, game, NULL, &err) || lp_env_reset(env, 2, NULL, 0, &err)) abort();
        __lsan_enable();
        valid = malloc(lp_env_save_size(env)), bad = malloc(lp_env_save_size(env));
        lp_env_save(env, valid);
    }
    size_t bytes = lp_env_save_size(env);
    memcpy(bad, valid, bytes);
    if (size % 5 == 4) bytes = size; /* another length: the input's */
    else fuzz_patch(bad, bytes, data, size);
    if (!lp_env_load(env, size % 5 == 4 ? data : bad, bytes, &err)) lp_env_step(env, 0);
    return 0;
}
