/* What survives in the tree: the formulas of docs/memory.md, "What survives", and the tree itself, which must agree. The page's tables are the
 * input: each of their rows is computed again, and must read as it stands there; its world is lived through a few times more.
 *
 *     test_memory_survives print      # the two tables as they should stand, every world lived through TRIALS times: takes minutes */
#include "base/file.h"
#include "memory/selection.h"
#include "tests/mem_support.h"

#ifdef __SANITIZE_ADDRESS__
enum { LIVED = 40000 }; /* decisions of each world: slow */
#else
enum { LIVED = 400000 };
#endif
enum { TRIALS = 2000, MAX_FACTS = 64, MAX_SLOTS = 64, MAX_LINE = 200, PAGE_SEED = 1 };

/* Facts at random moments of an episode; everything else is the rest. */
typedef struct {
    int64_t n_steps;
    int chunk, slots, fan, window;
    bool early;
    int facts, copies; /* of each, in a row; copies divides chunk and n_steps */
    double margin;     /* saliences: N(margin, 1) of a fact, which its copies have in common; N(0, 1) of each item of the rest */
    bool alike;        /* all of the rest is one thing; otherwise no two items of it are */
    int unlike;        /* as the tree has it */
} world;

static lp_mem_config config_of(const world *w, int dim) {
    lp_mem_config c = tree_config(dim, w->chunk, w->slots, w->fan, w->window);
    c.setting[WINDOW] = w->window ? w->window : -1;
    c.setting[UNLIKE] = w->unlike;
    c.setting[MERGE] = w->early ? EARLY : 0;
    return c;
}

/* ---- the shape ---- */

static int64_t power(int64_t base, int exponent) { return exponent ? base * power(base, exponent - 1) : 1; }
static int64_t span(const world *w, int level) { return w->chunk * power(w->fan, level - 1); }

/* Summaries of a level that stay when others are merged. */
static int staying(const world *w) { return w->early ? 0 : w->fan; }

/* Summaries that were ever on the level. */
static int64_t closed(const world *w, int level) {
    const int64_t chunks = w->n_steps < w->window ? 0 : (w->n_steps - w->window) / w->chunk;
    const int64_t F = w->fan, here = power(F, level - 1), below = staying(w) * (here - 1) / (F - 1);
    return chunks < below ? 0 : (chunks - below) / here;
}

static int levels(const world *w) {
    const double F = w->fan, r = staying(w), chunks = w->n_steps < w->window ? 0 : (double)((w->n_steps - w->window) / w->chunk);
    return chunks < 1 ? 0 : 1 + (int)(log(((F - 1) * chunks + r) / (r + F - 1)) / log(F) + 1e-9);
}

static int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t context_items(const world *w) {
    int64_t n = at_most(w->n_steps, w->window + w->chunk - 1);
    for (int l = 1; l <= levels(w); l++) n += at_most(w->slots, span(w, l)) * at_most(closed(w, l), staying(w) + w->fan - 1);
    return n;
}

/* The ages that an item on a level may have. */
static int64_t youngest(const world *w, int level) {
    return level ? w->window + staying(w) * (span(w, level) - w->chunk) / (w->fan - 1) + 1 : 1;
}

static int64_t oldest(const world *w, int level) {
    const int64_t F = w->fan;
    return w->window + w->chunk - 1 + (level ? (staying(w) + F - 1) * (F * span(w, level) - w->chunk) / (F - 1) : 0);
}

/* ---- the probability ---- */

/* P(a normal number is above x) */
static double above(double x) { return erfc(x * M_SQRT1_2) / 2; }

static double quantile(double p) {
    double low = -9, high = 9;
    while (high - low > 1e-6) {
        const double x = (low + high) / 2;
        if (above(x) > 1 - p) low = x;
        else high = x;
    }
    return low;
}

/* out[j], j = 0 .. S - 1: the probability that j of n items of the rest count more than y. */
static void count_rest(const world *w, double *out, int64_t n, double y) {
    const double u = w->alike && w->unlike > 0 ? w->unlike : 0, none = pow(above(-y), (double)n);
    double binomial = pow(above(-y - u), (double)n); /* of those that count more even when they have lost u */
    for (int j = 0; j < w->slots; j++) {
        out[j] = j > n ? 0 : binomial;
        binomial *= (double)(n - j) / (j + 1) * above(y + u) / above(-y - u);
    }
    if (w->slots > 1) out[1] += out[0] - none; /* the best has lost nothing */
    out[0] = none;
}

