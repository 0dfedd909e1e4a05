#include "players/chat_words.h"

#include "players/picture.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DONE[] = "done"; /* what came of a call */

/* ---- a request ---- */

static const char happened[] = " It happened: ", unnamed[] = " Something happened."; /* of one that is to see it for itself */
bool lp_chat_happened(const char *question) { return strstr(question, happened) || strstr(question, unnamed); }

static void add(char out[LP_CHAT_QUESTION], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char out[LP_CHAT_QUESTION], const char *format, ...) {
    const size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, LP_CHAT_QUESTION - used, format, args);
    va_end(args);
}

void lp_chat_question(char out[LP_CHAT_QUESTION], const lp_chat_setup *s, const lp_game *game, const lp_moment *m) {
    *out = 0;
    add(out, "%s, episode %lld, decision %lld.", lp_game_name(game), (long long)m->episode, (long long)m->step);
    if (m->before) add(out, " The episode before ended: %s.", lp_outcome_name(m->before));
    const char *names = s->variables, *between = " Variables: ";
    for (int i = 0; m->variables && s->sees != LP_SEES_PIXELS && (i = lp_chat_variable(&names, game)) >= 0; between = ", ")
        add(out, "%s%s %lld", between, lp_game_variable_name(game, i), (long long)m->variables[i]);
    if (*between == ',') add(out, ".");
    if (*m->happened && s->sees == LP_SEES_PIXELS) add(out, "%s", unnamed);
    else if (*m->happened) add(out, "%s%s", happened, m->happened);
}

/* A schema from its text, which is ours. */
static cJSON *tool(const char *name, const char *does, const char *parameters) {
    cJSON *t = cJSON_CreateObject(), *f = cJSON_CreateObject();
    cJSON_AddStringToObject(t, "type", "function");
    cJSON_AddItemToObject(t, "function", f);
    cJSON_AddStringToObject(f, "name", name);
    cJSON_AddStringToObject(f, "description", does);
    cJSON_AddItemToObject(f, "parameters", cJSON_Parse(parameters));
    return t;
}

static cJSON *press_tool(const lp_chat_setup *s, const lp_game *game) {
    cJSON *t =
        tool("press", "Presses keys, one after the other, each for some decisions. What was not pressed yet when something happens is not.",
             "{\"type\":\"object\",\"properties\":{\"sequence\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\","
             "\"properties\":{\"action\":{\"type\":\"string\"},\"times\":{\"type\":\"integer\",\"minimum\":1}},"
             "\"required\":[\"action\"]}}},\"required\":[\"sequence\"]}");
    cJSON *of = t;
    static const char *const path[] = {"function", "parameters", "properties", "sequence", "items", "properties"};
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) of = cJSON_GetObjectItem(of, path[i]);
    cJSON *names = cJSON_AddArrayToObject(cJSON_GetObjectItem(of, "action"), "enum");
    for (int a = 0; a < lp_game_n_actions(game); a++) cJSON_AddItemToArray(names, cJSON_CreateString(lp_game_action_name(game, a)));
    cJSON_AddNumberToObject(cJSON_GetObjectItem(of, "times"), "maximum", (double)s->sequence);
    return t;
}

/* One of the game's table. */
static cJSON *own_tool(const lp_chat_tool *own) {
    cJSON *t = tool(own->name, own->description, "{\"type\":\"object\",\"properties\":{},\"required\":[]}");
    cJSON *parameters = cJSON_GetObjectItem(cJSON_GetObjectItem(t, "function"), "parameters");
    for (int i = 0; i < own->n_parameters; i++) {
        cJSON *p = cJSON_AddObjectToObject(cJSON_GetObjectItem(parameters, "properties"), own->parameter[i].name);
        cJSON_AddStringToObject(p, "type", "integer");
        cJSON_AddStringToObject(p, "description", own->parameter[i].description);
        cJSON_AddNumberToObject(p, "minimum", (double)own->parameter[i].min);
        cJSON_AddNumberToObject(p, "maximum", (double)own->parameter[i].max);
        cJSON_AddItemToArray(cJSON_GetObjectItem(parameters, "required"), cJSON_CreateString(own->parameter[i].name));
    }
    return t;
}

/* Unless it is not allowed. */
static void add_tool(cJSON *tools, const lp_chat_setup *s, cJSON *t) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(t, "function"), "name"));
    if (name && lp_chat_allows(s, name)) cJSON_AddItemToArray(tools, t);
    else cJSON_Delete(t);
}

