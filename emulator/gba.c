/* The Game Boy Advance over libmgba's struct GBA: start-up, the fast path, reading memory.
 *
 * The fast path: what happens often is gone through our way (gba_events.c), the CPU's instructions are machine code (gba_jit.h), skipped frames draw no
 * scanline, the others are drawn by gba_draw.c.
 *
 * What libmgba offers here and Longplay leaves out: the e-Reader and the Game Boy Player (accessories), and debug
 * printing into the ROM (AGBPrint), which would write to bytes that many emulators share. */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/gba/gba.h>
#include <mgba/internal/gba/io.h>
#include <mgba/internal/gba/renderers/video-software.h>
#include <mgba/internal/gba/serialize.h>
#include <mgba-util/vfs.h>

#include "emulator/console.h"
#include "emulator/gba_jit.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

lp_statics lp_gba_static;
static pthread_once_t learn_once = PTHREAD_ONCE_INIT;

/* On a core of its own, which nobody plays with. */
static void learn_statics(void) {
    static const uint32_t empty_rom[256];
    static struct GBAVideoSoftwareRenderer renderer;
    GBAVideoSoftwareRendererCreate(&renderer);
    lp_gba_static.draw_line = renderer.d.drawScanline;
    struct GBASerializedState *state = calloc(1, sizeof *state);
    struct mCore *core = mCoreCreate(mPLATFORM_GBA);
    if (state && core && core->init(core)) {
        struct GBA *gba = core->board;
        struct ARMCore *cpu = core->cpu;
        mCoreInitConfig(core, NULL);
        GBALoadROM(gba, VFileFromConstMemory(empty_rom, sizeof empty_rom));
        core->reset(core);
        for (uint32_t mode = 1; mode < 3; mode++) {
            state->video.flags = GBASerializedVideoFlagsSetMode(0, mode);
            mTimingClear(&gba->timing);
            GBAVideoDeserialize(&gba->video, state);
            lp_gba_static.video[mode] = gba->video.event.callback;
        }
        lp_gba_static.sound = gba->audio.sampleEvent.callback;
        for (int i = 0; i < 2; i++) lp_gba_static.overflow[i] = gba->timers[i].event.callback;
        cpu->memory.setActiveRegion(cpu, 0xFF000000);
        lp_gba_static.no_code = cpu->memory.activeRegion;
        mCoreConfigDeinit(&core->config);
        core->deinit(core);
    }
    free(state);
}

/* Are libmgba's structs laid out as in the headers we were built with? The events' names tell. */
static bool layout_matches(const struct GBA *gba) {
    return gba->video.event.name && !strcmp(gba->video.event.name, "GBA Video") && gba->audio.sampleEvent.name &&
           !strcmp(gba->audio.sampleEvent.name, "GBA Audio Sample") && gba->irqEvent.name && !strcmp(gba->irqEvent.name, "GBA IRQ Event") &&
           gba->memory.dmaEvent.name && !strcmp(gba->memory.dmaEvent.name, "GBA DMA");
}

/* Noon of 2000-01-01 as a game sees it: libmgba shows the clock chip in local time. */
static int64_t fixed_clock_ms(void) {
    struct tm noon = {.tm_year = 100, .tm_mday = 1, .tm_hour = 12, .tm_isdst = -1};
    return (int64_t)mktime(&noon) * 1000;
}

static struct GBAudio *gba_audio(lp_emu *emu, int **clock) {
    struct GBA *gba = emu->core->board;
    *clock = &gba->audio.clock;
    return &gba->audio.psg;
}

static void gba_mix(lp_emu *emu, bool on) {
    struct GBA *gba = emu->core->board;
    gba->audio.sampleEvent.callback = on ? lp_gba_static.sound : lp_gba_skip_samples;
}

/* A ROM whose bytes stay as they are, with nothing in between; or a program that is in RAM from the start, and none. */
static bool can_translate(const struct GBA *gba) {
    return !gba->memory.matrix.size && !gba->memory.vfame.cartType && gba->idleOptimization < IDLE_LOOP_DETECT;
}

static lp_status gba_start(lp_emu *emu, lp_err *err) {
    struct GBA *gba = emu->core->board;
    struct ARMCore *cpu = emu->core->cpu;
    if (!layout_matches(gba)) return lp_fail(err, LP_FAILED, "this libmgba is not the one Longplay was built with");
    pthread_once(&learn_once, learn_statics);
    if (!lp_gba_static.no_code) return lp_fail(err, LP_FAILED, "out of memory");
    emu->core->rtc.value = fixed_clock_ms();
    lp_gba_hook_memory(cpu);
    lp_gba_bound_bios(cpu);
    emu->core->reset(emu->core);
    gba->memory.hw.devices &= ~(uint32_t)(HW_EREADER | HW_GB_PLAYER | HW_GB_PLAYER_DETECTION);
    emu->system = LP_SYSTEM_GBA;
    struct GBAVideoRenderer *renderer = gba->video.renderer;
    if (renderer->drawScanline != lp_gba_static.draw_line)
        return lp_fail(err, LP_FAILED, "libmgba draws in another way than Longplay was built for");
    /* libmgba's renderer begins blank but notes otherwise: what was blank when the game first says what to show would stay so. */
    renderer->writeVideoRegister(renderer, REG_DISPCNT, gba->memory.io[REG_DISPCNT >> 1]);
    if (!emu->config.plain) {
        lp_gba_hook_renderer(renderer);
        lp_gba_hook_events(gba);
        gba_mix(emu, false);
        if (emu->gba_jit) lp_gba_jit_forget_all(emu->gba_jit);
        else if (can_translate(gba)) emu->gba_jit = lp_gba_jit_open(emu->rom_hash, gba->memory.rom ? (uint32_t)gba->memory.romSize : 0);
        return lp_size_sound(&gba->audio.psg, LP_NO_SOUND, err);
    }
    return LP_OK;
}

