#include "view/speaker.h"

#include <SDL.h>

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICE_PAIRS = 512, MOST_WAITING = LP_SPEAKER_HZ / 10, MOST_AT_ONCE = 4096, RING_PAIRS = 16384, PAIR_BYTES = 4 };
#define MEAN_PUTS 64.0 /* that the mean is taken over: a second */
#define MOST_STRETCH 0.005
#define GAIN (MOST_STRETCH / 600) /* as much where so many pairs are missing */

struct lp_speaker {
    SDL_AudioDeviceID device;
    int percent;
    lp_stretch stretch;
    int first, waiting; /* in the ring; the device's lock is theirs */
    int16_t ring[2 * RING_PAIRS], stretched[2 * (MOST_AT_ONCE + MOST_AT_ONCE / 128 + 2)];
};

/* A pair is between the one before and the one after it, as far as phase says. */
int lp_stretch_pairs(lp_stretch *s, const int16_t *in, int n, int waiting, int16_t *out) {
    int n_out = 0;
    s->mean += (waiting + n - LP_SPEAKER_WAITING - s->mean) / MEAN_PUTS;
    double step = 1 + fmax(-MOST_STRETCH, fmin(MOST_STRETCH, s->mean * GAIN));
    for (; s->phase < n; s->phase += step, n_out++) {
        int i = (int)s->phase;
        double part = s->phase - i;
        for (int side = 0; side < 2; side++) {
            double before = i ? in[2 * (i - 1) + side] : s->last[side], after = in[2 * i + side];
            out[2 * n_out + side] = (int16_t)lrint(before + part * (after - before));
        }
    }
    s->phase -= n;
    if (n) memcpy(s->last, in + 2 * (n - 1), sizeof s->last);
    return n_out;
}

/* The device's thread wants pairs; where there are none it gets silence. */
static void hand_over(void *user, Uint8 *out, int size_bytes) {
    lp_speaker *s = user;
    int wanted = size_bytes / PAIR_BYTES, n = s->waiting < wanted ? s->waiting : wanted;
    for (int i = 0; i < n; i++) memcpy(out + i * PAIR_BYTES, s->ring + 2 * ((s->first + i) % RING_PAIRS), PAIR_BYTES);
    memset(out + n * PAIR_BYTES, 0, (size_t)(size_bytes - n * PAIR_BYTES));
    s->first = (s->first + n) % RING_PAIRS;
    s->waiting -= n;
}

typedef void alsa_handler(const char *file, int line, const char *function, int code, const char *format, ...);

static void say_nothing(const char *file, int line, const char *function, int code, const char *format, ...) {
    (void)file, (void)line, (void)function, (void)code, (void)format;
}

/* libasound, which SDL brings along, writes to stderr by itself: ten lines where there is no device, one whenever it ran dry. SDL says what matters. */
static void silence_alsa(void) {
    void *alsa = dlopen("libasound.so.2", RTLD_LAZY | RTLD_NOLOAD); /* NULL: nobody brought it along */
    int (*set_handler)(alsa_handler *) = NULL;
    if (!alsa) return;
    *(void **)&set_handler = dlsym(alsa, "snd_lib_error_set_handler");
    if (set_handler) set_handler(say_nothing);
    dlclose(alsa);
}

lp_status lp_speaker_open(lp_speaker **out, lp_err *err) {
    *out = NULL;
    lp_speaker *s = calloc(1, sizeof *s);
    if (!s) return lp_fail(err, LP_FAILED, "no sound: out of memory");
    /* SDL's own queue is of no use here: its thread has too small a stack for a program with OpenBLAS in it, and does not start */
    const SDL_AudioSpec wanted = {
        .freq = LP_SPEAKER_HZ, .format = AUDIO_S16SYS, .channels = 2, .samples = DEVICE_PAIRS, .callback = hand_over, .userdata = s};
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    const bool has_driver = !SDL_InitSubSystem(SDL_INIT_AUDIO);
    silence_alsa();
    if (has_driver) s->device = SDL_OpenAudioDevice(NULL, 0, &wanted, NULL, 0);
    if (!s->device) {
        lp_fail(err, LP_FAILED, "no sound: %s", SDL_GetError());
        lp_speaker_close(s);
        return LP_FAILED;
    }
    s->percent = 100;
    SDL_PauseAudioDevice(s->device, 0);
    *out = s;
    return LP_OK;
}

void lp_speaker_close(lp_speaker *s) {
    if (!s) return;
    if (s->device) SDL_CloseAudioDevice(s->device);
    SDL_QuitSubSystem(SDL_INIT_AUDIO);
    free(s);
}

void lp_speaker_volume(lp_speaker *s, int percent) { s->percent = percent; }

int lp_speaker_waiting(lp_speaker *s) {
    SDL_LockAudioDevice(s->device);
    int waiting = s->waiting;
    SDL_UnlockAudioDevice(s->device);
    return waiting;
}

/* pairs NULL: silence. */
static void add(lp_speaker *s, const int16_t *pairs, int n) {
    for (int i = 0; i < 2 * n; i++)
        s->ring[(2 * (s->first + s->waiting) + i) % (2 * RING_PAIRS)] = (int16_t)(pairs ? pairs[i] * s->percent / 100 : 0);
    s->waiting += n;
}

void lp_speaker_put(lp_speaker *s, const int16_t *pairs, int n_pairs) {
    int n = n_pairs < MOST_AT_ONCE ? n_pairs : MOST_AT_ONCE;
    SDL_LockAudioDevice(s->device);
    if (s->waiting > MOST_WAITING) s->waiting = 0; /* the device stood still */
    if (s->waiting == 0) {                         /* it begins, or ran dry: silence first, so that it does not do so again */
        s->stretch = (lp_stretch){0};
        add(s, NULL, LP_SPEAKER_WAITING / 2);
    }
    n = lp_stretch_pairs(&s->stretch, pairs + 2 * (n_pairs - n), n, s->waiting, s->stretched);
    add(s, s->stretched, n);
    SDL_UnlockAudioDevice(s->device);
}
