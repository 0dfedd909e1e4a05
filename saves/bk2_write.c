/* Writing a .bk2. The movie is walked twice: once to count and to write Longplay.txt, which is small, and once while the archive
 * is made, which asks for the frames as it compresses them. The archive is put together in memory and written in one step. */
#include "saves/bk2_format.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "[Longplay]\r\n"
#define LAST_LINE "[/Input]\r\n"
enum { MAX_FRAME_LINE = 64, DOS_DAY_ONE = 0x21 /* 1980-01-01 */ };

/* How a console's frame looks in BizHawk: what its columns are, and which keys they are. */
typedef struct {
    const char *system, *retro, *core, *key, *sensors;
    int n_keys;
    uint8_t bits[BK2_N_KEYS];
    char letters[BK2_N_KEYS + 1];
} layout;

static const layout layouts[] = {
    {"GB", "GameBoy", "Gambatte", "Up|Down|Left|Right|Start|Select|B|A|Power|", "", 8, {6, 7, 5, 4, 3, 2, 1, 0}, "UDLRSsBA"},
    {"GBC", "GbColor", "Gambatte", "Up|Down|Left|Right|Start|Select|B|A|Power|", "", 8, {6, 7, 5, 4, 3, 2, 1, 0}, "UDLRSsBA"},
    {"GBA",
     "GbAdvance",
     "mGBA",
     "Tilt X|Tilt Y|Tilt Z|Light Sensor|Up|Down|Left|Right|Start|Select|B|A|L|R|Power|",
     "    0,    0,    0,    0,",
     10,
     {6, 7, 5, 4, 3, 2, 1, 0, 9, 8},
     "UDLRSsBAlr"},
};

/* The movie, up to its last decision. */
typedef struct {
    lp_movie *movie;
    uint64_t n_decisions; /* where to stop */
    bool power;           /* a reset came since the last frame */
    uint64_t frame;       /* completed */
    lp_bk2_totals totals;
    const char *path;
} walk;

typedef struct {
    char *data;
    size_t used, room;
    bool failed; /* out of memory */
} text;

/* What the archive reads the frames from. */
typedef struct {
    walk walk;
    const layout *layout;
    const char *movie_path;
    uint64_t size; /* of the whole text */
    char part[128 + MAX_FRAME_LINE];
    size_t at, length;
    char line[MAX_FRAME_LINE]; /* of the frames that are going on; repeats: so many more of them */
    size_t line_length;
    uint64_t repeats;
    bool begun, done;
    lp_err err;
    zip_error_t zip_error;
} frames;

__attribute__((format(printf, 2, 3))) static void add(text *t, const char *format, ...) {
    va_list list;
    if (t->room - t->used < 256) {
        size_t room = 2 * t->room + 4096;
        char *larger = realloc(t->data, room);
        if (!larger) t->failed = true;
        if (!larger) return;
        t->data = larger;
        t->room = room;
    }
    va_start(list, format);
    int n = vsnprintf(t->data + t->used, 256, format, list);
    va_end(list);
    t->used += n < 256 ? (size_t)n : 255;
}

/* ---- walking ---- */

/* The next operation that a .bk2 can show; *end also where the movie has come to its last decision. */
static lp_status next_op(walk *w, lp_movie_op *op, bool *end, lp_err *err) {
    lp_err inner;
    for (*end = false;;) {
        lp_status status = lp_movie_next(w->movie, op, end, &inner);
        bool complete = w->totals.n_decisions == w->n_decisions;
        if (complete && (status || *end || op->kind != LP_MOVIE_HASH)) return *end = true, LP_OK;
        if (status) return lp_fail(err, status, "%s", inner.message);
        if (*end)
            return lp_fail(err, LP_BAD_INPUT, "%s: ends at decision %" PRIu64 ", the run has %" PRIu64, w->path, w->totals.n_decisions,
                           w->n_decisions);
        if (op->kind == LP_MOVIE_STATE) continue;
        if (op->kind != LP_MOVIE_RESET && !w->totals.n_episodes)
            return lp_fail(err, LP_BAD_INPUT, "%s: does not begin with a power-on", w->path);
        w->totals.n_episodes += op->kind == LP_MOVIE_RESET;
        w->totals.n_decisions += op->kind == LP_MOVIE_DECISION;
        return LP_OK;
    }
}

static bool has_frames(const lp_movie_op *op) { return op->kind == LP_MOVIE_KEYS || op->kind == LP_MOVIE_DECISION; }

