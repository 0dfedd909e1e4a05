/* The Game Boy and Game Boy Color over libmgba's struct GB: start-up, frames, reading memory. The fast path is in gb_fast.c,
 * states are in gb_image.c. */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/io.h>
#include <mgba/internal/gb/mbc.h>
#include <mgba/internal/gb/serialize.h>
#include <mgba/internal/sm83/sm83.h>
#include <mgba-util/vfs.h>

#include "emulator/console.h"
#include "emulator/gb_jit.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_LIMIT = 16 * 70224 * 2 }; /* a game that toggles the LCD all the time never ends a frame: then this many ticks do */

lp_statics lp_gb_static;
static pthread_once_t learn_once = PTHREAD_ONCE_INIT;

static void learn_video_callbacks(struct GB *gb, struct GBSerializedState *state) {
    for (int mode = 0; mode < 4; mode++) {
        state->video.flags = GBSerializedVideoFlagsSetMode(0, (uint8_t)mode);
        state->video.flags = GBSerializedVideoFlagsFillNotModeEventScheduled(state->video.flags);
        state->video.flags = GBSerializedVideoFlagsFillNotFrameEventScheduled(state->video.flags);
        GBVideoDeserialize(&gb->video, state);
        lp_gb_static.video[mode] = gb->video.modeEvent.callback;
    }
}

/* On a core of its own, which nobody plays with. */
static void learn_statics(void) {
    static const uint8_t empty_rom[GB_SIZE_CART_BANK0 * 2];
    static color_t pixels[GB_VIDEO_HORIZONTAL_PIXELS * GB_VIDEO_VERTICAL_PIXELS];
    struct GBSerializedState *state = calloc(1, sizeof *state);
    struct mCore *core = mCoreCreate(mPLATFORM_GB);
    lp_gb_draw_init();
    if (state && core && core->init(core)) {
        struct GB *gb = core->board;
        struct SM83Core *cpu = core->cpu;
        mCoreInitConfig(core, NULL);
        core->setVideoBuffer(core, pixels, GB_VIDEO_HORIZONTAL_PIXELS); /* or its renderer would draw nothing */
        core->loadROM(core, VFileFromConstMemory(empty_rom, sizeof empty_rom));
        core->reset(core);
        lp_gb_static.draw_range = gb->video.renderer->drawRange;
        lp_gb_static.timer = gb->timer.event.callback;
        lp_gb_static.sound = gb->audio.sampleEvent.callback;
        lp_gb_static.cartridge_load = cpu->memory.cpuLoad8;
        learn_video_callbacks(gb, state);
        gb->memory.dmaRemaining = 1;
        cpu->memory.setActiveRegion(cpu, GB_BASE_OAM);
        lp_gb_static.no_code = cpu->memory.activeRegion;
        mCoreConfigDeinit(&core->config);
        core->deinit(core);
    }
    free(state);
}

/* Mappers that libmgba lets a game read through a null pointer. */
static void back_mappers(struct GB *gb) {
    struct GBMemory *memory = &gb->memory;
    if (!memory->sram && (memory->mbcType == GB_HuC3 || memory->mbcType == GB_UNL_PKJD)) {
        GBResizeSram(gb, GB_SIZE_EXTERNAL_RAM);
        memory->sramBank = memory->sram;
    }
    if (memory->mbcType == GB_MBC6) GBMBCSwitchSramHalfBank(gb, 1, 1);
    if (!memory->romBank1) memory->romBank1 = &memory->rom[GB_BASE_CART_BANK1 + GB_SIZE_CART_HALFBANK];
}

/* The boot ROM's switch: dead once a game runs, but libmgba would free the ROM for one that writes FF and then anything. */
static void store8(struct SM83Core *cpu, uint16_t address, int8_t value) {
    if (address != GB_BASE_IO + GB_REG_BANK) GBStore8(cpu, address, value);
}

