/* The player's side of the web page, and the server's thread. Three snapshots go round: the player fills back and swaps it for ready, the
 * server swaps front for ready. Neither waits for the other's work. */
#include "web/web_parts.h"

#include "base/log.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define IDLE_S 0.25 /* between moments that nobody looks at */
enum { NICENESS = 10, IDLE_MS = 100 };

/* Between moments: what goes out is bounded, so that many viewers get fewer pictures each. */
static double turn_s(int n_viewers) {
    double least = 1.0 / LP_WEB_PICTURES_PER_S, shared = (double)n_viewers / LP_WEB_MESSAGES_PER_S;
    return shared > least ? shared : least;
}

void lp_web_take(lp_web *web) {
    pthread_mutex_lock(&web->lock);
    if (web->fresh) {
        lp_snapshot *old = web->front;
        web->front = web->ready;
        web->ready = old;
        web->fresh = false;
    }
    pthread_mutex_unlock(&web->lock);
}

bool lp_web_wants(lp_web *web) { return lp_now_s() >= web->next_s; }

void lp_web_publish(lp_web *web, const lp_view *view) {
    int n_viewers = atomic_load(&web->n_viewers);
    double now = lp_now_s(), every = n_viewers ? turn_s(n_viewers) : IDLE_S;
    web->next_s = web->next_s + every > now ? web->next_s + every : now + every;
    lp_snapshot_copy(web->back, view);
    web->back->number = ++web->n_published;
    pthread_mutex_lock(&web->lock);
    lp_snapshot *old = web->ready;
    web->ready = web->back;
    web->back = old;
    web->fresh = true;
    pthread_mutex_unlock(&web->lock);
}

static void *serve(void *context) {
    lp_web *web = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* of this thread; where it is refused, nothing is lost */
    for (double next = lp_now_s(); !atomic_load(&web->closing);) {
        double left = next - lp_now_s();
        MHD_run_wait(web->daemon, !web->viewers && !web->asks ? IDLE_MS : left > 0 ? (int32_t)(left * 1000) + 1 : 0);
        double now = lp_now_s();
        if (now < next) continue;
        double every = turn_s(atomic_load(&web->n_viewers));
        next = next + every > now ? next + every : now + every;
        lp_web_sweep(web, now);
        lp_web_resume(web, false);
        lp_web_take(web);
        lp_web_tell(web, now);
    }
    return NULL;
}

int lp_web_thread(pthread_t *thread, void *(*run)(void *), void *context) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static lp_status start_thread(lp_web *web, lp_err *err) {
    int failed = lp_web_thread(&web->thread, serve, web);
    web->serving = !failed;
    return failed ? lp_fail(err, LP_FAILED, "--web: no thread for it: %s", strerror(failed)) : LP_OK;
}

lp_status lp_web_open(lp_web **out, const lp_web_config *config, lp_err *err) {
    bool loopback;
    *out = NULL;
    lp_web *web = calloc(1, sizeof *web);
    if (!web) return lp_fail(err, LP_FAILED, "--web: out of memory");
    pthread_mutex_init(&web->lock, NULL);
    web->fd = -1;
    web->run = config->run;
    web->game = config->game;
    web->ready = calloc(1, sizeof *web->ready);
    web->back = calloc(1, sizeof *web->back);
    web->front = calloc(1, sizeof *web->front);
    lp_status status = web->ready && web->back && web->front ? LP_OK : lp_fail(err, LP_FAILED, "--web: out of memory");
    if (!status && config->password_file) status = lp_web_read_password(&web->password, config->password_file, err);
    if (!status) status = lp_web_listen(&web->fd, web->url, &loopback, config->address, err);
    if (!status && !loopback && !web->password)
        status = lp_fail(err, LP_BAD_INPUT, "--web %s: others can reach this address: --web-password FILE must name a file with a password",
                         config->address);
    if (!status) status = lp_web_start(web, err);
    if (!status && web->run) status = lp_web_desk_open(&web->memory, err);
    if (!status && web->run) status = lp_web_desk_open(&web->moments, err);
    if (!status) status = start_thread(web, err);
    if (status) lp_web_close(web);
    else *out = web;
    return status;
}

void lp_web_close(lp_web *web) {
    if (!web) return;
    atomic_store(&web->closing, true);
    if (web->serving) pthread_join(web->thread, NULL);
    lp_web_desk_close(&web->memory);
    lp_web_desk_close(&web->moments);
    lp_web_resume(web, true);
    lp_web_wake_all(web);
    if (web->daemon) MHD_stop_daemon(web->daemon); /* and the socket */
    else if (web->fd >= 0) close(web->fd);
    lp_web_forget(web);
    pthread_mutex_destroy(&web->lock);
    free(web->password);
    free(web->ready);
    free(web->back);
    free(web->front);
    free(web);
}

const char *lp_web_url(const lp_web *web) { return web->url; }
