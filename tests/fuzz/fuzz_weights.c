/* Any bytes as a weight file. */
#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_policy *policy;
    lp_err err;
    if (!lp_policy_read(&policy, fuzz_file(data, size), &err)) lp_policy_close(policy);
    return 0;
}