/* The same of a fact's copies, if its best counts more: one of them does, or all. */
static void count_copies(const world *w, double *out, double y) {
    const double one = above(y - w->margin), all = above(y + (w->unlike > 0 ? w->unlike : 0) - w->margin);
    for (int j = 0; j < w->slots; j++) out[j] = (j == 1 ? one - all : 0) + (j == w->copies ? all : 0);
}

static void convolve(double *a, const double *b, int n) {
    for (int i = n - 1; i >= 0; i--) {
        double sum = 0;
        for (int j = 0; j <= i; j++) sum += a[i - j] * b[j];
        a[i] = sum;
    }
}

/* q[k], k = 0 .. facts: the probability that a span of n steps with k facts keeps all of them: an integral over the salience y of the
 * fact that has the lowest. */
static void kept_in_span(const world *w, int64_t n, double *q) {
    const double step = 0.05;
    const int S = w->slots;
    double rest[MAX_SLOTS], fact[MAX_SLOTS], facts[MAX_SLOTS];
    for (int k = 0; k <= w->facts; k++) q[k] = k == 0 || n <= S;
    for (int i = -160; n > S && i <= 160; i++) {
        const double x = i * step, y = w->margin + x, density = exp(-x * x / 2) / sqrt(2 * M_PI);
        count_copies(w, fact, y);
        for (int j = 0; j < S; j++) facts[j] = j == 0; /* the others */
        for (int k = 1; k <= w->facts && k <= S && k * w->copies <= n; k++) {
            double fit = 0, sum = 0;
            if (k > 1) convolve(facts, fact, S);
            count_rest(w, rest, n - k * w->copies, y);
            for (int j = 0; j < S; j++) sum += rest[j], fit += facts[S - 1 - j] * sum;
            q[k] += step * density * k * fit;
        }
    }
}

static double log_choose(int64_t n, int64_t k) { return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1); }

/* The probability that all facts are in the context at the end. Facts lie in places of `copies` steps, a span after the other:
 * left[m] is the probability that nothing is lost so far and that m facts lie in the places that are still to come. */
static double survival(const world *w) {
    double left[MAX_FACTS + 1] = {0}, q[MAX_FACTS + 1];
    int64_t places = w->n_steps / w->copies;
    left[w->facts] = 1;
    for (int l = levels(w); l > 0; l--) {
        const int64_t here = span(w, l) / w->copies;
        kept_in_span(w, span(w, l), q);
        for (int64_t i = closed(w, l) - w->fan * closed(w, l + 1); i > 0; i--, places -= here)
            for (int m = 0; m <= w->facts; m++) { /* those who lose k come before m, and are done */
                double sum = 0;
                for (int k = 0; m + k <= w->facts; k++)
                    if (k <= here && m <= places - here)
                        sum += left[m + k] * q[k] * exp(log_choose(here, k) + log_choose(places - here, m) - log_choose(places, m + k));
                left[m] = sum;
            }
    }
    double sum = 0;
    for (int m = 0; m <= w->facts; m++) sum += left[m]; /* those are raw */
    return sum;
}

/* The margin at which all survive with probability p; INFINITY: none. */
static double needed_margin(world w, double p) {
    double low = 0, high = 16;
    w.margin = high;
    if (survival(&w) < p) return INFINITY;
    while (high - low > 1e-3) {
        w.margin = (low + high) / 2;
        if (survival(&w) >= p) high = w.margin;
        else low = w.margin;
    }
    return high;
}

/* ---- lived through ---- */

/* Things that differ are unit vectors of different axes, so that all are equally far from each other: those of the facts, then those of the
 * rest, of which an item takes one that no item in memory has. */
typedef struct {
    const world *w;
    lp_mem *mem;
    context seen;
    int dim, next;
    bool *is_taken; /* [dim] */
    int *axis;      /* [n_steps] */
    int *fact;      /* [n_steps / copies] which is there; -1: the rest */
    float *vector;  /* [dim] */
    float salience[MAX_FACTS];
} life;