cJSON *lp_chat_tools(const lp_chat_setup *s, const lp_game *game) {
    cJSON *tools = cJSON_CreateArray();
    add_tool(tools, s, press_tool(s, game));
    add_tool(tools, s,
             tool("wait", "Lets decisions pass without a key.",
                  "{\"type\":\"object\",\"properties\":{\"decisions\":{\"type\":\"integer\",\"minimum\":1}},"
                  "\"required\":[\"decisions\"]}"));
    add_tool(tools, s,
             tool("remember",
                  "Stores a text in your memory. What is more important outlives what is less so. \"KEY: ...\" is about "
                  "that line of your notebook.",
                  "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},\"importance\":{\"type\":"
                  "\"number\"}},\"required\":[\"text\"]}"));
    add_tool(tools, s,
             tool("note",
                  "Writes a line of your notebook, which you always see; under the key goal, what you want. An empty text takes it out.",
                  "{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\"},\"text\":{\"type\":\"string\"}},"
                  "\"required\":[\"key\",\"text\"]}"));
    add_tool(tools, s,
             tool("recall", "Searches all that was ever remembered for words.",
                  "{\"type\":\"object\",\"properties\":{\"words\":{\"type\":\"string\"}},\"required\":[\"words\"]}"));
    add_tool(tools, s,
             tool("open", "Shows what a node of the memory was made from.",
                  "{\"type\":\"object\",\"properties\":{\"node\":{\"type\":\"string\"}},\"required\":[\"node\"]}"));
    for (int i = 0; s->table && i < s->table->n; i++) add_tool(tools, s, own_tool(&s->table->tool[i]));
    return tools;
}

static void add_message(cJSON *messages, const char *role, const char *text) {
    cJSON *m = cJSON_CreateObject();
    cJSON_AddStringToObject(m, "role", role);
    cJSON_AddStringToObject(m, "content", text);
    cJSON_AddItemToArray(messages, m);
}

static bool add_part(cJSON *content, const char *text) {
    cJSON *part = cJSON_CreateObject();
    cJSON_AddItemToArray(content, part);
    return cJSON_AddStringToObject(part, "type", "text") && cJSON_AddStringToObject(part, "text", text);
}

void lp_chat_choose_notes(bool *kept, const lp_moment *m, const lp_chat_setup *s) {
    const int64_t budget_bytes = s->context_tokens * LP_CHAT_BYTES_A_TOKEN;
    int64_t bytes = 0;
    int lowest = 255;
    for (int i = 0; i < m->n_notes; i++) {
        kept[i] = true;
        bytes += (int64_t)strlen(m->notes[i].text) + 24;
        if (m->notes[i].level < lowest) lowest = m->notes[i].level;
    }
    for (int level = lowest; bytes > budget_bytes && level <= 255; level++)
        for (int i = 0; i < m->n_notes && bytes > budget_bytes; i++)
            if (m->notes[i].level == level) kept[i] = false, bytes -= (int64_t)strlen(m->notes[i].text) + 24;
}

char *lp_chat_memory(const lp_chat_setup *s, const lp_moment *m, const lp_chat_notebook *book) {
    char *text = NULL;
    size_t size;
    bool *kept = calloc((size_t)m->n_notes + 1, sizeof *kept);
    FILE *f = kept ? open_memstream(&text, &size) : NULL;
    if (f) {
        lp_chat_choose_notes(kept, m, s);
        fprintf(f, m->n_notes ? "What you remember, oldest first:\n" : "You remember nothing yet.\n");
        for (int i = 0; i < m->n_notes; i++)
            if (kept[i])
                fprintf(f, "- %s%s%lld decisions ago: %s\n", m->notes[i].node ? m->notes[i].node : "", m->notes[i].node ? ", " : "",
                        (long long)m->notes[i].age, m->notes[i].text);
        if (book->n) fprintf(f, "Your notebook:\n");
        for (int i = 0; i < book->n; i++) fprintf(f, "- %s: %s\n", book->key[i], book->text[i]);
        if (fclose(f)) free(text), text = NULL;
    }
    free(kept);
    return text;
}

