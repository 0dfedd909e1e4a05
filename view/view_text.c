/* Type: DejaVu Sans through SDL_ttf, one cache of rendered glyphs a face.
 *
 * A character that DejaVu has not comes from the first of the fallback fonts that is there and has it; they are looked for when one is first needed.
 * A glyph is rendered once, white, and kept as a coverage mask in a slot of fixed size; drawing blends the mask with the
 * ink. ASCII has a slot of its own per character; everything else shares the rest by hash, the newcomer winning. So memory is bounded
 * and a picture costs no call to SDL_ttf but for kerning, whatever the texts say.
 */
#include "view/view_paint.h"

#include "base/file.h"

#include <SDL_ttf.h>

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASCII_SLOTS = 128,
    SLOTS = 512,
    MAX_RUN = 512,     /* glyphs of one text; more than fit across the canvas at this size */
    SPECIMEN = 0xfffd, /* drawn for what is no UTF-8 or not in the font */
    ELLIPSIS = 0x2026,
    LINE_BYTES = 512,    /* of a paragraph */
    NEWEST_BYTES = 2048, /* of a text that grows: more do not fit anywhere */
    MAX_FOLDERS = 16,
};

typedef struct {
    uint32_t codepoint; /* 0: empty slot */
    int16_t left, width, height, advance;
} glyph;

/* Fonts with many scripts, as Debian names them: Chinese, Japanese and Korean; those of South and South-East Asia; whatever else Unicode has. */
static const char *const fallbacks[] = {"NotoSansCJK-Regular.ttc",  "DroidSansFallbackFull.ttf",
                                        "wqy-zenhei.ttc",           "NotoSansDevanagari-Regular.ttf",
                                        "NotoSansThai-Regular.ttf", "FreeSans.ttf",
                                        "Symbola_hint.ttf",         "unifont.otf",
                                        "unifont_upper.otf"};
enum { N_FALLBACKS = sizeof fallbacks / sizeof *fallbacks };

struct lp_face {
    TTF_Font *font, *others[N_FALLBACKS]; /* others: NULL where there is none */
    bool has_looked;                      /* for the others */
    int px, line_height;
    int cell_width, cell_height;
    glyph glyphs[SLOTS];
    uint8_t *masks; /* [SLOTS][cell_height][cell_width] coverage; owned */
};

static const struct {
    const char *file;
    int px;
} face_kinds[LP_N_FACES] = {
    [LP_FACE_BODY] = {"DejaVuSans.ttf", 18},        [LP_FACE_BOLD] = {"DejaVuSans-Bold.ttf", 18},
    [LP_FACE_FIGURE] = {"DejaVuSans-Bold.ttf", 22}, [LP_FACE_BRAND] = {"DejaVuSans-Bold.ttf", 24},
    [LP_FACE_BANNER] = {"DejaVuSans-Bold.ttf", 46},
};

/* ---- glyphs ---- */

static uint8_t *mask_of(const lp_face *face, int slot) {
    return face->masks + (size_t)slot * (size_t)(face->cell_width * face->cell_height);
}

static bool find_font(char path[PATH_MAX], const char *const *folders, const char *file) {
    for (; *folders; folders++) {
        int n = snprintf(path, PATH_MAX, "%s/%s", *folders, file);
        if (n > 0 && n < PATH_MAX && lp_file_exists(path)) return true;
    }
    return false;
}

/* One that is missing, or no font, is no error. */
static void open_fallbacks(lp_face *face) {
    const char *folders[MAX_FOLDERS + 1];
    char path[PATH_MAX];
    lp_paint_font_folders(folders, MAX_FOLDERS);
    for (int i = 0; i < N_FALLBACKS; i++)
        if (find_font(path, folders, fallbacks[i])) face->others[i] = TTF_OpenFont(path, face->px);
    face->has_looked = true;
}

static TTF_Font *font_of(lp_face *face, uint32_t codepoint) {
    if (TTF_GlyphIsProvided32(face->font, codepoint)) return face->font;
    if (!face->has_looked) open_fallbacks(face);
    for (int i = 0; i < N_FALLBACKS; i++)
        if (face->others[i] && TTF_GlyphIsProvided32(face->others[i], codepoint)) return face->others[i];
    return NULL;
}