/* Which axes are taken: once a chunk, as there are as many more of them as a chunk has items. */
static void find_taken(life *l) {
    memset(l->is_taken, 0, (size_t)l->dim * sizeof *l->is_taken);
    l->seen.n = lp_mem_context(l->mem, NULL, &l->seen.view);
    for (int i = 0; i < l->seen.n; i++) l->is_taken[l->axis[l->seen.view.step[i]]] = true;
}

static int axis_at(life *l, int64_t t) {
    const world *w = l->w;
    const int fact = l->fact[t / w->copies];
    if (w->unlike < 0) return 0;
    if (fact >= 0 || w->alike) return fact >= 0 ? fact : w->facts;
    do l->next = l->next + 1 < l->dim ? l->next + 1 : w->facts;
    while (l->is_taken[l->next]);
    l->is_taken[l->next] = true;
    return l->next;
}

static bool all_survive(life *l, uint64_t world_seed, uint64_t trial) {
    const world *w = l->w;
    lp_rng rng = lp_rng_make(world_seed, trial);
    const uint32_t places = (uint32_t)(w->n_steps / w->copies);
    for (uint32_t i = 0; i < places; i++) l->fact[i] = -1;
    for (int f = 0; f < w->facts;) {
        const uint32_t place = lp_rng_below(&rng, places);
        if (l->fact[place] >= 0) continue;
        l->salience[f] = lp_rng_normal(&rng) + (float)w->margin;
        l->fact[place] = f++;
    }
    lp_mem_reset(l->mem, 0);
    for (int64_t t = 0; t < w->n_steps; t++) {
        if (w->unlike >= 0 && !w->alike && t % w->chunk == 0) find_taken(l);
        const int axis = l->axis[t] = axis_at(l, t), fact = l->fact[t / w->copies];
        l->vector[axis] = 1;
        lp_mem_append(l->mem, l->vector, fact < 0 ? lp_rng_normal(&rng) : l->salience[fact]);
        l->vector[axis] = 0;
    }
    bool is_there[MAX_FACTS] = {false};
    int n = 0;
    l->seen.n = lp_mem_context(l->mem, NULL, &l->seen.view);
    for (int i = 0; i < l->seen.n; i++) {
        const int fact = l->fact[l->seen.view.step[i] / w->copies];
        if (fact >= 0 && !is_there[fact]) is_there[fact] = true, n++;
    }
    return n == w->facts;
}

/* In how many of n trials all facts survive. */
static int live(const world *w, uint64_t world_seed, int n) {
    lp_mem_config c = config_of(w, 1);
    if (w->unlike >= 0) c.dim = w->facts + (w->alike ? 1 : lp_mem_max_context_at(&c, w->n_steps) + w->chunk);
    const size_t steps = (size_t)w->n_steps, dim = (size_t)c.dim;
    life l = {.w = w, .mem = open_mem(&c), .seen = context_new(&c), .dim = c.dim, .next = w->facts};
    l.is_taken = calloc(dim, sizeof *l.is_taken), l.vector = calloc(dim, sizeof *l.vector);
    l.axis = calloc(steps, sizeof *l.axis), l.fact = calloc(steps, sizeof *l.fact);
    int survived = 0;
    for (int i = 0; i < n; i++) survived += all_survive(&l, world_seed, (uint64_t)i);
    free(l.is_taken), free(l.axis), free(l.fact), free(l.vector);
    context_free(&l.seen), lp_mem_close(l.mem);
    return survived;
}

/* How likely a count at least as far to its side of the mean is, of n trials. */
static double tail(int count, int n, double p) {
    double low = 0, high = 0;
    for (int i = 0; i <= n; i++) {
        const double here = p <= 0 ? i == 0 : p >= 1 ? i == n : exp(log_choose(n, i) + i * log(p) + (n - i) * log1p(-p));
        if (i <= count) low += here;
        if (i >= count) high += here;
    }
    return fmin(low, high);
}

/* ---- the page ---- */

static lp_blob page(void) {
    lp_blob text;
    lp_err err;
    if (lp_file_read(&text, LP_SOURCE_DIR "/docs/memory.md", 1 << 20, &err)) fail_msg("%s", err.message);
    return text;
}

static const int64_t table_steps[] = {1000, 10000, 100000, 1000000};

static bool read_shape(const char *line, world *w) {
    *w = (world){.facts = 4, .copies = 1, .unlike = -1};
    w->early = strstr(line, "early");
    return sscanf(line, "| K %d, S %d, F %d, W %d%*[^|]|", &w->chunk, &w->slots, &w->fan, &w->window) == 4;
}

