/* Reading a .bk2: its two texts, frames and events, are read side by side and become a movie's operations. Opening goes
 * through all of it once, so that whoever plays it meets no surprise half way. */
#include "saves/bk2_format.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_COLUMNS = 24, POWER = -1, SENSOR = -2, ALL_FACTS = 15 };
enum { FULL_FRAME = 35112 }; /* Gambatte's length of a frame */

typedef struct {
    int what; /* a key's bit, POWER, or SENSOR */
    char name[24];
} column;

typedef struct {
    lp_movie_op op; /* LP_MOVIE_RESET, POKE, HASH, or KEYS for boot */
    uint64_t frame;
    bool there;
} event;

struct lp_bk2 {
    char *path; /* owned */
    bk2_zip zip;
    int64_t log_index, events_index;
    lp_bk2_info info;
    bk2_text log, events;
    column columns[MAX_COLUMNS];
    int n_columns, n_odd_lines;
    /* where we are */
    bool started, powered; /* powered: the reset that the next frame's power button stands for was given out */
    uint64_t frame, n_decisions, n_episodes, n_hashes;
    uint64_t boot_left;     /* frames that are boot keys still */
    event event;            /* the next one */
    bool has_frame, at_end; /* the next frame was read: next_keys, next_power; there is none */
    uint16_t next_keys;
    bool next_power;
};

static bool is(const char *a, const char *b) { return !strcasecmp(a, b); }

/* ---- Header.txt ---- */

