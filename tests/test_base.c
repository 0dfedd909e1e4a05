/* base/: settings, atomic files under injected faults and crashes, hashes with known answers, RNG, pool. */
#include "base/arena.h"
#include "base/base64.h"
#include "base/contract.h"
#include "base/config.h"
#include "base/file.h"
#include "base/journal.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/number.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/stop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[PATH_MAX], path[PATH_MAX];

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "file");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

typedef struct {
    int64_t count, mode;
    double rate;
} settings;
static const lp_setting table[] = {
    {"a.count", "how many", LP_SET_INT, offsetof(settings, count), 3, 1, 10, NULL},
    {"a.mode", "which", LP_SET_CHOICE, offsetof(settings, mode), 1, 0, 0, "one|two|three"},
    {"b.rate", "how fast", LP_SET_FLOAT, offsetof(settings, rate), 0.1, 0, 1, NULL},
};

static lp_status read_text(settings *s, const char *text, lp_err *err) {
    assert_int_equal(lp_file_write_atomic(path, text, strlen(text), err), LP_OK);
    return lp_config_read(s, sizeof *s, table, 3, path, err);
}

static void test_config(void **state) {
    (void)state;
    settings s, t;
    lp_err err;
    char text[400];
    lp_config_defaults(&s, table, 3);
    assert_true(s.count == 3 && s.mode == 1 && s.rate == 0.1);
    assert_int_equal(read_text(&s, "; a comment\n[a]\ncount = 7\nmode=three\n[b]\nrate = 1e-3\n", &err), LP_OK);
    assert_true(s.count == 7 && s.mode == 2 && s.rate == 1e-3);
    s.rate = 1.0 / 3; /* printed and read back without loss */
    assert_true(lp_config_print(&s, table, 3, text, sizeof text) < (int)sizeof text);
    lp_config_defaults(&t, table, 3);
    assert_int_equal(read_text(&t, text, &err), LP_OK);
    assert_memory_equal(&s, &t, sizeof s);
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"[a]\ncount = 11\n", ":2: a.count"},
        {"[a]\ncount = 2.5\n", "whole number"},
        {"[a]\ncount = x\n", "not a number"},
        {"[a]\nmode = four\n", "one|two|three"},
        {"[a]\nnope = 1\n", "unknown setting 'a.nope'"},
        {"count = 1\n", "unknown setting 'count'"},
        {"[b]\nrate = nan\n", "not a number"},
        {"[a]\ncount = 4\nrubbish\n", ":3:"},
        {"[b]\nrate = -0.1\n", "between"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        t = s;
        assert_int_equal(read_text(&t, bad[i].text, &err), LP_BAD_INPUT);
        if (!strstr(err.message, bad[i].says)) fail_msg("'%s' does not say '%s'", err.message, bad[i].says);
        assert_memory_equal(&s, &t, sizeof s); /* all or nothing */
    }
    assert_int_equal(lp_file_write_atomic(path, "[a]\n\0count", 10, &err), LP_OK);
    assert_int_equal(lp_config_read(&t, sizeof t, table, 3, path, &err), LP_BAD_INPUT);
    char cut[300]; /* a line that the parser would cut in two */
    for (int length = 197; length < 200; length++) {
        snprintf(cut, sizeof cut, "[a]\n;%0*d\ncount = 4\n", length - 1, 0);
        assert_int_equal(read_text(&t, cut, &err), length > 198 ? LP_BAD_INPUT : LP_OK);
    }
    if (!strstr(err.message, ":2: a line of more than 198 bytes")) fail_msg("%s", err.message);
}

