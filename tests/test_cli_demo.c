/* longplay demo: made by an oracle, taken from recorded runs, listed, checked; what is wrong is one line and exit code 2, and changes nothing; a
 * training learns from them. */
#include "tests/cli_support.h"

#include "saves/demos.h"

#include <cjson/cJSON.h>

static void test_make(void **state) {
    (void)state;
    expect_run(0, "20 demonstrations added, 440 decisions; 0 were there already", NULL,
               "demo make %/a.demos cue --episodes 20 --set horizon=17");
    expect_run(0, "5 demonstrations added", NULL, "demo make %/a.demos cue --episodes 25 --set horizon=17 --threads 1");
    expect_run(0, "\"added\":0,\"there_already\":25", NULL, "demo make %/a.demos cue --episodes 25 --set horizon=17 --json");
    expect_run(0, "\"not_won\":3", NULL, "demo make %/b.demos cue --episodes 3 --max-decisions 10 --json");
    expect_run(0, "25 of 25 demonstrations come to the same end", NULL, "demo check %/a.demos cue");
    expect_run(0, "cue: 25 demonstrations, 550 decisions", NULL, "demo list %/a.demos");
    expect_run(0, "\"outcome\":\"win\",\"decisions\":22,\"source\":\"oracle\"", NULL, "demo list %/a.demos --json");
}

static void test_add(void **state) {
    (void)state;
    expect_run(0, NULL, NULL, "play cue --policy oracle --headless --episodes 4 --seed 3 --set horizon=17 --run %/oracle --training-seeds");
    expect_run(0, NULL, NULL, "play cue --policy random --headless --episodes 30 --seed 4 --set horizon=5 --run %/random --training-seeds");
    expect_run(0, "4 demonstrations added, 88 decisions", NULL, "demo add %/c.demos %/oracle");
    expect_run(0, "0 demonstrations added, 0 decisions; 4 were there already", NULL, "demo add %/c.demos %/oracle");
    /* the oracle of the same seeds, by the other way: the same to the last byte */
    expect_run(0, "4 were there already", NULL, "demo make %/c.demos cue --episodes 4 --seed 3 --set horizon=17");
    const result r = run_with(NULL, "demo add %/c.demos %/random --json");
    int added = -1, lost = -1;
    assert_int_equal(r.code, 0);
    assert_int_equal(sscanf(strstr(r.out, "\"added\""), "\"added\":%d,\"there_already\":0,\"not_won\":%d", &added, &lost), 2);
    assert_true(added > 0 && lost > 0 && added + lost == 30);
    expect_run(0, "demonstrations come to the same end", NULL, "demo check %/c.demos cue");
    expect_run(0, "  random", NULL, "demo list %/c.demos");
    /* evaluation is by other seeds, and nothing may be learned from those */
    expect_run(0, NULL, NULL, "play cue --policy oracle --headless --episodes 1 --run %/judged");
    expect_run(2, NULL, "was played on evaluation seeds", "demo add %/c.demos %/judged");
    expect_run(2, NULL, "--training-seeds is not what", "play cue --headless --run %/judged --resume --training-seeds");
    expect_run(0, "machine hashes and", NULL, "replay %/oracle --verify");
}

/* The rows of what `demo try` says. */
static cJSON *rows_of(const char *arguments) {
    const result r = run_with(NULL, arguments);
    assert_int_equal(r.code, 0);
    cJSON *o = cJSON_Parse(r.out), *rows = cJSON_DetachItemFromObject(o, "rows");
    assert_non_null(rows);
    cJSON_Delete(o);
    return rows;
}

