/* The clocks of a run, kept in run.db's meta beside each checkpoint: when it was started, how long it was played in all sittings, when it was
 * saved last, and whether that sitting came to its end or was killed. Nothing that is played depends on them. */
#include "harness/run_parts.h"

#include "base/log.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RECOVERED_S 60 /* that it is shown for */
static const char OPEN[] = "open", CLOSED[] = "closed";

static double read_number(lp_store *store, const char *key) {
    char text[64];
    double value;
    if (lp_store_get_meta(store, key, text, sizeof text, NULL) || !lp_parse_double(text, &value)) return NAN;
    return value;
}

void lp_run_clock_open(lp_run_clock *c, lp_store *store, bool resumed) {
    char sitting[16];
    double now = (double)time(NULL), started, played, saved;
    *c = (lp_run_clock){.opened_s = lp_now_s(), .started = now};
    if (!store || !resumed) return;
    started = read_number(store, "started");
    played = read_number(store, "played_s");
    saved = read_number(store, "saved");
    c->started = started > 0 && started <= now ? started : NAN; /* a run of before it was kept */
    c->before_s = played >= 0 && played < 1e12 ? played : 0;
    if (lp_store_get_meta(store, "sitting", sitting, sizeof sitting, NULL) || strcmp(sitting, OPEN)) return;
    char clock[16] = "", took[LP_DURATION_BYTES + 8] = "";
    struct tm local;
    time_t when = (time_t)now;
    if (localtime_r(&when, &local)) strftime(clock, sizeof clock, " %H:%M", &local);
    if (now - saved >= 0 && now - saved < 120) snprintf(took, sizeof took, ", after %.0f s", now - saved);
    else if (now - saved >= 120) {
        char text[LP_DURATION_BYTES];
        snprintf(took, sizeof took, ", after %s", lp_duration(now - saved, text));
    }
    snprintf(c->recovered, sizeof c->recovered, "RECOVERED%s%s", clock, took);
}

double lp_run_clock_played(const lp_run_clock *c) { return c->before_s + lp_now_s() - c->opened_s - c->idle_s; }

const char *lp_run_clock_recovered(const lp_run_clock *c) {
    return *c->recovered && lp_now_s() - c->opened_s < RECOVERED_S ? c->recovered : NULL;
}

void lp_run_clock_write(lp_run_clock *c, lp_store *store, bool closed) {
    char text[64];
    if (isfinite(c->started)) {
        snprintf(text, sizeof text, "%.0f", c->started);
        lp_store_meta(store, "started", text);
    }
    snprintf(text, sizeof text, "%.1f", lp_run_clock_played(c));
    lp_store_meta(store, "played_s", text);
    snprintf(text, sizeof text, "%.0f", (double)time(NULL));
    lp_store_meta(store, "saved", text);
    lp_store_meta(store, "sitting", closed ? CLOSED : OPEN);
    c->open = !closed;
}
