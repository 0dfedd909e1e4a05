/* longplay experiment: which cells a file makes and what they cost, networks of one size, and what is evaluated of each besides its end. */
#include "tests/experiment_support.h"

#include <math.h>

static double number(const cJSON *o, const char *name) { return cJSON_GetNumberValue(cJSON_GetObjectItem(o, name)); }

/* So that to try out how much memory a training takes is quick. */
#define SMALL " --train.envs=4 --train.steps=16 --ppo.minibatches=1"

/* What --plan says of a file. The caller's to delete. */
static cJSON *plan_of(const char *text, const char *options) {
    put_text("plan.ini", text);
    result r = longplay("experiment %%/plan.ini --out %%/none --plan --json" SMALL "%s", options);
    cJSON *o = r.code ? NULL : cJSON_Parse(r.out);
    if (!o) fail_msg("%s: exit %d, %s", text, r.code, r.err);
    assert_false(lp_file_exists(at("none")));
    return o;
}

static const cJSON *variant_of(const cJSON *plan, const char *game, const char *name) {
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(plan, "variants")) {
        if (!strcmp(cJSON_GetObjectItem(one, "game")->valuestring, game) && !strcmp(cJSON_GetObjectItem(one, "variant")->valuestring, name))
            return one;
    }
    fail_msg("no variant '%s' of %s", name, game);
    return NULL;
}

static int n_variants(const cJSON *plan) { return cJSON_GetArraySize(cJSON_GetObjectItem(plan, "variants")); }

/* ---- networks of one size ---- */

static const char cores[] = "[experiment]\ngame = cue, catch\n[policy]\ncore = none, gru, mingru, lstm, lru, delta\n";

/* No other width comes nearer: its neighbours are asked for by hand. */
static void expect_nearest(const char *game, const cJSON *matched, double wanted) {
    const char *variant = cJSON_GetObjectItem(matched, "variant")->valuestring;
    double off = fabs(number(matched, "parameters") - wanted);
    assert_true(off <= 0.02 * wanted);
    for (int step = -1; step <= 1; step += 2) {
        char text[256];
        snprintf(text, sizeof text, "[experiment]\ngame = %s\n[policy]\ncore = %s\nhidden = %d\n", game, strchr(variant, '=') + 1,
                 (int)number(matched, "hidden") + step);
        cJSON *other = plan_of(text, "");
        assert_true(fabs(number(variant_of(other, game, ""), "parameters") - wanted) >= off);
        cJSON_Delete(other);
    }
}

static void test_match(void **state) {
    (void)state;
    cJSON *plain = plan_of(cores, ""), *matched = plan_of(cores, " --match parameters"), *one;
    assert_int_equal(n_variants(matched), 12);
    assert_true(number(variant_of(plain, "cue", "policy.core=gru"), "parameters") >
                1.3 * number(variant_of(plain, "cue", "policy.core=none"), "parameters"));
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(matched, "variants")) {
        const char *game = cJSON_GetObjectItem(one, "game")->valuestring;
        const double wanted = number(variant_of(plain, game, "policy.core=none"), "parameters");
        if (strcmp(cJSON_GetObjectItem(one, "variant")->valuestring, "policy.core=none")) expect_nearest(game, one, wanted);
        else assert_true(number(one, "parameters") == wanted && number(one, "hidden") == 128);
    }
    cJSON_Delete(plain), cJSON_Delete(matched);
    /* the first value is what the others are matched to, whichever it is */
    matched = plan_of("[experiment]\ngame = cue\nmatch = parameters\n[policy]\nhidden = 64\ncore = lstm, none\n", "");
    assert_true(number(variant_of(matched, "cue", "policy.core=lstm"), "hidden") == 64);
    assert_true(number(variant_of(matched, "cue", "policy.core=none"), "hidden") > 70);
    cJSON_Delete(matched);
}

