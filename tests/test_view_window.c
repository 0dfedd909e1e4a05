/* Around the viewer's picture: text and fonts, numbers, PNG files, the window (on SDL's dummy driver, so with no display). */
#define SDL_MAIN_HANDLED
#include "view/view_paint.h"

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"

#include <SDL2/SDL.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { W = LP_VIEW_WIDTH, H = LP_VIEW_HEIGHT };

/* SDL talks to D-Bus, whose library keeps its caches until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libdbus-1"; }

static int64_t sdl_allocations; /* counted from the start of main */

static void *counted_malloc(size_t size) {
    sdl_allocations++;
    return malloc(size);
}

static void *counted_calloc(size_t n, size_t size) {
    sdl_allocations++;
    return calloc(n, size);
}

static void *counted_realloc(void *old, size_t size) {
    sdl_allocations++;
    return realloc(old, size);
}

static char folder[PATH_MAX];

static int make_folder(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/longplay-viewer-XXXXXX", parent && *parent ? parent : P_tmpdir);
    return mkdtemp(folder) ? 0 : -1;
}

static int count_files(bool remove_them) {
    DIR *d = opendir(folder);
    assert_non_null(d);
    int n = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[PATH_MAX];
        if (e->d_name[0] == '.') continue;
        n++;
        if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < (int)sizeof path && remove_them) unlink(path);
    }
    closedir(d);
    return n;
}

static int remove_folder(void **state) {
    (void)state;
    count_files(true);
    return rmdir(folder);
}

static lp_painter *open_painter(void) {
    lp_painter *p;
    lp_err err;
    if (lp_painter_open(&p, NULL, &err)) fail_msg("%s", err.message);
    return p;
}

/* ---- text ---- */

static void text_stays_in_its_box(void **state) {
    (void)state;
    lp_painter *p = open_painter();
    lp_rng rng = lp_rng_make(11, 0);
    for (int i = 0; i < 400; i++) {
        char text[200];
        int length = (int)lp_rng_below(&rng, sizeof text);
        for (int k = 0; k < length; k++) text[k] = (char)(i % 2 ? 1 + lp_rng_below(&rng, 255) : ' ' + lp_rng_below(&rng, 95));
        text[length] = 0;
        lp_face_id face = (lp_face_id)lp_rng_below(&rng, LP_N_FACES);
        lp_rect box = {300, 100, (int)lp_rng_below(&rng, 500), 60};
        lp_paint_fill(p, (lp_rect){0, 0, W, H}, p->ink[LP_INK_GROUND]);
        int full = lp_paint_text_width(p, face, text), drawn = lp_paint_text(p, box, face, LP_RIGHT, p->ink[LP_INK_TEXT], text);
        assert_true(drawn >= 0 && drawn <= box.w);
        if (full <= box.w) assert_int_equal(drawn, full);
        for (int y = 0; y < H; y++) /* a glyph's edge may lean out a little */
            for (int x = 0; x < W; x++)
                if (p->canvas[y * W + x] != (0xff000000u | p->ink[LP_INK_GROUND]))
                    assert_true(x >= box.x - 3 && x < box.x + box.w + 3 && y >= box.y && y < box.y + box.h);
    }
    lp_painter_close(p);
}

/* What a box of 200 x 30 looks like with this text in it. */
static const uint32_t *image_of(lp_painter *p, const char *text, uint32_t out[30][200]) {
    lp_rect box = {0, 0, 200, 30};
    lp_paint_fill(p, box, p->ink[LP_INK_GROUND]);
    lp_paint_text(p, box, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_TEXT], text);
    for (int y = 0; y < 30; y++) memcpy(out[y], p->canvas + y * W, 200 * sizeof(uint32_t));
    return out[0];
}

