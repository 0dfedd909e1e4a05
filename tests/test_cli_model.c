/* The console that a game is played on, as users meet it: the game's own or --model, shown by info, kept in a run, found again by
 * who resumes, replays or exports it; and movies of another console are refused. */
#include "tests/cli_support.h"

#include "base/hash.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <zip.h>

enum { ROM_BYTES = 32 << 10 };

static cJSON *json(result r) {
    cJSON *o = cJSON_Parse(r.out);
    if (r.code || !cJSON_IsObject(o)) fail_msg("exit %d, out '%s', err '%s'", r.code, r.out, r.err);
    return o;
}

/* The text of one field of what a command prints with --json. */
static const char *field(const char *arguments, const char *name) {
    static char value[128];
    cJSON *o = json(longplay("%s --json", arguments));
    snprintf(value, sizeof value, "%s",
             cJSON_GetStringValue(cJSON_GetObjectItem(o, name)) ? cJSON_GetStringValue(cJSON_GetObjectItem(o, name)) : "");
    cJSON_Delete(o);
    return value;
}

static int64_t wins(const char *arguments) {
    cJSON *o = json(longplay("%s --json", arguments));
    int64_t n = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(o, "wins"));
    cJSON_Delete(o);
    return n;
}

/* C at the start, which tells consoles apart (13: Game Boy, 14: Super Game Boy, 00: Color), goes to C000 + 1; won on a Game Boy,
 * lost on a Super Game Boy. */
static void make_rom(const char *path, uint8_t color, bool sgb) {
    static const uint8_t program[] = {0x79, 0xEA, 0x01, 0xC0, 0x18, 0xFE};
    static uint8_t rom[ROM_BYTES];
    memset(rom, 0, sizeof rom);
    memcpy(rom + 0x100, "\x00\xC3\x50\x01", 4);
    rom[0x143] = color, rom[0x146] = sgb ? 3 : 0, rom[0x14B] = 0x33;
    memcpy(rom + 0x150, program, sizeof program);
    put(path, rom, sizeof rom);
}

static void make_game(const char *folder, uint8_t color, const char *more) {
    char path[PATH_MAX], content[512];
    lp_err err;
    if (lp_make_dirs(at(folder), &err)) fail_msg("%s", err.message);
    make_rom(lp_path_join(path, sizeof path, at(folder), "rom.gb"), color, true);
    snprintf(content, sizeof content,
             "{%s\"win\": {\"variables\": {\"c\": {\"op\": \"equal\", \"reference\": 19}}},\n"
             " \"loss\": {\"variables\": {\"c\": {\"op\": \"equal\", \"reference\": 20}}}, \"time_limit\": 9}",
             more);
    put(lp_path_join(path, sizeof path, at(folder), "longplay.json"), content, strlen(content));
    snprintf(content, sizeof content, "{\"info\": {\"c\": {\"address\": 49153, \"type\": \"|u1\"}}}");
    put(lp_path_join(path, sizeof path, at(folder), "data.json"), content, strlen(content));
}

/* A movie of 60 frames for a ROM, with these lines in its header and, where not NULL, sync settings. */
static void make_movie(const char *path, const char *rom, const char *lines_of_header, const char *settings) {
    char head[512], sha1[41], log[60 * 12 + 128], *end = log;
    lp_blob blob;
    lp_err err;
    int why;
    if (lp_file_read(&blob, rom, 1 << 20, &err)) fail_msg("%s", err.message);
    lp_sha1_hex(blob.data, blob.size_bytes, sha1);
    lp_blob_free(&blob);
    snprintf(head, sizeof head, "MovieVersion BizHawk v2.0.0\nSHA1 %s\nCore Gambatte\n%s", sha1, lines_of_header);
    end += sprintf(end, "[Input]\nLogKey:#Up|Down|Left|Right|Start|Select|B|A|Power|\n");
    for (int i = 0; i < 60; i++) end += sprintf(end, "|.........|\n");
    unlink(path);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &why);
    assert_non_null(zip);
    assert_true(zip_file_add(zip, "Header.txt", zip_source_buffer(zip, head, strlen(head), 0), 0) >= 0);
    assert_true(zip_file_add(zip, "Input Log.txt", zip_source_buffer(zip, log, strlen(log), 0), 0) >= 0);
    if (settings) assert_true(zip_file_add(zip, "SyncSettings.json", zip_source_buffer(zip, settings, strlen(settings), 0), 0) >= 0);
    assert_int_equal(zip_close(zip), 0);
}

/* ---- what a game is played on ---- */

