#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    lp_pool *pool;
    int worker;
    pthread_t thread;
} worker_t;

struct lp_pool {
    int n_threads;
    worker_t *workers; /* n_threads - 1: the caller is worker 0 */
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    unsigned generation; /* raised for each run */
    int busy;            /* workers still in the current run */
    bool quit;
    lp_pool_job job;
    void *context;
    int n_jobs;
    atomic_int next;
};

static void run_jobs(lp_pool *pool, int worker) {
    for (int i; (i = atomic_fetch_add(&pool->next, 1)) < pool->n_jobs;) pool->job(pool->context, i, worker);
}

static void *worker_main(void *argument) {
    worker_t *self = argument;
    lp_pool *pool = self->pool;
    unsigned seen = 0;
    for (;;) {
        pthread_mutex_lock(&pool->lock);
        while (pool->generation == seen && !pool->quit) pthread_cond_wait(&pool->work, &pool->lock);
        seen = pool->generation;
        bool quit = pool->quit;
        pthread_mutex_unlock(&pool->lock);
        if (quit) return NULL;
        run_jobs(pool, self->worker);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0) pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
}

lp_pool *lp_pool_open(int n_threads) {
    if (n_threads <= 0) n_threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    lp_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pool->n_threads = 1;
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

int lp_pool_threads(const lp_pool *pool) {
    return pool->n_threads;
}

void lp_pool_run(lp_pool *pool, int n_jobs, lp_pool_job job, void *context) {
    pthread_mutex_lock(&pool->lock);
    pool->job = job;
    pool->context = context;
    pool->n_jobs = n_jobs;
    atomic_store(&pool->next, 0);
    pool->busy = pool->n_threads - 1;
    pool->generation++;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    run_jobs(pool, 0);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0) pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
