#include "harness/choose.h"

#include "base/config.h"
#include "base/file.h"
#include "harness/seat.h"
#include "players/guest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lp_shipped_policy(const lp_game *game, char *path, size_t size) {
    if (!lp_game_dir(game)) return false;
    snprintf(path, size, "%s/%s.safetensors", lp_game_dir(game), lp_game_name(game));
    return lp_file_exists(path);
}

lp_status lp_choose_policy(lp_chosen_policy *out, const lp_game *game, const char *name, lp_err *err) {
    *out = (lp_chosen_policy){.player = LP_PLAYER_RANDOM, .name = "random"};
    char shipped[PATH_MAX];
    if (!name) name = lp_shipped_policy(game, shipped, sizeof shipped) ? shipped : "random";
    if (!strcmp(name, "random")) return LP_OK;
    snprintf(out->name, sizeof out->name, "%s", name);
    if (lp_is_guest(name)) {
        out->player = LP_PLAYER_GUEST;
        lp_status status = lp_guest_check(name, err);
        return status ? status : lp_guest_lasting(out->name, sizeof out->name, name, err); /* its file is found again from any folder */
    }
    if (!strcmp(name, "oracle")) {
        out->player = LP_PLAYER_ORACLE;
        return LP_OK;
    }
    lp_status status = lp_policy_read(&out->policy, name, err);
    if (!status && (status = lp_policy_fits(out->policy, game, err))) {
        lp_fail_prefix(err, status, "%s", name);
        lp_policy_close(out->policy);
        out->policy = NULL;
    }
    out->player = LP_PLAYER_POLICY;
    return status;
}

lp_status lp_choose_model(lp_game *game, const char *name, lp_err *err) {
    lp_model model;
    if (!name) return LP_OK;
    lp_status status = lp_model_parse(&model, name, err);
    if (!status) status = lp_game_set_model(game, model, err);
    return status ? lp_fail_prefix(err, status, "--model") : LP_OK;
}

lp_status lp_choose_memory(lp_mem_config *out, const lp_policy *policy, const lp_mem_given *given, lp_err *err) {
    lp_setting table[LP_MEM_MAX_ROWS];
    lp_mem_choice note;
    int n = lp_mem_rows(table, 0, false);
    lp_config_defaults(&note, table, n);
    for (int i = 0; i < n && policy; i++) {
        const char *value = lp_policy_note_of(policy, table[i].name);
        lp_status status = value ? lp_config_set(&note, table, n, table[i].name, value, err) : LP_OK;
        if (status) return lp_fail_prefix(err, status, "the policy's note");
    }
    lp_mem_config c = lp_mem_chosen(&note, policy ? lp_policy_shape(policy)->dim : 1);
    lp_status status = given ? lp_mem_give(&c, given, err) : LP_OK;
    if (!policy) lp_mem_use(&c, &lp_mem_none);
    if (!status) status = lp_mem_complete(&c, err);
    if (!status) *out = c;
    return status;
}

lp_status lp_choose_player_memory(lp_mem_config *out, const lp_chosen_policy *chosen, const lp_mem_given *given, lp_err *err) {
    if (chosen->player != LP_PLAYER_GUEST) return lp_choose_memory(out, chosen->policy, given, err);
    /* its items have no vectors, which could be unlike, and are texts, which are long */
    static const char *const by_importance[] = {"memory.unlike=-1", "memory.window=16", "memory.chunk=16", "memory.slots=4",
                                                "memory.fan=4"};
    lp_mem_config c = {.arch = &lp_mem_tree, .dim = 1};
    lp_status status = lp_mem_give(&c, &(lp_mem_given){"tree", by_importance, sizeof by_importance / sizeof *by_importance}, err);
    if (!status && given) status = lp_mem_give(&c, given, err);
    if (!status && lp_mem_wants_query(c.arch))
        status = lp_fail(err, LP_BAD_INPUT, "--memory %s: it is read by a network's query, which %s has not", lp_mem_arch_name(c.arch),
                         chosen->name);
    if (!status) *out = c;
    return status;
}

lp_status lp_use_device(lp_policy *policy, const lp_game *game, const char *name, lp_err *err) {
    lp_device device;
    int width, height;
    lp_status status = lp_device_find(&device, name, err);
    if (status || !policy) return status;
    status = lp_policy_move(policy, device, lp_policy_is_bf16(policy), err);
    if (!status && lp_game_shades(game, &width, &height)) lp_policy_pack_frames(policy, width, height);
    return status;
}
