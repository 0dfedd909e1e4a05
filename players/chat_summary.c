#include "players/chat_summary.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROMPT[] =
    "You keep the memory of a player of a video game. Out of what is below write what may matter later, shorter than it is: at most 500 "
    "bytes in few lines, each with the IDs of what it comes from. The rest is forgotten. Call write once.";
static const char TOOL[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"write\",\"description\":\"Writes the summary.\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{\"lines\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\",\"properties\":{\"text\":{\"type\":"
    "\"string\"},\"sources\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"string\"}}},\"required\":[\"text\",\"sources\"]}}},"
    "\"required\":[\"lines\"]}}}]";

char *lp_chat_summary_question(const lp_writing *w, const lp_game *game) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) return NULL;
    fprintf(f, "%s, %s: decisions %lld to %lld of episode %lld.\n", lp_game_name(game), w->id, (long long)w->first, (long long)w->last,
            (long long)w->episode);
    for (int i = 0; i < w->n; i++) fprintf(f, "- %s: %s\n", w->sources[i].id, w->sources[i].text);
    if (fclose(f)) free(text), text = NULL;
    return text;
}

cJSON *lp_chat_summary_request(const lp_chat_setup *s, const char *question) {
    static const char *const roles[] = {"system", "user"};
    const char *const texts[] = {PROMPT, question};
    cJSON *o = cJSON_CreateObject(), *messages = cJSON_AddArrayToObject(o, "messages");
    cJSON_AddStringToObject(o, "model", s->model);
    cJSON_AddNumberToObject(o, "max_tokens", (double)s->answer_tokens);
    if (s->temperature >= 0) cJSON_AddNumberToObject(o, "temperature", s->temperature);
    cJSON_AddItemToObject(o, "tools", cJSON_Parse(TOOL));
    for (int i = 0; i < 2; i++) {
        cJSON *m = cJSON_CreateObject();
        cJSON_AddStringToObject(m, "role", roles[i]);
        cJSON_AddStringToObject(m, "content", texts[i]);
        cJSON_AddItemToArray(messages, m);
    }
    return o;
}

/* ---- the reply ---- */

static bool is_below(const lp_writing *w, const char *id) {
    int i = 0;
    while (id && i < w->n && strcmp(w->sources[i].id, id)) i++;
    return id && i < w->n;
}

/* One more, behind a separator, where there is room. */
static bool add(char *out, size_t room, const char *between, const char *more) {
    const size_t used = strlen(out), length = strlen(more) + (used ? strlen(between) : 0);
    if (used + length >= room) return false;
    snprintf(out + used, room - used, "%s%s", used ? between : "", more);
    return true;
}

static bool has_word(const char *list, const char *word) {
    const size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += n)
        if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' ')) return true;
    return false;
}

static void refuse(lp_written *out, const char *why, const char *what) {
    snprintf(out->refused, sizeof out->refused, "%s%.80s", why, what);
}

/* False: it is refused, and out says why. */
static bool take_line(lp_written *out, const lp_writing *w, const cJSON *line) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(line, "text"));
    const cJSON *sources = cJSON_GetObjectItem(line, "sources"), *one;
    if (!text || !*text) refuse(out, "a line has no \"text\"", "");
    else if (!cJSON_IsArray(sources) || !sources->child) refuse(out, "a line cites nothing: ", text);
    else if (!add(out->text, sizeof out->text, "; ", text)) refuse(out, "it is too long", "");
    if (*out->refused) return false;
    cJSON_ArrayForEach(one, sources) {
        const char *id = cJSON_GetStringValue(one);
        if (!is_below(w, id)) refuse(out, "a line cites what is not below: ", id ? id : "no text");
        else if (!has_word(out->sources, id) && !add(out->sources, sizeof out->sources, " ", id)) refuse(out, "it cites too much", "");
        if (*out->refused) return false;
    }
    return true;
}

static void take_lines(lp_written *out, const lp_writing *w, const cJSON *message) {
    const cJSON *call = cJSON_GetArrayItem(cJSON_GetObjectItem(message, "tool_calls"), 0),
                *function = cJSON_GetObjectItem(call, "function");
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(function, "name")),
               *text = cJSON_GetStringValue(cJSON_GetObjectItem(function, "arguments"));
    cJSON *arguments = text ? cJSON_Parse(text) : NULL;
    const cJSON *lines = cJSON_GetObjectItem(arguments, "lines"), *line = cJSON_IsArray(lines) ? lines->child : NULL;
    if (!name || strcmp(name, "write")) refuse(out, "it does not call write", "");
    else if (!line) refuse(out, "\"lines\" is no list of lines", "");
    while (line && !*out->refused && take_line(out, w, line)) line = line->next;
    cJSON_Delete(arguments);
}

void lp_chat_summary_judge(lp_written *out, const lp_chat_setup *setup, const lp_writing *w, const cJSON *line) {
    const char *why = cJSON_GetStringValue(cJSON_GetObjectItem(line, "gave_up")),
               *question = cJSON_GetStringValue(cJSON_GetObjectItem(line, "question"));
    const cJSON *tokens = cJSON_GetObjectItem(line, "tokens");
    memset(out, 0, sizeof *out);
    snprintf(out->model, sizeof out->model, "%s", setup->model);
    snprintf(out->prompt, sizeof out->prompt, "%016llx",
             (unsigned long long)(lp_hash64(PROMPT, sizeof PROMPT) ^ lp_hash64(question, strlen(question))));
    out->tokens = cJSON_IsNumber(tokens) ? (int64_t)tokens->valuedouble : 0;
    if (why) refuse(out, why, "");
    else take_lines(out, w, cJSON_GetObjectItem(line, "message"));
    if (*out->refused) out->text[0] = out->sources[0] = 0;
}
