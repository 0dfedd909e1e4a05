/* Exploring: the same whatever the threads, and however often it was interrupted; every way leads where it says, from power-on; what is won is a
 * demonstration; machines may be forgotten; archives that are damaged or of something else are refused. */
#include "explore/archive.h"
#include "explore/explore.h"

#include "base/file.h"
#include "base/hash.h"
#include "harness/demo.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[PATH_MAX], path[PATH_MAX], other[PATH_MAX];
static lp_game *game;

static lp_explore_config config_of(const char *cells) {
    lp_explore_config c = {0};
    lp_config_defaults(&c, lp_explore_settings(), lp_n_explore_settings());
    snprintf(c.cells, sizeof c.cells, "%s", cells);
    lp_game_default_knobs(game, c.knobs);
    c.knobs[lp_game_find_knob(game, "horizon")] = 12;
    c.tries = 6, c.length = 9, c.wins = 3;
    return c;
}

static lp_explore *open_explore(const lp_explore_config *c, int threads) {
    lp_explore *x;
    lp_err err;
    if (lp_explore_open(&x, game, c, threads, &err)) fail_msg("%s", err.message);
    return x;
}

static void rounds(lp_explore *x, int n) {
    lp_err err;
    for (int i = 0; i < n; i++)
        if (lp_explore_round(x, &err)) fail_msg("%s", err.message);
}

static uint64_t saved_hash(const lp_explore *x) {
    lp_blob file;
    lp_err err;
    if (lp_explore_save(x, other, &err) || lp_file_read(&file, other, 1 << 28, &err)) fail_msg("%s", err.message);
    const uint64_t hash = lp_hash64(file.data, file.size_bytes);
    lp_blob_free(&file);
    return hash;
}

static void test_exact(void **state) {
    (void)state;
    static const char *const cells[] = {"picture", "walked/2,phase,decisions/3", "item"};
    for (int k = 0; k < 3; k++) {
        lp_explore_config c = config_of(cells[k]);
        c.bits = 40;
        if (k == 2) snprintf(c.policy, sizeof c.policy, "games/cue/cue.safetensors");
        uint64_t hash[4];
        for (int way = 0; way < 4; way++) { /* one thread, three; interrupted after 1, after 20 of 40 rounds */
            lp_explore *x = open_explore(&c, way == 1 ? 3 : 1);
            lp_err err;
            const int first = way == 2 ? 1 : way == 3 ? 20 : 0;
            rounds(x, first);
            if (first) {
                if (lp_explore_save(x, path, &err)) fail_msg("%s", err.message);
                lp_explore_close(x);
                x = open_explore(&c, 2);
                if (lp_explore_load(x, path, &err)) fail_msg("%s", err.message);
            }
            rounds(x, 40 - first);
            const lp_explore_stats s = lp_explore_now(x);
            assert_int_equal(s.rounds, 40);
            assert_true(s.cells > 10 && s.deepest > (k < 2 ? c.length : 3) && s.decisions > 1000);
            hash[way] = saved_hash(x);
            lp_explore_close(x);
        }
        assert_true(hash[0] == hash[1] && hash[0] == hash[2] && hash[0] == hash[3]);
        c.seed++;
        lp_explore *x = open_explore(&c, 1);
        rounds(x, 40);
        assert_true(saved_hash(x) != hash[0]);
        lp_explore_close(x);
    }
}

/* Who knows what the emblems mean opens sixteen locks in sixteen decisions; half led, half at random it is found all the same, later. */
static void test_led(void **state) {
    (void)state;
    lp_game *cue = game;
    lp_err err;
    int64_t decisions[3];
    if (lp_game_open(&game, "locks", &err)) fail_msg("%s", err.message);
    for (int halves = 0; halves <= 2; halves++) {
        lp_explore_config c = config_of("lit");
        c.knobs[lp_game_find_knob(game, "n")] = 16, c.knobs[lp_game_find_knob(game, "horizon")] = 64;
        c.tries = 4, c.length = 16, c.wins = 1, c.stay = 0, c.lead = halves / 2.0;
        if (halves) snprintf(c.policy, sizeof c.policy, "games/locks/locks.safetensors");
        lp_explore *x = open_explore(&c, 2);
        for (int i = 0; i < 2000 && !lp_explore_done(x); i++) rounds(x, 1);
        const lp_explore_stats s = lp_explore_now(x);
        assert_int_equal(s.wins, 1);
        if (halves == 2) assert_int_equal(s.rounds, 1), assert_true(s.shortest <= 18); /* drawn, so that one in a hundred is another */
        decisions[halves] = s.decisions;
        lp_explore_close(x);
    }
    print_message("at random %d decisions, half led %d, led %d\n", (int)decisions[0], (int)decisions[1], (int)decisions[2]);
    assert_true(decisions[0] > 2 * decisions[1] && decisions[1] > decisions[2]);
    lp_game_close(game);
    game = cue;
}

