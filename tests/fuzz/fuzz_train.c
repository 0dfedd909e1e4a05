/* Training checkpoints: by the first byte as they are, or a valid one with bytes changed and every hash put right, but for the
 * machine's (fuzz_state.c). Refused, or trained on with. */
#include "tests/fuzz/fuzz.h"
#include "train/train_parts.h"

#include <sanitizer/lsan_interface.h>

enum { HEADER = 64, PLAYER = 24, SEAT = 32 };
static lp_train *train;
static uint8_t *valid, *bad;
static size_t bytes;

static void start(void) {
    lp_game *game;
    lp_train_config c;
    lp_err err;
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.envs = 1, c.steps = 2, c.hidden = 1, c.dim = 1, c.heads = 1, c.twin = 0;
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_tree, .setting = {2, 2, 2, 3}});
    c.curriculum.episodes = 3, c.reencode = 4;
    __lsan_disable(); /* libmgba's memory that stays open is mapped, where the sanitizer does not look */
    fuzz_must(lp_game_open(&game, LP_SOURCE_DIR "/games/cue", &err), &err);
    fuzz_must(lp_train_open(&train, game, &c, LP_DEVICE_CPU, 1, &err), &err);
    __lsan_enable();
    lp_train_stats stats;
    for (int i = 0; i < 8; i++) fuzz_must(lp_train_update(train, &stats, &err), &err);
    char path[64];
    int fd = fuzz_temporary(path, sizeof path, "");
    fuzz_must(lp_train_save(train, path, &err), &err);
    lp_blob file = fuzz_read(path);
    close(fd), unlink(path);
    valid = file.data, bytes = file.size_bytes, bad = malloc(bytes);
}

/* The valid checkpoint with bytes changed, sealed from the inside out; at its end is what the memory was made of. */
static void forge(const uint8_t *data, size_t size) {
    const lp_seat *seat = &train->players[0].seat;
    size_t env = lp_env_save_size(seat->env), machine = lp_emu_state_size(lp_env_emu(seat->env)),
           learner = lp_learner_save_size(train->learner);
    size_t curriculum = lp_curriculum_save_size(&train->curriculum), weights = lp_policy_n_parameters(train->policy) * sizeof(float);
    size_t learner_at = HEADER + curriculum + weights, env_at = learner_at + learner + PLAYER + SEAT;
    memcpy(bad, valid, bytes);
    fuzz_patch(&(fuzz_target){bad, bytes, env_at + env - machine, machine}, data, size);
    fuzz_seal(bad + learner_at, learner);
    fuzz_seal(bad + env_at, env);
    fuzz_seal(bad + env_at + env, lp_mem_save_size(seat->mem)); /* nano has no core, whose state would come before it */
    fuzz_seal(bad, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_err err;
    lp_train_stats stats;
    if (!valid) start();
    if (!size) return 0;
    bool forged = data[0] & 1;
    if (forged) forge(data + 1, size - 1);
    if (!lp_train_load(train, fuzz_file(forged ? bad : data + 1, forged ? bytes : size - 1), &err))
        (void)lp_train_update(train, &stats, &err); /* may diverge */
    if (lp_train_load(train, fuzz_file(valid, bytes), &err)) abort();
    return 0;
}
