/* longplay game ram: scripts that find, save, go back, and are wrong. */
#include "tests/game_support.h"

static const char find_decisions[] = "# cue counts its decisions at 0xC0B4\n"
                                     "step 9 START   # from the title\n\nsnap\nstep 4\nfilter up 1\nstep 4 LEFT\nfilter by 1\n"
                                     "step 8\nfilter up\nfilter by 4 since early\n";

static void finds_and_saves(void **state) {
    (void)state;
    char text[512];
    lp_err err;
    expect_done(longplay("game new " CUE " %%/g"), "", "game new");
    snprintf(text, sizeof text, "%ssave decisions\n", find_decisions);
    result r = script("%/g", text, "");
    if (r.code != 2 || !strstr(r.err, "script:11: no snapshot is named 'early'")) fail_msg("'%s'", r.err);
    snprintf(text, sizeof text, "%.*ssave decisions\n", (int)(strstr(find_decisions, "filter by 4 since") - find_decisions),
             find_decisions);
    cJSON *o = parsed(script("%/g", text, "--json"), "ram --json");
    assert_true(number(o, "candidates") == 1);
    assert_true(number(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "list"), 0), "address") == 0xc0b4);
    assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "saved"), 0)->valuestring, "decisions");
    cJSON_Delete(o);
    lp_game *game;
    if (lp_game_open(&game, at("g"), &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_game_n_variables(game), 1);
    assert_string_equal(lp_game_variable_name(game, 0), "decisions");
    lp_game_close(game);
    r = script("%/g", text, ""); /* it is there now: what is there stays */
    if (r.code != 2 || lines(r.err) != 1 || !strstr(r.err, "info.decisions is there already")) fail_msg("'%s'", r.err);
}

/* The search of docs/integration.md, read from there, finds what that page says. */
static void the_tour_is_true(void **state) {
    (void)state;
    static const char longplay_json[] = "{\"boot\": [{\"frames\": 60}, {\"keys\": [\"START\"], \"frames\": 9}]}\n";
    lp_blob page;
    lp_err err;
    char text[4096];
    assert_int_equal(lp_file_read(&page, LP_SOURCE_DIR "/docs/integration.md", 1 << 20, &err), LP_OK);
    const char *from = strstr((char *)page.data, "```\nstep 300"), *to = from ? strstr(from + 4, "```") : NULL;
    assert_non_null(to);
    snprintf(text, sizeof text, "%.*slist\nsave result 0xC0B3\nsave door 0xC0BF\n", (int)(to - from - 4), from + 4);
    lp_blob_free(&page);
    expect_done(longplay("game new " CUE " %%/g"), "", "game new");
    put(at("g/longplay.json"), longplay_json, sizeof longplay_json - 1);
    cJSON *o = parsed(script("%/g", text, "--json"), "the tour");
    const cJSON *list = cJSON_GetObjectItem(o, "list"), *item;
    bool has_result = false, has_door = false;
    cJSON_ArrayForEach(item, list) {
        has_result |= number(item, "address") == 0xc0b3;
        has_door |= number(item, "address") == 0xc0bf;
    }
    assert_true(has_result && has_door && cJSON_GetArraySize(list) <= 6);
    cJSON_Delete(o);
    expect_done(longplay("game check %%/g"), "result, door", "check");
}

/* A counter of four bytes: its first alone looks like one byte, of either sign, and like two. The list says which types fit. */
static void finds_whatever_the_type(void **state) {
    (void)state;
    expect_done(longplay("game new " CUE " %%/g"), "", "game new");
    static const char search[] = "step 60\nstep 9 START\ntype any\nstep 60\nsnap\nstep 40\nfilter up 10\nstep 40\nfilter up 10\nlist\n";
    char text[400];
    result r = script("%/g", search, "");
    expect_done(r, "16511 candidates as any\n", "all of RAM");
    expect_done(r, "  as |u1 |i1 <u2 <i2 <u3 <u4 <i4\n", "which types");
    cJSON *o = parsed(script("%/g", search, "--json"), "any --json");
    assert_string_equal(cJSON_GetObjectItem(o, "type")->valuestring, "any");
    const cJSON *c;
    bool has_byte = false, has_four = false;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(o, "list")) {
        const char *type = cJSON_GetObjectItem(c, "type")->valuestring;
        has_byte |= number(c, "address") == 0xc0b8 && !strcmp(type, "|u1");
        has_four |= number(c, "address") == 0xc0b8 && !strcmp(type, "<u4");
    }
    assert_true(has_byte && has_four);
    cJSON_Delete(o);
    snprintf(text, sizeof text, "%ssave walked 0xC0B8\n", search);
    expect_refused(script("%/g", text, "--json"), 2, "types fit 0xC0B8; give the TYPE", "which?");
    snprintf(text, sizeof text, "%ssave walked 0xC0B8 <u4\n", search);
    expect_done(script("%/g", text, ""), "walked is at 0xC0B8, <u4", "this one");
}

static void pictures_are_written(void **state) {
    (void)state;
    char text[2 * PATH_MAX];
    lp_blob png, other;
    lp_err err;
    snprintf(text, sizeof text, "picture %s\nstep 60\nstep 9 START\nstep 9\n", at("a.png"));
    size_t n = strlen(text);
    snprintf(text + n, sizeof text - n, "picture %s\n", at("b.png"));
    expect_done(script("cue", text, ""), "b.png\n", "picture");
    assert_int_equal(lp_file_read(&png, at("a.png"), 1 << 20, &err), LP_OK);
    assert_int_equal(lp_file_read(&other, at("b.png"), 1 << 20, &err), LP_OK);
    assert_memory_equal(png.data + 12, "IHDR\0\0\0\xa0\0\0\0\x90", 12);
    assert_true(png.size_bytes != other.size_bytes || memcmp(png.data, other.data, png.size_bytes));
    lp_blob_free(&png), lp_blob_free(&other);
    expect_refused(script("cue", "picture /none/a.png\n", "--json"), 2, "script:1: /none/a.png", "nowhere to write");
    put(at("notes.txt"), "notes", 5);
    snprintf(text, sizeof text, "picture %s\n", at("notes.txt"));
    expect_refused(script("cue", text, ""), 2, "notes.txt: is not a picture (PNG): it is not overwritten", "another file");
}

