/* Pictures and sound into a file or to a server, with a steady 60 or 30 pictures a second, by FFmpeg's libraries.
 *
 *     lp_video_open(&video, &(lp_video_config){.target = "play.mkv", .width = 1280, .height = 720}, &err);
 *     while (...) lp_video_put(video, pixels, sound, n_pairs);    // a picture, and what is heard while it is seen
 *     lp_video_close(video, &err);
 *
 * Sound is the clock: a picture stays until as many pairs have passed as were put with it. A thread of its own encodes.
 *
 * A file has all that was put, and nothing else; but where put does not wait for the encoder (whole) and that comes to be more than a second
 * behind, the picture before stays, and sound alone goes on. A stream is live: it passes at the pace of real time, its last picture goes on while
 * nothing is put, and what is put too fast is left out. A server that cannot be reached or goes away is tried again after 1, 2, 4 ... 60
 * seconds; what it missed is counted. A file that cannot be written any more ends there.
 *
 * One thread may put; any may look.
 */
#ifndef LP_VIDEO_VIDEO_H
#define LP_VIDEO_VIDEO_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { LP_VIDEO_HZ = 48000 }; /* stereo pairs a second */

typedef struct {
    const char *target; /* FILE.mkv, FILE.mp4, or a URL: rtmp://, srt://, ... Borrowed until close */
    int width, height;  /* even */
    int fps;            /* 60 or 30 */
    int kbit_per_s;     /* of the pictures; 0: a file as good as it needs to be, a stream 4500 */
    bool live;          /* target is a URL */
    bool whole;         /* put waits for the encoder. Else a picture that finds it busy is left out: for who must keep pace */
} lp_video_config;

typedef struct {
    int64_t frames;      /* encoded */
    int64_t left_out;    /* pictures put and never encoded as the encoder was busy */
    int64_t passed_over; /* moments of a file at which the picture before stays, as the encoder was far behind */
    double missed_s;     /* what the server did not get */
    int losses;          /* times that the server was lost, or not there */
    bool connected;      /* or a file that can be written */
    double again_s;      /* until it is tried again */
} lp_video_state;

typedef struct lp_video lp_video;

/* Before the work: can this be opened? LP_BAD_INPUT: not; a file that has something in it is not written over. Nothing is made. */
lp_status lp_video_check(const lp_video_config *config, lp_err *err);
/* Of a stream the server is tried later, by the thread. */
lp_status lp_video_open(lp_video **out, const lp_video_config *config, lp_err *err);
/* pixels: height rows of width, 0x..RRGGBB; copied; NULL: the picture stays. pairs: left, right, ...; NULL: silence. */
void lp_video_put(lp_video *video, const uint32_t *pixels, const int16_t *pairs, int n_pairs);
lp_video_state lp_video_look(lp_video *video);
/* What was put is encoded to its end. LP_FAILED: the file is not whole; it is good up to where that happened. NULL is fine. */
lp_status lp_video_close(lp_video *video, lp_err *err);

#endif
