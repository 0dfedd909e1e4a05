/* stable-retro's folders and files in every layout, what is refused of them and how it is said, hostile JSON, and lp_game_check:
 * all mistakes at once, and no others than lp_game_open's. */
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/rng.h"
#include "env/game_check.h"
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
#define DONE "\"done\": {\"variables\": {\"walked\": {\"op\": \"equal\", \"reference\": 10}}}"
/* As in cue's RAM; the title screen comes first, and START leads to the game. */
#define DATA "{\"info\": {\"walked\": {\"address\": 49336, \"type\": \"<u4\"}, \"phase\": {\"address\": 49328, \"type\": \"|u1\"}}}"
#define BOOT "\"boot\": [{\"frames\": 60}, {\"keys\": [\"START\"], \"frames\": 9}]"

static char folder[PATH_MAX]; /* holds a game's folder, "game", and others */
static lp_blob rom;

static const char *in_folder(const char *name) {
    static char path[PATH_MAX];
    return lp_path_join(path, sizeof path, folder, name);
}

static void write_bytes(const char *name, const void *data, size_t size_bytes) {
    FILE *out = fopen(in_folder(name), "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, size_bytes, out), size_bytes);
    assert_int_equal(fclose(out), 0);
}

static void write_text(const char *name, const char *text) { write_bytes(name, text, strlen(text)); }

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    return !mkdtemp(folder) || lp_file_read(&rom, CUE "/cue.gb", 1 << 20, NULL);
}

static int teardown(void **state) {
    (void)state;
    lp_blob_free(&rom);
    return rmdir(folder);
}

/* A folder as stable-retro has it: cue's ROM, and not a word of longplay.json. */
static int make_game(void **state) {
    (void)state;
    char sha[41];
    if (lp_make_dirs(in_folder("game"), NULL)) return -1;
    lp_sha1_hex(rom.data, rom.size_bytes, sha);
    write_bytes("game/rom.gb", rom.data, rom.size_bytes);
    write_text("game/rom.sha", sha);
    write_text("game/data.json", DATA);
    write_text("game/scenario.json", "{" DONE "}");
    write_text("game/metadata.json", "{\"default_state\": \"Level1\", \"states\": {\"Level1\": {\"runs\": []}}}");
    write_bytes("game/Level1.state", "\x1f\x8b\x08\x00\x00\x00\x00\x00", 8);
    return 0;
}

static int remove_game(void **state) {
    (void)state;
    char command[PATH_MAX + 32];
    snprintf(command, sizeof command, "rm -rf '%s'/*", folder);
    return system(command);
}

static lp_game *open_game(void) {
    lp_game *game;
    lp_err err;
    if (lp_game_open(&game, in_folder("game"), &err)) fail_msg("%s", err.message);
    return game;
}

static lp_env *open_env(const lp_game *game) {
    lp_env *env;
    lp_err err;
    if (lp_env_open(&env, game, NULL, &err) || lp_env_reset(env, 0, NULL, 0, &err)) fail_msg("%s", err.message);
    return env;
}

static void refused(const char *path, const char *says) {
    lp_game *game;
    lp_err err = {""};
    if (lp_game_open(&game, path, &err) != LP_BAD_INPUT) fail_msg("%s is not refused for %s", path, says);
    assert_null(game);
    assert_null(strchr(err.message, '\n'));
    if (!strstr(err.message, says)) fail_msg("'%s' does not say '%s'", err.message, says);
}

/* ---- what lp_game_check says ---- */

static struct {
    int n_errors, n_notes;
    char text[1 << 16];
} said;

static void say(void *context, bool is_error, const char *line) {
    assert_ptr_equal(context, &said);
    assert_true(*line && !strchr(line, '\n'));
    said.n_errors += is_error;
    said.n_notes += !is_error;
    size_t n = strlen(said.text);
    snprintf(said.text + n, sizeof said.text - n, "%s: %s\n", is_error ? "error" : "note", line);
}

static int check(void) {
    int n_errors;
    lp_err err;
    memset(&said, 0, sizeof said);
    if (lp_game_check(in_folder("game"), say, &said, &n_errors, &err)) fail_msg("%s", err.message);
    assert_int_equal(n_errors, said.n_errors);
    return n_errors;
}

static void said_so(const char *words) {
    if (!strstr(said.text, words)) fail_msg("no '%s' in:\n%s", words, said.text);
}

/* ---- folders ---- */

