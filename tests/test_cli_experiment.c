/* longplay experiment: killed at any moment it goes on to the same database; what fails is told; what is wrong is refused. */
#include "tests/experiment_support.h"

#include "base/rng.h"

/* Four small trainings, each evaluated under two memories at two lengths. */
static const char small[] = "[experiment]\ngame = cue\n"
                            "[train]\ndecisions = 1500\nenvs = 4\nsteps = 16\nseed = 1..2\nreencode = 0\n"
                            "[policy]\nhidden = 16\ndim = 8\n"
                            "[curriculum]\nknobs = doors=2\n"
                            "[memory]\narch = window, tree\n"
                            "[knobs]\ndoors = 2\nhorizon = 4, 9\n"
                            "[evaluate]\nmemory = own, tree keep=oldest\nepisodes = 12\nseed = 5\nevery = 500\n"
                            "interim_episodes = 3\nkeep_weights = 0, 640\n";

/* All of a database but times. */
static char *content(const char *folder) {
    static const char *const queries[] = {
        "SELECT cell, asked, game, variant, memory, core, size, seed, rom, status, error, decisions, parameters, flops FROM cells",
        "SELECT * FROM settings",
        "SELECT cell, n, decisions, level, win_rate, episodes, wins, twin_episodes, twin_wins, policy_loss, value_loss, entropy, kl,"
        " clip_fraction, salience_loss, attention_entropy, grad_norm FROM updates",
        "SELECT evaluation, cell, asked, kind, decisions, memory, knobs, horizon, seed, n, status, error, wins, losses, timeouts,"
        " played_decisions, context_items, items_read FROM evaluations",
        "SELECT * FROM episodes"};
    char *all = NULL;
    size_t size;
    FILE *f = open_memstream(&all, &size);
    assert_non_null(f);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char *one = ask(folder, queries[i]);
        fputs(one, f);
        free(one);
    }
    fclose(f);
    return all;
}

static void expect_same(const char *one, const char *other) {
    char *a = content(one), *b = content(other);
    size_t i = 0;
    while (a[i] && a[i] == b[i]) i++;
    if (a[i] != b[i]) fail_msg("%s and %s differ: '%.200s', '%.200s'", one, other, a + i, b + i);
    free(a), free(b);
}

/* The processes that a process has started. */
static int children(pid_t parent, pid_t out[8]) {
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *f = fopen(path, "r");
    while (f && n < 8 && fscanf(f, "%d", &out[n]) == 1) n++;
    if (f) fclose(f);
    return n;
}

static void wait_until_gone(pid_t pid) {
    for (int i = 0; i < 6000 && !kill(pid, 0); i++) usleep(10000);
}

/* Runs it to its end, but killed a few times on the way: alone, with all that it started, or asked to stop. */
static void run_through(const char *arguments, lp_rng *rng, int n_kills) {
    for (int i = 0;; i++) {
        int out = scratch_file(), err = scratch_file(), how = i % 3;
        pid_t child = start(arguments, NULL, out, err), own[8];
        if (i < n_kills) {
            usleep(100000 + lp_rng_below(rng, 1500000));
            int n = children(child, own);
            kill(child, how == 2 ? SIGTERM : SIGKILL);
            for (int k = 0; k < n && how == 1; k++) kill(own[k], SIGKILL);
            for (int k = 0; k < n && how == 1; k++) wait_until_gone(own[k]);
        }
        result r = finish(child, out, err);
        if (!r.code) return;
        if (i >= n_kills || (r.code != -SIGKILL && r.code != -SIGTERM && r.code != 128 + SIGTERM))
            fail_msg("%d: exit %d, %s", i, r.code, r.err);
    }
}

static void test_killed(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 1);
    put_text("small.ini", small);
    result r = longplay("experiment %%/small.ini --out %%/whole --jobs 1");
    if (r.code) fail_msg("%s", r.err);
    assert_non_null(strstr(r.out, "4 of 4 trainings, 16 of 16 evaluations done, 0 failed"));
    run_through("experiment %/small.ini --out %/parts --jobs 2", &rng, 9);
    expect_same("whole", "parts");
    /* again: nothing is done */
    struct stat before, after;
    assert_int_equal(stat(at("whole"), &before), 0);
    assert_int_equal(longplay("experiment %%/small.ini --out %%/whole").code, 0);
    assert_int_equal(stat(at("whole"), &after), 0);
    expect_same("whole", "parts");
}

