/* What a game's trial finds: pokes that do not arrive or are overwritten, outcomes that are true at the start, episodes that are all
 * one; and that it is the same trial every time. */
#include "base/file.h"
#include "base/rng.h"
#include "env/game_check.h"
#include "env/game_trial.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define CUE LP_SOURCE_DIR "/games/cue"
/* In cue's RAM. At the title everything is 0; START leads to the corridor, and sets the phase. */
#define DATA "{\"info\": {\"walked\": {\"address\": 49336, \"type\": \"<u4\"}, \"phase\": {\"address\": 49328, \"type\": \"|u1\"}}}"
#define BOOT(poke) "\"boot\": [{\"frames\": 60}, " poke "{\"keys\": [\"START\"], \"frames\": 9}]"
#define POKE "{\"poke\": true}, "
#define WIN "\"win\": {\"variables\": {\"walked\": {\"op\": \"greater-or-equal\", \"reference\": 20}}}"
#define SEED(address) "\"seed\": {\"address\": " address ", \"type\": \"|u1\"}"

static char folder[PATH_MAX];
static struct {
    int n_errors;
    char text[1 << 14];
} said;

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
    lp_blob rom;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder) || lp_file_read(&rom, CUE "/cue.gb", 1 << 20, NULL)) return -1;
    write_text("data.json", DATA);
    lp_status status = lp_file_write_atomic(in_folder("rom.gb"), rom.data, rom.size_bytes, NULL);
    lp_blob_free(&rom);
    return status;
}

static int teardown(void **state) {
    (void)state;
    char command[PATH_MAX + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void say(void *context, bool is_error, const char *line) {
    assert_ptr_equal(context, &said);
    assert_true(*line && !strchr(line, '\n'));
    size_t n = strlen(said.text);
    said.n_errors += is_error;
    snprintf(said.text + n, sizeof said.text - n, "%s: %s\n", is_error ? "error" : "note", line);
}

static lp_trial *try_game(const char *name, lp_trial_config config) {
    lp_game *game;
    lp_trial *trial;
    lp_err err;
    memset(&said, 0, sizeof said);
    if (lp_game_open(&game, name, &err) || lp_trial_open(&trial, game, &config, say, &said, &err)) fail_msg("%s", err.message);
    lp_game_close(game);
    assert_int_equal(trial->n_errors, said.n_errors);
    return trial;
}

static lp_trial *try_this(const char *longplay_json) {
    write_text("longplay.json", longplay_json);
    return try_game(folder, (lp_trial_config){.n_episodes = 4});
}

/* n_errors are said, one of them in these words; NULL: none. */
static void expect(const char *longplay_json, int n_errors, const char *words) {
    lp_trial_close(try_this(longplay_json));
    if (said.n_errors != n_errors || (words && !strstr(said.text, words)))
        fail_msg("%s: %d errors, no '%s' in:\n%s", longplay_json, said.n_errors, words ? words : "", said.text);
}

static void pokes_into_rom_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"{" BOOT(POKE) ", " SEED("8192") "}", "longplay.json: seed.address: 0x2000 is in ROM"},
        {"{" BOOT(POKE) ", \"knobs\": {\"k\": {\"address\": 0, \"type\": \"|u1\", \"default\": 1}}}",
         "longplay.json: knobs.k.address: 0x0000 is in ROM"},
        {"{" BOOT(POKE) ", \"seed\": {\"address\": 32767, \"type\": \"<u2\"}}", "longplay.json: seed.address: 0x7FFF is in ROM"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lp_game *game;
        lp_err err;
        write_text("longplay.json", bad[i].text);
        if (lp_game_open(&game, folder, &err) != LP_BAD_INPUT || !strstr(err.message, bad[i].says)) fail_msg("'%s'", err.message);
        memset(&said, 0, sizeof said);
        int n_errors;
        assert_int_equal(lp_game_check(folder, say, &said, &n_errors, &err), LP_OK);
        assert_int_equal(n_errors, 1);
        assert_non_null(strstr(said.text, bad[i].says));
    }
}

static void pokes_that_do_not_arrive_are_named(void **state) {
    (void)state;
    expect("{" BOOT(POKE) ", " SEED("49320") ", " WIN "}", 0, NULL); /* cue's own, which it looks at later */
    expect("{" BOOT(POKE) ", " SEED("40960") ", " WIN "}", 1,
           "longplay.json: seed: 0x3C was written to 0xA000, and 0xFF is read back"); /* no RAM there */
    expect("{" BOOT(POKE) ", " SEED("49328") ", " WIN "}", 1, "longplay.json: seed: the game overwrites it unseen: 0 frames");
    expect("{" BOOT(POKE) ", \"knobs\": {\"a\": {\"address\": 49328, \"type\": \"|u1\", \"default\": 0}, "
                          "\"b\": {\"address\": 40961, \"type\": \"|u1\", \"default\": 0, \"max\": 9}, "
                          "\"c\": {\"address\": 49324, \"type\": \"|u1\", \"default\": 0}}, " WIN "}",
           2, "longplay.json: knobs.a: the game overwrites it");
    assert_non_null(strstr(said.text, "longplay.json: knobs.b: 0x00 was written"));
}