static bool add_picture(cJSON *content, const lp_chat_setup *s, const lp_moment *m) {
    char *base64 = lp_picture_base64(m->frame, m->width, m->height, (int)s->scale, (int)s->grid), *url = NULL;
    bool added = base64 && asprintf(&url, "data:image/png;base64,%s", base64) > 0;
    if (added) {
        cJSON *part = cJSON_CreateObject(), *image = cJSON_AddObjectToObject(part, "image_url");
        cJSON_AddStringToObject(part, "type", "image_url");
        added = cJSON_AddStringToObject(image, "url", url);
        cJSON_AddItemToArray(content, part);
    }
    free(base64), free(url);
    return added;
}

/* The first message of now, with all that is told of this moment alone. */
static bool add_now(cJSON *messages, const lp_chat_setup *s, const cJSON *now, const lp_moment *m, const lp_chat_notebook *book) {
    const cJSON *one = now->child;
    cJSON *message = cJSON_CreateObject(), *content = cJSON_CreateArray();
    cJSON_AddStringToObject(message, "role", "user");
    cJSON_AddItemToObject(message, "content", content);
    cJSON_AddItemToArray(messages, message);
    char *memory = lp_chat_memory(s, m, book);
    bool good = memory && add_part(content, cJSON_GetStringValue(cJSON_GetObjectItem(one, "content"))) && add_part(content, memory);
    free(memory);
    if (good && m->frame && s->sees != LP_SEES_TEXT) good = add_picture(content, s, m);
    for (one = one->next; one; one = one->next) cJSON_AddItemToArray(messages, cJSON_Duplicate(one, true));
    return good;
}

cJSON *lp_chat_request(const lp_chat_setup *s, const lp_game *game, const char *prompt, cJSON *const *past, int n_past, const cJSON *now,
                       const lp_moment *m, const lp_chat_notebook *book) {
    cJSON *o = cJSON_CreateObject(), *messages = cJSON_AddArrayToObject(o, "messages");
    const cJSON *one;
    cJSON_AddStringToObject(o, "model", s->model);
    cJSON_AddNumberToObject(o, "max_tokens", (double)s->answer_tokens);
    if (s->temperature >= 0) cJSON_AddNumberToObject(o, "temperature", s->temperature);
    cJSON_AddItemToObject(o, "tools", lp_chat_tools(s, game));
    cJSON_AddStringToObject(o, "tool_choice", "auto"); /* the default, but not of every server */
    add_message(messages, "system", prompt);
    for (int i = 0; i < n_past; i++)
        for (one = past[i]->child; one; one = one->next) cJSON_AddItemToArray(messages, cJSON_Duplicate(one, true));
    if (add_now(messages, s, now, m, book)) return o;
    cJSON_Delete(o);
    return NULL;
}

/* ---- a reply ---- */

static int64_t count_of(const cJSON *usage, const char *key) {
    const cJSON *n = cJSON_GetObjectItem(usage, key);
    return cJSON_IsNumber(n) && n->valuedouble > 0 && n->valuedouble < 1e12 ? (int64_t)n->valuedouble : 0;
}

lp_status lp_chat_reply(cJSON **message, lp_chat_usage *tokens, const char *body, lp_err *err) {
    cJSON *o = cJSON_Parse(body);
    const cJSON *error = cJSON_GetObjectItem(cJSON_GetObjectItem(o, "error"), "message"), *usage = cJSON_GetObjectItem(o, "usage");
    cJSON *choice = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "choices"), 0);
    *message = cJSON_DetachItemFromObject(choice, "message");
    *tokens = (lp_chat_usage){.in = count_of(usage, "prompt_tokens"),
                              .cached = count_of(cJSON_GetObjectItem(usage, "prompt_tokens_details"), "cached_tokens"),
                              .out = count_of(usage, "completion_tokens")};
    if (tokens->cached > tokens->in) tokens->cached = tokens->in;
    lp_status status = LP_OK;
    if (cJSON_IsString(error)) status = lp_fail(err, LP_BAD_INPUT, "it says '%.200s'", error->valuestring);
    else if (!cJSON_IsObject(*message)) status = lp_fail(err, LP_BAD_INPUT, "the answer is no chat completion: '%.80s'", body);
    if (status) cJSON_Delete(*message), *message = NULL;
    cJSON_Delete(o);
    return status;
}