static void render_glyph(lp_face *face, int slot, uint32_t codepoint) {
    glyph *g = &face->glyphs[slot];
    *g = (glyph){.codepoint = codepoint};
    TTF_Font *font = font_of(face, codepoint);
    uint32_t shown = font ? codepoint : SPECIMEN;
    int min_x = 0, advance = 0;
    if (!font) font = face->font;
    if (TTF_GlyphMetrics32(font, shown, &min_x, NULL, NULL, NULL, &advance)) return;
    g->advance = (int16_t)advance;
    g->left = (int16_t)(min_x < 0 ? min_x : 0); /* SDL_ttf shifts a glyph that starts left of its origin */
    SDL_Surface *surface = TTF_RenderGlyph32_Blended(font, shown, (SDL_Color){255, 255, 255, 255});
    if (!surface) return; /* nothing to see: a space */
    g->width = (int16_t)(surface->w < face->cell_width ? surface->w : face->cell_width);
    int down = TTF_FontAscent(face->font) - TTF_FontAscent(font), bottom = surface->h + down; /* to the same base line */
    g->height = (int16_t)(bottom < 0 ? 0 : bottom < face->cell_height ? bottom : face->cell_height);
    uint8_t *mask = mask_of(face, slot);
    memset(mask, 0, (size_t)(face->cell_width * face->cell_height));
    for (int y = down > 0 ? down : 0; y < g->height; y++) {
        const uint32_t *from = (const uint32_t *)(const void *)((const char *)surface->pixels + (ptrdiff_t)(y - down) * surface->pitch);
        for (int x = 0; x < g->width; x++) mask[y * face->cell_width + x] = (uint8_t)(from[x] >> 24);
    }
    SDL_FreeSurface(surface);
}

static int find_glyph(lp_face *face, uint32_t codepoint) {
    bool is_ascii = codepoint < ASCII_SLOTS;
    int slot = is_ascii ? (int)codepoint : ASCII_SLOTS + (int)((codepoint * 2654435761u >> 16) % (SLOTS - ASCII_SLOTS));
    if (face->glyphs[slot].codepoint != codepoint) render_glyph(face, slot, codepoint);
    return slot;
}

/* ---- text ---- */

/* The next character of *text, SPECIMEN for what is no UTF-8, a space for a control character; 0 at the end. */
static uint32_t next_codepoint(const char **text) {
    const unsigned char *s = (const unsigned char *)*text;
    if (!*s) return 0;
    uint32_t c = *s++;
    int more = c < 0x80 ? 0 : c < 0xc2 ? -1 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : -1;
    uint32_t value = more <= 0 ? c : c & (0x3fu >> more);
    for (int i = 0; i < more; i++) {
        if ((*s & 0xc0) != 0x80) {
            more = -1;
            break;
        }
        value = value << 6 | (*s++ & 0x3f);
    }
    *text = (const char *)s;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (more < 0 || value < least[more] || (value >= 0xd800 && value < 0xe000) || value > 0x10ffff) return SPECIMEN;
    return value < 0x20 || (value >= 0x7f && value < 0xa0) ? ' ' : value;
}

typedef struct {
    uint32_t codepoint;
    int x, end; /* pen before and after */
} placed;

/* Places text until it ends or passes width; returns the number of glyphs, and whether all of it fits. */
static int place(lp_face *face, const char *text, int width, placed run[MAX_RUN], bool *fits) {
    int n = 0, pen = 0;
    uint32_t before = 0, c;
    *fits = true;
    while ((c = next_codepoint(&text)) != 0) {
        if (n == MAX_RUN) {
            *fits = false;
            break;
        }
        if (before) pen += TTF_GetFontKerningSizeGlyphs32(face->font, before, c);
        int x = pen;
        pen += face->glyphs[find_glyph(face, c)].advance;
        run[n++] = (placed){c, x, pen};
        before = c;
        if (pen > width) {
            *fits = false;
            break;
        }
    }
    return n;
}

/* Cuts a run that does not fit so that an ellipsis does; returns its new length, 0 when not even that fits. */
static int shorten(lp_face *face, placed run[MAX_RUN], int n, int width) {
    int dots = face->glyphs[find_glyph(face, ELLIPSIS)].advance;
    if (dots > width) return 0;
    if (n == MAX_RUN) n--;
    while (n > 0 && (run[n - 1].end + dots > width || run[n - 1].codepoint == ' ')) n--;
    int x = n > 0 ? run[n - 1].end : 0;
    run[n] = (placed){ELLIPSIS, x, x + dots};
    return n + 1;
}