/* Texts of every length up to the field's, spaces anywhere inside, come back as they were. */
static void test_config_text(void **state) {
    (void)state;
    typedef struct {
        char text[600];
        int64_t after;
    } texts;
    static const lp_setting rows[] = {
        {"t.text", "any text", LP_SET_TEXT, offsetof(texts, text), 0, 0, sizeof((texts *)0)->text, NULL},
        {"t.after", "a number", LP_SET_INT, offsetof(texts, after), 0, 0, 9, NULL},
    };
    char ini[1000];
    lp_err err;
    for (size_t n = 0; n < sizeof((texts *)0)->text; n++) {
        texts a, b;
        lp_config_defaults(&a, rows, 2);
        lp_config_defaults(&b, rows, 2);
        for (size_t i = 0; i < n; i++) a.text[i] = i % 7 == 3 && i + 1 < n ? ' ' : i % 7 == 1 ? (i % 2 ? ';' : '#') : (char)('a' + i % 26);
        a.after = 5;
        int length = lp_config_print(&a, rows, 2, ini, sizeof ini);
        assert_int_equal(lp_file_write_atomic(path, ini, (size_t)length, &err), LP_OK);
        if (lp_config_read(&b, sizeof b, rows, 2, path, &err)) fail_msg("%s", err.message);
        assert_memory_equal(&a, &b, sizeof a);
    }
    assert_int_equal(lp_config_print(&(texts){"x", 1}, rows, 2, ini, 3), (int)strlen("[t]\ntext = x\nafter = 1\n"));
    memset(ini, 'x', sizeof ini);
    memcpy(ini, "[t]\ntext = ", 11);
    for (int i = 100; i < 900; i += 100) memcpy(ini + i, "\n  ", 3);
    assert_int_equal(lp_file_write_atomic(path, ini, sizeof ini, &err), LP_OK);
    texts kept = {"kept", 1}, before = kept;
    assert_int_equal(lp_config_read(&kept, sizeof kept, rows, 2, path, &err), LP_BAD_INPUT); /* too long */
    assert_memory_equal(&kept, &before, sizeof kept);
    /* what an .ini would not give back is refused: a comment's beginning, outer spaces, tabs, line ends, a line's worth of '#' */
    char many[200] = "x";
    memset(many + 1, '#', 150);
    const char *bad[] = {";x", "x ;", " x", "x ", "x\ty", "x\ny", "x\r", many};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(lp_config_set(&kept, rows, 2, "t.text", bad[i], &err), LP_BAD_INPUT);
        assert_memory_equal(&kept, &before, sizeof kept);
    }
    many[100] = 'x';
    assert_int_equal(lp_config_set(&kept, rows, 2, "t.text", many, &err), LP_OK);
    assert_int_equal(lp_config_set(&kept, rows, 2, "t.text", "x;y", &err), LP_OK);
}

static void expect_file(const char *text) {
    lp_blob blob;
    lp_err err;
    assert_int_equal(lp_file_read(&blob, path, 100, &err), LP_OK);
    assert_string_equal((char *)blob.data, text);
    lp_blob_free(&blob);
}

static int count_files(void) {
    int n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *d; (d = readdir(dir));) n += d->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void test_atomic_write(void **state) {
    (void)state;
    lp_err err;
    assert_int_equal(lp_file_write_atomic(path, "old", 3, &err), LP_OK);
    for (int n = 0; n < 5; n++) { /* the disk is full after n bytes */
        lp_fault = (lp_fault_plan){.armed = true, .bytes_left = n, .error = ENOSPC};
        assert_int_equal(lp_file_write_atomic(path, "newer", 5, &err), LP_FAILED);
        lp_fault.armed = false;
        assert_non_null(strstr(err.message, path));
        expect_file("old");
    }
    for (int n = 0; n < 5; n++) { /* the process dies after n bytes */
        pid_t child = fork();
        if (!child) {
            lp_fault = (lp_fault_plan){.armed = true, .crash = true, .bytes_left = n};
            lp_file_write_atomic(path, "newer", 5, NULL);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 137);
        expect_file("old");
        assert_int_equal(count_files(), 2); /* what it left is there, and the next write takes it away */
    }
    char other[PATH_MAX + 32]; /* of a process that lives, and of no process at all */
    snprintf(other, sizeof other, "%s.%ld.0.tmp", path, (long)getppid());
    assert_int_equal(symlink("nowhere", other), 0);
    assert_int_equal(lp_file_write_atomic(path, "newer", 5, &err), LP_OK);
    expect_file("newer");
    assert_int_equal(count_files(), 2);
    assert_int_equal(unlink(other), 0);
}

