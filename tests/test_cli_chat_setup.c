/* What a chat model can be set to: what it sees and is told, its tools and a game's own, whether the console waits, what it costs; by a file and by the command
 * line; and what is refused. By an endpoint of our own (chat_server.py). */
#include "tests/chat_support.h"

#include <math.h>

/* Variables and events are told in words, or are there to be seen alone. */
static void test_sees(void **state) {
    (void)state;
    static const char *const ways[][3] = {
        {"both", "decision 0. Variables: horizon 40, doors 2. It happened: The sign shows a ", "Something happened."},
        {"pixels", "decision 0. Something happened.\"", "horizon 40"}};
    for (int i = 0; i < 2; i++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments, "sees = %s\nvariables = horizon,doors\n", ways[i][0]);
        put_setup(ways[i][0], "silent", arguments);
        snprintf(arguments, sizeof arguments,
                 "play cue --policy chat:%%/%s.ini --headless --set horizon=40 --set doors=2 --decisions 9 --run %%/%s --json", ways[i][0],
                 ways[i][0]);
        cJSON_Delete(json_of(run_with(NULL, arguments)));
        snprintf(arguments, sizeof arguments, "%s/chat.jsonl", ways[i][0]);
        char *turns = text_of(arguments);
        if (!strstr(turns, ways[i][1]) || strstr(turns, ways[i][2])) fail_msg("%s: '%.300s'", ways[i][0], turns);
        free(turns);
    }
}

/* The picture is as large as its setup says, and who is sent a grid is told of it. */
static void test_picture(void **state) {
    (void)state;
    static const char *const ways[][2] = {{"", "I see (320, 288), told of []."},
                                          {"scale = 3\n", "I see (480, 432), told of []."},
                                          {"scale = 3\ngrid = 16\n", "I see (507, 459), told of ['16']."}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        put_setup("measures", "measures", ways[i][0]);
        cJSON_Delete(json_of(longplay("play cue --policy chat:%%/measures.ini --headless --decisions 5 --run %%/measures%zu --json", i)));
        char name[64];
        snprintf(name, sizeof name, "measures%zu/chat.jsonl", i);
        char *turns = text_of(name);
        assert_non_null(strstr(turns, ways[i][1]));
        free(turns);
    }
}

/* The names of the actions of a run, a letter each. */
static char *actions_of(const char *name) {
    char *lines = text_of(name), *out = calloc(1, strlen(lines) + 1), *at = lines;
    assert_non_null(out);
    for (size_t n = 0; (at = strstr(at, "\"action\":\"")); n++) at += strlen("\"action\":\""), out[n] = *at;
    free(lines);
    return out;
}

/* While it thinks the console goes on at its pace, which is recorded; killed, the run goes on from there. What happens meanwhile is told later. */
static void test_realtime(void **state) {
    (void)state;
    put_setup("ponders", "ponders", "realtime = 2\nturns = 0\n");
    put_setup("holds", "ponders", "realtime = 2\nmeanwhile = hold\nturns = 0\n");
#define PONDERS "play cue --headless --set horizon=30 --json --resume --policy chat:%/ponders.ini --run %/ponders "
    const int out = scratch_file(), err = scratch_file();
    const pid_t child = start(PONDERS "--decisions 90", NULL, out, err);
    for (int i = 0; i < 600 && bytes_of("ponders/answers.jsonl") < 1500; i++) usleep(10000);
    kill(child, SIGKILL);
    assert_int_equal(finish(child, out, err).code, -SIGKILL);
    char *before = actions_of("ponders/answers.jsonl");
    const double began_s = lp_now_s();
    cJSON *o = json_of(run_with(NULL, PONDERS "--decisions 90"));
    const double took_s = lp_now_s() - began_s;
    char *after = actions_of("ponders/answers.jsonl"), *turns = text_of("ponders/chat.jsonl");
    assert_int_equal(number(o, "decisions"), 90);
    assert_int_equal(strlen(after), 90);
    assert_memory_equal(before, after, strlen(before)); /* what was, stays */
    assert_null(strstr(after, "LL"));
    assert_true(count(after, "L") >= 3 && count(after, "L") <= 15); /* a turn is some 12 decisions of a thirtieth of a second */
    assert_int_equal(count(turns, "\"begins\":"), count(after, "L"));
    assert_true(took_s > 0.6 * (90 - (double)strlen(before)) / 30);
    assert_true(count(turns, "The sign shows a") >= 2 && strstr(turns, "The corridor begins."));
    free(before), free(after), free(turns);
    cJSON_Delete(o);
    if (run_with(NULL, "replay %/ponders --verify").code) fail_msg("does not verify");
    cJSON_Delete(
        json_of(run_with(NULL, "play cue --headless --json --set horizon=90 --policy chat:%/holds.ini --decisions 40 --run %/holds")));
    after = actions_of("holds/answers.jsonl");
    char *left = strchr(after, 'L');
    assert_true(left && left > after); /* nothing was pressed before the first answer; since then always */
    assert_int_equal(strspn(left, "L"), strlen(left));
    assert_int_equal(strspn(after, "n"), left - after);
    free(after);
}

