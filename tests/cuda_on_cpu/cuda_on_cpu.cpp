#include "cuda_runtime.h"

#include <stdio.h>
#include <time.h>
#include <ucontext.h>

#include <map>
#include <mutex>
#include <set>

dim3 threadIdx, blockIdx, blockDim, gridDim;
unsigned char cuda_on_cpu_lanes[2][1024][8], cuda_on_cpu_turn[1024];

enum { STACK_BYTES = 128 << 10, STACK_SHIFT_BYTES = 128 }; /* a warp's stacks begin at 32 places of the first cache, not at one */
enum state { RUNNING, AT_BARRIER, AT_WARP_BARRIER, DONE };
static struct fiber {
    void *stack_top; /* where it left off */
    state at;
    bool started; /* once, and then kept from launch to launch */
} fibers[1024];
static const std::function<void()> *body_now;

/* CUDA_ON_CPU_LATE: streams wait, and what has no order has the opposite one. */
static bool asked_for_late() {
    const char *asked = getenv("CUDA_ON_CPU_LATE");
    return asked && *asked == '1';
}
static const bool late = asked_for_late();

/* The i-th of n to come. */
static unsigned nth(unsigned i, unsigned n) { return late ? n - 1 - i : i; }

/* A swap of contexts asks the kernel for the signal mask; here a switch of stacks is enough. (The address sanitizer minds neither, as long as
 * nothing is thrown or jumped over.) */
#ifdef __x86_64__
#define SWITCHES_STACKS 1
static void *scheduler_top;
extern "C" void cuda_on_cpu_switch(void **from, void *to);
asm(".text\n.globl cuda_on_cpu_switch\n.type cuda_on_cpu_switch, @function\ncuda_on_cpu_switch:\n"
    "push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
    "mov %rsp, (%rdi); mov %rsi, %rsp\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; ret\n"
    ".size cuda_on_cpu_switch, . - cuda_on_cpu_switch\n");
#else
#define SWITCHES_STACKS 0
static ucontext_t scheduler, contexts[1024];
#endif

/* Threads that run one after the other, each until it leaves: the next is switched to right from the one before, after the last the scheduler. */
static struct { unsigned from, n, done; } turns;

static fiber *next_turn() {
    if (turns.done == turns.n) return NULL;
    threadIdx.x = turns.from + nth(turns.done++, turns.n);
    return &fibers[threadIdx.x];
}

/* Goes on when it is f's turn again; f is NULL: the scheduler's. */
static void leave(fiber *f) {
    fiber *next = next_turn();
#if SWITCHES_STACKS
    cuda_on_cpu_switch(f ? &f->stack_top : &scheduler_top, next ? next->stack_top : scheduler_top);
#else
    swapcontext(f ? &contexts[f - fibers] : &scheduler, next ? &contexts[next - fibers] : &scheduler);
#endif
}

static void enter(void) {
    for (;;) {
        (*body_now)();
        fiber *self = &fibers[threadIdx.x];
        self->at = DONE;
        leave(self);
    }
}

/* Kernels that were seen to come to no barrier run without fibers, which take most of the time. */
static std::set<const void *> plain;
static bool direct, met;

void cuda_on_cpu_barrier(bool warp) {
    unsigned self = threadIdx.x;
    if (direct) {
        fprintf(stderr, "CUDA on a CPU: a kernel comes to a barrier only sometimes; take it out of the plain ones\n");
        abort();
    }
    met = true;
    fibers[self].at = warp ? AT_WARP_BARRIER : AT_BARRIER;
    leave(&fibers[self]);
}

static void begin(unsigned t) {
    char *stack = (char *)malloc(STACK_BYTES);
    fibers[t].started = true;
#if SWITCHES_STACKS
    /* as if it had left from the start of enter: six registers, then where to return to */
    void **top = (void **)(stack + STACK_BYTES - t % 32 * STACK_SHIFT_BYTES) - 8;
    memset(top, 0, 8 * sizeof *top);
    top[6] = (void *)enter;
    fibers[t].stack_top = top;
#else
    getcontext(&contexts[t]);
    contexts[t].uc_stack.ss_sp = stack;
    contexts[t].uc_stack.ss_size = STACK_BYTES;
    makecontext(&contexts[t], enter, 0);
#endif
}

/* Everyone of [from, to) has come to the same kind of barrier, or is done; a mixture would hang a card. */
static bool agree(unsigned from, unsigned to, state kind) {
    for (unsigned t = from; t < to; t++)
        if (fibers[t].at != kind) return false;
    return true;
}

static void run_threads(unsigned from, unsigned to) {
    turns = {from, to - from, 0};
    leave(NULL);
}

