/* Can an image of a Game Boy (Color) be loaded? See check.h. What the fields mean to libmgba was read in its source (0.10.1);
 * the limits of a mapper's state count for that mapper only, as it lies in a union. */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/io.h>
#include <mgba/internal/gb/renderers/software.h>
#include <mgba/internal/sm83/sm83.h>

#include "emulator/check.h"
#include "emulator/gb_image.h"

#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

#define GB_LIMIT(field, low, high) LP_LIMIT(struct GB, field, low, high)
#define GB_BOOL(field) LP_BOOL(struct GB, field)

static const lp_limit gb_limits[] = {
    GB_LIMIT(memory.currentBank, 0, 1023),
    GB_LIMIT(memory.currentBank0, 0, 1023),
    GB_LIMIT(memory.currentBank1, 0, 1023),
    GB_LIMIT(memory.sramCurrentBank, 0, 255),
    GB_LIMIT(memory.currentSramBank1, 0, 255),
    GB_LIMIT(memory.wramCurrentBank, 1, 7),
    GB_BOOL(memory.directSramAccess),
    GB_BOOL(memory.sramAccess),
    GB_BOOL(memory.ime),
    GB_LIMIT(memory.dmaRemaining, 0, GB_SIZE_OAM),
    GB_BOOL(memory.isHdma),
    GB_BOOL(memory.rtcAccess),
    GB_LIMIT(memory.activeRtcReg, 0, 7),
    GB_BOOL(memory.rtcLatched),
    GB_LIMIT(video.x, -1000, GB_VIDEO_HORIZONTAL_PIXELS),
    GB_LIMIT(video.ly, 0, GB_VIDEO_VERTICAL_TOTAL_PIXELS),
    GB_LIMIT(video.mode, 0, 3),
    GB_LIMIT(video.vramCurrentBank, 0, 1),
    GB_LIMIT(video.objMax, 0, GB_VIDEO_MAX_LINE_OBJ),
    GB_LIMIT(video.bcpIndex, 0, 63),
    GB_BOOL(video.bcpIncrement),
    GB_LIMIT(video.ocpIndex, 0, 63),
    GB_BOOL(video.ocpIncrement),
    GB_LIMIT(video.sgbBufferIndex, 0, 8),
    GB_LIMIT(timer.nextDiv, -1024, 1024),
    GB_LIMIT(sio.period, 0, 512),
    GB_LIMIT(sio.remainingBits, 0, 8),
    GB_LIMIT(sgbBit, -1, 129),
    GB_LIMIT(currentSgbBits, 0, 3),
    GB_LIMIT(sgbControllers, 0, 3),
    GB_LIMIT(sgbCurrentController, 0, 3),
    GB_BOOL(sgbIncrement),
    GB_LIMIT(cpuBlocked, 0, 0), /* a transfer that blocks the CPU is over before a step is */
    GB_LIMIT(doubleSpeed, 0, 1),
};

static const lp_constant gb_constants[] = {
    LP_CONSTANT(struct GB, memory.mbcType),
    LP_CONSTANT(struct GB, memory.cartBusDecay),
    LP_CONSTANT(struct GB, memory.mbcReadBank0),
    LP_CONSTANT(struct GB, memory.mbcReadBank1),
    LP_CONSTANT(struct GB, memory.mbcReadHigh),
    LP_CONSTANT(struct GB, memory.mbcWriteHigh),
    LP_CONSTANT(struct GB, memory.romSize),
    LP_CONSTANT(struct GB, memory.rtcLastLatch), /* the clock stands still */
    LP_CONSTANT(struct GB, video.sgbBorders),
    LP_CONSTANT(struct GB, model),
    LP_CONSTANT(struct GB, gbx),
    LP_CONSTANT(struct GB, yankedRomSize),
    LP_CONSTANT(struct GB, yankedMbc),
    LP_CONSTANT(struct GB, sramSize),
    LP_CONSTANT(struct GB, allowOpposingDirections),
};

static const lp_limit cpu_limits[] = {
    LP_LIMIT(struct SM83Core, tMultiplier, 1, 2),
    LP_LIMIT(struct SM83Core, cycles, -1024, 1 << 20),
    LP_LIMIT(struct SM83Core, nextEvent, -(1 << 20), 1 << 20),
    LP_LIMIT(struct SM83Core, executionState, SM83_CORE_FETCH, SM83_CORE_FETCH),
    LP_BOOL(struct SM83Core, halted),
    LP_BOOL(struct SM83Core, irqPending),
    LP_LIMIT(struct SM83Core, memory.activeMask, 0, GB_SIZE_CART_BANK0 - 1),
};

