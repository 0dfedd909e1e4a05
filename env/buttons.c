/* Reading actions. See buttons.h.
 *
 * The product of groups is numbered as stable-retro's discrete actions are: groups in the order of the buttons they use, the
 * first running fastest; in a group by its buttons' bits, doubles once; of two groups that use the same buttons only the
 * first; "buttons" in the order of the console there, B first. */
#include "env/buttons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GROUPS = 16 };

static const char *const key_names[LP_N_KEYS] = {"A", "B", "SELECT", "START", "RIGHT", "LEFT", "UP", "DOWN", "R", "L"};
static const int retro_bits[LP_N_KEYS] = {8, 0, 2, 3, 7, 6, 4, 5, 11, 10};

void lp_keys_name(uint16_t keys, char *out, size_t size) {
    size_t n = 0;
    snprintf(out, size, "%s", keys ? "" : "none");
    for (int k = 0; k < LP_N_KEYS; k++)
        if (keys >> k & 1 && n < size) n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "+" : "", key_names[k]);
}

bool lp_keys_parse(uint16_t *out, const cJSON *list, lp_system system, const lp_place *where, lp_findings *r) {
    int n_keys = system == LP_SYSTEM_GBA ? LP_N_KEYS : 8; /* L and R are the GBA's */
    bool good = true;
    const cJSON *item;
    *out = 0;
    if (list && !cJSON_IsArray(list)) return lp_report_error(r, where, "must be a list of button names"), false;
    cJSON_ArrayForEach(item, list) {
        int found = -1;
        for (int k = 0; k < n_keys && cJSON_IsString(item); k++)
            if (!strcmp(item->valuestring, key_names[k])) found = k;
        if (found >= 0) {
            *out |= (uint16_t)(1 << found);
            continue;
        }
        lp_report_error(r, where, "unknown button '%.20s' (%s)", cJSON_IsString(item) ? item->valuestring : "", lp_system_name(system));
        good = false;
    }
    return good;
}

static void start_actions(lp_game *g) {
    g->n_actions = 0;
    g->idle_action = 0;
}

static void add_action(lp_game *g, uint16_t keys) {
    int a = g->n_actions++;
    g->action_keys[a] = keys;
    lp_keys_name(keys, g->action_names[a], sizeof g->action_names[a]);
    if (!keys && g->action_keys[g->idle_action]) g->idle_action = a;
}

void lp_game_default_buttons(lp_game *g) {
    static const uint16_t single[] = {0,         LP_KEY_A,    LP_KEY_B, LP_KEY_START, LP_KEY_SELECT, LP_KEY_LEFT, LP_KEY_RIGHT,
                                      LP_KEY_UP, LP_KEY_DOWN, LP_KEY_L, LP_KEY_R};
    start_actions(g);
    for (int a = 0; a < (g->system == LP_SYSTEM_GBA ? 11 : 9); a++) add_action(g, single[a]);
}

void lp_game_load_buttons(lp_game *g, const cJSON *list, const lp_place *where, lp_findings *r) {
    const cJSON *item;
    int n = cJSON_GetArraySize(list), i = 0;
    if (!cJSON_IsArray(list) || n < 2 || n > LP_MAX_ACTIONS) {
        lp_report_error(r, where, "must be a list of 2 to %d actions, each a list of buttons", LP_MAX_ACTIONS);
        return;
    }
    start_actions(g);
    cJSON_ArrayForEach(item, list) {
        const lp_place at = lp_place_item(where, i++);
        uint16_t keys;
        if (!cJSON_IsArray(item)) lp_report_error(r, &at, "must be a list of button names");
        else lp_keys_parse(&keys, item, g->system, &at, r), add_action(g, keys);
    }
}

/* ---- groups ---- */

typedef struct {
    int mask; /* of all its combinations; in stable-retro's bits, like they */
    int n;
    int combinations[LP_MAX_ACTIONS];
} group;

static int by_value(const void *a, const void *b) { return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b); }

static int to_retro(uint16_t keys) {
    int bits = 0;
    for (int k = 0; k < LP_N_KEYS; k++) bits |= (keys >> k & 1) << retro_bits[k];
    return bits;
}

static uint16_t from_retro(int bits) {
    int keys = 0;
    for (int k = 0; k < LP_N_KEYS; k++) keys |= (bits >> retro_bits[k] & 1) << k;
    return (uint16_t)keys;
}

static bool parse_group(group *out, const cJSON *list, lp_system system, const lp_place *where, lp_findings *r) {
    const cJSON *item;
    bool good = true;
    int n = cJSON_GetArraySize(list), i = 0;
    *out = (group){0};
    if (!cJSON_IsArray(list) || n < 1 || n > LP_MAX_ACTIONS)
        return lp_report_error(r, where, "must be a list of 1 to %d lists of buttons", LP_MAX_ACTIONS), false;
    cJSON_ArrayForEach(item, list) {
        const lp_place at = lp_place_item(where, i++);
        uint16_t keys;
        good &= lp_keys_parse(&keys, item, system, &at, r);
        out->combinations[out->n++] = to_retro(keys);
        out->mask |= to_retro(keys);
    }
    qsort(out->combinations, (size_t)out->n, sizeof *out->combinations, by_value);
    for (n = out->n, out->n = 0, i = 0; i < n; i++)
        if (!i || out->combinations[i] != out->combinations[i - 1]) out->combinations[out->n++] = out->combinations[i];
    return good;
}

/* Into groups, at the place of its mask; false: a group with that mask is there. */
static bool insert_group(group *groups, int n, const group *new) {
    int at = n;
    for (int i = 0; i < n; i++)
        if (groups[i].mask == new->mask) return false;
    for (; at > 0 && groups[at - 1].mask > new->mask; at--) groups[at] = groups[at - 1];
    groups[at] = *new;
    return true;
}

static void multiply(lp_game *g, const group *groups, int n_groups, const lp_place *where, lp_findings *r) {
    long long n = 1;
    for (int i = 0; i < n_groups && n <= LP_MAX_ACTIONS; i++) n *= groups[i].n;
    if (n < 2 || n > LP_MAX_ACTIONS) {
        lp_report_error(r, where, "makes %s%lld actions of its groups; 2 to %d can be had", n > LP_MAX_ACTIONS ? "at least " : "", n,
                        LP_MAX_ACTIONS);
        return;
    }
    start_actions(g);
    for (int a = 0; a < (int)n; a++) {
        int rest = a, bits = 0;
        for (int i = 0; i < n_groups; rest /= groups[i].n, i++) bits |= groups[i].combinations[rest % groups[i].n];
        add_action(g, from_retro(bits));
    }
}

void lp_game_load_actions(lp_game *g, const cJSON *list, const lp_place *where, lp_findings *r) {
    const cJSON *item;
    int n = 0, i = 0;
    bool good = true;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > MAX_GROUPS) {
        lp_report_error(r, where, "must be a list of at most %d groups, each a list of lists of buttons", MAX_GROUPS);
        return;
    }
    if (!list->child) return; /* none: what it is without */
    group *groups = calloc(MAX_GROUPS + 1, sizeof *groups), *new = groups ? &groups[MAX_GROUPS] : NULL;
    if (!groups) {
        lp_report_out_of_memory(r, where);
        return;
    }
    cJSON_ArrayForEach(item, list) {
        const lp_place at = lp_place_item(where, i++);
        if (!parse_group(new, item, g->system, &at, r)) good = false;
        else if (insert_group(groups, n, new)) n++;
        else lp_report_note(r, &at, "not used: an earlier group has the same buttons, as in stable-retro");
    }
    if (good) multiply(g, groups, n, where, r);
    free(groups);
}
