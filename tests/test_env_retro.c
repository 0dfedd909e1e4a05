/* Longplay against stable-retro itself: the same data.json, scenario.json and RAM give the same values, rewards, ends, actions and
 * crops. Its side is tests/retro_reference.py; without the package (LONGPLAY_PYTHON) this is skipped.
 *
 * The cases are random (LONGPLAY_SEED repeats some), and every integration that the package brings, its addresses moved into
 * the RAM used here. The ROM does nothing, so RAM holds what is written to it. */
#include "base/file.h"
#include "base/rng.h"
#include "env/game_impl.h"
#include "tests/seed.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define CUE_ROM LP_SOURCE_DIR "/games/cue/cue.gb"
#define SCRIPT LP_SOURCE_DIR "/tests/retro_reference.py"

enum { RAM_START = 0xC100, RAM_BYTES = 256, N_STEPS = 5, N_RANDOM = 2000, MAX_CASES = 4096, NO_REFERENCE = 77 };

typedef struct {
    char *name, *data, *scenario;        /* owned; name: of an integration, NULL: random */
    bool accepted;                       /* by lp_game_open */
    uint8_t ram[N_STEPS + 1][RAM_BYTES]; /* at the reset, and at each step */
} test_case;

static char folder[PATH_MAX];
static test_case *cases;
static int n_cases, test_number = -1; /* being compared */
static uint64_t seed;
static lp_rng rng;

static const char *in_folder(const char *name) {
    static char path[PATH_MAX];
    return lp_path_join(path, sizeof path, folder, name);
}

