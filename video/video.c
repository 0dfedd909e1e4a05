/* The time line between who puts and the thread that encodes: a ring of pairs, and a ring of pictures, each with the pair that it begins
 * at. Of a picture for each 1 / fps s the newest that has begun is encoded; what is put at the console's 59.7 pictures a second is at 60
 * seen once each, and every four seconds one twice. */
#include "video/video.h"

#include "base/contract.h"
#include "base/log.h"
#include "video/encode.h"

#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    N_PICTURES = 12,
    RING_PAIRS = 4 * LP_VIDEO_HZ,
    MARGIN_PAIRS = LP_VIDEO_HZ / 480, /* frames come up to 12 pairs early or late, as libmgba mixes them */
    CUSHION_PAIRS = LP_VIDEO_HZ / 10, /* what a stream lags behind, so that an uneven pace is not heard */
    MOST_PAIRS = 3 * CUSHION_PAIRS,
    BEHIND_PAIRS =
        LP_VIDEO_HZ, /* in a file of who must keep pace: from here on pictures are passed over, so that sound never fills the ring */
    NICE = 5,
};
#define LATE_S 0.5
#define FIRST_PAUSE_S 1.0
#define LAST_PAUSE_S 60.0

typedef struct {
    uint32_t *pixels; /* owned */
    int64_t at;
} slot;

struct lp_video {
    lp_video_config config;
    lp_converter *converter; /* owned, as what it makes of the picture that is shown; the thread's */
    lp_picture *picture;
    int64_t n_converted; /* which of them: that in slots[(n_converted - 1) % N_PICTURES] */
    lp_encoder *encoder; /* owned; NULL: no server now */
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    int16_t ring[2 * RING_PAIRS];
    int64_t n_put, n_taken; /* pairs */
    slot slots[N_PICTURES]; /* slots[first % N_PICTURES] is shown now, up to next - 1 come later */
    int64_t first, next;
    bool ending, flowing; /* flowing: what was put is taken; else a stream's cushion fills up again */
    atomic_bool stop;
    double put_s;            /* pairs were last put */
    double again_s, pause_s; /* of a server that is not there: tried again at this time; the pause before that */
    lp_video_state state;
    lp_status failed;
    lp_err why;
};

static size_t picture_bytes(const lp_video *v) { return sizeof(uint32_t) * (size_t)v->config.width * (size_t)v->config.height; }

static int tick_pairs(const lp_video *v) { return LP_VIDEO_HZ / v->config.fps; }

/* ---- who puts ---- */

static void add_pairs(lp_video *v, const int16_t *pairs, int n) {
    for (int i = 0; i < n; i++) {
        int16_t *to = v->ring + 2 * ((v->n_put + i) % RING_PAIRS);
        to[0] = pairs ? pairs[2 * i] : 0;
        to[1] = pairs ? pairs[2 * i + 1] : 0;
    }
    v->n_put += n;
}

/* Is there room? Waits for it where nothing may be left out. */
static bool has_room(lp_video *v, bool may_wait) {
    while (v->next - v->first >= N_PICTURES && may_wait && v->n_put - v->n_taken >= tick_pairs(v) && !v->failed)
        pthread_cond_wait(&v->changed, &v->lock);
    return v->next - v->first < N_PICTURES;
}

void lp_video_put(lp_video *v, const uint32_t *pixels, const int16_t *pairs, int n_pairs) {
    LP_CHECK(n_pairs > 0 || v->config.live);
    pthread_mutex_lock(&v->lock);
    if (n_pairs > 0) v->put_s = lp_now_s();
    bool has = pixels && has_room(v, v->config.whole) && !v->failed;
    int64_t at = v->n_put;
    if (pixels && !has && !v->failed) v->state.left_out++;
    if (has) { /* nobody else touches the next slot */
        slot *s = &v->slots[v->next % N_PICTURES];
        pthread_mutex_unlock(&v->lock);
        memcpy(s->pixels, pixels, picture_bytes(v));
        pthread_mutex_lock(&v->lock);
        s->at = at;
        v->next++;
    }
    while (n_pairs > 0 && !v->failed) {
        int64_t room = RING_PAIRS - (v->n_put - v->n_taken);
        int n = n_pairs < room ? n_pairs : (int)room;
        if (!n && v->config.live) v->n_taken += n_pairs; /* the oldest go */
        else if (!n) pthread_cond_wait(&v->changed, &v->lock);
        add_pairs(v, pairs, n);
        pairs = pairs ? pairs + 2 * (ptrdiff_t)n : NULL;
        n_pairs -= n;
        pthread_cond_broadcast(&v->changed);
    }
    pthread_cond_broadcast(&v->changed);
    pthread_mutex_unlock(&v->lock);
}

