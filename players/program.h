/* A program as a player: a process that reads a line of JSON a decision from its standard input and answers with a line on its standard output
 * (docs/players.md). What it writes to standard error goes where ours does.
 *
 *     lp_program *p;
 *     lp_program_open(&p, "python3 player.py", &err);
 *     lp_program_say(p, "{\"decision\":0,...}", &err);
 *     while (!line && !status) status = lp_program_hear(p, 50, &line, &err);    // "{\"action\":\"UP\"}"
 *     lp_program_close(p);
 *
 * One thread at a time. Opening the first of them makes this process ignore SIGPIPE. */
#ifndef LP_PLAYERS_PROGRAM_H
#define LP_PLAYERS_PROGRAM_H

#include "base/status.h"

typedef struct lp_program lp_program;

enum { LP_PROGRAM_MAX_LINE = 4 << 20 /* bytes that it may answer with */ };

/* command is for /bin/sh. LP_FAILED: no process could be started; that the command is none shows when it is listened to. */
lp_status lp_program_open(lp_program **out, const char *command, lp_err *err);
/* Ends its standard input; one that does not end within two seconds is killed, with all that it started. NULL is fine. */
void lp_program_close(lp_program *program);
/* Sends the line and a newline. It is read from meanwhile, so that neither waits for the other. LP_FAILED: it has ended, and how. */
lp_status lp_program_say(lp_program *program, const char *line, lp_err *err);
/* Waits up to timeout_ms for a line: *line, without its newline and valid until the next call, or NULL. LP_FAILED: it has ended, and how, or
 * says too much. */
lp_status lp_program_hear(lp_program *program, int timeout_ms, char **line, lp_err *err);

#endif
