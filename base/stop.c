#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int asked; /* a signal handler reaches nothing but globals */

static void on_signal(int signal_number) {
    int nobody = 0;
    if (atomic_compare_exchange_strong(&asked, &nobody, signal_number) || signal_number == SIGHUP) return;
    signal(signal_number, SIG_DFL);
    raise(signal_number); /* takes effect when this returns */
}

void lp_stop_catch(void) {
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, hangup;
    sigemptyset(&act.sa_mask);
    atomic_store(&asked, 0);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGHUP, NULL, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &act, NULL);
}

int lp_stop_asked(void) { return atomic_load_explicit(&asked, memory_order_relaxed); }
