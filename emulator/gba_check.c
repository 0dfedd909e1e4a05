/* Can an image of a Game Boy Advance be loaded? See check.h. What the fields mean to libmgba was read in its source (0.10.1). */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/gba/gba.h>

#include "emulator/check.h"
#include "emulator/gba_image.h"

#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

#define GBA_LIMIT(field, low, high) LP_LIMIT(struct GBA, field, low, high)
#define GBA_BOOL(field) LP_BOOL(struct GBA, field)
#define FIFO_LIMITS(channel)                                                                                                               \
    GBA_LIMIT(channel.fifoRead, 0, GBA_AUDIO_FIFO_SIZE - 1), GBA_LIMIT(channel.fifoWrite, 0, GBA_AUDIO_FIFO_SIZE - 1),                     \
        GBA_LIMIT(channel.internalRemaining, 0, 4), GBA_LIMIT(channel.dmaSource, 1, 2)

static const lp_limit gba_limits[] = {
    GBA_LIMIT(memory.hw.readWrite, 0, 0xFFFF),
    GBA_LIMIT(memory.hw.rtc.bytesRemaining, INT32_MIN / 2, 7),
    GBA_LIMIT(memory.hw.rtc.transferStep, 0, 2),
    GBA_LIMIT(memory.hw.rtc.bitsRead, 0, 7),
    GBA_LIMIT(memory.hw.rtc.commandActive, 0, 1),
    GBA_BOOL(memory.hw.gyroEdge),
    GBA_BOOL(memory.hw.lightEdge),
    GBA_LIMIT(memory.savedata.type, SAVEDATA_AUTODETECT, SAVEDATA_SRAM512),
    GBA_LIMIT(memory.savedata.command, 0, 255),
    GBA_LIMIT(memory.savedata.flashState, FLASH_STATE_RAW, FLASH_STATE_CONTINUE),
    GBA_BOOL(memory.vfame.acceptingModeChange),
    GBA_LIMIT(memory.activeRegion, -1, REGION_CART2_EX),
    GBA_BOOL(memory.prefetch),
    GBA_LIMIT(memory.activeDMA, -1, 3),
    GBA_LIMIT(video.vcount, 0, VIDEO_VERTICAL_TOTAL_PIXELS - 1),
    FIFO_LIMITS(audio.chA),
    FIFO_LIMITS(audio.chB),
    GBA_LIMIT(audio.volume, 0, 3),
    GBA_BOOL(audio.volumeChA),
    GBA_BOOL(audio.volumeChB),
    GBA_BOOL(audio.chARight),
    GBA_BOOL(audio.chALeft),
    GBA_BOOL(audio.chATimer),
    GBA_BOOL(audio.chBRight),
    GBA_BOOL(audio.chBLeft),
    GBA_BOOL(audio.chBTimer),
    GBA_BOOL(audio.enable),
    GBA_LIMIT(audio.sampleIndex, 0, GBA_MAX_SAMPLES - 1),
    GBA_LIMIT(sio.mode, -1, SIO_JOYBUS),
    GBA_LIMIT(performingDMA, 0, 0),                                  /* only while it does */
    GBA_LIMIT(idleOptimization, IDLE_LOOP_IGNORE, IDLE_LOOP_REMOVE), /* looking for loops need not end */
    GBA_BOOL(haltPending),
    GBA_BOOL(cpuBlocked),
    LP_LIMIT_EACH(struct GBA, taintedRegisters, 0, 1),
    GBA_BOOL(debug),
};

static const lp_constant gba_constants[] = {
    LP_CONSTANT(struct GBA, memory.hw.devices),
    LP_CONSTANT(struct GBA, memory.hw.rtc.offset),
    LP_CONSTANT(struct GBA, memory.vfame.cartType),
    LP_CONSTANT(struct GBA, memory.matrix.size), /* for ROMs larger than we take */
    LP_CONSTANT(struct GBA, memory.romSize),
    LP_CONSTANT(struct GBA, memory.romMask),
    LP_CONSTANT(struct GBA, memory.fullBios),
    LP_CONSTANT(struct GBA, memory.agbPrintProtect), /* left out, see gba.c */
    LP_CONSTANT(struct GBA, memory.mirroring),
    LP_CONSTANT(struct GBA, yankedRomSize),
    LP_CONSTANT(struct GBA, vbaBugCompat),
    LP_CONSTANT(struct GBA, hardCrash),
    LP_CONSTANT(struct GBA, allowOpposingDirections),
};