static void draw_glyph(lp_painter *p, lp_face *face, uint32_t codepoint, int x, int y, uint32_t ink) {
    int slot = find_glyph(face, codepoint);
    const glyph *g = &face->glyphs[slot];
    const uint8_t *mask = mask_of(face, slot);
    for (int j = 0; j < g->height; j++)
        for (int i = 0; i < g->width; i++) lp_paint_pixel(p, x + g->left + i, y + j, ink, mask[j * face->cell_width + i]);
}

/* So many units, wherever they begin, have room for so many pixels. */
static int in_units(const lp_painter *p, int pixels) {
    bool whole = p->scale == floorf(p->scale); /* else a box may have a pixel less than its width says */
    return (int)ceilf((float)(pixels + !whole) / p->scale - 0.001f);
}

int lp_paint_text(lp_painter *p, lp_rect box, lp_face_id id, lp_align align, uint32_t ink, const char *text) {
    lp_face *face = p->faces[id];
    assert(face->px >= LP_VIEW_MIN_TEXT_PX && face->line_height >= LP_VIEW_MIN_TEXT_PX);
    placed run[MAX_RUN];
    bool fits;
    int left = lp_paint_px(p, box.x), room = lp_paint_px(p, box.x + box.w) - left;
    int top = lp_paint_px(p, box.y), high = lp_paint_px(p, box.y + box.h) - top;
    int n = place(face, text, room, run, &fits);
    if (!fits) n = shorten(face, run, n, room);
    if (n == 0) return 0;
    int width = run[n - 1].end;
    int x = left + (align == LP_LEFT ? 0 : align == LP_RIGHT ? room - width : (room - width) / 2);
    int y = top + (high - face->line_height) / 2;
    if (p->probe) {
        lp_text_call call = {{x, y, width, face->line_height}, face->px, ink, !fits, text};
        p->probe(p->probe_context, &call);
    }
    for (int i = 0; i < n; i++) draw_glyph(p, face, run[i].codepoint, x + run[i].x, y, ink);
    return in_units(p, width);
}

int lp_paint_text_width(lp_painter *p, lp_face_id id, const char *text) {
    placed run[MAX_RUN];
    bool fits;
    int n = place(p->faces[id], text, p->width, run, &fits);
    return in_units(p, !fits ? p->width : n > 0 ? run[n - 1].end : 0);
}

/* How many bytes of text go on a line: up to the last space that fits, or all. */
static size_t line_bytes(lp_painter *p, lp_face_id id, int width, const char *text) {
    char part[LINE_BYTES];
    size_t fit = 0;
    for (size_t n = strcspn(text, " ");; n += 1 + strcspn(text + n + 1, " ")) {
        if (n >= sizeof part) return fit;
        memcpy(part, text, n);
        part[n] = 0;
        if (lp_paint_text_width(p, id, part) > width) return fit;
        fit = n;
        if (!text[n]) return n;
    }
}

int lp_paint_paragraph(lp_painter *p, lp_rect box, int max_lines, lp_face_id id, uint32_t ink, const char *text, bool draw) {
    int n = 0;
    while (*text && n < max_lines) {
        char part[LINE_BYTES];
        size_t bytes = n + 1 < max_lines ? line_bytes(p, id, box.w, text) : 0;
        lp_rect line = {box.x, box.y + n * LP_ROW_PX, box.w, LP_ROW_PX};
        n++;
        if (!bytes) { /* the last line, or one word that is too long: shortened */
            if (draw) lp_paint_text(p, line, id, LP_LEFT, ink, text);
            break;
        }
        memcpy(part, text, bytes);
        part[bytes] = 0;
        if (draw) lp_paint_text(p, line, id, LP_LEFT, ink, part);
        text += bytes;
        while (*text == ' ') text++;
    }
    return n;
}

