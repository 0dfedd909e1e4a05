/* What nobody sees of a Game Boy, the short way. While the CPU sleeps (HALT), or only computes in RAM, nobody sees the screen's modes, the
 * timer's counting and the sound's samples, which libmgba takes one by one, some 600 times a frame. Here all that lie before the next event
 * that may be seen are gone through at once: by a sleeper whichever of the three comes first, by a running CPU before it looks (gb_cpu.c).
 *
 * What may be seen, and is left to the long way: every other event; the screen's last line, which ends in an interrupt, and the
 * lines below it; a line that interrupts when it begins; an overflow of TIMA; a tick of the sound's sequencer.
 *
 * The CPU wakes as it would have. libmgba moves its phase within a machine cycle by half the ticks between two events, rounded, so
 * at normal speed the three must lie an even number of ticks apart, as they do in all but a game that has changed its speed. And
 * while interrupts are off, it stops after each event to look at its phase, so then nothing can be left out, nor once a frame is over. */
#include <mgba/flags.h>

#include <mgba/core/timing.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/io.h>
#include <mgba/internal/sm83/sm83.h>

#include "emulator/console.h"

enum { VIDEO, TIMER, SAMPLE, KINDS };
enum {
    LINE_TICKS = 2 * GB_VIDEO_HORIZONTAL_LENGTH,
    AFTER_MODE_2 = 2 * (GB_VIDEO_MODE_3_LENGTH_BASE + GB_VIDEO_MODE_0_LENGTH_BASE),
    FRAME_TICKS = 2 * GB_VIDEO_TOTAL_LENGTH,
    LONGEST_INSTRUCTION = 2 * 4 * 6,
    DIV_STEPS = 16, /* increments of the timer's counter from event to event, at most */
};

typedef struct {
    uint32_t now, until;  /* events before `until` are gone through */
    uint32_t when[KINDS]; /* of the next of a kind */
    bool has[KINDS];
} nap;

static _Thread_local uint32_t frame_limit; /* events from there on are seen: the instruction after one ends the frame */

void lp_gb_new_frame(uint32_t limit) { frame_limit = limit - LONGEST_INSTRUCTION; }

static bool is_before(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }

static void no_later(nap *n, uint32_t time) {
    if (is_before(time, n->until)) n->until = time;
}

/* ---- the screen ---- */

static int32_t mode_0_ticks(const struct GBVideo *video) {
    return 2 * (GB_VIDEO_MODE_0_LENGTH_BASE - video->objMax * 6 - (video->p->memory.io[GB_REG_SCX] & 7));
}

int32_t lp_gb_change_mode(struct GBVideo *video, uint32_t time) {
    uint8_t *io = video->p->memory.io;
    int32_t ticks, scrolled = io[GB_REG_SCX] & 7;
    if (video->mode == 2) {
        video->objMax = lp_gb_sprites_on_line(video->oam.obj, video->ly, GBRegisterLCDCIsObjSize(io[GB_REG_LCDC]));
        video->x = -scrolled;
        video->dotClock = (int32_t)(time + 10 + 2 * (uint32_t)scrolled);
        video->mode = 3;
        ticks = 2 * (GB_VIDEO_MODE_3_LENGTH_BASE + video->objMax * 6 + scrolled);
    } else if (video->mode == 3) {
        int from = video->x < 0 ? 0 : video->x, x = (int32_t)(time - (uint32_t)video->dotClock) >> 1;
        video->x = x > GB_VIDEO_HORIZONTAL_PIXELS ? GB_VIDEO_HORIZONTAL_PIXELS : x;
        if (video->x >= 0 && video->frameskipCounter <= 0) video->renderer->drawRange(video->renderer, from, video->x, video->ly);
        video->mode = 0;
        ticks = mode_0_ticks(video);
    } else {
        if (video->frameskipCounter <= 0) video->renderer->finishScanline(video->renderer, video->ly);
        io[GB_REG_LY] = (uint8_t)++video->ly;
        video->mode = 2;
        video->stat = GBRegisterSTATSetLYC(video->stat, io[GB_REG_LYC] == video->ly);
        ticks = 2 * GB_VIDEO_MODE_2_LENGTH;
    }
    video->stat = GBRegisterSTATSetMode(video->stat, (uint8_t)video->mode);
    io[GB_REG_STAT] = video->stat;
    return ticks;
}