/* What the tables and views say is what trainings and evaluations say by themselves. */
static void test_content(void **state) {
    (void)state;
    put_text("small.ini", small);
    result r = longplay("experiment %%/small.ini --out %%/x --json");
    if (r.code) fail_msg("%s", r.err);
    cJSON *o = cJSON_Parse(r.out);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "results")), 8);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(o, "finished")));
    cJSON_Delete(o);
    expect("x", "SELECT * FROM progress", "training|done|4\nevaluation|done|16\n");
    expect("x", "SELECT variant, seed FROM cells ORDER BY 1, 2",
           "memory.arch=tree|1\nmemory.arch=tree|2\nmemory.arch=window|1\nmemory.arch=window|2\n");
    expect("x", "SELECT DISTINCT decisions, core, size FROM cells", "1536|none|nano\n");
    expect("x", "SELECT count(*), count(DISTINCT cell), max(n), max(decisions) FROM updates", "96|4|24|1536\n");
    expect("x", "SELECT kind, count(*), min(decisions), max(decisions), min(n), max(n) FROM evaluations GROUP BY kind ORDER BY kind",
           "final|4|1536|1536|3|3\ninterim|12|0|1024|3|3\ntest|16|-|-|12|12\n"); /* at 0, 512, 1024 */
    expect("x", "SELECT count(*) FROM episodes", "240\n");                       /* 16 * 12 + 16 * 3 */
    expect("x",
           "SELECT count(*) FROM evaluations e WHERE wins <> (SELECT count(*) FROM episodes p WHERE p.evaluation = e.evaluation AND "
           "outcome = 'win')"
           " OR wins + losses + timeouts <> n OR played_decisions <> (SELECT sum(decisions) FROM episodes p WHERE p.evaluation = "
           "e.evaluation)",
           "0\n");
    expect("x", "SELECT count(*), sum(seeds), sum(episodes) FROM results", "8|16|192\n");
    expect(
        "x",
        "SELECT count(*) FROM scores s JOIN results r USING(game, variant, memory, knobs) WHERE s.win_rate NOT BETWEEN lowest AND highest",
        "0\n");
    expect("x", "SELECT count(*) FROM curves", "16\n");
    expect("x", "SELECT value, count(*) FROM settings WHERE name = 'memory.arch' GROUP BY 1", "tree|2\nwindow|2\n");
    /* one cell, evaluated by hand */
    char *cell = ask("x", "SELECT cell FROM cells WHERE variant = 'memory.arch=tree' AND seed = 2"), expected[256];
    cell[strcspn(cell, "\n")] = 0;
    r = longplay("eval cue --policy %%/x/%s.safetensors --memory tree --memory.keep=oldest --set doors=2 --set horizon=9 --seed 5 "
                 "--episodes 12 --json",
                 cell);
    if (r.code) fail_msg("%s", r.err);
    o = cJSON_Parse(r.out);
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0);
    snprintf(expected, sizeof expected, "%d|%d|%d|%d\n", cJSON_GetObjectItem(row, "wins")->valueint,
             cJSON_GetObjectItem(row, "decisions")->valueint, cJSON_GetObjectItem(row, "context_items_max")->valueint,
             cJSON_GetObjectItem(row, "items_read")->valueint);
    expect("x",
           "SELECT wins, played_decisions, context_items, items_read FROM evaluations JOIN cells USING(cell)"
           " WHERE kind = 'test' AND horizon = 9 AND evaluations.memory = 'tree keep=oldest' AND variant = 'memory.arch=tree' AND "
           "cells.seed = 2",
           expected);
    cJSON_Delete(o);
    char name[64];
    snprintf(name, sizeof name, "x/%s.640.safetensors", cell);
    assert_true(lp_file_exists(at(name)));
    snprintf(name, sizeof name, "x/%s.safetensors.train", cell);
    assert_false(lp_file_exists(at(name)));
    /* CSV */
    r = longplay("experiment %%/small.ini --out %%/x --csv results");
    assert_int_equal(r.code, 0);
    assert_int_equal(lines(r.out), 9);
    assert_memory_equal(r.out, "game,variant,memory,knobs,horizon,seeds,", 40);
    assert_non_null(strstr(r.out, "cue,memory.arch=tree,own,\"{\"\"horizon\"\":4,\"\"doors\"\":2,"));
    free(cell);
}