/* In the order of gb_image.c's. */
static const lp_event_limit gb_events[LP_GB_EVENTS] = {
    LP_EVENT(struct GB, eiPending, false, 64),
    LP_EVENT(struct GB, video.modeEvent, false, 4096),
    LP_EVENT(struct GB, video.frameEvent, false, 1 << 18),
    LP_EVENT(struct GB, timer.event, true, 1024),
    LP_EVENT(struct GB, timer.irq, false, 64),
    LP_EVENT(struct GB, audio.frameEvent, false, LP_NEVER), /* the GBA's */
    LP_EVENT(struct GB, audio.sampleEvent, true, 4096),
    LP_EVENT(struct GB, sio.event, false, 4096),
    LP_EVENT(struct GB, memory.dmaEvent, false, 64),
    LP_EVENT(struct GB, memory.hdmaEvent, false, LP_NEVER), /* see cpuBlocked */
};

/* ---- mappers ---- */

static const lp_limit mbc1_limits[] = {
    GB_LIMIT(memory.mbcState.mbc1.mode, 0, 1),
    GB_LIMIT(memory.mbcState.mbc1.multicartStride, 4, 5),
    GB_LIMIT(memory.mbcState.mbc1.bankLo, 0, 31),
    GB_LIMIT(memory.mbcState.mbc1.bankHi, 0, 3),
};
static const lp_limit mbc6_limits[] = {
    GB_BOOL(memory.mbcState.mbc6.sramAccess),
    GB_BOOL(memory.mbcState.mbc6.flashBank0),
    GB_BOOL(memory.mbcState.mbc6.flashBank1),
};
static const lp_limit mbc7_limits[] = {
    GB_LIMIT(memory.sramAccess, 0, 0), /* 256 bytes, which are reached through a serial line only */
    GB_LIMIT(memory.mbcState.mbc7.state, 0, 0x1F),
    GB_LIMIT(memory.mbcState.mbc7.address, 0, 127),
    GB_BOOL(memory.mbcState.mbc7.writable),
    GB_LIMIT(memory.mbcState.mbc7.srBits, 0, 16),
    GB_LIMIT(memory.mbcState.mbc7.access, 0, 3),
};
static const lp_limit mmm01_limits[] = {
    GB_BOOL(memory.mbcState.mmm01.locked),
    GB_LIMIT(memory.mbcState.mmm01.currentBank0, 0, 0x1FF),
};
static const lp_limit camera_limits[] = {
    GB_BOOL(memory.mbcState.pocketCam.registersActive),
};
static const lp_limit tama5_limits[] = {
    GB_LIMIT(memory.sramAccess, 0, 0), /* 32 bytes, which are reached through registers only */
    GB_BOOL(memory.mbcState.tama5.disabled),
    LP_LIMIT_EACH(struct GB, memory.mbcState.tama5.registers, 0, 15),
};
static const lp_limit nt_new_limits[] = {
    GB_BOOL(memory.mbcState.ntNew.splitMode),
};
static const lp_limit bbd_limits[] = {
    GB_LIMIT(memory.mbcState.bbd.dataSwapMode, 0, 7),
    GB_LIMIT(memory.mbcState.bbd.bankSwapMode, 0, 7),
};
static const lp_limit sachen_limits[] = {
    GB_LIMIT(memory.mbcState.sachen.locked, GB_SACHEN_LOCKED_DMG, GB_SACHEN_UNLOCKED),
    GB_LIMIT(memory.mbcState.sachen.transition, 0, 0x31),
};

/* A count that is compared for being equal to its end must not be past it. */
static lp_status check_mapper_counts(const struct GB *image, enum GBMemoryBankControllerType type, lp_err *err) {
    if (type == GB_MBC7) {
        const struct GBMBC7State *mbc7 = &image->memory.mbcState.mbc7;
        bool writes = mbc7->state == GBMBC7_STATE_EEPROM_WRITE || mbc7->state == GBMBC7_STATE_EEPROM_WRAL;
        int least = mbc7->state == GBMBC7_STATE_DO, most = mbc7->state == GBMBC7_STATE_READ_COMMAND ? 9 : writes ? 15 : 16;
        if (mbc7->srBits < least || mbc7->srBits > most) return lp_impossible(err, "memory.mbcState.mbc7.srBits", mbc7->srBits);
    } else if (type == GB_UNL_SACHEN_MMC1 || type == GB_UNL_SACHEN_MMC2) {
        const struct GBSachenState *sachen = &image->memory.mbcState.sachen;
        if (sachen->locked != GB_SACHEN_UNLOCKED && sachen->transition > 0x30)
            return lp_impossible(err, "memory.mbcState.sachen.transition", sachen->transition);
    }
    return LP_OK;
}

static lp_status check_mapper(const struct GB *image, enum GBMemoryBankControllerType type, lp_err *err) {
#define MAPPER(limits) return lp_check_limits(image, limits, COUNT(limits), err)
    switch (type) {
    case GB_MBC1: MAPPER(mbc1_limits);
    case GB_MBC6: MAPPER(mbc6_limits);
    case GB_MBC7: MAPPER(mbc7_limits);
    case GB_MMM01: MAPPER(mmm01_limits);
    case GB_POCKETCAM: MAPPER(camera_limits);
    case GB_TAMA5: MAPPER(tama5_limits);
    case GB_UNL_NT_NEW: MAPPER(nt_new_limits);
    case GB_UNL_BBD:
    case GB_UNL_HITEK: MAPPER(bbd_limits);
    case GB_UNL_SACHEN_MMC1:
    case GB_UNL_SACHEN_MMC2: MAPPER(sachen_limits);
    default: return LP_OK; /* the others keep bytes that are compared, masked or of full range */
    }
}

