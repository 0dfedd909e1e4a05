/* What eval tells of milestones and of several tries, against SQL over recorded runs of the same seeds, and against single evaluations. */
#include "tests/cli_support.h"

#include "evals/stats.h"

#include <cjson/cJSON.h>
#include <sqlite3.h>

static cJSON *row_of(const char *arguments) {
    result r = run_with(NULL, arguments);
    cJSON *o = r.code ? NULL : cJSON_Parse(r.out), *row = cJSON_DetachItemFromArray(cJSON_GetObjectItem(o, "games"), 0);
    if (!row) fail_msg("%s: exit %d, %s", arguments, r.code, r.err);
    cJSON_Delete(o);
    return row;
}

static double number(const cJSON *o, const char *name) { return cJSON_GetNumberValue(cJSON_GetObjectItem(o, name)); }

/* When the run's episodes first came to an event of this name: how many did, and the median. */
static int ask_run(const char *run, const char *name, double *median) {
    static const char sql[] =
        "WITH first AS (SELECT episode, min(step) AS at FROM events WHERE name = ?1 GROUP BY episode),"
        " placed AS (SELECT at, row_number() OVER (ORDER BY at) AS place, count(*) OVER () AS n FROM first)"
        " SELECT (SELECT count(*) FROM first), (SELECT avg(at) FROM placed WHERE place IN ((n + 1) / 2, (n + 2) / 2))";
    char path[PATH_MAX + 16];
    sqlite3 *db;
    sqlite3_stmt *s;
    snprintf(path, sizeof path, "%s/run.db", at(run));
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int n = sqlite3_column_int(s, 0);
    *median = sqlite3_column_double(s, 1);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

static void test_milestones(void **state) {
    (void)state;
    static const char *const who[] = {"cue --policy random --set horizon=6", "facts --set horizon=2 --set F=3 --set base=3",
                                      "catch --policy random"};
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        char words[256];
        result r = longplay("play %s --headless --seed 3 --episodes 15 --run %%/run%zu", who[i], i);
        if (r.code) fail_msg("%s", r.err);
        snprintf(words, sizeof words, "eval %s --seed 3 --episodes 15 --json", who[i]);
        cJSON *row = row_of(words), *item;
        char run[16];
        int n_reached = 0;
        snprintf(run, sizeof run, "run%zu", i);
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(row, "milestones")) {
            double median;
            int n = ask_run(run, cJSON_GetObjectItem(item, "name")->valuestring, &median);
            assert_true(number(item, "episodes") == n && number(item, "part") == n / 15.0);
            if (n) assert_true(number(item, "median_decision") == median);
            else assert_true(cJSON_IsNull(cJSON_GetObjectItem(item, "median_decision")));
            n_reached += n;
        }
        assert_true(n_reached >= 15); /* each is won or lost at least */
        cJSON_Delete(row);
    }
}

/* A file goes on with milestones; one from before they were noted goes on without. */
static void test_files(void **state) {
    (void)state;
    static const char eval[] = "eval cue --policy random --set horizon=6 --episodes 9 --json --out %/a";
    cJSON *whole = row_of(eval), *again = row_of(eval);
    assert_true(cJSON_Compare(cJSON_GetObjectItem(whole, "milestones"), cJSON_GetObjectItem(again, "milestones"), true));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(whole, "milestones")), 3);
    lp_blob file;
    assert_int_equal(lp_file_read(&file, at("a"), 1 << 20, NULL), LP_OK);
    char *text = (char *)file.data, *cut;
    size_t used = 0;
    char *old = calloc(1, file.size_bytes + 1);
    assert_non_null(old);
    for (int n = 0; n < 6 && (cut = strchr(text, '\n')); n++, text = cut + 1) { /* the head and five episodes, as they were */
        char *from = strstr(text, n ? ",\"reached\"" : ",\"milestones\""), *to = strchr(from, ']') + 1;
        used += (size_t)sprintf(old + used, "%.*s%.*s", (int)(from - text), text, (int)(cut + 1 - to), to);
    }
    put(at("a"), old, used);
    cJSON *mixed = row_of(eval);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(mixed, "milestones")));
    assert_true(cJSON_Compare(cJSON_GetObjectItem(whole, "outcomes"), cJSON_GetObjectItem(mixed, "outcomes"), true));
    lp_blob_free(&file);
    free(old);
    cJSON_Delete(whole), cJSON_Delete(again), cJSON_Delete(mixed);
}

