/* longplay report: its numbers are those of the database, what is missing is counted, the page needs nothing else, wrong input is refused. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <sqlite3.h>

/* Two variants, three seeds, two horizons: 12 tests of 10 episodes. Its win rates are then written by hand. */
static const char tiny[] = "[experiment]\ngame = cue\n[train]\ndecisions = 64\nenvs = 4\nsteps = 16\nseed = 1..3\nreencode = 0\n"
                           "[policy]\nhidden = 16\ndim = 8\n[memory]\narch = window, tree\n[knobs]\ndoors = 2\nhorizon = 4, 9\n"
                           "[evaluate]\nepisodes = 10\nseed = 5\nevery = 32\ninterim_episodes = 2\n";

static void put_text(const char *name, const char *text) { put(at(name), text, strlen(text)); }

/* Returns the exit code. */
__attribute__((format(printf, 1, 2))) static int shell(const char *format, ...) {
    char command[4 * PATH_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(command, sizeof command, format, list);
    va_end(list);
    pid_t child = fork();
    if (!child) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(126);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void sql(const char *folder, const char *text) {
    char path[PATH_MAX + 32], *message = NULL;
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/experiment.db", at(folder));
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) || sqlite3_exec(db, text, NULL, NULL, &message))
        fail_msg("%s: %s", text, message ? message : sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Made once: root/made. */
static int make_experiment(void **state) {
    if (make_root(state)) return -1;
    put_text("tiny.ini", tiny);
    result r = longplay("experiment %%/tiny.ini --out %%/made");
    if (r.code) fprintf(stderr, "%s", r.err);
    return r.code;
}

/* A copy to write in: window wins 2, 4, 6 of 10 at both lengths, tree 9, 10, 10 at 4 and 9, 9, 9 at 9. */
static void copy_experiment(const char *name) {
    assert_int_equal(shell("cp -r %s/made %s/%s", root, root, name), 0);
    sql(name, "UPDATE evaluations SET wins = (SELECT iif(variant = 'memory.arch=window', 2 * seed, iif(horizon = 4 AND seed > 1, 10, 9))"
              " FROM cells c WHERE c.cell = evaluations.cell) WHERE kind = 'test';"
              "UPDATE evaluations SET wins = iif(decisions >= 32 AND cell IN (SELECT cell FROM cells WHERE variant = 'memory.arch=tree' "
              "AND seed > 1), 2, 1)"
              " WHERE kind <> 'test'");
}

static cJSON *report_json(const char *folder, const char *more) {
    result r = longplay("report %%/%s --json%s", folder, more);
    if (r.code) fail_msg("%s", r.err);
    cJSON *o = cJSON_Parse(r.out);
    assert_non_null(o);
    return o;
}

static double number_of(const cJSON *o, const char *name) { return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(o, name)); }

static double estimate_of(const cJSON *o, const char *name) { return number_of(cJSON_GetObjectItemCaseSensitive(o, name), "value"); }

static const cJSON *item(const cJSON *o, const char *list, int i) {
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(o, list), i);
}

static void close_to(double value, double expected, const char *what) {
    if (!(fabs(value - expected) < 1e-9)) fail_msg("%s: %.12g, not %.12g", what, value, expected);
}

