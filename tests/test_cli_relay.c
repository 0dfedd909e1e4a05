/* The relay: a player that is killed while it writes leaves nothing torn; keys come, and longplay play does what they say; who is late misses
 * moments, and reads none twice.
 *
 * The moments of the kills print their seed; LONGPLAY_TEST_SEED=N takes another one. */
#include "cli/relay.c"

#include "base/rng.h"
#include "tests/seed.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { SIDE = 120, ROUNDS = 60, LONG_MS = 120000 };

static lp_relay *relay;

/* Shows moments that are the same all over, each with another number, as fast as it can; a key shows in their speed. */
static void play(void) {
    static uint32_t frame[SIDE * SIDE];
    static int16_t sound[200];
    lp_relay *player;
    int key = 0;
    if (lp_relay_join(&player, NULL) || !player || !lp_relay_shows(player)) _exit(1);
    for (uint32_t i = 1;; i++) {
        const lp_keypress pressed = lp_relay_poll(player);
        if (pressed != LP_KEYPRESS_NONE) key = pressed;
        for (int k = 0; k < SIDE * SIDE; k++) frame[k] = i;
        for (int k = 0; k < 200; k++) sound[k] = (int16_t)i;
        lp_relay_hear(player, sound, 60);
        lp_relay_hear(player, sound, 40);
        lp_relay_show(player, &(lp_view){.frame = frame, .frame_width = SIDE, .frame_height = SIDE, .decisions = i, .speed = key});
    }
}

static pid_t start_player(void) {
    lp_err err;
    if (lp_relay_connect(relay, &err)) fail_msg("%s", err.message);
    pid_t child = fork();
    if (!child) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* should a test fail */
        close(relay->fd);
        play();
    }
    lp_relay_begun(relay);
    return child;
}

/* The next moment, whole; its number among those of its player. NULL: there is none now. */
static const lp_view *next(void) {
    const lp_relay_moment *m = lp_relay_next(relay);
    if (!m) return NULL;
    const lp_view *v = &m->snapshot.view;
    assert_int_equal(m->n_pairs, 100);
    assert_true(v->frame && v->frame_width == SIDE && v->frame_height == SIDE);
    for (int i = 0; i < SIDE * SIDE; i++)
        if (v->frame[i] != (uint32_t)v->decisions) fail_msg("moment %lld has a pixel of %u", (long long)v->decisions, v->frame[i]);
    for (int i = 0; i < 200; i++) assert_int_equal(m->sound[i], (int16_t)v->decisions);
    return v;
}

static void listen_for_more(void) {
    bool heard;
    assert_true(lp_relay_wait(relay, LONG_MS, &heard) && heard);
}

static const lp_view *await(void) {
    const lp_view *v = NULL;
    while (!(v = next())) listen_for_more();
    return v;
}

static void whole_or_not_there(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 0);
    int n_read = 0, n_missed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        pid_t player = start_player();
        const lp_view *v = await();
        int64_t last = v->decisions;
        for (int i = 0; i < 20; i++) {
            v = await();
            assert_true(v->decisions > last);
            n_missed += (int)(v->decisions - last - 1);
            last = v->decisions, n_read++;
        }
        usleep(lp_rng_below(&rng, 3000));
        assert_int_equal(kill(player, SIGKILL), 0);
        assert_int_equal(waitpid(player, NULL, 0), player);
        while ((v = next())) { /* what it left */
            assert_true(v->decisions > last);
            last = v->decisions;
        }
        for (bool heard = true; heard;)
            if (!lp_relay_wait(relay, LONG_MS, &heard)) break; /* its signs of life, then its end */
        lp_relay_part(relay);
    }
    print_message("%d moments read, %d missed\n", n_read, n_missed);
}

static void keys_come(void **state) {
    (void)state;
    pid_t player = start_player();
    for (int key = LP_KEYPRESS_PAUSE; key <= LP_KEYPRESS_SPEED_MAX; key++) {
        lp_relay_press(relay, (lp_keypress)key);
        while (await()->speed != key) continue;
    }
    kill(player, SIGKILL);
    assert_int_equal(waitpid(player, NULL, 0), player);
    lp_relay_part(relay);
    lp_relay_press(relay, LP_KEYPRESS_PAUSE); /* to nobody */
}

/* ---- two threads, so that the thread sanitizer sees both ends: it knows nothing of what other processes do ---- */

enum { MOMENTS = 3000 };
static atomic_uint_fast64_t n_taken; /* as far as the moments go that were read: what is written over them would be a race */