static void test_only_retro(void **state) {
    (void)state;
    lp_game *game = open_game();
    assert_string_equal(lp_game_name(game), "game");
    assert_int_equal(lp_game_n_actions(game), 9);
    assert_int_equal(lp_game_n_variables(game), 2);
    assert_true(lp_game_can_lose(game) && !lp_game_can_win(game) && !lp_game_is_endless(game));
    assert_false(lp_game_has_reward(game));
    lp_game_close(game);
    assert_int_equal(check(), 0);
    said_so("no longplay.json");
    said_so("metadata.json: default_state: 'Level1' is not used");
    said_so("as boot in longplay.json");

    /* Alone, each file is a game with the ROM; none is not. */
    static const char *const files[] = {"game/data.json", "game/scenario.json", "game/rom.sha"};
    for (int i = 0; i < 3; i++) {
        remove_game(NULL);
        make_game(NULL);
        for (int j = 0; j < 3; j++)
            if (j != i) unlink(in_folder(files[j]));
        if (i == 1) write_text(files[1], "{}");
        lp_game_close(open_game());
    }
    unlink(in_folder(files[2]));
    refused(in_folder("game"), "not a game folder");
    write_text("game/rom.sha", "");
    unlink(in_folder("game/rom.gb"));
    refused(in_folder("game"), "no ROM: ");
    write_text("game/rom.sha", "8710ceecbe3e7ade67c0362cc3b455aceb67a90d\n");
    refused(in_folder("game"), "(SHA-1 8710ceecbe3e7ade67c0362cc3b455aceb67a90d) is missing");
}

/* experimental/NAME has what differs from stable/NAME; and both are found by name. */
static void test_layout(void **state) {
    (void)state;
    const char *old = getenv("LONGPLAY_DATA");
    char path[PATH_MAX], kept[PATH_MAX];
    lp_game *game;
    lp_err err;
    snprintf(kept, sizeof kept, "%s", old ? old : "");
    assert_int_equal(lp_make_dirs(in_folder("experimental/Some-GameBoy"), NULL), LP_OK);
    assert_int_equal(lp_make_dirs(in_folder("stable"), NULL), LP_OK);
    snprintf(path, sizeof path, "%s", in_folder("game"));
    assert_int_equal(rename(path, in_folder("stable/Some-GameBoy")), 0);
    write_text("experimental/Some-GameBoy/data.json", "{\"info\": {\"walked\": {\"address\": 49336, \"type\": \"<u4\"}}}");
    if (lp_game_open(&game, in_folder("experimental/Some-GameBoy"), &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_game_n_variables(game), 1);
    assert_true(game->loss.n > 0);
    lp_game_close(game);
    setenv("LONGPLAY_DATA", folder, 1);
    assert_int_equal(lp_game_open(&game, "Some-GameBoy", &err), LP_OK);
    assert_int_equal(lp_game_n_variables(game), 2);
    lp_game_close(game);
    *kept ? setenv("LONGPLAY_DATA", kept, 1) : unsetenv("LONGPLAY_DATA");
    refused("Some-GameBoy", "neither a file");
}

static void test_rom_names(void **state) {
    (void)state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", in_folder("game/rom.gb"));
    assert_int_equal(rename(path, in_folder("game/rom.gbc")), 0);
    lp_game_close(open_game());
    snprintf(path, sizeof path, "%s", in_folder("game/rom.gbc"));
    assert_int_equal(rename(path, in_folder("game/Some Game (World).gb")), 0);
    refused(in_folder("game"), "no ROM: ");
    write_text("game/metadata.json", "{\"original_rom_name\": \"Some Game (World).gb\"}");
    lp_game_close(open_game());
    write_text("game/metadata.json", "{\"original_rom_name\": \"../game/Some Game (World).gb\"}");
    refused(in_folder("game"), "no ROM: ");
}

static void test_states(void **state) {
    (void)state;
    refused(in_folder("game/Level1.state"), "boot");
    write_text("game/longplay.json", "{\"rom\": \"Level1.state\"}");
    refused(in_folder("game"), "boot");
    static const char *const fields[] = {"state", "states", "default_state"};
    char text[100], says[100];
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "{\"%s\": \"Level1\"}", fields[i]);
        snprintf(says, sizeof says, "longplay.json: %s: save states", fields[i]);
        write_text("game/longplay.json", text);
        refused(in_folder("game"), says);
        assert_int_equal(check(), 1);
    }
    write_bytes("game/rom.gb", "\x1f\x8b\x08\x00\x00\x00\x00\x00", 8);
    refused(in_folder("game/rom.gb"), "gzip");
    make_game(NULL);
    write_text("game/longplay.json", "{" BOOT "}");
    assert_int_equal(check(), 0);
    said_so("boot takes their place");
    write_text("game/metadata.json", "{}");
    assert_int_equal(check(), 0);
    said_so("Level1.state: not used");
}

