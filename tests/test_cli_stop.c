/* What the commands keep when they are stopped, killed or called wrongly: signals, files that are there already, full outputs. */
#include "tests/cli_support.h"

#include "train/train.h"

#include <cjson/cJSON.h>

/* A training of quick updates; the learning rate does not hang on how long it is. */
#define SMALL " --train.envs=4 --train.steps=16 --policy.hidden=16 --policy.dim=8 --ppo.final_rate=1 --threads 1 --eval-episodes 3"

static void wait_for(const char *path) {
    for (int i = 0; i < 6000 && !lp_file_exists(path); i++) usleep(10000);
    if (!lp_file_exists(path)) fail_msg("%s does not come", path);
}

static bool same_files(const char *one, const char *other) {
    lp_blob a, b;
    lp_err err;
    if (lp_file_read(&a, one, 64 << 20, &err) || lp_file_read(&b, other, 64 << 20, &err)) fail_msg("%s", err.message);
    bool same = a.size_bytes == b.size_bytes && !memcmp(a.data, b.data, a.size_bytes);
    lp_blob_free(&a), lp_blob_free(&b);
    return same;
}

static const char *note(const char *path, const char *key) {
    static char value[256];
    lp_policy *policy;
    lp_err err;
    if (lp_policy_read(&policy, path, &err)) fail_msg("%s", err.message);
    snprintf(value, sizeof value, "%s", lp_policy_note_of(policy, key) ? lp_policy_note_of(policy, key) : "(none)");
    lp_policy_close(policy);
    return value;
}

static double number(const char *json, const char *name) {
    cJSON *o = cJSON_Parse(json);
    const cJSON *v = cJSON_GetObjectItem(o, name);
    if (!cJSON_IsNumber(v)) fail_msg("no number '%s' in '%s'", name, json);
    double value = v->valuedouble;
    cJSON_Delete(o);
    return value;
}

/* A signal saves, and evaluates nothing; from there it goes on to what an uninterrupted training gives. */
static void test_train_stops(void **state) {
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    char more[400];
    for (size_t i = 0; i < 3; i++) {
        int out = scratch_file(), err = scratch_file();
        remove(at("w")), remove(at("w.train")), remove(at("w.log"));
        pid_t child = start("train cue --json --out %/w --eval-episodes 1000000" SMALL, NULL, out, err);
        wait_for(at("w.train"));
        kill(child, signals[i]);
        result r = finish(child, out, err);
        if (r.code != 128 + signals[i] || !strstr(r.out, "\"finished\":false") || !strstr(r.out, "\"win_rate\":null") || lines(r.err) != 1)
            fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
        long long done = (long long)number(r.out, "decisions");
        assert_int_equal(atoll(note(at("w"), "trained_decisions")), done);
        snprintf(more, sizeof more, "--train.decisions=%lld" SMALL, done + 100);
        if ((r = longplay("train cue --out %%/w --resume %s", more)).code) fail_msg("%s", r.err);
        if ((r = longplay("train cue --out %%/one --overwrite %s", more)).code) fail_msg("%s", r.err);
        assert_true(same_files(at("w"), at("one")));
    }
}

/* A training from before some of today's settings, whose checkpoints say nothing of them, or with other defaults, goes on as it was when nobody
 * asks for something else. */
static const char as_before[] =
    "[train]\nreencode = 0\n[policy]\njoin = head\norder = none\nsalience = linear\nbias = salience\nsoftmax = plain\n"
    "[ppo]\nsalience_weight = 0\nattention_weight = 0\nrate = 0.001\nmax_grad_norm = 0.5\nepochs = 2\n"
    "minibatches = 4\n[memory]\nunlike = -1\nwindow = 16\nchunk = 16\nslots = 4\nfan = 4\n";
static void test_train_goes_on_as_before(void **state) {
    (void)state;
    put(at("before.ini"), as_before, sizeof as_before - 1);
    result r = longplay("train cue --out %%/old --config %%/before.ini --train.decisions=128" SMALL);
    if (r.code) fail_msg("%s", r.err);
    assert_string_equal(note(at("old"), "memory.unlike"), "(none)");
    r = longplay("train cue --out %%/old --resume --memory.unlike=6 --train.decisions=256" SMALL);
    if (r.code != 2 || !strstr(r.err, "other settings")) fail_msg("exit %d, '%s'", r.code, r.err);
    if ((r = longplay("train cue --out %%/old --resume --train.decisions=256" SMALL)).code) fail_msg("%s", r.err);
    if ((r = longplay("train cue --out %%/whole --config %%/before.ini --train.decisions=256" SMALL)).code) fail_msg("%s", r.err);
    assert_true(same_files(at("old"), at("whole")));
    if ((r = longplay("train cue --out %%/new --train.decisions=128" SMALL)).code) fail_msg("%s", r.err);
    assert_string_equal(note(at("new"), "memory.unlike"), "6");
}

