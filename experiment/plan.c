#include "experiment/plan.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static lp_status out_of_memory(lp_err *err) { return lp_fail(err, LP_FAILED, "out of memory"); }

/* ---- games and rows ---- */

static bool wants_game(const lp_spec *s, const char *name) {
    for (int i = 0; i < s->games.n; i++)
        if (!strcmp(s->games.values[i], name)) return true;
    return !s->games.n;
}

/* A suite may open one several times. */
static int find_game(const lp_plan *p, const lp_game *game) {
    for (int i = 0; i < p->n_games; i++)
        if (lp_game_dir(game) && !strcmp(p->games[i].folder, lp_game_dir(game))) return i;
    return -1;
}

static lp_status add_game(lp_plan *p, const lp_game *game, lp_err *err) {
    if (!lp_game_dir(game)) return lp_fail(err, LP_BAD_INPUT, "%s: a ROM, not a game's folder", lp_game_name(game));
    for (int i = 0; i < p->n_games; i++)
        if (!strcmp(lp_game_name(p->games[i].game), lp_game_name(game)))
            return lp_fail(err, LP_BAD_INPUT, "two games of one name: %s", lp_game_name(game));
    lp_plan_game *g = &p->games[p->n_games++];
    g->game = game;
    snprintf(g->folder, sizeof g->folder, "%s", lp_game_dir(game));
    return LP_OK;
}

static lp_status add_row(lp_plan *p, int game, const int64_t *knobs, int64_t episodes, uint64_t seed, lp_err *err) {
    lp_plan_row *more = realloc(p->rows, (size_t)(p->n_rows + 1) * sizeof *more);
    if (!more) return out_of_memory(err);
    p->rows = more;
    lp_plan_row *row = &p->rows[p->n_rows++];
    *row = (lp_plan_row){.game = game, .episodes = p->spec.episodes ? p->spec.episodes : episodes};
    row->seed = p->spec.seed >= 0 ? (uint64_t)p->spec.seed : seed;
    memcpy(row->knobs, knobs, (size_t)lp_game_n_knobs(p->games[game].game) * sizeof *knobs);
    return LP_OK;
}

static lp_status open_suite(lp_plan *p, lp_err *err) {
    const lp_spec *s = &p->spec;
    char path[2 * PATH_MAX];
    bool is_path = strchr(s->suite, '/') || strstr(s->suite, ".json");
    snprintf(path, sizeof path, "%s%s", is_path && *s->suite != '/' ? s->folder : "", s->suite);
    lp_status status = lp_suite_open(&p->suite, path, err);
    for (int i = 0; !status && i < lp_suite_n_rows(p->suite); i++) {
        const lp_suite_row *row = lp_suite_row_at(p->suite, i);
        if (!wants_game(s, row->name)) continue;
        if (find_game(p, row->game) < 0) status = add_game(p, row->game, err);
        if (!status) status = add_row(p, find_game(p, row->game), row->knobs, row->episodes, row->seed, err);
    }
    for (int i = 0; i < s->games.n && !status; i++) {
        bool there = false;
        for (int k = 0; k < p->n_games; k++) there |= !strcmp(lp_game_name(p->games[k].game), s->games.values[i]);
        if (!there) status = lp_fail(err, LP_BAD_INPUT, "experiment.game: the suite %s has no '%s'", s->suite, s->games.values[i]);
    }
    return status;
}

/* The rows that [knobs] asks for of one game. */
static lp_status add_rows(lp_plan *p, int game, lp_err *err) {
    const lp_spec *s = &p->spec;
    int n = 1;
    lp_status status = LP_OK;
    for (int i = 0; i < s->n_knobs; i++)
        if (s->knobs[i].n > n) n = s->knobs[i].n;
    for (int r = 0; r < n && !status; r++) {
        int64_t knobs[LP_MAX_KNOBS];
        lp_game_default_knobs(p->games[game].game, knobs);
        for (int i = 0; i < s->n_knobs && !status; i++) {
            char text[256];
            snprintf(text, sizeof text, "%s=%s", s->knobs[i].name, s->knobs[i].values[s->knobs[i].n > 1 ? r : 0]);
            status = lp_game_set_knob(p->games[game].game, knobs, text, err);
        }
        if (!status) status = add_row(p, game, knobs, 200, 1, err);
    }
    return status;
}

