/* Twin of conv.c: a linear map of patches. Little work is done by few.cu without laying them out; else of as many images at once as
 * there is room for. Patches are gathered, never scattered,
 * both ways: no two threads write to one place. */
#include "kernels/few.cuh"

/* Multiply-adds up to which few.cu takes it: it reads about as many bytes through the L2 cache, where a product in large tiles takes
 * less, but for three launches. */
enum { FEW_WORK = 1 << 26 };

static __global__ void gather_patches(float *patch, const float *x, size_t n, lp_conv s) {
    int ow = lp_conv_ow(&s), pixels = lp_conv_oh(&s) * ow, run = s.k * s.c;
    LP_FOR_EACH(at, n) {
        int i = (int)(at % run);
        size_t rest = at / run;
        int ky = (int)(rest % s.k);
        rest /= s.k;
        int p = (int)(rest % pixels);
        const float *image = x + rest / pixels * ((size_t)s.h * s.w * s.c);
        patch[at] = image[((size_t)(p / ow * s.stride + ky) * s.w + (size_t)(p % ow) * s.stride) * s.c + i];
    }
}

/* Each input pixel sums what the patches that hold it have for it. */
static __global__ void gather_input(float *dx, const float *patch, size_t n, lp_conv s) {
    int oh = lp_conv_oh(&s), ow = lp_conv_ow(&s), taps = s.k * s.k * s.c;
    LP_FOR_EACH(at, n) {
        int c = (int)(at % s.c);
        size_t rest = at / s.c;
        int ix = (int)(rest % s.w);
        rest /= s.w;
        int iy = (int)(rest % s.h);
        const float *from = patch + rest / s.h * ((size_t)oh * ow * taps);
        float sum = 0;
        for (int ky = iy % s.stride; ky < s.k && ky <= iy; ky += s.stride) {
            int oy = (iy - ky) / s.stride;
            if (oy >= oh) continue;
            for (int kx = ix % s.stride; kx < s.k && kx <= ix; kx += s.stride) {
                int ox = (ix - kx) / s.stride;
                if (ox < ow) sum += from[((size_t)oy * ow + ox) * taps + ((size_t)ky * s.k + kx) * s.c + c];
            }
        }
        dx[at] = sum;
    }
}

size_t lp_cuda_conv_scratch(const lp_conv *s, int images) {
    return (size_t)images * lp_conv_oh(s) * lp_conv_ow(s) * s->k * s->k * s->c;
}

int lp_cuda_conv(lp_cuda_blas *blas, float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *s, float *scratch,
                 int images, int relu) {
    size_t in = (size_t)s->h * s->w * s->c, pixels = (size_t)lp_conv_oh(s) * lp_conv_ow(s);
    int error = cudaSuccess;
    if (n && lp_cuda_conv_scratch(s, 1) * s->oc <= FEW_WORK / (size_t)n)
        return lp_cuda_few_conv(y, x, weight, bias, n, s, relu, lp_cuda_blas_stream(blas));
    for (int i = 0; i < n && !error; i += images) {
        int now = n - i < images ? n - i : images;
        size_t all = lp_cuda_conv_scratch(s, now);
        LP_LAUNCH(gather_patches, lp_blocks(all), LP_BLOCK, lp_cuda_blas_stream(blas), scratch, x + (size_t)i * in, all, *s);
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
        size_t all = lp_cuda_conv_scratch(s, now), inputs = (size_t)now * in;
        const float *d = dy + (size_t)i * pixels * s->oc;
        LP_LAUNCH(gather_patches, lp_blocks(all), LP_BLOCK, lp_cuda_blas_stream(blas), scratch, x + (size_t)i * in, all, *s);
        error = lp_cuda_linear_backward_weight(blas, dweight, dbias, d, scratch, now * (int)pixels, taps, s->oc);
        if (!dx || error) continue;
        error = lp_cuda_linear_backward_input(blas, scratch, d, weight, now * (int)pixels, taps, s->oc, 0);
        LP_LAUNCH(gather_input, lp_blocks(inputs), LP_BLOCK, lp_cuda_blas_stream(blas), dx + (size_t)i * in, scratch, inputs, *s);
    }
    return error ? error : cudaGetLastError();
}
