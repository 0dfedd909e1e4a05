/* What happens in a Game Boy Advance that its CPU sees only when it looks at the console's registers.
 *
 * Some 1,000 times a frame a line begins or ends, sound is sampled, or a timer overflows that feeds the sound. Nothing of it reaches the CPU but through
 * registers, so blocks run on, and a CPU that sleeps sleeps on; all of one kind that was due meanwhile is gone through at once, before a register is
 * read or written and at the latest when something else happens. The end is the same, with one exception: which of a FIFO's samples are written
 * depends on when the instruction ended that was being run (sample_fifo in gba_events.c). That stays where a sample event is due before that end, and
 * at a frame's end; such overflows count as seen. */
#include <mgba/flags.h>

#include <mgba/core/timing.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/gba/dma.h>
#include <mgba/internal/gba/gba.h>
#include <mgba/internal/gba/io.h>

#include "emulator/console.h"

#include <string.h>

enum { NEVER = INT32_MAX / 2, LINES = VIDEO_VERTICAL_TOTAL_PIXELS, LAST_LINE = GBA_VIDEO_VERTICAL_PIXELS };
enum { KEY_IRQ = 0x4000, SAMPLE_CYCLES = GBA_ARM7TDMI_FREQUENCY / 0x4000 };

_Thread_local uint32_t lp_gba_unseen_until;

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

/* ---- lines ---- */

/* Does a DMA begin with the end of visible lines, or of any? */
static bool has_line_dma(const struct GBA *gba, bool any) {
    for (int i = any ? 3 : 0; i < 4; i++) {
        const GBADMARegister reg = gba->memory.dma[i].reg;
        if (GBADMARegisterIsEnable(reg) && GBADMARegisterGetTiming(reg) == (any ? GBA_DMA_TIMING_CUSTOM : GBA_DMA_TIMING_HBLANK))
            return true;
    }
    return false;
}

static bool ends_hblank(const struct GBAVideo *video) { return video->event.callback == lp_gba_static.video[1]; }

/* Cycles from the video's next event to the next beginning of a line. */
static int32_t until_line(const struct GBAVideo *video, int line) {
    const int next = (video->vcount + 1) % LINES;
    return (line - next + LINES) % LINES * VIDEO_HORIZONTAL_LENGTH + (ends_hblank(video) ? 0 : VIDEO_HBLANK_LENGTH);
}

/* To the next end of a line, before its HBlank. */
static int32_t until_end(const struct GBAVideo *video) { return ends_hblank(video) ? VIDEO_HDRAW_LENGTH : 0; }

/* Of a visible line, which is drawn then. */
static int32_t until_visible_end(const struct GBAVideo *video) {
    const int line = ends_hblank(video) ? (video->vcount + 1) % LINES : video->vcount;
    return line < LAST_LINE ? until_end(video) : until_line(video, 0) + VIDEO_HDRAW_LENGTH;
}

static int32_t seen_line(const struct GBA *gba) {
    const struct GBAVideo *video = &gba->video;
    const GBARegisterDISPSTAT status = gba->memory.io[REG_DISPSTAT >> 1];
    const int watched = GBARegisterDISPSTATGetVcountSetting(status);
    if (GBARegisterDISPCNTGetMode(gba->memory.io[REG_DISPCNT >> 1]) == 2) return 0; /* the CPU may wait: open_video_memory in gba_cpu.c */
    int32_t seen = until_line(video, LAST_LINE);
    if (GBARegisterDISPSTATIsHblankIRQ(status) || has_line_dma(gba, true)) seen = least(seen, until_end(video));
    if (video->frameskipCounter <= 0 || has_line_dma(gba, false)) seen = least(seen, until_visible_end(video));
    if (GBARegisterDISPSTATIsVcounterIRQ(status) && watched < LINES) seen = least(seen, until_line(video, watched));
    if (gba->memory.io[REG_KEYCNT >> 1] & KEY_IRQ) seen = least(seen, until_line(video, 0)); /* libmgba looks at the keys then */
    return seen;
}

/* ---- timers ---- */

static uint32_t period_of(const struct GBATimer *timer) {
    return (uint32_t)(0x10000 - timer->reload) << GBATimerFlagsGetPrescaleBits(timer->flags);
}

