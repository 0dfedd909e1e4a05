/* Want of memory: one allocation of the program fails, the first, the second and so on (or from one on all of them). Whatever it was
 * doing, it says so in one line and exits with 1 (compare: 2), leaves no temporary file, and loses nothing: the same again ends as if nothing had
 * been. Allocations of the libraries that say what failed are swept too. libmgba's and SDL's are not: those two write through
 * NULL. The points are tried more and more sparsely; LONGPLAY_TEST_SEED chooses which. */
#include "tests/cli_support.h"

#include "base/hash.h"
#include "base/rng.h"
#include "tests/alloc_failure.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
enum { DENSE_OWN = 3, DENSE_LIBRARY = 2 };
#else
enum { DENSE_OWN = 6, DENSE_LIBRARY = 3 }; /* so many points one by one, then each step about a DENSEth of the way */
#endif
enum { HANG_S = 120 };

typedef struct {
    const char *name;
    const char *before[3]; /* commands that make %/kept, which is copied to %/now each time */
    const char *command;
    const char *again[2]; /* what then ends what the command began: if it is there / from nothing */
    const char *there;    /* the file that tells */
    const char *result;   /* a file whose bytes are the result, or a key of the last JSON */
} task;

#define PLAY "play cue --headless --policy %/w.safetensors --set horizon=20 --json --run %/now/run"
#define TRAIN                                                                                                                              \
    "train cue --train.envs=4 --train.steps=8 --ppo.minibatches=2 --threads 2 --eval-episodes 2 --policy.hidden=32 --curriculum.end=8 "

static const task tasks[] = {
    {"play", {NULL}, PLAY " --episodes 2", {PLAY " --episodes 2 --resume", PLAY " --episodes 2"}, "run", "state_hash"},
    {"resume", {PLAY " --episodes 1"}, PLAY " --episodes 2 --resume", {PLAY " --episodes 2 --resume"}, "run", "state_hash"},
    {"train",
     {NULL},
     TRAIN "--out %/now/w.safetensors --train.decisions=64",
     {TRAIN "--out %/now/w.safetensors --train.decisions=64 --resume", TRAIN "--out %/now/w.safetensors --train.decisions=64"},
     "w.safetensors.train",
     "w.safetensors"},
    {"train --resume",
     {TRAIN "--out %/now/w.safetensors --train.decisions=32"},
     TRAIN "--out %/now/w.safetensors --train.decisions=64 --resume",
     {TRAIN "--out %/now/w.safetensors --train.decisions=64 --resume"},
     "w.safetensors.train",
     "w.safetensors"},
    {"eval",
     {NULL},
     "eval cue --policy %/w.safetensors --episodes 4 --threads 2 --set horizon=20 --json",
     {NULL, "eval cue --policy %/w.safetensors --episodes 4 --threads 2 --set horizon=20 --json"},
     "-",
     "wins"},
    {"suite",
     {NULL},
     "eval %/s.json --policy random --threads 2 --json",
     {NULL, "eval %/s.json --policy random --threads 2 --json"},
     "-",
     "wins"},
    {"compare", /* 1 would be a regression */
     {NULL},
     "compare random %/w.safetensors --games %/s.json --alpha 0.4 --episodes 4 --threads 2 --json",
     {NULL, "compare random %/w.safetensors --games %/s.json --alpha 0.4 --episodes 4 --threads 2 --json"},
     "-",
     "lost"},
    {"movie import",
     {NULL},
     "movie import %/m.bk2 cue --run %/now/run --json",
     {"replay %/now/run --verify --json", "movie import %/m.bk2 cue --run %/now/run --json"},
     "run",
     "state_hash"},
    {"movie export", {NULL}, "movie export %/run %/now/m.bk2 --json", {NULL, "movie export %/run %/now/m.bk2 --json"}, "-", "m.bk2"},
    {"replay", {NULL}, "replay %/run --verify --json", {NULL, "replay %/run --verify --json"}, "-", "state_hash"},
    {"memory tree", {NULL}, "memory %/run tree --json", {NULL, "memory %/run tree --json"}, "-", "summaries"},
    {"memory show", {NULL}, "memory %/run show e1L1.0 --json", {NULL, "memory %/run show e1L1.0 --json"}, "-", "rows"},
};
enum { N_TASKS = sizeof tasks / sizeof *tasks };

