/* How pictures look: layouts by name and from files, sizes, colours, and what is refused of them. */
#include "view/view_paint.h"

#include "base/file.h"

#include <limits.h>
#include <math.h>
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
    } want[] = {{"full", 1280, 720, LP_GAME_LEFT, 3, 9},
                {"game", 1280, 720, LP_GAME_ALONE, 0, 0},
                {"panels", 1280, 720, LP_GAME_NONE, 2, 9},
                {"vertical", 720, 1280, LP_GAME_TOP, 2, 9}};
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
        {"[panels]\nrow = value\nrow = reading values\n",
         ".ini:3: panels.row: no panel is called 'values' (there are action, thought, notebook, model, value,"},
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
    } right[] = {{{.size = NULL}, 1280, 720},
                 {{.layout = "vertical"}, 720, 1280},
                 {{.layout = "vertical", .size = "1080x1920"}, 1080, 1920},
                 {{.size = "640x480"}, 640, 480}};
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

/* ---- colours ---- */

static void themes_set_colours_by_name(void **state) {
    (void)state;
    lp_painter *p, *plain;
    lp_err err;
    write_file("; light\n[colours]\nground = #FfFfFf\nloss=#123456\n");
    if (lp_painter_open(&p, &(lp_look){.theme = path}, &err) || lp_painter_open(&plain, NULL, &err)) fail_msg("%s", err.message);
    for (int i = 0; i < LP_N_INKS; i++)
        assert_int_equal(p->ink[i], i == LP_INK_GROUND ? 0xffffff : i == LP_INK_LOSS ? 0x123456 : plain->ink[i]);
    const uint32_t *pixels = lp_view_draw(p, &(lp_view){.game = "cue"});
    assert_int_equal(pixels[0], 0xffffffff);
    assert_true(lp_painter_reads_well(plain, &err));
    assert_false(lp_painter_reads_well(p, &err));
    assert_string_equal(err.message, "text in loss on chosen has a contrast of 1.1 : 1; 4.5 can be read well");
    lp_painter_close(p);
    lp_painter_close(plain);
}

static void wrong_themes_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"[colours]\n\nsky = #000000\n", ".ini:3: unknown setting 'colours.sky' (of [colours] there are ground, panel, track,"},
        {"ground = #000000\n", ".ini:1: unknown setting 'ground'"},
        {"[colours]\ntext = white\n", ".ini:2: colours.text = 'white': must be #rrggbb"},
        {"[colours]\ntext = #fff\n", ".ini:2: colours.text = '#fff': must be"},
        {"[colours]\ntext = #ff00000\n", "must be #rrggbb"},
        {"[colours]\ntext = #+f0000\n", "must be #rrggbb"},
        {"[colours]\ntext = #0x0000\n", "must be #rrggbb"},
        {"[colours]\ntext = #ff 000\n", "must be #rrggbb"},
        {"[colours]\ntext =\n", "must be #rrggbb"},
        {"colours\n", ".ini:1: not 'key = value'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_file(wrong[i].text);
        expect_refused(&(lp_look){.theme = path}, wrong[i].words);
    }
    expect_refused(&(lp_look){.theme = "./none.ini"}, "./none.ini");
}

/* What an eye without one kind of cone sees of a linear colour: Machado, Oliveira and Fernandes 2009, severity 1. The first: all cones. */
static const double eyes[4][3][3] = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                                     {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
                                     {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
                                     {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}};

static double linear(uint32_t channel) {
    double s = (double)(channel & 0xff) / 255;
    return s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
}

/* CIE L*a*b* of an sRGB colour as that eye sees it, D65. */
static void lab(double out[3], const double eye[3][3], uint32_t ink) {
    static const double xyz[3][3] = {{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}},
                        white[] = {0.9505, 1, 1.089};
    const double rgb[] = {linear(ink >> 16), linear(ink >> 8), linear(ink)};
    double seen[3], f[3];
    for (int i = 0; i < 3; i++) {
        double s = eye[i][0] * rgb[0] + eye[i][1] * rgb[1] + eye[i][2] * rgb[2];
        seen[i] = s < 0 ? 0 : s > 1 ? 1 : s;
    }
    for (int i = 0; i < 3; i++) {
        double t = (xyz[i][0] * seen[0] + xyz[i][1] * seen[1] + xyz[i][2] * seen[2]) / white[i];
        f[i] = t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
    }
    out[0] = 116 * f[1] - 16;
    out[1] = 500 * (f[0] - f[1]);
    out[2] = 200 * (f[1] - f[2]);
}

static double difference(const double eye[3][3], uint32_t a, uint32_t b) {
    double p[3], q[3];
    lab(p, eye, a);
    lab(q, eye, b);
    return sqrt((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]) + (p[2] - q[2]) * (p[2] - q[2]));
}

/* The colours that stand for different things are told apart by every eye; that none does so alone is for the painter's tests. */
static void colours_for_every_eye(void **state) {
    (void)state;
    static const lp_ink_id apart[][2] = {{LP_INK_LIVE, LP_INK_LOSS},     {LP_INK_POLICY, LP_INK_MEMORY},  {LP_INK_POLICY, LP_INK_MUTED_BAR},
                                         {LP_INK_MEMORY, LP_INK_ASLEEP}, {LP_INK_LIVE, LP_INK_MEMORY},    {LP_INK_LIVE, LP_INK_REPLAY},
                                         {LP_INK_TEXT, LP_INK_DIM},      {LP_INK_MUTED_BAR, LP_INK_TRACK}};
    uint32_t ink[LP_N_INKS];
    lp_err err;
    double least = 1000;
    assert_int_equal(lp_theme_read(ink, NULL, &err), LP_OK);
    assert_true(fabs(difference(eyes[0], 0xffffff, 0) - 100) < 0.1 && fabs(difference(eyes[0], 0xff0000, 0x00ff00) - 170.6) < 0.5);
    assert_true(difference(eyes[2], 0xc00000, 0x705000) < 15); /* what is not told apart */
    for (int eye = 0; eye < 4; eye++)
        for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
            double d = difference(eyes[eye], ink[apart[i][0]], ink[apart[i][1]]);
            if (d < 15) fail_msg("eye %d: inks %d and %d differ by %.1f", eye, apart[i][0], apart[i][1], d);
            if (d < least) least = d;
        }
    print_message("the least difference is %.1f\n", least);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_layouts_are_texts),   cmocka_unit_test(layouts_of_users),
        cmocka_unit_test(wrong_layouts_are_refused), cmocka_unit_test(sizes_of_pictures),
        cmocka_unit_test(pictures_fit_into_windows), cmocka_unit_test(themes_set_colours_by_name),
        cmocka_unit_test(wrong_themes_are_refused),  cmocka_unit_test(colours_for_every_eye),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