static lp_status open_games(lp_plan *p, lp_err *err) {
    const lp_spec *s = &p->spec;
    lp_status status = LP_OK;
    if (s->games.n > LP_SUITE_MAX_GAMES) return lp_fail(err, LP_BAD_INPUT, "experiment.game: more than %d", LP_SUITE_MAX_GAMES);
    for (int i = 0; i < s->games.n && !status; i++) {
        char path[2 * PATH_MAX];
        const char *name = s->games.values[i];
        snprintf(path, sizeof path, "%s%s", strchr(name, '/') && *name != '/' ? s->folder : "", name);
        status = lp_game_open(&p->own[i], path, err);
        if (!status) status = add_game(p, p->own[i], err);
        if (!status) status = add_rows(p, i, err);
    }
    return status;
}

/* ---- memories ---- */

/* "tree keep=oldest" */
static lp_status add_memory(lp_plan *p, const char *label, lp_err *err) {
    lp_plan_memory *m = &p->memories[p->n_memories++];
    char text[256], *save = NULL;
    const char *settings[8];
    lp_mem_given given = {NULL, settings, 0};
    m->label = label;
    if (!strcmp(label, "own")) return LP_OK;
    if (snprintf(text, sizeof text, "%s", label) >= (int)sizeof text) return lp_fail(err, LP_BAD_INPUT, "evaluate.memory: too long");
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (m->n_words == 8) return lp_fail(err, LP_BAD_INPUT, "evaluate.memory: '%s': more than 7 settings", label);
        snprintf(m->words[m->n_words], sizeof m->words[0], m->n_words ? "--memory.%s" : "--memory=%s", word);
        if (m->n_words && !strchr(word, '='))
            return lp_fail(err, LP_BAD_INPUT, "evaluate.memory: '%s': '%s' is not KEY=VALUE", label, word);
        if (m->n_words) settings[given.n_settings++] = m->words[m->n_words] + 2;
        m->n_words++;
    }
    given.arch = m->words[0] + strlen("--memory=");
    lp_mem_choice choice = {0};
    lp_mem_config config = lp_mem_chosen(&choice, 8);
    lp_status status = lp_mem_give(&config, &given, err);
    if (!status) status = lp_mem_complete(&config, err);
    return status ? lp_fail_prefix(err, status, "evaluate.memory: %s", label) : LP_OK;
}

static lp_status add_memories(lp_plan *p, lp_err *err) {
    const lp_axis *named = &p->spec.memories;
    lp_status status = LP_OK;
    if (!(p->memories = calloc((size_t)named->n + 1, sizeof *p->memories))) return out_of_memory(err);
    if (!named->n) return add_memory(p, "own", err);
    for (int i = 0; i < named->n && !status; i++) status = add_memory(p, named->values[i], err);
    return status;
}

/* ---- cells ---- */

static void name_cell(const lp_plan *p, lp_plan_cell *c) {
    const lp_spec *s = &p->spec;
    char text[1200];
    size_t rom_bytes;
    const lp_game *game = p->games[c->game].game;
    const void *rom = lp_game_rom(game, &rom_bytes);
    int n = snprintf(text, sizeof text, "%d %016llx %016llx %lld %lld %lld %s", LP_EXPERIMENT_FORMAT,
                     (unsigned long long)lp_train_hash(&c->config, game), (unsigned long long)lp_hash64(rom, rom_bytes),
                     (long long)c->config.decisions, (long long)s->every, (long long)s->interim_episodes, p->keep);
    snprintf(c->id, sizeof c->id, "%016llx", (unsigned long long)lp_hash64(text, (size_t)n));
}

static lp_status check_cell(const lp_plan *p, const lp_plan_cell *c, lp_err *err) {
    const lp_game *game = p->games[c->game].game;
    lp_curriculum curriculum;
    lp_status status = lp_game_has_win_rate(game, c->config.time_limit, err);
    if (!status && !(status = lp_curriculum_open(&curriculum, game, &c->config.curriculum, err))) lp_curriculum_close(&curriculum);
    lp_mem_config memory = lp_train_memory(&c->config, game);
    if (!status) status = lp_mem_complete(&memory, err);
    for (int i = 0; i < p->spec.keep.n && !status; i++)
        if (atoll(p->spec.keep.values[i]) > c->config.decisions)
            status = lp_fail(err, LP_BAD_INPUT, "evaluate.keep_weights = %s: train.decisions is %lld", p->spec.keep.values[i],
                             (long long)c->config.decisions);
    return status ? lp_fail_prefix(err, status, "%s%s%s", lp_game_name(game), *c->variant ? " " : "", c->variant) : LP_OK;
}