/* Are libmgba's structs laid out as in the headers we were built with? The events' names tell. */
static bool layout_matches(const struct GB *gb) {
    return gb->video.modeEvent.name && !strcmp(gb->video.modeEvent.name, "GB Video Mode") && gb->audio.sampleEvent.name &&
           !strcmp(gb->audio.sampleEvent.name, "GB Audio Sample") && gb->sio.event.name && !strcmp(gb->sio.event.name, "GB SIO") &&
           gb->eiPending.name && !strcmp(gb->eiPending.name, "GB EI");
}

static lp_status gb_start(lp_emu *emu, lp_err *err) {
    static const enum GBModel models[LP_N_MODELS] = {
        [LP_MODEL_DMG] = GB_MODEL_DMG, [LP_MODEL_SGB] = GB_MODEL_SGB, [LP_MODEL_CGB] = GB_MODEL_CGB, [LP_MODEL_AGB] = GB_MODEL_AGB};
    struct GB *gb = emu->core->board;
    if (!layout_matches(gb)) return lp_fail(err, LP_FAILED, "this libmgba is not the one Longplay was built with");
    pthread_once(&learn_once, learn_statics);
    if (!lp_gb_static.no_code) return lp_fail(err, LP_FAILED, "out of memory");
    gb->model = models[emu->model]; /* or libmgba would make a Super Game Boy of what a game's header offers */
    gb->video.sgbBorders = false;
    emu->core->rtc.value = 946684800000; /* 2000-01-01 00:00:00 UTC, in ms */
    ((struct SM83Core *)emu->core->cpu)->memory.store8 = store8;
    emu->core->reset(emu->core);
    lp_gb_renderer_clear(emu);
    back_mappers(gb);
    emu->system = gb->model >= GB_MODEL_CGB ? LP_SYSTEM_GBC : LP_SYSTEM_GB;
    if (!emu->config.plain) {
        lp_gb_hook_core(gb);
        if (!emu->jit) emu->jit = lp_gb_jit_open(gb->memory.rom, gb->memory.romSize);
        return lp_size_sound(&gb->audio, LP_NO_SOUND, err);
    }
    return LP_OK;
}

static void gb_stop(lp_emu *emu) { (void)emu; }

static bool gb_writes_rom(const lp_emu *emu) {
    (void)emu;
    return false;
}

static struct GBAudio *gb_audio(lp_emu *emu, int **clock) {
    struct GB *gb = emu->core->board;
    *clock = &gb->audio.clock;
    return &gb->audio;
}

static void gb_mix(lp_emu *emu, bool on) { lp_gb_mix(emu->core->board, on); }

static void gb_run_frame(lp_emu *emu, bool draw) {
    struct mCore *core = emu->core;
    struct GB *gb = core->board;
    bool skip = !draw && !(gb->model & GB_MODEL_SGB);
    gb->video.frameskip = INT_MAX / 2 * !emu->config.plain;
    gb->video.frameskipCounter = skip;
    if (!emu->config.plain) lp_gb_hook_video(gb);
    uint32_t frame = gb->video.frameCounter, start = (uint32_t)mTimingCurrentTime(&gb->timing);
    lp_gb_new_frame(start + FRAME_LIMIT);
    do {
        if (emu->config.plain) core->runLoop(core);
        else lp_gb_run(core->cpu, gb, emu->jit);
    } while (gb->video.frameCounter == frame && (uint32_t)mTimingCurrentTime(&gb->timing) - start < FRAME_LIMIT);
}

/* What the mapper itself answers with; reading it may move what it does next, so a copy of it is asked. */
static uint8_t ask_mapper(const struct GB *gb, uint16_t address) {
    struct GBMemory copy = gb->memory;
    copy.sramAccess = true; /* RAM is shown while the game has it locked, too */
    return copy.mbcRead(&copy, address);
}

