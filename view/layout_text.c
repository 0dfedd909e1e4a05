/* Layouts as texts (docs/window.md): the named ones, and those in files.
 *
 *     [layout]
 *     size = 1280x720           unless --size says another
 *     game = left               left, right, top, alone or none
 *     top = header              strips: header, counters, keys
 *     bottom = counters keys
 *     [panels]                  rows, the most important first; a row's panels stand side by side
 *     row = action value
 *     [below]                   rows under a game that is left or right, where it leaves room
 *     row = value
 */
#include "view/view_paint.h"

#include "base/config.h"

#include <stdio.h>
#include <string.h>

#define PANELS                                                                                                                             \
    "[panels]\n"                                                                                                                           \
    "row = action value\n"                                                                                                                 \
    "row = thought\n"                                                                                                                      \
    "row = notebook model\n"                                                                                                               \
    "row = memory\n"                                                                                                                       \
    "row = reading\n"                                                                                                                      \
    "row = splits results\n"                                                                                                               \
    "row = events\n"                                                                                                                       \
    "row = buttons\n"                                                                                                                      \
    "row = variables\n"

static const struct {
    const char *name, *text;
} named[] = {
    {"full", "[layout]\n"
             "size = 1280x720\n"
             "game = left\n"
             "top = header\n"
             "bottom = counters keys\n" PANELS "[below]\n"
             "row = value\n"
             "row = results\n"
             "row = events\n"
             "row = buttons\n"},
    {"game", "[layout]\n"
             "size = 1280x720\n"
             "game = alone\n"},
    {"panels", "[layout]\n"
               "size = 1280x720\n"
               "game = none\n"
               "top = header\n"
               "bottom = counters\n" PANELS},
    {"vertical", "[layout]\n"
                 "size = 720x1280\n"
                 "game = top\n"
                 "top = header\n"
                 "bottom = counters\n" PANELS},
};
enum { N_NAMED = sizeof named / sizeof *named };

static const char *const places[] = {"left", "right", "top", "alone", "none"}; /* lp_game_place */
static const char *const strips[] = {"header", "counters", "keys"};            /* lp_strip_id */
enum { N_PLACES = sizeof places / sizeof *places };

/* ---- words ---- */

static const char *place_name(int i) { return places[i]; }
static const char *strip_name(int i) { return strips[i]; }
static const char *panel_name(int i) { return lp_panel_kinds[i].name; }

/* Something that is named by a word. */
typedef struct {
    const char *what;
    const char *(*name)(int i);
    int n;
} vocabulary;
static const vocabulary place_words = {"place", place_name, N_PLACES}, strip_words = {"strip", strip_name, LP_N_STRIPS},
                        panel_words = {"panel", panel_name, LP_N_PANELS};

/* The index of each word of value, at most max of them, none twice. */
static lp_status take_words(int out[], int *n, int max, const vocabulary *known, const char *name, const char *value, lp_err *err) {
    *n = 0;
    for (const char *word = value + strspn(value, " "); *word;) {
        size_t length = strcspn(word, " ");
        int i = 0, twice = 0;
        while (i < known->n && (strlen(known->name(i)) != length || memcmp(known->name(i), word, length) != 0)) i++;
        if (i == known->n) {
            char all[160] = "";
            for (int k = 0; k < known->n; k++) snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", k ? ", " : "", known->name(k));
            return lp_fail(err, LP_BAD_INPUT, "%s: no %s is called '%.*s' (there are %s)", name, known->what, (int)length, word, all);
        }
        for (int k = 0; k < *n; k++) twice |= out[k] == i;
        if (twice) return lp_fail(err, LP_BAD_INPUT, "%s: '%s' twice", name, known->name(i));
        if (*n == max) return lp_fail(err, LP_BAD_INPUT, "%s: at most %d beside each other", name, max);
        out[(*n)++] = i;
        word += length + strspn(word + length, " ");
    }
    return *n ? LP_OK : lp_fail(err, LP_BAD_INPUT, "%s: names no %s", name, known->what);
}