static void long_text_ends_in_an_ellipsis(void **state) {
    (void)state;
    static uint32_t a[30][200], b[30][200];
    lp_painter *p = open_painter();
    image_of(p, "mmmmmmmmmm\xe2\x80\xa6", a); /* ten fit beside the ellipsis in 200 pixels */
    image_of(p, "mmmmmmmmmmmmmmmmmmmmmmm", b);
    assert_memory_equal(a, b, sizeof a);
    image_of(p,
             "\xff"
             "a\xc3",
             a); /* not UTF-8: a specimen for each bad part */
    image_of(p,
             "\xef\xbf\xbd"
             "a\xef\xbf\xbd",
             b);
    assert_memory_equal(a, b, sizeof a);
    image_of(p,
             "a\tb\x01"
             "c",
             a);
    image_of(p, "a b c", b);
    assert_memory_equal(a, b, sizeof a);
    image_of(p, "abc", a);
    image_of(p, "abd", b);
    assert_memory_not_equal(a, b, sizeof a);
    lp_painter_close(p);
}

/* After the glyphs of the digits are known, a picture with other numbers asks SDL and SDL_ttf for no memory. */
static void drawing_allocates_nothing(void **state) {
    (void)state;
    lp_painter *p = open_painter();
    lp_view view = {
        .game = "cue", .n_levels = 2, .level_counts = {9, 8}, .decisions = 1234567890, .wins = 1234567890, .status = "0123456789,%<>kMGx"};
    lp_view_draw(p, &view);
    lp_view_draw(p, &view);
    int64_t before = sdl_allocations;
    double best = 1e9;
    assert_true(before > 0);
    for (int i = 0; i < 50; i++) {
        double start = lp_now_s();
        view.decisions += 123456;
        view.wins += 99;
        view.items_seen += 1;
        lp_view_draw(p, &view);
        double took = lp_now_s() - start;
        if (took < best) best = took;
    }
    assert_int_equal(sdl_allocations, before);
    print_message("a picture takes %.2f ms\n", best * 1e3);
    lp_painter_close(p);
}

static void fonts_that_cannot_be_used(void **state) {
    (void)state;
    lp_painter *p = calloc(1, sizeof *p);
    lp_err err;
    const char *const nowhere[] = {folder, NULL};
    assert_non_null(p);
    assert_int_equal(lp_paint_open_faces(p, nowhere, &err), LP_FAILED);
    assert_non_null(strstr(err.message, "fonts-dejavu-core"));
    assert_null(strchr(err.message, '\n'));
    free(p);

    setenv("LONGPLAY_FONTS", folder, 1); /* no fonts in it: the usual folders follow */
    lp_painter_close(open_painter());
    char path[PATH_MAX];
    lp_path_join(path, sizeof path, folder, "DejaVuSans.ttf");
    assert_int_equal(lp_file_write_atomic(path, "not a font", 10, &err), LP_OK);
    assert_int_equal(lp_painter_open(&p, NULL, &err), LP_FAILED);
    assert_null(p);
    assert_non_null(strstr(err.message, path));
    unsetenv("LONGPLAY_FONTS");
    unlink(path);
}

/* A character that DejaVu Sans has not: with a fallback font that has it, it is drawn; with none, or a file that is no font, a specimen is. */
static void fallback_fonts(void **state) {
    (void)state;
    static const char missing[] = "\xe2\x8c\x92"; /* U+2312, which DejaVu Sans Mono has */
    static uint32_t drawn[4][30][200];
    static const char *const files[] = {NULL, "DejaVuSansMono.ttf", NULL};
    const char *folders[17];
    char path[PATH_MAX], font[PATH_MAX];
    lp_err err;
    lp_path_join(path, sizeof path, folder, "unifont.otf");
    setenv("LONGPLAY_FONTS", folder, 1);
    lp_paint_font_folders(folders, 16);
    for (int i = 0; i < 3; i++) {
        if (files[i]) {
            const char *const *at = folders;
            while (*at && !lp_file_exists(lp_path_join(font, sizeof font, *at, files[i]))) at++;
            assert_non_null(*at);
            assert_int_equal(symlink(font, path), 0);
        } else if (i > 0) {
            assert_int_equal(lp_file_write_atomic(path, "not a font", 10, &err), LP_OK);
        }
        lp_painter *p = open_painter();
        image_of(p, missing, drawn[i]);
        image_of(p, "\xef\xbf\xbd", drawn[3]);
        lp_painter_close(p);
        assert_int_equal(memcmp(drawn[i], drawn[3], sizeof drawn[3]) != 0, i == 1);
        unlink(path);
    }
    unsetenv("LONGPLAY_FONTS");
}

/* ---- numbers ---- */

