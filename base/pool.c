/* A lane's jobs are taken by counting `left` down: whoever takes one from n to n - 1 has index n_jobs - n. The lane's other
 * fields are set before left is raised from 0 and cannot change until `unfinished`, which counts the taken job too, is 0. */
#include "base/pool.h"

#include "base/contract.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINGER = 4000 }; /* turns, some 100 us */

typedef struct {
    lp_pool *pool;
    int worker;
    pthread_t thread;
} worker_t;

typedef struct {
    _Alignas(64) atomic_int left, unfinished;
    lp_pool_job job;
    void *context;
    int n_jobs;
} lane_t;

struct lp_pool {
    lane_t lanes[LP_POOL_LANES];
    int n_threads;
    worker_t *workers; /* n_threads - 1: the caller is worker 0 */
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    atomic_uint generation; /* raised by each start */
    bool quit, lingers;
};

/* A sleeping processor takes a while to wake: what is likely to come soon is waited for awake, if there is a processor for it. */
static void linger(const lp_pool *pool, bool (*is_over)(const void *what, unsigned value), const void *what, unsigned value) {
    for (int i = 0; pool->lingers && i < LINGER && !is_over(what, value); i++) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
}

static bool has_changed(const void *generation, unsigned seen) {
    return atomic_load_explicit((const atomic_uint *)generation, memory_order_relaxed) != seen;
}
static bool is_done(const void *unfinished, unsigned zero) {
    return atomic_load_explicit((const atomic_int *)unfinished, memory_order_relaxed) == (int)zero;
}

static bool run_one(lp_pool *pool, lane_t *lane, int worker) {
    int left = atomic_load(&lane->left);
    do {
        if (left == 0) return false;
    } while (!atomic_compare_exchange_weak(&lane->left, &left, left - 1));
    lane->job(lane->context, lane->n_jobs - left, worker);
    if (atomic_fetch_sub(&lane->unfinished, 1) == 1) {
        pthread_mutex_lock(&pool->lock); /* so that the waiter is either before its look or in its sleep */
        pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
    return true;
}

static void *worker_main(void *argument) {
    worker_t *self = argument;
    lp_pool *pool = self->pool;
    pthread_mutex_lock(&pool->lock);
    while (!pool->quit) {
        unsigned seen = pool->generation;
        pthread_mutex_unlock(&pool->lock);
        for (int i = 0; i < LP_POOL_LANES; i++)
            while (run_one(pool, &pool->lanes[i], self->worker)) {
            }
        linger(pool, has_changed, &pool->generation, seen);
        pthread_mutex_lock(&pool->lock);
        while (pool->generation == seen && !pool->quit) pthread_cond_wait(&pool->work, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

lp_pool *lp_pool_open(int n_threads) {
    if (n_threads <= 0) n_threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    lp_pool *pool = aligned_alloc(_Alignof(lp_pool), sizeof *pool);
    if (!pool) return NULL;
    *pool = (lp_pool){.n_threads = 1, .lingers = n_threads <= sysconf(_SC_NPROCESSORS_ONLN)};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->workers = calloc((size_t)n_threads, sizeof *pool->workers);
    for (int i = 1; pool->workers && i < n_threads; i++) {
        worker_t *w = &pool->workers[i - 1];
        *w = (worker_t){.pool = pool, .worker = i};
        if (pthread_create(&w->thread, NULL, worker_main, w)) break;
        pool->n_threads++;
    }
    if (!pool->workers || pool->n_threads < n_threads) {
        lp_pool_close(pool);
        return NULL;
    }
    return pool;
}

void lp_pool_close(lp_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->quit = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->n_threads - 1; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    free(pool->workers);
    free(pool);
}

int lp_pool_threads(const lp_pool *pool) { return pool->n_threads; }

void lp_pool_start(lp_pool *pool, int lane, int n_jobs, lp_pool_job job, void *context) {
    LP_CHECK(lane >= 0 && lane < LP_POOL_LANES && atomic_load(&pool->lanes[lane].unfinished) == 0);
    lane_t *l = &pool->lanes[lane];
    if (n_jobs <= 0) return;
    l->job = job;
    l->context = context;
    l->n_jobs = n_jobs;
    atomic_store(&l->unfinished, n_jobs);
    atomic_store(&l->left, n_jobs);
    if (pool->n_threads == 1) return;
    pthread_mutex_lock(&pool->lock);
    pool->generation++;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

void lp_pool_wait(lp_pool *pool, int lane) {
    lane_t *l = &pool->lanes[lane];
    while (run_one(pool, l, 0)) {
    }
    linger(pool, is_done, &l->unfinished, 0);
    if (atomic_load(&l->unfinished) == 0) return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&l->unfinished) > 0) pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void lp_pool_run(lp_pool *pool, int n_jobs, lp_pool_job job, void *context) {
    lp_pool_start(pool, LP_POOL_LANES - 1, n_jobs, job, context);
    lp_pool_wait(pool, LP_POOL_LANES - 1);
}