/* ---- the thread ---- */

/* The picture for time t: one further where it has begun; more where they come faster than they can be shown. */
static void advance(lp_video *v, int64_t t) {
    for (int64_t begun = t; v->first + 1 < v->next && v->slots[(v->first + 1) % N_PICTURES].at <= begun; begun = t - MARGIN_PAIRS)
        v->first++;
}

static void take_pairs(lp_video *v, int16_t *out, int n) {
    int64_t has = v->n_put - v->n_taken < n ? v->n_put - v->n_taken : n;
    memset(out, 0, 2 * sizeof *out * (size_t)n);
    for (int64_t i = 0; i < has; i++) memcpy(out + 2 * i, v->ring + 2 * ((v->n_taken + i) % RING_PAIRS), 2 * sizeof *out);
    v->n_taken += has;
}

/* Of a file: when as much was put as the next picture lasts, or nothing more comes. False: that was all. */
static bool await_file(lp_video *v, int16_t *pairs) {
    int tick = tick_pairs(v);
    while (v->n_put - v->n_taken < tick && !v->ending) pthread_cond_wait(&v->changed, &v->lock);
    if (v->n_put == v->n_taken) return false;
    advance(v, v->n_taken);
    take_pairs(v, pairs, tick);
    return true;
}

/* Of a stream: when it is due. What was put too fast is left out, what was not put is the last picture and silence. */
static bool await_stream(lp_video *v, int16_t *pairs, double due_s) {
    int tick = tick_pairs(v);
    const double cushion_s = (double)CUSHION_PAIRS / LP_VIDEO_HZ;
    double wait_s = due_s - lp_now_s();
    pthread_mutex_unlock(&v->lock);
    if (wait_s > 0) nanosleep(&(struct timespec){(time_t)wait_s, (long)((wait_s - floor(wait_s)) * 1e9)}, NULL);
    pthread_mutex_lock(&v->lock);
    if (v->n_put - v->n_taken > MOST_PAIRS) v->n_taken = v->n_put - CUSHION_PAIRS;
    int64_t has = v->n_put - v->n_taken;
    if (!v->flowing) v->flowing = has >= CUSHION_PAIRS || (has > 0 && lp_now_s() - v->put_s > 2 * cushion_s);
    advance(v, v->n_taken + (has ? 0 : tick));
    take_pairs(v, pairs, v->flowing ? tick : 0);
    if (!v->flowing) memset(pairs, 0, 2 * sizeof *pairs * (size_t)tick);
    v->flowing &= has >= tick;
    return !v->ending;
}

static void lose(lp_video *v, const lp_err *why) {
    v->pause_s = v->pause_s > 0 ? fmin(2 * v->pause_s, LAST_PAUSE_S) : FIRST_PAUSE_S;
    v->again_s = lp_now_s() + v->pause_s;
    v->state.losses++;
    if (!v->stop) lp_warn("%s; trying again in %.0f s", why->message, v->pause_s);
}

/* Of the server: asks for it where it is time to. */
static void connect_again(lp_video *v) {
    lp_err err;
    lp_encoder *encoder;
    if (v->encoder || v->ending || lp_now_s() < v->again_s) return;
    pthread_mutex_unlock(&v->lock);
    lp_status status = lp_encoder_open(&encoder, &v->config, &v->stop, &err);
    pthread_mutex_lock(&v->lock);
    v->encoder = encoder;
    v->state.connected = !status;
    if (status) lose(v, &err);
    else if (v->state.losses) lp_warn("the stream goes on; %.0f s of it were missed", v->state.missed_s);
}

/* One picture and its sound; without the lock, as it may take its time. */
static void encode(lp_video *v, const int16_t *pairs) {
    lp_err err;
    const bool behind = !v->config.live && !v->config.whole && v->state.frames && v->n_put - v->n_taken > BEHIND_PAIRS;
    const uint32_t *pixels = v->slots[v->first % N_PICTURES].pixels;
    bool fresh = v->encoder && v->n_converted != v->first + 1 && !behind;
    if (fresh) v->n_converted = v->first + 1;
    pthread_mutex_unlock(&v->lock);
    if (fresh) lp_convert(v->converter, v->picture, pixels);
    lp_status status = v->encoder ? lp_encoder_write(v->encoder, behind ? NULL : v->picture, pairs, &err) : LP_OK;
    pthread_mutex_lock(&v->lock);
    if (v->encoder && !status) {
        v->state.frames += !behind;
        v->state.passed_over += behind;
        v->pause_s = 0;
    } else if (v->config.live) v->state.missed_s += 1.0 / v->config.fps;
    if (!status) return;
    v->state.connected = false;
    if (!v->config.live) {
        v->failed = status;
        v->why = err;
        lp_warn("%s: the video ends here", err.message);
        return;
    }
    (void)lp_encoder_close(v->encoder, false, NULL);
    v->encoder = NULL;
    lose(v, &err);
}

