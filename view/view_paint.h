/* Inside the viewer: the canvas, the palette, the type, and the panels that layout.c places. Nobody else includes this.
 *
 * Panels draw in units: a unit is a pixel where the picture's shorter side has 720 or less, and grows with larger ones, so that a picture of
 * 1920 x 1080 is the one of 1280 x 720, sharper. The game alone is placed in pixels, each of its own a whole number of them.
 *
 * Rules every panel keeps, and tests/test_view_painter.c checks through the text probe:
 *   1. all text goes through lp_paint_text: at least LP_VIEW_MIN_TEXT_PX high, inside its box, shortened rather than spilled;
 *   2. no two texts of a picture overlap;
 *   3. ink on what lies under it has a contrast of at least 4.5 : 1 (WCAG 2 AA);
 *   4. colour never says anything alone: a word, a shape or a place says it too.
 * Drawing clips to the canvas and allocates nothing of its own (SDL_ttf allocates when a glyph is first seen).
 */
#ifndef LP_VIEW_VIEW_PAINT_H
#define LP_VIEW_VIEW_PAINT_H

#include "view/viewer.h"

#include <stddef.h>

typedef struct {
    int x, y, w, h;
} lp_rect;

/* What colours are for. */
typedef enum {
    LP_INK_GROUND,
    LP_INK_PANEL,
    LP_INK_TRACK,  /* the empty part of a bar, grid lines */
    LP_INK_CHOSEN, /* behind the chosen action */
    LP_INK_TEXT,
    LP_INK_DIM,
    LP_INK_MUTED_BAR,
    LP_INK_POLICY, /* what the agent does and expects */
    LP_INK_MEMORY, /* what it remembers */
    LP_INK_ASLEEP, /* remembered, and not being read */
    LP_INK_LIVE,
    LP_INK_REPLAY,
    LP_INK_LOSS,
    LP_N_INKS
} lp_ink_id;

typedef enum { LP_FACE_BODY, LP_FACE_BOLD, LP_FACE_FIGURE, LP_FACE_BRAND, LP_FACE_BANNER, LP_N_FACES } lp_face_id;
typedef enum { LP_LEFT, LP_CENTRE, LP_RIGHT } lp_align;

/* One text as drawn, told before its pixels change; in pixels. */
typedef struct {
    lp_rect box; /* the drawn extent: width of the run, height of the line */
    int px;      /* the face's size */
    uint32_t ink;
    bool shortened;
    const char *text; /* as given, before shortening */
} lp_text_call;

typedef struct lp_face lp_face;

/* ---- layouts ---- */
typedef enum {
    LP_PANEL_ACTION,
    LP_PANEL_THOUGHT,
    LP_PANEL_NOTEBOOK,
    LP_PANEL_MODEL,
    LP_PANEL_VALUE,
    LP_PANEL_MEMORY,
    LP_PANEL_READING,
    LP_PANEL_EVENTS,
    LP_PANEL_SPLITS,
    LP_PANEL_RESULTS,
    LP_PANEL_BUTTONS,
    LP_PANEL_VARIABLES,
    LP_N_PANELS
} lp_panel_id;
typedef enum { LP_STRIP_HEADER, LP_STRIP_COUNTERS, LP_STRIP_KEYS, LP_N_STRIPS } lp_strip_id;
typedef enum { LP_GAME_LEFT, LP_GAME_RIGHT, LP_GAME_TOP, LP_GAME_ALONE, LP_GAME_NONE } lp_game_place;
enum { LP_MAX_ROWS = 16, LP_MAX_SIDE = 3, LP_MAX_PLACED = 2 * LP_MAX_ROWS * LP_MAX_SIDE };
typedef struct {
    int n;
    lp_panel_id panels[LP_MAX_SIDE]; /* side by side */
} lp_panel_row;
typedef struct {
    int n;
    lp_panel_row rows[LP_MAX_ROWS];
} lp_panel_list;
typedef struct {
    int width, height; /* of pictures, in pixels */
    lp_game_place game;
    int n_top, n_bottom;
    lp_strip_id top[LP_N_STRIPS], bottom[LP_N_STRIPS];
    lp_panel_list below;  /* under the game, where it leaves room beside the others */
    lp_panel_list panels; /* the others, in the order of their importance */
} lp_layout;

