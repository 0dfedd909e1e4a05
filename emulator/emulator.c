#include <mgba/flags.h> /* first: it sets the switches that libmgba was built with */

#include <mgba/core/core.h>
#include <mgba/core/serialize.h>
#include <mgba/core/log.h>
#include <mgba/gb/core.h>
#include <mgba/gba/core.h>
#include <mgba-util/vfs.h>

#include "base/hash.h"
#include "emulator/emulator.h"

#include <stdlib.h>
#include <string.h>

struct lp_emu {
    struct mCore *core;
    lp_emu_config config;
    lp_system system;
    int width, height;
    uint64_t n_frames;
    char title[20];
    unsigned char *state;
    uint32_t pixels[LP_EMU_MAX_WIDTH * LP_EMU_MAX_HEIGHT];
};

static void no_log(struct mLogger *l, int c, enum mLogLevel v, const char *f, va_list a) {
    (void)l, (void)c, (void)v, (void)f, (void)a;
}
static struct mLogger quiet = {.log = no_log};

lp_status lp_emu_open(lp_emu **out, const void *rom, size_t size_bytes, const lp_emu_config *config, lp_err *err) {
    *out = NULL;
    mLogSetDefaultLogger(&quiet);
    struct VFile *file = VFileFromConstMemory(rom, size_bytes);
    struct mCore *core = file ? mCoreFindVF(file) : NULL;
    if (!core) {
        if (file) file->close(file);
        return lp_fail(err, LP_BAD_INPUT, "not a Game Boy, Game Boy Color or Game Boy Advance ROM");
    }
    lp_emu *emu = calloc(1, sizeof *emu);
    core->init(core);
    mCoreInitConfig(core, NULL);
    emu->core = core;
    if (config) emu->config = *config;
    core->rtc.override = RTC_FIXED;
    core->rtc.value = 946684800000;
    core->setVideoBuffer(core, (color_t *)emu->pixels, core->platform(core) == mPLATFORM_GBA ? 240 : 160);
    core->loadROM(core, file);
    core->reset(core);
    emu->system = core->platform(core) == mPLATFORM_GBA ? LP_SYSTEM_GBA : LP_SYSTEM_GB;
    emu->width = emu->system == LP_SYSTEM_GBA ? 240 : 160;
    emu->height = emu->system == LP_SYSTEM_GBA ? 160 : 144;
    emu->state = malloc(core->stateSize(core));
    *out = emu;
    return LP_OK;
}

void lp_emu_close(lp_emu *emu) {
    if (!emu) return;
    mCoreConfigDeinit(&emu->core->config);
    emu->core->deinit(emu->core);
    free(emu->state);
    free(emu);
}
lp_system lp_emu_system(const lp_emu *emu) { return emu->system; }
const char *lp_system_name(lp_system s) { return s == LP_SYSTEM_GBA ? "GBA" : s == LP_SYSTEM_GBC ? "GBC" : "GB"; }
const char *lp_emu_title(const lp_emu *emu) { return emu->title; }
const char *lp_emu_core_version(void) { return "mGBA 0.10.1"; }
void lp_emu_reset(lp_emu *emu) { emu->core->reset(emu->core), emu->n_frames = 0; }
void lp_emu_step(lp_emu *emu, uint16_t keys, int n) {
    emu->core->setKeys(emu->core, keys);
    for (int i = 0; i < n; i++) emu->core->runFrame(emu->core);
    emu->n_frames += (uint64_t)n;
}
uint64_t lp_emu_frames(const lp_emu *emu) { return emu->n_frames; }
const uint32_t *lp_emu_frame(const lp_emu *emu, int *w, int *h) {
    *w = emu->width, *h = emu->height;
    return emu->pixels;
}
uint8_t lp_emu_read8(lp_emu *emu, uint32_t a) { return (uint8_t)emu->core->busRead8(emu->core, a); }
void lp_emu_write8(lp_emu *emu, uint32_t a, uint8_t v) { emu->core->busWrite8(emu->core, a, v); }
size_t lp_emu_state_size(const lp_emu *emu) { return emu->core->stateSize(emu->core); }
void lp_emu_state_save(lp_emu *emu, void *out) { emu->core->saveState(emu->core, out); }
lp_status lp_emu_state_load(lp_emu *emu, const void *s, size_t n, lp_err *err) {
    if (n != lp_emu_state_size(emu) || !emu->core->loadState(emu->core, s))
        return lp_fail(err, LP_BAD_INPUT, "not a state of this ROM");
    return LP_OK;
}
uint64_t lp_emu_hash(lp_emu *emu) {
    emu->core->saveState(emu->core, emu->state);
    return lp_hash64(emu->state, lp_emu_state_size(emu));
}