/* Overflows before the one that asks for data. */
static int overflows_to_refill(const struct GBA *gba, const struct GBAAudioFIFO *fifo) {
    const int words = (fifo->fifoWrite - fifo->fifoRead + GBA_AUDIO_FIFO_SIZE) % GBA_AUDIO_FIFO_SIZE;
    if (fifo->dmaSource <= 0 || GBADMARegisterGetTiming(gba->memory.dma[fifo->dmaSource].reg) != GBA_DMA_TIMING_CUSTOM) return NEVER;
    return words < LP_GBA_REFILL_BELOW ? 0 : fifo->internalRemaining + 4 * (words - LP_GBA_REFILL_BELOW) + 1;
}

/* Whose event it is; -1: no timer's. */
static int timer_of(const struct GBA *gba, const struct mTimingEvent *event) {
    const uintptr_t at = (uintptr_t)event - (uintptr_t)&gba->timers[0].event;
    return at < sizeof gba->timers ? (int)(at / sizeof *gba->timers) : -1;
}

static bool feeds(const struct GBAAudio *audio, int id, bool b) {
    return audio->enable && (b ? (audio->chBLeft || audio->chBRight) && audio->chBTimer == id
                               : (audio->chALeft || audio->chARight) && audio->chATimer == id);
}

/* Cycles from the timer's next overflow to one that is seen. */
static int32_t seen_overflow(const struct GBA *gba, int id, int32_t longest) {
    const struct GBATimer *timer = &gba->timers[id];
    const struct GBAAudio *audio = &gba->audio;
    if (GBATimerFlagsIsDoIrq(timer->flags) || (id < 3 && GBATimerFlagsIsCountUp(timer[1].flags))) return 0;
    int left = NEVER;
    if (feeds(audio, id, false)) left = overflows_to_refill(gba, &audio->chA);
    if (feeds(audio, id, true)) left = least(left, overflows_to_refill(gba, &audio->chB));
    else if (!feeds(audio, id, false)) return NEVER;

    const uint32_t period = period_of(timer);
    const uint32_t first = (uint32_t)timer->event.when;
    const uint32_t settled = (uint32_t)gba->video.event.when + (uint32_t)until_line(&gba->video, LAST_LINE) - SAMPLE_CYCLES;
    if ((int32_t)(first - settled) >= 0) return 0;
    left = least(left, (int32_t)((settled - first + period - 1) / period));
    if (!longest) return (int32_t)((uint32_t)left * period);
    uint32_t when = first;
    for (; left > 0; left--, when += period)
        if (((uint32_t)audio->sampleEvent.when - when - 1) % SAMPLE_CYCLES + 1 < (uint32_t)longest) break;
    return (int32_t)(when - first);
}

/* ---- going through them ---- */

static void put_back(struct GBA *gba, struct mTimingEvent *event, uint32_t when) {
    mTimingDeschedule(&gba->timing, event);
    mTimingScheduleAbsolute(&gba->timing, event, (int32_t)when);
}

/* All that the video does until then, as libmgba's _startHdraw and _startHblank. */
static void pass_lines(struct GBA *gba, uint32_t until) {
    struct GBAVideo *video = &gba->video;
    uint16_t *io = gba->memory.io;
    GBARegisterDISPSTAT status = io[REG_DISPSTAT >> 1];
    uint32_t when = (uint32_t)video->event.when;
    if (!ends_hblank(video)) {
        status = GBARegisterDISPSTATFillInHblank(status);
        video->shouldStall = 0;
        video->event.callback = lp_gba_static.video[1];
        when += VIDEO_HBLANK_LENGTH;
    }
    if ((int32_t)(until - when) >= 0) {
        const uint32_t lines = (until - when) / VIDEO_HORIZONTAL_LENGTH + 1, began = when + (lines - 1) * VIDEO_HORIZONTAL_LENGTH;
        const int from = video->vcount, line = (from + (int)lines) % LINES;
        const bool ends = until - began >= VIDEO_HDRAW_LENGTH;
        video->vcount = line;
        video->shouldStall = line < LAST_LINE && !ends;
        status = ends ? GBARegisterDISPSTATFillInHblank(status) : GBARegisterDISPSTATClearInHblank(status);
        status = line == GBARegisterDISPSTATGetVcountSetting(status) ? GBARegisterDISPSTATFillVcounter(status)
                                                                     : GBARegisterDISPSTATClearVcounter(status);
        if (from < LINES - 1 && from + (int)lines >= LINES - 1) status = GBARegisterDISPSTATClearInVblank(status);
        io[REG_VCOUNT >> 1] = (uint16_t)line;
        video->event.callback = lp_gba_static.video[ends ? 1 : 2];
        when = began + (ends ? VIDEO_HORIZONTAL_LENGTH : VIDEO_HDRAW_LENGTH);
    }
    io[REG_DISPSTAT >> 1] = status;
    put_back(gba, &video->event, when);
}