/* What was chosen is in the database, and makes another cell; what needed no choice is the cell that it was. */
static void test_matched_cells(void **state) {
    (void)state;
    static const char text[] = "[experiment]\ngame = cue\n[train]\ndecisions = 64\nenvs = 4\nsteps = 16\nreencode = 0\n"
                               "[policy]\nhidden = 48\ndim = 8\ncore = none, gru\n[knobs]\nhorizon = 3\n"
                               "[evaluate]\nepisodes = 2\ninterim_episodes = 1\n";
    cJSON *plan = plan_of(text, " --match parameters");
    char expected[256];
    put_text("x.ini", text);
    result r = longplay("experiment %%/x.ini --out %%/x --match parameters");
    if (r.code) fail_msg("%s", r.err);
    if ((r = longplay("experiment %%/x.ini --out %%/x")).code) fail_msg("%s", r.err);
    expect("x", "SELECT core, count(*), count(DISTINCT hidden) FROM cells GROUP BY core", "gru|2|2\nnone|1|1\n");
    const cJSON *gru = variant_of(plan, "cue", "policy.core=gru");
    snprintf(expected, sizeof expected, "%.0f|%.0f|%.0f|%.0f|%.0f|%.0f\n", number(gru, "hidden"), number(gru, "hidden"),
             number(gru, "parameters"), number(gru, "flops"), number(gru, "context_items"), number(gru, "memory_bytes"));
    expect("x",
           "SELECT hidden, value, parameters, printf('%.0f', flops), full_context, memory_bytes FROM cells JOIN settings USING(cell)"
           " WHERE core = 'gru' AND name = 'policy.hidden' AND NOT asked",
           expected);
    expect("x", "SELECT count(*) FROM tests WHERE bytes_a_decision < 4 * parameters OR flops <= 0 OR memory_bytes IS NULL", "0\n");
    cJSON_Delete(plan);
}

/* ---- which cells ---- */

static void test_design(void **state) {
    (void)state;
    cJSON *plan = plan_of("[experiment]\ngame = cue\ndesign = one-at-a-time\n[train]\nreencode = 0\nseed = 1..3\n"
                          "[memory]\narch = tree\nchunk = 16, 8, 32\nslots = 4, 8\n[policy]\nbias = salience, none\n",
                          "");
    assert_int_equal(n_variants(plan), 5);
    assert_true(number(plan, "trainings") == 15 && number(variant_of(plan, "cue", "memory.chunk=32"), "seeds") == 3);
    (void)variant_of(plan, "cue", "base"), (void)variant_of(plan, "cue", "memory.chunk=8"),
        (void)variant_of(plan, "cue", "policy.bias=none");
    cJSON_Delete(plan);
    plan = plan_of("[experiment]\ngame = cue\nonly = policy.core=none, memory.arch=tree policy.core=gru\n[train]\nreencode = 0\n"
                   "[memory]\narch = none, tree, knn\n[policy]\ncore = none, gru, lru\n",
                   "");
    assert_int_equal(n_variants(plan), 4);
    (void)variant_of(plan, "cue", "memory.arch=tree policy.core=gru"), (void)variant_of(plan, "cue", "memory.arch=knn policy.core=none");
    cJSON_Delete(plan);
    /* a game's own settings and knobs stand in the place of those of all */
    plan = plan_of("[experiment]\ngame = cue, order\n[train]\ndecisions = 500\nseed = 1..2\n[order.train]\nseed = 1..4\n"
                   "[order.policy]\ncore = gru, lru\n[knobs]\nhorizon = 4, 8\n[order.knobs]\nn = 1, 2\n[cue.knobs]\nhorizon = 3, 4, 5\n",
                   "");
    assert_int_equal(n_variants(plan), 3);
    assert_true(number(variant_of(plan, "cue", ""), "seeds") == 2 && number(variant_of(plan, "order", "policy.core=lru"), "seeds") == 4);
    assert_true(number(plan, "trainings") == 10 && number(plan, "evaluations") == 2 * 3 + 8 * 2);
    cJSON_Delete(plan);
    put_text("nested.json",
             "{\"experiment\": {\"game\": [\"cue\", \"order\"]}, \"order\": {\"train\": {\"seed\": \"1..4\"}, \"knobs\": {\"n\": 2}}}");
    result r = longplay("experiment %%/nested.json --plan --json");
    if (r.code) fail_msg("%s", r.err);
    plan = cJSON_Parse(r.out);
    assert_true(number(plan, "trainings") == 5);
    cJSON_Delete(plan);
}

