/* Writing the safetensors format: 8 bytes little-endian header length, a JSON header {"__metadata__": {strings}, "name": {"dtype",
 * "shape", "data_offsets"}, ...}, then the tensors' bytes, back to back in the order of the header. Policies are read by weights.c. */
#ifndef LP_POLICY_SAFETENSORS_H
#define LP_POLICY_SAFETENSORS_H

#include "policy/policy.h"

typedef struct {
    const char *name;
    const char *type; /* as the format calls it: "F32", "I32", "U8" */
    int rank, shape[4];
    const void *data; /* row-major, borrowed */
} lp_tensor;

size_t lp_tensor_bytes(const lp_tensor *tensor);
/* One file, as one atomic step. */
lp_status lp_safetensors_write(const char *path, const lp_tensor *tensors, int n_tensors, const lp_policy_note *notes, int n_notes,
                               lp_err *err);
/* lp_policy_write with more tensors after the weights: what went into the network and what came out, for a check by another program.
 * lp_policy_read refuses a file that has any. */
lp_status lp_policy_write_with(const lp_policy *policy, const char *path, const lp_policy_note *notes, int n_notes, const lp_tensor *more,
                               int n_more, lp_err *err);

#endif
