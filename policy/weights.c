/* Weight files in the safetensors format: 8 bytes little-endian header length, a JSON header {"name": {"dtype", "shape",
 * "data_offsets"}, ..., "__metadata__": {strings}}, then the tensors' bytes, back to back.
 * Invariant: a policy is only ever made from a file whose every byte was accounted for. */
#include "policy/model.h"

#include "base/file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER_BYTES = 1 << 20 };
static const size_t MAX_FILE_BYTES = (size_t)1 << 30;
static const char FORMAT[] = "longplay-policy-1";

void lp_policy_close(lp_policy *p) {
    if (!p) return;
    cJSON_Delete(p->notes);
    free(p->parameters);
    free(p);
}

const char *lp_policy_note_of(const lp_policy *p, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p->notes, key));
}

bool lp_policy_samples(const lp_policy *p) {
    const char *act = lp_policy_note_of(p, "policy.act");
    return act && !strcmp(act, "sample");
}

/* The config's fields under their names in __metadata__. */
typedef struct {
    const char *key;
    size_t offset;
} config_key;
static const config_key config_keys[] = {
    {"width", offsetof(lp_policy_config, width)},     {"height", offsetof(lp_policy_config, height)},
    {"n_actions", offsetof(lp_policy_config, n_actions)}, {"dim", offsetof(lp_policy_config, dim)},
    {"hidden", offsetof(lp_policy_config, hidden)},   {"heads", offsetof(lp_policy_config, heads)},
    {"n_levels", offsetof(lp_policy_config, n_levels)}, {"n_ages", offsetof(lp_policy_config, n_ages)},
};
enum { N_CONFIG_KEYS = sizeof config_keys / sizeof *config_keys };

static int *config_field(lp_policy_config *config, int i) {
    return (int *)((char *)config + config_keys[i].offset);
}

static const char *const core_names[] = {"none", "gru", "mingru", NULL}, *const size_names[] = {"nano", "base", "large", NULL};

const char *lp_policy_core_name(int core) {
    return core_names[core];
}

const char *lp_policy_size_name(int size) {
    return size_names[size];
}

/* The index of metadata's word among names; a file from before there was a choice has the first. */
static lp_status read_name(int *out, const cJSON *metadata, const char *key, const char *const *names, const char *path, lp_err *err) {
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
    for (*out = 0; word && names[*out] && strcmp(word, names[*out]);) ++*out;
    if (!names[*out]) return lp_fail(err, LP_BAD_INPUT, "%s: __metadata__.%s: '%s' is not known", path, key, word);
    return LP_OK;
}

/* Whole numbers only: a double holds every offset of a file below MAX_FILE_BYTES exactly. */
static bool whole(const cJSON *item, double max, size_t *out) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > max ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *out = (size_t)item->valuedouble;
    return true;
}

static lp_status read_config(lp_policy_config *config, const cJSON *metadata, const char *path, lp_err *err) {
    const char *format = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "format"));
    if (!format || strcmp(format, FORMAT))
        return lp_fail(err, LP_BAD_INPUT, "%s: not a Longplay policy (__metadata__.format is not '%s')", path, FORMAT);
    for (int i = 0; i < N_CONFIG_KEYS; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, config_keys[i].key));
        char *end = NULL;
        long value = text ? strtol(text, &end, 10) : 0;
        if (!text || end == text || *end || value < 1 || value > 1 << 20)
            return lp_fail(err, LP_BAD_INPUT, "%s: __metadata__.%s is missing or out of range", path, config_keys[i].key);
        *config_field(config, i) = (int)value;
    }
    lp_status status = read_name(&config->core, metadata, "core", core_names, path, err);
    if (!status) status = read_name(&config->size, metadata, "size", size_names, path, err);
    return status;
}

static lp_status read_tensor(lp_policy *p, const param_info *t, const cJSON *header, const unsigned char *data,
                             size_t data_bytes, size_t *seen_bytes, const char *path, lp_err *err) {
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(header, t->name), *offsets, *shape;
    if (!cJSON_IsObject(entry)) return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s is missing", path, t->name);
    const char *dtype = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "dtype"));
    if (!dtype || strcmp(dtype, "F32")) return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s: dtype is not F32", path, t->name);
    shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    bool good = cJSON_IsArray(shape) && cJSON_GetArraySize(shape) == t->rank;
    for (int i = 0; good && i < t->rank; i++) {
        size_t extent;
        good = whole(cJSON_GetArrayItem(shape, i), 1e9, &extent) && extent == (size_t)t->shape[i];
    }
    if (!good) return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s has another shape than the network", path, t->name);
    offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    size_t begin, end;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !whole(cJSON_GetArrayItem(offsets, 0), (double)data_bytes, &begin) ||
        !whole(cJSON_GetArrayItem(offsets, 1), (double)data_bytes, &end) || end < begin ||
        end - begin != t->size * sizeof(float))
        return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s: data_offsets do not fit the file", path, t->name);
    memcpy(p->parameters + t->offset, data + begin, end - begin);
    *seen_bytes += end - begin;
    for (size_t i = 0; i < t->size; i++)
        if (!isfinite(p->parameters[t->offset + i]))
            return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s holds a NaN or an infinity", path, t->name);
    return LP_OK;
}

