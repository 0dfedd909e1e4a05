/* lantern: the title, the clock of decisions, walking, going from screen to screen, the end. See lantern.h. */
#include "lantern.h"
#include "art.h"
#include "world.h"

enum { MOVE_FRAMES = 12, DEFAULT_OIL = 30000, DEFAULT_SCALE = 16 };
enum { SLIDE, FADE };

uint8_t stepping, clock_ticks;
static uint8_t due;
static uint8_t move_kind, move_side, move_frame;
static const uint8_t step_x[4] = {255, 1, 0, 0}, step_y[4] = {0, 0, 255, 1};
static const uint8_t side_of[4] = {3, 1, 0, 2}; /* of a facing: west, east, north, south */

/* ---- from screen to screen ---- */
static void begin_move(uint8_t kind) {
    game.phase = MOVE;
    move_kind = kind;
    move_frame = 0;
    stepping = 0;
    place_sprites(kind == SLIDE);
    load_screen();
}

void warp(uint8_t room, uint8_t cell) {
    game.room = room;
    game.x = cell % 10;
    game.y = cell / 10;
    game.lap = 0;
    game.wood_step = 0;
    begin_move(FADE);
}

/* A long road is one screen, walked scale times. Does it go on with the same? */
static uint8_t stays_on_road(uint8_t side) {
    uint8_t forward = side < 2;
    if (!world_is_road[game.room]) return 0;
    if (forward) {
        if (game.lap >= game.scale) return 0;
        game.lap++;
    } else {
        if (game.lap <= 1) return 0;
        game.lap--;
    }
    return 1;
}

static uint8_t leave(uint8_t side) {
    uint8_t to = world_links[game.room * 4 + side];
    if (game.room == ROOM_WOOD && side != 2) {
        to = leave_wood(side);
        if (to == ROOM_GLADE) {
            warp(to, 64);
            return 1;
        }
    } else if (stays_on_road(side)) {
        to = game.room;
    } else {
        if (to == NOTHING) return 0;
        game.wood_step = 0;
        game.lap = world_is_road[to] ? side < 2 ? 1 : game.scale : 0;
    }
    game.room = to;
    switch (side) {
    case 0: game.y = 7; break;
    case 1: game.x = 0; break;
    case 2: game.y = 0; break;
    default: game.x = 9; break;
    }
    move_side = side;
    begin_move(SLIDE);
    return 1;
}

/* The next screen slides into view, a square a frame. */
static void slide(void) {
    uint8_t k = move_frame - 1;
    if (move_side == 1 || move_side == 3) {
        if (k >= 10) return;
        if (move_side == 1) {
            show_column(k, lp_low_scx + 160);
            lp_low_scx += 16;
            if (k) hero_x -= 16;
        } else {
            lp_low_scx -= 16;
            show_column(9 - k, lp_low_scx);
            if (k) hero_x += 16;
        }
    } else {
        if (k >= 8) return;
        if (move_side == 2) {
            show_row(k, lp_low_scy + 128);
            lp_low_scy += 16;
            if (k) hero_y -= 16;
        } else {
            lp_low_scy -= 16;
            show_row(7 - k, lp_low_scy);
            if (k) hero_y += 16;
        }
    }
    place_sprites(1);
}

/* The screen goes dark, is drawn anew, and comes back. */
static void fade(void) {
    static const uint8_t palettes[MOVE_FRAMES] = {0xF9, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xF9, 0xE4};
    uint8_t f = move_frame;
    rBGP = rOBP0 = palettes[f];
    if (f == MOVE_FRAMES - 1) rOBP0 = SPRITE_PALETTE;
    if (f >= 2 && f < 7) show_column(f * 2 - 4, lp_low_scx + (f * 2 - 4) * 16), show_column(f * 2 - 3, lp_low_scx + (f * 2 - 3) * 16);
    if (f == 7) {
        hero_x = game.x << 4;
        hero_y = game.y << 4;
    }
}

static void move_tick(void) {
    if (move_kind == FADE) fade();
    else if (move_frame) slide();
    if (++move_frame < MOVE_FRAMES) return;
    game.phase = WALK;
    hero_x = game.x << 4;
    hero_y = game.y << 4;
    place_sprites(0);
    bar_changed();
    if (game.wood_step == NOTHING) {
        game.wood_step = 0;
        hurt(T_LOST_WAY);
    } else if (game.recapped != NOTHING) {
        recap_arrived();
    } else {
        enter_screen();
    }
}

/* ---- walking ---- */
static uint8_t direction_of(uint8_t keys) {
    switch (keys & (KEY_LEFT | KEY_RIGHT | KEY_UP | KEY_DOWN)) {
    case KEY_LEFT: return LEFT;
    case KEY_RIGHT: return RIGHT;
    case KEY_UP: return UP;
    case KEY_DOWN: return DOWN;
    default: return NOTHING;
    }
}

static uint8_t at_edge(uint8_t direction) {
    switch (direction) {
    case LEFT: return game.x == 0;
    case RIGHT: return game.x == 9;
    case UP: return game.y == 0;
    default: return game.y == 7;
    }
}