/* It may call what its setup says, and nothing else; a note that it may not write is in no notebook. */
static void test_tools(void **state) {
    (void)state;
    put_setup("tools", "doubts", "turns = 0\ntools = press,wait, remember\n");
    cJSON *o = json_of(run_with(NULL, "play cue --policy chat:%/tools.ini --headless --set horizon=60 --episodes 2 --run %/tools --json"));
    char *turns = text_of("tools/chat.jsonl");
    assert_int_equal(number(cJSON_GetObjectItem(o, "chat"), "faults"), count(turns, "there is no tool 'note'"));
    assert_int_equal(count(turns, "there is no tool 'note'"), 2); /* once an episode */
    free(turns);
    cJSON_Delete(o);
    o = json_of(run_with(NULL, "memory %/tools diff 0 --json"));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "notes")), 0);
    cJSON_Delete(o);
}

/* Three episodes of cue, all won: a milestone each, and two turns or more. */
static void expect_parts(const cJSON *o) {
    static const char *const names[] = {"per_turn", "per_milestone", "per_win"};
    const cJSON *counts = cJSON_GetObjectItem(o, "chat");
    const double cost = cJSON_GetObjectItem(counts, "cost")->valuedouble, tokens = number(counts, "tokens");
    const int n[] = {number(counts, "turns"), 3, 3}, answered = 20 * number(counts, "replies");
    assert_int_equal(number(o, "wins"), 3);
    assert_true(n[0] >= 6 && n[0] <= number(counts, "replies"));
    assert_float_equal(cost, (0.5 * (tokens - answered) + 3 * answered) / 1e6, 1e-12);
    for (int i = 0; i < 3; i++) {
        const cJSON *part = cJSON_GetObjectItem(counts, names[i]);
        assert_float_equal(cJSON_GetObjectItem(part, "cost")->valuedouble, cost / n[i], 1e-12);
        assert_float_equal(cJSON_GetObjectItem(part, "tokens")->valuedouble, tokens / n[i], 1e-6);
    }
}
#define TABLED "play cue --policy chat:%/tabled.ini --headless --set horizon=40 --json --resume --run %/tabled "

