#include "memory/selection.h"

#include "base/rng.h"
#include "base/simd.h"

#include <math.h>
#include <string.h>

size_t lp_selection_size(size_t n, int slots, int dim) {
    return lp_arena_need(n * sizeof(bool)) + lp_arena_need((size_t)slots * sizeof(int)) + lp_arena_need(n * sizeof(double)) +
           lp_arena_need(n * sizeof(float)) + 2 * lp_arena_need((size_t)dim * sizeof(double));
}

void lp_selection_open(lp_selection *s, lp_arena *arena, size_t n, lp_keep keep, int slots, int dim, int unlike) {
    *s = (lp_selection){.keep = keep, .slots = slots, .dim = dim, .unlike = unlike};
    s->is_kept = lp_arena_take(arena, n * sizeof *s->is_kept);
    s->best = lp_arena_take(arena, (size_t)slots * sizeof *s->best);
    s->score = lp_arena_take(arena, n * sizeof *s->score);
    s->nearest = lp_arena_take(arena, n * sizeof *s->nearest);
    s->mean = lp_arena_take(arena, (size_t)dim * sizeof *s->mean);
    s->spread = lp_arena_take(arena, (size_t)dim * sizeof *s->spread);
}

/* Keeps those with the highest scores. */
static void keep_highest(lp_selection *s, size_t n) {
    int n_best = 0; /* best[0..n_best): indices by falling score, ties by age: an insertion sort that forgets the last */
    for (size_t i = 0; i < n; i++) {
        if (n_best == s->slots && !(s->score[i] > s->score[s->best[s->slots - 1]])) continue;
        int at = n_best < s->slots ? n_best++ : s->slots - 1;
        for (; at > 0 && s->score[i] > s->score[s->best[at - 1]]; at--) s->best[at] = s->best[at - 1];
        s->best[at] = (int)i;
    }
    for (int i = 0; i < n_best; i++) s->is_kept[s->best[i]] = true;
}

/* ---- greedily ---- */

/* The natural logarithm of a positive, normal x, to 2^-50: with x = m 2^e and m around 1, log m = 2 artanh((m - 1) / (m + 1)). */
static double log_of(double x) {
    static const double ln2 = 0x1.62e42fefa39efp-1;
    int e;
    double m = frexp(x, &e), sum = 0;
    if (m < 0x1.6a09e667f3bcdp-1) m *= 2, e--; /* sqrt(1/2): z is at most 0.172, and z^2 0.0295 */
    const double z = (m - 1) / (m + 1), z2 = z * z;
    for (int k = 19; k > 0; k -= 2) sum = sum * z2 + 1.0 / k;
    return e * ln2 + 2 * z * sum;
}

/* The mean squared distance of two candidates. Twice over the vectors, as the difference of large numbers would be lost. */
LP_CLONES static double distance_of_two(lp_selection *s, const lp_candidates *c) {
    const int dim = s->dim;
    double *restrict mean = s->mean, *restrict spread = s->spread, sum = 0;
    for (int d = 0; d < dim; d++) mean[d] = spread[d] = 0;
    for (size_t i = 0; i < c->n; i++)
        for (int d = 0; d < dim; d++) mean[d] += c->vector[i * (size_t)dim + (size_t)d];
    for (int d = 0; d < dim; d++) mean[d] /= (double)c->n;
    for (size_t i = 0; i < c->n; i++)
        for (int d = 0; d < dim; d++) {
            const double off = c->vector[i * (size_t)dim + (size_t)d] - mean[d];
            spread[d] += off * off;
        }
    for (int d = 0; d < dim; d++) sum += spread[d];
    return 2 * sum / (double)c->n;
}

/* nearest = min(nearest, |x_i - x|^2); a distance that is no number is none. */
LP_CLONES static void come_nearer(float *restrict nearest, const float *restrict vector, const float *restrict x, size_t n, int dim) {
    for (size_t i = 0; i < n; i++) {
        const float distance = lp_distance2(vector + i * (size_t)dim, x, dim);
        if (distance < nearest[i]) nearest[i] = distance;
    }
}

static double loss(double r, double unlike) {
    if (!(r < 1)) return 0; /* far, or no number: all candidates are the same, or a vector is not finite */
    const double log_r = r > 0x1p-1000 ? log_of(r) : -unlike;
    return log_r > -unlike ? log_r : -unlike;
}

/* Each time the highest score, which says then how far an item is from all that are kept. */
static void keep_unlike(lp_selection *s, const lp_candidates *c) {
    const bool distinct = s->keep == LP_KEEP_DISTINCT;
    const double usual = distinct ? 0 : distance_of_two(s, c);
    for (size_t i = 0; i < c->n; i++) s->nearest[i] = INFINITY;
    for (int k = 0; k < s->slots; k++) {
        size_t best = c->n;
        for (size_t i = 0; i < c->n; i++)
            if (!s->is_kept[i] && (best == c->n || s->score[i] > s->score[best])) best = i;
        s->is_kept[best] = true;
        if (k + 1 == s->slots) break;
        come_nearer(s->nearest, c->vector, c->vector + best * (size_t)s->dim, c->n, s->dim);
        for (size_t i = 0; i < c->n; i++)
            if (!s->is_kept[i]) s->score[i] = distinct ? s->nearest[i] : c->salience[i] + loss(s->nearest[i] / usual, s->unlike);
    }
}

/* ---- all of it ---- */

static double lot(int64_t step) {
    lp_rng rng = lp_rng_make((uint64_t)step, LP_SELECTION_LOTS);
    return (double)(lp_rng_u64(&rng) >> 11); /* exact in 53 bits */
}

void lp_select(lp_selection *s, const lp_candidates *c) {
    const bool all = c->n <= (size_t)s->slots;
    memset(s->is_kept, all, c->n * sizeof *s->is_kept);
    if (all) return;
    const size_t slots = (size_t)s->slots;
    switch (s->keep) {
    case LP_KEEP_LEARNED:
        for (size_t i = 0; i < c->n; i++) s->score[i] = c->salience[i];
        if (s->unlike < 0) keep_highest(s, c->n);
        else keep_unlike(s, c);
        break;
    case LP_KEEP_OLDEST: memset(s->is_kept, true, slots); break;
    case LP_KEEP_NEWEST: memset(s->is_kept + c->n - slots, true, slots); break;
    case LP_KEEP_RANDOM:
        for (size_t i = 0; i < c->n; i++) s->score[i] = lot(c->step ? c->step[i] : c->first + (int64_t)i);
        keep_highest(s, c->n);
        break;
    case LP_KEEP_DISTINCT:
        for (size_t i = 0; i < c->n; i++) s->score[i] = 0; /* the first: the oldest */
        keep_unlike(s, c);
        break;
    }
}