static void walk(uint8_t keys) {
    uint8_t direction = direction_of(keys), cell, thing;
    if (stepping == 1) {
        stepping = 2;
        return;
    }
    if (stepping == 2) {
        stepping = 0;
        if (arrive()) return;
    }
    if (direction != NOTHING) {
        game.facing = direction;
        if (at_edge(direction)) {
            leave(side_of[direction]);
            return;
        }
        cell = (uint8_t)(game.y + step_y[direction]) * 10 + (uint8_t)(game.x + step_x[direction]);
        if (art_solid[grid[cell]] || thing_at(cell) != NOTHING) return;
        game.x += step_x[direction];
        game.y += step_y[direction];
        stepping = 1;
    } else if (keys & KEY_A) {
        if (at_edge(game.facing)) return;
        cell = (uint8_t)(game.y + step_y[game.facing]) * 10 + (uint8_t)(game.x + step_x[game.facing]);
        thing = thing_at(cell);
        if (thing != NOTHING) talk_to(thing);
    }
}

/* Oil burns wherever no lamps line the way. */
static uint8_t burns_out(void) {
    if (game.phase != WALK || world_is_road[game.room]) return 0;
    if (!--game.oil) return 1;
    if (!((uint8_t)game.oil & 63)) bar_changed();
    return 0;
}

static void decide(uint8_t keys) {
    game.decisions++;
    if (game.phase == WALK && game.recapped != NOTHING) {
        recap();
        return;
    }
    if (burns_out()) {
        game.cause = T_OIL_OUT;
        stepping = 0;
        hero_x = game.x << 4;
        hero_y = game.y << 4;
        say(T_OIL_OUT);
        game.then = THEN_LOSE;
        return;
    }
    if (game.phase == WALK) walk(keys);
    else if (game.phase == TEXT || game.phase == CHOICE) text_decide(keys);
}

/* ---- frames ---- */
static void tick(uint8_t frame) {
    if (game.phase == MOVE) {
        move_tick();
    } else if (stepping) {
        hero_x += (uint8_t)(step_x[game.facing] << 1);
        hero_y += (uint8_t)(step_y[game.facing] << 1);
        place_hero();
    } else if (frame == 0) {
        place_hero(); /* he may have turned round */
    } else if (frame == 2 && !(clock_ticks & 28)) {
        place_sprites(0);
    }
    text_tick();
    if ((clock_ticks & 15) < 4) move_water(clock_ticks & 3);
    hint_tick(frame);
    clock_ticks++;
}

static void end(void) {
    uint8_t won = game.then == THEN_WIN;
    show_end(won);
    lp_wait_vblank();
    game.result = won ? WIN : LOSS;
    for (;;) lp_wait_vblank();
}

/* Sleeps until frame `due`; when the work of the last took too long it does not sleep, and catches up. */
static void wait_for_frame(void) {
    due++;
    if ((uint8_t)(due - (uint8_t)lp_frames - 1) < 128) lp_wait_vblank();
}

static void run(void) {
    uint8_t frame;
    due = (uint8_t)lp_frames;
    for (;;)
        for (frame = 0; frame < 4; frame++) {
            wait_for_frame();
            if (frame == 0) decide(lp_keys());
            if (game.phase == END) end();
            tick(frame);
        }
}

/* ---- from power-on ---- */
static void title(void) {
    uint8_t blink = 0;
    show_title();
    put_press_start(1);
    rIF = 0;
    rIE = 1;
    __asm__("ei");
    for (;;) {
        lp_wait_vblank();
        if ((++blink & 31) == 0) put_press_start(blink & 32);
        if (lp_keys() & KEY_START) return;
    }
}

static void set_out(void) {
    uint8_t i;
    game.room = ROOM_OWN;
    game.x = 4;
    game.y = 4;
    game.facing = DOWN;
    game.flames = FLAMES;
    game.oil = game.oil_full;
    game.picked = NOTHING;
    for (i = 0; i < 4; i++) game.wheels[i] = 1;
    hero_x = game.x << 4;
    hero_y = game.y << 4;
    game.hint_room = NOTHING;
    load_screen();
    for (i = 0; i < 10; i++) show_column(i, i << 4);
    bar_changed();
    if (game.begin) {
        game.phase = WALK;
        game.recap_at = NOTHING;
    } else {
        game.recapped = NOTHING;
        say(T_INTRO);
    }
}

void main(void) {
    uint8_t i;
    static const uint8_t magic[4] = {'L', 'A', 'N', '1'};
    for (i = 0; i < 4; i++) game.magic[i] = magic[i];
    game.seed = 1;
    game.oil_full = DEFAULT_OIL;
    game.scale = DEFAULT_SCALE;
    screen_start();
    title();
    if (!game.scale) game.scale = 1;
    if (!game.oil_full) game.oil_full = 1;
    if (game.begin > MAX_BEGIN) game.begin = MAX_BEGIN;
    load_country();
    draw_lots();
    set_out();
    country_on();
    run();
}