static void test_tries(void **state) {
    (void)state;
    enum { SEEDS = 20, K = 6 };
    write_policy(at("p.safetensors"), 3);
    cJSON *one = row_of("eval cue --policy %/p.safetensors --sample --set horizon=3 --episodes 20 --json");
    cJSON *all = row_of("eval cue --policy %/p.safetensors --sample --set horizon=3 --episodes 20 --k 6 --json");
    cJSON *random = row_of("eval cue --policy random --set horizon=3 --episodes 20 --k 6 --json");
    const char *single = cJSON_GetObjectItem(one, "outcomes")->valuestring, *several = cJSON_GetObjectItem(all, "outcomes")->valuestring;
    assert_int_equal(strlen(several), SEEDS * K);
    int differ = 0, any = 0, wins = 0;
    double two = 0;
    for (int i = 0; i < SEEDS; i++) {
        int c = 0;
        assert_int_equal(single[i], several[i * K]); /* the first try is what there is without others */
        for (int t = 0; t < K; t++) differ += several[i * K + t] != several[i * K], c += several[i * K + t] == 'W';
        any += c > 0, wins += c;
        two += 1 - (double)((K - c) * (K - c - 1)) / (K * (K - 1)); /* 1 - C(n - c, 2) / C(n, 2) */
    }
    assert_true(differ > 0);
    const cJSON *pass = cJSON_GetObjectItem(all, "pass_at");
    assert_int_equal(cJSON_GetArraySize(pass), 4); /* 1, 2, 4, 6 */
    assert_float_equal(number(pass, "1"), (double)wins / (SEEDS * K), 1e-12);
    assert_float_equal(number(pass, "2"), two / SEEDS, 1e-12);
    assert_float_equal(number(pass, "6"), (double)any / SEEDS, 1e-12);
    assert_true(number(cJSON_GetObjectItem(random, "pass_at"), "6") > number(cJSON_GetObjectItem(random, "pass_at"), "1"));
    assert_null(cJSON_GetObjectItem(one, "pass_at"));
    assert_float_equal(lp_pass_at(4, 1, 2), 0.5, 1e-12);
    assert_float_equal(lp_pass_at(10, 3, 4), 1 - 35.0 / 210, 1e-12);
    assert_true(lp_pass_at(5, 0, 5) == 0 && lp_pass_at(5, 1, 5) == 1 && lp_pass_at(5, 5, 1) == 1);
    expect_refused(longplay("eval cue --policy %%/p.safetensors --greedy --k 2"), 2, "--k: the tries", "a greedy policy");
    expect_refused(longplay("eval cue --policy oracle --k 2"), 2, "--k: the tries", "the oracle");
    expect_refused(longplay("eval cue --policy random --k 1000 --episodes 1000000"), 2, "more than", "too many");
    cJSON_Delete(one), cJSON_Delete(all), cJSON_Delete(random);
    /* results of several tries are compared with none of one */
    assert_int_equal(longplay("eval cue --policy random --set horizon=3 --episodes 10 --k 2 --out %%/two.jsonl").code, 0);
    assert_int_equal(longplay("eval cue --policy random --set horizon=3 --episodes 20 --out %%/one.jsonl").code, 0);
    result r = longplay("compare %%/two.jsonl %%/one.jsonl");
    if (r.code != 2 || !strstr(r.err, "k is ")) fail_msg("exit %d, %s", r.code, r.err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_milestones), TEST(test_files), TEST(test_tries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