/* Threads that write the same file at once: each writes it whole. */
static void write_again(void *context, int index, int worker) {
    (void)index, (void)worker;
    char text[64];
    lp_err err;
    memset(text, 'a' + index % 26, sizeof text);
    if (lp_file_write_atomic(context, text, sizeof text, &err)) fail_msg("%s", err.message);
}

static void test_write_at_once(void **state) {
    (void)state;
    lp_blob blob;
    lp_err err;
    lp_pool *pool = lp_pool_open(4);
    lp_pool_run(pool, 16, write_again, path);
    lp_pool_close(pool);
    assert_int_equal(lp_file_read(&blob, path, 100, &err), LP_OK);
    assert_int_equal(blob.size_bytes, 64);
    for (int i = 1; i < 64; i++) assert_int_equal(blob.data[i], blob.data[0]);
    lp_blob_free(&blob);
    assert_int_equal(count_files(), 1);
}

/* What the machine lacks is a failure (exit 1), not a fault of the file's (exit 2). */
static void test_no_descriptors(void **state) {
    (void)state;
    lp_blob blob;
    lp_err err;
    struct rlimit all, none;
    getrlimit(RLIMIT_NOFILE, &all);
    none = (struct rlimit){0, all.rlim_max};
    assert_int_equal(lp_file_write_atomic(path, "12345", 5, &err), LP_OK);
    setrlimit(RLIMIT_NOFILE, &none);
    lp_status read = lp_file_read(&blob, path, 100, &err), written = lp_file_write_atomic(path, "1", 1, NULL);
    setrlimit(RLIMIT_NOFILE, &all);
    assert_int_equal(read, LP_FAILED);
    assert_int_equal(written, LP_FAILED);
    assert_non_null(strstr(err.message, strerror(EMFILE)));
    expect_file("12345");
    assert_int_equal(lp_errno_status(ENOSPC), LP_FAILED);
    assert_int_equal(lp_errno_status(ENOENT), LP_BAD_INPUT);
}

static void test_read(void **state) {
    (void)state;
    lp_blob blob;
    lp_err err;
    char missing[PATH_MAX];
    assert_int_equal(lp_file_read(&blob, lp_path_join(missing, sizeof missing, folder, "none"), 100, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "No such file"));
    assert_int_equal(lp_file_read(&blob, folder, 100, &err), LP_BAD_INPUT);
    assert_int_equal(mkfifo(missing, 0666), 0); /* a pipe that nobody writes to */
    assert_int_equal(lp_file_read(&blob, missing, 100, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "not a regular file"));
    unlink(missing);
    assert_int_equal(lp_file_write_atomic(path, "12345", 5, &err), LP_OK);
    assert_int_equal(lp_file_read(&blob, path, 4, &err), LP_BAD_INPUT);
    assert_null(blob.data);
    assert_int_equal(lp_make_dirs(path, &err), LP_BAD_INPUT);
    char deep[PATH_MAX];
    snprintf(deep, sizeof deep, "%s/x/y", folder);
    assert_int_equal(lp_make_dirs(deep, &err), LP_OK);
    assert_int_equal(lp_make_dirs(deep, &err), LP_OK);
    assert_int_equal(rmdir(deep), 0);
    *strrchr(deep, '/') = 0;
    assert_int_equal(rmdir(deep), 0);
}