/* A file that grows, or is written in another way, does not do again what is done; another setting is another cell. */
static void test_identity(void **state) {
    (void)state;
    static const char one[] = "[train]\ndecisions = 64\nenvs = 4\nsteps = 16\nseed = 7\n[policy]\nhidden = 16\ndim = 8\n"
                              "[experiment]\ngame = cue\n[evaluate]\nepisodes = 2\ninterim_episodes = 1\n[knobs]\nhorizon = 3\n";
    static const char same[] =
        "{\"experiment\": {\"game\": [\"cue\"]}, \"policy\": {\"dim\": 8, \"hidden\": \"16\"}, \"knobs\": {\"horizon\": 3},"
        " \"evaluate\": {\"episodes\": 2, \"interim_episodes\": 1, \"memory\": \"own\"},"
        " \"train\": {\"seed\": [7], \"steps\": 16, \"envs\": 4, \"decisions\": 64}}";
    static const char more[] = "[train]\ndecisions = 64\nenvs = 4\nsteps = 16\nseed = 7..8\n[policy]\nhidden = 16\ndim = 8, 9\n"
                               "[experiment]\ngame = cue\n[evaluate]\nepisodes = 2\ninterim_episodes = 1\n[knobs]\nhorizon = 3, 5\n";
    static const char fewer[] = "[train]\ndecisions = 64\nenvs = 4\nsteps = 16\nseed = 7\n[policy]\nhidden = 16\ndim = 8\n"
                                "[experiment]\ngame = cue\n[evaluate]\nepisodes = 4\ninterim_episodes = 1\n[knobs]\nhorizon = 3\n";
    put_text("one.ini", one), put_text("same.json", same), put_text("more.ini", more), put_text("fewer.ini", fewer);
    put_energy_counter("cap");
    setenv("LONGPLAY_POWERCAP", at("cap"), 1);
    result r = longplay("experiment %%/one.ini --out %%/x");
    if (r.code) fail_msg("%s", r.err);
    unsetenv("LONGPLAY_POWERCAP");
    expect("x", "SELECT joules, (SELECT sum(joules) FROM updates) FROM cells", "0.0|0.0\n");
    expect("x", "SELECT count(*) FROM cells", "1\n");
    char *first =
        ask("x", "SELECT cell, cells.cpu_s, evaluation FROM cells JOIN evaluations USING(cell) WHERE kind = 'test' AND horizon = 3");
    if ((r = longplay("experiment %%/same.json --out %%/x")).code) fail_msg("%s", r.err);
    expect("x", "SELECT count(*) FROM cells", "1\n");
    if ((r = longplay("experiment %%/more.ini --out %%/x")).code) fail_msg("%s", r.err);
    expect("x", "SELECT (SELECT count(*) FROM cells), (SELECT count(*) FROM scores)", "4|8\n");
    char *again = ask("x", "SELECT cell, cells.cpu_s, evaluation FROM cells JOIN evaluations USING(cell)"
                           " WHERE kind = 'test' AND horizon = 3 AND variant = 'policy.dim=8' AND cells.seed = 7");
    assert_string_equal(first, again);
    /* what is no longer asked for stays, and is not shown; another number of episodes is played anew */
    if ((r = longplay("experiment %%/fewer.ini --out %%/x")).code) fail_msg("%s", r.err);
    expect("x", "SELECT (SELECT count(*) FROM cells), (SELECT count(*) FROM scores), (SELECT sum(episodes) FROM scores)", "4|1|4\n");
    if ((r = longplay("experiment %%/fewer.ini --out %%/x2")).code) fail_msg("%s", r.err);
    char *other = ask("x2", "SELECT cell FROM cells");
    assert_memory_equal(first, other, 16);
    free(first), free(again), free(other);
}

/* A cell that fails is told and counted; the others are done; the next run tries it again. */
static void test_failed(void **state) {
    (void)state;
    static const char two[] =
        "[experiment]\ngame = cue\n[train]\ndecisions = 64\nenvs = 4\nsteps = 16\nseed = 1, 2\n[policy]\nhidden = 16\ndim = 8\n"
        "[evaluate]\nepisodes = 2\ninterim_episodes = 1\n[knobs]\nhorizon = 3\n";
    put_text("two.ini", two);
    result r = longplay("experiment %%/two.ini --out %%/x");
    if (r.code) fail_msg("%s", r.err);
    char *cell = ask("x", "SELECT cell FROM cells WHERE seed = 2"), name[64];
    cell[strcspn(cell, "\n")] = 0;
    snprintf(name, sizeof name, "y/%s.safetensors", cell);
    assert_int_equal(mkdir(at("y"), 0777), 0);
    assert_int_equal(mkdir(at(name), 0777), 0);
    r = longplay("experiment %%/two.ini --out %%/y");
    if (r.code != 1 || !strstr(r.out, "1 of 2 trainings, 1 of 2 evaluations done, 1 failed") ||
        !strstr(r.err, "longplay: cue seed 2 failed: exit 2: "))
        fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
    expect("y", "SELECT what, seed, error LIKE 'exit 2: %not a regular file' FROM failed", "training|2|1\n");
    assert_int_equal(rmdir(at(name)), 0);
    r = longplay("experiment %%/two.ini --out %%/y");
    if (r.code) fail_msg("%s", r.err);
    expect("y", "SELECT count(*) FROM failed", "0\n");
    expect_same("x", "y");
    free(cell);
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"[train]\nseed = 1\n", "names no game"},
        {"[experiment]\ngame = nosuch\n", "nosuch"},
        {"[experiment]\ngame = cue\n[train]\nsede = 1\n", "bad.ini:4: unknown setting 'train.sede'"},
        {"[experiment]\ngame = cue\n[train]\nseed = 1\nsteps = 1..4\n", "train.steps = '1': must be between"},
        {"[experiment]\ngame = cue\n[train]\nseed = 5..1\n", "not from less to more"},
        {"[experiment]\ngame = cue\n[train]\nseed = 1,,2\n", "a comma too many"},
        {"[experiment]\ngame = cue\n[train]\nseed = 1\nenvs = 4\nseed = 2\n", "train.seed: is there twice"},
        {"[experiment]\ngame = cue\n[knobs]\nspeed = 1\n", "speed"},
        {"[experiment]\ngame = cue\n[knobs]\ndoors = 2, 3\nhorizon = 1, 2, 3\n", "has 3 values, another knob 2"},
        {"[experiment]\ngame = cue\n[curriculum]\nknobs = n=1..4\n", "n"},
        {"[experiment]\ngame = cue\n[evaluate]\nmemory = own, elephant\n", "elephant"},
        {"[experiment]\ngame = cue\n[evaluate]\nmemory = tree slots\n", "'slots' is not KEY=VALUE"},
        {"[experiment]\ngame = cue\n[evaluate]\nepisodes = 0\n", "evaluate.episodes = 0: must be a whole number"},
        {"[experiment]\ngame = cue\n[evaluate]\nkeep_weights = 100\n[train]\ndecisions = 50\n", "train.decisions is 50"},
        {"[experiment]\nsuite = memory\ngame = cue, nosuch\n", "has no 'nosuch'"},
        {"[experiment]\nsuite = nosuch\n", "no such suite"},
        {"[experiment]\nsuite = memory\n[knobs]\nhorizon = 4\n", "the knobs are the suite's"},