lp_status lp_view_size(const char *text, int *width, int *height, lp_err *err) {
    int w = 0, h = 0, end = 0;
    if (strspn(text, "0123456789x") != strlen(text) || sscanf(text, "%5dx%5d%n", &w, &h, &end) != 2 || text[end])
        return lp_fail(err, LP_BAD_INPUT, "size '%s': must be WIDTHxHEIGHT, as 1280x720", text);
    int least = w < h ? w : h, most = w < h ? h : w;
    if (least < LP_VIEW_LEAST || most < LP_VIEW_LEAST * 4 / 3 || most > LP_VIEW_MOST)
        return lp_fail(err, LP_BAD_INPUT, "size '%s': must be 640x480 at least, or 480x640, and %dx%d at most", text, LP_VIEW_MOST,
                       LP_VIEW_MOST);
    *width = w;
    *height = h;
    return LP_OK;
}

/* ---- entries ---- */

static lp_status take_strips(lp_strip_id out[LP_N_STRIPS], int *n, const char *name, const char *value, lp_err *err) {
    int found[LP_N_STRIPS];
    lp_status status = take_words(found, n, LP_N_STRIPS, &strip_words, name, value, err);
    for (int i = 0; !status && i < *n; i++) out[i] = (lp_strip_id)found[i];
    return status;
}

static lp_status take_row(lp_panel_list *list, const char *name, const char *value, lp_err *err) {
    int found[LP_MAX_SIDE], n;
    if (list->n == LP_MAX_ROWS) return lp_fail(err, LP_BAD_INPUT, "%s: more than %d rows", name, LP_MAX_ROWS);
    lp_panel_row *row = &list->rows[list->n];
    lp_status status = take_words(found, &n, LP_MAX_SIDE, &panel_words, name, value, err);
    if (status) return status;
    for (int i = 0; i < n; i++) row->panels[i] = (lp_panel_id)found[i];
    row->n = n;
    list->n++;
    return LP_OK;
}

static lp_status take(void *context, const char *name, const char *value, lp_err *err) {
    lp_layout *l = context;
    if (!strcmp(name, "layout.size")) return lp_view_size(value, &l->width, &l->height, err);
    if (!strcmp(name, "layout.top")) return take_strips(l->top, &l->n_top, name, value, err);
    if (!strcmp(name, "layout.bottom")) return take_strips(l->bottom, &l->n_bottom, name, value, err);
    if (!strcmp(name, "panels.row")) return take_row(&l->panels, name, value, err);
    if (!strcmp(name, "below.row")) return take_row(&l->below, name, value, err);
    if (!strcmp(name, "layout.game")) {
        int place = 0, n;
        lp_status status = take_words(&place, &n, 1, &place_words, name, value, err);
        l->game = (lp_game_place)place;
        return status;
    }
    return lp_fail(err, LP_BAD_INPUT,
                   "unknown setting '%s' (there are layout.size, layout.game, layout.top, layout.bottom, panels.row, below.row)", name);
}

/* What no single line is to blame for. */
static lp_status check(const lp_layout *l, const char *name, lp_err *err) {
    for (int i = 0; i < l->n_top; i++)
        for (int k = 0; k < l->n_bottom; k++)
            if (l->top[i] == l->bottom[k]) return lp_fail(err, LP_BAD_INPUT, "%s: '%s' is in top and in bottom", name, strips[l->top[i]]);
    if (l->game == LP_GAME_ALONE && l->panels.n) return lp_fail(err, LP_BAD_INPUT, "%s: game = alone leaves no room for [panels]", name);
    if (l->game != LP_GAME_LEFT && l->game != LP_GAME_RIGHT && l->below.n)
        return lp_fail(err, LP_BAD_INPUT, "%s: [below] needs game = left or right", name);
    if (l->game == LP_GAME_NONE && !l->panels.n) return lp_fail(err, LP_BAD_INPUT, "%s: neither a game nor [panels]", name);
    return LP_OK;
}

lp_status lp_layout_read(lp_layout *out, const char *name, lp_err *err) {
    *out = (lp_layout){.width = LP_VIEW_WIDTH, .height = LP_VIEW_HEIGHT};
    for (int i = 0; i < N_NAMED; i++)
        if (!strcmp(named[i].name, name)) return lp_config_entries_of(named[i].text, name, take, out, err);
    if (!strpbrk(name, "./")) return lp_fail(err, LP_BAD_INPUT, "layout '%s': must be full, game, panels, vertical, or an .ini file", name);
    lp_status status = lp_config_entries(name, take, out, err);
    return status ? status : check(out, name, err);
}