static void test_hashes(void **state) {
    (void)state;
    char hex[41], block[200];
    lp_sha1_hex("abc", 3, hex); /* FIPS 180-4's examples */
    assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    lp_sha1_hex("", 0, hex);
    assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    lp_sha1_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    assert_string_equal(hex, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    memset(block, 'x', sizeof block);
    assert_true(lp_hash64(block, 200) != lp_hash64(block, 199));
    assert_true(lp_hash64_seed(block, 200, 1) != lp_hash64_seed(block, 200, 2));
}

static void test_rng(void **state) {
    (void)state;
    lp_rng a = lp_rng_make(1, 2), b = lp_rng_make(2, 1), c = a;
    double sum = 0, squares = 0;
    int counts[7] = {0}, same = 0;
    enum { N = 70000 };
    for (int i = 0; i < N; i++) {
        same += lp_rng_u64(&c) == lp_rng_u64(&b);
        float x = lp_rng_normal(&a);
        sum += x, squares += x * x;
        counts[lp_rng_below(&a, 7)]++;
    }
    assert_true(same == 0);
    assert_true(fabs(sum / N) < 0.02 && fabs(squares / N - 1) < 0.03); /* over 5 standard errors */
    for (int i = 0; i < 7; i++) assert_true(abs(counts[i] - N / 7) < 500);
}

static void add_job(void *context, int index, int worker) {
    (void)worker;
    ((int *)context)[index]++;
}

static void slow_job(void *context, int index, int worker) {
    (void)worker;
    volatile unsigned x = 0;
    for (int i = 0; i < 200 * (index % 7); i++) x = x + (unsigned)i;
    ((int *)context)[index]++;
}

/* Lanes under way at once, started and waited for in every order. */
static void test_pool_lanes(void **state) {
    (void)state;
    enum { ROUNDS = 300, JOBS = 40, LANES = 3 };
    for (int threads = 1; threads <= 4; threads++) {
        lp_pool *pool = lp_pool_open(threads);
        int hits[LANES][JOBS] = {{0}};
        lp_rng rng = lp_rng_make(9, 0);
        bool started[LANES] = {false};
        int runs[LANES] = {0};
        for (int round = 0; round < ROUNDS; round++) {
            int lane = (int)lp_rng_below(&rng, LANES);
            if (started[lane]) {
                lp_pool_wait(pool, lane);
                for (int i = 0; i < JOBS; i++) assert_int_equal(hits[lane][i], runs[lane]);
            } else {
                lp_pool_start(pool, lane, JOBS, slow_job, hits[lane]);
                runs[lane]++;
            }
            started[lane] = !started[lane];
            if (round % 10 == 0) { /* run has a lane of its own */
                int more[JOBS] = {0};
                lp_pool_run(pool, JOBS, slow_job, more);
                for (int i = 0; i < JOBS; i++) assert_int_equal(more[i], 1);
            }
        }
        for (int lane = 0; lane < LANES; lane++)
            if (started[lane]) lp_pool_wait(pool, lane);
        lp_pool_close(pool);
    }
}

static void test_pool(void **state) {
    (void)state;
    for (int threads = 1; threads <= 5; threads++) {
        lp_pool *pool = lp_pool_open(threads);
        assert_int_equal(lp_pool_threads(pool), threads);
        int hits[1000] = {0};
        for (int round = 0; round < 50; round++) lp_pool_run(pool, round * 20, add_job, hits);
        for (int i = 0; i < 1000; i++) assert_int_equal(hits[i], 49 - i / 20);
        lp_pool_close(pool);
    }
    lp_arena arena;
    assert_int_equal(lp_arena_open(&arena, lp_arena_need(1) + lp_arena_need(100)), 0);
    char *one = lp_arena_take(&arena, 1), *two = lp_arena_take(&arena, 100);
    assert_true(two - one == 64 && (uintptr_t)one % 64 == 0 && two[99] == 0);
    lp_arena_close(&arena);
}

/* In every build: one line that names the place, then SIGABRT; a condition that holds says nothing and is asked once. */
static void test_check(void **state) {
    (void)state;
    int pipes[2], status, asked = 0;
    char said[256] = "", want[256];
    LP_CHECK(++asked == 1);
    assert_int_equal(asked, 1);
    assert_int_equal(pipe(pipes), 0);
    const int line = __LINE__ + 5;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        dup2(pipes[1], STDERR_FILENO);
        LP_CHECK(asked == 2);
        _exit(0);
    }
    close(pipes[1]);
    assert_true(read(pipes[0], said, sizeof said - 1) > 0);
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    snprintf(want, sizeof want, "longplay: %s:%d: broken contract: asked == 2\n", __FILE__, line);
    assert_string_equal(said, want);
}

/* RFC 4648's own examples, and all bits. */
static void test_base64(void **state) {
    (void)state;
    static const char *const known[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xef\xbe\x00", "/+++AA=="}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char out[32] = "";
        const size_t n = i == 7 ? 4 : strlen(known[i][0]);
        lp_base64(out, known[i][0], n);
        assert_string_equal(out, known[i][1]);
        assert_int_equal(strlen(out), lp_base64_size(n));
    }
}

