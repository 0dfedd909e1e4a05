/* The inner loops of conv_direct.c for vectors of V floats, 8 or 16, as NAME(forward), NAME(weight) and NAME(input): included there
 * once for each width. */
typedef float NAME(vec) __attribute__((vector_size(4 * V)));
typedef float NAME(vec_in_memory) __attribute__((vector_size(4 * V), aligned(4)));
typedef int32_t NAME(lanes) __attribute__((vector_size(4 * V)));

#define VEC NAME(vec)
#define LOAD(p) (*(const NAME(vec_in_memory) *)(p))
#define STORE(p, x) (*(NAME(vec_in_memory) *)(p) = (x))

/* px pixels of the list, ov vectors of channels from y's on; w: these channels' weights, a tap every `wide`. */
INLINE void NAME(forward_block)(float *y, const float *x, const float *w, int wide, const float *bias, bool relu, const lp_conv *s,
                                const int32_t *pixel, const size_t *at, int n, const int px, const int ov) {
    int run = s->k * s->c;
    const float *from[8];
    float *to[8];
    VEC sum[8][2];
    for (int j = 0; j < px; j++) { /* a block that is not full does its last pixel again */
        const int i = j < n ? j : n - 1;
        from[j] = x + at[i];
        to[j] = y + (size_t)pixel[i] * s->oc;
        for (int v = 0; v < ov; v++) sum[j][v] = LOAD(bias + v * V);
    }
    for (int ky = 0; ky < s->k; ky++) {
        size_t row = (size_t)ky * s->w * s->c;
        for (int i = 0; i < run; i++, w += wide) {
            VEC w0 = LOAD(w), w1 = ov > 1 ? LOAD(w + V) : w0;
            for (int j = 0; j < px; j++) {
                float tap = from[j][row + (size_t)i];
                sum[j][0] += w0 * tap;
                if (ov > 1) sum[j][1] += w1 * tap;
            }
        }
    }
    for (int j = 0; j < px; j++)
        for (int v = 0; v < ov; v++) {
            VEC negative = (VEC)(sum[j][v] < (VEC){0});
            STORE(to[j] + v * V, relu ? (VEC)((NAME(lanes))sum[j][v] & ~(NAME(lanes))negative) : sum[j][v]);
        }
}

/* few: pixels of a block where no more are left. */
INLINE void NAME(forward_blocks)(float *y, const float *x, const float *packed, const float *bias, bool relu, const lp_conv *s,
                                 const int32_t *pixel, const size_t *at, int n, const int px, const int few, const int ov) {
    int wide = group(s);
    for (int o = 0; o < s->oc; o += ov * V) {
        const float *w = packed + (size_t)(o / wide * wide) * taps(s) + o % wide;
        int p = 0;
        for (; p + few < n; p += px) NAME(forward_block)(y + o, x, w, wide, bias + o, relu, s, pixel + p, at + p, n - p, px, ov);
        if (p < n) NAME(forward_block)(y + o, x, w, wide, bias + o, relu, s, pixel + p, at + p, n - p, few, ov);
    }
}

IN_REGISTERS static void NAME(forward)(float *y, const float *x, const float *packed, const float *bias, bool relu, const lp_conv *s,
                                       const int32_t *pixel, const size_t *at, int n) {
    if (V == 8) NAME(forward_blocks)(y, x, packed, bias, relu, s, pixel, at, n, 6, 3, 2);
    else if (group(s) > CHANNELS) NAME(forward_blocks)(y, x, packed, bias, relu, s, pixel, at, n, 4, 4, 2);
    else NAME(forward_blocks)(y, x, packed, bias, relu, s, pixel, at, n, 8, 8, 1);
}

