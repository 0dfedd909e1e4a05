/* memory/ in RAM: the tree against a plain re-implementation, the other architectures, bounds, saved memories.
 * LONGPLAY_SEED=N repeats a run. */
#include "base/hash.h"
#include "tests/mem_support.h"

/* ---- the prototype's `context`, from scratch: levels of nodes, each a list of items by falling salience ---- */

enum { REF_LEVELS = 20, REF_ITEMS = 40000 };
typedef struct {
    int K, S, F, W, R;
    const float *salience;
    int n_levels, n_nodes[REF_LEVELS], *node[REF_LEVELS], *size[REF_LEVELS]; /* node: [R][S] items; size: [R] */
} reference;

static const float *compared;
static int by_falling_salience(const void *a, const void *b) {
    int i = *(const int *)a, j = *(const int *)b;
    if (compared[i] != compared[j]) return compared[i] > compared[j] ? -1 : 1;
    return i - j;
}

static int by_step(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void reference_push(reference *r, int level, int *items, int n) {
    compared = r->salience;
    qsort(items, (size_t)n, sizeof *items, by_falling_salience);
    int keep = n < r->S ? n : r->S;
    assert_true(level < REF_LEVELS);
    if (level >= r->n_levels) r->n_levels = level + 1;
    memcpy(r->node[level] + r->n_nodes[level] * r->S, items, (size_t)keep * sizeof *items);
    r->size[level][r->n_nodes[level]++] = keep;
    if (r->n_nodes[level] < r->R) return;
    int *children = calloc((size_t)(r->F * r->S), sizeof *children), total = 0;
    for (int i = 0; i < r->F; i++)
        for (int j = 0; j < r->size[level][i]; j++) children[total++] = r->node[level][i * r->S + j];
    r->n_nodes[level] -= r->F;
    memmove(r->node[level], r->node[level] + r->F * r->S, (size_t)(r->n_nodes[level] * r->S) * sizeof(int));
    memmove(r->size[level], r->size[level] + r->F, (size_t)r->n_nodes[level] * sizeof(int));
    reference_push(r, level + 1, children, total);
    free(children);
}

/* Writes the context after `steps` steps, in the order of lp_mem_context; returns its size. */
static int reference_context(reference *r, int steps, int *step, int *level) {
    int n = 0, summarised = (steps > r->W ? steps - r->W : 0) / r->K * r->K;
    r->n_levels = 0;
    memset(r->n_nodes, 0, sizeof r->n_nodes);
    int *chunk = calloc((size_t)r->K, sizeof *chunk);
    for (int start = 0; start < summarised; start += r->K) {
        for (int i = 0; i < r->K; i++) chunk[i] = start + i;
        reference_push(r, 0, chunk, r->K);
    }
    free(chunk);
    for (int l = r->n_levels - 1; l >= 0; l--)
        for (int i = 0; i < r->n_nodes[l]; i++) {
            qsort(r->node[l] + i * r->S, (size_t)r->size[l][i], sizeof(int), by_step);
            for (int j = 0; j < r->size[l][i]; j++) step[n] = r->node[l][i * r->S + j], level[n++] = l + 1;
        }
    for (int i = summarised; i < steps; i++) step[n] = i, level[n++] = 0;
    return n;
}

static float some_salience(lp_rng *rng, int kind) {
    if (kind == 0) return lp_rng_normal(rng);
    if (kind == 1) return (float)lp_rng_below(rng, 3); /* mostly ties */
    if (kind == 2) return 0;                           /* only ties */
    static const float odd[] = {NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, 0, -0.0f, FLT_MIN, 1};
    return odd[lp_rng_below(rng, sizeof odd / sizeof *odd)];
}

static void check_tree(lp_mem_config c, int kind, int steps) {
    const int K = c.setting[CHUNK], S = c.setting[SLOTS], F = c.setting[FAN], W = c.setting[WINDOW],
              R = c.setting[MERGE] == EARLY ? F : 2 * F;
    lp_rng rng = lp_rng_make(seed, (uint64_t)(kind * 1000 + K * 100 + S * 10 + F));
    static int step[REF_ITEMS], level[REF_ITEMS];
    float *salience = calloc((size_t)steps, sizeof *salience);
    reference r = {K, S, F, W < 0 ? 0 : W, R, salience, 0, {0}, {0}, {0}};
    for (int l = 0; l < REF_LEVELS; l++) {
        r.node[l] = calloc((size_t)(R * S), sizeof(int));
        r.size[l] = calloc((size_t)R, sizeof(int));
    }
    lp_mem *m = open_mem(&c);
    context x = context_new(&c);
    for (int t = 0; t < steps; t++) {
        float s = some_salience(&rng, kind);
        append(m, c.dim, s);
        salience[t] = isfinite(s) ? s : -FLT_MAX; /* not finite: the lowest */
        if (t > 300 && lp_rng_below(&rng, 16)) continue;
        int n = reference_context(&r, t + 1, step, level);
        look(&x, m);
        assert_int_equal(x.n, n);
        assert_true(n <= lp_mem_max_context_at(&c, t + 1));
        for (int i = 0; i < n; i++) {
            if (x.view.step[i] != step[i] || x.view.level[i] != level[i])
                fail_msg("K %d S %d F %d W %d R %d kind %d: after %d steps, item %d is step %lld level %d, should be %d, %d", K, S, F, W, R,
                         kind, t + 1, i, (long long)x.view.step[i], x.view.level[i], step[i], level[i]);
            assert_true(x.view.salience[i] == salience[step[i]]);
        }
    }
    for (int l = 0; l < REF_LEVELS; l++) free(r.node[l]), free(r.size[l]);
    context_free(&x);
    lp_mem_close(m);
    free(salience);
}

static void test_tree_equals_prototype(void **state) {
    (void)state;
    static const int shapes[][4] = {/* K, S, F, W */ {16, 4, 4, 16},
                                    {16, 4, 4, -1},
                                    {1, 1, 2, 1},
                                    {1, 3, 2, -1},
                                    {3, 7, 2, 5},
                                    {5, 2, 3, 1},
                                    {7, 7, 4, 20},
                                    {4, 9, 5, 3},
                                    {2, 16, 2, 2},
                                    {33, 1, 7, 100},
                                    {10, 64, 3, 9}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < 8; kind++) {
            lp_mem_config c = tree_config(2, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]);
            c.setting[MERGE] = kind < 4 ? 0 : EARLY;
            check_tree(c, kind % 4, kind % 4 ? 800 : 3000);
        }
    lp_rng rng = lp_rng_make(seed, 1);
    for (int i = 0; i < 20; i++) {
        lp_mem_config c = tree_config(1 + (int)lp_rng_below(&rng, 5), 1 + (int)lp_rng_below(&rng, 20), 1 + (int)lp_rng_below(&rng, 9),
                                      2 + (int)lp_rng_below(&rng, 5), (int)lp_rng_below(&rng, 40));
        if (!c.setting[WINDOW]) c.setting[WINDOW] = -1;
        if (i % 2) c.setting[MERGE] = EARLY;
        check_tree(c, (int)lp_rng_below(&rng, 4), 1000);
    }
}

