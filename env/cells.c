/* Cells by variables, or by a coarse picture. See cells.h. */
#include "env/cells.h"

#include "base/config.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "room,x/4" */
static lp_status read_terms(lp_cells *c, const lp_game *game, const char *from, lp_err *err) {
    char text[LP_SETTING_BYTES], *rest;
    snprintf(text, sizeof text, "%s", from);
    for (char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        char *slash = strchr(word, '/'), *end = NULL;
        int variable = -1;
        int64_t divisor = 1;
        if (slash) {
            *slash = 0;
            divisor = strtoll(slash + 1, &end, 10);
            if (end == slash + 1 || *end || divisor < 1) return lp_fail(err, LP_BAD_INPUT, "'%s/%s': not NAME/N", word, slash + 1);
        }
        for (int i = 0; i < lp_game_n_variables(game); i++)
            if (!strcmp(lp_game_variable_name(game, i), word)) variable = i;
        if (variable < 0) return lp_fail(err, LP_BAD_INPUT, "'%s': %s has no such variable", word, lp_game_name(game));
        if (c->n_terms == LP_CELLS_MAX_TERMS) return lp_fail(err, LP_BAD_INPUT, "more than %d variables", LP_CELLS_MAX_TERMS);
        c->terms[c->n_terms].variable = variable;
        c->terms[c->n_terms++].divisor = divisor;
    }
    return c->n_terms ? LP_OK : lp_fail(err, LP_BAD_INPUT, "picture, or variables");
}

lp_status lp_cells_parse(lp_cells *out, const lp_game *game, const char *text, int columns, int rows, int shades, lp_err *err) {
    int width, height;
    *out = (lp_cells){.columns = columns, .rows = rows, .shades = shades};
    if (strcmp(text, "picture") != 0) return read_terms(out, game, text, err);
    lp_game_observation(game, &width, &height);
    if (columns <= width && rows <= height) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "%d columns and %d rows: more than the observation's %dx%d pixels", columns, rows, width, height);
}

void lp_cells_picture(const lp_cells *c, const lp_game *game, const uint8_t *view, uint8_t *out) {
    int width, height;
    lp_game_observation(game, &width, &height);
    for (int row = 0; row < c->rows; row++)
        for (int column = 0; column < c->columns; column++) {
            const int x0 = column * width / c->columns, x1 = (column + 1) * width / c->columns;
            const int y0 = row * height / c->rows, y1 = (row + 1) * height / c->rows;
            int sum = 0;
            for (int y = y0; y < y1; y++)
                for (int x = x0; x < x1; x++) sum += view[y * width + x];
            out[row * c->columns + column] = (uint8_t)(sum * c->shades / ((x1 - x0) * (y1 - y0) * 256));
        }
}

uint64_t lp_cells_key(const lp_cells *c, const lp_game *game, const lp_env *env, const uint8_t *view) {
    if (!c->n_terms) {
        uint8_t grid[LP_CELLS_MAX_SIDE * LP_CELLS_MAX_SIDE];
        lp_cells_picture(c, game, view, grid);
        return lp_hash64(grid, (size_t)(c->rows * c->columns));
    }
    int64_t values[LP_CELLS_MAX_TERMS];
    const int64_t *now = lp_env_variables(env);
    for (int i = 0; i < c->n_terms; i++) {
        const int64_t v = now[c->terms[i].variable], d = c->terms[i].divisor;
        values[i] = v >= 0 ? v / d : -((d - 1 - v) / d);
    }
    return lp_hash64(values, (size_t)c->n_terms * sizeof *values);
}
