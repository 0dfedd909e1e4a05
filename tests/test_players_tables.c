/* A game's tools and a table of prices, as files: cut anywhere and with any byte changed they are taken, or refused in one line. */
#include "base/file.h"
#include "players/chat_prices.h"
#include "players/chat_table.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char tools[] = "{\"tools\": [{\"name\": \"go\", \"description\": \"x\", \"parameters\": {\"n\": {\"description\": \"y\", "
                            "\"min\": 0, \"max\": 9}}, \"steps\": ["
                            "{\"press\": \"UP\", \"until\": {\"variable\": \"phase\", \"op\": \"equal\", \"reference\": \"n\"}, \"most\": "
                            "40}, {\"press\": [\"none\", \"left\"], "
                            "\"times\": \"n\"}]}, {\"name\": \"up\", \"steps\": [{\"press\": [\"UP\"]}]}]}\n";
static const char prices[] = "# model in cached out\n\na 1 0.5 2\nqwen2.5-vl:7b\t0.4 0.1 1.6 # mine\r\nz 1e3 0 0";
static const char model[] = "qwen2.5-vl:7b";
static char folder[PATH_MAX], tools_path[PATH_MAX], prices_path[PATH_MAX];

static void put(const char *path, const char *data, size_t size) {
    lp_err err;
    if (lp_file_write_atomic(path, data, size, &err)) fail_msg("%s", err.message);
}

static int setup(void **state) {
    static const char *const names[] = {"cue.gb", "data.json", "longplay.json"};
    char from[PATH_MAX], to[PATH_MAX];
    lp_err err;
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    for (int i = 0; i < 3; i++) {
        lp_blob file;
        if (lp_file_read(&file, lp_path_join(from, sizeof from, LP_SOURCE_DIR "/games/cue", names[i]), 1 << 20, &err)) return -1;
        put(lp_path_join(to, sizeof to, folder, names[i]), (const char *)file.data, file.size_bytes);
        lp_blob_free(&file);
    }
    lp_path_join(tools_path, sizeof tools_path, folder, "tools.json");
    lp_path_join(prices_path, sizeof prices_path, folder, "prices");
    return 0;
}

static int teardown(void **state) {
    static const char *const names[] = {"cue.gb", "data.json", "longplay.json", "tools.json", "prices"};
    char path[PATH_MAX];
    (void)state;
    for (int i = 0; i < 5; i++) unlink(lp_path_join(path, sizeof path, folder, names[i]));
    return rmdir(folder);
}

static lp_status read_tools(const lp_game *game, const char *text, size_t size, lp_err *err) {
    static lp_chat_table table;
    put(tools_path, text, size);
    const lp_status status = lp_chat_table_read(&table, game, err);
    if (!status)
        for (int i = 0; i < table.n; i++)
            for (int k = 0; k < table.tool[i].n_steps; k++)
                for (int a = 0; a < table.tool[i].step[k].n_actions; a++)
                    assert_true(table.tool[i].step[k].action[a] < lp_game_n_actions(game));
    return status;
}

static lp_status read_prices(const char *text, size_t size, lp_err *err) {
    lp_chat_setup s = {.price_in = -7};
    strcpy(s.model, model);
    snprintf(s.prices, sizeof s.prices, "%s", prices_path);
    put(prices_path, text, size);
    const lp_status status = lp_chat_prices_read(&s, err);
    assert_true(status ? s.price_in == -7 : s.price_in >= 0 && s.price_cached >= 0 && s.price_out >= 0);
    return status;
}

static void expect_line(lp_status status, const lp_err *err, const char *path) {
    if (!status) return;
    assert_int_equal(status, LP_BAD_INPUT);
    assert_null(strchr(err->message, '\n'));
    assert_non_null(strstr(err->message, path));
}

static void test_whole(void **state) {
    (void)state;
    lp_game *game;
    lp_err err;
    lp_chat_table table;
    if (lp_game_open(&game, folder, &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_chat_table_read(&table, game, &err), LP_OK); /* there is none */
    assert_int_equal(table.n, 0);
    if (read_tools(game, tools, strlen(tools), &err) || read_prices(prices, strlen(prices), &err)) fail_msg("%s", err.message);
    lp_game_close(game);
}

static void test_damaged(void **state) {
    (void)state;
    lp_game *game;
    lp_err err;
    if (lp_game_open(&game, folder, &err)) fail_msg("%s", err.message);
    for (size_t n = 0; n < strlen(tools); n++) {
        const lp_status status = read_tools(game, tools, n, &err);
        expect_line(status, &err, "tools.json");
        assert_true(status || n == strlen(tools) - 1);
    }
    for (size_t n = 0; n < strlen(prices); n++) expect_line(read_prices(prices, n, &err), &err, "prices");
    static const char other[] = {0, '"', '{', '[', '9', '-', 'x', '\n', ' ', (char)0xff};
    for (size_t k = 0; k < sizeof other; k++) {
        char changed[sizeof tools];
        for (size_t n = 0; n < strlen(tools); n++) {
            memcpy(changed, tools, sizeof tools);
            changed[n] = other[k];
            expect_line(read_tools(game, changed, strlen(tools), &err), &err, "tools.json");
        }
        for (size_t n = 0; n < strlen(prices); n++) {
            memcpy(changed, prices, sizeof prices);
            changed[n] = other[k];
            expect_line(read_prices(changed, strlen(prices), &err), &err, "prices");
        }
    }
    lp_game_close(game);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_damaged)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
