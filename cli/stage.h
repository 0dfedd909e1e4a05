/* The stage: window, page and stream of the process that stays, in which one player after another is shown as it comes over the relay. While
 * there is none, the last picture goes on. */
#ifndef LP_CLI_STAGE_H
#define LP_CLI_STAGE_H

#include "cli/relay.h"
#include "cli/watch.h"

typedef struct {
    const char *run; /* its folder. Borrowed until close, as all of these */
    bool window;
    lp_look look;
    lp_web_config web;
    lp_film_options film;
    const char *title;
} lp_stage_options;

typedef struct {
    lp_stage_options options;
    lp_relay *relay; /* owned, as the page */
    lp_web *web;
    lp_watch watch; /* once there is something to show */
    bool shows, is_open, restarting;
    double shown_s;
    const lp_relay_moment *moment; /* the last; NULL: none yet */
} lp_stage;

/* LP_BAD_INPUT, LP_FAILED: close it all the same. */
lp_status lp_stage_open(lp_stage *stage, const lp_stage_options *options, lp_err *err);
void lp_stage_close(lp_stage *stage);
/* The next player has begun: it goes on at the speed of the last. */
void lp_stage_begin(lp_stage *stage);
/* Shows what came. playing: there is a player. To be called some 60 times a second, and when something was heard. */
lp_status lp_stage_turn(lp_stage *stage, bool playing, lp_err *err);
/* The window was closed. */
bool lp_stage_closed(const lp_stage *stage);

#endif
