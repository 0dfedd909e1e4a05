/* What gba_image.c and gba_check.c share. */
#ifndef LP_EMULATOR_GBA_IMAGE_H
#define LP_EMULATOR_GBA_IMAGE_H

#include "emulator/console.h"

enum { LP_GBA_EVENTS = 11 };

/* What the pointers of a machine say. */
typedef struct {
    lp_link active_region;
    uint8_t video_callback, high_flash_bank;
    uint8_t queue[LP_MAX_EVENTS];
    uint8_t zero[6];
} lp_gba_links;

struct GBA;

/* Everything but links into memory, which gba_image.c checks. */
lp_status lp_gba_check_structs(const struct GBA *live, const struct GBA *image, const struct ARMCore *cpu, const lp_gba_links *links,
                               lp_err *err);

#endif
