/* Reading scenario.json. See scenario.h. */
#include "env/scenario.h"

#include <stdlib.h>
#include <string.h>

static const char no_lua[] = "Lua scripts are not run here; say it with variables, or leave it out and write win and loss in longplay.json";

static float term_value(const lp_reward_term *t, int64_t measured) {
    float value = (float)measured;
    return value < 0 ? value * t->penalty : value > 0 ? value * t->reward : value;
}

double lp_reward_value(const lp_reward *reward, const int64_t *now, const int64_t *before) {
    double sum = (double)reward->time;
    for (int i = 0; i < reward->n; i++)
        sum += (double)term_value(&reward->terms[i], lp_measure_value(&reward->terms[i].measure, now, before));
    return sum;
}

static bool refuse_script(const cJSON *object, const lp_place *where, lp_findings *r) {
    const lp_place at = lp_place_field(where, "script");
    if (!cJSON_GetObjectItemCaseSensitive(object, "script")) return true;
    lp_report_error(r, &at, "%s", no_lua);
    return false;
}

static bool parse_term(lp_reward_term *out, const cJSON *item, const lp_names *names, const lp_place *where, lp_findings *r) {
    *out = (lp_reward_term){0};
    if (!lp_measure_parse(&out->measure, item, true, names, where, r)) return false;
    bool good = lp_json_float(item, "reward", &out->reward, where, r);
    good &= lp_json_float(item, "penalty", &out->penalty, where, r);
    lp_json_known(item, "op|reference|measurement|reward|penalty", false, where, r);
    return good;
}

/* A step's time is measured as 1, so stable-retro's penalty is never paid. */
static void parse_time(lp_reward *out, const cJSON *item, const lp_names *names, const lp_place *where, lp_findings *r) {
    lp_reward_term term;
    const lp_place at = lp_place_field(where, "penalty");
    if (!parse_term(&term, item, names, where, r)) return;
    if (term.penalty != 0) lp_report_note(r, &at, "has no effect, as in stable-retro; a negative reward is what costs time");
    out->time = term_value(&term, lp_op_apply(term.measure.op, term.measure.reference, 1));
}

/* Adds to *out: of a variable that is there already the first term counts, of the time the last. */
static void parse_reward(lp_reward *out, const cJSON *item, const lp_names *names, const lp_place *where, lp_findings *r) {
    const cJSON *variables, *time, *child;
    if (!cJSON_IsObject(item)) {
        lp_report_error(r, where, "must be an object");
        return;
    }
    refuse_script(item, where, r);
    lp_json_known(item, "variables|time|script", false, where, r);
    const lp_place in_time = lp_place_field(where, "time"), in_variables = lp_place_field(where, "variables");
    if (lp_json_object(item, "time", &time, where, r) && time) parse_time(out, time, names, &in_time, r);
    if (!lp_json_object(item, "variables", &variables, where, r) || !variables) return;
    lp_reward_term *terms = realloc(out->terms, (size_t)(out->n + cJSON_GetArraySize(variables) + 1) * sizeof *terms);
    if (!terms) {
        lp_report_out_of_memory(r, where);
        return;
    }
    out->terms = terms;
    cJSON_ArrayForEach(child, variables) {
        const lp_place at = lp_place_field(&in_variables, child->string);
        lp_reward_term *term = &terms[out->n];
        bool is_new = true;
        bool good = parse_term(term, child, names, &at, r);
        term->measure.variable = lp_variable_find(names->variables, names->n, child->string);
        if (term->measure.variable < 0) lp_report_error(r, &at, "variable '%.40s' is not in data.json", child->string), good = false;
        for (int i = 0; i < out->n; i++) is_new &= terms[i].measure.variable != term->measure.variable;
        if (!is_new) lp_report_note(r, &at, "rewarded already; the first counts, as in stable-retro");
        out->n += good && is_new;
    }
}

static void parse_rewards(lp_scenario *out, const cJSON *root, const lp_names *names, const lp_place *file, lp_findings *r) {
    const cJSON *reward = cJSON_GetObjectItemCaseSensitive(root, "reward"), *list, *item;
    const lp_place at_reward = lp_place_field(file, "reward"), at_list = lp_place_field(file, "rewards");
    if (reward) parse_reward(&out->rewards[0], reward, names, &at_reward, r);
    if (!lp_json_list(root, "rewards", 64, &list, file, r)) return;
    int player = 0;
    cJSON_ArrayForEach(item, list) {
        const lp_place at = lp_place_item(&at_list, player);
        if (player < LP_MAX_PLAYERS) parse_reward(&out->rewards[player], item, names, &at, r);
        else lp_report_note(r, &at, "not used: there are rewards for %d players", LP_MAX_PLAYERS);
        player++;
    }
}

static void parse_done(lp_scenario *out, const cJSON *root, const lp_names *names, const lp_place *file, lp_findings *r) {
    const cJSON *done;
    const lp_place at = lp_place_field(file, "done");
    if (!lp_json_object(root, "done", &done, file, r) || !done || !refuse_script(done, &at, r)) return;
    lp_condition_parse(&out->done, done, names, &at, r);
    if (out->done.n == 1) lp_report_note(r, &at, "\"all\" of nothing holds at every step, as in stable-retro");
}

/* "crop": [x, y, width, height], or "crops", a list of such, one a player: the first player's is taken. */
static void parse_crop(lp_scenario *out, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "crop"), *all = cJSON_GetObjectItemCaseSensitive(root, "crops"), *item;
    lp_place at = lp_place_field(file, "crop");
    const lp_place at_all = lp_place_field(file, "crops");
    int values[4], n = 0;
    bool good = true;
    if (all) {
        at = lp_place_item(&at_all, 0);
        list = cJSON_IsArray(all) ? cJSON_GetArrayItem(all, 0) : all;
    }
    if (!list) return;
    cJSON_ArrayForEach(item, list) {
        double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
        good &= n < 4 && value >= 0 && value <= 65535 && value == (int)value;
        if (good) values[n++] = (int)value;
    }
    if (!good || n != 4 || !cJSON_IsArray(list)) {
        lp_report_error(r, &at, "must be [x, y, width, height], whole numbers from 0");
        return;
    }
    out->has_crop = values[0] || values[1] || values[2] || values[3];
    out->crop_x = values[0], out->crop_y = values[1], out->crop_width = values[2], out->crop_height = values[3];
}

void lp_scenario_parse(lp_scenario *out, const cJSON *root, const lp_names *names, const lp_place *file, lp_findings *r) {
    const cJSON *scripts = cJSON_GetObjectItemCaseSensitive(root, "scripts");
    const lp_place at = lp_place_field(file, "scripts");
    *out = (lp_scenario){.actions = cJSON_GetObjectItemCaseSensitive(root, "actions")};
    lp_json_known(root, "done|reward|rewards|crop|crops|actions|scripts", false, file, r);
    if (scripts && (!cJSON_IsArray(scripts) || cJSON_GetArraySize(scripts))) lp_report_error(r, &at, "%s", no_lua);
    parse_done(out, root, names, file, r);
    parse_rewards(out, root, names, file, r);
    parse_crop(out, root, file, r);
}

void lp_scenario_free(lp_scenario *s) {
    lp_condition_free(&s->done);
    for (int p = 0; p < LP_MAX_PLAYERS; p++) free(s->rewards[p].terms);
    *s = (lp_scenario){0};
}