static void add_fault(lp_chat_plan *plan, char result[LP_CHAT_RESULT], const char *format, ...) __attribute__((format(printf, 3, 4)));
static void add_fault(lp_chat_plan *plan, char result[LP_CHAT_RESULT], const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(plan->fault, sizeof plan->fault, format, args);
    va_end(args);
    plan->faults++;
    snprintf(result, LP_CHAT_RESULT, "That cannot be done: %s", plan->fault);
}

/* The action that presses nothing; the first where there is none. */
static int idle_action(const lp_game *game) {
    for (int a = 0; a < lp_game_n_actions(game); a++)
        if (!lp_game_action_keys(game, a)) return a;
    return 0;
}

static bool add_presses(lp_chat_plan *plan, int action, double times, const lp_chat_setup *s) {
    if (!(times >= 1) || times != floor(times) || times > (double)(s->sequence - plan->n_presses)) return false;
    memset(plan->press + plan->n_presses, action, (size_t)times);
    plan->n_presses += (int)times;
    return true;
}

static void do_press(lp_chat_plan *plan, const cJSON *arguments, const lp_chat_setup *s, const lp_game *game, char *result) {
    const cJSON *sequence = cJSON_GetObjectItem(arguments, "sequence"), *one;
    const int before = plan->n_presses;
    bool good = cJSON_IsArray(sequence) && sequence->child;
    if (!good) add_fault(plan, result, "press: \"sequence\" is no list of actions");
    cJSON_ArrayForEach(one, sequence) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(one, "action"));
        const cJSON *times = cJSON_GetObjectItem(one, "times");
        const int action = lp_chat_action(game, name);
        if (!good) break;
        good = action >= 0 && (!times || cJSON_IsNumber(times)) && add_presses(plan, action, times ? times->valuedouble : 1, s);
        if (good) continue;
        plan->n_presses = before;
        if (action < 0) add_fault(plan, result, "press: there is no action '%.40s'", name ? name : "");
        else add_fault(plan, result, "press: \"times\" must be whole numbers, and %d decisions at most", (int)s->sequence);
    }
    if (good) snprintf(result, LP_CHAT_RESULT, "%s", DONE);
}

static void do_wait(lp_chat_plan *plan, const cJSON *arguments, const lp_chat_setup *s, const lp_game *game, char *result) {
    const cJSON *n = cJSON_GetObjectItem(arguments, "decisions");
    if (cJSON_IsNumber(n) && add_presses(plan, idle_action(game), n->valuedouble, s)) snprintf(result, LP_CHAT_RESULT, "%s", DONE);
    else add_fault(plan, result, "wait: \"decisions\" must be a whole number, %d at most", (int)s->sequence);
}

static void do_remember(lp_chat_plan *plan, const cJSON *arguments, char *result) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(arguments, "text"));
    const cJSON *importance = cJSON_GetObjectItem(arguments, "importance");
    if (!text || !*text) {
        add_fault(plan, result, "remember: there is no \"text\"");
        return;
    }
    if (importance && !(cJSON_IsNumber(importance) && fabs(importance->valuedouble) <= 1e6)) {
        add_fault(plan, result, "remember: \"importance\" is no number from -1e6 to 1e6");
        return;
    }
    const double weight = importance ? importance->valuedouble : 1;
    if (!*plan->text || weight > plan->importance) plan->importance = weight;
    const size_t used = strlen(plan->text), more = strlen(text) + (used ? 2 : 0);
    if (used + more >= sizeof plan->text) {
        add_fault(plan, result, "remember: %zu bytes are too many, %zu are left in this turn", strlen(text), sizeof plan->text - 1 - used);
        return;
    }
    snprintf(plan->text + used, sizeof plan->text - used, "%s%s", used ? "; " : "", text);
    snprintf(result, LP_CHAT_RESULT, "%s", DONE);
}

