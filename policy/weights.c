/* Weight files in the safetensors format (safetensors.h), the network's shape in __metadata__.
 * Invariant: a policy is only ever made from a file whose every byte was accounted for. */
#include "policy/cuda.h"
#include "policy/safetensors.h"

#include "base/file.h"
#include "base/floats.h"

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
    cuda_close(p->card);
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
    {"width", offsetof(lp_policy_config, width)},         {"height", offsetof(lp_policy_config, height)},
    {"n_actions", offsetof(lp_policy_config, n_actions)}, {"dim", offsetof(lp_policy_config, dim)},
    {"hidden", offsetof(lp_policy_config, hidden)},       {"heads", offsetof(lp_policy_config, heads)},
    {"n_levels", offsetof(lp_policy_config, n_levels)},   {"n_ages", offsetof(lp_policy_config, n_ages)},
};
enum { N_CONFIG_KEYS = sizeof config_keys / sizeof *config_keys };

static int *config_field(lp_policy_config *config, int i) { return (int *)((char *)config + config_keys[i].offset); }

static const char *const core_names[] = {"none", "gru", "mingru", NULL}, *const size_names[] = {"nano", "base", "large", NULL};

const char *lp_policy_core_name(int core) { return core_names[core]; }

const char *lp_policy_size_name(int size) { return size_names[size]; }

/* The index of metadata's word among names; a file from before there was a choice has the first. */
static lp_status read_name(int *out, const cJSON *metadata, const char *key, const char *const *names, const char *path, lp_err *err) {
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
    for (*out = 0; word && names[*out] && strcmp(word, names[*out]);) ++*out;
    if (!names[*out]) return lp_fail(err, LP_BAD_INPUT, "%s: __metadata__.%s: '%s' is not known", path, key, word);
    return LP_OK;
}

/* Whole numbers only: a double holds every offset of a file below MAX_FILE_BYTES exactly. */
static bool whole(const cJSON *item, double max, size_t *out) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > max || item->valuedouble != floor(item->valuedouble))
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

static lp_status read_tensor(lp_policy *p, const param_info *t, const cJSON *header, const unsigned char *data, size_t data_bytes,
                             size_t *seen_bytes, const char *path, lp_err *err) {
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
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !whole(cJSON_GetArrayItem(offsets, 0), (double)data_bytes, &begin) ||
        !whole(cJSON_GetArrayItem(offsets, 1), (double)data_bytes, &end) || end < begin || end - begin != t->size * sizeof(float))
        return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s: data_offsets do not fit the file", path, t->name);
    memcpy(p->parameters + t->offset, data + begin, end - begin);
    *seen_bytes += end - begin;
    if (!lp_floats_finite(data + begin, t->size))
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

lp_status lp_policy_write_with(const lp_policy *p, const char *path, const lp_policy_note *notes, int n_notes, const lp_tensor *more,
                               int n_more, lp_err *err) {
    lp_policy_note *all = malloc((size_t)(N_CONFIG_KEYS + 3 + n_notes) * sizeof *all);
    lp_tensor *tensors = malloc((size_t)(P_COUNT + n_more) * sizeof *tensors);
    if (!all || !tensors) {
        free(all), free(tensors);
        return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    int n = 0, n_tensors = 0;
    char text[N_CONFIG_KEYS][24];
    lp_policy_config config = p->shape;
    all[n++] = (lp_policy_note){"format", FORMAT};
    for (int i = 0; i < N_CONFIG_KEYS; i++) {
        snprintf(text[i], sizeof *text, "%d", *config_field(&config, i));
        all[n++] = (lp_policy_note){config_keys[i].key, text[i]};
    }
    all[n++] = (lp_policy_note){"core", core_names[config.core]};
    all[n++] = (lp_policy_note){"size", size_names[config.size]};
    for (int i = 0; i < n_notes; i++) all[n++] = notes[i];
    for (const param_info *t = p->info; t < p->info + P_COUNT; t++) {
        if (!t->size) continue;
        tensors[n_tensors] = (lp_tensor){t->name, "F32", t->rank, {0}, p->parameters + t->offset};
        memcpy(tensors[n_tensors++].shape, t->shape, sizeof t->shape);
    }
    for (int i = 0; i < n_more; i++) tensors[n_tensors++] = more[i];
    lp_status status = lp_safetensors_write(path, tensors, n_tensors, all, n, err);
    free(all), free(tensors);
    return status;
}

lp_status lp_policy_write(const lp_policy *p, const char *path, const lp_policy_note *notes, int n_notes, lp_err *err) {
    return lp_policy_write_with(p, path, notes, n_notes, NULL, 0, err);
}
