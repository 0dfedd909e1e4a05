/* longplay: the command line. Dispatches to one file a command. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/number.h"
#include "base/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int, char **);
    const char *help;
} commands[] = {
    {"play", lp_cmd_play, "play a game, in a window or without, and record the run"},
    {"stream", lp_cmd_stream, "play a run that does not end: the player is started again when it crashes or hangs"},
    {"mcp", lp_cmd_mcp, "let an agent play that speaks the Model Context Protocol"},
    {"train", lp_cmd_train, "train a policy on a game, from win and loss alone"},
    {"eval", lp_cmd_eval, "evaluate a policy over many episodes"},
    {"experiment", lp_cmd_experiment, "train and evaluate a matrix of games, memories, networks and seeds"},
    {"report", lp_cmd_report, "what an experiment found: a page, tables and figures, with statistics"},
    {"history", lp_cmd_history, "results by version: what became worse, and when"},
    {"compare", lp_cmd_compare, "is a policy worse than another? the same seeds, exact tests; for CI"},
    {"memory", lp_cmd_memory, "look into the memory of a run, also while it goes on"},
    {"replay", lp_cmd_replay, "show a recorded run again, or verify it"},
    {"clip", lp_cmd_clip, "make a video of a moment of a recorded run"},
    {"copy", lp_cmd_copy, "copy a run, also while it goes on"},
    {"movie", lp_cmd_movie, "import and export movies of other emulators (.bk2)"},
    {"explore", lp_cmd_explore, "find ways through a game without a policy, as demonstrations"},
    {"demo", lp_cmd_demo, "demonstrations to train from: make, list, check"},
    {"bench", lp_cmd_bench, "measure speed on this machine"},
    {"game", lp_cmd_game, "make an integration for a new game: a folder, its variables, a look while you play"},
    {"info", lp_cmd_info, "describe a ROM, a game, a run, a policy, or this build"},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *out) {
    fprintf(out, "Longplay " LP_VERSION ": runs, trains and judges agents that play Game Boy games for as long as it takes.\n\n"
                 "usage: longplay COMMAND [ARGUMENTS]\n\n");
    for (int i = 0; i < N_COMMANDS; i++) fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fprintf(out,
            "\nlongplay COMMAND --help tells more.\n\n"
            "Exit codes: 0 done, 1 the thing asked for failed, 2 bad usage or bad input (compare has its own); 128 + a signal's number\n"
            "(130 for Ctrl-C): it stopped eval or train, which kept what they had, or replay --verify. A second Ctrl-C ends any "
            "command at once.\n"
            "LONGPLAY_DATA: a folder of games that is searched before those that ship; stable-retro's will do.\n"
            "LONGPLAY_ROMS: a folder of ROMs, for the games whose folders lack theirs (games/community).\n\n"
            "example: longplay play cue\n");
}

/* A standard stream that we were started without would be the next file that is opened. In its place stands one that fails. */
static void open_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd ? O_RDONLY : O_WRONLY);
}

static int dispatch(int argc, char **argv) {
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        help(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("longplay " LP_VERSION "\n");
        return 0;
    }
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(argv[1], commands[i].name)) return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "longplay: unknown command '%s' (see longplay --help)\n", argv[1]);
    return 2;
}

int main(int argc, char **argv) {
    open_streams();
    lp_use_decimal_point();
    lp_terminal_guard();
    lp_json_begin();
    const char *fault = getenv("LONGPLAY_FAULT_BYTES");
    if (fault) lp_fault = (lp_fault_plan){.armed = true, .bytes_left = atoll(fault), .error = ENOSPC};
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    int code = dispatch(argc, argv);
    bool lost = ferror(stdout) != 0;
    if (!fflush(stdout) && !lost) return code;
    fprintf(stderr, "longplay: cannot write to standard output\n");
    return code ? code : 1;
}
