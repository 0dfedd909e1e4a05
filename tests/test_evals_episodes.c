/* The file of an evaluation's episodes: in order when it is whole, whatever it was stopped by; cut at every byte; refused when it is
 * another evaluation's, damaged, or another process's. */
#include "evals/episodes.h"

#include "base/file.h"
#include "base/rng.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { ROWS = 2, EPISODES = 12 };
static char folder[PATH_MAX], path[PATH_MAX];
static cJSON *head;

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "episodes.jsonl");
    head = cJSON_Parse("{\"longplay\":\"evaluation\",\"version\":1,\"rows\":[{\"seed\":1,\"knobs\":{\"n\":3},\"episodes\":12},"
                       "{\"seed\":2,\"knobs\":{\"n\":4},\"episodes\":12}]}");
    return head ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    cJSON_Delete(head);
    unlink(path);
    return rmdir(folder);
}

static lp_eval_episode result_of(int row, int64_t episode) {
    return (lp_eval_episode){.decisions = 10 * row + episode + 1,
                             .context_items_max = (int)episode,
                             .items_read = episode % 2 ? 1000 * episode : -1, /* not known: a line of before it was counted */
                             .outcome = LP_WIN + (lp_outcome)(episode % 3)};
}

static lp_episodes *open_file(void) {
    lp_err err;
    lp_episodes *f;
    if (lp_episodes_open(&f, path, head, &err)) fail_msg("%s", err.message);
    return f;
}

/* Adds what is not there yet, at most n of it, from the last to the first. */
static void add(lp_episodes *f, int n) {
    for (int i = ROWS * EPISODES - 1; i >= 0 && n > 0; i--) {
        lp_err err;
        const lp_eval_episode e = result_of(i / EPISODES, i % EPISODES);
        if (lp_episodes_row(f, i / EPISODES)[i % EPISODES].outcome != LP_RUNNING) continue;
        lp_episodes_row(f, i / EPISODES)[i % EPISODES] = e;
        if (lp_episodes_add(lp_episodes_at(f, i / EPISODES), i % EPISODES, &e, &err)) fail_msg("%s", err.message);
        n--;
    }
}

static void close_file(lp_episodes *f) {
    lp_err err;
    if (lp_episodes_close(f, &err)) fail_msg("%s", err.message);
}

static lp_blob content(void) {
    lp_blob file;
    lp_err err;
    if (lp_file_read(&file, path, 1 << 20, &err)) fail_msg("%s", err.message);
    return file;
}

static void put(const void *data, size_t size) { assert_int_equal(lp_file_write_atomic(path, data, size, NULL), LP_OK); }

static bool is(const lp_blob *whole) {
    lp_blob now = content();
    bool same = now.size_bytes == whole->size_bytes && !memcmp(now.data, whole->data, now.size_bytes);
    lp_blob_free(&now);
    return same;
}

/* Stopped after any number of episodes and cut at any byte, it goes on to the same file. */
static void test_goes_on(void **state) {
    (void)state;
    unlink(path);
    lp_episodes *f = open_file();
    add(f, INT_MAX);
    close_file(f);
    lp_blob whole = content();
    const char *second = strchr((char *)whole.data, '\n') + 1;
    assert_int_equal(strncmp(second, "{\"row\":0,\"episode\":0,\"outcome\":\"win\",\"decisions\":1,\"context_items\":0}\n", 68), 0);
    assert_non_null(strstr(second, "\"episode\":1,\"outcome\":\"loss\",\"decisions\":2,\"context_items\":1,\"items_read\":1000}\n"));
    for (int n = 0; n < ROWS * EPISODES; n += 5) {
        unlink(path);
        f = open_file();
        add(f, n);
        close_file(f);
        f = open_file();
        int known = 0;
        for (int i = 0; i < ROWS * EPISODES; i++) {
            const lp_eval_episode *e = &lp_episodes_row(f, i / EPISODES)[i % EPISODES], want = result_of(i / EPISODES, i % EPISODES);
            known += e->outcome != LP_RUNNING;
            assert_true(e->outcome == LP_RUNNING || (e->outcome == want.outcome && e->decisions == want.decisions &&
                                                     e->context_items_max == want.context_items_max && e->items_read == want.items_read));
        }
        assert_int_equal(known, n);
        add(f, INT_MAX);
        close_file(f);
        assert_true(is(&whole));
    }
    for (size_t size = 0; size < whole.size_bytes; size += size < 300 ? 1 : 29) {
        put(whole.data, size);
        f = open_file();
        add(f, INT_MAX);
        close_file(f);
        assert_true(is(&whole));
    }
    lp_blob_free(&whole);
}

