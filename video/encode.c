#include "video/encode.h"

#include "base/file.h"
#include "base/log.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_S 10.0 /* for a server */
enum { IO_BYTES = 64 << 10, LIVE_KBIT = 4500, SOUND_BIT = 160000, KEY_S = 2 };

struct lp_encoder {
    AVFormatContext *format;
    AVCodecContext *picture_codec, *sound_codec;
    AVStream *picture_stream, *sound_stream;
    AVPacket *packet;
    AVFrame *sound; /* as many pairs as the codec takes at once, n_sound of them filled */
    int n_sound;
    int64_t n_pictures, n_pairs; /* given to the codecs */
    int fd;                      /* of a file, else -1 */
    lp_err io;                   /* why it could not be written */
    const char *target;
    const atomic_bool *stop;
    double since_s; /* the present call began */
};

static lp_status av_fail(lp_err *err, const char *target, int error) {
    char why[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(error, why, sizeof why);
    return lp_fail(err, LP_FAILED, "%s: %s", target, why);
}

/* Where a URL leads: HOST:PORT of SCHEME://USER:PASSWORD@HOST:PORT/PATH?QUERY. NULL: it is no URL. */
static const char *server_of(const char *url, int *length) {
    const char *at = strstr(url, "://"), *sign;
    if (!at) return NULL;
    at += strlen("://");
    const char *end = at + strcspn(at, "/?#");
    while ((sign = memchr(at, '@', (size_t)(end - at)))) at = sign + 1;
    *length = (int)(end - at);
    return at;
}

/* Of a URL only where it leads: what follows is often a key, what is before it a password. */
static void name_target(char out[256], const lp_video_config *c) {
    int length = 0;
    const char *server = c->live ? server_of(c->target, &length) : NULL;
    if (server) snprintf(out, 256, "%.*s%.*s", (int)(strstr(c->target, "://") - c->target) + 3, c->target, length, server);
    else snprintf(out, 256, "%s", *c->target ? c->target : "''");
}

/* ---- what it is written as ---- */

static bool ends_in(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && !strcmp(text + n - m, end);
}

static bool starts_with(const char *text, const char *start) { return !strncmp(text, start, strlen(start)); }

static const char *format_of(const lp_video_config *c) {
    if (!c->live) return ends_in(c->target, ".mp4") ? "mp4" : ends_in(c->target, ".mkv") ? "matroska" : NULL;
    return starts_with(c->target, "rtmp") ? "flv" : starts_with(c->target, "rtsp") ? "rtsp" : "mpegts";
}

/* Can it be written to with this FFmpeg, and over a network? RTSP is a format there, which opens its own connections. */
static bool is_stream(const char *url) {
    void *position = NULL;
    const char *protocol = strstr(url, "://") ? avio_find_protocol_name(url) : NULL;
    if (starts_with(url, "rtsp://") || starts_with(url, "rtsps://")) return true;
    if (!protocol || !strcmp(protocol, "file") || !strcmp(protocol, "pipe")) return false;
    for (const char *name; (name = avio_enum_protocols(&position, 1));)
        if (!strcmp(name, protocol)) return true;
    return false;
}

/* What no server could be reached by, for as long as it is tried. */
static lp_status check_server(const char *url, const char *target, lp_err *err) {
    static const char *const has_no_port[] = {"srt://", "udp://", "tcp://", "rtp://"};
    int length = 0;
    const char *server = server_of(url, &length), *bracket = memchr(server, ']', (size_t)length);
    const char *host_end = bracket ? bracket + 1 : server, *port = memchr(host_end, ':', (size_t)(server + length - host_end));
    char *digits_end = NULL;
    const long number = port ? strtol(port + 1, &digits_end, 10) : 1;
    if (starts_with(url, "unix://")) return LP_OK;
    if (!length) return lp_fail(err, LP_BAD_INPUT, "%s: names no server", target);
    if (number < 1 || number > 65535 || (port && digits_end != server + length))
        return lp_fail(err, LP_BAD_INPUT, "%s: its port is no number from 1 to 65535", target);
    for (size_t i = 0; i < sizeof has_no_port / sizeof *has_no_port && !port; i++)
        if (starts_with(url, has_no_port[i])) return lp_fail(err, LP_BAD_INPUT, "%s: needs a port, as in %s:9000", target, target);
    return LP_OK;
}

lp_status lp_encoder_check(const lp_video_config *c, lp_err *err) {
    char target[256];
    struct stat st;
    name_target(target, c);
    if (c->width % 2 || c->height % 2) return lp_fail(err, LP_BAD_INPUT, "%dx%d: a video needs even sides", c->width, c->height);
    if (!avcodec_find_encoder(AV_CODEC_ID_H264) || !avcodec_find_encoder(AV_CODEC_ID_AAC))
        return lp_fail(err, LP_BAD_INPUT, "%s: these FFmpeg libraries have no encoder of H.264 and AAC", target);
    if (c->live && !is_stream(c->target))
        return lp_fail(err, LP_BAD_INPUT, "%s: no address to stream to: must be rtmp://, srt:// or another of FFmpeg's protocols", target);
    if (c->live) return check_server(c->target, target, err);
    if (!format_of(c)) return lp_fail(err, LP_BAD_INPUT, "%s: a video must end in .mkv or .mp4", target);
    if (!stat(c->target, &st) && st.st_size > 0)
        return lp_fail(err, LP_BAD_INPUT, "%s: there is something in it already; give the video another name", target);
    return lp_file_check_writable(c->target, NULL, err);
}

/* ---- where it is written to ---- */

static int write_bytes(void *context, uint8_t *data, int n) {
    lp_encoder *e = context;
    return lp_write_all(e->fd, data, (size_t)n, e->target, &e->io) ? AVERROR(EIO) : n;
}

static int64_t seek_bytes(void *context, int64_t offset, int whence) {
    lp_encoder *e = context;
    struct stat st;
    if (whence == AVSEEK_SIZE) return fstat(e->fd, &st) ? AVERROR(errno) : st.st_size;
    int64_t at = lseek(e->fd, offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : at;
}

static int is_over(void *context) {
    const lp_encoder *e = context;
    return *e->stop || lp_now_s() - e->since_s > PATIENCE_S;
}

static lp_status open_target(lp_encoder *e, const lp_video_config *c, lp_err *err) {
    char target[256];
    name_target(target, c);
    if (c->live) {
        int error = e->format->oformat->flags & AVFMT_NOFILE
                        ? 0
                        : avio_open2(&e->format->pb, c->target, AVIO_FLAG_WRITE, &e->format->interrupt_callback, NULL);
        return error < 0 ? av_fail(err, target, error) : LP_OK;
    }
    e->fd = open(c->target, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (e->fd < 0) return lp_fail(err, lp_errno_status(errno), "%s: cannot write: %s", target, strerror(errno));
    uint8_t *buffer = av_malloc(IO_BYTES);
    e->format->pb = buffer ? avio_alloc_context(buffer, IO_BYTES, 1, e, NULL, write_bytes, seek_bytes) : NULL;
    if (!e->format->pb) av_free(buffer);
    return e->format->pb ? LP_OK : lp_fail(err, LP_FAILED, "%s: out of memory", target);
}

static void close_target(lp_encoder *e) {
    if (e->fd < 0) {
        if (!(e->format->oformat->flags & AVFMT_NOFILE)) avio_closep(&e->format->pb);
        return;
    }
    if (e->format->pb) av_freep(&e->format->pb->buffer);
    avio_context_free(&e->format->pb);
    close(e->fd);
}

/* ---- opening ---- */

static AVStream *open_codec(lp_encoder *e, AVCodecContext **out, const char *name, enum AVCodecID id) {
    const AVCodec *codec = avcodec_find_encoder_by_name(name);
    if (!codec) codec = avcodec_find_encoder(id);
    *out = avcodec_alloc_context3(codec);
    if (*out && e->format->oformat->flags & AVFMT_GLOBALHEADER) (*out)->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    return *out ? avformat_new_stream(e->format, NULL) : NULL;
}

static int start_pictures(lp_encoder *e, const lp_video_config *c) {
    AVCodecContext *p = e->picture_codec;
    int64_t bit = 1000 * (int64_t)(c->kbit_per_s ? c->kbit_per_s : c->live ? LIVE_KBIT : 0);
    p->width = c->width;
    p->height = c->height;
    p->pix_fmt = AV_PIX_FMT_YUV420P;
    p->color_range = AVCOL_RANGE_MPEG;
    p->colorspace = AVCOL_SPC_BT709;
    p->color_primaries = AVCOL_PRI_BT709;
    p->color_trc = AVCOL_TRC_BT709;
    p->time_base = (AVRational){1, c->fps};
    p->framerate = (AVRational){c->fps, 1};
    p->gop_size = KEY_S * c->fps;
    p->max_b_frames = 0; /* pictures come as they go */
    if (bit) p->bit_rate = p->rc_max_rate = bit, p->rc_buffer_size = (int)bit;
    av_opt_set(p->priv_data, "preset", "veryfast", 0);
    if (!bit) av_opt_set(p->priv_data, "crf", "20", 0);
    int error = avcodec_open2(p, NULL, NULL);
    e->picture_stream->time_base = p->time_base;
    e->picture_stream->avg_frame_rate = p->framerate;
    return error < 0 ? error : avcodec_parameters_from_context(e->picture_stream->codecpar, p);
}

static int start_sound(lp_encoder *e) {
    AVCodecContext *s = e->sound_codec;
    s->sample_fmt = AV_SAMPLE_FMT_FLTP;
    s->sample_rate = LP_VIDEO_HZ;
    s->ch_layout = (AVChannelLayout)AV_CHANNEL_LAYOUT_STEREO;
    s->bit_rate = SOUND_BIT;
    s->time_base = e->sound_stream->time_base = (AVRational){1, LP_VIDEO_HZ};
    int error = avcodec_open2(s, NULL, NULL);
    if (error >= 0) error = avcodec_parameters_from_context(e->sound_stream->codecpar, s);
    e->sound->format = s->sample_fmt;
    e->sound->sample_rate = s->sample_rate;
    e->sound->nb_samples = s->frame_size;
    if (error >= 0) error = av_channel_layout_copy(&e->sound->ch_layout, &s->ch_layout);
    return error < 0 ? error : av_frame_get_buffer(e->sound, 0);
}

/* Files that are good up to where they are cut. */
static int write_header(lp_encoder *e) {
    AVDictionary *options = NULL;
    av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0);
    av_dict_set(&options, "cluster_time_limit", "1000", 0);
    int error = avformat_write_header(e->format, &options);
    av_dict_free(&options);
    return error;
}

lp_status lp_encoder_open(lp_encoder **out, const lp_video_config *c, const atomic_bool *stop, lp_err *err) {
    char target[256];
    name_target(target, c);
    lp_encoder *e = calloc(1, sizeof *e);
    *out = NULL;
    if (!e) return lp_fail(err, LP_FAILED, "%s: out of memory", target);
    av_log_set_level(AV_LOG_QUIET);
    *e = (lp_encoder){.fd = -1, .target = c->target, .stop = stop, .since_s = lp_now_s()};
    avformat_network_init();
    int error = avformat_alloc_output_context2(&e->format, NULL, format_of(c), c->target);
    if (error >= 0) {
        e->format->interrupt_callback = (AVIOInterruptCB){is_over, e};
        e->packet = av_packet_alloc();
        e->sound = av_frame_alloc();
        e->picture_stream = open_codec(e, &e->picture_codec, "libx264", AV_CODEC_ID_H264);
        e->sound_stream = open_codec(e, &e->sound_codec, "aac", AV_CODEC_ID_AAC);
        if (!e->packet || !e->sound || !e->picture_stream || !e->sound_stream) error = AVERROR(ENOMEM);
    }
    if (error >= 0) error = start_pictures(e, c);
    if (error >= 0) error = start_sound(e);
    lp_status status = error < 0 ? av_fail(err, target, error) : open_target(e, c, err);
    if (!status && (error = write_header(e)) < 0) status = av_fail(err, target, error);
    if (status) lp_encoder_close(e, false, NULL);
    else *out = e;
    return status;
}

/* ---- writing ---- */

static int drain(lp_encoder *e, AVCodecContext *codec, AVStream *stream) {
    int error;
    while ((error = avcodec_receive_packet(codec, e->packet)) >= 0) {
        av_packet_rescale_ts(e->packet, codec->time_base, stream->time_base);
        e->packet->stream_index = stream->index;
        if (!e->packet->duration && codec == e->picture_codec) e->packet->duration = av_rescale_q(1, codec->time_base, stream->time_base);
        error = av_interleaved_write_frame(e->format, e->packet);
        if (error >= 0 && e->format->pb) error = e->format->pb->error;
        if (error < 0) return error;
    }
    return error == AVERROR(EAGAIN) || error == AVERROR_EOF ? 0 : error;
}

static int encode(lp_encoder *e, AVCodecContext *codec, AVStream *stream, const AVFrame *frame) {
    int error = avcodec_send_frame(codec, frame);
    return error < 0 ? error : drain(e, codec, stream);
}

static int flush_sound(lp_encoder *e) {
    int n = e->n_sound;
    if (!n) return 0;
    e->sound->pts = e->n_pairs;
    e->sound->nb_samples = n;
    e->n_pairs += n;
    e->n_sound = 0;
    int error = encode(e, e->sound_codec, e->sound_stream, e->sound);
    return error < 0 ? error : av_frame_make_writable(e->sound);
}

static lp_status fail(const lp_encoder *e, int error, const lp_video_config *c, lp_err *err) {
    char target[256];
    if (e->io.message[0]) return lp_fail(err, LP_FAILED, "%s", e->io.message);
    name_target(target, c);
    return av_fail(err, target, error);
}

lp_status lp_encoder_write(lp_encoder *e, const lp_picture *picture, const int16_t *pairs, lp_err *err) {
    int n = LP_VIDEO_HZ / e->picture_codec->framerate.num, error = 0;
    const lp_video_config named = {.target = e->target, .live = e->fd < 0};
    e->since_s = lp_now_s();
    AVFrame *frame = picture ? av_frame_clone(picture) : NULL;
    if (picture && !frame) return lp_fail(err, LP_FAILED, "out of memory");
    if (frame) {
        frame->pts = e->n_pictures;
        error = encode(e, e->picture_codec, e->picture_stream, frame);
        av_frame_free(&frame);
    }
    e->n_pictures++;
    for (int i = 0; i < n && error >= 0; i++) {
        for (int side = 0; side < 2; side++) ((float *)e->sound->data[side])[e->n_sound] = (float)pairs[2 * i + side] / 32768;
        if (++e->n_sound == e->sound_codec->frame_size) error = flush_sound(e);
    }
    return error < 0 ? fail(e, error, &named, err) : LP_OK;
}

lp_status lp_encoder_close(lp_encoder *e, bool finish, lp_err *err) {
    int error = 0;
    lp_status status = LP_OK;
    const lp_video_config named = {.target = e->target, .live = e->fd < 0};
    e->since_s = lp_now_s();
    if (finish) {
        error = flush_sound(e);
        if (error >= 0) error = encode(e, e->picture_codec, e->picture_stream, NULL);
        if (error >= 0) error = encode(e, e->sound_codec, e->sound_stream, NULL);
        if (error >= 0) error = av_write_trailer(e->format);
        if (error >= 0 && e->format->pb) avio_flush(e->format->pb), error = e->format->pb->error;
        if (error < 0) status = fail(e, error, &named, err);
    }
    avcodec_free_context(&e->picture_codec);
    avcodec_free_context(&e->sound_codec);
    av_packet_free(&e->packet);
    av_frame_free(&e->sound);
    if (e->format) close_target(e);
    avformat_free_context(e->format);
    free(e);
    return status;
}

/* ---- pictures ---- */

lp_picture *lp_picture_open(int width, int height) {
    AVFrame *p = av_frame_alloc();
    if (!p) return NULL;
    p->width = width;
    p->height = height;
    p->format = AV_PIX_FMT_YUV420P;
    p->color_range = AVCOL_RANGE_MPEG;
    p->colorspace = AVCOL_SPC_BT709;
    if (av_frame_get_buffer(p, 0) < 0) av_frame_free(&p);
    return p;
}

void lp_picture_close(lp_picture *p) { av_frame_free(&p); }

lp_converter *lp_converter_open(int width, int height) {
    struct SwsContext *c = sws_getContext(width, height, AV_PIX_FMT_BGRA, width, height, AV_PIX_FMT_YUV420P, SWS_POINT, NULL, NULL, NULL);
    const int *table = sws_getCoefficients(SWS_CS_ITU709);
    if (c) sws_setColorspaceDetails(c, table, 1, table, 0, 0, 1 << 16, 1 << 16);
    return c;
}

void lp_converter_close(lp_converter *c) { sws_freeContext(c); }

void lp_convert(lp_converter *c, lp_picture *out, const uint32_t *pixels) {
    const uint8_t *rows[1] = {(const uint8_t *)pixels};
    const int stride[1] = {out->width * 4};
    if (av_frame_make_writable(out) < 0) return; /* an encoder holds on to it, and there is no memory for another */
    sws_scale(c, rows, stride, 0, out->height, out->data, out->linesize);
}