static void test_numbers(void **state) {
    (void)state;
    copy_experiment("n");
    sql("n", "UPDATE cells SET joules = iif(variant = 'memory.arch=tree' OR seed > 1, 100 * seed, NULL)");
    cJSON *o = report_json("n", " --price 3600");
    const cJSON *tree = item(o, "methods", 0), *window = item(o, "methods", 1);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(tree, "method")), "arch=tree");
    close_to(number_of(o, "missing") + number_of(o, "failed") + number_of(o, "few_seeds"), 0, "missing");
    close_to(estimate_of(tree, "iqm"), 0.925, "iqm");                /* .9 | .9 .9 .9 1 | 1 */
    close_to(estimate_of(tree, "mean"), (29 / 3. + 9) / 20, "mean"); /* of the tasks' means */
    close_to(estimate_of(tree, "median"), (29 / 3. + 9) / 20, "median");
    close_to(estimate_of(tree, "optimality_gap"), 0, "gap");
    close_to(estimate_of(window, "iqm"), 0.4, "iqm");
    close_to(estimate_of(window, "optimality_gap"), 0.5, "gap");
    /* three trainings that win alike in both tasks: resamples are of three, so that the ends are those of all lowest and all highest */
    const cJSON *ends = cJSON_GetObjectItem(cJSON_GetObjectItem(window, "mean"), "ci95");
    close_to(cJSON_GetArrayItem(ends, 0)->valuedouble, 0.2, "low");
    close_to(cJSON_GetArrayItem(ends, 1)->valuedouble, 0.6, "high");
    close_to(number_of(tree, "price"), number_of(tree, "cpu_s"), "price"); /* a second costs 1 */
    assert_true(number_of(tree, "memory_bytes") > number_of(window, "memory_bytes"));
    assert_true(number_of(tree, "read_bytes") > 4 * number_of(tree, "parameters"));
    assert_true(number_of(tree, "flops") > 0);
    close_to(number_of(tree, "joules"), 200, "joules");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(window, "joules"))); /* not told of each training */
    close_to(estimate_of(item(o, "improvement", 0), "probability"), 1, "tree is better");
    close_to(estimate_of(item(o, "improvement", 1), "probability"), 0, "window is better");
    close_to(number_of(item(o, "longest", 0), "horizon"), 9, "H90 of tree");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(item(o, "longest", 0), "or_more")));
    close_to(number_of(item(o, "longest", 1), "horizon"), 0, "H90 of window");
    cJSON_Delete(o);
    o = report_json("n", " --target 0.95");
    close_to(number_of(item(o, "longest", 0), "horizon"), 4, "H95 of tree");
    assert_false(cJSON_IsTrue(cJSON_GetObjectItem(item(o, "longest", 0), "or_more")));
    cJSON_Delete(o);
    /* the same by the file, and twice the same text */
    result a = longplay("report %%/n/experiment.db --markdown %%/a.md"), b = longplay("report %%/n --markdown %%/b.md");
    assert_int_equal(a.code + b.code, 0);
    assert_string_equal(a.out, b.out);
    lp_blob x = {0}, y = {0};
    assert_int_equal(lp_file_read(&x, at("a.md"), 1 << 20, NULL) + lp_file_read(&y, at("b.md"), 1 << 20, NULL), 0);
    assert_string_equal(x.data, y.data);
    assert_non_null(strstr((char *)x.data, "| arch=tree | 3 | 92.5 ("));
    assert_non_null(strstr((char *)x.data, "| cue | 9 or more | none |"));
    assert_non_null(strstr((char *)x.data, "| wall s a training | joules a training |"));
    assert_non_null(
        strstr((char *)x.data, "| cue | arch=tree | 64 | 2 of 3 |")); /* the interim one is at 0 and 64: 32 is not a whole update */
    assert_non_null(strstr((char *)x.data, "| cue | arch=window | not by half of them | 0 of 3 |"));
    lp_blob_free(&x), lp_blob_free(&y);
}

