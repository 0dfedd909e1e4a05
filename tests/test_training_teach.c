/* The oracle as a teacher: what is imitated is what the game's oracle says there, whoever acts; who strays is lost; what is taught is learned; and
 * all of it is exact over threads and interruptions. */
#include "base/config.h"
#include "base/file.h"
#include "base/hash.h"
#include "tests/training_support.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UPDATES = 12, EVERY = 5 };
static char folder[PATH_MAX], path[PATH_MAX];

static lp_train_config small(double teach, double lead) {
    lp_train_config c;
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.envs = 8, c.steps = 16, c.curriculum.start = 10, c.curriculum.end = 20, c.curriculum.episodes = 5, c.hidden = 16, c.dim = 8;
    c.ppo.epochs = 2, c.ppo.minibatches = 4, c.reencode = 3, c.ppo.clone_weight = 1, c.teach = teach, c.lead = lead;
    c.join = LP_JOIN_HEAD;
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_tree, .setting = {4, 2, 2, 4}});
    return c;
}

/* Each taught environment beside a machine of its own, in which the same is done, and the oracle asked: up to the episode's first end in a rollout.
 * Returns how many decisions of them were the oracle's, and in *n of how many. */
static int follow(lp_train *t, lp_env *beside, int *n, int *ended) {
    int the_same = 0;
    const int64_t steps = t->config.steps;
    lp_err err;
    unsigned char **before = calloc((size_t)t->config.envs, sizeof *before);
    assert_non_null(before);
    for (int e = 0; e < t->config.envs; e++) {
        lp_env *env = t->players[e].seat.env;
        before[e] = malloc(lp_env_save_size(env));
        assert_non_null(before[e]);
        lp_env_save(env, before[e]);
    }
    update(t, 1);
    for (int e = 0; e < t->config.envs; e++) {
        const player *p = &t->players[e];
        const lp_segment *g = lp_learner_segment(t->learner, e);
        for (int s = 0; s < steps; s++) assert_int_equal(g->logp[s] == LP_TOLD, p->taught);
        *ended += p->n_ended;
        assert_int_equal(lp_env_load(beside, before[e], lp_env_save_size(p->seat.env), &err), LP_OK);
        free(before[e]);
        for (int s = 0; s < steps && p->taught; s++) {
            int told;
            assert_int_equal(lp_env_oracle(beside, &told, &err), LP_OK);
            assert_int_equal(g->action[s], told);
            if (g->end[s]) break;
            const int done = s + 1 < steps ? g->last_action[s + 1] : p->seat.last_action;
            lp_env_step(beside, done);
            the_same += done == told, ++*n;
        }
    }
    free(before);
    return the_same;
}

static void test_what_the_oracle_says(void **state) {
    (void)state;
    lp_env *beside;
    lp_err err;
    assert_int_equal(lp_env_open(&beside, game, NULL, &err), LP_OK);
    for (int lead = 0; lead <= 1; lead++) {
        lp_train_config c = small(0.5, lead);
        c.ppo.rate = 0; /* it stays as it began, and does anything */
        c.time_limit = 400;
        lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
        int n = 0, the_same = 0, ended = 0, taught = 0, twins = 0;
        for (int e = 0; e < c.envs; e++) taught += t->players[e].taught, twins += t->players[e].twin;
        assert_true(twins == 2 && taught == 4);
        for (int i = 0; i < 40; i++) the_same += follow(t, beside, &n, &ended);
        print_message("lead %d: %d of %d as the oracle says\n", lead, the_same, n);
        assert_true(n > 600);
        if (lead) assert_true(the_same > n * 6 / 10 && the_same < n); /* three quarters of them it does, and some by chance */
        else assert_true(the_same < n * 6 / 10);
        lp_train_close(t);
    }
    lp_env_close(beside);
}

/* Who is led does not count, and does not end before its time; who plays alone and does anything has strayed too often soon. */
static void test_who_strays_is_lost(void **state) {
    (void)state;
    for (int lead = 0; lead <= 1; lead++) {
        lp_train_config c = small(1, lead);
        c.ppo.rate = 0, c.twin = 0;
        c.curriculum.start = 60, c.curriculum.end = 60, c.curriculum.draw = LP_CURRICULUM_LONGEST;
        lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
        int counted = 0, won = 0, ended = 0;
        for (int i = 0; i < 30; i++) {
            lp_train_stats s = update(t, 1);
            counted += (int)s.episodes, won += (int)s.wins;
            for (int e = 0; e < c.envs; e++)
                for (int k = 0; k < c.steps; k++) ended += lp_learner_segment(t->learner, e)->end[k];
            for (int e = 0; e < c.envs; e++) assert_true(t->players[e].strays <= 16 + lp_env_steps(t->players[e].seat.env) / 8);
        }
        print_message("lead %d: %d episodes, %d counted, %d won\n", lead, ended, counted, won);
        if (lead) assert_true(!counted && ended > 10);
        else assert_true(counted == ended && counted > 60 && !won); /* 60 decisions to the door, with at most 23 strayed */
        lp_train_close(t);
    }
}