static void do_note(lp_chat_plan *plan, lp_chat_notebook *book, const cJSON *arguments, char *result) {
    const char *key = cJSON_GetStringValue(cJSON_GetObjectItem(arguments, "key")),
               *text = cJSON_GetStringValue(cJSON_GetObjectItem(arguments, "text"));
    if (!key || !*key || strlen(key) >= LP_CHAT_KEY || !text || strlen(text) >= LP_CHAT_NOTE) {
        add_fault(plan, result, "note: \"key\" has 1 to %d bytes, \"text\" up to %d", LP_CHAT_KEY - 1, LP_CHAT_NOTE - 1);
        return;
    }
    int at = 0;
    while (at < book->n && strcmp(book->key[at], key) != 0) at++;
    if (at == LP_NOTEBOOK) {
        add_fault(plan, result, "note: the notebook's %d lines are full; an empty text takes one out", LP_NOTEBOOK);
        return;
    }
    if (*text) {
        snprintf(book->key[at], LP_CHAT_KEY, "%s", key);
        snprintf(book->text[at], LP_CHAT_NOTE, "%s", text);
        if (at == book->n) book->n++;
    } else if (at < book->n) {
        const size_t after = (size_t)(--book->n - at);
        memmove(book->key[at], book->key[at + 1], after * LP_CHAT_KEY);
        memmove(book->text[at], book->text[at + 1], after * LP_CHAT_NOTE);
    }
    snprintf(result, LP_CHAT_RESULT, "%s", DONE);
}

void lp_chat_note(lp_chat_notebook *book, const cJSON *message, const cJSON *results) {
    const cJSON *one, *came = results ? results->child : NULL;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(message, "tool_calls")) {
        const bool refused = cJSON_IsString(came) && strcmp(came->valuestring, DONE) != 0;
        came = came ? came->next : NULL;
        if (refused) continue;
        const cJSON *function = cJSON_GetObjectItem(one, "function");
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(function, "name")),
                   *text = cJSON_GetStringValue(cJSON_GetObjectItem(function, "arguments"));
        lp_chat_plan plan = {0};
        char result[LP_CHAT_RESULT];
        cJSON *arguments = name && text && !strcmp(name, "note") ? cJSON_Parse(text) : NULL;
        if (cJSON_IsObject(arguments)) do_note(&plan, book, arguments, result);
        cJSON_Delete(arguments);
    }
}

static int64_t amount(lp_chat_amount a, const int64_t *values) { return a.parameter < 0 ? a.number : values[a.parameter]; }

/* A step's presses, all that there may be; false: there is no room for them. */
static bool add_step(lp_chat_plan *plan, const lp_chat_step *step, const int64_t *values, const lp_chat_setup *s) {
    const int from = plan->n_presses;
    const int64_t times = amount(step->times, values);
    if (step->until && plan->n_loops == LP_CHAT_LOOPS) return false;
    for (int64_t i = 0; i < times; i++)
        for (int k = 0; k < step->n_actions; k++)
            if (!add_presses(plan, step->action[k], 1, s)) return false;
    if (!step->until) return true;
    const int n = plan->n_loops++;
    plan->loop[n].from = from, plan->loop[n].to = plan->n_presses;
    plan->loop[n].variable = step->variable, plan->loop[n].op = step->op;
    plan->loop[n].reference = amount(step->reference, values);
    return true;
}

static void do_own(lp_chat_plan *plan, const lp_chat_tool *own, const cJSON *arguments, const lp_chat_setup *s, char *result) {
    int64_t values[LP_CHAT_TABLE_PARAMETERS] = {0};
    const int presses = plan->n_presses, loops = plan->n_loops;
    for (int i = 0; i < own->n_parameters; i++) {
        const cJSON *value = cJSON_GetObjectItem(arguments, own->parameter[i].name);
        const double min = (double)own->parameter[i].min, max = (double)own->parameter[i].max;
        if (!cJSON_IsNumber(value) || value->valuedouble != floor(value->valuedouble) || value->valuedouble < min ||
            value->valuedouble > max) {
            add_fault(plan, result, "%s: \"%s\" must be a whole number, %.0f to %.0f", own->name, own->parameter[i].name, min, max);
            return;
        }
        values[i] = (int64_t)value->valuedouble;
    }
    for (int i = 0; i < own->n_steps; i++) {
        if (add_step(plan, &own->step[i], values, s)) continue;
        plan->n_presses = presses, plan->n_loops = loops;
        add_fault(plan, result, "%s: it may take more than the %d decisions of a turn", own->name, (int)s->sequence);
        return;
    }
    snprintf(result, LP_CHAT_RESULT, "%s", DONE);
}