/* What is given by hand takes the place of what the file says, of one game too. */
static void test_given(void **state) {
    (void)state;
    static const char text[] = "[experiment]\ngame = cue, order\nonly = policy.core=gru\n[train]\ndecisions = 500\nseed = 1..2\n"
                               "[order.train]\ndecisions = 900\nseed = 1..4\n[policy]\ncore = none, gru, lru\n[knobs]\nhorizon = 4, 8\n"
                               "[order.knobs]\nhorizon = 1, 2, 3\n";
    cJSON *plan = plan_of(text, " --train.decisions=64 --experiment.only= --policy.core=lru,none --knobs.horizon=5");
    assert_int_equal(n_variants(plan), 4);
    assert_true(number(plan, "decisions") == 64 * number(plan, "trainings") && number(plan, "trainings") == 2 * 2 + 2 * 4);
    assert_true(number(plan, "evaluations") == number(plan, "trainings"));
    cJSON_Delete(plan);
    plan = plan_of(text, " --order.train.seed=3 --evaluate.episodes=7 --experiment.match=parameters");
    assert_true(number(plan, "trainings") == 3 && number(plan, "episodes") == 7 * (2 * 2 + 3));
    cJSON_Delete(plan);
    expect_refused(longplay("experiment %%/plan.ini --out %%/x --train.sede=1"), 2, "--train.sede: unknown setting 'train.sede'", "given");
    expect_refused(longplay("experiment %%/plan.ini --out %%/x --train.seed"), 2, "--train.seed", "given");
    expect_refused(longplay("experiment %%/plan.ini --out %%/x --evaluate.k=0"), 2, "--evaluate.k: evaluate.k = 0: must be", "given");
    expect_refused(longplay("experiment %%/plan.ini --out %%/x --match=flops"), 2, "experiment.match = flops: must be one of", "given");
    assert_false(lp_file_exists(at("x")));
}

/* ---- the experiments that come with it ---- */

static const char *const ready[] = {"memory", "elicit", "size", "curriculum", "ablation"};

/* Every file is good as it stands, and says how much it is. */
static void test_ready(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ready / sizeof *ready; i++) {
        result r = longplay("experiment " LP_SOURCE_DIR "/evals/experiments/%s.ini --plan --json" SMALL, ready[i]);
        if (r.code) fail_msg("%s: exit %d, %s", ready[i], r.code, r.err);
        cJSON *plan = cJSON_Parse(r.out);
        char path[PATH_MAX], count[64];
        lp_blob file;
        lp_err err;
        snprintf(path, sizeof path, LP_SOURCE_DIR "/evals/experiments/%s.ini", ready[i]);
        assert_int_equal(lp_file_read(&file, path, 1 << 20, &err), LP_OK);
        snprintf(count, sizeof count, "%.0f trainings of ", number(plan, "trainings"));
        if (!memmem(file.data, file.size_bytes, count, strlen(count))) fail_msg("%s does not say '%s'", path, count);
        lp_blob_free(&file);
        cJSON_Delete(plan);
    }
}

#ifdef __SANITIZE_ADDRESS__
enum { IN_SMALL = 2 }; /* slow */
#else
enum { IN_SMALL = sizeof ready / sizeof *ready };
#endif

