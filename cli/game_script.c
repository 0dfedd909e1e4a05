/* The commands of longplay game ram. See game_script.h.
 *
 * Numbers are decimal or 0x hexadecimal. A filter compares the last snapshot with the one before it; where the machine has run on
 * since, the snapshot is taken first. So "step 60 A / filter up" is enough.
 */
#include "cli/game_script.h"

#include "base/contract.h"
#include "cli/pictures.h"
#include "env/data_file.h"
#include "view/viewer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 8, MAX_STEP = 10000000, SHORT_LIST = 6, LIST = 20, MAX_LIST = 1000 };

typedef struct {
    char text[RAM_MAX_LINE + 1];
    char *word[MAX_WORDS];
    int n;
} words;

typedef struct {
    const char *name;
    int min, max; /* words after it */
    lp_status (*run)(ram_session *s, const words *w, lp_err *err);
    const char *usage, *help;
} command;

/* ---- words ---- */

static lp_status number_of(const char *word, int64_t min, int64_t max, int64_t *out, const char *what, lp_err *err) {
    char *end;
    errno = 0;
    bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    long long value = strtoll(word, &end, hex ? 16 : 10);
    if (end == word || *end || errno) return lp_fail(err, LP_BAD_INPUT, "%s '%.40s' is not a whole number", what, word);
    if (value < min || value > max) return lp_fail(err, LP_BAD_INPUT, "%s must be %" PRId64 " to %" PRId64, what, min, max);
    *out = value;
    return LP_OK;
}

static lp_status buttons_of(const ram_session *s, const char *word, uint16_t *out, lp_err *err) {
    static const char *const names[LP_N_KEYS] = {"A", "B", "SELECT", "START", "RIGHT", "LEFT", "UP", "DOWN", "R", "L"};
    int n_keys = lp_game_system(s->game) == LP_SYSTEM_GBA ? LP_N_KEYS : 8;
    *out = 0;
    if (!strcmp(word, "none")) return LP_OK;
    for (const char *at = word; at; at = strchr(at, '+') ? strchr(at, '+') + 1 : NULL) {
        size_t length = strcspn(at, "+");
        int found = -1;
        for (int k = 0; k < n_keys; k++)
            if (strlen(names[k]) == length && !strncasecmp(at, names[k], length)) found = k;
        if (found < 0)
            return lp_fail(err, LP_BAD_INPUT, "'%.40s': not buttons of a %s, such as A, LEFT+A or none", word,
                           lp_system_name(lp_game_system(s->game)));
        *out |= (uint16_t)(1 << found);
    }
    return LP_OK;
}

/* ---- the machine ---- */

static lp_status do_step(ram_session *s, const words *w, lp_err *err) {
    int64_t frames = 0;
    uint16_t keys = 0;
    lp_status status = number_of(w->word[1], 1, MAX_STEP, &frames, "frames", err);
    if (!status && w->n > 2) status = buttons_of(s, w->word[2], &keys, err);
    if (status) return status;
    lp_emu_step(s->emu, keys, (int)frames);
    s->moved = true;
    return LP_OK;
}

static lp_status do_reset(ram_session *s, const words *w, lp_err *err) {
    (void)w;
    s->moved = true;
    return lp_env_reset(s->env, 2, NULL, 0, err);
}

static lp_status do_mark(ram_session *s, const words *w, lp_err *err) {
    (void)w, (void)err;
    lp_emu_state_save(s->emu, s->mark);
    s->marked = true;
    return LP_OK;
}

static lp_status do_back(ram_session *s, const words *w, lp_err *err) {
    (void)w;
    if (!s->marked) return lp_fail(err, LP_BAD_INPUT, "back: nothing was marked");
    s->moved = true;
    return lp_emu_state_load(s->emu, s->mark, lp_emu_state_size(s->emu), err);
}

static lp_status do_picture(ram_session *s, const words *w, lp_err *err) {
    int width, height;
    const uint32_t *frame = lp_emu_frame(s->emu, &width, &height);
    lp_status status = lp_png_check_writable(w->word[1], err);
    if (!status) status = lp_picture_write(w->word[1], frame, width, height, err);
    if (!status) fprintf(s->out, "picture in %s\n", w->word[1]);
    return status;
}

static lp_status do_play(ram_session *s, const words *w, lp_err *err) {
    (void)w;
    if (!s->can_play) return lp_fail(err, LP_BAD_INPUT, "play: needs a window, and there is no display here");
    s->moved = true;
    return ram_play(s, err);
}

/* ---- the search ---- */

static lp_status snap(ram_session *s, const char *name, lp_err *err) {
    lp_status status = lp_ram_search_snap(s->search, s->emu, name, err);
    if (!status) s->moved = false;
    return status;
}

