/* Games and environments: folders read and refused, conditions, variables, knobs, seeds, boot, events, audit, limits,
 * oracle, observations, saved environments, and that what the tap hears replays to the same machine. */
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "env/game_impl.h"
#include "env/observation.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define CUE LP_SOURCE_DIR "/games/cue"

static const char *const file_names[] = {"cue.gb", "longplay.json", "data.json", "scenario.json", "metadata.json", "rom.sha"};
enum { ROM, LONGPLAY, DATA, SCENARIO, METADATA, SHA, N_FILES };
static lp_blob files[N_FILES]; /* cue's own */
static char folder[PATH_MAX];

static const char *in_folder(int file) {
    static char path[PATH_MAX];
    return lp_path_join(path, sizeof path, folder, file_names[file]);
}

/* Written in place: these tests write thousands of times, and need no fsync. */
static void write_file(int file, const void *data, size_t size_bytes) {
    FILE *out = fopen(in_folder(file), "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, size_bytes, out), size_bytes);
    assert_int_equal(fclose(out), 0);
}

static void write_text(int file, const char *text) { write_file(file, text, strlen(text)); }

/* The folder is cue again. */
static int restore(void **state) {
    (void)state;
    for (int f = 0; f < N_FILES; f++) write_file(f, files[f].data, files[f].size_bytes);
    return 0;
}

static int setup(void **state) {
    (void)state;
    char path[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    for (int f = 0; f < N_FILES; f++)
        if (lp_file_read(&files[f], lp_path_join(path, sizeof path, CUE, file_names[f]), 1 << 20, NULL)) return -1;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    for (int f = 0; f < N_FILES; f++) unlink(in_folder(f)), lp_blob_free(&files[f]);
    return rmdir(folder);
}

/* Opens the folder: either a game, or one line of LP_BAD_INPUT. */
static lp_game *try_open(lp_err *err) {
    lp_game *game;
    lp_status status = lp_game_open(&game, folder, err);
    if (status) {
        assert_int_equal(status, LP_BAD_INPUT);
        assert_null(game);
        assert_true(*err->message && !strchr(err->message, '\n'));
    } else {
        assert_non_null(game);
    }
    return game;
}

static lp_game *open_game(void) {
    lp_err err;
    lp_game *game = try_open(&err);
    if (!game) fail_msg("%s", err.message);
    return game;
}

static lp_env *open_env(const lp_game *game) {
    lp_env *env;
    lp_err err;
    if (lp_env_open(&env, game, NULL, &err)) fail_msg("%s", err.message);
    return env;
}

/* A file with the first occurrence of `from` replaced by `to`. */
static void write_changed(int file, const char *from, const char *to) {
    const char *text = (const char *)files[file].data, *at = strstr(text, from);
    if (!at) fail_msg("%s has no %s", file_names[file], from);
    size_t before = (size_t)(at - text), n = strlen(text) - strlen(from) + strlen(to);
    char *changed = malloc(n + 1);
    memcpy(changed, text, before);
    memcpy(changed + before, to, strlen(to));
    strcpy(changed + before + strlen(to), at + strlen(from));
    write_file(file, changed, n);
    free(changed);
}

/* ---- opening ---- */
static void test_names(void **state) {
    (void)state;
    lp_game *game;
    lp_err err;
    char names[8][64];
    bool is_listed = false;
    int n = lp_game_shipped(names, 8);
    for (int i = 0; i < n; i++) is_listed |= !strcmp(names[i], "cue");
    assert_true(is_listed);
    assert_int_equal(lp_game_open(&game, "cue", &err), LP_OK);
    assert_string_equal(lp_game_name(game), "cue");
    assert_true(lp_game_can_win(game) && lp_game_can_lose(game) && !lp_game_is_endless(game));
    assert_int_equal(lp_game_n_actions(game), 5);
    static const char *const actions[] = {"none", "LEFT", "RIGHT", "UP", "DOWN"};
    for (int a = 0; a < 5; a++) assert_string_equal(lp_game_action_name(game, a), actions[a]);
    int width, height;
    lp_game_observation(game, &width, &height);
    assert_true(width == 80 && height == 72 && lp_game_frame_skip(game) == 4);
    lp_game_close(game);

    static const char *const wrong[] = {"cu", "", "no/such/folder", "no-such.gb", "..", LP_SOURCE_DIR, "/dev/null"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(lp_game_open(&game, wrong[i], &err), LP_BAD_INPUT);
        assert_null(game);
        assert_true(*err.message && !strchr(err.message, '\n'));
    }
    assert_int_equal(lp_game_open(&game, "cu", &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "cue"));
}

static void test_bare_rom(void **state) {
    (void)state;
    lp_game *game;
    lp_err err;
    assert_int_equal(lp_game_open(&game, in_folder(ROM), &err), LP_OK);
    assert_string_equal(lp_game_name(game), "cue.gb");
    assert_null(lp_game_dir(game));
    assert_false(lp_game_can_win(game) || lp_game_can_lose(game) || lp_game_can_end(game));
    assert_int_equal(lp_game_n_actions(game), 9); /* no L and R on a Game Boy */
    assert_string_equal(lp_game_action_name(game, 3), "START");
    lp_env *env = open_env(game);
    int action;
    assert_int_equal(lp_env_oracle(env, &action, &err), LP_BAD_INPUT);
    assert_int_equal(lp_env_reset(env, 1, NULL, 12, &err), LP_OK);
    for (int i = 0; i < 11; i++) assert_int_equal(lp_env_step(env, i % 9), LP_RUNNING);
    assert_int_equal(lp_env_step(env, 0), LP_TIMEOUT);
    lp_env_close(env);
    lp_game_close(game);
    write_file(ROM, files[ROM].data, 200);
    assert_int_equal(lp_game_open(&game, in_folder(ROM), &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "cue.gb"));
}

static void test_another_rom(void **state) {
    (void)state;
    lp_err err;
    unsigned char *rom = malloc(files[ROM].size_bytes);
    memcpy(rom, files[ROM].data, files[ROM].size_bytes);
    rom[0x7000] ^= 1;
    write_file(ROM, rom, files[ROM].size_bytes);
    free(rom);
    assert_null(try_open(&err));
    assert_non_null(strstr(err.message, "rom.sha"));
    unlink(in_folder(SHA)); /* without rom.sha any ROM is taken */
    lp_game_close(open_game());
    restore(NULL);
    write_text(SHA, "");
    assert_null(try_open(&err));
}

/* ---- refusals: each names the file and the field ---- */
static const struct {
    int file;
    const char *from, *to, *says;
} mistakes[] = {
    {LONGPLAY, "\"frame_skip\": 4", "\"frame_skip\": 0", "longplay.json: frame_skip"},
    {LONGPLAY, "\"frame_skip\": 4", "\"frame_skip\": 4.5", "longplay.json: frame_skip"},
    {LONGPLAY, "\"frame_skip\": 4", "\"frame_skip\": \"4\"", "longplay.json: frame_skip"},
    {LONGPLAY, "\"frame_skip\": 4", "\"frame_skp\": 4", "longplay.json: frame_skp"},
    {LONGPLAY, "\"title\": \"cue", "\"title\": \"a\\nb", "longplay.json"},
    {LONGPLAY, "\"rom\": \"cue.gb\"", "\"rom\": \"../cue.gb\"", "rom"},
    {LONGPLAY, "\"rom\": \"cue.gb\"", "\"rom\": \"euc.gb\"", "euc.gb"},
    {LONGPLAY, "\"width\": 80", "\"width\": 161", "longplay.json: observation.width"},
    {LONGPLAY, "\"height\": 72", "\"depth\": 72", "longplay.json: observation.depth"},
    {LONGPLAY, "[\"UP\"]", "[\"UPP\"]", "unknown button 'UPP'"},
    {LONGPLAY, "[\"UP\"]", "[\"L\"]", "unknown button 'L'"},
    {LONGPLAY, "[\"UP\"]", "\"UP\"", "longplay.json: buttons[3]"},
    {LONGPLAY, "{\"frames\": 60}", "{\"frames\": 0}", "longplay.json: boot[0].frames"},
    {LONGPLAY, "{\"frames\": 60}", "60", "longplay.json: boot[0]"},
    {LONGPLAY, "{\"poke\": true}", "{\"poke\": 1}", "longplay.json: boot[1].poke"},
    {LONGPLAY, "{\"poke\": true}, ", "", "poke"},
    {LONGPLAY, "\"seed\": {", "\"seed\": {\"adress\": 1, ", "longplay.json: seed.adress"},
    {LONGPLAY, "\"default\": 64", "\"default\": 0", "longplay.json: knobs.horizon.default"},
    {LONGPLAY, "\"max\": 2000000", "\"max\": 4294967296", "longplay.json: knobs.horizon.max"},
    {LONGPLAY, "\"type\": \"|u1\", \"default\": 2", "\"type\": \"|i1\", \"default\": 2", "longplay.json: knobs.doors.type"},
    {LONGPLAY, "\"twin\": {\"keep_cue\": 1}", "\"twin\": {\"keep\": 1}", "longplay.json: twin"},
    {LONGPLAY, "\"twin\": {\"keep_cue\": 1}", "\"twin\": {\"keep_cue\": 2}", "longplay.json: twin.keep_cue"},
    {LONGPLAY, "\"twin\": {\"keep_cue\": 1}", "\"twin\": {\"keep_cue\": 1}, \"time_limit\": {\"knob\": \"x\"}",
     "longplay.json: time_limit.knob"},
    {LONGPLAY, "\"twin\": {\"keep_cue\": 1}", "\"twin\": {\"keep_cue\": 1}, \"time_limit\": -1", "longplay.json: time_limit"},
    {LONGPLAY, "\"reference\": 1}}}", "\"reference\": 1}}, \"nodes\": 3}", "longplay.json: win.nodes"},
    {LONGPLAY, "\"op\": \"equal\"", "\"op\": \"equals\"", "longplay.json: win.variables.result.op"},
    {LONGPLAY, "\"op\": \"equal\"", "\"op\": \"equal\", \"measurement\": \"ratio\"", "longplay.json: win.variables.result.measurement"},
    {LONGPLAY, "\"win\":   {\"variables\": {\"result\"", "\"win\":   {\"variables\": {\"rsult\"", "variable 'rsult' is not in data.json"},
    {LONGPLAY, "\"condition\": \"any\"", "\"condition\": \"some\"", "longplay.json: audit.condition"},
    {LONGPLAY, "shows a {answer}", "shows a {anwser}", "longplay.json: events[0].text"},
    {LONGPLAY, "shows a {answer}", "shows a {answer", "longplay.json: events[0].text"},
    {LONGPLAY, "\"action\": \"LEFT\"", "\"action\": \"A\"", "longplay.json: oracle[0].action"},
    {LONGPLAY, "\"names\": {\"answer\"", "\"names\": {\"question\"", "longplay.json: names.question"},
    {DATA, "\"info\"", "\"infos\"", "data.json: info"},
    {DATA, "\"<u4\"", "\">q4\"", "data.json: info.horizon.type: '>q4'"},
    {DATA, "49316", "-1", "data.json: info.horizon.address"},
    {DATA, "\"seed\":  ", "\"horizon\":", "data.json: info.horizon: declared twice"},
    {SCENARIO, "\"phase\"", "\"phrase\"", "scenario.json: done"},
    {METADATA, "{", "[", "metadata.json"},
    {LONGPLAY, "{", "[", "longplay.json:"},
};

static void test_mistakes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        lp_err err = {""};
        write_changed(mistakes[i].file, mistakes[i].from, mistakes[i].to);
        lp_game *game = try_open(&err);
        if (game) fail_msg("%s accepted", mistakes[i].to);
        if (!strstr(err.message, mistakes[i].says)) fail_msg("'%s' does not say '%s'", err.message, mistakes[i].says);
        write_file(mistakes[i].file, files[mistakes[i].file].data, files[mistakes[i].file].size_bytes);
    }
    lp_game_close(open_game());
}