static void run_block(unsigned n) {
    for (unsigned t = 0; t < n; t++) {
        if (!fibers[t].started) begin(t);
        fibers[t].at = RUNNING, cuda_on_cpu_turn[t] = 0;
    }
    run_threads(0, n);
    for (;;) {
        bool moved = false;
        const unsigned warps = (n + 31) / 32;
        for (unsigned i = 0; i < warps; i++) { /* warps that have met go on by themselves */
            unsigned from = nth(i, warps) * 32, to = from + 32 < n ? from + 32 : n;
            while (agree(from, to, AT_WARP_BARRIER)) {
                run_threads(from, to);
                moved = true;
            }
        }
        if (agree(0, n, DONE)) return;
        if (agree(0, n, AT_BARRIER)) {
            run_threads(0, n);
        } else if (!moved) {
            fprintf(stderr, "CUDA on a CPU: a part of block %u,%u does not come to a barrier\n", blockIdx.x, blockIdx.y);
            abort();
        }
    }
}

void cuda_on_cpu_run(const void *kernel, dim3 grid, dim3 block, const std::function<void()> &body) {
    if (block.y != 1 || block.z != 1 || block.x > 1024 || !grid.x || !grid.y || !grid.z) {
        fprintf(stderr, "CUDA on a CPU: a launch of blocks %ux%ux%u, threads %ux%ux%u\n", grid.x, grid.y, grid.z, block.x, block.y,
                block.z);
        abort();
    }
    body_now = &body;
    gridDim = grid, blockDim = block, threadIdx = dim3(0, 0, 0);
    direct = plain.count(kernel), met = false;
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                blockIdx = dim3(nth(x, grid.x), nth(y, grid.y), nth(z, grid.z));
                if (!direct) run_block(block.x);
                else
                    for (unsigned t = 0; t < block.x; t++) threadIdx.x = nth(t, block.x), body();
            }
    if (!direct && !met) plain.insert(kernel);
    direct = false;
}

/* ---- streams and graphs ---- */
struct cuda_on_cpu_stream {
    std::vector<std::function<void()>> waiting; /* when late */
};
static thread_local cudaGraph_t capturing;
static std::recursive_mutex one_at_a_time; /* threads may each have a stream; what they enqueue is done one after the other */
static std::set<cudaStream_t> streams;

static cudaStream_t stream_of(cudaStream_t s) {
    static cuda_on_cpu_stream legacy;
    if (!s) streams.insert(&legacy);
    return s ? s : &legacy;
}

void cuda_on_cpu_enqueue(cudaStream_t s, std::function<void()> work) {
    if (capturing) {
        capturing->push_back(work);
        return;
    }
    std::lock_guard<std::recursive_mutex> lock(one_at_a_time);
    if (late) stream_of(s)->waiting.push_back(work);
    else work();
}

cudaError_t cudaStreamSynchronize(cudaStream_t s) {
    if (capturing) return cudaErrorInvalidValue;
    std::lock_guard<std::recursive_mutex> lock(one_at_a_time);
    for (const auto &work : stream_of(s)->waiting) work();
    stream_of(s)->waiting.clear();
    return 0;
}

/* What frees memory waits for all that may use it. */
static void wait_for_all() {
    std::lock_guard<std::recursive_mutex> lock(one_at_a_time);
    for (cudaStream_t s : streams) cudaStreamSynchronize(s);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *s, unsigned, int) {
    std::lock_guard<std::recursive_mutex> lock(one_at_a_time);
    *s = new cuda_on_cpu_stream;
    streams.insert(*s);
    return 0;
}

cudaError_t cudaStreamDestroy(cudaStream_t s) {
    std::lock_guard<std::recursive_mutex> lock(one_at_a_time);
    cudaStreamSynchronize(s);
    streams.erase(s);
    delete s;
    return 0;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t, int) {
    if (capturing) return cudaErrorInvalidValue;
    capturing = new std::vector<std::function<void()>>;
    return 0;
}

cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t *graph) {
    *graph = capturing;
    capturing = NULL;
    return *graph ? 0 : cudaErrorInvalidValue;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *made, cudaGraph_t graph, unsigned) {
    *made = new std::vector<std::function<void()>>(*graph);
    return 0;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return 0;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
    delete graph;
    return 0;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t s) {
    for (const auto &work : *graph) cuda_on_cpu_enqueue(s, work);
    return 0;
}

/* ---- events, memory, the device ---- */
struct cuda_on_cpu_event {
    double ms;
    cudaStream_t stream;
};

