/* Somebody stuck is noticed, whoever plays: against a wall and in a circle, by variables and by the picture; who waits is not, nor is an oracle. */
#include "harness/run_parts.h"
#include "tests/run_support.h"

#include <cjson/cJSON.h>

enum { AFTER = 60, LEFT = 1, RIGHT = 2, A = 5 };

/* What a person does at decision i. */
typedef int (*habit)(int64_t i);
static int walks(int64_t i) { return i < 100 ? (i % 2 ? A : 0) : LEFT; } /* behind the texts of the beginning */
static int circles(int64_t i) { return i < 100 ? walks(i) : i / 8 % 2 ? LEFT : RIGHT; }
static int waits(int64_t i) { return i < 140 ? walks(i) : 0; }

static void make_config(lp_run_config *config, const lp_game *game) {
    int64_t knobs[LP_MAX_KNOBS];
    lp_run_config_init(config);
    snprintf(config->game, sizeof config->game, "lantern");
    snprintf(config->policy, sizeof config->policy, "human");
    lp_mem_choose(&config->memory, &(lp_mem_config){.arch = &lp_mem_none});
    config->stuck = AFTER;
    lp_game_default_knobs(game, knobs);
    lp_run_config_knobs(config, game, knobs);
}

/* Up to `decisions` in all; into folder, unless NULL, closed and opened again every `again` of them. Returns when it was first seen to be stuck, or -1. */
static int64_t play(const lp_game *game, const char *folder, habit does, int64_t decisions, int64_t again) {
    lp_run_config config;
    lp_run *run = NULL;
    lp_err err;
    int64_t first = -1;
    make_config(&config, game);
    if (folder && lp_run_make(folder, game, NULL, &config, &err)) fail_msg("%s", err.message);
    for (int64_t i = 0; i < decisions; i++) {
        if (!run && lp_run_open(&run, folder, game, NULL, &config, &err)) fail_msg("%s", err.message);
        if (lp_run_think(run, &err)) fail_msg("%s", err.message);
        lp_run_choose(run, does(i));
        if (lp_run_take(run, &err)) fail_msg("%s", err.message);
        const bool stuck = lp_run_stuck(run) > 0;
        if (stuck && first < 0) {
            lp_view view = {0};
            lp_run_view(run, &view);
            assert_int_equal(view.stuck, AFTER);
            assert_string_equal(view.note, "stuck: the last 60 decisions led nowhere new");
            assert_string_equal(view.events[0].text, "stuck: 60 decisions led nowhere new");
            first = i;
        }
        if (!again || (i + 1) % again) continue;
        if (lp_run_save(run, &err)) fail_msg("%s", err.message);
        lp_run_close(run);
        run = NULL;
    }
    if (run && lp_run_end(run, &err)) fail_msg("%s", err.message);
    lp_run_close(run);
    return first;
}

/* lantern in a folder of its own, with another "place". */
static lp_game *open_copy(const char *name, const char *place) {
    static const char *const files[] = {"lantern.gb", "data.json", "scenario.json", "longplay.json"};
    char from[PATH_MAX], to[PATH_MAX];
    lp_game *game;
    lp_err err;
    assert_int_equal(mkdir(at(name), 0755), 0);
    for (int i = 0; i < 4; i++) {
        lp_blob blob = {0};
        if (lp_file_read(&blob, lp_path_join(from, sizeof from, LP_SOURCE_DIR "/games/lantern", files[i]), 1 << 20, &err))
            fail_msg("%s", err.message);
        char *text = (char *)blob.data, *field = i == 3 ? strstr(text, "\"place\": \"") : NULL;
        lp_path_join(to, sizeof to, at(name), files[i]);
        if (!field) put(to, text, blob.size_bytes);
        else {
            growing g = {0};
            add(&g, "%.*s\"place\": \"%s%s", (int)(field - text), text, place, strchr(field + 10, '"'));
            put(to, g.text, g.used);
            free(g.text);
        }
        lp_blob_free(&blob);
    }
    if (!lp_game_open(&game, at(name), &err)) return game;
    assert_string_equal(strstr(err.message, "longplay.json"),
                        "longplay.json: place: must be variables of data.json, NAME or NAME/N, with commas between");
    return NULL;
}

static void expect_noticed(const lp_game *game) {
    const int64_t wall = play(game, NULL, walks, 400, 0), circle = play(game, NULL, circles, 400, 0);
    assert_true(wall >= 100 + AFTER / 2 && wall < 300);
    assert_true(circle >= 100 + AFTER / 2 && circle < 300);
    assert_int_equal(play(game, NULL, waits, 600, 0), -1);
}

static void test_by_variables(void **state) {
    (void)state;
    lp_game *game;
    lp_err err;
    if (lp_game_open(&game, "lantern", &err)) fail_msg("%s", err.message);
    assert_string_equal(lp_game_cells(game), "room,x,y,lap,wood_step");
    expect_noticed(game);
    lp_game_close(game);
}

static void test_by_picture(void **state) {
    (void)state;
    lp_game *game = open_copy("pictures", "picture");
    expect_noticed(game);
    lp_game_close(game);
    assert_null(open_copy("attic", "room,attic"));
}