/* The bytes of the UTF-8 character at text; 0: it is none. */
static size_t character_bytes(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    if (*c < 0x80) return 1;
    size_t n = *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : 2;
    uint32_t code = *c & (0x7fu >> n), least = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
    for (size_t i = 1; i < n; i++) {
        if ((c[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (c[i] & 0x3f);
    }
    return *c >= 0xc2 && *c <= 0xf4 && code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? n : 0;
}

/* For people: one line of printable characters, cut to size. */
static void copy_text(char *out, size_t size, const char *text) {
    size_t used = 0;
    while (*text) {
        size_t n = character_bytes(text);
        bool good = n > 1 || (n == 1 && *text >= 32 && *text != 127);
        if (!n) n = 1;
        if (used + n >= size) break;
        if (good) memcpy(out + used, text, n);
        else out[used] = '?';
        used += n;
        text += n;
    }
    out[used] = 0;
}

/* As copy_text, unless out holds something: the first of two lines with the same key counts. */
static void keep_text(char *out, size_t size, const char *text) {
    if (!*out) copy_text(out, size, text);
}

static lp_status from_elsewhere(const lp_bk2 *b, const char *what, lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "%s: starts from %s of the emulator that recorded it; only movies from power-on can be played",
                   b->path, what);
}

static lp_status take_platform(lp_bk2 *b, const char *platform, lp_err *err) {
    if (*b->info.system || bk2_platform(&b->info, platform)) return LP_OK;
    char shown[32];
    copy_text(shown, sizeof shown, platform);
    return lp_fail(err, LP_BAD_INPUT, "%s: a movie for the console '%s'; must be GB, SGB, GBC or GBA", b->path, shown);
}

static lp_status take_header_line(lp_bk2 *b, const char *key, const char *value, bool *ours, lp_err *err) {
    lp_bk2_info *i = &b->info;
    if (is(key, "Platform")) return take_platform(b, value, err);
    if (is(key, "StartsFromSavestate") && is(value, "True")) return from_elsewhere(b, "a savestate", err);
    if (is(key, "StartsFromSaveRam") && is(value, "True")) return from_elsewhere(b, "a battery save", err);
    if (is(key, "SHA1") && strcmp(value, "?"))
        keep_text(i->checksum, sizeof i->checksum, !strncasecmp(value, "SHA1:", 5) ? value + 5 : value);
    if (is(key, "GameName")) keep_text(i->game, sizeof i->game, value);
    if (is(key, "Author")) keep_text(i->author, sizeof i->author, value);
    if (is(key, "emuVersion")) keep_text(i->emulator, sizeof i->emulator, value);
    if (is(key, "Core")) keep_text(i->core, sizeof i->core, value);
    if ((is(key, "IsCGBMode") || is(key, "IsCGBDMGMode")) && !is(value, "False") && strcmp(value, "0"))
        bk2_claim(i, LP_BK2_CGB | LP_BK2_AGB, true, is(key, "IsCGBMode") ? "IsCGBMode" : "IsCGBDMGMode", "1");
    if (strstr(key, "Firmware")) i->firmware = true;
    if (is(key, "Longplay")) *ours = true;
    return LP_OK;
}

static lp_status read_header(lp_bk2 *b, bool *ours, lp_err *err) {
    bk2_text *t = &b->log; /* not in use yet */
    int64_t index;
    char *line = NULL;
    lp_status status = bk2_zip_find(&b->zip, "Header", ".txt", &index, err);
    if (!status) status = bk2_text_open(t, &b->zip, index, "Header.txt", BK2_MAX_HEADER_BYTES, err);
    while (!status && !(status = bk2_text_line(t, &line, err)) && line) {
        char *value = strchr(line, ' ');
        if (!value) continue;
        *value++ = 0;
        status = take_header_line(b, line, value, ours, err);
    }
    bk2_text_close(t);
    if (!status && !*b->info.system) status = lp_fail(err, LP_BAD_INPUT, "%s: Header.txt: names no Platform", b->path);
    for (char *c = b->info.checksum; *c; c++) *c = (char)toupper((unsigned char)*c);
    return status;
}

/* States that the movie would start from; an empty one is none. */
static lp_status refuse_states(const lp_bk2 *b, lp_err *err) {
    static const char *const states[][2] = {
        {"Core", "a savestate"}, {"CoreText", "a savestate"}, {"CoreState", "a savestate"}, {"MovieSaveRam", "a battery save"}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        int64_t index;
        lp_status status = bk2_zip_find(&b->zip, states[i][0], ".bin|.txt|.bin.zst|.txt.zst", &index, err);
        if (status) return status;
        if (bk2_zip_size(&b->zip, index)) return from_elsewhere(b, states[i][1], err);
    }
    return LP_OK;
}

/* ---- Input Log.txt ---- */

static lp_status add_column(lp_bk2 *b, const char *name, lp_err *err) {
    static const char *const keys[BK2_N_KEYS] = {"A", "B", "Select", "Start", "Right", "Left", "Up", "Down", "R", "L"};
    static const char *const sensors[] = {"Tilt X", "Tilt Y", "Tilt Z", "Light Sensor", "Input Length", "Input Cycle"};
    column c = {.what = MAX_COLUMNS};
    copy_text(c.name, sizeof c.name, strncmp(name, "P1 ", 3) ? name : name + 3);
    for (int k = 0; k < BK2_N_KEYS; k++)
        if (is(c.name, keys[k])) c.what = k;
    for (size_t k = 0; k < sizeof sensors / sizeof *sensors; k++)
        if (is(c.name, sensors[k])) c.what = SENSOR;
    if (is(c.name, "Power") || is(c.name, "Reset")) c.what = POWER;
    if (c.what == MAX_COLUMNS) return bk2_text_bad(&b->log, err, "the log key names '%s', which is no button of these consoles", c.name);
    if (b->n_columns == MAX_COLUMNS) return bk2_text_bad(&b->log, err, "the log key names more than %d columns", MAX_COLUMNS);
    b->columns[b->n_columns++] = c;
    return LP_OK;
}

static lp_status take_key(lp_bk2 *b, char *names, lp_err *err) {
    lp_status status = LP_OK;
    char *save = NULL;
    for (char *name = strtok_r(names, "|#", &save); name && !status; name = strtok_r(NULL, "|#", &save)) status = add_column(b, name, err);
    if (!status && !b->n_columns) status = bk2_text_bad(&b->log, err, "the log key names no columns");
    return status;
}

static lp_status skip_line(lp_bk2 *b, lp_err *err) {
    return ++b->n_odd_lines > BK2_MAX_ODD_LINES ? bk2_text_bad(&b->log, err, "one more line that is no frame") : LP_OK;
}

/* Opens the log and reads its key. */
static lp_status begin_log(lp_bk2 *b, lp_err *err) {
    char *line = NULL;
    b->n_columns = b->n_odd_lines = 0;
    lp_status status = bk2_text_open(&b->log, &b->zip, b->log_index, "Input Log.txt", BK2_MAX_LOG_BYTES, err);
    while (!status && !b->n_columns) {
        if ((status = bk2_text_line(&b->log, &line, err))) break;
        if (!line || *line == '|') {
            status = lp_fail(err, LP_BAD_INPUT, "%s: Input Log.txt: no line LogKey before the frames", b->path);
        } else if (!strncmp(line, "LogKey:", 7)) {
            status = take_key(b, line + 7, err);
        } else if (!strncmp(line, "P1 ", 3)) { /* as stable-retro writes it */
            status = add_column(b, "Reset", err);
            if (!status) status = add_column(b, "Power", err);
            if (!status) status = take_key(b, line, err);
        } else {
            status = skip_line(b, err);
        }
    }
    return status;
}

/* A number and a comma. Sensors that we do not have must not have sensed anything. */
static lp_status take_sensor(const lp_bk2 *b, const column *c, char **at, lp_err *err) {
    char *end;
    errno = 0;
    long value = strtol(*at, &end, 10);
    if (end == *at || *end != ',' || errno) return bk2_text_bad(&b->log, err, "%s is no number with a comma", c->name);
    if (value && !(is(c->name, "Input Length") && value == FULL_FRAME))
        return bk2_text_bad(&b->log, err, "frame %" PRIu64 ": %s is %ld, and only 0 can be played", b->frame, c->name, value);
    *at = end + 1;
    return LP_OK;
}

static lp_status take_frame(lp_bk2 *b, char *at, lp_err *err) {
    b->next_keys = 0;
    b->next_power = false;
    for (int i = 0; i < b->n_columns; i++) {
        const column *c = &b->columns[i];
        while (*at == '|') at++;
        if (c->what == SENSOR) {
            lp_status status = take_sensor(b, c, &at, err);
            if (status) return status;
            continue;
        }
        if (*at <= ' ' || *at > '~') return bk2_text_bad(&b->log, err, "frame %" PRIu64 " has no column %s", b->frame, c->name);
        bool pressed = *at++ != '.';
        if (c->what == POWER) b->next_power |= pressed;
        else if (pressed) b->next_keys |= (uint16_t)(1 << c->what);
    }
    while (*at == '|') at++;
    if (*at) return bk2_text_bad(&b->log, err, "frame %" PRIu64 " has more than %d columns", b->frame, b->n_columns);
    return LP_OK;
}

/* Reads the next frame, unless that was done. */
static lp_status look_ahead(lp_bk2 *b, lp_err *err) {
    char *line;
    while (!b->has_frame && !b->at_end) {
        lp_status status = bk2_text_line(&b->log, &line, err);
        if (status) return status;
        if (!line) {
            b->at_end = true;
        } else if (*line != '|') {
            if ((status = skip_line(b, err))) return status;
        } else {
            if (b->frame >= LP_BK2_MAX_FRAMES) return bk2_text_bad(&b->log, err, "more than %d frames", LP_BK2_MAX_FRAMES);
            if ((status = take_frame(b, line, err))) return status;
            b->has_frame = true;
        }
    }
    return LP_OK;
}

/* ---- Longplay.txt ---- */

static bool take_number(char **at, int base, uint64_t max, uint64_t *value) {
    char *end;
    errno = 0;
    if (!isxdigit((unsigned char)**at)) return false;
    *value = strtoull(*at, &end, base);
    if (errno || end == *at || *value > max || (*end && *end != ' ')) return false;
    *at = *end ? end + 1 : end;
    return true;
}

static bool take_word(char **at, const char *word) {
    size_t n = strlen(word);
    if (strncmp(*at, word, n) || ((*at)[n] && (*at)[n] != ' ')) return false;
    *at += n + ((*at)[n] == ' ');
    return true;
}

static bool take_event(char *line, event *e) {
    uint64_t a = 0, v = 0;
    *e = (event){.there = true};
    if (!take_number(&line, 10, LP_BK2_MAX_FRAMES, &e->frame)) return false;
    if (take_word(&line, "power")) {
        e->op.kind = LP_MOVIE_RESET;
    } else if (take_word(&line, "poke")) {
        e->op.kind = LP_MOVIE_POKE;
        if (!take_number(&line, 16, UINT32_MAX, &a) || !take_number(&line, 16, UINT8_MAX, &v)) return false;
        e->op.address = (uint32_t)a, e->op.value = (uint8_t)v;
    } else if (take_word(&line, "boot")) {
        e->op.kind = LP_MOVIE_KEYS;
        if (!take_number(&line, 10, LP_BK2_MAX_FRAMES, &a) || !a) return false;
        e->op.n_frames = (uint32_t)a;
    } else if (take_word(&line, "hash")) {
        e->op.kind = LP_MOVIE_HASH;
        if (!take_number(&line, 16, UINT64_MAX, &e->op.hash)) return false;
    } else {
        return false;
    }
    return !*line;
}

static lp_status read_event(lp_bk2 *b, lp_err *err) {
    char *line;
    b->event.there = false;
    if (!b->info.ours) return LP_OK;
    lp_status status = bk2_text_line(&b->events, &line, err);
    if (!status && line && !take_event(line, &b->event)) status = bk2_text_bad(&b->events, err, "'%.60s' is no event", line);
    if (!status && line && b->event.frame < b->frame) status = bk2_text_bad(&b->events, err, "goes back to frame %" PRIu64, b->event.frame);
    return status;
}

/* One of the lines before the events; *seen gets a bit for each that must be there. */
static bool take_fact(lp_bk2_info *i, char *line, unsigned *seen) {
    uint64_t n = 0;
    bool good = false;
    if (take_word(&line, "longplay")) {
        *seen |= 1;
        good = take_number(&line, 10, 1, &n) && n == 1;
    } else if (take_word(&line, "core")) {
        *seen |= 2;
        copy_text(i->our_core, sizeof i->our_core, line);
        return *line != 0;
    } else if (take_word(&line, "model")) {
        copy_text(i->our_model, sizeof i->our_model, line);
        return *line != 0;
    } else if (take_word(&line, "rom")) {
        *seen |= 4;
        good = take_number(&line, 16, UINT64_MAX, &i->rom_hash);
    } else if (take_word(&line, "seed")) {
        good = take_number(&line, 10, UINT64_MAX, &i->seed);
    } else if (take_word(&line, "frame_skip")) {
        *seen |= 8;
        good = take_number(&line, 10, LP_MOVIE_MAX_FRAME_SKIP, &n) && n;
        i->frame_skip = (uint32_t)n;
    }
    return good && !*line;
}

/* Opens Longplay.txt and reads up to its first event. */
static lp_status begin_events(lp_bk2 *b, lp_err *err) {
    unsigned seen = 0;
    char *line = NULL;
    if (!b->info.ours) return LP_OK;
    lp_status status = bk2_text_open(&b->events, &b->zip, b->events_index, "Longplay.txt", BK2_MAX_EVENTS_BYTES, err);
    while (!status && !(status = bk2_text_line(&b->events, &line, err)) && line && strcmp(line, "[events]"))
        if (!take_fact(&b->info, line, &seen)) status = bk2_text_bad(&b->events, err, "'%.60s' is not understood", line);
    if (!status && (!line || seen != ALL_FACTS))
        status = lp_fail(err, LP_BAD_INPUT, "%s: Longplay.txt lacks one of longplay, core, rom, frame_skip, [events]", b->path);
    return status ? status : read_event(b, err);
}

/* ---- operations ---- */

/* To the beginning. */
static lp_status rewind_movie(lp_bk2 *b, lp_err *err) {
    bk2_text_close(&b->log);
    bk2_text_close(&b->events);
    b->started = b->powered = b->has_frame = b->at_end = false;
    b->frame = b->n_decisions = b->n_episodes = b->n_hashes = b->boot_left = 0;
    lp_status status = begin_log(b, err);
    return status ? status : begin_events(b, err);
}

static lp_status disagree(const lp_bk2 *b, const char *what, lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "%s: Longplay.txt and Input Log.txt disagree at frame %" PRIu64 ": %s", b->path, b->frame, what);
}

/* The next frame is played. */
static void pass_frame(lp_bk2 *b) {
    b->has_frame = b->powered = false;
    b->frame++;
}

/* Is the next frame one more with these keys, and does nothing happen before it? */
static lp_status continues(lp_bk2 *b, uint16_t keys, bool *same, lp_err *err) {
    lp_status status = look_ahead(b, err);
    *same = !status && b->has_frame && b->next_keys == keys && !b->next_power && !(b->event.there && b->event.frame == b->frame);
    return status;
}

static lp_status give_boot_keys(lp_bk2 *b, lp_movie_op *op, lp_err *err) {
    bool same = true;
    lp_status status = LP_OK;
    op->kind = LP_MOVIE_KEYS;
    op->keys = b->next_keys;
    for (op->n_frames = 0; same && b->boot_left && !status; op->n_frames++, b->boot_left--) {
        pass_frame(b);
        if (b->boot_left > 1) status = continues(b, op->keys, &same, err);
    }
    return status;
}

static lp_status give_decision(lp_bk2 *b, lp_movie_op *op, lp_err *err) {
    bool same = true;
    lp_status status = LP_OK;
    op->kind = LP_MOVIE_DECISION;
    op->keys = b->next_keys;
    op->n_frames = b->info.frame_skip;
    for (uint32_t i = 0; i < op->n_frames && !status; i++) {
        if (i) status = continues(b, op->keys, &same, err);
        if (!status && !same) status = disagree(b, "a decision ends before its last frame", err);
        pass_frame(b);
    }
    b->n_decisions++;
    return status;
}

static void give_reset(lp_bk2 *b, lp_movie_op *op) {
    op->kind = LP_MOVIE_RESET;
    op->episode = ++b->n_episodes;
    b->powered = true;
}

/* What happens before the next frame. */
static lp_status give_event(lp_bk2 *b, lp_movie_op *op, bool *given, lp_err *err) {
    event e = b->event;
    if (b->boot_left) return disagree(b, "something happens among boot keys", err);
    lp_status status = read_event(b, err);
    if (status) return status;
    *given = e.op.kind != LP_MOVIE_KEYS;
    if (!*given) b->boot_left = e.op.n_frames;
    else op->kind = e.op.kind, op->address = e.op.address, op->value = e.op.value, op->hash = e.op.hash;
    b->n_hashes += e.op.kind == LP_MOVIE_HASH;
    if (e.op.kind == LP_MOVIE_RESET) give_reset(b, op);
    return LP_OK;
}

lp_status lp_bk2_next(lp_bk2 *b, lp_movie_op *op, bool *end, lp_err *err) {
    bool given = false;
    *end = false;
    *op = (lp_movie_op){.decision = b->n_decisions, .episode = b->n_episodes, .n_frames = b->info.frame_skip};
    if (!b->started) {
        b->started = true;
        give_reset(b, op);
        return LP_OK;
    }
    while (b->event.there && b->event.frame == b->frame) {
        lp_status status = give_event(b, op, &given, err);
        if (status || given) return status;
    }
    lp_status status = look_ahead(b, err);
    if (status) return status;
    if (b->at_end) {
        *end = true;
        return b->event.there || b->boot_left ? disagree(b, "the frames end first", err) : LP_OK;
    }
    if (b->next_power && !b->powered && b->info.ours) return disagree(b, "the power button", err);
    if (b->powered && !b->next_power && b->frame) return disagree(b, "the power button", err);
    if (b->next_power && !b->powered) return give_reset(b, op), LP_OK;
    b->next_power = false;
    return b->boot_left ? give_boot_keys(b, op, err) : give_decision(b, op, err);
}

uint64_t lp_bk2_frame(const lp_bk2 *b) { return b->frame; }

const lp_bk2_info *lp_bk2_about(const lp_bk2 *b) { return &b->info; }

/* ---- opening and closing ---- */

/* Goes through all of it. */
static lp_status check(lp_bk2 *b, lp_err *err) {
    lp_movie_op op;
    bool end = false;
    lp_status status = rewind_movie(b, err);
    while (!status && !end) status = lp_bk2_next(b, &op, &end, err);
    b->info.n_frames = b->frame;
    b->info.n_decisions = b->n_decisions;
    b->info.n_hashes = b->n_hashes;
    if (!status && !b->n_decisions) status = lp_fail(err, LP_BAD_INPUT, "%s: Input Log.txt: no frames", b->path);
    return status ? status : rewind_movie(b, err);
}

lp_status lp_bk2_open(lp_bk2 **out, const char *path, lp_err *err) {
    bool ours = false;
    *out = NULL;
    lp_bk2 *b = calloc(1, sizeof *b);
    if (b) b->path = strdup(path);
    if (!b || !b->path) {
        free(b);
        return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    b->info.frame_skip = 1;
    lp_status status = bk2_zip_open(&b->zip, b->path, err);
    if (!status) status = read_header(b, &ours, err);
    if (!status) status = bk2_console_settings(&b->info, &b->log, &b->zip, err); /* the log is not in use yet */
    if (!status) status = refuse_states(b, err);
    if (!status) status = bk2_zip_find(&b->zip, "Input Log", ".txt", &b->log_index, err);
    if (!status) status = bk2_zip_find(&b->zip, "Longplay", ".txt", &b->events_index, err);
    b->info.ours = ours || b->events_index >= 0;
    if (!status) status = check(b, err);
    if (status) lp_bk2_close(b);
    else *out = b;
    return status;
}

void lp_bk2_close(lp_bk2 *b) {
    if (!b) return;
    bk2_text_close(&b->log);
    bk2_text_close(&b->events);
    bk2_zip_close(&b->zip);
    free(b->path);
    free(b);
}
