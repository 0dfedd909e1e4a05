/* The console's sound: what plain libmgba mixes, whatever the fast path leaves out; the machine never notices who listens. */
#include "tests/cartridges.h"
#include "tests/seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { FRAMES = 100, PER_FRAME = 900 };
static uint8_t rom[CARTRIDGE_BYTES];

static lp_emu *open_emu(const cartridge *c, bool plain, bool listen) {
    lp_emu *emu;
    lp_err err;
    if (lp_emu_open(&emu, rom, sizeof rom, &(lp_emu_config){.model = c->model, .plain = plain}, &err))
        fail_msg("%s: %s", c->name, err.message);
    if (listen) assert_int_equal(lp_emu_listen(emu, true, NULL), LP_OK);
    return emu;
}

/* The chip, the volumes and all channels' ways out: what a random program soon has off. */
static void turn_on(lp_emu *emu) {
    static const uint32_t gb[] = {0xFF26, 0xFF24, 0xFF25}, gba[] = {0x04000084, 0x04000080, 0x04000081};
    static const uint8_t values[] = {0x80, 0x77, 0xFF};
    for (int i = 0; i < 3; i++) lp_emu_write8(emu, lp_emu_system(emu) == LP_SYSTEM_GBA ? gba[i] : gb[i], values[i]);
}

/* Programs that hit every sound register, on every kind of cartridge. */
static void test_same_sound_same_machine(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 0);
    int64_t n_heard = 0;
    for (int i = 0; i < N_CARTRIDGES; i++) {
        const cartridge *c = &cartridges[i];
        make_cartridge(c, rom);
        lp_emu *plain = open_emu(c, true, true), *fast = open_emu(c, false, true), *silent = open_emu(c, false, false);
        lp_emu *const all[] = {plain, fast, silent};
        for (int e = 0; e < 3; e++) touch_all(all[e]);
        for (int frame = 0; frame < FRAMES; frame++) {
            int16_t want[2 * PER_FRAME * 2], got[2 * PER_FRAME * 2];
            lp_rng same = rng;
            int n_frames = frame % 7 == 3 ? 2 : 1;
            for (int e = 0; e < 3; e++) {
                rng = same;
                if (frame % 5 == 0) touch_some(all[e], &rng);
                turn_on(all[e]);
                lp_emu_step(all[e], (uint16_t)frame, n_frames);
            }
            int n = lp_emu_sound(plain, want, 2 * PER_FRAME);
            assert_int_equal(lp_emu_sound(fast, got, 2 * PER_FRAME), n);
            assert_int_equal(lp_emu_sound(silent, got, 0), 0);
            if (memcmp(want, got, (size_t)n * 2 * sizeof *got)) fail_msg("%s: frame %d sounds otherwise", c->name, frame);
            if (lp_emu_hash(fast) != lp_emu_hash(silent)) fail_msg("%s: frame %d: who listens changes the machine", c->name, frame);
            for (int s = 2; s < 2 * n; s++) n_heard += want[s] != want[s - 2];
            if (frame == FRAMES / 2) { /* nobody listens for a while, and then again, and after a reset */
                for (int e = 0; e < 2; e++) {
                    assert_int_equal(lp_emu_listen(all[e], false, NULL), LP_OK);
                    lp_emu_step(all[e], 0, 1);
                    assert_int_equal(lp_emu_sound(all[e], got, PER_FRAME), 0);
                    assert_int_equal(lp_emu_listen(all[e], true, NULL), LP_OK);
                }
                lp_emu_step(silent, 0, 1);
                for (int e = 0; e < 3; e++) assert_int_equal(lp_emu_reset(all[e], NULL), LP_OK), touch_all(all[e]);
            }
        }
        /* a state says nothing of who listened */
        void *a = malloc(lp_emu_state_size(fast)), *b = malloc(lp_emu_state_size(fast));
        assert_non_null(a);
        assert_non_null(b);
        lp_emu_state_save(fast, a);
        lp_emu_state_save(silent, b);
        assert_memory_equal(a, b, lp_emu_state_size(fast));
        assert_int_equal(lp_emu_state_load(fast, b, lp_emu_state_size(fast), NULL), LP_OK);
        free(a);
        free(b);
        for (int e = 0; e < 3; e++) lp_emu_close(all[e]);
    }
    print_message("%lld changes heard\n", (long long)n_heard);
    assert_true(n_heard > 500000);
}