/* A run that is stopped is saved, whoever asks; what is verified only in part says so. */
static void test_runs_stop(void **state) {
    (void)state;
    static const int signals[] = {SIGHUP, SIGTERM, SIGINT};
    for (size_t i = 0; i < 3; i++) {
        int out = scratch_file(), err = scratch_file();
        pid_t child = start("play cue --policy random --headless --episodes 0 --run %/run --resume", NULL, out, err);
        wait_until_it_catches(child);
        kill(child, signals[i]);
        result r = finish(child, out, err);
        if (r.code || !strstr(r.out, "--resume goes on")) fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
    }
    assert_int_equal(longplay("play --run %%/run --resume --decisions 5000").code, 0);
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("replay %/run --verify --speed 1", NULL, out, err);
    wait_until_it_catches(child);
    kill(child, SIGINT);
    result r = finish(child, out, err);
    if (r.code != 130 || !strstr(r.out, "as far as it went")) fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
    assert_int_equal(longplay("replay %%/run --verify").code, 0);
}

/* A stopped evaluation prints what it has: what as many episodes would have given. */
static void test_eval_stops(void **state) {
    (void)state;
    static const char *const fields[] = {"episodes",          "wins",      "losses",     "win_rate",
                                         "context_items_max", "decisions", "items_read", "bytes_read"};
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    write_policy(at("p.safetensors"), 3);
    for (size_t i = 0; i < 3; i++) {
        int out = scratch_file(), err = scratch_file();
        pid_t child = start("eval cue,cue --policy %/p.safetensors --set horizon=3 --episodes 1000000 --json", NULL, out, err);
        wait_until_it_catches(child);
        usleep(200000); /* so that there is something to print, most of the time */
        kill(child, signals[i]);
        result r = finish(child, out, err);
        cJSON *o = cJSON_Parse(r.out), *row = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0);
        if (r.code != 128 + signals[i] || *r.err || !cJSON_IsFalse(cJSON_GetObjectItem(o, "finished")) ||
            (row && !cJSON_IsFalse(cJSON_GetObjectItem(row, "finished"))))
            fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
        if (row) {
            r = longplay("eval cue --policy %%/p.safetensors --set horizon=3 --episodes %d --json",
                         cJSON_GetObjectItem(row, "episodes")->valueint);
            cJSON *whole = cJSON_Parse(r.out), *same = cJSON_GetArrayItem(cJSON_GetObjectItem(whole, "games"), 0);
            assert_true(cJSON_IsTrue(cJSON_GetObjectItem(whole, "finished")) && cJSON_IsTrue(cJSON_GetObjectItem(same, "finished")));
            for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
                assert_true(cJSON_Compare(cJSON_GetObjectItem(row, fields[k]), cJSON_GetObjectItem(same, fields[k]), true));
            cJSON_Delete(whole);
        }
        cJSON_Delete(o);
    }
}

static int lines_in(const char *path) {
    lp_blob file;
    int n = 0;
    if (lp_file_read(&file, path, 64 << 20, NULL)) return 0;
    for (size_t i = 0; i < file.size_bytes; i++) n += file.data[i] == '\n';
    lp_blob_free(&file);
    return n;
}

#define EVAL "eval cue,cue --policy %/p.safetensors --sample --set horizon=6 --episodes 150 --json --out %/"

