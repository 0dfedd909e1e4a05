/* longplay game new ROM DIR: a game folder that opens and plays at once, and says at every field what belongs there.
 *
 * The folder is filled under another name beside its own, opened as a game, and renamed: it is there whole or not at all. JSON
 * has no comments; a field whose name begins with "//" is one for Longplay.
 */
#include "cli/cli.h"
#include "cli/cmd_game.h"
#include "env/game.h"

#include "base/file.h"
#include "base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FOLDER_BYTES = 400 };

static const char data_json[] = "{\n"
                                "  \"//\": \"Where the game keeps its values. 'longplay game ram' finds addresses and adds them here.\",\n"
                                "  \"// example\": \"\\\"lives\\\": {\\\"address\\\": 49312, \\\"type\\\": \\\"|u1\\\"} is the unsigned "
                                "byte at 0xC0A0; <u2 two bytes, low one first; "
                                ">d3 six decimal digits\",\n"
                                "  \"info\": {\n"
                                "  }\n"
                                "}\n";

/* %1$s: the title; %2$s, %3$s: the observation; %4$s: L and R where there are any. */
static const char longplay_json[] =
    "{\n"
    "  \"//\": \"Fields whose names begin with // are comments; an example is put in by taking its slashes away. docs/games.md describes "
    "every field; longplay game check says what is "
    "wrong.\",\n"
    "  \"title\": \"%1$s\",\n"
    "  \"// origin\": \"Where the ROM is to be had, if you share this folder: who lacks it is told.\",\n"
    "  \"//origin\": \"https://...\",\n"
    "\n"
    "  \"// frame_skip\": \"Frames that one decision's buttons are held for.\",\n"
    "  \"frame_skip\": 4,\n"
    "  \"// observation\": \"What the policy sees: the screen in grey, averaged to this size.\",\n"
    "  \"observation\": {\"width\": %2$s, \"height\": %3$s},\n"
    "  \"// buttons\": \"What the policy chooses among, one list of buttons held together an action. Fewer learn faster.\",\n"
    "  \"buttons\": [[], [\"A\"], [\"B\"], [\"START\"], [\"SELECT\"], [\"LEFT\"], [\"RIGHT\"], [\"UP\"], [\"DOWN\"]%4$s],\n"
    "  \"// boot\": \"From power-on to the first decision: titles and menus, e.g. {\\\"frames\\\": 120}, {\\\"keys\\\": [\\\"START\\\"], "
    "\\\"frames\\\": 6}\",\n"
    "  \"boot\": [{\"frames\": 60}],\n"
    "  \"// seed\": \"Where the game's luck comes from, if you find it: {address, type}; and a step with poke in boot.\",\n"
    "  \"// start\": \"Where there is no seed, idle frames before the first decision make episodes differ; this many by default. A step "
    "with noop in boot says where.\",\n"
    "  \"//start\": {\"noop\": [0, 30]},\n"
    "  \"// time_limit\": \"Decisions after which an episode is lost; 0: never.\",\n"
    "  \"time_limit\": 0,\n"
    "\n"
    "  \"// win\": \"When the game is won. Variables are those of data.json:\",\n"
    "  \"//win\": {\"variables\": {\"level\": {\"op\": \"greater-or-equal\", \"reference\": 8}}},\n"
    "  \"//loss\": {\"variables\": {\"lives\": {\"op\": \"equal\", \"reference\": 0}}},\n"
    "  \"// audit\": \"A second look that must agree with a win, so that no glitch passes for one.\",\n"
    "  \"//audit\": {\"variables\": {\"score\": {\"op\": \"greater-than\", \"reference\": 0}}},\n"
    "  \"// events\": \"What is worth remembering in words; a variable's name in braces stands for its value.\",\n"
    "  \"//events\": [{\"name\": \"level\", \"when\": {\"variables\": {\"level\": {\"op\": \"positive\", \"measurement\": "
    "\"delta\"}}}, "
    "\"text\": \"Level {level} begins.\", \"milestone\": true}]\n"
    "}\n";

