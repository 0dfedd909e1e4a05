/* Pictures by gnuplot, which is called as a program (Debian: gnuplot-nox).
 *
 *     char *svg;
 *     size_t size_bytes;
 *     lp_plot(&svg, &size_bytes, LP_PLOT_SVG, 640, 400, "plot sin(x)\n", &err);
 */
#ifndef LP_CLI_PLOT_H
#define LP_CLI_PLOT_H

#include "base/status.h"

#include <stddef.h>
#include <stdio.h>

typedef enum { LP_PLOT_SVG, LP_PLOT_PNG, LP_PLOT_KINDS } lp_plot_kind;

/* Runs the script, gnuplot's commands but for its terminal, and takes the picture of width x height pixels: *out, of size_bytes, the caller's to
 * free. LP_FAILED: there is no gnuplot, or it failed, and what it said. The same script gives the same bytes. */
lp_status lp_plot(char **out, size_t *size_bytes, lp_plot_kind kind, int width, int height, const char *script, lp_err *err);
/* Is there a gnuplot that draws? LP_FAILED, and how to get it. */
lp_status lp_plot_check(lp_err *err);
/* Text of anybody's as a string of gnuplot's, in which nothing is a command. */
void lp_plot_text(FILE *script, const char *text);
/* Of series i, a part of a plot command: its colour, and for lines beyond the eighth another dash: " lc rgb '#0072b2' dt 1". */
void lp_plot_line(FILE *script, int i);
const char *lp_plot_colour(int i); /* "#0072b2" */

#endif
