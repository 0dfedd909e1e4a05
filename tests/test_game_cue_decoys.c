/* The game cue's knobs `when` and `decoys`: the board shows what the plan, written again here, says, at every decision; moments and
 * symbols are even over the seeds and tell nothing of the answer; rules that need no memory of the mark lose; the defaults are what they were.
 */
#include "tests/small_game_support.h"

enum { BLANK, SIGN, DECOY };  /* shown */
enum { CORRIDOR = 2, DOORS }; /* phase */
enum { FIRST = 4, SLOT = 5, MAX_SLOTS = 500, NONE = 255 };

static int setup(void **state) {
    (void)state;
    return gs_open("cue");
}

typedef struct {
    int64_t horizon;
    int doors, when, decoys, keep;
} setting;

static const char *knobs_of(setting s) {
    static char text[100];
    snprintf(text, sizeof text, "horizon=%lld,doors=%d,when=%d,decoys=%d,keep_cue=%d", (long long)s.horizon, s.doors, s.when, s.decoys,
             s.keep);
    return text;
}

static uint32_t answer_of(uint32_t seed, int doors) { return gs_mix(seed ^ 0x2545f491) % (uint32_t)doors; }

/* ---- the plan, written again ---- */
typedef struct {
    int shown, symbol;
} board;

static uint32_t xorshift(uint32_t *x) {
    *x ^= *x << 13;
    *x ^= *x >> 17;
    return *x ^= *x << 5;
}

/* What the first n slots show, the first of all being the start; a sign's symbol is left out. Returns the sign's. */
static int64_t plan(setting s, uint32_t scenery, int n, board *out) {
    int64_t slots = (s.horizon - 1) / SLOT, sign = s.when && slots ? 1 + gs_mix(scenery + 0x27220000) % slots : 0;
    uint32_t moments = gs_mix(scenery + 0x165f0000), symbols = gs_mix(scenery + 0x6c8e0000);
    int left = s.decoys;
    for (int i = 0; i < n; i++) {
        out[i] = (board){BLANK, NONE};
        if (i == sign) out[i].shown = SIGN;
        else if (i && i <= slots && left && xorshift(&moments) % (slots + 1 - i - (sign > i)) < left) {
            out[i] = (board){DECOY, (int)((xorshift(&symbols) >> 16) % (uint32_t)s.doors)};
            left--;
        }
    }
    return sign;
}

/* ---- what is shown ---- */

/* Every decision of an episode: the board's picture, what RAM says of it, phase and count; decoys as many as fit. */
static void follow(setting s, uint64_t seed, int64_t n_decisions, uint64_t pictures[3][4]) {
    static board slots[MAX_SLOTS];
    assert_true(n_decisions <= SLOT * MAX_SLOTS);
    gs_reset(gs_env, seed, knobs_of(s));
    int64_t sign = plan(s, gs_scenery_of((uint32_t)seed), MAX_SLOTS, slots), fit = (s.horizon - 1) / SLOT - (sign > 0), n_decoys = 0;
    int answer = (int)answer_of((uint32_t)seed, s.doors);
    for (int64_t d = 0; d < n_decisions; d++) {
        int64_t phase = d < FIRST ? 1 : d < FIRST + s.horizon ? CORRIDOR : DOORS;
        board now = d % SLOT < FIRST ? slots[d / SLOT] : (board){BLANK, NONE};
        if (now.shown == SIGN || (now.shown == BLANK && s.keep && d / SLOT >= sign)) now = (board){SIGN, answer};
        n_decoys += now.shown == DECOY && d % SLOT == 0;
        assert_int_equal(gs_value(gs_env, "phase"), phase);
        assert_int_equal(gs_value(gs_env, "decisions"), d);
        assert_int_equal(gs_value(gs_env, "shown"), now.shown);
        assert_int_equal(gs_value(gs_env, "symbol"), now.symbol);
        uint64_t seen = gs_frame_hash(gs_env, 0, GS_SPLIT), *known = &pictures[now.shown][now.shown ? now.symbol : 0];
        if (!*known) *known = seen;
        assert_true(seen == *known);
        assert_int_equal(lp_env_step(gs_env, 0), LP_RUNNING);
    }
    if (n_decisions > FIRST + s.horizon) assert_int_equal(n_decoys, s.decoys < fit ? s.decoys : fit);
}

