/* What stands in for the window and the painter where Longplay is built without them (-DLP_WINDOW=OFF): there is never a display, and a
 * picture of the window is refused. */
#include "view/viewer.h"

#include "base/contract.h"

#include <stddef.h>

static lp_status refuse(lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "this longplay was built without its window (LP_WINDOW=OFF): it draws none");
}

lp_status lp_painter_open(lp_painter **out, lp_err *err) {
    *out = NULL;
    return refuse(err);
}

void lp_painter_close(lp_painter *painter) { (void)painter; }

const uint32_t *lp_view_draw(lp_painter *painter, const lp_view *view) {
    (void)view;
    LP_CHECK(painter); /* none can be had */
    return NULL;
}

bool lp_window_available(void) { return false; }

lp_status lp_window_open(lp_window **out, const char *title, lp_err *err) {
    (void)title;
    *out = NULL;
    return refuse(err);
}

void lp_window_close(lp_window *window) { (void)window; }

void lp_window_show(lp_window *window, const uint32_t *pixels) {
    (void)window;
    (void)pixels;
}

lp_keypress lp_window_poll(lp_window *window) {
    (void)window;
    return LP_KEYPRESS_NONE;
}

void lp_window_for_player(lp_window *window, bool for_player) {
    (void)window;
    (void)for_player;
}

uint16_t lp_window_buttons(lp_window *window) {
    (void)window;
    return 0;
}
