#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

enum { SAME_MS = 100 };

/* A signal handler reaches nothing but globals. */
static atomic_int asked;
static atomic_llong asked_ms; /* 0: nobody did */

static void on_signal(int signal_number) {
    struct timespec now;
    long long first = 0;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const long long now_ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
    if (atomic_compare_exchange_strong(&asked_ms, &first, now_ms)) {
        atomic_store(&asked, signal_number);
    } else if (now_ms - first >= SAME_MS) {
        signal(signal_number, SIG_DFL);
        raise(signal_number); /* takes effect when this returns */
    }
}

void lp_stop_catch(void) {
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, hangup;
    sigemptyset(&act.sa_mask);
    atomic_store(&asked, 0);
    atomic_store(&asked_ms, 0);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGHUP, NULL, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &act, NULL);
}

void lp_stop_ask(void) { raise(SIGTERM); }

int lp_stop_asked(void) { return atomic_load_explicit(&asked, memory_order_relaxed); }

lp_status lp_stop_check(lp_err *err) { return lp_stop_asked() ? lp_fail(err, LP_FAILED, "stopped: nothing was kept") : LP_OK; }