/* Stopped, killed and torn, it goes on to what an uninterrupted evaluation gives: the same rows, the same file. */
static void test_eval_goes_on(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 3);
    result whole = run_with(NULL, EVAL "whole"), r = {0};
    if (whole.code) fail_msg("%s", whole.err);
    assert_int_equal(lines_in(at("whole")), 301);
    static const int signals[] = {SIGKILL, SIGINT, SIGTERM};
    for (int i = 0; i < 3; i++) {
        int out = scratch_file(), err = scratch_file(), before = lines_in(at("parts"));
        pid_t child = start(EVAL "parts", NULL, out, err);
        for (int k = 0; k < 20000 && lines_in(at("parts")) < before + 20 && !kill(child, 0); k++) usleep(500);
        kill(child, signals[i]);
        r = finish(child, out, err);
        assert_true(r.code == 0 || r.code == (signals[i] == SIGKILL ? -SIGKILL : 128 + signals[i]));
        assert_true(lines_in(at("parts")) >= before);
        FILE *f = fopen(at("parts"), "a");
        if (r.code) fputs("{\"row\":0,\"epi", f);
        fclose(f);
    }
    r = run_with(NULL, EVAL "parts");
    if (r.code) fail_msg("%s", r.err);
    assert_true(same_files(at("whole"), at("parts")));
    cJSON *both[2] = {cJSON_Parse(whole.out), cJSON_Parse(r.out)}, *row;
    for (int k = 0; k < 2; k++) {
        const cJSON *rows = cJSON_GetObjectItem(both[k], "games");
        cJSON_ArrayForEach(row, rows) {
            cJSON_DeleteItemFromObject(row, "decisions_per_s");
            cJSON_DeleteItemFromObject(row, "joules");
        }
    }
    assert_true(cJSON_GetArraySize(both[0]) == 2 && cJSON_Compare(both[0], both[1], true));
    cJSON_Delete(both[0]), cJSON_Delete(both[1]);
    expect_refused(run_with(NULL, EVAL "parts --seed 2"), 2, "rows[0].seed is 1 there, 2 here", "another seed");
    expect_refused(run_with(NULL, EVAL "parts --memory window"), 2, "rows[0].memory.arch is", "another memory");
    expect_refused(run_with(NULL, EVAL "no/such"), 2, "no/such: cannot write", "no such folder");
    assert_true(same_files(at("whole"), at("parts")));
}

/* Whatever is wrong with any of the rows is said before the first is played. */
static void test_eval_opens_all(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"eval cue,nosuch --policy random --episodes 1000000", "nosuch"},
        {"eval cue,map --policy %/p.safetensors --episodes 1000000", "map has 4"},
        {"eval cue,catch --set horizon=9 --episodes 1000000", "horizon"},
        {"eval cue,games/cue/cue.gb --policy random --episodes 1000000", "cue.gb: declares no win"},
        {"eval , --policy random", "names no game"},
    };
    write_policy(at("p.safetensors"), 3);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect_refused(run_with(NULL, bad[i][0]), 2, bad[i][1], bad[i][0]);
}

/* While an update takes long the first signal has to wait for it, and the second does not wait. One that comes between two updates ends the
 * training at once: then again. */
static void test_second_signal(void **state) {
    (void)state;
    int status = 0;
    for (int tries = 0; tries < 5 && !WIFSIGNALED(status); tries++) {
        int out = scratch_file(), err = scratch_file();
        remove(at("w"));
        pid_t child = start("train cue --out %/w --overwrite --train.envs=8 --train.steps=2048", NULL, out, err);
        wait_for(at("w"));
        usleep(200000);
        for (pid_t ended = 0; !ended; usleep(2000)) {
            kill(child, SIGTERM);
            ended = waitpid(child, &status, WNOHANG);
        }
        assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGTERM : WEXITSTATUS(status) == 128 + SIGTERM);
        close(out), close(err);
    }
    assert_true(WIFSIGNALED(status));
}

/* The first checkpoint is written at once, so that a training that is killed early goes on too. */
static void test_train_killed(void **state) {
    (void)state;
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("train cue --out %/w" SMALL, NULL, out, err);
    wait_for(at("w.train"));
    kill(child, SIGKILL);
    assert_int_equal(finish(child, out, err).code, -SIGKILL);
    result r = longplay("train cue --out %%/w --resume --train.decisions=1000000 --minutes 0" SMALL);
    if (r.code) fail_msg("%s", r.err);
}

