#include "experiment/plan.h"

#include "base/file.h"
#include "base/hash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    row->floor = p->spec.floor ? LP_WAITING : LP_DONE;
    row->seed = p->spec.seed >= 0 ? (uint64_t)p->spec.seed : seed;
    memcpy(row->knobs, knobs, (size_t)lp_game_n_knobs(p->games[game].game) * sizeof *knobs);
    if (row->episodes > LP_EVAL_MAX_EPISODES / p->spec.tries)
        return lp_fail(err, LP_BAD_INPUT, "evaluate.k = %lld: of %lld seeds, more than %d episodes", (long long)p->spec.tries,
                       (long long)row->episodes, LP_EVAL_MAX_EPISODES);
    char text[2048], of[1024];
    size_t rom_bytes;
    const void *rom = lp_game_rom(p->games[game].game, &rom_bytes);
    lp_plan_knobs(p, row, "", of, sizeof of);
    int n = snprintf(text, sizeof text, "%s %016llx %s %llu %lld", lp_game_name(p->games[game].game),
                     (unsigned long long)lp_hash64(rom, rom_bytes), of, (unsigned long long)row->seed, (long long)p->spec.floor);
    row->floor_id = (int64_t)(lp_hash64(text, (size_t)n) & INT64_MAX);
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

/* Those of the axes that are of a game: its own before those of all. Returns how many. */
static int axes_of(const lp_axis *axes, int n, const char *game, const lp_axis *out[LP_SPEC_MAX_AXES]) {
    int n_out = 0;
    for (int i = 0; i < n; i++) {
        bool mine = !strcmp(axes[i].game, game), hidden = *axes[i].game;
        for (int k = 0; k < n && !hidden; k++) hidden = !strcmp(axes[k].game, game) && !strcmp(axes[k].name, axes[i].name);
        if (mine || !hidden) out[n_out++] = &axes[i];
    }
    return n_out;
}

