/* Opening games: a shipped game's name, a folder, or a bare ROM; and what is known of an open one. */
#include "env/buttons.h"
#include "env/game_find.h"
#include "env/game_load.h"

#include "base/contract.h"
#include "base/hash.h"
#include "base/rng.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void lp_game_close(lp_game *g) {
    if (!g) return;
    lp_blob_free(&g->rom);
    lp_condition_free(&g->win);
    lp_condition_free(&g->loss);
    lp_condition_free(&g->audit);
    for (int p = 0; p < LP_MAX_PLAYERS; p++) free(g->rewards[p].terms);
    for (int i = 0; i < g->n_events; i++) lp_condition_free(&g->events[i].when);
    for (int i = 0; i < g->n_oracle; i++) lp_condition_free(&g->oracle[i].when);
    free(g);
}

/* What a game without files of its own is played with. g->system is known. */
static void set_defaults(lp_game *g) {
    bool is_gba = g->system == LP_SYSTEM_GBA;
    g->frame_skip = 4;
    g->width = 80, g->height = 72;
    g->crop_width = is_gba ? 240 : 160, g->crop_height = is_gba ? 160 : 144;
    g->time_limit_knob = -1;
    lp_game_default_buttons(g);
}

lp_status lp_game_set_model(lp_game *g, lp_model model, lp_err *err) {
    lp_emu *emu;
    lp_status status = lp_emu_open(&emu, g->rom.data, g->rom.size_bytes, &(lp_emu_config){.no_draw = true, .model = model}, err);
    if (status) return status;
    g->model = lp_emu_model(emu);
    g->system = lp_emu_system(emu);
    lp_emu_close(emu);
    return LP_OK;
}

lp_status lp_game_open_emu(lp_emu **out, const lp_game *g, const lp_emu_config *config, lp_err *err) {
    lp_emu_config own = config ? *config : (lp_emu_config){0};
    own.model = g->model;
    return lp_emu_open(out, g->rom.data, g->rom.size_bytes, &own, err);
}

/* g->rom is there: is it one, and of what console? */
static lp_status use_rom(lp_game *g, const char *name, lp_err *err) {
    const unsigned char *data = g->rom.data;
    size_t n = strlen(name);
    if (n > 6 && !strcmp(name + n - 6, ".state"))
        return lp_fail(err, LP_BAD_INPUT,
                       "%s: a save state, of another emulator core; it cannot be loaded: write the keys from power-on to there as boot in "
                       "longplay.json",
                       name);
    if (g->rom.size_bytes > 2 && data[0] == 0x1f && data[1] == 0x8b)
        return lp_fail(err, LP_BAD_INPUT, "%s: compressed with gzip; unpack it first", name);
    lp_status status = lp_game_set_model(g, LP_MODEL_AUTO, err);
    if (status) return lp_fail_prefix(err, status, "%s", name);
    g->own_model = g->model;
    set_defaults(g);
    return LP_OK;
}

static lp_status load_rom(lp_game *g, const char *path, lp_err *err) {
    lp_status status = lp_file_read(&g->rom, path, LP_EMU_MAX_ROM_BYTES, err);
    if (!status && (status = use_rom(g, path, err))) lp_blob_free(&g->rom);
    return status;
}

lp_status lp_game_open_rom(lp_game **out, const char *name, const void *rom, size_t size_bytes, lp_err *err) {
    *out = NULL;
    lp_game *g = calloc(1, sizeof *g);
    if (g) g->rom = (lp_blob){malloc(size_bytes + !size_bytes), size_bytes};
    if (!g || !g->rom.data) {
        lp_game_close(g);
        return lp_fail(err, LP_FAILED, "%s: out of memory", name);
    }
    memcpy(g->rom.data, rom, size_bytes);
    snprintf(g->name, sizeof g->name, "%s", name);
    lp_status status = use_rom(g, name, err);
    if (status) lp_game_close(g);
    else *out = g;
    return status;
}

/* ---- a folder ---- */

