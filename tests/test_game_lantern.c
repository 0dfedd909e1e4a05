/* The game lantern: its oracle wins, chance does not, every screen can be reached and none is a trap for good, every mistake costs
 * what it should, what was told is nowhere but in the block, and the committed ROM is what its source builds.
 *
 * LONGPLAY_LANTERN_SEEDS=1000 plays the oracle on as many seeds, LONGPLAY_LANTERN_TRIES=10000 the random player as often,
 * LONGPLAY_LANTERN_HOURS=20 the oracle on as many seeds with roads so long that a gift is needed an hour after it was chosen. */
#include "base/file.h"
#include "base/rng.h"
#include "env/game.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define LANTERN_DATA /* the country's tables, as the ROM has them */
#include "games/lantern/art.h"
#include "games/lantern/world.h"

#define FOLDER LP_SOURCE_DIR "/games/lantern"
enum { WIDTH = 160, HEIGHT = 144, CELLS = 80 };
enum { NONE, LEFT, RIGHT, UP, DOWN, A, N_ACTIONS };
enum { TEXT = 2, CHOICE, MOVE, END };        /* phases */
enum { HOUR = 3600 * 15, HOUR_SCALE = 320 }; /* decisions: 60 frames a second, four each */
enum {
    BLOCK = 0xC0A0,
    BLOCK_END = 0xC300,
    PICKED = 0xC0D0,
    TOLD = 0xC0D6,
    CODE = 0xC0E4,
    WOOD_TURNS = 0xC0E8,
    GRAVE = 0xC0EE,
    PASSWORD = 0xC0EF,
    STONES = 0xC0F0,
    CHEST = 0xC0F4,
    LIAR = 0xC0F5,
    FEARS = 0xC0F6,
    TUNNEL = 0xC0F7,
    SAYS_A = 0xC0F8,
    SAYS_B = 0xC0F9,
    OWL = 0xC0FA
};

static lp_game *game;
static lp_env *env, *twin;

