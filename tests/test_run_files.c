/* config.ini and the checkpoint of a run, cut at every byte and with flipped bits: refused in one line, or harmless; never more. */
#include "tests/run_support.h"

#include "harness/run_parts.h"

static player p;
static lp_run_config good;
static lp_blob text;

static int make_run(void **state) {
    lp_err err;
    if (make_root(state)) return -1;
    open_player(&p, true, 20, 1);
    if (play_run(&p, at("run"), 0, &err) || lp_run_config_read(&good, at("run"), &err) ||
        lp_file_read(&text, at("run/config.ini"), 1 << 16, &err))
        fail_msg("%s", err.message);
    return 0;
}

static int remove_run(void **state) {
    lp_blob_free(&text);
    close_player(&p);
    return remove_root(state);
}

/* Opens the run with the config.ini that lies there. What is accepted plays what was recorded, whatever limits it names. */
static lp_status open_with(const void *data, size_t size) {
    lp_run_config c;
    lp_run *run = NULL;
    lp_err err = {{0}};
    put(at("run/config.ini"), data, size);
    lp_status status = lp_run_config_read(&c, at("run"), &err);
    if (!status) status = lp_run_open(&run, at("run"), p.game, p.policy, &c, &err);
    if (status && (status != LP_BAD_INPUT || !*err.message || strchr(err.message, '\n'))) fail_msg("status %d, '%s'", status, err.message);
    if (!status) {
        assert_true(lp_run_counts(run).decisions >= 20);
        c.episodes = good.episodes, c.decisions = good.decisions, c.keep = good.keep;
        memcpy(c.game, good.game, sizeof c.game); /* opened here under another name, the same ROM is the same */
        memcpy(c.policy, good.policy, sizeof c.policy);
        assert_memory_equal(&c, &good, sizeof c);
    }
    lp_run_close(run);
    return status;
}

static void test_config(void **state) {
    (void)state;
    int refused = 0;
    assert_int_equal(open_with(text.data, text.size_bytes), LP_OK);
    for (size_t n = 0; n < text.size_bytes; n++) refused += open_with(text.data, n) != LP_OK;
    assert_true(refused > (int)text.size_bytes / 2);
    lp_rng rng = lp_rng_make(test_seed(), 1);
    for (size_t i = 0; i < text.size_bytes; i++) {
        unsigned char kept = text.data[i];
        text.data[i] ^= (unsigned char)(1 << lp_rng_below(&rng, 8));
        refused += open_with(text.data, text.size_bytes) != LP_OK;
        text.data[i] = kept;
    }
    assert_int_equal(open_with(text.data, text.size_bytes), LP_OK);
}

static void test_checkpoint(void **state) {
    (void)state;
    lp_run_head head = {.decisions = 5, .seat_bytes = 100, .text = "a text"}, back;
    unsigned char blob[sizeof head + 100];
    const unsigned char *seat;
    lp_err err;
    for (int i = 0; i < 100; i++) blob[sizeof head + i] = (unsigned char)i;
    lp_run_head_pack(&head, blob);
    assert_int_equal(lp_run_head_unpack(&back, &seat, blob, sizeof blob, &err), LP_OK);
    assert_memory_equal(&head, &back, sizeof head);
    assert_true(seat == blob + sizeof head);
    for (size_t n = 0; n < sizeof blob; n++) {
        unsigned char *cut = malloc(n + 1); /* its own block, so that the sanitizer sees a read beyond it */
        memcpy(cut, blob, n);
        cut = realloc(cut, n ? n : 1);
        assert_int_equal(lp_run_head_unpack(&back, &seat, cut, n, &err), LP_BAD_INPUT);
        free(cut);
    }
    for (size_t bit = 0; bit < 8 * sizeof blob; bit++) {
        blob[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(lp_run_head_unpack(&back, &seat, blob, sizeof blob, &err), LP_BAD_INPUT);
        blob[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    assert_int_equal(lp_run_head_unpack(&back, &seat, NULL, 0, &err), LP_BAD_INPUT);
    assert_memory_equal(&head, &back, sizeof head); /* untouched by what was refused */
}

/* The hash is right, the counts do not add up. */
static void test_forged_checkpoint(void **state) {
    (void)state;
    const lp_run_head good_head = {.episodes = 3, .wins = 1, .losses = 1, .decisions = 9, .first_decision = 7, .playing = 1};
    lp_run_head bad[8], back;
    const unsigned char *seat;
    unsigned char blob[sizeof good_head];
    lp_err err;
    for (int i = 0; i < 8; i++) bad[i] = good_head;
    bad[0].decisions = -1, bad[1].first_decision = 10, bad[2].playing = 2, bad[3].timeouts = 2;
    bad[4].episodes = INT64_MAX, bad[5].wins = -1, bad[6].losses = INT64_MAX, bad[7].first_decision = INT64_MIN;
    for (int i = 0; i < 8; i++) {
        lp_run_head_pack(&bad[i], blob);
        assert_int_equal(lp_run_head_unpack(&back, &seat, blob, sizeof blob, &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, "contradicts"));
    }
    bad[0] = good_head;
    lp_run_head_pack(&bad[0], blob);
    assert_int_equal(lp_run_head_unpack(&back, &seat, blob, sizeof blob, &err), LP_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_run, remove_run)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_config), TEST(test_checkpoint), cmocka_unit_test(test_forged_checkpoint)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
