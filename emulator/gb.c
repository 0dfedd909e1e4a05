/* The Game Boy and Game Boy Color over libmgba's struct GB: start-up, the fast path, reading memory.
 *
 * The fast path. libmgba brings the sound channels up to date in two places: a sample event every 2,048 ticks, which
 * also mixes 32 samples and resamples them, and each access to a sound register. What a channel is brought up to, and
 * when, can be seen by a game: NR52 off freezes the square channels' phase where the last sample left it, and the noise
 * channel is not run before its envelope or length changes. So the sample event stays exactly where it is in the event
 * queue (a rarer or absent one also wakes a halted CPU at other ticks), and only what it does is replaced:
 * skip_samples() moves the same counters and runs the channels to the first and the last of the points that would have
 * been sampled. Nothing else happens between those points, and the run to the last one covers the others.
 * Measured against the crude form (a far-away sample event), which differs on games that switch sound off in a hurry.
 *
 * libmgba counts DIV up in steps of one, 4,389 a frame, a third of all time on a game that waits with HALT. Its timer event stays
 * where it is too, but update_timer() takes all steps up to the next one that does something (TIMA, the sound's frames) at once.
 *
 * Frames nobody looks at are skipped with libmgba's own frame skipper, which leaves out the drawing and nothing else.
 * A Super Game Boy takes its palettes out of the drawn picture and may freeze it, so that model always draws. */
#include <mgba/flags.h>

#include <mgba/core/blip_buf.h>
#include <mgba/core/core.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/io.h>
#include <mgba/internal/gb/mbc.h>
#include <mgba/internal/gb/serialize.h>
#include <mgba/internal/sm83/sm83.h>

#include "emulator/console.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLE_TICKS = 64,            /* libmgba's interval between two samples, in ticks of 2^23 Hz */
    FRAME_LIMIT = 16 * 70224 * 2, /* a game that toggles the LCD all the time never ends a frame: then this many ticks do */
};

static void skip_samples(struct mTiming *timing, void *user, uint32_t ticks_late) {
    struct GBAudio *audio = user;
    int32_t interval = SAMPLE_TICKS;
    int32_t first = (int32_t)((uint32_t)audio->lastSample + (uint32_t)(audio->sampleIndex * interval));
    int32_t due = (int32_t)((uint32_t)mTimingCurrentTime(timing) - (uint32_t)first) / interval;
    int32_t left = GB_MAX_SAMPLES - audio->sampleIndex;
    int32_t n = due < left ? due : left;
    if (n > 0) {
        GBAudioRun(audio, first, 0x1F);
        if (n > 1) GBAudioRun(audio, (int32_t)((uint32_t)first + (uint32_t)((n - 1) * interval)), 0x1F);
        audio->sampleIndex += n;
    }
    if (audio->sampleIndex == GB_MAX_SAMPLES) {
        audio->lastSample = (int32_t)((uint32_t)audio->lastSample + SAMPLE_TICKS * GB_MAX_SAMPLES);
        audio->sampleIndex = 0;
    }
    audio->ch4.nSamples = audio->ch4.samples = 0; /* what mixing would have collected */
    mTimingSchedule(timing, &audio->sampleEvent, (int32_t)((uint32_t)audio->sampleInterval * audio->timingFactor - ticks_late));
}

/* The timer event: `late` ticks after it was due, DIV is brought up to date and the next event scheduled. */
static void update_timer(struct mTiming *timing, void *user, uint32_t late) {
    struct GBTimer *timer = user;
    struct GB *gb = timer->p;
    const uint32_t factor = gb->doubleSpeed ? 1 : 2, step_ticks = GB_DMG_DIV_PERIOD * factor, sound_period = 0x200u << gb->doubleSpeed;
    timer->nextDiv += (int32_t)late;
    uint32_t steps = timer->nextDiv > 0 ? (uint32_t)timer->nextDiv / step_ticks : 0;
    timer->nextDiv -= (int32_t)(steps * step_ticks);
    while (steps) {
        /* periods are powers of two; a period's last step is the falling edge that counts */
        uint32_t to_sound = sound_period - (timer->internalDiv & (sound_period - 1)), n = to_sound < steps ? to_sound : steps;
        uint32_t to_tima = timer->timaPeriod ? timer->timaPeriod - (timer->internalDiv & (timer->timaPeriod - 1)) : UINT32_MAX;
        if (to_tima < n) n = to_tima;
        if (n == to_tima && !++gb->memory.io[GB_REG_TIMA])
            mTimingSchedule(timing, &timer->irq, (int32_t)(7 * factor - (((uint32_t)gb->cpu->executionState * factor - late) & (3 * factor))));
        if (n == to_sound) GBAudioUpdateFrame(&gb->audio);
        timer->internalDiv += n;
        gb->memory.io[GB_REG_DIV] = (uint8_t)(timer->internalDiv >> 4);
        steps -= n;
    }
    uint32_t to_go = 16 - (timer->internalDiv & 15);
    if (timer->timaPeriod) {
        uint32_t to_tima = timer->timaPeriod - (timer->internalDiv & (timer->timaPeriod - 1));
        if (to_tima < to_go) to_go = to_tima;
    }
    timer->nextDiv = (int32_t)(to_go * step_ticks);
    mTimingSchedule(timing, &timer->event, timer->nextDiv - (int32_t)late);
}