/* The events of the whole movie; *w is then at its end. */
static lp_status write_events(walk *w, text *out, const lp_bk2_export *e, lp_err *err) {
    const lp_movie_header *h = lp_movie_info(w->movie);
    lp_movie_op op;
    bool end = false, hashed = false;
    add(out, "longplay 1\ncore %.31s\nmodel %s\nrom %016" PRIx64 "\nseed %" PRIu64 "\nframe_skip %u\n[events]\n", h->core_version, e->model,
        h->rom_hash, h->seed, h->frame_skip);
    for (;;) {
        lp_status status = next_op(w, &op, &end, err);
        if (status) return status;
        if (end) break;
        if (op.kind == LP_MOVIE_RESET && w->frame) add(out, "%" PRIu64 " power\n", w->frame);
        if (op.kind == LP_MOVIE_POKE) add(out, "%" PRIu64 " poke %" PRIx32 " %02x\n", w->frame, op.address, op.value);
        if (op.kind == LP_MOVIE_HASH) add(out, "%" PRIu64 " hash %016" PRIx64 "\n", w->frame, op.hash), w->totals.n_hashes++;
        if (op.kind == LP_MOVIE_KEYS && op.n_frames) add(out, "%" PRIu64 " boot %" PRIu32 "\n", w->frame, op.n_frames);
        hashed = op.kind == LP_MOVIE_HASH && w->totals.n_decisions == w->n_decisions;
        if (has_frames(&op)) w->frame += op.n_frames;
        if (w->frame > LP_BK2_MAX_FRAMES || out->used > BK2_MAX_EVENTS_BYTES)
            return lp_fail(err, LP_BAD_INPUT, "%s: too long for a .bk2, which has at most %d frames", w->path, LP_BK2_MAX_FRAMES);
    }
    if (!hashed) add(out, "%" PRIu64 " hash %016" PRIx64 "\n", w->frame, e->final_hash), w->totals.n_hashes++;
    w->totals.n_frames = w->frame;
    return out->failed ? lp_fail(err, LP_FAILED, "%s: out of memory for its events", w->path) : LP_OK;
}

/* ---- frames, as the archive asks for them ---- */

static size_t frame_line(const layout *l, uint16_t keys, bool power, char out[MAX_FRAME_LINE]) {
    int n = snprintf(out, MAX_FRAME_LINE, "||%s", l->sensors);
    for (int i = 0; i < l->n_keys; i++) out[n++] = keys >> l->bits[i] & 1 ? l->letters[i] : '.';
    return (size_t)(n + snprintf(out + n, (size_t)(MAX_FRAME_LINE - n), "%c|\r\n", power ? 'P' : '.'));
}

/* Fills f->part. Nothing in it: the end. */
static lp_status next_part(frames *f) {
    walk *w = &f->walk;
    lp_movie_op op;
    bool end = false;
    f->at = f->length = 0;
    if (!f->begun) {
        f->begun = true;
        f->length = (size_t)snprintf(f->part, sizeof f->part, FIRST_LINE "[Input]\r\nLogKey:#%s\r\n", f->layout->key);
        return LP_OK;
    }
    while (!f->repeats && !f->done) {
        lp_status status = next_op(w, &op, &end, &f->err);
        if (status) return status;
        if (end) {
            f->done = true;
            f->length = (size_t)snprintf(f->part, sizeof f->part, LAST_LINE);
            return LP_OK;
        }
        w->power |= op.kind == LP_MOVIE_RESET && w->frame;
        if (!has_frames(&op) || !op.n_frames) continue;
        f->repeats = op.n_frames;
        w->frame += op.n_frames;
        f->line_length = frame_line(f->layout, op.keys, w->power, f->line);
    }
    if (f->done) return LP_OK;
    memcpy(f->part, f->line, f->length = f->line_length);
    f->repeats--;
    if (w->power) f->line[f->line_length - 4] = '.'; /* one frame has the power button */
    w->power = false;
    return LP_OK;
}

static zip_int64_t read_frames(frames *f, char *out, zip_uint64_t size) {
    zip_uint64_t got = 0;
    while (got < size) {
        if (f->at == f->length && next_part(f)) {
            zip_error_set(&f->zip_error, ZIP_ER_READ, 0);
            return -1;
        }
        if (f->at == f->length) break;
        size_t n = f->length - f->at;
        if (n > size - got) n = (size_t)(size - got);
        memcpy(out + got, f->part + f->at, n);
        f->at += n;
        got += n;
    }
    return (zip_int64_t)got;
}

