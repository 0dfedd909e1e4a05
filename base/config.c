#include "base/config.h"
#include "base/file.h"

#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_INI_BYTES = 1 << 20, MAX_CONFIG_BYTES = 4096 };

static void *field(const void *config, const lp_setting *s) {
    return (char *)config + s->offset;
}

static void put(void *config, const lp_setting *s, double value) {
    if (s->type == LP_SET_FLOAT) *(double *)field(config, s) = value;
    else *(int64_t *)field(config, s) = (int64_t)value;
}

void lp_config_defaults(void *config, const lp_setting *table, int n) {
    for (int i = 0; i < n; i++) put(config, &table[i], table[i].initial);
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

lp_status lp_config_set(void *config, const lp_setting *table, int n, const char *name, const char *value,
                        lp_err *err) {
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
    char *end;
    errno = 0;
    double number = strtod(value, &end);
    while (*end == ' ') end++;
    if (end == value || *end || errno || !isfinite(number))
        return lp_fail(err, LP_BAD_INPUT, "%s = '%s': not a number", name, value);
    if (s->type == LP_SET_INT && number != floor(number))
        return lp_fail(err, LP_BAD_INPUT, "%s = '%s': not a whole number", name, value);
    if (number < s->min || number > s->max)
        return lp_fail(err, LP_BAD_INPUT, "%s = '%s': must be between %.10g and %.10g", name, value, s->min, s->max);
    put(config, s, number);
    return LP_OK;
}

typedef struct {
    void *config;
    const lp_setting *table;
    int n;
    lp_err *err;
    lp_status status;
} reader;

static int on_entry(void *user, const char *section, const char *key, const char *value) {
    reader *r = user;
    char name[160];
    if (*section) snprintf(name, sizeof name, "%s.%s", section, key);
    else snprintf(name, sizeof name, "%s", key);
    if (!r->status) r->status = lp_config_set(r->config, r->table, r->n, name, value, r->err);
    return r->status == LP_OK;
}

lp_status lp_config_read(void *config, size_t size_bytes, const lp_setting *table, int n, const char *path,
                         lp_err *err) {
    lp_blob text;
    lp_status status = lp_file_read(&text, path, MAX_INI_BYTES, err);
    if (status) return status;
    union {
        max_align_t align;
        char bytes[MAX_CONFIG_BYTES];
    } copy;
    if (size_bytes > sizeof copy) {
        lp_blob_free(&text);
        return lp_fail(err, LP_FAILED, "%s: settings struct of %zu bytes is too large", path, size_bytes);
    }
    memcpy(&copy, config, size_bytes);
    lp_err inner = {{0}};
    reader r = {&copy, table, n, &inner, LP_OK};
    int line = memchr(text.data, 0, text.size_bytes) ? -1 : ini_parse_string((char *)text.data, on_entry, &r);
    if (line < 0) status = lp_fail(err, LP_BAD_INPUT, "%s: not a text file", path);
    else if (r.status) status = lp_fail(err, r.status, "%s:%d: %s", path, line, inner.message);
    else if (line > 0) status = lp_fail(err, LP_BAD_INPUT, "%s:%d: not 'key = value' or '[section]'", path, line);
    else memcpy(config, &copy, size_bytes);
    lp_blob_free(&text);
    return status;
}

void lp_config_value(const void *config, const lp_setting *s, char *out, size_t size_bytes) {
    if (s->type == LP_SET_FLOAT) {
        snprintf(out, size_bytes, "%.17g", *(double *)field(config, s));
    } else if (s->type == LP_SET_INT) {
        snprintf(out, size_bytes, "%lld", (long long)*(int64_t *)field(config, s));
    } else {
        int64_t index = *(int64_t *)field(config, s);
        const char *at = s->choices;
        while (index-- > 0 && at) at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL;
        snprintf(out, size_bytes, "%.*s", at ? (int)strcspn(at, "|") : 0, at ? at : "");
    }
}

int lp_config_print(const void *config, const lp_setting *table, int n, char *out, size_t size_bytes) {
    int length = 0;
    char section[64] = "";
    for (int i = 0; i < n; i++) {
        const char *dot = strchr(table[i].name, '.');
        int section_length = dot ? (int)(dot - table[i].name) : 0;
        char value[64];
        lp_config_value(config, &table[i], value, sizeof value);
        char *at = (size_t)length < size_bytes ? out + length : out;
        size_t left = (size_t)length < size_bytes ? size_bytes - (size_t)length : 0;
        if (strncmp(section, table[i].name, (size_t)section_length) || section[section_length]) {
            snprintf(section, sizeof section, "%.*s", section_length, table[i].name);
            length += snprintf(at, left, "%s[%s]\n", length ? "\n" : "", section);
            at = (size_t)length < size_bytes ? out + length : out;
            left = (size_t)length < size_bytes ? size_bytes - (size_t)length : 0;
        }
        length += snprintf(at, left, "%s = %s\n", dot ? dot + 1 : table[i].name, value);
    }
    return length;
}