static lp_status do_snap(ram_session *s, const words *w, lp_err *err) { return snap(s, w->n > 1 ? w->word[1] : "", err); }

/* At most max addresses; where several types are searched for, each with those that give it these values. */
static void say_list(ram_session *s, const lp_ram_candidate *c, int n, int max) {
    int n_types, n_addresses = 0;
    lp_ram_search_types(s->search, &n_types);
    for (int i = 0; i < n; n_addresses += i == n || c[i].address != c[i - 1].address) {
        const lp_ram_candidate *first = &c[i];
        if (n_addresses == max) break;
        fprintf(s->out, "  0x%04" PRIX32 "  %-10" PRIu32 " now %-12" PRId64 " before %" PRId64, first->address, first->address, first->now,
                first->before);
        for (int k = 0; i < n && c[i].address == first->address && c[i].now == first->now && c[i].before == first->before; i++, k++)
            if (n_types > 1) fprintf(s->out, "%s%s", k ? " " : "  as ", c[i].type->text);
        fprintf(s->out, "\n");
    }
    int64_t left = lp_ram_search_addresses(s->search) - n_addresses;
    if (left > 0) fprintf(s->out, "  ... and %" PRId64 " more\n", left);
}

static lp_status say_candidates(ram_session *s, int max, lp_err *err) {
    int n_types;
    lp_ram_search_types(s->search, &n_types);
    lp_ram_candidate *c = malloc((size_t)max * (size_t)n_types * sizeof *c);
    if (!c) return lp_fail(err, LP_FAILED, "out of memory for a list");
    int n = ram_list(s, c, max * n_types, err);
    if (n >= 0) say_list(s, c, n, max);
    free(c);
    return n < 0 ? LP_FAILED : LP_OK;
}

const char *ram_type_text(const ram_session *s) {
    int n_types;
    const lp_ram_type *types = lp_ram_search_types(s->search, &n_types);
    return n_types == 1 ? types->text : "any";
}

static lp_status say_count(ram_session *s, lp_err *err) {
    int64_t n = lp_ram_search_addresses(s->search);
    fprintf(s->out, "%" PRId64 " candidate%s as %s\n", n, n == 1 ? "" : "s", ram_type_text(s));
    return n && n <= SHORT_LIST ? say_candidates(s, SHORT_LIST, err) : LP_OK;
}

/* "up", "up 3", "by -3", "equal", "equal 7", ... */
static lp_status parse_filter(const words *w, lp_ram_filter *f, lp_err *err) {
    static const struct {
        const char *word;
        int plain, with_number; /* lp_ram_op, or -1: not so */
        int sign;
    } table[] = {{"equal", LP_RAM_UNCHANGED, LP_RAM_IS, 1},
                 {"unchanged", LP_RAM_UNCHANGED, -1, 1},
                 {"changed", LP_RAM_CHANGED, -1, 1},
                 {"up", LP_RAM_UP, LP_RAM_BY, 1},
                 {"down", LP_RAM_DOWN, LP_RAM_BY, -1},
                 {"by", -1, LP_RAM_BY, 1},
                 {"is", -1, LP_RAM_IS, 1},
                 {"not", -1, LP_RAM_IS_NOT, 1},
                 {"above", -1, LP_RAM_ABOVE, 1},
                 {"below", -1, LP_RAM_BELOW, 1}};
    int n = w->n, found = -1;
    if (n >= 4 && !strcmp(w->word[n - 2], "since")) {
        f->since = w->word[n - 1];
        n -= 2;
    }
    for (int i = 0; i < (int)(sizeof table / sizeof *table); i++)
        if (!strcmp(w->word[1], table[i].word)) found = i;
    if (found < 0)
        return lp_fail(err, LP_BAD_INPUT, "filter '%.40s': must be equal, changed, up, down, by, is, not, above or below", w->word[1]);
    if (n > 3) return lp_fail(err, LP_BAD_INPUT, "filter %s: '%.40s' is one word too many", w->word[1], w->word[3]);
    int op = n == 3 ? table[found].with_number : table[found].plain;
    if (op < 0) return lp_fail(err, LP_BAD_INPUT, "filter %s %s number", w->word[1], n == 3 ? "takes no" : "needs a");
    f->op = (lp_ram_op)op;
    if (n < 3) return LP_OK;
    lp_status status = number_of(w->word[2], INT64_MIN + 1, INT64_MAX, &f->number, "the number", err);
    if (op == LP_RAM_BY) f->number *= table[found].sign;
    return status;
}

static lp_status do_filter(ram_session *s, const words *w, lp_err *err) {
    lp_ram_filter f = {0};
    lp_status status = parse_filter(w, &f, err);
    if (!status && s->moved) status = snap(s, "", err);
    if (!status) status = lp_ram_search_filter(s->search, &f, err);
    return status ? status : say_count(s, err);
}

