/* The device: its memory, streams, errors; graphs and times are in graph.cu. */
#include "kernels/kernels_cuda.h"

#include <cuda_runtime.h>
#include <stdio.h>

/* What is told here is not told again by the next launch. */
static int told(cudaError_t error) {
    if (error) cudaGetLastError();
    return error;
}

const char *lp_cuda_missing(void) {
    int n = 0, error = told(cudaGetDeviceCount(&n));
    if (error) return cudaGetErrorString((cudaError_t)error);
    return n > 0 ? NULL : "no CUDA-capable device is detected";
}

const char *lp_cuda_error(int error) { return cudaGetErrorString((cudaError_t)error); }

const char *lp_cuda_describe(char *text, size_t size_bytes) {
    cudaDeviceProp d;
    int driver = 0;
    int error = told(cudaGetDeviceProperties(&d, 0));
    if (!error) error = told(cudaDriverGetVersion(&driver));
    if (error) snprintf(text, size_bytes, "%s", lp_cuda_error(error));
    else
        snprintf(text, size_bytes, "%s, compute capability %d.%d, %.1f GiB, CUDA driver %d.%d", d.name, d.major, d.minor,
                 (double)d.totalGlobalMem / (1 << 30), driver / 1000, driver % 1000 / 10);
    return text;
}

int lp_cuda_memory(size_t *free_bytes, size_t *total_bytes) { return told(cudaMemGetInfo(free_bytes, total_bytes)); }

int lp_cuda_alloc(void **pointer, size_t size_bytes) {
    int error = told(cudaMalloc(pointer, size_bytes));
    if (error) *pointer = NULL;
    return error;
}

void lp_cuda_free(void *pointer) { cudaFree(pointer); }

int lp_cuda_alloc_pinned(void **pointer, size_t size_bytes) {
    int error = told(cudaMallocHost(pointer, size_bytes));
    if (error) *pointer = NULL;
    return error;
}

void lp_cuda_free_pinned(void *pointer) {
    if (pointer) cudaFreeHost(pointer);
}

int lp_cuda_pin(void *pointer, size_t size_bytes) { return told(cudaHostRegister(pointer, size_bytes, cudaHostRegisterDefault)); }

void lp_cuda_unpin(void *pointer) { told(cudaHostUnregister(pointer)); }

int lp_cuda_stream_open(void **stream, int urgent) {
    int least = 0, greatest = 0;
    int error = told(cudaDeviceGetStreamPriorityRange(&least, &greatest));
    if (!error) error = told(cudaStreamCreateWithPriority((cudaStream_t *)stream, cudaStreamNonBlocking, urgent ? greatest : least));
    if (error) *stream = NULL;
    return error;
}

void lp_cuda_stream_close(void *stream) {
    if (stream) cudaStreamDestroy((cudaStream_t)stream);
}

int lp_cuda_wait(void *stream) { return cudaStreamSynchronize((cudaStream_t)stream); }

int lp_cuda_to_device(void *device, const void *host, size_t size_bytes, void *stream) {
    return cudaMemcpyAsync(device, host, size_bytes, cudaMemcpyHostToDevice, (cudaStream_t)stream);
}

int lp_cuda_from_device(void *host, const void *device, size_t size_bytes, void *stream) {
    return cudaMemcpyAsync(host, device, size_bytes, cudaMemcpyDeviceToHost, (cudaStream_t)stream);
}

int lp_cuda_copy(void *to, const void *from, size_t size_bytes, void *stream) {
    return cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyDeviceToDevice, (cudaStream_t)stream);
}

int lp_cuda_copy_rows(void *to, size_t to_stride, const void *from, size_t from_stride, size_t row_bytes, size_t rows, void *stream) {
    return cudaMemcpy2DAsync(to, to_stride, from, from_stride, row_bytes, rows, cudaMemcpyDeviceToDevice, (cudaStream_t)stream);
}

int lp_cuda_zero(void *device, size_t size_bytes, void *stream) { return cudaMemsetAsync(device, 0, size_bytes, (cudaStream_t)stream); }

int lp_cuda_to_host(void *host, const void *device, size_t size_bytes, void *stream) {
    int error = lp_cuda_from_device(host, device, size_bytes, stream);
    return error ? error : lp_cuda_wait(stream);
}
