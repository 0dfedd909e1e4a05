/* config.ini of a run folder: what is played, and what a resumed run must find again. */
#include "harness/run_parts.h"

#include "base/config.h"
#include "base/file.h"
#include "base/hash.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define TEXT(name, help, field)                                                                                                            \
    { name, help, LP_SET_TEXT, offsetof(lp_run_config, field), 0, 0, sizeof((lp_run_config *)0)->field, NULL }
#define INT(name, help, field, initial, min, max)                                                                                          \
    { name, help, LP_SET_INT, offsetof(lp_run_config, field), initial, min, max, NULL }
static const lp_setting own[] = {
    TEXT("run.game", "a shipped game's name, a game folder or a ROM", game),
    {"run.model", "the console; auto: from before it was written down", LP_SET_CHOICE, offsetof(lp_run_config, model), LP_MODEL_AUTO, 0, 0,
     LP_MODEL_CHOICES},
    TEXT("run.policy", "random, oracle, human, process:COMMAND, chat:FILE or a weight file", policy),
    TEXT("run.knobs", "of the game, as NAME=N", knobs),
    INT("run.seed", "of the whole run", seed, 1, 0, 4294967295.0),
    INT("run.training_seeds", "1: episodes have training seeds, else evaluation seeds", training_seeds, 0, 0, 1),
    INT("run.episodes", "to play; 0: no limit", episodes, 0, 0, 1e15),
    INT("run.decisions", "to play; 0: no limit", decisions, 0, 0, 1e15),
    INT("run.keep", "bytes that the run's files may take; 0: no limit", keep, 0, 0, 1e18),
    INT("run.stuck", "decisions that lead nowhere until somebody is stuck; 0: nobody looks", stuck, 0, 0, 1e9),
    INT("movie.hash_every", "decisions between machine hashes", hash_every, 64, 1, 1e9),
    INT("movie.state_every", "decisions between machine states", state_every, 256, 1, 1e9),
    TEXT("identity.rom_hash", "of the ROM", rom_hash),
    TEXT("identity.policy_digest", "of the policy's shape and weights", policy_digest),
    TEXT("identity.core", "emulation core and version", core),
    TEXT("identity.noop", "idle frames before an episode's first decision, MIN:MAX", noop),
};
enum { N_OWN = sizeof own / sizeof *own, MAX_ROWS = N_OWN + LP_MEM_MAX_ROWS, MAX_INI_BYTES = 8192 };

/* Every row there is; returns how many. */
static int rows_of(lp_setting table[MAX_ROWS]) {
    memcpy(table, own, sizeof own);
    return N_OWN + lp_mem_rows(table + N_OWN, offsetof(lp_run_config, memory), false);
}

void lp_run_config_init(lp_run_config *config) {
    lp_setting table[MAX_ROWS];
    int n = rows_of(table);
    memset(config, 0, sizeof *config);
    lp_config_defaults(config, table, n);
}

lp_status lp_run_config_read(lp_run_config *config, const char *folder, lp_err *err) {
    char path[PATH_MAX];
    if (strlen(folder) >= LP_RUN_PATH_BYTES) return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", folder);
    if (!lp_file_exists(folder)) return lp_fail(err, lp_errno_status(errno), "%s: %s", folder, strerror(errno));
    lp_path_join(path, sizeof path, folder, "config.ini");
    if (!lp_file_exists(path)) return lp_fail(err, LP_BAD_INPUT, "%s: not a run: it holds no config.ini", folder);
    lp_run_config_init(config);
    lp_setting table[MAX_ROWS];
    lp_status status = lp_config_read(config, sizeof *config, table, rows_of(table), path, err);
    if (status) return status;
    if (!*config->noop) strcpy(config->noop, "0:0"); /* recorded when there was no such thing */
    for (int i = 0; i < N_OWN; i++)
        if (table[i].type == LP_SET_TEXT && table[i].offset != offsetof(lp_run_config, knobs) && !*((char *)config + table[i].offset))
            return lp_fail(err, LP_BAD_INPUT, "%s: %s is missing", path, table[i].name);
    return LP_OK;
}

lp_status lp_run_config_write(const lp_run_config *config, const char *folder, lp_err *err) {
    char path[PATH_MAX], text[MAX_INI_BYTES];
    lp_run_config back;
    lp_setting table[MAX_ROWS];
    int n = 0, all = rows_of(table);
    for (int i = 0; i < all; i++) { /* what another architecture's setting says stays only where it was written before */
        const bool set =
            table[i].type != LP_SET_TEXT && (double)*(const int64_t *)((const char *)config + table[i].offset) != table[i].initial;
        if (set || lp_mem_row_used(&config->memory, table[i].name)) table[n++] = table[i];
    }
    int length = lp_config_print(config, table, n, text, sizeof text);
    lp_path_join(path, sizeof path, folder, "config.ini");
    lp_status status = lp_file_write_atomic(path, text, (size_t)length, err);
    if (!status) status = lp_run_config_read(&back, folder, err);
    if (!status && memcmp(&back, config, sizeof back))
        status = lp_fail(err, LP_BAD_INPUT, "%s: cannot hold the game '%s' and policy '%s': rename them (no \" ;\", no outer spaces)", path,
                         config->game, config->policy);
    return status;
}

void lp_run_config_knobs(lp_run_config *config, const lp_game *game, const int64_t *knobs) {
    size_t used = 0;
    memset(config->knobs, 0, sizeof config->knobs);
    for (int i = 0; i < lp_game_n_knobs(game) && used < sizeof config->knobs; i++)
        used += (size_t)snprintf(config->knobs + used, sizeof config->knobs - used, "%s%s=%lld", i ? " " : "", lp_game_knob(game, i)->name,
                                 (long long)knobs[i]);
}