/* Of every episode: a mistake. Of some: a game. */
static void outcomes_at_the_start_are_named(void **state) {
    (void)state;
    write_text("scenario.json", "{\"done\": {\"variables\": {\"phase\": {\"op\": \"zero\"}}}}"); /* the title screen */
    expect("{}", 1, "lost at the start: all 4 episodes");
    expect("{" BOOT("") "}", 0, NULL);
    unlink(in_folder("scenario.json"));
    expect("{\"win\": {\"variables\": {\"phase\": {\"op\": \"zero\"}}}}", 1, "won at the start");
    expect("{\"win\": {\"variables\": {\"phase\": {\"op\": \"equal\", \"reference\": 1}}}, \"start\": {\"noop\": [0, 0]}, " BOOT("") "}", 1,
           "won at the start");
    expect(
        "{\"win\": {\"variables\": {\"walked\": {\"op\": \"greater-or-equal\", \"reference\": 9}}}, \"start\": {\"noop\": [0, 0]}, " BOOT(
            "") "}",
        0, "every episode starts the same");
    expect("{\"time_limit\": 1, \"win\": {\"variables\": {\"phase\": {\"op\": \"equal\", \"reference\": 99}}}}", 0,
           NULL); /* a limit is meant */
}

static void what_is_found_is_told(void **state) {
    (void)state;
    lp_trial *t = try_this("{" BOOT("") ", " WIN "}");
    assert_int_equal(t->n_episodes, 4);
    assert_true(t->n_courses > 1 && strstr(said.text, "has no seed: its episodes differ by 0 to 30"));
    for (int i = 0; i < 4; i++) assert_true(t->episodes[i].outcome == LP_WIN && t->episodes[i].seed == lp_game_eval_seed(0, (uint64_t)i));
    assert_true(t->width == 160 && t->height == 144 && t->pictures[160 * 72 + 80] != 0);
    lp_trial_close(t);
    t = try_this("{" BOOT("") "}"); /* nothing ends it */
    assert_true(t->episodes[0].outcome == LP_RUNNING && t->episodes[0].decisions == LP_TRIAL_DECISIONS);
    assert_string_equal(said.text, "");
    lp_trial_close(t);
    expect("{" BOOT("") ", \"win\": {\"variables\": {\"phase\": {\"op\": \"equal\", \"reference\": 99}}}}", 0,
           "no episode of random play ended within 1000");
}

/* The same seed, the same trial: and an episode of it is that of lp_env and a random player. */
static void a_trial_is_exact(void **state) {
    (void)state;
    const lp_trial_config config = {.seed = 7, .n_episodes = 5};
    lp_trial *a = try_game(CUE, config), *b = try_game(CUE, config);
    assert_string_equal(said.text, ""); /* nothing is wrong with cue */
    assert_int_equal(a->n_courses, b->n_courses);
    assert_memory_equal(a->episodes, b->episodes, sizeof a->episodes);
    assert_memory_equal(a->pictures, b->pictures, 5 * 160 * 144 * sizeof *a->pictures);
    lp_game *game;
    lp_env *env;
    lp_err err;
    assert_int_equal(lp_game_open(&game, CUE, &err), LP_OK);
    assert_int_equal(lp_env_open(&env, game, NULL, &err), LP_OK);
    for (int i = 0; i < 5; i++) {
        uint64_t seed = lp_game_eval_seed(7, (uint64_t)i);
        lp_rng rng = lp_rng_make(seed, LP_RANDOM_PLAYER);
        lp_outcome outcome = LP_RUNNING;
        assert_int_equal(lp_env_reset(env, seed, NULL, 0, &err), LP_OK);
        while (outcome == LP_RUNNING) outcome = lp_env_step(env, (int)lp_rng_below(&rng, (uint32_t)lp_game_n_actions(game)));
        assert_true(a->episodes[i].outcome == outcome && a->episodes[i].decisions == lp_env_steps(env));
    }
    lp_env_close(env);
    lp_game_close(game);
    lp_trial_close(a), lp_trial_close(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pokes_into_rom_are_refused),
        cmocka_unit_test(pokes_that_do_not_arrive_are_named),
        cmocka_unit_test(outcomes_at_the_start_are_named),
        cmocka_unit_test(what_is_found_is_told),
        cmocka_unit_test(a_trial_is_exact),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
