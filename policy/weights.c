/* Weight files in the safetensors format (safetensors.h), the network's shape in __metadata__.
 * Invariant: a policy is only ever made from a file whose every byte was accounted for. */
#include "policy/cuda.h"
#include "policy/safetensors.h"

#include "base/file.h"
#include "base/floats.h"

#include <cjson/cJSON.h>
#include <errno.h>
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

static const char *const core_names[] = {"none", "gru", "mingru", "lstm", "lru", "delta", NULL},
                         *const size_names[] = {"nano", "base", "large", NULL}, *const join_names[] = {"head", "sight", NULL},
                         *const order_names[] = {"none", "place", NULL}, *const salience_names[] = {"linear", "square", NULL},
                         *const bias_names[] = {"salience", "none", NULL}, *const softmax_names[] = {"plain", "scalable", NULL};

/* Choices, by their words. Those that came later are written where they are not the first. */
static const struct {
    const char *key;
    size_t offset;
    const char *const *names;
    bool later;
} config_words[] = {
    {"core", offsetof(lp_policy_config, core), core_names, false},
    {"size", offsetof(lp_policy_config, size), size_names, false},
    {"join", offsetof(lp_policy_config, join), join_names, true},
    {"order", offsetof(lp_policy_config, order), order_names, true},
    {"salience", offsetof(lp_policy_config, salience), salience_names, true},
    {"bias", offsetof(lp_policy_config, bias), bias_names, true},
    {"softmax", offsetof(lp_policy_config, softmax), softmax_names, true},
};
enum { N_CONFIG_WORDS = sizeof config_words / sizeof *config_words };

static int *config_word(lp_policy_config *config, int i) { return (int *)((char *)config + config_words[i].offset); }

const char *lp_policy_core_name(int core) { return core_names[core]; }

const char *lp_policy_join_name(int join) { return join_names[join]; }

const char *lp_policy_order_name(int order) { return order_names[order]; }

const char *lp_policy_salience_name(int salience) { return salience_names[salience]; }

const char *lp_policy_bias_name(int bias) { return bias_names[bias]; }

const char *lp_policy_softmax_name(int softmax) { return softmax_names[softmax]; }

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

/* "pt" is what PyTorch's tools make of it when they write a file again. */
static bool is_policy(const cJSON *metadata) {
    const char *format = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "format"));
    return format && (!strcmp(format, FORMAT) || !strcmp(format, "pt"));
}

static lp_status read_config(lp_policy_config *config, const cJSON *metadata, const char *path, lp_err *err) {
    const cJSON *note;
    if (!cJSON_IsObject(metadata) || !is_policy(metadata))
        return lp_fail(err, LP_BAD_INPUT, "%s: not a Longplay policy (__metadata__.format is not '%s')", path, FORMAT);
    cJSON_ArrayForEach(note, metadata) {
        if (!cJSON_IsString(note)) return lp_fail(err, LP_BAD_INPUT, "%s: __metadata__.%.80s is not a text", path, note->string);
    }
    for (int i = 0; i < N_CONFIG_KEYS; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, config_keys[i].key));
        char *end = NULL;
        long value = text ? strtol(text, &end, 10) : 0;
        if (!text || end == text || *end || value < 1 || value > 1 << 20)
            return lp_fail(err, LP_BAD_INPUT, "%s: __metadata__.%s is missing or out of range", path, config_keys[i].key);
        *config_field(config, i) = (int)value;
    }
    lp_status status = LP_OK;
    for (int i = 0; !status && i < N_CONFIG_WORDS; i++)
        status = read_name(config_word(config, i), metadata, config_words[i].key, config_words[i].names, path, err);
    return status;
}

typedef struct {
    const char *path;
    cJSON *header; /* owned; without its __metadata__ */
    const unsigned char *data;
    size_t data_bytes;
    size_t begin[P_COUNT]; /* of each tensor among the data */
} weight_file;

static lp_status read_tensor(lp_policy *p, weight_file *f, int i, lp_err *err) {
    const param_info *t = &p->info[i];
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(f->header, t->name), *offsets, *shape;
    if (!cJSON_IsObject(entry)) return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s is missing", f->path, t->name);
    const char *dtype = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "dtype"));
    if (!dtype || strcmp(dtype, "F32")) return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s: dtype is not F32", f->path, t->name);
    shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    bool good = cJSON_IsArray(shape) && cJSON_GetArraySize(shape) == t->rank;
    for (int k = 0; good && k < t->rank; k++) {
        size_t extent;
        good = whole(cJSON_GetArrayItem(shape, k), 1e9, &extent) && extent == (size_t)t->shape[k];
    }
    if (!good) return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s has another shape than the network", f->path, t->name);
    offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    size_t begin, end;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !whole(cJSON_GetArrayItem(offsets, 0), (double)f->data_bytes, &begin) ||
        !whole(cJSON_GetArrayItem(offsets, 1), (double)f->data_bytes, &end) || end < begin || end - begin != t->size * sizeof(float))
        return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s: data_offsets do not fit the file", f->path, t->name);
    if (!lp_floats_finite(f->data + begin, t->size))
        return lp_fail(err, LP_BAD_INPUT, "%s: tensor %s holds a NaN or an infinity", f->path, t->name);
    memcpy(p->parameters + t->offset, f->data + begin, end - begin);
    f->begin[i] = begin;
    return LP_OK;
}