/* Every summary ever announced: numbered without gaps, spans that tile, items that are the best of its children's. */
static void test_new_summaries(void **state) {
    (void)state;
    lp_mem_config c = tree_config(1, 5, 3, 2, 4);
    enum { STEPS = 4000, MOST = 1000 };
    static int64_t kept[12][MOST][3];
    int64_t n_closed[12] = {0};
    static float salience[STEPS];
    lp_rng rng = lp_rng_make(seed, 2);
    lp_mem *m = open_mem(&c);
    lp_mem_summary new[12];
    for (int t = 0; t < STEPS; t++) {
        salience[t] = (float)lp_rng_below(&rng, 50);
        append(m, 1, salience[t]);
        int n = lp_mem_new_summaries(m, new, 12);
        assert_true(n <= 12);
        for (int i = 0; i < n; i++) {
            const lp_mem_summary *s = &new[i];
            int64_t span = 5 * (INT64_C(1) << i), candidates[15], n_candidates = 0;
            assert_int_equal(s->level, i + 1); /* one a level, the lowest first */
            assert_int_equal(s->index, n_closed[i]++);
            assert_int_equal(s->first, s->index * span);
            assert_int_equal(s->last, (s->index + 1) * span - 1);
            assert_int_equal(s->n_items, 3);
            for (int64_t j = 0; i == 0 && j < 5; j++) candidates[n_candidates++] = s->first + j;
            for (int64_t j = 0; i > 0 && j < 6; j++) candidates[n_candidates++] = kept[i - 1][2 * s->index + j / 3][j % 3];
            for (int j = 0; j < 3; j++) { /* kept: fewer than 3 candidates beat it, counting older ties */
                int64_t step = kept[i][s->index][j] = s->steps[j];
                int better = 0, found = 0;
                for (int k = 0; k < n_candidates; k++) {
                    found += candidates[k] == step;
                    better +=
                        salience[candidates[k]] > salience[step] || (salience[candidates[k]] == salience[step] && candidates[k] < step);
                }
                assert_int_equal(found, 1);
                assert_true(better < 3);
                if (j) assert_true(s->steps[j - 1] < step);
            }
        }
        if (n > 1) assert_int_equal(lp_mem_new_summaries(m, new, 1), n); /* max limits what is written, not what is counted */
    }
    for (int l = 0; n_closed[l]; l++) assert_int_equal(n_closed[l + 1], n_closed[l] < 4 ? 0 : n_closed[l] / 2 - 1);
    assert_true(n_closed[6] > 0);
    lp_mem_close(m);
}