static void test_setting(void **state) {
    (void)state;
    make_game("own", 0, "");
    make_game("super", 0, "\"model\": \"sgb\", ");
    make_game("wrong", 0, "\"model\": \"snes\", ");
    make_rom(at("color.gb"), 0x80, false);
    assert_string_equal(field("info %/own", "model"), "dmg"); /* whatever its header offers: so it is in stable-retro */
    assert_string_equal(field("info %/super", "model"), "sgb");
    assert_string_equal(field("info %/color.gb", "model"), "cgb");
    assert_string_equal(field("info " LP_SOURCE_DIR "/games/roms/orbit.gba", "model"), "agb");
    expect_refused(longplay("info %%/wrong"), 2, "longplay.json: model: 'snes' is no model", "model snes");
    assert_int_equal(wins("play %/own --policy random --headless --episodes 1"), 1);
    assert_int_equal(wins("play %/super --policy random --headless --episodes 1"), 0);
    assert_int_equal(wins("play %/own --policy random --headless --episodes 1 --model sgb"), 0);
    assert_int_equal(wins("play %/super --policy random --headless --episodes 1 --model dmg"), 1);
    expect_refused(longplay("play %%/own --headless --model gbc"), 2, "--model: 'gbc' is no model", "--model gbc");
    expect_refused(longplay("play " LP_SOURCE_DIR "/games/roms/orbit.gba --headless --model dmg"), 2, "does not fit", "a GBA's in a dmg");
    result r = longplay("eval %%/own --policy random --episodes 3 --model sgb");
    if (r.code || !strstr(r.out, "  0.0 %")) fail_msg("exit %d, '%s' '%s'", r.code, r.out, r.err);
    expect_refused(longplay("eval memory --policy random --model dmg"), 2, "consoles of their own", "a suite");
    expect_refused(longplay("train %%/own --model snes"), 2, "is no model", "train");
}

/* A run stays on its console, wherever it is picked up. */
static void test_run(void **state) {
    (void)state;
    char order[200];
    make_game("own", 0, "");
    assert_int_equal(wins("play %/own --policy random --headless --decisions 3 --model sgb --run %/run"), 0);
    lp_blob ini;
    lp_err err;
    if (lp_file_read(&ini, at("run/config.ini"), 1 << 16, &err)) fail_msg("%s", err.message);
    assert_non_null(strstr((char *)ini.data, "model = sgb"));
    lp_blob_free(&ini);
    assert_string_equal(field("info %/run", "model"), "sgb");
    expect_refused(longplay("play --run %%/run --resume --headless --decisions 9 --model dmg"), 2, "--model is not what", "another model");
    assert_int_equal(wins("play --run %/run --resume --headless --decisions 6"), 0);
    make_game("own", 0, "\"model\": \"cgb\", "); /* the game is changed, the run is not */
    snprintf(order, sizeof order, "play --run %%/run --resume --headless --decisions 9 --model sgb");
    assert_int_equal(wins(order), 0);
    result r = longplay("replay %%/run --verify");
    if (r.code || !strstr(r.out, "9 decisions replayed")) fail_msg("exit %d, '%s' '%s'", r.code, r.out, r.err);
    /* out and back */
    r = longplay("movie export %%/run %%/run.bk2");
    if (r.code) fail_msg("'%s'", r.err);
    assert_string_equal(field("movie import %/run.bk2 %/own --run %/back", "model"), "sgb");
    expect_refused(longplay("movie import %%/run.bk2 %%/own --run %%/new --model dmg"), 2, "was recorded on a sgb", "our own movie");
    /* who changes the settings of a run by hand is told */
    static char text[8192];
    if (lp_file_read(&ini, at("run/config.ini"), sizeof text - 1, &err)) fail_msg("%s", err.message);
    memcpy(text, ini.data, ini.size_bytes);
    lp_blob_free(&ini);
    memcpy(strstr(text, "model = sgb"), "model = dmg", 11);
    put(at("run/config.ini"), text, strlen(text));
    expect_refused(longplay("play --run %%/run --resume --headless --decisions 12"), 2, "is not what the run was recorded with",
                   "another config.ini");
    expect_refused(longplay("replay %%/run --verify"), 2, "another console than the dmg", "another config.ini");
}

/* A training goes on on its console alone. */
static void test_train(void **state) {
    (void)state;
    static const char size[] = "--train.envs=2 --train.steps=8 --train.decisions=16 --policy.hidden=16 --policy.dim=4 --eval-episodes 1";
    make_game("own", 0, "");
    result r = longplay("train %%/own --out %%/w.safetensors --model sgb %s", size);
    if (r.code) fail_msg("%s", r.err);
    expect_refused(longplay("train %%/own --out %%/w.safetensors --resume %s", size), 2, "was made with other settings", "another model");
    r = longplay("train %%/own --out %%/w.safetensors --resume --model sgb %s", size);
    if (r.code) fail_msg("%s", r.err);
}

