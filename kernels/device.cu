/* Device memory and errors. */
#include "kernels/kernels_cuda.h"

#include <cuda_runtime.h>

int lp_cuda_devices(void) {
    int n = 0;
    return cudaGetDeviceCount(&n) == cudaSuccess ? n : 0;
}

const char *lp_cuda_error(int error) {
    return cudaGetErrorString((cudaError_t)error);
}

int lp_cuda_alloc(void **pointer, size_t size_bytes) {
    int error = cudaMalloc(pointer, size_bytes);
    if (error) {
        *pointer = NULL;
        cudaGetLastError(); /* told here: the next launch must not be blamed for it */
    }
    return error;
}

void lp_cuda_free(void *pointer) {
    cudaFree(pointer);
}

int lp_cuda_to_device(void *device, const void *host, size_t size_bytes, void *stream) {
    return cudaMemcpyAsync(device, host, size_bytes, cudaMemcpyHostToDevice, (cudaStream_t)stream);
}

int lp_cuda_to_host(void *host, const void *device, size_t size_bytes, void *stream) {
    cudaError_t error = cudaMemcpyAsync(host, device, size_bytes, cudaMemcpyDeviceToHost, (cudaStream_t)stream);
    return error ? error : cudaStreamSynchronize((cudaStream_t)stream);
}