static lp_status do_type(ram_session *s, const words *w, lp_err *err) {
    lp_ram_type types[LP_RAM_MAX_TYPES];
    bool any = !strcmp(w->word[1], "any");
    int n = any ? lp_ram_types(types) : 1;
    lp_status status = any ? LP_OK : lp_ram_type_parse(types, w->word[1], err);
    if (!status) status = lp_ram_search_restart(s->search, types, n, err);
    return status ? status : say_count(s, err);
}

static lp_status do_undo(ram_session *s, const words *w, lp_err *err) {
    (void)w;
    if (!lp_ram_search_undo(s->search)) return lp_fail(err, LP_BAD_INPUT, "undo: nothing to undo");
    return say_count(s, err);
}

static lp_status do_list(ram_session *s, const words *w, lp_err *err) {
    int64_t max = LIST;
    lp_status status = w->n > 1 ? number_of(w->word[1], 1, MAX_LIST, &max, "list", err) : LP_OK;
    return status ? status : say_candidates(s, (int)max, err);
}

static lp_status do_peek(ram_session *s, const words *w, lp_err *err) {
    int64_t address = 0, value;
    int n_types;
    lp_ram_type type = *lp_ram_search_types(s->search, &n_types);
    lp_status status = number_of(w->word[1], 0, UINT32_MAX, &address, "address", err);
    if (!status && w->n > 2) status = lp_ram_type_parse(&type, w->word[2], err);
    if (!status && s->moved) status = snap(s, "", err);
    if (status) return status;
    if (!lp_ram_search_value(s->search, (uint32_t)address, &type, &value))
        return lp_fail(err, LP_BAD_INPUT, "0x%" PRIX64 ": no value of type %s there", (uint64_t)address, type.text);
    fprintf(s->out, "0x%04" PRIX64 " as %s: %" PRId64 "\n", (uint64_t)address, type.text, value);
    return LP_OK;
}

/* What is to be saved: as given, and where not, what is left of the search. */
static lp_status choose_saved(ram_session *s, const words *w, uint32_t *address, lp_ram_type *type, lp_err *err) {
    int n_types;
    int64_t at = -1, value, n = lp_ram_search_addresses(s->search);
    lp_ram_candidate c[LP_RAM_MAX_TYPES];
    lp_status status = w->n > 2 ? number_of(w->word[2], 0, UINT32_MAX, &at, "address", err) : LP_OK;
    if (!status && w->n > 3) status = lp_ram_type_parse(type, w->word[3], err);
    if (status) return status;
    if (at < 0 && n != 1) return lp_fail(err, LP_BAD_INPUT, "save: %" PRId64 " candidates; give the ADDRESS, too, or filter on", n);
    const lp_ram_type *types = lp_ram_search_types(s->search, &n_types);
    int n_here = lp_ram_search_list(s->search, at < 0 ? 0 : (uint32_t)at, c, LP_RAM_MAX_TYPES);
    if (at < 0) at = c[0].address;
    while (n_here && c[n_here - 1].address != at) n_here--;
    if (w->n <= 3 && n_types > 1 && n_here != 1)
        return lp_fail(err, LP_BAD_INPUT, "save: %d types fit 0x%04" PRIX64 "; give the TYPE, too: save NAME ADDRESS TYPE", n_here,
                       (uint64_t)at);
    if (w->n <= 3) *type = n_types > 1 ? *c[0].type : *types;
    *address = (uint32_t)at;
    if (!lp_ram_search_value(s->search, *address, type, &value))
        return lp_fail(err, LP_BAD_INPUT, "save: 0x%" PRIX64 " holds no value of type %s", (uint64_t)at, type->text);
    return LP_OK;
}

static lp_status do_save(ram_session *s, const words *w, lp_err *err) {
    uint32_t address = 0;
    lp_ram_type type;
    if (!lp_game_dir(s->game)) return lp_fail(err, LP_BAD_INPUT, "save: a ROM has no data.json; make a folder with longplay game new");
    if (s->n_saved == RAM_MAX_SAVED) return lp_fail(err, LP_BAD_INPUT, "save: %d saved already", RAM_MAX_SAVED);
    lp_status status = choose_saved(s, w, &address, &type, err);
    if (!status) status = lp_data_file_add(lp_game_dir(s->game), w->word[1], address, type.text, err);
    if (status) return status;
    snprintf(s->saved[s->n_saved++], sizeof s->saved[0], "%s", w->word[1]);
    fprintf(s->out, "%s/data.json: %s is at 0x%04" PRIX32 ", %s\n", lp_game_dir(s->game), w->word[1], address, type.text);
    return LP_OK;
}

/* ---- all of them ---- */

