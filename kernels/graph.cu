/* Graphs: a row of calls, enqueued as one; and times between points of a stream. */
#include "kernels/kernels_cuda.h"

#include <cuda_runtime.h>

/* An lp_cuda_graph is a cudaGraphExec_t. */

int lp_cuda_graph_begin(void *stream) { return cudaStreamBeginCapture((cudaStream_t)stream, cudaStreamCaptureModeThreadLocal); }

int lp_cuda_graph_end(lp_cuda_graph **graph, void *stream) {
    cudaGraph_t captured = NULL;
    cudaGraphExec_t made = NULL;
    int error = cudaStreamEndCapture((cudaStream_t)stream, &captured);
    if (!error) error = cudaGraphInstantiate(&made, captured, 0);
    if (captured) cudaGraphDestroy(captured);
    if (error) cudaGetLastError();
    *graph = error ? NULL : (lp_cuda_graph *)made;
    return error;
}

int lp_cuda_graph_run(lp_cuda_graph *graph, void *stream) { return cudaGraphLaunch((cudaGraphExec_t)graph, (cudaStream_t)stream); }

void lp_cuda_graph_close(lp_cuda_graph *graph) {
    if (graph) cudaGraphExecDestroy((cudaGraphExec_t)graph);
}

int lp_cuda_event_open(void **event) {
    int error = cudaEventCreate((cudaEvent_t *)event);
    if (error) *event = NULL;
    return error;
}

int lp_cuda_event_record(void *event, void *stream) { return cudaEventRecord((cudaEvent_t)event, (cudaStream_t)stream); }

int lp_cuda_event_us(double *us, void *from, void *to) {
    float ms = 0;
    int error = cudaEventSynchronize((cudaEvent_t)to);
    if (!error) error = cudaEventElapsedTime(&ms, (cudaEvent_t)from, (cudaEvent_t)to);
    *us = ms * 1e3;
    return error;
}

void lp_cuda_event_close(void *event) {
    if (event) cudaEventDestroy((cudaEvent_t)event);
}