/* ---- movies of other consoles ---- */

static void test_movies(void **state) {
    (void)state;
    static const struct {
        const char *rom, *head, *settings, *model; /* settings, model: or NULL */
        const char *says;                          /* NULL: played */
        const char *warns;                         /* where played; NULL: nothing */
    } cases[] = {
        {"plain.gb", "Platform GB\n", NULL, NULL, NULL, NULL},
        {"plain.gb", "Platform GBC\nIsCGBMode 1\n", NULL, NULL, "it says Platform GBC, and plain.gb is played on a dmg; try --model cgb",
         NULL},
        {"plain.gb", "Platform GBC\nIsCGBMode 1\n", NULL, "cgb", NULL, NULL},
        {"plain.gb", "Platform GB\nIsCGBDMGMode 1\n", "{\"ConsoleMode\":\"GBC\"}", NULL, "IsCGBDMGMode 1, and plain.gb is played on a dmg",
         NULL},
        {"plain.gb", "Platform GB\nIsCGBDMGMode 1\n", "{\"ConsoleMode\":\"GBC\"}", "cgb", NULL, NULL},
        {"plain.gb", "Platform GB\nIsCGBDMGMode 1\n", "{\"ConsoleMode\":\"GBC\"}", "agb",
         "ConsoleMode GBC, and plain.gb is played on a agb; try --model cgb", NULL},
        {"plain.gb", "Platform GB\n", "{\"ConsoleMode\":2}", NULL, "ConsoleMode 2", NULL},
        {"plain.gb", "Platform GameBoy\n", NULL, NULL, NULL, NULL},
        {"plain.gb", "Platform GameBoy\n", NULL, "cgb", "Platform GameBoy", NULL},
        {"super.gb", "Platform GB\n", "{\"ConsoleMode\":0}", NULL, NULL, NULL},
        {"super.gb", "Platform GB\n", NULL, "sgb", "try --model dmg", NULL},
        {"super.gb", "Platform SGB\n", NULL, NULL, "Platform SGB, and super.gb is played on a dmg; try --model sgb", NULL},
        {"super.gb", "Platform SGB\n", NULL, "sgb", NULL, NULL},
        {"color.gb", "Platform GBC\nIsCGBMode 1\n", NULL, NULL, NULL, NULL},
        {"color.gb", "Platform GB\n", "{\"ConsoleMode\":\"GB\"}", NULL, "ConsoleMode GB, and color.gb is played on a cgb; try --model dmg",
         NULL},
        {"color.gb", "Platform GB\n", "{\"ConsoleMode\":\"GB\"}", "dmg", NULL, NULL},
        {"color.gb", "Platform GB\n", NULL, NULL, NULL, "older BizHawk wrote"},
        {"color.gb", "Platform GB\n", NULL, "dmg", NULL, NULL},
        {"color.gb", "Platform GameBoy\n", NULL, NULL, NULL, NULL}, /* stable-retro's core goes by the ROM */
    };
    make_rom(at("plain.gb"), 0, false);
    make_rom(at("super.gb"), 0, true);
    make_rom(at("color.gb"), 0x80, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char order[200], model[32] = "";
        make_movie(at("m.bk2"), at(cases[i].rom), cases[i].head, cases[i].settings);
        if (cases[i].model) snprintf(model, sizeof model, " --model %s", cases[i].model);
        snprintf(order, sizeof order, "movie import %%/m.bk2 %%/%s --run %%/new%s", cases[i].rom, model);
        result r = longplay("%s", order);
        if (cases[i].says) {
            expect_refused(r, 2, cases[i].says, order);
            assert_false(lp_file_exists(at("new"))); /* nothing is written */
            continue;
        }
        /* a bare ROM: one more line says that nothing tells whether it desynced */
        if (r.code || lines(r.err) != 1 + (cases[i].warns != NULL) || (cases[i].warns && !strstr(r.err, cases[i].warns)))
            fail_msg("case %zu, %s: exit %d, '%s'", i, order, r.code, r.err);
        remove_tree(at("new"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_setting, make_root, remove_root),
                                       cmocka_unit_test_setup_teardown(test_run, make_root, remove_root),
                                       cmocka_unit_test_setup_teardown(test_train, make_root, remove_root),
                                       cmocka_unit_test_setup_teardown(test_movies, make_root, remove_root)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