/* Each in small, to its end. */
static void test_ready_in_small(void **state) {
    (void)state;
    char suite[PATH_MAX];
    put_text("small.json", "{\"seed\": 1, \"games\": [{\"game\": \"cue\", \"knobs\": {\"doors\": 4, \"horizon\": 4}}]}");
    snprintf(suite, sizeof suite, " --experiment.suite=%s", at("small.json"));
    for (int i = 0; i < IN_SMALL; i++) {
        const char *one = ready[i], *more = strcmp(one, "elicit") ? "" : " --evaluate.k=8";
        bool is_suite = !strcmp(one, "memory") || !strcmp(one, "ablation");
        result r = longplay("experiment " LP_SOURCE_DIR "/evals/experiments/%s.ini --out %%/%s --experiment.game=cue --train.seed=1"
                            " --train.decisions=128 --evaluate.episodes=2"
                            " --evaluate.decisions=50 --evaluate.min_episodes=1 --evaluate.floor=2 --evaluate.interim_episodes=1"
                            " --evaluate.every=64" SMALL "%s%s",
                            one, one, more, is_suite ? suite : " --knobs.horizon=4");
        if (r.code) fail_msg("%s: exit %d, %s", one, r.code, r.err);
        expect(one, "SELECT count(*) > 0, sum(floor IS NULL), sum(decisions > 128) FROM tests", "1|0|0\n");
        expect(one, "SELECT count(*) FROM progress WHERE status <> 'done'", "0\n");
    }
}

/* ---- what is evaluated ---- */

/* Weights of three steps, each seed tried four times, rows cut by what random buttons take. */
static const char tried[] = "[experiment]\ngame = cue\n[train]\ndecisions = 1000\nenvs = 4\nsteps = 16\nreencode = 0\n"
                            "[policy]\nhidden = 16\ndim = 8\n[knobs]\ndoors = 2\nhorizon = 3, 30\n"
                            "[evaluate]\nweights = 0, 50%, 100%\nkeep_weights = 64\nmemory = own, full\nk = 4\nact = sample\nfloor = 12\n"
                            "decisions = 1000\nmin_episodes = 6\nepisodes = 20\ninterim_episodes = 1\nseed = 9\n";

/* A cell's evaluation by hand; rows of the database say the same. */
static void expect_as_by_hand(const char *cell, const char *weights, const char *memory, int seeds) {
    char sql[512], expected[256];
    result r =
        longplay("eval cue --policy %%/x/%s%s.safetensors%s --sample --k 4 --set doors=2 --set horizon=30 --seed 9 --episodes %d --json",
                 cell, weights, memory, seeds);
    if (r.code) fail_msg("%s", r.err);
    cJSON *o = cJSON_Parse(r.out), *row = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0),
          *pass = cJSON_GetObjectItem(row, "pass_at");
    snprintf(expected, sizeof expected, "%.0f|%.0f|%d|%.9f|%.9f|%.9f\n", number(row, "wins"), number(row, "decisions"), 4 * seeds,
             number(pass, "1"), number(pass, "2"), number(pass, "4"));
    snprintf(sql, sizeof sql,
             "SELECT wins, played_decisions, n, printf('%%.9f', max(chance) FILTER (WHERE k = 1)), printf('%%.9f', max(chance) FILTER "
             "(WHERE k = 2)),"
             " printf('%%.9f', max(chance) FILTER (WHERE k = 4)) FROM evaluations JOIN pass_at USING(evaluation)"
             " WHERE kind = 'test' AND horizon = 30 AND memory = '%s' AND decisions IS %s",
             *memory ? "full" : "own", *weights ? weights + 1 : "NULL"); /* 0 is what it was before training */
    expect("x", sql, expected);
    cJSON_Delete(o);
}