/* The bound holds, is reached within a summary's size, and RAM does not grow. */
static void test_bounds(void **state) {
    (void)state;
    lp_mem_config c = tree_config(4, 0, 0, 0, 0);
    lp_mem *m = open_mem(&c);
    context x = context_new(&c);
    size_t bytes = lp_mem_bytes(m);
    assert_int_equal(lp_mem_need(&c), bytes);
    int most = 0;
    for (int64_t t = 1; t <= 1 << 20; t++) {
        append(m, 4, (float)(t % 101));
        int counts[64], n = 0, levels = lp_mem_levels(m, counts, 64);
        for (int l = 0; l < levels; l++) n += counts[l];
        if (n > most) most = n;
        assert_true(n <= lp_mem_max_context_at(&c, t));
        if (t == 10000) {
            assert_true(most <= 300);
            print_message("at most %d items of context in 10,000 steps\n", most);
        }
        if (t % 9973 == 0) look(&x, m);
    }
    print_message("at most %d items of context in %d steps, bound %d\n", most, 1 << 20, lp_mem_max_context_at(&c, 1 << 20));
    assert_true(lp_mem_max_context_at(&c, 1 << 20) - most <= 2 * 7 * 12);
    assert_int_equal(lp_mem_bytes(m), bytes);
    assert_true(bytes < 64 << 10);
    assert_int_equal(lp_mem_max_context_at(&c, 0), 0);
    assert_int_equal(lp_mem_max_context_at(&c, 5), 5);
    assert_int_equal(lp_mem_max_context_at(&c, INT64_MAX), lp_mem_max_context(&c));
    context_free(&x);
    lp_mem_close(m);
}