static void test_board(void **state) {
    (void)state;
    static const setting settings[] = {{64, 4, 0, 0, 0},  {64, 4, 1, 0, 0}, {64, 4, 0, 5, 0},    {64, 3, 1, 5, 0},  {64, 2, 1, 1000, 0},
                                       {64, 4, 0, 99, 1}, {64, 4, 1, 5, 1}, {256, 4, 1, 16, 0},  {6, 4, 1, 2, 0},   {10, 4, 1, 2, 0},
                                       {11, 4, 1, 2, 0},  {11, 4, 0, 2, 1}, {600, 4, 1, 300, 1}, {600, 3, 1, 40, 0}};
    uint64_t pictures[3][4] = {{0}}, flat[9];
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        for (uint64_t seed = 0; seed < 12; seed++)
            follow(settings[i], lp_game_train_seed(i, seed), FIRST + settings[i].horizon + 3, pictures);
    for (int64_t horizon = 1; horizon <= 7; horizon++) /* below 6 the sign has no slot: it comes first */
        for (uint64_t seed = 0; seed < 3; seed++) follow((setting){horizon, 4, 1, 3, 0}, seed, FIRST + horizon + 3, pictures);
    for (uint64_t seed = 0; seed < 4; seed++) follow((setting){2000000, 4, 1, 1000, 0}, seed, 2000, pictures);
    for (int i = 0; i < 9; i++) flat[i] = i < 8 ? pictures[1 + i / 4][i % 4] : pictures[BLANK][0];
    for (int i = 0; i < 9; i++) {
        assert_true(flat[i]);
        for (int j = 0; j < i; j++) assert_true(flat[i] != flat[j]);
    }
}

/* At the longest corridor the sign's slot is in RAM what the plan says. */
static void test_longest_horizon(void **state) {
    (void)state;
    setting s = {2000000, 4, 1, 1000, 0};
    board first;
    for (uint64_t seed = 0; seed < 20; seed++) {
        gs_reset(gs_env, seed, knobs_of(s));
        for (int d = 0; d < 3; d++) lp_env_step(gs_env, 0);
        assert_int_equal(gs_value(gs_env, "slots"), 399999);
        assert_int_equal(gs_value(gs_env, "sign_in") + 1, plan(s, gs_scenery_of((uint32_t)seed), 1, &first));
    }
}

/* Sign and decoy differ, as the policy sees them, by the bar and what it hides alone: 48 x 8 pixels are 24 x 4. */
static void test_mark_is_plain(void **state) {
    (void)state;
    uint8_t seen[3][4][GS_OBS_WIDTH * GS_OBS_HEIGHT];
    bool has[3][4] = {{false}};
    setting s = {64, 4, 1, 6, 0};
    for (uint64_t seed = 0; seed < 12; seed++) {
        gs_reset(gs_env, seed, knobs_of(s));
        for (int64_t d = 0; d < FIRST + s.horizon; d++) {
            int64_t shown = gs_value(gs_env, "shown"), symbol = gs_value(gs_env, "symbol");
            if (shown) lp_env_observe(gs_env, seen[shown][symbol]), has[shown][symbol] = true;
            lp_env_step(gs_env, 0);
        }
    }
    for (int symbol = 0; symbol < 4; symbol++) {
        int n_plain = 0;
        assert_true(has[SIGN][symbol] && has[DECOY][symbol]);
        for (int i = 0; i < GS_OBS_WIDTH * GS_SPLIT / 2; i++) {
            int difference = abs(seen[SIGN][symbol][i] - seen[DECOY][symbol][i]), x = i % GS_OBS_WIDTH, y = i / GS_OBS_WIDTH;
            n_plain += difference > 100;
            if (difference) assert_true(x >= 28 && x < 52 && y >= 16 && y < 20);
        }
        print_message("symbol %d: %d of 96 pixels differ by more than 100 of 255\n", symbol, n_plain);
        assert_true(n_plain >= 24);
    }
}

static void test_events(void **state) {
    (void)state;
    int n_signs = 0, n_decoys = 0;
    gs_reset(gs_env, 5, "horizon=200,doors=4,when=1,decoys=7");
    for (int d = 0; d < 200; d++) {
        const lp_event *events;
        int n = lp_env_events(gs_env, &events);
        for (int i = 0; i < n; i++) {
            char text[80];
            static const char *const names[] = {"circle", "cross", "triangle", "square"};
            const char *name = names[gs_value(gs_env, "symbol") & 3];
            bool is_sign = !strcmp(events[i].name, "sign"), is_decoy = !strcmp(events[i].name, "decoy");
            snprintf(text, sizeof text, is_sign ? "The sign shows a %s." : "A decoy shows a %s.", name);
            if (is_sign || is_decoy) assert_string_equal(events[i].text, text);
            n_signs += is_sign, n_decoys += is_decoy;
        }
        lp_env_step(gs_env, 0);
    }
    assert_int_equal(n_signs, 1);
    assert_int_equal(n_decoys, 7);
}

/* With the knobs at their defaults every observation is what it was in the ROM that had none of them (SHA-1 c5e22f03...): the
 * shipped weights were trained on that. */