static void close_frames(frames *f) {
    lp_movie_read_close(f->walk.movie);
    f->walk.movie = NULL;
}

static zip_int64_t frames_source(void *context, void *data, zip_uint64_t size, zip_source_cmd_t command) {
    frames *f = context;
    zip_stat_t *st = data;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        close_frames(f);
        f->walk = (walk){.n_decisions = f->walk.n_decisions, .path = f->movie_path};
        f->begun = f->done = false;
        f->at = f->length = 0, f->repeats = 0;
        if (!lp_movie_open(&f->walk.movie, f->movie_path, &f->err)) return 0;
        zip_error_set(&f->zip_error, ZIP_ER_OPEN, 0);
        return -1;
    case ZIP_SOURCE_READ: return read_frames(f, data, size);
    case ZIP_SOURCE_CLOSE: return close_frames(f), 0;
    case ZIP_SOURCE_STAT:
        zip_stat_init(st);
        st->size = f->size;
        st->valid = ZIP_STAT_SIZE;
        return sizeof *st;
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&f->zip_error, data, size);
    case ZIP_SOURCE_FREE: return 0; /* ours */
    case ZIP_SOURCE_SUPPORTS: return ZIP_SOURCE_SUPPORTS_READABLE;
    default: return zip_error_set(&f->zip_error, ZIP_ER_OPNOTSUPP, 0), -1;
    }
}

/* ---- the archive ---- */

static bool add_file(zip_t *zip, const char *name, zip_source_t *source) {
    if (!source) return false;
    zip_int64_t i = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (i < 0) zip_source_free(source);
    return i >= 0 && !zip_file_set_dostime(zip, (zip_uint64_t)i, 0, DOS_DAY_ONE, 0);
}

static bool add_text(zip_t *zip, const char *name, const char *data, size_t size) {
    return add_file(zip, name, zip_source_buffer(zip, data, size, 0));
}

static const layout *find_layout(const char *system) {
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (!strcmp(system, layouts[i].system)) return &layouts[i];
    return NULL;
}

static void write_header(text *out, const lp_bk2_export *e, const layout *l) {
    char game[128];
    snprintf(game, sizeof game, "%s", e->game);
    for (char *c = game; *c; c++)
        if ((unsigned char)*c < 32) *c = '?';
    add(out, "MovieVersion BizHawk v2.0.0\r\nAuthor Longplay\r\nemuVersion Longplay " LP_VERSION
             "\r\nOriginalEmuVersion Longplay " LP_VERSION "\r\n");
    bool color = strcmp(l->system, "GBA") && (!strcmp(e->model, "cgb") || !strcmp(e->model, "agb"));
    const char *platform = !strcmp(e->model, "sgb") ? "SGB" : l->system;
    add(out, "Platform %s\r\nPlatform=%s\r\nGameName %s\r\nSHA1 %.40s\r\nCore %s\r\n", platform, l->retro, game, e->sha1, l->core);
    if (color) add(out, "%s 1\r\n", !strcmp(l->system, "GBC") ? "IsCGBMode" : "IsCGBDMGMode");
    add(out, "rerecordCount 0\r\nStartsFromSavestate False\r\nStartsFromSaveRam False\r\nLongplay 1\r\n");
}

/* The console, as BizHawk's cores want to be told. */
static void write_sync_settings(text *out, const lp_bk2_export *e, const layout *l) {
    static const char *const modes[][2] = {{"dmg", "GB"}, {"sgb", "SGB2"}, {"cgb", "GBC"}, {"agb", "GBA"}};
    const char *mode = "Auto";
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(e->model, modes[i][0])) mode = modes[i][1];
    add(out, "{\"o\":{\"$type\":\"BizHawk.Emulation.Cores.Nintendo.");
    if (!strcmp(l->system, "GBA")) add(out, "GBA.MGBAHawk+SyncSettings, BizHawk.Emulation.Cores\",\"SkipBios\":true}}\r\n");
    else add(out, "Gameboy.Gameboy+GambatteSyncSettings, BizHawk.Emulation.Cores\",\"ConsoleMode\":\"%s\"}}\r\n", mode);
}

