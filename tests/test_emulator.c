/* The emulator on the shipped ROM and on ROMs made here: the same keys give the same machine, drawn or not, in one
 * process or two, on any thread, through saved states; what is no ROM is refused. Many foreign ROMs: see sweep_roms.c. */
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "emulator/emulator.h"
#include "tests/seed.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { N_ROMS = 6, STEPS = 150 };
/* cue; a Game Boy and a Game Boy Color ROM that use timer, sound and HALT; a Game Boy Advance one; the ROMs that measure emulation */
static lp_blob roms[N_ROMS];
static uint64_t seed;

/* A 32 KiB ROM whose program, hand-assembled, sets timer and sound going, and then for ever: waits with HALT for any of
 * vertical blank and timer, counts in RAM, plays a noise of changing pitch, stores what it reads of keys, divider and sound. */
static void make_rom(lp_blob *rom, uint8_t colour_flag) {
    static const uint8_t program[] = {
        0xF3, 0x31, 0xFE, 0xDF,                                                 /* di; ld sp, DFFE */
        0x3E, 0x05, 0xE0, 0xFF,                                                 /* IE = vblank | timer */
        0x3E, 0xF1, 0xE0, 0x06, 0x3E, 0x05,                                     /* TMA = F1; */
        0xE0, 0x07,                                                             /* TAC = 262144 Hz */
        0x3E, 0x80, 0xE0, 0x26, 0x3E, 0xFF, 0xE0, 0x25, 0x3E, 0x77, 0xE0, 0x24, /* sound on, everywhere, loud */
        0x3E, 0xF3, 0xE0, 0x12, 0xE0, 0x21, 0x3E, 0x87, 0xE0, 0x14,             /* channel 1 with envelope */
        0x21, 0x00, 0xC0,                                                       /* ld hl, C000 */
        /* loop: */
        0xAF, 0xE0, 0x0F, 0x76, 0x00,                                           /* IF = 0; halt; nop */
        0x34, 0x7E, 0xE0, 0x22, 0x3E, 0x80, 0xE0, 0x23,                         /* (hl)++; NR43 = (hl); NR44 = 80: restart noise */
        0x3E, 0x10, 0xE0, 0x00, 0xF0, 0x00, 0x22,                               /* keys -> (hl+) */
        0xF0, 0x04, 0x22, 0xF0, 0x26, 0x22, 0xF0, 0x05, 0x22, 0xF0, 0x41, 0x22, /* DIV, NR52, TIMA, STAT -> (hl+) */
        0x7C, 0xFE, 0xD0, 0x20, 0xDB,                                           /* while h != D0 go to loop */
        0x26, 0xC0, 0x18, 0xD7,                                                 /* h = C0; go to loop */
    };
    rom->size_bytes = 32768;
    rom->data = calloc(rom->size_bytes + 1, 1);
    rom->data[0x100] = 0x00, rom->data[0x101] = 0xC3, rom->data[0x102] = 0x50, rom->data[0x103] = 0x01;
    memcpy(rom->data + 0x134, "TEST", 4);
    rom->data[0x143] = colour_flag;
    memcpy(rom->data + 0x150, program, sizeof program);
    uint8_t sum = 0;
    for (int i = 0x134; i <= 0x14C; i++) sum = (uint8_t)(sum - rom->data[i] - 1);
    rom->data[0x14D] = sum;
}

