/* Limits, constants, events and tones of an image: see check.h. */
#include <mgba/flags.h>

#include <mgba/core/timing.h>
#include <mgba/internal/gb/audio.h>

#include "emulator/check.h"

#include <string.h>

enum { LATE = 1024 };                                     /* ticks: more than any instruction, and too few to overflow a timer twice */
enum { SLOWEST_NOISE = 1 << 24, OLDEST_NOISE = 1 << 30 }; /* ticks between two steps of the noise; its loop counts up to 2^31 */

lp_status lp_impossible(lp_err *err, const char *name, int64_t value) {
    return lp_fail(err, LP_BAD_INPUT, "state describes a machine that cannot be: %s is %lld", name, (long long)value);
}

static int32_t read_element(const uint8_t *at, size_t bytes) {
    uint16_t half;
    int32_t word;
    switch (bytes) {
    case 1: return *at;
    case 2: memcpy(&half, at, sizeof half); return half;
    default: memcpy(&word, at, sizeof word); return word;
    }
}

lp_status lp_check_limits(const void *image, const lp_limit *limits, int n, lp_err *err) {
    for (const lp_limit *l = limits; l < limits + n; l++) {
        const uint8_t *at = (const uint8_t *)image + l->offset;
        for (int i = 0; i < l->n; i++, at += l->bytes) {
            int32_t value = read_element(at, l->bytes);
            if (value < l->low || value > l->high) return lp_impossible(err, l->name, value);
        }
    }
    return LP_OK;
}

lp_status lp_check_constants(const void *image, const void *live, const lp_constant *constants, int n, lp_err *err) {
    for (const lp_constant *c = constants; c < constants + n; c++) {
        const uint8_t *a = (const uint8_t *)image + c->offset, *b = (const uint8_t *)live + c->offset;
        if (memcmp(a, b, c->bytes)) return lp_impossible(err, c->name, read_element(a, c->bytes));
    }
    return LP_OK;
}

lp_status lp_check_relations(const lp_relation *relations, int n, lp_err *err) {
    for (const lp_relation *r = relations; r < relations + n; r++)
        if (!r->holds) return lp_impossible(err, r->name, r->value);
    return LP_OK;
}

bool lp_is_queued(const uint8_t *queue, int event) {
    for (int i = 0; i < LP_MAX_EVENTS && queue[i]; i++)
        if (queue[i] == event + 1) return true;
    return false;
}

lp_status lp_check_events(const void *image, const void *live, const lp_event_limit *events, int n, const uint8_t *queue, lp_clock clock,
                          lp_err *err) {
    uint32_t now = clock.master + (uint32_t)clock.cycles;
    if (!lp_queue_check(queue, n)) return lp_impossible(err, "the first event", queue[0]);
    int32_t last = -LATE;
    for (int i = 0; i < LP_MAX_EVENTS && queue[i]; i++) {
        const lp_event_limit *e = &events[queue[i] - 1];
        struct mTimingEvent event;
        memcpy(&event, (const uint8_t *)image + e->offset, sizeof event);
        int32_t ahead = (int32_t)(event.when - now);
        if (ahead < last || ahead > e->latest_ticks) return lp_impossible(err, e->name, ahead);
        if (i == 0 && clock.next_event > (int64_t)ahead + clock.cycles) return lp_impossible(err, "nextEvent", clock.next_event);
        last = ahead;
    }
    for (int i = 0; i < n; i++) {
        size_t priority = events[i].offset + offsetof(struct mTimingEvent, priority);
        if ((events[i].always && !lp_is_queued(queue, i)) ||
            memcmp((const uint8_t *)image + priority, (const uint8_t *)live + priority, LP_SIZE_OF(struct mTimingEvent, priority)))
            return lp_impossible(err, events[i].name, 0);
    }
    return LP_OK;
}

/* ---- tones ---- */

#define TONE(field, low, high) LP_LIMIT(struct GBAudio, field, low, high)
#define FLAG(field) LP_BOOL(struct GBAudio, field)
/* Counters of steps run down to zero, where they act and are set again; one that was set while its channel was still may
 * already be below, and then goes on. */
