/* Who plays, as people name it: a weight file, "random", "oracle"; the memory and the device that go with it. */
#ifndef LP_HARNESS_CHOOSE_H
#define LP_HARNESS_CHOOSE_H

#include "env/game.h"
#include "memory/settings.h"
#include "policy/policy.h"

/* The policy that a game ships (its folder's NAME.safetensors), if any. Returns false when there is none. */
bool lp_shipped_policy(const lp_game *game, char *path, size_t size);
typedef enum { LP_PLAYER_POLICY, LP_PLAYER_RANDOM, LP_PLAYER_ORACLE, LP_PLAYER_GUEST } lp_player;
/* "random", "oracle", a guest (players/guest.h) or a weight file as --policy gives it. NULL name: the shipped policy, or random where there is none. */
typedef struct {
    lp_player player;
    lp_policy *policy; /* owned; NULL unless a file */
    char name[768];    /* "random", "process:COMMAND", or the path */
} lp_chosen_policy;
lp_status lp_choose_policy(lp_chosen_policy *out, const lp_game *game, const char *name, lp_err *err);
/* Puts game into another console, as --model gives it; NULL: nothing changes. */
lp_status lp_choose_model(lp_game *game, const char *name, lp_err *err);
/* The memory that a policy was trained with (its notes), with what was given (may be NULL) in its place; none without a policy. */
lp_status lp_choose_memory(lp_mem_config *out, const lp_policy *policy, const lp_mem_given *given, lp_err *err);
/* Whoever plays: a policy's as above; a guest's is a tree by importance alone, with what was given in its place. */
lp_status lp_choose_player_memory(lp_mem_config *out, const lp_chosen_policy *chosen, const lp_mem_given *given, lp_err *err);
/* Puts the policy that is to play game where --device says; both NULL: only checks what it says. */
lp_status lp_use_device(lp_policy *policy, const lp_game *game, const char *device, lp_err *err);

#endif
