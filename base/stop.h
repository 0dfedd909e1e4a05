/* Being asked to end. A command whose work is worth keeping catches the signals that ask for it, looks from time to time, and
 * stops where nothing is lost:
 *
 *     lp_stop_catch();
 *     while (!lp_stop_asked()) ...
 *
 * SIGINT, SIGTERM and SIGHUP ask. A second one ends the process at once, whatever it is doing, also inside a library. What comes within
 * a tenth of a second of the first is the first once more: timeout(1) signals a process and then its group, a wrapper passes on the
 * Ctrl-C that the terminal sent to both, a terminal that closes hangs up twice. Who started us with SIGHUP ignored (nohup) keeps that.
 */
#ifndef LP_BASE_STOP_H
#define LP_BASE_STOP_H

#include "base/status.h"

/* From here on signals ask; forgets what was asked before. */
void lp_stop_catch(void);
/* Asks as SIGTERM does: for what ends by itself, as the input that commands come from. */
void lp_stop_ask(void);
/* The signal that asked, or 0. Any thread may call it, as often as it likes. */
int lp_stop_asked(void);
/* For work that is worth nothing in part: LP_FAILED once somebody asked. Who made files for it removes them, as after any failure. */
lp_status lp_stop_check(lp_err *err);

#endif
