/* A fixed set of worker threads that run index ranges.
 *
 *     lp_pool *pool = lp_pool_open(2);
 *     lp_pool_run(pool, n_jobs, job, context);   // job(context, index, worker) for every index; returns when all are done
 *     lp_pool_start(pool, 0, n, job, context);   // or in two steps: the workers begin ...
 *     ...                                        // ... while the caller does something else ...
 *     lp_pool_wait(pool, 0);                     // ... and then helps, until all are done
 *     lp_pool_close(pool);
 *
 * Which worker runs which index is not fixed: a job must depend on its index alone. No lock is held while a job runs.
 */
#ifndef LP_BASE_POOL_H
#define LP_BASE_POOL_H

enum { LP_POOL_LANES = 8 }; /* index ranges that can be under way at once */

typedef struct lp_pool lp_pool;
/* worker: 0 the thread that calls wait or run, 1 to n_threads - 1 the others. */
typedef void (*lp_pool_job)(void *context, int index, int worker);

/* n_threads <= 0: one a processor. The calling thread is one of them. NULL when threads cannot be had. */
lp_pool *lp_pool_open(int n_threads);
/* Nothing may be under way. */
void lp_pool_close(lp_pool *pool);
int lp_pool_threads(const lp_pool *pool);
/* Calls must come from one thread, not from a job. A lane is free again after its wait. With one thread all is done in wait. */
void lp_pool_start(lp_pool *pool, int lane, int n_jobs, lp_pool_job job, void *context);
void lp_pool_wait(lp_pool *pool, int lane);
/* start and wait, in the last lane. */
void lp_pool_run(lp_pool *pool, int n_jobs, lp_pool_job job, void *context);

#endif