/* A tone of 1,048.6 Hz, on both sides, for ten seconds: its pitch, and that a second has 48,000 pairs. */
static void test_tone(void **state) {
    (void)state;
    static const struct {
        int cartridge;
        uint32_t at[9];
    } cases[] = {{0, {0xFF26, 0xFF24, 0xFF25, 0xFF10, 0xFF11, 0xFF12, 0xFF13, 0xFF14}},
                 {19, {0x04000084, 0x04000080, 0x04000081, 0x04000060, 0x04000062, 0x04000063, 0x04000064, 0x04000065, 0x04000082}}};
    static const uint8_t value[9] = {0x80, 0x77, 0xFF, 0, 0x80, 0xF0, 0x83, 0x87, 2};
    for (int i = 0; i < 2; i++) {
        make_cartridge(&cartridges[cases[i].cartridge], rom);
        lp_emu *emu = open_emu(&cartridges[cases[i].cartridge], false, true);
        for (int t = 0; t < TOUCHES; t++) touch(emu, t, cases[i].cartridge ? 0x02001000 : 0xC000, 0); /* nothing but work RAM */
        lp_emu_step(emu, 0, 10);
        for (int r = 0; r < 9; r++)
            if (cases[i].at[r]) lp_emu_write8(emu, cases[i].at[r], value[r]);
        int16_t sound[2 * LP_SOUND_PAIRS];
        lp_emu_step(emu, 0, 10);
        lp_emu_sound(emu, sound, LP_SOUND_PAIRS);
        int64_t n = 0, rises = 0;
        int16_t before = 0, loudest = 0;
        for (int frame = 0; frame < 600; frame++) {
            lp_emu_step(emu, 0, 1);
            int got = lp_emu_sound(emu, sound, LP_SOUND_PAIRS);
            assert_in_range(got, 803 - 16, 804 + 16); /* libmgba mixes 12 at once */
            for (int s = 0; s < got; s++) {
                assert_int_equal(sound[2 * s], sound[2 * s + 1]);
                rises += before < 0 && sound[2 * s] >= 0;
                before = sound[2 * s];
                if (before > loudest) loudest = before;
            }
            n += got;
        }
        double seconds = 600 / LP_EMU_FRAMES_PER_S;
        print_message("%s: %lld pairs, %lld periods, up to %d\n", cartridges[cases[i].cartridge].name, (long long)n, (long long)rises,
                      loudest);
        assert_true(fabs((double)n - seconds * LP_SOUND_HZ) < 0.002 * LP_SOUND_HZ);
        assert_true(fabs((double)rises - seconds * 131072 / 125) < 3);
        assert_true(loudest > 1000);
        lp_emu_close(emu);
    }
}

/* Nobody fetches it: what is kept has an end, and the machine goes on. */
static void test_nobody_fetches(void **state) {
    (void)state;
    make_cartridge(&cartridges[0], rom);
    lp_emu *emu = open_emu(&cartridges[0], false, true);
    int16_t sound[2 * 2 * LP_SOUND_PAIRS];
    lp_emu_step(emu, 0, 600);
    int n = lp_emu_sound(emu, sound, 2 * LP_SOUND_PAIRS);
    assert_true(n >= LP_SOUND_PAIRS && n < LP_SOUND_PAIRS + 64);
    lp_emu_step(emu, 0, 1);
    n = lp_emu_sound(emu, sound, LP_SOUND_PAIRS);
    assert_true(n > 700 && n < PER_FRAME);
    lp_emu_close(emu);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_sound_same_machine),
        cmocka_unit_test(test_tone),
        cmocka_unit_test(test_nobody_fetches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