cudaError_t cudaEventCreate(cudaEvent_t *event) {
    *event = new cuda_on_cpu_event{0, NULL};
    return 0;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t s) {
    event->stream = s;
    cuda_on_cpu_enqueue(s, [=]() {
        timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        event->ms = (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
    });
    return 0;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) { return cudaStreamSynchronize(event->stream); }

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to) {
    *ms = (float)(to->ms - from->ms);
    return 0;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    wait_for_all();
    delete event;
    return 0;
}

static std::mutex memory_lock;
static std::map<void *, size_t> allocated, pinned;
static size_t in_use;

static size_t memory_bytes() {
    const char *mib = getenv("CUDA_ON_CPU_MIB");
    return (mib ? (size_t)atoll(mib) : 4096) << 20;
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes) {
    *total_bytes = memory_bytes();
    *free_bytes = *total_bytes > in_use ? *total_bytes - in_use : 0;
    return 0;
}

cudaError_t cudaMalloc(void **p, size_t n) {
    std::lock_guard<std::mutex> lock(memory_lock);
    if (n > memory_bytes() || in_use > memory_bytes() - n || capturing) return cudaErrorMemoryAllocation;
    if (!(*p = aligned_alloc(256, (n + 255) / 256 * 256 + (n ? 0 : 256)))) return cudaErrorMemoryAllocation;
    memset(*p, 0xff, (n + 255) / 256 * 256 + (n ? 0 : 256)); /* NaN for whoever reads what was never written */
    allocated[*p] = n;
    in_use += n;
    return 0;
}

cudaError_t cudaFree(void *p) {
    wait_for_all();
    std::lock_guard<std::mutex> lock(memory_lock);
    auto found = allocated.find(p);
    if (found == allocated.end()) return p ? cudaErrorInvalidValue : 0;
    in_use -= found->second;
    allocated.erase(found);
    free(p);
    return 0;
}

cudaError_t cudaHostRegister(void *p, size_t n, unsigned) {
    std::lock_guard<std::mutex> lock(memory_lock);
    return pinned.insert({p, n}).second ? 0 : cudaErrorInvalidValue;
}

cudaError_t cudaHostUnregister(void *p) {
    wait_for_all();
    std::lock_guard<std::mutex> lock(memory_lock);
    return pinned.erase(p) ? 0 : cudaErrorInvalidValue;
}

cudaError_t cudaMallocHost(void **p, size_t n) {
    *p = malloc(n ? n : 1);
    return *p ? cudaHostRegister(*p, n, 0) : cudaErrorMemoryAllocation;
}

cudaError_t cudaFreeHost(void *p) {
    cudaError_t error = cudaHostUnregister(p);
    free(p);
    return error;
}

static bool is_pinned(const void *p, size_t n) {
    std::lock_guard<std::mutex> lock(memory_lock);
    auto after = pinned.upper_bound((void *)p);
    if (after == pinned.begin()) return false;
    const auto &range = *--after;
    return (const char *)p + n <= (const char *)range.first + range.second;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, int kind, cudaStream_t s) {
    const void *host = kind == cudaMemcpyHostToDevice ? from : kind == cudaMemcpyDeviceToHost ? to : NULL;
    if (!n) return 0;
    if (!host || is_pinned(host, n)) {
        cuda_on_cpu_enqueue(s, [=]() { memcpy(to, from, n); });
        return 0;
    }
    if (capturing) return cudaErrorInvalidValue;
    if (host == from) {
        std::vector<char> copy((const char *)from, (const char *)from + n);
        cuda_on_cpu_enqueue(s, [=]() { memcpy(to, copy.data(), n); });
        return 0;
    }
    cudaError_t error = cudaStreamSynchronize(s);
    if (!error) memcpy(to, from, n);
    return error;
}

cudaError_t cudaMemcpy2DAsync(void *to, size_t to_stride, const void *from, size_t from_stride, size_t n, size_t rows, int kind,
                              cudaStream_t s) {
    if (n > to_stride || n > from_stride || kind != cudaMemcpyDeviceToDevice) return cudaErrorInvalidValue;
    cuda_on_cpu_enqueue(s, [=]() {
        for (size_t r = 0; r < rows; r++) memcpy((char *)to + r * to_stride, (const char *)from + r * from_stride, n);
    });
    return 0;
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t n, cudaStream_t s) {
    cuda_on_cpu_enqueue(s, [=]() { memset(to, value, n); });
    return 0;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *d, int) {
    *d = cudaDeviceProp();
    snprintf(d->name, sizeof d->name, "CUDA on a CPU");
    d->totalGlobalMem = memory_bytes();
    return 0;
}
