/* Golden pictures: what the window shows of a Game Boy, a Game Boy Color and a Game Boy Advance game, and of a chat model that plays, at three sizes.
 *
 * tests/golden/ holds each picture reduced to a pixel of every 20 x 20 units, so that another version of the fonts or of FreeType changes
 * little, and a panel that moved, vanished or has another colour much. Where a change is meant,
 *     LONGPLAY_RENEW_GOLDEN=1 build/tests/test_view_golden
 * writes them anew, and the whole pictures beside them into $TMPDIR, to be looked at before they are committed.
 */
#include "view/view_paint.h"

#include "base/file.h"
#include "emulator/emulator.h"

#include <limits.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CELL = 20, MAX_CELLS = 64 * 36, TOLERANCE = 32, FRAMES = 400 };

typedef struct {
    int w, h;
    unsigned char rgb[MAX_CELLS * 3];
} reduced;

typedef struct {
    const char *name, *rom;
    bool colour; /* made a Game Boy Color's game by its header, and given colours */
    bool chat;   /* a chat model plays */
} game;
static const game games[] = {{"gb", "games/cue/cue.gb", false, false},
                             {"gbc", "games/lantern/lantern.gb", true, false},
                             {"gba", "games/roms/orbit.gba", false, false},
                             {"chat", "games/lantern/lantern.gb", false, true}};
static const struct {
    const char *name;
    lp_look look;
} looks[] = {{"1280x720", {.layout = "full"}},
             {"1920x1080", {.layout = "full", .size = "1920x1080"}},
             {"1080x1920", {.layout = "vertical", .size = "1080x1920"}}};

/* ---- games ---- */

static void make_colour(unsigned char *rom) {
    unsigned char sum = 0;
    rom[0x143] = 0x80;
    for (int i = 0x134; i <= 0x14c; i++) sum = (unsigned char)(sum - rom[i] - 1);
    rom[0x14d] = sum;
}

static void give_colours(lp_emu *emu) {
    static const uint16_t palette[] = {0x7bde, 0x2b1f, 0x3e08, 0x1422}; /* 15 bits, red low */
    lp_emu_write8(emu, 0xff68, 0x80);
    for (int i = 0; i < 8; i++) lp_emu_write8(emu, 0xff69, (uint8_t)(palette[i / 2] >> i % 2 * 8));
}

/* It thinks, for the second time in vain. */
static void fill_chat(lp_view *v) {
    static const lp_view_model model = {1204, 3481022, 4.18, 7, 12, 2, 31, 4, 0, 0, 0};
    static const lp_view_line lines[] = {
        {"given", "2"}, {LP_VIEW_GOAL, "Bring the oil to the keeper of the lighthouse."}, {"oil", "in the cellar of the mill"}};
    v->policy = "chat:qwen.ini";
    v->memory = "tree";
    v->thought =
        "The mill's door did not open, and the miller said that the key is with his daughter. She was at the well when I came by, before "
        "the bell; I go back there, and ask her. If she is gone I look";
    v->thinks = true;
    v->model = &model;
    v->n_lines = 3, v->lines = lines;
    v->n_levels = 3;
    v->level_counts[0] = 16, v->level_counts[1] = 12, v->level_counts[2] = 4;
    v->items_seen = 1204;
    v->last_written = "The miller's daughter has the key.";
    v->level_weights[0] = 0.2f, v->level_weights[2] = 0.8f;
    v->n_reads = 2;
    v->reads[0] = (lp_view_read){1180, 2, 0.8f, "The keeper wants oil."};
    v->reads[1] = (lp_view_read){24, 0, 0.2f, "A bell rang."};
}