static void test_tries(void **state) {
    (void)state;
    put_text("tried.ini", tried);
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("experiment %/tried.ini --out %/x --jobs 2", NULL, out, err); /* it goes on after a kill */
    for (int i = 0; i < 6000 && !lp_file_exists(at("x/experiment.db")); i++) usleep(10000);
    usleep(300000);
    kill(child, SIGKILL);
    (void)finish(child, out, err);
    result r = longplay("experiment %%/tried.ini --out %%/x --jobs 2");
    if (r.code) fail_msg("%s", r.err);
    assert_non_null(strstr(r.out, "1 of 1 trainings, 12 of 12 evaluations done, 0 failed"));
    expect("x", "SELECT * FROM progress", "training|done|1\nfloor|done|2\nevaluation|done|12\n");
    /* 1000 decisions, 4 a try: as many seeds as that many decisions are by random buttons' length, but 6 */
    char *n =
        ask("x", "SELECT horizon, 4 * min(20, max(6, CAST(1000.0 * f.n / (4 * f.played_decisions) AS INTEGER))) FROM floors f ORDER BY 1");
    expect("x", "SELECT DISTINCT horizon, n FROM evaluations WHERE kind = 'test' ORDER BY 1", n);
    char *seeds = ask("x", "SELECT DISTINCT n / 4 FROM evaluations WHERE kind = 'test' AND horizon = 30");
    assert_true(atoi(seeds) >= 6 && atoi(seeds) < 20);
    expect("x", "SELECT decisions, at_end, count(*) FROM tests GROUP BY 1, 2", "0|0|4\n512|0|4\n1024|1|4\n");
    expect("x", "SELECT count(*), min(tries), max(act) FROM scores", "4|4|sample\n");
    expect("x", "SELECT count(*), count(DISTINCT k) FROM passes", "36|3\n");
    expect("x",
           "SELECT count(*) FROM episodes e JOIN episodes f ON e.evaluation = f.evaluation AND e.episode / 4 = f.episode / 4"
           " WHERE e.seed <> f.seed AND e.evaluation IN (SELECT evaluation FROM tests)",
           "0\n");
    char *cell = ask("x", "SELECT cell FROM cells");
    cell[strcspn(cell, "\n")] = 0;
    expect_as_by_hand(cell, ".512", "", atoi(seeds));
    expect_as_by_hand(cell, "", " --memory full", atoi(seeds));
    r = longplay("info %%/x/%s.512.safetensors --json", cell); /* it is what it is called */
    assert_non_null(strstr(r.out, "\"trained_decisions\":\"512\""));
    char name[64];
    snprintf(name, sizeof name, "x/%s.64.safetensors", cell);
    assert_true(lp_file_exists(at(name)));
    /* the floor by hand */
    r = longplay("eval cue --policy random --set doors=2 --set horizon=30 --seed 9 --episodes 12 --json");
    cJSON *o = cJSON_Parse(r.out), *row = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0);
    char expected[64];
    snprintf(expected, sizeof expected, "%.0f|%.0f|12\n", number(row, "wins"), number(row, "decisions"));
    expect("x", "SELECT wins, played_decisions, n FROM floors WHERE horizon = 30", expected);
    expect("x", "SELECT count(*) FROM tests t JOIN floors f USING(game, knobs) WHERE t.floor <> 1.0 * f.wins / f.n OR t.floor IS NULL",
           "0\n");
    cJSON_Delete(o);
    free(n), free(seeds), free(cell);
}

