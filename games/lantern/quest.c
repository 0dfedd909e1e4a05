/* What the seed decides, and what happens: whom the hero talks to, which grave he opens, where the ground gives way.
 *
 * A mistake costs a flame of the hero's lamp; with the last the night has won. Some mistakes cost all.
 */
#include "lantern.h"
#include "art.h"
#include "world.h"

enum { LOT_TIME = 160 }; /* in units of 64 cycles; a lot takes less */

static uint8_t lots;

/* A number below n, from the seed: each by a mix of its own. It takes the same time whatever comes out. */
static uint8_t lot(uint8_t n) {
    uint8_t result;
    rDIV = 0;
    lots++;
    result = (uint8_t)((uint16_t)(lp_mix(game.seed ^ lp_mix(lots * 0x9E3779B9UL)) >> 8) % n);
    while (rDIV < LOT_TIME) {
    }
    return result;
}

static void shuffle(volatile uint8_t *items, uint8_t n) {
    uint8_t i, j, keep;
    for (i = n - 1; i; i--) {
        j = lot(i + 1);
        keep = items[i];
        items[i] = items[j];
        items[j] = keep;
    }
}

/* Of the two ways that are not this one, one. */
static uint8_t another(uint8_t way) {
    way += 1 + lot(2);
    return way > 2 ? way - 3 : way;
}

/* Who knows what: seven people around the villages and in the west, three behind the wood, the mine and the mire. */
static void share_out(void) {
    uint8_t wheels[4], i;
    for (i = 0; i < 4; i++) wheels[i] = i;
    shuffle(wheels, 4);
    game.fact_of[0] = wheels[0];
    game.fact_of[1] = wheels[1];
    for (i = 2; i < 7; i++) game.fact_of[i] = FACT_WOOD_A + i - 2;
    game.fact_of[7] = wheels[2];
    game.fact_of[8] = wheels[3];
    for (i = 9; i < N_PEOPLE; i++) game.fact_of[i] = FACT_CHEST + i - 9;
    shuffle(game.fact_of, 7);
    shuffle(game.fact_of + 7, 3);
}

void draw_lots(void) {
    uint8_t i, other;
    lots = 0;
    for (i = 0; i < 4; i++) game.code[i] = 1 + lot(8);
    for (i = 0; i < 6; i++) game.wood[i] = lot(3);
    for (i = 0; i < 4; i++) game.stones[i] = lot(3);
    game.grave = lot(8);
    game.password = lot(4);
    game.chest = lot(3);
    game.liar = lot(2);
    game.fears = lot(3);
    game.tunnel = lot(3);
    game.owl = lot(6);
    other = another(game.tunnel);
    game.says_a = game.liar ? game.tunnel : other;
    game.says_b = game.liar ? other : game.tunnel;
    game.wood_a = (game.wood[0] * 3 + game.wood[1]) * 3 + game.wood[2];
    game.wood_b = (game.wood[3] * 3 + game.wood[4]) * 3 + game.wood[5];
    game.stones_a = game.stones[0] * 3 + game.stones[1];
    game.stones_b = game.stones[2] * 3 + game.stones[3];
    share_out();
}

/* ---- mistakes ---- */
static void lose(uint8_t text) {
    game.cause = text;
    say(text);
    game.then = THEN_LOSE;
}

void hurt(uint8_t text) {
    game.mistakes++;
    game.flames--;
    bar_changed();
    say(text);
    if (!game.flames) {
        game.cause = text;
        game.next_text = T_DARK;
        game.then = THEN_LOSE;
    }
}

static void visit(uint8_t picture, uint8_t cell) {
    game.visitor = picture;
    game.visitor_cell = cell;
    place_sprites(0);
}

/* ---- people ---- */
static uint8_t text_of(uint8_t fact) { return fact < FACT_WOOD_A ? T_DIGIT : T_WOOD_A + fact - FACT_WOOD_A; }

static void person(uint8_t who) {
    uint8_t fact = game.fact_of[who];
    if (game.told[fact]) {
        say_as(who, T_NOTHING_NEW, fact);
        return;
    }
    say_as(who, text_of(fact), fact);
    game.told[fact] = 1;
    game.n_told++;
    if (who == 7) {
        game.has_feather = 1;
        game.next_text = T_FEATHER;
    }
    bar_changed();
}

static void ask(uint8_t text) {
    say(text);
    game.phase = CHOICE;
    game.choosing = text;
}

void choose(uint8_t direction) {
    static const uint8_t gifts[4] = {0, 2, 1, NOTHING}, answers[4] = {0, 2, 1, 3};
    if (game.choosing == T_PEDLAR) {
        if (gifts[direction] == NOTHING) return;
        game.picked = gifts[direction];
        say(T_PEDLAR_GAVE);
    } else if (answers[direction] == game.password) {
        game.guard_gone = 1;
        load_screen();
        say(T_GUARD_YES);
    } else {
        hurt(T_GUARD_NO);
    }
}

/* ---- things ---- */
static void open_grave(uint8_t number, uint8_t cell) {
    if (number == game.grave) {
        if (!game.has_key) {
            game.has_key = 1;
            bar_changed();
            say(T_GRAVE_KEY);
        }
    } else {
        visit(PICTURE_GHOST, cell);
        hurt(T_GHOST);
    }
}