static void write_shape(char *line, world w) {
    int n = snprintf(line, MAX_LINE, "| K %d, S %d, F %d, W %d%s |", w.chunk, w.slots, w.fan, w.window, w.early ? ", early" : "");
    for (int i = 0; i < 4; i++) {
        w.n_steps = table_steps[i];
        n += snprintf(line + n, (size_t)(MAX_LINE - n), " %d items, %.1f |", (int)context_items(&w), needed_margin(w, 0.9));
    }
}

/* survived: as it stands there */
static bool read_world(const char *line, world *w, int *survived) {
    char rest[10];
    long long steps;
    *w = (world){0};
    if (sscanf(line, "| %lld | %d, %d, %d, %d%*[^|]| %*d | %d | %d | %lf | %9[a-z] | %d | %*f | %d of", &steps, &w->chunk, &w->slots,
               &w->fan, &w->window, &w->facts, &w->copies, &w->margin, rest, &w->unlike, survived) != 11)
        return false;
    assert_true(w->facts <= MAX_FACTS && w->slots <= MAX_SLOTS && w->chunk % w->copies == 0 && steps % w->copies == 0);
    w->n_steps = steps, w->alike = !strcmp(rest, "alike"), w->early = strstr(line, "early");
    return true;
}

static void write_world(char *line, const world *w, double p, int survived) {
    snprintf(line, MAX_LINE, "| %lld | %d, %d, %d, %d%s | %lld | %d | %d | %g | %s | %d | %.4f | %d of %d |", (long long)w->n_steps,
             w->chunk, w->slots, w->fan, w->window, w->early ? " early" : "", (long long)context_items(w), w->facts, w->copies, w->margin,
             w->alike ? "alike" : "different", w->unlike, p, survived, TRIALS);
}

static int print_tables(void) {
    lp_blob text = page();
    char line[MAX_LINE], *rest;
    for (char *at = strtok_r((char *)text.data, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest)) {
        world w;
        int survived;
        if (read_shape(at, &w)) write_shape(line, w);
        else if (read_world(at, &w, &survived)) write_world(line, &w, survival(&w), live(&w, PAGE_SEED, TRIALS));
        else continue;
        puts(line);
        fflush(stdout);
    }
    lp_blob_free(&text);
    return 0;
}

/* ---- tests ---- */

static const int shapes[][4] = {/* K, S, F, W */ {16, 4, 4, 16},
                                {32, 8, 8, 32},
                                {8, 8, 2, 0},
                                {5, 9, 3, 7},
                                {1, 2, 2, 3},
                                {20, 1, 12, 1}};
enum { N_SHAPES = 2 * sizeof shapes / sizeof *shapes }; /* each of them late and early */

static world world_of(int i) {
    const int *s = shapes[i / 2];
    return (world){.chunk = s[0], .slots = s[1], .fan = s[2], .window = s[3], .early = i % 2, .unlike = -1};
}

static void test_shape(void **state) {
    (void)state;
    for (int i = 0; i < N_SHAPES; i++) {
        world w = world_of(i);
        lp_mem_config c = config_of(&w, 1);
        lp_mem *m = open_mem(&c);
        for (w.n_steps = 0; w.n_steps < 20000; w.n_steps++) {
            int found[64];
            assert_int_equal(context_items(&w), lp_mem_max_context_at(&c, w.n_steps));
            assert_int_equal(levels(&w) + 1, lp_mem_levels(m, found, 64));
            for (int l = 1; l <= levels(&w); l++)
                assert_int_equal(found[l], at_most(w.slots, span(&w, l)) * (closed(&w, l) - w.fan * closed(&w, l + 1)));
            lp_mem_append(m, (float[]){0}, 0);
        }
        for (w.n_steps = 1; w.n_steps < (int64_t)1 << 40; w.n_steps += 1 + w.n_steps / 3)
            assert_int_equal(context_items(&w), lp_mem_max_context_at(&c, w.n_steps));
        lp_mem_close(m);
    }
}