/* A lock is its process's, also while that has children of its own; one that outlived its process in a child is waited for. */
static void test_lock(void **state) {
    (void)state;
    lp_err err;
    int status, ready[2], fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    char byte;
    assert_true(fd >= 0 && !pipe(ready));
    pid_t child = fork();
    if (!child) {
        int own = open(path, O_RDWR | O_CLOEXEC);
        if (lp_lock(own, path, "tests", NULL)) _exit(1);
        if (fork()) {
            if (write(ready[1], "", 1) != 1) _exit(1);
            pause();
        }
        close(ready[1]);
        while (lp_is_locked(path)) usleep(1000); /* its process is gone */
        usleep(300000);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(lp_lock(fd, path, "tests", &err), LP_BAD_INPUT);
    char want[PATH_MAX + 64];
    snprintf(want, sizeof want, "%s: another process (pid %d) tests", path, (int)child);
    assert_string_equal(err.message, want);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    if (lp_lock(fd, path, "tests", &err)) fail_msg("%s", err.message);
    assert_true(lp_is_locked(path));
    close(fd), close(ready[0]), close(ready[1]);
    assert_int_equal(unlink(path), 0);
}

/* How a process ends that catches signals and sends itself first twice, and then, where it is not 0, second: 0 by itself, or the signal
 * that ended it. */
static int end_of(int first, int second, bool ignores_hangup) {
    int status = 0;
    pid_t child = fork();
    if (!child) {
        signal(SIGHUP, ignores_hangup ? SIG_IGN : SIG_DFL);
        lp_stop_catch();
        bool asked = lp_stop_asked() == 0;
        raise(first);
        raise(first);
        asked = asked && lp_stop_asked() == (ignores_hangup && first == SIGHUP ? 0 : first);
        if (second) usleep(120000); /* by then it is a second one */
        if (second) raise(second);
        _exit(asked ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void test_stop(void **state) {
    (void)state;
    static const int all[] = {SIGINT, SIGTERM, SIGHUP};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(end_of(all[i], 0, false), 0);
        for (int k = 0; k < 3; k++) assert_int_equal(end_of(all[i], all[k], false), all[k]);
    }
    assert_int_equal(end_of(SIGHUP, SIGHUP, true), 0);
}

static void test_duration(void **state) {
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "0:00"},  {59.9, "0:59"}, {3599, "59:59"}, {3600, "1:00:00"}, {360000 + 61, "100:01:01"},
                 {-1, "0:00"}, {NAN, "0:00"},  {1e300, "0:00"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[LP_DURATION_BYTES];
        assert_string_equal(lp_duration(cases[i].seconds, text), cases[i].text);
    }
}

/* Replaced is what is empty or begins as its kind does, and what is not there has a name that leaves room for a temporary's. */
static void test_replaceable(void **state) {
    (void)state;
    static const lp_file_kind kind = {"a log", {"update ", "evaluated: "}};
    static const struct {
        const char *content;
        lp_status status;
    } cases[] = {{"", LP_OK},         {"update 1\n", LP_OK},     {"evaluated: 3", LP_OK},
                 {"u", LP_BAD_INPUT}, {"updates", LP_BAD_INPUT}, {"my thesis, in full", LP_BAD_INPUT}};
    lp_err err;
    char name[PATH_MAX], letters[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(lp_file_write_atomic(path, cases[i].content, strlen(cases[i].content), &err), LP_OK);
        assert_int_equal(lp_file_check_writable(path, &kind, &err), cases[i].status);
        if (cases[i].status) assert_non_null(strstr(err.message, ": is not a log: it is not overwritten"));
    }
    memset(letters, 'x', sizeof letters);
    for (int length = 200; length < 256; length++) {
        snprintf(name, sizeof name, "%s/%.*s", folder, length, letters);
        lp_status status = lp_file_check_writable(name, &kind, &err);
        assert_true(length > 200 || !status);
        if (!status) assert_int_equal(lp_file_write_atomic(name, "x", 1, &err), LP_OK);
        else assert_true(status == LP_BAD_INPUT && strstr(err.message, "cannot write: File name too long"));
        unlink(name);
    }
    assert_int_equal(lp_file_check_writable(name, &kind, &err), LP_BAD_INPUT);
}

static void test_writable(void **state) {
    (void)state;
    static const lp_file_kind picture = {"a picture", {"PNG"}};
    lp_err err;
    char inside[PATH_MAX];
    unlink(path);
    assert_int_equal(lp_file_check_writable(path, NULL, &err), LP_OK);
    assert_false(lp_file_exists(path));
    assert_int_equal(lp_file_check_writable("by-itself", &picture, &err), LP_OK);
    assert_int_equal(lp_file_write_atomic(path, "x", 1, &err), LP_OK);
    assert_int_equal(lp_file_check_writable(path, NULL, &err), LP_OK);
    const char *const bad[] = {"", folder, "/dev/null", lp_path_join(inside, sizeof inside, path, "x"), "no/such/folder/x", "no/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(lp_file_check_writable(bad[i], &picture, &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, "cannot write: "));
    }
}

/* A locale with a comma, made for this; false where that cannot be. */
static bool use_comma(void) {
    char source[PATH_MAX], made[PATH_MAX], command[3 * PATH_MAX];
    const char *text = "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3\nEND LC_NUMERIC\n";
    lp_path_join(source, sizeof source, folder, "comma.src");
    lp_path_join(made, sizeof made, folder, "comma");
    lp_err err;
    if (lp_file_write_atomic(source, text, strlen(text), &err)) fail_msg("%s", err.message);
    snprintf(command, sizeof command, "localedef -c -i '%s' '%s' >/dev/null 2>&1", source, made);
    (void)!system(command); /* it warns of what the locale has not */
    unlink(source);
    setenv("LOCPATH", folder, 1);
    bool there = setlocale(LC_ALL, "comma") != NULL;
    snprintf(command, sizeof command, "rm -r '%s'", made);
    (void)!system(command);
    return there;
}

static void expect_points(void) {
    static const char *const good[] = {"0.25", " 0.25", "2.5e-1 "}, *const bad[] = {"",       " ",   "0,25", "0.25x", "1e999",
                                                                                    "1e-999", "nan", "inf",  "0.25 5"};
    double value;
    char text[40];
    settings s;
    lp_err err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(lp_parse_double(good[i], &value) && value == 0.25);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(lp_parse_double(bad[i], &value));
    assert_true(lp_print_double(text, sizeof text, 1.0 / 3) > 0 && strchr(text, '.') && lp_parse_double(text, &value) && value == 1.0 / 3);
    lp_config_defaults(&s, table, 3);
    assert_int_equal(lp_config_set(&s, table, 3, "b.rate", "0.75", &err), LP_OK);
    lp_config_value(&s, &table[2], text, sizeof text);
    assert_true(s.rate == 0.75 && !strcmp(text, "0.75"));
}

/* Sizes as people write them, and as they are shown. */
static void test_sizes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* -1: none */
        const char *shown;
    } cases[] = {{"20GB", 20000000000, "20 GB"},
                 {"1.5 tb", 1500000000000, "1.5 TB"},
                 {"400MB", 400000000, "400 MB"},
                 {"0", 0, "0 B"},
                 {"999", 999, "999 B"},
                 {"9949KB", 9949000, "9.9 MB"},
                 {"9960KB", 9960000, "10 MB"},
                 {"GB", -1, NULL},
                 {"5 potatoes", -1, NULL},
                 {"-1GB", -1, NULL},
                 {"nan", -1, NULL},
                 {"1e9PB", -1, NULL},
                 {"", -1, NULL},
                 {"2GBs", -1, NULL}};
    char shown[LP_BYTES_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t bytes = -1;
        if (lp_parse_bytes(cases[i].text, &bytes) != (cases[i].bytes >= 0)) fail_msg("'%s'", cases[i].text);
        if (cases[i].bytes < 0) continue;
        assert_int_equal(bytes, cases[i].bytes);
        assert_string_equal(lp_print_bytes(shown, (double)bytes), cases[i].shown);
    }
}

