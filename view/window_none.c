/* What stands in for the window and the painter where Longplay is built without them (-DLP_WINDOW=OFF): there is never a display, and a
 * picture of the window is refused. */
#include "view/speaker.h"
#include "view/viewer.h"

#include "base/contract.h"

#include <stddef.h>

static lp_status refuse(lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "this longplay was built without its window (LP_WINDOW=OFF): it draws none");
}

lp_status lp_painter_open(lp_painter **out, const lp_look *look, lp_err *err) {
    (void)look;
    *out = NULL;
    return refuse(err);
}

void lp_painter_close(lp_painter *painter) { (void)painter; }

lp_status lp_painter_fit(lp_painter *painter, int width, int height, lp_err *err) {
    (void)width, (void)height, (void)err;
    LP_CHECK(painter); /* none can be had */
    return LP_FAILED;
}

void lp_painter_size(const lp_painter *painter, int *width, int *height) {
    (void)width, (void)height;
    LP_CHECK(painter);
}

bool lp_painter_reads_well(const lp_painter *painter, lp_err *why) {
    (void)why;
    LP_CHECK(painter);
    return true;
}

const uint32_t *lp_view_draw(lp_painter *painter, const lp_view *view) {
    (void)view;
    LP_CHECK(painter);
    return NULL;
}

bool lp_window_available(void) { return false; }

lp_status lp_window_open(lp_window **out, const char *title, int width, int height, lp_err *err) {
    (void)title, (void)width, (void)height;
    *out = NULL;
    return refuse(err);
}

void lp_window_close(lp_window *window) { (void)window; }

void lp_window_size(const lp_window *window, int *width, int *height) {
    (void)window;
    *width = *height = 0;
}

void lp_window_show(lp_window *window, const uint32_t *pixels, int width, int height) {
    (void)window, (void)pixels, (void)width, (void)height;
}

lp_keypress lp_window_poll(lp_window *window) {
    (void)window;
    return LP_KEYPRESS_NONE;
}

void lp_window_for_player(lp_window *window, bool for_player) {
    (void)window;
    (void)for_player;
}

lp_status lp_speaker_open(lp_speaker **out, lp_err *err) {
    *out = NULL;
    return refuse(err);
}

void lp_speaker_close(lp_speaker *speaker) { LP_CHECK(!speaker); }

void lp_speaker_volume(lp_speaker *speaker, int percent) {
    (void)percent;
    LP_CHECK(speaker);
}

void lp_speaker_put(lp_speaker *speaker, const int16_t *pairs, int n_pairs) {
    (void)pairs, (void)n_pairs;
    LP_CHECK(speaker);
}

uint16_t lp_window_buttons(lp_window *window) {
    (void)window;
    return 0;
}
