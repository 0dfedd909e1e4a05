/* Linear maps: of a few rows by few.cu, else on cuBLAS, which only this file knows. A row-major matrix is a column-major one transposed, so y = x w^T is asked for
 * as y^T = w x^T. */
#include "kernels/few.cuh"

#include <cublas_v2.h>
#include <stdlib.h>

enum { WORKSPACE_BYTES = 32 << 20, PARTS = 64, COLUMNS = 32, ROWS = LP_BLOCK / COLUMNS };

struct lp_cuda_blas {
    cublasHandle_t handle;
    void *stream;
    void *workspace; /* cuBLAS's own; given, since a graph may not allocate */
    float *part;     /* [PARTS][LP_CUDA_MAX_WIDE] of column sums */
    int bf16;
};

int lp_cuda_blas_open(lp_cuda_blas **out, int bf16, void *stream) {
    lp_cuda_blas *b = (lp_cuda_blas *)calloc(1, sizeof *b);
    *out = NULL;
    if (!b) return cudaErrorMemoryAllocation;
    b->bf16 = bf16;
    b->stream = stream;
    int error = cublasCreate(&b->handle) == CUBLAS_STATUS_SUCCESS ? cudaSuccess : cudaErrorUnknown;
    if (!error) error = cudaMalloc(&b->workspace, WORKSPACE_BYTES);
    if (!error) error = cudaMalloc((void **)&b->part, (size_t)PARTS * LP_CUDA_MAX_WIDE * sizeof(float));
    if (!error && (cublasSetStream(b->handle, (cudaStream_t)stream) || cublasSetWorkspace(b->handle, b->workspace, WORKSPACE_BYTES)))
        error = cudaErrorUnknown;
    if (error) lp_cuda_blas_close(b);
    else *out = b;
    return error;
}

void lp_cuda_blas_close(lp_cuda_blas *b) {
    if (!b) return;
    if (b->handle) cublasDestroy(b->handle);
    cudaFree(b->workspace);
    cudaFree(b->part);
    free(b);
}

void *lp_cuda_blas_stream(const lp_cuda_blas *b) { return b->stream; }

