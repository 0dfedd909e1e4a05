/* Twin of conv.c: a linear map of patches. Little work is done by few.cu without laying them out; else of as many images at once as
 * there is room for. Patches are gathered, never scattered,
 * both ways: no two threads write to one place. */
#include "kernels/few.cuh"

/* Multiply-adds up to which few.cu takes it: it reads about as many bytes through the L2 cache, where a product in large tiles takes
 * less, but for three launches. */
enum { FEW_WORK = 1 << 26 };

/* n: in units of V. */
template <typename V> static __global__ void gather_patches(V *patch, const float *x, size_t n, lp_conv s) {
    enum { WIDE = sizeof(V) / sizeof(float) };
    const int ow = lp_conv_ow(&s), pixels = lp_conv_oh(&s) * ow, run = s.k * s.c;
    LP_FOR_EACH(at, n) {
        int i, ky, p;
        const size_t image = lp_divide(lp_divide(lp_divide(at, run / WIDE, &i), s.k, &ky), pixels, &p);
        const int y = p / ow * s.stride + ky, from = p % ow * s.stride;
        patch[at] = *(const V *)(x + ((image * s.h + y) * s.w + from) * s.c + i * WIDE);
    }
}

/* Each input pixel sums what the patches that hold it have for it. n: in units of V. */
template <typename V> static __global__ void gather_input(V *dx, const float *patch, size_t n, lp_conv s) {
    enum { WIDE = sizeof(V) / sizeof(float) };
    const int oh = lp_conv_oh(&s), ow = lp_conv_ow(&s), taps = s.k * s.k * s.c;
    LP_FOR_EACH(at, n) {
        int c, ix, iy;
        const size_t image = lp_divide(lp_divide(lp_divide(at, s.c / WIDE, &c), s.w, &ix), s.h, &iy);
        const float *from = patch + image * ((size_t)oh * ow * taps) + c * WIDE;
        V sum = {};
        for (int ky = iy % s.stride; ky < s.k && ky <= iy; ky += s.stride) {
            const int oy = (iy - ky) / s.stride;
            if (oy >= oh) continue;
            for (int kx = ix % s.stride; kx < s.k && kx <= ix; kx += s.stride) {
                const int ox = (ix - kx) / s.stride;
                if (ox < ow) sum = lp_plus(sum, *(const V *)(from + ((size_t)oy * ow + ox) * taps + (ky * s.k + kx) * s.c));
            }
        }
        dx[at] = sum;
    }
}

static void launch_patches(float *patch, const float *x, int n, const lp_conv *s, void *stream) {
    const size_t all = lp_cuda_conv_scratch(s, n);
    if (lp_aligned(patch, x) && s->k * s->c % 4 == 0 && s->stride * s->c % 4 == 0 && s->w * s->c % 4 == 0)
        LP_LAUNCH(gather_patches<float4>, lp_blocks(all / 4), LP_BLOCK, stream, (float4 *)patch, x, all / 4, *s);
    else LP_LAUNCH(gather_patches<float>, lp_blocks(all), LP_BLOCK, stream, patch, x, all, *s);
}

static void launch_input(float *dx, const float *patch, int n, const lp_conv *s, void *stream) {
    const size_t all = (size_t)n * s->h * s->w * s->c;
    if (lp_aligned(dx, patch) && s->c % 4 == 0)
        LP_LAUNCH(gather_input<float4>, lp_blocks(all / 4), LP_BLOCK, stream, (float4 *)dx, patch, all / 4, *s);
    else LP_LAUNCH(gather_input<float>, lp_blocks(all), LP_BLOCK, stream, dx, patch, all, *s);
}

size_t lp_cuda_conv_scratch(const lp_conv *s, int images) { return (size_t)images * lp_conv_oh(s) * lp_conv_ow(s) * s->k * s->k * s->c; }

int lp_cuda_conv(lp_cuda_blas *blas, float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *s,
                 float *scratch, int images, int relu) {
    size_t in = (size_t)s->h * s->w * s->c, pixels = (size_t)lp_conv_oh(s) * lp_conv_ow(s);
    int error = cudaSuccess;
    if (n && lp_cuda_conv_scratch(s, 1) * s->oc <= FEW_WORK / (size_t)n)
        return lp_cuda_few_conv(y, x, weight, bias, n, s, relu, lp_cuda_blas_stream(blas));
    for (int i = 0; i < n && !error; i += images) {
        int now = n - i < images ? n - i : images;
        launch_patches(scratch, x + (size_t)i * in, now, s, lp_cuda_blas_stream(blas));
        error = lp_cuda_linear(blas, y + (size_t)i * pixels * s->oc, scratch, weight, bias, now * (int)pixels, s->k * s->k * s->c, s->oc,
                               relu ? LP_CUDA_RELU : LP_CUDA_SET);
    }
    return error;
}

int lp_cuda_conv_backward(lp_cuda_blas *blas, float *dx, float *dweight, float *dbias, const float *dy, const float *x, const float *weight,
                          int n, const lp_conv *s, float *scratch, int images) {
    size_t in = (size_t)s->h * s->w * s->c, pixels = (size_t)lp_conv_oh(s) * lp_conv_ow(s);
    int taps = s->k * s->k * s->c, error = cudaSuccess;
    for (int i = 0; i < n && !error; i += images) {
        int now = n - i < images ? n - i : images;
        const float *d = dy + (size_t)i * pixels * s->oc;
        launch_patches(scratch, x + (size_t)i * in, now, s, lp_cuda_blas_stream(blas));
        error = lp_cuda_linear_backward_weight(blas, dweight, dbias, d, scratch, now * (int)pixels, taps, s->oc);
        if (!dx || error) continue;
        error = lp_cuda_linear_backward_input(blas, scratch, d, weight, now * (int)pixels, taps, s->oc, 0);
        if (!error) launch_input(dx + (size_t)i * in, scratch, now, s, lp_cuda_blas_stream(blas));
    }
    return error ? error : cudaGetLastError();
}