/* A floor that fails takes what hangs on it along, and all of it is told; the next run goes on. */
static void test_floor_fails(void **state) {
    (void)state;
    put_text("tried.ini", tried);
    result r = longplay("experiment %%/tried.ini --out %%/x");
    if (r.code) fail_msg("%s", r.err);
    char *floor = ask("x", "SELECT printf('%016x', floor) FROM floors WHERE horizon = 30"), name[64];
    floor[strcspn(floor, "\n")] = 0;
    assert_int_equal(mkdir(at("y"), 0777), 0);
    snprintf(name, sizeof name, "y/floor.%s.jsonl", floor);
    put_text(name, "no evaluation\n");
    r = longplay("experiment %%/tried.ini --out %%/y");
    if (r.code != 1 || !strstr(r.err, "longplay: cue, random buttons failed: exit 2: "))
        fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
    expect("y", "SELECT what, count(*) FROM failed GROUP BY what", "evaluation|6\nfloor|1\n");
    assert_int_equal(unlink(at(name)), 0);
    if ((r = longplay("experiment %%/tried.ini --out %%/y")).code) fail_msg("%s", r.err);
    char *all = ask("x", "SELECT evaluation, wins, n FROM evaluations ORDER BY 1");
    expect("y", "SELECT evaluation, wins, n FROM evaluations ORDER BY 1", all);
    expect("y", "SELECT count(*) FROM failed", "0\n");
    free(floor), free(all);
}

/* ---- what is refused ---- */

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"[experiment]\ngame = cue\nmatch = flops\n", "experiment.match = flops: must be one of none, parameters"},
        {"[experiment]\ngame = cue\nmatch = parameters\n[policy]\nhidden = 16, 32\n", "chooses policy.hidden, which has 2 values here"},
        {"[experiment]\ngame = cue\nmatch = parameters\n[policy]\nsize = nano, base\nhidden = 1\n", "% off; at most 2 %"},
        {"[experiment]\ngame = cue\ndesign = latin\n", "must be one of all, one-at-a-time"},
        {"[experiment]\ngame = cue\nonly = policy.core\n", "'policy.core' is not SETTING=VALUE"},
        {"[experiment]\ngame = cue\nonly = policy.cores=none\n", "experiment.only: "},
        {"[experiment]\ngame = cue\nonly = policy.core=gru\n", "no combination is left"},
        {"[experiment]\ngame = cue\n[order.train]\nseed = 2\n", "order.train.seed: no game 'order' in this experiment"},
        {"[experiment]\ngame = cue\n[order.knobs]\nn = 2\n", "order.knobs.n: no game 'order'"},
        {"[experiment]\ngame = cue\n[cue.train]\nsede = 2\n", "bad.ini:4: unknown setting 'cue.train.sede'"},
        {"[experiment]\ngame = cue\n[cue.knobs]\nhorizon = 1, 2\ndoors = 2, 3, 4\n", "cue: knobs.doors has 3 values, another knob 2"},
        {"[experiment]\ngame = cue\n[evaluate]\nk = 4\nact = greedy\n", "evaluate.act = sample"},
        {"[experiment]\ngame = cue\n[evaluate]\nk = 4\n", "policy.act is greedy"},
        {"[experiment]\ngame = cue\n[evaluate]\nk = 1000000\nact = sample\n", "of 200 seeds, more than 10000000 episodes"},
        {"[experiment]\ngame = cue\n[evaluate]\nweights = 120%\n", "evaluate.weights = 120%: not a whole number"},
        {"[experiment]\ngame = cue\n[evaluate]\nweights = 10\n[train]\ndecisions = 5\n", "evaluate.weights = 10: train.decisions is 5"},
        {"[experiment]\ngame = cue\n[evaluate]\nkeep_weights = 10%\n", "evaluate.keep_weights = 10%: not a whole number"},
        {"[experiment]\ngame = cue\n[train]\nenvs = 4\nsteps = 16\nreencode = 0\n[policy]\ndim = 1024\n[evaluate]\nmemory = own, full "
         "max_items=16777216\n",
         "cue, evaluated with memory full max_items=16777216: needs more memory than there is: "}, /* 512 GiB */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_text("bad.ini", bad[i].text);
        expect_refused(longplay("experiment %%/bad.ini --out %%/x"), 2, bad[i].says, bad[i].text);
        assert_false(lp_file_exists(at("x")));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_match), TEST(test_matched_cells), TEST(test_design),
                                       TEST(test_given), TEST(test_ready),         TEST(test_ready_in_small),
                                       TEST(test_tries), TEST(test_floor_fails),   TEST(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
