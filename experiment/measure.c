/* How much memory trainings and evaluations take: each kind is tried once, in a process of its own. */
#include "experiment/plan.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/stop.h"
#include "harness/seat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Data and stacks of this process, as Linux tells. */
static int64_t data_bytes(void) {
    long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*d %*d %*d %*d %*d %lld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

int64_t lp_plan_machine_bytes(void) {
    static const char *const limits[] = {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    for (int i = 0; i < 2; i++) {
        long long limit;
        FILE *f = fopen(limits[i], "re");
        if (f && fscanf(f, "%lld", &limit) == 1 && limit > 0 && limit < bytes) bytes = limit;
        if (f) fclose(f);
    }
    return bytes;
}

typedef struct {
    lp_status status;
    lp_err err;
    int64_t bytes;
} measured;

/* What is tried. */
typedef struct {
    const lp_game *game;
    const lp_plan_cell *cell;
    const lp_mem_config *memory; /* an evaluation under it; NULL: a training */
    int n_threads;
    double least_bytes; /* the memories of all its environments, and their contexts */
} trial;

static lp_status open_players(const trial *t, lp_err *err) {
    const lp_policy_config shape = lp_train_shape(&t->cell->config, t->game);
    lp_policy *policy = NULL;
    lp_status status = lp_policy_open(&policy, &shape, 1, err);
    for (int i = 0; i < t->n_threads && !status; i++) {
        static lp_seat seats[LP_EVAL_GROUP];
        lp_actor *actor;
        status = lp_actor_open(&actor, policy, LP_EVAL_GROUP, lp_mem_max_context(t->memory) + 1, err);
        for (int k = 0; k < LP_EVAL_GROUP && !status; k++) status = lp_seat_open(&seats[k], t->game, t->memory, policy, NULL, err);
    }
    return status;
}

/* In a child, so that one that takes too much takes nobody along; its end frees all. */
static void measure_here(const trial *t, measured *m) {
    lp_train *train = NULL;
    int64_t before = data_bytes();
    if (t->memory) m->status = open_players(t, &m->err);
    else m->status = lp_train_open(&train, t->game, &t->cell->config, LP_DEVICE_CPU, t->n_threads, &m->err);
    m->bytes = data_bytes() - before;
}

static lp_status too_much(const char *what, double bytes, int64_t there, lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "%s: needs more memory than there is: %.1f GiB of %.1f", what, bytes / (1 << 30),
                   (double)there / (1 << 30));
}

static lp_status measure(const trial *t, const char *label, int64_t *bytes, lp_err *err) {
    measured m = {.status = LP_FAILED};
    int ends[2], exit_status = 0;
    const int64_t there = lp_plan_machine_bytes();
    char what[640];
    snprintf(what, sizeof what, "%s%s%s%s%s", lp_game_name(t->game), *t->cell->variant ? " " : "", t->cell->variant,
             t->memory ? ", evaluated with memory " : "", t->memory ? label : "");
    if (t->least_bytes > (double)there) return too_much(what, t->least_bytes, there, err);
    if (pipe(ends)) return lp_fail(err, LP_FAILED, "cannot start a process: %s", strerror(errno));
    pid_t child = fork();
    if (!child) {
        measure_here(t, &m);
        _exit(write(ends[1], &m, sizeof m) != sizeof m);
    }
    close(ends[1]);
    if (child < 0) lp_fail(&m.err, LP_FAILED, "cannot start a process: %s", strerror(errno));
    else if (read(ends[0], &m, sizeof m) != sizeof m) m.status = LP_FAILED;
    close(ends[0]);
    if (child > 0) waitpid(child, &exit_status, 0);
    if (child < 0) return lp_fail(err, LP_FAILED, "%s", m.err.message);
    if (m.status == LP_FAILED) return lp_fail(err, LP_BAD_INPUT, "%s: needs more memory than there is", what);
    if (m.status) return lp_fail(err, LP_BAD_INPUT, "%s: %.300s", what, m.err.message);
    *bytes = m.bytes;
    return *bytes <= there ? LP_OK : too_much(what, (double)*bytes, there, err);
}

/* Of all that memory hangs on, and more; not of what is learned from and how. */
static uint64_t shape_of(const lp_plan *p, const lp_plan_cell *c) {
    lp_train_config config, usual;
    int size[2];
    lp_config_defaults(&usual, lp_train_settings(), lp_n_train_settings());
    config = c->config;
    config.seed = usual.seed, config.curriculum = usual.curriculum, config.final_rate = usual.final_rate;
    config.ppo.rate = usual.ppo.rate, config.ppo.gamma = usual.ppo.gamma;
    lp_game_observation(p->games[c->game].game, &size[0], &size[1]);
    return lp_hash64_seed(size, sizeof size, lp_train_hash(&config, p->games[c->game].game));
}

/* What was tried. */
typedef struct {
    uint64_t shape;
    int64_t bytes;
} known;

static int64_t find(const known *all, int n, uint64_t shape) {
    for (int i = 0; i < n; i++)
        if (all[i].shape == shape) return all[i].bytes;
    return 0;
}

static lp_status measure_trainings(lp_plan *p, int n_threads, known *all, lp_err *err) {
    lp_status status = LP_OK;
    int n = 0;
    for (int i = 0; i < p->n_cells && !status && !lp_stop_asked(); i++) {
        lp_plan_cell *c = &p->cells[i];
        if (c->status == LP_DONE || c->bytes) continue;
        uint64_t shape = shape_of(p, c);
        if ((c->bytes = find(all, n, shape))) continue;
        lp_progress("how much memory the trainings take: %d of %d", i, p->n_cells);
        status = measure(&(trial){p->games[c->game].game, c, NULL, n_threads, (double)c->memory_bytes * (double)c->config.envs}, "",
                         &c->bytes, err);
        all[n++] = (known){shape, c->bytes};
    }
    return status;
}

static lp_status measure_evaluations(lp_plan *p, int n_threads, known *all, lp_err *err) {
    lp_status status = LP_OK;
    int n = 0;
    for (int i = 0; i < p->n_evaluations && !status && !lp_stop_asked(); i++) {
        lp_plan_evaluation *e = &p->evaluations[i];
        const lp_plan_cell *c = &p->cells[e->cell];
        if (e->status == LP_DONE || e->bytes) continue;
        const lp_policy_config policy = lp_train_shape(&c->config, p->games[c->game].game);
        const lp_mem_config memory = lp_plan_memory_of(p, c, e->memory);
        uint64_t shape = lp_hash64_seed(memory.setting, sizeof memory.setting, lp_hash64(&policy, sizeof policy));
        shape = lp_hash64_seed(&memory.arch, sizeof memory.arch, shape); /* and the emulator's, which differs by little */
        if ((e->bytes = find(all, n, shape))) continue;
        double least = (double)e->memory_bytes + (double)lp_mem_max_context(&memory) * (memory.dim + 4) * sizeof(float);
        lp_progress("how much memory the evaluations take: %d of %d", i, p->n_evaluations);
        status = measure(&(trial){p->games[c->game].game, c, &memory, n_threads, least * LP_EVAL_GROUP * n_threads},
                         p->memories[e->memory].label, &e->bytes, err);
        all[n++] = (known){shape, e->bytes};
    }
    return status;
}

lp_status lp_plan_measure(lp_plan *p, int n_threads, lp_err *err) {
    known *all = calloc((size_t)p->n_cells + (size_t)p->n_evaluations + 1, sizeof *all);
    if (!all) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = measure_trainings(p, n_threads, all, err);
    if (!status) status = measure_evaluations(p, n_threads, all, err);
    lp_progress_end();
    free(all);
    return status;
}
