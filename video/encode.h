/* Inside the video folder: one output of FFmpeg's, from its first byte to its last. Nobody else includes this. */
#ifndef LP_VIDEO_ENCODE_H
#define LP_VIDEO_ENCODE_H

#include "video/video.h"

#include <stdatomic.h>

typedef struct lp_encoder lp_encoder;
typedef struct AVFrame lp_picture; /* as encoders take them: YUV 4:2:0, BT.709 */

lp_status lp_encoder_check(const lp_video_config *config, lp_err *err);
/* Blocks until the server answers, at most 10 s, or *stop becomes true; so does write. */
lp_status lp_encoder_open(lp_encoder **out, const lp_video_config *config, const atomic_bool *stop, lp_err *err);
/* The next picture, and the pairs that are heard with it: LP_VIDEO_HZ / fps. picture NULL: in a file the one before stays for as long. */
lp_status lp_encoder_write(lp_encoder *encoder, const lp_picture *picture, const int16_t *pairs, lp_err *err);
/* finish: what is still inside is written, and the file's end. */
lp_status lp_encoder_close(lp_encoder *encoder, bool finish, lp_err *err);

lp_picture *lp_picture_open(int width, int height); /* NULL: out of memory */
void lp_picture_close(lp_picture *picture);
typedef struct SwsContext lp_converter;
lp_converter *lp_converter_open(int width, int height); /* NULL: out of memory */
void lp_converter_close(lp_converter *converter);
void lp_convert(lp_converter *converter, lp_picture *out, const uint32_t *pixels);

#endif