/* What it costs is counted; with as much spent as it may cost it stops, and goes on when it may cost more. */
static void test_costs(void **state) {
    (void)state;
    put_setup("costs", "plays", "price_in = 2\nprice_out = 2\nbudget_cost = 0.0001\n");
#define COSTS "play cue --policy chat:%/costs.ini --headless --set horizon=40 --episodes 6 --resume --json --run %/costs"
    result r = run_with(NULL, COSTS);
    if (r.code != 1 || lines(r.err) != 2 || !strstr(r.err, "chat.budget_cost: 0.0001 is spent of 0.0001"))
        fail_msg("exit %d, '%s'", r.code, r.err);
    put_setup("costs", "plays", "price_in = 2\nprice_out = 2\nbudget_cost = 1\n");
    cJSON *o = json_of(run_with(NULL, COSTS));
    const cJSON *counts = cJSON_GetObjectItem(o, "chat");
    const double cost = cJSON_GetObjectItem(counts, "cost")->valuedouble;
    if (number(counts, "tokens") < 100 || fabs(cost - 2e-6 * number(counts, "tokens")) > 1e-9) fail_msg("%g", cost);
    assert_int_equal(number(o, "episodes"), 6);
    cJSON_Delete(o);
    put_setup("caches", "caches", "price_in = 2\nprice_cached = 0.5\nprice_out = 3\n");
    o = json_of(run_with(NULL, "play cue --policy chat:%/caches.ini --headless --set horizon=40 --episodes 2 --json"));
    counts = cJSON_GetObjectItem(o, "chat");
    const double answered = 20 * number(counts, "replies"), sent = number(counts, "tokens") - answered; /* which all was cached */
    assert_true(sent > 0);
    assert_float_equal(cJSON_GetObjectItem(counts, "cost")->valuedouble, (0.5 * sent + 3 * answered) / 1e6, 1e-12);
    cJSON_Delete(o);
    put_text("prices", "# model in cached out\n\nplays 9 9 9\r\ncaches\t2 0.5 3 # as above\nqwen2.5:7b 1 1 1");
    char more[PATH_MAX + 16];
    snprintf(more, sizeof more, "prices = %s\n", at("prices"));
    put_setup("tabled", "caches", more);
    o = json_of(run_with(NULL, "play cue --policy chat:%/tabled.ini --headless --set horizon=40 --episodes 3 --json"));
    expect_parts(o);
    cJSON_Delete(o);
    o = json_of(run_with(NULL, TABLED "--episodes 1"));
    cJSON_Delete(o);
    o = json_of(run_with(NULL, TABLED "--episodes 3")); /* goes on */
    expect_parts(o);
    cJSON_Delete(o);
}

static void expect(const char *arguments, int code, const char *words) {
    result r = run_with(NULL, arguments);
    if (r.code != code || !strstr(r.err, words)) fail_msg("%s: exit %d, '%s'", arguments, r.code, r.err);
}

static const char GOTO[] =
    "{\"tools\": [{\"name\": \"goto\", \"description\": \"Walks there, first to the column.\", \"parameters\": {"
    "\"x\": {\"description\": \"column\", \"min\": 0, \"max\": 9}, \"y\": {\"min\": 0, \"max\": 7}}, \"steps\": ["
    "{\"press\": \"RIGHT\", \"until\": {\"variable\": \"x\", \"op\": \"greater-or-equal\", \"reference\": \"x\"}, \"most\": 28},"
    "{\"press\": \"left\", \"until\": {\"variable\": \"x\", \"op\": \"less-or-equal\", \"reference\": \"x\"}, \"most\": 28},"
    "{\"press\": \"DOWN\", \"until\": {\"variable\": \"y\", \"op\": \"greater-or-equal\", \"reference\": \"y\"}, \"most\": 28},"
    "{\"press\": \"UP\", \"until\": {\"variable\": \"y\", \"op\": \"less-or-equal\", \"reference\": \"y\"}, \"most\": 28},"
    "{\"press\": [\"none\"], \"times\": 2}]}]}";

/* lantern in a folder of its own, with a table. */
static void put_game(const char *table) {
    static const char *const files[] = {"lantern.gb", "data.json", "scenario.json", "longplay.json"};
    char from[PATH_MAX], to[64];
    mkdir(at("cottage"), 0755);
    for (int i = 0; i < 4; i++) {
        lp_blob blob = {0};
        lp_err err;
        if (lp_file_read(&blob, lp_path_join(from, sizeof from, LP_SOURCE_DIR "/games/lantern", files[i]), 1 << 20, &err))
            fail_msg("%s", err.message);
        snprintf(to, sizeof to, "cottage/%s", files[i]);
        put(at(to), blob.data, blob.size_bytes);
        lp_blob_free(&blob);
    }
    put_text("cottage/tools.json", table);
}

