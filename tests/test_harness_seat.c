/* A seat: what it saves comes back whatever the game's number of actions, what is forged is refused before it is used, and nobody
 * sits down whom the game or the memory does not fit. */
#include "base/file.h"
#include "base/hash.h"
#include "env/observation.h"
#include "harness/seat.h"
#include "harness/run_mind.h"
#include "kernels/kernels.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { MANY = 70 }; /* actions: more than a policy once had room for */

static char folder[PATH_MAX], rom_path[PATH_MAX], json_path[PATH_MAX];
static lp_game *game;

/* cue's ROM with an action for each of the first subsets of its buttons. */
static lp_status make_game(lp_err *err) {
    static const char *const buttons[] = {"A", "B", "SELECT", "START", "RIGHT", "LEFT", "UP"};
    char json[8192];
    lp_blob rom;
    int n = snprintf(json, sizeof json, "{\"rom\": \"rom.gb\", \"buttons\": [");
    for (int a = 0; a < MANY; a++) {
        n += snprintf(json + n, sizeof json - (size_t)n, "%s[", a ? ", " : "");
        for (int k = 0, some = 0; k < 7; k++)
            if (a >> k & 1) n += snprintf(json + n, sizeof json - (size_t)n, "%s\"%s\"", some++ ? ", " : "", buttons[k]);
        n += snprintf(json + n, sizeof json - (size_t)n, "]");
    }
    n += snprintf(json + n, sizeof json - (size_t)n, "]}");
    lp_status status = lp_file_read(&rom, LP_SOURCE_DIR "/games/cue/cue.gb", 1 << 20, err);
    if (status) return status;
    status = lp_file_write_atomic(rom_path, rom.data, rom.size_bytes, err);
    if (!status) status = lp_file_write_atomic(json_path, json, (size_t)n, err);
    lp_blob_free(&rom);
    return status ? status : lp_game_open(&game, folder, err);
}

static int setup(void **state) {
    (void)state;
    lp_err err;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(rom_path, sizeof rom_path, folder, "rom.gb");
    lp_path_join(json_path, sizeof json_path, folder, "longplay.json");
    if (!make_game(&err)) return 0;
    print_error("%s\n", err.message);
    return -1;
}

static int teardown(void **state) {
    (void)state;
    lp_game_close(game);
    unlink(rom_path), unlink(json_path);
    return rmdir(folder);
}

static lp_policy *policy_for(int n_actions, int dim, int core) {
    lp_policy_config shape = {.n_actions = n_actions, .dim = dim, .hidden = 8, .core = core};
    lp_policy *policy;
    lp_err err;
    lp_game_observation(game, &shape.width, &shape.height);
    if (lp_policy_open(&policy, &shape, 3, &err)) fail_msg("%s", err.message);
    return policy;
}

static const lp_mem_config tree = {.arch = &lp_mem_tree, .dim = 4, .setting = {2, 1, 2, 2}};

static void sit(lp_seat *seat, const lp_policy *policy) {
    lp_err err;
    if (lp_seat_open(seat, game, &tree, policy, NULL, &err) || lp_seat_begin(seat, 4, NULL, 0, &err)) fail_msg("%s", err.message);
}

static void play(lp_seat *seat, lp_actor *actor, int n, int first_action) {
    lp_observation o;
    lp_decision d;
    lp_err err;
    for (int i = 0; i < n; i++) {
        lp_seat_look(seat, &o);
        if (lp_actor_run(actor, 1, &o, &d, &err)) fail_msg("%s", err.message);
        assert_in_range(lp_decision_action(&d, MANY, true), 0, MANY - 1);
        lp_seat_take(seat, &d, (first_action + i) % MANY);
    }
}

/* Each action as the last one before a save: the seat that loads it goes on as the other does, whatever core the policy has. */
static void check_goes_on(int core) {
    lp_policy *policy = policy_for(MANY, tree.dim, core);
    lp_seat a, b;
    lp_actor *actor;
    lp_err err;
    assert_int_equal(lp_actor_open(&actor, policy, 1, lp_mem_max_context(&tree), &err), LP_OK);
    sit(&a, policy), sit(&b, policy);
    for (int action = 0; action < MANY; action++) {
        play(&a, actor, 1, action);
        size_t size = lp_seat_save_size(&a);
        void *saved = malloc(size);
        lp_seat_save(&a, saved);
        if (lp_seat_load(&b, saved, size, &err)) fail_msg("after action %d: %s", action, err.message);
        assert_int_equal(b.last_action, action);
        free(saved);
    }
    play(&a, actor, 20, 3), play(&b, actor, 20, 3);
    assert_true(lp_emu_hash(lp_env_emu(a.env)) == lp_emu_hash(lp_env_emu(b.env)));
    assert_int_equal(a.state_floats, lp_policy_state_floats(policy));
    if (core) assert_memory_equal(a.state, b.state, (size_t)a.state_floats * sizeof(float));
    lp_seat_close(&a), lp_seat_close(&b);
    lp_actor_close(actor);
    lp_policy_close(policy);
}

static void test_many_actions(void **state) {
    (void)state;
    for (int core = LP_CORE_NONE; core < LP_CORES; core++) check_goes_on(core);
}

static void test_fits(void **state) {
    (void)state;
    lp_policy *fewer = policy_for(MANY - 1, tree.dim, LP_CORE_GRU), *wider = policy_for(MANY, tree.dim + 1, LP_CORE_GRU);
    lp_seat seat;
    lp_mind *mind = calloc(1, sizeof *mind);
    lp_err err;
    assert_int_equal(lp_seat_open(&seat, game, &tree, fewer, NULL, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "69 actions"));
    assert_int_equal(lp_mind_open(mind, game, fewer, false, &tree, NULL, &err), LP_BAD_INPUT);
    lp_mind_close(mind);
    assert_int_equal(lp_seat_open(&seat, game, &tree, wider, NULL, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "5 numbers"));
    free(mind);
    lp_policy_close(fewer), lp_policy_close(wider);
}

