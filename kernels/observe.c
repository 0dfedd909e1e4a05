/* The packed screen as network input. env/observation.c makes the same numbers of the screen itself, as bytes. */
#include "kernels/kernels.h"

void lp_k_observe_shades(float *y, const uint8_t *shades, int n, int in_w, int in_h, int out_w, int out_h) {
    const uint32_t whole = (uint32_t)in_w * (uint32_t)in_h;
    for (int i = 0; i < n; i++, shades += in_w / 4 * in_h)
        for (int oy = 0; oy < out_h; oy++)
            for (int ox = 0; ox < out_w; ox++) {
                uint32_t sum = 0;
                for (int iy = oy * in_h / out_h; iy * out_h < (oy + 1) * in_h; iy++)
                    for (int ix = ox * in_w / out_w; ix * out_w < (ox + 1) * in_w; ix++)
                        sum +=
                            lp_overlap(iy, out_h, oy, in_h) * lp_overlap(ix, out_w, ox, in_w) * lp_shade_grey(shades + iy * (in_w / 4), ix);
                *y++ = (float)((sum + whole / 2) / whole) / 255.0f - 0.5f;
            }
}