static void look_up(lp_chat_plan *plan, const char *tool_name, const char *key, const cJSON *arguments,
                    void (*find)(void *, const char *, char *, size_t), const lp_library *library, char *result) {
    const char *what = cJSON_GetStringValue(cJSON_GetObjectItem(arguments, key));
    if (!what || !*what) {
        add_fault(plan, result, "%s: there is no \"%s\"", tool_name, key);
        return;
    }
    if (find) find(library->context, what, result, LP_CHAT_RESULT);
    if (!*result) snprintf(result, LP_CHAT_RESULT, "Nothing was found.");
}

void lp_chat_call(lp_chat_plan *plan, lp_chat_notebook *book, const char *name, const cJSON *arguments, const lp_chat_setup *s,
                  const lp_game *game, const lp_library *library, char result[LP_CHAT_RESULT]) {
    result[0] = 0;
    if (!name) add_fault(plan, result, "the call has no name");
    else if (!lp_chat_allows(s, name)) add_fault(plan, result, "there is no tool '%.40s'", name);
    else if (!cJSON_IsObject(arguments)) add_fault(plan, result, "%.40s: the arguments are no JSON object", name);
    else if (!strcmp(name, "press")) do_press(plan, arguments, s, game, result);
    else if (!strcmp(name, "wait")) do_wait(plan, arguments, s, game, result);
    else if (!strcmp(name, "remember")) do_remember(plan, arguments, result);
    else if (!strcmp(name, "note")) do_note(plan, book, arguments, result);
    else if (!strcmp(name, "recall")) look_up(plan, name, "words", arguments, library ? library->search : NULL, library, result);
    else if (!strcmp(name, "open")) look_up(plan, name, "node", arguments, library ? library->open : NULL, library, result);
    else if (lp_chat_table_find(s->table, name, strlen(name)))
        do_own(plan, lp_chat_table_find(s->table, name, strlen(name)), arguments, s, result);
    else add_fault(plan, result, "there is no tool '%.40s'", name);
}

static void add_result(cJSON *now, const cJSON *one, const char *text) {
    cJSON *m = cJSON_CreateObject();
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(one, "id"));
    cJSON_AddStringToObject(m, "role", "tool");
    cJSON_AddStringToObject(m, "tool_call_id", id ? id : "");
    cJSON_AddStringToObject(m, "content", text);
    cJSON_AddItemToArray(now, m);
}

/* Beside its calls; of a model that thinks before it speaks, and then does not, what it thought. NULL: nothing. */
static const char *said_of(const cJSON *message) {
    static const char *const names[] = {"content", "reasoning_content", "reasoning"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(message, names[i]));
        if (text && *text) return text;
    }
    return NULL;
}

/* As it goes back: some servers refuse a text that is null or is not there, and calls of which there are none. */
static cJSON *said_before(const cJSON *message) {
    cJSON *m = cJSON_Duplicate(message, true), *calls = cJSON_GetObjectItem(m, "tool_calls"), *content = cJSON_GetObjectItem(m, "content");
    if (!calls || !calls->child) cJSON_DeleteItemFromObject(m, "tool_calls");
    if (cJSON_IsString(content) || cJSON_IsArray(content)) return m;
    cJSON_DeleteItemFromObject(m, "content");
    cJSON_AddStringToObject(m, "content", "");
    return m;
}

void lp_chat_follow(lp_chat_plan *plan, lp_chat_notebook *book, cJSON *now, const cJSON *message, const lp_chat_setup *s,
                    const lp_game *game, const lp_library *library, const cJSON *results) {
    const cJSON *calls = cJSON_GetObjectItem(message, "tool_calls"), *one, *known = results ? results->child : NULL;
    const char *said = said_of(message);
    if (said) lp_text_cut(plan->thought, sizeof plan->thought, said);
    cJSON_AddItemToArray(now, said_before(message));
    cJSON_ArrayForEach(one, calls) {
        char result[LP_CHAT_RESULT];
        const cJSON *function = cJSON_GetObjectItem(one, "function");
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(function, "arguments"));
        cJSON *arguments = text ? cJSON_Parse(text) : NULL;
        lp_chat_call(plan, book, cJSON_GetStringValue(cJSON_GetObjectItem(function, "name")), arguments, s, game, library, result);
        cJSON_Delete(arguments);
        add_result(now, one, known && cJSON_IsString(known) ? known->valuestring : result);
        if (known) known = known->next;
    }
    if (calls && calls->child) return;
    char text[LP_CHAT_RESULT];
    add_fault(plan, text, "no tool was called");
    add_message(now, "user", "Press or wait to go on.");
}