/* none, window, full: the last so many items, at every step. */
static void test_recent(void **state) {
    (void)state;
    const struct {
        lp_mem_config config;
        int keeps;
    } cases[] = {{{&lp_mem_none, 3, {0}}, 0},    {{&lp_mem_window, 3, {0}}, 32}, {{&lp_mem_window, 3, {1}}, 1},
                 {{&lp_mem_window, 3, {-1}}, 0}, {{&lp_mem_full, 3, {50}}, 50},  {{&lp_mem_full, 3, {1}}, 1},
                 {{&lp_mem_none, 3, {5}}, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lp_mem *m = open_mem(&cases[i].config);
        context x = context_new(&cases[i].config);
        assert_int_equal(lp_mem_max_context(&cases[i].config), cases[i].keeps);
        for (int round = 0; round < 2; round++, lp_mem_reset(m, 0))
            for (int t = 0; t < 120; t++) {
                look(&x, m);
                assert_int_equal(x.n, t < cases[i].keeps ? t : cases[i].keeps);
                for (int j = 0; j < x.n; j++) {
                    assert_int_equal(x.view.step[j], t - x.n + j);
                    assert_int_equal(x.view.level[j], 0);
                    assert_true(x.view.salience[j] == (float)x.view.step[j]);
                }
                append(m, 3, (float)t);
                assert_int_equal(lp_mem_new_summaries(m, NULL, 0), 0);
            }
        context_free(&x);
        lp_mem_close(m);
    }
    lp_mem_config c = {&lp_mem_full, 3, {0}};
    assert_int_equal(lp_mem_max_context(&c), 16384);
}

static void test_bad_configs(void **state) {
    (void)state;
    const struct {
        lp_mem_config config;
        const char *says;
    } bad[] = {{{&lp_mem_tree, 0, {0}}, "dim is 0"},
               {{&lp_mem_tree, 8, {-1}}, "chunk is -1"},
               {{&lp_mem_tree, 8, {0, -4}}, "slots is -4"},
               {{&lp_mem_tree, 8, {0, 0, 1}}, "fan is 1"},
               {{&lp_mem_tree, 8, {0, 0, 0, -2}}, "window is -2"},
               {{&lp_mem_full, 8, {-1}}, "max_items is -1"},
               {{NULL, 8, {0}}, "no architecture"},
               {{&lp_mem_tree, 8, {0, 1 << 30}}, "slots is 1073741824"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lp_mem *m = (lp_mem *)&seed;
        lp_err err;
        assert_int_equal(lp_mem_open(&m, &bad[i].config, &err), LP_BAD_INPUT);
        assert_null(m);
        if (!strstr(err.message, bad[i].says)) fail_msg("'%s' does not say '%s'", err.message, bad[i].says);
        assert_int_equal(lp_mem_max_context(&bad[i].config), 0);
    }
}

/* ---- the registry ---- */

/* Names are unique, defaults are in range and not 0, and a name that architectures share means one thing. */
static void test_registry(void **state) {
    (void)state;
    const lp_mem_setting *seen[64];
    int n = 0;
    for (int i = 0; lp_mem_archs[i]; i++) {
        const lp_mem_arch *a = lp_mem_archs[i];
        assert_ptr_equal(lp_mem_find(a->name), a);
        assert_true(*a->help);
        for (const lp_mem_setting *s = a->settings; s < a->settings + LP_MEM_MAX_SETTINGS && s->name; s++) {
            assert_true(s->initial != 0 && s->initial >= s->min && s->initial <= s->max && *s->help);
            for (int k = 0; k < n; k++)
                if (!strcmp(seen[k]->name, s->name))
                    assert_true(s->initial == seen[k]->initial && s->min == seen[k]->min && s->max == seen[k]->max &&
                                s->absent == seen[k]->absent);
            assert_true(n < 64);
            seen[n++] = s;
        }
    }
    assert_null(lp_mem_find("nothing"));
    assert_string_equal(lp_mem_arch_choices(), "none|window|tree|flat|reservoir|full|knn|descend");
}

/* What is given by hand goes before what is there; a setting must be the architecture's own. */
static void test_given(void **state) {
    (void)state;
    const lp_mem_config tree = tree_config(3, 8, 0, 0, 5);
    lp_err err;
    const struct {
        const char *arch, *settings[3], *says; /* says NULL: good */
        lp_mem_config want;
    } cases[] = {
        {NULL, {"ppo.epochs=3"}, NULL, tree},
        {NULL, {"memory.fan=7", "memory.chunk=16"}, NULL, tree_config(3, 16, 0, 7, 5)},
        {NULL, {"memory.unlike=3"}, NULL, {&lp_mem_tree, 3, {8, 0, 0, 5, 3}}},
        {NULL, {"memory.unlike=101"}, "--memory.unlike=101: must be a whole number from -1 to 100, but not 0", tree},
        {NULL, {"memory.keep=learned"}, NULL, {&lp_mem_tree, 3, {8, 0, 0, 5, -1, 1}}},
        {NULL, {"memory.keep=distinct"}, NULL, {&lp_mem_tree, 3, {8, 0, 0, 5, -1, 5}}},
        {NULL, {"memory.keep=2"}, "--memory.keep=2: must be one of learned|oldest|newest|random|distinct", tree},
        {NULL, {"memory.keep="}, "--memory.keep=: must be one of learned", tree},
        {NULL, {"memory.keep=old"}, "must be one of learned", tree},
        {"window", {"memory.keep=oldest"}, "the memory window has no such setting", tree},
        {"window", {0}, NULL, {&lp_mem_window, 3, {5}}},
        {NULL, {"memory.arch=full", "memory.max_items=9"}, NULL, {&lp_mem_full, 3, {9}}},
        {"none", {0}, NULL, {&lp_mem_none, 3, {0}}},
        {"nope", {0}, "--memory 'nope': must be one of none|window|tree|flat|reservoir|full|knn|descend", tree},
        {"window", {"memory.chunk=8"}, "--memory.chunk=8: the memory window has no such setting: the settings of window are window", tree},
        {"none", {"memory.window=8"}, "none has none", tree},
        {NULL, {"memory.foo=8"}, "the settings of tree are chunk, slots, fan, window, unlike, keep", tree},
        {NULL, {"memory.fan=1"}, "--memory.fan=1: must be a whole number from 2 to 4096: the settings of tree are chunk", tree},
        {NULL, {"memory.chunk=0"}, "--memory.chunk=0: must be a whole number from 1 to", tree},
        {NULL, {"memory.window=0"}, "must be a whole number from -1 to 1048576, but not 0", tree},
        {NULL, {"memory.fan=x"}, "must be a whole number", tree},
        {NULL, {"memory.fan="}, "must be a whole number", tree},
        {NULL, {"memory.fan=99999999999999999999"}, "must be a whole number", tree},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lp_mem_config c = tree;
        int n = 0;
        while (n < 3 && cases[i].settings[n]) n++;
        lp_status status = lp_mem_give(&c, &(lp_mem_given){cases[i].arch, cases[i].settings, n}, &err);
        assert_int_equal(status, cases[i].says ? LP_BAD_INPUT : LP_OK);
        if (status && !strstr(err.message, cases[i].says)) fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
        assert_memory_equal(&c, &cases[i].want, sizeof c);
    }
}

/* A table holds every architecture's settings, and gives back what was put in; hashes of the first four stay what they were. */
static void test_choice(void **state) {
    (void)state;
    lp_setting rows[LP_MEM_MAX_ROWS];
    lp_mem_choice choice;
    lp_err err;
    int64_t numbers[LP_MEM_NUMBERS];
    int n = lp_mem_rows(rows, 0, true);
    lp_config_defaults(&choice, rows, n);
    lp_mem_config c = lp_mem_chosen(&choice, 8);
    assert_true(c.arch == &lp_mem_tree && c.dim == 8 && c.setting[CHUNK] == 32 && c.setting[WINDOW] == 32);
    assert_int_equal(lp_config_set(&choice, rows, n, "memory.max_items", "77", &err), LP_OK);
    assert_int_equal(lp_config_set(&choice, rows, n, "memory.arch", "window", &err), LP_OK);
    assert_int_equal(lp_config_set(&choice, rows, n, "memory.window", "-1", &err), LP_OK);
    c = lp_mem_chosen(&choice, 8);
    assert_true(c.arch == &lp_mem_window && c.setting[0] == -1);
    assert_true(lp_mem_row_used(&choice, "memory.window") && lp_mem_row_used(&choice, "memory.arch") &&
                lp_mem_row_used(&choice, "ppo.rate"));
    assert_false(lp_mem_row_used(&choice, "memory.max_items"));
    assert_int_equal(lp_config_set(&choice, rows, n, "memory.keep", "newest", &err), LP_OK);
    assert_int_equal(lp_config_set(&choice, rows, n, "memory.keep", "3", &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "memory.keep = '3': must be one of learned|oldest|newest|random|distinct"));
    for (int keep = 0; keep <= 5; keep++) { /* a name is a choice's index, and a config's index + 1; 0 there is the default */
        lp_mem_choice other = choice;
        char text[32];
        lp_mem_choose(&other, &(lp_mem_config){&lp_mem_tree, 1, {[UNLIKE] = -1, [KEEP] = keep}});
        c = lp_mem_chosen(&other, 8);
        assert_int_equal(c.setting[KEEP], keep ? keep : 1);
        static const char *const names[] = {"learned", "learned", "oldest", "newest", "random", "distinct"};
        assert_string_equal(lp_mem_setting_text(&lp_mem_tree.settings[KEEP], keep, text, sizeof text), names[keep]);
        for (int i = 0; i < n; i++)
            if (!strcmp(rows[i].name, "memory.keep")) lp_config_value(&other, &rows[i], text, sizeof text);
        assert_string_equal(text, names[keep]);
        assert_true(lp_mem_row_used(&other, "memory.keep") == (keep > 1)); /* what there was before is not written */
        lp_mem_numbers(&other, numbers);
        assert_true((numbers[0] == 2) == (keep <= 1));
    }
    assert_string_equal(lp_mem_setting_text(&lp_mem_tree.settings[CHUNK], 12, (char[32]){0}, 32), "12");
    lp_mem_numbers(&choice, numbers);
    assert_memory_equal(numbers, ((int64_t[]){1, 32, 12, 2, -1, 77}), sizeof numbers);
    lp_mem_choose(&choice, &(lp_mem_config){&lp_mem_full, 1, {12}});
    c = lp_mem_chosen(&choice, 2);
    assert_true(c.arch == &lp_mem_full && c.setting[0] == 12);
    n = lp_mem_rows(rows, 0, false);
    lp_config_defaults(&choice, rows, n);
    for (int i = 1; i < n; i++) assert_true(rows[i].initial == (strcmp(rows[i].name, "memory.unlike") ? 0 : -1));
}

/* Files from before there was a setting: it means what was done then, adds nothing to hashes, and is not written; only what is said is. */
static void test_before(void **state) {
    (void)state;
    lp_setting rows[LP_MEM_MAX_ROWS];
    lp_mem_choice file, usual;
    int64_t numbers[LP_MEM_NUMBERS], others[LP_MEM_NUMBERS];
    lp_config_defaults(&file, rows, lp_mem_rows(rows, 0, false));
    lp_config_defaults(&usual, rows, lp_mem_rows(rows, 0, true));
    for (file.arch = 0; lp_mem_archs[file.arch] != &lp_mem_tree;) file.arch++;
    assert_true(lp_mem_chosen(&file, 1).setting[UNLIKE] == -1 && lp_mem_chosen(&usual, 1).setting[UNLIKE] == 6);
    assert_true(!lp_mem_row_used(&file, "memory.unlike") && lp_mem_row_used(&usual, "memory.unlike"));
    lp_mem_numbers(&file, numbers);
    assert_memory_equal(numbers, ((int64_t[]){2, 0, 0, 0, 0, 0}), sizeof numbers);
    lp_mem_choice said = file;
    for (int unlike = 0; unlike < 9; unlike++) { /* 0: the default */
        lp_mem_choose(&said, &(lp_mem_config){&lp_mem_tree, 1, {0, 0, 0, 0, unlike}});
        lp_mem_numbers(&said, others);
        assert_true(others[0] != 2 && lp_mem_row_used(&said, "memory.unlike"));
        if (unlike == 0) memcpy(numbers, others, sizeof numbers);
        assert_true((others[0] == numbers[0]) == (unlike == 0 || unlike == 6));
    }
    lp_mem_before(&said, false);
    assert_int_equal(lp_mem_chosen(&said, 1).setting[UNLIKE], 8);
    lp_mem_before(&said, true);
    assert_int_equal(lp_mem_chosen(&said, 1).setting[UNLIKE], -1);
    lp_mem_choose(&said, &(lp_mem_config){&lp_mem_tree, 1, {0}});
    lp_mem_before(&said, false);
    assert_int_equal(lp_mem_chosen(&said, 1).setting[UNLIKE], -1);
    lp_mem_choose(&usual, &(lp_mem_config){&lp_mem_window, 1, {5}});
    assert_false(lp_mem_row_used(&usual, "memory.unlike"));
    lp_mem_numbers(&usual, numbers);
    assert_int_equal(numbers[0], 1);
}

/* ---- saved memories ---- */

static const lp_mem_config saved_configs[] = {{&lp_mem_none, 3, {0}},
                                              {&lp_mem_window, 3, {7}},
                                              {&lp_mem_full, 3, {40}},
                                              {&lp_mem_tree, 3, {4, 3, 2, 6, -1}},
                                              {&lp_mem_tree, 1, {3, 5, 3, -1, -1}},
                                              {&lp_mem_tree, 3, {4, 3, 2, 6}},
                                              {&lp_mem_tree, 2, {4, 3, 2, 6, -1, 5}},
                                              {&lp_mem_tree, 2, {4, 3, 2, 6, -1, 1, EARLY}},
                                              {&lp_mem_knn, 3, {5, 4, 40}},
                                              {&lp_mem_flat, 3, {4, 9, 6, -1}},
                                              {&lp_mem_flat, 2, {5, 3, -1, 6, 4}},
                                              {&lp_mem_reservoir, 3, {8, 5}},
                                              {&lp_mem_reservoir, 1, {6, -1}},
                                              {&lp_mem_descend, 3, {5, 3, 4, 2, 2, 4, 40}}};
enum { N_SAVED = sizeof saved_configs / sizeof *saved_configs };

static float salience_of(int64_t t) { return (float)(lp_mix64((uint64_t)t) % 7); }

static void test_save_at_any_step(void **state) {
    (void)state;
    for (int i = 0; i < N_SAVED; i++) {
        lp_mem *whole = open_mem(&saved_configs[i]), *resumed = open_mem(&saved_configs[i]);
        int dim = saved_configs[i].dim;
        context x = context_new(&saved_configs[i]), y = context_new(&saved_configs[i]);
        for (int t = 0; t < 200; t++) {
            size_t size;
            lp_err err;
            unsigned char *data = saved(whole, &size), *unaligned = malloc(size + 1);
            memcpy(unaligned + 1, data, size);
            if (lp_mem_load(resumed, unaligned + 1, size, &err)) fail_msg("%s", err.message);
            for (int k = 0; k < t * 7 % 61; k++) append(whole, dim, salience_of(t + k)), append(resumed, dim, salience_of(t + k));
            look(&x, whole), look(&y, resumed);
            assert_int_equal(x.n, y.n);
            assert_memory_equal(x.view.step, y.view.step, (size_t)x.n * sizeof(int64_t));
            assert_memory_equal(x.view.salience, y.view.salience, (size_t)x.n * sizeof(float));
            assert_same(whole, resumed);
            if (lp_mem_load(whole, data, size, &err)) fail_msg("%s", err.message);
            lp_mem_save(whole, unaligned + 1);
            assert_memory_equal(unaligned + 1, data, size);
            append(whole, dim, salience_of(t));
            free(data), free(unaligned);
        }
        lp_mem_reset(whole, 0);
        lp_mem *fresh = open_mem(&saved_configs[i]);
        assert_same(whole, fresh);
        context_free(&x), context_free(&y);
        lp_mem_close(whole), lp_mem_close(resumed), lp_mem_close(fresh);
    }
}

static void refuse(lp_mem *m, const lp_mem *copy, const void *data, size_t size, const char *says) {
    lp_err err;
    unsigned char *exact = malloc(size ? size : 1); /* so that a read beyond it is seen */
    memcpy(exact, data, size);
    assert_int_equal(lp_mem_load(m, exact, size, &err), LP_BAD_INPUT);
    if (!strstr(err.message, says)) fail_msg("'%s' does not say '%s'", err.message, says);
    assert_same(m, copy);
    free(exact);
}

/* Gives changed bytes a hash that fits them. */
static void sign(unsigned char *data, size_t size) {
    uint64_t hash = lp_hash64(data + 16, size - 16);
    memcpy(data + 8, &hash, 8);
}

static void test_damaged_saves(void **state) {
    (void)state;
    for (int i = 0; i < N_SAVED; i++) {
        const lp_mem_config *c = &saved_configs[i];
        lp_mem *source = open_mem(c), *m = open_mem(c), *copy = open_mem(c);
        for (int t = 0; t < 77; t++) append(source, c->dim, salience_of(t));
        for (int t = 0; t < 33; t++) append(m, c->dim, salience_of(t + 9)), append(copy, c->dim, salience_of(t + 9));
        size_t size;
        unsigned char *data = saved(source, &size);
        for (size_t n = 0; n < size; n++) refuse(m, copy, data, n, "saved memory: ");
        for (size_t bit = 0; bit < 8 * size; bit++) {
            data[bit / 8] ^= (unsigned char)(1 << bit % 8);
            refuse(m, copy, data, size, "saved memory: ");
            data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        for (int j = 0; j < N_SAVED; j++) {
            lp_mem *other = open_mem(&saved_configs[j]), *same = open_mem(&saved_configs[j]);
            if (j != i) refuse(other, same, data, size, "other settings");
            lp_mem_close(other), lp_mem_close(same);
        }
        free(data);
        lp_mem_close(source), lp_mem_close(m), lp_mem_close(copy);
    }
}

/* A file that someone wrote with a fitting hash, but that no memory would save. */
static void test_impossible_saves(void **state) {
    (void)state;
    const lp_mem_config *c = &saved_configs[3];
    lp_mem *source = open_mem(c), *m = open_mem(c), *copy = open_mem(c);
    lp_err err;
    for (int t = 0; t < 77; t++) append(source, c->dim, salience_of(t));
    size_t size;
    unsigned char *data = saved(source, &size), *bad = malloc(size);
    const int64_t steps[] = {-1, 0, 76, INT64_MAX, INT64_C(1) << 40};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        memcpy(bad, data, size);
        memcpy(bad + 16, &steps[i], 8); /* n_steps */
        sign(bad, size);
        refuse(m, copy, bad, size, "contradicts");
    }
    for (size_t i = 0; i < 4; i++) {
        memcpy(bad, data, size);
        memcpy(bad + size - 8, &steps[i], 8); /* the last step of the highest summary */
        sign(bad, size);
        refuse(m, copy, bad, size, "contradicts");
    }
    int64_t first, second; /* steps that do not rise */
    memcpy(bad, data, size);
    memcpy(&first, bad + size - 16, 8), memcpy(&second, bad + size - 8, 8);
    memcpy(bad + size - 16, &second, 8), memcpy(bad + size - 8, &first, 8);
    sign(bad, size);
    refuse(m, copy, bad, size, "contradicts");
    int counts[8];
    lp_mem_levels(source, counts, 8);
    float nan = NAN;
    memcpy(bad, data, size);
    memcpy(bad + size - 24 - 4, &nan, 4); /* a salience of the highest summary, before its 3 steps */
    sign(bad, size);
    refuse(m, copy, bad, size, "contradicts");
    memcpy(bad, data, size);
    memcpy(bad + 32 + (size_t)counts[0] * 12, &nan, 4); /* of the oldest raw item */
    sign(bad, size);
    refuse(m, copy, bad, size, "contradicts");
    memcpy(bad, data, size);
    sign(bad, size); /* that signing is right */
    assert_int_equal(lp_mem_load(m, bad, size, &err), LP_OK);
    assert_same(m, source);
    free(data), free(bad);
    lp_mem_close(source), lp_mem_close(m), lp_mem_close(copy);
}

/* Nor of one whose last bytes are the step of an item that it chose. */
static void test_impossible_steps(void **state) {
    (void)state;
    for (int i = 0; i < N_SAVED; i++) {
        const lp_mem_config *c = &saved_configs[i];
        if (c->arch != &lp_mem_flat && c->arch != &lp_mem_reservoir) continue;
        lp_mem *source = open_mem(c), *m = open_mem(c), *copy = open_mem(c);
        for (int t = 0; t < 77; t++) append(source, c->dim, salience_of(t));
        size_t size;
        unsigned char *data = saved(source, &size);
        int64_t before; /* the step before it is there as well */
        memcpy(&before, data + size - 16, 8);
        const int64_t steps[] = {-1, before, 77, INT64_MAX, INT64_MIN};
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            memcpy(data + size - 8, &steps[k], 8);
            sign(data, size);
            refuse(m, copy, data, size, "contradicts");
        }
        free(data);
        lp_mem_close(source), lp_mem_close(m), lp_mem_close(copy);
    }
}

/* A memory that was saved before there was a registry: the same content behind a header of other fields. */
static void test_saves_of_before(void **state) {
    (void)state;
    for (int i = 0; i < N_SAVED; i++) {
        const lp_mem_config *c = &saved_configs[i];
        const lp_mem_arch *const first[] = {&lp_mem_none, &lp_mem_window, &lp_mem_tree, &lp_mem_full};
        int32_t head[8] = {0, c->dim, 16, 4, 4, 16, 16384, 0};
        while (head[0] < 4 && first[head[0]] != c->arch) head[0]++;
        if (head[0] == 4) continue; /* there was none */
        lp_mem *source = open_mem(c), *m = open_mem(c);
        for (int t = 0; t < 77; t++) append(source, c->dim, salience_of(t));
        size_t size;
        unsigned char *data = saved(source, &size), *old = calloc(1, size + 24);
        if (c->arch == &lp_mem_tree)
            for (int k = 0; k < 4; k++) head[2 + k] = c->setting[k];
        if (c->arch == &lp_mem_window) head[5] = c->setting[0];
        if (c->arch == &lp_mem_full) head[6] = c->setting[0];
        const uint64_t magic = 0x3230304d454d504cu; /* "LPMEM002" */
        memcpy(old, &magic, 8), memcpy(old + 16, data + 16, 8), memcpy(old + 24, head, sizeof head);
        memcpy(old + 56, data + 32, size - 32);
        sign(old, size + 24);
        lp_err err;
        if (c->arch == &lp_mem_tree && (!c->setting[UNLIKE] || c->setting[KEEP])) { /* which nothing was then */
            assert_int_equal(lp_mem_load(m, old, size + 24, &err), LP_BAD_INPUT);
            free(data), free(old);
            lp_mem_close(source), lp_mem_close(m);
            continue;
        }
        if (lp_mem_load(m, old, size + 24, &err)) fail_msg("%s", err.message);
        assert_same(m, source);
        for (size_t n = 0; n < size + 24; n++) assert_int_equal(lp_mem_load(m, old, n, &err), LP_BAD_INPUT);
        old[24]++;
        sign(old, size + 24);
        refuse(m, source, old, size + 24, "other settings");
        free(data), free(old);
        lp_mem_close(source), lp_mem_close(m);
    }
}

int main(void) {
    seed = test_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tree_equals_prototype),
                                       cmocka_unit_test(test_new_summaries),
                                       cmocka_unit_test(test_registry),
                                       cmocka_unit_test(test_given),
                                       cmocka_unit_test(test_choice),
                                       cmocka_unit_test(test_before),
                                       cmocka_unit_test(test_saves_of_before),
                                       cmocka_unit_test(test_bounds),
                                       cmocka_unit_test(test_recent),
                                       cmocka_unit_test(test_bad_configs),
                                       cmocka_unit_test(test_save_at_any_step),
                                       cmocka_unit_test(test_damaged_saves),
                                       cmocka_unit_test(test_impossible_saves),
                                       cmocka_unit_test(test_impossible_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
