/* How an episode starts: idle frames after boot make the episodes of a game without a seed differ, are drawn from the episode's seed
 * alone, are told to the movie, and leave games with a seed as they were. */
#include "base/file.h"
#include "base/hash.h"
#include "env/game.h"
#include "env/vec.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define CUE LP_SOURCE_DIR "/games/cue"
/* cue's ROM without its seed: after START, 69 frames from power-on, the corridor; a win that random play reaches. */
#define BOOT "\"boot\": [{\"frames\": 60}, {\"keys\": [\"START\"], \"frames\": 9}]"
#define WIN "\"win\": {\"variables\": {\"walked\": {\"op\": \"greater-or-equal\", \"reference\": 20}}}"
#define SEED "{\"poke\": true}], \"seed\": {\"address\": 49320, \"type\": \"<u4\"}"
enum { BOOT_FRAMES = 69, N_SEEDS = 400 };

static char folder[PATH_MAX];
static lp_blob rom;

static const char *in_folder(const char *name) {
    static char path[PATH_MAX];
    return lp_path_join(path, sizeof path, folder, name);
}

static void write_text(const char *name, const char *text) {
    FILE *out = fopen(in_folder(name), "wb");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder) || lp_file_read(&rom, CUE "/cue.gb", 1 << 20, NULL)) return -1;
    write_text("data.json", "{\"info\": {\"walked\": {\"address\": 49336, \"type\": \"<u4\"}}}");
    return lp_file_write_atomic(in_folder("rom.gb"), rom.data, rom.size_bytes, NULL);
}

static int teardown(void **state) {
    (void)state;
    char command[PATH_MAX + 16];
    lp_blob_free(&rom);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static lp_game *open_game(const char *longplay_json) {
    lp_game *game;
    lp_err err;
    write_text("longplay.json", longplay_json);
    if (lp_game_open(&game, folder, &err)) fail_msg("%s", err.message);
    return game;
}

static lp_env *open_env(const lp_game *game) {
    lp_env *env;
    lp_err err;
    if (lp_env_open(&env, game, NULL, &err)) fail_msg("%s", err.message);
    return env;
}

static void reset(lp_env *env, uint64_t seed) {
    lp_err err;
    if (lp_env_reset(env, seed, NULL, 0, &err)) fail_msg("%s", err.message);
}

static int idle_frames(lp_env *env, uint64_t seed) {
    reset(env, seed);
    return (int)lp_emu_frames(lp_env_emu(env)) - BOOT_FRAMES;
}

/* ---- who has idle frames ---- */

static void expect_noop(const char *longplay_json, int min, int max, bool is_noted) {
    char note[256];
    lp_game *game = open_game(longplay_json);
    lp_noop noop = lp_game_noop(game);
    if (noop.min != min || noop.max != max) fail_msg("%s: %d to %d", longplay_json, noop.min, noop.max);
    assert_int_equal(lp_game_start_note(game, note, sizeof note), is_noted);
    if (is_noted && min == max) assert_non_null(strstr(note, "every episode starts the same"));
    lp_game_close(game);
}

static void only_games_without_a_seed_wait(void **state) {
    (void)state;
    expect_noop("{" BOOT ", " WIN "}", 0, LP_NOOP_FRAMES, true);
    expect_noop("{" BOOT ", " WIN ", \"start\": {}}", 0, LP_NOOP_FRAMES, true);
    expect_noop("{" BOOT ", " WIN ", \"start\": {\"noop\": [0, 0]}}", 0, 0, true);
    expect_noop("{" BOOT ", " WIN ", \"start\": {\"noop\": [7, 7]}}", 7, 7, true);
    expect_noop("{\"boot\": [{\"frames\": 60}, " SEED ", " WIN "}", 0, 0, false);
    expect_noop("{\"boot\": [{\"frames\": 60}, " SEED ", " WIN ", \"start\": {\"noop\": [1, 4]}}", 1, 4, false);
    expect_noop("{" BOOT "}", 0, 0, true); /* nothing ends it: there is only one episode */
    write_text("scenario.json", "{\"done\": {\"variables\": {\"walked\": {\"op\": \"equal\", \"reference\": 20}}}}");
    expect_noop("{" BOOT "}", 0, LP_NOOP_FRAMES, true);
    unlink(in_folder("scenario.json"));
    static const char *const shipped[] = {"cue", "keydoor", "map", "order", "count", "lures", "rule", "facts", "catch", "locks", "lantern"};
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        char path[PATH_MAX], note[256];
        lp_game *game;
        lp_err err;
        if (lp_game_open(&game, lp_path_join(path, sizeof path, LP_SOURCE_DIR "/games", shipped[i]), &err)) fail_msg("%s", err.message);
        assert_true(lp_game_has_seed(game) && !lp_game_noop(game).max && !lp_game_start_note(game, note, sizeof note));
        lp_game_close(game);
    }
}