/* The shipped policy wins from wherever it is let go, by what it saw before; without a memory it forgets the sign. */
static void test_try(void **state) {
    (void)state;
    expect_run(0, NULL, NULL, "demo make %/t.demos cue --episodes 20 --set horizon=40 --set doors=4");
    cJSON *rows = rows_of("demo try %/t.demos cue --before-end 2,30,45,46 --threads 2 --json"), *row;
    static const int distances[] = {2, 30, 45};
    assert_int_equal(cJSON_GetArraySize(rows), 3); /* none is as long as 46 */
    int i = 0;
    cJSON_ArrayForEach(row, rows) {
        assert_int_equal(cJSON_GetObjectItem(row, "before_end")->valueint, distances[i]);
        assert_int_equal(cJSON_GetObjectItem(row, "tried")->valueint, 20);
        assert_int_equal(cJSON_GetObjectItem(row, "wins")->valueint, 20);
        const cJSON *one = cJSON_GetArrayItem(cJSON_GetObjectItem(row, "episodes"), 19);
        assert_int_equal(cJSON_GetObjectItem(one, "decisions")->valueint, distances[i++]);
        assert_non_null(strstr(cJSON_GetObjectItem(one, "last_event")->valuestring, ": won."));
    }
    cJSON_Delete(rows);
    rows = rows_of("demo try %/t.demos cue --before-end 30 --memory none --json");
    assert_true(cJSON_GetObjectItem(rows->child, "wins")->valueint < 16);
    cJSON_Delete(rows);
    expect_run(0, "            16       3 100.0 %", NULL, "demo try %/t.demos cue --episodes 3");
    expect_run(2, NULL, "for weights: --policy FILE.safetensors", "demo try %/t.demos cue --policy random");
    expect_run(2, NULL, "--before-end: '0': not a number of decisions", "demo try %/t.demos cue --before-end 8,0");
    expect_run(2, NULL, "with another ROM than order has", "demo try %/t.demos order");
    expect_run(2, NULL, "demo try: takes a file and a game", "demo try %/t.demos");
}

static void test_refused(void **state) {
    (void)state;
    lp_demos *d;
    lp_err err;
    expect_run(2, NULL, "demo what: make, add, list, check or try", "demo what %/a.demos");
    expect_run(2, NULL, "demo make: takes a file and a game", "demo make %/a.demos");
    expect_run(2, NULL, "demo list: takes a file", "demo list %/a.demos cue");
    expect_run(2, NULL, "No such file", "demo list %/none.demos");
    expect_run(2, NULL, "not a file of demonstrations", "demo list games/cue/cue.gb");
    expect_run(2, NULL, "not a file of demonstrations", "demo make games/cue/cue.gb cue");
    expect_run(2, NULL, "with another ROM than order has", "demo make %/a.demos order");
    expect_run(2, NULL, "has no oracle", "demo make %/n.demos games/roms/busy.gb");
    expect_run(2, NULL, "with a knob of cue", "demo make %/n.demos cue --set nothing=3");
    expect_run(2, NULL, "not a run", "demo add %/n.demos games/cue");
    assert_int_equal(lp_demos_read(&d, at("a.demos"), &err), LP_OK);
    d->demo[2].end_hash ^= 1;
    d->demo[7].keys[d->demo[7].n_decisions - 1] = 0;
    assert_int_equal(lp_demos_write(d, at("wrong.demos"), &err), LP_OK);
    lp_demos_close(d);
    const result r = run_with(NULL, "demo check %/wrong.demos cue");
    assert_int_equal(r.code, 1);
    assert_non_null(strstr(r.out, "23 of 25 demonstrations"));
    assert_non_null(strstr(r.err, "demonstration 3: played again the machine is another in the end"));
    assert_non_null(strstr(r.err, "demonstration 8: played again it comes to another end"));
}

#define SMALL " --train.envs=4 --train.steps=16 --policy.hidden=16 --policy.dim=8 --threads 1 --eval-episodes 4 --train.decisions=640"

static void test_train(void **state) {
    (void)state;
    expect_run(0, NULL, "weights in",
               "train cue --out %/late.safetensors --train.demos=%/a.demos --train.start=demo --curriculum.before_end=6" SMALL);
    expect_run(0, NULL, "weights in",
               "train cue --out %/clone.safetensors --train.demos=%/a.demos --train.guides=1 --train.twin=0 --ppo.clone_weight=1" SMALL);
    lp_blob log;
    lp_err err;
    assert_int_equal(lp_file_read(&log, at("clone.safetensors.log"), 1 << 24, &err), LP_OK);
    assert_non_null(strstr((char *)log.data, "\"clone_loss\":"));
    lp_blob_free(&log);
    assert_int_equal(lp_file_read(&log, at("late.safetensors.log"), 1 << 24, &err), LP_OK);
    assert_non_null(strstr((char *)log.data, "\"level\":{\"before_end\":6,"));
    assert_non_null(strstr((char *)log.data, "\"train.demos\":\"a.demos\"")); /* no folder of this machine */
    lp_blob_free(&log);
    expect_run(2, NULL, "with another ROM than order has", "train order --out %/no.safetensors --train.demos=%/a.demos" SMALL);
    expect_run(2, NULL, "train.demos names no file", "train cue --out %/no.safetensors --train.start=demo" SMALL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make),    cmocka_unit_test(test_add),   cmocka_unit_test(test_try),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_train),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