/* A tool of the game's own presses until it is where it should be; taken up again in the middle it is the same. */
static void test_own_tools(void **state) {
    (void)state;
    put_game(GOTO);
    put_setup("goes", "goes", "variables = phase, x, y\nturns = 0\ntools = press, note, goto\n");
#define GOES "play %/cottage --policy chat:%/goes.ini --headless --json --resume --run %/"
    cJSON *whole = json_of(run_with(NULL, GOES "goes_whole --decisions 240")), *parts = NULL;
    for (int n = 40; n <= 240; n += n < 100 ? 20 : 7) {
        cJSON_Delete(parts);
        parts = json_of(longplay("play %%/cottage --policy chat:%%/goes.ini --headless --json --resume --run %%/goes_parts --decisions %d",
                                 n + 6 >= 240 ? 240 : n));
    }
    assert_true(cJSON_Compare(cJSON_GetObjectItem(whole, "state_hash"), cJSON_GetObjectItem(parts, "state_hash"), true));
    assert_true(cJSON_Compare(cJSON_GetObjectItem(whole, "chat"), cJSON_GetObjectItem(parts, "chat"), true));
    assert_int_equal(number(cJSON_GetObjectItem(whole, "chat"), "faults"), 0);
    cJSON_Delete(whole), cJSON_Delete(parts);
    char *a = text_of("goes_whole/chat.jsonl"), *b = text_of("goes_parts/chat.jsonl");
    assert_string_equal(a, b);
    assert_true(count(a, "x 7, y 5.") >= 2 && count(a, "x 4, y 6.") >= 3 && count(a, "\"left_out\":") >= 8);
    assert_true(count(a, "\"left_out\":112") >= 1); /* of where it was already nothing but the last step is left */
    free(a), free(b);
    if (run_with(NULL, "replay %/goes_whole --verify").code) fail_msg("does not verify");
    static const char *const bad[][2] = {
        {"{\"tool\": []}", "tools.json: tool: unknown"},
        {"{\"tools\": [[1]]}", "tools[0]: must be an object"},
        {"{\"tools\": [{\"name\": \"a\", \"steps\": [7]}]}", "tools[0].steps[0]: must be an object"},
        {"{\"tools\": [{\"name\": \"press\", \"steps\": [{\"press\": \"A\"}]}]}", "tools[0].name: there is a tool 'press' already"},
        {"{\"tools\": [{\"name\": \"a b\", \"steps\": [{\"press\": \"A\"}]}]}", "tools[0].name: must be up to 31 letters"},
        {"{\"tools\": [{\"name\": \"a\"}]}", "tools[0].steps: there are none"},
        {"{\"tools\": [{\"name\": \"a\", \"steps\": [{\"press\": \"JUMP\"}]}]}", "tools[0].steps[0].press: there is no action 'JUMP'"},
        {"{\"tools\": [{\"name\": \"a\", \"steps\": [{\"press\": \"A\", \"times\": \"n\"}]}]}",
         "tools[0].steps[0].times: 'n' is no parameter of the tool"},
        {"{\"tools\": [{\"name\": \"a\", \"steps\": [{\"press\": \"A\", \"most\": 3}]}]}", "tools[0].steps[0]: has no until"},
        {"{\"tools\": [{\"name\": \"a\", \"steps\": [{\"press\": \"A\", \"until\": {\"variable\": \"x\", \"op\": \"equal\", \"reference\": "
         "1}}]}]}",
         "tools[0].steps[0].most: "},
        {"{\"tools\": [{\"name\": \"a\", \"steps\": [{\"press\": \"A\", \"until\": {\"variable\": \"luck\", \"op\": \"equal\", "
         "\"reference\": 1}, \"most\": "
         "3}]}]}",
         "until.variable: 'luck' is not in data.json"},
        {"{\"tools\": [{\"name\": \"a\", \"steps\": [{\"press\": \"A\", \"until\": {\"variable\": \"x\", \"op\": \"is\", \"reference\": "
         "1}, \"most\": 3}]}]}",
         "until.op: 'is' is no comparison"},
        {"{\"tools\": [{\"name\": \"a\", \"parameters\": {\"n\": {\"min\": 3, \"max\": 2}}, \"steps\": [{\"press\": \"A\"}]}]}",
         "parameters.n.max"},
        {"{\"tools\": ", "tools.json"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_text("cottage/tools.json", bad[i][0]);
        expect_run(2, NULL, bad[i][1], "play %/cottage --policy chat:%/goes.ini --headless --decisions 9");
    }
    put_text("cottage/tools.json", "{\"tools\": [{\"name\": \"far\", \"steps\": [{\"press\": \"A\", \"times\": 121}]}]}");
    expect_run(2, NULL, "chat.tools: there is no tool 'goto'", "play %/cottage --policy chat:%/goes.ini --headless --decisions 9");
}

/* All of it on the command line, or before a file; a run has what it was given, and more may be given to go on. */
static void test_given(void **state) {
    (void)state;
    char asks[128], line[512];
    snprintf(asks, sizeof asks, "--policy chat --chat.url=%s --chat.model=plays --chat.pause_s=0.01", url);
#define GIVEN "play cue --headless --set horizon=40 --json "
    snprintf(line, sizeof line, GIVEN "--episodes 2 %s", asks);
    cJSON *o = json_of(run_with(NULL, line));
    assert_int_equal(number(o, "wins"), 2);
    cJSON_Delete(o);
    put_setup("before", "absent", "turns = 0\n");
    o = json_of(run_with(NULL, GIVEN "--episodes 2 --policy chat:%/before.ini --chat.model=absent --chat.model=plays --chat.sees=text"));
    assert_int_equal(number(o, "wins"), 2);
    cJSON_Delete(o);
    snprintf(line, sizeof line, "eval cue --set horizon=40 --episodes 2 --json %s", asks);
    assert_int_equal(wins_of(line), 2);
    snprintf(line, sizeof line, GIVEN "--episodes 3 --run %%/given %s --chat.budget_tokens=100", asks);
    expect(line, 1, "chat.budget_tokens");
    expect("play --headless --run %/given --resume", 1, "chat.budget_tokens");
    expect("play --headless --run %/given --resume --policy chat:%/before.ini", 2, "--policy is not what");
    o = json_of(run_with(NULL, "play --headless --run %/given --resume --json --decisions 60 --chat.budget_tokens=100000"));
    cJSON_Delete(o);
    char *config = text_of("given/config.ini");
    assert_null(strstr(config, "budget_tokens=100 "));
    assert_non_null(strstr(config, "budget_tokens=100000"));
    free(config);
    o = json_of(run_with(NULL, "play --headless --run %/given --resume --json --episodes 3"));
    assert_int_equal(number(o, "wins"), 3);
    cJSON_Delete(o);
    if (run_with(NULL, "replay %/given --verify").code) fail_msg("does not verify");
    expect(GIVEN "--policy chat", 2, "chat:FILE, an .ini that says whom to ask, or --chat.url and --chat.model");
    expect(GIVEN "--policy chat --chat.model=x", 2, "--policy chat: chat.url: ''");
    expect(GIVEN "--policy chat --chat.url=http://127.0.0.1:1/v1 --chat.model=x --chat.flavour=3", 2, "--chat.flavour: unknown setting");
    expect(GIVEN "--policy chat:%/before.ini --chat.turns=many", 2, "--chat.turns: chat.turns = 'many': not a number");
    expect(GIVEN "--policy random --chat.turns=3", 2, "--chat.turns=3: only a chat model has such settings");
    expect(GIVEN "--policy chat --chat.turns", 2, "--chat.turns needs =VALUE");
}

static void test_bad_input(void **state) {
    (void)state;
    put_setup("absent", "absent", "");
    put_setup("key", "plays", "key = LONGPLAY_TEST_NO_SUCH_KEY\n");
    put_setup("prompt", "plays", "prompt = /nowhere/chat.md\n");
    put_setup("unknown", "plays", "flavour = 3\n");
    put_text("nomodel.ini", "[chat]\nurl = http://127.0.0.1:1/v1\n");
    put_text("nourl.ini", "[chat]\nmodel = x\n");
    put_text("nobody.ini", "[chat]\nurl = http://127.0.0.1:1/v1\nmodel = x\n");
#define PLAY(name) "play cue --headless --episodes 1 --policy chat:%/" name ".ini"
    expect(PLAY("missing"), 2, "missing.ini");
    expect(PLAY("nourl"), 2, "chat.url");
    expect(PLAY("nomodel"), 2, "chat.model");
    expect(PLAY("unknown"), 2, "flavour");
    expect(PLAY("key"), 2, "LONGPLAY_TEST_NO_SUCH_KEY is not set");
    expect(PLAY("prompt"), 2, "/nowhere/chat.md");
    put_setup("variable", "plays", "variables = seed, luck\n");
    expect(PLAY("variable"), 2, "chat.variables: cue has no variable 'luck'");
    expect(PLAY("nobody"), 1, "127.0.0.1:1");
    expect(PLAY("absent"), 1, "there is no model absent");
    put_setup("tool", "plays", "tools = press, fly\n");
    expect(PLAY("tool"), 2, "chat.tools: there is no tool 'fly'");
    expect_run(2, NULL, "chat.tools: there is no tool 'fly'", "play cue --policy chat:%/tool.ini --headless --run %/tool");
    assert_int_equal(access(at("tool"), F_OK), -1); /* the new run's folder goes again */
    put_setup("bound", "plays", "tools = note\n");
    expect(PLAY("bound"), 2, "chat.tools: neither press nor wait is one of them");
    put_setup("both", "plays", "realtime = 1\nsummaries = write\n");
    expect(PLAY("both"), 2, "chat.realtime: a model that writes its summaries");
    put_setup("fine", "plays", "grid = 5\n");
    expect(PLAY("fine"), 2, "chat.grid: 8 pixels or more, or 0");
    put_setup("unpriced", "plays", "budget_cost = 1\n");
    expect(PLAY("unpriced"), 2, "chat.price_in");
    static const char *const tables[][2] = {{"x 1 1 1\n", "has no model 'plays'"},
                                            {"plays 1 1\n", "prices:1: not a model and three prices"},
                                            {"\nplays 1 1 1 1\n", "prices:2: not a model and three prices"},
                                            {"plays 1 1 -1\n", "prices:1: '-1' is no price"},
                                            {"x 1 dear 1\nplays 1 1 1\n", "prices:1: 'dear' is no price"},
                                            {"plays 1 1 1\nplays 2 2 2\n", "prices:2: 'plays' stands there twice"}};
    char more[PATH_MAX + 32];
    snprintf(more, sizeof more, "prices = %s\n", at("prices"));
    put_setup("table", "plays", more);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        put_text("prices", tables[i][0]);
        expect(PLAY("table"), 2, tables[i][1]);
    }
    unlink(at("prices"));
    expect(PLAY("table"), 2, "prices: No such file");
    snprintf(more, sizeof more, "prices = %s\nprice_in = 1\n", at("prices"));
    put_setup("twice", "plays", more);
    expect(PLAY("twice"), 2, "chat.prices: has the prices already");
    put_setup("budget", "plays", "budget_tokens = 100\n");
    expect("play cue --headless --episodes 9 --policy chat:%/budget.ini", 1, "chat.budget_tokens");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tools), cmocka_unit_test(test_sees),      cmocka_unit_test(test_picture), cmocka_unit_test(test_realtime),
        cmocka_unit_test(test_costs), cmocka_unit_test(test_own_tools), cmocka_unit_test(test_given),   cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