/* c[n][m] (column-major m x n, ldc apart) = op(a) op(b) + beta c */
static int product(lp_cuda_blas *blas, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, const float *a, int lda,
                   const float *b, int ldb, float beta, float *c, int ldc) {
    const float one = 1.0f;
    int status = cublasGemmEx(blas->handle, ta, tb, m, n, k, &one, a, CUDA_R_32F, lda, b, CUDA_R_32F, ldb, &beta, c, CUDA_R_32F, ldc,
                              blas->bf16 ? CUBLAS_COMPUTE_32F_FAST_16BF : CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
    return status == CUBLAS_STATUS_SUCCESS ? cudaGetLastError() : cudaErrorUnknown;
}

/* What follows a product: y = max(y + b, 0), either part where asked for, in one pass. n, o, stride: in units of V. */
template <typename V> static __global__ void finish(V *y, const V *b, size_t n, int o, int stride, bool relu) {
    LP_FOR_EACH(i, n) {
        int j;
        const size_t row = lp_divide(i, o, &j);
        V *at = y + row * stride + j;
        const V v = b ? lp_plus(*at, b[j]) : *at;
        *at = relu ? lp_above_zero(v) : v;
    }
}

int lp_cuda_linear_strided(lp_cuda_blas *blas, float *y, int y_stride, const float *x, int x_stride, const float *w, const float *b, int n,
                           int i, int o, int how) {
    if (!n || !o) return cudaSuccess;
    if (n <= LP_CUDA_FEW) return lp_cuda_few_linear(y, y_stride, x, x_stride, w, b, n, i, o, how, blas->stream);
    const size_t all = (size_t)n * o;
    int error = product(blas, CUBLAS_OP_T, CUBLAS_OP_N, o, n, i, w, i, x, x_stride, how & LP_CUDA_ADD ? 1.0f : 0.0f, y, y_stride);
    if (error || !(b || how & LP_CUDA_RELU)) return error;
    const bool relu = how & LP_CUDA_RELU;
    if (lp_aligned(y, b) && y_stride % 4 == 0 && o % 4 == 0)
        LP_LAUNCH(finish<float4>, lp_blocks(all / 4), LP_BLOCK, blas->stream, (float4 *)y, (const float4 *)b, all / 4, o / 4, y_stride / 4,
                  relu);
    else LP_LAUNCH(finish<float>, lp_blocks(all), LP_BLOCK, blas->stream, y, b, all, o, y_stride, relu);
    return cudaGetLastError();
}

int lp_cuda_linear(lp_cuda_blas *blas, float *y, const float *x, const float *w, const float *b, int n, int i, int o, int how) {
    return lp_cuda_linear_strided(blas, y, o, x, i, w, b, n, i, o, how);
}

int lp_cuda_linear_maps(lp_cuda_blas *blas, const lp_cuda_map *map, int n_maps, int n) {
    int error = cudaSuccess;
    if (n_maps > LP_CUDA_MAX_MAPS) return cudaErrorInvalidValue;
    if (n && n <= LP_CUDA_FEW) return lp_cuda_few_maps(map, n_maps, n, blas->stream);
    for (int k = 0; k < n_maps && !error; k++)
        error = lp_cuda_linear(blas, map[k].y, map[k].x, map[k].w, map[k].b, n, map[k].i, map[k].o, map[k].how);
    return error;
}

/* part[p][o] = the sum of every PARTS-th group of ROWS rows, from group p on; always the same rows in the same order. */
static __global__ void __launch_bounds__(LP_BLOCK) sum_columns(float *part, const float *dy, int n, int o) {
    __shared__ float shared[ROWS][COLUMNS];
    int row = threadIdx.x / COLUMNS, column = threadIdx.x % COLUMNS, j = (int)blockIdx.x * COLUMNS + column;
    float sum = 0;
    if (j < o)
        for (size_t r = (size_t)blockIdx.y * ROWS + row; r < (size_t)n; r += (size_t)PARTS * ROWS) sum += dy[r * o + j];
    shared[row][column] = sum;
    __syncthreads();
    if (row || j >= o) return;
    for (int k = 1; k < ROWS; k++) sum += shared[k][column];
    part[(size_t)blockIdx.y * o + j] = sum;
}

static __global__ void add_parts(float *db, const float *part, int o) {
    LP_FOR_EACH(j, (size_t)o) {
        float sum = 0;
        for (int p = 0; p < PARTS; p++) sum += part[(size_t)p * o + j];
        db[j] += sum;
    }
}

int lp_cuda_linear_backward_weight(lp_cuda_blas *blas, float *dw, float *db, const float *dy, const float *x, int n, int i, int o) {
    if (!n) return cudaSuccess;
    if (o > LP_CUDA_MAX_WIDE) return cudaErrorInvalidValue;
    if (db) {
        LP_LAUNCH(sum_columns, dim3((unsigned)((o + COLUMNS - 1) / COLUMNS), PARTS), LP_BLOCK, blas->stream, blas->part, dy, n, o);
        LP_LAUNCH(add_parts, lp_blocks((size_t)o), LP_BLOCK, blas->stream, db, blas->part, o);
    }
    return product(blas, CUBLAS_OP_N, CUBLAS_OP_T, i, o, n, x, i, dy, o, 1.0f, dw, i);
}

int lp_cuda_linear_backward_input_strided(lp_cuda_blas *blas, float *dx, int dx_stride, const float *dy, int dy_stride, const float *w,
                                          int n, int i, int o, int accumulate) {
    if (!n) return cudaSuccess;
    return product(blas, CUBLAS_OP_N, CUBLAS_OP_N, i, n, o, w, i, dy, dy_stride, accumulate ? 1.0f : 0.0f, dx, dx_stride);
}

int lp_cuda_linear_backward_input(lp_cuda_blas *blas, float *dx, const float *dy, const float *w, int n, int i, int o, int accumulate) {
    return lp_cuda_linear_backward_input_strided(blas, dx, i, dy, o, w, n, i, o, accumulate);
}
