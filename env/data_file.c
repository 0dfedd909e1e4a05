/* Adding a variable to data.json. The text is parsed to know that it is good, and then only the place before info's closing
 * brace is written to, so that layout and comments stay. The result is parsed again before it replaces the file. */
#include "env/data_file.h"

#include "base/file.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 4 << 20, MAX_NAME = 39 };

static bool is_name(const char *name) {
    size_t n = strlen(name);
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-. ", *c)) return false;
    return n >= 1 && n <= MAX_NAME && name[0] != ' ';
}

/* The end of the string that begins at the quote text[i]: the index of its closing quote. text is JSON. */
static size_t string_end(const char *text, size_t i) {
    for (i++; text[i] && text[i] != '"'; i++)
        if (text[i] == '\\' && text[i + 1]) i++;
    return i;
}

/* The index of the brace that closes the root's field "info", an object; 0: not found. text is JSON. */
static size_t info_end(const char *text) {
    int depth = 0;
    bool inside = false;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == '{' || text[i] == '[') depth++;
        if (text[i] == '}' || text[i] == ']') {
            if (inside && depth == 2) return i;
            depth--;
        }
        if (text[i] != '"') continue;
        size_t end = string_end(text, i), after = end + (text[end] != 0);
        if (depth == 1 && end - i == 5 && !memcmp(text + i, "\"info", 5)) {
            after += strspn(text + after, " \t\r\n");
            inside |= text[after] == ':';
        }
        i = end;
        if (!text[i]) break;
    }
    return 0;
}

/* NULL: not such a text, or no memory to parse it (errno is ENOMEM). */
static cJSON *parse(const char *text, size_t size) {
    errno = 0;
    cJSON *root = cJSON_ParseWithLengthOpts(text, size + 1, NULL, 1);
    if (cJSON_IsObject(root) && strlen(text) == size && cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(root, "info"))) return root;
    cJSON_Delete(root);
    return NULL;
}

/* The text with the variable in it; the caller frees it. */
static char *insert(const char *text, size_t at, bool first, const char *name, uint32_t address, const char *type) {
    size_t room = strlen(text) + MAX_NAME + 128, head = at;
    char *out = malloc(room);
    while (head && strchr(" \t\r\n", text[head - 1])) head--;
    if (out)
        snprintf(out, room, "%.*s%s\n    \"%s\": {\"address\": %u, \"type\": \"%s\"}\n  %s", (int)head, text, first ? "" : ",", name,
                 address, type, text + at);
    return out;
}

static bool holds(const char *text, const char *name, uint32_t address, int n) {
    cJSON *root = parse(text, strlen(text));
    const cJSON *info = cJSON_GetObjectItemCaseSensitive(root, "info"), *item = cJSON_GetObjectItemCaseSensitive(info, name);
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, "address");
    bool good = root && cJSON_GetArraySize(info) == n && cJSON_IsNumber(number) && number->valuedouble == (double)address;
    cJSON_Delete(root);
    return good;
}

lp_status lp_data_file_add(const char *folder, const char *name, uint32_t address, const char *type, lp_err *err) {
    char path[PATH_MAX];
    lp_blob text = {0};
    if (!is_name(name))
        return lp_fail(err, LP_BAD_INPUT, "'%.60s': a variable's name has 1 to %d letters, digits, _ - or .", name, MAX_NAME);
    lp_path_join(path, sizeof path, folder, "data.json");
    const char *old = "{\n  \"info\": {\n  }\n}\n";
    lp_status status = lp_file_exists(path) ? lp_file_read(&text, path, MAX_BYTES, err) : LP_OK;
    if (status) return status;
    if (text.data) old = (const char *)text.data;
    cJSON *root = parse(old, text.data ? text.size_bytes : strlen(old));
    const cJSON *info = cJSON_GetObjectItemCaseSensitive(root, "info");
    int n = cJSON_GetArraySize(info);
    size_t at = root ? info_end(old) : 0;
    char *new = NULL;
    if (!root && errno == ENOMEM) status = lp_fail(err, LP_FAILED, "%s: out of memory", path);
    else if (!at) status = lp_fail(err, LP_BAD_INPUT, "%s: not a JSON object with an object \"info\"", path);
    else if (cJSON_GetObjectItemCaseSensitive(info, name)) status = lp_fail(err, LP_BAD_INPUT, "%s: info.%s is there already", path, name);
    else if (!(new = insert(old, at, n == 0, name, address, type))) status = lp_fail(err, LP_FAILED, "%s: out of memory", path);
    else if (!holds(new, name, address, n + 1))
        status = errno == ENOMEM ? lp_fail(err, LP_FAILED, "%s: out of memory", path)
                                 : lp_fail(err, LP_BAD_INPUT, "%s: cannot add to it; write info.%s by hand", path, name);
    if (!status) status = lp_file_write_atomic(path, new, strlen(new), err);
    free(new);
    cJSON_Delete(root);
    lp_blob_free(&text);
    return status;
}
