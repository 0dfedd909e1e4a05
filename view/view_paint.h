/* Inside the viewer: the canvas, the palette, the type, and the panels that painter.c lays out. Nobody else includes this.
 *
 * Rules every panel keeps, and tests/test_harness_viewer.c checks through the text probe:
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

/* 0xRRGGBB. The bright ones are Okabe and Ito's colour-blind-safe hues, lightened for a dark ground. */
enum {
    LP_INK_GROUND = 0x0c1016,
    LP_INK_PANEL = 0x161c25,
    LP_INK_TRACK = 0x273140,  /* the empty part of a bar, grid lines */
    LP_INK_CHOSEN = 0x1d3c57, /* behind the chosen action */
    LP_INK_TEXT = 0xedf1f6,
    LP_INK_DIM = 0xaab6c5,
    LP_INK_MUTED_BAR = 0x5f7590,
    LP_INK_POLICY = 0x5cb8ec, /* what the agent does and expects */
    LP_INK_MEMORY = 0xf2ae3c, /* what it remembers */
    LP_INK_ASLEEP = 0x8a6c38, /* remembered, and not being read */
    LP_INK_LIVE = 0x35cfa8,
    LP_INK_REPLAY = 0xd9a3cf,
    LP_INK_LOSS = 0xf58a62,
};

typedef enum { LP_FACE_BODY, LP_FACE_BOLD, LP_FACE_FIGURE, LP_FACE_BRAND, LP_N_FACES } lp_face_id;
typedef enum { LP_LEFT, LP_CENTRE, LP_RIGHT } lp_align;

/* One text as drawn, told before its pixels change. */
typedef struct {
    lp_rect box; /* the drawn extent: width of the run, height of the line */
    int px;      /* the face's size */
    uint32_t ink;
    bool shortened;
    const char *text; /* as given, before shortening */
} lp_text_call;

typedef struct lp_face lp_face;

struct lp_painter {
    uint32_t *canvas; /* [LP_VIEW_HEIGHT][LP_VIEW_WIDTH] 0xffRRGGBB */
    lp_face *faces[LP_N_FACES];
    void (*probe)(void *context, const lp_text_call *call); /* tests only; NULL: none */
    void *probe_context;
};

/* ---- view_canvas.c ---- */
void lp_paint_fill(lp_painter *p, lp_rect r, uint32_t ink);
void lp_paint_round(lp_painter *p, lp_rect r, int radius, uint32_t ink);
/* A column one pixel wide from top to bottom, fractional ends blended. alpha 0 to 1. */
void lp_paint_column(lp_painter *p, int x, float top, float bottom, uint32_t ink, float alpha);
/* part 0: a, 1: b. */
uint32_t lp_paint_mix(uint32_t a, uint32_t b, float part);
/* coverage 0 to 255 */
void lp_paint_pixel(lp_painter *p, int x, int y, uint32_t ink, int coverage);
/* fraction (0 to 1; anything else counts as the nearer end, NaN as 0) of a horizontal bar. */
void lp_paint_bar(lp_painter *p, lp_rect r, float fraction, uint32_t ink);
/* Fills place with the 0x00BBGGRR frame from its top left corner on, each of its pixels scale x scale. */
void lp_paint_frame(lp_painter *p, lp_rect place, const uint32_t *frame, int frame_width, int scale);

/* ---- view_text.c ---- */
/* Finds DejaVu Sans in folders (NULL ends the list) and opens every face. */
lp_status lp_paint_open_faces(lp_painter *p, const char *const *folders, lp_err *err);
void lp_paint_close_faces(lp_painter *p);
/* The usual folders, $LONGPLAY_FONTS first. Up to max entries and the NULL. */
void lp_paint_font_folders(const char **out, int max);
/* One line of UTF-8 in box, centred vertically, shortened with an ellipsis when too wide. Returns the width drawn. */
int lp_paint_text(lp_painter *p, lp_rect box, lp_face_id face, lp_align align, uint32_t ink, const char *text);
/* Its width, at most LP_VIEW_WIDTH. */
int lp_paint_text_width(lp_painter *p, lp_face_id face, const char *text);
int lp_paint_line_height(const lp_painter *p, lp_face_id face);

/* ---- view_format.c: numbers as people read them; all return out ---- */
enum { LP_FORMAT_SIZE = 48 };
char *lp_format_count(char out[LP_FORMAT_SIZE], int64_t n);         /* 1,234,567 */
char *lp_format_compact(char out[LP_FORMAT_SIZE], int64_t n);       /* 1.2M; below 1,000 as it is */
char *lp_format_percent(char out[LP_FORMAT_SIZE], double fraction); /* 34%, <1%; a dash for NaN */
char *lp_format_signed(char out[LP_FORMAT_SIZE], double value);     /* +0.42; a dash for NaN */
char *lp_format_time(char out[LP_FORMAT_SIZE], double seconds);     /* 03:12:45, 2d 03:12:45; a dash for NaN */
/* The count in full where width allows, compact elsewhere. */
char *lp_format_fitting(lp_painter *p, char out[LP_FORMAT_SIZE], lp_face_id face, int64_t n, int width);

/* ---- the panels, each inside its rectangle: view_mind.c, view_memory.c, view_status.c ---- */
enum { LP_PANEL_PAD = 12, LP_ROW_PX = 24, LP_TITLE_PX = 30 };
/* A panel's ground and its title; returns the area below the title, inside the padding. */
lp_rect lp_view_panel(lp_painter *p, lp_rect r, const char *title, uint32_t ink);
void lp_view_actions(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_value(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_levels(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_reads(lp_painter *p, lp_rect r, const lp_view *view);
/* Of view->sheet, which is there: view_sheet.c */
void lp_view_variables(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_outcome(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_events(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_header(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_counters(lp_painter *p, lp_rect r, const lp_view *view);
void lp_view_footer(lp_painter *p, lp_rect r, const lp_view *view);

#endif
