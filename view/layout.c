/* Where the game, the strips and the panels go.
 *
 * Panels that have something to tell are taken in their order as long as there is room for what each needs at least; those that do not fit, or
 * have nothing to tell, leave their room to the others: first up to what each has use for, then to those that grow.
 */
#include "view/view_paint.h"

enum {
    MARGIN = 16,
    GAP = 8,
    COLUMN_GAP = 12,
    STRIP_GAP = 4,
    SIDE_MIN_W = 500,
    PANEL_MIN_W = 210,
    GAME_MIN_W = 640,
    BESIDE_MIN_W = 560,
    COLUMN_W = 500,
    MAX_COLUMNS = 8
};

typedef struct {
    lp_panel_row row; /* those that tell */
    int least, want, grows, column;
} taken_row;

static bool is_placed(const lp_placing *out, lp_panel_id id) {
    for (int i = 0; i < out->n_panels; i++)
        if (out->panels[i].id == id) return true;
    return false;
}

/* What of the row is to be shown, and how high; n 0: nothing. */
static taken_row measure(const lp_placing *out, lp_painter *p, const lp_panel_row *row, const lp_view *view, int width) {
    taken_row t = {.row.n = 0};
    int most = (width + GAP) / (PANEL_MIN_W + GAP); /* side by side */
    for (int i = 0; i < row->n && t.row.n < (most > 1 ? most : 1); i++)
        if (!is_placed(out, row->panels[i]) && lp_panel_kinds[row->panels[i]].tells(view)) t.row.panels[t.row.n++] = row->panels[i];
    for (int i = 0; i < t.row.n; i++) {
        const lp_panel_kind *kind = &lp_panel_kinds[t.row.panels[i]];
        int w = (width - GAP * (t.row.n - 1)) / t.row.n;
        int least = kind->height(p, view, w, true), want = kind->height(p, view, w, false);
        if (least > t.least) t.least = least;
        if (want > t.want) t.want = want;
        if (kind->grows > t.grows) t.grows = kind->grows;
    }
    if (t.want < t.least) t.want = t.least;
    return t;
}

/* part of room by weight of all; what is left by rounding goes to the last. */
static int share(int *room, int weight, int *all) {
    int part = *all > 0 ? (int)((int64_t)*room * weight / *all) : 0;
    *room -= part;
    *all -= weight;
    return part;
}

static void place_row(lp_placing *out, const lp_panel_row *row, lp_rect r) {
    for (int i = 0; i < row->n; i++) {
        int x = r.x + i * (r.w + GAP) / row->n, right = r.x + (i + 1) * (r.w + GAP) / row->n - GAP;
        out->panels[out->n_panels].id = row->panels[i];
        out->panels[out->n_panels++].r = (lp_rect){x, r.y, right - x, r.h};
    }
}

/* The rows of one column, from the top of r to its end. */
static void spread(lp_placing *out, const taken_row *rows, int n, int column, lp_rect r) {
    int left = r.h + GAP, needs = 0, grow = 0, count = 0;
    for (int i = 0; i < n; i++) {
        if (rows[i].column != column) continue;
        left -= rows[i].least + GAP;
        needs += rows[i].want - rows[i].least;
        grow += rows[i].grows;
        count++;
    }
    int used = left < needs ? left : needs, rest = left - used, y = r.y;
    bool alike = grow == 0;
    if (alike) grow = count;
    for (int i = 0; i < n; i++) {
        if (rows[i].column != column) continue;
        int h = rows[i].least + share(&used, rows[i].want - rows[i].least, &needs) + share(&rest, alike ? 1 : rows[i].grows, &grow);
        place_row(out, &rows[i].row, (lp_rect){r.x, y, r.w, h});
        y += h + GAP;
    }
}

static int n_telling(const lp_view *view) {
    int n = 0;
    for (int i = 0; i < LP_N_PANELS; i++) n += lp_panel_kinds[i].tells(view);
    return n;
}

static void place_list(lp_placing *out, lp_painter *p, const lp_panel_list *list, const lp_view *view, lp_rect r) {
    taken_row rows[LP_MAX_ROWS];
    int n = 0, columns = (r.w + COLUMN_GAP) / (COLUMN_W + COLUMN_GAP), needed[MAX_COLUMNS] = {0}, wanted[MAX_COLUMNS] = {0};
    if (columns < 1) columns = 1;
    if (columns > MAX_COLUMNS) columns = MAX_COLUMNS;
    int w = (r.w - COLUMN_GAP * (columns - 1)) / columns, used = 0;
    for (int i = 0; i < list->n; i++) {
        taken_row t = measure(out, p, &list->rows[i], view, w);
        t.column = -1; /* of those that have room the one that is the least filled */
        for (int c = 0; c < columns; c++)
            if (needed[c] + t.least <= r.h && (t.column < 0 || wanted[c] < wanted[t.column])) t.column = c;
        if (!t.row.n || t.column < 0) continue;
        needed[t.column] += t.least + GAP;
        wanted[t.column] += t.want + GAP;
        if (t.column >= used) used = t.column + 1;
        rows[n++] = t;
    }
    if (used > 0) w = (r.w - COLUMN_GAP * (used - 1)) / used; /* fewer rows than columns */
    for (int c = 0; c < used; c++) spread(out, rows, n, c, (lp_rect){r.x + c * (w + COLUMN_GAP), r.y, w, r.h});
}