static void numbers_as_people_read_them(void **state) {
    (void)state;
    char out[LP_FORMAT_SIZE];
    assert_string_equal(lp_format_count(out, 0), "0");
    assert_string_equal(lp_format_count(out, 999), "999");
    assert_string_equal(lp_format_count(out, 1000), "1,000");
    assert_string_equal(lp_format_count(out, -1234567), "\xe2\x88\x92"
                                                        "1,234,567");
    assert_string_equal(lp_format_count(out, INT64_MIN), "\xe2\x88\x92"
                                                         "9,223,372,036,854,775,808");
    assert_string_equal(lp_format_compact(out, 999), "999");
    assert_string_equal(lp_format_compact(out, 1000), "1.0k");
    assert_string_equal(lp_format_compact(out, 999999), "999k");
    assert_string_equal(lp_format_compact(out, 1000000), "1.0M");
    assert_string_equal(lp_format_compact(out, INT64_MAX), "9.2E");
    assert_string_equal(lp_format_compact(out, INT64_MIN), "\xe2\x88\x92"
                                                           "9.2E");
    assert_string_equal(lp_format_percent(out, 0), "0%");
    assert_string_equal(lp_format_percent(out, 1e-9), "<1%");
    assert_string_equal(lp_format_percent(out, 0.34), "34%");
    assert_string_equal(lp_format_percent(out, 0.996), ">99%");
    assert_string_equal(lp_format_percent(out, 1), "100%");
    assert_string_equal(lp_format_percent(out, NAN), "\xe2\x80\x93");
    assert_string_equal(lp_format_signed(out, 0.421), "+0.42");
    assert_string_equal(lp_format_signed(out, -0.001), "0.00");
    assert_string_equal(lp_format_signed(out, -1), "\xe2\x88\x92"
                                                   "1.00");
    assert_string_equal(lp_format_signed(out, INFINITY), "\xe2\x80\x93");
    assert_string_equal(lp_format_time(out, 0), "00:00:00");
    assert_string_equal(lp_format_time(out, 86399.9), "23:59:59");
    assert_string_equal(lp_format_time(out, 2 * 86400 + 3 * 3600 + 4 * 60 + 5), "2d 03:04:05");
    assert_string_equal(lp_format_time(out, -1), "\xe2\x80\x93");
    assert_string_equal(lp_format_time(out, 1e300), "100,000,000d 00:00:00");
}

/* ---- PNG ---- */

static uint32_t picture[37 * 23];

static const char *png_path(char out[PATH_MAX], const char *name) {
    lp_rng rng = lp_rng_make(5, 0);
    for (int i = 0; i < 37 * 23; i++) picture[i] = (uint32_t)lp_rng_u64(&rng);
    return lp_path_join(out, PATH_MAX, folder, name);
}

static void png_reads_back_equal(void **state) {
    (void)state;
    char path[PATH_MAX];
    lp_err err;
    unsigned char rgb[37 * 23 * 3];
    assert_int_equal(lp_png_write(png_path(path, "a.png"), picture, 37, 23, &err), LP_OK);
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&image, path));
    assert_int_equal(image.width, 37);
    assert_int_equal(image.height, 23);
    assert_int_equal(image.format, PNG_FORMAT_RGB);
    assert_true(png_image_finish_read(&image, NULL, rgb, 0, NULL));
    for (int i = 0; i < 37 * 23; i++)
        assert_int_equal(picture[i] & 0xffffff, (uint32_t)rgb[3 * i] << 16 | (uint32_t)rgb[3 * i + 1] << 8 | rgb[3 * i + 2]);
    assert_int_equal(count_files(true), 1);
}

static void png_that_cannot_be_written(void **state) {
    (void)state;
    char path[PATH_MAX];
    lp_err err;
    assert_int_equal(lp_png_write(png_path(path, "b.png"), picture, 0, 23, &err), LP_BAD_INPUT);
    assert_int_equal(lp_png_write(path, picture, 37, 1 << 30, &err), LP_BAD_INPUT);
    for (int64_t left = 0; left < 2000; left += 199) {
        lp_fault = (lp_fault_plan){.armed = true, .bytes_left = left, .error = ENOSPC};
        assert_int_equal(lp_png_write(path, picture, 37, 23, &err), LP_FAILED);
        lp_fault = (lp_fault_plan){0};
        assert_non_null(strstr(err.message, path));
        assert_non_null(strstr(err.message, strerror(ENOSPC)));
        assert_int_equal(count_files(false), 0);
    }
    assert_int_equal(lp_png_write(png_path(path, "none/b.png"), picture, 37, 23, &err), LP_FAILED);
    assert_int_equal(count_files(false), 0);
}