/* Adds to sums, packed, what kb taps from x's on got at the pixels of the list. */
INLINE void NAME(weight_block)(float *sums, int wide, const float *dy, const float *x, const lp_conv *s, const int32_t *pixel,
                               const size_t *at, int n, const int kb, const int ov) {
    VEC sum[8][2];
    for (int t = 0; t < kb; t++)
        for (int v = 0; v < ov; v++) sum[t][v] = LOAD(sums + t * wide + v * V);
    for (int p = 0; p < n; p++) {
        const float *from = x + at[p], *d = dy + (size_t)pixel[p] * s->oc;
        VEC d0 = LOAD(d), d1 = ov > 1 ? LOAD(d + V) : d0;
        for (int t = 0; t < kb; t++) {
            sum[t][0] += d0 * from[t];
            if (ov > 1) sum[t][1] += d1 * from[t];
        }
    }
    for (int t = 0; t < kb; t++)
        for (int v = 0; v < ov; v++) STORE(sums + t * wide + v * V, sum[t][v]);
}

INLINE void NAME(weight_blocks)(float *sums, const float *dy, const float *x, const lp_conv *s, const int32_t *pixel, const size_t *at,
                                int n, const int kb, const int ov) {
    int run = s->k * s->c, wide = group(s);
    for (int o = 0; o < s->oc; o += ov * V) {
        float *to = sums + (size_t)(o / wide * wide) * taps(s) + o % wide;
        for (int ky = 0; ky < s->k; ky++)
            for (int i = 0; i < run; i += kb, to += kb * wide)
                NAME(weight_block)(to, wide, dy + o, x + (size_t)ky * s->w * s->c + i, s, pixel, at, n, kb, ov);
    }
}

IN_REGISTERS static void NAME(weight)(float *sums, float *dbias, const float *dy, const float *x, const lp_conv *s, const int32_t *pixel,
                                      const size_t *at, int n) {
    if (V == 8 || group(s) > CHANNELS) NAME(weight_blocks)(sums, dy, x, s, pixel, at, n, 4, 2);
    else NAME(weight_blocks)(sums, dy, x, s, pixel, at, n, 8, 1);
    for (int o = 0; o < s->oc; o += V) {
        VEC sum = LOAD(dbias + o);
        for (int p = 0; p < n; p++) sum += LOAD(dy + (size_t)pixel[p] * s->oc + o);
        STORE(dbias + o, sum);
    }
}

/* Adds to dx, at each pixel's patch, `parts` parts of it from `part` on: the sum over the output channels. */
INLINE void NAME(input_parts)(float *dx, const float *dy, const float *by_part, const lp_conv *s, const int32_t *pixel, const size_t *at,
                              int n, int part, const int parts) {
    enum { EACH = PART / V };
    int run = s->k * s->c;
    const float *weight = by_part + (size_t)part * s->oc * PART;
    size_t in[2];
    for (int j = 0; j < parts; j++) in[j] = (size_t)((part + j) * PART / run) * s->w * s->c + (size_t)((part + j) * PART % run);
    for (int p = 0; p < n; p++) {
        float *to = dx + at[p];
        const float *d = dy + (size_t)pixel[p] * s->oc, *w = weight;
        VEC sum[2][EACH];
        for (int j = 0; j < parts; j++)
            for (int v = 0; v < EACH; v++) sum[j][v] = LOAD(to + in[j] + v * V);
        for (int o = 0; o < s->oc; o++, w += PART)
            for (int j = 0; j < parts; j++)
                for (int v = 0; v < EACH; v++) sum[j][v] += LOAD(w + (size_t)j * s->oc * PART + v * V) * d[o];
        for (int j = 0; j < parts; j++)
            for (int v = 0; v < EACH; v++) STORE(to + in[j] + v * V, sum[j][v]);
    }
}

IN_REGISTERS static void NAME(input)(float *dx, const float *dy, const float *by_part, const lp_conv *s, const int32_t *pixel,
                                     const size_t *at, int n) {
    int parts = taps(s) / PART, part = 0;
    for (; V == 16 && part + 2 <= parts; part += 2) NAME(input_parts)(dx, dy, by_part, s, pixel, at, n, part, 2);
    for (; part < parts; part++) NAME(input_parts)(dx, dy, by_part, s, pixel, at, n, part, 1);
}

#undef V
#undef NAME
#undef IN_REGISTERS
#undef VEC
#undef LOAD
#undef STORE
