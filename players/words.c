#include "players/words.h"

#include "players/chat_setup.h"
#include "players/picture.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1 };

static bool add_picture(cJSON *o, const lp_moment *m) {
    char *text = lp_picture_base64(m->frame, m->width, m->height, 1, 0);
    const bool added = text && cJSON_AddStringToObject(o, "picture", text);
    free(text);
    return added;
}

char *lp_greeting_json(const lp_game *game, int width, int height) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "longplay", "player");
    cJSON_AddNumberToObject(o, "version", VERSION);
    cJSON_AddStringToObject(o, "game", lp_game_name(game));
    cJSON *actions = cJSON_AddArrayToObject(o, "actions");
    for (int a = 0; a < lp_game_n_actions(game); a++) cJSON_AddItemToArray(actions, cJSON_CreateString(lp_game_action_name(game, a)));
    cJSON_AddNumberToObject(o, "width", width);
    cJSON_AddNumberToObject(o, "height", height);
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return text;
}

static void add_variables(cJSON *o, const lp_moment *m, const lp_game *game, const char *names) {
    cJSON *values = *names && m->variables ? cJSON_AddObjectToObject(o, "variables") : NULL;
    for (int i; values && (i = lp_chat_variable(&names, game)) >= 0;)
        cJSON_AddNumberToObject(values, lp_game_variable_name(game, i), (double)m->variables[i]);
}

char *lp_moment_json(const lp_moment *m, const lp_game *game, const char *variables, const char *picture) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "episode", (double)m->episode);
    cJSON_AddNumberToObject(o, "step", (double)m->step);
    if (m->before) cJSON_AddStringToObject(o, "ended", lp_outcome_name(m->before));
    cJSON_AddStringToObject(o, "happened", m->happened);
    add_variables(o, m, game, variables);
    cJSON *memory = cJSON_AddArrayToObject(o, "memory");
    for (int i = 0; i < m->n_notes; i++) {
        cJSON *note = cJSON_CreateObject();
        cJSON_AddItemToArray(memory, note);
        cJSON_AddNumberToObject(note, "age", (double)m->notes[i].age);
        cJSON_AddNumberToObject(note, "level", m->notes[i].level);
        cJSON_AddNumberToObject(note, "importance", m->notes[i].importance);
        cJSON_AddStringToObject(note, "text", m->notes[i].text);
    }
    bool good = true;
    if (picture && *picture) good = cJSON_AddStringToObject(o, "picture_path", picture) != NULL;
    else if (m->frame && !picture) good = add_picture(o, m);
    char *text = good ? cJSON_PrintUnformatted(o) : NULL;
    cJSON_Delete(o);
    return text;
}

/* "action": a name, in any case, or an index; -1: neither of this game. */
static int find_action(const lp_game *game, const cJSON *action) {
    const char *name = cJSON_GetStringValue(action);
    const int n = lp_game_n_actions(game);
    if (cJSON_IsNumber(action)) {
        const double index = action->valuedouble;
        return index >= 0 && index < n && index == floor(index) ? (int)index : -1;
    }
    for (int a = 0; name && a < n; a++)
        if (!strcasecmp(name, lp_game_action_name(game, a))) return a;
    return -1;
}

void lp_text_cut(char *out, size_t room, const char *text) {
    size_t n = strlen(text);
    if (n >= room) n = room - 1;
    while (n && text[n] && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
    memset(out, 0, room);
    memcpy(out, text, n);
}

static lp_status take_text(char *out, size_t room, const cJSON *o, const char *key, lp_err *err) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    if (v && !cJSON_IsString(v) && !cJSON_IsNull(v)) return lp_fail(err, LP_BAD_INPUT, "\"%s\" is not a text", key);
    lp_text_cut(out, room, cJSON_IsString(v) ? v->valuestring : "");
    return LP_OK;
}

lp_status lp_answer_read(lp_answer *out, const lp_game *game, const char *json, lp_err *err) {
    cJSON *o = cJSON_Parse(json);
    const cJSON *action = cJSON_GetObjectItemCaseSensitive(o, "action"), *importance = cJSON_GetObjectItemCaseSensitive(o, "importance");
    lp_answer a = {.action = find_action(game, action)};
    lp_status status = LP_OK;
    if (!cJSON_IsObject(o)) status = lp_fail(err, LP_BAD_INPUT, "is not a JSON object: '%.80s'", json);
    else if (!action) status = lp_fail(err, LP_BAD_INPUT, "has no \"action\": '%.80s'", json);
    else if (a.action < 0) {
        char *given = cJSON_PrintUnformatted(action);
        status = lp_fail(err, LP_BAD_INPUT, "%s has no action %.80s", lp_game_name(game), given ? given : "?");
        cJSON_free(given);
    } else if (importance && !cJSON_IsNumber(importance)) status = lp_fail(err, LP_BAD_INPUT, "\"importance\" is not a number");
    if (!status && importance) a.importance = importance->valuedouble;
    if (!status && !(fabs(a.importance) <= 1e6)) status = lp_fail(err, LP_BAD_INPUT, "\"importance\" is not between -1e6 and 1e6");
    if (!status) status = take_text(a.text, sizeof a.text, o, "text", err);
    if (!status) status = take_text(a.thought, sizeof a.thought, o, "thought", err);
    cJSON_Delete(o);
    if (!status) *out = a;
    return status;
}
