/* The Game Boy's fast path: frames nobody looks at are not drawn, sound nobody hears is not mixed, and what libmgba works
 * out the long way is worked out the short way. The machine is the same after each step, bit for bit.
 *
 * The fast path. libmgba brings the sound channels up to date in two places: a sample event every 2,048 ticks, which
 * also mixes 32 samples and resamples them, and each access to a sound register. What a channel is brought up to, and
 * when, can be seen by a game: NR52 off freezes the square channels' phase where the last sample left it, and the noise
 * channel is not run before its envelope or length changes. So the sample event stays exactly where it is in the event
 * queue (a rarer or absent one also wakes a halted CPU at other ticks), and only what it does is replaced:
 * lp_gb_skip_samples() moves the same counters and runs the channels to the first and the last of the points that would have
 * been sampled. Nothing else happens between those points, and the run to the last one covers the others.
 * Measured against the crude form (a far-away sample event), which differs on games that switch sound off in a hurry.
 * While somebody listens the event is libmgba's own again, and no sleep is gone through at once (gb_sleep.c).
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

void lp_gb_skip_samples(struct GBAudio *audio, uint32_t time) {
    int32_t interval = SAMPLE_TICKS;
    int32_t first = (int32_t)((uint32_t)audio->lastSample + (uint32_t)(audio->sampleIndex * interval));
    int32_t due = (int32_t)(time - (uint32_t)first) / interval;
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
}

static void end_samples(struct mTiming *timing, void *user, uint32_t ticks_late) {
    struct GBAudio *audio = user;
    if (lp_gb_sleep(audio->p, &audio->sampleEvent, ticks_late)) return;
    lp_gb_skip_samples(audio, (uint32_t)mTimingCurrentTime(timing));
    mTimingSchedule(timing, &audio->sampleEvent, (int32_t)((uint32_t)audio->sampleInterval * audio->timingFactor - ticks_late));
}

/* DIV's increments but the last change nothing but DIV, if no timer or sequencer tick lies among them: those are taken at
 * once, and libmgba does the last. All periods are powers of two. */
static void update_timer(struct mTiming *timing, void *user, uint32_t ticks_late) {
    struct GBTimer *timer = user;
    if (lp_gb_sleep(timer->p, &timer->event, ticks_late)) return;
    int shift = timer->p->doubleSpeed ? 4 : 5; /* ticks an increment */
    int32_t before_last = ((timer->nextDiv + (int32_t)ticks_late) >> shift) - 1;
    if (before_last > 0) {
        uint32_t first = timer->internalDiv, last = first + (uint32_t)before_last;
        if (!((first ^ last) & ~(lp_gb_timer_block(timer) - 1))) {
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

void lp_gb_set_mode_callback(struct GBVideo *video) { video->modeEvent.callback = end_mode[video->mode]; }

static void end_mode0(struct mTiming *timing, void *user, uint32_t ticks_late) {
    struct GBVideo *video = user;
    if (!lp_gb_sleep(video->p, &video->modeEvent, ticks_late)) pass_on(0, timing, video, ticks_late);
}

static void end_mode1(struct mTiming *timing, void *user, uint32_t ticks_late) { pass_on(1, timing, user, ticks_late); }

/* OAM search ends, pixel transfer begins. No interrupt can rise here. */
static void end_mode2(struct mTiming *timing, void *user, uint32_t ticks_late) {
    struct GBVideo *video = user;
    if (lp_gb_sleep(video->p, &video->modeEvent, ticks_late)) return;
    int32_t ticks = lp_gb_change_mode(video, (uint32_t)mTimingCurrentTime(timing) - ticks_late);
    video->modeEvent.callback = end_mode3;
    mTimingSchedule(timing, &video->modeEvent, (int32_t)((uint32_t)ticks - ticks_late));
}

static void end_mode3(struct mTiming *timing, void *user, uint32_t ticks_late) {
    struct GBVideo *video = user;
    if (!lp_gb_sleep(video->p, &video->modeEvent, ticks_late)) pass_on(3, timing, video, ticks_late);
}

void lp_gb_mix(struct GB *gb, bool on) { gb->audio.sampleEvent.callback = on ? lp_gb_static.sound : end_samples; }

void lp_gb_hook_core(struct GB *gb) {
    lp_gb_hook_renderer(gb);
    lp_gb_mix(gb, false);
    gb->timer.event.callback = update_timer;
}
