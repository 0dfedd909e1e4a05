/* longplay info: describes a game, or this build. */
#include "cli/cli.h"

#include "base/hash.h"
#include "emulator/emulator.h"

#include <stdio.h>

static int describe_game(const char *name, bool json) {
    lp_err err = {{0}};
    lp_game *game;
    lp_status status = lp_game_open(&game, name, &err);
    if (status) return lp_report(status, &err);
    size_t size;
    char sha1[41];
    lp_sha1_hex(lp_game_rom(game, &size), size, sha1);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "game", lp_game_name(game));
    cJSON_AddStringToObject(o, "sha1", sha1);
    cJSON_AddNumberToObject(o, "size_bytes", (double)size);
    cJSON *knobs = cJSON_AddArrayToObject(o, "knobs");
    for (int i = 0; i < lp_game_n_knobs(game); i++)
        cJSON_AddItemToArray(knobs, cJSON_CreateString(lp_game_knob(game, i)->name));
    if (!json) {
        printf("%s: %zu bytes, SHA-1 %s\n", lp_game_name(game), size, sha1);
        for (int i = 0; i < lp_game_n_knobs(game); i++) printf("  %s: %s\n", lp_game_knob(game, i)->name, lp_game_knob(game, i)->help);
    }
    lp_game_close(game);
    if (json) return lp_print_json(o);
    cJSON_Delete(o);
    return 0;
}

int lp_cmd_info(int argc, char **argv) {
    const char *what = NULL;
    int n = 0;
    bool json = false;
    const lp_option options[] = {{.name = "json", .help = "print one JSON object", .flag = &json}};
    const lp_usage usage = {.name = "info", .arguments = "[ROM|GAME]", .summary = "Describes a game or this build.",
                            .example = "longplay info cue", .options = options, .n_options = 1, .max_positional = 1,
                            .positional = &what, .n_positional = &n};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    if (what) return describe_game(what, json);
    if (!json) {
        printf("longplay " LP_VERSION ", %s\n", lp_emu_core_version());
        return 0;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "version", LP_VERSION);
    cJSON_AddStringToObject(o, "core", lp_emu_core_version());
    return lp_print_json(o);
}