static void test_truncated(void **state) {
    (void)state;
    static const int which[] = {LONGPLAY, DATA, SCENARIO, METADATA};
    for (size_t w = 0; w < sizeof which / sizeof *which; w++) {
        const lp_blob *file = &files[which[w]];
        size_t last = file->size_bytes;
        while (last && file->data[last - 1] <= ' ') last--; /* without its last newline a file is still whole */
        for (size_t n = 0; n < last; n++) {
            lp_err err = {""};
            write_file(which[w], file->data, n);
            if (try_open(&err)) fail_msg("%s cut at %zu accepted", file_names[which[w]], n);
            assert_non_null(strstr(err.message, file_names[which[w]]));
        }
        restore(NULL);
    }
}

/* Any byte changed: refused, or a game that plays. */
static void test_flipped(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(31, 0);
    static const int which[] = {LONGPLAY, DATA, SCENARIO, METADATA};
    int n_good = 0, n_bad = 0;
    for (size_t w = 0; w < sizeof which / sizeof *which; w++) {
        const lp_blob *file = &files[which[w]];
        unsigned char *copy = malloc(file->size_bytes);
        for (size_t at = 0; at < file->size_bytes; at++) {
            lp_err err = {""};
            memcpy(copy, file->data, file->size_bytes);
            copy[at] = (unsigned char)(copy[at] ^ 1u << lp_rng_below(&rng, 8));
            write_file(which[w], copy, file->size_bytes);
            lp_game *game = try_open(&err);
            n_good += game != NULL, n_bad += !game;
            if (game && n_good % 16 == 0) {
                lp_env *env = open_env(game);
                assert_int_equal(lp_env_reset(env, 1, NULL, 0, &err), LP_OK);
                for (int i = 0; i < 3; i++) lp_env_step(env, lp_game_n_actions(game) - 1);
                lp_env_close(env);
            }
            lp_game_close(game);
        }
        free(copy);
        restore(NULL);
    }
    print_message("%d flipped files refused, %d still games\n", n_bad, n_good);
    assert_true(n_bad > 1000 && n_good > 100);
}