static void test_defaults_are_as_before(void **state) {
    (void)state;
    static const char *const knobs[] = {"", "doors=3", "doors=4,horizon=1", "doors=4,horizon=100", "doors=4,keep_cue=1"};
    uint8_t seen[GS_OBS_WIDTH * GS_OBS_HEIGHT];
    uint64_t hash = 0;
    for (uint64_t i = 0; i < 20; i++) {
        gs_reset(gs_env, i % 2 ? lp_game_train_seed(1, i) : lp_game_eval_seed(1, i), knobs[i % 5]);
        for (uint64_t d = 0; d < 110; d++) {
            lp_env_observe(gs_env, seen);
            hash = hash * 0x9e3779b97f4a7c15u + lp_hash64(seen, sizeof seen);
            lp_env_step(gs_env, (int)((i + d) % 5));
        }
    }
    print_message("observations %016llx\n", (unsigned long long)hash);
    assert_true(hash == 0x3ef63770d2d2dea5u);
}

/* ---- honesty ---- */

/* Chi-square within 4.5 standard deviations of its mean; expected is the same in every cell. */
static void expect_even(const char *what, const int *count, int n_cells) {
    double total = 0, chi = 0;
    for (int i = 0; i < n_cells; i++) total += count[i];
    double each = total / n_cells;
    for (int i = 0; i < n_cells; i++) chi += (count[i] - each) * (count[i] - each) / each;
    print_message("%s: chi-square %.1f of %d degrees of freedom\n", what, chi, n_cells - 1);
    if (!(fabs(chi - (n_cells - 1)) < 4.5 * sqrt(2.0 * (n_cells - 1)))) fail_msg("not even");
}

/* Over the sceneries, once each, the sign's slot; over the seeds of either set its slot with the answer, the slots of decoys, and a
 * decoy's symbol with the answer and with the decoy's before it: every combination is as common as any other. (Of more seeds many
 * would share a scenery, and so count twice.) */
static void test_moments_are_even(void **state) {
    (void)state;
    enum { SLOTS = 51, SEEDS = 8000, LONG_SLOTS = 399999, BINS = 40 };
    static int slot[SLOTS], bin[BINS], slot_answer[SLOTS * 4], decoys[SLOTS], symbols[64];
    board shown[SLOTS + 1];
    for (uint32_t scenery = 0; scenery < 65536; scenery++) {
        slot[plan((setting){256, 4, 1, 0, 0}, scenery, 0, shown) - 1]++;
        bin[(plan((setting){2000000, 4, 1, 0, 0}, scenery, 0, shown) - 1) * BINS / LONG_SLOTS]++;
    }
    expect_even("the sign's slot of 51", slot, SLOTS);
    expect_even("of 399,999, in 40 parts", bin, BINS);
    for (int set = 0; set < 2; set++) {
        memset(slot_answer, 0, sizeof slot_answer), memset(decoys, 0, sizeof decoys), memset(symbols, 0, sizeof symbols);
        for (uint64_t i = 0; i < SEEDS; i++) {
            uint32_t seed = (uint32_t)(set ? lp_game_train_seed(7, i) : lp_game_eval_seed(7, i));
            int answer = (int)answer_of(seed, 4), last = NONE;
            int64_t sign = plan((setting){256, 4, 1, 16, 0}, gs_scenery_of(seed), SLOTS + 1, shown);
            slot_answer[(sign - 1) * 4 + answer]++;
            for (int k = 1; k <= SLOTS; k++) {
                if (shown[k].shown != DECOY) continue;
                decoys[k - 1]++;
                if (last != NONE) symbols[(last * 4 + shown[k].symbol) * 4 + answer]++;
                last = shown[k].symbol;
            }
        }
        expect_even("the sign's slot, and the answer", slot_answer, SLOTS * 4);
        expect_even("slots of decoys", decoys, SLOTS);
        expect_even("two decoys in a row, and the answer", symbols, 64);
    }
}

static bool differ(uint32_t a, uint32_t b) { return answer_of(a, 4) != answer_of(b, 4); }

/* Two seeds with the same scenery, and so the same moments and decoys, and different answers: but while the sign itself is shown nothing
 * differs, at any decision, whatever keys are pressed. In the block only the seed and the answer do (C0A8 to C0AB, C0B1). */
