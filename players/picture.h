/* A console's frame as the text that goes into JSON: a PNG in base64. */
#ifndef LP_PLAYERS_PICTURE_H
#define LP_PLAYERS_PICTURE_H

#include <stddef.h>
#include <stdint.h>

enum { LP_GRID_LEAST = 8, LP_GRID_MARGIN = 9 /* console pixels */ };

/* frame [height][width], 0x00BBGGRR, as pixels 0x00RRGGBB, each scale times as wide and high. grid: 0, or lines every so many of the console's pixels, LP_GRID_LEAST or more,
 * and a margin above and to the left with the numbers of columns and rows, from 0. The caller's to free, *out_width x *out_height; NULL: out of memory. */
uint32_t *lp_picture(int *out_width, int *out_height, const uint32_t *frame, int width, int height, int scale, int grid);
/* The same as text. The caller's to free; NULL: out of memory. */
char *lp_picture_base64(const uint32_t *frame, int width, int height, int scale, int grid);

#endif
