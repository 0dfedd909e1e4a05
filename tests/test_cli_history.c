/* longplay history: what became worse is seen, by compare's rule; what is added is whole or not at all; wrong input is refused. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>
#include <sqlite3.h>

enum { EPISODES = 60 };

static void put_text(const char *name, const char *text) { put(at(name), text, strlen(text)); }

/* What eval --json prints, of two rows; wins of the first, seed of both. The first `wins` are won. */
static void put_results(const char *name, int wins, int seed) {
    char outcomes[EPISODES + 1], text[2048];
    for (int i = 0; i < EPISODES; i++) outcomes[i] = i < wins ? 'W' : i % 2 ? 'L' : 'T';
    outcomes[EPISODES] = 0;
    int n = snprintf(text, sizeof text,
                     "{\"games\":[{\"game\":\"cue\",\"rom\":\"00\",\"knobs\":{\"horizon\":64,\"doors\":4,\"when\":0},\"seed\":%d,\"model\":"
                     "\"dmg\",\"noop\":[0,0],\"time_limit\":0,\"finished\":true,"
                     "\"outcomes\":\"%s\"},{\"game\":\"cue\",\"rom\":\"00\",\"knobs\":{\"horizon\":64,\"doors\":2,\"when\":0},\"seed\":%d,"
                     "\"model\":\"dmg\",\"noop\":[0,0],\"time_limit\":0,\"finished\":true,\"outcomes\":\"%.*s%.*s\"}]}",
                     seed, outcomes, seed, EPISODES / 2, outcomes, EPISODES / 2, outcomes);
    put(at(name), text, (size_t)n);
}

static void add(const char *name, const char *version) {
    result r = longplay("history add %%/%s --version %s --history %%/h.db", name, version);
    if (r.code) fail_msg("%s", r.err);
}

static const cJSON *field(const cJSON *o, const char *name) { return cJSON_GetObjectItemCaseSensitive(o, name); }

static void expect_verdict(const cJSON *row, int index, const char *version, int wins, const char *before, const char *verdict) {
    const cJSON *one = cJSON_GetArrayItem(field(row, "results"), index);
    assert_string_equal(cJSON_GetStringValue(field(one, "version")), version);
    assert_int_equal(field(one, "wins")->valueint, wins);
    if (!before) {
        assert_null(field(one, "before"));
        return;
    }
    assert_string_equal(cJSON_GetStringValue(field(one, "before")), before);
    assert_string_equal(cJSON_GetStringValue(field(one, "verdict")), verdict);
}

static void test_verdicts(void **state) {
    (void)state;
    put_results("good.json", 58, 1), put_results("bad.json", 40, 1), put_results("other.json", 58, 2);
    add("good.json", "1.0"), add("good.json", "1.1"), add("bad.json", "1.2"), add("other.json", "1.3");
    result r = longplay("history show --history %%/h.db --json");
    assert_int_equal(r.code, 0);
    cJSON *o = cJSON_Parse(r.out);
    assert_int_equal(cJSON_GetArraySize(field(o, "rows")), 2);
    const cJSON *two = cJSON_GetArrayItem(field(o, "rows"), 0), *four = cJSON_GetArrayItem(field(o, "rows"), 1);
    assert_string_equal(cJSON_GetStringValue(field(two, "row")), "cue doors=2, 64");
    assert_string_equal(cJSON_GetStringValue(field(four, "row")), "cue doors=4, 64");
    expect_verdict(four, 0, "1.0", 58, NULL, NULL);
    expect_verdict(four, 1, "1.1", 58, "1.0", "no regression");
    expect_verdict(four, 2, "1.2", 40, "1.1", "regression");
    expect_verdict(four, 3, "1.3", 58, NULL, NULL); /* other seeds: not judged */
    expect_verdict(two, 2, "1.2", 60, "1.1", "no regression");
    cJSON_Delete(o);
    r = longplay("history show --history %%/h.db");
    assert_non_null(strstr(r.out, "66.7 worse"));
    assert_non_null(strstr(r.out, "96.7 other"));
    assert_non_null(strstr(r.out, "\n1.2: 1 of its rows are worse than before\n"));
    assert_null(strstr(longplay("history show --history %%/h.db --last 1").out, "1.2"));
    /* the verdict is compare's, of the same two files */
    r = longplay("compare %%/good.json %%/bad.json --json");
    assert_int_equal(r.code, 1);
}

/* What eval --out and experiments leave. */
static void test_sources(void **state) {
    (void)state;
    static const char tiny[] = "[experiment]\ngame = cue\n[train]\ndecisions = 64\nenvs = 4\nsteps = 16\nseed = 1..2\nreencode = 0\n"
                               "[policy]\nhidden = 16\ndim = 8\n[knobs]\nhorizon = 4, 9\n[evaluate]\nepisodes = 6\ninterim_episodes = 1\n";
    put_text("tiny.ini", tiny);
    result r = longplay("experiment %%/tiny.ini --out %%/x");
    if (r.code) fail_msg("%s", r.err);
    if ((r = longplay("eval cue --policy random --episodes 5 --set horizon=4 --out %%/e.jsonl")).code) fail_msg("%s", r.err);
    if ((r = longplay("history add %%/x --version a --history %%/s.db --json")).code) fail_msg("%s", r.err);
    assert_non_null(strstr(r.out, "\"rows\":4"));
    if ((r = longplay("history add %%/e.jsonl --version a --history %%/s.db")).code) fail_msg("%s", r.err);
    if ((r = longplay("history add %%/x/experiment.db --version b --history %%/s.db")).code) fail_msg("%s", r.err);
    r = longplay("history show --history %%/s.db --json");
    assert_int_equal(r.code, 0);
    cJSON *o = cJSON_Parse(r.out);
    const cJSON *row;
    int n = 0, n_judged = 0;
    cJSON_ArrayForEach(row, field(o, "rows")) {
        const cJSON *one;
        cJSON_ArrayForEach(one, field(row, "results")) {
            n++, n_judged += field(one, "before") != NULL;
            if (field(one, "before")) assert_int_equal(field(one, "lost")->valueint + field(one, "gained")->valueint, 0);
        }
    }
    assert_int_equal(n, 9);
    assert_int_equal(n_judged, 4);
    cJSON_Delete(o);
}

