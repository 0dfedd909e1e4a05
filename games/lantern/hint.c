/* The next key toward the goal, in game.hint: for a scripted player that reads RAM, and for nobody else.
 *
 * The goal is the first of a list that is not done: everyone is asked first, then it goes from lock to lock. The way from screen
 * to screen is a table; within the screen it is a flood from the goal, some squares a frame, so that it never makes a frame late.
 * Nothing here changes the game, and all it remembers lies in the block.
 */
#include "lantern.h"
#include "art.h"
#include "world.h"

enum { MODE_NONE, MODE_THING, MODE_SIDE, MODE_DOOR };
enum { UNKNOWN = 255, BLOCKED = 254, SQUARES_A_FRAME = 16 };

static uint8_t unasked(uint8_t who) { return !game.told[game.fact_of[who]]; }

/* The things in the order of the story; the thing to go to, or NOTHING. */
static uint8_t next_thing(void) {
    static const uint8_t west[7] = {10, 11, 1, 3, 4, 0, 2}, east[2] = {5, 6};
    uint8_t i;
    for (i = 0; i < 7; i++)
        if (unasked(west[i])) return THING_PERSON + west[i];
    if (game.picked == NOTHING) return THING_PEDLAR;
    for (i = 0; i < 2; i++)
        if (unasked(east[i])) return THING_PERSON + east[i];
    if (!game.owl_seen) return THING_TREE + game.owl;
    if (unasked(7)) return THING_PERSON + 7;
    if (game.has_feather) return THING_TREE + game.owl;
    if (!game.has_key) return THING_GRAVE + game.grave;
    if (unasked(12)) return THING_PERSON + 12;
    if (unasked(13)) return THING_PERSON + 13;
    if (!game.mine_open) return THING_GATE;
    if (unasked(8)) return THING_PERSON + 8;
    if (unasked(9)) return THING_PERSON + 9;
    if (!game.guard_gone) return THING_GUARD;
    if (!game.has_ember) return THING_CHEST + game.chest;
    if (!game.storm_open) return THING_STORM;
    if (!game.door_open) {
        for (i = 0; i < 4; i++)
            if (game.wheels[i] != game.code[i]) return THING_WHEEL + i;
        return THING_LEVER;
    }
    if (!game.beast_gone) return THING_BEAST;
    return THING_LAMP;
}

static void seed_flood(uint8_t cell) {
    game.distance[cell] = 0;
    game.queue[game.hint_tail++] = cell;
}

static void seed_side(uint8_t side) {
    uint8_t i, cell;
    static const uint8_t from[4] = {0, 9, 70, 0}, by[4] = {1, 10, 1, 10}, n[4] = {10, 8, 10, 8};
    for (i = 0, cell = from[side]; i < n[side]; i++, cell += by[side])
        if (game.distance[cell] == UNKNOWN) seed_flood(cell);
}

/* What may be walked on; the mire's wrong stones and all doors may not. */
static void set_obstacles(void) {
    uint8_t i, room = game.room, *to = (uint8_t *)game.distance, *from = grid;
    const uint8_t *door = world_warps;
    for (i = CELLS; i; i--) *to++ = art_solid[*from++] ? BLOCKED : UNKNOWN;
    to = (uint8_t *)game.distance;
    for (i = 0; i < n_things_here; i++) to[things_cell[i]] = BLOCKED;
    for (i = N_WARPS; i; i--, door += 4)
        if (door[0] == room) to[door[1]] = BLOCKED;
    if (room == ROOM_STONES)
        for (i = 0; i < 4; i++) {
            uint8_t safe = game.stones[i], gate = i * 2 + 2;
            if (safe != 0) to[10 + gate] = BLOCKED;
            if (safe != 1) to[30 + gate] = BLOCKED;
            if (safe != 2) to[50 + gate] = BLOCKED;
        }
}

static uint8_t door_cell(uint8_t k) {
    const uint8_t *door = world_warps;
    while (door[0] != game.room) door += 4;
    return door[k * 4 + 1];
}