#ifndef __SANITIZE_ADDRESS__ /* it ends a program that asks for so much */
        {"[experiment]\ngame = cue\n[train]\nenvs = 4096\nsteps = 65536\n", "needs more memory than there is"},
#endif
        {"[experiment]\ngame = cue\n[memory]\narch = knn, tree\n[train]\nreencode = 32\n",
         "memory.arch=knn: memory knn: its items cannot be"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_text("bad.ini", bad[i].text);
        expect_refused(longplay("experiment %%/bad.ini --out %%/x"), 2, bad[i].says, bad[i].text);
        assert_false(lp_file_exists(at("x")));
    }
    put_text("bad.json", "{\"train\": 7}");
    expect_refused(longplay("experiment %%/bad.json --out %%/x"), 2, "train: must be an object", "JSON");
    put_text("bad.json", "{\"train\": {\"seed\": [true]}}");
    expect_refused(longplay("experiment %%/bad.json --out %%/x"), 2, "train.seed: must be a text, a number", "JSON");
    expect_refused(longplay("experiment %%/none.ini --out %%/x"), 2, "none.ini", "no file");
    expect_refused(longplay("experiment %%/none.ini --out %%/x --csv cells"), 2, "there is none", "nothing to print");
}

/* A database of another version, or of something else, is left as it is; a folder belongs to one process. */
static void test_database(void **state) {
    (void)state;
    put_text("small.ini", small);
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("experiment %/small.ini --out %/x --jobs 1", NULL, out, err);
    for (int i = 0; i < 6000 && !lp_file_exists(at("x/experiment.db")); i++) usleep(10000);
    expect_refused(longplay("experiment %%/small.ini --out %%/x"), 2, "another process (pid", "twice at once");
    kill(child, SIGTERM);
    assert_int_equal(finish(child, out, err).code, 128 + SIGTERM);
    expect_refused(longplay("experiment %%/small.ini --out %%/x --csv nosuch"), 2, "no table or view 'nosuch': curves, failed,", "CSV");
    free(ask("x", "PRAGMA user_version = 4"));
    expect_refused(longplay("experiment %%/small.ini --out %%/x"), 2, "of version 4, this program knows 3", "another version");
    expect_refused(longplay("experiment %%/small.ini --out %%/x --csv cells"), 2, "of version 4, this program knows 3", "another version");
    free(ask("x", "PRAGMA user_version = 4"));
    free(ask("x", "PRAGMA application_id = 7"));
    expect_refused(longplay("experiment %%/small.ini --out %%/x"), 2, "not an experiment's database", "another program's");
    assert_int_equal(mkdir(at("y"), 0777), 0);
    put_text("y/experiment.db", "my thesis, which is no database, and longer than a header of SQLite's: 100 bytes, or some more than that");
    expect_refused(longplay("experiment %%/small.ini --out %%/y"), 2, "file is not a database", "no database");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_killed), TEST(test_content), TEST(test_identity),
                                       TEST(test_failed), TEST(test_refused), TEST(test_database)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
