/* What stands in for video.c and encode.c where Longplay is built without FFmpeg's libraries (-DLP_VIDEO=OFF): a video is refused. */
#include "video/video.h"

#include "base/contract.h"

#include <stddef.h>

lp_status lp_video_check(const lp_video_config *config, lp_err *err) {
    (void)config;
    return lp_fail(err, LP_BAD_INPUT,
                   "this longplay was built without FFmpeg's libraries (LP_VIDEO=OFF): it makes no videos and no streams");
}

lp_status lp_video_open(lp_video **out, const lp_video_config *config, lp_err *err) {
    *out = NULL;
    return lp_video_check(config, err);
}

void lp_video_put(lp_video *video, const uint32_t *pixels, const int16_t *pairs, int n_pairs) {
    (void)pixels, (void)pairs, (void)n_pairs;
    LP_CHECK(video); /* none can be had */
}

lp_video_state lp_video_look(lp_video *video) {
    LP_CHECK(video);
    return (lp_video_state){0};
}

lp_status lp_video_close(lp_video *video, lp_err *err) {
    (void)err;
    LP_CHECK(!video);
    return LP_OK;
}
