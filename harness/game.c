/* Finding and opening games: a shipped game's name, a folder, or a bare ROM. */
#include "harness/game_load.h"

#include "base/hash.h"
#include "base/rng.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_JSON_BYTES = 4 << 20, LABEL_BYTES = 560 };

void lp_game_close(lp_game *g) {
    if (!g) return;
    lp_blob_free(&g->rom);
    lp_condition_free(&g->win);
    lp_condition_free(&g->loss);
    lp_condition_free(&g->audit);
    for (int i = 0; i < g->n_events; i++) lp_condition_free(&g->events[i].when);
    for (int i = 0; i < g->n_oracle; i++) lp_condition_free(&g->oracle[i].when);
    free(g);
}

/* No control characters in any text: messages and events are single lines. */
static bool is_plain(const cJSON *item) {
    for (const char *c = item->string; c && *c; c++)
        if ((unsigned char)*c < 32) return false;
    for (const char *c = item->valuestring; c && *c; c++)
        if ((unsigned char)*c < 32) return false;
    const cJSON *child;
    cJSON_ArrayForEach(child, item) {
        if (!is_plain(child)) return false;
    }
    return true;
}

static lp_status read_json(cJSON **out, const char *path, lp_err *err) {
    lp_blob text;
    lp_status status = lp_file_read(&text, path, MAX_JSON_BYTES, err);
    if (status) return status;
    const char *end = NULL;
    *out = cJSON_ParseWithLengthOpts((char *)text.data, text.size_bytes + 1, &end, 1);
    if (!cJSON_IsObject(*out) || !is_plain(*out) || strlen((char *)text.data) != text.size_bytes) {
        int line = 1;
        for (const char *c = (char *)text.data; end && c < end; c++) line += *c == '\n';
        status = lp_fail(err, LP_BAD_INPUT, "%s:%d: not a JSON object of plain text", path, line);
        cJSON_Delete(*out);
        *out = NULL;
    }
    lp_blob_free(&text);
    return status;
}

/* The folders that may hold shipped games, in order; returns false past the last. */
static bool games_folder(int index, char *out, size_t size) {
    char exe[PATH_MAX];
    const char *env = getenv("LONGPLAY_DATA");
    ssize_t n;
    switch (index) {
    case 0:
        snprintf(out, size, "%s", env ? env : "");
        return true;
    case 1:
    case 2:
        n = readlink("/proc/self/exe", exe, sizeof exe - 1);
        exe[n > 0 ? n : 0] = 0;
        if (strrchr(exe, '/')) *strrchr(exe, '/') = 0;
        snprintf(out, size, "%s/../%s", exe, index == 1 ? "evals/games" : "share/longplay/games");
        return true;
    case 3:
        snprintf(out, size, "%s", LP_SOURCE_DIR "/evals/games");
        return true;
    default:
        return false;
    }
}

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_game_folder(const char *path) {
    char file[PATH_MAX + 32];
    snprintf(file, sizeof file, "%s/longplay.json", path);
    return lp_file_exists(file);
}

static bool find_shipped(const char *name, char *out, size_t size) {
    char folder[PATH_MAX];
    if (strchr(name, '/') || !*name || *name == '.') return false;
    for (int i = 0; games_folder(i, folder, sizeof folder); i++) {
        if (!*folder) continue;
        snprintf(out, size, "%s/%s", folder, name);
        if (!is_game_folder(out)) continue;
        char real[PATH_MAX];
        if (realpath(out, real)) snprintf(out, size, "%s", real);
        return true;
    }
    return false;
}