/* ---- refused, and where ---- */

static void test_lua(void **state) {
    (void)state;
    static const char *const scenarios[][2] = {
        {"{\"scripts\": [\"script.lua\"]}", "scenario.json: scripts: Lua"},
        {"{\"done\": {\"script\": \"lua:done\"}}", "scenario.json: done.script: Lua"},
        {"{\"reward\": {\"script\": \"lua:reward\"}}", "scenario.json: reward.script: Lua"},
        {"{\"rewards\": [{}, {\"script\": \"lua:reward\"}]}", "scenario.json: rewards[1].script: Lua"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        write_text("game/scenario.json", scenarios[i][0]);
        refused(in_folder("game"), scenarios[i][1]);
    }
    write_text("game/scenario.json", "{\"scripts\": []}");
    lp_game_close(open_game());
}

static const struct {
    const char *file, *text, *says;
} mistakes[] = {
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"?u1\"}}}", "data.json: info.a.type: '?u1'"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \">q1\"}}}", "data.json: info.a.type"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"=u0\"}}}", "data.json: info.a.type"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"<u9\"}}}", "data.json: info.a.type"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"<u16\"}}}", "data.json: info.a.type"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"u1\"}}}", "data.json: info.a.type"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"><=u4\"}}}", "data.json: info.a.type"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"<\"}}}", "data.json: info.a.type"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1}}}", "data.json: info.a.type"},
    {"game/data.json", "{\"info\": {\"a\": {\"type\": \"|u1\"}}}", "data.json: info.a.address"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 65535, \"type\": \"<u2\"}}}", "data.json: info.a.address"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"<u2\", \"mask\": 1.5}}}", "data.json: info.a.mask"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"<u2\", \"mask\": 1e300}}}", "data.json: info.a.mask"},
    {"game/data.json", "{\"info\": {\"a\": {\"address\": 1, \"type\": \"<u2\", \"mask\": \"1\"}}}", "data.json: info.a.mask"},
    {"game/scenario.json", "{\"done\": []}", "scenario.json: done: must be an object"},
    {"game/scenario.json", "{\"done\": {\"variables\": {\"walked\": {\"op\": \"eqal\"}}}}",
     "scenario.json: done.variables.walked.op: unknown operator 'eqal'"},
    {"game/scenario.json", "{\"done\": {\"nodes\": {\"a\": {\"variables\": {\"walked\": 1}}}}}",
     "scenario.json: done.nodes.a.variables.walked: must be an object"},
    {"game/scenario.json", "{\"done\": {\"nodes\": {\"a\": {\"variables\": {\"gone\": {}}}}}}",
     "scenario.json: done.nodes.a.variables.gone: variable 'gone'"},
    {"game/scenario.json", "{\"done\": {\"variables\": {\"walked\": {\"reference\": 1e300}}}}",
     "scenario.json: done.variables.walked.reference"},
    {"game/scenario.json", "{\"reward\": 1}", "scenario.json: reward: must be an object"},
    {"game/scenario.json", "{\"reward\": {\"variables\": {\"gone\": {\"reward\": 1}}}}", "scenario.json: reward.variables.gone"},
    {"game/scenario.json", "{\"reward\": {\"variables\": {\"walked\": {\"reward\": \"1\"}}}}",
     "scenario.json: reward.variables.walked.reward"},
    {"game/scenario.json", "{\"reward\": {\"time\": {\"reward\": 1e39}}}", "scenario.json: reward.time.reward"},
    {"game/scenario.json", "{\"rewards\": {\"a\": {}}}", "scenario.json: rewards: must be a list"},
    {"game/scenario.json", "{\"crop\": [0, 0, 160]}", "scenario.json: crop"},
    {"game/scenario.json", "{\"crop\": [153, 0, 0, 0]}", "scenario.json: crop"},
    {"game/scenario.json", "{\"crop\": [0, -1, 0, 0]}", "scenario.json: crop"},
    {"game/scenario.json", "{\"crops\": [[0, 0, 1e9, 0]]}", "scenario.json: crops[0]"},
    {"game/scenario.json", "{\"actions\": [[[]]]}", "scenario.json: actions: makes 1 actions"},
    {"game/scenario.json", "{\"actions\": [[[\"C\"], []]]}", "scenario.json: actions[0][0]: unknown button 'C'"},
    {"game/scenario.json", "{\"actions\": [[\"A\"]]}", "scenario.json: actions[0][0]: must be a list"},
    {"game/scenario.json", "{\"actions\": {}}", "scenario.json: actions: must be a list"},
    {"game/metadata.json", "{\"default_state\": 1}", "metadata.json: default_state"},
    {"game/longplay.json", "{\"buttons\": [[], [\"A\"]], \"actions\": []}", "longplay.json: actions: cannot stand beside buttons"},
    {"game/longplay.json", "{\"win\": {\"variables\": {\"walked\": {\"op\": \"equal\"}}}}",
     "longplay.json: win.variables.walked.reference"},
    {"game/longplay.json", "{\"win\": {\"variables\": {\"walked\": {}}}}", "longplay.json: win.variables.walked.op"},
    {"game/longplay.json", "{\"win\": {}}", "longplay.json: win: holds neither"},
    {"game/longplay.json", "{\"win\": {\"nodes\": {\"a\": {\"variables\": {\"walked\": {\"op\": \"zero\", \"x\": 1}}}}}}",
     "longplay.json: win.nodes.a.variables.walked.x: unknown"},
};

