/* What emulation costs without Longplay, to measure against: libmgba as its documentation uses it (core, video buffer, ROM,
 * reset, runFrame) and nothing else. Nobody takes the sound out of its buffers, which spares it the resampler once they are full.
 */
#ifndef LP_EMULATOR_BASELINE_H
#define LP_EMULATOR_BASELINE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lp_baseline lp_baseline;

/* rom is borrowed. skipping: what people do by hand to go faster: only a step's last frame is drawn, and sound is sampled
 * hardly ever; the machine it emulates is then not always the same. */
lp_status lp_baseline_open(lp_baseline **out, const void *rom, size_t size_bytes, bool skipping, lp_err *err);
void lp_baseline_close(lp_baseline *baseline);
void lp_baseline_step(lp_baseline *baseline, uint16_t keys, int n_frames);
uint8_t lp_baseline_read8(lp_baseline *baseline, uint32_t address);

#endif
