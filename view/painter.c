/* The painter: draws the picture where layout.c has placed its parts, with no display and no allocation of its own. */
#include "view/view_paint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As far as it goes: what is drawn over the game stays in it. */
static lp_rect in_units(const lp_painter *p, lp_rect r) {
    float s = p->scale;
    int x = (int)ceilf((float)r.x / s), y = (int)ceilf((float)r.y / s);
    return (lp_rect){x, y, (int)((float)(r.x + r.w) / s) - x, (int)((float)(r.y + r.h) / s) - y};
}

static bool has_picture(const lp_view *view) { return view->frame && view->frame_width > 0 && view->frame_height > 0; }

/* A frame larger than its place is shown from its top left corner. */
static void draw_game(lp_painter *p, const lp_placing *placing, const lp_view *view) {
    if (has_picture(view)) {
        lp_paint_frame(p, placing->game, view->frame, view->frame_width, placing->game_scale);
        return;
    }
    lp_rect r = in_units(p, placing->game);
    lp_paint_fill(p, r, p->ink[LP_INK_PANEL]);
    lp_paint_text(p, r, LP_FACE_BODY, LP_CENTRE, p->ink[LP_INK_DIM], "no picture");
}

/* ---- opening, and the size ---- */

/* A painter of this size with the layout and the colours of from; the faces of from stay with it where theirs are the same. */
static lp_status set_size(lp_painter *p, int width, int height, lp_err *err) {
    enum { MAX_FOLDERS = 16 };
    const char *folders[MAX_FOLDERS + 1];
    lp_painter was = *p;
    int shorter = width < height ? width : height;
    p->width = width;
    p->height = height;
    p->scale = shorter > LP_VIEW_HEIGHT ? (float)shorter / LP_VIEW_HEIGHT : 1;
    p->whole = (lp_rect){0, 0, (int)((float)width / p->scale + 0.001f), (int)((float)height / p->scale + 0.001f)};
    p->canvas = calloc((size_t)width * (size_t)height, sizeof *p->canvas);
    lp_paint_font_folders(folders, MAX_FOLDERS);
    lp_status status = p->canvas ? LP_OK : lp_fail(err, LP_FAILED, "no memory for a picture of %dx%d", width, height);
    if (!status && (p->scale != was.scale || !p->faces[0])) {
        memset(p->faces, 0, sizeof p->faces);
        status = lp_paint_open_faces(p, folders, err);
        if (!status && was.faces[0]) lp_paint_close_faces(&was);
    }
    free(status ? p->canvas : was.canvas);
    if (status) *p = was;
    return status;
}

lp_status lp_painter_fit(lp_painter *p, int width, int height, lp_err *err) {
    int w = p->layout.width, h = p->layout.height;
    if (width > 0 && height > 0) {
        bool wide = (int64_t)width * h > (int64_t)height * w; /* wider than the shape */
        int fit_w = wide ? (int)((int64_t)height * w / h) : width, fit_h = wide ? height : (int)((int64_t)width * h / w);
        int shorter = fit_w < fit_h ? fit_w : fit_h, longer = fit_w < fit_h ? fit_h : fit_w;
        if (shorter >= LP_VIEW_LEAST && longer >= LP_VIEW_LEAST * 4 / 3 && longer <= LP_VIEW_MOST) w = fit_w, h = fit_h;
    }
    return w == p->width && h == p->height ? LP_OK : set_size(p, w, h, err);
}

void lp_painter_size(const lp_painter *p, int *width, int *height) {
    *width = p->width;
    *height = p->height;
}

lp_status lp_painter_open(lp_painter **out, const lp_look *look, lp_err *err) {
    static const lp_look plain;
    if (!look) look = &plain;
    lp_painter *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p) return lp_fail(err, LP_FAILED, "no memory for the painter");
    lp_status status = lp_layout_read(&p->layout, look->layout ? look->layout : "full", err);
    if (!status && look->size) status = lp_view_size(look->size, &p->layout.width, &p->layout.height, err);
    if (!status) status = lp_theme_read(p->ink, look->theme, err);
    if (!status) status = lp_painter_fit(p, 0, 0, err);
    if (status) {
        free(p);
        return status;
    }
    *out = p;
    return LP_OK;
}