static void test_mistakes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        make_game(NULL);
        if (strstr(mistakes[i].file, "data.json")) write_text("game/scenario.json", "{}");
        write_text(mistakes[i].file, mistakes[i].text);
        refused(in_folder("game"), mistakes[i].says);
        assert_int_equal(check(), 1);
        said_so(mistakes[i].says);
        unlink(in_folder("game/longplay.json"));
    }
}

/* Everything that is wrong is told, with its place. */
static void test_all_at_once(void **state) {
    (void)state;
    static const char *const places[] = {"data.json: info.a.type: ",
                                         "data.json: info.b.address: ",
                                         "scenario.json: done.variables.a.op: ",
                                         "scenario.json: done.variables.c: ",
                                         "scenario.json: reward.variables.a.penalty: ",
                                         "scenario.json: crop: ",
                                         "longplay.json: frame_skip: ",
                                         "longplay.json: observation.depth: ",
                                         "longplay.json: buttons[1]: ",
                                         "longplay.json: buttons[2]: ",
                                         "longplay.json: knobs.k.default: ",
                                         "longplay.json: boot[1].frames: ",
                                         "longplay.json: boot[2].kys: ",
                                         "longplay.json: events[0].when.variables.x: ",
                                         "longplay.json: events[1].text: ",
                                         "longplay.json: oracle[0].action: ",
                                         "rom.gb: its SHA-1 "};
    write_text("game/rom.sha", "0123");
    write_text("game/data.json", "{\"info\": {\"a\": {\"address\": 49328, \"type\": \"u\"}, \"b\": {\"address\": -1, \"type\": \"|u1\"}}}");
    write_text("game/scenario.json", "{\"done\": {\"variables\": {\"a\": {\"op\": 5}, \"c\": {\"op\": \"zero\"}}},"
                                     " \"reward\": {\"variables\": {\"a\": {\"penalty\": []}}}, \"crop\": 7}");
    write_text("game/longplay.json", "{\"frame_skip\": 0, \"observation\": {\"depth\": 1}, \"buttons\": [[], [\"C\"], 7],"
                                     " \"knobs\": {\"k\": {\"address\": 49312, \"type\": \"|u1\", \"default\": 256}},"
                                     " \"boot\": [{\"poke\": true}, {\"frames\": -1}, {\"kys\": [], \"frames\": 1}],"
                                     " \"events\": [{\"name\": \"e\", \"when\": {\"variables\": {\"x\": {\"op\": \"zero\"}}}},"
                                     " {\"name\": \"f\", \"text\": \"{y}\", \"when\": {\"variables\": {\"a\": {\"op\": \"zero\"}}}}],"
                                     " \"oracle\": [{\"when\": {\"variables\": {\"a\": {\"op\": \"zero\"}}}, \"action\": \"Z\"}]}");
    int n = sizeof places / sizeof *places;
    for (int i = (check(), 0); i < n; i++) said_so(places[i]);
    if (said.n_errors != n) fail_msg("%d errors, not %d:\n%s", said.n_errors, n, said.text);
    assert_int_equal(check(), n);
    unlink(in_folder("game/rom.gb")); /* and without a ROM */
    assert_int_equal(check(), n);
    said_so("no ROM: ");
}