static void test_it_is_learned(void **state) {
    (void)state;
    lp_train_config c = small(1, 0.5);
    c.twin = 0, c.ppo.rate = 0.003;
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    const double before = update(t, 1).learning.clone_loss, after = update(t, 60).learning.clone_loss;
    print_message("clone loss %g, then %g\n", before, after);
    assert_true(before > 0.5 && after < 0.3);
    lp_train_close(t);
}

static uint64_t train(const lp_train_config *c, int threads, int interrupt_after) {
    lp_train *t = open_train(c, LP_DEVICE_CPU, threads);
    lp_err err;
    for (int i = 0; i < UPDATES; i++) {
        if (i == interrupt_after) {
            if (lp_train_save(t, path, &err)) fail_msg("%s", err.message);
            lp_train_close(t);
            t = open_train(c, LP_DEVICE_CPU, threads);
            if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
        }
        update(t, 1);
    }
    uint64_t digest = lp_policy_digest(lp_train_policy(t));
    lp_train_close(t);
    return digest;
}

static void test_exact(void **state) {
    (void)state;
    lp_train_config c = small(0.7, 0.5);
    const uint64_t whole = train(&c, 1, -1);
    assert_true(whole == train(&c, 2, -1));
    for (int at = 1; at < UPDATES; at += EVERY) assert_true(whole == train(&c, 2, at));
    c.lead = 0.6;
    assert_true(whole != train(&c, 1, -1));
}

/* The counts of a checkpoint are its last bytes. */
static void test_damaged(void **state) {
    (void)state;
    lp_train_config c = small(1, 0.5);
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_blob file;
    lp_err err;
    update(t, 2);
    if (lp_train_save(t, path, &err) || lp_file_read(&file, path, 1 << 28, &err)) fail_msg("%s", err.message);
    for (int cut = 0; cut <= 1; cut++) {
        const size_t bytes = file.size_bytes - (size_t)cut * 8;
        if (!cut) file.data[bytes - 2] ^= 0x40;
        const uint64_t hash = lp_hash64(file.data + 16, bytes - 16);
        memcpy(file.data + 8, &hash, sizeof hash);
        assert_int_equal(lp_file_write_atomic(path, file.data, bytes, &err), LP_OK);
        assert_int_equal(lp_train_load(t, path, &err), LP_BAD_INPUT);
        if (!strstr(err.message, cut ? "cut short" : "damaged")) fail_msg("%s", err.message);
    }
    lp_blob_free(&file);
    lp_train_close(t);
}

/* A game that is shipped, its oracle taken out of the description. */
static void test_refused(void **state) {
    (void)state;
    lp_blob file;
    lp_game *blind;
    lp_train *t;
    lp_err err;
    char command[3 * PATH_MAX], description[PATH_MAX];
    snprintf(command, sizeof command, "cp -r '%s/games/cue' '%s/blind'", LP_SOURCE_DIR, folder);
    assert_int_equal(system(command), 0);
    snprintf(description, sizeof description, "%s/blind/longplay.json", folder);
    assert_int_equal(lp_file_read(&file, description, 1 << 20, &err), LP_OK);
    char *at = memmem(file.data, file.size_bytes, "\"oracle\": [", 11),
         *end = at ? memmem(at, file.size_bytes - (size_t)(at - (char *)file.data), "\n  ]", 4) : NULL;
    assert_non_null(end);
    memset(at + 11, ' ', (size_t)(end - at) - 11);
    assert_int_equal(lp_file_write_atomic(description, file.data, file.size_bytes, &err), LP_OK);
    lp_blob_free(&file);
    snprintf(description, sizeof description, "%s/blind", folder);
    if (lp_game_open(&blind, description, &err)) fail_msg("%s", err.message);
    lp_train_config c = small(0.5, 0.5);
    c.ppo.clone_weight = 0;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
    if (!strstr(err.message, "nothing is imitated")) fail_msg("%s", err.message);
    c.ppo.clone_weight = 1;
    assert_int_equal(lp_train_open(&t, blind, &c, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
    if (!strstr(err.message, "train.teach") || !strstr(err.message, "no oracle")) fail_msg("%s", err.message);
    lp_game_close(blind);
}

static int setup(void **state) {
    (void)state;
    lp_err err;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "checkpoint");
    return lp_game_open(&game, "cue", &err) ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    char command[PATH_MAX + 16];
    lp_game_close(game);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_oracle_says),
        cmocka_unit_test(test_who_strays_is_lost),
        cmocka_unit_test(test_it_is_learned),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
