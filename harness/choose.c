#include "harness/choose.h"

#include "base/config.h"
#include "base/file.h"
#include "harness/seat.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
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

#define FIELD(name, field)                                                                                                                 \
    { name, "", LP_SET_INT, offsetof(memory_note, field), 0, 0, 1e9, NULL }
typedef struct {
    int64_t arch, chunk, slots, fan, window, max_items;
} memory_note;

lp_status lp_choose_memory(lp_mem_config *out, const lp_policy *policy, const char *arch_name, lp_err *err) {
    static const lp_setting table[] = {
        {"memory.arch", "", LP_SET_CHOICE, offsetof(memory_note, arch), LP_MEM_TREE, 0, 0, LP_MEM_ARCH_CHOICES},
        FIELD("memory.chunk", chunk),
        FIELD("memory.slots", slots),
        FIELD("memory.fan", fan),
        FIELD("memory.window", window),
        FIELD("memory.max_items", max_items),
    };
    enum { N = sizeof table / sizeof *table };
    memory_note note;
    lp_config_defaults(&note, table, N);
    for (int i = 0; i < N && policy; i++) {
        const char *value = lp_policy_note_of(policy, table[i].name);
        lp_status status = value ? lp_config_set(&note, table, N, table[i].name, value, err) : LP_OK;
        if (status) return lp_fail_prefix(err, status, "the policy's note");
    }
    if (arch_name) {
        lp_err inner;
        if (lp_config_set(&note, table, N, "memory.arch", arch_name, &inner))
            return lp_fail(err, LP_BAD_INPUT, "--memory '%s': must be one of %s", arch_name, LP_MEM_ARCH_CHOICES);
    }
    *out = (lp_mem_config){(lp_mem_arch)note.arch, policy ? lp_policy_shape(policy)->dim : 1,
                           (int)note.chunk,        (int)note.slots,
                           (int)note.fan,          (int)note.window,
                           (int)note.max_items};
    if (!policy) out->arch = LP_MEM_NONE;
    return LP_OK;
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