static const char readme_md[] =
    "# %1$s\n"
    "An integration for Longplay. The ROM is yours: share this folder without it, `rom.sha` says which it was.\n"
    "\n"
    "| file | |\n"
    "|---|---|\n"
    "| `%2$s` | the ROM |\n"
    "| `rom.sha` | its SHA-1; another ROM is refused |\n"
    "| `data.json` | where the game keeps its values |\n"
    "| `longplay.json` | how it is booted, won, lost and seen, with a comment at every field |\n"
    "| `scenario.json`, `metadata.json` | stable-retro's, where you have them; not needed |\n"
    "\n"
    "1. `longplay game watch DIR`: play it. Set `boot` so that it starts where the first decision is to be.\n"
    "2. `longplay game ram DIR`: find lives, level, score; `save NAME` adds each to `data.json`.\n"
    "3. Write `win` and `loss` into `longplay.json`, then `longplay game check DIR --sheet ends.png`: it plays, and shows how episodes "
    "end.\n"
    "4. `longplay game watch DIR --run runs/mine`: see them hold while you play; the keys are kept as a demonstration.\n"
    "5. `longplay train DIR`\n";

/* The ROM's title as a JSON text may hold it. */
static void plain_title(char out[32], const char *title) {
    int n = 0;
    for (; *title && n < 31; title++)
        if (*title >= ' ' && *title < 127 && *title != '"' && *title != '\\') out[n++] = *title;
    while (n && out[n - 1] == ' ') n--;
    out[n] = 0;
}

static lp_status put(const char *folder, const char *name, const void *data, size_t size, lp_err *err) {
    char path[PATH_MAX];
    return lp_file_write_atomic(lp_path_join(path, sizeof path, folder, name), data, size, err);
}

static lp_status fill(const char *folder, const char *name, const lp_blob *rom, lp_system system, const char *title, lp_err *err) {
    static const char *const rom_names[] = {"rom.gb", "rom.gbc", "rom.gba"};
    bool is_gba = system == LP_SYSTEM_GBA;
    char text[sizeof longplay_json + 256], sha[42];
    lp_sha1_hex(rom->data, rom->size_bytes, sha);
    memcpy(sha + 40, "\n", 2);
    lp_status status = put(folder, rom_names[system], rom->data, rom->size_bytes, err);
    if (!status) status = put(folder, "rom.sha", sha, 41, err);
    if (!status) status = put(folder, "data.json", data_json, sizeof data_json - 1, err);
    int n = snprintf(text, sizeof text, longplay_json, title, "80", is_gba ? "53" : "72", is_gba ? ", [\"L\"], [\"R\"]" : "");
    if (!status) status = put(folder, "longplay.json", text, (size_t)n, err);
    n = snprintf(text, sizeof text, readme_md, name, rom_names[system]);
    if (!status) status = put(folder, "README.md", text, (size_t)n, err);
    return status;
}

static void remove_filled(const char *folder) {
    char path[PATH_MAX];
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir));)
        if (d->d_name[0] != '.' && strlen(folder) + strlen(d->d_name) + 2 < sizeof path)
            unlink(lp_path_join(path, sizeof path, folder, d->d_name));
    if (dir) closedir(dir);
    rmdir(folder);
}

/* The folder's own name, without a slash at its end. */
static lp_status settle_name(char folder[MAX_FOLDER_BYTES], const char **name, const char *given, lp_err *err) {
    size_t length = strlen(given);
    while (length > 1 && given[length - 1] == '/') length--;
    if (!length || length >= MAX_FOLDER_BYTES) return lp_fail(err, LP_BAD_INPUT, "'%.80s': not a name for a folder", given);
    snprintf(folder, MAX_FOLDER_BYTES, "%.*s", (int)length, given);
    *name = strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder;
    struct stat st;
    if (!lstat(folder, &st)) return lp_fail(err, LP_BAD_INPUT, "%s: is there already", folder);
    if (strlen(*name) >= 64) return lp_fail(err, LP_BAD_INPUT, "%s: a game's name has less than 64 bytes", folder);
    return LP_OK;
}