/* The frame is the emulator's. */
static void fill(lp_view *v, lp_emu *emu, const game *g) {
    static const char *const buttons[] = {"none", "LEFT", "RIGHT", "UP", "DOWN", "A"};
    static const float probabilities[] = {0.04f, 0.01f, 0.8f, 0.05f, 0.03f, 0.07f};
    static const lp_view_variable variables[] = {{"x", 12, 3}, {"y", 7, 40}, {"oil", 29576, 0}, {"hearts", 3, -1}};
    static float values[300];
    for (int i = 0; i < 300; i++) values[i] = 0.9f * sinf((float)i / 50);
    *v = (lp_view){.game = g->name,
                   .wins = 12,
                   .losses = 3,
                   .episode = 16,
                   .decisions = 48213,
                   .episode_decisions = 300,
                   .episode_s = 20,
                   .played_s = 3600,
                   .real_s = NAN,
                   .decisions_per_s = 15,
                   .speed = 1,
                   .can_win = true,
                   .can_end = true,
                   .chosen = -1,
                   .status = "horizon 1000"};
    v->frame = lp_emu_frame(emu, &v->frame_width, &v->frame_height);
    v->all_keys = LP_KEY_LEFT | LP_KEY_RIGHT | LP_KEY_A;
    v->n_keys = LP_VIEW_MAX_KEYS;
    for (int i = 0; i < LP_VIEW_MAX_KEYS; i++) v->keys[i] = i % 20 < 12 ? LP_KEY_RIGHT : i % 20 < 14 ? LP_KEY_A : 0;
    if (g->colour || v->frame_width == 160) {
        v->n_events = 3;
        v->events[0] = (lp_view_event){16, 18, "The door opens.", true};
        v->events[1] = (lp_view_event){16, 2, "A sign shows the star.", false};
        v->events[2] = (lp_view_event){15, 31, "Won.", true};
        v->n_results = 15;
        for (int i = 0; i < 15; i++) v->results[i] = (lp_view_result){15 - i, 400, 31, i % 5 ? LP_VIEW_WON : LP_VIEW_LOST};
        v->n_splits = 2;
        v->splits[0] = (lp_view_split){"door", 18, 21};
        v->splits[1] = (lp_view_split){"won", NAN, 31};
        v->n_variables = 4;
        v->variables = variables;
        v->n_actions = 6;
        v->action_names = buttons;
        v->action_probabilities = probabilities;
        v->chosen = 2;
        v->policy = "random";
        v->memory = "none";
    } else { /* a person, with a bare ROM */
        v->human = true;
        v->policy = "human";
        v->can_win = v->can_end = false;
    }
    if (g->chat) fill_chat(v);
    if (g->chat || g->colour || v->frame_width != 160) return;
    v->policy = "cue.safetensors";
    v->memory = "tree";
    v->value_history = values;
    v->n_values = 300;
    v->n_levels = 3;
    v->level_counts[0] = 20, v->level_counts[1] = 16, v->level_counts[2] = 4;
    v->level_weights[0] = 0.25f, v->level_weights[2] = 0.7f;
    v->items_seen = 300;
    v->last_written = "A sign shows the star.";
    v->n_reads = 3;
    v->reads[0] = (lp_view_read){260, 2, 0.7f, "A sign shows the star."};
    v->reads[1] = (lp_view_read){12, 0, 0.2f, "The door opens."};
    v->reads[2] = (lp_view_read){1, 0, 0.05f, NULL};
}

/* ---- pictures ---- */

static void reduce(reduced *out, const lp_painter *p) {
    out->w = p->whole.w / CELL;
    out->h = p->whole.h / CELL;
    assert_true(out->w * out->h <= MAX_CELLS);
    for (int i = 0; i < out->w * out->h; i++) {
        int x0 = lp_paint_px(p, i % out->w * CELL), x1 = lp_paint_px(p, (i % out->w + 1) * CELL);
        int y0 = lp_paint_px(p, i / out->w * CELL), y1 = lp_paint_px(p, (i / out->w + 1) * CELL);
        uint32_t sum[3] = {0}, n = (uint32_t)((x1 - x0) * (y1 - y0));
        for (int y = y0; y < y1; y++)
            for (int x = x0; x < x1; x++)
                for (int c = 0; c < 3; c++) sum[c] += p->canvas[y * p->width + x] >> (16 - 8 * c) & 0xff;
        for (int c = 0; c < 3; c++) out->rgb[3 * i + c] = (unsigned char)((sum[c] + n / 2) / n);
    }
}

/* The largest difference of a cell, and which. */
static int farthest(const reduced *a, const reduced *b, int *where) {
    int most = -1;
    assert_true(a->w == b->w && a->h == b->h);
    for (int i = 0; i < a->w * a->h * 3; i++) {
        int d = abs(a->rgb[i] - b->rgb[i]);
        if (d <= most) continue;
        most = d;
        *where = i / 3;
    }
    return most;
}

static void draw(reduced *out, const lp_look *look, const lp_view *view, const char *save) {
    lp_painter *p;
    lp_err err;
    if (lp_painter_open(&p, look, &err)) fail_msg("%s", err.message);
    lp_view_draw(p, view);
    reduce(out, p);
    if (save && lp_png_write(save, p->canvas, p->width, p->height, &err)) fail_msg("%s", err.message);
    lp_painter_close(p);
}

