/* What surrounds the program is not what it should be: little memory, few descriptors, pipes in place of files, names and texts that a
 * terminal would obey, a display that nobody serves. One line, the right exit code, and never a wait for nothing. */
#include "tests/run_support.h"

#include <sys/resource.h>

/* As longplay(), loaded under a limit of the system's. One that is not done after a minute waits or spins for ever. */
static result limited(int which, rlim_t limit, const char *environment, const char *arguments) {
    struct rlimit before;
    int out = scratch_file(), err = scratch_file(), status;
    getrlimit(which, &before);
    setrlimit(which, &(struct rlimit){limit, before.rlim_max});
    pid_t child = start(arguments, environment ? environment : "", out, err);
    setrlimit(which, &before);
    siginfo_t ended = {0};
    for (int ms = 0; !waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT) && !ended.si_pid; ms += 10) {
        struct timespec a_moment = {0, 10000000};
        nanosleep(&a_moment, NULL);
        if (ms < 60000) continue;
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        fail_msg("'%s' does not end", arguments);
    }
    return finish(child, out, err);
}

static result quick(const char *arguments) { return limited(RLIMIT_CORE, 0, NULL, arguments); }

static bool is_loaders(const result *r) { return r->code == 127; } /* it did not come as far as main */

static void expect_done_or_failed(const result *r, const char *what, long limit) {
    if (is_loaders(r) || (!r->code && *r->out)) return;
    if (r->code != 1 || *r->out || lines(r->err) != 1)
        fail_msg("%s with %ld: exit %d, out '%s', err '%s' (want it done, or exit 1 and one line)", what, limit, r->code, r->out, r->err);
}

static void little_memory(void **state) {
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* the sanitizers' own memory is far above any such limit */
#endif
    for (rlim_t mb = 250; mb <= 650; mb += 50) {
        result r = limited(RLIMIT_AS, mb << 20, NULL, "play cue --decisions 3 --json");
        expect_done_or_failed(&r, "play, megabytes", (long)mb);
        r = limited(RLIMIT_AS, mb << 20, NULL, "eval cue --episodes 2 --set horizon=5 --threads 2 --json");
        expect_done_or_failed(&r, "eval, megabytes", (long)mb);
    }
}

static void few_descriptors(void **state) {
    (void)state;
    static const char *const commands[] = {"play cue --policy random --decisions 30 --json --run %/few",
                                           "play --resume --json --run %/run",
                                           "replay %/run --verify --json",
                                           "memory %/run tree --json",
                                           "info %/run --json",
                                           "info %/p.safetensors --json",
                                           "eval cue --policy %/p.safetensors --episodes 1 --set horizon=5 --json"};
    write_policy(at("p.safetensors"), 1);
    assert_int_equal(quick("play cue --policy %/p.safetensors --decisions 30 --run %/run").code, 0);
    for (size_t c = 0; c < sizeof commands / sizeof *commands; c++)
        for (rlim_t n = 5, done = 0; n <= 20 && !done; n++) {
            char arguments[128];
            snprintf(arguments, sizeof arguments, "%s", commands[c]);
            if (!c) snprintf(arguments + strlen(arguments), sizeof arguments - strlen(arguments), "%d", (int)n); /* a run of its own */
            result r = limited(RLIMIT_NOFILE, n, NULL, arguments);
            expect_done_or_failed(&r, arguments, (long)n);
            done += r.code == 0;
        }
}