/* A training that failed, one that waits, a method with nothing: all said, all counted. */
static void test_missing(void **state) {
    (void)state;
    copy_experiment("m");
    sql("m", "UPDATE evaluations SET status = 'waiting' WHERE kind = 'test' AND horizon = 9 AND cell = (SELECT cell FROM cells WHERE"
             " variant = 'memory.arch=tree' AND seed = 2);"
             "UPDATE cells SET status = 'failed', error = 'exit 1: on fire' WHERE variant = 'memory.arch=window' AND seed = 3;"
             "UPDATE evaluations SET status = 'failed', error = 'no weights' WHERE kind = 'test' AND cell = (SELECT cell FROM cells WHERE"
             " variant = 'memory.arch=window' AND seed = 3)");
    cJSON *o = report_json("m", "");
    close_to(number_of(o, "missing"), 3, "missing");
    close_to(number_of(o, "failed"), 3, "failed");
    close_to(number_of(o, "few_seeds"), 3, "few seeds"); /* tree at 9, window twice */
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(item(o, "methods", 0), "iqm"), "ci95")));
    cJSON_Delete(o);
    result r = longplay("report %%/m --markdown %%/m.md");
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "of 12 evaluations 3 are missing, 2 of them failed"));
    lp_blob x = {0};
    assert_int_equal(lp_file_read(&x, at("m.md"), 1 << 20, NULL), LP_OK);
    const char *const said[] = {"9 of 12 evaluations done, 2 failed, 1 not yet played", "Too few seeds: 3 of 4 tests", "on fire",
                                "- arch=window: 2 of 6 evaluations; 0 of 2 tasks have none; 2 of 3 trainings done", "Failed: 3."};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (!strstr((char *)x.data, said[i])) fail_msg("'%s' is not in\n%s", said[i], (char *)x.data);
    lp_blob_free(&x);
    sql("m", "UPDATE evaluations SET status = 'waiting' WHERE kind = 'test'");
    expect_refused(longplay("report %%/m"), 2, "no evaluation is done yet", "nothing done");
    /* without weights their costs are unknown, and that is said */
    copy_experiment("w");
    assert_int_equal(shell("rm %s/*.safetensors", at("w")), 0);
    o = report_json("w", "");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(item(o, "methods", 0), "flops")));
    cJSON_Delete(o);
}

static bool has(const char *program) { return !shell("command -v %s >/dev/null", program); }

/* Nothing in it comes from elsewhere, nothing runs, whatever the names are; each figure is a picture to a browser, too. */
static void test_page(void **state) {
    (void)state;
    if (!has("gnuplot")) skip();
    copy_experiment("p");
    sql("p", "UPDATE cells SET variant = replace(variant, 'arch=tree', 'arch=<script>alert(1)</script>''`touch "
             "x`$m0\nE\nset output \"y\" |')");
    result r = longplay("report %%/p -o %%/p.html --figures %%/figures --markdown %%/p.md");
    if (r.code) fail_msg("%s", r.err);
    lp_blob page = {0};
    assert_int_equal(lp_file_read(&page, at("p.html"), 1 << 24, NULL), LP_OK);
    const char *text = (const char *)page.data;
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "http"));
    assert_non_null(strstr(text, "&lt;script&gt;alert(1)"));
    int n_images = 0;
    for (const char *src = text; (src = strstr(src, "src=\"")); n_images++, src++)
        assert_memory_equal(src + 5, "data:image/svg+xml;base64,", 26);
    assert_int_equal(n_images, 7); /* aggregates, profiles, horizon, learning, three of cost */
    static const char *const files[] = {"aggregates", "profiles", "horizon-1", "learning-1", "cost-flops", "cost-bytes", "cost-cpu"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64];
        lp_blob file = {0};
        snprintf(name, sizeof name, "figures/%s.svg", files[i]);
        assert_int_equal(lp_file_read(&file, at(name), 1 << 24, NULL), LP_OK);
        assert_non_null(strstr((char *)file.data, "</svg>"));
        if (strstr((char *)file.data, "<script")) fail_msg("%s has a script", name);
        lp_blob_free(&file);
        snprintf(name, sizeof name, "figures/%s.png", files[i]);
        assert_int_equal(lp_file_read(&file, at(name), 1 << 24, NULL), LP_OK);
        assert_memory_equal(file.data, "\x89PNG", 4);
        lp_blob_free(&file);
    }
    assert_false(lp_file_exists("x") || lp_file_exists("y"));
    lp_blob_free(&page);
    /* again, over what is there; the same bytes */
    lp_blob again = {0};
    assert_int_equal(lp_file_read(&page, at("p.html"), 1 << 24, NULL), LP_OK);
    assert_int_equal(longplay("report %%/p -o %%/p.html --figures %%/figures --markdown %%/p.md").code, 0);
    assert_int_equal(lp_file_read(&again, at("p.html"), 1 << 24, NULL), LP_OK);
    assert_string_equal(page.data, again.data);
    lp_blob_free(&page), lp_blob_free(&again);
}