static void refused(const char *data, size_t size, const char *says) {
    lp_err err;
    lp_episodes *f;
    put(data, size);
    lp_blob before = content();
    if (lp_episodes_open(&f, path, head, &err) != LP_BAD_INPUT || !strstr(err.message, says) || !is(&before))
        fail_msg("'%s', want '%s'", err.message, says);
    lp_blob_free(&before);
}

static void test_refused(void **state) {
    (void)state;
    static const char *const changes[][3] = {
        {"\"seed\":2", "\"seed\":3", "rows[1].seed is 3 there, 2 here"},
        {"\"n\":3", "\"n\":5", "rows[0].knobs.n is 5 there, 3 here"},
        {"\"n\":3", "\"m\":3", "rows[0].knobs.n is missing there, 3 here"},
        {"\"n\":3", "\"n\":3,\"o\":1", "rows[0].knobs is {\"n\":3,\"o\":1} there, {\"n\":3} here"},
        {"\"version\":1", "\"version\":2", "version is 2 there, 1 here"},
        {"evaluation", "training", "holds no evaluation"},
        {"\"win\"", "\"won\"", ":2: not an episode"},
        {"\"episode\":1,", "\"episode\":0,", ":3: not an episode"},
        {"\"episode\":1,", "\"episode\":12,", ":3: not an episode"},
        {"\"episode\":1,", "\"episode\":-1,", ":3: not an episode"},
        {"\"row\":1", "\"row\":2", ":14: not an episode"},
        {"\"decisions\":2", "\"decisions\":2.5", ":3: not an episode"},
        {"\"row\":1", "\"row\":1e999", ":14: not an episode"},
    };
    unlink(path);
    lp_episodes *f = open_file();
    add(f, INT_MAX);
    close_file(f);
    lp_blob whole = content();
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char text[8192], *at = strstr((char *)whole.data, changes[i][0]);
        assert_non_null(at);
        int n = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - (char *)whole.data), (char *)whole.data, changes[i][1],
                         at + strlen(changes[i][0]));
        refused(text, (size_t)n, changes[i][2]);
    }
    refused("hello\n", 6, "holds no evaluation");
    refused("hello", 5, "holds no evaluation");
    lp_rng rng = lp_rng_make(1, 1); /* whatever a byte is changed to: taken or refused, and no more */
    for (int i = 0; i < 100; i++) {
        lp_err err;
        lp_blob copy = whole;
        copy.data = malloc(whole.size_bytes);
        memcpy(copy.data, whole.data, whole.size_bytes);
        copy.data[lp_rng_below(&rng, (uint32_t)whole.size_bytes)] ^= (unsigned char)(1 + lp_rng_below(&rng, 255));
        put(copy.data, copy.size_bytes);
        if (!lp_episodes_open(&f, path, head, &err)) lp_episodes_close(f, &err);
        free(copy.data);
    }
    lp_blob_free(&whole);
}

/* Nobody else writes it; a full disk fails, and leaves what it holds. */
static void test_writers(void **state) {
    (void)state;
    int status;
    lp_err err;
    unlink(path);
    lp_episodes *f = open_file(), *other;
    pid_t child = fork();
    if (!child) _exit(lp_episodes_open(&other, path, head, &err) == LP_BAD_INPUT && strstr(err.message, "another process (pid") ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    add(f, 3);
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = 20, .error = 28};
    const lp_eval_episode e = result_of(0, 0);
    assert_int_equal(lp_episodes_add(lp_episodes_at(f, 0), 0, &e, &err), LP_FAILED);
    lp_fault = (lp_fault_plan){0};
    close_file(f);
    f = open_file();
    int known = 0;
    for (int i = 0; i < ROWS * EPISODES; i++) known += lp_episodes_row(f, i / EPISODES)[i % EPISODES].outcome != LP_RUNNING;
    assert_int_equal(known, 3);
    close_file(f);
    unlink(path);
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = 20, .error = 28};
    assert_int_equal(lp_episodes_open(&f, path, head, &err), LP_FAILED);
    lp_fault = (lp_fault_plan){0};
    assert_false(lp_file_exists(path));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_goes_on), cmocka_unit_test(test_refused), cmocka_unit_test(test_writers)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
