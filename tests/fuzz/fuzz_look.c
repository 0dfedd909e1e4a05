/* Any bytes as a layout and as a theme: what is taken is within the bounds that drawing trusts. */
#include "view/view_paint.h"
#include "tests/fuzz/fuzz.h"

static void check_list(const lp_panel_list *list) {
    if (list->n < 0 || list->n > LP_MAX_ROWS) abort();
    for (int i = 0; i < list->n; i++) {
        if (list->rows[i].n < 1 || list->rows[i].n > LP_MAX_SIDE) abort();
        for (int k = 0; k < list->rows[i].n; k++)
            if ((unsigned)list->rows[i].panels[k] >= LP_N_PANELS) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_layout l;
    uint32_t ink[LP_N_INKS];
    lp_err err;
    const char *path = fuzz_file(data, size);
    if (!lp_layout_read(&l, path, &err)) {
        if (l.width < LP_VIEW_LEAST || l.height < LP_VIEW_LEAST || l.width > LP_VIEW_MOST || l.height > LP_VIEW_MOST) abort();
        if (l.n_top < 0 || l.n_bottom < 0 || l.n_top + l.n_bottom > LP_N_STRIPS || (unsigned)l.game > LP_GAME_NONE) abort();
        check_list(&l.panels);
        check_list(&l.below);
    }
    if (!lp_theme_read(ink, path, &err))
        for (int i = 0; i < LP_N_INKS; i++)
            if (ink[i] > 0xffffff) abort();
    return 0;
}