/* ---- the window ---- */

static void no_display_no_window(void **state) {
    (void)state;
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    assert_false(lp_window_available());
    setenv("DISPLAY", "", 1);
    assert_false(lp_window_available());
    static const char *const nobody[][3] = {
        {"DISPLAY", ":49213", ""}, {"DISPLAY", ":49213", "x11"}, {"WAYLAND_DISPLAY", "wayland-49213", ""}};
    for (int i = 0; i < 3; i++) { /* where nobody listens; with and without a driver named */
        unsetenv("DISPLAY");
        setenv("SDL_VIDEODRIVER", nobody[i][2], 1);
        setenv(nobody[i][0], nobody[i][1], 1);
        assert_false(lp_window_available());
        lp_window *w;
        lp_err err;
        assert_int_equal(lp_window_open(&w, "cue, runs/tuesday - Longplay", W, H, &err), LP_FAILED);
        assert_null(w);
        assert_true(err.message[0] && !strchr(err.message, '\n'));
    }
    unsetenv("WAYLAND_DISPLAY");
}

static void press(SDL_Keycode key, SDL_Scancode code, bool repeat) {
    SDL_Event e = {.key = {.type = SDL_KEYDOWN, .state = SDL_PRESSED, .repeat = repeat, .keysym = {.scancode = code, .sym = key}}};
    assert_int_equal(SDL_PushEvent(&e), 1);
}

/* SDL ends a round of polling at what was queued when it began; the next poll has what came later. */
static lp_keypress next_press(lp_window *w) {
    lp_keypress press = lp_window_poll(w);
    return press ? press : lp_window_poll(w);
}

static void check_keys(lp_window *w) {
    static const struct {
        SDL_Keycode key;
        lp_keypress want;
    } keys[] = {{SDLK_SPACE, LP_KEYPRESS_PAUSE}, {SDLK_s, LP_KEYPRESS_STEP}, {SDLK_1, LP_KEYPRESS_SPEED_1}, {SDLK_4, LP_KEYPRESS_SPEED_4},
                {SDLK_m, LP_KEYPRESS_SPEED_MAX}, {SDLK_p, LP_KEYPRESS_SHOT}, {SDLK_q, LP_KEYPRESS_QUIT}};
    enum { N = sizeof keys / sizeof *keys };
    while (lp_window_poll(w)) continue;
    press(SDLK_x, SDL_SCANCODE_X, false);
    for (int i = 0; i < N; i++) press(keys[i].key, SDL_GetScancodeFromKey(keys[i].key), false);
    for (int i = 0; i < N; i++) assert_int_equal(next_press(w), keys[i].want);
    assert_int_equal(next_press(w), LP_KEYPRESS_NONE);
    press(SDLK_SPACE, SDL_SCANCODE_SPACE, true); /* held down: only stepping goes on */
    press(SDLK_s, SDL_SCANCODE_S, true);
    press(SDLK_AMPERSAND, SDL_SCANCODE_1, false); /* where digits need Shift */
    assert_int_equal(next_press(w), LP_KEYPRESS_STEP);
    assert_int_equal(next_press(w), LP_KEYPRESS_SPEED_1);
    SDL_PushEvent(&(SDL_Event){.type = SDL_QUIT});
    assert_int_equal(next_press(w), LP_KEYPRESS_QUIT);
    assert_int_equal(next_press(w), LP_KEYPRESS_NONE);
}

/* What the window holds, width x height; the caller frees it. */
static uint32_t *window_pixels(SDL_Renderer *r, int width, int height) {
    uint32_t *out = malloc((size_t)width * (size_t)height * sizeof *out);
    assert_non_null(out);
    assert_int_equal(SDL_RenderReadPixels(r, &(SDL_Rect){0, 0, width, height}, SDL_PIXELFORMAT_ARGB8888, out, width * 4), 0);
    return out;
}

