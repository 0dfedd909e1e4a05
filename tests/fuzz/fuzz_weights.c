/* Weight files: by the first byte any bytes, or a small valid one with bytes of its header changed. */
#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

static lp_blob valid;
static uint8_t *bad;

static void start(void) {
    static const lp_policy_config shape = {
        .width = 20, .height = 20, .n_actions = 2, .dim = 1, .hidden = 1, .heads = 1, .n_levels = 1, .n_ages = 1};
    lp_policy *policy;
    char path[64];
    lp_err err;
    int fd = fuzz_temporary(path, sizeof path, "");
    fuzz_must(lp_policy_open(&policy, &shape, 1, &err), &err);
    fuzz_must(lp_policy_write(policy, path, &(lp_policy_note){"game", "cue"}, 1, &err), &err);
    lp_policy_close(policy);
    valid = fuzz_read(path);
    bad = malloc(valid.size_bytes);
    close(fd), unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_policy *policy;
    lp_err err;
    if (!size) return 0;
    if (!bad) start();
    bool forged = data[0] & 1;
    if (forged) {
        memcpy(bad, valid.data, valid.size_bytes);
        fuzz_patch(&(fuzz_target){.data = bad, .bytes = 8 + bad[0] + 256u * bad[1]}, data + 1, size - 1);
    }
    const char *path = fuzz_file(forged ? bad : data + 1, forged ? valid.size_bytes : size - 1);
    if (!lp_policy_read(&policy, path, &err)) lp_policy_close(policy);
    return 0;
}
