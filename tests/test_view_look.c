/* How pictures look: layouts by name and from files, sizes, and what is refused of them. */
#include "view/view_paint.h"

#include "base/file.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[PATH_MAX];

static int make_file(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/longplay-look-XXXXXX.ini", parent && *parent ? parent : P_tmpdir);
    int fd = mkstemps(path, 4);
    if (fd >= 0) close(fd);
    return fd < 0;
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

static void write_file(const char *text) {
    lp_err err;
    if (lp_file_write_atomic(path, text, strlen(text), &err)) fail_msg("%s", err.message);
}

static void expect_refused(const lp_look *look, const char *words) {
    lp_painter *p;
    lp_err err;
    assert_int_equal(lp_painter_open(&p, look, &err), LP_BAD_INPUT);
    assert_null(p);
    if (!strstr(err.message, words)) fail_msg("'%s' does not say '%s'", err.message, words);
    assert_null(strchr(err.message, '\n'));
}

/* ---- layouts ---- */

static void named_layouts_are_texts(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int width, height;
        lp_game_place game;
        int strips, rows;
    } want[] = {{"full", 1280, 720, LP_GAME_LEFT, 3, 7},
                {"game", 1280, 720, LP_GAME_ALONE, 0, 0},
                {"panels", 1280, 720, LP_GAME_NONE, 2, 7},
                {"vertical", 720, 1280, LP_GAME_TOP, 2, 7}};
    for (int i = 0; i < 4; i++) {
        lp_layout l;
        lp_err err;
        if (lp_layout_read(&l, want[i].name, &err)) fail_msg("%s", err.message);
        assert_true(l.width == want[i].width && l.height == want[i].height && l.game == want[i].game);
        assert_int_equal(l.n_top + l.n_bottom, want[i].strips);
        assert_int_equal(l.panels.n, want[i].rows);
        bool shown[LP_N_PANELS] = {false};
        for (int r = 0; r < l.panels.n; r++)
            for (int k = 0; k < l.panels.rows[r].n; k++) shown[l.panels.rows[r].panels[k]] = true;
        for (int k = 0; k < LP_N_PANELS; k++) assert_int_equal(shown[k], want[i].rows > 0); /* none is forgotten */
    }
}

static void layouts_of_users(void **state) {
    (void)state;
    lp_layout l;
    lp_err err;
    write_file(
        "; mine\n[layout]\nsize = 1920x1080\ngame = right\nbottom = keys header\n\n[panels]\nrow = buttons  events memory\nrow = value\n"
        "[below]\nrow = splits\n");
    if (lp_layout_read(&l, path, &err)) fail_msg("%s", err.message);
    assert_true(l.width == 1920 && l.height == 1080 && l.game == LP_GAME_RIGHT && l.n_top == 0 && l.n_bottom == 2);
    assert_true(l.bottom[0] == LP_STRIP_KEYS && l.bottom[1] == LP_STRIP_HEADER);
    assert_true(l.panels.n == 2 && l.panels.rows[0].n == 3 && l.panels.rows[1].n == 1 && l.below.n == 1);
    assert_true(l.panels.rows[0].panels[0] == LP_PANEL_BUTTONS && l.panels.rows[0].panels[1] == LP_PANEL_EVENTS);
    assert_true(l.panels.rows[1].panels[0] == LP_PANEL_VALUE && l.below.rows[0].panels[0] == LP_PANEL_SPLITS);
}

