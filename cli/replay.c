/* longplay replay: runs a recorded movie again on the emulator and checks every recorded machine hash. */
#include "cli/cli.h"

#include "base/file.h"
#include "emulator/emulator.h"
#include "saves/movie.h"

#include <limits.h>
#include <stdio.h>

typedef struct {
    const char *run, *rom;
    int n_run;
    bool verify, json;
} arguments;

static lp_status replay(lp_movie *movie, lp_emu *emu, int64_t *decisions, int64_t *hashes, lp_err *err) {
    uint32_t skip = lp_movie_info(movie)->frame_skip;
    for (;;) {
        lp_movie_op op;
        bool end;
        lp_status status = lp_movie_next(movie, &op, &end, err);
        if (status || end) return status;
        if (op.kind == LP_MOVIE_RESET) lp_emu_reset(emu);
        if (op.kind == LP_MOVIE_POKE) lp_emu_write8(emu, op.address, op.value);
        if (op.kind == LP_MOVIE_KEYS) lp_emu_step(emu, op.keys, (int)op.n_frames);
        if (op.kind == LP_MOVIE_DECISION) lp_emu_step(emu, op.keys, (int)skip), ++*decisions;
        if (op.kind == LP_MOVIE_HASH && ++*hashes && lp_emu_hash(emu) != op.hash)
            return lp_fail(err, LP_FAILED, "the machine differs after decision %llu", (unsigned long long)op.decision);
    }
}

int lp_cmd_replay(int argc, char **argv) {
    arguments a = {0};
    const lp_option options[] = {
        {.name = "verify", .help = "compare every recorded machine hash", .flag = &a.verify},
        {.name = "rom", .value = "FILE", .help = "the ROM that was played", .text = &a.rom},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "replay", .arguments = "RUN", .summary = "Runs a recorded run again.",
                            .example = "longplay replay runs/cue --verify", .options = options,
                            .n_options = sizeof options / sizeof *options, .min_positional = 1, .max_positional = 1,
                            .positional = &a.run, .n_positional = &a.n_run};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_movie *movie = NULL;
    lp_game *game = NULL;
    lp_emu *emu = NULL;
    char path[PATH_MAX];
    int64_t decisions = 0, hashes = 0;
    size_t size = 0;
    lp_status status = lp_movie_open(&movie, lp_path_join(path, sizeof path, a.run, "movie.lpm"), &err);
    if (!status) status = lp_game_open(&game, a.rom ? a.rom : lp_movie_info(movie)->game, &err);
    const void *rom = status ? NULL : lp_game_rom(game, &size);
    if (!status) status = lp_emu_open(&emu, rom, size, &(lp_emu_config){.no_draw = true}, &err);
    if (!status) status = replay(movie, emu, &decisions, &hashes, &err);
    lp_emu_close(emu);
    lp_game_close(game);
    if (movie) lp_movie_read_close(movie);
    if (status) return lp_report(status, &err);
    if (!a.json) {
        printf("%lld decisions, %lld hashes agree\n", (long long)decisions, (long long)hashes);
        return 0;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "decisions", (double)decisions);
    cJSON_AddNumberToObject(o, "hashes", (double)hashes);
    return lp_print_json(o);
}