/* The check finds mistakes just where opening does, whatever the damage. */
static void test_check_agrees(void **state) {
    (void)state;
    static const char *const names[] = {"longplay.json", "data.json", "scenario.json", "metadata.json", "rom.sha"};
    lp_rng rng = lp_rng_make(71, 0);
    char path[PATH_MAX], name[64];
    int n_good = 0, n_bad = 0;
    for (int f = 0; f < 5; f++) {
        lp_blob whole;
        assert_int_equal(lp_file_read(&whole, lp_path_join(path, sizeof path, CUE, names[f]), 1 << 20, NULL), LP_OK);
        snprintf(name, sizeof name, "game/%s", names[f]);
        unlink(in_folder("game/rom.gb"));
        write_bytes("game/cue.gb", rom.data, rom.size_bytes);
        for (int i = 0; i < 5; i++) { /* the others whole */
            lp_blob other;
            char other_name[64];
            assert_int_equal(lp_file_read(&other, lp_path_join(path, sizeof path, CUE, names[i]), 1 << 20, NULL), LP_OK);
            snprintf(other_name, sizeof other_name, "game/%s", names[i]);
            write_bytes(other_name, other.data, other.size_bytes);
            lp_blob_free(&other);
        }
        for (int i = 0; i < 40; i++) {
            size_t at = lp_rng_below(&rng, (uint32_t)whole.size_bytes);
            unsigned char was = whole.data[at];
            whole.data[at] ^= (unsigned char)(1u << lp_rng_below(&rng, 8));
            write_bytes(name, whole.data, whole.size_bytes);
            whole.data[at] = was;
            lp_game *game;
            lp_err err;
            lp_status status = lp_game_open(&game, in_folder("game"), &err);
            lp_game_close(game);
            if ((check() > 0) != (status != LP_OK)) fail_msg("open: %s; check:\n%s", status ? err.message : "good", said.text);
            if (status) said_so(err.message);
            n_good += !status, n_bad += status != LP_OK;
        }
        lp_blob_free(&whole);
    }
    print_message("%d damaged games refused, %d still games\n", n_bad, n_good);
    assert_true(n_good > 10 && n_bad > 100);
}

/* ---- hostile JSON ---- */

static void hostile(const char *text) {
    static const char *const files[] = {"game/longplay.json", "game/data.json", "game/scenario.json", "game/metadata.json"};
    for (int f = 0; f < 4; f++) {
        write_text(files[f], text);
        double start = lp_now_s();
        refused(in_folder("game"), strrchr(files[f], '/') + 1);
        assert_true(check() > 0);
        if (lp_now_s() - start > 5) fail_msg("%s: %.1f s for %zu bytes", files[f], lp_now_s() - start, strlen(text));
        unlink(in_folder("game/longplay.json"));
        make_game(NULL);
    }
}

static void test_hostile(void **state) {
    (void)state;
    static const char *const small[] = {"",
                                        " ",
                                        "null",
                                        "[]",
                                        "NaN",
                                        "{\"a\": NaN}",
                                        "{\"a\": Infinity}",
                                        "{\"a\": -}",
                                        "{\"a\": 1e}",
                                        "{\"a\": 0x10}",
                                        "{} {}",
                                        "{}x",
                                        "{\"a\": 1, \"a\": 1}",
                                        "{\"x\": [{\"b\": {\"c\": 1, \"d\": 2, \"c\": 3}}]}",
                                        "{\"a\": \"\\u0007\"}",
                                        "{\"a\\n\": 1}",
                                        "{\"a\": \"\\ud800\"}",
                                        "{\"a\": \"",
                                        "{\"a\"",
                                        "{\"a\": \xff\xfe}",
                                        "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) hostile(small[i]);

    static const struct {
        const char *open, *close;
        int n;
    } nests[] = {{"[", "]", 100000}, {"{\"a\":", "}", 100000}, {"[", "", 1 << 20}};
    char *text = malloc(4 << 20);
    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
        char *at = text + sprintf(text, "{\"info\":");
        for (int d = 0; d < nests[i].n; d++) at += sprintf(at, "%s", nests[i].open);
        *at++ = '1';
        for (int d = 0; d < nests[i].n; d++) at += sprintf(at, "%s", nests[i].close);
        sprintf(at, "}");
        hostile(text);
    }
    char *at = text + sprintf(text, "{\"twice\": 1, \"twice\": 1"); /* many names, two of them one */
    for (int i = 0; i < 200000; i++) at += sprintf(at, ",\"n%d\":0", i);
    sprintf(at, "}");
    hostile(text);
    static const struct {
        const char *file, *before, *after, *says;
    } numbers[] = {
        /* a megabyte long */
        {"game/data.json", "{\"info\": {\"a\": {\"type\": \"|u1\", \"address\": ", "}}}", "info.a.address"},
        {"game/data.json", "{\"info\": {\"a\": {\"type\": \"|u1\", \"address\": 1, \"mask\": -", "}}}", "info.a.mask"},
        {"game/scenario.json", "{\"reward\": {\"time\": {\"reward\": -", "}}}", "reward.time.reward"},
        {"game/scenario.json", "{\"crop\": [0, 0, 0, ", "]}", "crop"},
        {"game/longplay.json", "{\"frame_skip\": ", "}", "frame_skip"},
        {"game/longplay.json", "{\"time_limit\": 1e", "}", "longplay.json"},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        make_game(NULL);
        if (i < 2) write_text("game/scenario.json", "{}");
        memset(text, '9', 1 << 20);
        memcpy(text, numbers[i].before, strlen(numbers[i].before));
        strcpy(text + (1 << 20), numbers[i].after);
        write_text(numbers[i].file, text);
        refused(in_folder("game"), numbers[i].says);
        assert_int_equal(check(), 1);
        unlink(in_folder("game/longplay.json"));
    }
    free(text);
}