static uint8_t peek_rom(const struct GB *gb, uint16_t address) {
    const struct GBMemory *memory = &gb->memory;
    bool low = address < GB_BASE_CART_BANK1;
    if (low ? memory->mbcReadBank0 : memory->mbcReadBank1) return ask_mapper(gb, address);
    if (low) return memory->romBase[address];
    if (memory->mbcType == GB_MBC6 || (memory->mbcType == GB_UNL_NT_NEW && memory->mbcState.ntNew.splitMode))
        return (address & GB_SIZE_CART_HALFBANK ? memory->romBank1 : memory->romBank)[address & (GB_SIZE_CART_HALFBANK - 1)];
    return memory->romBank[address & (GB_SIZE_CART_BANK0 - 1)];
}

static uint8_t peek_sram(const struct GB *gb, uint16_t address) {
    const struct GBMemory *memory = &gb->memory;
    if (memory->rtcAccess) return memory->rtcRegs[memory->activeRtcReg];
    if (memory->mbcRead) return ask_mapper(gb, address); /* nibbles, registers, sensors: what lies there is not plain RAM */
    if (!memory->sram) return 0xFF;
    size_t at = (size_t)(memory->sramBank - memory->sram) + (address & (GB_SIZE_EXTERNAL_RAM - 1));
    return memory->sram[at % gb->sramSize];
}

static uint8_t gb_peek(lp_emu *emu, uint32_t bus_address) {
    const struct GB *gb = emu->core->board;
    uint16_t address = (uint16_t)bus_address;
    if (address < GB_BASE_VRAM) return peek_rom(gb, address);
    if (address < GB_BASE_EXTERNAL_RAM) return gb->video.vramBank[address & (GB_SIZE_VRAM_BANK0 - 1)];
    if (address < GB_BASE_WORKING_RAM_BANK0) return peek_sram(gb, address);
    if (address < GB_BASE_OAM)
        return (address & GB_SIZE_WORKING_RAM_BANK0 ? gb->memory.wramBank : gb->memory.wram)[address & (GB_SIZE_WORKING_RAM_BANK0 - 1)];
    if (address < GB_BASE_UNUSABLE) return gb->video.oam.raw[address & 0xFF];
    if (address < GB_BASE_IO) return 0xFF;
    if (address >= GB_BASE_IO + GB_REG_WAVE_0 && address <= GB_BASE_IO + GB_REG_WAVE_F)
        return gb->audio.ch3.wavedata8[address - GB_BASE_IO - GB_REG_WAVE_0];
    if (address < GB_BASE_HRAM) return gb->memory.io[address - GB_BASE_IO];
    return address == GB_BASE_IE ? gb->memory.ie : gb->memory.hram[address - GB_BASE_HRAM];
}

static void gb_poke(lp_emu *emu, uint32_t bus_address, uint8_t value) {
    struct GB *gb = emu->core->board;
    uint16_t address = (uint16_t)bus_address;
    if (address >= GB_BASE_WORKING_RAM_BANK0 && address < GB_BASE_OAM)
        (address & GB_SIZE_WORKING_RAM_BANK0 ? gb->memory.wramBank : gb->memory.wram)[address & (GB_SIZE_WORKING_RAM_BANK0 - 1)] = value;
    else if (address >= GB_BASE_HRAM && address < GB_BASE_IE) gb->memory.hram[address - GB_BASE_HRAM] = value;
    else emu->core->busWrite8(emu->core, address, value);
}

const lp_console lp_console_gb = {
    .start = gb_start,
    .stop = gb_stop,
    .writes_rom = gb_writes_rom,
    .run_frame = gb_run_frame,
    .audio = gb_audio,
    .mix = gb_mix,
    .peek = gb_peek,
    .poke = gb_poke,
    .machine_bytes = lp_gb_machine_bytes,
    .machine_save = lp_gb_machine_save,
    .check = lp_gb_check,
    .machine_load = lp_gb_machine_load,
    .machine_hash = lp_gb_machine_hash,
    .renderer_bytes = lp_gb_renderer_bytes,
    .renderer_save = lp_gb_renderer_save,
    .renderer_load = lp_gb_renderer_load,
    .keys = 0xFF,
    .width = GB_VIDEO_HORIZONTAL_PIXELS,
    .height = GB_VIDEO_VERTICAL_PIXELS,
    .bytes_per_pixel = 2,
};