/* No item is younger or older than its level allows, and some are as young, and as old. */
static void test_ages(void **state) {
    (void)state;
    for (int i = 0; i < 2 * N_SHAPES; i++) {
        const world w = world_of(i / 2);
        lp_mem_config c = config_of(&w, 1);
        c.setting[KEEP] = i % 2 ? LP_KEEP_OLDEST : LP_KEEP_NEWEST; /* what stands at a span's ends */
        lp_mem *m = open_mem(&c);
        context seen = context_new(&c);
        int64_t least[64], most[64] = {0};
        for (int l = 0; l < 64; l++) least[l] = INT64_MAX;
        for (int t = 1; t <= 5000; t++) {
            lp_mem_append(m, (float[]){0}, 0);
            seen.n = lp_mem_context(m, NULL, &seen.view);
            for (int j = 0; j < seen.n; j++) {
                const int level = seen.view.level[j];
                const int64_t age = t - seen.view.step[j];
                if (age < least[level]) least[level] = age;
                if (age > most[level]) most[level] = age;
            }
        }
        int n_complete = 0;
        for (int l = 0; most[l]; l++) {
            const bool is_complete = oldest(&w, l) <= 5000 - 2 * span(&w, l + 1); /* it has sent some on */
            assert_true(least[l] >= youngest(&w, l) && most[l] <= oldest(&w, l));
            if (i % 2 == 0) assert_int_equal(least[l], youngest(&w, l));
            if (i % 2 && is_complete) assert_int_equal(most[l], oldest(&w, l)), n_complete++;
        }
        assert_true(i % 2 == 0 || n_complete >= 2);
        lp_mem_close(m), context_free(&seen);
    }
}

/* Every row of the page's tables, as it must stand there. */
static void test_page(void **state) {
    (void)state;
    lp_blob text = page();
    char line[MAX_LINE], *rest;
    int n_shapes = 0, n_worlds = 0;
    for (char *at = strtok_r((char *)text.data, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest)) {
        world w;
        int survived;
        if (read_shape(at, &w)) {
            n_shapes++;
            write_shape(line, w);
        } else if (read_world(at, &w, &survived)) {
            const double p = survival(&w);
            n_worlds++;
            write_world(line, &w, p, survived);
            if (tail(survived, TRIALS, p) < 0.005) fail_msg("outside of its 99 %% interval: %s", line);
        } else {
            continue;
        }
        assert_string_equal(at, line);
    }
    assert_true(n_shapes >= 3 && n_worlds >= 12);
    lp_blob_free(&text);
}

/* The worlds of the page, lived through with another seed: each count is a likely one, and their sum is. */
static void test_lived(void **state) {
    (void)state;
    lp_blob text = page();
    char *rest;
    double off = 0, variance = 0;
    int n_worlds = 0;
    for (char *at = strtok_r((char *)text.data, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest)) {
        world w;
        int survived;
        if (!read_world(at, &w, &survived)) continue;
        const int n = 8 + (int)(LIVED / w.n_steps);
        const double p = survival(&w);
        survived = live(&w, seed + (uint64_t)n_worlds++, n); /* as rows may share what is drawn from one seed */
        if (tail(survived, n, p) < 1e-7) fail_msg("%d of %d survived, in: %s", survived, n, at);
        off += survived - n * p, variance += n * p * (1 - p);
    }
    if (fabs(off) > 5 * sqrt(variance))
        fail_msg("%g more than expected survived in all, of a standard deviation of %g", off, sqrt(variance));
    lp_blob_free(&text);
}

/* The page's rule for the margin asks for at most 0.3 too much. */
static void test_rule(void **state) {
    (void)state;
    for (int i = 0; i < 32; i++) {
        const world w = {table_steps[i % 4], 16, 8, i & 4 ? 2 : 4, 16, false, i & 8 ? 8 : 4, i & 16 ? 4 : 1, 0, false, 8};
        const double n = (double)span(&w, levels(&w)), r = w.slots - w.facts * n / (double)w.n_steps + 1;
        const double rule = quantile(1 - r / n) + quantile(1 - 0.1 / w.facts), needed = needed_margin(w, 0.9);
        if (!(rule >= needed && rule < needed + 0.3))
            fail_msg("%lld steps, fan %d, %d facts of %d: %g, needed are %g", (long long)w.n_steps, w.fan, w.facts, w.copies, rule, needed);
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "print")) return print_tables();
    seed = test_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shape), cmocka_unit_test(test_ages), cmocka_unit_test(test_page),
                                       cmocka_unit_test(test_lived), cmocka_unit_test(test_rule)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
