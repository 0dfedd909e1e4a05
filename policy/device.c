/* Where a policy runs. */
#include "policy/cuda.h"

#include <stdio.h>
#include <string.h>

#ifdef LP_CUDA
#include "kernels/kernels_cuda.h"
#endif

const char *lp_device_missing(void) { return cuda_missing(); }

lp_status lp_device_find(lp_device *out, const char *name, lp_err *err) {
    *out = LP_DEVICE_CPU;
    if (!name || !strcmp(name, "auto")) *out = cuda_missing() ? LP_DEVICE_CPU : LP_DEVICE_CUDA;
    else if (!strcmp(name, "cuda")) *out = LP_DEVICE_CUDA;
    else if (strcmp(name, "cpu")) return lp_fail(err, LP_BAD_INPUT, "--device '%s': must be cpu, cuda or auto", name);
    if (*out == LP_DEVICE_CUDA && cuda_missing()) return lp_fail(err, LP_BAD_INPUT, "--device cuda: %s", cuda_missing());
    return LP_OK;
}

const char *lp_device_describe(lp_device device, char *text, size_t size_bytes) {
    snprintf(text, size_bytes, "cpu");
#ifdef LP_CUDA
    if (device == LP_DEVICE_CUDA) lp_cuda_describe(text, size_bytes);
#endif
    (void)device;
    return text;
}

lp_status lp_policy_move(lp_policy *p, lp_device device, bool bf16, lp_err *err) {
    cuda_close(p->card);
    p->card = NULL;
    p->packed_width = p->packed_height = 0;
    return device == LP_DEVICE_CUDA ? cuda_open(&p->card, p, bf16, err) : LP_OK;
}

lp_device lp_policy_device(const lp_policy *p) { return p->card ? LP_DEVICE_CUDA : LP_DEVICE_CPU; }

lp_status lp_policy_changed(lp_policy *p, lp_err *err) {
    p->version++;
    return p->card ? cuda_upload(p->card, p, err) : LP_OK;
}

lp_status lp_policy_acting(const lp_policy *p, void *out, lp_err *err) {
    if (p->card) return cuda_download(p->card, p, out, err);
    memcpy(out, p->parameters, p->n_parameters * sizeof(float));
    return LP_OK;
}

bool lp_policy_is_bf16(const lp_policy *p) {
    const char *precision = lp_policy_note_of(p, "policy.precision");
    return precision && !strcmp(precision, "bfloat16");
}

void lp_policy_pack_frames(lp_policy *p, int width, int height) {
    if (p->card) p->packed_width = width, p->packed_height = height;
}

bool lp_policy_packs_frames(const lp_policy *p) { return p->packed_width > 0; }

size_t lp_policy_frame_bytes(const lp_policy *p) {
    return p->packed_width ? (size_t)p->packed_width * (size_t)p->packed_height / 4 : (size_t)p->shape.width * (size_t)p->shape.height;
}