static void wrong_layouts_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"[layout]\n\ngame = middle\n", ".ini:3: layout.game: no place is called 'middle' (there are left, right, top, alone, none)"},
        {"[layout]\ngame = left right\n", ".ini:2: layout.game: at most 1"},
        {"[layout]\ngame =\n", ".ini:2: layout.game: names no place"},
        {"[layout]\ntop = header headers\n", ".ini:2: layout.top: no strip is called 'headers' (there are header, counters, keys)"},
        {"[layout]\ntop = keys keys\n", ".ini:2: layout.top: 'keys' twice"},
        {"[panels]\nrow = value\nrow = reading values\n", ".ini:3: panels.row: no panel is called 'values' (there are action, value,"},
        {"[panels]\nrow = value action memory reading\n", ".ini:2: panels.row: at most 3"},
        {"[below]\nrow = \n", ".ini:2: below.row: names no panel"},
        {"[layout]\nsize = 1280\n", ".ini:2: size '1280'"},
        {"[layout]\nplace = left\n", ".ini:2: unknown setting 'layout.place'"},
        {"[layout]\nwhat is this\n", ".ini:2: not 'key = value'"},
        {"[layout]\ngame = alone\n[panels]\nrow = value\n", ".ini: game = alone leaves no room"},
        {"[layout]\ngame = top\n[below]\nrow = value\n", ".ini: [below] needs"},
        {"[layout]\ntop = header\nbottom = header\n", ".ini: 'header' is in top and in bottom"},
        {"[layout]\ngame = none\n", ".ini: neither a game"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_file(wrong[i].text);
        expect_refused(&(lp_look){.layout = path}, wrong[i].words);
    }
    char rows[LP_MAX_ROWS * 16 + 64] = "[panels]\n";
    for (int i = 0; i <= LP_MAX_ROWS; i++) strcat(rows, "row = value\n");
    write_file(rows);
    expect_refused(&(lp_look){.layout = path}, ".ini:18: panels.row: more than 16 rows");
    expect_refused(&(lp_look){.layout = "wide"}, "layout 'wide': must be full, game, panels, vertical, or an .ini file");
    expect_refused(&(lp_look){.layout = "./none.ini"}, "./none.ini");
}

/* ---- sizes ---- */

static void sizes_of_pictures(void **state) {
    (void)state;
    static const char *const wrong[] = {"",          "1280",      "1280x",   "x720",    "1280x720x3", "1280 x 720",  "-1280x720",
                                        "+1280x720", "1280x-720", "639x480", "640x479", "8193x720",   "99999x99999", "12800000000x720",
                                        "1280x720 "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) expect_refused(&(lp_look){.size = wrong[i]}, wrong[i]);
    static const struct {
        lp_look look;
        int width, height;
    } right[] = {
        {{NULL, NULL}, 1280, 720}, {{"vertical", NULL}, 720, 1280}, {{"vertical", "1080x1920"}, 1080, 1920}, {{NULL, "640x480"}, 640, 480}};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        lp_painter *p;
        lp_err err;
        int w, h;
        if (lp_painter_open(&p, &right[i].look, &err)) fail_msg("%s", err.message);
        lp_painter_size(p, &w, &h);
        assert_true(w == right[i].width && h == right[i].height);
        lp_painter_close(p);
    }
}

static void pictures_fit_into_windows(void **state) {
    (void)state;
    static const int fits[][4] = {{1920, 1080, 1920, 1080},
                                  {1920, 1200, 1920, 1080},
                                  {3000, 1080, 1920, 1080},
                                  {1366, 768, 1365, 768},
                                  {320, 200, 1280, 720} /* too small for one: the look's */,
                                  {0, 0, 1280, 720},
                                  {20000, 20000, 1280, 720}};
    lp_painter *p;
    lp_err err;
    if (lp_painter_open(&p, NULL, &err)) fail_msg("%s", err.message);
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        int w, h;
        if (lp_painter_fit(p, fits[i][0], fits[i][1], &err)) fail_msg("%s", err.message);
        lp_painter_size(p, &w, &h);
        assert_true(w == fits[i][2] && h == fits[i][3]);
        const uint32_t *pixels = lp_view_draw(p, &(lp_view){.game = "cue"});
        assert_int_equal(pixels[w * h - 1], 0xff000000u | p->ink[LP_INK_GROUND]);
    }
    lp_painter_close(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_layouts_are_texts), cmocka_unit_test(layouts_of_users),          cmocka_unit_test(wrong_layouts_are_refused),
        cmocka_unit_test(sizes_of_pictures),       cmocka_unit_test(pictures_fit_into_windows),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