static lp_status do_help(ram_session *s, const words *w, lp_err *err) {
    (void)w, (void)err;
    ram_help(s->out);
    return LP_OK;
}

static lp_status do_quit(ram_session *s, const words *w, lp_err *err) {
    (void)w, (void)err;
    s->quit = true;
    return LP_OK;
}

static const command commands[] = {
    {"step", 1, 2, do_step, "step N [BUTTONS]", "run N frames with BUTTONS held: A, LEFT+A, none"},
    {"picture", 1, 1, do_picture, "picture FILE.png", "write what is on the screen"},
    {"play", 0, 0, do_play, "play", "play in a window with the keyboard; Q comes back"},
    {"snap", 0, 1, do_snap, "snap [NAME]", "take a snapshot of the RAM"},
    {"filter", 1, 4, do_filter, "filter equal|changed|up|down", "keep what did that between the last two snapshots"},
    {"filter", 1, 4, do_filter, "filter up N|down N|by N", "keep what went up or down by N"},
    {"filter", 1, 4, do_filter, "filter is N|not N|above N|below N", "keep what is N now, ..."},
    {"filter", 1, 4, do_filter, "filter ... since NAME", "compare with that snapshot ('start' is the first)"},
    {"type", 1, 1, do_type, "type T", "begin again with values of type T: |u1 <u2 >d3 ..."},
    {"type", 1, 1, do_type, "type any", "... of all the usual types at once; the list says which fit"},
    {"list", 0, 1, do_list, "list [N]", "show candidates with their values now and before"},
    {"peek", 1, 2, do_peek, "peek ADDRESS [T]", "show the value at an address"},
    {"undo", 0, 0, do_undo, "undo", "as before the last filter or type"},
    {"save", 1, 3, do_save, "save NAME [ADDRESS [TYPE]]", "write the candidate that is left into data.json"},
    {"mark", 0, 0, do_mark, "mark", "remember the machine as it is"},
    {"back", 0, 0, do_back, "back", "return to the mark"},
    {"reset", 0, 0, do_reset, "reset", "power on again, and boot"},
    {"help", 0, 0, do_help, "help", "this list"},
    {"quit", 0, 0, do_quit, "quit", "end"},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

void ram_help(FILE *out) {
    for (int i = 0; i < N_COMMANDS; i++) fprintf(out, "  %-34s %s\n", commands[i].usage, commands[i].help);
}

lp_status ram_do(ram_session *s, const char *line, lp_err *err) {
    words w = {.n = 0};
    LP_CHECK(strlen(line) <= RAM_MAX_LINE);
    snprintf(w.text, sizeof w.text, "%.*s", (int)strcspn(line, "#"), line);
    char *save = NULL;
    for (char *word = strtok_r(w.text, " \t\r\n", &save); word; word = strtok_r(NULL, " \t\r\n", &save)) {
        if (w.n == MAX_WORDS) return lp_fail(err, LP_BAD_INPUT, "'%.40s' is one word too many", word);
        w.word[w.n++] = word;
    }
    if (!w.n) return LP_OK;
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(w.word[0], commands[i].name)) continue;
        if (w.n - 1 < commands[i].min) return lp_fail(err, LP_BAD_INPUT, "needs more: %s", commands[i].usage);
        if (w.n - 1 > commands[i].max)
            return lp_fail(err, LP_BAD_INPUT, "'%.40s' is one word too many: %s", w.word[commands[i].max + 1], commands[i].usage);
        return commands[i].run(s, &w, err);
    }
    return lp_fail(err, LP_BAD_INPUT, "unknown command '%.40s' (help lists them)", w.word[0]);
}

int ram_list(ram_session *s, lp_ram_candidate *out, int max, lp_err *err) {
    return s->moved ? lp_ram_search_live(s->search, s->emu, 0, out, max, err) : lp_ram_search_list(s->search, 0, out, max);
}

lp_status ram_open(ram_session *s, const char *game, uint64_t seed, lp_err *err) {
    lp_status status = lp_game_open(&s->game, game, err);
    if (!status) status = lp_game_set_noop(s->game, "0:0", err); /* what is looked for is where it was the last time */
    if (!status) status = lp_env_open(&s->env, s->game, NULL, err);
    if (!status) status = lp_env_reset(s->env, seed, NULL, 0, err);
    if (status) return status;
    s->emu = lp_env_emu(s->env);
    s->mark = malloc(lp_emu_state_size(s->emu));
    if (!s->mark) return lp_fail(err, LP_FAILED, "out of memory");
    status = lp_ram_search_open(&s->search, s->game, err);
    return status ? status : snap(s, "start", err);
}

void ram_close(ram_session *s) {
    lp_ram_search_close(s->search);
    free(s->mark);
    lp_env_close(s->env);
    lp_game_close(s->game);
}