/* Does what was made open as a game? */
static lp_status try_out(const char *folder, lp_err *err) {
    lp_game *game = NULL;
    lp_env *env = NULL;
    lp_status status = lp_game_open(&game, folder, err);
    if (!status) status = lp_env_open(&env, game, NULL, err);
    if (!status) status = lp_env_reset(env, 2, NULL, 0, err);
    lp_env_close(env);
    lp_game_close(game);
    return status;
}

static lp_status make(const char *folder, const char *name, const lp_blob *rom, lp_system system, const char *title, lp_err *err) {
    char temporary[PATH_MAX], parent[PATH_MAX];
    lp_folder_of(parent, folder);
    lp_status status = lp_make_dirs(parent, err);
    if (status) return status;
    lp_temporary_sweep(folder, remove_filled);
    if ((status = lp_temporary_path(temporary, folder, err))) return status;
    if (mkdir(temporary, 0777)) return lp_fail(err, lp_errno_status(errno), "%s: cannot create folder: %s", folder, strerror(errno));
    status = fill(temporary, name, rom, system, *title ? title : name, err);
    if (!status) status = try_out(temporary, err);
    if (!status && rename(temporary, folder))
        status = lp_fail(err, lp_errno_status(errno), "%s: cannot create folder: %s", folder, strerror(errno));
    if (status) remove_filled(temporary);
    return status;
}

static int print_result(const char *folder, const char *title, lp_system system, bool json) {
    if (json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "game", folder);
        cJSON_AddStringToObject(o, "title", title);
        cJSON_AddStringToObject(o, "system", lp_system_name(system));
        return lp_print_json(o);
    }
    printf("%s: a game folder for %s (%s)\n", folder, *title ? title : "a ROM without a title", lp_system_name(system));
    printf("longplay game watch %s plays it; longplay game ram %s finds its variables\n", folder, folder);
    return 0;
}

int lp_game_cmd_new(int argc, char **argv) {
    const char *given[2];
    int n = 0;
    bool json = false;
    const lp_option options[] = {{.name = "json", .help = "print one JSON object", .flag = &json}};
    const lp_usage usage = {
        .name = "game new",
        .arguments = "ROM DIR",
        .summary = "Makes a game folder DIR, which must not be there yet, for a .gb, .gbc or .gba file: with a copy of it, and with a\n"
                   "comment at every field. It opens and plays at once; win, loss and variables are for you to fill in.",
        .example = "longplay game new tetris.gb games/tetris",
        .options = options,
        .n_options = 1,
        .min_positional = 2,
        .max_positional = 2,
        .positional = given,
        .n_positional = &n};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_blob rom = {0};
    lp_emu *emu = NULL;
    char folder[MAX_FOLDER_BYTES], title[32] = "";
    const char *name = "";
    lp_system system = LP_SYSTEM_GB;
    lp_status status = settle_name(folder, &name, given[1], &err);
    if (!status) status = lp_file_read(&rom, given[0], LP_EMU_MAX_ROM_BYTES, &err);
    if (!status && (status = lp_emu_open(&emu, rom.data, rom.size_bytes, NULL, &err))) lp_fail_prefix(&err, status, "%s", given[0]);
    if (!status) {
        plain_title(title, lp_emu_title(emu));
        system = lp_emu_system(emu);
        status = make(folder, name, &rom, system, title, &err);
    }
    lp_emu_close(emu);
    lp_blob_free(&rom);
    return status ? lp_report(status, &err) : print_result(folder, title, system, json);
}
