#include "cli/film.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define STREAM_S (0.9 / 30) /* between two pictures where the pace is not the console's */
#define FRAME_PAIRS (LP_SOUND_HZ / LP_EMU_FRAMES_PER_S)
enum { LONGEST_PAIRS = LP_SOUND_HZ / 10, END_PAIRS = 2 * LP_SOUND_HZ };

static lp_video_config configure(const lp_film_options *o, const lp_painter *painter, bool live) {
    lp_video_config c = {
        .target = live ? o->stream : o->record, .fps = o->fps ? (int)o->fps : 60, .kbit_per_s = (int)o->kbit_per_s, .live = live};
    lp_painter_size(painter, &c.width, &c.height);
    return c;
}

lp_status lp_film_check(const lp_film_options *o, const lp_painter *painter, lp_err *err) {
    lp_status status = LP_OK;
    if (o->fps && o->fps != 30 && o->fps != 60) return lp_fail(err, LP_BAD_INPUT, "--fps %lld: must be 60 or 30", (long long)o->fps);
    for (int live = 0; live < 2 && !status; live++) {
        lp_video_config c = configure(o, painter, live);
        if (c.target) status = lp_video_check(&c, err);
    }
    return status;
}

lp_status lp_film_open(lp_film *f, const lp_film_options *o, const lp_look *look, lp_emu *emu, bool whole, lp_err *err) {
    f->emu = emu;
    f->relay = o->relay;
    f->volume = (int)o->volume;
    f->muted = !f->volume;
    f->has_speaker = o->window;
    if (!o->record && !o->stream) return LP_OK;
    lp_status status = lp_painter_open(&f->painter, look, err);
    if (status) return status;
    lp_video_config file = configure(o, f->painter, false), stream = configure(o, f->painter, true);
    file.whole = whole;
    if (emu) status = lp_emu_listen(emu, true, err);
    if (!status && o->record) status = lp_video_open(&f->file, &file, err);
    if (!status && o->stream) status = lp_video_open(&f->stream, &stream, err);
    return status;
}

bool lp_film_due(const lp_film *f, int speed) { return f->file || (f->stream && (speed == 1 || lp_now_s() - f->stream_s >= STREAM_S)); }

/* Without a sound device it is silent from then on. */
static bool can_speak(lp_film *f) {
    lp_err err;
    if (f->speaker) return true;
    f->has_speaker = !lp_speaker_open(&f->speaker, &err);
    if (!f->has_speaker) lp_warn("%s", err.message);
    else lp_speaker_volume(f->speaker, f->volume);
    return f->has_speaker;
}

static void speak(lp_film *f, int speed) {
    if (speed != 1 || !f->n_pairs) return;
    if (f->relay) lp_relay_hear(f->relay, f->sound, f->n_pairs);
    else if (f->has_speaker && !f->muted && can_speak(f)) lp_speaker_put(f->speaker, f->sound, f->n_pairs);
}

bool lp_film_listens(const lp_film *f) { return f->relay ? lp_relay_listens(f->relay) : f->stream || (f->has_speaker && !f->muted); }

void lp_film_give(lp_film *f, const int16_t *pairs, int n_pairs, int speed) {
    memcpy(f->sound, pairs, 2 * sizeof *pairs * (size_t)n_pairs);
    f->n_pairs = n_pairs;
    speak(f, speed);
}

void lp_film_hear(lp_film *f, int speed) {
    enum { FRAME = (int)(LP_SOUND_HZ * 70224LL / 4194304) };
    if (!f->emu) return;
    if (lp_emu_listen(f->emu, f->file || (speed == 1 && lp_film_listens(f)), NULL)) return;
    f->n_pairs = lp_emu_sound(f->emu, f->sound, LP_SOUND_PAIRS);
    if (f->n_pairs > 2 * FRAME) { /* also of frames that nobody was shown: the last one's */
        memmove(f->sound, f->sound + 2 * (f->n_pairs - FRAME), 2 * sizeof *f->sound * FRAME);
        f->n_pairs = FRAME;
    }
    speak(f, speed);
}

void lp_film_volume(lp_film *f, lp_keypress key, char *out, int size) {
    enum { STEP = 10 };
    f->muted = key == LP_KEYPRESS_MUTE && !f->muted;
    if (key == LP_KEYPRESS_LOUDER || (!f->muted && !f->volume)) f->volume += STEP;
    if (key == LP_KEYPRESS_QUIETER) f->volume -= STEP;
    f->volume = f->volume < 0 ? 0 : f->volume > 100 ? 100 : f->volume;
    if (f->speaker) lp_speaker_volume(f->speaker, f->volume);
    snprintf(out, (size_t)size, f->muted || !f->volume ? "muted" : "volume %d%%", f->volume);
}

static void put_stream(lp_film *f, const uint32_t *pixels, int n_pairs, int speed) {
    double now = lp_now_s(), silent = (now - f->stream_s) * LP_SOUND_HZ;
    f->stream_s = now;
    if (speed == 1) lp_video_put(f->stream, pixels, f->sound, n_pairs);
    else lp_video_put(f->stream, pixels, NULL, silent < LONGEST_PAIRS ? (int)silent : LONGEST_PAIRS);
}

void lp_film_put(lp_film *f, const uint32_t *pixels, double n_frames, int speed) {
    int n = f->n_pairs, still = n_frames > 1 ? (int)((n_frames - 1) * FRAME_PAIRS) : 0;
    if (still > END_PAIRS) still = END_PAIRS;
    if (f->file && n) lp_video_put(f->file, pixels, f->sound, n);
    if (f->file && still) lp_video_put(f->file, n ? NULL : pixels, NULL, still);
    if (f->stream) put_stream(f, pixels, n, speed);
}

lp_video_state lp_film_stream(const lp_film *f) { return f->stream ? lp_video_look(f->stream) : (lp_video_state){0}; }

bool lp_film_note(const lp_film *f, char *out, int size) {
    lp_video_state s = lp_film_stream(f);
    if (s.connected || !s.losses) return false;
    snprintf(out, (size_t)size, "no stream: %.0f s missed, trying again in %.0f s", s.missed_s, s.again_s);
    return true;
}

lp_status lp_film_close(lp_film *f, lp_err *err) {
    lp_status status = lp_video_close(f->file, err);
    (void)lp_video_close(f->stream, NULL);
    lp_speaker_close(f->speaker);
    if (f->emu) (void)lp_emu_listen(f->emu, false, NULL);
    lp_painter_close(f->painter);
    *f = (lp_film){0};
    return status;
}