static uint64_t seed;
static alloc_failure_plan *plan;

/* ---- the program under the plan ---- */

static result run_planned(const char *command, const char *from, int64_t fail_at, int64_t n_fail) {
    *plan = (alloc_failure_plan){.fail_at = fail_at, .n_fail = n_fail};
    snprintf(plan->from, sizeof plan->from, "%s", from);
    int out = scratch_file(), err = scratch_file();
    pid_t child = start(command, NULL, out, err);
    for (double end_s = lp_now_s() + HANG_S; !waitpid(child, NULL, WNOHANG | WNOWAIT); usleep(1000))
        if (lp_now_s() > end_s) kill(child, SIGKILL);
    return finish(child, out, err);
}

/* What the program came to, as text the caller frees. */
static char *outcome_of(const task *t, const result *r) {
    char path[PATH_MAX], text[64];
    lp_blob blob;
    lp_err err;
    if (lp_file_exists(lp_path_join(path, sizeof path, at("now"), t->result))) {
        if (lp_file_read(&blob, path, (size_t)64 << 20, &err)) fail_msg("%s", err.message);
        snprintf(text, sizeof text, "%016llx", (unsigned long long)lp_hash64(blob.data, blob.size_bytes));
        lp_blob_free(&blob);
        return strdup(text);
    }
    cJSON *o = cJSON_Parse(r->out), *games = cJSON_GetObjectItem(o, "games");
    cJSON *found = cJSON_GetObjectItem(games ? cJSON_GetArrayItem(games, 0) : o, t->result);
    char *printed = found ? cJSON_PrintUnformatted(found) : strdup("nothing");
    cJSON_Delete(o);
    return printed;
}

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    char to[PATH_MAX];
    (void)st, (void)ftw;
    snprintf(to, sizeof to, "%s/now%s", root, path + strlen(root) + strlen("/kept"));
    if (type == FTW_D) return mkdir(to, 0777);
    lp_blob blob;
    lp_err err;
    if (lp_file_read(&blob, path, (size_t)64 << 20, &err) || lp_file_write_atomic(to, blob.data, blob.size_bytes, &err))
        fail_msg("%s", err.message);
    lp_blob_free(&blob);
    return 0;
}

static void start_afresh(void) {
    remove_tree(at("now"));
    assert_int_equal(nftw(at("kept"), copy_one, 16, FTW_PHYS), 0);
}

/* ---- what may be left, and what must be said ---- */

static const char *point; /* where we are, for messages */

static int look_at_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    static const char *const names[] = {
        "run",        "run.json", "run.db",        "run.db-wal",          "run.db-shm",        "movie.lpm",
        "config.ini", "m.bk2",    "w.safetensors", "w.safetensors.train", "w.safetensors.log", "w.safetensors.64.eval"};
    (void)st, (void)type;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!ftw->level || !strcmp(path + ftw->base, names[i])) return 0;
    fail_msg("%s: left behind: %s", point, path);
    return 1;
}

static void expect_one_line(const result *r, int code) {
    int n = 0;
    for (const char *line = r->err; (line = strstr(line, "longplay: ")); line++) n += line == r->err || line[-1] == '\n';
    bool says = strstr(r->err, "memory") || strstr(r->err, "threads") || strstr(r->err, "RAM");
    if (r->code != code || n != 1 || !says) fail_msg("%s: exit %d, '%s' (want %d and a line about memory)", point, r->code, r->err, code);
}

/* ---- the sweep ---- */

