/* What happens most often in a Game Boy Advance, in less time than libmgba takes, to the same end.
 *
 * Sound that nobody hears: the sample event stays where it is, since the sound FIFOs look at when it is due, and the tone generators are run to the first
 * and last of its points. Reading wave RAM and NR52 shows the difference if they are not.
 *
 * A timer that feeds the FIFOs overflows some 10,000 times a second: it is put back into the queue at once, and a FIFO's next sample comes out of it; what
 * else a timer may do, count another up, is libmgba's. */
#include <mgba/flags.h>

#include <mgba/core/timing.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/gba/dma.h>
#include <mgba/internal/gba/gba.h>
#include <mgba/internal/gba/io.h>
#include <mgba/internal/gba/timer.h>

#include "emulator/arm7.h"
#include "emulator/console.h"

#include <string.h>

enum { SAMPLE_EVENT_CYCLES = GBA_ARM7TDMI_FREQUENCY / 0x4000 };

void lp_gba_skip_sample(struct GBAAudio *audio, uint32_t when) {
    int32_t interval = audio->sampleInterval;
    int32_t max = 2 << GBARegisterSOUNDBIASGetResolution(audio->soundbias);
    uint32_t first = (uint32_t)audio->lastSample + (uint32_t)(audio->sampleIndex * interval);
    int32_t due = (int32_t)(when - first) / interval;
    int32_t left = max - audio->sampleIndex;
    int32_t n = due < left ? due : left;
    if (n > 0) {
        GBAudioRun(&audio->psg, (int32_t)first, 0xF);
        if (n > 1) GBAudioRun(&audio->psg, (int32_t)(first + (uint32_t)((n - 1) * interval)), 0xF);
        audio->sampleIndex += n;
    }
    if (audio->sampleIndex == max) {
        audio->lastSample = (int32_t)((uint32_t)audio->lastSample + SAMPLE_EVENT_CYCLES);
        audio->sampleIndex = 0;
    }
    memset(audio->chA.samples, audio->chA.samples[max - 1], sizeof audio->chA.samples);
    memset(audio->chB.samples, audio->chB.samples[max - 1], sizeof audio->chB.samples);
}

void lp_gba_skip_samples(struct mTiming *timing, void *user, uint32_t cycles_late) {
    struct GBAAudio *audio = user;
    lp_gba_skip_sample(audio, (uint32_t)mTimingCurrentTime(timing) - cycles_late);
    mTimingSchedule(timing, &audio->sampleEvent, (int32_t)(SAMPLE_EVENT_CYCLES - cycles_late));
}

/* The present, as cycles since power-on. */
static uint32_t now(const struct GBA *gba) { return (uint32_t)gba->timing.masterCycles + (uint32_t)gba->cpu->cycles; }

/* mTimingSchedule, of an event that is not in the queue, which is being gone through. */
static void schedule(struct mTiming *timing, struct mTimingEvent *event, uint32_t when) {
    const int32_t due = (int32_t)(when - (uint32_t)timing->masterCycles);
    if (timing->reroot) {
        timing->root = timing->reroot;
        timing->reroot = NULL;
    }
    event->when = when;
    if (due < *timing->nextEvent) *timing->nextEvent = due;
    struct mTimingEvent **at = &timing->root;
    for (; *at; at = &(*at)->next) {
        const int32_t other = (int32_t)((*at)->when - (uint32_t)timing->masterCycles);
        if (other > due || (other == due && (*at)->priority > event->priority)) break;
    }
    event->next = *at;
    *at = event;
}

/* The next sample of a FIFO. GBAAudioSampleFIFO. */
static void sample_fifo(struct GBA *gba, struct GBAAudioFIFO *fifo, uint32_t cycles_late) {
    enum { WORDS = 4 }; /* a DMA's */
    int size = fifo->fifoWrite - fifo->fifoRead;
    if (size < 0) size += GBA_AUDIO_FIFO_SIZE;
    if (size < LP_GBA_REFILL_BELOW && fifo->dmaSource > 0) {
        struct GBADMA *dma = &gba->memory.dma[fifo->dmaSource];
        if (GBADMARegisterGetTiming(dma->reg) == GBA_DMA_TIMING_CUSTOM) {
            dma->when = now(gba) - cycles_late;
            dma->nextCount = WORDS;
            GBADMASchedule(gba, fifo->dmaSource, dma);
        }
    }
    if (!fifo->internalRemaining && size) {
        fifo->internalSample = fifo->fifo[fifo->fifoRead];
        fifo->internalRemaining = LP_GBA_FIFO_WORD;
        if (++fifo->fifoRead == GBA_AUDIO_FIFO_SIZE) fifo->fifoRead = 0;
    }
    const int resolution = GBARegisterSOUNDBIASGetResolution(gba->audio.soundbias), bits = 2 << resolution, step = 9 - resolution;
    const int until = ((int32_t)((uint32_t)gba->audio.sampleEvent.when - now(gba)) - 1 + (1 << step)) >> step;
    for (int i = bits - until; i < bits; i++) fifo->samples[i] = (int8_t)fifo->internalSample;
    if (fifo->internalRemaining) {
        fifo->internalSample >>= 8;
        fifo->internalRemaining--;
    }
}