static void knock(uint8_t number, uint8_t cell) {
    if (!game.has_feather || game.has_glass) {
        say(T_TREE);
    } else if (number == game.owl) {
        visit(PICTURE_OWL, cell);
        game.has_feather = 0;
        game.has_glass = 1;
        bar_changed();
        say(T_TREE_GLASS);
    } else {
        hurt(T_TREE_BEES);
    }
}

static void open_gate(uint8_t kind) {
    if (kind == KIND_GATE ? !game.has_key : !game.has_glass) {
        say(kind == KIND_GATE ? T_GATE_SHUT : T_STORM_SHUT);
        return;
    }
    if (kind == KIND_GATE) game.mine_open = 1;
    else game.storm_open = 1;
    load_screen();
    show_column(4, lp_low_scx + 64);
    show_column(8, lp_low_scx + 128);
    say(kind == KIND_GATE ? T_GATE_OPEN : T_STORM_OPEN);
}

static void open_chest(uint8_t number) {
    if (number != game.chest) {
        lose(T_MIMIC);
    } else if (game.has_ember) {
        say(T_CHEST_EMPTY);
    } else {
        game.has_ember = 1;
        bar_changed();
        say(T_EMBER);
    }
}

static void pull_lever(void) {
    uint8_t i;
    if (game.door_open) return;
    for (i = 0; i < 4; i++)
        if (game.wheels[i] != game.code[i]) {
            hurt(T_WHEELS_NO);
            return;
        }
    game.door_open = 1;
    load_screen();
    show_column(4, lp_low_scx + 64);
    say(T_WHEELS_YES);
}

static void face_beast(void) {
    if (game.picked == game.fears) {
        game.beast_gone = 1;
        load_screen();
        say(T_BEAST_GONE);
    } else {
        lose(game.picked == NOTHING ? T_EATEN0 : T_EATEN);
    }
}

static void light_lamp(uint8_t cell) {
    if (!game.has_ember) {
        say(T_NO_EMBER);
        return;
    }
    game.lit = 1;
    visit(PICTURE_FLAME, cell);
    say(T_WON);
    game.then = THEN_WIN;
}

/* A pressed before a thing. */
void talk_to(uint8_t n) {
    const uint8_t *thing = world_things + n * 5;
    uint8_t cell = thing[1], number = thing[3];
    switch (thing[2]) {
    case KIND_PERSON: person(number); break;
    case KIND_PEDLAR:
        if (game.picked == NOTHING) ask(T_PEDLAR);
        else say(T_PEDLAR_DONE);
        break;
    case KIND_GUARD: ask(T_GUARD); break;
    case KIND_GRAVE: open_grave(number, cell); break;
    case KIND_TREE: knock(number, cell); break;
    case KIND_CHEST: open_chest(number); break;
    case KIND_WHEEL:
        game.wheels[number] = game.wheels[number] == 8 ? 1 : game.wheels[number] + 1;
        place_sprites(0);
        break;
    case KIND_LEVER: pull_lever(); break;
    case KIND_GATE:
    case KIND_STORM: open_gate(thing[2]); break;
    case KIND_BEAST: face_beast(); break;
    case KIND_LAMP: light_lamp(cell); break;
    case KIND_SIGN: say(T_SIGN0 + number); break;
    }
}

/* ---- places ---- */
void enter_screen(void) {
    uint8_t i;
    const uint8_t *thing;
    if (game.owl_seen) return;
    for (i = 0; i < n_things_here; i++) {
        thing = world_things + things_here[i] * 5;
        if (thing[2] == KIND_TREE && thing[3] == game.owl) {
            game.owl_seen = 1;
            visit(PICTURE_OWL, thing[1]);
            say(T_OWL);
            bar_changed();
        }
    }
}

static void tunnel(uint8_t number, const uint8_t *door) {
    if (number == game.tunnel) {
        warp(door[2], door[3]);
        return;
    }
    game.y = 2; /* back before it */
    hero_y = 32;
    hurt(T_ROCKS);
}

/* A stone of the mire: which gate, and top, middle or bottom. */
static uint8_t sinks(void) {
    if (game.x == 0 || (game.x & 1)) return 0;
    return game.stones[(game.x >> 1) - 1] != (game.y - 1) >> 1;
}

uint8_t arrive(void) {
    const uint8_t *door = world_warps;
    uint8_t i, number = 0, cell = game.y * 10 + game.x;
    if (game.room == ROOM_STONES && grid[cell] == SQ_STONE && sinks()) {
        game.x = game.facing == LEFT ? game.x + 1 : game.x - 1;
        hero_x = game.x << 4;
        hurt(T_SINKS);
        return 1;
    }
    for (i = 0; i < N_WARPS; i++, door += 4) {
        if (door[0] != game.room) continue;
        if (door[1] == cell) {
            if (game.room == ROOM_HALL && door[2] == ROOM_DEEP) tunnel(number, door);
            else warp(door[2], door[3]);
            return 1;
        }
        number++;
    }
    return 0;
}

/* Which screen a side of the wood's one screen leads to; a wrong turn goes on, and is told at once. */
uint8_t leave_wood(uint8_t side) {
    static const uint8_t turn_of[4] = {1, 2, NOTHING, 0}; /* north is up, east right, west left */
    if (turn_of[side] == game.wood[game.wood_step]) {
        if (++game.wood_step == 6) {
            game.wood_step = 0;
            return ROOM_GLADE;
        }
    } else {
        game.wood_step = NOTHING; /* told on arriving */
    }
    return ROOM_WOOD;
}