/* rom.sha, where there is one, must be the ROM's SHA-1. */
static void check_sha(const lp_game *g, const char *rom, const cJSON *longplay, lp_findings *r) {
    const char *origin = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(longplay, "origin"));
    char path[PATH_MAX], actual[41];
    lp_blob text;
    lp_err err;
    if (!lp_find_game_file(g->dir, "rom.sha", path, sizeof path)) return;
    lp_status status = lp_file_read(&text, path, 4096, &err);
    if (status) {
        lp_report_status(r, status, &err);
        return;
    }
    lp_sha1_hex(g->rom.data, g->rom.size_bytes, actual);
    bool good = false;
    for (char *save, *line = strtok_r((char *)text.data, " \r\n\t", &save); line; line = strtok_r(NULL, " \r\n\t", &save))
        good |= !strcasecmp(line, actual);
    lp_blob_free(&text);
    if (!good)
        lp_report_error(r, NULL, "%s: its SHA-1 %s is not the one in rom.sha: another ROM or version%s%.190s", rom, actual,
                        origin ? "; the right one comes from " : "", origin ? origin : "");
}

/* An integration comes without its ROM: longplay.json may say where it is to be had, rom.sha says which is meant. */
static void refuse_no_rom(const lp_game *g, const cJSON *longplay, const char *wanted, lp_findings *r) {
    char path[PATH_MAX], sha[64] = "";
    const char *origin = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(longplay, "origin"));
    lp_blob text = {0};
    if (lp_find_game_file(g->dir, "rom.sha", path, sizeof path) && !lp_file_read(&text, path, 4096, NULL) &&
        strspn((char *)text.data, "0123456789abcdefABCDEF") == 40)
        snprintf(sha, sizeof sha, " (SHA-1 %.40s)", (char *)text.data);
    lp_blob_free(&text);
    lp_report_error(r, NULL, "%s: no ROM: %s%s is missing%s%.190s; put it into the folder, or into one that LONGPLAY_ROMS names", g->dir,
                    wanted, sha, origin ? "; it comes from " : "", origin ? origin : "");
}

/* Where the user keeps ROMs. */
static bool find_own_rom(const char *name, char *out, size_t size) {
    const char *folder = getenv("LONGPLAY_ROMS");
    return folder && *folder && snprintf(out, size, "%s/%s", folder, name) < (int)size && lp_file_exists(out);
}

/* False: there is none, of which longplay.json may say another name where it could not be read, as was reported then. */
static bool find_rom(const lp_game *g, const cJSON *longplay, const cJSON *metadata, char *out, size_t size, lp_findings *r) {
    static const char *const names[] = {"rom.gb", "rom.gbc", "rom.gba"};
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(longplay, "rom");
    const char *original = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "original_rom_name"));
    if (item) {
        bool good = cJSON_IsString(item) && !strchr(item->valuestring, '/') && strlen(item->valuestring) <= 200;
        if (!good) return lp_report_error(r, NULL, "%s/longplay.json: rom: must be a file's name in the folder", g->dir), false;
        if (lp_find_game_file(g->dir, item->valuestring, out, size) || find_own_rom(item->valuestring, out, size)) return true;
        return refuse_no_rom(g, longplay, item->valuestring, r), false;
    }
    bool has_name = original && !strchr(original, '/') && strlen(original) <= 200;
    if (has_name && lp_find_game_file(g->dir, original, out, size)) return true;
    for (int i = 0; i < 3; i++)
        if (lp_find_game_file(g->dir, names[i], out, size)) return true;
    if (has_name && find_own_rom(original, out, size)) return true;
    if (longplay || !g->has_longplay) refuse_no_rom(g, longplay, has_name ? original : "rom.gb, rom.gbc or rom.gba", r);
    return false;
}

static void load_folder_rom(lp_game *g, const cJSON *longplay, const cJSON *metadata, lp_findings *r) {
    char rom[PATH_MAX];
    lp_err err;
    lp_status status = LP_OK;
    g->system = LP_SYSTEM_GBA; /* without a ROM, what is not right on any console is still found */
    set_defaults(g);
    if (!find_rom(g, longplay, metadata, rom, sizeof rom, r)) return;
    if ((status = load_rom(g, rom, &err))) lp_report_status(r, status, &err);
    else check_sha(g, rom, longplay, r);
}

/* Where nothing else makes one episode differ from the next, idle frames do, unless longplay.json says what. */
static void default_noop(lp_game *g, const cJSON *longplay) {
    const cJSON *start = cJSON_GetObjectItemCaseSensitive(longplay, "start");
    bool says = cJSON_GetObjectItemCaseSensitive(start, "noop") != NULL;
    if (!says && !g->has_seed && lp_game_can_end(g)) g->noop.max = LP_NOOP_FRAMES;
}