/* Numbers in files have a point, whatever locale somebody has set. */
static void test_numbers(void **state) {
    (void)state;
    char text[8];
    expect_points();
    if (!use_comma()) {
        print_message("skipped: localedef cannot make a locale here\n");
        skip();
    }
    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5"); /* so it is in use */
    expect_points();
    lp_use_decimal_point();
    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1.5");
    uselocale(LC_GLOBAL_LOCALE);
    setlocale(LC_ALL, "C");
}

typedef struct {
    char seen[256];
} seen_lines;

static bool is_told(void *context, const char *line) {
    seen_lines *s = context;
    strcat(strcat(s->seen, line), ";");
    return *line != '!';
}

static void expect_lines(const char *content, const char *seen, const char *says) {
    lp_journal *j;
    lp_err err;
    seen_lines s = {""};
    assert_int_equal(lp_file_replace(path, content, strlen(content), &err), LP_OK);
    assert_int_equal(lp_journal_open(&j, path, "a line", is_told, &s, &err), says ? LP_BAD_INPUT : LP_OK);
    assert_string_equal(s.seen, seen);
    if (says) assert_non_null(strstr(err.message, says));
    *s.seen = 0;
    for (const char *line; !says && (line = lp_journal_line(j)); lp_journal_step(j)) is_told(&s, line);
    if (!says) assert_string_equal(s.seen, seen);
    lp_journal_close(j);
}