struct lp_painter {
    lp_layout layout;        /* its size is the look's */
    uint32_t *canvas;        /* [height][width] 0xffRRGGBB; owned */
    int width, height;       /* pixels, in the look's shape */
    float scale;             /* pixels a unit, at least 1 */
    lp_rect whole;           /* the picture in units; a rest of less than a unit is cut off */
    uint32_t ink[LP_N_INKS]; /* 0xRRGGBB */
    lp_face *faces[LP_N_FACES];
    void (*probe)(void *context, const lp_text_call *call); /* tests only; NULL: none */
    void *probe_context;
};

/* ---- view_canvas.c ---- */
void lp_paint_fill(lp_painter *p, lp_rect r, uint32_t ink);
void lp_paint_round(lp_painter *p, lp_rect r, int radius, uint32_t ink);
/* Units as pixels. */
int lp_paint_px(const lp_painter *p, int units);
/* A column one unit wide from top to bottom, fractional ends blended. alpha 0 to 1. */
void lp_paint_column(lp_painter *p, int x, float top, float bottom, uint32_t ink, float alpha);
/* part 0: a, 1: b. */
uint32_t lp_paint_mix(uint32_t a, uint32_t b, float part);
void lp_paint_shade(lp_painter *p, lp_rect r, uint32_t ink, int coverage);
/* In pixels. coverage 0 to 255 */
void lp_paint_pixel(lp_painter *p, int x, int y, uint32_t ink, int coverage);
/* fraction (0 to 1; anything else counts as the nearer end, NaN as 0) of a horizontal bar. */
void lp_paint_bar(lp_painter *p, lp_rect r, float fraction, uint32_t ink);
/* Fills place, which is in pixels, with the 0x00BBGGRR frame from its top left corner on, each of its pixels scale x scale. */
void lp_paint_frame(lp_painter *p, lp_rect place, const uint32_t *frame, int frame_width, int scale);

/* ---- view_text.c ---- */
/* Finds DejaVu Sans in folders (NULL ends the list) and opens every face. */
lp_status lp_paint_open_faces(lp_painter *p, const char *const *folders, lp_err *err);
void lp_paint_close_faces(lp_painter *p);
/* The usual folders, $LONGPLAY_FONTS first. Up to max entries and the NULL. */
void lp_paint_font_folders(const char **out, int max);
/* One line of UTF-8 in box, centred vertically, shortened with an ellipsis when too wide. Returns the width drawn. */
int lp_paint_text(lp_painter *p, lp_rect box, lp_face_id face, lp_align align, uint32_t ink, const char *text);
/* The same over up to max_lines lines, broken at spaces, from the top of box on; returns how many there were. Nothing is drawn where draw is
 * false. */
int lp_paint_paragraph(lp_painter *p, lp_rect box, int max_lines, lp_face_id face, uint32_t ink, const char *text, bool draw);
/* The last max_lines lines of a text that grows. */
void lp_paint_newest(lp_painter *p, lp_rect box, int max_lines, lp_face_id face, uint32_t ink, const char *text);
/* Its width, at most that of the picture. */
int lp_paint_text_width(lp_painter *p, lp_face_id face, const char *text);
int lp_paint_line_height(const lp_painter *p, lp_face_id face);

/* ---- view_format.c: numbers as people read them; all return out ---- */
enum { LP_FORMAT_SIZE = 48 };
char *lp_format_count(char out[LP_FORMAT_SIZE], int64_t n);         /* 1,234,567 */
char *lp_format_compact(char out[LP_FORMAT_SIZE], int64_t n);       /* 1.2M; below 1,000 as it is */
char *lp_format_percent(char out[LP_FORMAT_SIZE], double fraction); /* 34%, <1%; a dash for NaN */
char *lp_format_signed(char out[LP_FORMAT_SIZE], double value);     /* +0.42; a dash for NaN */
char *lp_format_time(char out[LP_FORMAT_SIZE], double seconds);     /* 03:12:45, 2d 03:12:45; a dash for NaN */
char *lp_format_clock(char out[LP_FORMAT_SIZE], double seconds);    /* 0:07, 12:34, 1:02:03; a dash for NaN */
char *lp_format_split(char out[LP_FORMAT_SIZE], double seconds);    /* 0:07.4, 12:34, 1:02:03; a dash for NaN */
char *lp_format_ahead(char out[LP_FORMAT_SIZE], double seconds);    /* -3.2, +1:05; a dash for NaN */
/* Where it is too wide, without its seconds. */
char *lp_format_fitting_time(lp_painter *p, char out[LP_FORMAT_SIZE], lp_face_id face, double seconds, int width);
/* The count in full where width allows, compact elsewhere. */
char *lp_format_fitting(lp_painter *p, char out[LP_FORMAT_SIZE], lp_face_id face, int64_t n, int width);