lp_status lp_run_game(lp_game **out, const lp_run_config *config, const char *elsewhere, lp_err *err) {
    lp_status status = lp_game_open(out, elsewhere ? elsewhere : config->game, err);
    if (status) return status;
    if (config->model != LP_MODEL_AUTO) status = lp_game_set_model(*out, (lp_model)config->model, err);
    if (!status) status = lp_game_set_noop(*out, config->noop, err);
    if (status) {
        lp_fail_prefix(err, status, "%s", lp_game_name(*out));
        lp_game_close(*out);
        *out = NULL;
    }
    return status;
}

uint64_t lp_run_seed(const lp_run_config *c, int64_t episode) {
    return (c->training_seeds ? lp_game_train_seed : lp_game_eval_seed)((uint64_t)c->seed, (uint64_t)episode);
}

lp_mem_config lp_run_memory_of(const lp_run_config *c, int dim) {
    /* what a run of before left unsaid were the defaults of then */
    static const struct {
        const char *name;
        int value;
    } unsaid[] = {{"window", 16}, {"chunk", 16}, {"slots", 4}, {"fan", 4}};
    lp_mem_config said = lp_mem_chosen(&c->memory, dim), config = said;
    for (size_t i = 0; i < sizeof unsaid / sizeof *unsaid; i++) (void)lp_mem_set(&config, unsaid[i].name, unsaid[i].value, NULL);
    for (int i = 0; i < LP_MEM_MAX_SETTINGS; i++)
        if (said.setting[i]) config.setting[i] = said.setting[i];
    return config;
}

lp_mem_config lp_run_memory(const lp_run_config *c, const lp_policy *policy) {
    if (!policy && !lp_is_guest(c->policy)) return (lp_mem_config){.arch = &lp_mem_none, .dim = 1};
    return lp_run_memory_of(c, policy ? lp_policy_shape(policy)->dim : 1); /* a guest's items have no vectors */
}

void lp_run_identify(lp_run_config *config, const lp_game *game, const lp_policy *policy) {
    size_t size;
    const void *rom = lp_game_rom(game, &size);
    memset(config->rom_hash, 0, sizeof config->rom_hash);
    memset(config->policy_digest, 0, sizeof config->policy_digest);
    memset(config->core, 0, sizeof config->core);
    config->model = lp_game_model(game);
    snprintf(config->rom_hash, sizeof config->rom_hash, "%016llx", (unsigned long long)lp_hash64(rom, size));
    snprintf(config->policy_digest, sizeof config->policy_digest, "%016llx", (unsigned long long)(policy ? lp_policy_digest(policy) : 0));
    snprintf(config->core, sizeof config->core, "%s", lp_emu_core_version());
    memset(config->noop, 0, sizeof config->noop);
    lp_game_noop_text(game, config->noop);
}

uint64_t lp_run_identity(const lp_run_config *c, const lp_game *game) {
    int64_t numbers[1 + LP_MEM_NUMBERS + 5] = {c->seed};
    const int64_t more[] = {c->hash_every, c->state_every, lp_game_frame_skip(game), lp_game_n_actions(game), lp_game_n_knobs(game)};
    lp_mem_numbers(&c->memory, numbers + 1);
    memcpy(numbers + 1 + LP_MEM_NUMBERS, more, sizeof more);
    uint64_t hash = lp_hash64(numbers, sizeof numbers);
    hash = lp_hash64_seed(c->knobs, strlen(c->knobs), hash);
    hash = lp_hash64_seed(c->rom_hash, strlen(c->rom_hash), hash);
    hash = lp_hash64_seed(c->policy_digest, strlen(c->policy_digest), hash);
    hash = lp_hash64_seed(c->core, strlen(c->core), hash);
    if (strcmp(c->noop, "0:0")) hash = lp_hash64_seed(c->noop, strlen(c->noop), hash); /* none: as before there were any */
    bool weights = strcmp(c->policy, "random") && strcmp(c->policy, "oracle") &&
                   strcmp(c->policy, "human"); /* a weight file may be moved, not changed */
    hash = lp_hash64_seed(weights ? "weights" : c->policy, weights ? 7 : strlen(c->policy), hash);
    for (int i = 0; i < lp_game_n_actions(game); i++) {
        uint16_t keys = lp_game_action_keys(game, i);
        hash = lp_hash64_seed(&keys, sizeof keys, hash);
    }
    if (c->training_seeds) hash = lp_hash64_seed("training seeds", 14, hash);
    return c->model == LP_MODEL_AUTO ? hash : lp_hash64_seed(&c->model, sizeof c->model, hash);
}

lp_movie_header lp_run_movie_header(const lp_run_config *config, const lp_game *game, size_t state_bytes) {
    size_t size;
    const void *rom = lp_game_rom(game, &size);
    lp_movie_header header = {.rom_hash = lp_hash64(rom, size),
                              .seed = (uint64_t)config->seed,
                              .frame_skip = (uint32_t)lp_game_frame_skip(game),
                              .model = (uint32_t)lp_game_model(game),
                              .state_size_bytes = (uint32_t)state_bytes};
    snprintf(header.core_version, sizeof header.core_version, "%s", lp_emu_core_version());
    snprintf(header.game, sizeof header.game, "%s", lp_game_name(game));
    return header;
}

lp_status lp_run_knobs(int64_t *knobs, const lp_run_config *config, const lp_game *game, lp_err *err) {
    char list[sizeof config->knobs], *save = NULL;
    lp_status status = LP_OK;
    lp_game_default_knobs(game, knobs);
    memcpy(list, config->knobs, sizeof list);
    for (char *one = strtok_r(list, " ", &save); one && !status; one = strtok_r(NULL, " ", &save))
        status = lp_game_set_knob(game, knobs, one, err);
    return status;
}