/* Deep, but within what JSON may: refused by the grammar. Wide: by a count. */
static void test_hostile_conditions(void **state) {
    (void)state;
    char *text = malloc(1 << 20), *at = text + sprintf(text, "{\"done\": ");
    for (int d = 0; d < 400; d++) at += sprintf(at, "{\"nodes\": {\"n\": ");
    at += sprintf(at, "{}");
    for (int d = 0; d < 400; d++) at += sprintf(at, "}}");
    sprintf(at, "}");
    write_text("game/scenario.json", text);
    refused(in_folder("game"), "nested deeper than");
    at = text + sprintf(text, "{\"done\": {\"nodes\": {\"n\": {}");
    for (int i = 0; i < 5000; i++) at += sprintf(at, ", \"n%d\": {\"variables\": {\"walked\": {\"op\": \"zero\"}}}", i);
    sprintf(at, "}}}");
    write_text("game/scenario.json", text);
    refused(in_folder("game"), "more than");
    assert_int_equal(check(), 1);
    at = text + sprintf(text, "{\"info\": {\"a\": {\"address\": 1, \"type\": \"|u1\"}");
    for (int i = 0; i < 5000; i++) at += sprintf(at, ", \"v%d\": {\"address\": %d, \"type\": \"|u1\"}", i, i);
    sprintf(at, "}}");
    write_text("game/scenario.json", "{}");
    write_text("game/data.json", text);
    refused(in_folder("game"), "more than");
    assert_int_equal(check(), 1);
    free(text);
}

/* ---- what the files do ---- */

/* What stable-retro 1.0.1 reads from these bytes. */
static void test_types(void **state) {
    (void)state;
    static const struct {
        const char *type;
        int64_t value;
    } table[] = {{"|u1", 145},
                 {"<u2", 33425},
                 {">u2", 37250},
                 {"|u2", 33425},
                 {"<u3", 8356497},
                 {">u3", 9536127},
                 {"><u4", 2190584703},
                 {"<>u4", 2141950338},
                 {">=u4", 2190584703},
                 {"<=u4", 2877260433},
                 {"=u4", 2877260433},
                 {"><u3", 9535362},
                 {"<>u3", 8552337},
                 {"><u5", 560794217343},
                 {"<>u5", 548345516418},
                 {"><u1", 145},
                 {"<>u1", 145},
                 {"<u8", 1196004702387405457},
                 {">u8", -7961660814793926384},
                 {"|d1", 91},
                 {"<d2", 8291},
                 {">d4", 91827501},
                 {"|n1", 1},
                 {"<n4", 1521},
                 {">n8", 12510590},
                 {"<d8", 1099055001758291},
                 {"><d4", 82910175},
                 {"|i2", -32111}};
    static const uint8_t bytes[] = {0x91, 0x82, 0x7f, 0xab, 0xf0, 0x0f, 0x99, 0x10};
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        char text[160];
        snprintf(text, sizeof text,
                 "{\"info\": {\"v\": {\"address\": 51200, \"type\": \"%s\"}, \"masked\": {\"address\": 51200, \"type\": \"%s\", \"mask\": "
                 "240}}}",
                 table[t].type, table[t].type);
        write_text("game/data.json", text);
        write_text("game/scenario.json", "{}");
        lp_game *game = open_game();
        lp_env *env = open_env(game);
        for (int i = 0; i < 8; i++) lp_emu_write8(lp_env_emu(env), 0xC800 + (uint32_t)i, bytes[i]);
        if (lp_variable_read(&game->variables[0], lp_env_emu(env)) != table[t].value) fail_msg("%s", table[t].type);
        assert_true(lp_variable_read(&game->variables[1], lp_env_emu(env)) == (table[t].value & 240));
        lp_env_close(env);
        lp_game_close(game);
    }
}