/* A Game Boy Advance ROM whose program, ARM by hand, draws into mode 3's bitmap for ever, in colours of a counter and the keys. */
static void make_gba_rom(lp_blob *rom) {
    static const uint32_t program[] = {
        0xE3A00301, 0xE3A01B01, 0xE2811003, 0xE5801000, /* mov r0, #04000000; r1 = 403; str r1, [r0]: mode 3, background 2 */
        0xE3A04000,                                     /* mov r4, #0 */
        0xE3A02406, 0xE3A03C4B,                         /* loop: mov r2, #06000000; mov r3, #4B00 */
        0xE2800C01, 0xE1D053B0, 0xE2400C01,             /* r0 += 100; ldrh r5, [r0, #30]: keys; r0 -= 100 */
        0xE2844001, 0xE0855004, 0xE0855804,             /* row: add r4, #1; add r5, r4; add r5, r4 lsl 16 */
        0xE4825004, 0xE2533001, 0x1AFFFFFA,             /* str r5, [r2], #4; subs r3, #1; bne row */
        0xEAFFFFF3,                                     /* b loop */
    };
    rom->size_bytes = 4096;
    rom->data = calloc(rom->size_bytes + 1, 1);
    for (int i = 0; i < 4; i++) rom->data[i] = (uint8_t)(0xEA00002Eu >> 8 * i); /* b C0 */
    memcpy(rom->data + 0xA0, "TINY", 4);
    rom->data[0xB2] = 0x96;
    uint8_t sum = 0;
    for (int i = 0xA0; i < 0xBD; i++) sum = (uint8_t)(sum - rom->data[i]);
    rom->data[0xBD] = (uint8_t)(sum - 0x19);
    for (size_t k = 0; k < sizeof program / sizeof *program; k++)
        for (int i = 0; i < 4; i++) rom->data[0xC0 + 4 * k + (size_t)i] = (uint8_t)(program[k] >> 8 * i);
}

static int setup(void **state) {
    (void)state;
    lp_err err;
    seed = test_seed();
    make_rom(&roms[1], 0x00);
    make_rom(&roms[2], 0x80);
    make_gba_rom(&roms[3]);
    return lp_file_read(&roms[0], "games/cue/cue.gb", 1 << 20, &err) || lp_file_read(&roms[4], "games/roms/busy.gb", 1 << 20, &err) ||
                   lp_file_read(&roms[5], "games/roms/orbit.gba", 1 << 20, &err)
               ? -1
               : 0;
}

static int teardown(void **state) {
    (void)state;
    for (int i = 0; i < N_ROMS; i++) lp_blob_free(&roms[i]);
    return 0;
}

static lp_emu *open_rom(int rom, bool plain, bool no_draw) {
    lp_emu *emu;
    lp_err err;
    const lp_emu_config config = {.plain = plain, .no_draw = no_draw};
    if (lp_emu_open(&emu, roms[rom].data, roms[rom].size_bytes, &config, &err)) fail_msg("%s", err.message);
    return emu;
}

static uint16_t keys_at(int rom, int step) {
    lp_rng rng = lp_rng_make(seed + (uint64_t)rom, (uint64_t)step / 3);
    return (uint16_t)(lp_rng_u64(&rng) & lp_rng_u64(&rng) & 0xff);
}

/* Hashes of the machine after each step, and of the picture, where asked for. */
static void watch(lp_emu *emu, int rom, int from, int to, uint64_t *hashes, uint64_t *pictures) {
    for (int s = from; s < to; s++) {
        int w, h;
        lp_emu_step(emu, keys_at(rom, s), 1 + s % 5);
        hashes[s] = lp_emu_hash(emu);
        const uint32_t *frame = lp_emu_frame(emu, &w, &h);
        if (pictures) pictures[s] = lp_hash64(frame, (size_t)w * (size_t)h * sizeof *frame);
    }
}

static void play(lp_emu *emu, int rom, int from, int to, uint64_t *hashes) { watch(emu, rom, from, to, hashes, NULL); }

static void expect_hashes(const uint64_t *a, const uint64_t *b, int rom, int from, const char *what) {
    for (int s = from; s < STEPS; s++)
        if (a[s] != b[s]) fail_msg("rom %d, %s: the machines differ after step %d", rom, what, s);
}