/* ---- conditions and variables ---- */
static bool holds(const char *text, int64_t now_a, int64_t before_a, int64_t now_b) {
    const lp_variable variables[2] = {{.name = "a"}, {.name = "b"}};
    const lp_names names = {variables, 2, true};
    int64_t now[2] = {now_a, now_b}, before[2] = {before_a, 0};
    lp_condition condition;
    lp_err err;
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    lp_findings report = {.err = &err};
    const lp_place where = lp_place_file("test");
    if (!lp_condition_parse(&condition, json, &names, &where, &report)) fail_msg("%s: %s", text, err.message);
    bool result = lp_condition_holds(&condition, now, before);
    lp_condition_free(&condition);
    cJSON_Delete(json);
    return result;
}

static void test_operators(void **state) {
    (void)state;
    static const struct {
        const char *op;
        bool at[5]; /* at -2, -1, 0, 1, 2 against reference 1 */
    } table[] = {
        {"zero", {0, 0, 1, 0, 0}},           {"nonzero", {1, 1, 0, 1, 1}},
        {"positive", {0, 0, 0, 1, 1}},       {"negative", {1, 1, 0, 0, 0}},
        {"equal", {0, 0, 0, 1, 0}},          {"not-equal", {1, 1, 1, 0, 1}},
        {"less-than", {1, 1, 1, 0, 0}},      {"greater-than", {0, 0, 0, 0, 1}},
        {"less-or-equal", {1, 1, 1, 1, 0}},  {"greater-or-equal", {0, 0, 0, 1, 1}},
        {"negative-equal", {0, 1, 0, 0, 0}}, {"sign", {0, 0, 0, 1, 1}},
    };
    char text[200];
    for (size_t t = 0; t < sizeof table / sizeof *table; t++)
        for (int x = -2; x <= 2; x++) {
            snprintf(text, sizeof text, "{\"variables\": {\"a\": {\"op\": \"%s\", \"reference\": 1}}}", table[t].op);
            assert_int_equal(holds(text, x, 99, 0), table[t].at[x + 2]);
            snprintf(text, sizeof text, "{\"variables\": {\"a\": {\"op\": \"%s\", \"reference\": 1, \"measurement\": \"delta\"}}}",
                     table[t].op);
            assert_int_equal(holds(text, 50 + x, 50, 0), table[t].at[x + 2]);
        }
}