/* A line that is wrong: its number, exit 2, and nothing after it is done. */
static void wrong_lines_are_named(void **state) {
    (void)state;
    static const struct {
        const char *line, *says;
    } bad[] = {{"jump", "unknown command"},
               {"step", "needs more: step"},
               {"step x", "'x' is not a whole number"},
               {"step 0", "1 to"},
               {"step 1 Q", "'Q'"},
               {"step 1 L", "not buttons of a GB"},
               {"step 1 A B", "one word too many"},
               {"filter", "needs more"},
               {"filter sideways", "'sideways'"},
               {"filter by", "needs a number"},
               {"filter changed 3", "takes no number"},
               {"filter up 1 2", "one word too many"},
               {"filter up since nowhere", "'nowhere'"},
               {"filter is 99999999999999999999", "not a whole number"},
               {"type u1", "'u1'"},
               {"type <x2", "type"},
               {"list 0", "1 to"},
               {"list x", "list"},
               {"undo", "nothing to undo"},
               {"peek 0x10", "no value"},
               {"peek 0xZZ", "not a whole number"},
               {"save", "needs more"},
               {"save a", "16511 candidates"},
               {"save a 0x100", "holds no value"},
               {"save {} 0xC000", "a variable's name"},
               {"back", "nothing was marked"},
               {"play", "no display"},
               {"a b c d e f g h i", "one word too many"},
               {"snap 123456789012345678901234567890123", "its name"}};
    expect_done(longplay("game new " CUE " %%/g"), "", "game new");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200];
        snprintf(text, sizeof text, "# one\n\n%s\nsave later 0xC000\n", bad[i].line);
        result r = script("%/g", text, "--json");
        if (!strstr(r.err, "script:3: ")) fail_msg("'%s': '%s'", bad[i].line, r.err);
        expect_refused(r, 2, bad[i].says, bad[i].line);
    }
    char *longest = malloc(3000);
    assert_non_null(longest);
    memset(longest, 'x', 2999);
    longest[2999] = 0;
    expect_refused(script("cue", longest, ""), 2, "script:1: the line is longer", "a long line");
    free(longest);
    put(at("script"), "step 1\nst\0ep\n", 13);
    expect_refused(longplay("game ram cue %%/script --json"), 2, "script:2: not a line of text", "a zero byte");
    expect_refused(script("%/g/rom.gb", "save a 0xC000\n", ""), 2, "has no data.json", "saving for a ROM");
    lp_game *game;
    lp_err err;
    if (lp_game_open(&game, at("g"), &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_game_n_variables(game), 0);
    lp_game_close(game);
}

/* What never ends, or never begins, is refused as soon as that can be told. */
static void endless_scripts_are_refused(void **state) {
    (void)state;
    assert_int_equal(mkfifo(at("pipe"), 0666), 0);
    expect_refused(longplay("game ram cue %%/pipe"), 2, "pipe: not a regular file", "a pipe that nobody writes");
    expect_refused(longplay("game ram cue /dev/zero"), 2, "/dev/zero: not a regular file", "a device");
    int out = scratch_file(), err = scratch_file(), old = dup(0), zero = open("/dev/zero", O_RDONLY);
    dup2(zero, 0);
    pid_t child = start("game ram cue --json", NULL, out, err);
    dup2(old, 0);
    close(old), close(zero);
    expect_refused(finish(child, out, err), 2, "stdin:1: the line is longer than 1023 bytes", "an endless line");
    char *longest = calloc(1, 1026);
    assert_non_null(longest);
    memset(longest, ' ', 1023);
    cJSON_Delete(parsed(script("cue", longest, "--json"), "the longest line"));
    longest[1023] = '\n';
    cJSON_Delete(parsed(script("cue", longest, "--json"), "the longest line and its newline"));
    memcpy(longest + 1023, " \n", 3);
    expect_refused(script("cue", longest, "--json"), 2, "script:1: the line is longer", "one byte more");
    free(longest);
}

/* Marks and undo go back; the same commands find the same. */
static void marks_and_undo(void **state) {
    (void)state;
    const char *twice =
        "step 9 START\nmark\nstep 4\nfilter up 1\nundo\nback\nstep 4\nfilter up 1 since start\nreset\nquit\nnonsense after the end\n";
    result a = script("cue", twice, ""), b = script("cue", twice, "");
    expect_done(a, "16511 candidates as |u1\n", "undo");
    assert_string_equal(a.out, b.out);
    cJSON *o = parsed(script("orbit", "step 30 A\nfilter changed\nfilter above 3\nmark\nstep 5 L+LEFT\nback\n", "--json"), "a GBA");
    assert_true(number(o, "ram_bytes") == 0x58000 && number(o, "candidates") < 0x58000 && number(o, "candidates") > 0);
    cJSON_Delete(o);
    o = parsed(script("cue", "", "--json"), "an empty script");
    assert_true(number(o, "candidates") == 0x407f);
    cJSON_Delete(o);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
    const struct CMUnitTest tests[] = {
        TEST(finds_and_saves),       TEST(the_tour_is_true), TEST(finds_whatever_the_type),     TEST(pictures_are_written),
        TEST(wrong_lines_are_named), TEST(marks_and_undo),   TEST(endless_scripts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
