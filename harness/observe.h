/* From a frame to what the policy sees: grey, area-averaged. Internal to harness/. */
#ifndef LP_HARNESS_OBSERVE_H
#define LP_HARNESS_OBSERVE_H

#include <stdint.h>

/* frame: in_h rows of in_w pixels 0x00BBGGRR; out: out_h rows of out_w bytes, out_w <= in_w, out_h <= in_h. Each output
 * is the exact mean luma (0.299 R + 0.587 G + 0.114 B in 1/256ths) over its rectangle of the frame, pixels on the border
 * counted by the part of them inside, rounded to nearest. */
void lp_observe_grey(uint8_t *out, int out_w, int out_h, const uint32_t *frame, int in_w, int in_h);

#endif