/* One training is not written over another, unless asked; two do not write the same files at once; what is refused leaves nothing. */
static void test_train_refuses(void **state) {
    (void)state;
    int out = scratch_file(), err = scratch_file();
    expect_refused(longplay("train cue --out %%/no/w" SMALL), 2, "no/w: cannot write", "no such folder");
    expect_refused(longplay("train cue --out %%" SMALL), 2, "not a regular file", "a folder");
    expect_refused(longplay("train cue --out %%/w --resume" SMALL), 2, "w.train", "nothing to resume");
    expect_refused(longplay("train cue --out %%/w --resume --overwrite" SMALL), 2, "not both", "both");
    assert_false(lp_file_exists(at("w.log")));
    pid_t child = start("train cue --out %/w" SMALL, NULL, out, err);
    wait_for(at("w.train"));
    expect_refused(longplay("train cue --out %%/w --overwrite" SMALL), 2, "another process (pid", "a second one");
    expect_refused(longplay("train cue --out %%/w --resume" SMALL), 2, "another process (pid", "a second one");
    kill(child, SIGTERM);
    assert_int_equal(finish(child, out, err).code, 128 + SIGTERM);
    assert_int_equal(rename(at("w"), at("weights")), 0);
    expect_refused(longplay("train cue --out %%/w" SMALL), 2, "--resume goes on with it, --overwrite begins anew", "over a checkpoint");
    put(at("other"), "x", 1);
    expect_refused(longplay("train cue --out %%/other" SMALL), 2, "other: is there already", "over a file");
    assert_false(lp_file_exists(at("other.log")));
    put(at("notes.log"), "x", 1);
    expect_refused(longplay("train cue --out %%/notes" SMALL), 2, "notes.log: is there already", "over somebody's log");
    assert_false(lp_file_exists(at("notes.train")));
    assert_int_equal(truncate(at("notes.log"), 0), 0); /* of one that was killed before its first checkpoint */
    assert_int_equal(longplay("train cue --out %%/notes --minutes 0" SMALL).code, 0);
    result r = longplay("train cue --out %%/w --overwrite --minutes 0" SMALL);
    if (r.code) fail_msg("%s", r.err);
    assert_string_equal(note(at("w"), "trained_decisions"), "0");
    static const char *const kinds[] = {"a weight file (safetensors)", "a training's checkpoint", "a training's log"};
    static const char *const files[] = {"thesis", "thesis.train", "thesis.log"};
    for (int i = 0; i < 3; i++) {
        put(at(files[i]), "my thesis", 9);
        expect_refused(longplay("train cue --out %%/thesis --overwrite" SMALL), 2, kinds[i], files[i]);
        lp_blob thesis;
        assert_int_equal(lp_file_read(&thesis, at(files[i]), 100, NULL), LP_OK);
        assert_string_equal((char *)thesis.data, "my thesis");
        lp_blob_free(&thesis);
        assert_int_equal(unlink(at(files[i])), 0);
    }
}

/* What a weight file says of its training: all of it, also of one that was over when it was resumed. */
static void test_notes(void **state) {
    (void)state;
    char knobs[128];
    snprintf(knobs, sizeof knobs, "doors=%0100d..4", 2);
    for (int again = 0; again < 2; again++) {
        result r =
            longplay("train cue --json --out %%/w %s --train.decisions=100 --curriculum.knobs=%s" SMALL, again ? "--resume" : "", knobs);
        if (r.code) fail_msg("%s", r.err);
        assert_true(number(r.out, "decisions") == 128);
        assert_string_equal(note(at("w"), "trained_decisions"), "128");
        assert_string_equal(note(at("w"), "curriculum.knobs"), knobs);
        lp_train_config defaults;
        lp_config_defaults(&defaults, lp_train_settings(), lp_n_train_settings());
        for (int i = 0; i < lp_n_train_settings(); i++) {
            const char *name = lp_train_settings()[i].name;
            if (lp_mem_row_used(&defaults.memory, name)) assert_string_not_equal(note(at("w"), name), "(none)");
        }
    }
}

/* No command calls it done when its output went nowhere. */
static void test_full_output(void **state) {
    (void)state;
    static const char *const commands[] = {"--help",
                                           "--version",
                                           "play --help",
                                           "play cue --policy random --headless --decisions 5 --json",
                                           "play cue --policy random --headless --decisions 5",
                                           "eval cue --policy random --set horizon=1 --episodes 1",
                                           "info",
                                           "info cue --json"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        int out = open("/dev/full", O_WRONLY), err = scratch_file();
        pid_t child = start(commands[i], NULL, out, err);
        result r = finish(child, dup(out), err);
        if (r.code != 1 || strcmp(r.err, "longplay: cannot write to standard output\n"))
            fail_msg("%s > /dev/full: exit %d, '%s'", commands[i], r.code, r.err);
        close(out);
    }
}

/* Without its standard streams a command does not write its text into the files that it opens. */
static void test_closed_output(void **state) {
    (void)state;
    pid_t child = fork();
    if (!child) {
        int status = 0;
        close(0), close(1), close(2);
        waitpid(start("play cue --policy random --headless --decisions 5 --run %/run", NULL, -1, -1), &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    result r = longplay("replay %%/run --verify");
    if (r.code) fail_msg("%s", r.err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_train_stops),    TEST(test_runs_stop),
        TEST(test_eval_stops),     TEST(test_eval_goes_on),
        TEST(test_eval_opens_all), TEST(test_second_signal),
        TEST(test_train_killed),   TEST(test_train_refuses),
        TEST(test_notes),          TEST(test_train_goes_on_as_before),
        TEST(test_full_output),    TEST(test_closed_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
