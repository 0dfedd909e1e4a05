/* From a frame to what a policy sees. Internal to harness/.
 *
 * A frame is in_h rows of in_w pixels 0x00BBGGRR, the rows `stride` pixels apart (so that part of a screen is a frame too).
 * out_w <= in_w <= 240, out_h <= in_h <= 160. Each output is the exact mean over its rectangle of the frame, pixels on the
 * border counted by the part of them inside, rounded to nearest. */
#ifndef LP_ENV_OBSERVATION_H
#define LP_ENV_OBSERVATION_H

#include <stdint.h>

/* out: out_h rows of out_w bytes of luma, 0.299 R + 0.587 G + 0.114 B in 1/256ths. */
void lp_observe_grey(uint8_t *out, int out_w, int out_h, const uint32_t *frame, int stride, int in_w, int in_h);
/* out: out_h rows of out_w times red, green, blue. */
void lp_observe_rgb(uint8_t *out, int out_w, int out_h, const uint32_t *frame, int stride, int in_w, int in_h);
/* out: in_h rows of in_w / 4 bytes (in_w a multiple of 4): two bits a pixel, the leftmost lowest, 0 black to 3 white: red's
 * upper two, which tell a Game Boy's four greys apart. */
void lp_observe_shades(uint8_t *out, const uint32_t *frame, int stride, int in_w, int in_h);

#endif