/* Chromium opens it from the disk: every figure has a size, and nothing is asked of anybody. */
static void test_browser(void **state) {
    (void)state;
    static const char probe[] =
        "<script>onload = () => document.title = 'figures ' + [...document.images].filter(i => i.naturalWidth > 100).length"
        " + ' of ' + document.images.length + ', requests ' + performance.getEntriesByType('resource')"
        ".filter(e => !e.name.startsWith('data:')).length</script>";
    if (!has("gnuplot") || !has("chromium")) skip();
    copy_experiment("b");
    assert_int_equal(longplay("report %%/b -o %%/b.html").code, 0);
    lp_blob page = {0};
    assert_int_equal(lp_file_read(&page, at("b.html"), 1 << 24, NULL), LP_OK);
    char *probed = malloc(page.size_bytes + sizeof probe);
    assert_non_null(probed);
    memcpy(probed, page.data, page.size_bytes), memcpy(probed + page.size_bytes, probe, sizeof probe);
    put(at("probed.html"), probed, page.size_bytes + sizeof probe - 1);
    if (shell("HOME=%s timeout 120 chromium --headless=new --no-sandbox --disable-gpu --user-data-dir=%s/chromium --dump-dom"
              " file://%s/probed.html 2>/dev/null | grep -q '<title>figures 7 of 7, requests 0</title>'",
              root, root, root))
        fail_msg("Chromium sees another page");
    free(probed);
    lp_blob_free(&page);
}

static void test_refused(void **state) {
    (void)state;
    copy_experiment("r");
    expect_refused(longplay("report"), 2, "needs DB|DIR", "no argument");
    expect_refused(longplay("report %%/nowhere"), 2, "there is none", "no folder");
    put_text("empty.db", "");
    expect_refused(longplay("report %%/empty.db"), 2, "not an experiment's database", "an empty file");
    put_text("words.db", "not a database, but longer than a header of SQLite's, which has a hundred bytes, as everybody knows. So.");
    expect_refused(longplay("report %%/words.db"), 2, "file is not a database", "words");
    expect_refused(longplay("report %%/r --target 2"), 2, "--target must be 0.01 to 1", "a target");
    expect_refused(longplay("report %%/r --markdown %%/no/such/r.md"), 2, "cannot write", "a folder that is not there");
    put_text("mine.md", "# My notes\n");
    expect_refused(longplay("report %%/r --markdown %%/mine.md"), 2, "mine.md", "another's file");
    put_text("mine.html", "<p>mine");
    expect_refused(longplay("report %%/r --markdown %%/new.md --out %%/mine.html"), 2, "mine.html", "another's page");
    assert_false(lp_file_exists(at("new.md")));
    expect_refused(longplay("report %%/r --figures %%/mine.md"), 2, "mine.md", "a file for a folder");
    lp_blob kept = {0};
    assert_int_equal(lp_file_read(&kept, at("mine.md"), 100, NULL), LP_OK);
    assert_string_equal(kept.data, "# My notes\n");
    lp_blob_free(&kept);
    /* no gnuplot: a page is refused with how to get it, tables are made */
    expect_refused(run_with("PATH=/nowhere", "report %/r --out %/new.html --markdown %/new.md"), 1, "apt install gnuplot-nox",
                   "no gnuplot");
    assert_false(lp_file_exists(at("new.html")) || lp_file_exists(at("new.md")));
    assert_int_equal(run_with("PATH=/nowhere", "report %/r --markdown %/new.md").code, 0);
    sql("r", "PRAGMA user_version = 99");
    expect_refused(longplay("report %%/r --markdown %%/new2.md"), 2, "of version 99, this program knows 3", "another version");
    assert_false(lp_file_exists(at("new2.md")));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_missing), cmocka_unit_test(test_page),
                                       cmocka_unit_test(test_browser), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, make_experiment, remove_root);
}