/* ---- layout.c ---- */
/* Where everything goes, all in units but the game. */
typedef struct {
    lp_rect game; /* pixels; w 0: none */
    int game_scale;
    lp_rect strips[LP_N_STRIPS]; /* w 0: none */
    lp_rect side;                /* where the panels are */
    int n_panels;
    struct {
        lp_panel_id id;
        lp_rect r;
    } panels[LP_MAX_PLACED];
} lp_placing;
void lp_layout_place(lp_placing *out, lp_painter *p, const lp_layout *layout, const lp_view *view);

/* ---- layout_text.c ---- */
/* A named one, or a file. LP_BAD_INPUT: with file, line and reason. */
lp_status lp_layout_read(lp_layout *out, const char *name, lp_err *err);
/* "1280x720" */
lp_status lp_view_size(const char *text, int *width, int *height, lp_err *err);

/* ---- theme.c ---- */
#define LP_LEAST_CONTRAST 4.5 /* : 1, of text (WCAG 2 AA) */
/* The built-in colours and, of a file (NULL: none), what it says of them. LP_BAD_INPUT: with file, line and reason. */
lp_status lp_theme_read(uint32_t ink[LP_N_INKS], const char *path, lp_err *err);
/* Of two 0xRRGGBB, 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
double lp_theme_contrast(uint32_t a, uint32_t b);

/* ---- the panels, each inside its rectangle: view_mind.c, view_memory.c, view_model.c, view_play.c, view_sheet.c, view_status.c ---- */
enum { LP_PANEL_PAD = 12, LP_ROW_PX = 24, LP_TITLE_PX = 30, LP_PANEL_FRAME = LP_TITLE_PX + 4 + 6 /* all of its height but the rows */ };
typedef struct {
    const char *name; /* in layouts */
    /* Whether there is something to tell. Once there is, there stays something, so that panels do not come and go. */
    bool (*tells)(const lp_view *view);
    /* The height that it needs and the one that it has use for, in units, in this width; least first. */
    int (*height)(lp_painter *p, const lp_view *view, int width, bool least);
    void (*draw)(lp_painter *p, lp_rect r, const lp_view *view);
    int grows; /* its share of the height that nobody has use for */
} lp_panel_kind;
extern const lp_panel_kind lp_panel_kinds[LP_N_PANELS];
/* A panel's ground and its title; returns the area below the title, inside the padding. */
lp_rect lp_view_panel(lp_painter *p, lp_rect r, const char *title, uint32_t ink);
/* Right of the title. */
void lp_view_panel_note(lp_painter *p, lp_rect r, const char *title, uint32_t ink, const char *note);
void lp_view_actions(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_value(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_levels(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_reads(lp_painter *p, lp_rect r, const lp_view *view);
/* Of who plays in words: */
bool lp_view_has_thought(const lp_view *view);
int lp_view_thought_height(lp_painter *p, const lp_view *view, int width, bool least);
void lp_view_thought(lp_painter *p, lp_rect r, const lp_view *view);
bool lp_view_has_model(const lp_view *view);
int lp_view_notebook_height(lp_painter *p, const lp_view *view, int width, bool least);
void lp_view_notebook(lp_painter *p, lp_rect r, const lp_view *view);
int lp_view_model_height(lp_painter *p, const lp_view *view, int width, bool least);
void lp_view_model_counts(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_events(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_splits(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_results(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_buttons(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_variables(lp_painter *p, lp_rect r, const lp_view *view);
/* view->sheet, which is there, in the place of all panels */
void lp_view_draw_sheet(lp_painter *p, lp_rect r, const lp_view *view);
/* A strip of this width wants this height; below LP_WIDE_PX header and counters take two lines, below LP_NARROW_PX counters three. */
enum { LP_WIDE_PX = 1000, LP_NARROW_PX = 600 };
int lp_view_strip_height(lp_strip_id strip, int width, const lp_view *view);
void lp_view_header(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_counters(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_footer(lp_painter *p, lp_rect r, const lp_view *view);

#endif