static const lp_limit cpu_limits[] = {
    LP_LIMIT(struct ARMCore, cycles, 0, 1 << 20),
    LP_LIMIT(struct ARMCore, nextEvent, -(1 << 20), 1 << 20),
    LP_LIMIT(struct ARMCore, halted, 0, 1),
    LP_LIMIT(struct ARMCore, executionMode, MODE_ARM, MODE_THUMB),
    LP_LIMIT(struct ARMCore, privilegeMode, 0, MODE_SYSTEM),
};

enum {
    TIMER_TICKS = 0x10000,
    TIMER_SLACK = 4096,
    LONGEST_TIMER = (TIMER_TICKS << 10) + TIMER_SLACK,
    SAMPLE_EVENT = 1024,
    FIRST_TIMER = 5,
    DMA_EVENT = 9
};

/* In the order of gba_image.c's. */
static const lp_event_limit gba_events[LP_GBA_EVENTS] = {
    LP_EVENT(struct GBA, irqEvent, false, 64),
    LP_EVENT(struct GBA, video.event, true, 4096),
    LP_EVENT(struct GBA, audio.sampleEvent, true, SAMPLE_EVENT), /* FIFO samples are placed by it */
    LP_EVENT(struct GBA, audio.psg.frameEvent, true, 1 << 16),
    LP_EVENT(struct GBA, audio.psg.sampleEvent, false, LP_NEVER), /* the Game Boy's */
    LP_EVENT(struct GBA, timers[0].event, false, LONGEST_TIMER),
    LP_EVENT(struct GBA, timers[1].event, false, LONGEST_TIMER),
    LP_EVENT(struct GBA, timers[2].event, false, LONGEST_TIMER),
    LP_EVENT(struct GBA, timers[3].event, false, LONGEST_TIMER),
    LP_EVENT(struct GBA, memory.dmaEvent, false, INT32_MAX), /* a channel says when; one of a later day does no harm */
    LP_EVENT(struct GBA, memory.savedata.dust, false, 1 << 20),
};

/* ---- waiting ---- */

/* Cycles of a bus of 16 bits: two accesses and one cycle make one of 32. An instruction's cycles are sums and differences of
 * these, so others could make time stand still or run backwards. */
static bool bus_waits(int seq16, int seq32, int nonseq16, int nonseq32) {
    return seq16 >= 0 && seq16 <= 15 && nonseq16 >= 0 && nonseq16 <= 15 && seq32 == 2 * seq16 + 1 && nonseq32 == nonseq16 + 1 + seq16;
}

