/* longplay eval SUITE, as it is typed: rows, options that go before the suite's own, one line and exit 2 for what is wrong. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>

static void put_suite(const char *name, const char *text) { put(at(name), text, strlen(text)); }

static cJSON *rows_of(result r) {
    const char *end = NULL;
    cJSON *o = cJSON_ParseWithOpts(r.out, &end, 0);
    if (r.code || !o || strcmp(end, "\n")) fail_msg("exit %d, out '%s', err '%s'", r.code, r.out, r.err);
    return o;
}

static double number(const cJSON *row, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void test_rows(void **state) {
    (void)state;
    put_suite("s.json",
              "{\"seed\": 3, \"episodes\": 40, \"games\": [{\"game\": \"cue\", \"knobs\": {\"doors\": 4, \"horizon\": [1, 5]}}]}");
    cJSON *suite = rows_of(longplay("eval %%/s.json --policy random --json")),
          *plain = rows_of(longplay("eval cue --policy random --set horizon=5 --set doors=4 --seed 3 --episodes 40 --json"));
    const cJSON *rows = cJSON_GetObjectItem(suite, "games"), *second = cJSON_GetArrayItem(rows, 1),
                *same = cJSON_GetArrayItem(cJSON_GetObjectItem(plain, "games"), 0);
    static const char *const fields[] = {"horizon", "episodes", "wins", "losses", "timeouts", "win_rate", "context_items_max"};
    assert_int_equal(cJSON_GetArraySize(rows), 2);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) assert_true(number(second, fields[i]) == number(same, fields[i]));
    assert_true(number(cJSON_GetArrayItem(rows, 0), "horizon") == 1 && number(second, "horizon") == 5 && number(second, "episodes") == 40);
    assert_true(number(cJSON_GetObjectItem(second, "knobs"), "doors") == 4);
    cJSON_Delete(suite);
    cJSON_Delete(plain);
    result r = longplay("eval %%/s.json --policy oracle --episodes 3 --set doors=2"); /* the command line goes before the file */
    assert_int_equal(r.code, 0);
    const char *first = strstr(r.out, "cue"), *next = first ? strstr(first + 1, "cue") : NULL;
    assert_true(next && !strstr(next + 1, "cue"));
    long long horizon, episodes, wins;
    assert_int_equal(sscanf(next, "cue %lld %lld %lld", &horizon, &episodes, &wins), 3);
    assert_true(horizon == 5 && episodes == 3 && wins == 3);
}

static void refused(const char *arguments, const char *says) { expect_refused(run_with(NULL, arguments), 2, says, arguments); }

static void test_mistakes(void **state) {
    (void)state;
    put_suite("game.json", "{\"games\": [{\"game\": \"cue\"}, {\"game\": \"nosuch\"}]}");
    put_suite("knob.json", "{\"games\": [{\"game\": \"cue\", \"knobs\": {\"doors\": [2, 5]}}]}");
    put_suite("good.json", "{\"games\": [{\"game\": \"cue\", \"knobs\": {\"horizon\": 1}}]}");
    refused("eval %/game.json --policy oracle", "games[1].game: 'nosuch' is neither");
    refused("eval %/knob.json --policy oracle --json", "knobs.doors[1]: must be a whole number, 2 to 4");
    refused("eval %/none.json", "none.json");
    refused("eval %/good.json --set doors=7", "doors must be between 2 and 4");
    refused("eval %/good.json --set speed=7", "speed");
    refused("eval %/good.json --policy nosuch.safetensors", "nosuch.safetensors");
}

/* By its name: as many rows as games times three. */
static void test_shipped(void **state) {
    (void)state;
    cJSON *o = rows_of(longplay("eval memory --policy random --episodes 1 --time-limit 20 --json"));
    int n = cJSON_GetArraySize(cJSON_GetObjectItem(o, "games"));
    assert_true(n >= 9 && n % 3 == 0);
    cJSON_Delete(o);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_mistakes), cmocka_unit_test(test_shipped)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