/* The ROMs that measure emulation are played by their names too; they stand beside the games. */
static bool find_shipped_rom(const char *name, char *out, size_t size) {
    static const char *const endings[] = {"gb", "gba"};
    char folder[PATH_MAX];
    if (strchr(name, '/') || !*name || *name == '.') return false;
    for (int i = 0; games_folder(i, folder, sizeof folder); i++)
        for (int e = 0; e < 2 && *folder; e++) {
            snprintf(out, size, "%s/../roms/%s.%s", folder, name, endings[e]);
            if (lp_file_exists(out)) return true;
        }
    return false;
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

int lp_game_shipped(char names[][64], int max) {
    char folder[PATH_MAX];
    int n = 0;
    for (int i = 0; n == 0 && games_folder(i, folder, sizeof folder); i++) {
        DIR *dir = *folder ? opendir(folder) : NULL;
        struct dirent *entry;
        while (dir && (entry = readdir(dir)) && n < max) {
            char path[PATH_MAX + 300];
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            if (entry->d_name[0] != '.' && is_game_folder(path)) snprintf(names[n++], 64, "%s", entry->d_name);
        }
        if (dir) closedir(dir);
    }
    qsort(names, (size_t)n, sizeof names[0], by_name);
    return n;
}

/* What a game without files of its own is played with. */
static void set_defaults(lp_game *g) {
    static const uint16_t single[] = {0, LP_KEY_A, LP_KEY_B, LP_KEY_START, LP_KEY_SELECT, LP_KEY_LEFT, LP_KEY_RIGHT, LP_KEY_UP, LP_KEY_DOWN,
                                      LP_KEY_L, LP_KEY_R};
    g->frame_skip = 4;
    g->width = 80, g->height = 72;
    g->time_limit_knob = -1;
    g->n_actions = g->system == LP_SYSTEM_GBA ? 11 : 9;
    for (int a = 0; a < g->n_actions; a++) {
        g->action_keys[a] = single[a];
        lp_keys_name(single[a], g->action_names[a], sizeof g->action_names[a]);
    }
}

/* g->rom is there: is it one, and of what console? */
static lp_status use_rom(lp_game *g, const char *name, lp_err *err) {
    lp_emu *emu;
    lp_status status = lp_emu_open(&emu, g->rom.data, g->rom.size_bytes, NULL, err);
    if (status) return lp_fail_prefix(err, status, "%s", name);
    g->system = lp_emu_system(emu);
    lp_emu_close(emu);
    set_defaults(g);
    return LP_OK;
}

static lp_status load_rom(lp_game *g, const char *path, lp_err *err) {
    lp_status status = lp_file_read(&g->rom, path, LP_EMU_MAX_ROM_BYTES, err);
    return status ? status : use_rom(g, path, err);
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

/* rom.sha, where there is one, must be the ROM's SHA-1. */
static lp_status check_sha(const lp_game *g, const char *folder, const char *rom, lp_err *err) {
    char path[PATH_MAX], actual[41];
    lp_path_join(path, sizeof path, folder, "rom.sha");
    if (!lp_file_exists(path)) return LP_OK;
    lp_blob text;
    lp_status status = lp_file_read(&text, path, 4096, err);
    if (status) return status;
    lp_sha1_hex(g->rom.data, g->rom.size_bytes, actual);
    bool good = false;
    for (char *save, *line = strtok_r((char *)text.data, " \r\n\t", &save); line; line = strtok_r(NULL, " \r\n\t", &save))
        good |= !strcasecmp(line, actual);
    lp_blob_free(&text);
    if (!good) return lp_fail(err, LP_BAD_INPUT, "%s: its SHA-1 %s is not the one in rom.sha: another ROM or version", rom, actual);
    return LP_OK;
}

static lp_status find_rom(const cJSON *longplay, const char *folder, char *out, size_t size, lp_err *err) {
    static const char *const names[] = {"rom.gb", "rom.gbc", "rom.gba"};
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(longplay, "rom");
    if (item) {
        if (!cJSON_IsString(item) || strchr(item->valuestring, '/') || strlen(item->valuestring) > 200)
            return lp_fail(err, LP_BAD_INPUT, "%s/longplay.json: rom: must be a file's name in the folder", folder);
        snprintf(out, size, "%s/%s", folder, item->valuestring);
        return LP_OK;
    }
    for (int i = 0; i < 3; i++) {
        snprintf(out, size, "%s/%s", folder, names[i]);
        if (lp_file_exists(out)) return LP_OK;
    }
    return lp_fail(err, LP_BAD_INPUT, "%s: no rom.gb, rom.gbc or rom.gba, and longplay.json names no rom", folder);
}

/* A file that a game may lack: *out NULL then. label: its path and a colon. */
static lp_status read_optional(cJSON **out, const char *folder, const char *name, char label[LABEL_BYTES], lp_err *err) {
    char path[PATH_MAX];
    *out = NULL;
    snprintf(label, LABEL_BYTES, "%s/%s:", folder, name);
    return lp_file_exists(lp_path_join(path, sizeof path, folder, name)) ? read_json(out, path, err) : LP_OK;
}

static lp_status open_folder(lp_game *g, const char *folder, lp_err *err) {
    char path[PATH_MAX], rom[PATH_MAX], label[LABEL_BYTES];
    cJSON *longplay = NULL, *data = NULL, *scenario = NULL, *metadata = NULL;
    if (strlen(folder) >= sizeof g->dir) return lp_fail(err, LP_BAD_INPUT, "%s: path too long", folder);
    snprintf(g->dir, sizeof g->dir, "%s", folder);
    g->is_folder = true;
    lp_status status = read_json(&longplay, lp_path_join(path, sizeof path, folder, "longplay.json"), err);
    if (!status) status = find_rom(longplay, folder, rom, sizeof rom, err);
    if (!status) status = load_rom(g, rom, err);
    if (!status) status = check_sha(g, folder, rom, err);
    if (!status) status = read_optional(&data, folder, "data.json", label, err);
    if (!status && data) status = lp_game_load_data(g, data, label, err);
    snprintf(label, sizeof label, "%s/longplay.json:", folder);
    if (!status) status = lp_game_load_longplay(g, longplay, label, err);
    if (!status) status = read_optional(&scenario, folder, "scenario.json", label, err);
    if (!status && scenario) status = lp_game_load_scenario(g, scenario, label, err);
    if (!status) status = read_optional(&metadata, folder, "metadata.json", label, err);
    cJSON_Delete(longplay);
    cJSON_Delete(data);
    cJSON_Delete(scenario);
    cJSON_Delete(metadata);
    return status;
}

lp_status lp_game_open(lp_game **out, const char *name_or_path, lp_err *err) {
    *out = NULL;
    lp_game *g = calloc(1, sizeof *g);
    if (!g) return lp_fail(err, LP_FAILED, "%s: out of memory", name_or_path);
    char path[PATH_MAX], folder[PATH_MAX];
    snprintf(path, sizeof path, "%s", name_or_path);
    while (strlen(path) > 1 && path[strlen(path) - 1] == '/') path[strlen(path) - 1] = 0;
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    lp_status status;
    if (is_folder(path) && (strchr(name_or_path, '/') || is_game_folder(path))) {
        if (is_game_folder(path)) status = open_folder(g, path, err);
        else status = lp_fail(err, LP_BAD_INPUT, "%s: not a game folder (no longplay.json)", path);
    } else if (find_shipped(name_or_path, folder, sizeof folder)) {
        status = open_folder(g, folder, err);
    } else if (!lp_file_exists(name_or_path) && find_shipped_rom(name_or_path, folder, sizeof folder)) {
        status = load_rom(g, folder, err);
    } else if (!lp_file_exists(name_or_path) && !strchr(name_or_path, '/') && !strchr(name_or_path, '.')) {
        char names[64][64], list[512] = "";
        int n = lp_game_shipped(names, 64);
        for (int i = 0; i < n; i++) snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", names[i]);
        status = lp_fail(err, LP_BAD_INPUT, "'%s' is neither a file, a folder nor a shipped game (%s)", name_or_path, list);
    } else {
        status = load_rom(g, name_or_path, err);
    }
    snprintf(g->name, sizeof g->name, "%s", base);
    if (status) lp_game_close(g);
    else *out = g;
    return status;
}

const char *lp_game_name(const lp_game *g) { return g->name; }
const char *lp_game_dir(const lp_game *g) { return g->is_folder ? g->dir : NULL; }
const char *lp_game_title(const lp_game *g) { return g->title; }
const char *lp_game_licence(const lp_game *g) { return g->licence; }
const char *lp_game_floor(const lp_game *g) { return g->floor; }
int lp_game_frame_skip(const lp_game *g) { return g->frame_skip; }
int lp_game_n_actions(const lp_game *g) { return g->n_actions; }
uint16_t lp_game_action_keys(const lp_game *g, int action) { return g->action_keys[action]; }
const char *lp_game_action_name(const lp_game *g, int action) { return g->action_names[action]; }
bool lp_game_has_reward(const lp_game *g) { return (void)g, false; }
int lp_game_n_variables(const lp_game *g) { return g->n_variables; }
const char *lp_game_variable_name(const lp_game *g, int index) { return g->variables[index].name; }
lp_system lp_game_system(const lp_game *g) { return g->system; }
int lp_game_n_knobs(const lp_game *g) { return g->n_knobs; }
const lp_knob *lp_game_knob(const lp_game *g, int index) { return &g->knobs[index]; }
bool lp_game_has_outcome(const lp_game *g) {
    return g->win.n && (g->loss.n || g->time_limit || g->time_limit_knob >= 0);
}

const void *lp_game_rom(const lp_game *g, size_t *size_bytes) {
    *size_bytes = g->rom.size_bytes;
    return g->rom.data;
}

void lp_game_observation(const lp_game *g, int *width, int *height) {
    *width = g->width, *height = g->height;
}

void lp_game_crop(const lp_game *g, int *x, int *y, int *width, int *height) {
    bool is_gba = g->system == LP_SYSTEM_GBA;
    *x = *y = 0;
    *width = is_gba ? 240 : 160, *height = is_gba ? 160 : 144;
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
        for (int i = 0; i < g->n_knobs; i++) snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", g->knobs[i].name);
        return lp_fail(err, LP_BAD_INPUT, "--set '%s': not KNOB=N with a knob of %s (%s)", assignment, g->name, g->n_knobs ? list : "it has none");
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

uint64_t lp_game_train_seed(uint64_t run_seed, uint64_t i) {
    return spread(run_seed, i) << 1 | 1;
}

uint64_t lp_game_eval_seed(uint64_t run_seed, uint64_t i) {
    return spread(run_seed, i) << 1;
}