void lp_paint_newest(lp_painter *p, lp_rect box, int max_lines, lp_face_id id, uint32_t ink, const char *text) {
    const size_t size = strlen(text);
    if (size > NEWEST_BYTES) text += size - NEWEST_BYTES + strcspn(text + size - NEWEST_BYTES, " ");
    int n = 0;
    for (int pass = 0, lines = 0; pass < 2; pass++, lines = n, n = 0)
        for (const char *at = text + strspn(text, " "); *at; n++) {
            char part[LINE_BYTES];
            size_t bytes = line_bytes(p, id, box.w, at);
            if (!bytes) bytes = strcspn(at, " "); /* a word that is too long: shortened */
            snprintf(part, sizeof part, "%.*s", (int)bytes, at);
            const int row = n - (lines > max_lines ? lines - max_lines : 0);
            if (pass && row >= 0) lp_paint_text(p, (lp_rect){box.x, box.y + row * LP_ROW_PX, box.w, LP_ROW_PX}, id, LP_LEFT, ink, part);
            at += bytes;
            at += strspn(at, " ");
        }
}

int lp_paint_line_height(const lp_painter *p, lp_face_id id) { return in_units(p, p->faces[id]->line_height); }

/* ---- faces ---- */

void lp_paint_font_folders(const char **out, int max) {
    static const char *const usual[] = {
        "/usr/share/fonts/truetype/dejavu",   /* Debian, Ubuntu */
        "/usr/share/fonts/TTF",               /* Arch */
        "/usr/share/fonts/dejavu-sans-fonts", /* Fedora */
        "/usr/share/fonts/dejavu",
        "/usr/local/share/fonts",
        "/usr/share/fonts/opentype/noto", /* Debian's others: the fallbacks */
        "/usr/share/fonts/truetype/noto",
        "/usr/share/fonts/truetype/droid",
        "/usr/share/fonts/truetype/wqy",
        "/usr/share/fonts/truetype/freefont",
        "/usr/share/fonts/truetype/ancient-scripts",
        "/usr/share/fonts/opentype/unifont",
    };
    int n = 0;
    const char *own = getenv("LONGPLAY_FONTS");
    if (own && *own && n < max) out[n++] = own;
    for (size_t i = 0; i < sizeof usual / sizeof *usual && n < max; i++) out[n++] = usual[i];
    out[n] = NULL;
}

static lp_status open_face(lp_face **out, const char *path, int px, lp_err *err) {
    lp_face *face = calloc(1, sizeof *face);
    *out = face;
    if (!face) return lp_fail(err, LP_FAILED, "%s: no memory for the font", path);
    face->font = TTF_OpenFont(path, px); /* points at 72 dpi: pixels */
    if (!face->font) return lp_fail(err, LP_FAILED, "%s: cannot open the font: %s", path, TTF_GetError());
    TTF_SetFontHinting(face->font, TTF_HINTING_LIGHT);
    face->px = px;
    face->line_height = TTF_FontHeight(face->font);
    if (face->line_height < LP_VIEW_MIN_TEXT_PX || face->line_height > 4 * px)
        return lp_fail(err, LP_FAILED, "%s: not the font expected: lines of %d pixels at size %d", path, face->line_height, px);
    face->cell_width = 2 * px;
    face->cell_height = face->line_height + px / 2;
    face->masks = calloc(SLOTS, (size_t)(face->cell_width * face->cell_height));
    if (!face->masks) return lp_fail(err, LP_FAILED, "%s: no memory for the font", path);
    return LP_OK;
}

lp_status lp_paint_open_faces(lp_painter *p, const char *const *folders, lp_err *err) {
    if (TTF_Init()) return lp_fail(err, LP_FAILED, "cannot start SDL_ttf: %s", TTF_GetError());
    lp_status status = LP_OK;
    for (int i = 0; !status && i < LP_N_FACES; i++) {
        char path[PATH_MAX];
        if (find_font(path, folders, face_kinds[i].file)) status = open_face(&p->faces[i], path, lp_paint_px(p, face_kinds[i].px), err);
        else
            status = lp_fail(err, LP_FAILED, "the font %s was not found: install fonts-dejavu-core, or set LONGPLAY_FONTS to its folder",
                             face_kinds[i].file);
    }
    if (status) {
        lp_paint_close_faces(p);
        return status;
    }
    return LP_OK;
}

void lp_paint_close_faces(lp_painter *p) {
    for (int i = 0; i < LP_N_FACES; i++) {
        lp_face *face = p->faces[i];
        if (!face) continue;
        if (face->font) TTF_CloseFont(face->font);
        for (int k = 0; k < N_FALLBACKS; k++)
            if (face->others[k]) TTF_CloseFont(face->others[k]);
        free(face->masks);
        free(face);
        p->faces[i] = NULL;
    }
    TTF_Quit();
}