/* at: the chosen value of each axis. A cell that is there already is not added again. */
static lp_status add_cell(lp_plan *p, int game, const int *at, lp_err *err) {
    const lp_spec *s = &p->spec;
    if (p->n_cells == LP_PLAN_MAX_CELLS) return lp_fail(err, LP_BAD_INPUT, "more than %d cells", LP_PLAN_MAX_CELLS);
    if (p->n_cells % 256 == 0) {
        lp_plan_cell *more = realloc(p->cells, (size_t)(p->n_cells + 256) * sizeof *more);
        if (!more) return out_of_memory(err);
        p->cells = more;
    }
    lp_plan_cell *c = &p->cells[p->n_cells];
    *c = (lp_plan_cell){.game = game};
    lp_config_defaults(&c->config, lp_train_settings(), lp_n_train_settings());
    char recipe[PATH_MAX];
    lp_status status = LP_OK;
    if (lp_file_exists(lp_path_join(recipe, sizeof recipe, p->games[game].folder, "train.ini")))
        status = lp_config_read(&c->config, sizeof c->config, lp_train_settings(), lp_n_train_settings(), recipe, err);
    for (int i = 0; i < s->n_axes && !status; i++) {
        const lp_axis *a = &s->axes[i];
        size_t n = strlen(c->variant);
        status = lp_config_set(&c->config, lp_train_settings(), lp_n_train_settings(), a->name, a->values[at[i]], err);
        if (a->n > 1 && strcmp(a->name, "train.seed"))
            snprintf(c->variant + n, sizeof c->variant - n, "%s%s=%s", n ? " " : "", a->name, a->values[at[i]]);
    }
    if (!status) status = check_cell(p, c, err);
    name_cell(p, c);
    for (int i = 0; i < p->n_cells; i++)
        if (!strcmp(p->cells[i].id, c->id)) return status;
    p->n_cells++;
    return status;
}

/* Every combination; seeds change last. */
static lp_status add_cells(lp_plan *p, lp_err *err) {
    const lp_spec *s = &p->spec;
    int at[LP_SPEC_MAX_AXES] = {0}, order[LP_SPEC_MAX_AXES], n = 0;
    for (int i = 0; i < s->n_axes; i++)
        if (strcmp(s->axes[i].name, "train.seed")) order[n++] = i;
    for (int i = 0; i < s->n_axes; i++)
        if (!strcmp(s->axes[i].name, "train.seed")) order[n++] = i;
    for (;;) {
        lp_status status = LP_OK;
        for (int g = 0; g < p->n_games && !status; g++) status = add_cell(p, g, at, err);
        if (status) return status;
        int i = 0;
        for (; i < n && ++at[order[i]] == s->axes[order[i]].n; i++) at[order[i]] = 0;
        if (i == n) return LP_OK;
    }
}

void lp_plan_knobs(const lp_plan *p, const lp_plan_row *row, const char *before, char *out, size_t size_bytes) {
    const lp_game *game = p->games[row->game].game;
    size_t used = 0;
    if (size_bytes) *out = 0;
    for (int k = 0; k < lp_game_n_knobs(game) && used < size_bytes; k++)
        used += (size_t)snprintf(out + used, size_bytes - used, "%s%s%s=%lld", k ? " " : "", before, lp_game_knob(game, k)->name,
                                 (long long)row->knobs[k]);
}

static lp_status add_evaluations(lp_plan *p, lp_err *err) {
    int n = 0;
    for (int c = 0; c < p->n_cells; c++)
        for (int r = 0; r < p->n_rows; r++) n += p->rows[r].game == p->cells[c].game ? p->n_memories : 0;
    if (!(p->evaluations = calloc((size_t)n + 1, sizeof *p->evaluations))) return out_of_memory(err);
    for (int c = 0; c < p->n_cells; c++)
        for (int r = 0; r < p->n_rows; r++)
            for (int m = 0; m < p->n_memories && p->rows[r].game == p->cells[c].game; m++) {
                char knobs[1024], text[2048];
                lp_plan_knobs(p, &p->rows[r], "", knobs, sizeof knobs);
                int length = snprintf(text, sizeof text, "%s|%.256s|%s|%llu", p->cells[c].id, p->memories[m].label, knobs,
                                      (unsigned long long)p->rows[r].seed);
                p->evaluations[p->n_evaluations++] = (lp_plan_evaluation){.id = (int64_t)(lp_hash64(text, (size_t)length) & INT64_MAX),
                                                                          .n = p->rows[r].episodes,
                                                                          .cell = c,
                                                                          .row = r,
                                                                          .memory = m};
            }
    return LP_OK;
}