/* False: it makes fewer allocations than n. *tolerated: it could do without, and ended well. */
static bool try_point(const task *t, const char *from, int64_t n, int64_t n_fail, const char *expected, bool *tolerated) {
    char text[160], path[PATH_MAX];
    snprintf(text, sizeof text, "%s, %s%s %lld%s of %s", t->name, "allocation", n_fail > 1 ? "s from" : "", (long long)n,
             n_fail > 1 ? " on" : "", *from ? from : "its own");
    point = text;
    start_afresh();
    result r = run_planned(t->command, from, n, n_fail);
    if (!plan->failed) return false;
    *tolerated = r.code == 0;
    if (r.code) expect_one_line(&r, !strcmp(t->name, "compare") ? 2 : 1);
    nftw(at("now"), look_at_one, 16, FTW_PHYS);
    bool there = lp_file_exists(lp_path_join(path, sizeof path, at("now"), t->there));
    if (r.code) {
        r = run_planned(there || !t->again[1] ? t->again[0] : t->again[1], from, 0, 0);
        if (r.code) fail_msg("%s: the same again: exit %d, %s", point, r.code, r.err);
    }
    char *outcome = outcome_of(t, &r);
    if (strcmp(outcome, expected)) fail_msg("%s: ended with %s %s instead of %s", point, t->result, outcome, expected);
    free(outcome);
    return true;
}

static void sweep(const task *t, const char *from, const char *expected) {
    lp_rng rng = lp_rng_make(seed, 31);
    int64_t n_points = 0, n_tolerated = 0, n = 1;
    bool tolerated = false;
    while (try_point(t, from, n, lp_rng_below(&rng, 4) ? 1 : INT64_MAX / 2, expected, &tolerated)) {
        n_points++;
        n_tolerated += tolerated;
        n += 1 + (int64_t)lp_rng_below(&rng, (uint32_t)(2 * n / (*from ? DENSE_LIBRARY : DENSE_OWN) + 1));
    }
    print_message("%-15s %-12s %4lld of %lld allocations failed, %lld did no harm\n", t->name, *from ? from : "its own",
                  (long long)n_points, (long long)plan->count, (long long)n_tolerated);
}

static void sweep_task(void **state) {
    const task *t = *state;
    remove_tree(at("now")), remove_tree(at("kept"));
    assert_int_equal(mkdir(at("now"), 0777), 0);
    for (int i = 0; i < 3 && t->before[i]; i++) {
        result r = run_planned(t->before[i], "", 0, 0);
        if (r.code) fail_msg("%s: %s", t->name, r.err);
    }
    assert_int_equal(rename(at("now"), at("kept")), 0);
    start_afresh();
    result r = run_planned(t->command, "", 0, 0);
    if (r.code || !plan->count) fail_msg("%s: exit %d after %lld allocations: %s", t->name, r.code, (long long)plan->count, r.err);
    char *expected = outcome_of(t, &r);
    assert_string_not_equal(expected, "nothing");
#ifdef __SANITIZE_ADDRESS__
    static const char *const whose[] = {"", "libsqlite3", "libzip"}; /* the sanitizer itself cannot do without libc's */
#else
    static const char *const whose[] = {"", "libsqlite3", "libzip", "libc.so"};
#endif
    for (size_t i = 0; i < sizeof whose / sizeof *whose; i++) sweep(t, whose[i], expected);
    free(expected);
}

/* ---- what all of them use ---- */

static int make_all(void **state) {
    static const char suite[] = "{\"games\": [{\"game\": \"cue\", \"episodes\": 3, \"knobs\": {\"horizon\": 12}}]}";
    if (make_root(state)) return -1;
    seed = test_seed();
    int fd = open(at("plan"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *plan)) return -1;
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    setenv("LD_PRELOAD", LP_ALLOC_FAILURE, 1);
    setenv("LONGPLAY_ALLOC_FAILURE", at("plan"), 1);
    write_policy(at("w.safetensors"), 3);
    put(at("s.json"), suite, sizeof suite - 1);
    result r = longplay("play cue --headless --policy %%/w.safetensors --set horizon=20 --run %%/run --episodes 2");
    if (!r.code) r = longplay("movie export %%/run %%/m.bk2");
    if (r.code) print_error("%s", r.err);
    return plan == MAP_FAILED || r.code ? -1 : 0;
}

int main(void) {
    struct CMUnitTest tests[N_TASKS];
    for (int i = 0; i < N_TASKS; i++)
        tests[i] = (struct CMUnitTest){.name = tasks[i].name, .test_func = sweep_task, .initial_state = (void *)&tasks[i]};
    return cmocka_run_group_tests(tests, make_all, remove_root);
}
