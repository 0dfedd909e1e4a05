/* What is told of a training that goes wrong: each thing when it has lasted, once, and again after it was over. And nothing of the trainings that
 * ship, by their logs. */
#include "train/doubts.h"

#include "base/file.h"

#include <cjson/cJSON.h>
#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MADE = 8192, ACTIONS = 5 };
static lp_train_doubts doubts;
static char line[LP_DOUBT_BYTES];

/* An update in which all is well. */
static lp_train_stats well(void) {
    static int64_t decisions;
    lp_train_stats s = {.decisions = decisions += MADE, .level = "horizon 4", .episodes = 100, .wins = 50, .win_rate = 0.5};
    s.learning.entropy = 1.2, s.learning.kl = 0.01;
    return s;
}

/* Updates until something is told; -1: nothing, in n. */
static int told_after(lp_train_stats (*next)(void), int n) {
    for (int i = 1; i <= n; i++) {
        const lp_train_stats s = next();
        if (lp_train_doubt(&doubts, &s, ACTIONS, line)) return i;
    }
    return -1;
}

static lp_train_stats learns(void) {
    lp_train_stats s = well();
    snprintf(s.level, sizeof s.level, "horizon %d", (int)(s.decisions / (100 * MADE)));
    return s;
}
static lp_train_stats wins_all(void) {
    lp_train_stats s = well();
    s.win_rate = 0.95, s.learning.entropy = 0;
    return s;
}
static lp_train_stats loses(void) {
    lp_train_stats s = well();
    s.wins = 0, s.win_rate = 0;
    return s;
}
static lp_train_stats stands(void) { return well(); }
static lp_train_stats is_sure(void) {
    lp_train_stats s = well();
    s.learning.entropy = 0.001;
    return s;
}
static lp_train_stats goes_far(void) {
    lp_train_stats s = well();
    s.learning.kl = 0.3;
    return s;
}

static void expect(lp_train_stats (*next)(void), int64_t decisions, const char *says) {
    doubts = (lp_train_doubts){0};
    const int want = (int)((decisions + MADE - 1) / MADE) + 1; /* the first update only begins */
    for (int again = 0; again < 2; again++) {
        assert_int_equal(told_after(next, 2 * want), again ? want - 1 : want);
        if (!strstr(line, says)) fail_msg("'%s' does not say '%s'", line, says);
        assert_int_equal(told_after(next, 20), -1); /* once */
        if (told_after(learns, 200) >= 0) fail_msg("told, though it is over: %s", line);
    }
}

static void test_told(void **state) {
    (void)state;
    expect(loses, LP_DOUBT_NO_WIN, "not one of the last ");
    expect(is_sure, LP_DOUBT_SURE, "tries nothing any more: entropy 0.0010 of 1.61 nats, 50.0 % of episodes won");
    expect(goes_far, LP_DOUBT_FAR, "a divergence of 0.30 nats");
    doubts = (lp_train_doubts){0};
    assert_in_range(told_after(stands, 1000), LP_DOUBT_STANDS / MADE, LP_DOUBT_STANDS / MADE + 3);
    assert_non_null(strstr(line, "50.0 % of episodes won at horizon 4"));
    doubts = (lp_train_doubts){0};
    assert_int_equal(told_after(wins_all, 1000), -1); /* who wins may be sure, and stand */
}

static double number(const cJSON *o, const char *name) {
    const cJSON *v = cJSON_GetObjectItem(o, name);
    return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

static void test_trainings_that_ship(void **state) {
    (void)state;
    glob_t logs;
    int updates = 0;
    assert_int_equal(glob(LP_SOURCE_DIR "/games/*/*.safetensors.log", 0, NULL, &logs), 0);
    for (size_t i = 0; i < logs.gl_pathc; i++) {
        lp_blob file;
        lp_err err;
        char *save = NULL;
        if (lp_file_read(&file, logs.gl_pathv[i], 16 << 20, &err)) fail_msg("%s", err.message);
        doubts = (lp_train_doubts){0};
        for (char *text = strtok_r((char *)file.data, "\n", &save); text; text = strtok_r(NULL, "\n", &save)) {
            cJSON *o = cJSON_Parse(text), *level = cJSON_GetObjectItem(o, "level");
            char *shown = level ? cJSON_PrintUnformatted(level) : NULL;
            if (cJSON_GetObjectItem(o, "update") && !isnan(number(o, "kl"))) {
                lp_train_stats s = {.decisions = (int64_t)number(o, "decisions"), .win_rate = number(o, "win_rate")};
                s.episodes = isnan(number(o, "episodes")) ? 1 : (int64_t)number(o, "episodes");
                s.wins = isnan(number(o, "wins")) ? 1 : (int64_t)number(o, "wins");
                s.learning.entropy = number(o, "entropy"), s.learning.kl = number(o, "kl");
                snprintf(s.level, sizeof s.level, "%s", shown ? shown : "");
                if (lp_train_doubt(&doubts, &s, ACTIONS, line)) fail_msg("%s: %s", logs.gl_pathv[i], line);
                updates++;
            }
            cJSON_free(shown);
            cJSON_Delete(o);
        }
        lp_blob_free(&file);
    }
    globfree(&logs);
    assert_true(updates > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_told), cmocka_unit_test(test_trainings_that_ship)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
