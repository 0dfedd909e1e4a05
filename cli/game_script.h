/* The little language of longplay game ram: one command a line, from a script or typed. */
#ifndef LP_CLI_GAME_SCRIPT_H
#define LP_CLI_GAME_SCRIPT_H

#include "env/game.h"
#include "env/ram_search.h"

#include <stdbool.h>
#include <stdio.h>

enum { RAM_MAX_SAVED = 256, RAM_MAX_LINE = 1023 /* bytes, without its newline */ };

typedef struct {
    lp_game *game;         /* owned */
    lp_env *env;           /* owned; booted, then stepped frame by frame */
    lp_emu *emu;           /* env's */
    lp_ram_search *search; /* owned */
    unsigned char *mark;   /* owned; the machine that "back" returns to */
    bool marked, moved;    /* moved: since the last snapshot */
    bool quit;
    bool can_play; /* there is a display, and somebody at it */
    FILE *out;     /* what the commands say */
    int n_saved;
    char saved[RAM_MAX_SAVED][40];
} ram_session;

/* session is zeroed storage but for can_play and out. Boots the game and takes the first snapshot, "start". */
lp_status ram_open(ram_session *session, const char *game, uint64_t seed, lp_err *err);
void ram_close(ram_session *session);
/* Does one line of at most RAM_MAX_LINE bytes; blank ones and what follows # do nothing. A command that fails changes nothing. */
lp_status ram_do(ram_session *session, const char *line, lp_err *err);
/* The type that is searched for, or "any". */
const char *ram_type_text(const ram_session *session);
/* The commands, for people. */
void ram_help(FILE *out);
/* The candidates as they stand, at most max: with the machine's present values where it has moved on since the last snapshot. -1: err. */
int ram_list(ram_session *session, lp_ram_candidate *out, int max, lp_err *err);

/* game_ram.c: hands the game over to the keyboard until the window is closed. */
lp_status ram_play(ram_session *session, lp_err *err);

#endif
