/* Reading JSON fields and reporting mistakes. See json.h. */
#include "env/json.h"

#include "base/file.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_JSON_BYTES = 4 << 20 };

/* ---- reports ---- */

static size_t write_place(const lp_place *where, char *out, size_t size) {
    if (!where->up) return (size_t)snprintf(out, size, "%s:", where->name);
    size_t n = write_place(where->up, out, size);
    if (n >= size) return n;
    if (!where->name) return n + (size_t)snprintf(out + n, size - n, "[%d]", where->index);
    return n + (size_t)snprintf(out + n, size - n, "%s%.40s", where->up->up ? "." : " ", where->name);
}

static void compose(char *out, size_t size, const lp_place *where, const char *format, va_list list) {
    size_t n = where ? write_place(where, out, size) : 0;
    if (where && n + 2 < size) n += (size_t)snprintf(out + n, size - n, "%s", where->up ? ": " : " ");
    if (n < size) vsnprintf(out + n, size - n, format, list);
}

lp_status lp_report_status(lp_findings *r, lp_status status, const lp_err *err) {
    if (r->say) r->say(r->context, true, err->message);
    if (r->status == LP_OK) {
        r->status = status;
        if (r->err) *r->err = *err;
    }
    r->n_errors++;
    return status;
}

lp_status lp_report_error(lp_findings *r, const lp_place *where, const char *format, ...) {
    lp_err err;
    va_list list;
    va_start(list, format);
    compose(err.message, sizeof err.message, where, format, list);
    va_end(list);
    return lp_report_status(r, LP_BAD_INPUT, &err);
}

lp_status lp_report_out_of_memory(lp_findings *r, const lp_place *where) {
    lp_err err;
    size_t n = write_place(where, err.message, sizeof err.message);
    if (n < sizeof err.message) snprintf(err.message + n, sizeof err.message - n, " out of memory");
    return lp_report_status(r, LP_FAILED, &err);
}

void lp_report_note(lp_findings *r, const lp_place *where, const char *format, ...) {
    char line[sizeof((lp_err *)0)->message];
    if (!r->say) return;
    va_list list;
    va_start(list, format);
    compose(line, sizeof line, where, format, list);
    va_end(list);
    r->say(r->context, false, line);
}

/* ---- files ---- */

static bool is_plain_text(const char *text) {
    for (; text && *text; text++)
        if ((unsigned char)*text < 32 || *text == 127) return false;
    return true;
}

/* No control characters in any text: messages and events are single lines. */
static bool is_plain(const cJSON *item) {
    const cJSON *child;
    if (!is_plain_text(item->string) || !is_plain_text(item->valuestring)) return false;
    cJSON_ArrayForEach(child, item) {
        if (!is_plain(child)) return false;
    }
    return true;
}

