/* Writing the safetensors format. See safetensors.h. */
#include "policy/safetensors.h"

#include "base/file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t lp_tensor_bytes(const lp_tensor *t) {
    size_t size = (size_t)atoi(t->type + 1) / 8;
    for (int i = 0; i < t->rank; i++) size *= (size_t)t->shape[i];
    return size;
}

/* The header's JSON text, NULL without memory; freed by the caller. *data_bytes: of all tensors. */
static char *header_text(const lp_tensor *tensors, int n_tensors, const lp_policy_note *notes, int n_notes, size_t *data_bytes) {
    errno = 0; /* what cannot be added is left out, and only the allocation says so */
    cJSON *header = cJSON_CreateObject(), *metadata = cJSON_AddObjectToObject(header, "__metadata__");
    for (int i = 0; i < n_notes; i++) cJSON_AddStringToObject(metadata, notes[i].key, notes[i].value);
    *data_bytes = 0;
    for (const lp_tensor *t = tensors; t < tensors + n_tensors; t++) {
        cJSON *entry = cJSON_AddObjectToObject(header, t->name), *shape, *offsets;
        cJSON_AddStringToObject(entry, "dtype", t->type);
        cJSON_AddItemToObject(entry, "shape", shape = cJSON_CreateArray());
        for (int j = 0; j < t->rank; j++) cJSON_AddItemToArray(shape, cJSON_CreateNumber(t->shape[j]));
        cJSON_AddItemToObject(entry, "data_offsets", offsets = cJSON_CreateArray());
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)*data_bytes));
        *data_bytes += lp_tensor_bytes(t);
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)*data_bytes));
    }
    char *text = cJSON_PrintUnformatted(header);
    cJSON_Delete(header);
    if (errno != ENOMEM) return text;
    free(text);
    return NULL;
}

lp_status lp_safetensors_write(const char *path, const lp_tensor *tensors, int n_tensors, const lp_policy_note *notes, int n_notes,
                               lp_err *err) {
    size_t bytes;
    char *text = header_text(tensors, n_tensors, notes, n_notes, &bytes);
    size_t length = text ? strlen(text) : 0, padded = (length + 7) / 8 * 8;
    unsigned char *file = text ? malloc(8 + padded + bytes) : NULL;
    if (!file) {
        free(text);
        return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    for (int i = 0; i < 8; i++) file[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    memset(file + 8, ' ', padded);
    memcpy(file + 8, text, length);
    size_t used = 8 + padded;
    for (const lp_tensor *t = tensors; t < tensors + n_tensors; used += lp_tensor_bytes(t), t++)
        if (lp_tensor_bytes(t)) memcpy(file + used, t->data, lp_tensor_bytes(t));
    lp_status status = lp_file_write_atomic(path, file, used, err);
    free(file);
    free(text);
    return status;
}
