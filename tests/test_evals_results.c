/* What evaluations left, read again: from eval --out and from eval --json alike; refused when unfinished, damaged, or of something else. */
#include "evals/results.h"

#include "base/file.h"
#include "base/rng.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define PLAYED                                                                                                                             \
    "\"rom\":\"00ff\",\"model\":\"dmg\",\"noop\":[0,0],\"knobs\":{\"n\":3},\"seed\":1,\"time_limit\":0,\"policy\":\"a.safetensors\","
static const char *const out = "{\"longplay\":\"evaluation\",\"version\":1,\"rows\":[{\"game\":\"g\"," PLAYED "\"episodes\":3}]}\n"
                               "{\"row\":0,\"episode\":0,\"outcome\":\"win\",\"decisions\":5,\"context_items\":7}\n"
                               "{\"row\":0,\"episode\":2,\"outcome\":\"timeout\",\"decisions\":5,\"context_items\":9}\n"
                               "{\"row\":0,\"episode\":1,\"outcome\":\"loss\",\"decisions\":5,\"context_items\":1}\n",
                         *const json = "{\"games\":[{\"game\":\"g\",\"finished\":true,\"context_items_max\":9," PLAYED
                                       "\"outcomes\":\"WLT\"}],\"finished\":true}\n";
static char path[PATH_MAX];

static int setup(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int teardown(void **state) {
    (void)state;
    return unlink(path);
}

static lp_status open_text(lp_results **r, const char *text, size_t size, lp_err *err) {
    if (lp_file_write_atomic(path, text, size, err)) fail_msg("%s", err->message);
    return lp_results_open(r, path, err);
}

static void test_both(void **state) {
    (void)state;
    const char *const texts[] = {out, json};
    for (int i = 0; i < 2; i++) {
        lp_results *r;
        lp_err err;
        if (open_text(&r, texts[i], strlen(texts[i]), &err)) fail_msg("%s", err.message);
        assert_true(lp_is_results(path));
        assert_int_equal(lp_results_n_rows(r), 1);
        const lp_result *row = lp_results_row(r, 0), *found;
        assert_string_equal(row->game, "g");
        assert_true(row->n == 3 && row->context_items_max == 9);
        for (int k = 0; k < 3; k++) assert_int_equal(row->episodes[k].outcome, LP_WIN + k);
        cJSON *played = cJSON_Parse("{" PLAYED "\"policy_digest\":\"another player\"}");
        assert_int_equal(lp_results_find(&found, r, played, 0, 3, &err), LP_OK);
        assert_ptr_equal(found, row);
        assert_int_equal(lp_results_find(&found, r, played, 0, 4, &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, "has 3 episodes, not 4"));
        cJSON_ReplaceItemInObject(played, "seed", cJSON_CreateNumber(2));
        assert_int_equal(lp_results_find(&found, r, played, 7, 3, &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, "row 0, g: seed is 1 there, 2 here"));
        cJSON_Delete(played);
        lp_results_close(r);
    }
    if (lp_file_write_atomic(path, "\x7b\x22\0\0\0\0\0\0{}", 10, NULL)) fail_msg("cannot write");
    assert_false(lp_is_results(path)); /* a weight file whose header's size looks like the beginning of JSON */
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        bool json;
        const char *from, *to, *says;
    } changes[] = {{false, "\"episode\":1", "\"episode\":2", "not an episode"},
                   {false, "\"version\":1", "\"version\":2", "version"},
                   {false, "evaluation", "training", "holds no evaluation"},
                   {false, "\"episodes\":3", "\"episodes\":4", "holds 3 of its 4 episodes"},
                   {false, "\"episodes\":3", "\"episodes\":1e9", "rows: episodes must be"},
                   {false, "\"game\":\"g\",", "", "has no game"},
                   {false, "\"rows\":[{", "\"lines\":[{", "rows: must be a list"},
                   {true, "\"games\"", "\"plays\"", "neither what eval --out nor"},
                   {true, "WLT", "WXT", "outcomes: 'X' is none"},
                   {true, "WLT", "", "has no outcomes"},
                   {true, "{\"game\":\"g\",\"finished\":true", "{\"game\":\"g\",\"finished\":false", "is not finished"},
                   {true, "\"knobs\":{\"n\":3}", "\"knobs\":3", "no knobs"},
                   {true, "}],", "}}],", "neither"}};
    lp_results *r;
    lp_err err;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *text = changes[i].json ? json : out, *at = strstr(text, changes[i].from);
        char changed[2048];
        assert_non_null(at);
        int n = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, changes[i].to, at + strlen(changes[i].from));
        lp_status status = open_text(&r, changed, (size_t)n, &err);
        if (status != LP_BAD_INPUT || r || !strstr(err.message, changes[i].says) || strchr(err.message, '\n'))
            fail_msg("%s -> %s: status %d, '%s', not '%s'", changes[i].from, changes[i].to, status, status ? err.message : "",
                     changes[i].says);
    }
    assert_int_equal(lp_results_open(&r, "/nosuch.jsonl", &err), LP_BAD_INPUT);
    lp_rng rng = lp_rng_make(1, 1);
    for (int i = 0; i < 400; i++) { /* cut anywhere, a byte changed: taken or refused, and no more */
        const char *text = i % 2 ? json : out;
        char copy[2048];
        size_t size = strlen(text);
        memcpy(copy, text, size);
        if (i % 4 < 2) size = lp_rng_below(&rng, (uint32_t)size);
        else copy[lp_rng_below(&rng, (uint32_t)size)] ^= (char)(1 + lp_rng_below(&rng, 255));
        if (!open_text(&r, copy, size, &err)) lp_results_close(r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