/* Each tensor begins where another ends, the first at 0: no byte is two tensors', and none is nobody's. */
static lp_status check_layout(const lp_policy *p, const weight_file *f, int n_tensors, lp_err *err) {
    size_t at = 0;
    for (int n = 0; n < n_tensors; n++) {
        int i = 0;
        while (i < P_COUNT && (!p->info[i].size || f->begin[i] != at)) i++;
        if (i == P_COUNT)
            return lp_fail(err, LP_BAD_INPUT, "%s: no tensor begins at byte %zu of the data: two share bytes and leave a hole", f->path,
                           at);
        at += p->info[i].size * sizeof(float);
    }
    return LP_OK;
}

static lp_status read_tensors(lp_policy *p, weight_file *f, lp_err *err) {
    int n_tensors = 0;
    for (int i = 0; i < P_COUNT; i++) n_tensors += p->info[i].size > 0;
    if (cJSON_GetArraySize(f->header) != n_tensors)
        return lp_fail(err, LP_BAD_INPUT, "%s: %d tensors, the network has %d", f->path, cJSON_GetArraySize(f->header), n_tensors);
    if (f->data_bytes != p->n_parameters * sizeof(float))
        return lp_fail(err, LP_BAD_INPUT, "%s: %zu bytes of tensors, %zu expected", f->path, f->data_bytes,
                       p->n_parameters * sizeof(float));
    lp_status status = model_allocate(p, err);
    for (int i = 0; !status && i < P_COUNT; i++)
        if (p->info[i].size) status = read_tensor(p, f, i, err);
    return status ? status : check_layout(p, f, n_tensors, err);
}

/* The header: an object, and nothing after it but the spaces that pad it. NULL: not that. */
static cJSON *parse_header(const char *text, size_t length) {
    const char *end = NULL;
    cJSON *header = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    while (header && end < text + length && strchr(" \t\r\n", *end) && *end) end++;
    if (cJSON_IsObject(header) && end == text + length) return header;
    cJSON_Delete(header);
    return NULL;
}

static lp_status open_file(weight_file *f, const lp_blob *file, const char *path, lp_err *err) {
    uint64_t length = 0;
    for (int i = 0; i < 8 && file->size_bytes >= 8; i++) length |= (uint64_t)file->data[i] << (8 * i);
    if (file->size_bytes < 8 || length < 2 || length > MAX_HEADER_BYTES || length > file->size_bytes - 8 || file->data[8] != '{')
        return lp_fail(err, LP_BAD_INPUT, "%s: not a safetensors file, or cut short", path);
    *f = (weight_file){.path = path, .data = file->data + 8 + length, .data_bytes = file->size_bytes - 8 - length};
    errno = 0;
    if (!(f->header = parse_header((char *)file->data + 8, length)) && errno == ENOMEM)
        return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    if (!f->header) return lp_fail(err, LP_BAD_INPUT, "%s: the safetensors header is not a JSON object, padded with spaces", path);
    return LP_OK;
}

static lp_status parse(lp_policy **out, const lp_blob *file, const char *path, lp_err *err) {
    weight_file f;
    lp_status status = open_file(&f, file, path, err);
    if (status) return status;
    cJSON *metadata = cJSON_DetachItemFromObjectCaseSensitive(f.header, "__metadata__");
    lp_policy *p = NULL;
    lp_policy_config config = {0};
    status = read_config(&config, metadata, path, err);
    if (!status && (status = model_open(&p, &config, err))) lp_fail_prefix(err, status, "%s", path);
    if (!status) status = read_tensors(p, &f, err);
    cJSON_Delete(f.header);
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

lp_status lp_policy_check_writable(const char *path, lp_err *err) {
    weight_file f = {0};
    lp_blob file = {0};
    lp_status status = lp_file_check_writable(path, NULL, err);
    if (!status && lp_file_exists(path)) status = lp_file_read(&file, path, MAX_FILE_BYTES, err);
    if (!status && file.size_bytes && (status = open_file(&f, &file, path, err)) == LP_BAD_INPUT)
        lp_fail(err, status, "%s: is not a weight file (safetensors): it is not overwritten", path);
    cJSON_Delete(f.header);
    lp_blob_free(&file);
    return status;
}

lp_status lp_policy_write_with(const lp_policy *p, const char *path, const lp_policy_note *notes, int n_notes, const lp_tensor *more,
                               int n_more, lp_err *err) {
    lp_policy_note *all = malloc((size_t)(1 + N_CONFIG_KEYS + N_CONFIG_WORDS + n_notes) * sizeof *all);
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
    for (int i = 0; i < N_CONFIG_WORDS; i++) {
        int word = *config_word(&config, i);
        if (word || !config_words[i].later) all[n++] = (lp_policy_note){config_words[i].key, config_words[i].names[word]};
    }
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
