/* What the commands share: argument parsing, results, exit codes. One file a command; main.c dispatches. */
#ifndef LP_CLI_CLI_H
#define LP_CLI_CLI_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* A command gets its own arguments (argv[0] is the command's name) and returns the exit code: 0 done, 1 the thing asked
 * for failed, 2 bad usage or bad input. */
int lp_cmd_play(int argc, char **argv);
int lp_cmd_stream(int argc, char **argv);
int lp_cmd_mcp(int argc, char **argv);
int lp_cmd_train(int argc, char **argv);
int lp_cmd_eval(int argc, char **argv);
int lp_cmd_experiment(int argc, char **argv);
int lp_cmd_report(int argc, char **argv);
int lp_cmd_history(int argc, char **argv);
int lp_cmd_compare(int argc, char **argv); /* 1: a regression, 3: undecided, 2: all else that is not 0 */
int lp_cmd_memory(int argc, char **argv);
int lp_cmd_clip(int argc, char **argv);
int lp_cmd_copy(int argc, char **argv);
int lp_cmd_replay(int argc, char **argv);
int lp_cmd_movie(int argc, char **argv);
int lp_cmd_bench(int argc, char **argv);
int lp_cmd_explore(int argc, char **argv);
int lp_cmd_demo(int argc, char **argv);
int lp_cmd_game(int argc, char **argv);
int lp_cmd_info(int argc, char **argv);

/* One option of a command. Exactly one target is set. */
typedef struct {
    const char *name;  /* without the dashes */
    const char *value; /* what the help calls its value; NULL: a flag */
    const char *help;  /* one line */
    bool *flag;
    const char **text;
    int64_t *number; /* a whole number within min and max */
    double *real;    /* a number within min and max */
    double min, max;
    const char **list; /* repeatable: appended to list[*n_list], up to LP_MAX_LIST */
    int *n_list;
} lp_option;
enum { LP_MAX_LIST = 64 };
#define LP_LEAST_KEEP 50e6 /* --keep, bytes: what SQLite keeps beside a database takes some 20 MB */

typedef struct {
    const char *name, *arguments, *summary; /* "eval", "GAME[,GAME...]", one or two lines */
    const char *example;                    /* a whole command line */
    const lp_option *options;
    int n_options;
    int min_positional, max_positional;
    const char **positional; /* [max_positional] filled in */
    int *n_positional;
    /* settings of the form --section.key=value; NULL: none. Collected, not applied. section: the only one taken ("memory."), with a line of
     * help; NULL: any */
    const char **settings, *section, *section_help;
    int *n_settings;
    /* likewise, those of the sections "chat." and "process."; NULL: none */
    const char **chat;
    int *n_chat;
    /* NULL: none. Options that are not known and what is no option, in their order, for another command; up to LP_MAX_LIST */
    const char **rest;
    int *n_rest;
    void (*more_help)(void); /* printed after the options; may be NULL */
} lp_usage;

/* Of a command that plays with another memory than the policy's, if asked: an option, and the settings of section "memory.". */
#define LP_CLI_MEMORY(arch)                                                                                                                \
    { .name = "memory", .value = lp_mem_arch_choices(), .help = "another memory than the policy was trained with", .text = (arch) }
#define LP_CLI_MEMORY_SETTINGS(a)                                                                                                          \
    .settings = (a).settings, .n_settings = &(a).n_settings, .section = "memory.",                                                         \
    .section_help = "a setting of the memory; longplay info lists them all"

/* Of a command that a chat model may play: the settings of section "chat.", which go before its file; of a program those of "process.". */
#define LP_CLI_CHAT_SETTINGS(a) .chat = (a).chat_settings, .n_chat = &(a).n_chat_settings

/* Parses. Returns -1 to go on, or an exit code (after --help, or after a line about bad usage). */
int lp_parse(const lp_usage *usage, int argc, char **argv);

/* "longplay: message" on stderr; returns the exit code that status stands for. */
int lp_report(lp_status status, const lp_err *err);
/* To be called once, first: from then on JSON objects that are built without memory for a part are noticed. */
void lp_json_begin(void);
/* Prints result as one JSON object and a newline on stdout, and deletes it. Returns 0, or 1 without memory. (What stdout does not
 * take is main's to notice, for every command.) */
int lp_print_json(cJSON *result);

/* What a run writes down to find again from any folder: one of names (up to a NULL) stays as it is, a path becomes absolute. */
lp_status lp_lasting_path(char *out, size_t size, const char *given, const char *const *names, lp_err *err);
/* The same for what lp_game_open took. */
lp_status lp_lasting_game(char *out, size_t size, const char *given, lp_err *err);

#endif