enum { METADATA, DATA, SCENARIO, LONGPLAY, N_FILES };

void lp_game_load_folder(lp_game *g, const char *folder, lp_findings *r) {
    static const char *const names[N_FILES] = {"metadata.json", "data.json", "scenario.json", "longplay.json"};
    static void (*const loads[N_FILES])(lp_game *, const cJSON *, const lp_place *, lp_findings *) = {
        lp_game_load_metadata, lp_game_load_data, lp_game_load_scenario, lp_game_load_longplay};
    char paths[N_FILES][PATH_MAX];
    cJSON *roots[N_FILES] = {NULL};
    if (strlen(folder) >= sizeof g->dir) {
        lp_report_error(r, NULL, "%s: path too long", folder);
        return;
    }
    snprintf(g->dir, sizeof g->dir, "%s", folder);
    g->is_folder = true;
    for (int f = 0; f < N_FILES; f++) {
        bool there = lp_find_game_file(folder, names[f], paths[f], sizeof paths[f]);
        if (there) lp_json_read(&roots[f], paths[f], r);
        if (f == LONGPLAY) g->has_longplay = there;
    }
    load_folder_rom(g, roots[LONGPLAY], roots[METADATA], r);
    for (int f = 0; f < N_FILES; f++) {
        const lp_place file = lp_place_file(paths[f]);
        if (roots[f]) loads[f](g, roots[f], &file, r);
    }
    default_noop(g, roots[LONGPLAY]);
    for (int f = 0; f < N_FILES; f++) cJSON_Delete(roots[f]);
}

static lp_status load_folder(lp_game *g, const char *folder, lp_err *err) {
    lp_findings report = {.err = err};
    lp_game_load_folder(g, folder, &report);
    return report.status;
}

