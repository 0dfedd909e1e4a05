/* A console's frame as the text that goes into JSON: a PNG in base64. */
#ifndef LP_PLAYERS_PICTURE_H
#define LP_PLAYERS_PICTURE_H

#include <stdint.h>

/* frame [height][width], 0x00BBGGRR; each pixel scale times as wide and high. The caller's to free; NULL: out of memory. */
char *lp_picture_base64(const uint32_t *frame, int width, int height, int scale);

#endif
