/* cuBLAS on a CPU: the one product that kernels/linear.cu asks for. */
#ifndef LP_CUBLAS_ON_CPU_H
#define LP_CUBLAS_ON_CPU_H

#include <cblas.h>

#include "cuda_runtime.h"

typedef int cublasStatus_t, cublasMath_t, cublasComputeType_t, cublasGemmAlgo_t, cudaDataType;
typedef struct {
    cudaStream_t stream;
} * cublasHandle_t;
enum { CUBLAS_STATUS_SUCCESS, CUBLAS_OP_N, CUBLAS_OP_T, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F_FAST_16BF, CUBLAS_GEMM_DEFAULT };
typedef int cublasOperation_t;
static inline cublasStatus_t cublasCreate(cublasHandle_t *h) {
    *h = (cublasHandle_t)calloc(1, sizeof **h);
    return *h ? 0 : 1;
}
static inline cublasStatus_t cublasDestroy(cublasHandle_t h) {
    free(h);
    return 0;
}
static inline cublasStatus_t cublasSetStream(cublasHandle_t h, cudaStream_t stream) {
    h->stream = stream;
    return 0;
}
static inline cublasStatus_t cublasSetWorkspace(cublasHandle_t, void *, size_t) { return 0; }
static inline cublasStatus_t cublasGemmEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                                          const void *alpha, const void *a, cudaDataType, int lda, const void *b, cudaDataType, int ldb,
                                          const void *beta, void *c, cudaDataType, int ldc, cublasComputeType_t, cublasGemmAlgo_t) {
    const float alpha_now = *(const float *)alpha, beta_now = *(const float *)beta;
    cuda_on_cpu_enqueue(h->stream, [=]() {
        cblas_sgemm(CblasColMajor, ta == CUBLAS_OP_T ? CblasTrans : CblasNoTrans, tb == CUBLAS_OP_T ? CblasTrans : CblasNoTrans, m, n, k,
                    alpha_now, (const float *)a, lda, (const float *)b, ldb, beta_now, (float *)c, ldc);
    });
    return 0;
}

#endif
