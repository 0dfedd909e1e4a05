/* The painter: lays the picture out and draws it, with no display and no allocation of its own.
 *
 * Layout, 1280 x 720: a header; on the left the game at the largest whole multiple that fits 736 x 576 (4x for a Game Boy's
 * 160 x 144, 3x for an Advance's 240 x 160); on the right actions, memory, reads; below, counters and keys. The
 * value chart stands beside the actions, or under the game where the game leaves room. With a sheet the right column has
 * variables, outcome and events instead.
 */
#include "view/view_paint.h"

#include <stdlib.h>

enum {
    MARGIN = 16,
    GAP = 8,
    HEADER_Y = 4,
    HEADER_H = 38,
    BODY_Y = 46,
    BODY_H = 576,
    COUNTERS_Y = 630,
    COUNTERS_H = 52,
    FOOTER_Y = 686,
    FOOTER_H = 30,
    GAME_MIN_W = 640,
    GAME_MAX_W = 736,
    VALUE_MIN_H = 80,
    ACTIONS_H = 208,
    LEVELS_H = 168,
    VARIABLES_H = 324,
    OUTCOME_H = 70,
};

typedef struct {
    lp_rect game, right, actions, value, levels, reads; /* game: what is drawn of it */
    int scale;
} layout;

static layout lay_out(const lp_view *view) {
    layout l = {.scale = 1};
    int w = view->frame ? view->frame_width : 0, h = view->frame ? view->frame_height : 0;
    if (w <= 0 || h <= 0) {
        w = 160;
        h = 144;
    }
    while (w <= GAME_MAX_W / (l.scale + 1) && h <= BODY_H / (l.scale + 1)) l.scale++;
    int game_w = w <= GAME_MAX_W ? w * l.scale : GAME_MAX_W, game_h = h <= BODY_H ? h * l.scale : BODY_H;
    int column = game_w > GAME_MIN_W ? game_w : GAME_MIN_W;
    l.game = (lp_rect){MARGIN + (column - game_w) / 2, BODY_Y, game_w, game_h};
    lp_rect right = {MARGIN + column + GAP + 4, BODY_Y, 0, BODY_H};
    right.w = LP_VIEW_WIDTH - MARGIN - right.x;
    l.right = right;
    l.actions = (lp_rect){right.x, right.y, right.w, ACTIONS_H};
    int below = BODY_H - game_h - GAP;
    if (below >= VALUE_MIN_H) l.value = (lp_rect){MARGIN, BODY_Y + game_h + GAP, column, below};
    else {
        l.actions.w = (right.w - GAP) / 2;
        l.value = (lp_rect){right.x + l.actions.w + GAP, right.y, right.w - GAP - l.actions.w, ACTIONS_H};
    }
    l.levels = (lp_rect){right.x, right.y + ACTIONS_H + GAP, right.w, LEVELS_H};
    int y = l.levels.y + LEVELS_H + GAP;
    l.reads = (lp_rect){right.x, y, right.w, BODY_Y + BODY_H - y};
    return l;
}

/* A frame larger than its place is shown from its top left corner. */
static void draw_game(lp_painter *p, const layout *l, const lp_view *view) {
    if (!view->frame || view->frame_width <= 0 || view->frame_height <= 0) {
        lp_paint_fill(p, l->game, LP_INK_PANEL);
        lp_paint_text(p, l->game, LP_FACE_BODY, LP_CENTRE, LP_INK_DIM, "no picture");
        return;
    }
    lp_paint_frame(p, l->game, view->frame, view->frame_width, l->scale);
}

static void draw_mind(lp_painter *p, const layout *l, const lp_view *view) {
    lp_view_actions(p, l->actions, view);
    lp_view_value(p, l->value, view);
    lp_view_levels(p, l->levels, view);
    lp_view_reads(p, l->reads, view);
}

static void draw_sheet(lp_painter *p, lp_rect r, const lp_view *view) {
    lp_view_variables(p, (lp_rect){r.x, r.y, r.w, VARIABLES_H}, view);
    lp_view_outcome(p, (lp_rect){r.x, r.y + VARIABLES_H + GAP, r.w, OUTCOME_H}, view);
    int above = VARIABLES_H + OUTCOME_H + 2 * GAP;
    lp_view_events(p, (lp_rect){r.x, r.y + above, r.w, r.h - above}, view);
}

lp_status lp_painter_open(lp_painter **out, lp_err *err) {
    enum { MAX_FOLDERS = 8 };
    const char *folders[MAX_FOLDERS + 1];
    lp_painter *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p) return lp_fail(err, LP_FAILED, "no memory for the painter");
    p->canvas = calloc((size_t)LP_VIEW_WIDTH * LP_VIEW_HEIGHT, sizeof *p->canvas);
    if (!p->canvas) {
        free(p);
        return lp_fail(err, LP_FAILED, "no memory for the painter");
    }
    lp_paint_font_folders(folders, MAX_FOLDERS);
    lp_status status = lp_paint_open_faces(p, folders, err);
    if (status) {
        free(p->canvas);
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

const uint32_t *lp_view_draw(lp_painter *p, const lp_view *view) {
    layout l = lay_out(view);
    int w = LP_VIEW_WIDTH - 2 * MARGIN;
    lp_paint_fill(p, (lp_rect){0, 0, LP_VIEW_WIDTH, LP_VIEW_HEIGHT}, LP_INK_GROUND);
    lp_view_header(p, (lp_rect){MARGIN, HEADER_Y, w, HEADER_H}, view);
    draw_game(p, &l, view);
    if (view->sheet) draw_sheet(p, l.right, view);
    else draw_mind(p, &l, view);
    lp_view_counters(p, (lp_rect){MARGIN, COUNTERS_Y, w, COUNTERS_H}, view);
    lp_view_footer(p, (lp_rect){MARGIN, FOOTER_Y, w, FOOTER_H}, view);
    return p->canvas;
}