static void test_fast_is_plain(void **state) {
    (void)state;
    for (int r = 0; r < N_ROMS; r++) {
        uint64_t plain[STEPS], fast[STEPS], blind[STEPS], again[STEPS], shown[STEPS], drawn[STEPS];
        lp_emu *a = open_rom(r, true, false), *b = open_rom(r, false, false), *c = open_rom(r, false, true);
        watch(a, r, 0, STEPS, plain, shown);
        watch(b, r, 0, STEPS, fast, drawn);
        play(c, r, 0, STEPS, blind);
        expect_hashes(plain, fast, r, 0, "fast");
        expect_hashes(plain, blind, r, 0, "never drawn");
        expect_hashes(shown, drawn, r, 0, "pictures"); /* the frame that is looked at is drawn, whole */
        int w, h, different = 0;
        lp_emu_frame(a, &w, &h);
        if (lp_emu_system(a) == LP_SYSTEM_GBA) assert_true(w == 240 && h == 160);
        else assert_true(w == 160 && h == 144);
        for (int s = 1; s < STEPS; s++) different += plain[s] != plain[s - 1];
        assert_true(different > STEPS / 2); /* the machine does move */
        assert_true(lp_emu_frames(a) == lp_emu_frames(b));
        assert_int_equal(lp_emu_reset(b, NULL), LP_OK);
        play(b, r, 0, STEPS, again);
        expect_hashes(plain, again, r, 0, "after a reset");
        lp_emu_close(a), lp_emu_close(b), lp_emu_close(c);
    }
}

static void test_states(void **state) {
    (void)state;
    for (int r = 0; r < N_ROMS; r++) {
        uint64_t whole[STEPS], rest[STEPS];
        lp_err err;
        lp_emu *a = open_rom(r, false, false), *b = open_rom(r, false, false);
        size_t size = lp_emu_state_size(a);
        unsigned char *saved = malloc(size), *twice = malloc(size);
        for (int at = 1; at < STEPS; at += 29) {
            assert_int_equal(lp_emu_reset(a, NULL), LP_OK);
            play(a, r, 0, at, whole);
            lp_emu_state_save(a, saved);
            lp_emu_state_save(a, twice);
            assert_memory_equal(saved, twice, size); /* no clock, no addresses */
            uint64_t frames = lp_emu_frames(a);
            play(a, r, at, STEPS, whole); /* saving changes nothing: the same run goes on */
            assert_int_equal(lp_emu_state_load(b, saved, size, &err), LP_OK);
            assert_true(lp_emu_hash(b) == whole[at - 1] && lp_emu_frames(b) == frames);
            play(b, r, at, STEPS, rest);
            expect_hashes(whole, rest, r, at, "after a load");
        }
        uint64_t before = lp_emu_hash(b);
        assert_int_equal(lp_emu_state_load(b, saved, size - 1, &err), LP_BAD_INPUT);
        assert_int_equal(lp_emu_state_load(b, saved, 0, &err), LP_BAD_INPUT);
        memset(twice, 0, size);
        assert_int_equal(lp_emu_state_load(b, twice, size, &err), LP_BAD_INPUT);
        lp_emu *other = open_rom((r + 1) % N_ROMS, false, false);
        if (lp_emu_state_size(other) == size) assert_int_equal(lp_emu_state_load(other, saved, size, &err), LP_BAD_INPUT);
        assert_true(lp_emu_hash(b) == before); /* a refusal changes nothing */
        lp_emu_close(a), lp_emu_close(b), lp_emu_close(other);
        free(saved), free(twice);
    }
}

typedef struct {
    int rom;
    uint64_t hashes[STEPS];
} task;

static void *run_task(void *argument) {
    task *t = argument;
    lp_emu *emu = open_rom(t->rom, false, false);
    play(emu, t->rom, 0, STEPS, t->hashes);
    lp_emu_close(emu);
    return NULL;
}

static void test_threads_and_processes(void **state) {
    (void)state;
    enum { N = 9 };
    static task serial[N_ROMS], parallel[N];
    pthread_t threads[N];
    for (int r = 0; r < N_ROMS; r++) serial[r].rom = r, run_task(&serial[r]);
    for (int i = 0; i < N; i++) {
        parallel[i].rom = i % N_ROMS;
        assert_int_equal(pthread_create(&threads[i], NULL, run_task, &parallel[i]), 0);
    }
    for (int i = 0; i < N; i++) {
        pthread_join(threads[i], NULL);
        expect_hashes(serial[i % N_ROMS].hashes, parallel[i].hashes, i % N_ROMS, 0, "on a thread");
    }
    for (int r = 0; r < N_ROMS; r++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (!child) {
            static task own;
            own.rom = r;
            run_task(&own);
            _exit(write(pipes[1], own.hashes, sizeof own.hashes) != sizeof own.hashes);
        }
        uint64_t hashes[STEPS];
        assert_int_equal(read(pipes[0], hashes, sizeof hashes), sizeof hashes);
        waitpid(child, NULL, 0);
        close(pipes[0]), close(pipes[1]);
        expect_hashes(serial[r].hashes, hashes, r, 0, "in another process");
    }
}