static void pass_samples(struct GBA *gba, uint32_t until) {
    struct GBAAudio *audio = &gba->audio;
    uint32_t when = (uint32_t)audio->sampleEvent.when;
    for (; (int32_t)(until - when) >= 0; when += SAMPLE_CYCLES) lp_gba_skip_sample(audio, when);
    put_back(gba, &audio->sampleEvent, when);
}

/* The FIFO's next bytes; the last of them is heard. */
static void pass_bytes(struct GBAAudioFIFO *fifo, uint32_t n) {
    for (; n; n--) {
        if (!fifo->internalRemaining && fifo->fifoRead != fifo->fifoWrite) {
            fifo->internalSample = fifo->fifo[fifo->fifoRead];
            fifo->internalRemaining = LP_GBA_FIFO_WORD;
            if (++fifo->fifoRead == GBA_AUDIO_FIFO_SIZE) fifo->fifoRead = 0;
        }
        memset(fifo->samples, (int8_t)fifo->internalSample, sizeof fifo->samples);
        if (fifo->internalRemaining) {
            fifo->internalSample >>= 8;
            fifo->internalRemaining--;
        }
    }
}

static void pass_overflows(struct GBA *gba, int id, uint32_t until) {
    struct GBATimer *timer = &gba->timers[id];
    const uint32_t period = period_of(timer), first = (uint32_t)timer->event.when, n = (until - first) / period + 1;
    timer->lastEvent = (int32_t)(first + (n - 1) * period);
    gba->memory.io[(REG_TM0CNT_LO >> 1) + 2 * id] = timer->reload;
    if (feeds(&gba->audio, id, false)) pass_bytes(&gba->audio.chA, n);
    if (feeds(&gba->audio, id, true)) pass_bytes(&gba->audio.chB, n);
    put_back(gba, &timer->event, first + n * period);
}

void lp_gba_pass_unseen(struct GBA *gba) {
    const uint32_t now = (uint32_t)gba->timing.masterCycles + (uint32_t)gba->cpu->cycles;
    const uint32_t until = (int32_t)(now - lp_gba_unseen_until) < 0 ? now : lp_gba_unseen_until - 1;
    struct mTimingEvent *due[LP_MAX_EVENTS];
    int n = 0;
    for (struct mTimingEvent *event = gba->timing.root; event && (int32_t)(until - (uint32_t)event->when) >= 0 && n < LP_MAX_EVENTS;
         event = event->next)
        due[n++] = event;
    while (n--) {
        if (due[n] == &gba->video.event) pass_lines(gba, until);
        if (due[n] == &gba->audio.sampleEvent) pass_samples(gba, until);
        if (timer_of(gba, due[n]) >= 0) pass_overflows(gba, timer_of(gba, due[n]), until);
    }
}

/* ---- when the next one is seen ---- */

/* Nobody listens: those of the samples, lines and timers are the usual ones. */
static bool is_quiet(const struct GBA *gba) { return gba->audio.sampleEvent.callback == lp_gba_skip_samples; }

uint32_t lp_gba_next_usual(const struct GBA *gba, int32_t longest_instruction, bool lines) {
    const uint32_t base = (uint32_t)gba->timing.masterCycles;
    int32_t seen = NEVER;
    if (!is_quiet(gba)) return base + (uint32_t)NEVER;
    for (const struct mTimingEvent *event = gba->timing.root; event; event = event->next) {
        int32_t when = (int32_t)((uint32_t)event->when - base);
        if (when >= seen) break;
        if (event == &gba->video.event) seen = least(seen, when + (lines ? 0 : seen_line(gba)));
        else if (timer_of(gba, event) >= 0) seen = least(seen, when + seen_overflow(gba, timer_of(gba, event), longest_instruction));
    }
    return base + (uint32_t)seen;
}

int32_t lp_gba_next_seen(const struct GBA *gba, uint32_t usual) {
    const uint32_t base = (uint32_t)gba->timing.masterCycles;
    const int32_t seen = (int32_t)(usual - base);
    const struct mTimingEvent *event = gba->timing.root;
    if (is_quiet(gba))
        while (event && (event == &gba->video.event || event == &gba->audio.sampleEvent || timer_of(gba, event) >= 0)) event = event->next;
    return event ? least(seen, (int32_t)((uint32_t)event->when - base)) : seen;
}