static void write_golden(const char *path, const reduced *r) {
    static uint32_t pixels[MAX_CELLS];
    lp_err err;
    for (int i = 0; i < r->w * r->h; i++) pixels[i] = (uint32_t)r->rgb[3 * i] << 16 | (uint32_t)r->rgb[3 * i + 1] << 8 | r->rgb[3 * i + 2];
    if (lp_png_write(path, pixels, r->w, r->h, &err)) fail_msg("%s", err.message);
}

static void read_golden(reduced *out, const char *path) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_file(&image, path)) fail_msg("%s: %s", path, image.message);
    image.format = PNG_FORMAT_RGB;
    out->w = (int)image.width;
    out->h = (int)image.height;
    assert_true(out->w * out->h <= MAX_CELLS);
    if (!png_image_finish_read(&image, NULL, out->rgb, 0, NULL)) fail_msg("%s: %s", path, image.message);
}

/* ---- tests ---- */

static void compare(lp_view *view, const char *name, const char *size, const lp_look *look) {
    static reduced now, golden;
    char path[PATH_MAX], save[PATH_MAX];
    const char *folder = getenv("TMPDIR");
    int where = 0;
    bool renew = getenv("LONGPLAY_RENEW_GOLDEN") != NULL;
    snprintf(path, sizeof path, "tests/golden/%s-%s.png", name, size);
    snprintf(save, sizeof save, "%s/golden-%s-%s.png", folder && *folder ? folder : P_tmpdir, name, size);
    draw(&now, look, view, renew ? save : NULL);
    if (renew) write_golden(path, &now);
    read_golden(&golden, path);
    int most = farthest(&now, &golden, &where);
    print_message("%s: %d at most\n", path, most);
    if (most > TOLERANCE)
        fail_msg("%s: differs by %d in the units from %d, %d on; the head of this file says how to renew it", path, most,
                 where % now.w * CELL, where / now.w * CELL);
}

static void pictures_are_as_they_were(void **state) {
    (void)state;
    for (size_t g = 0; g < sizeof games / sizeof *games; g++) {
        lp_blob rom;
        lp_emu *emu;
        lp_err err;
        lp_view view;
        if (lp_file_read(&rom, games[g].rom, 32 << 20, &err)) fail_msg("%s", err.message);
        if (games[g].colour) make_colour(rom.data);
        if (lp_emu_open(&emu, rom.data, rom.size_bytes, NULL, &err)) fail_msg("%s", err.message);
        lp_emu_step(emu, 0, FRAMES);
        if (games[g].colour) {
            assert_int_equal(lp_emu_system(emu), LP_SYSTEM_GBC);
            give_colours(emu);
            lp_emu_step(emu, 0, 2);
        }
        fill(&view, emu, &games[g]);
        for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) compare(&view, games[g].name, looks[i].name, &looks[i].look);
        lp_emu_close(emu);
        lp_blob_free(&rom);
    }
}

/* The comparison sees what it is for, and passes over what it should: one picture at two sizes, whose letters are not the same pixels. */
static void small_changes_are_seen(void **state) {
    (void)state;
    static reduced whole, other;
    static uint32_t frame[160 * 144];
    static char empty[] = {1, 0};
    lp_view view;
    lp_emu *emu;
    lp_blob rom;
    lp_err err;
    int where;
    if (lp_file_read(&rom, games[0].rom, 32 << 20, &err)) fail_msg("%s", err.message);
    if (lp_emu_open(&emu, rom.data, rom.size_bytes, NULL, &err)) fail_msg("%s", err.message);
    fill(&view, emu, &games[0]);
    view.frame = frame;
    draw(&whole, &looks[0].look, &view, NULL);
    draw(&other, &looks[1].look, &view, NULL);
    int letters = farthest(&whole, &other, &where);
    print_message("another size of letters: %d at most\n", letters);
    assert_true(letters <= TOLERANCE);
    for (int change = 0; change < 5; change++) {
        lp_view changed = view;
        if (change == 0) changed.chosen = 1;
        if (change == 1) changed.n_reads = 1;
        if (change == 2) changed.mode = LP_VIEW_REPLAY;
        if (change == 3) changed.level_counts[2] = 0;
        if (change == 4) changed.last_written = empty;
        draw(&other, &looks[0].look, &changed, NULL);
        int most = farthest(&whole, &other, &where);
        print_message("change %d: %d\n", change, most);
        if (most <= TOLERANCE) fail_msg("change %d is not seen: %d", change, most);
    }
    lp_emu_close(emu);
    lp_blob_free(&rom);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures_are_as_they_were), cmocka_unit_test(small_changes_are_seen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
