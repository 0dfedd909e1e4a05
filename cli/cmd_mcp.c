/* longplay mcp: an agent that speaks the Model Context Protocol plays; longplay play --policy mcp under a name of its own. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

int lp_cmd_mcp(int argc, char **argv) {
    char *play[LP_MAX_LIST + 4] = {"play", "--policy", "mcp"};
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        printf("usage: longplay mcp [GAME|ROM] [OPTIONS of longplay play]\n\n"
               "A server for an agent that speaks the Model Context Protocol, over standard input and output: it looks, presses keys, "
               "remembers and\n"
               "recalls by tools, with window, memory and recorded runs as for any other player.\n\n"
               "example: longplay mcp cue --headless --run runs/agent --resume\n");
        return 0;
    }
    if (argc > LP_MAX_LIST) {
        fprintf(stderr, "longplay mcp: too many arguments\n");
        return 2;
    }
    for (int i = 1; i <= argc; i++) play[i + 2] = argv[i];
    return lp_cmd_play(argc + 2, play);
}