/* Closed and opened again every few decisions it is the same run: what it knows of where it had been is in the checkpoint. */
static void test_resumed(void **state) {
    (void)state;
    lp_game *game = open_copy("resumed", "picture");
    const int64_t whole = play(game, at("whole"), circles, 320, 0), parts = play(game, at("parts"), circles, 320, 7);
    assert_true(whole > 0 && parts >= whole);
    expect_same_run(at("whole"), at("parts"));
    lp_game_close(game);
}

/* Not so long a line that it could not be read back, and not any line. */
static void test_lines(void **state) {
    (void)state;
    static const char *const bad[] = {"", "7", "1 -1", "1 2 x", "1 2 0", "1 2 5 5", "1 2 123456789", "-1 2", "1 2 5 "};
    lp_stuck *s = calloc(1, sizeof *s), *t = calloc(1, sizeof *t);
    char text[LP_STUCK_TEXT], back[LP_STUCK_TEXT];
    assert_true(s && t);
    s->times = s->nowhere = 999999999999999999, s->n = LP_STUCK_PLACES;
    for (int i = 0; i < LP_STUCK_PLACES; i++) s->place[i] = UINT32_MAX - (uint32_t)i * 8192;
    lp_stuck_print(s, text);
    assert_true(lp_stuck_read(t, text));
    lp_stuck_print(t, back);
    assert_string_equal(text, back);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (lp_stuck_read(t, bad[i])) fail_msg("'%s' was read", bad[i]);
        assert_true(!t->n && !t->times && !t->nowhere);
    }
    free(s), free(t);
}

static cJSON *read_json(const char *path) {
    lp_blob blob = {0};
    lp_err err;
    if (lp_file_read(&blob, path, 1 << 16, &err)) fail_msg("%s", err.message);
    cJSON *o = cJSON_Parse((const char *)blob.data);
    lp_blob_free(&blob);
    assert_non_null(o);
    return o;
}

static double number_of(const cJSON *o, const char *name) {
    const cJSON *n = cJSON_GetObjectItem(o, name);
    assert_true(cJSON_IsNumber(n));
    return n->valuedouble;
}

/* A program that walks against a wall: in --json, run.json and run.db, and not in what it remembers. --stuck is the run's. */
static void test_told(void **state) {
    (void)state;
    static const char walks[] =
        "#!/bin/sh\nn=0\nwhile read -r l; do n=$((n+1)); a=1; [ $n -gt 100 ] || a=$((n%2*5)); echo \"{\\\"action\\\":$a}\"; done\n";
    put(at("walks.sh"), walks, strlen(walks));
    chmod(at("walks.sh"), 0755);
    result r = run_with(NULL, "play lantern --headless --stuck 60 --decisions 400 --json --run %/told --policy process:%/walks.sh");
    if (r.code) fail_msg("exit %d: %s", r.code, r.err);
    cJSON *said = cJSON_Parse(r.out), *shown = read_json(at("told/run.json"));
    assert_true(number_of(said, "stuck") == 1);
    assert_true(number_of(cJSON_GetObjectItem(shown, "stuck"), "times") == 1 &&
                number_of(cJSON_GetObjectItem(shown, "stuck"), "decisions") > 60);
    assert_non_null(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(shown, "note")), "stuck: the last "));
    cJSON_Delete(said);
    cJSON_Delete(shown);
    char *rows = database_text(at("told")), *first = strstr(rows, "stuck: 60 decisions led nowhere new");
    assert_non_null(first);
    assert_null(strstr(first + 1, "stuck: 60 decisions led nowhere new"));
    free(rows);
    expect_run(2, NULL, "--stuck is not what", "play --resume --headless --decisions 500 --stuck 70 --run %/told");
    r = run_with(NULL, "play --resume --headless --decisions 500 --json --run %/told");
    said = cJSON_Parse(r.out);
    assert_true(number_of(said, "stuck") == 1);
    cJSON_Delete(said);
    r = run_with(NULL, "play lantern --headless --stuck 0 --decisions 400 --json --policy process:%/walks.sh");
    said = cJSON_Parse(r.out);
    assert_true(number_of(said, "stuck") == 0);
    cJSON_Delete(said);
}

/* LONGPLAY_TEST_EPISODES=1000: as many of each, of lantern too (half an hour). */
static void test_oracles(void **state) {
    (void)state;
    static const char *const games[] = {"catch", "count", "cue", "facts", "keydoor", "locks", "lures", "map", "order", "rule", "lantern"};
    const char *asked = getenv("LONGPLAY_TEST_EPISODES");
    for (size_t i = 0; i < sizeof games / sizeof *games; i++) {
        const int n = asked ? atoi(asked) : strcmp(games[i], "lantern") ? 30 : 1;
        result r = longplay("play %s --policy oracle --headless --json --stuck 200 --episodes %d", games[i], n);
        assert_int_equal(r.code, 0);
        cJSON *o = cJSON_Parse(r.out);
        assert_true(cJSON_GetObjectItem(o, "wins")->valuedouble == n);
        if (cJSON_GetObjectItem(o, "stuck")->valuedouble != 0) fail_msg("%s: an oracle is said to be stuck", games[i]);
        cJSON_Delete(o);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_variables, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_by_picture, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_resumed, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_lines, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_told, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_oracles, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