/* When a mode next ends that may be seen, or before: that of the last line, one that a line's number or the beginning of a mode interrupts. */
static uint32_t next_seen_mode(const struct GBVideo *video, uint32_t when) {
    int lyc = video->p->memory.io[GB_REG_LYC], last = GB_VIDEO_VERTICAL_PIXELS - 1;
    if (video->mode == 1) return when;
    if (GBRegisterSTATIsLYCIRQ(video->stat) && lyc > video->ly && lyc <= last) last = lyc - 1;
    const int32_t line_ends = video->mode == 2 ? AFTER_MODE_2 : video->mode == 3 ? mode_0_ticks(video) : 0;
    const int32_t mode_0_begins =
        video->mode == 3 ? 0 : 2 * (GB_VIDEO_MODE_3_LENGTH_BASE + (video->mode == 0 ? GB_VIDEO_MODE_2_LENGTH : 0));
    int32_t left = line_ends + LINE_TICKS * (last - video->ly);
    if (GBRegisterSTATIsOAMIRQ(video->stat)) left = line_ends;
    if (GBRegisterSTATIsHblankIRQ(video->stat) && mode_0_begins < left) left = mode_0_begins;
    return when + (uint32_t)left;
}

/* Lines that nobody draws are gone through whole, but the last: what it leaves behind is seen. */
static uint32_t pass_modes(struct GBVideo *video, uint32_t when, uint32_t until) {
    while (is_before(when, until)) {
        uint32_t lines = video->mode == 2 && video->frameskipCounter > 0 ? (until - when) / LINE_TICKS : 0;
        if (lines > 1) {
            video->ly += (int)lines - 1;
            when += (lines - 1) * LINE_TICKS;
        }
        when += (uint32_t)lp_gb_change_mode(video, when);
    }
    lp_gb_set_mode_callback(video);
    return when;
}

/* ---- the timer ---- */

static uint32_t div_ticks(const struct GBTimer *timer) { return timer->p->doubleSpeed ? GB_DMG_DIV_PERIOD : 2 * GB_DMG_DIV_PERIOD; }

/* How many increments the next event stands for. */
static uint32_t div_steps(const struct GBTimer *timer) { return timer->nextDiv > 0 ? (uint32_t)timer->nextDiv / div_ticks(timer) : 0; }

/* Increments between two ticks of the sound's sequencer. */
static uint32_t sequencer_block(const struct GBTimer *timer) { return 0x200u << timer->p->doubleSpeed; }

uint32_t lp_gb_timer_block(const struct GBTimer *timer) {
    uint32_t sequencer = sequencer_block(timer), tima = timer->timaPeriod ? timer->timaPeriod : sequencer;
    return tima < sequencer ? tima : sequencer;
}

/* When the sequencer next ticks, or TIMA overflows. */
static uint32_t next_seen_tick(const struct GBTimer *timer, uint32_t when) {
    uint32_t steps = div_steps(timer), sequencer = sequencer_block(timer), tima = timer->timaPeriod;
    uint32_t left = sequencer - (timer->internalDiv & (sequencer - 1));
    if (tima) {
        uint32_t overflow = (256u - timer->p->memory.io[GB_REG_TIMA]) * tima - (timer->internalDiv & (tima - 1));
        left = overflow < left ? overflow : left;
    }
    return left <= steps ? when : when + (left - steps) * div_ticks(timer);
}

static uint32_t pass_counts(struct GBTimer *timer, uint32_t when, uint32_t until) {
    uint32_t ticks = div_ticks(timer), steps = div_steps(timer), block = lp_gb_timer_block(timer),
             most = block < DIV_STEPS ? block : DIV_STEPS;
    const uint32_t first = timer->internalDiv, tima = timer->timaPeriod;
    while (is_before(when, until)) { /* from the second on they are equally long */
        bool even = steps == most && !(timer->internalDiv & (most - 1));
        uint32_t events = even ? (until - when - 1) / (most * ticks) + 1 : 1;
        timer->internalDiv += steps * events;
        when += (events - 1) * most * ticks;
        steps = most - (timer->internalDiv & (most - 1));
        when += steps * ticks;
    }
    if (tima) timer->p->memory.io[GB_REG_TIMA] += (uint8_t)(timer->internalDiv / tima - first / tima);
    timer->nextDiv = (int32_t)(steps * ticks);
    timer->p->memory.io[GB_REG_DIV] = (uint8_t)(timer->internalDiv >> 4);
    return when;
}

/* ---- sound ---- */