static void pipe_at(const char *path) {
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void pipes(void **state) {
    (void)state;
    static const char *const commands[] = {"info %/pipe",
                                           "info %/pipe.gb",
                                           "play %/pipe.gb",
                                           "play cue --policy %/pipe",
                                           "eval cue --policy %/pipe",
                                           "play cue --policy %/pipe --run %/none",
                                           "train cue --config %/pipe --out %/none",
                                           "train cue --resume --out %/pipe",
                                           "train cue --out %/log",
                                           "movie import %/pipe cue --run %/none",
                                           "eval %/pipe",
                                           "play %/pipe"};
    pipe_at(at("pipe"));
    pipe_at(at("pipe.gb"));
    pipe_at(at("pipe.train"));
    pipe_at(at("log.log"));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) expect_refused(quick(commands[i]), 2, "", commands[i]);
    assert_int_equal(quick("play cue --policy random --decisions 5 --run %/piped").code, 0);
    static const char *const files[] = {"run.db", "movie.lpm", "config.ini"};
    static const char *const looks[] = {"play --run %/piped --resume", "replay %/piped --verify", "movie export %/piped %/out.bk2"};
    for (int f = 0; f < 3; f++) {
        char path[PATH_MAX], aside[PATH_MAX + 8];
        snprintf(path, sizeof path, "%s/piped/%s", root, files[f]);
        snprintf(aside, sizeof aside, "%s.aside", path);
        assert_int_equal(rename(path, aside), 0);
        pipe_at(path);
        for (int k = 0; k < 3; k++) expect_refused(quick(looks[k]), 2, files[f], looks[k]);
        assert_int_equal(rename(aside, path), 0);
    }
}

/* No byte that a terminal obeys, and nothing but UTF-8. */
static void expect_harmless(const char *text, const char *what) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if ((*c < 32 && *c != '\n' && *c != '\t') || *c == 127 || (*c == 0xc2 && c[1] < 0xa0) || *c >= 0xf5)
            fail_msg("%s: byte %d in '%s'", what, *c, text);
}

static void escapes(void **state) {
    (void)state;
    static const char *const commands[] = {"info %/E",
                                           "info %/E --json",
                                           "memory %/E tree",
                                           "memory %/E show e1s0",
                                           "memory %/E show e1s0 --json",
                                           "memory %/E search zebra",
                                           "memory %/E search zebra --json",
                                           "memory %/E show x\033[31m",
                                           "replay %/E --verify",
                                           "replay %/E --verify --json",
                                           "play --run %/E --resume",
                                           "play %/E/\233none"};
    sqlite3 *db;
    write_policy(at("q.safetensors"), 1);
    assert_int_equal(quick("play cue --policy %/q.safetensors --decisions 30 --run %/E").code, 0);
    assert_int_equal(sqlite3_open(at("E/run.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE items SET text = 'zebra' || char(10) || 'fake' || char(27) || ']0;x' || char(7) || char(155) || "
                                  "char(8238) || CAST(x'ff' AS TEXT);"
                                  "INSERT INTO words(words) VALUES('delete-all');"
                                  "INSERT INTO words(rowid, text) SELECT 4 * decision, text FROM items",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    const char *name = "E\033[2J\xc2\x9b\xe2\x80\xae";
    assert_int_equal(rename(at("E"), at(name)), 0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char arguments[256], *e = strstr(strcpy(arguments, commands[i]), "%/E");
        memmove(e + 2 + strlen(name), e + 3, strlen(e + 3) + 1);
        memcpy(e + 2, name, strlen(name));
        result r = quick(arguments);
        expect_harmless(r.out, commands[i]);
        expect_harmless(r.err, commands[i]);
        bool json = strstr(commands[i], "--json") != NULL;
        if (strstr(commands[i], "zebra") && (r.code || !strstr(r.out, json ? "zebra\\nfake" : "zebra fake") ||
                                             !strstr(r.out, "fake\\u001b]0;x\\u0007\\u009b\\u202e\xef\xbf\xbd")))
            fail_msg("%s: exit %d, '%s', '%s'", commands[i], r.code, r.out, r.err);
    }
}

static void nobody_serves_the_display(void **state) {
    (void)state;
    static const char *const displays[] = {"DISPLAY=:49213", "WAYLAND_DISPLAY=wayland-49213"};
    for (int i = 0; i < 2; i++) {
        char environment[400];
        snprintf(environment, sizeof environment, "%s XDG_RUNTIME_DIR=%s", displays[i], root);
        result r = limited(RLIMIT_CORE, 0, environment, "play cue --policy random --decisions 500 --json");
        if (r.code || !strstr(r.out, "\"decisions\":500")) fail_msg("exit %d, '%s'", r.code, r.err);
        expect_refused(limited(RLIMIT_CORE, 0, environment, "play cue --policy human"), 2, "no display", displays[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_memory), cmocka_unit_test(few_descriptors),           cmocka_unit_test(pipes),
        cmocka_unit_test(escapes),       cmocka_unit_test(nobody_serves_the_display),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