void lp_painter_close(lp_painter *p) {
    if (!p) return;
    lp_paint_close_faces(p);
    free(p->canvas);
    free(p);
}

/* ---- drawing ---- */

/* How the episode ended, in a band over the game's middle. */
static void draw_banner(lp_painter *p, const lp_placing *placing, const lp_view *view) {
    static const char *const words[] = {"", "WON", "LOST", "OUT OF TIME"};
    enum { HIGH = 96, LINE = 58 };
    lp_rect g = in_units(p, placing->game);
    char count[LP_FORMAT_SIZE], time[LP_FORMAT_SIZE], text[4 * LP_FORMAT_SIZE];
    if (view->banner <= LP_VIEW_RUNNING || view->banner > LP_VIEW_TIMED_OUT || g.h < HIGH || !has_picture(view)) return;
    uint32_t ink = p->ink[view->banner == LP_VIEW_WON ? LP_INK_LIVE : view->banner == LP_VIEW_LOST ? LP_INK_LOSS : LP_INK_DIM];
    lp_rect band = {g.x, g.y + (g.h - HIGH) / 2, g.w, HIGH};
    lp_paint_shade(p, band, p->ink[LP_INK_GROUND], 232);
    lp_paint_fill(p, (lp_rect){band.x, band.y, band.w, 3}, ink);
    lp_paint_fill(p, (lp_rect){band.x, band.y + HIGH - 3, band.w, 3}, ink);
    if (view->n_results <= 0) {
        lp_paint_text(p, band, LP_FACE_BANNER, LP_CENTRE, ink, words[view->banner]);
        return;
    }
    const lp_view_result *last = &view->results[0];
    snprintf(text, sizeof text, "episode %s, %s", lp_format_count(count, last->episode), lp_format_clock(time, last->seconds));
    lp_paint_text(p, (lp_rect){band.x, band.y + 4, band.w, LINE}, LP_FACE_BANNER, LP_CENTRE, ink, words[view->banner]);
    lp_paint_text(p, (lp_rect){band.x, band.y + 4 + LINE, band.w, HIGH - LINE - 10}, LP_FACE_BODY, LP_CENTRE, p->ink[LP_INK_TEXT], text);
}

/* Where no strip shows it: on the lower edge, over whatever is there. */
static void draw_note(lp_painter *p, const char *note) {
    enum { HIGH = 34, MARGIN = 16 };
    lp_rect band = {0, p->whole.h - HIGH, p->whole.w + 1, HIGH + 1};
    lp_paint_fill(p, band, p->ink[LP_INK_TRACK]);
    lp_paint_text(p, (lp_rect){MARGIN, band.y, p->whole.w - 2 * MARGIN, HIGH}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_TEXT], note);
}

static void (*const strips[LP_N_STRIPS])(lp_painter *p, lp_rect r, const lp_view *view) = {
    [LP_STRIP_HEADER] = lp_view_header,
    [LP_STRIP_COUNTERS] = lp_view_counters,
    [LP_STRIP_KEYS] = lp_view_footer,
};

const uint32_t *lp_view_draw(lp_painter *p, const lp_view *view) {
    lp_placing placing;
    lp_layout_place(&placing, p, &p->layout, view);
    lp_paint_fill(p, (lp_rect){0, 0, p->whole.w + 1, p->whole.h + 1}, p->ink[LP_INK_GROUND]);
    if (placing.game.w > 0) draw_game(p, &placing, view);
    if (placing.game.w > 0) draw_banner(p, &placing, view);
    if (view->sheet && placing.side.w > 0) lp_view_draw_sheet(p, placing.side, view);
    for (int i = 0; i < placing.n_panels; i++) lp_panel_kinds[placing.panels[i].id].draw(p, placing.panels[i].r, view);
    for (int i = 0; i < LP_N_STRIPS; i++)
        if (placing.strips[i].w > 0) strips[i](p, placing.strips[i], view);
    if (!placing.strips[LP_STRIP_KEYS].w && view->note && *view->note) draw_note(p, view->note);
    return p->canvas;
}