/* The picture in a window of twice its height and more than twice its width: doubled, sharp, between black bars. */
static void check_resized(lp_window *w, SDL_Window *window, const uint32_t *pixels) {
    enum { BAR = 100, WIDE = 2 * W + 2 * BAR, HIGH = 2 * H };
    SDL_SetWindowSize(window, WIDE, HIGH);
    lp_window_poll(w);
    lp_window_show(w, pixels, W, H);
    assert_int_equal(SDL_RenderSetLogicalSize(SDL_GetRenderer(window), 0, 0), 0); /* to read the bars, too */
    uint32_t *shown = window_pixels(SDL_GetRenderer(window), WIDE, HIGH);
    for (int y = 0; y < HIGH; y += 3) {
        for (int x = 0; x < WIDE; x++) {
            bool outside = x < BAR || x >= WIDE - BAR;
            uint32_t want = outside ? 0 : pixels[y / 2 * W + (x - BAR) / 2] & 0xffffff;
            if ((shown[y * WIDE + x] & 0xffffff) != want) fail_msg("pixel %d, %d differs", x, y);
        }
    }
    free(shown);
}

static void check_fullscreen(lp_window *w, SDL_Window *window) {
    for (int i = 0; i < 4; i++) {
        press(SDLK_f, SDL_SCANCODE_F, i % 2); /* held down: once is enough */
        assert_int_equal(next_press(w), LP_KEYPRESS_NONE);
        assert_int_equal((SDL_GetWindowFlags(window) & SDL_WINDOW_FULLSCREEN_DESKTOP) != 0, i < 2);
    }
}

static void window_shows_and_hears(void **state) {
    (void)state;
    static uint32_t pixels[W * H];
    struct sigaction before, after;
    lp_window *w;
    lp_err err;
    setenv("DISPLAY", ":49213", 1);
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    assert_true(lp_window_available());
    sigaction(SIGINT, NULL, &before);
    if (lp_window_open(&w, "cue, runs/tuesday - Longplay", W, H, &err)) fail_msg("%s", err.message);
    sigaction(SIGINT, NULL, &after);
    assert_ptr_equal(before.sa_handler, after.sa_handler);
    SDL_Window *window = SDL_GetWindowFromID(1);
    for (uint32_t id = 2; !window && id < 10; id++) window = SDL_GetWindowFromID(id);
    assert_non_null(window);
    assert_string_equal(SDL_GetWindowTitle(window), "cue, runs/tuesday - Longplay");
    int width, height;
    SDL_GetWindowSize(window, &width, &height);
    assert_true(width == 1024 && height == 576); /* as wide as this screen, in the same shape */
    SDL_SetWindowSize(window, W, H);
    lp_window_poll(w);
    lp_window_size(w, &width, &height);
    assert_true(width == W && height == H);
    for (int i = 0; i < W * H; i++) pixels[i] = 0xff000000u | (uint32_t)i * 2654435761u >> 8;
    for (int i = 0; i < 3; i++) lp_window_show(w, pixels, W, H);
    uint32_t *shown = window_pixels(SDL_GetRenderer(window), W, H);
    for (int i = 0; i < W * H; i++)
        if ((shown[i] & 0xffffff) != (pixels[i] & 0xffffff)) fail_msg("pixel %d differs", i);
    free(shown);
    check_keys(w);
    check_fullscreen(w, window);
    check_resized(w, window, pixels);
    lp_window_close(w);
    lp_window_close(NULL);
}

int main(void) {
    SDL_SetMemoryFunctions(counted_malloc, counted_calloc, counted_realloc, free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_in_its_box),
        cmocka_unit_test(long_text_ends_in_an_ellipsis),
        cmocka_unit_test(drawing_allocates_nothing),
        cmocka_unit_test(fonts_that_cannot_be_used),
        cmocka_unit_test(fallback_fonts),
        cmocka_unit_test(numbers_as_people_read_them),
        cmocka_unit_test(png_reads_back_equal),
        cmocka_unit_test(png_that_cannot_be_written),
        cmocka_unit_test(no_display_no_window),
        cmocka_unit_test(window_shows_and_hears),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