lp_status lp_plan_open(lp_plan *p, const char *path, lp_err *err) {
    *p = (lp_plan){0};
    lp_status status = lp_spec_read(&p->spec, path, err);
    if (status) return status;
    for (int i = 0; i < p->spec.keep.n && !status; i++) {
        size_t n = strlen(p->keep);
        if (snprintf(p->keep + n, sizeof p->keep - n, "%s%s", n ? "," : "", p->spec.keep.values[i]) >= (int)(sizeof p->keep - n))
            status = lp_fail(err, LP_BAD_INPUT, "evaluate.keep_weights: too many");
    }
    if (!status) status = *p->spec.suite ? open_suite(p, err) : open_games(p, err);
    if (!status) status = add_memories(p, err);
    if (!status) status = add_cells(p, err);
    if (!status) status = add_evaluations(p, err);
    return status ? lp_fail_prefix(err, status, "%s", path) : LP_OK;
}

void lp_plan_close(lp_plan *p) {
    if (!p->suite)
        for (int i = 0; i < LP_SUITE_MAX_GAMES; i++) lp_game_close(p->own[i]);
    lp_suite_close(p->suite);
    lp_spec_free(&p->spec);
    free(p->rows), free(p->memories), free(p->cells), free(p->evaluations);
}

/* ---- memory ---- */

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

/* In a child, so that one that takes too much takes nobody along. */
static void measure_here(const lp_plan *p, const lp_plan_cell *c, int n_threads, measured *m) {
    lp_train *train = NULL;
    int64_t before = data_bytes();
    m->status = lp_train_open(&train, p->games[c->game].game, &c->config, LP_DEVICE_CPU, n_threads, &m->err);
    m->bytes = data_bytes() - before;
}

static lp_status measure(const lp_plan *p, lp_plan_cell *c, int n_threads, lp_err *err) {
    measured m = {.status = LP_FAILED};
    int ends[2], exit_status = 0;
    if (pipe(ends)) return lp_fail(err, LP_FAILED, "cannot start a process: %s", strerror(errno));
    pid_t child = fork();
    if (!child) {
        measure_here(p, c, n_threads, &m);
        _exit(write(ends[1], &m, sizeof m) != sizeof m);
    }
    close(ends[1]);
    if (child < 0) lp_fail(&m.err, LP_FAILED, "cannot start a process: %s", strerror(errno));
    else if (read(ends[0], &m, sizeof m) != sizeof m) m.status = LP_FAILED;
    close(ends[0]);
    if (child > 0) waitpid(child, &exit_status, 0);
    const int64_t there = lp_plan_machine_bytes();
    const char *name = lp_game_name(p->games[c->game].game), *space = *c->variant ? " " : "";
    if (child < 0) return lp_fail(err, LP_FAILED, "%s", m.err.message);
    if (m.status == LP_FAILED) return lp_fail(err, LP_BAD_INPUT, "%s%s%s: needs more memory than there is", name, space, c->variant);
    if (m.status) return lp_fail(err, LP_BAD_INPUT, "%s%s%s: %.300s", name, space, c->variant, m.err.message);
    c->bytes = m.bytes;
    if (c->bytes <= there) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "%s%s%s: needs more memory than there is: %.1f GiB of %.1f", name, space, c->variant,
                   (double)c->bytes / (1 << 30), (double)there / (1 << 30));
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

lp_status lp_plan_measure(lp_plan *p, int n_threads, lp_err *err) {
    uint64_t *shapes = calloc((size_t)p->n_cells + 1, sizeof *shapes);
    lp_status status = shapes ? LP_OK : out_of_memory(err);
    for (int i = 0; i < p->n_cells && !status && !lp_stop_asked(); i++) {
        lp_plan_cell *c = &p->cells[i];
        if (c->status == LP_DONE || c->bytes) continue;
        shapes[i] = shape_of(p, c);
        for (int k = 0; k < i && !c->bytes; k++)
            if (shapes[k] == shapes[i]) c->bytes = p->cells[k].bytes;
        if (c->bytes) continue;
        lp_progress("how much memory the cells take: %d of %d", i, p->n_cells);
        status = measure(p, c, n_threads, err);
    }
    lp_progress_end();
    free(shapes);
    return status;
}