static uint32_t pass_samples(struct GBAudio *audio, uint32_t when, uint32_t until) {
    for (; is_before(when, until); when += (uint32_t)audio->sampleInterval * (uint32_t)audio->timingFactor) lp_gb_skip_samples(audio, when);
    return when;
}

/* ---- together ---- */

static struct mTimingEvent *event_of(struct GB *gb, int kind) {
    return kind == VIDEO ? &gb->video.modeEvent : kind == TIMER ? &gb->timer.event : &gb->audio.sampleEvent;
}

/* Until when may nothing be seen? false: what lies there cannot be gone through at once. self: an event that is due now, or NULL. */
static bool look_ahead(nap *n, struct GB *gb, const struct mTimingEvent *self) {
    const struct mTiming *timing = &gb->timing;
    if (gb->audio.sampleEvent.callback == lp_gb_static.sound) return false; /* somebody listens */
    if (timing->reroot || gb->memory.isHdma) return false;
    *n = (nap){.now = (uint32_t)mTimingCurrentTime(timing)};
    n->until = n->now + FRAME_TICKS;
    for (const struct mTimingEvent *e = timing->root; e; e = e->next) {
        int kind = 0;
        while (kind < KINDS && e != event_of(gb, kind)) kind++;
        if (kind == KINDS) no_later(n, e->when);
        else n->has[kind] = true, n->when[kind] = e->when;
    }
    for (int i = 0; i < KINDS; i++) {
        if (event_of(gb, i) == self) n->has[i] = true, n->when[i] = n->now;
        if (n->has[i] && !gb->doubleSpeed && (n->when[i] ^ n->now) & 1) return false;
    }
    if (n->has[VIDEO]) no_later(n, next_seen_mode(&gb->video, n->when[VIDEO]));
    if (n->has[TIMER]) no_later(n, next_seen_tick(&gb->timer, n->when[TIMER]));
    no_later(n, frame_limit);
    return is_before(n->now, n->until);
}

/* Goes through what lies before `until`. */
static void pass(const nap *n, struct GB *gb, const struct mTimingEvent *self, uint32_t until) {
    for (int i = 0; i < KINDS; i++) {
        if (!n->has[i] || !is_before(n->when[i], until)) continue;
        uint32_t when = i == VIDEO   ? pass_modes(&gb->video, n->when[i], until)
                        : i == TIMER ? pass_counts(&gb->timer, n->when[i], until)
                                     : pass_samples(&gb->audio, n->when[i], until);
        struct mTimingEvent *event = event_of(gb, i);
        if (event != self) mTimingDeschedule(&gb->timing, event);
        mTimingSchedule(&gb->timing, event, (int32_t)(when - n->now));
    }
}

bool lp_gb_sleep(struct GB *gb, struct mTimingEvent *self, uint32_t ticks_late) {
    bool asleep = gb->cpu->halted && gb->memory.ie && gb->memory.ime && !gb->earlyExit;
    nap n;
    if (!asleep || ticks_late || !look_ahead(&n, gb, self)) return false;
    pass(&n, gb, self, n.until);
    return true;
}

int32_t lp_gb_next_seen(struct GB *gb) {
    nap n;
    int32_t next = gb->cpu->nextEvent;
    if (!look_ahead(&n, gb, NULL)) return next;
    int32_t until = (int32_t)(n.until - gb->timing.masterCycles);
    return until > next ? until : next;
}

int32_t lp_gb_next_line(struct GB *gb) {
    const struct GBVideo *video = &gb->video;
    if (!GBRegisterLCDCIsEnable(gb->memory.io[GB_REG_LCDC])) return gb->cpu->nextEvent;
    const int32_t left = video->mode == 2 ? AFTER_MODE_2 : video->mode == 3 ? mode_0_ticks(video) : 0;
    return (int32_t)(video->modeEvent.when - gb->timing.masterCycles) + left;
}

void lp_gb_catch_up(struct GB *gb, int32_t cycles) {
    const uint32_t until = gb->timing.masterCycles + (uint32_t)cycles;
    nap n = {.now = (uint32_t)mTimingCurrentTime(&gb->timing)};
    for (const struct mTimingEvent *e = gb->timing.root; e; e = e->next)
        for (int kind = 0; kind < KINDS; kind++)
            if (e == event_of(gb, kind)) n.has[kind] = true, n.when[kind] = e->when;
    pass(&n, gb, NULL, until);
    gb->cpu->nextEvent = (int32_t)(gb->timing.root->when - gb->timing.masterCycles);
}
