/* Where what is watched goes besides the window: its pictures, in the look's size, and the console's sound, into a file and to a server; the
 * sound also to the loudspeaker.
 *
 * A file has every frame of the console's time once, whatever the speed; how an episode ended stands still in it for two seconds. Frames
 * that nobody is shown, as those of a reset, are not in it. A stream is what happens now; it has sound at speed 1.
 */
#ifndef LP_CLI_FILM_H
#define LP_CLI_FILM_H

#include "cli/cli.h"
#include "cli/relay.h"
#include "emulator/emulator.h"
#include "video/video.h"
#include "view/speaker.h"
#include "view/viewer.h"

typedef struct {
    const char *record, *stream; /* a file, a URL; NULL: none. Borrowed until close */
    int64_t fps, kbit_per_s;     /* 0: 60, and what suits */
    int64_t volume;              /* of the loudspeaker, percent */
    bool window;                 /* there is one, and so there is a loudspeaker */
    lp_relay *relay;             /* whose process has them; NULL: none */
} lp_film_options;

/* More options of a command that shows pictures. file: the name of the option that makes a file. */
#define LP_CLI_FILM(file, o)                                                                                                               \
    {.name = (file), .value = "FILE.mkv|FILE.mp4", .help = "make a video, with sound (a new file)", .text = &(o).record}, LP_CLI_RATE(o)

#define LP_CLI_RATE(o)                                                                                                                     \
    {.name = "fps", .value = "60|30", .help = "pictures a second of a video (60)", .number = &(o).fps, .min = 30, .max = 60}, {            \
        .name = "kbit", .value = "N", .help = "kbit/s of a video's pictures (a file: as many as it needs)", .number = &(o).kbit_per_s,     \
        .min = 100, .max = 100000                                                                                                          \
    }

/* And of one that plays. */
#define LP_CLI_STREAM(o)                                                                                                                   \
    { .name = "stream", .value = "URL", .help = "send it to a server, with sound: rtmp://, srt://, ...", .text = &(o).stream }

/* And of one that opens a window; volume is to be 100 before. */
#define LP_CLI_VOLUME(o)                                                                                                                   \
    { .name = "volume", .value = "N", .help = "of the window's sound, percent (100)", .number = &(o).volume, .min = 0, .max = 100 }

typedef struct {
    lp_emu *emu;         /* borrowed; NULL: no sound but what is given */
    lp_relay *relay;     /* borrowed; NULL: none */
    lp_painter *painter; /* owned; NULL: no film */
    lp_speaker *speaker; /* owned; opened when first needed */
    int volume;
    bool muted, has_speaker;
    lp_video *file, *stream;
    double stream_s;                   /* the stream was last put into */
    int16_t sound[2 * LP_SOUND_PAIRS]; /* of the present moment */
    int n_pairs;
} lp_film;

/* Before the work: can it be made, in painter's size? */
lp_status lp_film_check(const lp_film_options *options, const lp_painter *painter, lp_err *err);
/* film is zeroed storage; from here on emu's sound is the film's. whole: everything is in the file, however long that takes; else it must not
 * slow down who plays. Neither file nor stream asked for: nothing is due. */
lp_status lp_film_open(lp_film *film, const lp_film_options *options, const lp_look *look, lp_emu *emu, bool whole, lp_err *err);
/* A moment: what was heard since the last is taken. At speed 1 the loudspeaker has it, or whoever shows elsewhere. */
void lp_film_hear(lp_film *film, int speed);
/* The same where the machine is elsewhere: at most LP_SOUND_PAIRS. */
void lp_film_give(lp_film *film, const int16_t *pairs, int n_pairs, int speed);
/* Is sound of any use at speed 1? */
bool lp_film_listens(const lp_film *film);
/* key: louder, quieter, mute. Writes what is so now into out, in words. */
void lp_film_volume(lp_film *film, lp_keypress key, char *out, int size);
/* Does it want a picture of this moment? */
bool lp_film_due(const lp_film *film, int speed);
/* After lp_film_hear. pixels: as film->painter drew them; NULL: there was no time for it. n_frames: for how many frames of the console it stays, of which one was just run. */
void lp_film_put(lp_film *film, const uint32_t *pixels, double n_frames, int speed);
/* How it went; before close. Without a stream all is 0. */
lp_video_state lp_film_stream(const lp_film *film);
/* One line about the server, where there is something to say: false, there is not. */
bool lp_film_note(const lp_film *film, char *out, int size);
/* LP_FAILED: the file is not whole. */
lp_status lp_film_close(lp_film *film, lp_err *err);

#endif
