/* What the commands of longplay game share; see game.c. */
#ifndef LP_CLI_CMD_GAME_H
#define LP_CLI_CMD_GAME_H

/* argv[0] is the command's name; as the commands of cli.h. */
int lp_game_cmd_new(int argc, char **argv);
int lp_game_cmd_ram(int argc, char **argv);
int lp_game_cmd_watch(int argc, char **argv);
int lp_game_cmd_check(int argc, char **argv);

#endif