static bool has_gnuplot(void) {
    char path[PATH_MAX], *save = NULL, *folders = strdup(getenv("PATH") ? getenv("PATH") : "");
    bool found = false;
    for (char *one = strtok_r(folders, ":", &save); one && !found; one = strtok_r(NULL, ":", &save)) {
        snprintf(path, sizeof path, "%s/gnuplot", one);
        found = !access(path, X_OK);
    }
    free(folders);
    return found;
}

static void test_drawn(void **state) {
    (void)state;
    if (!has_gnuplot()) skip();
    assert_int_equal(longplay("history draw --history %%/h.db -o %%/h.svg").code, 0);
    result r = longplay("history draw --history %%/h.db -o %%/h.html");
    if (r.code) fail_msg("%s", r.err);
    lp_blob svg = {0}, page = {0};
    assert_int_equal(lp_file_read(&svg, at("h.svg"), 1 << 24, NULL) + lp_file_read(&page, at("h.html"), 1 << 24, NULL), 0);
    assert_non_null(strstr((char *)svg.data, "rgb(176,   0,  32)")); /* the ring */
    assert_non_null(strstr((char *)svg.data, "cue doors=4, 64"));
    assert_non_null(strstr((char *)page.data, "src=\"data:image/svg+xml;base64,"));
    assert_non_null(strstr((char *)page.data, "<td>66.7 worse</td>"));
    assert_null(strstr((char *)page.data, "http"));
    lp_blob_free(&svg), lp_blob_free(&page);
}

static void expect_rows(int n) {
    result r = longplay("history show --history %%/h.db --json");
    cJSON *o = cJSON_Parse(r.out);
    int got = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, field(o, "rows")) got += cJSON_GetArraySize(field(row, "results"));
    cJSON_Delete(o);
    assert_int_equal(got, n);
}

static void test_refused(void **state) {
    (void)state;
    expect_rows(8);
    expect_refused(longplay("history add %%/good.json --version 1.0 --history %%/h.db"), 2, "version '1.0' has a result of cue", "twice");
    put_text("cut.json", "{\"games\":[{\"game\":\"cue\",\"knobs\":{},\"finished\":false,\"outcomes\":\"W\"}]}");
    expect_refused(longplay("history add %%/cut.json --version 2 --history %%/h.db"), 2, "is not finished", "unfinished");
    expect_refused(longplay("history add %%/cut.json --version 2 --history %%/new.db"), 2, "is not finished", "unfinished, a new history");
    expect_refused(longplay("history add %%/nothing.json --version 2 --history %%/new.db"), 2, "nothing.json", "no results");
    assert_false(lp_file_exists(at("new.db")));
    /* one of its rows is there already: the other is not added either */
    put_results("more.json", 50, 1);
    lp_blob more = {0};
    assert_int_equal(lp_file_read(&more, at("more.json"), 1 << 20, NULL), LP_OK);
    char *knob = strstr((char *)more.data, "\"doors\":4");
    assert_non_null(knob);
    knob[8] = '3';
    put(at("more.json"), more.data, more.size_bytes);
    lp_blob_free(&more);
    expect_refused(longplay("history add %%/more.json --version 1.0 --history %%/h.db"), 2, "already", "half of it");
    expect_refused(longplay("history add %%/more.json --history %%/h.db"), 2, "needs --version", "no version");
    expect_refused(longplay("history show --history %%/none.db"), 2, "longplay history add makes it", "none");
    put_text("words.db", "not a database, but longer than a header of SQLite's, which has a hundred bytes, as everybody knows. So.");
    expect_refused(longplay("history show --history %%/words.db"), 2, "file is not a database", "words");
    expect_refused(longplay("history add %%/good.json --version 9 --history %%/words.db"), 2, "file is not a database", "words");
    put_text("empty.db", "");
    expect_refused(longplay("history show --history %%/empty.db"), 2, "not a history", "empty");
    expect_refused(longplay("history add %%/good.json --version 9 --history %%/x/experiment.db"), 2, "not a history", "an experiment's");
    expect_refused(longplay("history add %%/h.db --version 9 --history %%/h.db"), 2, "not an experiment's database",
                   "a history as results");
    expect_refused(longplay("history draw --history %%/h.db -o %%/h.png"), 2, "makes .svg or .html", "PNG");
    put_text("mine.html", "<p>mine");
    expect_refused(longplay("history draw --history %%/h.db -o %%/mine.html"), 2, "mine.html", "another's page");
    expect_refused(longplay("history draw --history %%/h.db -o %%/no/h.svg"), 2, "cannot write", "no folder");
    expect_refused(run_with("PATH=/nowhere", "history draw --history %/h.db -o %/new.svg"), 1, "apt install gnuplot-nox", "no gnuplot");
    assert_false(lp_file_exists(at("new.svg")));
    expect_rows(8);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(at("h.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 7", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_refused(longplay("history show --history %%/h.db"), 2, "of version 7, this program knows 1", "another version");
    expect_refused(longplay("history add %%/more.json --version 9 --history %%/h.db"), 2, "of version 7", "another version");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdicts), cmocka_unit_test(test_sources), cmocka_unit_test(test_drawn),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