static void write_file(const char *name, const void *data, size_t size_bytes) {
    FILE *out = fopen(in_folder(name), "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, size_bytes, out), size_bytes);
    assert_int_equal(fclose(out), 0);
}

static int setup(void **state) {
    (void)state;
    lp_blob rom;
    seed = test_seed();
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    cases = calloc(MAX_CASES, sizeof *cases);
    if (!cases || !mkdtemp(folder) || lp_file_read(&rom, CUE_ROM, 1 << 20, NULL)) return -1;
    memcpy(rom.data + 0x100, "\xf3\x18\xfe", 3); /* di; jr to itself */
    write_file("rom.gb", rom.data, rom.size_bytes);
    lp_blob_free(&rom);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    static const char *const names[] = {"rom.gb", "data.json", "scenario.json", "cases", "answers", "corpus"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(in_folder(names[i]));
    for (int i = 0; i < n_cases; i++) free(cases[i].name), free(cases[i].data), free(cases[i].scenario);
    free(cases);
    return rmdir(folder);
}

/* ---- random files ---- */

static uint32_t below(uint32_t n) { return lp_rng_below(&rng, n); }

static bool one_in(uint32_t n) { return below(n) == 0; }

#define PICK(list) (list)[below(sizeof(list) / sizeof *(list))]

static void write_variables(FILE *out, int n) {
    static const char *const orders[] = {"<", ">", "|", "=", "<>", "><", ">=", "<="};
    static const char *const masks[] = {
        "0", "1", "15", "120", "240", "255", "65535", "-113", "-1", "4294967295", "9007199254740992", "1e3", "18446744073709551615"};
    fprintf(out, "{\"info\": {");
    for (int v = 0; v < n; v++) {
        int width = one_in(2) ? 1 : 1 + (int)below(8);
        fprintf(out, "%s\"v %d\": {\"address\": %d, \"type\": \"%s%c%d\"", v ? ", " : "", v, RAM_START + (int)below(RAM_BYTES - 8),
                PICK(orders), "uidn"[below(4)], width);
        if (one_in(3)) fprintf(out, ", \"mask\": %s", PICK(masks));
        if (one_in(8)) fprintf(out, ", \"help\": [1, {}]");
        fprintf(out, "}");
    }
    fprintf(out, "}}");
}

/* The inner part of a test, a term or a time. */
static void write_measure(FILE *out) {
    static const char *const ops[] = {"zero",           "nonzero",   "positive",  "negative",     "sign",          "equal",
                                      "negative-equal", "not-equal", "less-than", "greater-than", "less-or-equal", "greater-or-equal"};
    static const char *const references[] = {
        "0", "1", "-1", "2", "9", "10", "16", "99", "153", "255", "-255", "256", "65535", "1.5", "-1.5", "1e6", "9007199254740992"};
    fprintf(out, "\"x\": 0");
    if (!one_in(4)) fprintf(out, ", \"op\": \"%s\"", PICK(ops));
    if (!one_in(3)) fprintf(out, ", \"reference\": %s", PICK(references));
    if (one_in(2)) fprintf(out, ", \"measurement\": \"%s\"", one_in(2) ? "delta" : "absolute");
}

static void write_group(FILE *out, int n_variables, int depth) {
    const char *comma = "";
    fprintf(out, "{");
    if (one_in(2)) fprintf(out, "\"condition\": \"%s\"", one_in(2) ? "all" : "any"), comma = ", ";
    if (!one_in(6)) {
        fprintf(out, "%s\"variables\": {", comma);
        comma = "";
        for (int v = 0; v < n_variables; v++)
            if (one_in(2)) fprintf(out, "%s\"v %d\": {", comma, v), write_measure(out), fprintf(out, "}"), comma = ", ";
        fprintf(out, "}");
        comma = ", ";
    }
    if (depth < 3 && one_in(2)) {
        fprintf(out, "%s\"nodes\": {", comma);
        for (int i = 0, n = (int)below(4); i < n; i++)
            fprintf(out, "%s\"node %d\": ", i ? ", " : "", i), write_group(out, n_variables, depth + 1);
        fprintf(out, "}");
    }
    fprintf(out, "}");
}

static void write_term(FILE *out) {
    static const char *const factors[] = {"0", "1", "1.0", "-1", "0.5", "-0.1", "10", "1e-3", "100000.0", "3.1415926"};
    fprintf(out, "{");
    write_measure(out);
    if (!one_in(4)) fprintf(out, ", \"reward\": %s", PICK(factors));
    if (!one_in(3)) fprintf(out, ", \"penalty\": %s", PICK(factors));
    fprintf(out, "}");
}

static void write_reward(FILE *out, int n_variables) {
    const char *comma = "";
    fprintf(out, "{\"variables\": {");
    for (int v = 0; v < n_variables; v++)
        if (!one_in(3)) fprintf(out, "%s\"v %d\": ", comma, v), write_term(out), comma = ", ";
    fprintf(out, "}");
    if (one_in(3)) fprintf(out, ", \"time\": "), write_term(out);
    fprintf(out, "}");
}

static void write_actions(FILE *out) {
    static const char *const buttons[] = {"A", "B", "SELECT", "START", "RIGHT", "LEFT", "UP", "DOWN"};
    fprintf(out, "[[[], [\"%s\"]]", PICK(buttons));
    for (int i = 0, n = (int)below(3); i < n; i++) {
        fprintf(out, ", [");
        for (int j = 0, n_lists = 1 + (int)below(8); j < n_lists; j++) {
            fprintf(out, "%s[", j ? ", " : "");
            for (int k = 0, n_buttons = (int)below(4); k < n_buttons; k++) fprintf(out, "%s\"%s\"", k ? ", " : "", PICK(buttons));
            fprintf(out, "]");
        }
        fprintf(out, "]");
    }
    fprintf(out, "]");
}

static void write_scenario(FILE *out, int n) {
    fprintf(out, "{\"comment\": \"any\"");
    if (!one_in(5)) fprintf(out, ", \"done\": "), write_group(out, n, 0);
    if (!one_in(3)) fprintf(out, ", \"reward\": "), write_reward(out, n);
    if (one_in(2)) {
        fprintf(out, ", \"rewards\": [");
        for (int i = 0, players = (int)below(4); i < players; i++) fprintf(out, "%s", i ? ", " : ""), write_reward(out, n);
        fprintf(out, "]");
    }
    if (one_in(3))
        fprintf(out, ", \"crop\": [%d, %d, %d, %d]", below(150), below(130), one_in(3) ? 0 : 8 + below(170),
                one_in(3) ? 0 : 8 + below(150));
    if (one_in(3)) fprintf(out, ", \"actions\": "), write_actions(out);
    fprintf(out, "}");
}

/* ---- cases ---- */

/* Few bytes change from step to step, and few values are common, so that operators meet their borders. */
static void fill_ram(test_case *c) {
    static const uint8_t common[] = {0, 0, 1, 2, 9, 0x0a, 0x10, 0x7f, 0x80, 0x99, 0xa0, 0xf9, 0xff};
    for (int s = 0; s <= N_STEPS; s++) {
        uint32_t rarely = 1 + below(6);
        for (int i = 0; i < RAM_BYTES; i++) {
            c->ram[s][i] = s ? c->ram[s - 1][i] : 0;
            if (!s || one_in(rarely)) c->ram[s][i] = one_in(4) ? (uint8_t)below(256) : PICK(common);
        }
    }
}

static void add_random(int index) {
    test_case *c = &cases[n_cases++];
    size_t size;
    rng = lp_rng_make(seed, (uint64_t)index);
    int n = 1 + (int)below(6);
    FILE *out = open_memstream(&c->data, &size);
    write_variables(out, n);
    fclose(out);
    out = open_memstream(&c->scenario, &size);
    write_scenario(out, n);
    fclose(out);
    fill_ram(c);
}

/* The next line of a text, its newline cut off; NULL at the end. */
static char *next_line(char **text) {
    char *line = *text, *end = strchr(line, '\n');
    if (!end) return NULL;
    *end = 0;
    *text = end + 1;
    return line;
}

static lp_blob read_file(const char *name) {
    lp_blob text;
    lp_err err;
    if (lp_file_read(&text, in_folder(name), 1 << 26, &err)) fail_msg("%s", err.message);
    return text;
}

static void add_corpus(void) {
    lp_blob text = read_file("corpus");
    char *at = (char *)text.data, *name;
    while ((name = next_line(&at))) {
        test_case *c = &cases[n_cases++];
        assert_true(n_cases < MAX_CASES);
        rng = lp_rng_make(seed, (uint64_t)n_cases);
        char *data = next_line(&at), *scenario = next_line(&at);
        assert_non_null(scenario);
        c->name = strdup(name), c->data = strdup(data), c->scenario = strdup(scenario);
        fill_ram(c);
    }
    lp_blob_free(&text);
}

static lp_game *open_case(const test_case *c, lp_err *err) {
    lp_game *game;
    write_file("data.json", c->data, strlen(c->data));
    write_file("scenario.json", c->scenario, strlen(c->scenario));
    lp_status status = lp_game_open(&game, folder, err);
    assert_true(status == LP_OK || status == LP_BAD_INPUT);
    return game;
}

/* Which cases can be played: all, but for the integrations with Lua scripts. */
static void open_cases(void) {
    int n_lua = 0, n_integrations = 0;
    for (int i = 0; i < n_cases; i++) {
        lp_err err;
        lp_game *game = open_case(&cases[i], &err);
        cases[i].accepted = game != NULL;
        n_integrations += cases[i].name != NULL;
        if (!game) {
            bool is_lua = cases[i].name && strstr(cases[i].scenario, "\"script");
            if (!is_lua || !strstr(err.message, "Lua"))
                fail_msg("%s: %s\n%s\n%s", cases[i].name ? cases[i].name : "random", err.message, cases[i].data, cases[i].scenario);
            n_lua++;
        }
        lp_game_close(game);
    }
    print_message("%d random cases; %d integrations, %d of them refused for Lua\n", n_cases - n_integrations, n_integrations, n_lua);
    assert_true(n_integrations > 500 && n_lua < n_integrations / 10);
}

static void write_cases(void) {
    FILE *out = fopen(in_folder("cases"), "w");
    assert_non_null(out);
    for (int i = 0; i < n_cases; i++) {
        const test_case *c = &cases[i];
        if (!c->accepted) continue;
        fprintf(out, "%s\n%s\n", c->data, c->scenario);
        for (int s = 0; s <= N_STEPS; s++) {
            for (int b = 0; b < RAM_BYTES; b++) fprintf(out, "%02x", c->ram[s][b]);
            fprintf(out, "%s", s < N_STEPS ? " " : "\n");
        }
    }
    assert_int_equal(fclose(out), 0);
}

/* ---- comparing ---- */

static const lp_variable *variables; /* for by_name */

static int by_name(const void *a, const void *b) { return strcmp(variables[*(const int *)a].name, variables[*(const int *)b].name); }

static void compare_actions(const lp_game *game, const char *answer, bool are_given) {
    static const int bits[LP_N_KEYS] = {8, 0, 2, 3, 7, 6, 4, 5, 11, 10};
    char *at = strchr(answer, ' ');
    for (int a = 0; are_given && a < lp_game_n_actions(game); a++) {
        long theirs = strtol(at, &at, 10), ours = 0;
        for (int k = 0; k < LP_N_KEYS; k++) ours |= (long)(lp_game_action_keys(game, a) >> k & 1) << bits[k];
        assert_int_equal(ours, theirs);
    }
    if (are_given) assert_string_equal(at, "");
}

/* They sum in single precision, in any order; of one term the two are equal. */
static void compare_reward(const lp_env *env, const lp_reward *reward, int player, const int64_t *before, double theirs) {
    double ours = lp_env_reward(env, player), size = fabs((double)reward->time);
    int n = reward->n + (reward->time != 0);
    for (int i = 0; i < reward->n; i++) {
        const lp_reward_term *t = &reward->terms[i];
        double measured = (double)lp_measure_value(&t->measure, lp_env_variables(env), before);
        size += fabs(measured * (double)(measured < 0 ? t->penalty : t->reward));
    }
    double tolerance = n <= 1 ? 0 : (n + 1) * size * 0x1p-23;
    if (!(fabs(n <= 1 ? (double)(float)ours - theirs : ours - theirs) <= tolerance))
        fail_msg("player %d's reward: %.17g here, %.17g there", player, ours, theirs);
}

static void compare_step(const lp_env *env, const lp_game *game, const int64_t *before, lp_outcome outcome, char *answer) {
    int order[LP_MAX_VARIABLES];
    char *at = answer;
    for (int v = 0; v < game->n_variables; v++) order[v] = v;
    variables = game->variables;
    qsort(order, (size_t)game->n_variables, sizeof *order, by_name);
    for (int v = 0; v < game->n_variables; v++) {
        long long theirs = strtoll(at, &at, 10), ours = lp_env_variables(env)[order[v]];
        if (ours != theirs) fail_msg("%s: %lld here, %lld there", variables[order[v]].name, ours, theirs);
    }
    assert_int_equal(strncmp(at, game->n_variables ? " reward " : "reward ", 7), 0);
    at = strstr(at, "reward ") + 7;
    for (int p = 0; p < LP_MAX_PLAYERS; p++) compare_reward(env, &game->rewards[p], p + 1, before, strtod(at, &at));
    assert_int_equal(strncmp(at, " done ", 6), 0);
    assert_int_equal(outcome == LP_LOSS, at[6] == '1');
}

static void set_ram(lp_env *env, const uint8_t *ram) {
    for (int i = 0; i < RAM_BYTES; i++) lp_emu_write8(lp_env_emu(env), RAM_START + (uint32_t)i, ram[i]);
}

static void compare_case(const test_case *c, char **answers) {
    int64_t before[LP_MAX_VARIABLES];
    int x, y, w, h;
    char crop[64], *line = next_line(answers);
    lp_env *env;
    lp_err err;
    lp_game *game = open_case(c, &err);
    assert_true(game && line);
    lp_game_crop(game, &x, &y, &w, &h);
    snprintf(crop, sizeof crop, "crop %d %d %d %d", x, y, w, h);
    assert_string_equal(crop, line);
    line = next_line(answers);
    assert_non_null(line);
    compare_actions(game, line, strstr(c->scenario, "\"actions\"") != NULL);
    assert_int_equal(lp_env_open(&env, game, &(lp_emu_config){.no_draw = true}, &err), LP_OK);
    lp_env_set_frame_skip(env, 1);
    assert_int_equal(lp_env_reset(env, 0, NULL, 0, &err), LP_OK);
    assert_true(lp_env_reward(env, 1) == 0);
    set_ram(env, c->ram[0]); /* their reset, a step here */
    lp_env_step(env, 0);
    for (int s = 1; s <= N_STEPS; s++) {
        memcpy(before, lp_env_variables(env), (size_t)game->n_variables * sizeof *before);
        set_ram(env, c->ram[s]);
        lp_outcome outcome = lp_env_step(env, 0);
        line = next_line(answers);
        assert_non_null(line);
        compare_step(env, game, before, outcome, line);
    }
    lp_env_close(env);
    lp_game_close(game);
}

/* Runs the script; its exit status. */
static int ask(const char *what, const char *out) {
    char command[4 * PATH_MAX], path[PATH_MAX];
    const char *python = getenv("LONGPLAY_PYTHON") ? getenv("LONGPLAY_PYTHON") : "python3";
    lp_path_join(path, sizeof path, folder, out);
    snprintf(command, sizeof command, "'%s' '%s' '%s/rom.gb' %s '%s/cases' > '%s'", python, SCRIPT, folder, what, folder, path);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_reference(void **state) {
    (void)state;
    int status = ask("corpus", "corpus");
    if (status == NO_REFERENCE) {
        print_message("skipped: no stable-retro package (LONGPLAY_PYTHON names the Python that has it)\n");
        skip();
    }
    assert_int_equal(status, 0);
    for (int i = 0; i < N_RANDOM; i++) add_random(i);
    add_corpus();
    open_cases();
    write_cases();
    assert_int_equal(ask("answer", "answers"), 0);
    lp_blob answers = read_file("answers");
    char *at = (char *)answers.data;
    for (int i = 0; i < n_cases; i++) {
        if (!cases[i].accepted) continue;
        test_number = i;
        compare_case(&cases[i], &at);
    }
    test_number = -1;
    assert_null(next_line(&at));
    lp_blob_free(&answers);
}

/* Says which case a failure was in. */
static int say_case(void **state) {
    (void)state;
    if (test_number >= 0) print_message("case %d:\n%s\n%s\n", test_number, cases[test_number].data, cases[test_number].scenario);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_reference, NULL, say_case)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