static void *run(void *context) {
    lp_video *v = context;
    int16_t pairs[2 * LP_VIDEO_HZ / 30];
    double start_s = lp_now_s(), tick_s = 1.0 / v->config.fps;
    int64_t k = 0;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread and of those that the encoder starts */
    pthread_mutex_lock(&v->lock);
    while (v->next == 0 && !v->ending) pthread_cond_wait(&v->changed, &v->lock);
    while (v->next > 0 && !v->failed) {
        if (v->config.live) connect_again(v);
        double late_s = lp_now_s() - (start_s + (double)k * tick_s);
        if (v->config.live && late_s > LATE_S) { /* connecting or sending took long */
            int64_t n = (int64_t)(late_s / tick_s);
            k += n;
            v->state.missed_s += (double)n * tick_s;
        }
        if (!(v->config.live ? await_stream(v, pairs, start_s + (double)k++ * tick_s) : await_file(v, pairs))) break;
        pthread_cond_broadcast(&v->changed);
        encode(v, pairs);
    }
    pthread_cond_broadcast(&v->changed);
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

/* ---- from open to close ---- */

lp_status lp_video_check(const lp_video_config *config, lp_err *err) { return lp_encoder_check(config, err); }

static void free_all(lp_video *v) {
    for (int i = 0; i < N_PICTURES; i++) free(v->slots[i].pixels);
    lp_picture_close(v->picture);
    lp_converter_close(v->converter);
    pthread_mutex_destroy(&v->lock);
    pthread_cond_destroy(&v->changed);
    free(v);
}

lp_status lp_video_open(lp_video **out, const lp_video_config *config, lp_err *err) {
    LP_CHECK(config->fps == 60 || config->fps == 30);
    *out = NULL;
    lp_status status = lp_encoder_check(config, err);
    if (status) return status;
    lp_video *v = calloc(1, sizeof *v);
    if (!v) return lp_fail(err, LP_FAILED, "%s: out of memory", config->target);
    v->config = *config;
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->changed, NULL);
    v->converter = lp_converter_open(config->width, config->height);
    v->picture = lp_picture_open(config->width, config->height);
    bool whole = v->converter && v->picture;
    for (int i = 0; i < N_PICTURES; i++) whole &= (v->slots[i].pixels = malloc(picture_bytes(v))) != NULL;
    status = whole ? LP_OK : lp_fail(err, LP_FAILED, "out of memory for a video of %dx%d", config->width, config->height);
    if (!status && !config->live) status = lp_encoder_open(&v->encoder, config, &v->stop, err);
    v->state.connected = !config->live;
    if (!status && pthread_create(&v->thread, NULL, run, v)) status = lp_fail(err, LP_FAILED, "no thread for a video");
    if (status) {
        if (v->encoder) (void)lp_encoder_close(v->encoder, false, NULL);
        free_all(v);
        return status;
    }
    *out = v;
    return LP_OK;
}

lp_video_state lp_video_look(lp_video *v) {
    pthread_mutex_lock(&v->lock);
    lp_video_state state = v->state;
    state.again_s = state.connected ? 0 : fmax(0, v->again_s - lp_now_s());
    pthread_mutex_unlock(&v->lock);
    return state;
}

lp_status lp_video_close(lp_video *v, lp_err *err) {
    if (!v) return LP_OK;
    pthread_mutex_lock(&v->lock);
    v->ending = true;
    if (v->config.live && !v->encoder) v->stop = true; /* no more waiting for the server */
    pthread_cond_broadcast(&v->changed);
    pthread_mutex_unlock(&v->lock);
    pthread_join(v->thread, NULL);
    lp_status status = v->failed;
    if (status) lp_fail(err, status, "%s", v->why.message);
    if (v->encoder) {
        lp_status closed = lp_encoder_close(v->encoder, !status, status ? NULL : err);
        if (!status && !v->config.live) status = closed;
    }
    if (v->state.passed_over && !status)
        lp_warn("%s: has %lld pictures of %lld, as the encoder could not follow", v->config.target, (long long)v->state.frames,
                (long long)(v->state.frames + v->state.passed_over));
    free_all(v);
    return status;
}