static void test_crop(void **state) {
    (void)state;
    uint8_t seen[80 * 72], wanted[80 * 72];
    int x, y, w, h;
    write_text("game/scenario.json", "{\"crop\": [24, 32, 80, 0]}");
    write_text("game/longplay.json", "{" BOOT ", \"observation\": {\"width\": 80, \"height\": 72}}");
    lp_game *game = open_game();
    lp_game_crop(game, &x, &y, &w, &h);
    assert_true(x == 24 && y == 32 && w == 80 && h == 112);
    lp_env *env = open_env(game);
    lp_env_step(env, 0);
    const uint32_t *frame = lp_emu_frame(lp_env_emu(env), &w, &h);
    lp_env_observe(env, seen);
    uint32_t part[112 * 80];
    for (int row = 0; row < 112; row++) memcpy(part + row * 80, frame + (y + row) * w + x, 80 * sizeof *part);
    lp_observe_grey(wanted, 80, 72, part, 80, 80, 112);
    assert_memory_equal(seen, wanted, sizeof seen);
    int n_dark = 0;
    for (size_t i = 0; i < sizeof seen; i++) n_dark += seen[i] != seen[0];
    assert_true(n_dark > 100); /* there is something to see */
    lp_env_close(env);
    lp_game_close(game);
    write_text("game/longplay.json", "{\"observation\": {\"width\": 81}}"); /* larger than the crop */
    refused(in_folder("game"), "longplay.json: observation.width");
    write_text("game/longplay.json", "{}");
    write_text("game/scenario.json", "{\"crop\": [150, 100, 8, 9]}");
    game = open_game();
    lp_game_observation(game, &w, &h);
    assert_true(w == 8 && h == 9); /* the default fits */
    lp_game_close(game);
}

static void test_actions(void **state) {
    (void)state;
    static const char *const names[] = {"none", "UP", "DOWN", "A", "A+UP", "A+DOWN"};
    write_text("game/scenario.json", "{\"actions\": [[[], [\"A\"]], [[], [\"DOWN\"], [\"UP\"], []]]}");
    for (int pass = 0; pass < 2; pass++) {
        lp_game *game = open_game();
        assert_int_equal(lp_game_n_actions(game), 6);
        for (int a = 0; a < 6; a++) assert_string_equal(lp_game_action_name(game, a), names[a]);
        lp_game_close(game);
        write_text("game/longplay.json", "{\"actions\": [[[], [\"A\"]], [[], [\"DOWN\"], [\"UP\"], []]]}");
        write_text("game/scenario.json", "{\"actions\": [[[], [\"B\"]]]}"); /* longplay.json's counts */
    }
    write_text("game/longplay.json", "{\"buttons\": [[\"A\"], []]}");
    lp_game *game = open_game();
    assert_true(lp_game_n_actions(game) == 2 && lp_game_action_keys(game, 0) == LP_KEY_A);
    lp_game_close(game);
}

static void test_rewards(void **state) {
    (void)state;
    write_text("game/longplay.json", "{" BOOT "}");
    write_text(
        "game/scenario.json",
        "{" DONE ", \"rewards\": [{\"variables\": {\"walked\": {\"reward\": 0.5}}, \"time\": {\"reward\": -0.25}},"
        " {\"variables\": {\"walked\": {\"measurement\": \"absolute\", \"op\": \"greater-than\", \"reference\": 4, \"reward\": 2}}}]}");
    lp_game *game = open_game();
    assert_true(lp_game_has_reward(game));
    lp_env *env = open_env(game), *other = open_env(game);
    unsigned char *saved = malloc(lp_env_save_size(env));
    lp_err err;
    for (int episode = 0; episode < 2; episode++) {
        int64_t walked = 0, before;
        int n_changed = 0;
        assert_int_equal(lp_env_reset(env, 0, NULL, 0, &err), LP_OK);
        assert_true(lp_env_reward(env, 1) == 0 && lp_env_reward(env, 2) == 0);
        assert_true(lp_env_variable(env, "walked", &before));
        for (lp_outcome outcome = LP_RUNNING; outcome == LP_RUNNING; before = walked) {
            outcome = lp_env_step(env, 0);
            assert_true(lp_env_variable(env, "walked", &walked));
            n_changed += walked != before;
            assert_true(lp_env_reward(env, 1) == 0.5 * (double)(walked - before) - 0.25);
            assert_true(lp_env_reward(env, 2) == (walked > 4 ? 2 : 0));
            lp_env_save(env, saved);
            assert_int_equal(lp_env_load(other, saved, lp_env_save_size(env), &err), LP_OK);
            assert_true(lp_env_reward(other, 1) == lp_env_reward(env, 1) && lp_env_reward(other, 2) == lp_env_reward(env, 2));
            assert_int_equal(outcome, walked == 10 ? LP_LOSS : LP_RUNNING);
        }
        assert_true(n_changed >= 9);
    }
    free(saved);
    lp_env_close(env), lp_env_close(other);
    lp_game_close(game);
}

