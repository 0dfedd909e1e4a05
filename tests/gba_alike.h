/* A program of the Game Boy Advance, played plain, fast, and by a third machine that loads states now and then: after every step all must be equal. */
#ifndef LP_TESTS_GBA_ALIKE_H
#define LP_TESTS_GBA_ALIKE_H

#include "base/rng.h"
#include "emulator/emulator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static double alike_cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Fails, naming the program and the step. took: gets the processor time of the first two added. */
static void play_alike(const void *rom, size_t size_bytes, lp_rng *rng, int program, int n_steps, int n_frames, double took[2]) {
    enum { MACHINES = 3, LOADS_ONE_IN = 4, MOST_ELSEWHERE = 3 };
    static const lp_emu_config plain = {.plain = true};
    lp_emu *emus[MACHINES];
    lp_err err;
    for (int i = 0; i < MACHINES; i++)
        if (lp_emu_open(&emus[i], rom, size_bytes, i ? NULL : &plain, &err)) fail_msg("%s", err.message);
    unsigned char *saved = malloc(lp_emu_state_size(emus[0]));
    assert_non_null(saved);
    for (int s = 0; s < n_steps; s++) {
        const uint16_t keys = (uint16_t)lp_rng_below(rng, 1 << LP_N_KEYS);
        for (int i = 0; i < MACHINES; i++) {
            const double from = alike_cpu_s();
            lp_emu_step(emus[i], keys, n_frames);
            if (i < 2) took[i] += alike_cpu_s() - from;
        }
        for (int i = 1; i < MACHINES; i++)
            if (lp_emu_hash(emus[0]) != lp_emu_hash(emus[i])) fail_msg("program %d, step %d: machine %d differs", program, s, i);
        if (lp_rng_below(rng, LOADS_ONE_IN)) continue;
        lp_emu_state_save(emus[lp_rng_below(rng, 2)], saved);
        lp_emu_step(emus[2], 0, 1 + (int)lp_rng_below(rng, MOST_ELSEWHERE));
        if (lp_emu_state_load(emus[2], saved, lp_emu_state_size(emus[2]), &err)) fail_msg("%s", err.message);
    }
    for (int i = 0; i < MACHINES; i++) lp_emu_close(emus[i]);
    free(saved);
}

static void tell_alike(int n_programs, const double took[2]) {
    print_message("%d programs alike; the short way took %.2f of the processor time\n", n_programs, took[1] / took[0]);
}

#endif
