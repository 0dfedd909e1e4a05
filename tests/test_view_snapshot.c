/* Moments that stay: what arrives is what was copied, wherever it is; and whatever arrives can be read.
 *
 * The damage prints its seed; LONGPLAY_TEST_SEED=N takes another one. */
#include "view/snapshot.h"

#include "base/rng.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 160, HEIGHT = 144, ACTIONS = 5, VALUES = LP_VIEW_HISTORY + 9, VARIABLES = 3 };

static struct {
    uint32_t frame[WIDTH * HEIGHT];
    float values[VALUES], probabilities[ACTIONS];
    char text[16];
    const char *names[ACTIONS];
    lp_view_variable variables[VARIABLES];
    lp_view_model model;
    lp_view_line lines[2];
} scene;

static lp_view make_view(void) {
    for (int i = 0; i < WIDTH * HEIGHT; i++) scene.frame[i] = (uint32_t)i * 7;
    for (int i = 0; i < VALUES; i++) scene.values[i] = (float)i;
    strcpy(scene.text, "caf\xc3\xa9 \xff");
    for (int i = 0; i < ACTIONS; i++) scene.names[i] = i == 2 ? NULL : scene.text, scene.probabilities[i] = 0.2f;
    for (int i = 0; i < VARIABLES; i++) scene.variables[i] = (lp_view_variable){scene.text, i, -1};
    lp_view v = {.game = scene.text, .frame = scene.frame, .frame_width = WIDTH, .frame_height = HEIGHT, .decisions = 41};
    v.n_actions = ACTIONS, v.action_names = scene.names, v.action_probabilities = scene.probabilities;
    v.n_values = VALUES, v.value_history = scene.values;
    v.n_variables = VARIABLES, v.variables = scene.variables;
    scene.model.tokens = 77;
    scene.lines[0] = (lp_view_line){"goal", scene.text}, scene.lines[1] = (lp_view_line){scene.text, NULL};
    v.model = &scene.model, v.n_lines = 2, v.lines = scene.lines;
    v.n_reads = 1, v.reads[0].text = scene.text;
    v.n_events = 2, v.events[0].text = scene.text, v.events[1].text = NULL;
    v.n_splits = 1, v.splits[0].name = scene.text;
    return v;
}

static lp_snapshot *copied(const lp_view *view) {
    lp_snapshot *s = calloc(1, sizeof *s);
    assert_non_null(s);
    lp_snapshot_copy(s, view);
    return s;
}

/* In as much memory as it needs; elsewhere. */
static lp_snapshot *sent(lp_snapshot *from) {
    const size_t bytes = lp_snapshot_bytes(from);
    lp_snapshot *to = malloc(bytes);
    assert_non_null(to);
    memcpy(to, from, bytes);
    memset(from, 0xAA, sizeof *from);
    free(from);
    lp_snapshot_arrive(to);
    return to;
}

static void arrives_as_it_was(void **state) {
    static const char kept[] = "caf\xc3\xa9 ?";
    (void)state;
    const lp_view view = make_view();
    lp_snapshot *s = copied(&view);
    memset(&scene, 0x55, sizeof scene); /* nothing is read of it any more */
    s = sent(s);
    const lp_view *v = &s->view;
    assert_string_equal(v->game, kept);
    assert_null(v->policy);
    assert_int_equal(v->decisions, 41);
    for (int i = 0; i < WIDTH * HEIGHT; i++) assert_int_equal(v->frame[i], i * 7);
    assert_int_equal(v->n_values, LP_VIEW_HISTORY);
    for (int i = 0; i < LP_VIEW_HISTORY; i++) assert_true(v->value_history[i] == (float)(i + VALUES - LP_VIEW_HISTORY));
    assert_int_equal(v->n_actions, ACTIONS);
    for (int i = 0; i < ACTIONS; i++) {
        assert_true(v->action_probabilities[i] == 0.2f);
        if (i == 2) assert_null(v->action_names[i]);
        else assert_string_equal(v->action_names[i], kept);
    }
    assert_int_equal(v->n_variables, VARIABLES);
    for (int i = 0; i < VARIABLES; i++) assert_string_equal(v->variables[i].name, kept);
    assert_int_equal(v->variables[2].value, 2);
    assert_string_equal(v->reads[0].text, kept);
    assert_string_equal(v->events[0].text, kept);
    assert_null(v->events[1].text);
    assert_string_equal(v->splits[0].name, kept);
    assert_int_equal(v->model->tokens, 77);
    assert_int_equal(v->n_lines, 2);
    assert_string_equal(v->lines[0].key, "goal");
    assert_string_equal(v->lines[0].text, kept);
    assert_string_equal(v->lines[1].key, kept);
    assert_null(v->lines[1].text);
    free(s);
}

