/* Progress and warnings, on stderr. Stdout belongs to the command's result. Threads may call these. */
#ifndef LP_BASE_LOG_H
#define LP_BASE_LOG_H

#include <stdbool.h>

/* A line "longplay: ..." on stderr. */
void lp_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A live line: redrawn in place on a terminal; elsewhere a line of its own every 10 s. */
void lp_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same of several lines, each with its end: on a terminal a block, its lines cut to fit; elsewhere the first of them. */
void lp_progress_block(const char *text);
/* Ends the live line, if one is being shown; a block goes. */
void lp_progress_end(void);
/* "4:05" or "2:13:09", into out, which is returned; what is no number of seconds is 0. */
enum { LP_DURATION_BYTES = 24 };
const char *lp_duration(double seconds, char out[LP_DURATION_BYTES]);
/* Seconds on a clock that never goes back, from an arbitrary start. */
double lp_now_s(void);

#endif
