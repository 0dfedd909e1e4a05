/* What a program is told besides: "process: --process.KEY=VALUE ... COMMAND" (docs/players.md). */
#ifndef LP_PLAYERS_PROGRAM_SETUP_H
#define LP_PLAYERS_PROGRAM_SETUP_H

#include "env/game.h"

typedef enum { LP_PICTURE_BASE64, LP_PICTURE_PATH, LP_PICTURE_NONE } lp_program_picture;

typedef struct {
    char variables[512]; /* names of the game's, with commas between; "": none */
    int64_t picture;     /* lp_program_picture */
} lp_program_setup;

/* given: what follows "process:"; *command is left within it, behind the settings. LP_BAD_INPUT: a setting is none. */
lp_status lp_program_setup_read(lp_program_setup *out, const char *given, const char **command, lp_err *err);

#endif
