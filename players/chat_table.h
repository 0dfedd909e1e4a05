/* A game's own tools for chat models: tools.json in its folder (docs/players.md). Each stands for presses, of which a part may go on until a variable says that it is
 * enough.
 *
 *     {"tools": [{"name": "goto", "description": "Walks to a column.",
 *                 "parameters": {"x": {"description": "0 to 19", "min": 0, "max": 19}},
 *                 "steps": [{"press": "RIGHT", "until": {"variable": "x", "op": "greater-or-equal", "reference": "x"}, "most": 80},
 *                           {"press": ["A", "none"], "times": 2}]}]}
 */
#ifndef LP_PLAYERS_CHAT_TABLE_H
#define LP_PLAYERS_CHAT_TABLE_H

#include "env/condition.h"
#include "env/game.h"

enum { LP_CHAT_TABLE_TOOLS = 16, LP_CHAT_TABLE_PARTS = 16, LP_CHAT_TABLE_PARAMETERS = 4, LP_CHAT_TABLE_NAME = 32 };

typedef struct {
    int64_t number;
    int parameter; /* whose value it is; -1: number */
} lp_chat_amount;

typedef struct {
    int n_actions;
    uint8_t action[LP_CHAT_TABLE_PARTS]; /* one a decision */
    lp_chat_amount times;                /* that they are pressed; of one with `until` at most */
    bool until;
    int variable;
    lp_op op; /* one that compares */
    lp_chat_amount reference;
} lp_chat_step;

typedef struct {
    char name[LP_CHAT_TABLE_NAME], description[512];
    int n_parameters, n_steps;
    struct {
        char name[LP_CHAT_TABLE_NAME], description[256];
        int64_t min, max;
    } parameter[LP_CHAT_TABLE_PARAMETERS];
    lp_chat_step step[LP_CHAT_TABLE_PARTS];
} lp_chat_tool;

typedef struct {
    int n;
    lp_chat_tool tool[LP_CHAT_TABLE_TOOLS];
} lp_chat_table;

/* The table of the game's folder; n is 0 where there is none. LP_BAD_INPUT: file, field and what is wrong. */
lp_status lp_chat_table_read(lp_chat_table *out, const lp_game *game, lp_err *err);
/* NULL: there is none of that name; table may be NULL. */
const lp_chat_tool *lp_chat_table_find(const lp_chat_table *table, const char *name, size_t length);
/* The action of that name, in any case; -1: there is none. */
int lp_chat_action(const lp_game *game, const char *name);

#endif
