/* The loudspeaker: sound that comes as the console makes it, heard a thirtieth of a second later, for as long as it takes.
 *
 *     lp_speaker_open(&speaker, &err);
 *     while (...) lp_speaker_put(speaker, pairs, n_pairs);
 *     lp_speaker_close(speaker);
 *
 * The clock of a sound device is never quite the system's: what is put is stretched, by at most a two-hundredth, so that what waits to be
 * heard stays the same. One thread.
 */
#ifndef LP_VIEW_SPEAKER_H
#define LP_VIEW_SPEAKER_H

#include "base/status.h"

#include <stdint.h>

enum { LP_SPEAKER_HZ = 48000, LP_SPEAKER_WAITING = 1600 /* pairs, after a put */ };

typedef struct lp_speaker lp_speaker;
/* LP_FAILED: no sound device here. */
lp_status lp_speaker_open(lp_speaker **out, lp_err *err);
void lp_speaker_close(lp_speaker *speaker);
/* 0 to 100. */
void lp_speaker_volume(lp_speaker *speaker, int percent);
/* left, right, ... */
void lp_speaker_put(lp_speaker *speaker, const int16_t *pairs, int n_pairs);
/* What was put and not heard yet, pairs. */
int lp_speaker_waiting(lp_speaker *speaker);

/* The stretching alone. Zero-initialise. */
typedef struct {
    double phase, mean; /* in the pairs of the next call; of what waits, over some seconds */
    int16_t last[2];
} lp_stretch;
/* n pairs of in become about as many of out, which has room for n + n / 128 + 2, given what waits before; returns how many. */
int lp_stretch_pairs(lp_stretch *s, const int16_t *in, int n, int waiting, int16_t *out);

#endif
