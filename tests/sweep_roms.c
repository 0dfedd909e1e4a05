/* Plays ROMs with random keys and checks what the emulator folder promises, on every ROM given:
 *
 *     sweep_roms [--frames 600] [--seed N] [--frame-skip 4] [--threads N] [--twice 1] ROM...
 *
 * Each ROM runs in plain mode and in the fast mode side by side. After every step the machine hashes and the pictures
 * must be equal; now and then so must be the saved states, byte by byte, and a third emulator loads one, plays the rest
 * and must stay equal too; a fourth is made dirty with other keys before it loads. Reading the whole bus must change nothing.
 * With --twice each ROM is instead played twice from power-on as training plays it, and the hashes must be equal: less is
 * compared, in a third of the time, which the sanitizers' build needs for a thousand ROMs.
 * A line for each ROM that is refused, differs or fails, then a summary. Exit 1 if any differs or fails. */
#include "base/file.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/rng.h"
#include "emulator/emulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int frames, frame_skip;
    bool twice;
    uint64_t seed;
    char **paths;
    int *results; /* of type outcome, one a ROM */
    char (*lines)[600];
} sweep;

typedef enum { OPENED, REFUSED, DIFFERS, FAILED } outcome;

static uint16_t next_keys(lp_rng *rng, uint16_t keys) {
    if (lp_rng_below(rng, 3)) return keys; /* hold for a while, as players do */
    static const uint16_t common[] = {0, LP_KEY_START, LP_KEY_A, LP_KEY_B, LP_KEY_UP, LP_KEY_DOWN, LP_KEY_LEFT, LP_KEY_RIGHT};
    return lp_rng_below(rng, 4) ? common[lp_rng_below(rng, 8)] : (uint16_t)lp_rng_below(rng, 1 << LP_N_KEYS);
}

static bool same_picture(const lp_emu *a, const lp_emu *b) {
    int w, h;
    const uint32_t *p = lp_emu_frame(a, &w, &h), *q = lp_emu_frame(b, &w, &h);
    return !memcmp(p, q, sizeof *p * (size_t)(w * h));
}

/* Emulators of one ROM: the plain reference, the fast one, and one that loads the fast one's states. */
typedef struct {
    lp_emu *plain, *fast, *loaded;
    unsigned char *state, *other;
    size_t state_bytes;
    char text[120];
} players;

static void close_players(players *p) {
    lp_emu_close(p->plain);
    lp_emu_close(p->fast);
    lp_emu_close(p->loaded);
    free(p->state);
    free(p->other);
}

static lp_status open_players(players *p, const lp_blob *rom, lp_err *err) {
    static const lp_emu_config plain = {.plain = true};
    memset(p, 0, sizeof *p);
    lp_status status = lp_emu_open(&p->plain, rom->data, rom->size_bytes, &plain, err);
    if (!status) status = lp_emu_open(&p->fast, rom->data, rom->size_bytes, NULL, err);
    if (!status) status = lp_emu_open(&p->loaded, rom->data, rom->size_bytes, NULL, err);
    if (status) return status;
    p->state_bytes = lp_emu_state_size(p->fast);
    p->state = malloc(p->state_bytes);
    p->other = malloc(p->state_bytes);
    return p->state && p->other ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
}

/* The text with the first offset at which two states differ, in a buffer of the players'. */
static const char *differing(players *p, const char *what) {
    size_t i = 0;
    while (i < p->state_bytes && p->state[i] == p->other[i]) i++;
    if (i == p->state_bytes) return NULL;
    snprintf(p->text, sizeof p->text, "%s at byte %zu: %02x, %02x", what, i, p->state[i], p->other[i]);
    return p->text;
}

/* Saves both, which must agree, and loads the state into the third. NULL, or what is wrong. */
static const char *exchange(players *p) {
    lp_err err;
    lp_emu_state_save(p->plain, p->other);
    lp_emu_state_save(p->fast, p->state);
    const size_t hash_end = 16; /* magic and hash: compare what the hash is of */
    memcpy(p->other, p->state, hash_end);
    const char *wrong = differing(p, "states of fast and plain differ");
    if (wrong) return wrong;
    if (lp_emu_state_load(p->loaded, p->state, p->state_bytes, &err)) return "state does not load";
    if (lp_emu_hash(p->loaded) != lp_emu_hash(p->fast)) return "hash differs after a load";
    if (!same_picture(p->loaded, p->fast)) return "picture differs after a load";
    lp_emu_state_save(p->loaded, p->other);
    return differing(p, "state saved again differs");
}

static const char *peek_all(players *p) {
    uint64_t before = lp_emu_hash(p->fast);
    unsigned sum = 0;
    for (uint32_t a = 0; a < 0x10000; a++) sum += lp_emu_read8(p->fast, a);
    if (lp_emu_system(p->fast) == LP_SYSTEM_GBA)
        for (uint32_t region = 0; region < 16; region++)
            for (uint32_t a = 0; a < 0x4000; a++) sum += lp_emu_read8(p->fast, region << 24 | a);
    (void)sum;
    return lp_emu_hash(p->fast) == before ? NULL : "reading the bus changed the machine";
}