static void drop_comments(cJSON *item) {
    for (cJSON *child = item->child, *next; child; child = next) {
        next = child->next;
        if (child->string && !strncmp(child->string, "//", 2)) cJSON_Delete(cJSON_DetachItemViaPointer(item, child));
        else drop_comments(child);
    }
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Names that stand twice in an object, anywhere below: readers disagree on which one counts. */
static void report_twins(const cJSON *item, const lp_place *where, lp_findings *r) {
    const cJSON *child;
    int n = 0, i = 0;
    cJSON_ArrayForEach(child, item) {
        const lp_place at = child->string ? lp_place_field(where, child->string) : lp_place_item(where, i);
        if (child->child) report_twins(child, &at, r);
        i++;
    }
    if (!cJSON_IsObject(item) || i < 2) return;
    const char **names = malloc((size_t)i * sizeof *names);
    if (!names) {
        lp_report_out_of_memory(r, where);
        return;
    }
    cJSON_ArrayForEach(child, item) names[n++] = child->string;
    qsort(names, (size_t)n, sizeof *names, by_text);
    for (i = 1; i < n; i++) {
        const lp_place at = lp_place_field(where, names[i]);
        if (!strcmp(names[i], names[i - 1]) && (i < 2 || strcmp(names[i], names[i - 2]))) lp_report_error(r, &at, "declared twice");
    }
    free(names);
}

lp_status lp_json_read(cJSON **out, const char *path, lp_findings *r) {
    lp_blob text;
    lp_err err;
    *out = NULL;
    lp_status status = lp_file_read(&text, path, MAX_JSON_BYTES, &err);
    if (status) return lp_report_status(r, status, &err);
    const lp_place where = lp_place_file(path);
    const char *end = NULL;
    errno = 0; /* a parser that runs out of memory says what it says of a text that is not JSON */
    cJSON *root = cJSON_ParseWithLengthOpts((char *)text.data, text.size_bytes + 1, &end, 1);
    if (!root && errno == ENOMEM) {
        status = lp_report_out_of_memory(r, &where);
    } else if (!cJSON_IsObject(root) || !is_plain(root) || strlen((char *)text.data) != text.size_bytes) {
        int line = 1;
        for (const char *c = (char *)text.data; end && c < end; c++) line += *c == '\n';
        status = lp_report_error(r, NULL, "%s:%d: not a JSON object of plain text", path, line);
    } else {
        int n_errors = r->n_errors;
        drop_comments(root);
        report_twins(root, &where, r);
        if (r->n_errors > n_errors) status = LP_BAD_INPUT;
    }
    lp_blob_free(&text);
    if (status) cJSON_Delete(root);
    else *out = root;
    return status;
}

/* ---- fields ---- */

bool lp_json_int(const cJSON *object, const char *key, int64_t min, int64_t max, const int64_t *initial, int64_t *out,
                 const lp_place *where, lp_findings *r) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    *out = initial ? *initial : 0;
    if (!item && initial) return true;
    if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble) || item->valuedouble < (double)min ||
        item->valuedouble > (double)max) {
        const lp_place at = lp_place_field(where, key);
        lp_report_error(r, &at, "must be a whole number, %lld to %lld", (long long)min, (long long)max);
        return false;
    }
    *out = (int64_t)item->valuedouble;
    return true;
}

bool lp_json_float(const cJSON *object, const char *key, float *out, const lp_place *where, lp_findings *r) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    *out = 0;
    if (!item) return true;
    if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= (double)FLT_MAX)) {
        const lp_place at = lp_place_field(where, key);
        lp_report_error(r, &at, "must be a number within a float's range");
        return false;
    }
    *out = (float)item->valuedouble;
    return true;
}

bool lp_json_bool(const cJSON *object, const char *key, bool *out, const lp_place *where, lp_findings *r) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    *out = cJSON_IsTrue(item);
    if (!item || cJSON_IsBool(item)) return true;
    const lp_place at = lp_place_field(where, key);
    lp_report_error(r, &at, "must be true or false");
    return false;
}

bool lp_json_object(const cJSON *object, const char *key, const cJSON **out, const lp_place *where, lp_findings *r) {
    *out = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!*out || cJSON_IsObject(*out)) return true;
    const lp_place at = lp_place_field(where, key);
    lp_report_error(r, &at, "must be an object");
    *out = NULL;
    return false;
}

bool lp_json_list(const cJSON *object, const char *key, int max, const cJSON **out, const lp_place *where, lp_findings *r) {
    *out = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!*out || (cJSON_IsArray(*out) && cJSON_GetArraySize(*out) <= max)) return true;
    const lp_place at = lp_place_field(where, key);
    lp_report_error(r, &at, "must be a list of at most %d", max);
    *out = NULL;
    return false;
}

bool lp_json_text(const cJSON *object, const char *key, char *out, size_t size, const lp_place *where, lp_findings *r) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    bool good = !item || (cJSON_IsString(item) && strlen(item->valuestring) < size);
    snprintf(out, size, "%s", item && good ? item->valuestring : "");
    const lp_place at = lp_place_field(where, key);
    if (!good) lp_report_error(r, &at, "must be a text of at most %zu bytes", size - 1);
    return good;
}

bool lp_json_known(const cJSON *object, const char *known, bool strict, const lp_place *where, lp_findings *r) {
    const cJSON *item;
    bool good = true;
    cJSON_ArrayForEach(item, object) {
        const lp_place at = lp_place_field(where, item->string);
        size_t length = strlen(item->string);
        bool found = !strncmp(item->string, "//", 2); /* a comment: JSON has no other */
        for (const char *k = known; k; k = strchr(k, '|') ? strchr(k, '|') + 1 : NULL)
            found |= strcspn(k, "|") == length && !memcmp(k, item->string, length);
        if (found) continue;
        if (strict) lp_report_error(r, &at, "unknown field (known: %s)", known);
        else lp_report_note(r, &at, "unknown field, not used");
        good &= !strict;
    }
    return good;
}
