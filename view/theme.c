/* Colours: the built-in ones, themes in files (docs/window.md), and how well text can be read in them.
 *
 *     [colours]
 *     ground = #0c1016          what is not named stays as it is built in
 */
#include "view/view_paint.h"

#include "base/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The bright ones are Okabe and Ito's colour-blind-safe hues, lightened for a dark ground. */
static const struct {
    const char *name;
    uint32_t ink; /* 0xRRGGBB */
} built_in[LP_N_INKS] = {
    [LP_INK_GROUND] = {"ground", 0x0c1016}, [LP_INK_PANEL] = {"panel", 0x161c25},   [LP_INK_TRACK] = {"track", 0x273140},
    [LP_INK_CHOSEN] = {"chosen", 0x1d3c57}, [LP_INK_TEXT] = {"text", 0xedf1f6},     [LP_INK_DIM] = {"dim", 0xaab6c5},
    [LP_INK_MUTED_BAR] = {"bar", 0x5f7590}, [LP_INK_POLICY] = {"policy", 0x5cb8ec}, [LP_INK_MEMORY] = {"memory", 0xf2ae3c},
    [LP_INK_ASLEEP] = {"asleep", 0x8a6c38}, [LP_INK_LIVE] = {"live", 0x35cfa8},     [LP_INK_REPLAY] = {"replay", 0xd9a3cf},
    [LP_INK_LOSS] = {"loss", 0xf58a62},
};

static lp_status take(void *context, const char *name, const char *value, lp_err *err) {
    uint32_t *ink = context;
    unsigned rgb;
    int end = 0, which = 0;
    const char *colour = strncmp(name, "colours.", 8) ? "" : name + 8;
    while (which < LP_N_INKS && strcmp(built_in[which].name, colour) != 0) which++;
    if (which == LP_N_INKS) {
        char all[160] = "";
        for (int i = 0; i < LP_N_INKS; i++) snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", built_in[i].name);
        return lp_fail(err, LP_BAD_INPUT, "unknown setting '%s' (of [colours] there are %s)", name, all);
    }
    if (strlen(value) != 7 || sscanf(value, "#%6x%n", &rgb, &end) != 1 || end != 7 || strspn(value + 1, "0123456789abcdefABCDEF") != 6)
        return lp_fail(err, LP_BAD_INPUT, "%s = '%s': must be #rrggbb", name, value);
    ink[which] = rgb;
    return LP_OK;
}

lp_status lp_theme_read(uint32_t ink[LP_N_INKS], const char *path, lp_err *err) {
    for (int i = 0; i < LP_N_INKS; i++) ink[i] = built_in[i].ink;
    return path ? lp_config_entries(path, take, ink, err) : LP_OK;
}

/* ---- contrast ---- */

static double linear(uint32_t channel) {
    double s = (double)(channel & 0xff) / 255;
    return s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t ink) { return 0.2126 * linear(ink >> 16) + 0.7152 * linear(ink >> 8) + 0.0722 * linear(ink); }

double lp_theme_contrast(uint32_t a, uint32_t b) {
    double la = luminance(a), lb = luminance(b);
    return ((la > lb ? la : lb) + 0.05) / ((la > lb ? lb : la) + 0.05);
}

bool lp_painter_reads_well(const lp_painter *p, lp_err *why) {
    static const struct {
        lp_ink_id ink, under;
    } texts[] = {
        {LP_INK_TEXT, LP_INK_GROUND},   {LP_INK_DIM, LP_INK_GROUND},    {LP_INK_TEXT, LP_INK_PANEL},  {LP_INK_DIM, LP_INK_PANEL},
        {LP_INK_POLICY, LP_INK_PANEL},  {LP_INK_MEMORY, LP_INK_PANEL},  {LP_INK_LIVE, LP_INK_PANEL},  {LP_INK_LOSS, LP_INK_PANEL},
        {LP_INK_TEXT, LP_INK_TRACK},    {LP_INK_TEXT, LP_INK_CHOSEN},   {LP_INK_DIM, LP_INK_CHOSEN},  {LP_INK_LIVE, LP_INK_CHOSEN},
        {LP_INK_LOSS, LP_INK_CHOSEN},   {LP_INK_LIVE, LP_INK_GROUND},   {LP_INK_LOSS, LP_INK_GROUND}, {LP_INK_GROUND, LP_INK_LIVE},
        {LP_INK_GROUND, LP_INK_REPLAY}, {LP_INK_GROUND, LP_INK_MEMORY}, {LP_INK_GROUND, LP_INK_DIM},
    };
    size_t worst = 0;
    double least = 21;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double c = lp_theme_contrast(p->ink[texts[i].ink], p->ink[texts[i].under]);
        if (c >= least) continue;
        least = c;
        worst = i;
    }
    if (least >= LP_LEAST_CONTRAST) return true;
    lp_fail(why, LP_OK, "text in %s on %s has a contrast of %.1f : 1; %.1f can be read well", built_in[texts[worst].ink].name,
            built_in[texts[worst].under].name, least, LP_LEAST_CONTRAST);
    return false;
}
