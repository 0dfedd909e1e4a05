/* The Game Boy's fast path: frames nobody looks at are not drawn, sound nobody hears is not mixed, and what libmgba works
 * out the long way is worked out the short way. The machine is the same after each step, bit for bit.
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
 * Frames are skipped with libmgba's own frame skipper, which leaves out the drawing and nothing else. A Super Game Boy
 * takes its palettes out of the drawn picture and may freeze it, so that model always draws (gb.c).
 *
 * Two callbacks take most of the time that a waiting game leaves: the timer counts DIV one by one (16 times 274 a frame),
 * and the end of OAM search walks through the sprites one by one (40 times 144). */
#include <mgba/flags.h>

#include <mgba/core/timing.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/io.h>
#include <mgba/internal/sm83/sm83.h>

#include "emulator/console.h"

#include <string.h>

enum { SAMPLE_TICKS = 64 }; /* libmgba's interval between two samples, in ticks of 2^23 Hz */

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

/* DIV's increments but the last change nothing but DIV, if no timer or sequencer tick lies among them: those are taken at
 * once, and libmgba does the last. All periods are powers of two. */
static void update_timer(struct mTiming *timing, void *user, uint32_t ticks_late) {
    struct GBTimer *timer = user;
    int shift = timer->p->doubleSpeed ? 4 : 5; /* ticks an increment */
    int32_t before_last = ((timer->nextDiv + (int32_t)ticks_late) >> shift) - 1;
    if (before_last > 0) {
        uint32_t first = timer->internalDiv, last = first + (uint32_t)before_last;
        uint32_t sequencer = 0x200u << timer->p->doubleSpeed, tima = timer->timaPeriod ? timer->timaPeriod : sequencer;
        uint32_t same_block = ~((tima < sequencer ? tima : sequencer) - 1);
        if (!((first ^ last) & same_block)) {
            timer->internalDiv = last;
            timer->nextDiv -= before_last << shift;
        }
    }
    lp_gb_static.timer(timing, user, ticks_late);
}

static void end_mode0(struct mTiming *timing, void *user, uint32_t ticks_late);
static void end_mode1(struct mTiming *timing, void *user, uint32_t ticks_late);
static void end_mode2(struct mTiming *timing, void *user, uint32_t ticks_late);
static void end_mode3(struct mTiming *timing, void *user, uint32_t ticks_late);
static lp_event_callback *const end_mode[4] = {end_mode0, end_mode1, end_mode2, end_mode3};

int lp_gb_video_mode(lp_event_callback *callback) {
    for (int mode = 0; mode < 4; mode++)
        if (callback == lp_gb_static.video[mode] || callback == end_mode[mode]) return mode;
    return -1;
}

void lp_gb_hook_video(struct GB *gb) {
    int mode = lp_gb_video_mode(gb->video.modeEvent.callback);
    if (mode >= 0) gb->video.modeEvent.callback = end_mode[mode];
}

/* libmgba's own end of a mode, which names its own end of the next one. */
static void pass_on(int mode, struct mTiming *timing, struct GBVideo *video, uint32_t ticks_late) {
    lp_gb_static.video[mode](timing, video, ticks_late);
    lp_gb_hook_video(video->p);
}

/* While the CPU sleeps and nothing is drawn, nobody sees a line's modes change, so those up to the next event of another
 * kind, which may wake the CPU, are gone through at once. Left to the long way: the screen's last line, which ends in an
 * interrupt, interrupts at a mode's or a chosen line's start, and a transfer in the horizontal blank. */
static bool may_sleep(const struct GBVideo *video) {
    const struct GB *gb = video->p;
    if (!gb->cpu->halted || video->frameskipCounter <= 0 || gb->memory.isHdma) return false;
    if (GBRegisterSTATIsHblankIRQ(video->stat) || GBRegisterSTATIsOAMIRQ(video->stat) || GBRegisterSTATIsVblankIRQ(video->stat)) return false;
    if (video->mode != 0) return true;
    return video->ly + 1 < GB_VIDEO_VERTICAL_PIXELS && !(GBRegisterSTATIsLYCIRQ(video->stat) && gb->memory.io[GB_REG_LYC] == video->ly + 1);
}

/* Ends the mode at `time`; returns the next one's ticks. */
static int32_t change_mode(struct GBVideo *video, uint32_t time) {
    uint8_t *io = video->p->memory.io;
    int32_t dots, scrolled = io[GB_REG_SCX] & 7;
    if (video->mode == 2) {
        video->objMax = lp_gb_sprites_on_line(video->oam.obj, video->ly, GBRegisterLCDCIsObjSize(io[GB_REG_LCDC]));
        video->x = -scrolled;
        video->dotClock = (int32_t)(time + 10 + 2 * (uint32_t)scrolled);
        video->mode = 3;
        dots = GB_VIDEO_MODE_3_LENGTH_BASE + video->objMax * 6 + scrolled;
    } else if (video->mode == 3) {
        int32_t x = (int32_t)(time - (uint32_t)video->dotClock) >> 1;
        video->x = x > GB_VIDEO_HORIZONTAL_PIXELS ? GB_VIDEO_HORIZONTAL_PIXELS : x;
        video->mode = 0;
        dots = GB_VIDEO_MODE_0_LENGTH_BASE - video->objMax * 6 - scrolled;
    } else {
        io[GB_REG_LY] = (uint8_t)++video->ly;
        video->mode = 2;
        video->stat = GBRegisterSTATSetLYC(video->stat, io[GB_REG_LYC] == video->ly);
        dots = GB_VIDEO_MODE_2_LENGTH;
    }
    video->stat = GBRegisterSTATSetMode(video->stat, (uint8_t)video->mode);
    io[GB_REG_STAT] = video->stat;
    return 2 * dots;
}

static bool sleep_through(struct mTiming *timing, struct GBVideo *video, uint32_t ticks_late) {
    if (!may_sleep(video)) return false;
    uint32_t now = (uint32_t)mTimingCurrentTime(timing), time = now - ticks_late;
    do {
        time += (uint32_t)change_mode(video, time);
    } while (timing->root && (int32_t)(time - timing->root->when) < 0 && may_sleep(video));
    video->modeEvent.callback = end_mode[video->mode];
    mTimingSchedule(timing, &video->modeEvent, (int32_t)(time - now));
    return true;
}

static void end_mode0(struct mTiming *timing, void *user, uint32_t ticks_late) {
    if (!sleep_through(timing, user, ticks_late)) pass_on(0, timing, user, ticks_late);
}

static void end_mode1(struct mTiming *timing, void *user, uint32_t ticks_late) {
    pass_on(1, timing, user, ticks_late);
}

/* OAM search ends, pixel transfer begins. No interrupt can rise here. */
static void end_mode2(struct mTiming *timing, void *user, uint32_t ticks_late) {
    struct GBVideo *video = user;
    if (sleep_through(timing, video, ticks_late)) return;
    int32_t ticks = change_mode(video, (uint32_t)mTimingCurrentTime(timing) - ticks_late);
    video->modeEvent.callback = end_mode3;
    mTimingSchedule(timing, &video->modeEvent, (int32_t)((uint32_t)ticks - ticks_late));
}

static void end_mode3(struct mTiming *timing, void *user, uint32_t ticks_late) {
    if (!sleep_through(timing, user, ticks_late)) pass_on(3, timing, user, ticks_late);
}

void lp_gb_hook_core(struct GB *gb) {
    lp_gb_hook_renderer(gb);
    gb->audio.sampleEvent.callback = skip_samples;
    gb->timer.event.callback = update_timer;
}