/* The rows that [knobs] asks for of one game. */
static lp_status add_rows(lp_plan *p, int game, lp_err *err) {
    const lp_spec *s = &p->spec;
    const char *name = lp_game_name(p->games[game].game);
    const lp_axis *axes[LP_SPEC_MAX_AXES];
    int n_axes = axes_of(s->knobs, s->n_knobs, name, axes), n = 1;
    lp_status status = LP_OK;
    for (int i = 0; i < n_axes; i++) {
        if (axes[i]->n > 1 && n > 1 && axes[i]->n != n)
            return lp_fail(err, LP_BAD_INPUT, "%s: knobs.%s has %d values, another knob %d", name, axes[i]->name, axes[i]->n, n);
        if (axes[i]->n > 1) n = axes[i]->n;
    }
    for (int r = 0; r < n && !status; r++) {
        int64_t knobs[LP_MAX_KNOBS];
        lp_game_default_knobs(p->games[game].game, knobs);
        for (int i = 0; i < n_axes && !status; i++) {
            char text[256];
            snprintf(text, sizeof text, "%s=%s", axes[i]->name, axes[i]->values[axes[i]->n > 1 ? r : 0]);
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

/* What is said of one game alone is said of one that there is. */
static lp_status check_games_of(const lp_plan *p, const lp_axis *axes, int n, const char *before, lp_err *err) {
    for (int i = 0; i < n; i++) {
        bool there = !*axes[i].game;
        for (int g = 0; g < p->n_games && !there; g++) there = !strcmp(lp_game_name(p->games[g].game), axes[i].game);
        if (!there)
            return lp_fail(err, LP_BAD_INPUT, "%s.%s%s: no game '%s' in this experiment", axes[i].game, before, axes[i].name, axes[i].game);
    }
    return LP_OK;
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

lp_mem_config lp_plan_memory_of(const lp_plan *p, const lp_plan_cell *cell, int memory) {
    const lp_plan_memory *m = &p->memories[memory];
    lp_mem_config config = lp_train_memory(&cell->config, p->games[cell->game].game);
    const char *settings[8];
    lp_mem_given given = {NULL, settings, 0};
    for (int i = 1; i < m->n_words; i++) settings[given.n_settings++] = m->words[i] + 2;
    if (m->n_words) given.arch = m->words[0] + strlen("--memory=");
    if (given.arch) (void)lp_mem_give(&config, &given, NULL); /* as add_memory tried */
    (void)lp_mem_complete(&config, NULL);
    return config;
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
                     (long long)c->config.decisions, (long long)s->every, (long long)s->interim_episodes, c->keep);
    snprintf(c->id, sizeof c->id, "%016llx", (unsigned long long)lp_hash64(text, (size_t)n));
}

/* Decisions after the first update that reaches so many, "40000", or such a part of all, "10%"; LP_WEIGHTS_END: that is the last. */
static int64_t decisions_of(const lp_train_config *config, const char *text) {
    const int64_t update = config->envs * config->steps;
    double v = strtod(text, NULL); /* it was looked at: lp_spec_read */
    if (strchr(text, '%')) v *= (double)config->decisions / 100;
    int64_t n = (int64_t)ceil(v / (double)update) * update;
    return n >= config->decisions ? LP_WEIGHTS_END : n;
}

/* The weights that are to be kept: those that are asked for, and those that are evaluated. */
static lp_status list_kept(const lp_spec *s, lp_plan_cell *c, lp_err *err) {
    bool fits = true;
    for (int i = 0; i < s->keep.n + s->weights.n && fits; i++) {
        char number[24], list[sizeof c->keep + 2];
        const char *given = i < s->keep.n ? s->keep.values[i] : s->weights.values[i - s->keep.n];
        size_t n = strlen(c->keep);
        if (!strchr(given, '%') && strtod(given, NULL) > (double)c->config.decisions)
            return lp_fail(err, LP_BAD_INPUT, "evaluate.%s = %s: train.decisions is %lld", i < s->keep.n ? "keep_weights" : "weights",
                           given, (long long)c->config.decisions);
        if (i < s->keep.n) {
            fits = snprintf(c->keep + n, sizeof c->keep - n, "%s%s", n ? "," : "", given) < (int)(sizeof c->keep - n);
            continue;
        }
        int64_t at = decisions_of(&c->config, given);
        snprintf(number, sizeof number, ",%lld,", (long long)at);
        snprintf(list, sizeof list, ",%s,", c->keep);
        if (at == LP_WEIGHTS_END || strstr(list, number)) continue;
        fits = snprintf(c->keep + n, sizeof c->keep - n, "%s%lld", n ? "," : "", (long long)at) < (int)(sizeof c->keep - n);
    }
    return fits ? LP_OK : lp_fail(err, LP_BAD_INPUT, "evaluate.keep_weights, evaluate.weights: too many");
}

static lp_status check_cell(const lp_plan *p, lp_plan_cell *c, lp_err *err) {
    const lp_game *game = p->games[c->game].game;
    lp_curriculum curriculum;
    lp_status status = lp_game_has_win_rate(game, c->config.time_limit, err);
    if (!status && !(status = lp_curriculum_open(&curriculum, game, &c->config.curriculum, err))) lp_curriculum_close(&curriculum);
    if (!status && p->spec.tries > 1 && p->spec.act == LP_ACT_OWN && !c->config.act)
        status = lp_fail(err, LP_BAD_INPUT, "evaluate.k: policy.act is greedy, so all tries are the same: evaluate.act = sample");
    if (!status) status = list_kept(&p->spec, c, err);
    return status ? status : lp_plan_cost(c, game, err);
}

static bool is_seed(const lp_axis *axis) { return !strcmp(axis->name, "train.seed"); }

/* The combination of a game's axes that `at` chooses. */
static lp_status configure(const lp_plan *p, lp_plan_cell *c, const lp_axis *const *axes, int n, const int *at, lp_err *err) {
    char recipe[PATH_MAX];
    lp_status status = LP_OK;
    bool base = p->spec.design == LP_DESIGN_ONE;
    lp_config_defaults(&c->config, lp_train_settings(), lp_n_train_settings());
    if (lp_file_exists(lp_path_join(recipe, sizeof recipe, p->games[c->game].folder, "train.ini")))
        status = lp_config_read(&c->config, sizeof c->config, lp_train_settings(), lp_n_train_settings(), recipe, err);
    for (int i = 0; i < n && !status; i++) {
        size_t used = strlen(c->variant);
        status = lp_config_set(&c->config, lp_train_settings(), lp_n_train_settings(), axes[i]->name, axes[i]->values[at[i]], err);
        if (axes[i]->n == 1 || is_seed(axes[i]) || (p->spec.design == LP_DESIGN_ONE && !at[i])) continue;
        base = false;
        if (snprintf(c->variant + used, sizeof c->variant - used, "%s%s=%s", used ? " " : "", axes[i]->name, axes[i]->values[at[i]]) >=
            (int)(sizeof c->variant - used))
            return lp_fail(err, LP_BAD_INPUT, "%.60s...: what varies is more than %d bytes long", c->variant, (int)sizeof c->variant - 1);
    }
    if (base) snprintf(c->variant, sizeof c->variant, "base");
    return status;
}

/* Does it fit one of experiment.only? */
static lp_status fits(const lp_spec *s, const lp_train_config *config, bool *out, lp_err *err) {
    *out = !s->only.n;
    for (int i = 0; i < s->only.n; i++) {
        char text[512], is[LP_SETTING_BYTES], *save = NULL;
        bool all = true;
        if (snprintf(text, sizeof text, "%s", s->only.values[i]) >= (int)sizeof text)
            return lp_fail(err, LP_BAD_INPUT, "experiment.only: too long");
        for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
            char *value = strchr(word, '=');
            lp_train_config asked = *config;
            const lp_setting *setting = NULL;
            if (!value) return lp_fail(err, LP_BAD_INPUT, "experiment.only: '%s' is not SETTING=VALUE", word);
            *value++ = 0;
            lp_status status = lp_config_set(&asked, lp_train_settings(), lp_n_train_settings(), word, value, err);
            if (status) return lp_fail_prefix(err, status, "experiment.only");
            for (int k = 0; k < lp_n_train_settings(); k++)
                if (!strcmp(lp_train_settings()[k].name, word)) setting = &lp_train_settings()[k];
            lp_config_value(config, setting, is, sizeof is);
            char wanted[LP_SETTING_BYTES];
            lp_config_value(&asked, setting, wanted, sizeof wanted);
            all &= !strcmp(is, wanted);
        }
        *out |= all;
    }
    return LP_OK;
}

/* parameters: that it is to have; 0: what its settings give. A cell that is there already is not added again. */
static lp_status add_cell(lp_plan *p, int game, const lp_axis *const *axes, int n, const int *at, size_t parameters, lp_err *err) {
    if (p->n_cells == LP_PLAN_MAX_CELLS) return lp_fail(err, LP_BAD_INPUT, "more than %d cells", LP_PLAN_MAX_CELLS);
    if (p->n_cells % 256 == 0) {
        lp_plan_cell *more = realloc(p->cells, (size_t)(p->n_cells + 256) * sizeof *more);
        if (!more) return out_of_memory(err);
        p->cells = more;
    }
    lp_plan_cell *c = &p->cells[p->n_cells];
    *c = (lp_plan_cell){.game = game};
    bool wanted = true;
    lp_status status = configure(p, c, axes, n, at, err);
    if (!status) status = fits(&p->spec, &c->config, &wanted, err);
    if (!status && wanted && parameters) status = lp_plan_match(&c->config, p->games[game].game, parameters, err);
    if (!status && wanted) status = check_cell(p, c, err);
    if (status) return lp_fail_prefix(err, status, "%s%s%s", lp_game_name(p->games[game].game), *c->variant ? " " : "", c->variant);
    if (!wanted) return LP_OK;
    name_cell(p, c);
    for (int i = 0; i < p->n_cells; i++)
        if (!strcmp(p->cells[i].id, c->id)) return LP_OK;
    p->n_cells++;
    return LP_OK;
}

/* To the next combination; seeds stay. false: that was the last. */
static bool next_combination(lp_spec_design design, const lp_axis *const *axes, int n, int *at) {
    int i = 0;
    if (design == LP_DESIGN_ALL) {
        for (; i < n && (is_seed(axes[i]) || ++at[i] == axes[i]->n); i++)
            if (!is_seed(axes[i])) at[i] = 0;
        return i < n;
    }
    while (i < n && (is_seed(axes[i]) || !at[i])) i++; /* the one that is at another value than its first */
    if (i == n) i = -1;
    else if (++at[i] < axes[i]->n) return true;
    else at[i] = 0;
    for (i++; i < n && (is_seed(axes[i]) || axes[i]->n == 1); i++) continue;
    if (i < n) at[i] = 1;
    return i < n;
}

/* What networks are matched to: that of the first value of each list. */
static lp_status reference(const lp_plan *p, int game, const lp_axis *const *axes, int n, size_t *parameters, lp_err *err) {
    const int first[LP_SPEC_MAX_AXES] = {0};
    lp_plan_cell c = {.game = game};
    *parameters = 0;
    if (p->spec.match == LP_MATCH_NONE) return LP_OK;
    for (int i = 0; i < n; i++)
        if (!strcmp(axes[i]->name, "policy.hidden") && axes[i]->n > 1)
            return lp_fail(err, LP_BAD_INPUT, "experiment.match = parameters chooses policy.hidden, which has %d values here", axes[i]->n);
    lp_status status = configure(p, &c, axes, n, first, err);
    if (!status) status = lp_plan_cost(&c, p->games[game].game, err);
    *parameters = c.cost.parameters;
    return status;
}

/* Every combination; seeds change last. */
static lp_status add_cells(lp_plan *p, lp_err *err) {
    const lp_spec *s = &p->spec;
    bool more = true;
    for (int seed = 0; more; seed++) {
        more = false;
        for (int g = 0; g < p->n_games; g++) {
            const lp_axis *axes[LP_SPEC_MAX_AXES];
            int at[LP_SPEC_MAX_AXES] = {0}, n = axes_of(s->axes, s->n_axes, lp_game_name(p->games[g].game), axes), n_seeds = 1;
            size_t parameters;
            for (int i = 0; i < n; i++)
                if (is_seed(axes[i])) n_seeds = axes[i]->n, at[i] = seed;
            if (seed >= n_seeds) continue;
            more |= seed + 1 < n_seeds;
            lp_status status = reference(p, g, axes, n, &parameters, err);
            do {
                if (!status) status = add_cell(p, g, axes, n, at, parameters, err);
            } while (!status && next_combination(s->design, axes, n, at));
            if (status) return status;
        }
    }
    return p->n_cells ? LP_OK : lp_fail(err, LP_BAD_INPUT, "experiment.only: no combination is left");
}

void lp_plan_knobs(const lp_plan *p, const lp_plan_row *row, const char *before, char *out, size_t size_bytes) {
    const lp_game *game = p->games[row->game].game;
    size_t used = 0;
    if (size_bytes) *out = 0;
    for (int k = 0; k < lp_game_n_knobs(game) && used < size_bytes; k++)
        used += (size_t)snprintf(out + used, size_bytes - used, "%s%s%s=%lld", k ? " " : "", before, lp_game_knob(game, k)->name,
                                 (long long)row->knobs[k]);
}

/* What tells an evaluation from one of the same cell, but for what every one of them has. */
static void name_evaluation(const lp_plan *p, lp_plan_evaluation *e) {
    static const char *const acts[] = {"", "|sample", "|greedy"};
    char knobs[1024], text[2048];
    lp_plan_knobs(p, &p->rows[e->row], "", knobs, sizeof knobs);
    int n = snprintf(text, sizeof text, "%s|%.256s|%s|%llu", p->cells[e->cell].id, p->memories[e->memory].label, knobs,
                     (unsigned long long)p->rows[e->row].seed);
    if (e->weights != LP_WEIGHTS_END) n += snprintf(text + n, sizeof text - (size_t)n, "|at %lld", (long long)e->weights);
    if (p->spec.tries > 1) n += snprintf(text + n, sizeof text - (size_t)n, "|k %lld", (long long)p->spec.tries);
    n += snprintf(text + n, sizeof text - (size_t)n, "%s", acts[p->spec.act]);
    e->id = (int64_t)(lp_hash64(text, (size_t)n) & INT64_MAX);
}

/* The weights of a cell that are evaluated, each once. Returns how many. */
static int weights_of(const lp_spec *s, const lp_plan_cell *c, int64_t *out) {
    int n = 0;
    if (!s->weights.n) out[n++] = LP_WEIGHTS_END;
    for (int i = 0; i < s->weights.n; i++) {
        int64_t at = decisions_of(&c->config, s->weights.values[i]);
        bool there = false;
        for (int k = 0; k < n; k++) there |= out[k] == at;
        if (!there) out[n++] = at;
    }
    return n;
}

static lp_status add_evaluation(lp_plan *p, const lp_plan_evaluation *what, lp_err *err) {
    if (p->n_evaluations % 1024 == 0) {
        lp_plan_evaluation *more = realloc(p->evaluations, (size_t)(p->n_evaluations + 1024) * sizeof *more);
        if (!more) return out_of_memory(err);
        p->evaluations = more;
    }
    lp_plan_evaluation *e = &p->evaluations[p->n_evaluations++];
    *e = *what;
    if (!p->spec.max_decisions) e->n = p->rows[e->row].episodes * p->spec.tries;
    name_evaluation(p, e);
    return LP_OK;
}

static lp_status add_evaluations(lp_plan *p, lp_err *err) {
    int64_t weights[LP_SPEC_MAX_VALUES];
    lp_status status = LP_OK;
    for (int c = 0; c < p->n_cells; c++) {
        int n_weights = weights_of(&p->spec, &p->cells[c], weights);
        for (int m = 0; m < p->n_memories && !status; m++) {
            lp_plan_evaluation e = {.cell = c, .memory = m};
            const lp_mem_config memory = lp_plan_memory_of(p, &p->cells[c], m);
            e.memory_bytes = (int64_t)lp_mem_need(&memory);
            for (e.row = 0; e.row < p->n_rows; e.row++)
                for (int w = 0; w < n_weights && !status && p->rows[e.row].game == p->cells[c].game; w++) {
                    e.weights = weights[w];
                    status = add_evaluation(p, &e, err);
                }
        }
    }
    return status;
}

void lp_plan_size(lp_plan *p, int row, int64_t n, int64_t decisions) {
    const lp_spec *s = &p->spec;
    int64_t seeds = p->rows[row].episodes;
    if (s->max_decisions) {
        double most = (double)s->max_decisions * (double)n / ((double)decisions * (double)s->tries);
        if (most < (double)s->min_episodes) most = (double)s->min_episodes;
        if (most < (double)seeds) seeds = (int64_t)most;
    }
    for (int i = 0; i < p->n_evaluations; i++)
        if (p->evaluations[i].row == row) p->evaluations[i].n = seeds * s->tries;
}

lp_status lp_plan_open(lp_plan *p, const char *path, const lp_spec_given *given, lp_err *err) {
    *p = (lp_plan){0};
    lp_status status = lp_spec_read(&p->spec, path, given, err);
    if (status) return status;
    status = *p->spec.suite ? open_suite(p, err) : open_games(p, err);
    if (!status) status = check_games_of(p, p->spec.axes, p->spec.n_axes, "", err);
    if (!status) status = check_games_of(p, p->spec.knobs, p->spec.n_knobs, "knobs.", err);
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
