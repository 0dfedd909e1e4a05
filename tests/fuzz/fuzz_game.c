/* A game folder one of whose files is hostile: data.json, scenario.json, longplay.json, metadata.json, rom.sha by the first byte. The
 * rest is cue's. Checked as `longplay game check` does and, when it opens, played for some decisions. */
#include "env/game.h"
#include "env/game_check.h"
#include "tests/fuzz/fuzz.h"

static const char *const names[] = {"data.json", "scenario.json", "longplay.json", "metadata.json", "rom.sha"};
enum { N_NAMES = sizeof names / sizeof *names };
static char folder[64];
static lp_blob files[N_NAMES];

static void put(const char *name, const void *data, size_t size) {
    char path[128];
    lp_path_join(path, sizeof path, folder, name);
    fuzz_write(path, data, size);
}

static void remove_folder(void) {
    char path[128];
    for (int i = 0; i < N_NAMES; i++) unlink(lp_path_join(path, sizeof path, folder, names[i]));
    unlink(lp_path_join(path, sizeof path, folder, "rom.gb"));
    rmdir(folder);
}

static void make_folder(void) {
    char path[512];
    snprintf(folder, sizeof folder, "%s/longplay-fuzz-XXXXXX", access("/dev/shm", W_OK) ? P_tmpdir : "/dev/shm");
    if (!mkdtemp(folder)) abort();
    atexit(remove_folder);
    for (int i = 0; i < N_NAMES; i++) {
        snprintf(path, sizeof path, "%s/games/cue/%s", LP_SOURCE_DIR, names[i]);
        files[i] = fuzz_read(path);
        put(names[i], files[i].data, files[i].size_bytes);
    }
    lp_blob rom = fuzz_read(LP_SOURCE_DIR "/games/cue/cue.gb");
    put("rom.gb", rom.data, rom.size_bytes);
    lp_blob_free(&rom);
}

static void say(void *context, bool is_error, const char *line) {
    (void)context, (void)is_error;
    if (strchr(line, '\n')) abort(); /* one line */
}

static void play(const lp_game *game) {
    lp_env *env;
    lp_err err;
    if (lp_env_open(&env, game, NULL, &err)) return;
    lp_env_set_frame_skip(env, 1);
    lp_status status = lp_env_reset(env, 2, NULL, 0, &err);
    for (int i = 0; !status && i < 3; i++) (void)(lp_env_step(env, 0) + lp_env_reward(env, 1));
    lp_env_close(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    if (!*folder) make_folder();
    int which = data[0] % N_NAMES;
    put(names[which], data + 1, size - 1);
    lp_game *game;
    lp_err err;
    int n_errors;
    if (lp_game_check(folder, say, NULL, &n_errors, &err)) abort(); /* it is a folder of a game, whatever is wrong in it */
    lp_status status = lp_game_open(&game, folder, &err);
    if ((n_errors == 0) != (status == LP_OK)) abort(); /* they promise to agree */
    if (!status) {
        if (strcmp(names[which], "longplay.json")) play(game); /* that file may ask for days of boot keys */
        lp_game_close(game);
    }
    put(names[which], files[which].data, files[which].size_bytes);
    return 0;
}