static void test_nothing_tells(void **state) {
    (void)state;
    static const setting settings[] = {{90, 4, 1, 0, 0}, {90, 4, 1, 6, 0}, {90, 4, 0, 6, 0}, {90, 4, 1, 1000, 0}, {4, 4, 1, 3, 0}};
    lp_rng rng = lp_rng_make(31, 0);
    uint32_t i = 0, a, b;
    for (int pair = 0; pair < gs_number(10, 100); pair++) {
        setting s = settings[pair % 5];
        int n_shown = 0;
        gs_pair(&i, differ, &a, &b);
        gs_reset(gs_env, a, knobs_of(s)), gs_reset(gs_other, b, knobs_of(s));
        assert_int_equal(gs_value(gs_env, "answer"), answer_of(a, 4));
        for (int64_t d = 0; d <= FIRST + s.horizon + 2; d++) {
            if (gs_value(gs_env, "shown") == SIGN) {
                assert_true(gs_frame_hash(gs_env, 0, GS_SPLIT) != gs_frame_hash(gs_other, 0, GS_SPLIT)); /* the test can tell */
                n_shown++;
            } else {
                gs_assert_same();
                for (uint32_t at = 0xC0A0; at < 0xC100; at++)
                    if (lp_emu_read8(lp_env_emu(gs_env), at) != lp_emu_read8(lp_env_emu(gs_other), at) && !(at >= 0xC0A8 && at <= 0xC0AB) &&
                        at != 0xC0B1)
                        fail_msg("%04x tells the answer", at);
            }
            int action = d < FIRST + s.horizon ? (int)lp_rng_below(&rng, 5) : 0;
            lp_env_step(gs_env, action), lp_env_step(gs_other, action);
        }
        assert_int_equal(n_shown, FIRST);
    }
}

/* At the doors: is the answer in the frame? */
static void test_probe(void **state) {
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        int n = gs_number(240, 3000);
        gs_probe p;
        gs_probe_open(&p, n, 4);
        for (int i = 0; i < n; i++) {
            gs_reset(gs_env, lp_game_train_seed(6, (uint64_t)i), knobs_of((setting){40, 4, 1, 4, keep}));
            while (gs_value(gs_env, "phase") < DOORS) lp_env_step(gs_env, 0);
            gs_probe_add(&p, gs_env, (int)gs_value(gs_env, "answer"));
        }
        gs_expect_probe(keep ? "with decoys, the twin" : "with decoys", &p, keep);
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"when=1", "decoys=1000", "when=1,decoys=1000,doors=4,horizon=2000000",
                                        "when=1,horizon=6,keep_cue=1"};
    gs_same_start(knobs, 4, gs_number(20, 500));
}

/* ---- players ---- */
static void test_oracle(void **state) {
    (void)state;
    static const char *const knobs[] = {"doors=4,when=1,horizon=1", "doors=2,when=1,horizon=64", "doors=4,when=1,decoys=16,horizon=256",
                                        "doors=3,decoys=1000,horizon=500", "doors=4,when=1,decoys=16,keep_cue=1"};
    for (int k = 0; k < 5; k++) gs_oracle_wins(knobs[k], gs_number(32, 1008));
}

static void test_random(void **state) {
    (void)state;
    int n = gs_number(608, 10000);
    gs_expect_rate("random, when=1", gs_play("doors=4,when=1,horizon=8", gs_random, n, true, 3), n, 0.25);
    gs_expect_rate("random, decoys", gs_play("doors=4,when=1,horizon=30,decoys=4", gs_random, n, false, 3), n, 0.25);
}

/* A player who remembers the first or the last symbol that was shown, struck out or not. */
static struct {
    lp_env *env;
    int64_t symbol;
} kept[GS_ENVS];
static bool keeps_first;

static int remembers_one(lp_env *e, lp_rng *rng) {
    (void)rng;
    int i = 0;
    while (kept[i].env && kept[i].env != e) i++;
    kept[i].env = e;
    if (!lp_env_steps(e)) kept[i].symbol = NONE;
    int64_t symbol = gs_value(e, "symbol");
    if (symbol != NONE && !(keeps_first && kept[i].symbol != NONE)) kept[i].symbol = symbol;
    return gs_value(e, "phase") < DOORS ? 0 : 1 + (int)kept[i].symbol;
}

/* Where the sign comes among its decoys is even: what is remembered is the sign's with probability 1 / (decoys + 1), or any symbol. */
static void expect_no_gain(setting s, bool first, int n) {
    char what[140];
    double is_it = s.when ? 1.0 / (s.decoys + 1) : 0;
    memset(kept, 0, sizeof kept);
    keeps_first = first;
    snprintf(what, sizeof what, "%s seen, %s", first ? "first" : "last", knobs_of(s));
    gs_expect_rate(what, gs_play(knobs_of(s), remembers_one, n, true, 12), n, is_it + (1 - is_it) / s.doors);
}

static void test_rules(void **state) {
    (void)state;
    int n = gs_number(400, 4000);
    expect_no_gain((setting){64, 4, 0, 3, 0}, false, n);
    for (int first = 0; first < 2; first++) {
        expect_no_gain((setting){130, 4, 1, 16, 0}, first, n);
        expect_no_gain((setting){1505, 4, 1, 300, 0}, first, gs_number(48, 400));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_board),
        cmocka_unit_test(test_longest_horizon),
        cmocka_unit_test(test_mark_is_plain),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_defaults_are_as_before),
        cmocka_unit_test(test_moments_are_even),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
