#include "base/config.h"
#include "base/file.h"
#include "base/number.h"

#include <ctype.h>
#include <ini.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_INI_BYTES = 1 << 20, MAX_CONFIG_BYTES = 4096, LINE_BYTES = 120, MAX_LINE_BYTES = 198 /* of inih, without its end */ };

static void *field(const void *config, const lp_setting *s) { return (char *)config + s->offset; }

static void put(void *config, const lp_setting *s, double value) {
    if (s->type == LP_SET_FLOAT) *(double *)field(config, s) = value;
    else *(int64_t *)field(config, s) = (int64_t)value;
}

void lp_config_defaults(void *config, const lp_setting *table, int n) {
    for (int i = 0; i < n; i++) {
        if (table[i].type == LP_SET_TEXT) memset(field(config, &table[i]), 0, (size_t)table[i].max);
        else put(config, &table[i], table[i].initial);
    }
}

/* The index of value among "a|b|c", or -1. */
static int choice_index(const char *choices, const char *value) {
    size_t length = strlen(value);
    int index = 0;
    for (const char *at = choices; at; index++) {
        const char *end = strchr(at, '|');
        size_t n = end ? (size_t)(end - at) : strlen(at);
        if (n == length && !memcmp(at, value, n)) return index;
        at = end ? end + 1 : NULL;
    }
    return -1;
}

/* How many bytes of text go on one line of an .ini file: spaces at a line's ends would be lost, and a line that begins with ';' or '#' too. */
static int line_part(const char *text) {
    size_t n = strlen(text);
    if (n <= LINE_BYTES) return (int)n;
    for (n = LINE_BYTES; n > 1 && (text[n - 1] == ' ' || strchr(" ;#", text[n]));) n--;
    return (int)n;
}

/* What keeps an .ini file from giving a text back as it was, or NULL. */
static const char *not_kept(const char *text) {
    size_t n = strlen(text);
    if (n && (text[0] == ' ' || text[n - 1] == ' ')) return "begins or ends with a space";
    for (const char *c = text; *c; c++) {
        if (isspace((unsigned char)*c) && *c != ' ') return "has a tab or a line's end";
        if (*c == ';' && (c == text || c[-1] == ' ')) return "has a ';' at its start or after a space, where a comment begins";
    }
    for (const char *line = text + line_part(text); *line; line += line_part(line))
        if (line[-1] == ' ' || strchr(" ;#", *line)) return "has too many spaces, ';' or '#' in a row";
    return NULL;
}

lp_status lp_config_set(void *config, const lp_setting *table, int n, const char *name, const char *value, lp_err *err) {
    const lp_setting *s = NULL;
    for (int i = 0; i < n; i++)
        if (!strcmp(table[i].name, name)) s = &table[i];
    if (!s) return lp_fail(err, LP_BAD_INPUT, "unknown setting '%s'", name);
    if (s->type == LP_SET_CHOICE) {
        int index = choice_index(s->choices, value);
        if (index < 0) return lp_fail(err, LP_BAD_INPUT, "%s = '%s': must be one of %s", name, value, s->choices);
        put(config, s, index);
        return LP_OK;
    }
    if (s->type == LP_SET_TEXT) {
        if ((double)strlen(value) >= s->max) return lp_fail(err, LP_BAD_INPUT, "%s: longer than %d bytes", name, (int)s->max - 1);
        const char *why = not_kept(value);
        if (why) return lp_fail(err, LP_BAD_INPUT, "%s: %s", name, why);
        memset(field(config, s), 0, (size_t)s->max);
        memcpy(field(config, s), value, strlen(value));
        return LP_OK;
    }
    double number;
    if (!lp_parse_double(value, &number)) return lp_fail(err, LP_BAD_INPUT, "%s = '%s': not a number", name, value);
    if (s->type == LP_SET_INT && number != floor(number)) return lp_fail(err, LP_BAD_INPUT, "%s = '%s': not a whole number", name, value);
    if (number < s->min || number > s->max)
        return lp_fail(err, LP_BAD_INPUT, "%s = '%s': must be between %.10g and %.10g", name, value, s->min, s->max);
    put(config, s, number);
    return LP_OK;
}

typedef struct {
    lp_config_take take;
    void *context;
    lp_err err;
    lp_status status;
} entries;

static int on_entry(void *user, const char *section, const char *key, const char *value) {
    entries *e = user;
    char name[160];
    if (*section) snprintf(name, sizeof name, "%s.%s", section, key);
    else snprintf(name, sizeof name, "%s", key);
    if (!e->status) e->status = e->take(e->context, name, value, &e->err);
    return e->status == LP_OK;
}

/* The first line that inih would cut in two; 0: none. */
static int long_line(const char *text) {
    int number = 1;
    for (const char *line = text, *end; *line; line = end + (*end == '\n'), number++) {
        end = strchrnul(line, '\n');
        if (end - line > MAX_LINE_BYTES) return number;
    }
    return 0;
}