static int setup(void **state) {
    (void)state;
    lp_err err;
    if (lp_game_open(&game, FOLDER, &err) || lp_env_open(&env, game, NULL, &err) || lp_env_open(&twin, game, NULL, &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    lp_env_close(env), lp_env_close(twin);
    lp_game_close(game);
    return 0;
}

static int64_t value(lp_env *e, const char *name) {
    int64_t v;
    assert_true(lp_env_variable(e, name, &v));
    return v;
}

static uint8_t peek(lp_env *e, uint32_t at) { return lp_emu_read8(lp_env_emu(e), at); }

static void poke(lp_env *e, uint32_t at, uint8_t v) { lp_emu_write8(lp_env_emu(e), at, v); }

static void reset(lp_env *e, uint64_t seed, const char *settings[]) {
    int64_t knobs[LP_MAX_KNOBS];
    lp_err err;
    lp_game_default_knobs(game, knobs);
    for (int i = 0; settings && settings[i]; i++) assert_int_equal(lp_game_set_knob(game, knobs, settings[i], &err), LP_OK);
    assert_int_equal(lp_env_reset(e, seed, knobs, 0, &err), LP_OK);
}

static const char *short_roads[] = {"scale=1", NULL};

static int hint(lp_env *e) {
    lp_err err;
    int action;
    assert_int_equal(lp_env_oracle(e, &action, &err), LP_OK);
    return action;
}

static int number_from(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

static const uint32_t *frame(lp_env *e) {
    int width, height;
    const uint32_t *pixels = lp_emu_frame(lp_env_emu(e), &width, &height);
    assert_true(width == WIDTH && height == HEIGHT);
    return pixels;
}

/* ---- the optimum ---- */

/* Plays to the end by the hints; every decision takes its four frames, no more. Returns the decisions. */
static int64_t oracle_wins(lp_env *e, bool seen[N_ROOMS]) {
    lp_outcome outcome = LP_RUNNING;
    while (outcome == LP_RUNNING) {
        int64_t before = value(e, "decisions");
        if (seen) seen[value(e, "room")] = true;
        outcome = lp_env_step(e, hint(e));
        if (value(e, "phase") < 5) assert_int_equal(value(e, "decisions"), before + 1);
        if (lp_env_steps(e) > 200000) fail_msg("still at screen %d, goal %d", (int)value(e, "room"), (int)value(e, "goal"));
    }
    assert_int_equal(outcome, LP_WIN);
    return lp_env_steps(e);
}

static void test_oracle(void **state) {
    (void)state;
    const int n = number_from("LONGPLAY_LANTERN_SEEDS", 1);
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < n; i++) {
        reset(env, lp_game_eval_seed(1, (uint64_t)i), NULL);
        int64_t steps = oracle_wins(env, NULL);
        int told = 0;
        for (int f = 0; f < 14; f++) told += peek(env, TOLD + (uint32_t)f);
        assert_int_equal(told + value(env, "owl_seen"), 15); /* at least 12 things to remember */
        assert_int_equal(value(env, "mistakes"), 0);
        assert_true(steps >= 5000);
        if (steps < least) least = steps;
        if (steps > most) most = steps;
    }
    print_message("oracle, %d seeds: %d to %d decisions\n", n, (int)least, (int)most);
}

static void test_oracle_on_short_roads(void **state) {
    (void)state;
    bool seen[N_ROOMS] = {false};
    int n_seen = 0;
    for (uint64_t i = 0; i < 3; i++) {
        reset(env, lp_game_train_seed(1, i), short_roads);
        assert_in_range(oracle_wins(env, seen), 2000, 5000);
    }
    for (int r = 0; r < N_ROOMS; r++) n_seen += seen[r];
    print_message("%d of %d screens seen\n", n_seen, N_ROOMS);
    assert_true(n_seen >= 50);
}

/* The decisions from the pedlar's gift to the beast that it is for, in a game that the oracle wins. */
static int64_t gift_waits(uint64_t seed, int scale) {
    char knob[32];
    const char *settings[] = {knob, NULL};
    lp_outcome outcome = LP_RUNNING;
    int64_t picked = 0, used = 0;
    snprintf(knob, sizeof knob, "scale=%d", scale);
    reset(env, seed, settings);
    while (outcome == LP_RUNNING) {
        outcome = lp_env_step(env, hint(env));
        if (!picked && peek(env, PICKED) != 0xFF) picked = lp_env_steps(env);
        if (!used && value(env, "beast_gone")) used = lp_env_steps(env);
        if (lp_env_steps(env) > 200000) fail_msg("still at screen %d, goal %d", (int)value(env, "room"), (int)value(env, "goal"));
    }
    assert_int_equal(outcome, LP_WIN);
    assert_true(picked && used > picked);
    return used - picked;
}

/* An hour at HOUR_SCALE: what each walk of the roads adds is the same, so two short games tell it; some long ones are played on demand. */
static void test_an_hour(void **state) {
    (void)state;
    const int n = number_from("LONGPLAY_LANTERN_HOURS", 0);
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t seed = lp_game_train_seed(12, i);
        int64_t one = gift_waits(seed, 1), two = gift_waits(seed, 2), waits = one + (HOUR_SCALE - 1) * (two - one);
        print_message("at scale 1, 2 and %d a gift waits for %d, %d and %d decisions\n", HOUR_SCALE, (int)one, (int)two, (int)waits);
        assert_true(waits >= HOUR);
    }
    for (int i = 0; i < n; i++) {
        int64_t waits = gift_waits(lp_game_eval_seed(12, (uint64_t)i), HOUR_SCALE);
        print_message("seed %d: the gift waited for %d decisions\n", i, (int)waits);
        assert_true(waits >= HOUR);
    }
}

/* Wherever a wanderer without luck has got to, the hints lead on from there. */
static void test_no_dead_ends(void **state) {
    (void)state;
    int n_won = 0;
    lp_rng rng = lp_rng_make(3, 0);
    for (uint64_t i = 0; i < 3; i++) {
        reset(env, lp_game_train_seed(2, i), short_roads);
        lp_outcome outcome = LP_RUNNING;
        int turns = 300 + (int)lp_rng_below(&rng, 1500), action = DOWN;
        for (int d = 0; d < turns && outcome == LP_RUNNING; d++) {
            if (lp_rng_below(&rng, 8) == 0) action = LEFT + (int)lp_rng_below(&rng, 4);
            outcome = lp_env_step(env, d < 60 || lp_rng_below(&rng, 3) == 0 ? hint(env) : action);
        }
        if (outcome != LP_RUNNING) continue; /* too many wrong turns in the wood */
        oracle_wins(env, NULL);
        n_won++;
    }
    print_message("%d of 3 wanderers were led to the end\n", n_won);
    assert_true(n_won >= 2);
}

/* ---- a night that begins later ---- */

/* A fact that the oracle's next step needs, by its place among those that are told; -1: none. */
static int fact_in_use(void) {
    int goal = (int)value(env, "goal"), room = (int)value(env, "room");
    if (room == ROOM_WOOD && goal == THING_PERSON + 7) return value(env, "wood_step") < 3 ? 4 : 5;
    if (room == ROOM_HALL && goal == THING_PERSON + 8) return 10;
    if (room == ROOM_STONES && goal == THING_PERSON + 9) return 8;
    if (goal >= THING_WHEEL && goal < THING_WHEEL + 4) return goal - THING_WHEEL;
    if (goal >= THING_GRAVE && goal < THING_GRAVE + 8) return 6;
    if (goal >= THING_CHEST && goal < THING_CHEST + 3) return 9;
    return goal == THING_GUARD ? 7 : goal == THING_PEDLAR ? 11 : -1;
}

/* However late it begins, whatever is needed from there on was told that night, and it is won; the later, the fewer facts are told and the sooner
 * it is over. */
static void test_begins_later(void **state) {
    (void)state;
    enum { TEXT_NOW = 0xC10F, FACT, RECAPPED = 0xC246 };
    static const int begins[] = {28, 27, 25, 22, 20, 18, 17, 14, 12, 11, 7, 3};
    int64_t before = 0;
    int told_before = 0;
    for (size_t b = 0; b < sizeof begins / sizeof *begins; b++) {
        bool told[14] = {false}, owl = false;
        int n = 0;
        char knob[16];
        const char *settings[] = {"scale=1", knob, NULL};
        snprintf(knob, sizeof knob, "begin=%d", begins[b]);
        reset(env, lp_game_train_seed(21, 0), settings);
        lp_outcome outcome = LP_RUNNING;
        while (outcome == LP_RUNNING) {
            const int64_t decision = value(env, "decisions");
            if (value(env, "phase") == TEXT && peek(env, TEXT_NOW) <= T_SAYS_B) {
                n += !told[peek(env, FACT)];
                told[peek(env, FACT)] = true;
            }
            owl |= value(env, "phase") == TEXT && peek(env, TEXT_NOW) == T_OWL;
            const bool begun = peek(env, RECAPPED) == 0xFF;
            const int fact = begun ? fact_in_use() : -1;
            if (fact >= 0 && !told[fact]) fail_msg("begin=%d: fact %d was not told", begins[b], fact);
            if (fact == 10) assert_true(told[12] && told[13]);
            if (begun && value(env, "has_feather") && value(env, "goal") >= THING_TREE && value(env, "goal") < THING_TREE + 6)
                assert_true(owl);
            outcome = lp_env_step(env, hint(env));
            if (value(env, "phase") < 5) assert_int_equal(value(env, "decisions"), decision + 1);
        }
        assert_int_equal(outcome, LP_WIN);
        assert_int_equal(value(env, "mistakes"), 0);
        print_message("begin=%d: %d facts, %d decisions\n", begins[b], n, (int)lp_env_steps(env));
        assert_true(n >= told_before && lp_env_steps(env) > before);
        told_before = n, before = lp_env_steps(env);
    }
    assert_int_equal(told_before, 14);
}

/* ---- the floor ---- */
static void test_random(void **state) {
    (void)state;
    static const char *settings[] = {"scale=1", "oil=2000", NULL};
    const int n = number_from("LONGPLAY_LANTERN_TRIES", 2);
    for (int i = 0; i < n; i++) {
        lp_rng rng = lp_rng_make(11, (uint64_t)i);
        lp_outcome outcome = LP_RUNNING;
        reset(env, lp_game_eval_seed(7, (uint64_t)i), settings);
        while (outcome == LP_RUNNING) outcome = lp_env_step(env, (int)lp_rng_below(&rng, N_ACTIONS));
        assert_int_equal(outcome, LP_LOSS);
    }
}

/* The games' hash, and the first lots that a seed draws, written again. */
static uint32_t mix(uint32_t h) {
    h ^= h >> 16;
    h *= 0x85ebca6b;
    h ^= h >> 13;
    h *= 0xc2b2ae35;
    return h ^ h >> 16;
}

static void assert_lots(uint32_t seed) {
    static const struct {
        uint32_t at;
        uint8_t n_values, first;
    } drawn[] = {{CODE, 8, 1},           {CODE + 1, 8, 1},       {CODE + 2, 8, 1},
                 {CODE + 3, 8, 1},       {WOOD_TURNS, 3, 0},     {WOOD_TURNS + 1, 3, 0},
                 {WOOD_TURNS + 2, 3, 0}, {WOOD_TURNS + 3, 3, 0}, {WOOD_TURNS + 4, 3, 0},
                 {WOOD_TURNS + 5, 3, 0}, {STONES, 3, 0},         {STONES + 1, 3, 0},
                 {STONES + 2, 3, 0},     {STONES + 3, 3, 0},     {GRAVE, 8, 0},
                 {PASSWORD, 4, 0},       {CHEST, 3, 0},          {LIAR, 2, 0},
                 {FEARS, 3, 0},          {TUNNEL, 3, 0},         {OWL, 6, 0}};
    for (uint32_t i = 0; i < sizeof drawn / sizeof *drawn; i++) {
        uint32_t lot = mix(seed ^ mix((i + 1) * 0x9e3779b9)) >> 8 & 0xFFFF;
        assert_int_equal(peek(env, drawn[i].at), drawn[i].first + lot % drawn[i].n_values);
    }
}

/* Lots are even: 4 wheels of 8 alone leave one in 4,096. */
static void test_lots_are_even(void **state) {
    (void)state;
    enum { N = 120 };
    int code[9] = {0}, chest[3] = {0}, fears[3] = {0}, tunnel[3] = {0}, first_fact[14] = {0};
    for (uint64_t i = 0; i < N; i++) {
        uint64_t seed = i & 1 ? lp_game_eval_seed(9, i) : lp_game_train_seed(9, i);
        reset(env, seed, NULL);
        assert_lots((uint32_t)seed);
        for (uint32_t w = 0; w < 4; w++) code[peek(env, CODE + w)]++;
        chest[peek(env, CHEST)]++, fears[peek(env, FEARS)]++, tunnel[peek(env, TUNNEL)]++, first_fact[peek(env, 0xC0FB)]++;
        bool ulf_lies = peek(env, LIAR) == 0;
        assert_int_equal(peek(env, ulf_lies ? SAYS_B : SAYS_A), peek(env, TUNNEL));
        assert_int_not_equal(peek(env, ulf_lies ? SAYS_A : SAYS_B), peek(env, TUNNEL));
        uint32_t facts = 0;
        for (uint32_t p = 0; p < 14; p++) facts |= 1u << peek(env, 0xC0FB + p);
        assert_int_equal(facts, 0x3FFF); /* everybody knows one, and each is known */
    }
    assert_int_equal(code[0], 0);
    for (int d = 1; d <= 8; d++) assert_in_range(code[d], N / 2 - 35, N / 2 + 35);
    for (int w = 0; w < 3; w++) {
        assert_in_range(chest[w], N / 3 - 22, N / 3 + 22);
        assert_in_range(fears[w], N / 3 - 22, N / 3 + 22);
        assert_in_range(tunnel[w], N / 3 - 22, N / 3 + 22);
    }
    int known = 0;
    for (int f = 0; f < 14; f++) known += first_fact[f] > 0;
    assert_true(known >= 6); /* the miller may know any of seven things */
}

/* ---- the country ---- */
static void test_tables_are_the_roms(void **state) {
    (void)state;
    size_t size;
    const uint8_t *rom = lp_game_rom(game, &size);
    assert_non_null(memmem(rom, size, world_cells, sizeof world_cells));
    assert_non_null(memmem(rom, size, world_links, sizeof world_links));
    assert_non_null(memmem(rom, size, world_warps, sizeof world_warps));
    assert_non_null(memmem(rom, size, world_routes, sizeof world_routes));
}

static bool is_walkable(int room, int cell) {
    int square = world_cells[world_layout[room] * CELLS + cell];
    return !art_solid[square] || square == SQ_GATE || square == SQ_STORM || square == SQ_TOWER_DOOR;
}

/* The squares that one step leads to, all locks open: at most one. -1: none. */
static int step_to(int node, int side) {
    static const int by[4] = {-10, 1, 10, -1}, across[4] = {70, -9, -70, 9};
    int room = node / CELLS, cell = node % CELLS, x = cell % 10, y = cell / 10;
    bool edge = side == 0 ? y == 0 : side == 1 ? x == 9 : side == 2 ? y == 7 : x == 0;
    if (edge) {
        int to = room == ROOM_WOOD && side != 2 ? ROOM_WOOD : world_links[room * 4 + side];
        if (to == 255 || !is_walkable(to, cell + across[side])) return -1;
        return to * CELLS + cell + across[side];
    }
    if (!is_walkable(room, cell + by[side])) return -1;
    for (int w = 0; w < N_WARPS; w++)
        if (world_warps[4 * w] == room && world_warps[4 * w + 1] == cell + by[side])
            return world_warps[4 * w + 2] * CELLS + world_warps[4 * w + 3];
    return room * CELLS + cell + by[side];
}

static int flood(int from, bool reached[N_ROOMS * CELLS]) {
    static int todo[N_ROOMS * CELLS];
    int head = 0, tail = 0;
    memset(reached, 0, N_ROOMS * CELLS);
    todo[tail++] = from, reached[from] = true;
    while (head < tail) {
        int node = todo[head++];
        for (int side = 0; side < 5; side++) {
            /* the wood's six right turns, which come out in the glade, count as a step of their own */
            int next = side < 4 ? step_to(node, side) : node / CELLS == ROOM_WOOD ? ROOM_GLADE * CELLS + 64 : -1;
            if (next >= 0 && !reached[next]) reached[next] = true, todo[tail++] = next;
        }
    }
    return tail;
}

static void test_every_screen_can_be_reached(void **state) {
    (void)state;
    static bool reached[N_ROOMS * CELLS], again[N_ROOMS * CELLS];
    const int home = ROOM_OWN * CELLS + 44;
    flood(home, reached);
    int rooms = 0;
    for (int r = 0; r < N_ROOMS; r++) {
        int n = 0, somewhere = -1;
        for (int c = 0; c < CELLS; c++)
            if (reached[r * CELLS + c]) n++, somewhere = r * CELLS + c;
        assert_true(n >= 4);
        rooms++;
        flood(somewhere, again); /* and from there one can get home, and to the lamp */
        assert_true(again[home] && again[ROOM_TOP * CELLS + 32]);
    }
    assert_true(rooms >= 40);
    print_message("%d screens\n", rooms);
}

/* ---- mistakes ---- */

/* Plays by the hints until A (or, as `key` says, any step) is due at this goal, then changes the truth at `at`, makes that decision and
 * changes it back; plays on until the text is over. */
static lp_outcome mislead(int goal, int room, int key, uint32_t at, uint8_t n, uint8_t first) {
    lp_outcome outcome = LP_RUNNING;
    for (int d = 0; d < 9000; d++) {
        int action = hint(env);
        bool here = value(env, "goal") == goal && (room < 0 || value(env, "room") == room) && action == key && value(env, "phase") != TEXT;
        if (here) {
            uint8_t truth = peek(env, at);
            poke(env, at, (uint8_t)(first + (truth - first + 1) % n));
            outcome = lp_env_step(env, action);
            for (int i = 0; outcome == LP_RUNNING && (i < 2 || value(env, "phase") == MOVE); i++) outcome = lp_env_step(env, NONE);
            poke(env, at, truth);
            while (outcome == LP_RUNNING && (value(env, "phase") == TEXT || value(env, "phase") == END)) outcome = lp_env_step(env, A);
            return outcome;
        }
        outcome = lp_env_step(env, action);
        assert_int_equal(outcome, LP_RUNNING);
    }
    fail_msg("goal %d was never reached", goal);
    return LP_LOSS;
}

/* One game in which everything goes wrong once that may: each costs one flame; with the fifth it is lost. */
static void test_mistakes_cost_flames(void **state) {
    (void)state;
    reset(env, 40, short_roads);
    int tree = THING_TREE + peek(env, OWL), grave = THING_GRAVE + peek(env, GRAVE), flames = 5;
    assert_int_equal(mislead(tree, -1, A, OWL, 6, 0), LP_RUNNING);
    assert_int_equal(value(env, "flames"), --flames);
    assert_int_equal(value(env, "has_glass"), 0);
    assert_int_equal(mislead(grave, -1, A, GRAVE, 8, 0), LP_RUNNING);
    assert_int_equal(value(env, "flames"), --flames);
    assert_int_equal(value(env, "has_key"), 0);
    lp_outcome outcome = LP_RUNNING; /* the guard asks; the answer is another word by then */
    while (value(env, "phase") != CHOICE || value(env, "goal") != THING_GUARD) lp_env_step(env, hint(env));
    for (int i = 0; i < 20; i++) lp_env_step(env, NONE);
    outcome = lp_env_step(env, LEFT + (hint(env) - LEFT + 1) % 4);
    assert_int_equal(outcome, LP_RUNNING);
    assert_int_equal(value(env, "flames"), --flames);
    assert_int_equal(value(env, "guard_gone"), 0);
    assert_int_equal(mislead(THING_LEVER, -1, A, CODE, 8, 1), LP_RUNNING);
    assert_int_equal(value(env, "flames"), --flames);
    assert_int_equal(value(env, "door_open"), 0);
    assert_int_equal(mislead(THING_LEVER, -1, A, CODE, 8, 1), LP_LOSS);
    assert_int_equal(value(env, "flames"), 0);
    assert_int_equal(value(env, "mistakes"), 5);
}

static void test_traps(void **state) {
    (void)state;
    reset(env, 41, short_roads);
    assert_int_equal(mislead(THING_CHEST + peek(env, CHEST), -1, A, CHEST, 3, 0), LP_LOSS);
    assert_int_equal(value(env, "flames"), 5);
    reset(env, 42, short_roads);
    assert_int_equal(mislead(THING_BEAST, -1, A, FEARS, 3, 0), LP_LOSS);
    assert_int_equal(value(env, "flames"), 5);
}

static void test_wrong_ways(void **state) {
    (void)state;
    for (uint64_t seed = 50; seed < 52; seed++) {
        reset(env, seed, short_roads);
        while (value(env, "room") != ROOM_WOOD) lp_env_step(env, hint(env));
        int flames = (int)value(env, "flames");
        uint8_t turn = peek(env, WOOD_TURNS);
        /* another turn is the right one now, but the hint still shows the old one until the screen is left */
        while (value(env, "room") == ROOM_WOOD && value(env, "flames") == flames) {
            poke(env, WOOD_TURNS, turn);
            int action = hint(env);
            poke(env, WOOD_TURNS, (uint8_t)((turn + 1) % 3));
            lp_env_step(env, action);
            assert_int_equal(value(env, "wood_step") == 1, false);
        }
        poke(env, WOOD_TURNS, turn);
        assert_int_equal(value(env, "room"), ROOM_WOOD);
        assert_int_equal(value(env, "flames"), --flames);
        /* the mine: the tunnel that the hints take gives way */
        while (value(env, "room") != ROOM_HALL) lp_env_step(env, hint(env));
        uint8_t tunnel = peek(env, TUNNEL);
        while (value(env, "y") != 1) lp_env_step(env, hint(env));
        poke(env, TUNNEL, (uint8_t)((tunnel + 1) % 3));
        lp_env_step(env, NONE), lp_env_step(env, NONE);
        poke(env, TUNNEL, tunnel);
        assert_int_equal(value(env, "room"), ROOM_HALL);
        assert_int_equal(value(env, "flames"), --flames);
        /* the mire: so does a stone */
        while (value(env, "room") != ROOM_STONES || value(env, "x") != 2) lp_env_step(env, hint(env));
        uint8_t stone = peek(env, STONES);
        poke(env, STONES, (uint8_t)((stone + 1) % 3));
        lp_env_step(env, NONE), lp_env_step(env, NONE);
        poke(env, STONES, stone);
        assert_int_equal(value(env, "x"), 1);
        assert_int_equal(value(env, "flames"), --flames);
        oracle_wins(env, NULL); /* with two flames left */
        assert_int_equal(value(env, "flames"), 2);
    }
}

static void test_oil(void **state) {
    (void)state;
    static const char *settings[] = {"oil=50", "scale=3", NULL};
    reset(env, 6, settings);
    lp_outcome outcome = LP_RUNNING;
    while (outcome == LP_RUNNING) outcome = lp_env_step(env, hint(env));
    assert_int_equal(outcome, LP_LOSS);
    const lp_event *events;
    assert_int_equal(lp_env_events(env, &events), 1);
    assert_string_equal(events->text, "The oil is used up: lost.");
    for (int i = 0; i < 50; i++) assert_int_equal(lp_env_step(env, i % N_ACTIONS), LP_LOSS); /* and it stays so */
}

/* ---- what the player sees ---- */
static void test_start_takes_the_same_time(void **state) {
    (void)state;
    static uint32_t first[WIDTH * HEIGHT];
    static const char *knobs[3][3] = {{"scale=1", NULL}, {"oil=777", "scale=5000", NULL}, {NULL}};
    for (uint64_t i = 0; i < 24; i++) {
        reset(env, lp_game_train_seed(5, i), knobs[i % 3]);
        if (!i) memcpy(first, frame(env), sizeof first);
        assert_memory_equal(frame(env), first, sizeof first);
        assert_int_equal(value(env, "decisions"), 0);
        lp_env_step(env, NONE);
        assert_int_equal(value(env, "decisions"), 1);
    }
}

static void test_texts_tell_the_truth(void **state) {
    (void)state;
    static const char *passwords[] = {"Moon", "Star", "Rain", "Sun"}, *gifts[] = {"bell", "mirror", "horn"},
                      *ways[] = {"left", "middle", "right"};
    int n_seen = 0;
    reset(env, 60, short_roads);
    char word[4][32];
    snprintf(word[0], 32, "word is %s.", passwords[peek(env, PASSWORD)]);
    snprintf(word[1], 32, "fears a %s.", gifts[peek(env, FEARS)]);
    snprintf(word[2], 32, "only the %s chest", ways[peek(env, CHEST)]);
    snprintf(word[3], 32, "third wheel must show %d.", peek(env, CODE + 2));
    for (lp_outcome outcome = LP_RUNNING; outcome == LP_RUNNING; outcome = lp_env_step(env, hint(env))) {
        const lp_event *events;
        int n = lp_env_events(env, &events);
        for (int i = 0; i < n; i++)
            for (int w = 0; w < 4; w++) n_seen += strstr(events[i].text, word[w]) != NULL && events[i].milestone;
    }
    assert_int_equal(n_seen, 4);
}

/* ---- honesty ---- */
static bool box_is_open(lp_env *e) {
    int64_t phase = value(e, "phase");
    return phase == TEXT || phase == CHOICE || peek(e, 0xC114) != 0; /* or still closing */
}

/* Every byte of video memory, sprites and registers, every pixel, and RAM outside the block (and the stack's leftovers). */
static void assert_same(void) {
    static const struct {
        uint32_t from, to;
    } regions[] = {{0x8000, 0xA000}, {0xC000, BLOCK}, {BLOCK_END, 0xDF00}, {0xFE00, 0xFEA0}, {0xFF00, 0x10000}};
    assert_memory_equal(frame(env), frame(twin), WIDTH * HEIGHT * sizeof(uint32_t));
    for (size_t r = 0; r < sizeof regions / sizeof *regions; r++)
        for (uint32_t at = regions[r].from; at < regions[r].to; at++)
            if (peek(env, at) != peek(twin, at)) fail_msg("%04x tells at decision %d", at, (int)lp_env_steps(env));
}

static void other(uint32_t at, uint8_t n, uint8_t first) { poke(twin, at, (uint8_t)(first + (peek(twin, at) - first + 1) % n)); }

/* Two games of one seed, but in the other everything that people will say is different. The same keys are pressed in both. While
 * somebody speaks they differ; whenever the box is closed, to the wood's edge, they are the same in every byte. */
static void test_nothing_tells(void **state) {
    (void)state;
    for (uint64_t seed = 70; seed < 72; seed++) {
        int n_differ = 0, n_same = 0;
        reset(env, seed, short_roads), reset(twin, seed, short_roads);
        for (uint32_t i = 0; i < 4; i++) other(CODE + i, 8, 1);
        for (uint32_t i = 0; i < 6; i++) other(WOOD_TURNS + i, 3, 0);
        for (uint32_t i = 0; i < 4; i++) other(STONES + i, 3, 0);
        other(GRAVE, 8, 0), other(PASSWORD, 4, 0), other(CHEST, 3, 0), other(LIAR, 2, 0), other(FEARS, 3, 0);
        while (value(env, "room") != ROOM_WOOD) {
            int action = hint(env);
            assert_int_equal(lp_env_step(env, action), LP_RUNNING);
            assert_int_equal(lp_env_step(twin, action), LP_RUNNING);
            if (!box_is_open(env)) {
                if (n_same++ % 8 == 0 || n_differ % 16 == 1) assert_same();
                else assert_memory_equal(frame(env), frame(twin), WIDTH * HEIGHT * sizeof(uint32_t));
            } else {
                n_differ += memcmp(frame(env), frame(twin), WIDTH * HEIGHT * sizeof(uint32_t)) != 0;
            }
            if (value(env, "owl_seen") && peek(twin, OWL) == peek(env, OWL)) other(OWL, 6, 0); /* nor does the tree, once seen */
        }
        print_message("seed %d: %d decisions the same, %d told apart\n", (int)seed, n_same, n_differ);
        assert_true(n_differ >= 9 * 10 && n_same > 800); /* nine people have spoken, for ten decisions at least */
    }
}

/* The notebook of the game that needs no memory shows what was told; without it the bar does not. */
static void test_notebook(void **state) {
    (void)state;
    static const char *settings[] = {"scale=1", "keep_notes=1", NULL};
    for (int notes = 0; notes < 2; notes++) {
        reset(env, 80, notes ? settings : short_roads), reset(twin, 80, notes ? settings : short_roads);
        other(LIAR, 2, 0);
        bool differ = false;
        for (int d = 0; d < 140; d++) {
            int action = hint(env);
            lp_env_step(env, action), lp_env_step(twin, action);
            if (value(env, "told_liar") && !box_is_open(env))
                differ = differ || memcmp(frame(env), frame(twin), WIDTH * HEIGHT * sizeof(uint32_t)) != 0;
        }
        assert_int_equal(value(env, "told_liar"), 1);
        assert_int_equal(differ, notes);
    }
}

/* ---- the ROM ---- */
static void test_header(void **state) {
    (void)state;
    size_t size;
    const uint8_t *rom = lp_game_rom(game, &size);
    assert_int_equal(size, 32768);
    uint8_t header = 0;
    for (int i = 0x134; i <= 0x14C; i++) header = (uint8_t)(header - rom[i] - 1);
    assert_int_equal(header, rom[0x14D]);
    uint16_t sum = 0;
    for (size_t i = 0; i < size; i++) sum = (uint16_t)(sum + (i == 0x14E || i == 0x14F ? 0 : rom[i]));
    assert_int_equal(sum, rom[0x14E] << 8 | rom[0x14F]);
    assert_string_equal(lp_emu_title(lp_env_emu(env)), "LANTERN");
    assert_int_equal(lp_emu_system(lp_env_emu(env)), LP_SYSTEM_GB);
}

static void test_rebuilt(void **state) {
    (void)state;
    if (system("sdcc --version 2>/dev/null | grep -q 'sm83.* 4\\.2\\.0 '")) {
        print_message("SDCC 4.2.0 is not here: the ROM was not rebuilt\n");
        skip();
    }
    char folder[PATH_MAX], path[PATH_MAX], command[3 * PATH_MAX];
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "make -s -C '%s' OUT='%s' '%s/lantern.gb'", FOLDER, folder, folder);
    assert_int_equal(system(command), 0);
    lp_blob built;
    lp_err err;
    assert_int_equal(lp_file_read(&built, lp_path_join(path, sizeof path, folder, "lantern.gb"), 1 << 20, &err), LP_OK);
    size_t size;
    const void *rom = lp_game_rom(game, &size);
    assert_int_equal(built.size_bytes, size);
    assert_memory_equal(built.data, rom, size);
    lp_blob_free(&built);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_oracle_on_short_roads),
        cmocka_unit_test(test_an_hour),
        cmocka_unit_test(test_no_dead_ends),
        cmocka_unit_test(test_begins_later),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_lots_are_even),
        cmocka_unit_test(test_tables_are_the_roms),
        cmocka_unit_test(test_every_screen_can_be_reached),
        cmocka_unit_test(test_mistakes_cost_flames),
        cmocka_unit_test(test_traps),
        cmocka_unit_test(test_wrong_ways),
        cmocka_unit_test(test_oil),
        cmocka_unit_test(test_start_takes_the_same_time),
        cmocka_unit_test(test_texts_tell_the_truth),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_notebook),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