static bool counts_up(const struct GBATimer *timer) { return GBATimerFlagsIsCountUp(timer->flags); }

static void overflow(struct GBA *gba, int id, uint32_t cycles_late) {
    struct GBATimer *timer = &gba->timers[id];
    if (!GBATimerFlagsIsEnable(timer->flags) || counts_up(timer) || counts_up(timer + 1)) {
        lp_gba_static.overflow[id](&gba->timing, gba, cycles_late);
        return;
    }
    const uint32_t prescale = GBATimerFlagsGetPrescaleBits(timer->flags);
    uint16_t *counter = &gba->memory.io[(REG_TM0CNT_LO >> 1) + 2 * id];
    const uint32_t time = (now(gba) - cycles_late) >> prescale << prescale;
    int32_t ticks = ((int32_t)(time - (uint32_t)timer->lastEvent) >> prescale) + *counter;
    while (ticks >= 0x10000) ticks -= 0x10000 - timer->reload;
    timer->lastEvent = (int32_t)time;
    *counter = (uint16_t)ticks;
    schedule(&gba->timing, &timer->event, (time + ((uint32_t)(0x10000 - ticks) << prescale)) >> prescale << prescale);
    if (GBATimerFlagsIsDoIrq(timer->flags)) GBARaiseIRQ(gba, GBA_IRQ_TIMER0 + id, cycles_late);
    const struct GBAAudio *audio = &gba->audio;
    if (!audio->enable) return;
    if ((audio->chALeft || audio->chARight) && audio->chATimer == id) sample_fifo(gba, &gba->audio.chA, cycles_late);
    if ((audio->chBLeft || audio->chBRight) && audio->chBTimer == id) sample_fifo(gba, &gba->audio.chB, cycles_late);
}

static void overflow_0(struct mTiming *timing, void *user, uint32_t cycles_late) { (void)timing, overflow(user, 0, cycles_late); }
static void overflow_1(struct mTiming *timing, void *user, uint32_t cycles_late) { (void)timing, overflow(user, 1, cycles_late); }

_Thread_local struct lp_gba_dma lp_gba_dma;

/* The CPU's next instruction; one in RAM may become another. */
static bool may_load(uint32_t instruction, uint32_t r15, bool thumb) {
    const uint32_t region = r15 >> BASE_OFFSET;
    if (region != REGION_BIOS && region < REGION_CART0) return true;
    const lp_arm_op op = thumb ? lp_thumb_decode(0, (uint16_t)instruction) : lp_arm_decode(0, instruction);
    return op.kind == LP_ARM_OTHER || (op.loads && (op.rn != LP_ARM_PC || !op.is_value));
}

/* GBAProcessEvents; a CPU that sleeps does so until something may wake it. */
static void process_events(struct ARMCore *cpu) {
    struct GBA *gba = (struct GBA *)cpu->master;
    const uint32_t here = (uint32_t)cpu->gprs[ARM_PC], next = cpu->prefetch[0], fetched = cpu->prefetch[1];
    const bool thumb = cpu->executionMode == MODE_THUMB;
    gba->bus = thumb ? fetched | fetched << 16 : fetched;
    int32_t event = cpu->nextEvent;
    while (cpu->cycles >= event) {
        cpu->nextEvent = INT32_MAX;
        event = 0;
        do {
            const uint32_t passed = (uint32_t)(cpu->cycles < event ? event : cpu->cycles);
            gba->timing.masterCycles += passed;
#ifdef USE_DEBUGGERS
            gba->timing.globalCycles += passed;
#endif
            cpu->cycles = 0;
            if (gba->timing.root && (int32_t)((uint32_t)gba->timing.root->when - lp_gba_unseen_until) < 0) lp_gba_pass_unseen(gba);
            event = mTimingTick(&gba->timing, 0);
        } while (gba->cpuBlocked && !gba->earlyExit);
        if (gba->dmaPC == here) lp_gba_dma = (struct lp_gba_dma){here, may_load(next, here, thumb)};
        cpu->nextEvent = event;
        if (cpu->halted) cpu->cycles = event;
        if (gba->earlyExit || (cpu->halted && (!gba->memory.io[REG_IME >> 1] || !gba->memory.io[REG_IE >> 1]))) break;
        if (cpu->halted) {
            cpu->cycles = lp_gba_next_seen(gba, lp_gba_next_usual(gba, 0, false));
            lp_gba_unseen_until = gba->timing.masterCycles + (uint32_t)cpu->cycles;
        }
    }
    gba->earlyExit = false;
    if (gba->cpuBlocked) cpu->cycles = cpu->nextEvent;
}

void lp_gba_hook_events(struct GBA *gba) {
    gba->cpu->irqh.processEvents = process_events;
    gba->timers[0].event.callback = overflow_0;
    gba->timers[1].event.callback = overflow_1;
}
