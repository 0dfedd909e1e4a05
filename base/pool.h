/* A fixed set of worker threads that run index ranges.
 *
 *     lp_pool *pool = lp_pool_open(2);
 *     lp_pool_run(pool, n_jobs, job, context);   // job(context, index, worker) for every index; returns when all are done
 *     lp_pool_close(pool);
 *
 * Which worker runs which index is not fixed: a job must depend on its index alone. Calls must not nest or overlap.
 */
#ifndef LP_BASE_POOL_H
#define LP_BASE_POOL_H

typedef struct lp_pool lp_pool;
typedef void (*lp_pool_job)(void *context, int index, int worker);

/* n_threads <= 0: one a processor. The calling thread is one of them. NULL when threads cannot be had. */
lp_pool *lp_pool_open(int n_threads);
void lp_pool_close(lp_pool *pool);
int lp_pool_threads(const lp_pool *pool);
void lp_pool_run(lp_pool *pool, int n_jobs, lp_pool_job job, void *context);

#endif
