/* The format of .bk2 files, shared by reader and writer, and texts in zip archives.
 *
 * A zip archive; of its files these matter (names in any case, and with or without their endings):
 *     Header.txt     lines "Key Value": Platform, IsCGBMode, IsCGBDMGMode (see bk2_console.c), SHA1 (of the ROM; also an MD5 or a CRC-32), GameName, Author, emuVersion, Core, StartsFromSavestate, StartsFromSaveRam, ...
 *     Input Log.txt  a line "LogKey:#Up|Down|...|" that names the columns, and a line a frame. A line is "|", then a
 *                    character a button ("." not pressed) or, for a sensor, a number and a comma; "|" may stand anywhere
 *                    between columns. Other lines mean nothing.
 *     SyncSettings.json   ConsoleMode (see bk2_console.c)
 *     Core.bin, CoreText.txt, MovieSaveRam.bin   where the movie starts, if not at power-on
 * stable-retro's own: the key lacks "LogKey:" and the two columns (reset and power) that its frames begin with.
 *
 * Ours is read by both. BizHawk skips "|", so that a line may begin with the empty group that stable-retro expects; it skips
 * the line "Platform=GameBoy", in which stable-retro finds its own name of the console; and an empty Core.bin, without
 * which stable-retro reads nothing, is not a state to it. stable-retro looks for player numbers in a second line after a
 * first line "[Input]" and fails on a log key, so our first line is another.
 *
 * Longplay.txt, in a movie whose header has "Longplay 1":
 *     "longplay 1", "core NAME", "model dmg|sgb|cgb|agb" (not in older ones), "rom HASH" (XXH3), "seed N", "frame_skip N", "[events]", and then, in the order in which they
 *     happen, a line each that begins with the frames completed before it:
 *         FRAME power                  the power button, which Input Log.txt has in that frame too; not at frame 0, where all begins
 *         FRAME poke ADDRESS VALUE     both hexadecimal
 *         FRAME boot N                 the next N frames are boot keys, not decisions
 *         FRAME hash HASH              of the machine */
#ifndef LP_SAVES_BK2_FORMAT_H
#define LP_SAVES_BK2_FORMAT_H

#include "saves/bk2.h"

#include "base/file.h"

#include <zip.h>

enum { BK2_MAX_ENTRIES = 64, BK2_MAX_LINE = 1023, BK2_MAX_ODD_LINES = 64, BK2_N_KEYS = 10 };
#define BK2_MAX_HEADER_BYTES ((uint64_t)1 << 16)
#define BK2_MAX_LOG_BYTES ((uint64_t)48 * LP_BK2_MAX_FRAMES)
#define BK2_MAX_EVENTS_BYTES ((uint64_t)1 << 30)

/* An archive in memory. */
typedef struct {
    const char *path; /* borrowed */
    lp_blob file;
    zip_t *zip;
} bk2_zip;

/* LP_BAD_INPUT: no zip archive, too large, more than BK2_MAX_ENTRIES files, zip64. Closed after a failure. */
lp_status bk2_zip_open(bk2_zip *z, const char *path, lp_err *err);
void bk2_zip_close(bk2_zip *z);
/* The file's index, or -1; stem as in "Input Log", endings as in ".txt|.txt.zst", which the name may have. LP_BAD_INPUT: two of them. */
lp_status bk2_zip_find(const bk2_zip *z, const char *stem, const char *endings, int64_t *index, lp_err *err);
/* What it claims to decompress to. */
uint64_t bk2_zip_size(const bk2_zip *z, int64_t index);

/* A text of the archive, line by line: needs no more than this. */
typedef struct {
    const bk2_zip *z;
    const char *name;
    zip_file_t *file;
    uint64_t claimed, got; /* bytes */
    uint64_t n_lines;      /* given out */
    size_t at, end;        /* of what buffer holds */
    char buffer[65536 + 1];
} bk2_text;

lp_status bk2_text_open(bk2_text *t, const bk2_zip *z, int64_t index, const char *name, uint64_t max_bytes, lp_err *err);
void bk2_text_close(bk2_text *t);
/* The next line without its end, valid until the next call; *line NULL at the text's end, once its checksum was found right.
 * LP_BAD_INPUT: damaged, longer than it claims, a line longer than BK2_MAX_LINE or with a zero in it. */
lp_status bk2_text_line(bk2_text *t, char **line, lp_err *err);
/* All that is left of a text that may have at most 64 KiB, until the next call. LP_BAD_INPUT: damaged. */
lp_status bk2_text_all(bk2_text *t, char **text, lp_err *err);
/* "FILE: NAME: line N: message". */
lp_status bk2_text_bad(const bk2_text *t, lp_err *err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What a movie says of its console: "WHAT VALUE". Of more than LP_BK2_MAX_CLAIMS the last are dropped. */
void bk2_claim(lp_bk2_info *info, unsigned consoles, bool sure, const char *what, const char *value);
/* Takes the header's Platform; false: it is none of ours. */
bool bk2_platform(lp_bk2_info *info, const char *platform);
/* Takes ConsoleMode from SyncSettings.json, where there is one; t is to be used. After the header. */
lp_status bk2_console_settings(lp_bk2_info *info, bk2_text *t, const bk2_zip *z, lp_err *err);

#endif
