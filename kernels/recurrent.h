/* What the recurrent cores share on the CPU: how segments are gone through.
 *
 *     lp_segments s = {segments, steps, end};
 *     for (size_t row = 0; row < lp_segments_rows(&s); row += lp_at_once(&s)) ...     forward, lp_at_once rows each time
 *
 * Where sequences have one step each, all of them are done at once, so that a product is one of many rows. */
#ifndef LP_KERNELS_RECURRENT_H
#define LP_KERNELS_RECURRENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    int segments, steps;
    const uint8_t *end; /* [segments][steps] or NULL */
} lp_segments;

static inline size_t lp_segments_rows(const lp_segments *s) { return (size_t)s->segments * (size_t)s->steps; }
static inline int lp_at_once(const lp_segments *s) { return s->steps == 1 ? s->segments : 1; }
static inline bool lp_is_first(const lp_segments *s, size_t row) { return row % (size_t)s->steps == 0; }
/* Nothing of row's state reaches the row after it. */
static inline bool lp_is_last(const lp_segments *s, size_t row) { return (row + 1) % (size_t)s->steps == 0 || (s->end && s->end[row]); }

/* The state before a row, `width` floats, into prev: the given one at a segment's start, zeros after an end, else that after the row before. */
static inline void lp_state_before(float *prev, const float *next, const float *state, const lp_segments *s, size_t row, size_t width) {
    const bool first = lp_is_first(s, row);
    const float *from = first ? state + row / (size_t)s->steps * width : next + (row - 1) * width;
    float *to = prev + row * width;
    const size_t bytes = (size_t)lp_at_once(s) * width * sizeof *to;
    if (!first && lp_is_last(s, row - 1)) memset(to, 0, bytes);
    else if (to != from) memcpy(to, from, bytes);
}

/* What the rows after give the state after a row, `width` floats of carry [segments][width]: nothing at a segment's end, nor at an episode's. */
static inline float *lp_carry_of(float *carry, const lp_segments *s, size_t row, size_t width) {
    float *back = carry + row / (size_t)s->steps * width;
    if (lp_is_last(s, row)) memset(back, 0, (size_t)lp_at_once(s) * width * sizeof *back);
    return back;
}

#endif
