/* What the tests of runs and of the command line share: a temporary folder, a policy for cue, running the program. */
#ifndef LP_TESTS_CLI_SUPPORT_H
#define LP_TESTS_CLI_SUPPORT_H

#include "base/file.h"
#include "base/log.h"
#include "env/game.h"
#include "policy/policy.h"
#include "tests/fork_server.h"
#include "tests/seed.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char root[256]; /* the test's own temporary folder */

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static inline int make_root(void **state) {
    (void)state;
    snprintf(root, sizeof root, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    return mkdtemp(root) ? 0 : -1;
}

static inline int remove_root(void **state) {
    (void)state;
    remove_tree(root);
    return 0;
}

/* root/name; a few of these can be in use at once. */
static inline const char *at(const char *name) {
    static char paths[8][PATH_MAX];
    static int next;
    next = (next + 1) % 8;
    return lp_path_join(paths[next], PATH_MAX, root, name);
}

static inline void put(const char *path, const void *data, size_t size) {
    lp_err err;
    if (lp_file_write_atomic(path, data, size, &err)) fail_msg("%s", err.message);
}

/* A policy of cue's shape with random weights. */
static inline lp_policy *random_policy(const lp_game *game, int core, uint64_t seed) {
    lp_err err;
    lp_policy *policy;
    lp_policy_config shape = {.n_actions = lp_game_n_actions(game), .hidden = 32, .dim = 8, .core = core};
    lp_game_observation(game, &shape.width, &shape.height);
    if (lp_policy_open(&policy, &shape, seed, &err)) fail_msg("%s", err.message);
    return policy;
}

static inline void write_policy(const char *path, uint64_t seed) {
    lp_err err;
    lp_game *game;
    if (lp_game_open(&game, "cue", &err)) fail_msg("%s", err.message);
    lp_policy *policy = random_policy(game, LP_CORE_NONE, seed);
    const lp_policy_note notes[] = {{"game", "cue"}, {"memory.arch", "tree"}, {"memory.chunk", "8"}};
    if (lp_policy_write(policy, path, notes, 3, &err)) fail_msg("%s", err.message);
    lp_policy_close(policy);
    lp_game_close(game);
}

/* ---- the program ---- */
typedef struct {
    int code; /* exit code, or -signal */
    char out[65536], err[16384];
} result;

enum { MAX_ARGUMENTS = 32 };

/* Starts longplay (the built one, or LONGPLAY_TEST_BINARY) with arguments separated by single spaces; "%" stands for root. environment: "NAME=VALUE NAME=VALUE" or NULL;
 * there is no display unless it says so. NULL: forked by a server, see there; with "" it is loaded for this run. */
static inline pid_t start(const char *arguments, const char *environment, int out, int err) {
    char text[4096], *argv[MAX_ARGUMENTS] = {(char *)"longplay"}, *save = NULL;
    size_t n = 0;
    for (const char *c = arguments; *c && n + sizeof root < sizeof text; c++) {
        if (*c == '%') n += (size_t)snprintf(text + n, sizeof text - n, "%s", root);
        else text[n++] = *c;
    }
    text[n] = 0;
    int argc = 1;
    for (char *one = strtok_r(text, " ", &save); one && argc < MAX_ARGUMENTS - 1; one = strtok_r(NULL, " ", &save)) argv[argc++] = one;
    const char *program = getenv("LONGPLAY_TEST_BINARY") ? getenv("LONGPLAY_TEST_BINARY") : LP_TEST_BINARY;
    pid_t child = -1;
#ifdef LP_FORK_SERVER
    if (!environment) child = fork_server_start(program, argv, (int[]){0, out >= 0 ? out : 1, err >= 0 ? err : 2});
#endif
    if (child < 0) child = fork();
    if (child) return child;
    char *variables = environment ? strdup(environment) : NULL;
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    for (char *one = variables ? strtok_r(variables, " ", &save) : NULL; one; one = strtok_r(NULL, " ", &save)) putenv(one);
    if (out >= 0) dup2(out, 1);
    if (err >= 0) dup2(err, 2);
    execv(program, argv);
    _exit(126);
}

static inline void drain(int fd, char *into, size_t size) {
    size_t n = (size_t)pread(fd, into, size - 1, 0);
    into[n <= size - 1 ? n : 0] = 0;
    close(fd);
}

static inline int scratch_file(void) {
    char path[PATH_MAX];
    lp_path_join(path, sizeof path, root, "output-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static inline result finish(pid_t child, int out, int err) {
    result r = {0};
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    drain(out, r.out, sizeof r.out);
    drain(err, r.err, sizeof r.err);
    return r;
}

static inline result run_with(const char *environment, const char *arguments) {
    int out = scratch_file(), err = scratch_file();
    return finish(start(arguments, environment, out, err), out, err);
}

__attribute__((format(printf, 1, 2))) static inline result longplay(const char *format, ...) {
    char arguments[4096];
    va_list list;
    va_start(list, format);
    vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    return run_with(NULL, arguments);
}

static inline int lines(const char *text) {
    int n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

/* Until the run in root/name has saved decisions: then it is being played. */
static inline void wait_until_played(const char *name) {
    for (int i = 0; i < 1200; i++, usleep(50000)) {
        result r = longplay("info %%/%s --json", name);
        const char *decisions = r.code ? NULL : strstr(r.out, "\"decisions\":");
        if (decisions && atoi(decisions + strlen("\"decisions\":")) > 0) return;
    }
    fail_msg("%s is not played", name);
}

/* Until the child catches SIGTERM, as Linux tells. */
static inline void wait_until_it_catches(pid_t child) {
    char path[64], line[128];
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    for (int i = 0; i < 6000; i++, usleep(10000)) {
        FILE *f = fopen(path, "r");
        unsigned long long caught = 0;
        while (f && fgets(line, sizeof line, f))
            if (sscanf(line, "SigCgt: %llx", &caught) == 1) break;
        if (f) fclose(f);
        if (caught >> (SIGTERM - 1) & 1) return;
    }
    fail_msg("it does not come to catch signals");
}

/* Refused: this exit code, nothing on stdout, exactly one line on stderr, and that line says it. */
static inline void expect_refused(result r, int code, const char *says, const char *what) {
    if (r.code != code || *r.out || lines(r.err) != 1 || !strstr(r.err, says))
        fail_msg("%s: exit %d (want %d), out '%s', err '%s' (want one line with '%s')", what, r.code, code, r.out, r.err, says);
}

/* Runs it: this exit code, and where they are given these words on stdout and stderr; exit code 2 is a refusal as above. */
static inline void expect_run(int code, const char *out, const char *error, const char *arguments) {
    const result r = run_with(NULL, arguments);
    if (code == 2) expect_refused(r, code, error, arguments);
    if (r.code != code || (out && !strstr(r.out, out)) || (error && !strstr(r.err, error)))
        fail_msg("longplay %s: exit %d (want %d)\n%s%s", arguments, r.code, code, r.out, r.err);
}

/* A folder for LONGPLAY_POWERCAP: a processor whose counter of energy stands still. */
static inline void put_energy_counter(const char *folder) {
    static const char *const files[][2] = {{"name", "package-0"}, {"energy_uj", "1000"}, {"max_energy_range_uj", "65532610987"}};
    char name[128];
    mkdir(at(folder), 0755);
    snprintf(name, sizeof name, "%s/intel-rapl:0", folder);
    assert_int_equal(mkdir(at(name), 0755), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(name, sizeof name, "%s/intel-rapl:0/%s", folder, files[i][0]);
        put(at(name), files[i][1], strlen(files[i][1]));
    }
}

#endif