static void test_groups(void **state) {
    (void)state;
#define A "\"a\": {\"op\": \"positive\"}"
#define B "\"b\": {\"op\": \"positive\"}"
    for (int i = 0; i < 4; i++) {
        int a = i & 1, b = i >> 1;
        assert_int_equal(holds("{\"variables\": {" A ", " B "}}", a, 0, b), a || b); /* any is the default */
        assert_int_equal(holds("{\"condition\": \"all\", \"variables\": {" A ", " B "}}", a, 0, b), a && b);
        assert_int_equal(holds("{\"condition\": \"all\", \"variables\": {" A "}, \"nodes\": {\"x\": {\"variables\": {" B "}}}}", a, 0, b),
                         a && b);
        assert_int_equal(holds("{\"nodes\": {\"x\": {\"condition\": \"all\", \"variables\": {" A ", " B "}}, \"y\": {\"variables\": {" B
                               "}}}}",
                               a, 0, b),
                         b);
    }
}

static void test_variable_types(void **state) {
    (void)state;
    static const struct {
        const char *type;
        int64_t value;
    } table[] = {{"|u1", 0x91},
                 {"|i1", 0x91 - 0x100},
                 {"<u2", 0x8291},
                 {">u2", 0x9182},
                 {"<i2", 0x8291 - 0x10000},
                 {">i4", (int32_t)0x91827364u},
                 {"<u4", 0x64738291},
                 {">d2", 9182},
                 {"<d2", 8291},
                 {"|d1", 91},
                 {">u3", 0x918273}};
    static const uint8_t bytes[] = {0x91, 0x82, 0x73, 0x64};
    lp_game *game = open_game();
    lp_env *env = open_env(game);
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(env), 0xC800 + (uint32_t)i, bytes[i]);
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        char text[80];
        lp_variable v;
        snprintf(text, sizeof text, "{\"address\": 51200, \"type\": \"%s\"}", table[t].type);
        cJSON *json = cJSON_Parse(text);
        lp_findings report = {0};
        const lp_place where = lp_place_file("test");
        assert_true(lp_variable_parse(&v, "v", json, LP_SYSTEM_GB, "address|type", true, &where, &report));
        cJSON_Delete(json);
        assert_int_equal(lp_variable_read(&v, lp_env_emu(env)), table[t].value);
        if (v.kind == 'd') continue;
        v.address += 0x100;
        lp_variable_write(&v, lp_env_emu(env), table[t].value, NULL, NULL);
        assert_int_equal(lp_variable_read(&v, lp_env_emu(env)), table[t].value);
    }
    lp_env_close(env);
    lp_game_close(game);
}

