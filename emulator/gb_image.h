/* What gb_image.c and gb_check.c share. */
#ifndef LP_EMULATOR_GB_IMAGE_H
#define LP_EMULATOR_GB_IMAGE_H

#include "emulator/console.h"

enum { LP_GB_EVENTS = 10 };

/* What the pointers of a machine say. */
typedef struct {
    lp_link rom_base, rom_bank, rom_bank1, sram_bank, sram_bank1, active_region;
    uint8_t cartridge_load, video_callback;
    uint8_t queue[LP_MAX_EVENTS];
    uint8_t zero[2];
} lp_gb_links;

struct GBVideoSoftwareRenderer;

/* Everything but links into memory, which gb_image.c checks. */
lp_status lp_gb_check_structs(const struct GB *live, const struct GB *image, const struct SM83Core *cpu, const lp_gb_links *links,
                              lp_err *err);
lp_status lp_gb_check_renderer(const struct GBVideoSoftwareRenderer *image, lp_err *err); /* of its saved fields */

#endif
