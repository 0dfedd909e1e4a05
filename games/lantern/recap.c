/* A night that begins later, by the knob `begin`: so many of the story's steps are done. Of what was told on the way that alone is told again
 * which is still needed, by those who know it, on their screens, one after the other; then the hero stands where the last step was done.
 * For whoever learns the night from its end.
 */
#include "lantern.h"
#include "art.h"
#include "world.h"

enum {
    STEP_PEDLAR = 7,
    STEP_OWL = 10,
    STEP_HERMIT,
    STEP_GLASS,
    STEP_GRAVE,
    STEP_MINE = 17,
    STEP_MIRE,
    STEP_GUARD,
    STEP_CHEST,
    STEP_STORM,
    STEP_WHEEL
};

/* The story in the order in which hint.c goes through it; 28, the great lamp, is never done. */
static uint8_t thing_of(uint8_t step) {
    static const uint8_t things[MAX_BEGIN] = {
        THING_PERSON + 10, THING_PERSON + 11, THING_PERSON + 1, THING_PERSON + 3, THING_PERSON + 4, THING_PERSON + 0, THING_PERSON + 2,
        THING_PEDLAR,      THING_PERSON + 5,  THING_PERSON + 6, THING_TREE,       THING_PERSON + 7, THING_TREE,       THING_GRAVE,
        THING_PERSON + 12, THING_PERSON + 13, THING_GATE,       THING_PERSON + 8, THING_PERSON + 9, THING_GUARD,      THING_CHEST,
        THING_STORM,       THING_WHEEL + 0,   THING_WHEEL + 1,  THING_WHEEL + 2,  THING_WHEEL + 3,  THING_LEVER,      THING_BEAST};
    uint8_t thing = things[step];
    if (thing == THING_TREE) thing += game.owl;
    else if (thing == THING_GRAVE) thing += game.grave;
    else if (thing == THING_CHEST) thing += game.chest;
    return thing;
}

/* The last step that needs a fact. */
static uint8_t used_by(uint8_t fact) {
    static const uint8_t steps[N_FACTS] = {STEP_WHEEL, STEP_WHEEL + 1, STEP_WHEEL + 2, STEP_WHEEL + 3, STEP_HERMIT, STEP_HERMIT, STEP_GRAVE,
                                           STEP_GUARD, STEP_MIRE,      STEP_CHEST,     STEP_MINE,      STEP_PEDLAR, STEP_MINE,   STEP_MINE};
    return steps[fact];
}

static uint8_t is_door(uint8_t cell) {
    const uint8_t *door = world_warps;
    uint8_t i;
    for (i = N_WARPS; i; i--, door += 4)
        if (door[0] == game.room && door[1] == cell) return 1;
    return 0;
}

/* Beside the thing and facing it: below, to its right or left, or above. */
static void stand_at(uint8_t n) {
    static const uint8_t facings[4] = {UP, LEFT, RIGHT, DOWN}, by[4] = {10, 1, 255, 246};
    const uint8_t *thing = world_things + n * 5;
    uint8_t i, cell = 0;
    game.room = thing[0];
    load_screen();
    for (i = 0; i < 4; i++) {
        cell = thing[1] + by[i];
        if (cell < CELLS && !art_solid[grid[cell]] && thing_at(cell) == NOTHING && !is_door(cell)) break;
    }
    game.facing = facings[i & 3];
    game.recap_at = n;
    warp(game.room, cell);
}

/* Does a step without a word. */
static void redo(uint8_t step, uint8_t thing) {
    uint8_t number = world_things[thing * 5 + 3];
    switch (world_things[thing * 5 + 2]) {
    case KIND_PERSON:
        game.told[game.fact_of[number]] = 1;
        game.n_told++;
        if (step == STEP_HERMIT) game.has_feather = 1;
        break;
    case KIND_PEDLAR: game.picked = game.fears; break;
    case KIND_TREE:
        game.owl_seen = 1;
        if (step == STEP_GLASS) game.has_feather = 0, game.has_glass = 1;
        break;
    case KIND_GRAVE: game.has_key = 1; break;
    case KIND_GATE: game.mine_open = 1; break;
    case KIND_GUARD: game.guard_gone = 1; break;
    case KIND_CHEST: game.has_ember = 1; break;
    case KIND_STORM: game.storm_open = 1; break;
    case KIND_WHEEL: game.wheels[number] = game.code[number]; break;
    case KIND_LEVER: game.door_open = 1; break;
    case KIND_BEAST: game.beast_gone = 1; break;
    }
}

static uint8_t is_needed(uint8_t step, uint8_t thing) {
    if (world_things[thing * 5 + 2] == KIND_PERSON) return used_by(game.fact_of[world_things[thing * 5 + 3]]) >= game.begin;
    return step == STEP_OWL && game.begin <= STEP_GLASS && !game.owl_seen;
}

/* Up to the next step that is told, or to the place where the night begins. */
void recap(void) {
    uint8_t step, thing;
    while (game.recapped < game.begin) {
        step = game.recapped++;
        thing = thing_of(step);
        if (is_needed(step, thing)) {
            stand_at(thing);
            return;
        }
        redo(step, thing);
    }
    game.recapped = NOTHING;
    thing = thing_of(game.begin - 1);
    if (thing != game.recap_at) stand_at(thing);
}

/* On the screen of who tells it. */
void recap_arrived(void) {
    if (world_things[game.recap_at * 5 + 2] == KIND_PERSON) talk_to(game.recap_at);
    else enter_screen();
}