/* What a killed or a failed write leaves is no line, and what was there is read again, and nothing that came after. */
static void test_journal(void **state) {
    (void)state;
    lp_journal *j;
    lp_err err;
    seen_lines s = {""};
    assert_int_equal(lp_journal_open(&j, path, "a line", is_told, &s, &err), LP_OK);
    assert_false(lp_file_exists(path));
    assert_int_equal(lp_journal_add(j, "one", &err), LP_OK);
    assert_null(lp_journal_line(j));
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = 2, .error = ENOSPC};
    assert_int_equal(lp_journal_add(j, "lost", &err), LP_FAILED);
    lp_fault.armed = false;
    assert_non_null(strstr(err.message, path));
    assert_int_equal(lp_journal_add(j, "two", &err), LP_OK);
    lp_journal_close(j);
    assert_int_equal(lp_journal_open(&j, path, "a line", is_told, &s, &err), LP_OK);
    assert_string_equal(s.seen, "one;two;");
    assert_int_equal(lp_journal_add(j, "three", &err), LP_OK);
    assert_string_equal(lp_journal_line(j), "one");
    lp_journal_step(j);
    assert_string_equal(lp_journal_line(j), "two");
    lp_journal_step(j);
    assert_null(lp_journal_line(j));
    lp_journal_step(j);
    lp_journal_close(j);
    expect_lines("", "", NULL);
    expect_lines("a\n\nb\n", "a;;b;", NULL);
    expect_lines("a\ncut o", "a;", NULL);
    lp_blob left;
    assert_int_equal(lp_file_read(&left, path, 100, &err), LP_OK);
    assert_string_equal((const char *)left.data, "a\n");
    lp_blob_free(&left);
    expect_lines("a\n!b\nc\n", "a;!b;", ":2: not a line");
    assert_int_equal(lp_journal_open(&j, folder, "a line", is_told, &s, &err), LP_FAILED);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),   cmocka_unit_test(test_config_text),   cmocka_unit_test(test_atomic_write),
        cmocka_unit_test(test_read),     cmocka_unit_test(test_hashes),        cmocka_unit_test(test_rng),
        cmocka_unit_test(test_pool),     cmocka_unit_test(test_pool_lanes),    cmocka_unit_test(test_stop),
        cmocka_unit_test(test_writable), cmocka_unit_test(test_replaceable),   cmocka_unit_test(test_duration),
        cmocka_unit_test(test_check),    cmocka_unit_test(test_write_at_once), cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_lock),          cmocka_unit_test(test_base64),
        cmocka_unit_test(test_sizes),    cmocka_unit_test(test_journal),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
