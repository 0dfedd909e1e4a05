/* The checkpoint in a run.db: by the first byte as it is, or a valid one with bytes changed, sealed. What is taken adds up. */
#include "harness/run_parts.h"
#include "tests/fuzz/fuzz.h"

enum { SEAT = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t bad[sizeof(lp_run_head) + SEAT];
    lp_run_head head = {.episodes = 3,
                        .wins = 1,
                        .losses = 2,
                        .decisions = 50,
                        .first_decision = 40,
                        .frames = 200,
                        .frames_now = 9,
                        .playing = 1,
                        .seat_bytes = SEAT,
                        .text = "a text"};
    const unsigned char *seat = NULL;
    lp_err err;
    if (!size) return 0;
    bool forged = data[0] & 1;
    if (forged) {
        lp_run_head_pack(&head, bad);
        fuzz_patch(&(fuzz_target){.data = bad, .bytes = sizeof bad}, data + 1, size - 1);
        fuzz_seal(bad, sizeof bad);
    }
    const uint8_t *from = forged ? bad : data + 1;
    size_t bytes = forged ? sizeof bad : size - 1;
    if (lp_run_head_unpack(&head, &seat, from, bytes, &err)) return 0;
    if (head.seat_bytes != bytes - sizeof head || seat != from + sizeof head || strlen(head.text) >= sizeof head.text ||
        head.decisions < 0 || head.first_decision > head.decisions || head.wins + head.losses + head.timeouts > head.episodes)
        abort();
    return 0;
}