/* ---- forged: the hash is right, what it covers is not ---- */

enum { ENV_HASH_AT = 8, ENV_HASHED_FROM = 16 };
enum { STATE_BYTES = 16, OUTCOME = 40, STEPS = 48, TIME_LIMIT = 56 }; /* fields of a saved environment */

static void seal(unsigned char *saved, size_t size) {
    uint64_t hash = lp_hash64(saved + ENV_HASHED_FROM, size - ENV_HASHED_FROM);
    memcpy(saved + ENV_HASH_AT, &hash, sizeof hash);
}

static void test_forged_environment(void **state) {
    (void)state;
    static const struct {
        int at;
        uint64_t value;
        bool add; /* to what is there */
    } forged[] = {
        {STATE_BYTES, 1, true},
        {STATE_BYTES, 4096, true},
        {STATE_BYTES, (uint64_t)1 << 40, false},
        {STATE_BYTES, UINT64_MAX, false},
        {STATE_BYTES, 0, false},
        {STATE_BYTES, UINT64_MAX, true},
        {OUTCOME, 4, false},
        {STEPS, UINT64_MAX, false},
        {STEPS, INT64_MAX, false},
        {TIME_LIMIT, UINT64_MAX, false},
    };
    lp_env *env;
    lp_err err;
    assert_int_equal(lp_env_open(&env, game, NULL, &err), LP_OK);
    assert_int_equal(lp_env_reset(env, 1, NULL, 0, &err), LP_OK);
    size_t size = lp_env_save_size(env);
    unsigned char *saved = malloc(size), *copy = malloc(size); /* as long as that, so that a read beyond is caught */
    lp_env_save(env, saved);
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        uint64_t value;
        memcpy(copy, saved, size);
        memcpy(&value, copy + forged[i].at, sizeof value);
        value = forged[i].value + (forged[i].add ? value : 0);
        memcpy(copy + forged[i].at, &value, sizeof value);
        seal(copy, size);
        assert_int_equal(lp_env_load(env, copy, size, &err), LP_BAD_INPUT);
    }
    assert_int_equal(lp_env_load(env, saved, size, &err), LP_OK);
    free(saved), free(copy);
    lp_env_close(env);
}

static void test_forged_seat(void **state) {
    (void)state;
    lp_policy *policy = policy_for(MANY, tree.dim, LP_CORE_GRU);
    lp_seat seat;
    lp_err err;
    sit(&seat, policy);
    size_t size = lp_seat_save_size(&seat);
    unsigned char *saved = malloc(size), *copy = malloc(size);
    lp_seat_save(&seat, saved);
    static const int64_t last_actions[] = {MANY, -2, INT64_MIN, (int64_t)1 << 32}, lengths[] = {1, -1, 1 << 20, INT64_MIN};
    for (int i = 0; i < 8; i++) { /* the last action comes first, the environment's length fourth */
        uint64_t length;
        memcpy(copy, saved, size);
        memcpy(&length, copy + 24, sizeof length);
        length += (uint64_t)lengths[i % 4];
        if (i < 4) memcpy(copy, &last_actions[i], 8);
        else memcpy(copy + 24, &length, sizeof length);
        assert_int_equal(lp_seat_load(&seat, copy, size, &err), LP_BAD_INPUT);
    }
    for (size_t n = 0; n < size; n += n < 64 ? 1 : 997) {
        unsigned char *cut = malloc(n ? n : 1);
        memcpy(cut, saved, n);
        assert_int_equal(lp_seat_load(&seat, cut, n, &err), LP_BAD_INPUT);
        free(cut);
    }
    assert_int_equal(lp_seat_load(&seat, saved, size, &err), LP_OK);
    free(saved), free(copy);
    lp_seat_close(&seat);
    lp_policy_close(policy);
}

/* A card that is given packed screens sees what a CPU sees: the emulator's own greys, averaged to any size. */
static void test_packed_screens(void **state) {
    (void)state;
    static const int sizes[][2] = {{80, 72}, {160, 144}, {84, 84}, {53, 31}};
    static uint8_t grey[160 * 144], shades[160 * 144 / 4];
    static float y[160 * 144];
    static const char *const games[] = {"cue", "lantern", "map"};
    for (size_t i = 0; i < sizeof games / sizeof *games; i++) {
        lp_game *shown;
        lp_env *env;
        lp_err err;
        int64_t knobs[LP_MAX_KNOBS];
        int width, height;
        if (lp_game_open(&shown, games[i], &err) || lp_env_open(&env, shown, NULL, &err)) fail_msg("%s", err.message);
        lp_game_default_knobs(shown, knobs);
        if (lp_env_reset(env, 3, knobs, 0, &err)) fail_msg("%s", err.message);
        lp_env_step(env, 1);
        const uint32_t *frame = lp_emu_frame(lp_env_emu(env), &width, &height);
        lp_env_observe_shades(env, shades);
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            const int w = sizes[k][0], h = sizes[k][1];
            lp_observe_grey(grey, w, h, frame, width, width, height);
            lp_k_observe_shades(y, shades, 1, width, height, w, h);
            for (int at = 0; at < w * h; at++) assert_int_equal(lrintf((y[at] + 0.5f) * 255), grey[at]);
        }
        lp_env_close(env), lp_game_close(shown);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_actions), cmocka_unit_test(test_fits),
                                       cmocka_unit_test(test_forged_environment), cmocka_unit_test(test_forged_seat),
                                       cmocka_unit_test(test_packed_screens)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