static bool fill_archive(zip_t *zip, frames *f, const text *header, const text *sync, const text *events) {
    static const char comments[] =
        "comment Exported by Longplay. Longplay.txt holds what other emulators have no place for: pokes and machine hashes.\r\n";
    return add_text(zip, "Header.txt", header->data, header->used) &&
           add_file(zip, "Input Log.txt", zip_source_function(zip, frames_source, f)) &&
           add_text(zip, "SyncSettings.json", sync->data, sync->used) && add_text(zip, "Comments.txt", comments, sizeof comments - 1) &&
           add_text(zip, "Subtitles.txt", "", 0) && add_text(zip, "Core.bin", "", 0) &&
           add_text(zip, "Longplay.txt", events->data, events->used);
}

/* The archive's bytes out of the source that it was made in, and from there into the file. */
static lp_status write_out(zip_source_t *source, const char *path, lp_err *err) {
    zip_stat_t st;
    lp_status status = LP_OK;
    char *data = NULL;
    if (zip_source_stat(source, &st) || !(st.valid & ZIP_STAT_SIZE) || !(data = malloc(st.size + 1)) || zip_source_open(source))
        status = lp_fail(err, LP_FAILED, "%s: out of memory for the archive", path);
    else if (zip_source_read(source, data, st.size) != (zip_int64_t)st.size || zip_source_close(source))
        status = lp_fail(err, LP_FAILED, "%s: the archive cannot be read back", path);
    else if (st.size > LP_BK2_MAX_FILE_BYTES)
        status = lp_fail(err, LP_BAD_INPUT, "%s: would have %" PRIu64 " bytes, at most %d are read back", path, (uint64_t)st.size,
                         LP_BK2_MAX_FILE_BYTES);
    else status = lp_file_write_atomic(path, data, st.size, err);
    free(data);
    return status;
}

/* What libzip says; without memory that may be "No error". */
static const char *reason(zip_error_t *why) {
    int code = zip_error_code_zip(why);
    return code == ZIP_ER_OK || code == ZIP_ER_MEMORY ? "out of memory" : zip_error_strerror(why);
}

static lp_status write_archive(const char *path, frames *f, const text *header, const text *sync, const text *events, lp_err *err) {
    zip_error_t why;
    zip_error_init(&why);
    lp_status status = LP_OK;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &why);
    if (source) zip_source_keep(source); /* zip_close gives one reference back */
    zip_t *zip = source ? zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &why) : NULL;
    if (!zip) {
        status = lp_fail(err, LP_FAILED, "%s: %s", path, reason(&why));
        zip_source_free(source);
    } else if (!fill_archive(zip, f, header, sync, events) || zip_close(zip)) {
        status = lp_fail(err, LP_FAILED, "%s: %s", path, *f->err.message ? f->err.message : reason(zip_get_error(zip)));
        zip_discard(zip);
    } else {
        status = write_out(source, path, err);
    }
    zip_source_free(source);
    zip_error_fini(&why);
    return status;
}

lp_status lp_bk2_write(const char *path, const char *movie_path, const lp_bk2_export *e, lp_bk2_totals *totals, lp_err *err) {
    char line[MAX_FRAME_LINE];
    const layout *l = find_layout(e->system);
    text header = {0}, sync = {0}, events = {0};
    walk w = {.n_decisions = e->n_decisions, .path = movie_path};
    *totals = (lp_bk2_totals){0};
    if (!l) return lp_fail(err, LP_BAD_INPUT, "%s: a .bk2 cannot be of the console '%s'", path, e->system);
    if (!e->n_decisions) return lp_fail(err, LP_BAD_INPUT, "%s: nothing was played yet", movie_path);
    frames *f = calloc(1, sizeof *f);
    if (!f) return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    lp_status status = lp_movie_open(&w.movie, movie_path, err);
    if (!status) status = write_events(&w, &events, e, err);
    write_header(&header, e, l);
    write_sync_settings(&sync, e, l);
    if (!status && (header.failed || sync.failed)) status = lp_fail(err, LP_FAILED, "%s: out of memory", path);
    if (!status) {
        uint64_t around = (uint64_t)snprintf(NULL, 0, FIRST_LINE "[Input]\r\nLogKey:#%s\r\n" LAST_LINE, l->key);
        *f = (frames){.layout = l,
                      .movie_path = movie_path,
                      .walk.n_decisions = e->n_decisions,
                      .size = around + w.frame * frame_line(l, 0, false, line)};
        zip_error_init(&f->zip_error);
        status = write_archive(path, f, &header, &sync, &events, err);
        *totals = w.totals;
        close_frames(f);
        zip_error_fini(&f->zip_error);
    }
    lp_movie_read_close(w.movie);
    free(f);
    free(header.data);
    free(sync.data);
    free(events.data);
    return status;
}