static void test_bus_and_identity(void **state) {
    (void)state;
    lp_emu *a = open_rom(1, false, false), *b = open_rom(2, false, false);
    assert_int_equal(lp_emu_system(a), LP_SYSTEM_GB);
    assert_int_equal(lp_emu_system(b), LP_SYSTEM_GBC);
    assert_string_equal(lp_emu_title(a), "TEST");
    lp_emu *c = open_rom(3, false, false);
    assert_int_equal(lp_emu_system(c), LP_SYSTEM_GBA);
    assert_string_equal(lp_emu_title(c), "TINY");
    lp_emu_close(c);
    assert_string_equal(lp_system_name(LP_SYSTEM_GBA), "GBA");
    assert_true(strlen(lp_emu_core_version()) > 4);
    lp_emu_step(a, 0, 10);
    uint64_t before = lp_emu_hash(a);
    lp_emu_write8(a, 0xC800, (uint8_t)(lp_emu_read8(a, 0xC800) ^ 0x5a));
    assert_true(lp_emu_hash(a) != before);
    lp_emu_write8(a, 0xC800, (uint8_t)(lp_emu_read8(a, 0xC800) ^ 0x5a));
    assert_true(lp_emu_hash(a) == before); /* reading and writing take no time of the machine's */
    lp_emu_close(a), lp_emu_close(b);
}

static void test_not_roms(void **state) {
    (void)state;
    lp_err err;
    lp_emu *emu;
    unsigned char noise[40000];
    lp_rng rng = lp_rng_make(seed, 77);
    size_t content = roms[0].size_bytes; /* without the padding, which may be missing */
    while (roms[0].data[content - 1] == 0xFF) content--;
    for (size_t n = 0; n < content; n = n < 400 ? n + 1 : n * 2) { /* cue cut short */
        assert_int_equal(lp_emu_open(&emu, roms[0].data, n, NULL, &err), LP_BAD_INPUT);
        assert_null(emu);
        assert_null(strchr(err.message, '\n'));
    }
    for (int i = 0; i < 200; i++) {
        for (size_t k = 0; k < sizeof noise; k++) noise[k] = (unsigned char)lp_rng_u64(&rng);
        assert_int_equal(lp_emu_open(&emu, noise, 1 + lp_rng_below(&rng, sizeof noise), NULL, &err), LP_BAD_INPUT);
    }
    memset(noise, 'a', sizeof noise);
    assert_int_equal(lp_emu_open(&emu, noise, sizeof noise, NULL, &err), LP_BAD_INPUT);
    assert_int_equal(lp_emu_open(&emu, noise, (size_t)LP_EMU_MAX_ROM_BYTES + 1, NULL, &err), LP_BAD_INPUT);
    /* whatever the code says, nothing outside the machine is touched: run noise behind a good header */
    for (int i = 0; i < 20; i++) {
        lp_blob hostile;
        make_rom(&hostile, (uint8_t)(i % 2 ? 0x80 : 0));
        for (size_t k = 0x150; k < hostile.size_bytes; k++) hostile.data[k] = (unsigned char)lp_rng_u64(&rng);
        assert_int_equal(lp_emu_open(&emu, hostile.data, hostile.size_bytes, NULL, &err), LP_OK);
        lp_emu_step(emu, 0xff, 60);
        lp_emu_close(emu);
        lp_blob_free(&hostile);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_is_plain),    cmocka_unit_test(test_states),   cmocka_unit_test(test_threads_and_processes),
        cmocka_unit_test(test_bus_and_identity), cmocka_unit_test(test_not_roms),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
