/* A policy's weights on a card, and memory there. */
#include "policy/cuda_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { ALIGNED_FLOATS = 64 };

const char *cuda_missing(void) { return lp_cuda_missing(); }

void *cuda_take(cuda_room *room, size_t bytes) {
    void *at = room->base ? room->base + room->used : NULL;
    room->used += (bytes + 255) / 256 * 256;
    return at;
}

/* "12.3 MiB" */
static const char *amount(char text[32], size_t bytes) {
    const double mib = (double)bytes / (1 << 20);
    snprintf(text, 32, mib < 1024 ? "%.1f MiB" : "%.1f GiB", mib < 1024 ? mib : mib / 1024);
    return text;
}

/* asked 0: not known */
static lp_status full(size_t asked, const char *name, lp_err *err) {
    size_t free_bytes = 0, total_bytes = 0;
    char text[3][32];
    lp_cuda_memory(&free_bytes, &total_bytes);
    amount(text[1], free_bytes);
    amount(text[2], total_bytes);
    if (!asked) return lp_fail(err, LP_FAILED, "out of GPU memory: %s needs more than the %s of %s that are free", name, text[1], text[2]);
    return lp_fail(err, LP_FAILED, "out of GPU memory: %s asks for %s, %s of %s are free", name, amount(text[0], asked), text[1], text[2]);
}

lp_status cuda_failed(int error, const char *name, lp_err *err) {
    if (error == LP_CUDA_OUT_OF_MEMORY) return full(0, name, err);
    return lp_fail(err, LP_FAILED, "GPU: %s: %s", name, lp_cuda_error(error));
}

lp_status cuda_alloc(void **out, size_t bytes, const char *name, lp_err *err) {
    return lp_cuda_alloc(out, bytes) ? full(bytes, name, err) : LP_OK;
}

int cuda_parameters_to(const lp_cuda_card *card, const lp_policy *p, float *device, const void *host, void *stream) {
    int error = lp_cuda_zero(device, card->n_parameters * sizeof(float), stream);
    for (int i = 0; i < P_COUNT && !error; i++)
        error = lp_cuda_to_device(device + card->offset[i], (const char *)host + p->info[i].offset * sizeof(float),
                                  p->info[i].size * sizeof(float), stream);
    return error;
}

int cuda_parameters_from(const lp_cuda_card *card, const lp_policy *p, void *host, const float *device, void *stream) {
    int error = 0;
    for (int i = 0; i < P_COUNT && !error; i++)
        error = lp_cuda_from_device((char *)host + p->info[i].offset * sizeof(float), device + card->offset[i],
                                    p->info[i].size * sizeof(float), stream);
    return error;
}

lp_status cuda_upload(lp_cuda_card *card, const lp_policy *p, lp_err *err) {
    int error = cuda_parameters_to(card, p, card->parameters, p->parameters, NULL);
    if (!error) error = lp_cuda_wait(NULL);
    return error ? cuda_failed(error, "the weights", err) : LP_OK;
}

lp_status cuda_download(const lp_cuda_card *card, const lp_policy *p, void *out, lp_err *err) {
    int error = cuda_parameters_from(card, p, out, card->parameters, NULL);
    if (!error) error = lp_cuda_wait(NULL);
    return error ? cuda_failed(error, "the weights", err) : LP_OK;
}

lp_status cuda_open(lp_cuda_card **out, const lp_policy *p, bool bf16, lp_err *err) {
    *out = NULL;
    if (cuda_missing()) return lp_fail(err, LP_BAD_INPUT, "%s", cuda_missing());
    if (p->shape.dim > LP_CUDA_READ_MAX_DIM)
        return lp_fail(err, LP_BAD_INPUT, "policy: dim is %d, a GPU reads items of at most %d floats", p->shape.dim, LP_CUDA_READ_MAX_DIM);
    lp_cuda_card *card = calloc(1, sizeof *card);
    if (!card) return lp_fail(err, LP_FAILED, "policy: out of memory");
    card->bf16 = bf16;
    for (int i = 0; i < P_COUNT; i++) {
        card->offset[i] = card->n_parameters;
        card->n_parameters += (p->info[i].size + ALIGNED_FLOATS - 1) / ALIGNED_FLOATS * ALIGNED_FLOATS;
    }
    lp_status status = cuda_alloc((void **)&card->parameters, card->n_parameters * sizeof(float), "the network", err);
    if (!status && !lp_cuda_pin(p->parameters, p->n_parameters * sizeof(float))) card->pinned = p->parameters;
    if (!status) status = cuda_upload(card, p, err);
    if (status) cuda_close(card);
    else *out = card;
    return status;
}

void cuda_close(lp_cuda_card *card) {
    if (!card) return;
    if (card->pinned) lp_cuda_unpin(card->pinned);
    lp_cuda_free(card->parameters);
    free(card);
}
