/* What an episode of a memory game shows and asks for, read out of RAM while it is played well: at which decisions something was in sight
 * that is needed later, and at which decisions it is. The oracle plays; in `map`, where what is known comes of one's own steps, a player
 * who has nothing but what he saw.
 *
 * Decision t is taken with frame t in sight; what a memory may hold then are frames 0 to t - 1.
 */
#ifndef LP_TESTS_SIGHTS_SUPPORT_H
#define LP_TESTS_SIGHTS_SUPPORT_H

#include "tests/small_game_support.h"

enum { MAX_STEPS = 8192, MAX_NEEDS = 256, N_LOOKS = 160, NOTHING = 255 };

typedef struct {
    int n_steps;
    int fact[MAX_STEPS]; /* what frame t tells that is needed, if it is asked for; -1: nothing */
    int look[MAX_STEPS]; /* what it looks like, 0 .. N_LOOKS - 1, needed or not; -1: like the rest */
    int n_needs;
    struct {
        int step, fact;
    } needs[MAX_NEEDS]; /* at this decision a button was pressed that this fact decides */
    int reach;          /* of the player in map: how many decisions back it remembers; 0: all */
    int showing[32];    /* lures: the latest of each thing */
} episode;

typedef struct {
    const char *name;
    void (*look)(lp_env *e, episode *x); /* notes what frame x->n_steps shows and needs */
    int (*player)(lp_env *e, const episode *x);
} sighted_game;

static inline bool sight_is(lp_env *e, const char *name, int64_t value) { return gs_value(e, name) == value; }

static inline void sight_shows(episode *x, int64_t fact, int64_t look) {
    assert_true(look < N_LOOKS);
    x->fact[x->n_steps] = (int)fact, x->look[x->n_steps] = (int)look;
}

static inline void sight_needs(episode *x, int64_t fact) {
    assert_true(x->n_needs < MAX_NEEDS);
    x->needs[x->n_needs].step = x->n_steps, x->needs[x->n_needs++].fact = (int)fact;
}

static inline int sight_oracle(lp_env *e, const episode *x) {
    (void)x;
    return gs_oracle(e);
}

/* ---- the games ---- */

static inline void cue_look(lp_env *e, episode *x) {
    const int64_t shown = gs_value(e, "shown");
    if (shown) sight_shows(x, shown == 1 ? 0 : -1, gs_value(e, "symbol") + (shown == 2 ? 4 : 0));
    if (sight_is(e, "phase", 3)) sight_needs(x, 0);
}

static inline void keydoor_look(lp_env *e, episode *x) {
    if (sight_is(e, "phase", 1)) sight_shows(x, 0, gs_value(e, "answer"));
    if (sight_is(e, "phase", 3)) sight_needs(x, 0);
}

/* A fact: this column's tile, and whether it held. Tiles are tried from above, so that the last one that gave way tells of those before it. */
enum { MAP_BRIDGE = 1, MAP_CLIMB };
static inline int map_fact(int64_t column, int64_t row, bool held) { return (int)(column * 6 + row * 2 + held); }

/* What was last seen of this column, or -1. */
static inline int map_known(const episode *x, int64_t column) {
    const int first = x->reach && x->reach < x->n_steps ? x->n_steps - x->reach : 0;
    for (int t = x->n_steps; t >= first; t--)
        if (x->fact[t] >= 0 && x->fact[t] / 6 == column) return x->fact[t];
    return -1;
}

static inline void map_look(lp_env *e, episode *x) {
    const int64_t column = gs_value(e, "column"), phase = gs_value(e, "phase");
    if (phase == MAP_CLIMB && sight_is(e, "walked", 0)) {
        const int fact = map_fact(gs_value(e, "tried") - 1, gs_value(e, "choice"), false);
        sight_shows(x, fact, fact);
    } else if (phase == MAP_BRIDGE) {
        if (column) {
            const int fact = map_fact(column - 1, gs_value_of(e, "path", (int)column), true);
            sight_shows(x, fact, fact);
        }
        const int known = map_known(x, column);
        if (known >= 0) sight_needs(x, known);
    }
}

