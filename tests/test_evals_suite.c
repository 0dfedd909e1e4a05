/* Suites: what is read, every mistake told with its place, the shipped ones, and that the same rows come of it as of one
 * evaluation after another. */
#include "base/file.h"
#include "base/rng.h"
#include "evals/eval.h"
#include "evals/suite.h"

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define CUE LP_SOURCE_DIR "/games/cue"
static char root[256];

static int make_root(void **state) {
    (void)state;
    snprintf(root, sizeof root, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int remove_root(void **state) {
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const void *data, size_t size) {
    char path[PATH_MAX];
    lp_err err;
    if (lp_file_write_atomic(lp_path_join(path, sizeof path, root, name), data, size, &err)) fail_msg("%s", err.message);
}

static lp_status open_text(lp_suite **suite, const char *text, size_t size, lp_err *err) {
    char path[PATH_MAX];
    put("suite.json", text, size);
    return lp_suite_open(suite, lp_path_join(path, sizeof path, root, "suite.json"), err);
}

/* Refused, with one line that has the file's name and this in it. */
static void refused(const char *text, const char *says) {
    lp_suite *suite = NULL;
    lp_err err;
    lp_status status = open_text(&suite, text, strlen(text), &err);
    if (status != LP_BAD_INPUT || suite || !strstr(err.message, says) || !strstr(err.message, "suite.json") || strchr(err.message, '\n'))
        fail_msg("%s: status %d, '%s', not '%s'", text, status, status ? err.message : "", says);
}

static lp_suite *opened(const char *text) {
    lp_suite *suite;
    lp_err err;
    if (open_text(&suite, text, strlen(text), &err)) fail_msg("%s: %s", text, err.message);
    return suite;
}

static int64_t knob(const lp_suite_row *row, const char *name) {
    int k = lp_game_find_knob(row->game, name);
    assert_true(k >= 0);
    return row->knobs[k];
}

/* ---- what is read ---- */
static void test_rows(void **state) {
    (void)state;
    lp_suite *suite = opened("{\"// why\": 0, \"title\": \"two\", \"seed\": 7, \"episodes\": 30, \"games\": ["
                             "{\"game\": \"cue\", \"knobs\": {\"doors\": 4, \"horizon\": [1, 20, 300]}},"
                             "{\"game\": \"cue\", \"episodes\": 5, \"knobs\": {\"doors\": [2, 3], \"horizon\": [9, 8]}},"
                             "{\"game\": \"cue\"}]}");
    static const struct {
        int64_t horizon, doors, episodes;
        const char *label;
    } expected[] = {{1, 4, 30, "cue"},        {20, 4, 30, "cue"},       {300, 4, 30, "cue"},
                    {9, 2, 5, "cue doors=2"}, {8, 3, 5, "cue doors=3"}, {64, 2, 30, "cue"}};
    assert_string_equal(lp_suite_title(suite), "two");
    assert_int_equal(lp_suite_n_rows(suite), 6);
    for (int i = 0; i < 6; i++) {
        const lp_suite_row *row = lp_suite_row_at(suite, i);
        assert_string_equal(row->name, "cue");
        assert_string_equal(row->label, expected[i].label);
        assert_int_equal(knob(row, "horizon"), expected[i].horizon);
        assert_int_equal(knob(row, "doors"), expected[i].doors);
        assert_int_equal(knob(row, "keep_cue"), 0);
        assert_int_equal(row->episodes, expected[i].episodes);
        assert_int_equal(row->seed, 7);
    }
    lp_suite_close(suite);
    suite = opened("{\"games\": [{\"game\": \"cue\"}]}");
    assert_string_equal(lp_suite_title(suite), "");
    assert_int_equal(lp_suite_row_at(suite, 0)->episodes, 200);
    assert_int_equal(lp_suite_row_at(suite, 0)->seed, 1);
    lp_suite_close(suite);
    lp_suite_close(NULL);
}

/* A row's weights: seen from the suite's folder, as they are if absolute, none by default. */
static void test_policy(void **state) {
    (void)state;
    char expected[PATH_MAX];
    lp_suite *suite = opened("{\"games\": [{\"game\": \"cue\", \"policy\": \"mine/cue4.safetensors\", \"knobs\": {\"horizon\": [1, 2]}},"
                             "{\"game\": \"cue\", \"policy\": \"/w.safetensors\"}, {\"game\": \"cue\"}]}");
    lp_path_join(expected, sizeof expected, root, "mine/cue4.safetensors");
    assert_string_equal(lp_suite_row_at(suite, 0)->policy, expected);
    assert_string_equal(lp_suite_row_at(suite, 1)->policy, expected);
    assert_string_equal(lp_suite_row_at(suite, 2)->policy, "/w.safetensors");
    assert_null(lp_suite_row_at(suite, 3)->policy);
    lp_suite_close(suite);
    refused("{\"games\": [{\"game\": \"cue\", \"policy\": 3}]}", "games[0].policy");
}

/* A copy of cue in the folder; with another ROM, if asked. */
static void copy_cue(const char *folder, bool other_rom) {
    static const char *const files[] = {"longplay.json", "data.json", "scenario.json", "rom.sha", "cue.gb"};
    char path[PATH_MAX], name[300];
    lp_err err;
    lp_blob blob;
    mkdir(lp_path_join(path, sizeof path, root, folder), 0777);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(lp_file_read(&blob, lp_path_join(path, sizeof path, CUE, files[i]), 1 << 20, &err), LP_OK);
        if (other_rom && i == 4) ((uint8_t *)blob.data)[0x4000] ^= 1;
        snprintf(name, sizeof name, "%s/%s", folder, files[i]);
        put(name, blob.data, blob.size_bytes);
        lp_blob_free(&blob);
    }
}

/* A game's path is seen from the suite's folder. */
static void test_paths(void **state) {
    (void)state;
    copy_cue("mine", false);
    lp_suite *suite = opened("{\"games\": [{\"game\": \"./mine\", \"knobs\": {\"horizon\": 3}}, {\"game\": \"" CUE "\"}]}");
    assert_string_equal(lp_suite_row_at(suite, 0)->name, "mine");
    assert_string_equal(lp_suite_row_at(suite, 1)->name, "cue");
    assert_int_equal(knob(lp_suite_row_at(suite, 0), "horizon"), 3);
    lp_suite_close(suite);
}

/* ---- mistakes ---- */
static void test_refused(void **state) {
    (void)state;
    copy_cue("changed", true);
#define GAME(knobs) "{\"games\": [{\"game\": \"cue\"}, {\"game\": \"cue\", \"knobs\": {" knobs "}}]}"
    refused("", "not a JSON object");
    refused("[]", "not a JSON object");
    refused("{}", "games: is missing, or empty");
    refused("{\"games\": []}", "games: is missing, or empty");
    refused("{\"games\": {}}", "games: must be a list");
    refused("{\"games\": [1]}", "must be an object");
    refused("{\"games\": [{}]}", "game: is missing");
    refused("{\"games\": [{\"game\": 1}]}", "game: must be a text");
    refused("{\"games\": [{\"game\": \"nosuch\"}]}", "'nosuch' is neither");
    refused("{\"games\": [{\"game\": \"./changed\"}]}", "SHA-1");
    refused("{\"games\": [{\"game\": \"cue\", \"knob\": {}}]}", "knob: unknown field");
    refused("{\"games\": [{\"game\": \"cue\", \"knobs\": []}]}", "knobs: must be an object");
    refused("{\"games\": [{\"game\": \"cue\", \"episodes\": 0}]}", "episodes: must be a whole number");
    refused("{\"games\": [{\"game\": \"cue\"}], \"seed\": -1}", "seed: must be a whole number, 0 to");
    refused("{\"games\": [{\"game\": \"cue\"}], \"seeds\": 1}", "seeds: unknown field");
    refused("{\"games\": [{\"game\": \"cue\"}], \"episodes\": 2.5}", "episodes: must be a whole number");
    refused("{\"games\": [{\"game\": \"cue\"}], \"title\": 3}", "title: must be a text");
    refused(GAME("\"speed\": 1"), "speed: cue has no such knob");
    refused(GAME("\"doors\": 5"), "doors: must be a whole number, 2 to 4");
    refused(GAME("\"doors\": 2.5"), "doors: must be a whole number, 2 to 4");
    refused(GAME("\"doors\": 1e300"), "doors: must be a whole number, 2 to 4");
    refused(GAME("\"doors\": \"4\""), "doors: must be a whole number, 2 to 4");
    refused(GAME("\"doors\": null"), "doors: must be a whole number, 2 to 4");
    refused(GAME("\"doors\": []"), "doors: must be a number, or a list of 1 to");
    refused(GAME("\"doors\": [2, [3]]"), "must be a whole number, 2 to 4");
    refused(GAME("\"horizon\": [1, 2, 0]"), "must be a whole number, 1 to 2000000");
    refused(GAME("\"horizon\": [1, 2, 3], \"doors\": [2, 3]"), "doors: has 2 values, another knob's list 3");
    refused(GAME("\"doors\": 2, \"doors\": 3"), "declared twice");
    lp_suite *suite;
    lp_err err;
    assert_int_equal(lp_suite_open(&suite, "nosuch", &err), LP_BAD_INPUT);
    assert_string_equal(err.message, "nosuch: no such suite");
    assert_int_equal(lp_suite_open(&suite, "nosuch.json", &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "nosuch.json"));
}

static void test_too_many(void **state) {
    (void)state;
    size_t n = 0, size = 400000;
    char *text = malloc(size);
    for (int what = 0; what < 2; what++) { /* games; rows */
        n = (size_t)snprintf(text, size, "{\"games\": [");
        for (int i = 0; i <= (what ? 16 : LP_SUITE_MAX_GAMES); i++) {
            n += (size_t)snprintf(text + n, size - n, "%s{\"game\": \"cue\", \"knobs\": {\"horizon\": [1", i ? "," : "");
            for (int k = 1; what && k < 64; k++) n += (size_t)snprintf(text + n, size - n, ",1");
            n += (size_t)snprintf(text + n, size - n, "]}}");
        }
        n += (size_t)snprintf(text + n, size - n, "]}");
        refused(text, what ? "more than 1024 rows" : "must be a list of at most 256");
    }
    free(text);
}

/* Truncated anywhere, or with any bit flipped: opened, or refused with a line. */
static void test_damage(void **state) {
    (void)state;
    static const char text[] =
        "{\"title\": \"a\", \"seed\": 7, \"episodes\": 3, \"games\": [{\"game\": \"cue\", \"knobs\": {\"horizon\": [1, 20]}}]}";
    char copy[sizeof text];
    lp_suite *suite;
    lp_err err;
    for (size_t n = 0; n < sizeof text - 1; n++) assert_int_equal(open_text(&suite, text, n, &err), LP_BAD_INPUT);
    for (size_t bit = 0; bit < 8 * (sizeof text - 1); bit++) {
        memcpy(copy, text, sizeof text);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        suite = NULL;
        lp_status status = open_text(&suite, copy, sizeof text - 1, &err);
        assert_true(status == LP_OK ? suite != NULL : status == LP_BAD_INPUT && *err.message);
        lp_suite_close(suite);
    }
}

/* ---- the shipped ones ---- */

/* `memory` opens; every game in it is played at three lengths, one after the other longer, and its rows are no one's twice. */
static void test_memory(void **state) {
    (void)state;
    lp_suite *suite;
    lp_err err;
    assert_true(lp_is_suite("memory") && lp_is_suite("x/y.json"));
    assert_false(lp_is_suite("cue") || lp_is_suite("nosuch") || lp_is_suite("../suites/memory") || lp_is_suite("") || lp_is_suite(".json"));
    if (lp_suite_open(&suite, "memory", &err)) fail_msg("%s", err.message);
    int n = lp_suite_n_rows(suite);
    assert_true(n >= 9 && n % 3 == 0);
    for (int i = 0; i < n; i++) {
        const lp_suite_row *row = lp_suite_row_at(suite, i), *last = i % 3 ? lp_suite_row_at(suite, i - 1) : NULL;
        int n_knobs = lp_game_n_knobs(row->game), n_longer = 0;
        assert_true(row->episodes >= 200);
        if (!last) continue;
        assert_ptr_equal(row->game, last->game);
        for (int k = 0; k < n_knobs; k++) {
            assert_true(row->knobs[k] >= last->knobs[k]);
            n_longer += row->knobs[k] > last->knobs[k];
        }
        assert_true(n_longer >= 1);
    }
    lp_suite_close(suite);
}

/* Every row is what lp_eval gives for these knobs and seeds; the oracle wins the shortest of each shipped game. */
static void test_oracle_wins(void **state) {
    (void)state;
    lp_suite *suite;
    lp_err err;
    if (lp_suite_open(&suite, "memory", &err)) fail_msg("%s", err.message);
    for (int i = 0; i < lp_suite_n_rows(suite); i += 3) {
        const lp_suite_row *row = lp_suite_row_at(suite, i);
        lp_eval_row result;
        lp_eval_config config = {.player = LP_PLAYER_ORACLE,
                                 .knobs = row->knobs,
                                 .episodes = 12,
                                 .seed = row->seed,
                                 .n_threads = 2,
                                 .memory = {.arch = &lp_mem_none, .dim = 1}};
        if (lp_eval(row->game, &config, &result, &err)) fail_msg("%s: %s", row->label, err.message);
        if (result.wins != 12) fail_msg("%s: the oracle won %d of 12", row->label, (int)result.wins);
    }
    lp_suite_close(suite);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),     cmocka_unit_test(test_policy), cmocka_unit_test(test_paths),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_damage), cmocka_unit_test(test_memory), cmocka_unit_test(test_oracle_wins),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