static const char *play(players *p, const sweep *s, lp_rng rng, int *step) {
    uint16_t keys = 0;
    bool follows = false;
    for (*step = 0; *step * s->frame_skip < s->frames; ++*step) {
        if (lp_rng_below(&rng, 16) == 0) {
            const char *wrong = exchange(p);
            if (!wrong) wrong = peek_all(p);
            if (wrong) return wrong;
            follows = true;
        } else if (follows && lp_rng_below(&rng, 24) == 0) {
            follows = false; /* goes astray, so that the next load finds another machine */
        }
        keys = next_keys(&rng, keys);
        lp_emu_step(p->plain, keys, s->frame_skip);
        lp_emu_step(p->fast, keys, s->frame_skip);
        lp_emu_step(p->loaded, follows ? keys : (uint16_t)~keys, s->frame_skip);
        if (lp_emu_hash(p->plain) != lp_emu_hash(p->fast)) return "hashes of plain and fast differ";
        if (!same_picture(p->plain, p->fast)) return "pictures of plain and fast differ";
        if (follows && lp_emu_hash(p->loaded) != lp_emu_hash(p->fast)) return "hash differs some steps after a load";
        if (follows && !same_picture(p->loaded, p->fast)) return "picture differs some steps after a load";
    }
    return NULL;
}

/* A hash of all the hashes of one play from power-on. */
static uint64_t hash_of_play(lp_emu *emu, const sweep *s, lp_rng rng) {
    uint64_t hash = 0;
    uint16_t keys = 0;
    for (int frame = 0; frame < s->frames; frame += s->frame_skip) {
        keys = next_keys(&rng, keys);
        lp_emu_step(emu, keys, s->frame_skip);
        hash = hash * 0x9E3779B97F4A7C15 + lp_emu_hash(emu);
    }
    return hash;
}

static lp_status play_twice(const lp_blob *rom, const sweep *s, lp_rng rng, const char **wrong, lp_err *err) {
    uint64_t hash[2];
    for (int i = 0; i < 2; i++) {
        lp_emu *emu;
        lp_status status = lp_emu_open(&emu, rom->data, rom->size_bytes, NULL, err);
        if (status) return status;
        hash[i] = hash_of_play(emu, s, rng);
        lp_emu_close(emu);
    }
    *wrong = hash[0] == hash[1] ? NULL : "played twice, it differs";
    return LP_OK;
}

static void sweep_one(void *context, int index, int worker) {
    sweep *s = context;
    (void)worker;
    const char *path = s->paths[index];
    lp_blob rom = {0};
    lp_err err;
    players p = {0};
    s->results[index] = OPENED;
    lp_status status = lp_file_read(&rom, path, LP_EMU_MAX_ROM_BYTES + 1, &err);
    const char *wrong = NULL;
    int step = 0;
    lp_rng rng = lp_rng_make(s->seed, (uint64_t)index);
    if (!status) status = s->twice ? play_twice(&rom, s, rng, &wrong, &err) : open_players(&p, &rom, &err);
    if (status) {
        s->results[index] = status == LP_BAD_INPUT ? REFUSED : FAILED;
        snprintf(s->lines[index], sizeof s->lines[index], "%s: %s", path, err.message);
    } else {
        if (!s->twice) wrong = play(&p, s, rng, &step);
        if (wrong) {
            s->results[index] = DIFFERS;
            snprintf(s->lines[index], sizeof s->lines[index], "%s: step %d (frame %d): %s", path, step, step * s->frame_skip, wrong);
        }
    }
    close_players(&p);
    lp_blob_free(&rom);
    static const char *const names[] = {"", "refused", "DIFFERS", "FAILED"};
    if (s->results[index] != OPENED) {
        printf("%s %s\n", names[s->results[index]], s->lines[index]);
        fflush(stdout);
    }
}

static int usage(void) {
    fprintf(stderr, "usage: sweep_roms [--frames 600] [--seed N] [--frame-skip 4] [--threads N] [--twice 1] ROM...\n");
    return 2;
}

int main(int argc, char **argv) {
    sweep s = {.frames = 600, .frame_skip = 4, .seed = 1};
    int threads = 0, first = 1;
    for (; first < argc && !strncmp(argv[first], "--", 2); first += 2) {
        if (first + 1 >= argc) return usage();
        long long value = strtoll(argv[first + 1], NULL, 0);
        if (!strcmp(argv[first], "--frames")) s.frames = (int)value;
        else if (!strcmp(argv[first], "--frame-skip")) s.frame_skip = (int)value;
        else if (!strcmp(argv[first], "--seed")) s.seed = (uint64_t)value;
        else if (!strcmp(argv[first], "--threads")) threads = (int)value;
        else if (!strcmp(argv[first], "--twice")) s.twice = value;
        else return usage();
    }
    int n = argc - first;
    if (n < 1 || s.frames < 1 || s.frame_skip < 1) return usage();
    s.paths = argv + first;
    s.results = calloc((size_t)n, sizeof *s.results);
    s.lines = calloc((size_t)n, sizeof *s.lines);
    lp_pool *pool = lp_pool_open(threads);
    if (!s.results || !s.lines || !pool) return 1;
    double start = lp_now_s();
    lp_pool_run(pool, n, sweep_one, &s);
    lp_pool_close(pool);
    int count[4] = {0};
    for (int i = 0; i < n; i++) count[s.results[i]]++;
    printf("%d ROMs, seed %llu, %d frames each at frame_skip %d, %.0f s: %d play alike, %d refused, %d differ, %d failed\n", n,
           (unsigned long long)s.seed, s.frames, s.frame_skip, lp_now_s() - start, count[OPENED], count[REFUSED], count[DIFFERS],
           count[FAILED]);
    free(s.results);
    free(s.lines);
    return count[DIFFERS] || count[FAILED];
}