/* ---- knobs and seeds ---- */
static void test_knobs(void **state) {
    (void)state;
    lp_game *game = open_game();
    int64_t knobs[LP_MAX_KNOBS], before[LP_MAX_KNOBS];
    lp_err err;
    size_t size = sizeof *knobs * (size_t)lp_game_n_knobs(game);
    lp_game_default_knobs(game, knobs);
    int horizon = lp_game_find_knob(game, "horizon");
    assert_int_equal(knobs[horizon], 64);
    assert_int_equal(lp_game_set_knob(game, knobs, "horizon=2000000", &err), LP_OK);
    assert_int_equal(knobs[horizon], 2000000);
    memcpy(before, knobs, size);
    static const char *const wrong[] = {"horizon=0",   "horizon=2000001", "horizon", "horizon=", "horizon=5x",
                                        "horizon= ",   "horizn=5",        "=5",      "",         "horizon=99999999999999999999",
                                        "horizon=1e3", "doors=-2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(lp_game_set_knob(game, knobs, wrong[i], &err), LP_BAD_INPUT);
        assert_true(*err.message && !strchr(err.message, '\n'));
        assert_memory_equal(knobs, before, size);
    }
    assert_true(lp_game_twin_knobs(game, knobs));
    assert_int_equal(knobs[lp_game_find_knob(game, "keep_cue")], 1);
    lp_game_close(game);
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_seeds(void **state) {
    (void)state;
    enum { N = 100000 };
    uint64_t *seeds = malloc(2 * N * sizeof *seeds);
    for (uint64_t run = 0; run < 3; run++) {
        for (uint64_t i = 0; i < N; i++) {
            seeds[i] = lp_game_train_seed(run, i), seeds[N + i] = lp_game_eval_seed(run, i);
            assert_true(seeds[i] % 2 == 1 && seeds[N + i] % 2 == 0 && seeds[i] >> 32 == 0 && seeds[N + i] >> 32 == 0);
        }
        qsort(seeds, 2 * N, sizeof *seeds, by_value);
        for (int i = 1; i < 2 * N; i++) assert_true(seeds[i] != seeds[i - 1]);
        assert_true(seeds[N] > 1u << 30 && seeds[N] < 3u << 30); /* spread over the 32 bits */
    }
    free(seeds);
}

/* ---- playing ---- */
typedef struct {
    lp_emu *emu;
    int frame_skip, n_resets, n_pokes;
} follower;

static void follow_reset(void *context) {
    follower *f = context;
    assert_int_equal(lp_emu_reset(f->emu, NULL), LP_OK);
    f->n_resets++;
}
static void follow_poke(void *context, uint32_t address, uint8_t byte) {
    follower *f = context;
    lp_emu_write8(f->emu, address, byte);
    f->n_pokes++;
}
static void follow_keys(void *context, uint16_t keys, uint32_t n_frames) { lp_emu_step(((follower *)context)->emu, keys, (int)n_frames); }
static void follow_decision(void *context, uint16_t keys) {
    follower *f = context;
    lp_emu_step(f->emu, keys, f->frame_skip);
}

/* A machine that follows the tap from power-on is, hash by hash, the environment's, which starts from a kept state. */
static void test_tap_replays(void **state) {
    (void)state;
    lp_game *game = open_game();
    lp_env *env = open_env(game);
    lp_err err;
    size_t size;
    const void *rom = lp_game_rom(game, &size);
    follower f = {.frame_skip = lp_game_frame_skip(game)};
    assert_int_equal(lp_emu_open(&f.emu, rom, size, NULL, &err), LP_OK);
    lp_env_set_tap(env, &(lp_env_tap){&f, follow_reset, follow_poke, follow_keys, follow_decision});
    lp_rng rng = lp_rng_make(41, 0);
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(game, knobs);
    for (int episode = 0; episode < 6; episode++) {
        knobs[lp_game_find_knob(game, "horizon")] = 5 + 7 * episode;
        assert_int_equal(lp_env_reset(env, lp_game_train_seed(1, (uint64_t)episode), knobs, 0, &err), LP_OK);
        assert_true(lp_emu_hash(f.emu) == lp_emu_hash(lp_env_emu(env)));
        assert_true(lp_emu_frames(f.emu) == lp_emu_frames(lp_env_emu(env)));
        while (lp_env_step(env, (int)lp_rng_below(&rng, 5)) == LP_RUNNING) assert_true(lp_emu_hash(f.emu) == lp_emu_hash(lp_env_emu(env)));
        assert_true(lp_emu_hash(f.emu) == lp_emu_hash(lp_env_emu(env)));
    }
    assert_int_equal(f.n_resets, 6);
    assert_int_equal(f.n_pokes, 6 * (4 + 1 + 1 + 1 + 2 + 4)); /* horizon, doors, keep_cue, when, decoys, seed */
    lp_emu_close(f.emu);
    lp_env_close(env);
    lp_game_close(game);
}

static void test_events(void **state) {
    (void)state;
    static const char *const texts[] = {"The sign shows a %s.", "The corridor begins.", "After 3 steps there are 2 doors.",
                                        "Opened the door with the %s: won."};
    static const int at[] = {0, 4, 7, 8};
    lp_game *game = open_game();
    lp_env *env = open_env(game);
    lp_err err;
    int64_t knobs[LP_MAX_KNOBS], answer;
    lp_game_default_knobs(game, knobs);
    knobs[lp_game_find_knob(game, "horizon")] = 3;
    for (uint64_t seed = 0; seed < 4; seed++) {
        assert_int_equal(lp_env_reset(env, seed, knobs, 0, &err), LP_OK);
        assert_true(lp_env_variable(env, "answer", &answer));
        assert_false(lp_env_variable(env, "no such variable", &answer));
        int seen = 0, action;
        lp_outcome outcome = LP_RUNNING;
        for (;;) {
            const lp_event *events;
            char text[100];
            int n = lp_env_events(env, &events);
            assert_int_equal(n, seen < 4 && at[seen] == lp_env_steps(env));
            if (n) {
                snprintf(text, sizeof text, texts[seen], answer ? "cross" : "circle");
                assert_string_equal(events[0].text, text);
                assert_int_equal(events[0].milestone, seen == 3);
                seen++;
            }
            if (outcome) break;
            assert_int_equal(lp_env_oracle(env, &action, &err), LP_OK);
            outcome = lp_env_step(env, action);
        }
        assert_int_equal(outcome, LP_WIN);
        assert_int_equal(seen, 4);
    }
    lp_env_close(env);
    lp_game_close(game);
}

/* Plays with the oracle to the end. */
static lp_outcome play_out(lp_env *env, int64_t time_limit) {
    lp_outcome outcome = LP_RUNNING;
    int action;
    lp_err err;
    assert_int_equal(lp_env_reset(env, 8, NULL, time_limit, &err), LP_OK);
    while (outcome == LP_RUNNING) {
        assert_int_equal(lp_env_oracle(env, &action, &err), LP_OK);
        outcome = lp_env_step(env, action);
    }
    return outcome;
}

static void plays_out(int64_t time_limit, lp_outcome outcome, int64_t steps) {
    lp_game *game = open_game();
    lp_env *env = open_env(game);
    assert_int_equal(play_out(env, time_limit), outcome);
    assert_int_equal(lp_env_steps(env), steps);
    lp_env_close(env);
    lp_game_close(game);
}

static void test_outcomes(void **state) {
    (void)state;
    const char *twin = "\"twin\": {\"keep_cue\": 1}";
    plays_out(0, LP_WIN, 69);
    plays_out(69, LP_WIN, 69); /* the win comes with the limit, and counts */
    plays_out(68, LP_TIMEOUT, 68);
    write_changed(LONGPLAY, twin, "\"time_limit\": 20");
    plays_out(0, LP_TIMEOUT, 20);
    plays_out(30, LP_TIMEOUT, 30);
    write_changed(LONGPLAY, twin, "\"time_limit\": {\"knob\": \"horizon\", \"plus\": 4}");
    plays_out(0, LP_TIMEOUT, 68);
    write_changed(LONGPLAY, twin, "\"time_limit\": {\"knob\": \"horizon\", \"plus\": 5}");
    plays_out(0, LP_WIN, 69);
}

/* A win that the audit does not confirm is a loss. */
static void test_audit(void **state) {
    (void)state;
    write_changed(LONGPLAY, "\"condition\": \"any\",\n",
                  "\"condition\": \"all\", \"variables\": {\"opened\": {\"op\": \"equal\", \"reference\": 9}},\n");
    plays_out(0, LP_LOSS, 69);
}

/* Without a loss in longplay.json, scenario.json's done is it. */
static void test_done_is_loss(void **state) {
    (void)state;
    write_changed(LONGPLAY, "\"loss\":  {\"variables\": {\"result\": {\"op\": \"equal\", \"reference\": 2}}},", "");
    write_text(SCENARIO, "{\"done\": {\"variables\": {\"walked\": {\"op\": \"equal\", \"reference\": 10}}}}");
    plays_out(0, LP_LOSS, 14);
}

/* ---- saved environments ---- */
static void test_save_load(void **state) {
    (void)state;
    lp_game *game = open_game();
    lp_env *env = open_env(game), *other = open_env(game);
    lp_err err;
    assert_int_equal(lp_env_reset(env, 5, NULL, 100, &err), LP_OK);
    assert_int_equal(lp_env_reset(other, 6, NULL, 0, &err), LP_OK);
    for (int i = 0; i < 33; i++) lp_env_step(env, i % 5);
    size_t size = lp_env_save_size(env);
    unsigned char *saved = malloc(size), *copy = malloc(size);
    uint8_t seen[80 * 72], seen_other[80 * 72];
    lp_env_save(env, saved);
    lp_env_observe(env, seen);

    /* Damage: refused, and the environment is what it was. */
    uint64_t hash = lp_emu_hash(lp_env_emu(other));
    lp_rng rng = lp_rng_make(51, 0);
    for (int i = 0; i < 300; i++) {
        memcpy(copy, saved, size);
        size_t at = lp_rng_below(&rng, (uint32_t)size);
        copy[at] = (unsigned char)(copy[at] ^ 1u << lp_rng_below(&rng, 8));
        assert_int_equal(lp_env_load(other, copy, size, &err), LP_BAD_INPUT);
        unsigned char *part = malloc(at + 1); /* exactly as long as said, so that a read beyond it is caught */
        memcpy(part, saved, at);
        assert_int_equal(lp_env_load(other, part, at, &err), LP_BAD_INPUT);
        free(part);
    }
    assert_true(lp_emu_hash(lp_env_emu(other)) == hash && lp_env_steps(other) == 0);

    assert_int_equal(lp_env_load(other, saved, size, &err), LP_OK);
    lp_env_observe(other, seen_other);
    assert_memory_equal(seen, seen_other, sizeof seen); /* before any step */
    lp_outcome a = LP_RUNNING, b = LP_RUNNING;
    for (int i = 0; a == LP_RUNNING; i++) {
        const lp_event *ea, *eb;
        a = lp_env_step(env, i % 2), b = lp_env_step(other, i % 2);
        assert_int_equal(a, b);
        assert_true(lp_emu_hash(lp_env_emu(env)) == lp_emu_hash(lp_env_emu(other)));
        assert_int_equal(lp_env_steps(env), lp_env_steps(other));
        int n = lp_env_events(env, &ea);
        assert_int_equal(n, lp_env_events(other, &eb));
        for (int e = 0; e < n; e++) assert_string_equal(ea[e].text, eb[e].text);
    }
    free(saved), free(copy);
    lp_env_close(env), lp_env_close(other);
    lp_game_close(game);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_names, restore),          cmocka_unit_test_setup(test_bare_rom, restore),
        cmocka_unit_test_setup(test_another_rom, restore),    cmocka_unit_test_setup(test_mistakes, restore),
        cmocka_unit_test_setup(test_truncated, restore),      cmocka_unit_test_setup(test_flipped, restore),
        cmocka_unit_test_setup(test_operators, restore),      cmocka_unit_test_setup(test_groups, restore),
        cmocka_unit_test_setup(test_variable_types, restore), cmocka_unit_test_setup(test_knobs, restore),
        cmocka_unit_test_setup(test_seeds, restore),          cmocka_unit_test_setup(test_tap_replays, restore),
        cmocka_unit_test_setup(test_events, restore),         cmocka_unit_test_setup(test_outcomes, restore),
        cmocka_unit_test_setup(test_audit, restore),          cmocka_unit_test_setup(test_done_is_loss, restore),
        cmocka_unit_test_setup(test_save_load, restore),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