/* Where the way leads on this screen: sets mode, side and the flood's beginning. */
static void begin(uint8_t thing) {
    static const uint8_t wood_side[3] = {3, 0, 1};
    uint8_t room = world_things[thing * 5], link;
    uint16_t at = (uint16_t)room * N_ROOMS + game.room;
    game.hint_head = game.hint_tail = 0;
    game.hint_ready = 0;
    set_obstacles();
    if (room == game.room) {
        game.hint_mode = MODE_THING;
        seed_flood(world_things[thing * 5 + 1]);
        return;
    }
    link = world_routes[at >> 1];
    link = at & 1 ? link >> 4 : link & 15;
    if (link >= 4) {
        game.hint_mode = MODE_DOOR;
        if (game.room == ROOM_HALL && link - 4 < 3) link = 4 + game.tunnel;
        seed_flood(door_cell(link - 4));
    } else {
        game.hint_mode = MODE_SIDE;
        if (game.room == ROOM_WOOD && link != 2 && game.wood_step < 6) link = wood_side[game.wood[game.wood_step]];
        game.hint_side = link;
        seed_side(link);
    }
}

#define SPREAD(to)                                                                                                                         \
    if (distance[to] == UNKNOWN) {                                                                                                         \
        distance[to] = d;                                                                                                                  \
        queue[tail++] = to;                                                                                                                \
    }

static void flood(void) {
    uint8_t *distance = (uint8_t *)game.distance, *queue = (uint8_t *)game.queue;
    uint8_t n, cell, x, d, head = game.hint_head, tail = game.hint_tail;
    for (n = SQUARES_A_FRAME; n; n--) {
        if (head == tail) {
            game.hint_ready = 1;
            break;
        }
        cell = queue[head++];
        d = distance[cell] + 1;
        x = cell % 10;
        if (x) SPREAD((uint8_t)(cell - 1))
        if (x != 9) SPREAD((uint8_t)(cell + 1))
        if (cell >= 10) SPREAD((uint8_t)(cell - 10))
        if (cell < 70) SPREAD((uint8_t)(cell + 10))
    }
    game.hint_head = head;
    game.hint_tail = tail;
}

/* The key at (x, y): down the slope of the flood. */
static uint8_t key_here(void) {
    static const uint8_t side_key[4] = {HINT_UP, HINT_RIGHT, HINT_DOWN, HINT_LEFT};
    uint8_t cell = game.y * 10 + game.x, d = game.distance[cell], key;
    if (d >= BLOCKED) return HINT_NONE;
    if (d == 0) return game.hint_mode == MODE_SIDE ? side_key[game.hint_side] : HINT_NONE;
    d--;
    if (game.x && game.distance[cell - 1] == d) key = HINT_LEFT;
    else if (game.x != 9 && game.distance[cell + 1] == d) key = HINT_RIGHT;
    else if (cell >= 10 && game.distance[cell - 10] == d) key = HINT_UP;
    else key = HINT_DOWN;
    if (d == 0 && game.hint_mode == MODE_THING && game.facing == key - 1) return HINT_A;
    return key;
}

static uint8_t answer(void) {
    static const uint8_t gift_keys[3] = {HINT_LEFT, HINT_UP, HINT_RIGHT}, word_keys[4] = {HINT_LEFT, HINT_UP, HINT_RIGHT, HINT_DOWN};
    return game.choosing == 0                               ? HINT_NONE
           : world_things[game.goal * 5 + 2] == KIND_PEDLAR ? gift_keys[game.fears]
                                                            : word_keys[game.password];
}

/* Once a frame: in the first the goal is looked up, in all the flood goes on, in the last the key is set. */
void hint_tick(uint8_t frame) {
    if (frame == 0) {
        game.hint = HINT_NONE;
        return;
    }
    if (frame == 1) {
        uint8_t key;
        game.goal = next_thing();
        key = game.goal + (game.mine_open ? 64 : 0) + (game.wood_step << 5);
        if (key == game.hint_key && game.room == game.hint_room) {
            if (!game.hint_ready) flood();
            return;
        }
        game.hint_key = key;
        game.hint_room = game.room;
        begin(game.goal);
        return;
    }
    if (!game.hint_ready) flood();
    if (frame != 3) return;
    if (game.phase == TEXT) game.hint = HINT_A;
    else if (game.phase == CHOICE) game.hint = answer();
    else if (game.phase == WALK && game.hint_ready && stepping != 1) game.hint = key_here();
}
