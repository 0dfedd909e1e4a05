/* Memory for machine code that is made while the program runs. It is seen twice, in one view to be written, in the other to be run: no page is both.
 * Internal to emulator/. */
#ifndef LP_EMULATOR_JIT_SPACE_H
#define LP_EMULATOR_JIT_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *to;         /* where it may be written */
    const uint8_t *runs; /* where that is run */
    size_t used, size;
} lp_jit_space;

/* Memory is taken only as it is used. false: there is none, and nothing was opened. */
bool lp_jit_space_open(lp_jit_space *space, size_t size_bytes);
void lp_jit_space_close(lp_jit_space *space);

#endif