static void wrong_ranges_are_refused(void **state) {
    (void)state;
    static const char *const fields[] = {"[]", "[1]", "[2, 1]", "[-1, 1]", "[0, 1.5]", "[0, 36001]", "[0, \"1\"]", "[0, 1, 2]", "{}", "30"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char text[200];
        lp_game *game;
        lp_err err;
        snprintf(text, sizeof text, "{\"start\": {\"noop\": %s}}", fields[i]);
        write_text("longplay.json", text);
        if (lp_game_open(&game, folder, &err) != LP_BAD_INPUT || !strstr(err.message, "longplay.json: start.noop: "))
            fail_msg("%s: '%s'", text, err.message);
    }
    static const char *const ranges[] = {"", "0", "30", ":30", "0:", "2:1", "-1:1", "0:36001", "0:1x", "0:1:2", "0:99999999999", "a:b"};
    lp_game *game = open_game("{" BOOT ", " WIN "}");
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        lp_err err;
        if (lp_game_set_noop(game, ranges[i], &err) != LP_BAD_INPUT) fail_msg("'%s' is taken", ranges[i]);
        assert_int_equal(lp_game_noop(game).max, LP_NOOP_FRAMES);
    }
    lp_game_close(game);
}

/* ---- what they do ---- */

typedef struct {
    uint16_t keys[8];
    uint32_t n_frames[8];
    int n;
} heard;

static void on_keys(void *context, uint16_t keys, uint32_t n_frames) {
    heard *h = context;
    assert_true(h->n < 8);
    h->keys[h->n] = keys, h->n_frames[h->n++] = n_frames;
}

/* As many frames as the seed says, all of the range, with nothing pressed; told to the movie; and the machine is where it would be. */
static void frames_are_the_seeds_own(void **state) {
    (void)state;
    lp_game *game = open_game("{" BOOT ", " WIN ", \"start\": {\"noop\": [3, 12]}}");
    lp_env *env = open_env(game), *other = open_env(game);
    int seen[13] = {0};
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        int n = idle_frames(env, seed);
        assert_in_range(n, 3, 12);
        assert_int_equal(idle_frames(other, seed), n);
        seen[n]++;
    }
    for (int n = 3; n <= 12; n++) assert_in_range(seen[n], N_SEEDS / 20, N_SEEDS / 5);
    lp_emu *plain;
    lp_err err;
    assert_int_equal(lp_emu_open(&plain, rom.data, rom.size_bytes, NULL, &err), LP_OK);
    heard h = {.n = 0};
    lp_env_set_tap(env, &(lp_env_tap){.context = &h, .keys = on_keys});
    reset(env, 5);
    for (int i = 0; i < h.n; i++) lp_emu_step(plain, h.keys[i], (int)h.n_frames[i]);
    assert_true(h.n == 3 && h.keys[2] == 0 && (int)h.n_frames[2] == idle_frames(other, 5));
    assert_true(lp_emu_hash(plain) == lp_emu_hash(lp_env_emu(env)));
    assert_int_equal(lp_env_steps(env), 0); /* the first decision comes after them */
    lp_emu_close(plain);
    lp_env_close(env), lp_env_close(other);
    lp_game_close(game);
}