#define COUNTER(field, high) TONE(field, INT32_MIN / 2, high)
#define ENVELOPE(channel)                                                                                                                  \
    TONE(channel.envelope.length, 0, 63), TONE(channel.envelope.duty, 0, 3), TONE(channel.envelope.stepTime, 0, 7),                        \
        TONE(channel.envelope.initialVolume, 0, 15), TONE(channel.envelope.currentVolume, 0, 15), FLAG(channel.envelope.direction),        \
        TONE(channel.envelope.dead, 0, 2), COUNTER(channel.envelope.nextStep, 7)
#define SQUARE(channel)                                                                                                                    \
    ENVELOPE(channel), TONE(channel.control.frequency, 0, 2047), TONE(channel.control.length, 0, 64), FLAG(channel.control.stop),          \
        TONE(channel.index, 0, 7), TONE(channel.sweep.shift, 0, 7), TONE(channel.sweep.time, 0, 8), COUNTER(channel.sweep.step, 8),        \
        FLAG(channel.sweep.direction), FLAG(channel.sweep.enable), FLAG(channel.sweep.occurred),                                           \
        TONE(channel.sweep.realFrequency, 0, 2047)

static const lp_limit tone_limits[] = {
    SQUARE(ch1),
    SQUARE(ch2),
    ENVELOPE(ch4),
    FLAG(ch3.size),
    FLAG(ch3.bank),
    FLAG(ch3.enable),
    FLAG(ch3.stop),
    FLAG(ch3.readable),
    TONE(ch3.length, 0, 256),
    TONE(ch3.volume, 0, 7),
    TONE(ch3.rate, 0, 2047),
    TONE(ch3.window, 0, 31),
    TONE(ch4.ratio, 0, 7),
    TONE(ch4.frequency, 0, 15),
    TONE(ch4.length, 0, 64),
    FLAG(ch4.power),
    FLAG(ch4.stop),
    TONE(volumeRight, 0, 7),
    TONE(volumeLeft, 0, 7),
    FLAG(ch1Right),
    FLAG(ch2Right),
    FLAG(ch3Right),
    FLAG(ch4Right),
    FLAG(ch1Left),
    FLAG(ch2Left),
    FLAG(ch3Left),
    FLAG(ch4Left),
    FLAG(playingCh1),
    FLAG(playingCh2),
    FLAG(playingCh3),
    FLAG(playingCh4),
    FLAG(enable),
    FLAG(skipFrame),
    TONE(frame, 0, 7),
    TONE(sampleIndex, 0, GB_MAX_SAMPLES - 1),
};
static const lp_constant tone_constants[] = {
    LP_CONSTANT(struct GBAudio, timingFactor),
    LP_CONSTANT(struct GBAudio, sampleInterval),
    LP_CONSTANT(struct GBAudio, style),
};
#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

lp_status lp_check_tones(const struct GBAudio *image, const struct GBAudio *live, uint32_t now, lp_err *err) {
    lp_status status = lp_check_limits(image, tone_limits, COUNT(tone_limits), err);
    if (!status) status = lp_check_constants(image, live, tone_constants, COUNT(tone_constants), err);
    if (status) return status;
    /* The noise is stepped one by one from where it was: on a Game Boy at each sample, on a GBA, whose samples can stand still
     * (a game that changes their rate halfway), perhaps long ago. */
    int32_t noise_age = (int32_t)(now - image->ch4.lastEvent), oldest = image->style == GB_AUDIO_GBA ? OLDEST_NOISE : 2 * SLOWEST_NOISE;
    bool plays = image->playingCh1 || image->playingCh2 || image->playingCh3 || image->playingCh4;
    const lp_relation relations[] = {
        {!plays || image->enable, "audio.enable", image->enable},
        {!image->playingCh4 || noise_age <= oldest, "ch4.lastEvent", noise_age},
    };
    return lp_check_relations(relations, COUNT(relations), err);
}
