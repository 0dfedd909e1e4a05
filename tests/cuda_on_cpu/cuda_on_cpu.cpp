#include "cuda_runtime.h"

#include <stdio.h>
#include <ucontext.h>

dim3 threadIdx, blockIdx, blockDim, gridDim;
unsigned char cuda_on_cpu_lanes[1024][8];

enum { STACK_BYTES = 128 << 10 };
enum state { RUNNING, AT_BARRIER, AT_WARP_BARRIER, DONE };
static struct fiber {
    ucontext_t context;
    char *stack; /* kept from launch to launch */
    state at;
} fibers[1024];
static ucontext_t scheduler;
static const std::function<void()> *body_now;

static void enter(void) {
    (*body_now)();
    fibers[threadIdx.x].at = DONE;
    swapcontext(&fibers[threadIdx.x].context, &scheduler);
}

void cuda_on_cpu_barrier(bool warp) {
    unsigned self = threadIdx.x;
    fibers[self].at = warp ? AT_WARP_BARRIER : AT_BARRIER;
    swapcontext(&fibers[self].context, &scheduler);
}

static void run(unsigned t) {
    threadIdx.x = t;
    swapcontext(&scheduler, &fibers[t].context);
}

/* Everyone of [from, to) has come to the same kind of barrier, or is done; a mixture would hang a card. */
static bool agree(unsigned from, unsigned to, state kind) {
    for (unsigned t = from; t < to; t++)
        if (fibers[t].at != kind) return false;
    return true;
}

static void run_block(unsigned n) {
    for (unsigned t = 0; t < n; t++) {
        fiber *f = &fibers[t];
        if (!f->stack) f->stack = (char *)malloc(STACK_BYTES);
        getcontext(&f->context);
        f->context.uc_stack.ss_sp = f->stack;
        f->context.uc_stack.ss_size = STACK_BYTES;
        f->context.uc_link = NULL;
        makecontext(&f->context, enter, 0);
        f->at = RUNNING;
    }
    for (unsigned t = 0; t < n; t++) run(t);
    for (;;) {
        bool moved = false;
        for (unsigned from = 0; from < n; from += 32) { /* warps that have met go on by themselves */
            unsigned to = from + 32 < n ? from + 32 : n;
            while (agree(from, to, AT_WARP_BARRIER)) {
                for (unsigned t = from; t < to; t++) run(t);
                moved = true;
            }
        }
        if (agree(0, n, DONE)) return;
        if (agree(0, n, AT_BARRIER)) {
            for (unsigned t = 0; t < n; t++) run(t);
        } else if (!moved) {
            fprintf(stderr, "CUDA on a CPU: a part of block %u,%u does not come to a barrier\n", blockIdx.x, blockIdx.y);
            abort();
        }
    }
}

void cuda_on_cpu_launch(dim3 grid, dim3 block, const std::function<void()> &body) {
    if (block.y != 1 || block.z != 1 || block.x > 1024 || !grid.x || !grid.y || !grid.z) {
        fprintf(stderr, "CUDA on a CPU: a launch of blocks %ux%ux%u, threads %ux%ux%u\n", grid.x, grid.y, grid.z, block.x, block.y, block.z);
        abort();
    }
    body_now = &body;
    gridDim = grid, blockDim = block, threadIdx = dim3(0, 0, 0);
    for (blockIdx.z = 0; blockIdx.z < grid.z; blockIdx.z++)
        for (blockIdx.y = 0; blockIdx.y < grid.y; blockIdx.y++)
            for (blockIdx.x = 0; blockIdx.x < grid.x; blockIdx.x++) run_block(block.x);
}
