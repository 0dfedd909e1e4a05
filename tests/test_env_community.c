/* The games of games/community, whose ROMs are not in the repository: what can be said of their folders without them, what is said
 * to a user who has none, where a ROM may lie; and, where LONGPLAY_ROMS names a folder that has them, that each plays as its page says. */
#include "base/file.h"
#include "base/hash.h"
#include "env/game.h"
#include "env/game_check.h"
#include "env/json.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define COMMUNITY LP_SOURCE_DIR "/games/community"

static const struct {
    const char *name, *rom;
    lp_system system;
} games[] = {
    {"adjustris", "adjustris.gb", LP_SYSTEM_GB},   {"deepscan", "dscan.gb", LP_SYSTEM_GBC},
    {"geometrix", "geometrix.gbc", LP_SYSTEM_GBC}, {"libbet", "libbet.gb", LP_SYSTEM_GBC},
    {"meteorain", "MeteoRain.gba", LP_SYSTEM_GBA},
};
enum { N_GAMES = sizeof games / sizeof *games };

static char *roms; /* LONGPLAY_ROMS, as the tests were started with it; NULL: unset */
static char folder[PATH_MAX];

static int setup(void **state) {
    (void)state;
    roms = getenv("LONGPLAY_ROMS") ? strdup(getenv("LONGPLAY_ROMS")) : NULL;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    char command[PATH_MAX + 16];
    free(roms);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static const char *in_game(int game, const char *file) {
    static char paths[2][PATH_MAX];
    static int next;
    next = !next;
    snprintf(paths[next], PATH_MAX, COMMUNITY "/%s/%s", games[game].name, file);
    return paths[next];
}

static char *read_text(const char *path) {
    lp_blob text;
    lp_err err;
    if (lp_file_read(&text, path, 1 << 20, &err)) fail_msg("%s", err.message);
    return (char *)text.data;
}

/* ---- without ROMs ---- */

static void folders_are_whole(void **state) {
    (void)state;
    static const char *const files[] = {"longplay.json", "data.json", "metadata.json", "scenario.json", "rom.sha", "README.md"};
    for (int g = 0; g < N_GAMES; g++) {
        for (size_t f = 0; f < sizeof files / sizeof *files; f++)
            if (!lp_file_exists(in_game(g, files[f]))) fail_msg("%s has no %s", games[g].name, files[f]);
        char *sha = read_text(in_game(g, "rom.sha")), *readme = read_text(in_game(g, "README.md"));
        if (strspn(sha, "0123456789abcdef") != 40 || strcmp(sha + 40, "\n")) fail_msg("%s/rom.sha: '%s'", games[g].name, sha);
        sha[40] = 0;
        static const char *const told[] = {"gbdev", "games/community/", "--policy random", "Licence"};
        for (size_t i = 0; i < sizeof told / sizeof *told; i++)
            if (!strstr(readme, told[i])) fail_msg("%s/README.md does not say '%s'", games[g].name, told[i]);
        free(sha), free(readme);
    }
}

typedef struct {
    int n;
    char first[512];
} said;

static void say(void *context, bool is_error, const char *line) {
    said *s = context;
    if (is_error && !s->n++) snprintf(s->first, sizeof s->first, "%s", line);
}

/* One line that names the ROM, its hash and where it comes from is all that is wrong with a folder that lacks it. */
static void a_missing_rom_is_named(void **state) {
    (void)state;
    unsetenv("LONGPLAY_ROMS");
    for (int g = 0; g < N_GAMES; g++) {
        char path[PATH_MAX], *sha = read_text(in_game(g, "rom.sha"));
        lp_game *game;
        lp_err err;
        said s = {0};
        int n;
        snprintf(path, sizeof path, COMMUNITY "/%s", games[g].name);
        sha[40] = 0;
        if (lp_file_exists(in_game(g, games[g].rom))) {
            print_message("%s: has its ROM here; skipped\n", games[g].name);
            free(sha);
            continue;
        }
        assert_int_equal(lp_game_open(&game, path, &err), LP_BAD_INPUT);
        if (!strstr(err.message, games[g].rom) || !strstr(err.message, sha) || !strstr(err.message, "it comes from entries/") ||
            !strstr(err.message, "LONGPLAY_ROMS") || strchr(err.message, '\n'))
            fail_msg("%s: '%s'", games[g].name, err.message);
        assert_int_equal(lp_game_check(path, say, &s, &n, &err), LP_OK);
        if (n != 1 || !strstr(s.first, sha)) fail_msg("%s: %d mistakes, the first '%s'", games[g].name, n, s.first);
        free(sha);
    }
}

/* In the folder, in one that LONGPLAY_ROMS names, under its own name only; and another ROM is told from the right one. */
static void a_rom_is_found_where_the_user_keeps_it(void **state) {
    (void)state;
    char game_folder[PATH_MAX], keeps[PATH_MAX], path[PATH_MAX], sha[42];
    lp_game *game;
    lp_err err;
    lp_blob rom;
    snprintf(game_folder, sizeof game_folder, "%s/some", folder), snprintf(keeps, sizeof keeps, "%s/keeps", folder);
    assert_int_equal(lp_make_dirs(game_folder, NULL), LP_OK);
    assert_int_equal(lp_make_dirs(keeps, NULL), LP_OK);
    assert_int_equal(lp_file_read(&rom, LP_SOURCE_DIR "/games/cue/cue.gb", 1 << 20, NULL), LP_OK);
    static const char json[] = "{\"rom\": \"own.gb\", \"origin\": \"a shelf\"}";
    assert_int_equal(lp_file_write_atomic(lp_path_join(path, PATH_MAX, game_folder, "longplay.json"), json, sizeof json - 1, NULL), LP_OK);
    lp_sha1_hex(rom.data, rom.size_bytes, sha);
    assert_int_equal(lp_file_write_atomic(lp_path_join(path, PATH_MAX, game_folder, "rom.sha"), sha, 40, NULL), LP_OK);
    assert_int_equal(lp_file_write_atomic(lp_path_join(path, PATH_MAX, keeps, "own.gb"), rom.data, rom.size_bytes, NULL), LP_OK);
    unsetenv("LONGPLAY_ROMS");
    assert_int_equal(lp_game_open(&game, game_folder, &err), LP_BAD_INPUT);
    if (!strstr(err.message, "own.gb") || !strstr(err.message, "a shelf")) fail_msg("%s", err.message);
    setenv("LONGPLAY_ROMS", keeps, 1);
    if (lp_game_open(&game, game_folder, &err)) fail_msg("%s", err.message);
    assert_string_equal(lp_game_origin(game), "a shelf");
    lp_game_close(game);
    ((unsigned char *)rom.data)[0x200] ^= 1;
    assert_int_equal(lp_file_write_atomic(lp_path_join(path, PATH_MAX, keeps, "own.gb"), rom.data, rom.size_bytes, NULL), LP_OK);
    assert_int_equal(lp_game_open(&game, game_folder, &err), LP_BAD_INPUT);
    if (!strstr(err.message, "is not the one in rom.sha") || !strstr(err.message, "a shelf")) fail_msg("%s", err.message);
    unlink(path);
    assert_int_equal(lp_game_open(&game, game_folder, &err), LP_BAD_INPUT);
    if (!strstr(err.message, "is missing")) fail_msg("%s", err.message);
    unsetenv("LONGPLAY_ROMS");
    lp_blob_free(&rom);
}

/* ---- with them ---- */

/* Presses anything for so many decisions; returns the outcome. The same seed and presses come out the same. */
static lp_outcome play(lp_env *env, const lp_game *game, uint64_t seed, int decisions, uint64_t *hash) {
    lp_outcome outcome = LP_RUNNING;
    lp_err err;
    if (lp_env_reset(env, seed, NULL, 0, &err)) fail_msg("%s", err.message);
    uint64_t draw = 1;
    for (int i = 0; i < decisions && outcome == LP_RUNNING; i++) {
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        outcome = lp_env_step(env, (int)(draw >> 33) % lp_game_n_actions(game));
    }
    *hash = lp_emu_hash(lp_env_emu(env));
    return outcome;
}

/* By its name; nothing is wrong with it; the same seed plays the same, another one differently; and who looks at nothing does not win at once. */
static void games_play(void **state) {
    (void)state;
    enum { DECISIONS = 150 };
    if (!roms) {
        print_message("LONGPLAY_ROMS names no folder with the ROMs: not played\n");
        skip();
    }
    setenv("LONGPLAY_ROMS", roms, 1);
    for (int g = 0; g < N_GAMES; g++) {
        lp_game *game;
        lp_env *env;
        lp_err err;
        char path[PATH_MAX];
        said s = {0};
        int n;
        uint64_t first, again, other;
        snprintf(path, sizeof path, "%s/%s", roms, games[g].rom);
        if (!lp_file_exists(path)) {
            print_message("%s: skipped, no %s\n", games[g].name, path);
            continue;
        }
        snprintf(path, sizeof path, COMMUNITY "/%s", games[g].name);
        if (lp_game_open(&game, path, &err)) fail_msg("%s", err.message);
        assert_true(lp_game_can_win(game) && !lp_game_is_endless(game) && *lp_game_origin(game) && *lp_game_title(game) &&
                    *lp_game_licence(game));
        assert_int_equal(lp_game_check(path, say, &s, &n, &err), LP_OK);
        if (n) fail_msg("%s: %s", games[g].name, s.first);
        if (lp_env_open(&env, game, NULL, &err)) fail_msg("%s", err.message);
        assert_int_equal(lp_emu_system(lp_env_emu(env)), games[g].system);
        assert_int_not_equal(play(env, game, 2, DECISIONS, &first), LP_WIN);
        assert_int_not_equal(play(env, game, 2, DECISIONS, &again), LP_WIN);
        assert_int_not_equal(play(env, game, 4, DECISIONS, &other), LP_WIN);
        assert_true(first == again && first != other);
        lp_env_close(env);
        lp_game_close(game);
    }
    unsetenv("LONGPLAY_ROMS");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_whole),
        cmocka_unit_test(a_missing_rom_is_named),
        cmocka_unit_test(a_rom_is_found_where_the_user_keeps_it),
        cmocka_unit_test(games_play),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