lp_status lp_config_entries_of(const char *text, const char *name, lp_config_take take, void *context, lp_err *err) {
    entries e = {take, context, {{0}}, LP_OK};
    int cut = long_line(text);
    if (cut)
        return lp_fail(err, LP_BAD_INPUT, "%s:%d: a line of more than %d bytes; a value may go on in the next one, indented", name, cut,
                       MAX_LINE_BYTES);
    int line = ini_parse_string(text, on_entry, &e);
    if (line < 0) return lp_fail(err, LP_FAILED, "%s: no memory for its text", name);
    if (e.status) return lp_fail(err, e.status, "%s:%d: %s", name, line, e.err.message);
    return line ? lp_fail(err, LP_BAD_INPUT, "%s:%d: not 'key = value' or '[section]'", name, line) : LP_OK;
}

lp_status lp_config_entries(const char *path, lp_config_take take, void *context, lp_err *err) {
    lp_blob text;
    lp_status status = lp_file_read(&text, path, MAX_INI_BYTES, err);
    if (status) return status;
    if (memchr(text.data, 0, text.size_bytes)) status = lp_fail(err, LP_BAD_INPUT, "%s: not a text file", path);
    else status = lp_config_entries_of((const char *)text.data, path, take, context, err);
    lp_blob_free(&text);
    return status;
}

typedef struct {
    void *config;
    const lp_setting *table;
    int n;
    char last[160]; /* the entry before this one: inih reports a continued line as its key once more */
} reader;

static lp_status set_entry(void *context, const char *name, const char *value, lp_err *err) {
    reader *r = context;
    char joined[LP_SETTING_BYTES];
    for (int i = 0; i < r->n && !strcmp(name, r->last); i++) {
        if (r->table[i].type != LP_SET_TEXT || strcmp(r->table[i].name, name)) continue;
        snprintf(joined, sizeof joined, "%s%s", (const char *)field(r->config, &r->table[i]), value);
        value = joined;
    }
    snprintf(r->last, sizeof r->last, "%s", name);
    return lp_config_set(r->config, r->table, r->n, name, value, err);
}

lp_status lp_config_read(void *config, size_t size_bytes, const lp_setting *table, int n, const char *path, lp_err *err) {
    union {
        max_align_t align;
        char bytes[MAX_CONFIG_BYTES];
    } copy;
    if (size_bytes > sizeof copy) return lp_fail(err, LP_FAILED, "%s: settings struct of %zu bytes is too large", path, size_bytes);
    memcpy(&copy, config, size_bytes);
    reader r = {&copy, table, n, ""};
    lp_status status = lp_config_entries(path, set_entry, &r, err);
    if (!status) memcpy(config, &copy, size_bytes);
    return status;
}

void lp_config_value(const void *config, const lp_setting *s, char *out, size_t size_bytes) {
    if (s->type == LP_SET_FLOAT) {
        lp_print_double(out, size_bytes, *(double *)field(config, s));
    } else if (s->type == LP_SET_INT) {
        snprintf(out, size_bytes, "%lld", (long long)*(int64_t *)field(config, s));
    } else if (s->type == LP_SET_TEXT) {
        snprintf(out, size_bytes, "%s", (const char *)field(config, s));
    } else {
        int64_t index = *(int64_t *)field(config, s);
        const char *at = s->choices;
        while (index-- > 0 && at) at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL;
        snprintf(out, size_bytes, "%.*s", at ? (int)strcspn(at, "|") : 0, at ? at : "");
    }
}

/* Appends as snprintf would; returns the new length. */
__attribute__((format(printf, 4, 5))) static int append(char *out, size_t size_bytes, int length, const char *format, ...) {
    size_t used = (size_t)length < size_bytes ? (size_t)length : size_bytes;
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(out + used, size_bytes - used, format, arguments);
    va_end(arguments);
    return length + n;
}

int lp_config_print(const void *config, const lp_setting *table, int n, char *out, size_t size_bytes) {
    int length = 0;
    char section[64] = "";
    for (int i = 0; i < n; i++) {
        const char *dot = strchr(table[i].name, '.');
        int section_length = dot ? (int)(dot - table[i].name) : 0;
        char value[LP_SETTING_BYTES];
        lp_config_value(config, &table[i], value, sizeof value);
        if (strncmp(section, table[i].name, (size_t)section_length) || section[section_length]) {
            snprintf(section, sizeof section, "%.*s", section_length, table[i].name);
            length = append(out, size_bytes, length, "%s[%s]\n", length ? "\n" : "", section);
        }
        int part = line_part(value);
        length = append(out, size_bytes, length, "%s = %.*s\n", dot ? dot + 1 : table[i].name, part, value);
        for (const char *rest = value + part; *rest; rest += part) {
            part = line_part(rest);
            length = append(out, size_bytes, length, "  %.*s\n", part, rest);
        }
    }
    return length;
}