/* A boot step may say where they go by: before its keys, and not again after the last step. */
static void boot_says_where(void **state) {
    (void)state;
    static const char *const places[] = {"{\"frames\": 60}, {\"noop\": true}, {\"keys\": [\"START\"], \"frames\": 9}",
                                         "{\"frames\": 60}, {\"noop\": true, \"keys\": [\"START\"], \"frames\": 9}"};
    for (int p = 0; p < 2; p++) {
        char text[400];
        lp_err err;
        snprintf(text, sizeof text, "{\"boot\": [%s], " WIN ", \"start\": {\"noop\": [3, 12]}}", places[p]);
        lp_game *game = open_game(text);
        lp_env *env = open_env(game), *other = open_env(game);
        heard h = {.n = 0};
        lp_env_set_tap(env, &(lp_env_tap){.context = &h, .keys = on_keys});
        reset(env, 5);
        assert_true(h.n == 3 && h.n_frames[0] == 60 && h.keys[2] && h.n_frames[2] == 9);
        assert_true(h.keys[1] == 0 && (int)h.n_frames[1] == idle_frames(other, 5));
        lp_emu *plain;
        assert_int_equal(lp_emu_open(&plain, rom.data, rom.size_bytes, NULL, &err), LP_OK);
        for (int i = 0; i < h.n; i++) lp_emu_step(plain, h.keys[i], (int)h.n_frames[i]);
        assert_true(lp_emu_hash(plain) == lp_emu_hash(lp_env_emu(env)));
        lp_emu_close(plain);
        lp_env_close(env), lp_env_close(other);
        lp_game_close(game);
    }
    lp_game *game;
    lp_err err;
    write_text("longplay.json", "{\"boot\": [{\"noop\": true}, {\"frames\": 1}, {\"noop\": true}]}");
    assert_int_equal(lp_game_open(&game, folder, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "longplay.json: boot[2].noop: "));
}

/* Without idle frames an episode is what it was before there were any. */
static void none_is_as_before(void **state) {
    (void)state;
    lp_game *game = open_game("{" BOOT ", " WIN ", \"start\": {\"noop\": [0, 0]}}");
    lp_env *env = open_env(game);
    heard h = {.n = 0};
    lp_env_set_tap(env, &(lp_env_tap){.context = &h, .keys = on_keys});
    assert_int_equal(idle_frames(env, 1), 0);
    assert_int_equal(h.n, 2);
    uint64_t first = lp_emu_hash(lp_env_emu(env));
    reset(env, 2);
    assert_true(lp_emu_hash(lp_env_emu(env)) == first);
    lp_env_close(env);
    lp_game_close(game);
}

/* Saved in the middle and loaded elsewhere, an episode goes on alike, and so does the next one; pools play the same. */
static void saves_and_pools_agree(void **state) {
    (void)state;
    lp_err err;
    lp_game *game = open_game("{" BOOT ", " WIN "}");
    lp_env *env = open_env(game), *other = open_env(game);
    unsigned char *saved = malloc(lp_env_save_size(env));
    assert_non_null(saved);
    reset(env, lp_game_eval_seed(1, 0)), reset(other, 99);
    lp_env_step(env, 1);
    lp_env_save(env, saved);
    assert_int_equal(lp_env_load(other, saved, lp_env_save_size(env), &err), LP_OK);
    for (int i = 0; i < 8; i++) assert_int_equal(lp_env_step(env, i % 2), lp_env_step(other, i % 2));
    assert_true(lp_emu_hash(lp_env_emu(env)) == lp_emu_hash(lp_env_emu(other)));
    reset(env, lp_game_eval_seed(1, 1)), reset(other, lp_game_eval_seed(1, 1));
    assert_true(lp_emu_hash(lp_env_emu(env)) == lp_emu_hash(lp_env_emu(other)));
    lp_vec *vec;
    lp_vec_config config = {.n_envs = 4, .n_threads = 2, .evaluation = true, .seed = 1, .observation = LP_OBS_NONE};
    if (lp_vec_open(&vec, game, &config, &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_vec_reset(vec, &(lp_vec_out){0}, &err), LP_OK);
    for (int e = 0; e < 4; e++) {
        reset(env, lp_game_eval_seed(1, (uint64_t)e));
        assert_true(lp_emu_hash(lp_env_emu(env)) == lp_emu_hash(lp_env_emu(lp_vec_env(vec, e))));
    }
    lp_vec_close(vec);
    free(saved);
    lp_env_close(env), lp_env_close(other);
    lp_game_close(game);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_games_without_a_seed_wait),
        cmocka_unit_test(wrong_ranges_are_refused),
        cmocka_unit_test(frames_are_the_seeds_own),
        cmocka_unit_test(none_is_as_before),
        cmocka_unit_test(boot_says_where),
        cmocka_unit_test(saves_and_pools_agree),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