/* Whatever the device: libmgba's port is there for the tilt sensor too, which does not use it. */
bool lp_gba_has_port(const struct GBA *gba) { return gba->memory.hw.devices != HW_NONE; }

static bool gba_writes_rom(const lp_emu *emu) {
    const struct GBA *gba = emu->core->board;
    return gba->memory.rom == emu->rom && lp_gba_has_port(gba);
}

static void gba_stop(lp_emu *emu) {
    struct GBA *gba = emu->core->board;
    lp_gba_widen_save_memory(&gba->memory.savedata);
}

static void gba_run_frame(lp_emu *emu, bool draw) {
    struct GBA *gba = emu->core->board;
    gba->video.frameskip = INT_MAX / 2 * !emu->config.plain;
    gba->video.frameskipCounter = !draw;
    lp_gba_bios_new_frame();
    lp_gba_forget_sprites();
    lp_gba_run_frame(emu->core->cpu, gba, emu->gba_jit);
    if (emu->config.plain) /* libmgba's renderer leaves its layer flags in the high byte */
        for (int i = 0; i < GBA_VIDEO_HORIZONTAL_PIXELS * GBA_VIDEO_VERTICAL_PIXELS; i++) emu->pixels[i] &= 0xFFFFFF;
}

static uint8_t byte_of(const void *base, uint32_t offset) { return ((const uint8_t *)base)[offset]; }

/* Save memory, or the tilt sensor that lies there instead, in the order in which the CPU's reads look for them. */
static uint8_t peek_save_memory(struct GBA *gba, uint32_t offset) {
    const struct GBASavedata *savedata = &gba->memory.savedata;
    const uint8_t *data = savedata->data;
    if (data && savedata->type == SAVEDATA_SRAM) return data[offset & (SIZE_CART_SRAM - 1)];
    if (data && (savedata->type == SAVEDATA_FLASH512 || savedata->type == SAVEDATA_FLASH1M)) return savedata->currentBank[offset & 0xFFFF];
    if (gba->memory.hw.devices & HW_TILT) return GBAHardwareTiltRead(&gba->memory.hw, offset);
    if (data && savedata->type == SAVEDATA_SRAM512) return data[offset & (SIZE_CART_SRAM512 - 1)];
    return 0xFF;
}

static uint8_t gba_peek(lp_emu *emu, uint32_t address) {
    struct GBA *gba = emu->core->board;
    uint32_t offset = address & OFFSET_MASK;
    switch (address >> BASE_OFFSET) {
    case REGION_WORKING_RAM: return byte_of(gba->memory.wram, offset & (SIZE_WORKING_RAM - 1));
    case REGION_WORKING_IRAM: return byte_of(gba->memory.iwram, offset & (SIZE_WORKING_IRAM - 1));
    case REGION_IO: return offset < SIZE_IO ? byte_of(gba->memory.io, offset) : 0;
    case REGION_PALETTE_RAM: return byte_of(gba->video.palette, offset & (SIZE_PALETTE_RAM - 1));
    case REGION_VRAM:
        offset &= 0x1FFFF;
        return byte_of(gba->video.vram, offset < SIZE_VRAM ? offset : offset - 0x8000); /* the last 32 KiB are seen twice */
    case REGION_OAM: return byte_of(gba->video.oam.raw, offset & (SIZE_OAM - 1));
    case REGION_CART0:
    case REGION_CART0_EX:
    case REGION_CART1:
    case REGION_CART1_EX:
    case REGION_CART2:
    case REGION_CART2_EX:
        offset = address & (SIZE_CART0 - 1);
        return gba->memory.rom && offset < gba->memory.romSize ? byte_of(gba->memory.rom, offset) : 0;
    case REGION_CART_SRAM:
    case REGION_CART_SRAM_MIRROR: return peek_save_memory(gba, offset);
    default: return 0;
    }
}

static void gba_poke(lp_emu *emu, uint32_t address, uint8_t value) {
    if (emu->gba_jit) lp_gba_jit_forget_all(emu->gba_jit);
    emu->core->busWrite8(emu->core, address, value);
}

const lp_console lp_console_gba = {
    .start = gba_start,
    .stop = gba_stop,
    .writes_rom = gba_writes_rom,
    .run_frame = gba_run_frame,
    .audio = gba_audio,
    .mix = gba_mix,
    .peek = gba_peek,
    .poke = gba_poke,
    .machine_bytes = lp_gba_machine_bytes,
    .machine_save = lp_gba_machine_save,
    .check = lp_gba_check,
    .machine_load = lp_gba_machine_load,
    .machine_hash = lp_gba_machine_hash,
    .renderer_bytes = lp_gba_renderer_bytes,
    .renderer_save = lp_gba_renderer_save,
    .renderer_load = lp_gba_renderer_load,
    .keys = 0x3FF,
    .width = GBA_VIDEO_HORIZONTAL_PIXELS,
    .height = GBA_VIDEO_VERTICAL_PIXELS,
    .bytes_per_pixel = 3,
};