static void *play_here(void *context) {
    static uint32_t frame[SIDE * SIDE];
    static int16_t sound[200];
    lp_relay *player = context;
    for (uint32_t i = 1; i <= MOMENTS; i++) {
        while (i - atomic_load(&n_taken) >= N_SLOTS) sched_yield();
        for (int k = 0; k < SIDE * SIDE; k++) frame[k] = i;
        for (int k = 0; k < 200; k++) sound[k] = (int16_t)i;
        lp_relay_hear(player, sound, 100);
        lp_relay_show(player, &(lp_view){.frame = frame, .frame_width = SIDE, .frame_height = SIDE, .decisions = i});
    }
    return NULL;
}

/* Whoever keeps up reads every moment, and the numbers alone put what is in it in order. */
static void moments_are_published(void **state) {
    (void)state;
    lp_relay *player = make();
    pthread_t thread;
    lp_err err;
    const uint64_t before = relay->seen = atomic_load(&relay->ring->newest);
    assert_non_null(player);
    if (lp_relay_connect(relay, &err)) fail_msg("%s", err.message);
    player->fd = dup(relay->theirs);
    lp_relay_begun(relay);
    player->ring = relay->ring;
    atomic_store(&n_taken, 0);
    assert_int_equal(pthread_create(&thread, NULL, play_here, player), 0);
    for (int i = 1; i <= MOMENTS; i++) {
        const lp_view *v = NULL;
        while (!(v = next())) sched_yield();
        assert_int_equal(v->decisions, i);
        atomic_store(&n_taken, (uint64_t)i);
    }
    assert_int_equal(relay->seen - before, MOMENTS);
    pthread_join(thread, NULL);
    player->ring = NULL; /* it is the other's */
    lp_relay_close(player);
    lp_relay_part(relay);
}

/* ---- longplay play at the other end ---- */

static pid_t start_longplay(void) {
    lp_err err;
    if (lp_relay_connect(relay, &err)) fail_msg("%s", err.message);
    pid_t child = fork();
    if (!child) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!freopen("/dev/null", "w", stdout)) _exit(126);
        lp_relay_hand_down(relay);
        execl(LP_TEST_BINARY, "longplay", "play", "cue", "--policy", "random", "--headless", "--speed", "1", "--episodes", "0", NULL);
        _exit(126);
    }
    lp_relay_begun(relay);
    return child;
}

typedef bool (*is_so)(const lp_relay_moment *m);
static bool is_paused(const lp_relay_moment *m) { return m->snapshot.view.mode == LP_VIEW_PAUSED; }
static bool is_at_1(const lp_relay_moment *m) { return m->snapshot.view.speed == 1; }
static bool is_at_4(const lp_relay_moment *m) { return m->snapshot.view.speed == 4; }
static bool is_at_most(const lp_relay_moment *m) { return m->snapshot.view.speed == 0 && m->snapshot.view.mode == LP_VIEW_LIVE; }
static bool is_heard(const lp_relay_moment *m) { return m->n_pairs > 0; }
static bool is_silent(const lp_relay_moment *m) { return m->n_pairs == 0; }

/* The first moment that is so. */
static const lp_view *await_that(is_so so) {
    for (int i = 0; i < 20000; i++) {
        const lp_relay_moment *m = lp_relay_next(relay);
        if (m && so(m)) return &m->snapshot.view;
        if (!m) listen_for_more();
    }
    fail_msg("it never is");
    return NULL;
}

static void longplay_obeys(void **state) {
    (void)state;
    int status;
    pid_t player = start_longplay();
    await_that(is_at_1);
    lp_relay_listen(relay, true);
    await_that(is_heard);
    lp_relay_listen(relay, false);
    await_that(is_silent);
    lp_relay_press(relay, LP_KEYPRESS_SPEED_4);
    await_that(is_at_4);
    lp_relay_press(relay, LP_KEYPRESS_PAUSE);
    const int64_t decisions = await_that(is_paused)->decisions;
    assert_int_equal(await_that(is_paused)->decisions, decisions);
    lp_relay_press(relay, LP_KEYPRESS_STEP);
    while (await_that(is_paused)->decisions == decisions) continue;
    assert_int_equal(await_that(is_paused)->decisions, decisions + 1);
    lp_relay_press(relay, LP_KEYPRESS_PAUSE);
    lp_relay_press(relay, LP_KEYPRESS_SPEED_MAX);
    await_that(is_at_most);
    lp_relay_press(relay, LP_KEYPRESS_QUIT);
    assert_int_equal(waitpid(player, &status, 0), player);
    assert_int_equal(status, 0);
    lp_relay_part(relay);
}

static int set_up(void **state) {
    (void)state;
    return lp_relay_open(&relay, true, NULL) ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    lp_relay_close(relay);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole_or_not_there), cmocka_unit_test(keys_come),
                                       cmocka_unit_test(moments_are_published), cmocka_unit_test(longplay_obeys)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
