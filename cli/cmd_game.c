/* longplay game: what one needs to make an integration for a new game. One file a command; docs/integration.md is the tour. */
#include "cli/cmd_game.h"

#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *arguments;
    int (*run)(int, char **);
    const char *help;
} commands[] = {
    {"new", "ROM DIR", lp_game_cmd_new, "make a game folder for a ROM, with a comment at every field"},
    {"ram", "GAME [SCRIPT]", lp_game_cmd_ram, "find where the game keeps its values, by elimination"},
    {"watch", "GAME", lp_game_cmd_watch, "play with the keyboard and see variables, win, loss and events live"},
    {"check", "GAME", lp_game_cmd_check, "say what is wrong in a game folder and where, or what it offers"},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *out) {
    fprintf(out,
            "usage: longplay game COMMAND [ARGUMENTS]\n\nMakes an integration for a new game; docs/integration.md goes through it.\n\n");
    for (int i = 0; i < N_COMMANDS; i++) fprintf(out, "  %-6s %-14s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    fprintf(out, "\nlongplay game COMMAND --help tells more.\nexample: longplay game new tetris.gb games/tetris\n");
}

int lp_cmd_game(int argc, char **argv) {
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        help(stdout);
        return 0;
    }
    for (int i = 0; i < N_COMMANDS && argc > 1; i++)
        if (!strcmp(argv[1], commands[i].name)) return commands[i].run(argc - 1, argv + 1);
    if (argc > 1) fprintf(stderr, "longplay game: unknown command '%s' (see longplay game --help)\n", argv[1]);
    else fprintf(stderr, "longplay game: needs new, ram, watch or check (see longplay game --help)\n");
    return 2;
}