/* The waits of work RAM and cartridge can be set, the others are given. */
static lp_status check_waits(const struct GBAMemory *image, const struct GBAMemory *live, const struct ARMMemory *active, lp_err *err) {
    for (int i = 0; i <= REGION_CART_SRAM_MIRROR; i++) {
        bool settable = i == REGION_WORKING_RAM || i >= REGION_CART0;
        bool good = settable
                        ? bus_waits(image->waitstatesSeq16[i], image->waitstatesSeq32[i], image->waitstatesNonseq16[i],
                                    image->waitstatesNonseq32[i])
                        : image->waitstatesSeq16[i] == live->waitstatesSeq16[i] && image->waitstatesSeq32[i] == live->waitstatesSeq32[i] &&
                              image->waitstatesNonseq16[i] == live->waitstatesNonseq16[i] &&
                              image->waitstatesNonseq32[i] == live->waitstatesNonseq32[i];
        if (!good) return lp_impossible(err, "memory.waitstates of region", i);
    }
#define NO_REGIONS(waits)                                                                                                                  \
    { #waits, offsetof(struct GBAMemory, waits[REGION_CART_SRAM_MIRROR + 1]), 255 - REGION_CART_SRAM_MIRROR }
    static const lp_constant rest[] = {
        NO_REGIONS(waitstatesSeq32),
        NO_REGIONS(waitstatesSeq16),
        NO_REGIONS(waitstatesNonseq32),
        NO_REGIONS(waitstatesNonseq16),
    };
    lp_status status = lp_check_constants(image, live, rest, COUNT(rest), err);
    if (status) return status;
    /* Where the CPU is; nowhere (-1): where it was, or nothing. */
    int i = image->activeRegion;
    uint32_t any = active->activeSeqCycles32 | active->activeSeqCycles16 | active->activeNonseqCycles32 | active->activeNonseqCycles16;
    bool good = i >= 0 ? active->activeSeqCycles32 == (uint32_t)image->waitstatesSeq32[i] &&
                             active->activeSeqCycles16 == (uint32_t)image->waitstatesSeq16[i] &&
                             active->activeNonseqCycles32 == (uint32_t)image->waitstatesNonseq32[i] &&
                             active->activeNonseqCycles16 == (uint32_t)image->waitstatesNonseq16[i]
                       : !any || (any <= 31 && bus_waits((int)active->activeSeqCycles16, (int)active->activeSeqCycles32,
                                                         (int)active->activeNonseqCycles16, (int)active->activeNonseqCycles32));
    return good ? LP_OK : lp_impossible(err, "memory.activeSeqCycles32", active->activeSeqCycles32);
}

/* ---- between fields ---- */

static lp_status check_timers(const struct GBA *image, const uint8_t *queue, uint32_t now, lp_err *err) {
    for (int i = 0; i < 4; i++) {
        const struct GBATimer *t = &image->timers[i];
        int prescale = (int)GBATimerFlagsGetPrescaleBits(t->flags);
        bool counts = GBATimerFlagsIsEnable(t->flags) && !GBATimerFlagsIsCountUp(t->flags);
        int32_t age = (int32_t)(now - (uint32_t)t->lastEvent), span = (int32_t)(t->event.when - (uint32_t)t->lastEvent);
        bool known = t->flags <= 0x7F && (prescale == 0 || prescale == 6 || prescale == 8 || prescale == 10);
        if (!known || counts != lp_is_queued(queue, FIRST_TIMER + i)) return lp_impossible(err, "timers.flags", t->flags);
        if (counts && (age < -1024 || span < -1024 || span > (TIMER_TICKS << prescale) + TIMER_SLACK))
            return lp_impossible(err, "timers.lastEvent", age);
    }
    return LP_OK;
}

static lp_status check_dma(const struct GBA *image, const uint8_t *queue, lp_err *err) {
    if (lp_is_queued(queue, DMA_EVENT) && image->memory.activeDMA < 0)
        return lp_impossible(err, "memory.activeDMA", image->memory.activeDMA);
    for (int i = 0; i < 4; i++) {
        const struct GBADMA *dma = &image->memory.dma[i];
        if (dma->count < 1 || dma->count > 0x10000) return lp_impossible(err, "memory.dma.count", dma->count);
        if ((dma->nextCount & INT32_MAX) > 0x10000) return lp_impossible(err, "memory.dma.nextCount", dma->nextCount);
    }
    return LP_OK;
}

static lp_status check_relations(const struct GBA *image, const struct ARMCore *cpu, const lp_gba_links *links, uint32_t now, lp_err *err) {
    const struct GBARTC *rtc = &image->memory.hw.rtc;
    int resolution = GBARegisterSOUNDBIASGetResolution(image->audio.soundbias);
    bool samples = image->audio.sampleIndex < 2 << resolution; /* or they stand still */
    int32_t unsampled = (int32_t)(now - (uint32_t)image->audio.lastSample);
    const lp_relation relations[] = {
        {cpu->executionMode == MODE_ARM || (cpu->prefetch[0] | cpu->prefetch[1]) <= 0xFFFF, "prefetch", cpu->prefetch[0]},
        {!rtc->commandActive || rtc->bytesRemaining >= 1, "memory.hw.rtc.bytesRemaining", rtc->bytesRemaining},
        {image->audio.sampleInterval == 0x200 >> resolution, "audio.sampleInterval", image->audio.sampleInterval},
        {!samples || unsampled >= -4096, "audio.lastSample", unsampled},
        {links->video_callback == 1 || links->video_callback == 2, "video.event's callback", links->video_callback},
        {links->high_flash_bank <= 1, "memory.savedata.currentBank", links->high_flash_bank},
    };
    return lp_check_relations(relations, COUNT(relations), err);
}

lp_status lp_gba_check_structs(const struct GBA *live, const struct GBA *image, const struct ARMCore *cpu, const lp_gba_links *links,
                               lp_err *err) {
    lp_clock clock = {image->timing.masterCycles, cpu->cycles, cpu->nextEvent};
    uint32_t now = clock.master + (uint32_t)clock.cycles;
    lp_status status = lp_check_constants(image, live, gba_constants, COUNT(gba_constants), err);
    if (!status) status = lp_check_limits(image, gba_limits, COUNT(gba_limits), err);
    if (!status) status = lp_check_limits(cpu, cpu_limits, COUNT(cpu_limits), err);
    if (!status) status = lp_check_events(image, live, gba_events, COUNT(gba_events), links->queue, clock, err);
    if (!status) status = lp_check_tones(&image->audio.psg, &live->audio.psg, now, err);
    if (!status) status = check_waits(&image->memory, &live->memory, &cpu->memory, err);
    if (!status) status = check_timers(image, links->queue, now, err);
    if (!status) status = check_dma(image, links->queue, err);
    return status ? status : check_relations(image, cpu, links, now, err);
}