static lp_status refuse_name(const char *name, lp_err *err) {
    char names[64][64], list[400] = "";
    int n = lp_game_shipped(names, 64);
    for (int i = 0; i < n && strlen(list) < sizeof list - 1; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", names[i]);
    return lp_fail(err, LP_BAD_INPUT, "'%s' is neither a file, a folder nor a shipped game (%s)", name, list);
}

bool lp_game_is_folder(const char *name_or_path, char *folder, size_t size) {
    snprintf(folder, size, "%s", name_or_path);
    while (strlen(folder) > 1 && folder[strlen(folder) - 1] == '/') folder[strlen(folder) - 1] = 0;
    if (lp_is_folder(folder) && (strchr(name_or_path, '/') || lp_is_game_folder(folder))) return true;
    return lp_find_shipped(name_or_path, folder, size);
}

lp_status lp_game_open(lp_game **out, const char *name_or_path, lp_err *err) {
    *out = NULL;
    char path[PATH_MAX];
    lp_game *g = calloc(1, sizeof *g);
    if (!g) return lp_fail(err, LP_FAILED, "%s: out of memory", name_or_path);
    lp_status status;
    if (lp_game_is_folder(name_or_path, path, sizeof path)) {
        if (lp_is_game_folder(path)) status = load_folder(g, path, err);
        else status = lp_fail(err, LP_BAD_INPUT, "%s: not a game folder (no longplay.json, data.json, scenario.json or rom.sha)", path);
    } else if (lp_file_exists(name_or_path)) {
        status = load_rom(g, name_or_path, err);
    } else if (lp_find_shipped_rom(name_or_path, path, sizeof path)) {
        status = load_rom(g, path, err);
    } else if (!strchr(name_or_path, '/') && !strchr(name_or_path, '.')) {
        status = refuse_name(name_or_path, err);
    } else {
        status = load_rom(g, name_or_path, err);
    }
    size_t n = strlen(name_or_path);
    while (n > 1 && name_or_path[n - 1] == '/') n--;
    snprintf(path, sizeof path, "%.*s", (int)n, name_or_path);
    snprintf(g->name, sizeof g->name, "%s", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    if (status) lp_game_close(g);
    else *out = g;
    return status;
}

const char *lp_game_name(const lp_game *g) { return g->name; }
const char *lp_game_dir(const lp_game *g) { return g->is_folder ? g->dir : NULL; }
const char *lp_game_title(const lp_game *g) { return g->title; }
const char *lp_game_licence(const lp_game *g) { return g->licence; }
const char *lp_game_floor(const lp_game *g) { return g->floor; }
const char *lp_game_origin(const lp_game *g) { return g->origin; }
int lp_game_frame_skip(const lp_game *g) { return g->frame_skip; }
int lp_game_n_actions(const lp_game *g) { return g->n_actions; }
uint16_t lp_game_action_keys(const lp_game *g, int action) {
    LP_CHECK(action >= 0 && action < g->n_actions);
    return g->action_keys[action];
}
const char *lp_game_action_name(const lp_game *g, int action) {
    LP_CHECK(action >= 0 && action < g->n_actions);
    return g->action_names[action];
}
bool lp_game_has_reward(const lp_game *g) {
    bool has = false;
    for (int p = 0; p < LP_MAX_PLAYERS; p++) has |= g->rewards[p].n || g->rewards[p].time != 0;
    return has;
}

int lp_game_n_variables(const lp_game *g) { return g->n_variables; }
const char *lp_game_variable_name(const lp_game *g, int index) {
    LP_CHECK(index >= 0 && index < g->n_variables);
    return g->variables[index].name;
}
lp_system lp_game_system(const lp_game *g) { return g->system; }
lp_model lp_game_model(const lp_game *g) { return g->model; }
lp_model lp_game_own_model(const lp_game *g) { return g->own_model; }
int lp_game_n_knobs(const lp_game *g) { return g->n_knobs; }
const lp_knob *lp_game_knob(const lp_game *g, int index) {
    LP_CHECK(index >= 0 && index < g->n_knobs);
    return &g->knobs[index];
}
bool lp_game_can_win(const lp_game *g) { return g->win.n > 0; }
bool lp_game_can_lose(const lp_game *g) { return g->loss.n > 0; }
bool lp_game_is_endless(const lp_game *g) { return !g->loss.n && !g->time_limit && g->time_limit_knob < 0; }
bool lp_game_can_end(const lp_game *g) { return lp_game_can_win(g) || !lp_game_is_endless(g); }
bool lp_game_has_oracle(const lp_game *g) { return g->n_oracle > 0; }

const char *lp_game_cells(const lp_game *g) { return g->place; }

lp_status lp_game_has_win_rate(const lp_game *g, int64_t time_limit, lp_err *err) {
    if (!lp_game_can_win(g))
        return lp_fail(err, LP_BAD_INPUT, "%s: declares no win (longplay.json: win), so there is no win rate", g->name);
    if (lp_game_is_endless(g) && !time_limit)
        return lp_fail(err, LP_BAD_INPUT,
                       "%s: declares a win, but no loss and no time limit: an episode that is not won never ends; give a time limit "
                       "(longplay.json: time_limit; eval --time-limit N; train --train.time_limit=N)",
                       g->name);
    return LP_OK;
}

bool lp_game_is_rom(const lp_game *g, uint32_t address) {
    if (g->system != LP_SYSTEM_GBA) return address < 0x8000;
    return address < 0x02000000 || (address >= 0x08000000 && address < 0x0e000000); /* the BIOS is one, too */
}

/* ---- how an episode starts ---- */

bool lp_game_has_seed(const lp_game *g) { return g->has_seed; }
lp_noop lp_game_noop(const lp_game *g) { return g->noop; }

lp_status lp_game_set_noop(lp_game *g, const char *range, lp_err *err) {
    int min, max, end = 0;
    if (sscanf(range, "%6d:%6d%n", &min, &max, &end) != 2 || range[end] || min < 0 || max < min || max > LP_MAX_NOOP_FRAMES)
        return lp_fail(err, LP_BAD_INPUT, "noop '%.40s': must be MIN:MAX idle frames, at most %d, such as 0:30", range, LP_MAX_NOOP_FRAMES);
    g->noop = (lp_noop){min, max};
    return LP_OK;
}

const char *lp_game_noop_text(const lp_game *g, char out[24]) {
    snprintf(out, 24, "%d:%d", g->noop.min, g->noop.max);
    return out;
}

bool lp_game_start_note(const lp_game *g, char *out, size_t size) {
    if (g->has_seed) return false;
    if (g->noop.min == g->noop.max)
        snprintf(out, size,
                 "%s: has no seed and %d idle frames: every episode starts the same, so rates and intervals tell of this one start only "
                 "(longplay.json: seed, start; --noop 0:%d)",
                 g->name, g->noop.min, LP_NOOP_FRAMES);
    else
        snprintf(out, size, "%s: has no seed: its episodes differ by %d to %d idle frames after boot alone (longplay.json: seed, start)",
                 g->name, g->noop.min, g->noop.max);
    return true;
}

const void *lp_game_rom(const lp_game *g, size_t *size_bytes) {
    *size_bytes = g->rom.size_bytes;
    return g->rom.data;
}

void lp_game_observation(const lp_game *g, int *width, int *height) { *width = g->width, *height = g->height; }

void lp_game_crop(const lp_game *g, int *x, int *y, int *width, int *height) {
    *x = g->crop_x, *y = g->crop_y;
    *width = g->crop_width, *height = g->crop_height;
}

bool lp_game_shades(const lp_game *g, int *width, int *height) {
    *width = g->crop_width, *height = g->crop_height;
    return g->system == LP_SYSTEM_GB && g->model != LP_MODEL_SGB && *width % 4 == 0; /* an SGB colours them */
}

int lp_game_find_knob(const lp_game *g, const char *name) {
    for (int k = 0; k < g->n_knobs; k++)
        if (!strcmp(g->knobs[k].name, name)) return k;
    return -1;
}

void lp_game_default_knobs(const lp_game *g, int64_t *knobs) {
    for (int k = 0; k < g->n_knobs; k++) knobs[k] = g->knobs[k].initial;
}

bool lp_game_twin_knobs(const lp_game *g, int64_t *knobs) {
    for (int k = 0; k < g->n_knobs; k++)
        if (g->is_twin_knob[k]) knobs[k] = g->twin[k];
    return g->has_twin;
}

lp_status lp_game_set_knob(const lp_game *g, int64_t *knobs, const char *assignment, lp_err *err) {
    const char *equals = strchr(assignment, '=');
    char name[64];
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - assignment) : 63, assignment);
    int k = equals ? lp_game_find_knob(g, name) : -1;
    if (k < 0) {
        char list[400] = "";
        for (int i = 0; i < g->n_knobs; i++)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", g->knobs[i].name);
        return lp_fail(err, LP_BAD_INPUT, "--set '%s': not KNOB=N with a knob of %s (%s)", assignment, g->name,
                       g->n_knobs ? list : "it has none");
    }
    char *end;
    errno = 0;
    long long value = strtoll(equals + 1, &end, 10);
    if (end == equals + 1 || *end || errno) return lp_fail(err, LP_BAD_INPUT, "--set '%s': not a whole number", assignment);
    if (value < g->knobs[k].min || value > g->knobs[k].max)
        return lp_fail(err, LP_BAD_INPUT, "--set '%s': %s must be between %lld and %lld", assignment, name, (long long)g->knobs[k].min,
                       (long long)g->knobs[k].max);
    knobs[k] = value;
    return LP_OK;
}