static inline int map_player(lp_env *e, const episode *x) {
    if (gs_value(e, "phase") != MAP_BRIDGE) return 0;
    const int known = map_known(x, gs_value(e, "column"));
    return 1 + (known < 0 ? 0 : known % 6 / 2 + !(known % 2));
}

static inline void order_look(lp_env *e, episode *x) {
    const int64_t arrow = gs_value(e, "arrow");
    if (arrow != NOTHING) sight_shows(x, gs_value(e, "shown") - 1, arrow);
    if (sight_is(e, "phase", 3) && sight_is(e, "tick", 0)) sight_needs(x, gs_value(e, "given"));
}

/* Facts are the lamps. */
static inline void count_look(lp_env *e, episode *x) {
    const int64_t picture = gs_value(e, "picture");
    if (picture != NOTHING) sight_shows(x, picture ? -1 : gs_value(e, "shown") - 1, picture);
    if (!sight_is(e, "phase", 3)) return;
    for (int t = 0; t < x->n_steps; t++)
        if (x->fact[t] >= 0 && x->fact[t + 1] < 0) sight_needs(x, x->fact[t]);
}

/* A fact is a showing: an earlier one of the same thing tells what holds no longer. */
static inline void lures_look(lp_env *e, episode *x) {
    const int64_t item = gs_value(e, "item"), showing = gs_value(e, "showing");
    if (sight_is(e, "phase", 1)) {
        sight_shows(x, showing, item * 4 + gs_value(e, "symbol"));
        x->showing[item] = (int)showing;
    }
    if (sight_is(e, "phase", 3)) sight_needs(x, x->showing[gs_value(e, "asked")]);
}

static inline void rule_look(lp_env *e, episode *x) {
    const int64_t symbol = gs_value(e, "symbol");
    if (sight_is(e, "phase", 2)) sight_shows(x, symbol, symbol * 4 + gs_value(e, "answer"));
    if (sight_is(e, "phase", 5)) sight_needs(x, symbol);
}

static inline void facts_look(lp_env *e, episode *x) {
    const int64_t sign = gs_value(e, "sign");
    if (sight_is(e, "phase", 1)) sight_shows(x, sign, sign * 10 + gs_value(e, "digit"));
    if (sight_is(e, "phase", 3)) sight_needs(x, sign);
}

static const sighted_game sighted_games[] = {
    {"cue", cue_look, sight_oracle},     {"keydoor", keydoor_look, sight_oracle}, {"map", map_look, map_player},
    {"order", order_look, sight_oracle}, {"count", count_look, sight_oracle},     {"lures", lures_look, sight_oracle},
    {"rule", rule_look, sight_oracle},   {"facts", facts_look, sight_oracle},
};

static inline const sighted_game *sighted_game_of(const char *name) {
    for (size_t i = 0; i < sizeof sighted_games / sizeof *sighted_games; i++)
        if (!strcmp(sighted_games[i].name, name)) return &sighted_games[i];
    fail_msg("no game '%s'", name);
    return NULL;
}

static inline void sight_begin(episode *x) { x->n_steps = x->n_needs = 0; }

/* A decision of the game's player. */
static inline lp_outcome sight_step(const sighted_game *game, lp_env *e, episode *x) {
    assert_true(x->n_steps < MAX_STEPS);
    x->fact[x->n_steps] = x->look[x->n_steps] = -1;
    game->look(e, x);
    const lp_outcome outcome = lp_env_step(e, game->player(e, x));
    x->n_steps++;
    return outcome;
}

/* Plays e, which was reset, to its end. */
static inline lp_outcome sight_play(const sighted_game *game, lp_env *e, episode *x) {
    lp_outcome outcome = LP_RUNNING;
    sight_begin(x);
    while (!outcome) outcome = sight_step(game, e, x);
    return outcome;
}

#endif