static lp_status parse(lp_policy **out, const lp_blob *file, const char *path, lp_err *err) {
    uint64_t length = 0;
    for (int i = 0; i < 8 && file->size_bytes >= 8; i++) length |= (uint64_t)file->data[i] << (8 * i);
    if (file->size_bytes < 8 || length < 2 || length > MAX_HEADER_BYTES || length > file->size_bytes - 8 || file->data[8] != '{')
        return lp_fail(err, LP_BAD_INPUT, "%s: not a safetensors file, or cut short", path);
    cJSON *header = cJSON_ParseWithLength((char *)file->data + 8, length), *metadata;
    lp_policy *p = NULL;
    lp_policy_config config = {0};
    const unsigned char *data = file->data + 8 + length;
    size_t data_bytes = file->size_bytes - 8 - length, seen = 0;
    if (!cJSON_IsObject(header)) {
        cJSON_Delete(header);
        return lp_fail(err, LP_BAD_INPUT, "%s: the safetensors header is not JSON", path);
    }
    metadata = cJSON_DetachItemFromObjectCaseSensitive(header, "__metadata__");
    lp_status status = read_config(&config, metadata, path, err);
    if (!status && (status = lp_policy_open(&p, &config, 0, err))) lp_fail_prefix(err, status, "%s", path);
    int n_tensors = 0;
    for (int i = 0; !status && i < P_COUNT; i++) n_tensors += p->info[i].size > 0;
    if (!status && cJSON_GetArraySize(header) != n_tensors)
        status = lp_fail(err, LP_BAD_INPUT, "%s: %d tensors, the network has %d", path, cJSON_GetArraySize(header), n_tensors);
    for (int i = 0; !status && i < P_COUNT; i++)
        if (p->info[i].size) status = read_tensor(p, &p->info[i], header, data, data_bytes, &seen, path, err);
    if (!status && seen != data_bytes)
        status = lp_fail(err, LP_BAD_INPUT, "%s: %zu bytes of tensors, %zu expected", path, data_bytes, seen);
    cJSON_Delete(header);
    if (status) {
        cJSON_Delete(metadata);
        lp_policy_close(p);
        return status;
    }
    p->notes = metadata;
    *out = p;
    return LP_OK;
}

lp_status lp_policy_read(lp_policy **out, const char *path, lp_err *err) {
    *out = NULL;
    lp_blob file;
    lp_status status = lp_file_read(&file, path, MAX_FILE_BYTES, err);
    if (status) return status;
    status = parse(out, &file, path, err);
    lp_blob_free(&file);
    return status;
}

/* The header's JSON text, padded with spaces to a multiple of 8; NULL without memory. Freed by the caller. */
static char *header_text(const lp_policy *p, const lp_policy_note *notes, int n_notes) {
    cJSON *header = cJSON_CreateObject(), *metadata = cJSON_AddObjectToObject(header, "__metadata__");
    cJSON_AddStringToObject(metadata, "format", FORMAT);
    lp_policy_config config = p->shape;
    for (int i = 0; i < N_CONFIG_KEYS; i++) {
        char text[24];
        snprintf(text, sizeof text, "%d", *config_field(&config, i));
        cJSON_AddStringToObject(metadata, config_keys[i].key, text);
    }
    cJSON_AddStringToObject(metadata, "core", core_names[config.core]);
    cJSON_AddStringToObject(metadata, "size", size_names[config.size]);
    for (int i = 0; i < n_notes; i++) cJSON_AddStringToObject(metadata, notes[i].key, notes[i].value);
    for (int i = 0; i < P_COUNT; i++) {
        const param_info *t = &p->info[i];
        if (!t->size) continue;
        cJSON *entry = cJSON_AddObjectToObject(header, t->name), *shape, *offsets;
        cJSON_AddStringToObject(entry, "dtype", "F32");
        cJSON_AddItemToObject(entry, "shape", shape = cJSON_CreateArray());
        for (int j = 0; j < t->rank; j++) cJSON_AddItemToArray(shape, cJSON_CreateNumber(t->shape[j]));
        cJSON_AddItemToObject(entry, "data_offsets", offsets = cJSON_CreateArray());
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)(t->offset * sizeof(float))));
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)((t->offset + t->size) * sizeof(float))));
    }
    char *text = cJSON_PrintUnformatted(header);
    cJSON_Delete(header);
    return text;
}

lp_status lp_policy_write(const lp_policy *p, const char *path, const lp_policy_note *notes, int n_notes, lp_err *err) {
    char *text = header_text(p, notes, n_notes);
    size_t length = text ? strlen(text) : 0, padded = (length + 7) / 8 * 8, bytes = p->n_parameters * sizeof(float);
    unsigned char *file = text ? malloc(8 + padded + bytes) : NULL;
    if (!file) {
        free(text);
        return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    for (int i = 0; i < 8; i++) file[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    memset(file + 8, ' ', padded);
    memcpy(file + 8, text, length);
    memcpy(file + 8 + padded, p->parameters, bytes);
    lp_status status = lp_file_write_atomic(path, file, 8 + padded + bytes, err);
    free(file);
    free(text);
    return status;
}
