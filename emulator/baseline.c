#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gba/gba.h>
#include <mgba-util/vfs.h>

#include "emulator/baseline.h"
#include "emulator/rom.h"

#include <limits.h>
#include <stdlib.h>

struct lp_baseline {
    struct mCore *core;
    bool skipping, is_gba;
    uint32_t pixels[256 * 224]; /* the largest screen: a Super Game Boy's with its border */
};

static const int32_t HARDLY_EVER = 0x8000000; /* ticks between two samples */

lp_status lp_baseline_open(lp_baseline **out, const void *rom, size_t size_bytes, bool skipping, lp_err *err) {
    *out = NULL;
    lp_rom_info info;
    lp_status status = lp_rom_inspect(&info, rom, size_bytes, err);
    if (status) return status;
    lp_baseline *b = calloc(1, sizeof *b);
    struct mCore *core = b ? mCoreCreate(info.is_gba ? mPLATFORM_GBA : mPLATFORM_GB) : NULL;
    if (!core || !core->init(core)) {
        free(b);
        return lp_fail(err, LP_FAILED, "out of memory");
    }
    b->core = core;
    b->skipping = skipping;
    b->is_gba = info.is_gba;
    mCoreInitConfig(core, NULL);
    core->rtc.override = RTC_FIXED;
    core->setVideoBuffer(core, (color_t *)b->pixels, 256);
    struct VFile *file = VFileFromConstMemory(rom, size_bytes);
    if (!file || !core->loadROM(core, file)) {
        if (file) file->close(file);
        lp_baseline_close(b);
        return lp_fail(err, LP_BAD_INPUT, "the emulation core refuses this ROM");
    }
    if (!info.is_gba)
        ((struct GB *)core->board)->model = info.knows_color ? GB_MODEL_CGB : GB_MODEL_DMG; /* the machine it is compared with */
    core->reset(core);
    if (skipping && info.is_gba) ((struct GBA *)core->board)->audio.sampleInterval = HARDLY_EVER;
    else if (skipping) ((struct GB *)core->board)->audio.sampleInterval = HARDLY_EVER;
    *out = b;
    return LP_OK;
}

void lp_baseline_close(lp_baseline *b) {
    if (!b) return;
    mCoreConfigDeinit(&b->core->config);
    b->core->deinit(b->core);
    free(b);
}

static void skip_drawing(lp_baseline *b, bool draw) {
    if (b->is_gba) {
        struct GBA *gba = b->core->board;
        gba->video.frameskip = INT_MAX / 2;
        gba->video.frameskipCounter = !draw;
    } else {
        struct GB *gb = b->core->board;
        gb->video.frameskip = INT_MAX / 2;
        gb->video.frameskipCounter = !draw;
    }
}

void lp_baseline_step(lp_baseline *b, uint16_t keys, int n_frames) {
    b->core->setKeys(b->core, keys);
    for (int i = 0; i < n_frames; i++) {
        if (b->skipping) skip_drawing(b, i == n_frames - 1);
        b->core->runFrame(b->core);
    }
}

uint8_t lp_baseline_read8(lp_baseline *b, uint32_t address) { return (uint8_t)b->core->rawRead8(b->core, address, -1); }