/* A bijection of 31 bits, so that different i give different seeds; the low bit tells the two sets apart. */
static uint64_t spread(uint64_t run_seed, uint64_t i) {
    uint64_t mask = 0x7fffffff, x = (i + lp_mix64(run_seed)) & mask;
    x = (x * 0x2c1b3c6d + 0x297a2d39) & mask; /* odd factor: invertible */
    x ^= x >> 15;
    x = (x * 0x5bd1e995) & mask;
    x ^= x >> 13;
    return x;
}

int lp_game_milestones(const lp_game *g, const char *names[LP_MAX_MILESTONES]) {
    _Static_assert((int)LP_MAX_MILESTONES >= (int)LP_MAX_EVENTS, "every event may be one");
    int n = 0;
    for (int i = 0; i < g->n_events; i++) {
        bool known = !g->events[i].milestone;
        for (int k = 0; k < n; k++) known |= !strcmp(names[k], g->events[i].name);
        if (!known) names[n++] = g->events[i].name;
    }
    return n;
}

uint64_t lp_game_train_seed(uint64_t run_seed, uint64_t i) { return spread(run_seed, i) << 1 | 1; }

uint64_t lp_game_eval_seed(uint64_t run_seed, uint64_t i) { return spread(run_seed, i) << 1; }

lp_outcome lp_game_judge(const lp_game *g, const int64_t *now, const int64_t *before, bool *denied) {
    if (lp_condition_holds(&g->win, now, before)) {
        if (!g->audit.n || lp_condition_holds(&g->audit, now, before)) return LP_WIN;
        if (denied) *denied = true;
        return LP_LOSS;
    }
    return lp_condition_holds(&g->loss, now, before) ? LP_LOSS : LP_RUNNING;
}