static void without_room(void **state) {
    (void)state;
    char *text = malloc(LP_SNAPSHOT_BYTES);
    assert_non_null(text);
    memset(text, 'W', LP_SNAPSHOT_BYTES - 1);
    text[LP_SNAPSHOT_BYTES - 1] = 0;
    lp_view view = make_view();
    view.note = text;
    lp_snapshot *s = sent(copied(&view));
    assert_string_equal(s->view.note, "");
    assert_string_equal(s->view.game, "caf\xc3\xa9 ?");
    free(s);
    view.frame_width = 1 << 20;
    s = sent(copied(&view));
    assert_null(s->view.frame);
    free(s);
    free(text);
}

/* Reads all of it. */
static size_t read_all(const lp_view *v) {
    size_t sum = 0;
    if (v->frame)
        for (int i = 0; i < v->frame_width * v->frame_height; i++) sum += v->frame[i];
    for (int i = 0; i < v->n_values; i++) sum += v->value_history[i] > 0;
    for (int i = 0; i < v->n_actions; i++) sum += (v->action_probabilities[i] > 0) + (v->action_names[i] ? strlen(v->action_names[i]) : 0);
    for (int i = 0; i < v->n_variables; i++) sum += v->variables[i].name ? strlen(v->variables[i].name) : 0;
    for (int i = 0; i < v->n_reads; i++) sum += v->reads[i].text ? strlen(v->reads[i].text) : 0;
    for (int i = 0; i < v->n_events; i++) sum += v->events[i].text ? strlen(v->events[i].text) : 0;
    for (int i = 0; i < v->n_splits; i++) sum += v->splits[i].name ? strlen(v->splits[i].name) : 0;
    for (int i = 0; i < v->n_lines; i++)
        sum += (v->lines[i].key ? strlen(v->lines[i].key) : 0) + (v->lines[i].text ? strlen(v->lines[i].text) : 0);
    sum += v->model ? (size_t)(v->model->tokens > 0) : 0;
    const char *const texts[] = {v->title, v->game, v->policy, v->memory, v->recovered, v->last_written, v->thought, v->status, v->note};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) sum += texts[i] ? strlen(texts[i]) : 0;
    return sum;
}

/* Bytes of the part that leads to the rest are other ones; what is read stays inside, which the address sanitizer sees. */
static void damaged(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 0);
    size_t sum = 0;
    const lp_view view = make_view();
    lp_snapshot *whole = copied(&view), *s = malloc(sizeof *s);
    assert_non_null(s);
    for (int i = 0; i < 3000; i++) {
        memcpy(s, whole, lp_snapshot_bytes(whole));
        for (int n = 1 + (int)lp_rng_below(&rng, 40); n > 0; n--)
            ((unsigned char *)s)[lp_rng_below(&rng, offsetof(lp_snapshot, data))] = (unsigned char)lp_rng_below(&rng, 256);
        lp_snapshot_arrive(s);
        sum += read_all(&s->view);
    }
    assert_true(sum > 0);
    free(s);
    free(whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(arrives_as_it_was), cmocka_unit_test(without_room), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