/* Learns the pointers to libmgba's static functions and data that a running machine may hold. */
static bool learn_statics(lp_emu *emu) {
    struct GB *gb = emu->core->board;
    struct SM83Core *cpu = emu->core->cpu;
    struct GBSerializedState *state = calloc(1, sizeof *state);
    if (!state) return false;
    for (int mode = 0; mode < 4; mode++) {
        state->video.flags = GBSerializedVideoFlagsSetMode(0, (uint8_t)mode);
        state->video.flags = GBSerializedVideoFlagsFillNotModeEventScheduled(state->video.flags);
        state->video.flags = GBSerializedVideoFlagsFillNotFrameEventScheduled(state->video.flags);
        GBVideoDeserialize(&gb->video, state);
        emu->video_callbacks[mode] = gb->video.modeEvent.callback;
    }
    free(state);
    bool read_bank0 = gb->memory.mbcReadBank0;
    gb->memory.mbcReadBank0 = false;
    cpu->memory.setActiveRegion(cpu, 0x100);
    emu->cartridge_load = (uint8_t(*)(void *, uint16_t))cpu->memory.cpuLoad8;
    gb->memory.mbcReadBank0 = read_bank0;
    gb->memory.dmaRemaining = 1;
    cpu->memory.setActiveRegion(cpu, GB_BASE_OAM);
    emu->blocked_region = cpu->memory.activeRegion;
    gb->memory.dmaRemaining = 0;
    return true;
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

/* Are libmgba's structs laid out as in the headers we were built with? The events' names tell. */
static bool layout_matches(const struct GB *gb) {
    return gb->video.modeEvent.name && !strcmp(gb->video.modeEvent.name, "GB Video Mode") && gb->audio.sampleEvent.name &&
           !strcmp(gb->audio.sampleEvent.name, "GB Audio Sample") && gb->sio.event.name && !strcmp(gb->sio.event.name, "GB SIO") &&
           gb->eiPending.name && !strcmp(gb->eiPending.name, "GB EI");
}

static lp_status gb_start(lp_emu *emu, lp_err *err) {
    struct GB *gb = emu->core->board;
    if (!layout_matches(gb)) return lp_fail(err, LP_FAILED, "this libmgba is not the one Longplay was built with");
    gb->video.sgbBorders = false;
    if (!learn_statics(emu)) return lp_fail(err, LP_FAILED, "out of memory");
    emu->core->rtc.value = 946684800000; /* 2000-01-01 00:00:00 UTC, in ms */
    emu->core->reset(emu->core);
    lp_gb_renderer_clear(emu);
    back_mappers(gb);
    emu->system = gb->model >= GB_MODEL_CGB ? LP_SYSTEM_GBC : LP_SYSTEM_GB;
    if (!emu->config.plain) {
        gb->audio.sampleEvent.callback = skip_samples;
        gb->timer.event.callback = update_timer;
        blip_delete(gb->audio.left); /* 64 KiB each, unused from here on */
        blip_delete(gb->audio.right);
        gb->audio.left = blip_new(16);
        gb->audio.right = blip_new(16);
    }
    return LP_OK;
}

static void gb_stop(lp_emu *emu) {
    (void)emu;
}

static bool gb_writes_rom(const lp_emu *emu) {
    (void)emu;
    return false;
}

static void gb_run_frame(lp_emu *emu, bool draw) {
    struct mCore *core = emu->core;
    struct GB *gb = core->board;
    bool skip = !draw && !(gb->model & GB_MODEL_SGB);
    gb->video.frameskip = INT_MAX / 2 * !emu->config.plain;
    gb->video.frameskipCounter = skip;
    uint32_t frame = gb->video.frameCounter, start = (uint32_t)mTimingCurrentTime(&gb->timing);
    do {
        core->runLoop(core);
    } while (gb->video.frameCounter == frame && (uint32_t)mTimingCurrentTime(&gb->timing) - start < FRAME_LIMIT);
}

static uint8_t peek_rom(const struct GB *gb, uint16_t address) {
    const struct GBMemory *memory = &gb->memory;
    if (address < GB_BASE_CART_BANK1) return memory->romBase[address];
    if (memory->mbcType == GB_MBC6 || (memory->mbcType == GB_UNL_NT_NEW && memory->mbcState.ntNew.splitMode))
        return (address & GB_SIZE_CART_HALFBANK ? memory->romBank1 : memory->romBank)[address & (GB_SIZE_CART_HALFBANK - 1)];
    return memory->romBank[address & (GB_SIZE_CART_BANK0 - 1)];
}

static uint8_t peek_sram(const struct GB *gb, uint16_t address) {
    const struct GBMemory *memory = &gb->memory;
    if (memory->rtcAccess) return memory->rtcRegs[memory->activeRtcReg];
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
    .peek = gb_peek,
    .poke = gb_poke,
    .machine_bytes = lp_gb_machine_bytes,
    .machine_save = lp_gb_machine_save,
    .machine_check = lp_gb_machine_check,
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