/* Each is won when it is played again, on the seed that was explored, and shorter than the one before. */
static void test_wins(void **state) {
    (void)state;
    lp_explore_config c = config_of("walked,phase");
    lp_env *env;
    lp_err err;
    c.episode = 4, c.tries = 32, c.length = 40;
    lp_explore *x = open_explore(&c, 2);
    for (int i = 0; i < 400 && !lp_explore_done(x); i++) rounds(x, 1);
    const lp_demos *wins = lp_explore_wins(x);
    assert_true(wins->n >= 1);
    assert_int_equal(lp_env_open(&env, game, NULL, &err), LP_OK);
    for (int i = 0; i < wins->n; i++) {
        assert_int_equal(wins->demo[i].seed, lp_game_train_seed(1, 4));
        assert_int_equal(wins->demo[i].outcome, LP_WIN);
        if (i) assert_true(wins->demo[i].n_decisions < wins->demo[i - 1].n_decisions);
        if (lp_demo_check(&wins->demo[i], env, game, &err)) fail_msg("%s", err.message);
    }
    const lp_explore_stats s = lp_explore_now(x);
    assert_true(s.wins == wins->n && s.shortest == wins->demo[wins->n - 1].n_decisions);
    assert_int_equal(lp_explore_save(x, path, &err), LP_OK); /* the wins come back */
    lp_explore *again = open_explore(&c, 1);
    if (lp_explore_load(again, path, &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_explore_wins(again)->n, wins->n);
    assert_memory_equal(lp_explore_wins(again)->demo[0].keys, wins->demo[0].keys, (size_t)wins->demo[0].n_decisions * sizeof(uint16_t));
    lp_explore_close(again);
    lp_env_close(env);
    lp_explore_close(x);
}

/* ---- the archive by itself ---- */

static void test_archive(void **state) {
    (void)state;
    enum { N = 3000 };
    archive a;
    lp_err err;
    uint32_t index, end[N];
    uint16_t actions[4], way[4 * N];
    assert_int_equal(archive_open(&a, &err), LP_OK);
    for (uint32_t i = 0; i < N; i++) { /* in threes along one way: each goes on from the last but two */
        assert_int_equal(archive_find(&a, lp_hash64(&i, sizeof i)), -1);
        assert_int_equal(archive_add(&a, lp_hash64(&i, sizeof i), &index, &err), LP_OK);
        assert_int_equal(index, i);
        for (int k = 0; k < 4; k++) actions[k] = (uint16_t)(4 * i + (uint32_t)k);
        assert_int_equal(archive_grow_way(&a, i < 3 ? 0 : end[i - 3], actions, i % 5, &end[i], &err), LP_OK);
        a.cells[i].node = end[i];
        a.cells[i].depth = i % 5 + (i < 3 ? 0 : a.cells[i - 3].depth);
        a.cells[i].seen = i % 7;
        archive_put_machine(&a, i, calloc(1, 10), 10);
    }
    for (uint32_t i = 0; i < N; i += 97) {
        assert_int_equal(archive_find(&a, lp_hash64(&i, sizeof i)), i);
        archive_way(&a, end[i], way, a.cells[i].depth);
        int64_t at = a.cells[i].depth;
        for (int64_t j = i; j >= 0; j -= 3)
            for (int64_t k = j % 5; k > 0; k--) assert_int_equal(way[--at], 4 * j + k - 1);
        assert_int_equal(at, 0);
    }
    assert_int_equal(archive_forget(&a, 5000, &err),
                     LP_OK); /* those that were seen most, of these the oldest, first; the first cell's stays */
    assert_true(a.machine_bytes <= 5000 && a.machine_bytes > 4980 && a.cells[0].machine);
    for (uint32_t i = 1; i < N; i++)
        if (i % 7 >= 5) assert_null(a.cells[i].machine);
    assert_non_null(a.cells[2996].machine); /* seen never */
    archive_close(&a);
}

/* ---- what is refused ---- */

static void expect_load(const lp_explore_config *c, lp_status want, const char *why) {
    lp_explore *x = open_explore(c, 1);
    lp_err err;
    lp_status status = lp_explore_load(x, other, &err);
    if (status != want || (why && !strstr(err.message, why))) fail_msg("%d: %s: not %s", status, status ? err.message : "", why);
    lp_explore_close(x);
}

static void test_damage(void **state) {
    (void)state;
    lp_explore_config c = config_of("walked,phase"), changed = c;
    lp_explore *x = open_explore(&c, 1);
    lp_blob file;
    lp_err err;
    rounds(x, 8);
    if (lp_explore_save(x, path, &err) || lp_file_read(&file, path, 1 << 28, &err)) fail_msg("%s", err.message);
    lp_explore_close(x);
#define PUT(size) assert_int_equal(lp_file_write_atomic(other, file.data, size, &err), LP_OK)
    PUT(file.size_bytes);
    changed.tries++;
    expect_load(&changed, LP_BAD_INPUT, "other settings");
    changed = c, changed.knobs[0]++;
    expect_load(&changed, LP_BAD_INPUT, "other settings");
    changed = c, changed.wins = 9, changed.megabytes = 7; /* longer, or smaller, is the same */
    expect_load(&changed, LP_OK, NULL);
    for (size_t size = 0; size < file.size_bytes; size += 1 + file.size_bytes / 40) {
        PUT(size);
        expect_load(&c, LP_BAD_INPUT, size < 80 ? "not an archive" : "damaged or cut short");
    }
    file.data[7] = '2';
    PUT(file.size_bytes);
    expect_load(&c, LP_BAD_INPUT, "an archive of another version");
    file.data[7] = '1';
    int refused = 0, n = 0; /* hashes are right, something else is not: refused, or it can be gone on from */
    for (size_t at = 80; at < file.size_bytes; at += at < 400 ? 3 : 1 + file.size_bytes / 50) {
        file.data[at] ^= 0x41;
        const uint64_t hash = lp_hash64(file.data + 16, file.size_bytes - 16);
        memcpy(file.data + 8, &hash, sizeof hash);
        PUT(file.size_bytes);
        lp_explore *one = open_explore(&c, 1);
        lp_status status = lp_explore_load(one, other, &err);
        assert_true(!status || status == LP_BAD_INPUT);
        if (!status) rounds(one, 1);
        refused += status != LP_OK, n++;
        lp_explore_close(one);
        file.data[at] ^= 0x41;
    }
    print_message("%d of %d refused\n", refused, n);
    assert_true(refused > n / 2);
    lp_blob_free(&file);
}

static void expect_refused(const lp_explore_config *c, const lp_game *what, const char *why) {
    lp_explore *x;
    lp_err err;
    assert_int_equal(lp_explore_open(&x, what, c, 1, &err), LP_BAD_INPUT);
    if (!strstr(err.message, why)) fail_msg("%s: not %s", err.message, why);
}

static void test_refused(void **state) {
    (void)state;
    lp_explore_config c = config_of("walked,nothing");
    lp_game *bare;
    lp_err err;
    expect_refused(&c, game, "'nothing': cue has no such variable");
    snprintf(c.cells, sizeof c.cells, "walked/0");
    expect_refused(&c, game, "'walked/0': not NAME/N");
    snprintf(c.cells, sizeof c.cells, ",");
    expect_refused(&c, game, "picture, or variables");
    snprintf(c.cells, sizeof c.cells, "item");
    expect_refused(&c, game, "explore.cells = item: explore.policy names no weights");
    snprintf(c.policy, sizeof c.policy, "games/catch/catch.safetensors");
    expect_refused(&c, game, "explore.policy: ");
    snprintf(c.policy, sizeof c.policy, "%s", other);
    expect_refused(&c, game, "explore.policy: ");
    snprintf(c.policy, sizeof c.policy, "games/cue/cue.safetensors");
    c.bits = 64;
    lp_explore_close(open_explore(&c, 1));
    c = config_of("picture");
    c.columns = 64, c.rows = 64;
    lp_explore *x = open_explore(&c, 1); /* as fine as it goes */
    lp_explore_close(x);
    assert_int_equal(lp_game_open(&bare, "games/roms/busy.gb", &err), LP_OK);
    expect_refused(&c, bare, "cannot be won");
    lp_game_close(bare);
}

static int setup(void **state) {
    (void)state;
    lp_err err;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "a.archive");
    lp_path_join(other, sizeof other, folder, "b.archive");
    return lp_game_open(&game, "cue", &err);
}

static int teardown(void **state) {
    (void)state;
    lp_game_close(game);
    unlink(path);
    unlink(other);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),   cmocka_unit_test(test_led),    cmocka_unit_test(test_wins),
        cmocka_unit_test(test_archive), cmocka_unit_test(test_damage), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
