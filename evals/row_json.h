/* A row of an evaluation in JSON, as `eval --out` and `eval --json` keep it: what is played, and who plays. Rows in which the same is played
 * have the same episodes, one by one, and can be compared. */
#ifndef LP_EVALS_ROW_JSON_H
#define LP_EVALS_ROW_JSON_H

#include "env/game.h"
#include "memory/memory.h"

#include <cjson/cJSON.h>

/* Adds rom (its hash), model, noop, knobs, seed and time_limit to o. False: no memory for all of it. */
bool lp_row_add_played(cJSON *o, const lp_game *game, const int64_t *knobs, uint64_t seed, int64_t time_limit);
/* Adds policy, policy_digest (0: none), act and memory. */
void lp_row_add_player(cJSON *o, const char *policy, uint64_t digest, bool sample, const lp_mem_config *memory);

/* The first place in which there is another thing than here; where: it, as "knobs.doors is 2 there, 4 here". */
bool lp_json_differs(const cJSON *there, const cJSON *here, char *where, size_t size_bytes);
/* The same of what is played: in no other member of the two rows. */
bool lp_row_differs(const cJSON *there, const cJSON *here, char *where, size_t size_bytes);

#endif