/* Sets the strips and returns what they leave. */
static lp_rect place_strips(lp_placing *out, const lp_painter *p, const lp_layout *layout, const lp_view *view) {
    bool bare = layout->game == LP_GAME_ALONE;
    int w = p->whole.w - 2 * MARGIN, top = layout->n_top ? STRIP_GAP : bare ? 0 : MARGIN;
    int bottom = p->whole.h - (layout->n_bottom ? STRIP_GAP : bare ? 0 : MARGIN);
    for (int i = 0; i < layout->n_top; i++) {
        int h = lp_view_strip_height(layout->top[i], w, view);
        out->strips[layout->top[i]] = (lp_rect){MARGIN, top, w, h};
        top += h + STRIP_GAP;
    }
    for (int i = layout->n_bottom - 1; i >= 0; i--) {
        int h = lp_view_strip_height(layout->bottom[i], w, view);
        bottom -= h;
        out->strips[layout->bottom[i]] = (lp_rect){MARGIN, bottom, w, h};
        bottom -= i > 0 ? STRIP_GAP : GAP;
    }
    int side = bare ? 0 : MARGIN;
    return (lp_rect){side, top, p->whole.w - 2 * side, bottom > top ? bottom - top : 0};
}

/* The game at the largest whole multiple in pixels within w x h units, from the middle of r's top on. Returns its size in units. */
static lp_rect place_game(lp_placing *out, const lp_painter *p, const lp_view *view, lp_rect r, int w, int h, bool middle) {
    int fw = view->frame ? view->frame_width : 0, fh = view->frame ? view->frame_height : 0, n = 1;
    int most_w = lp_paint_px(p, w), most_h = lp_paint_px(p, h);
    if (fw <= 0 || fh <= 0) fw = 160, fh = 144;
    while (fw <= most_w / (n + 1) && fh <= most_h / (n + 1)) n++;
    int gw = fw <= most_w ? fw * n : most_w, gh = fh <= most_h ? fh * n : most_h;
    out->game = (lp_rect){lp_paint_px(p, r.x) + (lp_paint_px(p, r.w) - gw) / 2, lp_paint_px(p, r.y), gw, gh};
    if (middle) out->game.y += (lp_paint_px(p, r.h) - gh) / 2;
    out->game_scale = n;
    return (lp_rect){r.x, r.y, (int)((float)gw / p->scale + 0.999f), (int)((float)gh / p->scale + 0.999f)};
}

/* The game left or right, in a column of its own. Returns what is beside it. */
static lp_rect place_beside(lp_placing *out, lp_painter *p, const lp_layout *layout, const lp_view *view, lp_rect body) {
    int most = body.w - SIDE_MIN_W - COLUMN_GAP;
    if (most < body.w / 2) most = body.w / 2;
    lp_rect size = place_game(out, p, view, body, most, body.h, false);
    int column = size.w > GAME_MIN_W ? size.w : GAME_MIN_W < most ? GAME_MIN_W : most;
    bool left = layout->game == LP_GAME_LEFT;
    lp_rect own = {left ? body.x : body.x + body.w - column, body.y, column, body.h};
    place_game(out, p, view, own, most, body.h, false);
    int below = body.h - size.h - GAP;
    if (below > 0 && !view->sheet && n_telling(view) > 2) /* two are for the side */
        place_list(out, p, &layout->below, view, (lp_rect){own.x, body.y + size.h + GAP, column, below});
    if (!out->n_panels) place_game(out, p, view, own, most, body.h, true);
    int x = left ? body.x + column + COLUMN_GAP : body.x;
    return (lp_rect){x, body.y, body.w - column - COLUMN_GAP, body.h};
}

void lp_layout_place(lp_placing *out, lp_painter *p, const lp_layout *layout, const lp_view *view) {
    *out = (lp_placing){.game_scale = 1};
    lp_rect body = place_strips(out, p, layout, view);
    bool beside = layout->game == LP_GAME_LEFT || layout->game == LP_GAME_RIGHT;
    switch (beside && body.w < BESIDE_MIN_W ? LP_GAME_TOP : layout->game) {
    case LP_GAME_ALONE: place_game(out, p, view, body, body.w, body.h, true); return;
    case LP_GAME_NONE: out->side = body; break;
    case LP_GAME_LEFT:
    case LP_GAME_RIGHT: out->side = place_beside(out, p, layout, view, body); break;
    case LP_GAME_TOP: {
        lp_rect wide = {0, body.y, p->whole.w, body.h};
        int h = place_game(out, p, view, wide, wide.w, body.h * 3 / 5, false).h + GAP;
        out->side = (lp_rect){body.x, body.y + h, body.w, body.h - h};
        break;
    }
    }
    if (!view->sheet) place_list(out, p, &layout->panels, view, out->side);
}
