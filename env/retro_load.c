/* Reads stable-retro's files into a game: data.json, scenario.json, metadata.json. See game_load.h. */
#include "env/buttons.h"
#include "env/game_load.h"

#include <string.h>

void lp_game_load_metadata(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *players = cJSON_GetObjectItemCaseSensitive(root, "default_player_state");
    const cJSON *state = cJSON_GetObjectItemCaseSensitive(root, "default_state");
    if (cJSON_IsArray(players) && players->child) state = players->child; /* player 1's comes first there too */
    const lp_place at = lp_place_field(file, "default_state");
    if (state && !cJSON_IsNull(state) && !cJSON_IsString(state)) lp_report_error(r, &at, "must be a text");
    else if (cJSON_IsString(state)) strncpy(g->default_state, state->valuestring, sizeof g->default_state - 1);
}

void lp_game_load_data(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *info = cJSON_GetObjectItemCaseSensitive(root, "info"), *item;
    const lp_place where = lp_place_field(file, "info");
    if (!cJSON_IsObject(info)) {
        lp_report_error(r, &where, "must be an object of variables");
        return;
    }
    lp_json_known(root, "info", false, file, r);
    cJSON_ArrayForEach(item, info) {
        const lp_place at = lp_place_field(&where, item->string);
        if (g->n_variables == LP_MAX_VARIABLES) {
            lp_report_error(r, &at, "more than %d variables", LP_MAX_VARIABLES);
            return;
        }
        lp_variable_parse(&g->variables[g->n_variables++], item->string, item, g->system, "address|type|mask", false, &at, r);
    }
}

/* stable-retro's rule: a width or height of 0, or too large, reaches to the screen's edge. */
static void set_crop(lp_game *g, const lp_scenario *s, const lp_place *file, lp_findings *r) {
    const lp_place at = lp_place_field(file, "crop");
    int screen_width, screen_height;
    if (!s->has_crop) return;
    screen_width = g->crop_width, screen_height = g->crop_height;
    int width = !s->crop_width || s->crop_x + s->crop_width > screen_width ? screen_width - s->crop_x : s->crop_width;
    int height = !s->crop_height || s->crop_y + s->crop_height > screen_height ? screen_height - s->crop_y : s->crop_height;
    if (width < 8 || height < 8) {
        lp_report_error(r, &at, "leaves less than 8x8 pixels of the screen's %dx%d", screen_width, screen_height);
        return;
    }
    g->crop_x = s->crop_x, g->crop_y = s->crop_y;
    g->crop_width = width, g->crop_height = height;
    if (g->width > width) g->width = width;
    if (g->height > height) g->height = height;
}

void lp_game_load_scenario(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const lp_names names = {g->variables, g->n_variables, false};
    const lp_place at_actions = lp_place_field(file, "actions");
    lp_scenario s;
    lp_scenario_parse(&s, root, &names, file, r);
    g->loss = s.done; /* an episode that is done and not won is lost */
    s.done = (lp_condition){0};
    for (int p = 0; p < LP_MAX_PLAYERS; p++) {
        g->rewards[p] = s.rewards[p];
        s.rewards[p] = (lp_reward){0};
    }
    set_crop(g, &s, file, r);
    if (s.actions) lp_game_load_actions(g, s.actions, &at_actions, r);
    lp_scenario_free(&s);
}