/* ---- between fields ---- */

static lp_status check_relations(const struct GB *image, const struct GB *live, const struct SM83Core *cpu, const lp_gb_links *links,
                                 uint32_t now, lp_err *err) {
    const struct GBMemory *memory = &image->memory;
    const struct GBVideo *video = &image->video;
    enum { MODE_EVENT = 1, DMA_EVENT = 8 };
    bool runs = lp_is_queued(links->queue, MODE_EVENT), copies = lp_is_queued(links->queue, DMA_EVENT);
    bool switches_sram = memory->mbcType == GB_POCKETCAM || memory->mbcType == GB_UNL_PKJD;
    uint32_t period = image->timer.timaPeriod;
    int32_t unsampled = (int32_t)(image->audio.sampleEvent.when - (uint32_t)image->audio.lastSample); /* when they are next taken */
    int32_t dots = (int32_t)(now - (uint32_t)video->dotClock);
    const lp_relation relations[] = {
        {cpu->tMultiplier == 2 - (int)image->doubleSpeed, "doubleSpeed", image->doubleSpeed},
        /* a line is drawn at the end of mode 3, and by registers written in it */
        {(video->mode != 3 && links->video_callback == 1) || video->ly < GB_VIDEO_VERTICAL_PIXELS, "video.ly", video->ly},
        {video->mode == (runs ? links->video_callback : 0), "video.mode", video->mode},
        {runs == !!GBRegisterLCDCIsEnable(memory->io[GB_REG_LCDC]), "LCDC", memory->io[GB_REG_LCDC]},
        {copies == (memory->dmaRemaining > 0), "memory.dmaRemaining", memory->dmaRemaining},
        {memory->dmaDest + memory->dmaRemaining <= GB_SIZE_OAM, "memory.dmaDest", memory->dmaDest},
        {!memory->rtcAccess || memory->activeRtcReg < (int)sizeof memory->rtcRegs, "memory.activeRtcReg", memory->activeRtcReg},
        {memory->directSramAccess == live->memory.directSramAccess || switches_sram, "memory.directSramAccess", memory->directSramAccess},
        {(video->sgbCommandHeader & 7) + video->sgbBufferIndex <= 8, "video.sgbBufferIndex", video->sgbBufferIndex},
        {video->mode != 3 || (dots >= -1024 && dots <= 4096), "video.dotClock", dots},
        {period <= 64 && !(period & ~0x55u) && !(period & (period - 1)), "timer.timaPeriod", period},
        {unsampled >= -4096 && unsampled <= 1 << 16, "audio.lastSample", unsampled},
    };
    return lp_check_relations(relations, COUNT(relations), err);
}

lp_status lp_gb_check_structs(const struct GB *live, const struct GB *image, const struct SM83Core *cpu, const lp_gb_links *links,
                              lp_err *err) {
    lp_clock clock = {image->timing.masterCycles, cpu->cycles, cpu->nextEvent};
    lp_status status = lp_check_constants(image, live, gb_constants, COUNT(gb_constants), err);
    if (!status) status = lp_check_limits(image, gb_limits, COUNT(gb_limits), err);
    if (!status) status = lp_check_limits(cpu, cpu_limits, COUNT(cpu_limits), err);
    if (!status) status = check_mapper(image, live->memory.mbcType, err);
    if (!status) status = check_mapper_counts(image, live->memory.mbcType, err);
    if (!status) status = lp_check_events(image, live, gb_events, COUNT(gb_events), links->queue, clock, err);
    uint32_t now = clock.master + (uint32_t)clock.cycles;
    if (!status) status = lp_check_tones(&image->audio, &live->audio, now, err);
    return status ? status : check_relations(image, live, cpu, links, now, err);
}

/* ---- renderer ---- */

static const lp_limit renderer_limits[] = {
    LP_LIMIT(struct GBVideoSoftwareRenderer, d.sgbRenderMode, 0, 3),
    LP_LIMIT_EACH(struct GBVideoSoftwareRenderer, lookup, 0, 191), /* in palette, of 192 */
    LP_LIMIT(struct GBVideoSoftwareRenderer, lastY, 0, GB_VIDEO_VERTICAL_TOTAL_PIXELS),
    LP_LIMIT(struct GBVideoSoftwareRenderer, lastX, 0, GB_VIDEO_HORIZONTAL_PIXELS),
    LP_BOOL(struct GBVideoSoftwareRenderer, hasWindow),
    LP_LIMIT(struct GBVideoSoftwareRenderer, sgbTransfer, 0, 5),
};

lp_status lp_gb_check_renderer(const struct GBVideoSoftwareRenderer *image, lp_err *err) {
    return lp_check_limits(image, renderer_limits, COUNT(renderer_limits), err);
}