/* Fields that stable-retro would not look at are noted, in longplay.json refused; comments are neither. */
static void test_unknown_fields(void **state) {
    (void)state;
    write_text("game/data.json",
               "{\"info\": {\"walked\": {\"address\": 49336, \"type\": \"<u4\", \"help\": \"steps\", \"// x\": 1}}, \"search\": {}}");
    write_text("game/scenario.json",
               "{" DONE ", \"// a\": 0, \"// a\": 0, \"rewards\": [{}, {}, {}], \"reward\": {\"time\": {\"penalty\": 1}}}");
    write_text("game/longplay.json", "{\"// what\": \"a game\", \"title\": \"t\"}");
    assert_int_equal(check(), 0);
    said_so("data.json: info.walked.help: unknown field, not used");
    said_so("data.json: search: unknown field, not used");
    said_so("scenario.json: rewards[2]: not used");
    said_so("scenario.json: reward.time.penalty: has no effect");
    said_so("longplay.json: no win");
    assert_null(strstr(said.text, "//"));
    write_text("game/longplay.json", "{\"tittle\": \"t\"}");
    assert_int_equal(check(), 1);
}

static void test_check_others(void **state) {
    (void)state;
    int n_errors;
    lp_err err;
    memset(&said, 0, sizeof said);
    assert_int_equal(lp_game_check("cue", say, &said, &n_errors, &err), LP_OK);
    assert_int_equal(said.n_notes + n_errors, 0);
    assert_int_equal(lp_game_check(in_folder("game/rom.gb"), say, &said, &n_errors, &err), LP_OK);
    assert_int_equal(n_errors, 0);
    said_so("a ROM without files");

    /* What is no game at all is refused as lp_game_open does, and not gone through. */
    char none[PATH_MAX], text[PATH_MAX], empty[PATH_MAX];
    snprintf(none, sizeof none, "%s", in_folder("none"));
    snprintf(text, sizeof text, "%s", in_folder("game/data.json"));
    snprintf(empty, sizeof empty, "%s", in_folder("empty"));
    assert_int_equal(lp_make_dirs(empty, NULL), LP_OK);
    const char *const bad[][2] = {
        {"no-such-game", "neither a file"}, {none, "No such file"},       {text, "data.json: "},
        {folder, "not a game folder"},      {empty, "not a game folder"}, {"", "''"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&said, 0, sizeof said);
        lp_status status = lp_game_check(bad[i][0], say, &said, &n_errors, &err);
        if (status != LP_BAD_INPUT || !strstr(err.message, bad[i][1]) || *said.text)
            fail_msg("'%s': %d, '%s', '%s'", bad[i][0], status, err.message, said.text);
    }
    rmdir(empty);
}

/* What could not be read is not said to be missing, nor checked against. */
static void test_no_false_mistakes(void **state) {
    (void)state;
    char path[PATH_MAX];
    write_text("game/longplay.json", "");
    snprintf(path, sizeof path, "%s", in_folder("game/rom.gb"));
    assert_int_equal(rename(path, in_folder("game/other.gb")), 0);
    assert_int_equal(check(), 1);
    assert_null(strstr(said.text, "no longplay.json"));
    assert_null(strstr(said.text, "no ROM: "));
    write_text("game/longplay.json", "{\"rom\": \"data.json\", \"boot\": [{\"poke\": true}], \"knobs\": {\"n\": {\"address\": 49336, "
                                     "\"type\": \"|u1\", \"default\": 0}}}");
    assert_int_equal(check(), 1);
    said_so("game/data.json: ");
    assert_null(strstr(said.text, "knobs"));
    unlink(in_folder("game/other.gb"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_game, remove_game)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_only_retro),
        TEST(test_layout),
        TEST(test_rom_names),
        TEST(test_states),
        TEST(test_lua),
        TEST(test_mistakes),
        TEST(test_all_at_once),
        TEST(test_check_agrees),
        TEST(test_hostile),
        TEST(test_hostile_conditions),
        TEST(test_types),
        TEST(test_crop),
        TEST(test_actions),
        TEST(test_rewards),
        TEST(test_unknown_fields),
        TEST(test_check_others),
        TEST(test_no_false_mistakes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
