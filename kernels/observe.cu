/* Twin of observe.c: one output pixel a thread. */
#include "kernels/cuda.cuh"

static __global__ void observe(float *y, const uint8_t *shades, size_t n, int in_w, int in_h, int out_w, int out_h) {
    LP_FOR_EACH(at, n) {
        int ox, oy;
        const uint8_t *screen = shades + lp_divide(lp_divide(at, out_w, &ox), out_h, &oy) * (in_w / 4 * in_h);
        const uint32_t whole = (uint32_t)in_w * (uint32_t)in_h;
        uint32_t sum = 0;
        for (int iy = oy * in_h / out_h; iy * out_h < (oy + 1) * in_h; iy++)
            for (int ix = ox * in_w / out_w; ix * out_w < (ox + 1) * in_w; ix++)
                sum += lp_overlap(iy, out_h, oy, in_h) * lp_overlap(ix, out_w, ox, in_w) * lp_shade_grey(screen + iy * (in_w / 4), ix);
        y[at] = (float)((sum + whole / 2) / whole) / 255.0f - 0.5f;
    }
}

int lp_cuda_observe_shades(float *y, const uint8_t *shades, int n, int in_w, int in_h, int out_w, int out_h, void *stream) {
    const size_t all = (size_t)n * out_w * out_h;
    if (in_w % 4 || out_w < 1 || out_w > in_w || out_h < 1 || out_h > in_h) return cudaErrorInvalidValue;
    if (n > 0) LP_LAUNCH(observe, lp_blocks(all), LP_BLOCK, stream, y, shades, all, in_w, in_h, out_w, out_h);
    return cudaGetLastError();
}
